//! Missing tasks → a submission.

use super::frozen::{Plan, Task};
use super::life::{Jobs, end, given};
use super::publish::{Ended, fold};
use super::publishing::{busy, publisher};
use super::scheduler::Scheduler;
use super::script::Script;
use super::slurm;
use super::split::split;
use super::time::in_slurm;
use crate::pipeline::{Cluster, Pipeline};
use crate::stages::plan::{self, PlannedTask};
use crate::stages::{self, Grid, Options, RunError, Simulate, Work};
use crate::store::{Loss, Store, Submission};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Part of its time that a shard may be expected to take.
const FULL: f64 = 0.8;
/// How long another that publishes is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who runs the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A batch system.
    Slurm,
    /// This process, as child processes.
    Local,
    /// Whoever gets the commands.
    Others,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who runs the shards.
    pub engine: Engine,
    /// Number of shards.
    pub shards: u32,
    /// CPUs of each.
    pub cpus: u32,
    /// Longest time of each.
    pub time: Duration,
    /// Settings of the cluster.
    pub settings: Cluster,
    /// This program.
    pub program: PathBuf,
    /// Whether tasks of other submissions are taken, too.
    pub steal: bool,
}

/// What was submitted.
#[derive(Debug)]
pub struct Submitted {
    /// What scripts and commands are made of; its number of shards is 0 if there was nothing to submit.
    pub script: Script,
    /// The submission.
    pub submission: Option<Submission>,
    /// Jobs of the batch system.
    pub jobs: Vec<String>,
    /// Tasks.
    pub tasks: u64,
    /// Tasks that are left to submissions of before.
    pub given: u64,
    /// Expected time (s) of the longest shard.
    pub seconds: f64,
    /// Results that turned out to be lost.
    pub losses: Vec<Loss>,
}

/// The tasks of a submission, cut into shards.
struct Cut {
    tasks: Vec<PlannedTask>,
    shards: Vec<u32>,
    costs: Vec<f64>,
    /// Expected time (s) of the longest shard.
    seconds: f64,
    given: u64,
}

impl Cut {
    fn n(&self) -> u32 {
        self.shards.last().map_or(0, |last| last + 1)
    }
}

/// What [`submit()`] would submit; nothing is written.
///
/// # Errors
/// As for [`submit()`].
pub fn preview(
    pipeline: &Pipeline,
    options: &Options,
    request: &Request,
    solver: &dyn Simulate,
    scheduler: &dyn Scheduler,
) -> Result<Submitted, RunError> {
    let folder = options.folder.as_deref().unwrap_or(&pipeline.save_folder);
    let stored = Store::open(folder)?;
    let grid = expanded(pipeline, stored.as_ref(), options, &AtomicBool::new(false))?;
    let mut options = options.clone();
    if let (Some(stored), false) = (&stored, request.steal) {
        options.given = given(stored.layout(), stored.state(), scheduler)?;
    }
    let cut = cut(pipeline, &grid, stored.as_ref(), &options, request, solver)?;
    let script = script(pipeline, folder, request, "ID", cut.n());
    script.check()?;
    Ok(Submitted {
        script,
        submission: None,
        jobs: Vec::new(),
        tasks: cut.tasks.len() as u64,
        given: cut.given,
        seconds: cut.seconds,
        losses: Vec::new(),
    })
}

