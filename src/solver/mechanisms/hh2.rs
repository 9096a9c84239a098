//! `hh2.mod`: sodium, potassium and leak channels (Hodgkin and Huxley 1952, adjusted).

/// Default sodium conductance (S/cm2).
pub const GNABAR: f64 = 0.12;
/// Default potassium conductance (S/cm2).
pub const GKBAR: f64 = 0.036;
/// Default leak conductance (S/cm2).
pub const GL: f64 = 0.0003;
/// Default leak reversal potential (mV).
pub const EL: f64 = -54.3;

fn vtrap(x: f64, y: f64) -> f64 {
    if (x / y).abs() < 1e-6 {
        y * (1.0 - x / y / 2.0)
    } else {
        x / (libm::exp(x / y) - 1.0)
    }
}

/// `[minf, mtau, hinf, htau, ninf, ntau]` at potential `v` (mV); time constants in ms.
pub fn rates(v: f64, celsius: f64) -> [f64; 6] {
    let q10 = libm::pow(3.0, (celsius - 6.3 - 30.7) / 10.0);
    let gate = |alpha: f64, beta: f64| {
        let sum = alpha + beta;
        (alpha / sum, 1.0 / (q10 * sum))
    };
    let (minf, mtau) = gate(
        0.1 * vtrap(-(v + 40.0), 10.0),
        4.0 * libm::exp(-(v + 65.0) / 18.0),
    );
    let (hinf, htau) = gate(
        0.07 * libm::exp(-(v + 65.0) / 20.0),
        1.0 / (libm::exp(-(v + 35.0) / 10.0) + 1.0),
    );
    let (ninf, ntau) = gate(
        0.01 * vtrap(-(v + 55.0), 10.0),
        0.125 * libm::exp(-(v + 65.0) / 80.0),
    );
    [minf, mtau, hinf, htau, ninf, ntau]
}
