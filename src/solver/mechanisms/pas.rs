//! `pas.mod`, which is part of NEURON: a passive leak. Stands in any section, also beside the leak of hh2.

use super::{ChannelParameter, Here, InitialCurrent, Membrane, Segment, Tables};
use crate::solver::simd::Simd;

const G: ChannelParameter = ChannelParameter::new("g_pas", "S/cm2", 0.001);
const E: ChannelParameter = ChannelParameter::new("e_pas", "mV", -70.0);
/// The conductance and its reversal potential.
pub const PARAMETERS: &[ChannelParameter] = &[G, E];
/// No.
pub const USES_CALCIUM: bool = false;

/// None.
pub const STATES: usize = 0;

/// Nothing: what never changes is part of the segment's leak.
pub type Node = ();

/// Adds to the segment's leak.
pub fn node(at: &mut Membrane) -> Node {
    at.add_leak(at.value(&G) * at.area, at.value(&E));
}

/// No state.
pub fn initial(_at: &Membrane, _state: &mut [f64]) {}

/// No gates.
pub type Rates = ();

/// Nothing.
pub fn rates(_tables: &Tables, _dt: f64, _celsius: f64) -> Rates {}

/// A step finds the conductance in the segment's leak.
#[inline(always)]
pub fn step<S: Simd, K: Here>(_s: &mut Segment<S, K>, _node: &Node, _rates: &Rates) {}

/// So does the first.
pub fn initial_current(_node: &Node, _at: &mut InitialCurrent) {}
