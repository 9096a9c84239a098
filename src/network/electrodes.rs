//! Electrode arrays for local field potentials.

/// An array of point electrodes.
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
}
