//! What statistics are computed of.

use crate::network::Network;
use crate::solver::{Dipole, Lfp, Spike};

/// What statistics are computed of: results of one trial.
#[derive(Debug, Clone, Copy)]
pub struct TrialData<'a> {
    /// Sample times (ms), shape `(n_samples,)`.
    pub times: &'a [f64],
    /// Dipole moments (nAm).
    pub dipole: &'a Dipole,
    /// Potentials (uV) at electrode arrays.
    pub lfp: &'a [Lfp],
    /// Spikes of cells and drives.
    pub spikes: &'a [Spike],
    /// The network that was simulated: gids and sizes of cell types and drives.
    pub network: &'a Network,
    /// End of the simulation (ms).
    pub tstop: f64,
}
