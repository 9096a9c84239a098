//! Network → flat arrays → time steps → recordings.
//!
//! NEURON's fixed-step method (implicit Euler, staggered order) on structure-of-arrays with cells as SIMD lanes.
//! Knows no files, no Arrow, no hashes, no clock, no printing.

mod calendar;
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
mod wiring;

pub use kernels::InstructionSet;
pub use result::{
    CalciumTrace, CurrentTrace, Dipole, Lfp, Moments, SimulationResult, Spike, VoltageTrace,
};
pub use setup::{Solver, Threads};

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
    libm::round(time * 1e6) / 1e6
}

/// Why a simulation could not be done.
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
