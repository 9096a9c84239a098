//! Who simulates what: the workers of this process take gangs of tasks, and leave out what other processes have finished.

use super::super::plan::{Plan, PlannedTask};
use super::work::Work;
use crate::store::{Id, Session};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// The tasks of this process, and how far its workers are.
pub(super) struct Sharing<'a> {
    pub tasks: Vec<&'a PlannedTask>,
    next: AtomicUsize,
    /// Tasks that other processes have finished meanwhile.
    elsewhere: RwLock<HashSet<Id>>,
    skipped: AtomicU64,
}

impl<'a> Sharing<'a> {
    /// Tasks that another process has not finished since the plan was made.
    pub(super) fn new(work: &Work, plan: &'a Plan, session: &Session) -> Self {
        let state = session.state();
        let still_missing = |task: &&PlannedTask| {
            let stored = work.id(task).and_then(|id| state.tasks.get(&id));
            // A task that is there and lacks nothing may still have been planned for its statistics.
            stored.is_none_or(|stored| {
                task.outputs.is_none() || !stored.outputs.lacking(&task.outputs).is_none()
            })
        };
        let mut tasks: Vec<&PlannedTask> = plan.tasks.iter().filter(still_missing).collect();
        // Several processes begin at different places, and leave out what the others have published. The second comes from
        // the end: two that went the same way would run side by side once one has caught up.
        match session.companions() {
            0 => {}
            1 => tasks.reverse(),
            others => {
                let begin = tasks.len() * others / (others + 1);
                tasks.rotate_left(begin);
            }
        }
        Self {
            tasks,
            next: AtomicUsize::new(0),
            elsewhere: RwLock::default(),
            skipped: AtomicU64::new(0),
        }
    }

    /// The next tasks to simulate side by side; `None` when all have been taken. In order, one after the other: batches fill up
    /// one after the other, too.
    pub(super) fn take(&self, work: &Work, gang: usize) -> Option<Vec<&'a PlannedTask>> {
        loop {
            let begin = self.next.fetch_add(gang, Ordering::Relaxed);
            let tasks = self.tasks.get(begin..).filter(|rest| !rest.is_empty())?;
            let tasks = tasks.iter().copied().take(gang);
            let n = tasks.len();
            let elsewhere = self
                .elsewhere
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let own: Vec<&PlannedTask> = tasks
                .filter(|task| !work.id(task).is_some_and(|id| elsewhere.contains(&id)))
                .collect();
            let skipped = (n - own.len()) as u64;
            self.skipped.fetch_add(skipped, Ordering::Relaxed);
            if !own.is_empty() {
                return Some(own);
            }
        }
    }

    /// Looks at what others have published.
    pub(super) fn look(&self, work: &Work, session: &mut Session) {
        if !session.others_published() {
            return;
        }
        let stored = &session.state().tasks;
        let finished = self.tasks.iter().filter_map(|task| {
            let id = work.id(task)?;
            let lacking = stored.get(&id)?.outputs.lacking(&task.outputs);
            (lacking.is_none() && !task.outputs.is_none()).then_some(id)
        });
        *self
            .elsewhere
            .write()
            .unwrap_or_else(PoisonError::into_inner) = finished.collect();
    }

    /// Tasks that were left out because another process had finished them.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }
}
