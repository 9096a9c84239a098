//! `cad.mod`: decay of internal calcium in a shell under the membrane (Destexhe et al. 1993). Stands in any section.
//!
//! `ca' = drive + (CAINF - ca)/taur` with `drive = max(0, -10000 ica/(2 FARADAY DEPTH))`.

use super::{ChannelParameter, Here, InitialCurrent, Mechs, Membrane, Segment, Tables, ca};
use crate::solver::simd::Simd;

const TAUR: ChannelParameter = ChannelParameter::new("taur_cad", "ms", 200.0);
/// The time constant of removal.
pub const PARAMETERS: &[ChannelParameter] = &[TAUR];
/// Yes: it writes the concentration.
pub const USES_CALCIUM: bool = true;
/// Depth of the shell (um).
const DEPTH: f64 = 0.1;
/// Resting concentration (mM).
pub const CAINF: f64 = 100e-6;
/// Faraday's constant (C/mol) as NEURON's unit conversion gives it to this mechanism.
const FARADAY: f64 = 96485.3;

/// The concentration (mM).
pub const STATES: usize = 1;

/// Constants of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    /// `expm1(-dt/taur)`.
    em: f64,
    /// Influx (mM) per calcium current (nA), times taur.
    drive: f64,
}

/// Constants of a segment.
pub fn node(at: &mut Membrane) -> Node {
    let taur = at.value(&TAUR);
    Node {
        em: libm::expm1(-at.dt / taur),
        // ica is kept in nA: back to mA/cm2 with the area.
        drive: -10000.0 / (2.0 * FARADAY * DEPTH) / at.area * taur,
    }
}

/// The resting concentration.
pub fn initial(_at: &Membrane, state: &mut [f64]) {
    state[0] = CAINF;
}

/// The rate is constant.
pub type Rates = ();

/// Nothing.
pub fn rates(_tables: &Tables, _dt: f64, _celsius: f64) -> Rates {}

/// One step of the concentration. The influx is that of the step that ends, with its old potential.
#[inline(always)]
pub fn step<S: Simd, K: Here>(s: &mut Segment<S, K>, node: &Node, _rates: &Rates) {
    // Without ca there is no calcium current, and the concentration stays where it is.
    let mut target = s.splat(CAINF);
    if s.has(Mechs::CA) {
        target = target + (ca::current(s) * node.drive).positive();
    }
    let old = s.state.load(s.places().cad);
    let cai = (old - target).mul_add(node.em, old);
    s.state.store(s.places().cad, cai);
    s.cai = cai;
}

/// No current.
pub fn initial_current(_node: &Node, _at: &mut InitialCurrent) {}
