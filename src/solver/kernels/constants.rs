//! What the kernels read of a cell type.

use super::layout::{Layout, Mechs};
use super::math::Em1;

/// Constants of a node, the same in all cells of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeConst {
    /// Index of the parent; smaller than the node's own, but for the root.
    pub parent: u32,
    /// Mechanisms of the node.
    pub mechs: Mechs,
    /// Axial conductance (uS) to the parent.
    pub g_axial: f64,
    /// Constant part (uS) of the matrix' diagonal: capacitance and axial conductances.
    pub d0: f64,
    /// Weight (fAm/mV) in the dipole moment.
    pub dipole: f64,
    /// Maximal sodium conductance (uS).
    pub gnabar: f64,
    /// Maximal potassium conductance (uS).
    pub gkbar: f64,
    /// Leak conductance (uS).
    pub gl: f64,
    /// Leak conductance times its reversal potential (nA).
    pub gl_el: f64,
    /// Maximal km conductance (uS).
    pub gkm: f64,
    /// Maximal ca conductance (uS).
    pub gca: f64,
    /// Reversal potential (mV) of calcium where it is constant.
    pub eca: f64,
    /// `expm1(-dt/taur)` of cad.
    pub cad_em: f64,
    /// Influx (mM) per calcium current (nA), times taur.
    pub cad_drive: f64,
    /// Maximal kca conductance (uS).
    pub gkca: f64,
    /// Maximal cat conductance (uS).
    pub gcat: f64,
    /// Maximal ar conductance (uS).
    pub gar: f64,
}

/// Consecutive nodes with the same mechanisms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First node.
    pub start: u32,
    /// One past the last node.
    pub end: u32,
    /// Mechanisms of all of them.
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
    /// Offsets of the state variables.
    pub layout: Layout,
    pub(super) nodes: Vec<NodeConst>,
    pub(super) runs: Vec<Run>,
    /// Synapses of the type.
    pub synapses: Vec<SynConst>,
    /// The rest.
    pub rates: Rates,
}

/// The constants of a cell type that are not those of a node.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Time step (ms).
    pub dt: f64,
    /// Time step times tadj, for kca.
    pub kca_scale: f64,
    /// RT/2F (mV).
    pub nernst: f64,
    /// RT/2F (mV) times the logarithm of the external concentration.
    pub nernst_const: f64,
    /// Series of the gates m, h, n.
    pub hh2: [Em1; 3],
    /// Series of the gates ca m, ca h, km n.
    pub ca_km: [Em1; 3],
    /// Series of the gates cat m, cat h, ar m.
    pub cat_ar: [Em1; 3],
    /// Series of kca.
    pub kca: Em1,
}

impl StepConst {
    /// Constants of a cell type whose nodes come parents first.
    ///
    /// # Panics
    /// If a node comes before its parent, or there is none.
    pub fn new(nodes: Vec<NodeConst>, synapses: Vec<SynConst>, rates: Rates) -> Self {
        assert!(!nodes.is_empty() && nodes[0].parent == 0);
        for (i, node) in nodes.iter().enumerate().skip(1) {
            assert!((node.parent as usize) < i);
        }
        let all = nodes.iter().fold(Mechs::NONE, |all, n| all.with(n.mechs));
        let mut runs: Vec<Run> = Vec::new();
        for (i, node) in nodes.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.mechs == node.mechs => run.end = i as u32 + 1,
                _ => runs.push(Run {
                    start: i as u32,
                    end: i as u32 + 1,
                    mechs: node.mechs,
                }),
            }
        }
        Self {
            layout: Layout::new(all),
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
