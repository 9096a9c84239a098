//! What a batch system has to do.

use crate::stages::RunError;
use std::path::Path;

/// State of a job, or of one task of an array, that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits.
    Queued,
    /// It runs.
    Running,
}

/// A batch system.
pub trait Scheduler {
    /// Submits a script with further options, and arguments of its own; gives the job's number.
    ///
    /// # Errors
    /// If the batch system refuses it, or is not there.
    fn submit(
        &self,
        script: &Path,
        options: &[String],
        arguments: &[String],
    ) -> Result<String, RunError>;

    /// Tasks of a job that have not ended, by their number in its array; `None` if nobody can be asked.
    fn states(&self, job: &str) -> Option<Vec<(Option<u32>, JobState)>>;

    /// How tasks of a job have ended, in the system's words, as far as it remembers.
    fn ends(&self, job: &str) -> Vec<(Option<u32>, String)>;

    /// Most tasks of an array.
    fn largest_array(&self) -> u32;

    /// Whether a job is known to be over.
    fn has_ended(&self, job: &str) -> bool {
        self.states(job).is_some_and(|tasks| tasks.is_empty())
    }
}
