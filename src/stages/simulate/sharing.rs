//! Who simulates what: workers of this process take gangs of tasks from what it has claimed, and it claims what no
//! other process has.
//!
//! Each process begins at a place of its own and goes on from there, block by block, around what others have taken. A
//! block is about a second's work, less where little is left, so that all end together. What a process that died had
//! taken is free once it is known what it had finished.

use super::super::plan::{Plan, PlannedTask};
use super::super::reduce::columns;
use super::work::Work;
use crate::pipeline::Trials;
use crate::store::{Claims, Id, Session, StatId, State, Status, Taken, Task};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Time (s) that a block of tasks is to take.
const BLOCK: f64 = 1.0;

/// The tasks of this process, and who has them.
pub(super) struct Sharing<'a> {
    pub tasks: Vec<&'a PlannedTask>,
    /// Statistics that a simulation gives.
    statistics: Vec<StatId>,
    desk: Mutex<Desk>,
}

/// What was heard of the others.
pub(super) struct Heard {
    /// Whether one of them is gone whose tasks may be free.
    pub one_is_gone: bool,
    /// Whether one of them has taken more.
    pub news: bool,
}

/// Whose tasks are free again.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// Those of others that have ended or died.
    Gone,
    /// And of those that have finished all that they took.
    Resting,
    All,
}

/// Who has a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// Nobody.
    Free,
    /// This process.
    Mine,
    /// This process, which has finished it: it is durable.
    Kept,
    /// Another one.
    Theirs(usize),
    /// Another one has finished it.
    Done,
}

/// What changes while the workers take tasks.
struct Desk {
    ids: Vec<Id>,
    place_of: HashMap<Id, usize>,
    slots: Vec<Slot>,
    /// Claimed, and not begun yet.
    queue: VecDeque<usize>,
    /// Where to look for the next block.
    cursor: usize,
    /// `None` where claims cannot be written: then tasks may be simulated twice.
    claims: Option<Claims>,
    /// Time (s) that simulations took, and how many.
    measured: (f64, u32),
    /// Time (s) of the longest, or what the plan expects.
    longest: f64,
}

impl<'a> Sharing<'a> {
    /// Tasks that another process has not finished since the plan was made.
    pub(super) fn new(work: &Work, plan: &'a Plan, session: &Session) -> Self {
        let statistics = columns(work.pipeline)
            .into_iter()
            .filter(|(summary, _)| summary.trials == Trials::Each && !summary.is_query())
            .map(|(_, id)| id)
            .collect();
        let mut sharing = Self {
            tasks: Vec::new(),
            statistics,
            desk: Mutex::new(Desk {
                ids: Vec::new(),
                place_of: HashMap::new(),
                slots: Vec::new(),
                queue: VecDeque::new(),
                cursor: 0,
                claims: None,
                measured: (0.0, 0),
                longest: plan.seconds_per_task,
            }),
        };
        let state = session.state();
        let mut desk = sharing.desk();
        let mut tasks = Vec::with_capacity(plan.tasks.len());
        for task in &plan.tasks {
            let Some(id) = work.id(task) else { continue };
            let stored = state.tasks.get(&id);
            // Forgotten failures and unfinished outputs are not finished; all else that is stored
            // is.
            if stored.is_none_or(|stored| !sharing.is_finished(task, stored)) {
                desk.place_of.insert(id, tasks.len());
                desk.ids.push(id);
                tasks.push(task);
            }
        }
        desk.slots = vec![Slot::Free; tasks.len()];
        if !tasks.is_empty() {
            // A folder that cannot be locked is used all the same, by one process.
            desk.claims = session.claims().ok();
        }
        let place = desk.claims.as_ref().map_or(0, Claims::place);
        desk.cursor = spread(place, tasks.len());
        drop(desk);
        sharing.tasks = tasks;
        sharing
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a task that is stored now lacks nothing. One that failed has been simulated since the plan was made:
    /// failures of before are forgotten when they are to be simulated again.
    fn is_finished(&self, task: &PlannedTask, stored: &Task) -> bool {
        match stored.status {
            Status::Failed { .. } => true,
            Status::Done if task.outputs.is_none() => {
                let has = |id| stored.stats.contains_key(id);
                self.statistics.iter().all(has)
            }
            Status::Done => stored.outputs.lacking(&task.outputs).is_none(),
        }
    }

    /// The next tasks to simulate side by side; `None` when nothing is left, or only what others have taken. In
    /// order, one after the other: batches fill up one after the other, too.
    pub(super) fn take(&self, jobs: usize, gang: usize) -> Option<Vec<&'a PlannedTask>> {
        let mut desk = self.desk();
        if desk.queue.is_empty() {
            desk.claim(jobs, gang);
        }
        let n = gang.min(desk.queue.len());
        let places: Vec<usize> = desk.queue.drain(..n).collect();
        let tasks = places
            .into_iter()
            .filter_map(|i| self.tasks.get(i).copied());
        Some(tasks.collect()).filter(|tasks: &Vec<_>| !tasks.is_empty())
    }

