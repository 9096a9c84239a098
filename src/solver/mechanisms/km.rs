//! `km.mod`: slow, non-inactivating potassium channel (Mainen 1995). Stands in any section.

use super::{ChannelParameter, EK, Here, InitialCurrent, Mechs, Membrane, Segment, Tables};
use crate::solver::simd::{Em1, Simd};

const GBAR: ChannelParameter = ChannelParameter::new("gbar_km", "pS/um2", 10.0);
/// The maximal conductance.
pub const PARAMETERS: &[ChannelParameter] = &[GBAR];
/// No.
pub const USES_CALCIUM: bool = false;

/// The gate n.
pub const STATES: usize = 1;

/// Maximal conductance (uS) of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    g: f64,
}

/// Constants of a segment.
pub fn node(at: &mut Membrane) -> Node {
    Node {
        g: at.mainen() * at.value(&GBAR) * at.area,
    }
}

/// The gate at its steady state.
pub fn initial(at: &Membrane, state: &mut [f64]) {
    state[0] = at.tables.ca_km.at(at.v0())[4];
}

/// `[ninf, ntau]` at potential `v` (mV); time constant in ms.
pub fn at(v: f64, tadj: f64) -> [f64; 2] {
    let (tha, qa, ra, rb) = (-30.0, 9.0, 0.001, 0.001);
    // 0/0 at -30 mV, which no row of the table is at.
    let a = ra * (v - tha) / (1.0 - libm::exp(-(v - tha) / qa));
    let b = -rb * (v - tha) / (1.0 - libm::exp((v - tha) / qa));
    [a / (a + b), 1.0 / tadj / (a + b)]
}

/// How n is evaluated.
pub type Rates = Em1;

/// By the gate's fastest rate.
pub fn rates(tables: &Tables, dt: f64, _celsius: f64) -> Rates {
    Em1::for_rate(dt / tables.ca_km.min(5))
}

/// One step: the gate, then the conductance. Beside ca, rates are read together with that channel's.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, rates: &Rates) {
    let (inf, y) = if s.has(Mechs::CA) {
        let gates = s.ca_km();
        (gates.inf[2], gates.y[2])
    } else {
        let [inf, tau] = s.tables.ca_km.last_two(s.v);
        (inf, s.splat(-s.rates.dt) / tau)
    };
    let n = s.relax(s.places().km, inf, *rates, y);
    s.add(n * node.g, EK);
}

/// Conductance of the initial state.
pub fn initial_current(node: &Node, at: &mut InitialCurrent) {
    at.add(node.g * at.state[at.places.km], EK);
}
