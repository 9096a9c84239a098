//! plan → results: missing tasks are simulated on all cores, and each result is committed as soon as it exists.
//!
//! The one place where solver and store meet. Workers bind, simulate, encode and summarise; one committer makes what they
//! hand over durable. The channel between them is short, so that memory is what is in flight.

use super::error::RunError;
use super::expand::Grid;
use super::key::{Fingerprint, Fingerprinter};
use super::options::{Options, Pace};
use super::plan::{Plan, PlannedTask};
use super::summarize::{TrialData, summarize};
use super::tables::PieceError;
use super::watch::{Finished, Watch};
use super::{statistics, tables};
use crate::network::Network;
use crate::pipeline::{Bound, Pipeline, Trials};
use crate::solver::{SimulationResult, Solver, SolverError, Threads, Trial};
use crate::store::{Commit, Hash, Id, Layout, Outputs, Session, Status, Task};
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Results (bytes) that are made durable with one sync, or somewhat more.
const COMMIT_AT_ONCE: usize = 16 << 20;

/// Time between two calls of [`Watch::tick`], at least.
const TICK: Duration = Duration::from_millis(100);

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

    /// How many simulations like this one are best done side by side.
    fn gang_size(&self, network: &Network, trial: &Trial) -> usize {
        let _ = (network, trial);
        1
    }

    /// Simulates several trials side by side, each as [`Simulate::simulate`] does, bit for bit.
    fn simulate_together(
        &self,
        tasks: &[(&Network, &Trial)],
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<SimulationResult, SolverError>> {
        let _ = threads;
        let each = tasks.iter();
        each.map(|(network, trial)| self.simulate(network, trial, interrupt))
            .collect()
    }
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

    fn gang_size(&self, network: &Network, trial: &Trial) -> usize {
        Solver::gang_size(network, trial)
    }

    fn simulate_together(
        &self,
        tasks: &[(&Network, &Trial)],
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<SimulationResult, SolverError>> {
        Solver::simulate_together(self, tasks, threads, interrupt)
    }
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
    layout: &'a Layout,
    pipeline: &'a Pipeline,
    grid: &'a Grid,
    sims: &'a [u32],
    solver: &'a dyn Simulate,
    /// Set by whoever runs the sweep.
    stop: &'a AtomicBool,
    /// Set when results cannot be kept any more.
    halt: &'a AtomicBool,
    time_limit: Option<Duration>,
    threads: Threads,
    elsewhere: &'a Elsewhere,
}

/// Tasks that other processes have finished meanwhile.
#[derive(Default)]
struct Elsewhere {
    ids: RwLock<HashSet<Id>>,
    skipped: AtomicU64,
}

impl Elsewhere {
    /// Looks at what others have published.
    fn look(&self, session: &mut Session, tasks: &[&PlannedTask], sims: &[u32]) {
        if !session.others_published() {
            return;
        }
        let stored = &session.state().tasks;
        let finished = tasks.iter().filter_map(|task| {
            let id = (*sims.get(task.point)?, task.trial);
            let lacking = stored.get(&id)?.outputs.lacking(&task.outputs);
            (lacking.is_none() && !task.outputs.is_none()).then_some(id)
        });
        *self.ids.write().unwrap_or_else(PoisonError::into_inner) = finished.collect();
    }
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
    let mut tasks = still_missing(plan, sims, session);
    // Several processes begin at different places, and leave out what the others have published. The second comes from the
    // end: two that went the same way would run side by side once one has caught up.
    match session.companions() {
        0 => {}
        1 => tasks.reverse(),
        others => {
            let begin = tasks.len() * others / (others + 1);
            tasks.rotate_left(begin);
        }
    }
    if tasks.is_empty() {
        return Ok(Outcome::default());
    }
    let jobs = options.jobs.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|e| RunError::Input {
            what: format!("cannot start {jobs} threads: {e}"),
            help: "give fewer --jobs".into(),
        })?;
    let halt = AtomicBool::new(false);
    let elsewhere = Elsewhere::default();
    let layout = session.layout().clone();
    let job = Job {
        layout: &layout,
        pipeline,
        grid,
        sims,
        solver,
        stop,
        halt: &halt,
        elsewhere: &elsewhere,
        time_limit: options.time_limit,
        // Fewer simulations than threads: the idle ones help.
        threads: match tasks.len() < jobs {
            true => Threads::Pool,
            false => Threads::One,
        },
    };
    let gang = job
        .gang_size(&tasks)?
        .min(tasks.len().div_ceil(jobs))
        .max(1);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = sync_channel(jobs);
    let mut outcome = Outcome::default();
    let worker = |sender: SyncSender<Result<Commit, RunError>>| {
        let mut desk = Desk::default();
        // In order, one after the other: batches fill up one after the other, too.
        loop {
            let begin = next.fetch_add(gang, Ordering::Relaxed).min(tasks.len());
            let gang = &tasks[begin..(begin + gang).min(tasks.len())];
            if gang.is_empty() || job.stopped() {
                return;
            }
            let gang = job.without_those_of_others(gang);
            if gang.is_empty() {
                continue;
            }
            let mut open = true;
            let mut send = |done| {
                open = sender.send(done).is_ok();
                open
            };
            if let Err(error) = job.simulate(&gang, &mut desk, &mut |commit| send(Ok(commit))) {
                send(Err(error));
            }
            if !open {
                return;
            }
        }
    };
    let committed = std::thread::scope(|scope| {
        let (worker, pool) = (&worker, &pool);
        scope.spawn(move || pool.broadcast(move |_| worker(sender.clone())));
        let mut look = |session: &mut Session| elsewhere.look(session, &tasks, sims);
        let result = commit_all(
            session,
            &receiver,
            options.pace,
            &mut look,
            &mut outcome,
            watch,
        );
        halt.store(true, Ordering::Relaxed);
        drop(receiver);
        result
    });
    committed?;
    let skipped = elsewhere.skipped.into_inner();
    outcome.left = (tasks.len() as u64).saturating_sub(outcome.simulated + skipped);
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
    published: &mut dyn FnMut(&mut Session),
    outcome: &mut Outcome,
    watch: &mut dyn Watch,
) -> Result<(), RunError> {
    let mut publish_at = Instant::now() + pace.every;
    loop {
        let wait = publish_at.saturating_duration_since(Instant::now());
        watch.tick();
        match receiver.recv_timeout(wait.min(TICK)) {
            Ok(first) => {
                let mut commits = vec![first?];
                let mut size = 0;
                while size < COMMIT_AT_ONCE {
                    match receiver.try_recv() {
                        Ok(next) => {
                            let next = next?;
                            size += next.size();
                            commits.push(next);
                        }
                        Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                    }
                }
                session.commit(&mut commits)?;
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
            published(session);
            let took = began.elapsed();
            publish_at = Instant::now() + pace.every.max(took * pace.share);
        }
    }
}

/// What a worker keeps from one task to the next: the trials of a point share their network.
#[derive(Default)]
struct Desk {
    fingerprinter: Fingerprinter,
    last: Option<(usize, Arc<(Bound, Fingerprint)>)>,
}

/// A task that is ready to be simulated.
struct Ready<'a> {
    task: &'a PlannedTask,
    id: Id,
    point: Arc<(Bound, Fingerprint)>,
    trial: Trial,
}

