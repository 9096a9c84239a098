//! grid + what is stored → plan: each task is done, missing or failed, and why.

pub mod differences;
pub mod explain;
mod reason;
mod remarks;

pub use reason::Reason;
pub use remarks::Replaced;

use super::error::RunError;
use super::expand::{Grid, describe, stored_value};
use super::options::{Options, Share};
use super::reduce::{can_reduce, columns};
use super::{sql, statistics, tables};
use crate::pipeline::{ParameterKind, Pipeline, Summary, Trials};
use crate::solver::NUMERICS_VERSION;
use crate::store::{
    Hash, Id, Kind, Outputs, Prior, Registration, StatId, State, Status, Store, Table, Task,
};
use reason::{Former, Groups, Why};
use std::collections::HashSet;

/// Time (s) of a segment's step where nothing has been measured yet.
const SECONDS_PER_SEGMENT_STEP: f64 = 25e-9;

/// What a run would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Tasks of the grid; points that resolve to the same network share theirs.
    pub n_tasks: u64,
    /// Points that resolve to the same network as an earlier one.
    pub n_shared: u64,
    /// Tasks that need nothing.
    pub done: u64,
    /// Tasks that failed before, and are not simulated again.
    pub failed: Vec<FailedTask>,
    /// Tasks to simulate, in order.
    pub tasks: Vec<PlannedTask>,
    /// Missing tasks that this run is not to simulate.
    pub elsewhere: u64,
    /// Those of them that others have been given.
    pub given: u64,
    /// Why they are to be simulated, each with the number of tasks.
    pub groups: Vec<(Reason, u64)>,
    /// Statistics that are to be computed from stored tables.
    pub reductions: u64,
    /// Parameters that change nothing: all of their values give the same simulations.
    pub unused: Vec<String>,
    /// The sweep of another file that this one would replace.
    pub replaced: Option<Replaced>,
    /// Expected time (s) of a simulation.
    pub seconds_per_task: f64,
    /// Whether that was measured, or else estimated from the network's size.
    pub seconds_measured: bool,
    /// Expected size (bytes) of what is stored.
    pub bytes: f64,
}

/// A task to simulate.
#[derive(Clone, Debug)]
pub struct PlannedTask {
    /// Point of the grid.
    pub point: usize,
    /// Trial.
    pub trial: u32,
    /// What is to be stored of it.
    pub outputs: Outputs,
    /// Whether it failed before.
    pub retry: bool,
}

/// A task that failed.
#[derive(Clone, Debug)]
pub struct FailedTask {
    /// Point of the grid.
    pub point: usize,
    /// Trial.
    pub trial: u32,
    /// Number of the simulation.
    pub sim: u32,
    /// Parameters in words.
    pub parameters: String,
    /// Class of failure.
    pub class: String,
    /// The error.
    pub error: String,
}

impl Plan {
    /// Expected time (s) with `jobs` simulations at a time.
    pub fn seconds(&self, jobs: usize) -> f64 {
        let rounds = (self.tasks.len() as f64 / jobs.max(1) as f64).ceil();
        rounds * self.seconds_per_task
    }

