//! `kca.mod`: calcium-dependent potassium channel (Pennefather 1990; Reuveni et al. 1993; Mainen 1995).
//!
//! Its rates are evaluated at every step, without a table: `a = RA cai`, `b = RB`,
//! `ntau = 1/tadj/(a + b)`, `ninf = a/(a + b)`.

/// Default conductance (pS/um2).
pub const GBAR: f64 = 10.0;
/// Maximal activation rate (/ms per mM).
pub const RA: f64 = 0.01;
/// Maximal deactivation rate (/ms).
pub const RB: f64 = 0.02;
