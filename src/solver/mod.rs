//! Network → flat arrays → time steps → recordings.
//!
//! NEURON's fixed-step method (implicit Euler, staggered order) on structures of arrays, with cells as SIMD lanes.
//! Knows no files, no Arrow, no hashes, no clock, no printing.
//!
//! # Words
//!
//! * **lane**: one cell's place in a vector of eight.
//! * **group**: eight lanes of one population. Cells of different members may share a group.
//! * **unit**: one or two groups that a thread advances together, so that one hides the other's latency.
//! * **population**: the cells of one type, of all members.
//! * **member**: one simulation (a network and a trial) among those that run side by side.
//! * **gang**: the members of one run: same cell types, time axis and recordings; connections and drives may differ.
//! * **epoch**: as many steps as the shortest delay between cells. In an epoch no cell can hear of another's spike, so
//!   units run without looking at each other.
//! * **site**: a synapse of a cell type, by section and receptor. **Slot**: its place in the state, if anything
//!   connects to it.
//! * **wire**: a connection of the network, ready to fan a spike out to its targets.
//!
//! # The way of a spike
//!
//! ```text
//! LaneGroup::detect      after each step: whose soma has risen above its threshold? (sample, lane)
//!    │ end of the epoch
//!    ▼
//! Engine::fan_out_crossings     in order of sample and gid; drives likewise, in Engine::release_drives
//!    │ Wire::fan_out: target, delay, weight
//!    ▼
//! Calendar::push         which step does it arrive in?
//!    │ start of a later epoch
//!    ▼
//! Deliveries::fill       that epoch's arrivals, by group and step
//!    │ each step
//!    ▼
//! LaneGroup::deliver     raises A and B of the lane's synapses, before the step
//! ```
//!
//! # Example
//!
//! ```
//! use hnn_sweep::network::Network;
//! use hnn_sweep::solver::{Solver, Trial};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut network = Network::neymotin_2020([3, 3]);
//! network.add_erp_drives(0.0)?;
//! let solver = Solver::new();
//! let result = solver.simulate(&network, &Trial::new(30.0, 0.025), &|| false)?;
//! assert_eq!(result.times.len(), 1201);
//! println!("{} spikes, {} nAm at the end", result.spikes.len(), result.dipole.agg[1200]);
//! # Ok(())
//! # }
//! ```

mod cache;
mod calendar;
mod check;
mod clock;
mod compile;
mod contacts;
mod dipole;
mod engine;
mod geometry;
mod kernels;
mod lfp;
mod mechanisms;
mod order;
mod population;
mod record;
mod result;
mod setup;
mod simd;
mod threads;
mod wiring;

pub use check::Checker;
pub use result::{
    CalciumTrace, CurrentTrace, Dipole, Lfp, Moments, SimulationResult, Spike, VoltageTrace,
};
pub use setup::Solver;
pub use simd::InstructionSet;
pub use threads::Threads;

/// Version of the numerics: raised by hand whenever any result changes in any bit.
///
/// 1: first version.
pub const NUMERICS_VERSION: u32 = 1;

/// Which sections of every cell a trace is recorded from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// Not recorded.
    #[default]
    Off,
    /// The soma only.
    Soma,
    /// All sections.
    All,
}

/// What to simulate of a network: one trial.
///
/// ```
/// use hnn_sweep::network::Network;
/// use hnn_sweep::solver::{Record, Solver, Trial};
///
/// let network = Network::neymotin_2020([3, 3]);
/// let trial = Trial { record_vsec: Record::Soma, ..Trial::new(2.0, 0.025) };
/// let result = Solver::new().simulate(&network, &trial, &|| false)?;
/// // A trace for each cell, a value (mV) for each sample.
/// assert_eq!(result.voltages.len(), network.n_cells() as usize);
/// assert_eq!(result.voltages[0].values.len(), result.times.len());
/// # Ok::<(), hnn_sweep::solver::SolverError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// End of the simulation (ms).
    pub tstop: f64,
    /// Time step (ms).
    pub dt: f64,
    /// Index of the trial, which decides the drives' random streams.
    pub trial: u32,
    /// Membrane potentials at the sections' middles.
    pub record_vsec: Record,
    /// Synaptic currents.
    pub record_isec: Record,
    /// Calcium concentrations at the sections' middles.
    pub record_ca: Record,
    /// Whether the potentials of the network's electrode arrays are computed.
    pub record_lfp: bool,
}

/// A time (ms) without the noise of summed time steps: 6, not 6.0000000000000515.
fn shown(time: f64) -> f64 {
    // A millionth of a millisecond is far below any dt, and above the noise.
    libm::round(time * 1e6) / 1e6
}

impl Trial {
    /// The first trial of a simulation until `tstop` (ms) in steps of `dt` (ms), without recordings.
    pub fn new(tstop: f64, dt: f64) -> Self {
        Self {
            tstop,
            dt,
            trial: 0,
            record_vsec: Record::Off,
            record_isec: Record::Off,
            record_ca: Record::Off,
            record_lfp: false,
        }
    }
}

/// Number of samples of a simulation until `tstop` (ms) in steps of `dt` (ms): one more than NEURON's steps.
///
/// ```
/// assert_eq!(hnn_sweep::solver::n_samples(170.0, 0.025), 6801);
/// assert_eq!(hnn_sweep::solver::n_samples(103.33, 0.05), 2067); // a last step that does not fit is left out
/// ```
pub fn n_samples(tstop: f64, dt: f64) -> usize {
    clock::Clock::n_steps(tstop, dt).saturating_add(1)
}

/// Whether a section has calcium that can be recorded: NEURON keeps a concentration where any channel uses the ion.
///
/// ```
/// use hnn_sweep::network::Network;
///
/// let network = Network::neymotin_2020([3, 3]);
/// let somata = network.cell_types.iter().map(|(name, t)| (name.as_str(), &t.cell.sections["soma"]));
/// let with: Vec<&str> = somata.filter(|(_, soma)| hnn_sweep::solver::has_calcium(soma)).map(|s| s.0).collect();
/// assert_eq!(with, ["L5_pyramidal"]);
/// ```
pub fn has_calcium(section: &crate::network::Section) -> bool {
    mechanisms::Mechs::named(section.mechs.keys()).use_calcium()
}

/// Why a simulation could not be done.
///
/// ```
/// use hnn_sweep::network::Network;
/// use hnn_sweep::solver::{Solver, SolverError, Trial};
///
/// let network = Network::neymotin_2020([3, 3]);
/// let stop_at_once = || true;
/// let stopped = Solver::new().simulate(&network, &Trial::new(50.0, 0.025), &stop_at_once);
/// assert!(matches!(stopped, Err(SolverError::Interrupted { .. })));
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SolverError {
    /// The network asks for something that does not exist or has no meaning.
    #[error("{0}")]
    InvalidNetwork(String),
    /// A membrane potential became NaN or infinite.
    #[error(
        "the membrane potential of cell {gid} ({cell_type}) is not finite at {} ms; a smaller dt or weight may help",
        shown(*.time)
    )]
    NotFinite {
        /// Time (ms).
        time: f64,
        /// The first such cell.
        gid: u32,
        /// Its type.
        cell_type: String,
    },
    /// The caller asked to stop.
    #[error("interrupted at {} ms", shown(*.time))]
    Interrupted {
        /// Time (ms) that had been reached.
        time: f64,
    },
}
