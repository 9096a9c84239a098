//! How a sweep is run.

use crate::store::{Hash, Outputs};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// How a sweep is run; nothing in here changes its results.
#[derive(Clone, Debug)]
pub struct Options {
    /// Simulations at a time; no more than there are [`cores`](super::cores).
    pub jobs: usize,
    /// Whether tasks that failed before are simulated again.
    pub retry_failed: bool,
    /// Whether a sweep that another file has run under the same name may be replaced.
    pub replace: bool,
    /// Longest time of a simulation.
    pub time_limit: Option<Duration>,
    /// Folder of the results instead of the pipeline's.
    pub folder: Option<PathBuf>,
    /// Whether the folder of the results may hold files of others.
    pub among_other_files: bool,
    /// How often results are brought into the tables.
    pub pace: Pace,
    /// Which of the missing tasks this run simulates.
    pub share: Share,
    /// A condition over the parameters: only points where it holds.
    pub only: Option<String>,
    /// At most so many of those tasks, spread over the grid.
    pub limit: Option<u64>,
    /// Tasks that others have been given, by key, with what they are to store of them: left to them.
    pub given: HashMap<Hash, Outputs>,
}

/// Which tasks are this run's; others that are missing count as neither simulated nor left.
///
/// ```
/// use hnn_sweep::stages::Share;
///
/// // Three processes cut ten tasks into blocks that are disjoint and complete.
/// let blocks: Vec<_> = (0..3).map(|index| Share::Part { index, of: 3 }.block(10).unwrap()).collect();
/// assert_eq!(blocks, [0..3, 3..6, 6..10]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// All of them.
    #[default]
    All,
    /// One of several blocks of equal length. All tasks of the sweep are cut into blocks, done or not, so that
    /// processes which begin at different times still take different ones.
    Part {
        /// Which, counted from 0.
        index: u32,
        /// How many there are.
        of: u32,
    },
    /// Tasks as (point of the grid, trial), as a plan names them. Those that are done already are left out.
    Tasks(Vec<(usize, u32)>),
}

impl Share {
    /// The block of `n` tasks that a [`Share::Part`] is; `None` for other shares. Empty if `index` is not below `of`.
    pub fn block(&self, n: u64) -> Option<std::ops::Range<u64>> {
        let Share::Part { index, of } = *self else {
            return None;
        };
        // 128 bits: the product cannot overflow, and n times a quotient of at most 1 fits again.
        let cut = |i: u32| (u128::from(n) * u128::from(i.min(of)) / u128::from(of.max(1))) as u64;
        Some(cut(index)..cut(index.saturating_add(1)))
    }
}

/// How often committed results are brought into the tables, where readers see them.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Least time between two publications.
    pub every: Duration,
    /// A publication takes at most one part in this many of the time.
    pub share: u32,
    /// Longest time for which results wait in the journal until all of their batch are there. So a file of a table is
    /// written once, and readers beside the run are not disturbed.
    pub hold: Duration,
    /// Least time after which a simulation that another process has taken, and of which nothing is heard, is taken
    /// from it. Simulations that take long are given more.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(3),
            share: 100,
            hold: Duration::from_secs(60),
            patience: Duration::from_secs(60),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 1,
            retry_failed: false,
            replace: false,
            time_limit: None,
            folder: None,
            among_other_files: false,
            pace: Pace::default(),
            share: Share::All,
            only: None,
            limit: None,
            given: HashMap::new(),
        }
    }
}
