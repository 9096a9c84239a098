//! plan → results: missing tasks are simulated on all cores, and each result is committed as soon as it exists.
//!
//! The one place where solver and store meet. Workers bind, simulate, encode and summarise; one committer makes what they
//! hand over durable. The channel between them is short, so that memory is what is in flight.

use super::expand::Grid;
use super::plan::fingerprint::Fingerprinter;
use super::plan::{Plan, PlannedTask};
use super::summarize::{TrialData, summarize};
use super::{Options, Pace, RunError, Watch, statistics, tables};
use crate::network::Network;
use crate::pipeline::{Bound, Pipeline, Trials};
use crate::solver::{SimulationResult, Solver, SolverError, Trial};
use crate::store::{Commit, Hash, Id, Outputs, Session, Status, Task};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

/// Results that are made durable with one sync, at most.
const COMMIT_AT_ONCE: usize = 64;

/// What simulates: the solver, or a stand-in in tests.
pub trait Simulate: Sync {
    /// Simulates one trial; asks `interrupt` now and then whether to stop.
    ///
    /// # Errors
    /// [`SolverError`].
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError>;
}

impl Simulate for Solver {
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError> {
        Solver::simulate(self, network, trial, interrupt)
    }
}

/// A simulation that has been committed.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Simulation and trial.
    pub id: Id,
    /// How it ended.
    pub status: Status,
    /// Time (s) that it took.
    pub wall_s: f64,
}

/// What was simulated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Tasks that were committed.
    pub simulated: u64,
    /// Tasks that were left because of an interruption.
    pub left: u64,
}

struct Job<'a> {
    pipeline: &'a Pipeline,
    grid: &'a Grid,
    sims: &'a [u32],
    solver: &'a dyn Simulate,
    stop: &'a AtomicBool,
    time_limit: Option<Duration>,
}

/// Simulates a plan's tasks.
///
/// # Errors
/// If the disk refuses, or the pipeline's files have changed since the plan was made. What was committed stays.
#[allow(clippy::too_many_arguments)] // each is another thing, and they meet only here
pub fn simulate(
    pipeline: &Pipeline,
    grid: &Grid,
    plan: &Plan,
    sims: &[u32],
    session: &mut Session,
    options: &Options,
    solver: &dyn Simulate,
    stop: &AtomicBool,
    watch: &mut dyn Watch,
) -> Result<Outcome, RunError> {
    let tasks = still_missing(plan, sims, session);
    if tasks.is_empty() {
        return Ok(Outcome::default());
    }
    let jobs = options.jobs.clamp(1, tasks.len());
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|e| RunError::Input {
            what: format!("cannot start {jobs} threads: {e}"),
            help: "give fewer --jobs".into(),
        })?;
    let halt = AtomicBool::new(false);
    let job = Job {
        pipeline,
        grid,
        sims,
        solver,
        stop,
        time_limit: options.time_limit,
    };
    let next = AtomicUsize::new(0);
    let (sender, receiver) = sync_channel(2 * jobs);
    let mut outcome = Outcome::default();
    let worker = |sender: SyncSender<Result<Commit, RunError>>| {
        let mut desk = Desk::default();
        // In order, one after the other: batches fill up one after the other, too.
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            if halt.load(Ordering::Relaxed) || stop.load(Ordering::Relaxed) {
                return;
            }
            if let Some(done) = job.simulate(task, &mut desk, &halt).transpose()
                && sender.send(done).is_err()
            {
                return;
            }
        }
    };
    let committed = std::thread::scope(|scope| {
        let (worker, threads) = (&worker, &threads);
        scope.spawn(move || threads.broadcast(move |_| worker(sender.clone())));
        let result = commit_all(session, &receiver, options.pace, &mut outcome, watch);
        halt.store(true, Ordering::Relaxed);
        drop(receiver);
        result
    });
    committed?;
    outcome.left = tasks.len() as u64 - outcome.simulated;
    Ok(outcome)
}