    /// Leaves only the tasks that this run is to simulate; `places` are the tasks' places among all of the sweep.
    fn take(
        &mut self,
        pipeline: &Pipeline,
        grid: &Grid,
        options: &Options,
        places: &[u64],
    ) -> Result<(), RunError> {
        let before = self.tasks.len();
        // The share first, by places that do not depend on what is done: shares stay disjoint.
        self.take_share(&options.share, places);
        if !options.given.is_empty() {
            let before = self.tasks.len();
            self.tasks.retain(|task| {
                let key = grid
                    .points
                    .get(task.point)
                    .map(|point| point.key(task.trial));
                let given = key.and_then(|key| options.given.get(&key));
                given.is_none_or(|given| !given.lacking(&task.outputs).is_none())
            });
            self.given = (before - self.tasks.len()) as u64;
        }
        if let Some(condition) = &options.only {
            let condition = pipeline.condition(condition)?;
            // Points of the same network share its simulation, whichever of them was chosen.
            let mut chosen: HashSet<&Hash> = HashSet::new();
            for point in &grid.points {
                if pipeline.holds(&condition, &point.values)? {
                    chosen.insert(&point.set);
                }
            }
            self.tasks.retain(|task| {
                let point = grid.points.get(task.point);
                point.is_some_and(|point| chosen.contains(&point.set))
            });
        }
        if let Some(limit) = options.limit {
            let n = self.tasks.len() as u128;
            let limit = u128::from(limit).min(n);
            let mut index = 0..;
            // The first of each of `limit` stretches of equal length.
            // Rounded up, so that the first task is always among them.
            let stretch = |i: u128| (i * limit).div_ceil(n.max(1));
            self.tasks.retain(|_| {
                let i = index.next().unwrap_or(0);
                stretch(i + 1) > stretch(i)
            });
        }
        self.elsewhere = (before - self.tasks.len()) as u64;
        Ok(())
    }

    fn take_share(&mut self, share: &Share, places: &[u64]) {
        let mut places = places.iter();
        match (share, share.block(self.n_tasks)) {
            (_, Some(block)) => self
                .tasks
                .retain(|_| places.next().is_some_and(|place| block.contains(place))),
            (Share::Tasks(tasks), _) => {
                let own: HashSet<&(usize, u32)> = tasks.iter().collect();
                self.tasks
                    .retain(|task| own.contains(&(task.point, task.trial)));
            }
            _ => {}
        }
    }

    /// Simulations and trials of failed tasks that are to be simulated again.
    pub fn to_retry(&self, sims: &[u32]) -> Vec<Id> {
        let id = |task: &PlannedTask| Some((*sims.get(task.point)?, task.trial));
        self.tasks
            .iter()
            .filter(|task| task.retry)
            .filter_map(id)
            .collect()
    }
}

/// Plans a run.
///
/// # Errors
/// If the pipeline asks for what cannot be, or stored specifications are damaged.
pub fn plan(
    pipeline: &Pipeline,
    grid: &Grid,
    stored: Option<&Store>,
    options: &Options,
) -> Result<Plan, RunError> {
    check_summaries(pipeline)?;
    let empty = State::default();
    let state = stored.map_or(&empty, Store::state);
    let wanted = tables::wanted(&pipeline.output);
    let former = Former::new(pipeline, state);
    let mut groups = Groups::default();
    let columns = columns(pipeline);
    let mut plan = Plan::default();
    let mut places = Vec::new();
    let mut seen: HashSet<Hash> = HashSet::with_capacity(grid.points.len());
    for (index, point) in grid.points.iter().enumerate() {
        // Points of one network are one simulation; its tasks stand with the first of them.
        if !seen.insert(point.set) {
            plan.n_shared += 1;
            continue;
        }
        let sim = state.sim_of(&point.set);
        for trial in 0..pipeline.n_trials {
            plan.n_tasks += 1;
            let task = sim.and_then(|sim| state.tasks.get(&(sim, trial)));
            let (mut outputs, mut retry) = (wanted, false);
            match task {
                Some(Task {
                    status: Status::Failed { class, error },
                    ..
                }) => {
                    if !options.retry_failed {
                        plan.failed.push(FailedTask {
                            point: index,
                            trial,
                            sim: sim.unwrap_or_default(),
                            parameters: describe(pipeline, &point.values),
                            class: class.clone(),
                            error: error.clone(),
                        });
                        continue;
                    }
                    retry = true;
                    groups.add(index, Why::Failed);
                }
                Some(task) => {
                    let lacking = task.outputs.lacking(&wanted);
                    let needs = statistics_to_simulate(&columns, task);
                    if lacking.is_none() && needs.is_empty() {
                        plan.done += 1;
                        continue;
                    }
                    // Only what lacks: the rest is stored, and stays.
                    outputs = lacking;
                    let id = (sim.unwrap_or_default(), trial);
                    groups.add(index, former.why_incomplete(id, &lacking, &needs));
                }
                None => groups.add(index, former.why_absent(point, trial)),
            }
            // Its number among all tasks of the sweep, done or not, for shares.
            places.push(plan.n_tasks - 1);
            plan.tasks.push(PlannedTask {
                point: index,
                trial,
                outputs,
                retry,
            });
        }
    }
    plan.groups = groups.reasons(&former, grid, stored)?;
    plan.take(pipeline, grid, options, &places)?;
    if let Some(stored) = stored {
        let sims: Vec<u32> = grid
            .points
            .iter()
            // A point without a number has nothing stored, and nothing to reduce.
            .map(|p| state.sim_of(&p.set).unwrap_or(u32::MAX))
            .collect();
        let missing = super::reduce::missing(pipeline, grid, &sims, stored.state());
        plan.reductions = missing.len() as u64;
    }
    plan.unused = remarks::unused(pipeline, grid, plan.n_shared);
    plan.replaced = remarks::replaced(pipeline, grid, state);
    estimate(&mut plan, pipeline, grid, state, &wanted);
    Ok(plan)
}

