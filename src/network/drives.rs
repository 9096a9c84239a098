//! External drives and tonic biases.

use super::Dynamics;
use indexmap::IndexMap;

/// A value that is common to all target cell types, or one per cell type.
#[derive(Clone, Debug, PartialEq)]
pub enum PerCellType {
    /// The same for all.
    All(f64),
    /// By cell type.
    Each(IndexMap<String, f64>),
}

/// An external drive: artificial cells that emit events, and how they attach to the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Drive {
    /// When its cells fire.
    pub dynamics: Dynamics,
    /// Section, or group of sections, of the targets.
    pub location: String,
    /// Target cell types, in the network's order.
    pub target_types: Vec<String>,
    /// Whether each target cell has a drive cell of its own.
    pub cell_specific: bool,
    /// Number of drive cells.
    pub n_drive_cells: u32,
    /// AMPA weights (uS) by cell type.
    pub weights_ampa: Option<IndexMap<String, f64>>,
    /// NMDA weights (uS) by cell type.
    pub weights_nmda: Option<IndexMap<String, f64>>,
    /// Synaptic delays (ms).
    pub synaptic_delays: PerCellType,
    /// Connection probability.
    pub probability: PerCellType,
    /// Space constant, in units of the in-plane distance.
    pub space_constant: f64,
    /// Seed of the event times.
    pub event_seed: u64,
    /// Seed of the pruning of connections.
    pub conn_seed: Option<u64>,
}

/// A constant current into one section of every cell of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct TonicBias {
    /// Section.
    pub section: String,
    /// Position along the section (0 to 1).
    pub loc: f64,
    /// Current (nA).
    pub amplitude: f64,
    /// Start (ms).
    pub t0: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
}

impl PerCellType {
    /// The value for a cell type.
    pub fn of(&self, cell_type: &str) -> Option<f64> {
        match self {
            Self::All(value) => Some(*value),
            Self::Each(values) => values.get(cell_type).copied(),
        }
    }
}

impl Drive {
    /// Receptors and weights (uS) of the connections to a cell type.
    pub(crate) fn weights_of(&self, cell_type: &str) -> Vec<(&'static str, f64)> {
        let all = [("ampa", &self.weights_ampa), ("nmda", &self.weights_nmda)];
        let of_type = |(receptor, weights): (&'static str, &Option<IndexMap<String, f64>>)| {
            let weight = weights.as_ref()?.get(cell_type)?;
            Some((receptor, *weight))
        };
        all.into_iter().filter_map(of_type).collect()
    }
}