/// Publishes what is there, registers the sweep, and gives what is missing to whoever runs the shards.
///
/// # Errors
/// [`RunError`]; shards that would not end in their time are refused.
pub fn submit(
    pipeline: &Pipeline,
    options: &Options,
    request: &Request,
    solver: &dyn Simulate,
    scheduler: &dyn Scheduler,
    stop: &AtomicBool,
) -> Result<Submitted, RunError> {
    let folder = options.folder.as_deref().unwrap_or(&pipeline.save_folder);
    // Whatever is wrong is said before anything is written.
    let stored = Store::open(folder)?;
    let grid = expanded(pipeline, stored.as_ref(), options, stop)?;
    cut(pipeline, &grid, stored.as_ref(), options, request, solver)?;
    script(pipeline, folder, request, "ID", 1).check()?;
    drop(stored);

    let session = publisher(folder, options.among_other_files, PATIENCE, scheduler)?;
    let mut session = session.map_err(|holder| busy(folder, &holder))?;
    let published = fold(&mut session, &Ended::Unsaid, scheduler)?;
    let mut options = options.clone();
    if !request.steal {
        options.given = published.given;
    }
    let stored = Store::open(folder)?;
    let cut = cut(pipeline, &grid, stored.as_ref(), &options, request, solver)?;
    drop(stored);
    let mut submitted = Submitted {
        script: script(pipeline, folder, request, "", cut.n()),
        submission: None,
        jobs: Vec::new(),
        tasks: cut.tasks.len() as u64,
        given: cut.given,
        seconds: cut.seconds,
        losses: session.losses().to_vec(),
    };
    let sims = session.register(plan::registration(pipeline, &grid))?;
    let again = cut.tasks.iter().filter(|task| task.retry);
    let again = again.filter_map(|task| Some((*sims.get(task.point)?, task.trial)));
    session.forget(&again.collect::<Vec<_>>())?;
    if cut.tasks.is_empty() {
        session.finish()?;
        return Ok(submitted);
    }
    let submission = Submission::create(session.layout())?;
    submitted.script.id = submission.id().to_string();
    submitted.script.logs = absolute(&submission.path("logs"));
    let mut plan = Plan::new(pipeline)?;
    plan.freeze(pipeline, &submission)?;
    plan.shards = cut.n();
    plan.cpus = request.cpus;
    plan.seconds = request.time.as_secs_f64();
    plan.time_limit = options.time_limit;
    plan.tasks = named(&cut, &grid, &sims);
    submission.put(
        "array.sbatch",
        slurm::array_script(&submitted.script).as_bytes(),
    )?;
    submission.put(
        "publish.sbatch",
        slurm::publish_script(&submitted.script).as_bytes(),
    )?;
    plan.write(&submission)?;
    match request.engine {
        Engine::Local => Jobs::local().write(&submission)?,
        Engine::Others => Jobs::Others.write(&submission)?,
        Engine::Slurm => submitted.jobs = enqueue(&submission, plan.shards, scheduler)?,
    }
    submitted.submission = Some(submission);
    session.finish()?;
    Ok(submitted)
}

