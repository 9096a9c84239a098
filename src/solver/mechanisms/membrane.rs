//! A piece of membrane before the simulation.

use super::{ChannelParameter, Mechs, Tables, nernst_factor, tadj};
use crate::network::{MechValue, Section};

/// A segment and what its channels are made from.
pub struct Membrane<'a> {
    /// Its section.
    pub section: &'a Section,
    /// Its number in the section.
    pub segment: usize,
    /// Its channels.
    pub mechs: Mechs,
    /// Factor from S/cm2 to uS: its area, 1e-2 times as many um2.
    pub area: f64,
    /// Rates at the temperature.
    pub tables: &'a Tables,
    /// Temperature (degC).
    pub celsius: f64,
    /// Time step (ms).
    pub dt: f64,
    /// Conductance (uS) that never changes, and that times its reversal potential (nA).
    pub leak: (f64, f64),
}

impl Membrane<'_> {
    /// A parameter's value here, or its default.
    pub fn value(&self, parameter: &ChannelParameter) -> f64 {
        // Parameters carry their channel's name, so it does not matter in whose map one is found.
        let mut channels = self.section.mechs.values();
        match channels.find_map(|given| given.get(parameter.name)) {
            Some(MechValue::Uniform(value)) => *value,
            Some(MechValue::PerSegment(s)) if self.segment < s.x.len() => {
                // As zip does in hnn-core: beyond its list a segment has the mechanism's default.
                *s.values.get(self.segment).unwrap_or(&parameter.default)
            }
            Some(MechValue::PerSegment(_)) | None => parameter.default,
        }
    }

    /// Factor from pS/um2 to uS, for channels after Mainen, which are slower when cold.
    pub fn mainen(&self) -> f64 {
        1e-4 * tadj(self.celsius)
    }

    /// Potential (mV) at the start.
    pub fn v0(&self) -> f64 {
        self.section.v0
    }

    /// Factor (mV) of the Nernst equation of calcium.
    pub fn nernst(&self) -> f64 {
        nernst_factor(self.celsius)
    }

    /// Adds a conductance (uS) that never changes and its reversal potential (mV).
    pub fn add_leak(&mut self, g: f64, e: f64) {
        self.leak.0 += g;
        self.leak.1 += g * e;
    }
}
