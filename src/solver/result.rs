//! What a simulation yields, in hnn-core's words and units.

/// Results of one trial.
///
/// ```
/// use hnn_sweep::network::Network;
/// use hnn_sweep::solver::{Solver, Trial};
///
/// let network = Network::neymotin_2020([3, 3]);
/// let result = Solver::new().simulate(&network, &Trial::new(5.0, 0.025), &|| false)?;
/// assert_eq!(result.times[..3], [0.0, 0.025, 0.05]);
/// assert_eq!(result.dipole.agg.len(), result.times.len());
/// let of_baskets = result.spikes.iter().filter(|s| network.gid_to_type(s.gid) == Some("L2_basket"));
/// println!("{} spikes, {} of layer 2/3 basket cells", result.spikes.len(), of_baskets.count());
/// # Ok::<(), hnn_sweep::solver::SolverError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SimulationResult {
    /// Sample times (ms), shape `(n_samples,)`.
    pub times: Vec<f64>,
    /// Dipole after hnn-core's baseline correction.
    pub dipole: Dipole,
    /// Spikes of cells and drive cells in hnn-core's order (order of processing).
    pub spikes: Vec<Spike>,
    /// Membrane potentials, if recorded: by gid, then section in the cell's order.
    pub voltages: Vec<VoltageTrace>,
    /// Synaptic currents, if recorded: by gid, then section and receptor in the cell's order.
    pub currents: Vec<CurrentTrace>,
    /// Calcium concentrations, if recorded: by gid, then section in the cell's order.
    pub calcium: Vec<CalciumTrace>,
    /// Potentials of each electrode array, if recorded, in the network's order.
    pub lfp: Vec<Lfp>,
}

/// Current dipole moment (nAm), each of shape `(n_samples,)`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Dipole {
    /// Sum of the layers.
    pub agg: Vec<f64>,
    /// Layer 2/3: the first cell type that measures a dipole.
    pub l2: Vec<f64>,
    /// Layer 5: the second cell type that measures a dipole.
    pub l5: Vec<f64>,
}

/// Dipole moments (fAm) before hnn-core's baseline correction: a trace for each cell type that measures a dipole, in
/// the network's order.
pub type Moments = Vec<Vec<f64>>;

/// A spike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Time (ms).
    pub time: f64,
    /// Cell or drive cell.
    pub gid: u32,
}

/// Membrane potential (mV) at the middle of a section.
#[derive(Clone, Debug, PartialEq)]
pub struct VoltageTrace {
    /// Cell.
    pub gid: u32,
    /// Section.
    pub section: String,
    /// Values, shape `(n_samples,)`.
    pub values: Vec<f64>,
}

/// Current (nA) of a synapse.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentTrace {
    /// Cell.
    pub gid: u32,
    /// Section.
    pub section: String,
    /// Receptor.
    pub receptor: String,
    /// Values, shape `(n_samples,)`.
    pub values: Vec<f64>,
}

/// Calcium concentration (mM) at the middle of a section.
#[derive(Clone, Debug, PartialEq)]
pub struct CalciumTrace {
    /// Cell.
    pub gid: u32,
    /// Section.
    pub section: String,
    /// Values, shape `(n_samples,)`.
    pub values: Vec<f64>,
}

/// Potential (uV) at the contacts of an electrode array.
#[derive(Clone, Debug, PartialEq)]
pub struct Lfp {
    /// Name of the array.
    pub array: String,
    /// Potential of each contact, shape `(n_contacts, n_samples)`.
    pub potential: Vec<Vec<f64>>,
}
