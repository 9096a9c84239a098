//! Whether anybody still works at a submission.

use super::frozen::{Plan, packed};
use super::scheduler::{JobState, Scheduler};
use crate::stages::RunError;
use crate::store::{Hash, Layout, Outputs, State, Submission, machine, process};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Name of the file with the jobs.
const JOBS: &str = "jobs";
/// Name of the file that says that nobody works at it any more.
const ENDED: &str = "ended";

/// Who was told to run the shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Jobs {
    /// A batch system.
    Slurm {
        /// Arrays: number of the job, and first shard.
        arrays: Vec<(String, u32)>,
        /// The job that publishes.
        publisher: Option<String>,
    },
    /// A process of this program, with child processes.
    Local {
        /// Its machine.
        host: String,
        /// The process.
        process: String,
    },
    /// Whoever has got the commands.
    Others,
}

impl Jobs {
    /// This process.
    pub fn local() -> Self {
        Jobs::Local {
            host: machine(),
            process: process::own(),
        }
    }

    pub(super) fn write(&self, to: &Submission) -> Result<(), RunError> {
        Ok(to.put_sealed(JOBS, &packed(self))?)
    }

    /// Of a submission; `None` if nobody has been told yet.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn read(of: &Submission) -> Result<Option<Self>, RunError> {
        let Some(bytes) = of.read_sealed(JOBS)? else {
            return Ok(None);
        };
        Ok(Some(
            rmp_serde::from_slice(&bytes).map_err(|e| of.damaged(JOBS, &e.to_string()))?,
        ))
    }
}

/// Whether anybody works at a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Shards that wait or run; others have ended.
    Live(Vec<(u32, JobState)>),
    /// Nobody can be asked here: it counts as live until somebody says that it has ended.
    Unknown,
    /// Nobody does.
    Ended,
}

impl Life {
    /// Of a submission. `is_publisher`: nobody else submits at this moment.
    ///
    /// # Errors
    /// If its files cannot be read.
    pub fn of(
        submission: &Submission,
        scheduler: &dyn Scheduler,
        is_publisher: bool,
    ) -> Result<Self, RunError> {
        if submission.has(ENDED) {
            return Ok(Life::Ended);
        }
        Ok(match Jobs::read(submission)? {
            // Whoever made it was killed before anybody was told.
            None if is_publisher => Life::Ended,
            None | Some(Jobs::Others) => Life::Unknown,
            Some(Jobs::Local { host, .. }) if host != machine() => Life::Unknown,
            Some(Jobs::Local { process, .. }) => match process::lives(&process) {
                true => Life::Live(Vec::new()),
                false => Life::Ended,
            },
            Some(Jobs::Slurm { arrays, publisher }) => {
                let mut live = Vec::new();
                for (job, first) in &arrays {
                    let Some(tasks) = scheduler.states(job) else {
                        return Ok(Life::Unknown);
                    };
                    let shard =
                        |(index, state): (Option<u32>, _)| (index.unwrap_or(0) + first, state);
                    live.extend(tasks.into_iter().map(shard));
                }
                // What the array has left is still to be published.
                let waits = publisher.is_some_and(|job| !scheduler.has_ended(&job));
                match live.is_empty() && !waits {
                    true => Life::Ended,
                    false => Life::Live(live),
                }
            }
        })
    }
}

/// Says that nobody works at it any more.
pub(super) fn end(submission: &Submission) -> Result<(), RunError> {
    match submission.has(ENDED) {
        true => Ok(()),
        false => Ok(submission.put(ENDED, b"")?),
    }
}

/// Tasks of submissions at which somebody works, by key, with what is stored of them; those that are done are
/// left out.
///
/// # Errors
/// If a submission cannot be read.
pub fn given(
    layout: &Layout,
    state: &State,
    scheduler: &dyn Scheduler,
) -> Result<HashMap<Hash, Outputs>, RunError> {
    let mut given = HashMap::new();
    for submission in Submission::all(layout)? {
        if submission.has(ENDED) || Life::of(&submission, scheduler, false)? == Life::Ended {
            continue;
        }
        // One that is just being made has none yet.
        if let Ok(plan) = Plan::read(&submission) {
            note_given(&plan, state, &mut given);
        }
    }
    Ok(given)
}

pub(super) fn note_given(plan: &Plan, state: &State, given: &mut HashMap<Hash, Outputs>) {
    let left = plan.tasks.iter().filter(|task| task.ended(state).is_none());
    given.extend(left.map(|task| (task.key, task.outputs)));
}