/// A result, or class and words of a failure.
type Ended = Result<SimulationResult, (&'static str, String)>;

impl Job<'_> {
    fn without_those_of_others<'t>(&self, gang: &[&'t PlannedTask]) -> Vec<&'t PlannedTask> {
        let ids = self
            .elsewhere
            .ids
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let id = |task: &PlannedTask| Some((*self.sims.get(task.point)?, task.trial));
        let own: Vec<&PlannedTask> = gang
            .iter()
            .copied()
            .filter(|task| !id(task).is_some_and(|id| ids.contains(&id)))
            .collect();
        let skipped = (gang.len() - own.len()) as u64;
        self.elsewhere.skipped.fetch_add(skipped, Ordering::Relaxed);
        own
    }

    fn stopped(&self) -> bool {
        self.halt.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }

    fn gang_size(&self, tasks: &[&PlannedTask]) -> Result<usize, RunError> {
        let first = tasks
            .first()
            .map(|task| self.prepare(task, &mut Desk::default()));
        let Some(ready) = first.transpose()?.flatten() else {
            return Ok(1);
        };
        Ok(self.solver.gang_size(&ready.point.0.network, &ready.trial))
    }

    fn prepare<'t>(
        &self,
        task: &'t PlannedTask,
        desk: &mut Desk,
    ) -> Result<Option<Ready<'t>>, RunError> {
        let (Some(point), Some(sim)) =
            (self.grid.points.get(task.point), self.sims.get(task.point))
        else {
            return Ok(None);
        };
        let shared = match &desk.last {
            Some((index, shared)) if *index == task.point => shared.clone(),
            _ => {
                let bound = self.pipeline.bind(&point.values)?;
                let fingerprint = desk
                    .fingerprinter
                    .fingerprint(&bound.network, bound.tstop, bound.dt)
                    .ok()
                    .filter(|fingerprint| fingerprint.set == point.set)
                    .ok_or_else(|| changed(self.pipeline, &point.set))?;
                let shared = Arc::new((bound, fingerprint));
                desk.last = Some((task.point, shared.clone()));
                shared
            }
        };
        let Bound { tstop, dt, .. } = shared.0;
        let trial = self.pipeline.output.trial(tstop, dt, task.trial);
        let mut trial = for_outputs(trial, &task.outputs);
        let summaries = &self.pipeline.summaries;
        trial.record_lfp |= summaries.iter().any(|s| s.statistic.needs_lfp());
        Ok(Some(Ready {
            task,
            id: (*sim, task.trial),
            point: shared,
            trial,
        }))
    }

    /// Simulates tasks side by side and hands over what is to be kept, but for those that were interrupted.
    fn simulate(
        &self,
        gang: &[&PlannedTask],
        desk: &mut Desk,
        hand_over: &mut dyn FnMut(Commit) -> bool,
    ) -> Result<(), RunError> {
        let mut ready = Vec::with_capacity(gang.len());
        for task in gang {
            ready.extend(self.prepare(task, desk)?);
        }
        let mut keep = |ready: &[Ready], results: Vec<Result<Ended, ()>>, wall_s: f64| {
            let each = wall_s / ready.len().max(1) as f64;
            for (ready, result) in ready.iter().zip(results) {
                if let Some(commit) = self.commit(ready, result, each)?
                    && !hand_over(commit)
                {
                    break;
                }
            }
            Ok::<(), RunError>(())
        };
        if let Some((results, wall_s)) = self.attempt(&ready) {
            return keep(&ready, results, wall_s);
        }
        // Something is wrong with one of them: each by itself shows which.
        for ready in ready.chunks(1) {
            if let Some((results, wall_s)) = self.attempt(ready) {
                keep(ready, results, wall_s)?;
            }
        }
        Ok(())
    }

    /// Simulates; `None` if several tasks were stopped by an error of one of them, or by the time limit.
    fn attempt(&self, ready: &[Ready]) -> Option<(Vec<Result<Ended, ()>>, f64)> {
        let tasks: Vec<(&Network, &Trial)> = ready
            .iter()
            .map(|ready| (&ready.point.0.network, &ready.trial))
            .collect();
        let began = Instant::now();
        let limit = self
            .time_limit
            .map(|limit| limit * u32::try_from(ready.len()).unwrap_or(1));
        let late = || limit.is_some_and(|limit| began.elapsed() > limit);
        let interrupt = || self.stopped() || late();
        let results = catch_unwind(AssertUnwindSafe(|| {
            self.solver
                .simulate_together(&tasks, self.threads, &interrupt)
        }));
        let wall_s = began.elapsed().as_secs_f64();
        let single = ready.len() == 1;
        let results = match results {
            Ok(results) => results,
            Err(panic) if single => {
                return Some((vec![Ok(Err(("panic", panic_message(&*panic))))], wall_s));
            }
            Err(_) => return None,
        };
        let mut ended = Vec::with_capacity(results.len());
        for result in results {
            ended.push(match result {
                Ok(result) => Ok(check_finite(result)),
                Err(SolverError::Interrupted { .. }) if self.stopped() => Err(()),
                Err(SolverError::Interrupted { .. }) if !single => return None,
                Err(SolverError::Interrupted { time }) => Ok(Err((
                    "time_limit",
                    format!(
                        "stopped at {time} ms of the simulation: it took longer than {} s",
                        self.time_limit.unwrap_or_default().as_secs_f64()
                    ),
                ))),
                Err(error @ SolverError::NotFinite { .. }) => {
                    Ok(Err(("not_finite", error.to_string())))
                }
                Err(error @ SolverError::InvalidNetwork(_)) => {
                    Ok(Err(("invalid", error.to_string())))
                }
            });
        }
        Some((ended, wall_s))
    }

    /// What is kept of a task; nothing if it was interrupted.
    fn commit(
        &self,
        ready: &Ready,
        ended: Result<Ended, ()>,
        wall_s: f64,
    ) -> Result<Option<Commit>, RunError> {
        let Ready {
            task, id, point, ..
        } = ready;
        let (bound, fingerprint) = &**point;
        let Ok(ended) = ended else {
            return Ok(None);
        };
        let stored = match ended {
            Ok(mut result) => {
                let pieces = tables::pieces(
                    self.layout,
                    *id,
                    &bound.network,
                    &mut result,
                    &task.outputs,
                    bound.dt,
                );
                match pieces {
                    Ok(pieces) => Ok((pieces, result)),
                    Err(PieceError::Store(error)) => return Err(error.into()),
                    Err(error) => Err(("not_storable", error.to_string())),
                }
            }
            Err(failure) => Err(failure),
        };
        let key = fingerprint.key(task.trial);
        let (pieces, stored) = match stored {
            Ok((pieces, result)) => {
                let stored = Task {
                    key,
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
                    key,
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
            id: *id,
            set: fingerprint.set,
            spec: fingerprint.spec(task.trial),
            task: stored,
            pieces,
        }))
    }

    fn statistics(&self, bound: &Bound, result: &SimulationResult) -> BTreeMap<u64, Option<f64>> {
        let data = TrialData {
            times: &result.times,
            dipole: &result.dipole,
            lfp: &result.lfp,
            spikes: &result.spikes,
            network: &bound.network,
            tstop: bound.tstop,
        };
        let values = summarize(&self.pipeline.summaries, &data);
        let each = self.pipeline.summaries.iter().zip(values);
        each.filter(|(summary, _)| summary.trials == Trials::Each && !summary.is_query())
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

fn changed(pipeline: &Pipeline, set: &Hash) -> RunError {
    let set = set.short();
    match pipeline.text() {
        Some(_) => RunError::Input {
            what: format!(
                "the pipeline gives another network for {set} than when the plan was made"
            ),
            help:
                "a file that it reads has changed meanwhile; run again: what was finished is kept"
                    .into(),
        },
        None => RunError::Input {
            what: format!(
                "set_params gives another network for {set} than when the plan was made"
            ),
            help: "it must make the same network of the same parameters each time: no clock, no counters, random numbers only from a fixed seed".into(),
        },
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
    format!(
        "an error in hnn-sweep itself, please report it: {}",
        crate::pipeline::words_of_panic(panic)
    )
}
