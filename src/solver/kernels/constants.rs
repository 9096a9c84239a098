//! What the kernels read of a cell type.

use crate::solver::mechanisms::{Mechs, Nodes, Rates, StatePlaces};

/// Constants of a node, the same in all cells of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeConst {
    /// Index of the parent; smaller than the node's own, but for the root.
    pub parent: u32,
    /// Channels of the node.
    pub mechs: Mechs,
    /// Axial conductance (uS) to the parent.
    pub g_axial: f64,
    /// Constant part (uS) of the matrix' diagonal: capacitance and axial conductances.
    pub d0: f64,
    /// Weight (fAm/mV) in the dipole moment.
    pub dipole: f64,
    /// Conductance (uS) that never changes, and that times its reversal potential (nA).
    pub leak: (f64, f64),
    /// Constants of the channels.
    pub channels: Nodes,
}

/// Consecutive nodes with the same channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRun {
    /// First node.
    pub start: u32,
    /// One past the last node.
    pub end: u32,
    /// Channels of all of them.
    pub mechs: Mechs,
}

/// Constants of a synapse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SynConst {
    /// Node it sits on.
    pub node: u32,
    /// Reversal potential (mV).
    pub e: f64,
    /// Factor of A in one step.
    pub decay_a: f64,
    /// Factor of B in one step.
    pub decay_b: f64,
}

/// What the kernels read of a cell type.
#[derive(Clone, Debug)]
pub struct StepConst {
    /// Channels of all nodes together.
    pub mechs: Mechs,
    /// Where the channels' state variables are.
    pub places: StatePlaces,
    pub(super) nodes: Vec<NodeConst>,
    pub(super) runs: Vec<NodeRun>,
    /// Synapses of the type.
    pub synapses: Vec<SynConst>,
    /// Constants of the channels that are not those of a node.
    pub rates: Rates,
}

impl StepConst {
    /// Constants of a cell type whose nodes come parents first.
    ///
    /// # Panics
    /// If a node comes before its parent, or there is none.
    pub fn new(nodes: Vec<NodeConst>, synapses: Vec<SynConst>, rates: Rates) -> Self {
        assert!(!nodes.is_empty() && nodes[0].parent == 0);
        for (i, node) in nodes.iter().enumerate().skip(1) {
            // The kernels eliminate backwards and substitute forwards without asking again.
            assert!((node.parent as usize) < i);
        }
        let all = nodes.iter().fold(Mechs::NONE, |all, n| all.with(n.mechs));
        let mut runs: Vec<NodeRun> = Vec::new();
        // Runs let the kernel choose its channels once for many nodes.
        for (i, node) in nodes.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.mechs == node.mechs => run.end = i as u32 + 1,
                _ => runs.push(NodeRun {
                    start: i as u32,
                    end: i as u32 + 1,
                    mechs: node.mechs,
                }),
            }
        }
        Self {
            mechs: all,
            places: StatePlaces::new(all),
            nodes,
            runs,
            synapses,
            rates,
        }
    }

    /// Nodes, parents first.
    pub fn nodes(&self) -> &[NodeConst] {
        &self.nodes
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.nodes.len()
    }
}