    /// Takes note of how long a simulation took (s).
    pub(super) fn measure(&self, wall_s: f64) {
        let mut desk = self.desk();
        desk.measured.0 += wall_s;
        desk.measured.1 += 1;
        desk.longest = desk.longest.max(wall_s);
    }

    /// Time (s) of the longest simulation so far.
    pub(super) fn longest(&self) -> f64 {
        self.desk().longest
    }

    /// Leaves out what others have published.
    pub(super) fn note_finished(&self, session: &Session) {
        let mut desk = self.desk();
        let Desk {
            ids, slots, queue, ..
        } = &mut *desk;
        let queued: HashSet<usize> = queue.iter().copied().collect();
        let stored = &session.state().tasks;
        for (place, task) in self.tasks.iter().enumerate() {
            // What a worker is at is finished by it: the row would come twice, but the same.
            let begun = match slots[place] {
                Slot::Mine => !queued.contains(&place),
                Slot::Kept => true,
                _ => false,
            };
            let finished = |stored| self.is_finished(task, stored);
            if !begun && stored.get(&ids[place]).is_some_and(finished) {
                slots[place] = Slot::Done;
            }
        }
        queue.retain(|place| slots[*place] == Slot::Mine);
    }

    /// Takes note of tasks that this process has finished, and that are durable.
    pub(super) fn keep<'i>(&self, ids: impl Iterator<Item = &'i Id>) {
        let mut desk = self.desk();
        for id in ids {
            if let Some(place) = desk.place_of.get(id).copied() {
                desk.slots[place] = Slot::Kept;
            }
        }
    }

    /// Batches of which this process, or another, has tasks to finish.
    pub(super) fn open_batches(&self, state: &State) -> HashSet<u32> {
        let desk = self.desk();
        let slots = desk.ids.iter().zip(&desk.slots);
        let open = slots.filter(|(_, slot)| !matches!(slot, Slot::Kept | Slot::Done));
        open.map(|(id, _)| state.batch_of(id.0)).collect()
    }

    /// What others have done meanwhile.
    pub(super) fn hear(&self) -> Heard {
        let mut desk = self.desk();
        let taken = desk.claims.as_mut().map(Claims::look);
        // A failed look is like silence: the worst is a task that two simulate, to the same bits.
        let taken = taken.and_then(Result::ok).unwrap_or_default();
        desk.take_note(&taken);
        Heard {
            one_is_gone: desk.has_orphans(),
            news: !taken.is_empty(),
        }
    }

    /// Tells the others that all that this process has taken is finished.
    pub(super) fn rest(&self) {
        let mut desk = self.desk();
        // Where it cannot be told, they find out when this process ends.
        let _ = desk.claims.as_mut().map(Claims::rest);
    }

    /// Frees what others had taken and did not finish. What they had finished has been noted before.
    pub(super) fn free(&self, whose: Whose) {
        let mut desk = self.desk();
        let Desk { slots, claims, .. } = &mut *desk;
        let is_one = |other| match (whose, &claims) {
            (Whose::All, _) | (_, None) => true,
            (Whose::Gone, Some(claims)) => claims.is_gone(other),
            (Whose::Resting, Some(claims)) => claims.is_gone(other) || claims.rests(other),
        };
        for slot in slots {
            if let Slot::Theirs(other) = *slot
                && is_one(other)
            {
                *slot = Slot::Free;
            }
        }
    }

    /// Tasks that nobody has taken.
    pub(super) fn n_free(&self) -> usize {
        self.count(|slot| slot == Slot::Free)
    }

    /// Tasks that others have taken, and that are not known to be finished: all of them, and those of others that are
    /// still at work.
    pub(super) fn n_theirs(&self) -> (u64, u64) {
        let desk = self.desk();
        let rests = |other| {
            desk.claims
                .as_ref()
                .is_some_and(|claims| claims.rests(other))
        };
        let (mut all, mut awaited) = (0, 0);
        for slot in &desk.slots {
            if let Slot::Theirs(other) = *slot {
                all += 1;
                awaited += u64::from(!rests(other));
            }
        }
        (all, awaited)
    }

    /// Tasks that others have finished.
    pub(super) fn n_done(&self) -> u64 {
        self.count(|slot| slot == Slot::Done) as u64
    }

    fn count(&self, wanted: fn(Slot) -> bool) -> usize {
        let desk = self.desk();
        desk.slots.iter().filter(|slot| wanted(**slot)).count()
    }

    /// Other processes that simulate tasks of this one.
    pub(super) fn others(&self) -> usize {
        self.desk().claims.as_ref().map_or(0, Claims::others)
    }

    /// No more is taken: others need not wait.
    pub(super) fn leave(self) {
        let desk = self.desk.into_inner();
        let claims = desk.unwrap_or_else(PoisonError::into_inner).claims;
        // Those that are at work notice by themselves if this cannot be written.
        let _ = claims.map(Claims::leave);
    }
}

