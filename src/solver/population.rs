//! The cells of one type in a run: what they have in common, and how they act on electrode contacts.

use super::compile::CompiledCell;
use super::kernels::constants::SynConst;
use crate::network::{CellType, Gid};
use std::sync::Arc;

/// A current clamp on one node of every cell of a population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clamp {
    /// Node.
    pub node: u32,
    /// Current (nA).
    pub amplitude: f64,
    /// Start (ms).
    pub delay: f64,
    /// Duration (ms).
    pub duration: f64,
}

impl Clamp {
    /// IClamp.mod, evaluated at the middle of a step.
    pub fn on(&self, t: f64) -> bool {
        t < self.delay + self.duration && t >= self.delay
    }
}

/// The cells of one type in all simulations of the run.
pub struct Population {
    /// The type.
    pub cell: Arc<CompiledCell>,
    /// Its template.
    pub template: Arc<CellType>,
    /// Cells of one simulation.
    pub n_cells: usize,
    /// Gid of the first of them.
    pub first_gid: Gid,
    /// Place in the state of each site's synapse, if anything connects to it.
    pub slot: Vec<Option<u32>>,
    /// Synapses that something connects to.
    pub active: Vec<SynConst>,
    /// Tonic biases.
    pub clamps: Vec<Clamp>,
    /// Per contact of all electrode arrays.
    pub contacts: Vec<ContactWeights>,
    /// First lane group.
    pub first_group: usize,
}

/// How a population acts on one electrode contact.
pub struct ContactWeights {
    /// Weight (uV/mV) of each node's membrane potential: node by node, the cells of one simulation.
    pub weights: Vec<Vec<f64>>,
    /// Transfer resistance (uV/nA) of each clamp's node, likewise.
    pub clamps: Vec<Vec<f64>>,
}

/// Simulation and cell of a slot among the cells of all simulations.
pub fn split(slot: usize, n_cells: usize) -> (usize, usize) {
    (slot / n_cells, slot % n_cells)
}
