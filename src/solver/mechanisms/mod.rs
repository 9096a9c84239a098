//! The channels of the membrane, one file per .mod file, in that file's order: parameters, state, constants of a
//! segment, initial state, rates, one time step, current.
//!
//! To add a channel, write its file, give it a line in [`list`], and its name to `network::MECHANISMS`, so that
//! networks may have it. A file has:
//!
//! | item | in the .mod file |
//! |---|---|
//! | `PARAMETERS` | PARAMETER, those that a network may set: names, units, defaults |
//! | `USES_CALCIUM` | USEION ca |
//! | `STATES` | number of STATE variables, and of what else must outlive a step |
//! | `Node`, `node` | what BREAKPOINT needs that no step changes, in absolute units: uS and nA, not per area |
//! | `initial` | INITIAL |
//! | `Rates`, `rates` | what all segments of a cell type share: how the fastest gate is evaluated |
//! | `step` | SOLVE, then the conductance and its reversal potential for the next step |
//! | `initial_current` | the conductance of the initial state |
//!
//! Rates that depend on the potential come from interpolated [`Tables`]. They are part of the model: exact rates move
//! spikes.

mod ar;
mod ca;
mod cad;
mod cat;
mod hh2;
mod initial_current;
mod kca;
mod km;
mod list;
mod membrane;
mod parameter;
mod pas;
mod segment;
mod tables;

pub use initial_current::InitialCurrent;
pub use list::{Mechs, Nodes, Rates, StatePlaces, initial};
pub use membrane::Membrane;
pub use parameter::{Channel, ChannelParameter};
pub use segment::{Here, Segment};
pub use tables::Tables;

/// Factor of mechanisms after Mainen: `q10^((celsius - 23 - 30.7)/10)` with q10 = 2.3.
pub fn tadj(celsius: f64) -> f64 {
    // The two constants as the .mod files have them, temp + tshift.
    libm::pow(2.3, (celsius - 23.0 - 30.7) / 10.0)
}

/// Reversal potential (mV) of sodium, NEURON's default.
pub const ENA: f64 = 50.0;
/// Reversal potential (mV) of potassium, NEURON's default.
pub const EK: f64 = -77.0;
/// Reversal potential (mV) of calcium where no concentration is used, NEURON's default.
pub const ECA: f64 = 132.4579341637009;
/// Internal calcium concentration (mM) where no mechanism changes it, NEURON's default.
pub const CAI: f64 = 5e-5;
/// External calcium concentration (mM), NEURON's default.
pub const CAO: f64 = 2.0;

/// `RT/2F` (mV) of the Nernst equation for calcium, with NEURON's legacy constants.
pub fn nernst_factor(celsius: f64) -> f64 {
    // The gas and Faraday constants that NEURON 8 keeps for old models, not those of SI.
    1000.0 * 8.3134 * (celsius + 273.15) / (2.0 * 96485.309)
}
