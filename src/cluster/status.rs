//! How far submissions are.

use super::frozen::{PLAN, Plan};
use super::life::{Jobs, Life};
use super::scheduler::{JobState, Scheduler};
use crate::stages::RunError;
use crate::store::{Id, Status, Store, Submission};
use std::collections::{BTreeMap, HashMap};

/// State of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardState {
    /// All of its tasks are finished.
    Ended,
    /// It waits for a machine.
    Queued,
    /// It runs.
    Running,
    /// It has ended, and has left tasks.
    Failed,
    /// Nobody can be asked here.
    Unknown,
}

/// How far a submission is.
#[derive(Clone, Debug)]
pub struct SubmissionStatus {
    /// Its name.
    pub id: String,
    /// Name of the sweep.
    pub name: String,
    /// Tasks.
    pub tasks: u64,
    /// Tasks that are finished, those that have failed and those that are not in the tables yet among them.
    pub finished: u64,
    /// Tasks that have failed.
    pub failed: u64,
    /// Finished tasks that are not in the tables yet.
    pub unpublished: u64,
    /// Whether somebody works at it: `None` if nobody can be asked here.
    pub is_live: Option<bool>,
    /// Each shard's state, and its tasks that are left.
    pub shards: Vec<(ShardState, u64)>,
    /// How shards that have left tasks have ended, in the batch system's words.
    pub ends: BTreeMap<u32, String>,
}

impl SubmissionStatus {
    /// Number of shards in a state.
    pub fn count(&self, state: ShardState) -> usize {
        self.shards.iter().filter(|(one, _)| *one == state).count()
    }
}

/// How far the submissions of a folder are: first by what their results say, then by what the batch system knows.
///
/// # Errors
/// If a submission cannot be read.
pub fn status(store: &Store, scheduler: &dyn Scheduler) -> Result<Vec<SubmissionStatus>, RunError> {
    let mut all = Vec::new();
    for submission in Submission::all(store.layout())? {
        // One that is just being made, or was never finished.
        if submission.has(PLAN) {
            all.push(of(&submission, store, scheduler)?);
        }
    }
    Ok(all)
}

fn of(
    submission: &Submission,
    store: &Store,
    scheduler: &dyn Scheduler,
) -> Result<SubmissionStatus, RunError> {
    let plan = Plan::read(submission)?;
    let mut waiting = HashMap::new();
    for segment in submission.segments()? {
        for head in submission.heads(&segment)? {
            waiting.insert(head.id, head.task);
        }
    }
    let mut status = SubmissionStatus {
        id: submission.id().to_string(),
        name: plan.name.clone(),
        tasks: plan.tasks.len() as u64,
        finished: 0,
        failed: 0,
        unpublished: 0,
        is_live: None,
        shards: vec![(ShardState::Ended, 0); plan.shards as usize],
        ends: BTreeMap::new(),
    };
    for task in &plan.tasks {
        let id: Id = task.id;
        let result = waiting.get(&id);
        let result = result.filter(|one| task.is_ended_by(&one.outputs, &one.status));
        let published = task.ended(store.state());
        let Some(end) = published.or(result.map(|one| &one.status)) else {
            if let Some((_, left)) = status.shards.get_mut(task.shard as usize) {
                *left += 1;
            }
            continue;
        };
        status.finished += 1;
        status.failed += u64::from(*end != Status::Done);
        status.unpublished += u64::from(published.is_none());
    }
    let life = match status.finished == status.tasks {
        true => Life::Ended,
        false => Life::of(submission, scheduler, false)?,
    };
    status.is_live = match life {
        Life::Unknown => None,
        Life::Ended => Some(false),
        Life::Live(_) => Some(true),
    };
    let jobs = Jobs::read(submission)?;
    let states: HashMap<u32, JobState> = match &life {
        Life::Live(states) => states.iter().copied().collect(),
        _ => HashMap::new(),
    };
    let is_local = matches!(jobs, Some(Jobs::Local { .. }));
    for (shard, (state, left)) in (0..).zip(&mut status.shards) {
        *state = match (*left, states.get(&shard)) {
            (_, Some(JobState::Running)) => ShardState::Running,
            (_, Some(JobState::Queued)) => ShardState::Queued,
            (0, None) => ShardState::Ended,
            (_, None) if life == Life::Unknown => ShardState::Unknown,
            (_, None) if is_local && status.is_live == Some(true) => ShardState::Running,
            (_, None) => ShardState::Failed,
        };
    }
    if let (Some(Jobs::Slurm { arrays, .. }), true) = (jobs, status.count(ShardState::Failed) > 0) {
        for (job, first) in arrays {
            for (index, word) in scheduler.ends(&job) {
                let shard = index.unwrap_or(0) + first;
                let left = status.shards.get(shard as usize);
                if left.is_some_and(|(state, _)| *state == ShardState::Failed) {
                    status.ends.insert(shard, word);
                }
            }
        }
    }
    Ok(status)
}