/// Names of the summaries of a finished task that only a simulation can give.
fn statistics_to_simulate(columns: &[(&Summary, StatId)], task: &Task) -> Vec<String> {
    let lacking = columns.iter().filter(|(summary, id)| {
        summary.trials == Trials::Each
            && !summary.is_query()
            && !task.stats.contains_key(id)
            && !can_reduce(summary, &task.outputs)
    });
    lacking.map(|(summary, _)| summary.name.clone()).collect()
}

/// A statistic of the mean over trials is computed from stored tables.
fn check_summaries(pipeline: &Pipeline) -> Result<(), RunError> {
    let wanted = tables::wanted(&pipeline.output);
    sql::check(pipeline)?;
    for summary in &pipeline.summaries {
        if summary.trials == Trials::Mean && !can_reduce(summary, &wanted) {
            let sources = statistics::sources(&summary.statistic);
            let lacking = sources.into_iter().find(|table| !wanted.has(*table));
            let (table, key) = match lacking {
                Some(Table::Spikes) => ("spikes", "save_spiking"),
                Some(Table::Lfp) => ("potentials", "save_lfp"),
                _ => ("dipole", "save_dpl"),
            };
            return Err(RunError::Input {
                what: format!(
                    "summary `{}` of {} is of the mean over trials, which is computed from the stored {table}; the pipeline does not store it",
                    summary.name,
                    pipeline.path().display()
                ),
                help: format!("set {key} = true in [output], or take away `trials = \"mean\"`"),
            });
        }
    }
    Ok(())
}

fn estimate(plan: &mut Plan, pipeline: &Pipeline, grid: &Grid, state: &State, wanted: &Outputs) {
    let sims: HashSet<u32> = state
        .sweeps
        .get(&pipeline.name)
        .map(|sweep| sweep.points.iter().map(|point| point.sim).collect())
        .unwrap_or_default();
    let (mut seconds, mut n) = (0.0, 0.0);
    for ((sim, _), task) in &state.tasks {
        // Those of this sweep: simulations of other networks take other times.
        if task.status == Status::Done && sims.contains(sim) {
            seconds += task.wall_s;
            n += 1.0;
        }
    }
    plan.seconds_measured = n > 0.0;
    plan.seconds_per_task = match plan.seconds_measured {
        true => seconds / n,
        false => grid.segment_steps * SECONDS_PER_SEGMENT_STEP,
    };
    for table in Table::DATA.into_iter().filter(|table| wanted.has(*table)) {
        let stored = state
            .tasks
            .values()
            .filter(|task| task.outputs.has(table))
            .count();
        let each = match stored {
            // Nothing stored of that table yet.
            0 => guess_bytes(table, grid, wanted),
            // What the folder's files took, compression and all.
            n => state.bytes_of(table) as f64 / n as f64,
        };
        let tasks = plan
            .tasks
            .iter()
            .filter(|task| task.outputs.has(table))
            .count();
        plan.bytes += each * tasks as f64;
    }
}

