//! A segment's currents at t = 0, with which the first step solves.

use super::StatePlaces;

/// Sums over the channels of a segment.
pub struct InitialCurrent<'a> {
    /// Membrane potential (mV).
    pub v: f64,
    /// Sum of conductances (uS).
    pub g: f64,
    /// Sum of conductances times their reversal potentials (nA).
    pub e: f64,
    /// State of the segment's channels.
    pub state: &'a mut [f64],
    /// Where it is.
    pub places: &'a StatePlaces,
}

impl InitialCurrent<'_> {
    /// Adds a conductance (uS) with a reversal potential (mV).
    pub fn add(&mut self, g: f64, reversal: f64) {
        self.g += g;
        self.e += g * reversal;
    }
}
