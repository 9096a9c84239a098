//! Connections between populations.

use super::Gid;
use std::ops::Range;
use std::sync::Arc;

/// One entry of hnn-core's `connectivity`: all synaptic connections of one kind between two populations.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Name of the source: a cell type or a drive.
    pub src_type: String,
    /// Name of the target cell type.
    pub target_type: String,
    /// Source gids before any pruning; events of cell-specific drives are generated for these.
    pub src_gids: Gids,
    /// Target gids before any pruning.
    pub target_gids: Gids,
    /// Which source connects to which targets, after pruning.
    pub gid_pairs: GidPairs,
    /// Section, or group of sections, of the target cell.
    pub loc: String,
    /// Receptor: `ampa`, `nmda`, `gabaa` or `gabab`.
    pub receptor: String,
    /// Weight (uS) at distance 0 (`A_weight`).
    pub weight: f64,
    /// Delay (ms) at distance 0 (`A_delay`).
    pub delay: f64,
    /// Space constant, in units of the in-plane distance.
    pub lamtha: f64,
    /// Threshold (mV) that this connection sets on its source cells.
    pub threshold: f64,
    /// Factor on the weight.
    pub gain: f64,
    /// Whether a cell may connect to itself.
    pub allow_autapses: bool,
    /// Probability that was last used to prune the pairs.
    pub probability: f64,
    /// Seed of the pruning.
    pub conn_seed: Option<u64>,
}

/// A set of gids.
#[derive(Clone, Debug, PartialEq)]
pub enum Gids {
    /// All gids of a range.
    Range(Range<Gid>),
    /// Ascending gids that are no range.
    List(Arc<Vec<Gid>>),
}

/// Pairs of source and targets in compact form.
///
/// The form is canonical: equal sets of pairs have equal forms, however they were given.
#[derive(Clone, Debug, PartialEq)]
pub enum GidPairs {
    /// Every source with every target.
    AllToAll {
        /// Source gids.
        src: Range<Gid>,
        /// Target gids.
        target: Range<Gid>,
        /// Whether a cell is also its own target (`false` only where the ranges overlap).
        autapses: bool,
    },
    /// The k-th source with the k-th target.
    OneToOne {
        /// Source gids.
        src: Range<Gid>,
        /// Target gids, as many.
        target: Range<Gid>,
    },
    /// Any other set of pairs: sources in order, each with its targets in order.
    Explicit(Arc<Vec<(Gid, Vec<Gid>)>>),
}
