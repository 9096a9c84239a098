//! One shard of a submission: frozen files in, a segment out, and nothing else of the folder.

use super::frozen::{Plan, Task};
use super::publish::unknown;
use crate::stages::expand::{GridPoint, Traces};
use crate::stages::plan::PlannedTask;
use crate::stages::{self, Grid, Options, RunError, Simulate, Simulated, Watch, Work};
use crate::store::{Id, Layout, StoreError, Submission};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// A shard that is about to run.
#[derive(Debug)]
pub struct Shard {
    submission: Submission,
    plan: Plan,
    number: u32,
    /// Its tasks that are not finished.
    tasks: Vec<Task>,
    done: usize,
}

impl Shard {
    /// Reads what a shard has to do, and what it has done before.
    ///
    /// # Errors
    /// If there is no such shard, its files cannot be read, or they are damaged.
    pub fn open(folder: &Path, id: &str, number: u32) -> Result<Self, RunError> {
        let layout = Layout::open(folder)?.ok_or_else(|| StoreError::NoStore {
            path: folder.to_path_buf(),
            help: "give the folder that `hnn-sweep submit` has written to".into(),
        })?;
        let submission = Submission::find(&layout, id)?.ok_or_else(|| unknown(folder, id))?;
        let plan = Plan::read(&submission)?;
        if number >= plan.shards {
            return Err(RunError::Input {
                what: format!("the submission {id} has no shard {number}"),
                help: format!("its shards are 0 to {}", plan.shards.saturating_sub(1)),
            });
        }
        let done = finished(&submission, &plan, number)?;
        let own = plan.tasks.iter().filter(|task| task.shard == number);
        let (done, tasks): (Vec<Task>, Vec<Task>) = own.partition(|task| done.contains(&task.id));
        let done = done.len();
        Ok(Self {
            submission,
            plan,
            number,
            tasks,
            done,
        })
    }

    /// Tasks that it has to simulate.
    pub fn n_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Tasks that it has finished before.
    pub fn n_done(&self) -> usize {
        self.done
    }

    /// Simulates what is not finished, `jobs` at a time.
    ///
    /// # Errors
    /// If this is another program than the one that submitted, a file is damaged, or the disk refuses.
    pub fn run(
        &self,
        jobs: usize,
        solver: &dyn Simulate,
        stop: &AtomicBool,
        watch: &mut dyn Watch,
    ) -> Result<Simulated, RunError> {
        let plan = &self.plan;
        // Before the pipeline, which another program may read otherwise.
        plan.check()?;
        let pipeline = plan.pipeline(&self.submission)?;
        let mut points: HashMap<u64, usize> = HashMap::new();
        let mut grid = Grid {
            points: Vec::new(),
            recipe: None,
            segment_steps: 0.0,
            samples: 0.0,
            traces: Traces::default(),
        };
        let mut sims = Vec::new();
        let mut tasks = Vec::with_capacity(self.tasks.len());
        for task in &self.tasks {
            let point = *points.entry(task.point).or_insert_with(|| {
                sims.push(task.id.0);
                grid.points.push(GridPoint {
                    values: pipeline.point(task.point),
                    set: task.set,
                    segment_steps: None,
                });
                grid.points.len() - 1
            });
            tasks.push(PlannedTask {
                point,
                trial: task.id.1,
                outputs: task.outputs,
                retry: false,
            });
        }
        let options = Options {
            jobs,
            time_limit: plan.time_limit,
            ..Options::default()
        };
        let pool = stages::pool(jobs)?;
        let work = Work {
            pipeline: &pipeline,
            grid: &grid,
            sims: &sims,
            options: &options,
            solver,
            pool: &pool,
            stop,
        };
        let variable = |name| std::env::var(name).ok();
        let job = variable("SLURM_JOB_ID").unwrap_or_else(|| std::process::id().to_string());
        let restart = variable("SLURM_RESTART_COUNT").and_then(|n| n.parse().ok());
        let mut segment = self
            .submission
            .segment(self.number, &job, restart.unwrap_or(0));
        let layout = self.submission.layout();
        stages::simulate_apart(&work, &tasks, layout, &mut segment, watch)
    }
}

/// Tasks of a shard that are in its segments, or in the tables.
fn finished(submission: &Submission, plan: &Plan, shard: u32) -> Result<HashSet<Id>, RunError> {
    let own: HashMap<Id, &Task> = plan
        .tasks
        .iter()
        .filter(|task| task.shard == shard)
        .map(|task| (task.id, task))
        .collect();
    let mut done = HashSet::new();
    for segment in submission
        .segments()?
        .iter()
        .filter(|one| one.shard == shard)
    {
        for head in submission.heads(segment)? {
            let task = own.get(&head.id);
            if task.is_some_and(|task| task.is_ended_by(&head.task.outputs, &head.task.status)) {
                done.insert(head.id);
            }
        }
    }
    // Last: a segment goes after this has been written.
    for number in Plan::published(submission)? {
        done.extend(plan.tasks.get(number as usize).map(|task| task.id));
    }
    Ok(done)
}