impl Desk {
    /// Claims the next block.
    fn claim(&mut self, jobs: usize, gang: usize) {
        let mut claims = self.claims.take();
        let block = match &mut claims {
            None => self.choose(jobs, gang, 0),
            Some(claims) => {
                // Read and chosen under the claims' lock, or two might choose the same.
                let block = claims.take(&mut |taken, others| {
                    self.take_note(taken);
                    self.choose(jobs, gang, others)
                });
                // Where nobody can be told, work goes on all the same.
                block.unwrap_or_else(|_| self.choose(jobs, gang, 0))
            }
        };
        self.claims = claims;
        for id in block {
            if let Some(place) = self.place_of.get(&id) {
                self.slots[*place] = Slot::Mine;
                self.queue.push_back(*place);
                // On from what was taken: neighbours share their network's parts, and fill the same
                // batch.
                self.cursor = place + 1;
            }
        }
    }

    /// The next tasks that nobody has taken.
    fn choose(&self, jobs: usize, gang: usize, others: usize) -> Vec<Id> {
        let free = self.slots.iter().filter(|slot| **slot == Slot::Free);
        let free = free.count();
        let per_second = match self.measured {
            (wall_s, n) if n > 0 => f64::from(n) / wall_s.max(1e-6),
            _ => 1.0,
        };
        let worth = (BLOCK * per_second * jobs as f64) as usize;
        // Half of a fair part: towards the end blocks get small, and all end together.
        let fair = free / (2 * (others + 1));
        let n = worth
            .max(jobs)
            .min(fair)
            .max(1)
            // Whole gangs, as lanes that stay empty cost as much as full ones.
            .next_multiple_of(gang.max(1));
        let places = (self.cursor..self.slots.len()).chain(0..self.cursor.min(self.slots.len()));
        let free = places.filter(|place| self.slots[*place] == Slot::Free);
        free.take(n).map(|place| self.ids[place]).collect()
    }

    fn take_note(&mut self, taken: &[Taken]) {
        for Taken { by, ids } in taken {
            for id in ids {
                // What this process has taken, or knows to be done, stays. What another had, who is gone by now,
                // belongs to the one who took it last: who forgets that would free it with the rest of the dead one's.
                if let Some(place) = self.place_of.get(id)
                    && matches!(self.slots[*place], Slot::Free | Slot::Theirs(_))
                {
                    self.slots[*place] = Slot::Theirs(*by);
                }
            }
        }
    }

    /// Whether tasks are taken by a process that is gone.
    fn has_orphans(&self) -> bool {
        let gone = |other| {
            self.claims
                .as_ref()
                .is_none_or(|claims| claims.is_gone(other))
        };
        self.slots
            .iter()
            .any(|slot| matches!(slot, Slot::Theirs(other) if gone(*other)))
    }
}

/// Where the n-th process begins among `len` tasks: far from all before, by the bits of its number in reverse.
fn spread(n: u32, len: usize) -> usize {
    // 0, 1/2, 1/4, 3/4, 1/8, … of the grid.
    ((u64::from(n.reverse_bits()) * len as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::{Desk, Slot, Taken, spread};
    use std::collections::{HashMap, VecDeque};

    #[test]
    fn a_task_that_is_taken_over_belongs_to_the_later_one() {
        let ids = vec![(0, 0), (1, 0), (2, 0)];
        let mut desk = Desk {
            place_of: HashMap::from([((0, 0), 0), ((1, 0), 1), ((2, 0), 2)]),
            slots: vec![Slot::Free, Slot::Free, Slot::Mine],
            ids,
            queue: VecDeque::new(),
            cursor: 0,
            claims: None,
            measured: (0.0, 0),
            longest: 0.0,
        };
        let takes = |by, ids: &[(u32, u32)]| Taken {
            by,
            ids: ids.to_vec(),
        };
        desk.take_note(&[takes(0, &[(0, 0), (1, 0), (2, 0)]), takes(1, &[(0, 0)])]);
        assert_eq!(desk.slots, [Slot::Theirs(1), Slot::Theirs(0), Slot::Mine]);
    }

    #[test]
    fn each_process_begins_in_the_midst_of_the_largest_gap() {
        let places: Vec<usize> = (0..8).map(|n| spread(n, 800)).collect();
        assert_eq!(places, [0, 400, 200, 600, 100, 500, 300, 700]);
        assert_eq!(spread(u32::MAX, 3), 2);
        assert_eq!(spread(5, 0), 0);
    }
}
