//! Tonic biases and electrode arrays.

use super::error::{finite, non_negative, positive};
use super::{ElectrodeArray, Network, NetworkError, TonicBias};
use indexmap::IndexMap;

/// Arguments of [`Network::add_tonic_bias`].
///
/// ```
/// use hnn_sweep::network::{Network, NewTonicBias};
///
/// let mut network = Network::neymotin_2020([3, 3]);
/// let amplitude = [("L5_pyramidal".to_string(), 0.5)].into(); // nA
/// let bias = NewTonicBias { t0: 20.0, tstop: Some(120.0), ..NewTonicBias::new(amplitude) };
/// network.add_tonic_bias(bias)?;
/// assert_eq!(network.external_biases["tonic"]["L5_pyramidal"].section, "soma");
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewTonicBias {
    /// Name of the bias; several biases may act on a type.
    pub bias_name: String,
    /// Section.
    pub section: String,
    /// Current (nA) by cell type.
    pub amplitude: IndexMap<String, f64>,
    /// Start (ms).
    pub t0: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
}

impl NewTonicBias {
    /// hnn-core's defaults: the bias `tonic` at the soma during the whole simulation.
    pub fn new(amplitude: IndexMap<String, f64>) -> Self {
        Self {
            bias_name: "tonic".into(),
            section: "soma".into(),
            amplitude,
            t0: 0.0,
            tstop: None,
        }
    }
}

impl Network {
    /// Adds a constant current (nA) to one section of all cells of the given types.
    ///
    /// # Errors
    /// No amplitudes; a bias of that name and type exists; an unknown type or section; a negative `tstop` or one
    /// before `t0`.
    pub fn add_tonic_bias(&mut self, new: NewTonicBias) -> Result<(), NetworkError> {
        if new.amplitude.is_empty() {
            return Err(NetworkError::argument(
                "amplitude",
                "empty",
                "give an amplitude for at least one cell type",
            ));
        }
        finite("t0", new.t0)?;
        if let Some(tstop) = new.tstop {
            non_negative("tstop", tstop)?;
            if tstop < new.t0 {
                return Err(NetworkError::argument(
                    "tstop",
                    tstop,
                    format!("it cannot be before t0 ({})", new.t0),
                ));
            }
        }
        for (name, amplitude) in &new.amplitude {
            finite("amplitude", *amplitude).map_err(|e| e.of(name))?;
            let sections = &self.cell_type("amplitude", name)?.cell.sections;
            if !sections.contains_key(&new.section) {
                let error = NetworkError::unknown("section", &new.section, sections.keys());
                return Err(error.of(name));
            }
            // Everything is checked before anything is added, so that an error leaves no half of a
            // bias.
            let known = self.external_biases.get(&new.bias_name);
            if known.is_some_and(|bias| bias.contains_key(name)) {
                return Err(NetworkError::Duplicate {
                    kind: "bias",
                    name: format!("{} of {name}", new.bias_name),
                });
            }
        }
        let bias = self.external_biases.entry(new.bias_name).or_default();
        for (name, amplitude) in new.amplitude {
            bias.insert(
                name,
                TonicBias {
                    section: new.section.clone(),
                    // hnn-core's `add_tonic_bias` clamps the middle of a section.
                    loc: 0.5,
                    amplitude,
                    t0: new.t0,
                    tstop: new.tstop,
                },
            );
        }
        Ok(())
    }

    /// Adds an electrode array.
    ///
    /// # Errors
    /// A name that is taken; no contacts; numbers that are not finite or not positive where they must be.
    pub fn add_electrode_array(
        &mut self,
        name: &str,
        array: ElectrodeArray,
    ) -> Result<(), NetworkError> {
        if self.rec_arrays.contains_key(name) {
            return Err(NetworkError::Duplicate {
                kind: "electrode array",
                name: name.into(),
            });
        }
        if array.positions.is_empty() {
            return Err(NetworkError::argument(
                "electrode_pos",
                "empty",
                "give at least one contact",
            ));
        }
        for coordinate in array.positions.iter().flatten() {
            finite("electrode_pos", *coordinate)?;
        }
        positive("conductivity", array.conductivity)?;
        positive("min_distance", array.min_distance)?;
        self.rec_arrays.insert(name.into(), array);
        Ok(())
    }
}
