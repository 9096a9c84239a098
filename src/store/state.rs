//! What is known about every task of a folder: the index that plans are made from.
//!
//! It is small (about 200 bytes a task). Tables `simulations` and `summary` are written from it. How it is kept on
//! disk: see [`super::saved`].

use super::hash;
use super::layout::Table;
use super::noted::{Noted, NotedMap};
use super::part::Id;
pub use super::written::Written as Part;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

/// After this many batches of a size, batches are twice as large: the number of files grows with the logarithm of the
/// number of simulations.
const BATCHES_PER_SIZE: usize = 100;

/// Identifier of a statistic: a hash of what is computed, whatever its column is called.
pub type StatId = u64;

/// Statistics of a task or of a mean; `None` where there is none to be had.
pub type Stats = BTreeMap<StatId, Option<f64>>;

/// The index of a folder.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Grows with each change that is saved.
    pub generation: u64,
    /// Ranges of simulations that share a part.
    pub batches: Noted<Vec<Batch>>,
    /// Parameter sets in the order of their numbers (`sim`).
    pub sims: Noted<Vec<Sim>>,
    /// Finished tasks.
    pub tasks: NotedMap<Id, Task>,
    /// Sweeps by name.
    pub sweeps: Noted<IndexMap<String, Sweep>>,
    /// Files of the tables, relative to the folder.
    pub parts: NotedMap<String, Part>,
    /// Files of canonical bytes, relative to `.state/specs`.
    pub specs: NotedMap<String, Part>,
    /// Columns that `simulations` and `summary` were last written with.
    pub columns: Noted<String>,
    /// Statistics of the mean over trials, by simulation.
    #[serde(default)]
    pub means: NotedMap<u32, Stats>,
    /// Tasks that lost rows with a damaged file, and which file.
    #[serde(skip)]
    pub damaged: BTreeMap<Id, String>,
    #[serde(skip)]
    by_set: HashMap<hash::Hash, u32>,
    /// What of it is on disk, and how.
    #[serde(skip)]
    pub(super) saved: Saved,
}

/// What of a state is on disk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Saved {
    /// Generation of the snapshot; 0 if there is none.
    pub snapshot: u64,
    /// Version that it was written by.
    pub version: u32,
    /// Its bytes.
    pub bytes: u64,
    /// Bytes of the increments since.
    pub increments: u64,
}

/// A range of simulations.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// First simulation.
    pub first: u32,
    /// Most simulations.
    pub size: u32,
}

/// A parameter set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sim {
    /// Its identity.
    pub set: hash::Hash,
    /// Numerics version that is part of it.
    pub numerics: u32,
    /// Statistics of the mean over trials, in folders of format 1; see [`State::means`].
    #[serde(default, skip_serializing)]
    pub(super) means: Stats,
}

/// A finished task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its identity.
    pub key: hash::Hash,
    /// How it ended.
    pub status: Status,
    /// What is stored of it.
    pub outputs: Outputs,
    /// Number of spikes, drives' included.
    pub n_spikes: u64,
    /// Time (s) that it took.
    pub wall_s: f64,
    /// Statistics.
    pub stats: Stats,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// With results.
    Done,
    /// With an error.
    Failed {
        /// Class of failure: `invalid`, `not_finite`, `time_limit`, `panic`.
        class: String,
        /// The error.
        error: String,
    },
}

/// What is stored, or wanted, of a simulation, for each of [`Table::DATA`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs([Extent; 6]);

/// How much of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// 0 nothing, 1 somata (or all there is, for tables without sections), 2 all sections.
    pub level: u8,
    /// Every how many samples.
    pub decimate: u32,
    /// Whether values have 64 bits.
    pub double: bool,
}

impl Extent {
    /// All that there is.
    pub const WHOLE: Extent = Extent {
        level: 1,
        decimate: 1,
        double: true,
    };

