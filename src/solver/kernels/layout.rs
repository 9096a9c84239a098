//! Where the state of a group is, in lane groups.
//!
//! First V, D, R and DV of each node, which the elimination passes over, close together; then the state variables of
//! the channels, node by node.

use crate::solver::mechanisms::StatePlaces;

/// Membrane potential (mV).
pub const V: usize = 0;
/// Diagonal of the matrix (uS), then the elimination's factor.
pub const D: usize = 1;
/// Right-hand side (nA), then the elimination's partial solution.
pub const R: usize = 2;
/// Change (mV) of the membrane potential in the last step.
pub const DV: usize = 3;
/// Number of variables of a node in the first part.
pub const CORE: usize = 4;

/// Place of V, D, R or DV of a node.
pub const fn core(node: usize, field: usize) -> usize {
    node * CORE + field
}

/// Where the second part of a cell with `nodes` nodes starts.
#[inline(always)]
pub const fn channels(nodes: usize) -> usize {
    nodes * CORE
}

/// Place of a channel's state variable of a node, in a cell with `nodes` nodes.
pub const fn channel(places: &StatePlaces, nodes: usize, node: usize, variable: usize) -> usize {
    channels(nodes) + node * places.n + variable
}

/// Size of the state of a cell with `nodes` nodes.
pub const fn size(places: &StatePlaces, nodes: usize) -> usize {
    nodes * (CORE + places.n)
}
