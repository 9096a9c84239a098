//! A segment during a step, as its channels see it.

use super::{Mechs, Nodes, Rates, StatePlaces, Tables};
use crate::solver::simd::{Em1, RateTable, Simd, Variables, Vector};

/// Which channels a segment has, and where their state is: at compile time for the common cells, else at run time.
pub trait Here: Copy {
    /// The segment's channels.
    fn mechs(self) -> Mechs;
    /// Where their state is among that of a segment of the cell.
    fn places(self) -> StatePlaces;
}

/// A segment of eight cells in a step, at its new potential.
pub struct Segment<'a, S, H> {
    /// Membrane potential (mV) that the step led to.
    pub v: Vector<S>,
    /// Internal calcium concentration (mM) that the step led to, once cad has had its turn.
    pub cai: Vector<S>,
    /// Sum of conductances (uS).
    pub g: Vector<S>,
    /// Sum of conductances times their reversal potentials (nA).
    pub e: Vector<S>,
    /// The channels' state.
    pub state: Variables<S>,
    /// The channels' constants.
    pub nodes: &'a Nodes,
    /// Constants of the cell type.
    pub rates: &'a Rates,
    /// Rates by potential.
    pub tables: &'a Tables,
    here: H,
    ca_km: Option<Gates<S>>,
    cat_ar: Option<Gates<S>>,
}

/// What three gates relax to, and over how much of their time constants.
#[derive(Clone, Copy)]
pub struct Gates<S> {
    /// Steady states.
    pub inf: [Vector<S>; 3],
    /// `-dt/tau`.
    pub y: [Vector<S>; 3],
}

impl<'a, S: Simd, H: Here> Segment<'a, S, H> {
    /// A segment whose potential is new and whose channels are old, with its leak's conductance (uS) and current (nA).
    #[inline(always)]
    pub fn new(
        here: H,
        v: Vector<S>,
        leak: (f64, f64),
        state: Variables<S>,
        nodes: &'a Nodes,
        rates: &'a Rates,
        tables: &'a Tables,
    ) -> Self {
        Self {
            v,
            // cad overwrites it where the section has that channel.
            cai: v.splat(super::CAI),
            g: v.splat(leak.0),
            e: v.splat(leak.1),
            state,
            nodes,
            rates,
            tables,
            here,
            ca_km: None,
            cat_ar: None,
        }
    }

    /// Whether the segment has these channels.
    #[inline(always)]
    pub fn has(&self, mechs: Mechs) -> bool {
        self.here.mechs().has(mechs)
    }

    /// Where the channels' state is.
    #[inline(always)]
    pub fn places(&self) -> StatePlaces {
        self.here.places()
    }

    /// `x` in all lanes.
    #[inline(always)]
    pub fn splat(&self, x: f64) -> Vector<S> {
        self.v.splat(x)
    }

    /// Adds a conductance (uS) with a reversal potential (mV).
    #[inline(always)]
    pub fn add(&mut self, g: Vector<S>, reversal: f64) {
        self.g = self.g + g;
        self.e = g.mul_add(reversal, self.e);
    }

    /// A gate after one step, which it keeps (cnexp): `x + (x - inf) expm1(y)`.
    #[inline(always)]
    pub fn relax(&mut self, place: usize, inf: Vector<S>, em1: Em1, y: Vector<S>) -> Vector<S> {
        let x = self.state.load(place);
        let x = (x - inf).mul_add(em1.eval(y), x);
        self.state.store(place, x);
        x
    }

    /// The three gates of a row of a table, with one division.
    #[inline(always)]
    pub fn gates(&self, table: &RateTable) -> Gates<S> {
        let [inf_a, a, inf_b, b, inf_c, c] = table.six(self.v);
        let bc = b * c;
        // -dt/a, -dt/b and -dt/c from one division, the slowest operation of a step.
        let r = self.splat(-self.rates.dt) / (a * bc);
        let ra = r * a;
        Gates {
            inf: [inf_a, inf_b, inf_c],
            y: [r * bc, ra * c, ra * b],
        }
    }

    /// ca's m and h and km's n, which share a row: read once.
    #[inline(always)]
    pub fn ca_km(&mut self) -> Gates<S> {
        let gates = match self.ca_km {
            Some(gates) => gates,
            None => self.gates(&self.tables.ca_km),
        };
        self.ca_km = Some(gates);
        gates
    }

    /// cat's m and h and ar's m, which share a row: read once.
    #[inline(always)]
    pub fn cat_ar(&mut self) -> Gates<S> {
        let gates = match self.cat_ar {
            Some(gates) => gates,
            None => self.gates(&self.tables.cat_ar),
        };
        self.cat_ar = Some(gates);
        gates
    }
}