    fn covers(self, wanted: Extent) -> bool {
        wanted.level == 0
            || (self.level >= wanted.level
                && self.double >= wanted.double
                // Every n-th sample can be taken of every m-th that is stored if m divides n.
                && wanted.decimate.checked_rem(self.decimate) == Some(0))
    }
}

impl Outputs {
    /// Nothing.
    pub const NONE: Outputs = Outputs(
        [Extent {
            level: 0,
            decimate: 0,
            double: false,
        }; 6],
    );

    fn index(table: Table) -> Option<usize> {
        Table::DATA.iter().position(|t| *t == table)
    }

    /// Of one table.
    pub fn get(&self, table: Table) -> Extent {
        Self::index(table).map_or_else(Extent::default, |i| self.0[i])
    }

    /// With some of one table.
    #[must_use]
    pub fn with(mut self, table: Table, extent: Extent) -> Self {
        if let Some(i) = Self::index(table) {
            self.0[i] = extent;
        }
        self
    }

    /// Whether there is anything of a table.
    pub fn has(&self, table: Table) -> bool {
        self.get(table).level > 0
    }

    /// What of `wanted` is not there.
    #[must_use]
    pub fn lacking(&self, wanted: &Outputs) -> Outputs {
        let mut lacking = Outputs::NONE;
        for ((have, want), lack) in self.0.iter().zip(&wanted.0).zip(&mut lacking.0) {
            if !have.covers(*want) {
                *lack = *want;
            }
        }
        lacking
    }

    /// Names of the tables of which there is anything.
    pub fn names(&self) -> Vec<&'static str> {
        let there = |table: &Table| self.has(*table);
        Table::DATA
            .into_iter()
            .filter(there)
            .map(Table::name)
            .collect()
    }

    /// These, where there are any, else the others.
    #[must_use]
    pub fn over(&self, others: &Outputs) -> Outputs {
        let mut result = *others;
        for (mine, slot) in self.0.iter().zip(&mut result.0) {
            if mine.level > 0 {
                *slot = *mine;
            }
        }
        result
    }

    /// Whether there is nothing.
    pub fn is_none(&self) -> bool {
        self.0.iter().all(|extent| extent.level == 0)
    }
}

/// A sweep as it was last run, with points that have left its grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Names and kinds of the parameters that it ever had.
    pub parameters: Vec<(String, Kind)>,
    /// Trials of each point.
    pub n_trials: u32,
    /// Points of the grid, present ones and former ones.
    pub points: Vec<Point>,
    /// Statistics of the table `summary`.
    pub summaries: Vec<Column>,
    /// What was run last under the sweep's name, if that was a file.
    #[serde(default)]
    pub file: Option<String>,
    /// What its samples were drawn from; nothing in folders that were written before this was kept.
    #[serde(default)]
    pub priors: Vec<Prior>,
}

/// The distribution that a parameter's values were drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The parameter.
    pub parameter: String,
    /// Kind of the distribution, as pipelines call it.
    pub kind: String,
    /// Its two numbers.
    pub numbers: [f64; 2],
}

/// A point of a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Simulation that it resolves to.
    pub sim: u32,
    /// Place in the present grid, if it is in it.
    pub place: Option<u64>,
    /// Values of the sweep's parameters; none for those that came later.
    pub values: Vec<Option<Value>>,
    /// Of what the simulation was made with these values, if that is known.
    pub recipe: Option<u64>,
}

/// A statistic's column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Name.
    pub name: String,
    /// What is computed.
    pub id: StatId,
    /// Whether it is of the mean over trials.
    pub mean: bool,
    /// Unit; empty for a pure number, and in folders that were written before columns had one.
    #[serde(default)]
    pub unit: String,
}

/// Kind of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Number.
    Float,
    /// Whole number.
    Int,
    /// Text.
    Text,
    /// Truth value.
    Bool,
}

