//! Potentials at electrode contacts: sums over the nodes of a cell, then over cells, in an order that depends neither
//! on how cells are grouped nor on threads.

use super::kernels::Kernel;
use super::kernels::sums::Size;
use super::population::{Population, split};
use super::simd::Lanes;
use std::ops::Range;

/// Steps that are summed together: the weights are read from memory once for all of them.
const STEPS_KEPT: usize = 8;

/// What the contacts see of a lane group in an epoch.
#[derive(Default)]
pub struct Seen {
    /// Number of steps whose sums are made.
    summed: usize,
    /// Number of steps after these that are kept.
    kept: usize,
    /// Their membrane potentials: step by step, node by node.
    membrane: Vec<Lanes>,
    /// Their clamps' currents (nA) into nodes, with the number of the kept step.
    clamps: Vec<(usize, (u32, f64))>,
    /// Potential (uV) of each contact: step by step, contact by contact.
    potentials: Vec<Lanes>,
}

impl Seen {
    /// An epoch of `n_steps`.
    pub fn begin(&mut self, population: &Population, n_steps: usize) {
        let n = n_steps * population.contacts.len();
        self.potentials.resize(n, Lanes::default());
    }

    /// Where the membrane potentials of one more step go, if there are contacts.
    pub fn next(&mut self, population: &Population) -> Option<&mut [Lanes]> {
        if population.contacts.is_empty() {
            return None;
        }
        let nodes = population.cell.step.n_nodes();
        self.membrane.resize(STEPS_KEPT * nodes, Lanes::default());
        self.kept += 1;
        Some(&mut self.membrane[(self.kept - 1) * nodes..self.kept * nodes])
    }

    /// Ends the step of the group in `slots` with these clamps on; sums some steps up at a time.
    pub fn end_step(
        &mut self,
        kernel: Kernel,
        population: &Population,
        slots: Range<usize>,
        weights: &[Lanes],
        clamps: &[(u32, f64)],
    ) {
        let contacts = population.contacts.len();
        if contacts == 0 {
            return;
        }
        let on = clamps.iter().map(|clamp| (self.kept - 1, *clamp));
        self.clamps.extend(on);
        let rest = &mut self.potentials[self.summed * contacts..];
        // Until enough steps are kept, or the epoch has no more.
        if self.kept < STEPS_KEPT && self.kept * contacts < rest.len() {
            return;
        }
        let size = Size {
            steps: self.kept,
            nodes: population.cell.step.n_nodes(),
            contacts,
        };
        let sums = &mut rest[..size.steps * contacts];
        let membrane = &self.membrane[..size.steps * size.nodes];
        kernel.sums(size, membrane, weights, sums);
        for (step, (node, amplitude)) in self.clamps.drain(..) {
            // Two clamps on one node have one resistance: the first is found for both.
            let Some(i) = population.clamps.iter().position(|c| c.node == node) else {
                continue;
            };
            let sums = &mut sums[step * contacts..];
            for (contact, sum) in population.contacts.iter().zip(sums) {
                for (lane, slot) in slots.clone().enumerate() {
                    let (_, cell) = split(slot, population.n_cells);
                    sum.0[lane] += contact.clamps[i][cell] * amplitude;
                }
            }
        }
        self.summed += size.steps;
        self.kept = 0;
    }
}

/// Potentials (uV) at the contacts in an epoch, by simulation: step by step, contact by contact.
pub struct Potentials(Vec<Vec<f64>>);

impl Potentials {
    /// Zeros for as many simulations and contacts as have traces.
    pub fn new(traces: &[Vec<Vec<f64>>], n_steps: usize) -> Self {
        let zeros = |contacts: &Vec<Vec<f64>>| vec![0.0; n_steps * contacts.len()];
        Self(traces.iter().map(zeros).collect())
    }

    /// Adds what the contacts saw of the group in `slots`, cell by cell; groups come in order of gid.
    pub fn add(&mut self, population: &Population, mut slots: Range<usize>, seen: &Seen) {
        let first = slots.start;
        while !slots.is_empty() {
            let (m, c) = split(slots.start, population.n_cells);
            let end = slots.end.min(slots.start + population.n_cells - c);
            // Members may share a group: cells of one simulation are added up at a time.
            let lanes = slots.start - first..end - first;
            for (sum, potential) in self.0[m].iter_mut().zip(&seen.potentials) {
                for part in &potential.0[lanes.clone()] {
                    *sum += part;
                }
            }
            slots.start = end;
        }
    }

    /// Appends the epoch to the traces, by simulation and contact.
    pub fn append_to(&self, traces: &mut [Vec<Vec<f64>>]) {
        for (contacts, sums) in traces.iter_mut().zip(&self.0) {
            let n_contacts = contacts.len();
            for (contact, trace) in contacts.iter_mut().enumerate() {
                trace.extend(sums.iter().skip(contact).step_by(n_contacts));
            }
        }
    }
}
