//! `cat.mod`: low-threshold T-type calcium current (Traub et al. 2003), not counted as calcium influx. Stands in any
//! section.

use super::{ChannelParameter, Here, InitialCurrent, Membrane, Segment, Tables};
use crate::solver::simd::{Em1, Simd};

const GBAR: ChannelParameter = ChannelParameter::new("gbar_cat", "S/cm2", 0.0);
/// The maximal conductance.
pub const PARAMETERS: &[ChannelParameter] = &[GBAR];
/// No: its current is of no ion.
pub const USES_CALCIUM: bool = false;
/// Reversal potential (mV).
const EREV: f64 = 125.0;

/// The gates m and h.
pub const STATES: usize = 2;
const M: usize = 0;
const H: usize = 1;

/// Maximal conductance (uS) of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    g: f64,
}

/// Constants of a segment.
pub fn node(at: &mut Membrane) -> Node {
    Node {
        g: at.value(&GBAR) * at.area,
    }
}

/// m is 0 whatever the potential, h at its steady state.
pub fn initial(at: &Membrane, state: &mut [f64]) {
    // cat.mod sets minf, then 0 over it.
    let [_, _, hinf, ..] = at.tables.cat_ar.at(at.v0());
    (state[M], state[H]) = (0.0, hinf);
}

/// `[minf, mtau, hinf, htau]` at potential `v` (mV); time constants in ms.
pub fn at(v: f64) -> [f64; 4] {
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

/// How m and h are evaluated.
pub type Rates = [Em1; 2];

/// By the fastest rate of each gate.
pub fn rates(tables: &Tables, dt: f64, _celsius: f64) -> Rates {
    [1, 3].map(|tau| Em1::for_rate(dt / tables.cat_ar.min(tau)))
}

/// One step: gates, then the conductance.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, rates: &Rates) {
    let gates = s.cat_ar();
    let (first, [of_m, of_h]) = (s.places().cat, *rates);
    let m = s.relax(first + M, gates.inf[0], of_m, gates.y[0]);
    let h = s.relax(first + H, gates.inf[1], of_h, gates.y[1]);
    s.add(m * m * (h * node.g), EREV);
}

/// Conductance of the initial state.
pub fn initial_current(node: &Node, at: &mut InitialCurrent) {
    let first = at.places.cat;
    let (m, h) = (at.state[first + M], at.state[first + H]);
    at.add(node.g * m * m * h, EREV);
}
