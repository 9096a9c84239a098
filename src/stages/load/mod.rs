//! What is stored, back in memory: the simulations of a sweep in the order of its grid, some at a time.

mod network;

pub use network::StoredNetwork;

use super::error::RunError;
use super::tables;
use crate::network::Gid;
use crate::pipeline::{ParamValue, did_you_mean};
use crate::solver::SimulationResult;
use crate::store::{self, Id, Kind, Outputs, Status, Store, StoreError, Sweep, Table, Task, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::path::Path;

/// Bytes of results that [`Loader::for_each`] aims to have in memory at a time; one simulation may be larger.
const BYTES_AT_ONCE: usize = 64 << 20;

/// A sweep of a folder, for reading.
#[derive(Debug)]
pub struct Loader {
    store: Store,
    name: String,
    /// Places of the present grid, each with its index among the sweep's points.
    points: Vec<(u64, usize)>,
    /// Whether what is finished and not in the tables yet passes as not simulated.
    passes_unpublished: bool,
    /// Batches whose files have been checked against their checksums.
    checked: RefCell<BTreeSet<(Table, u32)>>,
}

/// A simulation: a point of the grid with its trials.
#[derive(Clone, Debug)]
pub struct LoadedSimulation {
    /// Index of the point in the grid.
    pub point: usize,
    /// Number of the simulation in the tables; points that resolve to the same network share it.
    pub sim: u32,
    /// Values of the parameters at this point.
    pub parameters: Vec<(String, ParamValue)>,
    /// All trials of the sweep.
    pub trials: Vec<LoadedTrial>,
}

/// A trial.
#[derive(Clone, Debug)]
pub struct LoadedTrial {
    /// Index of the trial.
    pub trial: u32,
    /// How it ended; `None` if it has not been simulated.
    pub status: Option<Status>,
    /// What is stored of it.
    pub outputs: Outputs,
    /// File that is damaged and had held some of its rows.
    pub damaged: Option<String>,
    /// What was asked for and is stored; the rest is empty. Of traces every `outputs.get(table).decimate`-th sample,
    /// with the 64 or 32 bits that they were stored with.
    pub result: SimulationResult,
    /// Types of the cells that spikes and traces name.
    pub cell_types: BTreeMap<Gid, String>,
}

impl LoadedTrial {
    /// Whether it was simulated and has a result.
    pub fn is_done(&self) -> bool {
        self.status == Some(Status::Done)
    }
}

impl LoadedSimulation {
    /// Whether every trial has a result.
    pub fn is_done(&self) -> bool {
        self.trials.iter().all(LoadedTrial::is_done)
    }
}

/// Rows of a task as they are collected.
#[derive(Default)]
struct Rows {
    result: SimulationResult,
    cell_types: BTreeMap<Gid, String>,
}

impl Loader {
    /// Opens a sweep of a folder; the only one, if none is named.
    ///
    /// # Errors
    /// If there are no results, no such sweep or several to choose from, or a file cannot be read or is damaged.
    pub fn open(folder: &Path, sweep: Option<&str>) -> Result<Self, RunError> {
        let store = Store::open(folder)?.ok_or_else(|| StoreError::NoStore {
            path: folder.to_path_buf(),
            help: "give the save_folder of a pipeline that has been run".into(),
        })?;
        Self::new(store, sweep)
    }

    /// As [`Loader::open`], for a folder that is open.
    ///
    /// # Errors
    /// If there is no such sweep, or there are several to choose from.
    pub fn new(store: Store, sweep: Option<&str>) -> Result<Self, RunError> {
        let folder = store.layout().root().display();
        let names: Vec<&String> = store.state().sweeps.keys().collect();
        let name = match (sweep, names.as_slice()) {
            (None, [only]) => (*only).clone(),
            (None, []) => {
                return Err(RunError::Input {
                    what: format!("{folder} holds no sweep"),
                    help: "run a pipeline that writes to it".into(),
                });
            }
            (None, several) => {
                let names: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
                return Err(RunError::Input {
                    what: format!("{folder} holds several sweeps: {}", names.join(", ")),
                    help: "say which one is meant: --sweep NAME, or --pipeline FILE".into(),
                });
            }
            (Some(name), known) if known.iter().any(|known| *known == name) => name.to_string(),
            (Some(name), known) => {
                return Err(RunError::Input {
                    what: format!("{folder} holds no sweep `{name}`"),
                    help: did_you_mean(name, known),
                });
            }
        };
        let mut points: Vec<(u64, usize)> = store.state().sweeps[&name]
            .points
            .iter()
            .enumerate()
            // Points of former grids have no place, and are not part of the sweep any more.
            .filter_map(|(i, point)| Some((point.place?, i)))
            .collect();
        points.sort_unstable();
        Ok(Self {
            store,
            name,
            points,
            passes_unpublished: false,
            checked: RefCell::default(),
        })
    }

    /// The same, for reading while a run goes on: what is finished and not in the tables yet is loaded as if it had
    /// not been simulated, instead of being an error.
    #[must_use]
    pub fn passing_unpublished(mut self) -> Self {
        self.passes_unpublished = true;
        self
    }

    /// Name of the sweep.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The sweep as it was last run.
    pub fn sweep(&self) -> &Sweep {
        &self.store.state().sweeps[&self.name]
    }

    /// Points of the present grid.
    pub fn n_points(&self) -> usize {
        self.points.len()
    }

    /// Trials of each point.
    pub fn n_trials(&self) -> u32 {
        self.sweep().n_trials
    }

    /// Names and kinds of the parameters.
    pub fn parameters(&self) -> &[(String, Kind)] {
        &self.sweep().parameters
    }

    /// Tables of which at least one finished task of the sweep has rows.
    pub fn tables(&self) -> Vec<Table> {
        let ids = (0..self.n_points()).flat_map(|point| self.ids(point));
        let mut tables = BTreeSet::new();
        for task in ids.filter_map(|id| self.store.state().tasks.get(&id)) {
            tables.extend(Table::DATA.into_iter().filter(|t| task.outputs.has(*t)));
        }
        tables.into_iter().collect()
    }

    /// Tasks of a point, by trial.
    fn ids(&self, point: usize) -> impl Iterator<Item = Id> + use<> {
        let sim = self.point(point).map(|(sim, _)| sim);
        let n_trials = self.n_trials();
        sim.into_iter()
            .flat_map(move |sim| (0..n_trials).map(move |trial| (sim, trial)))
    }

    /// Simulation and values of a point.
    fn point(&self, point: usize) -> Option<(u32, &[Option<Value>])> {
        let (_, index) = self.points.get(point)?;
        let point = self.sweep().points.get(*index)?;
        Some((point.sim, &point.values))
    }

    /// Tasks of a point by trial, with what the index knows of those that are finished.
    pub fn tasks(&self, point: usize) -> impl Iterator<Item = (Id, Option<&Task>)> {
        self.ids(point).map(|id| (id, self.task(id)))
    }

    /// Finished task of a simulation's trial; what the index knows of it, without its rows.
    fn task(&self, id: Id) -> Option<&Task> {
        self.store.state().tasks.get(&id)
    }

    /// Values of the parameters at a point; without those that the point does not know.
    pub fn values(&self, point: usize) -> Vec<(String, ParamValue)> {
        let values = self.point(point).map_or(&[][..], |(_, values)| values);
        let named = self.parameters().iter().zip(values);
        named
            .filter_map(|((name, kind), value)| Some((name.clone(), param(value.as_ref()?, *kind))))
            .collect()
    }

    /// Reads some points with what is stored of them in `tables`, all in memory at once: see [`Loader::for_each`] for
    /// many.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged, or if rows have not been brought into the tables yet.
    pub fn load(
        &self,
        points: Range<usize>,
        tables: &[Table],
    ) -> Result<Vec<LoadedSimulation>, RunError> {
        let points = points.start.min(self.n_points())..points.end.min(self.n_points());
        let mut wanted: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (sim, _) in points.clone().filter_map(|point| self.point(point)) {
            // By batch, as rows lie in one file per batch.
            let batch = self.store.state().batch_of(sim);
            wanted.entry(batch).or_default().insert(sim);
        }
        let mut rows: BTreeMap<Id, Rows> = BTreeMap::new();
        let mut passed = BTreeSet::new();
        let n_trials = self.n_trials();
        for (batch, sims) in &wanted {
            let (Some(first), Some(last)) = (sims.first(), sims.last()) else {
                continue;
            };
            for table in tables {
                let mut found = BTreeSet::new();
                self.scan(*table, *batch, *first..=*last, &mut |id, new| {
                    // A scan covers a range of simulations; others, and further trials, lie in
                    // between.
                    if !sims.contains(&id.0) || id.1 >= n_trials {
                        return Ok(());
                    }
                    found.insert(id);
                    let Rows { result, cell_types } = rows.entry(id).or_default();
                    tables::read_cell_types(*table, new, cell_types)?;
                    tables::read(*table, new, result)
                })?;
                let unpublished = self.unpublished(*table, sims, &found);
                match unpublished.first() {
                    Some(id) if !self.passes_unpublished => return Err(unread(*table, *id)),
                    _ => passed.extend(unpublished),
                }
            }
        }
        // Points may share a simulation; its rows are copied for all but the last.
        let mut left: BTreeMap<u32, usize> = BTreeMap::new();
        for (sim, _) in points.clone().filter_map(|point| self.point(point)) {
            *left.entry(sim).or_default() += 1;
        }
        let mut loaded = Vec::with_capacity(points.len());
        for point in points {
            let Some((sim, _)) = self.point(point) else {
                continue;
            };
            let last = left.get_mut(&sim).is_none_or(|n| {
                *n -= 1;
                *n == 0
            });
            let trials = self.ids(point).map(|id| {
                // The last point that shares it takes the rows; those before it get copies.
                let Rows { result, cell_types } = match (last, rows.get(&id)) {
                    (true, _) => rows.remove(&id).unwrap_or_default(),
                    (false, Some(rows)) => Rows {
                        result: rows.result.clone(),
                        cell_types: rows.cell_types.clone(),
                    },
                    (false, None) => Rows::default(),
                };
                // Passed over as if it had not run: a reader meanwhile sees whole simulations or
                // none.
                let task = self.task(id).filter(|_| !passed.contains(&id));
                LoadedTrial {
                    trial: id.1,
                    status: task.map(|task| task.status.clone()),
                    outputs: task.map_or(Outputs::NONE, |task| task.outputs),
                    damaged: self.store.state().damaged.get(&id).cloned(),
                    result,
                    cell_types,
                }
            });
            loaded.push(LoadedSimulation {
                point,
                sim,
                parameters: self.values(point),
                trials: trials.collect(),
            });
        }
        Ok(loaded)
    }

    /// Reads points one after the other, with no more of them in memory at a time than needed to read files at speed.
    ///
    /// # Errors
    /// As [`Loader::load`], and those of `visit`.
    pub fn for_each(
        &self,
        points: Range<usize>,
        tables: &[Table],
        visit: &mut dyn FnMut(LoadedSimulation) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.try_for_each(points, tables, visit)
    }

    /// As [`Loader::for_each`], with errors of the caller's own.
    ///
    /// # Errors
    /// As [`Loader::load`], and those of `visit`.
    pub fn try_for_each<E: From<RunError>>(
        &self,
        points: Range<usize>,
        tables: &[Table],
        visit: &mut dyn FnMut(LoadedSimulation) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = points.end.min(self.n_points());
        let (mut next, mut n, mut largest) = (points.start, 1, 0);
        while next < end {
            // One simulation first: its size says how many fit.
            let loaded = self.load(next..end.min(next + n), tables)?;
            next += n;
            for simulation in loaded {
                let bytes: usize = simulation.trials.iter().map(|t| size(&t.result)).sum();
                largest = largest.max(bytes);
                visit(simulation)?;
            }
            // By the largest so far, as the next may be as large.
            n = (BYTES_AT_ONCE / largest.max(1)).clamp(1, 1000);
        }
        Ok(())
    }

    /// Rows of simulations of a batch, from files that are what was written.
    fn scan(
        &self,
        table: Table,
        batch: u32,
        sims: RangeInclusive<u32>,
        visit: &mut dyn FnMut(
            Id,
            &arrow_array::RecordBatch,
        ) -> Result<(), arrow_schema::ArrowError>,
    ) -> Result<(), RunError> {
        let (layout, state) = (self.store.layout(), self.store.state());
        if self.checked.borrow_mut().insert((table, batch)) {
            let checked = store::check(layout, state, table, batch);
            // Not remembered as checked: the next read must fail as well.
            checked.inspect_err(|_| {
                self.checked.borrow_mut().remove(&(table, batch));
            })?;
        }
        Ok(store::scan(layout, state, table, batch, sims, visit)?)
    }

    /// Finished tasks without rows: no run has brought them into the tables yet.
    fn unpublished(&self, table: Table, sims: &BTreeSet<u32>, found: &BTreeSet<Id>) -> Vec<Id> {
        let n_trials = self.n_trials();
        let ids = sims
            .iter()
            .flat_map(|sim| (0..n_trials).map(move |trial| (*sim, trial)));
        let lacks_rows = |id: &Id| {
            // A simulation without a spike, or without a synapse on a soma, has no rows.
            self.task(*id).is_some_and(|task| {
                let has_rows = match table {
                    Table::Spikes => task.n_spikes > 0,
                    Table::Currents => false,
                    _ => true,
                };
                task.outputs.has(table) && has_rows && !found.contains(id)
            })
        };
        ids.filter(lacks_rows).collect()
    }
}

fn unread(table: Table, id: Id) -> RunError {
    RunError::Input {
        what: format!(
            "sim {} trial {} is finished, but not in the table `{}` yet",
            id.0,
            id.1,
            table.name()
        ),
        help: "a run is under way, or was killed: `hnn-sweep run` brings into the tables what is finished".into(),
    }
}

/// A stored value as a parameter's; whole numbers of a parameter that has others too are numbers.
fn param(value: &Value, kind: Kind) -> ParamValue {
    match (value, kind) {
        (Value::Float(x), _) => ParamValue::Float(*x),
        (Value::Int(x), Kind::Float) => ParamValue::Float(*x as f64),
        (Value::Int(x), _) => ParamValue::Int(*x),
        (Value::Text(x), _) => ParamValue::Str(x.clone()),
        (Value::Bool(x), _) => ParamValue::Bool(*x),
    }
}

/// Bytes of a result's samples.
fn size(result: &SimulationResult) -> usize {
    let samples = 4 * result.times.len()
        + 2 * result.spikes.len()
        + result
            .voltages
            .iter()
            .map(|t| t.values.len())
            .sum::<usize>()
        + result
            .currents
            .iter()
            .map(|t| t.values.len())
            .sum::<usize>()
        + result.calcium.iter().map(|t| t.values.len()).sum::<usize>()
        + result
            .lfp
            .iter()
            .flat_map(|l| &l.potential)
            .map(Vec::len)
            .sum::<usize>();
    samples * size_of::<f64>()
}
