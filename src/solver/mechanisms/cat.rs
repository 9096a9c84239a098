//! `cat.mod`: low-threshold T-type calcium current (Traub et al. 2003), not counted as calcium influx.

/// Default conductance (S/cm2).
pub const GBAR: f64 = 0.0;
/// Reversal potential (mV).
pub const EREV: f64 = 125.0;

/// `[minf, mtau, hinf, htau]` at potential `v` (mV); time constants in ms.
pub fn rates(v: f64) -> [f64; 4] {
    let minf = 1.0 / (1.0 + libm::exp((-v - 56.0) / 6.2));
    let mtau = 0.204 + 0.333 / (libm::exp((v + 15.8) / 18.2) + libm::exp((-v - 131.0) / 16.7));
    let hinf = 1.0 / (1.0 + libm::exp((v + 80.0) / 4.0));
    let htau = if v < -81.0 {
        0.333 * libm::exp((v + 466.0) / 66.6)
    } else {
        9.32 + 0.333 * libm::exp((-v - 21.0) / 10.5)
    };
    [minf, mtau, hinf, htau]
}
