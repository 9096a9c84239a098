//! Connections between populations.

use super::Gid;
use compact_str::CompactString;
use std::ops::Range;
use std::sync::Arc;

/// One entry of hnn-core's `connectivity`: all synaptic connections of one kind between two populations.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Name of the source: a cell type or a drive.
    pub src_type: CompactString,
    /// Name of the target cell type.
    pub target_type: CompactString,
    /// Source gids before any pruning; events of cell-specific drives are generated for these.
    pub src_gids: Gids,
    /// Target gids before any pruning.
    pub target_gids: Gids,
    /// Which source connects to which targets, after pruning.
    pub gid_pairs: GidPairs,
    /// Section, or group of sections, of the target cell.
    pub loc: CompactString,
    /// Receptor: `ampa`, `nmda`, `gabaa` or `gabab`.
    pub receptor: CompactString,
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
    /// Probability that was last used to prune the pairs. The pairs tell the result, so its seed is not kept.
    pub probability: f64,
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
/// The form is canonical: equal sets of pairs have equal forms, however they were given. Make one with
/// [`GidPairs::from_explicit`], [`GidPairs::all_to_all`] or [`GidPairs::one_to_one`].
///
/// ```
/// use hnn_sweep::network::GidPairs;
///
/// let listed = GidPairs::from_explicit(vec![(0, vec![11, 10]), (1, vec![10, 11])]);
/// assert_eq!(listed, GidPairs::all_to_all(0..2, 10..12, true));
/// assert_eq!(listed.n_pairs(), 4);
/// assert_eq!(listed.targets(1).collect::<Vec<_>>(), [10, 11]);
/// ```
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
    /// Any other set of pairs: sources ascending, each with its targets ascending.
    Explicit(Arc<Vec<(Gid, Vec<Gid>)>>),
}

impl Connection {
    /// What tells the connections of a drive apart: target type and receptor.
    pub(crate) fn kind(&self) -> (&str, &str) {
        (&self.target_type, &self.receptor)
    }

    /// Gives all sources other gids, in the same order.
    pub(crate) fn move_sources(&mut self, moved: &impl Fn(Gid) -> Gid) {
        let shift = |range: &Range<Gid>| moved(range.start)..moved(range.end);
        self.src_gids = match &self.src_gids {
            Gids::Range(range) => Gids::Range(shift(range)),
            Gids::List(gids) => Gids::from_gids(gids.iter().map(|gid| moved(*gid))),
        };
        match &mut self.gid_pairs {
            GidPairs::AllToAll { src, .. } | GidPairs::OneToOne { src, .. } => *src = shift(src),
            GidPairs::Explicit(pairs) => {
                // Pairs are shared between clones of a network: this one gets its own.
                for (src, _) in Arc::make_mut(pairs) {
                    *src = moved(*src);
                }
            }
        }
    }
}

impl Gids {
    /// The set of some gids.
    pub fn from_gids(gids: impl IntoIterator<Item = Gid>) -> Self {
        let mut gids: Vec<Gid> = gids.into_iter().collect();
        // Sorted and without gaps is a range: equal sets have one form.
        gids.sort_unstable();
        gids.dedup();
        match consecutive(&gids) {
            Some(range) => Self::Range(range),
            None => Self::List(Arc::new(gids)),
        }
    }

    /// Whether a gid belongs to the set.
    pub fn contains(&self, gid: Gid) -> bool {
        match self {
            Self::Range(range) => range.contains(&gid),
            Self::List(gids) => gids.binary_search(&gid).is_ok(),
        }
    }

