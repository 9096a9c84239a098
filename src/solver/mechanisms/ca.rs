//! `ca.mod`: high-voltage activated calcium channel (Reuveni et al. 1993; Mainen 1994). Stands in any section.

use super::{
    CAI, CAO, ChannelParameter, ECA, Here, InitialCurrent, Mechs, Membrane, Segment, Tables, cad,
    nernst_factor,
};
use crate::solver::simd::{Em1, Simd, Vector, log};

const GBAR: ChannelParameter = ChannelParameter::new("gbar_ca", "pS/um2", 0.1);
/// The maximal conductance.
pub const PARAMETERS: &[ChannelParameter] = &[GBAR];
/// Yes: it writes the current.
pub const USES_CALCIUM: bool = true;

/// The gates m and h, and the current (nA), which cad needs in the next step.
pub const STATES: usize = 3;
const M: usize = 0;
const H: usize = 1;
const ICA: usize = 2;

/// Constants of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    /// Maximal conductance (uS).
    g: f64,
    /// Reversal potential (mV), at the start where the concentration changes.
    e: f64,
}

/// Constants of a segment.
pub fn node(at: &mut Membrane) -> Node {
    Node {
        g: at.mainen() * at.value(&GBAR) * at.area,
        e: reversal_potential(at),
    }
}

/// NEURON's default where nothing else uses calcium; what follows from the concentration where something does.
fn reversal_potential(at: &Membrane) -> f64 {
    let cai = if at.mechs.has(Mechs::CAD) {
        cad::CAINF
    } else if at.mechs.has(Mechs::KCA) {
        CAI
    } else {
        return ECA;
    };
    at.nernst() * libm::log(CAO / cai)
}

/// Gates at their steady states; the current follows from them.
pub fn initial(at: &Membrane, state: &mut [f64]) {
    let [minf, _, hinf, ..] = at.tables.ca_km.at(at.v0());
    (state[M], state[H]) = (minf, hinf);
}

/// `[minf, mtau, hinf, htau]` at potential `v` (mV); time constants in ms.
pub fn at(v: f64, tadj: f64) -> [f64; 4] {
    // 0/0 at -27 mV, which no row of the table is at.
    let a = 0.055 * (-27.0 - v) / (libm::exp((-27.0 - v) / 3.8) - 1.0);
    let b = 0.94 * libm::exp((-75.0 - v) / 17.0);
    let (mtau, minf) = (1.0 / tadj / (a + b), a / (a + b));
    let a = 0.000457 * libm::exp((-13.0 - v) / 50.0);
    let b = 0.0065 / (libm::exp((-v - 15.0) / 28.0) + 1.0);
    let (htau, hinf) = (1.0 / tadj / (a + b), a / (a + b));
    [minf, mtau, hinf, htau]
}

/// Constants of all segments.
#[derive(Clone, Debug)]
pub struct Rates {
    /// How m and h are evaluated.
    em1: [Em1; 2],
    /// RT/2F (mV).
    nernst: f64,
    /// RT/2F (mV) times the logarithm of the external concentration.
    nernst_out: f64,
}

/// By the fastest rate of each gate.
pub fn rates(tables: &Tables, dt: f64, celsius: f64) -> Rates {
    let nernst = nernst_factor(celsius);
    Rates {
        em1: [1, 3].map(|tau| Em1::for_rate(dt / tables.ca_km.min(tau))),
        nernst,
        nernst_out: nernst * libm::log(CAO),
    }
}

/// Calcium current (nA) of the step that ends.
#[inline(always)]
pub fn current<S: Simd, K: Here>(s: &Segment<S, K>) -> Vector<S> {
    s.state.load(s.places().ca + ICA)
}

/// One step: gates, then conductance and current.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, rates: &Rates) {
    let gates = s.ca_km();
    let first = s.places().ca;
    let m = s.relax(first + M, gates.inf[0], rates.em1[0], gates.y[0]);
    let h = s.relax(first + H, gates.inf[1], rates.em1[1], gates.y[1]);
    let g = m * m * (h * node.g);
    // The concentration is new now, and the old one of the step that will use this potential.
    let e = if s.has(Mechs::CAD) {
        log(s.cai).mul_sub_from(rates.nernst, s.splat(rates.nernst_out))
    } else {
        s.splat(node.e)
    };
    let inward = g * e;
    // At the potential that the next step starts from: cad takes it there, as NEURON's ica.
    s.state.store(first + ICA, g * s.v - inward);
    s.g = s.g + g;
    s.e = s.e + inward;
}

/// Conductance and current of the initial state.
pub fn initial_current(node: &Node, at: &mut InitialCurrent) {
    let first = at.places.ca;
    let (m, h) = (at.state[first + M], at.state[first + H]);
    let g = node.g * m * m * h;
    at.add(g, node.e);
    at.state[first + ICA] = g * (at.v - node.e);
}
