//! Writing to a folder: registration of a sweep, commits, publication.

use super::Store;
use super::change::{self, Change};
use super::claims::Claims;
use super::damage::{self, Loss, damaged_parts, lose};
use super::error::{Result, StoreError};
use super::foreign;
use super::garbage;
use super::hash::Hash;
use super::journal::{self, Found, Journal};
use super::layout::{self, DAMAGE, DAMAGED, INTENT, JOURNAL, LOCK, Layout, PIECES, SPECS, TMP};
use super::locks;
use super::machines;
use super::part::Id;
use super::publish;
use super::publisher::Publisher;
use super::readers::Readers;
use super::record::{Commit, Record};
use super::specs;
use super::state::{Part, Point, State, Stats, Status, Sweep, Task};
use super::sweep::{Registration, merge_sweep, unchanged};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// A journal (bytes) is not left to grow beyond this for the sake of whole batches.
const JOURNAL_AT_MOST: u64 = 256 << 20;

/// A process that writes to a folder. Several may, at the same time.
#[derive(Debug)]
pub struct Session {
    pub(super) layout: Layout,
    lock: File,
    pub(super) state: State,
    journal: Journal,
    /// Other programs that read the tables.
    readers: Readers,
    damaged: Vec<String>,
    pub(super) losses: Vec<Loss>,
    /// What keeps other publishers away, also where there are no locks.
    publisher: Option<Publisher>,
    /// Results in journals whose parameter sets no sweep of the folder has.
    unclaimed: u64,
    /// Whether another process has published since it was last asked.
    others_published: bool,
    /// Time for which others held the lock, since it was last asked.
    waited: Duration,
    /// When this process last showed that it is alive.
    beat: Instant,
    /// Hashes of the canonical bytes that are kept already.
    known_specs: Option<HashSet<Hash>>,
}

impl Session {
    /// Opens a folder for writing, makes it if needed, and publishes what runs that were killed had committed.
    ///
    /// # Errors
    /// If the folder holds other files and no results, cannot be written, or its state is damaged.
    pub fn begin(root: &Path) -> Result<Self> {
        // Before anything is made in it.
        if let Some(layout) = Layout::open(root)? {
            foreign::refuse(&layout)?;
        }
        Self::begin_among_other_files(root)
    }

    /// As [`Session::begin`], also in a folder that holds other files.
    ///
    /// # Errors
    /// If the folder cannot be written, or its state is damaged.
    pub fn begin_among_other_files(root: &Path) -> Result<Self> {
        Self::begin_with(root, None, None)
    }

    /// As [`Session::begin`], or [`Session::begin_among_other_files`], after the folder was looked at: what is known of
    /// it is not read again, unless it has changed.
    ///
    /// # Errors
    /// As for [`Session::begin`].
    pub fn begin_after(store: Option<Store>, root: &Path, among_other_files: bool) -> Result<Self> {
        match store.and_then(Store::into_saved_state) {
            // There are results, so it is ours.
            Some(state) => Self::begin_with(root, None, Some(state)),
            None if among_other_files => Self::begin_among_other_files(root),
            None => Self::begin(root),
        }
    }

    /// As [`Session::begin_among_other_files`], also on a file system without locks: the only publisher of the folder
    /// needs none.
    ///
    /// # Errors
    /// As for [`Session::begin_among_other_files`].
    pub fn begin_as(publisher: Publisher) -> Result<Self> {
        let root = publisher.root().to_path_buf();
        Self::begin_with(&root, Some(publisher), None)
    }

