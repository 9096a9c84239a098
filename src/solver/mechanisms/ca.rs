//! `ca.mod`: high-voltage activated calcium channel (Reuveni et al. 1993; Mainen 1994).

/// Default conductance (pS/um2).
pub const GBAR: f64 = 0.1;

/// `[minf, mtau, hinf, htau]` at potential `v` (mV); time constants in ms.
pub fn rates(v: f64, tadj: f64) -> [f64; 4] {
    let a = 0.055 * (-27.0 - v) / (libm::exp((-27.0 - v) / 3.8) - 1.0);
    let b = 0.94 * libm::exp((-75.0 - v) / 17.0);
    let (mtau, minf) = (1.0 / tadj / (a + b), a / (a + b));
    let a = 0.000457 * libm::exp((-13.0 - v) / 50.0);
    let b = 0.0065 / (libm::exp((-v - 15.0) / 28.0) + 1.0);
    let (htau, hinf) = (1.0 / tadj / (a + b), a / (a + b));
    [minf, mtau, hinf, htau]
}
