//! What a run tells while it goes on, and when it has ended.

use super::plan::{FailedTask, Plan};
use crate::store::{Id, Loss, Status};

/// Follows a run. All methods are called on the thread that called [`run`](super::run), never at the same time.
///
/// ```
/// use hnn_sweep::stages::{Finished, Watch};
///
/// #[derive(Default)]
/// struct Slowest(f64);
///
/// impl Watch for Slowest {
///     fn finished(&mut self, task: &Finished) {
///         self.0 = self.0.max(task.wall_s);
///     }
/// }
/// ```
pub trait Watch {
    /// `done` points of a large grid of `n` are bound into networks; told about ten times a second.
    fn binding(&mut self, done: u64, n: u64) {
        let _ = (done, n);
    }

    /// The plan is made; nothing has run yet.
    fn planned(&mut self, plan: &Plan) {
        let _ = plan;
    }

    /// A simulation has been committed.
    fn finished(&mut self, task: &Finished) {
        let _ = task;
    }

    /// Other processes simulate tasks of this run, or do so no more. `done` of its tasks have been finished by others.
    fn shared(&mut self, others: usize, done: u64) {
        let _ = (others, done);
    }

    /// Nothing is left but `n` tasks that other processes simulate; the run waits for them.
    fn waiting(&mut self, n: u64) {
        let _ = n;
    }

    /// Called about ten times a second while simulations are under way: the place to look for a key or a signal, and
    /// to set the flag that stops the run.
    fn tick(&mut self) {}

    /// All simulations are done or stopped; `n` statistics are computed from the tables.
    fn reducing(&mut self, n: usize) {
        let _ = n;
    }
}

/// Watches nothing.
impl Watch for () {}

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

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct RunOutcome {
    /// Tasks of the sweep.
    pub n_tasks: u64,
    /// Tasks that were simulated now, those that failed among them.
    pub simulated: u64,
    /// Tasks that failed now.
    pub failed_now: u64,
    /// Failed tasks of the sweep, from this run or an earlier one.
    pub failed: Vec<FailedTask>,
    /// Tasks of the plan that other processes have finished meanwhile.
    pub elsewhere: u64,
    /// Tasks that were left because the run was interrupted.
    pub left: u64,
    /// Parameters that change nothing, as the plan found them.
    pub unused: Vec<String>,
    /// Files that turned out to be damaged; what they held is missing now.
    pub damaged: Vec<String>,
    /// Results that were finished before, and turned out to be lost when the run began. Those of its own tasks it has
    /// simulated again.
    pub losses: Vec<Loss>,
}