    fn begin_with(root: &Path, publisher: Option<Publisher>, known: Option<State>) -> Result<Self> {
        let layout = Layout::create(root)?;
        let locks_needed = publisher.is_none();
        let folder = layout.folder();
        let readers = Readers::watch(folder);
        for name in [TMP, JOURNAL, PIECES, SPECS] {
            folder.make_dir(name)?;
        }
        let lock = folder.open_lock(LOCK, true)?;
        locks::lock(&lock, locks_needed)
            .map_err(|e| StoreError::io("lock", &folder.path(LOCK), e))?;
        foreign::refuse_other_machines(&layout)?;
        let state = match known.filter(|known| !known.is_behind(&layout)) {
            Some(state) => state,
            None => match State::load_to_write(&layout)? {
                Some(state) => state,
                None => foreign::no_state(&layout)?,
            },
        };
        // Left by runs that were killed: nobody else writes there while the lock is held.
        for name in folder.files(TMP, layout::is_aside)? {
            folder.remove(&name)?;
        }
        journal::tidy(&layout)?;
        let journal = Journal::create(&layout, locks_needed)?;
        // Two that begin at the same time see each other now.
        if let Err(error) = foreign::refuse_other_machines(&layout) {
            journal.close()?;
            return Err(error);
        }
        let mut session = Self {
            layout,
            lock,
            state,
            journal,
            readers,
            damaged: Vec::new(),
            losses: Vec::new(),
            publisher,
            unclaimed: 0,
            others_published: false,
            waited: Duration::ZERO,
            beat: Instant::now(),
            known_specs: None,
        };
        let of_past = |(name, part)| Part::begins_with_its_past(part).then_some(name);
        let replaced = session.state.parts.iter().filter_map(of_past);
        session.readers.recall(session.layout.folder(), replaced);
        // A change that a crash cut short first, then what its run had committed.
        let dirty = change::reconcile(&session.layout, &mut session.state)?;
        session.adopt(dirty)?;
        session.layout.folder().remove(INTENT)?;
        session.heal()?;
        // Written by an earlier version, with other rows in the derived tables.
        if publish::is_outdated(&session.state) {
            session.fold(&[], BTreeSet::new())?;
        }
        session.unlock()?;
        Ok(session)
    }

    /// What is known about the folder's tasks; this process's commits are in it once they are published.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Registers a sweep's grid: numbers its simulations and brings `simulations` and `summary` in line with it.
    /// Returns the number of each point's simulation.
    ///
    /// # Errors
    /// If a parameter's or summary's name cannot be a column of the tables, or the disk refuses.
    pub fn register(&mut self, sweep: Registration) -> Result<Vec<u32>> {
        self.locked(|session| {
            // An unchanged sweep writes nothing, so that runs with nothing to do are quick.
            let sims = match unchanged(&session.state, &sweep) {
                Some(sims) => sims,
                None => session.register_anew(&sweep)?,
            };
            // Results whose sweep was unknown: it may be this one.
            if session.unclaimed > 0 {
                session.adopt(BTreeSet::new())?;
            }
            Ok(sims)
        })
    }

    fn register_anew(&mut self, sweep: &Registration) -> Result<Vec<u32>> {
        let before = self.state.sweeps.get(&sweep.name).cloned();
        let (sims, after) = merge_sweep(&mut self.state, before.as_ref(), sweep)?;
        // Points of one simulation, or in another order, may come to the same.
        if before.as_ref() != Some(&after) {
            let changed = changed_sims(&before.unwrap_or_default(), &after);
            let batch = |sim: u32| self.state.batch_of(sim);
            let dirty: BTreeSet<u32> = changed.into_iter().map(batch).collect();
            let sweeps = self.state.sweeps.change();
            sweeps.insert(sweep.name.clone(), after);
            match dirty.is_empty() {
                false => self.fold(&[], dirty)?,
                // No row of a table tells of it, such as by which program the points were made.
                true => {
                    // Gone from memory on an error, as in `fold`: what is on disk counts.
                    let mut state = std::mem::take(&mut self.state);
                    state.save(&self.layout)?;
                    self.state = state;
                }
            }
        }
        Ok(sims)
    }

    /// Makes finished simulations durable.
    ///
    /// # Errors
    /// If the disk refuses; those committed before are not harmed.
    pub fn commit(&mut self, commits: &mut [Commit]) -> Result<()> {
        // Read once: a folder has as many specifications as tasks.
        let mut known = match self.known_specs.take() {
            Some(known) => known,
            None => specs::known(&self.layout, &self.state)?,
        };
        for commit in &mut *commits {
            // Tasks of a sweep share nearly all parts, each of which is stored once.
            commit.spec.retain(|blob| known.insert(blob.hash));
        }
        self.journal.append(commits)?;
        self.known_specs = Some(known);
        Ok(())
    }

    /// Results that earlier runs had finished and that turned out to be lost when this one began.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Joins the other processes that write to the folder.
    ///
    /// # Errors
    /// If the file of claims cannot be locked, read or written.
    pub fn claims(&self) -> Result<Claims> {
        Claims::join(self.layout.folder(), self.journal.name())
    }

