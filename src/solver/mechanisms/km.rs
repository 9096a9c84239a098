//! `km.mod`: slow, non-inactivating potassium channel (Mainen 1995).

/// Default conductance (pS/um2).
pub const GBAR: f64 = 10.0;

/// `[ninf, ntau]` at potential `v` (mV); time constant in ms.
pub fn rates(v: f64, tadj: f64) -> [f64; 2] {
    let (tha, qa, ra, rb) = (-30.0, 9.0, 0.001, 0.001);
    let a = ra * (v - tha) / (1.0 - libm::exp(-(v - tha) / qa));
    let b = -rb * (v - tha) / (1.0 - libm::exp((v - tha) / qa));
    [a / (a + b), 1.0 / tadj / (a + b)]
}
