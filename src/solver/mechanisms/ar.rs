//! `ar.mod`: anomalous rectifier (Traub et al. 2003).

/// Default conductance (S/cm2).
pub const GBAR: f64 = 0.0;
/// Reversal potential (mV).
pub const EREV: f64 = -35.0;
/// Initial value of the gate, whatever the potential.
pub const M_INIT: f64 = 0.25;

/// `[minf, mtau]` at potential `v` (mV); time constant in ms.
pub fn rates(v: f64) -> [f64; 2] {
    let minf = 1.0 / (1.0 + libm::exp((v + 75.0) / 5.5));
    let mtau = 1.0 / (libm::exp(-14.6 - 0.086 * v) + libm::exp(-1.87 + 0.07 * v));
    [minf, mtau]
}