/// Tasks that another process has not finished since the plan was made.
fn still_missing<'p>(plan: &'p Plan, sims: &[u32], session: &Session) -> Vec<&'p PlannedTask> {
    let state = session.state();
    plan.tasks
        .iter()
        .filter(|task| {
            let stored = sims
                .get(task.point)
                .and_then(|sim| state.tasks.get(&(*sim, task.trial)));
            // A task that is there and lacks nothing may still have been planned for its statistics.
            stored.is_none_or(|stored| {
                task.outputs.is_none() || !stored.outputs.lacking(&task.outputs).is_none()
            })
        })
        .collect()
}

/// Makes results durable as they come, and publishes them at intervals.
fn commit_all(
    session: &mut Session,
    receiver: &Receiver<Result<Commit, RunError>>,
    pace: Pace,
    outcome: &mut Outcome,
    watch: &mut dyn Watch,
) -> Result<(), RunError> {
    let mut publish_at = Instant::now() + pace.every;
    loop {
        let wait = publish_at.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(wait) {
            Ok(first) => {
                let mut commits = vec![first?];
                while commits.len() < COMMIT_AT_ONCE {
                    match receiver.try_recv() {
                        Ok(next) => commits.push(next?),
                        Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                    }
                }
                session.commit(&commits)?;
                for commit in commits {
                    outcome.simulated += 1;
                    watch.finished(&Finished {
                        id: commit.id,
                        status: commit.task.status,
                        wall_s: commit.task.wall_s,
                    });
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return session.publish().map_err(RunError::from);
            }
        }
        if Instant::now() >= publish_at {
            let began = Instant::now();
            session.publish()?;
            let took = began.elapsed();
            publish_at = Instant::now() + pace.every.max(took * pace.share);
        }
    }
}

/// What a worker keeps from one task to the next: the trials of a point share their network.
#[derive(Default)]
struct Desk {
    fingerprinter: Fingerprinter,
    bound: Option<(usize, Bound, super::plan::fingerprint::Fingerprint)>,
}

impl Job<'_> {
    /// Simulates a task; `None` if it was interrupted.
    fn simulate(
        &self,
        task: &PlannedTask,
        desk: &mut Desk,
        halt: &AtomicBool,
    ) -> Result<Option<Commit>, RunError> {
        let (Some(point), Some(sim)) =
            (self.grid.points.get(task.point), self.sims.get(task.point))
        else {
            return Ok(None);
        };
        if desk
            .bound
            .as_ref()
            .is_none_or(|(index, ..)| *index != task.point)
        {
            let bound = self.pipeline.bind(&point.values)?;
            let fingerprint = desk
                .fingerprinter
                .fingerprint(&bound.network, bound.tstop, bound.dt)
                .ok();
            let fingerprint = fingerprint.filter(|f| f.set == point.set);
            let Some(fingerprint) = fingerprint else {
                return Err(changed(&point.set));
            };
            desk.bound = Some((task.point, bound, fingerprint));
        }
        let Some((_, bound, fingerprint)) = &desk.bound else {
            return Ok(None);
        };
        let trial = self
            .pipeline
            .output
            .trial(bound.tstop, bound.dt, task.trial);
        let trial = for_outputs(trial, &task.outputs);
        let began = Instant::now();
        let stopped = || halt.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed);
        let late = || self.time_limit.is_some_and(|limit| began.elapsed() > limit);
        let interrupt = || stopped() || late();
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.solver.simulate(&bound.network, &trial, &interrupt)
        }));
        let wall_s = began.elapsed().as_secs_f64();
        let id = (*sim, task.trial);
        let result = match result {
            Ok(Ok(result)) => check_finite(result),
            Ok(Err(SolverError::Interrupted { .. })) if stopped() => return Ok(None),
            Ok(Err(SolverError::Interrupted { time })) => Err((
                "time_limit",
                format!(
                    "stopped at {time} ms of the simulation: it took longer than {} s",
                    self.time_limit.unwrap_or_default().as_secs_f64()
                ),
            )),
            Ok(Err(error @ SolverError::NotFinite { .. })) => {
                Err(("not_finite", error.to_string()))
            }
            Ok(Err(error @ SolverError::InvalidNetwork(_))) => Err(("invalid", error.to_string())),
            Err(panic) => Err(("panic", panic_message(&*panic))),
        };
        let result = result.and_then(|result| {
            let pieces = tables::pieces(id, &bound.network, &result, &task.outputs, bound.dt);
            pieces
                .map(|pieces| (pieces, result))
                .map_err(|e| ("not_storable", e))
        });
        let (pieces, task) = match result {
            Ok((pieces, result)) => {
                let stored = Task {
                    key: fingerprint.key(task.trial),
                    status: Status::Done,
                    outputs: task.outputs,
                    n_spikes: result.spikes.len() as u64,
                    wall_s,
                    stats: self.statistics(bound, &result),
                };
                (pieces, stored)
            }
            Err((class, error)) => {
                let failed = Task {
                    key: fingerprint.key(task.trial),
                    status: Status::Failed {
                        class: class.into(),
                        error,
                    },
                    outputs: Outputs::NONE,
                    n_spikes: 0,
                    wall_s,
                    stats: BTreeMap::new(),
                };
                (Vec::new(), failed)
            }
        };
        Ok(Some(Commit {
            id,
            set: point.set,
            spec: fingerprint.spec(id.1),
            task,
            pieces,
        }))
    }

    fn statistics(&self, bound: &Bound, result: &SimulationResult) -> BTreeMap<u64, Option<f64>> {
        let data = TrialData {
            times: &result.times,
            dipole: &result.dipole,
            spikes: &result.spikes,
            network: &bound.network,
            tstop: bound.tstop,
        };
        let values = summarize(&self.pipeline.summaries, &data);
        let each = self.pipeline.summaries.iter().zip(values);
        each.filter(|(summary, _)| summary.trials == Trials::Each)
            .map(|(summary, value)| {
                (
                    statistics::column(summary, self.pipeline.n_trials).id,
                    value,
                )
            })
            .collect()
    }
}

