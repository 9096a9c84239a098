//! `cad.mod`: decay of internal calcium in a shell under the membrane (Destexhe et al. 1993).
//!
//! `ca' = drive + (CAINF - ca)/taur` with `drive = max(0, -10000 ica/(2 FARADAY DEPTH))`.

/// Default time constant of removal (ms).
pub const TAUR: f64 = 200.0;
/// Depth of the shell (um).
pub const DEPTH: f64 = 0.1;
/// Resting concentration (mM).
pub const CAINF: f64 = 100e-6;
/// Faraday's constant (C/mol) as NEURON's unit conversion gives it to this mechanism.
pub const FARADAY: f64 = 96485.3;
