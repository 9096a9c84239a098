//! The membrane mechanisms of the model, one file per .mod file of hnn-core.
//!
//! Each file holds the mechanism's defaults and its rate functions, in the .mod file's units and operation order.
//! Rates that depend on the membrane potential are only used to fill [`tables`]: the interpolated tables are part of
//! the model, and using exact rates moves spikes.

pub mod ar;
pub mod ca;
pub mod cad;
pub mod cat;
pub mod hh2;
pub mod kca;
pub mod km;
pub mod tables;

/// Factor of mechanisms after Mainen: `q10^((celsius - 23 - 30.7)/10)` with q10 = 2.3.
pub fn tadj(celsius: f64) -> f64 {
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
    1000.0 * 8.3134 * (celsius + 273.15) / (2.0 * 96485.309)
}