/// Bytes of a simulation's rows where nothing has been stored yet, from what others took: many traces hardly change.
fn guess_bytes(table: Table, grid: &Grid, wanted: &Outputs) -> f64 {
    let extent = wanted.get(table);
    let of_level = |[all, somata]: [f64; 2]| if extent.level > 1 { all } else { somata };
    let traces = match table {
        Table::Dipole => return 16.0 * grid.samples,
        // A guess: spikes grow with the duration, but far less than samples do.
        Table::Spikes => return 8.0 * grid.samples.sqrt() * 40.0,
        Table::Lfp => return 8.0 * grid.samples * grid.traces.contacts,
        Table::Voltages => 2.0 * of_level(grid.traces.voltages),
        // Most synapses are never reached, and zeros take no room.
        Table::Currents => 0.5 * of_level(grid.traces.currents),
        Table::Calcium => 2.0 * of_level(grid.traces.calcium),
        _ => return 0.0,
    };
    let wider = if extent.double { 2.0 } else { 1.0 };
    traces * wider * grid.samples / f64::from(extent.decimate.max(1))
}

/// What a pipeline draws its samples from, as the store keeps it.
pub fn priors(pipeline: &Pipeline) -> Vec<Prior> {
    let priors = pipeline.priors().iter();
    priors
        .map(|(parameter, prior)| Prior {
            parameter: parameter.clone(),
            kind: prior.kind().to_owned(),
            numbers: prior.numbers(),
        })
        .collect()
}

/// What the store is told of a sweep.
pub fn registration(pipeline: &Pipeline, grid: &Grid) -> Registration {
    let kind = |kind: ParameterKind| match kind {
        ParameterKind::Float => Kind::Float,
        ParameterKind::Int => Kind::Int,
        ParameterKind::Str => Kind::Text,
        ParameterKind::Bool => Kind::Bool,
    };
    Registration {
        name: pipeline.name.clone(),
        parameters: pipeline
            .parameters()
            .iter()
            .map(|p| (p.name.clone(), kind(p.kind)))
            .collect(),
        n_trials: pipeline.n_trials,
        numerics: NUMERICS_VERSION,
        batch_size: pipeline.batch_size,
        summaries: pipeline
            .summaries
            .iter()
            .map(|summary| statistics::column(summary, pipeline.n_trials))
            .collect(),
        file: remarks::file_of(pipeline),
        priors: priors(pipeline),
        recipe: grid.recipe,
        points: grid
            .points
            .iter()
            .map(|point| (point.set, point.values.iter().map(stored_value).collect()))
            .collect(),
    }
}

/// Version of the solver's arithmetic, which is part of every key.
pub fn numerics() -> u32 {
    NUMERICS_VERSION
}

/// Failed tasks of a sweep.
pub fn failed_tasks(pipeline: &Pipeline, grid: &Grid, state: &State) -> Vec<FailedTask> {
    let mut failed = Vec::new();
    let mut seen = HashSet::new();
    for (index, point) in grid.points.iter().enumerate() {
        let Some(sim) = state.sim_of(&point.set).filter(|sim| seen.insert(*sim)) else {
            continue;
        };
        for trial in 0..pipeline.n_trials {
            if let Some(Status::Failed { class, error }) =
                state.tasks.get(&(sim, trial)).map(|task| &task.status)
            {
                failed.push(FailedTask {
                    point: index,
                    trial,
                    sim,
                    parameters: describe(pipeline, &point.values),
                    class: class.clone(),
                    error: error.clone(),
                });
            }
        }
    }
    failed
}
