//! Electrode arrays for local field potentials.

/// An array of point electrodes.
///
/// ```
/// use hnn_sweep::network::{ElectrodeArray, Network};
///
/// // 16 contacts from -500 to 2500 um, 200 um apart: a laminar probe.
/// let contacts = (0..16).map(|k| [135.0, 135.0, -500.0 + 200.0 * f64::from(k)]).collect();
/// let probe = ElectrodeArray::new(contacts);
/// assert_eq!(probe.laminar_spacing(), Some(200.0));
/// let mut network = Network::neymotin_2020([3, 3]);
/// network.add_electrode_array("shank1", probe)?;
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ElectrodeArray {
    /// Position (um) of each contact.
    pub positions: Vec<[f64; 3]>,
    /// Conductivity (S/m) of the medium.
    pub conductivity: f64,
    /// Approximation of the membrane's current source; `None` sums the currents (hnn-core's test mode).
    pub method: Option<ElectrodeMethod>,
    /// Smallest distance (um) between contact and source.
    pub min_distance: f64,
}

/// How a segment acts as a current source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectrodeMethod {
    /// Point source approximation.
    Psa,
    /// Line source approximation.
    Lsa,
}

impl ElectrodeArray {
    /// Contacts at positions (um) with hnn-core's defaults: 0.3 S/m, point sources, 0.5 um.
    pub fn new(positions: Vec<[f64; 3]>) -> Self {
        Self {
            positions,
            conductivity: 0.3,
            method: Some(ElectrodeMethod::Psa),
            min_distance: 0.5,
        }
    }

    /// Distance (um) along z of neighbouring contacts, if they are equally spaced on a line that rises or falls, as
    /// hnn-core asks of arrays for laminar profiles.
    pub fn laminar_spacing(&self) -> Option<f64> {
        let steps: Vec<[f64; 3]> = self
            .positions
            .windows(2)
            .map(|w| std::array::from_fn(|k| w[1][k] - w[0][k]))
            .collect();
        let first = steps.first()?;
        // NumPy's `allclose`.
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-8 + 1e-5 * b.abs();
        let norm = |s: &[f64; 3]| s.iter().map(|x| x * x).sum::<f64>().sqrt();
        let straight = steps.windows(2).all(|w| {
            let [a, b] = [w[0], w[1]];
            let cross = |i: usize, j: usize| a[i] * b[j] - a[j] * b[i];
            [cross(1, 2), cross(2, 0), cross(0, 1)]
                .iter()
                .all(|x| close(*x, 0.0))
        });
        let even = steps.iter().all(|step| close(norm(step), norm(first)));
        (straight && even && first[2] != 0.0).then_some(first[2].abs())
    }
}