/// Value of a parameter. Values are equal if they are the same bit for bit; zeros of both signs are equal, too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// Number.
    Float(f64),
    /// Whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Truth value.
    Bool(bool),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Float(x) => write!(f, "{x}"),
            Value::Int(x) => write!(f, "{x}"),
            Value::Text(x) => write!(f, "\"{x}\""),
            Value::Bool(x) => write!(f, "{x}"),
        }
    }
}

/// What decides whether two numbers are the same.
fn bits(x: f64) -> u64 {
    // -0.0 and 0.0 are one value, as in a key; NaN equals itself.
    if x == 0.0 { 0 } else { x.to_bits() }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => bits(*a) == bits(*b),
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::Float(x) => (0, bits(*x)).hash(state),
            Value::Int(x) => (1, x).hash(state),
            Value::Text(x) => (2, x).hash(state),
            Value::Bool(x) => (3, x).hash(state),
        }
    }
}

impl State {
    /// Brings in order what is not on disk, once the rest is read.
    pub(super) fn complete(&mut self) {
        let sims = (0..).zip(self.sims.iter());
        self.by_set = sims.map(|(i, sim)| (sim.set, i)).collect();
    }

    /// Number of a parameter set.
    pub fn sim_of(&self, set: &hash::Hash) -> Option<u32> {
        self.by_set.get(set).copied()
    }

    /// Number of a parameter set, a new one if it has none.
    pub fn number(&mut self, set: hash::Hash, numerics: u32, batch_size: u32) -> u32 {
        if let Some(sim) = self.sim_of(&set) {
            return sim;
        }
        let sim = u32::try_from(self.sims.len()).unwrap_or(u32::MAX);
        // Batches grow with the folder, so that the number of files does not.
        let doublings = (self.batches.len() / BATCHES_PER_SIZE).min(20);
        let batch_size = batch_size.saturating_mul(1 << doublings);
        // A batch keeps the size that it began with, unless a smaller one is asked for now.
        let full = |batch: &Batch| sim - batch.first >= batch.size.min(batch_size);
        if self.batches.last().is_none_or(full) {
            self.batches.change().push(Batch {
                first: sim,
                size: batch_size,
            });
        }
        self.by_set.insert(set, sim);
        self.sims.change().push(Sim {
            set,
            numerics,
            means: Stats::new(),
        });
        sim
    }

    /// Batch of a simulation.
    pub fn batch_of(&self, sim: u32) -> u32 {
        let after = self.batches.partition_point(|batch| batch.first <= sim);
        u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Task of a simulation's trial.
    pub fn task(&self, set: &hash::Hash, trial: u32) -> Option<&Task> {
        self.tasks.get(&(self.sim_of(set)?, trial))
    }

    /// Simulations with results that are in no sweep's present grid.
    pub fn garbage(&self) -> BTreeSet<u32> {
        let points = self.sweeps.values().flat_map(|sweep| &sweep.points);
        let present: BTreeSet<u32> = points
            .filter(|point| point.place.is_some())
            .map(|point| point.sim)
            .collect();
        let stored: BTreeSet<u32> = self.tasks.keys().map(|(sim, _)| *sim).collect();
        stored.difference(&present).copied().collect()
    }

    /// Whether there is a part of this name, and not one that only waits to go.
    pub(super) fn has_part(&self, name: &String) -> bool {
        self.parts.get(name).is_some_and(|part| !part.is_going())
    }

    /// Bytes of a table's files.
    pub fn bytes_of(&self, table: Table) -> u64 {
        let prefix = format!("{}/", table.name());
        let of_table = self
            .parts
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix));
        of_table.map(|(_, part)| part.len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_from_before_columns_had_units_is_read() {
        #[derive(Serialize)]
        struct Former {
            name: &'static str,
            id: StatId,
            mean: bool,
        }
        let former = Former {
            name: "top",
            id: 7,
            mean: false,
        };
        let bytes = rmp_serde::to_vec_named(&former).unwrap();
        let column: Column = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!((column.name.as_str(), column.unit.as_str()), ("top", ""));
    }
}
