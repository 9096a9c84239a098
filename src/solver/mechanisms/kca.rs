//! `kca.mod`: calcium-dependent potassium channel (Pennefather 1990; Reuveni et al. 1993; Mainen 1995). Stands in any
//! section; without cad, the concentration is constant.

use super::{
    CAI, ChannelParameter, EK, Here, InitialCurrent, Mechs, Membrane, Segment, Tables, cad, tadj,
};
use crate::solver::simd::{Em1, Simd};

const GBAR: ChannelParameter = ChannelParameter::new("gbar_kca", "pS/um2", 10.0);
/// The maximal conductance.
pub const PARAMETERS: &[ChannelParameter] = &[GBAR];
/// Yes: it reads the concentration.
pub const USES_CALCIUM: bool = true;
/// Maximal activation rate (/ms per mM).
const RA: f64 = 0.01;
/// Maximal deactivation rate (/ms).
const RB: f64 = 0.02;

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
    // As ca_ion leaves it at initialisation: with cad, that channel's, else NEURON's default.
    let cai = if at.mechs.has(Mechs::CAD) {
        cad::CAINF
    } else {
        CAI
    };
    let a = RA * cai;
    state[0] = a / (a + RB);
}

/// How n is evaluated.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Time step (ms) times tadj.
    scale: f64,
    em1: Em1,
}

/// By the gate's fastest rate, at a concentration of 100 mM; beyond it the series only loses digits.
pub fn rates(_tables: &Tables, dt: f64, celsius: f64) -> Rates {
    let scale = dt * tadj(celsius);
    Rates {
        scale,
        em1: Em1::for_rate(scale * (RA * 100.0 + RB)),
    }
}

/// One step: the gate, then the conductance. The rates need no table: `a = RA cai`, `b = RB`, `ntau = 1/tadj/(a + b)`,
/// `ninf = a/(a + b)`.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, rates: &Rates) {
    let Rates { scale, em1 } = *rates;
    let a = s.cai * RA;
    let sum = a + RB;
    let y = sum * -scale;
    let n = s.state.load(s.places().kca);
    // n + (n - a/sum) expm1(y), without the division where the series needs no doubling.
    let n = if em1.is_direct() {
        let step = em1.ratio(y) * scale;
        sum.mul_sub_from(n, a).mul_add(step, n)
    } else {
        (n - a / sum).mul_add(em1.eval(y), n)
    };
    s.state.store(s.places().kca, n);
    s.add(n * node.g, EK);
}

/// Conductance of the initial state.
pub fn initial_current(node: &Node, at: &mut InitialCurrent) {
    at.add(node.g * at.state[at.places.kca], EK);
}
