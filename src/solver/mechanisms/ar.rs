//! `ar.mod`: anomalous rectifier (Traub et al. 2003). Stands in any section.

use super::{ChannelParameter, Here, InitialCurrent, Membrane, Segment, Tables};
use crate::solver::simd::{Em1, Simd};

const GBAR: ChannelParameter = ChannelParameter::new("gbar_ar", "S/cm2", 0.0);
/// The maximal conductance.
pub const PARAMETERS: &[ChannelParameter] = &[GBAR];
/// No.
pub const USES_CALCIUM: bool = false;
/// Reversal potential (mV).
const EREV: f64 = -35.0;

/// The gate m.
pub const STATES: usize = 1;

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

/// The same whatever the potential.
pub fn initial(_at: &Membrane, state: &mut [f64]) {
    // ar.mod sets minf, then this over it.
    state[0] = 0.25;
}

/// `[minf, mtau]` at potential `v` (mV); time constant in ms.
pub fn at(v: f64) -> [f64; 2] {
    let minf = 1.0 / (1.0 + libm::exp((v + 75.0) / 5.5));
    let mtau = 1.0 / (libm::exp(-14.6 - 0.086 * v) + libm::exp(-1.87 + 0.07 * v));
    [minf, mtau]
}

/// How m is evaluated.
pub type Rates = Em1;

/// By the gate's fastest rate.
pub fn rates(tables: &Tables, dt: f64, _celsius: f64) -> Rates {
    Em1::for_rate(dt / tables.cat_ar.min(5))
}

/// One step: the gate, then the conductance.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, rates: &Rates) {
    let gates = s.cat_ar();
    let m = s.relax(s.places().ar, gates.inf[2], *rates, gates.y[2]);
    s.add(m * node.g, EREV);
}

/// Conductance of the initial state.
pub fn initial_current(node: &Node, at: &mut InitialCurrent) {
    at.add(node.g * at.state[at.places.ar], EREV);
}