/// Hands the scripts to the batch system. What it has taken is written down each time, before it is asked for more.
fn enqueue(
    submission: &Submission,
    shards: u32,
    scheduler: &dyn Scheduler,
) -> Result<Vec<String>, RunError> {
    let script = absolute(&submission.path("array.sbatch"));
    let mut arrays = Vec::new();
    for (n, first) in slurm::arrays(shards, scheduler.largest_array()) {
        let array = [format!("--array=0-{}", n - 1)];
        match scheduler.submit(&script, &array, &[first.to_string()]) {
            Ok(job) => arrays.push((job, first)),
            Err(error) if arrays.is_empty() => {
                // Nobody will ever work at it.
                end(submission)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        let (arrays, publisher) = (arrays.clone(), None);
        Jobs::Slurm { arrays, publisher }.write(submission)?;
    }
    let mut jobs: Vec<String> = arrays.iter().map(|(job, _)| job.clone()).collect();
    let after = [format!("--dependency=afterany:{}", jobs.join(":"))];
    let script = absolute(&submission.path("publish.sbatch"));
    let publisher = scheduler.submit(&script, &after, &[])?;
    jobs.push(publisher.clone());
    let publisher = Some(publisher);
    Jobs::Slurm { arrays, publisher }.write(submission)?;
    Ok(jobs)
}

fn expanded(
    pipeline: &Pipeline,
    stored: Option<&Store>,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Grid, RunError> {
    let pool = stages::pool(options.jobs)?;
    stages::expand::watched(
        pipeline,
        stored.map(Store::state),
        &pool,
        stop,
        &mut |_, _| {},
    )
}

fn script(pipeline: &Pipeline, folder: &Path, request: &Request, id: &str, shards: u32) -> Script {
    let folder = absolute(folder);
    Script {
        name: pipeline.name.clone(),
        program: request.program.clone(),
        logs: folder.join(".state/submissions").join(id).join("logs"),
        folder,
        id: id.to_string(),
        shards,
        cpus: request.cpus,
        time: request.time,
        settings: request.settings.clone(),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Cuts what is missing into shards, and refuses those that would not end in their time, and the name of
/// another sweep.
fn cut(
    pipeline: &Pipeline,
    grid: &Grid,
    stored: Option<&Store>,
    options: &Options,
    request: &Request,
    solver: &dyn Simulate,
) -> Result<Cut, RunError> {
    let all = stages::plan(pipeline, grid, stored, options)?;
    if let (Some(replaced), false) = (&all.replaced, options.replace) {
        return Err(replaced.refused(pipeline));
    }
    let points: Vec<usize> = all.tasks.iter().map(|task| task.point).collect();
    let costs = costs(grid, &points, all.seconds_per_task, all.seconds_measured);
    let gang = gang_size(pipeline, grid, options, all.tasks.first(), solver)?;
    let shards = split(&points, &costs, gang, request.shards);
    let mut seconds: HashMap<u32, f64> = HashMap::new();
    for (shard, cost) in shards.iter().zip(&costs) {
        *seconds.entry(*shard).or_default() += cost / f64::from(request.cpus);
    }
    let longest = seconds.values().copied().fold(0.0, f64::max);
    let limit = FULL * request.time.as_secs_f64();
    if longest > limit {
        let total: f64 = seconds.values().sum();
        let in_words =
            |s: f64| in_slurm(Duration::try_from_secs_f64(s.ceil()).unwrap_or(Duration::MAX));
        return Err(RunError::Input {
            what: format!(
                "a shard would take about {} with --cpus {}, {}; that is more than {FULL} of --time {}",
                in_words(longest),
                request.cpus,
                match all.seconds_measured {
                    true => "as measured before",
                    false => "as estimated from the size of the network",
                },
                in_slurm(request.time)
            ),
            help: format!(
                "give more --tasks ({} or more), or a longer --time ({} or longer)",
                (total / limit).ceil().max(f64::from(request.shards) + 1.0),
                in_words(longest / FULL)
            ),
        });
    }
    Ok(Cut {
        shards,
        costs,
        seconds: longest,
        given: all.given,
        tasks: all.tasks,
    })
}

/// Expected time (s) of each task: as long as others have taken, more or less by the size of its network and
/// its duration.
fn costs(grid: &Grid, points: &[usize], seconds: f64, is_measured: bool) -> Vec<f64> {
    let steps = |point: usize| grid.points.get(point).and_then(|point| point.segment_steps);
    let known: Vec<f64> = (0..grid.points.len()).filter_map(steps).collect();
    let usual = match is_measured && !known.is_empty() {
        true => known.iter().sum::<f64>() / known.len() as f64,
        false => grid.segment_steps,
    };
    let cost = |point: &usize| seconds * steps(*point).unwrap_or(usual) / usual.max(1.0);
    points.iter().map(cost).collect()
}

fn gang_size(
    pipeline: &Pipeline,
    grid: &Grid,
    options: &Options,
    first: Option<&PlannedTask>,
    solver: &dyn Simulate,
) -> Result<usize, RunError> {
    let Some(first) = first else {
        return Ok(1);
    };
    let work = Work {
        pipeline,
        grid,
        sims: &vec![0; grid.points.len()],
        options,
        solver,
        pool: &stages::pool(1)?,
        stop: &AtomicBool::new(false),
    };
    work.gang_size(first)
}

fn named(cut: &Cut, grid: &Grid, sims: &[u32]) -> Vec<Task> {
    let each = cut.tasks.iter().zip(&cut.shards).zip(&cut.costs);
    let task = |((task, shard), cost): ((&PlannedTask, &u32), &f64)| {
        let point = grid.points.get(task.point)?;
        Some(Task {
            shard: *shard,
            point: task.point as u64,
            id: (*sims.get(task.point)?, task.trial),
            set: point.set,
            key: point.key(task.trial),
            outputs: task.outputs,
            cost: *cost,
        })
    };
    each.filter_map(task).collect()
}
