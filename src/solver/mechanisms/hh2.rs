//! `hh2.mod`: sodium, potassium and leak channels (Hodgkin and Huxley 1952, adjusted). Stands in any section.

use super::{ChannelParameter, EK, ENA, Here, InitialCurrent, Membrane, Segment, Tables};
use crate::solver::simd::{Em1, Simd};

const GNABAR: ChannelParameter = ChannelParameter::new("gnabar_hh2", "S/cm2", 0.12);
const GKBAR: ChannelParameter = ChannelParameter::new("gkbar_hh2", "S/cm2", 0.036);
const GL: ChannelParameter = ChannelParameter::new("gl_hh2", "S/cm2", 0.0003);
const EL: ChannelParameter = ChannelParameter::new("el_hh2", "mV", -54.3);
/// Maximal conductances and the leak.
pub const PARAMETERS: &[ChannelParameter] = &[GNABAR, GKBAR, GL, EL];
/// No.
pub const USES_CALCIUM: bool = false;

/// The gates m, h and n.
pub const STATES: usize = 3;
const M: usize = 0;
const H: usize = 1;
const N: usize = 2;

/// Maximal conductances (uS) of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    gna: f64,
    gk: f64,
}

/// Constants of a segment. The leak is the same in every step.
pub fn node(at: &mut Membrane) -> Node {
    at.add_leak(at.value(&GL) * at.area, at.value(&EL));
    Node {
        gna: at.value(&GNABAR) * at.area,
        gk: at.value(&GKBAR) * at.area,
    }
}

/// Gates at their steady states.
pub fn initial(at: &Membrane, state: &mut [f64]) {
    let [minf, _, hinf, _, ninf, _] = at.tables.hh2.at(at.v0());
    (state[M], state[H], state[N]) = (minf, hinf, ninf);
}

fn vtrap(x: f64, y: f64) -> f64 {
    // 0/0 at x = 0, which a row of the table meets: the first terms of its series, as hh2.mod has
    // it.
    if (x / y).abs() < 1e-6 {
        y * (1.0 - x / y / 2.0)
    } else {
        x / (libm::exp(x / y) - 1.0)
    }
}

/// `[minf, mtau, hinf, htau, ninf, ntau]` at potential `v` (mV); time constants in ms.
pub fn at(v: f64, celsius: f64) -> [f64; 6] {
    // 1 at 37 degC; the two constants are subtracted one by one, as the .mod file does.
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

/// How m, h and n are evaluated.
pub type Rates = [Em1; 3];

/// By the fastest rate of each gate.
pub fn rates(tables: &Tables, dt: f64, _celsius: f64) -> Rates {
    [1, 3, 5].map(|tau| Em1::for_rate(dt / tables.hh2.min(tau)))
}

/// One step: gates, then conductances.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, rates: &Rates) {
    let gates = s.gates(&s.tables.hh2);
    let (first, [of_m, of_h, of_n]) = (s.places().hh2, *rates);
    let m = s.relax(first + M, gates.inf[0], of_m, gates.y[0]);
    let h = s.relax(first + H, gates.inf[1], of_h, gates.y[1]);
    let n = s.relax(first + N, gates.inf[2], of_n, gates.y[2]);
    // The grouping of the factors decides last bits.
    let gna = m * m * (m * h) * node.gna;
    let n2 = n * n;
    let gk = n2 * n2 * node.gk;
    s.add(gna, ENA);
    s.add(gk, EK);
}

/// Conductances of the initial state.
pub fn initial_current(node: &Node, at: &mut InitialCurrent) {
    let first = at.places.hh2;
    let (m, h, n) = (
        at.state[first + M],
        at.state[first + H],
        at.state[first + N],
    );
    at.add(node.gna * m * m * m * h, ENA);
    at.add(node.gk * n * n * n * n, EK);
}