    /// Takes over what others have published, and what those that died have left in their journals.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn look(&mut self) -> Result<()> {
        self.locked(|session| session.adopt_at_work())
    }

    /// Whether another process has published what is not in [`Session::state`].
    pub fn is_behind(&self) -> bool {
        self.state.is_behind(&self.layout)
    }

    /// Shows other machines that this process is alive; to be called now and then.
    pub fn beat(&mut self) {
        if self.beat.elapsed() >= machines::BEAT {
            self.beat = Instant::now();
            self.journal.beat();
        }
    }

    /// Time for which others held the folder's lock, since this was last asked.
    pub fn waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// Whether another process has published since this was last asked.
    pub fn others_published(&mut self) -> bool {
        std::mem::take(&mut self.others_published)
    }

    /// Whether anything is committed that is not in the tables yet.
    pub fn is_published(&self) -> bool {
        self.journal.records().is_empty()
    }

    /// Brings all that was committed into the tables.
    ///
    /// # Errors
    /// If the disk refuses; what was committed stays committed.
    pub fn publish(&mut self) -> Result<()> {
        self.publish_but(&|_| false)
    }

    /// Brings what was committed into the tables, but for batches of which more is to come. So a file is written once,
    /// with all its rows: other programs look at a file's length first and open it afterwards, and fail where it was
    /// replaced in between.
    ///
    /// # Errors
    /// If the disk refuses; what was committed stays committed.
    pub fn publish_but(&mut self, more_to_come: &dyn Fn(u32) -> bool) -> Result<()> {
        let all = self.journal.len() > JOURNAL_AT_MOST;
        let is_ready = |state: &State, record: &Record| {
            let sim = state.sim_of(&record.set);
            all || sim.is_none_or(|sim| !more_to_come(state.batch_of(sim)))
        };
        let records = self.journal.records();
        if !records.iter().any(|record| is_ready(&self.state, record)) {
            return Ok(());
        }
        self.locked(|session| {
            // The journal is cleared only after the tables and the state have it.
            let records = session.journal.records().iter();
            let ready = records.filter(|record| is_ready(&session.state, record));
            session.fold(&ready.cloned().collect::<Vec<_>>(), BTreeSet::new())?;
            let Session { journal, state, .. } = session;
            journal.let_go(&|record| is_ready(state, record))
        })
    }

    /// Brings all that this process and others have finished into the tables, also what others have in their journals
    /// and keep there until their batches are whole.
    ///
    /// # Errors
    /// If the disk refuses; what was committed stays committed.
    pub fn publish_with_others(&mut self) -> Result<()> {
        self.locked(|session| {
            let mut records = session.journal.records().to_vec();
            for name in journal::names(&session.layout)? {
                if name != session.journal.name() {
                    records.extend(journal::read(&session.layout, &name)?.records);
                }
            }
            session.fold(&records, BTreeSet::new())?;
            session.journal.clear()
        })
    }

    /// Stores statistics that were computed from stored tables.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn set_statistics(
        &mut self,
        trials: &BTreeMap<Id, Stats>,
        means: &BTreeMap<u32, Stats>,
    ) -> Result<()> {
        if trials.is_empty() && means.is_empty() {
            return Ok(());
        }
        self.publish()?;
        self.locked(|session| {
            let mut dirty = BTreeSet::new();
            for (id, stats) in trials {
                if let Some(task) = session.state.tasks.get_mut(id) {
                    task.stats.extend(stats);
                    dirty.insert(session.state.batch_of(id.0));
                }
            }
            for (sim, stats) in means {
                if (*sim as usize) < session.state.sims.len() {
                    session.state.means.entry(*sim).extend(stats);
                    dirty.insert(session.state.batch_of(*sim));
                }
            }
            session.fold(&[], dirty)
        })
    }

    /// Forgets failed tasks, so that they are simulated again.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn forget(&mut self, ids: &[Id]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.publish()?;
        self.locked(|session| {
            let mut dirty = BTreeSet::new();
            for id in ids {
                // Another process may have simulated it again meanwhile.
                let done = |task: &Task| task.status == Status::Done;
                if session.state.tasks.get(id).is_some_and(done) {
                    continue;
                }
                session.state.tasks.remove(id);
                dirty.insert(session.state.batch_of(id.0));
            }
            session.fold(&[], dirty)
        })
    }

    /// Packs the specifications of finished tasks anew, and removes what nobody needs: specifications of tasks that
    /// are gone (unless others are at work, who may count on them), damaged files that were put aside. `links` are the
    /// blobs that a blob names. Gives the names of the damaged files.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged, or the disk refuses.
    pub fn compact(&mut self, links: &dyn Fn(&[u8]) -> Vec<Hash>) -> Result<Vec<String>> {
        self.publish()?;
        self.locked(|session| {
            // Others count on what was there when they looked, for results that are not in the state yet.
            let others = journal::names(&session.layout)?.len() > 1;
            let mut state = session.state.clone();
            specs::repack(&session.layout, &mut state, links, others)?;
            // The new packs are on disk: the state may name them.
            state.save(&session.layout)?;
            session.state = state;
            session.known_specs = None;
            specs::remove_unknown(&session.layout, &session.state)?;
            let folder = session.layout.folder();
            let damaged = folder.files(DAMAGED, layout::is_damaged)?;
            damaged.iter().try_for_each(|name| folder.remove(name))?;
            Ok(damaged)
        })
    }

    /// Drops everything of simulations that are in no sweep's present grid. See [`State::garbage`].
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn collect_garbage(&mut self) -> Result<()> {
        self.publish()?;
        self.locked(|session| {
            let state = std::mem::take(&mut session.state);
            let mut state = garbage::collect(&session.layout, state, &mut session.readers)?;
            state.save(&session.layout)?;
            session.state = state;
            session.layout.folder().remove(INTENT)
        })
    }

    /// Publishes and ends the session. Gives the state, and files that turned out to be damaged meanwhile.
    ///
    /// # Errors
    /// If the disk refuses; what was committed stays committed.
    pub fn finish(mut self) -> Result<(State, Vec<String>)> {
        self.publish()?;
        self.settle()?;
        self.journal.close()?;
        Ok((self.state, self.damaged))
    }

    /// Writes files that begin with what they have replaced by themselves, unless somebody goes on reading: then the
    /// next session does.
    fn settle(&mut self) -> Result<()> {
        let is_waiting = |state: &State| state.parts.values().any(Part::begins_with_its_past);
        if !is_waiting(&self.state) || !self.readers.wait_until_away(self.layout.folder()) {
            return Ok(());
        }
        self.locked(|session| {
            // Another process may have done it, and somebody may have come.
            let folder = session.layout.folder();
            if !is_waiting(&session.state) || !session.readers.are_away(folder) {
                return Ok(());
            }
            // Gone from memory on an error, as in `fold`.
            let mut state = std::mem::take(&mut session.state);
            Change::alone(&session.layout, &state)?.apply(&session.layout, &mut state)?;
            state.save(&session.layout)?;
            session.state = state;
            session.layout.folder().remove(INTENT)
        })
    }

    pub(super) fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let path = self.layout.folder().path(LOCK);
        let began = Instant::now();
        locks::lock(&self.lock, self.publisher.is_none())
            .map_err(|e| StoreError::io("lock", &path, e))?;
        self.waited += began.elapsed();
        if self.publisher.as_ref().is_some_and(Publisher::is_lost) {
            return Err(StoreError::Conflict {
                what: format!("another process has taken {} over", self.layout.root().display()),
                help: "nothing was heard of this one for minutes; what was finished is kept: give the same command again"
                    .into(),
            });
        }
        // Others may have changed the folder since the lock was last held.
        let result = self.refresh().and_then(|()| work(self));
        self.unlock()?;
        result
    }

    fn unlock(&self) -> Result<()> {
        locks::unlock(&self.lock, self.publisher.is_none())
            .map_err(|e| StoreError::io("unlock", &self.layout.folder().path(LOCK), e))
    }

    /// Publishes records and what is dirty. On an error the state is gone from memory, and `refresh` reads it again.
    pub(super) fn fold(&mut self, records: &[Record], dirty: BTreeSet<u32>) -> Result<()> {
        let state = std::mem::take(&mut self.state);
        let Self {
            layout, readers, ..
        } = self;
        let (state, damaged) = publish::publish(layout, state, records, dirty, readers)?;
        // Of tables that are new.
        readers.look(layout.folder());
        self.state = state;
        self.damaged.extend(damaged);
        Ok(())
    }

    /// Takes over what another process has published since.
    fn refresh(&mut self) -> Result<()> {
        if self.is_behind() {
            self.state = std::mem::take(&mut self.state).catch_up(&self.layout)?;
            self.known_specs = None;
            self.others_published = true;
        }
        // One that was killed meanwhile has left files that the state does not know.
        let dirty = change::reconcile(&self.layout, &mut self.state)?;
        if !dirty.is_empty() {
            self.fold(&[], dirty)?;
        }
        Ok(())
    }

    /// Publishes the journals of processes that are gone. Results of parameter sets that no sweep has are kept until
    /// one has them; a damaged journal is put aside. Not once this process has results of its own in flight.
    fn adopt(&mut self, dirty: BTreeSet<u32>) -> Result<()> {
        let orphans = self.orphans()?;
        let damaged = orphans.iter().any(|(found, _)| found.damage.is_some());
        // Counted anew below.
        self.unclaimed = 0;
        self.fold_orphans(&orphans, dirty)?;
        // With no other process at work, a piece that is still there was never committed, or its journal is damaged.
        let folder = self.layout.folder();
        if journal::names(&self.layout)?.len() > 1 {
            return Ok(());
        }
        for name in folder.files(PIECES, layout::is_aside)? {
            match damaged {
                true => damage::put_aside(&self.layout, &name)?,
                false => folder.remove(&name)?,
            }
        }
        Ok(())
    }

    /// Publishes the journals of processes that have died while this one is at work. Whatever is damaged is left to
    /// the next that begins.
    fn adopt_at_work(&mut self) -> Result<()> {
        let mut orphans = self.orphans()?;
        orphans.retain(|(found, _)| {
            found.damage.is_none() && found.unclaimed(&self.state).next().is_none()
        });
        self.fold_orphans(&orphans, BTreeSet::new())
    }

    /// Journals of processes that are gone, each with a lock that keeps others from it.
    fn orphans(&self) -> Result<Vec<(Found, File)>> {
        let read = |(name, lock): (String, File)| Ok((journal::read(&self.layout, &name)?, lock));
        journal::orphans(&self.layout)?
            .into_iter()
            .map(read)
            .collect()
    }

    fn fold_orphans(&mut self, orphans: &[(Found, File)], dirty: BTreeSet<u32>) -> Result<()> {
        let records = orphans.iter().flat_map(|(found, _)| &found.records);
        let numbered = |record: &&Record| self.state.sim_of(&record.set).is_some();
        let records: Vec<Record> = records.filter(numbered).cloned().collect();
        if !records.is_empty() || !dirty.is_empty() {
            self.fold(&records, dirty)?;
        }
        orphans
            .iter()
            .try_for_each(|(found, _)| self.put_away(found))
    }

    /// Removes a journal whose records are in the tables, but for those of parameter sets that no sweep has.
    fn put_away(&mut self, found: &Found) -> Result<()> {
        // They wait for a sweep: their specification names it by hash only.
        let unclaimed: Vec<&Record> = found.unclaimed(&self.state).collect();
        self.unclaimed += unclaimed.len() as u64;
        let all = unclaimed.len() == found.records.len();
        if !unclaimed.is_empty() {
            if all && found.damage.is_none() {
                // Their own journal, nothing else in it: it stays as it is.
                return Ok(());
            }
            journal::keep(&self.layout, &unclaimed)?;
        }
        let Some(what) = &found.damage else {
            return journal::remove(self.layout.folder(), &found.name);
        };
        self.losses.push(Loss {
            file: found.name.clone(),
            results: found.lost,
            what: what.clone(),
        });
        damage::put_aside(&self.layout, &found.name)?;
        journal::remove(self.layout.folder(), &found.name)
    }

    /// Files that are not as they were written: their rows are forgotten, so that the tasks run again; the file is
    /// put aside.
    fn heal(&mut self) -> Result<()> {
        let damaged = damaged_parts(&self.layout, &self.state)?;
        if damaged.is_empty() {
            return Ok(());
        }
        let mut dirty = BTreeSet::new();
        for (name, batch) in damaged {
            let results = lose(&self.layout, &mut self.state, &name, &|_| false)?;
            // Said now, before the run; what it held is simulated again in it.
            self.losses.push(Loss {
                file: name,
                results,
                what: "it is missing or not as it was written".into(),
            });
            dirty.insert(batch);
        }
        // The note has served: the files that it names are aside.
        self.layout.folder().remove(DAMAGE)?;
        self.fold(&[], dirty)
    }
}

/// Simulations whose rows of `simulations` or `summary` change with a sweep.
fn changed_sims(before: &Sweep, after: &Sweep) -> BTreeSet<u32> {
    let all = before.summaries != after.summaries || before.n_trials != after.n_trials;
    let row = |point: &Point| (point.sim, point.place, point.values.clone());
    let differing = |a: &Sweep, b: &Sweep| -> Vec<u32> {
        let points = a.points.iter().enumerate();
        points
            // By index, as points keep their place in the list from run to run.
            .filter(|(i, p)| all || b.points.get(*i).map(row) != Some(row(p)))
            .map(|(_, p)| p.sim)
            .collect()
    };
    let mut sims: BTreeSet<u32> = differing(before, after).into_iter().collect();
    sims.extend(differing(after, before));
    sims
}