    /// The gids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Gid> + '_ {
        let (range, list): (Range<Gid>, &[Gid]) = match self {
            Self::Range(range) => (range.clone(), &[]),
            Self::List(gids) => (0..0, gids),
        };
        range.chain(list.iter().copied())
    }

    /// Number of gids.
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(gids) => gids.len(),
        }
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl GidPairs {
    /// Every source with every target; a cell is its own target only if `autapses`.
    pub fn all_to_all(src: Range<Gid>, target: Range<Gid>, autapses: bool) -> Self {
        let overlap = src.start.max(target.start)..src.end.min(target.end);
        if src.is_empty()
            || target.is_empty()
            || (!autapses && !overlap.is_empty() && src.len() == 1)
        {
            // The pairs alone do not tell these ranges, so their canonical form is found from the pairs.
            let pairs = src
                .map(|s| (s, target.clone().filter(|t| autapses || *t != s).collect()))
                .collect();
            return Self::from_explicit(pairs);
        }
        Self::AllToAll {
            autapses: autapses || overlap.is_empty(),
            src,
            target,
        }
    }

    /// The k-th source with the k-th target; of ranges of unequal length the shorter counts.
    pub fn one_to_one(src: Range<Gid>, target: Range<Gid>) -> Self {
        let n = src.len().min(target.len()) as Gid;
        let (src, target) = (src.start..src.start + n, target.start..target.start + n);
        match n {
            0 => Self::Explicit(Arc::default()),
            // One pair is both; one of the two has to be its form.
            1 => Self::all_to_all(src, target, true),
            _ => Self::OneToOne { src, target },
        }
    }

    /// The canonical form of any pairs. A source may have no targets; each source is given once.
    pub fn from_explicit(mut pairs: Vec<(Gid, Vec<Gid>)>) -> Self {
        for (_, targets) in &mut pairs {
            // Order within a set means nothing, and must not tell equal sets apart.
            targets.sort_unstable();
        }
        pairs.sort_by_key(|(src, _)| *src);

        let sources: Vec<Gid> = pairs.iter().map(|(src, _)| *src).collect();
        let Some(src) = consecutive(&sources) else {
            return Self::Explicit(Arc::new(pairs));
        };
        let all = Gids::from_gids(
            pairs
                .iter()
                .flat_map(|(_, targets)| targets.iter().copied()),
        );
        if let Gids::Range(target) = all {
            // With autapses first: where the ranges do not overlap, both would fit.
            for autapses in [true, false] {
                let complete = pairs.iter().all(|(s, targets)| {
                    let expected = target.clone().filter(|t| autapses || t != s);
                    targets.iter().copied().eq(expected)
                });
                if complete {
                    return Self::AllToAll {
                        src,
                        target,
                        autapses,
                    };
                }
            }
            let paired = pairs.iter().zip(target.clone());
            if target.len() == pairs.len()
                && paired.into_iter().all(|((_, targets), t)| targets == &[t])
            {
                return Self::OneToOne { src, target };
            }
        }
        Self::Explicit(Arc::new(pairs))
    }

    /// The sources, ascending, also those without targets.
    pub fn sources(&self) -> impl Iterator<Item = Gid> + '_ {
        let (range, list): (Range<Gid>, &[(Gid, Vec<Gid>)]) = match self {
            Self::AllToAll { src, .. } | Self::OneToOne { src, .. } => (src.clone(), &[]),
            Self::Explicit(pairs) => (0..0, pairs),
        };
        range.chain(list.iter().map(|(src, _)| *src))
    }

    /// The targets of a source, ascending; none if it is no source.
    pub fn targets(&self, src: Gid) -> impl Iterator<Item = Gid> + '_ {
        let (below, above, list): (Range<Gid>, Range<Gid>, &[Gid]) = match self {
            Self::AllToAll { src: s, .. } | Self::OneToOne { src: s, .. } if !s.contains(&src) => {
                (0..0, 0..0, &[])
            }
            Self::AllToAll {
                target,
                autapses: false,
                ..
            } if target.contains(&src) => (target.start..src, src + 1..target.end, &[]),
            Self::AllToAll { target, .. } => (target.clone(), 0..0, &[]),
            Self::OneToOne { src: s, target } => {
                let own = target.start + (src - s.start);
                (own..own + 1, 0..0, &[])
            }
            Self::Explicit(pairs) => match pairs.binary_search_by_key(&src, |(s, _)| *s) {
                Ok(i) => (0..0, 0..0, &pairs[i].1),
                Err(_) => (0..0, 0..0, &[]),
            },
        };
        below.chain(above).chain(list.iter().copied())
    }

    /// Number of pairs.
    pub fn n_pairs(&self) -> usize {
        match self {
            Self::AllToAll {
                src,
                target,
                autapses,
            } => {
                let own = src.start.max(target.start)..src.end.min(target.end);
                src.len() * target.len() - if *autapses { 0 } else { own.len() }
            }
            Self::OneToOne { src, .. } => src.len(),
            Self::Explicit(pairs) => pairs.iter().map(|(_, targets)| targets.len()).sum(),
        }
    }
}

/// The range of ascending gids that have no gap; an empty list has none.
fn consecutive(gids: &[Gid]) -> Option<Range<Gid>> {
    let (first, last) = (*gids.first()?, *gids.last()?);
    let gapless = gids.windows(2).all(|w| w[0].checked_add(1) == Some(w[1]));
    (gapless && last < Gid::MAX).then(|| first..last + 1)
}