/// Records no more than what is stored.
fn for_outputs(mut trial: Trial, outputs: &Outputs) -> Trial {
    use crate::solver::Record;
    use crate::store::Table;
    let off = |table: Table| !outputs.has(table);
    if off(Table::Voltages) {
        trial.record_vsec = Record::Off;
    }
    if off(Table::Currents) {
        trial.record_isec = Record::Off;
    }
    if off(Table::Calcium) {
        trial.record_ca = Record::Off;
    }
    trial.record_lfp &= !off(Table::Lfp);
    trial
}

fn changed(set: &Hash) -> RunError {
    RunError::Input {
        what: format!(
            "the pipeline gives another network for {} than when the plan was made",
            set.short()
        ),
        help: "a file that it reads has changed meanwhile; run again: what was finished is kept"
            .into(),
    }
}

/// No NaN or infinity ever passes for a result.
fn check_finite(result: SimulationResult) -> Result<SimulationResult, (&'static str, String)> {
    let dipole = &result.dipole;
    for (name, values) in [("agg", &dipole.agg), ("L2", &dipole.l2), ("L5", &dipole.l5)] {
        if let Some(i) = values.iter().position(|value| !value.is_finite()) {
            let time = result.times.get(i).copied().unwrap_or_default();
            let message = format!(
                "the dipole ({name}) is not finite at {time} ms; a smaller dt or weight may help"
            );
            return Err(("not_finite", message));
        }
    }
    Ok(result)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!(
        "an error in hnn-sweep itself, please report it: {}",
        text.unwrap_or_else(|| "unknown panic".into())
    )
}
