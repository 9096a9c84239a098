//! Writing to a folder: registration of a sweep, commits, publication.

use super::derive::{self, Columns, Points};
use super::disk;
use super::error::{Result, StoreError};
use super::hash::Hash;
use super::journal::{self, Commit, Journal, Record, RecordPiece};
use super::layout::{Layout, Table};
use super::part::{self, Id, Incoming, write_part};
use super::specs;
use super::state::{
    Column, Kind, Outputs, Part, Point, STORE_VERSION, State, Status, Sweep, Value,
};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Name of the file that holds a batch of a table.
pub(crate) const PART: &str = "part.parquet";

/// A sweep that is about to run.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Name.
    pub name: String,
    /// Names and kinds of its parameters.
    pub parameters: Vec<(String, Kind)>,
    /// Trials of each point.
    pub n_trials: u32,
    /// Version of the numerics, for the table.
    pub numerics: u32,
    /// Most simulations of a batch.
    pub batch_size: u32,
    /// Statistics.
    pub summaries: Vec<Column>,
    /// Of what the points' simulations are made with their values, if that is known.
    pub recipe: Option<u64>,
    /// Parameter set and values of each point of the grid, in order.
    pub points: Vec<(Hash, Vec<Value>)>,
}

/// A process that writes to a folder. Several may, at the same time.
#[derive(Debug)]
pub struct Session {
    layout: Layout,
    lock: fs::File,
    state: State,
    journal: Journal,
    damaged: Vec<String>,
    /// Hashes of the canonical bytes that are kept already.
    known_specs: Option<HashSet<Hash>>,
}

impl Session {
    /// Opens a folder for writing, makes it if needed, and publishes what runs that were killed had committed.
    ///
    /// # Errors
    /// If the folder cannot be written, or its state is damaged.
    pub fn begin(root: &Path) -> Result<Self> {
        let layout = Layout::new(root);
        for folder in [
            layout.tmp(),
            layout.journal(),
            layout.pieces(),
            layout.specs(),
        ] {
            disk::create_dir(&folder)?;
        }
        let path = layout.lock();
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(&path)
            .map_err(|e| StoreError::io("write to", &path, e))?;
        lock.lock().map_err(|e| StoreError::io("lock", &path, e))?;
        let state = match State::load(&layout)? {
            Some(state) => state,
            None => no_state(&layout)?,
        };
        for path in disk::list(&layout.tmp())? {
            disk::remove(&path)?;
        }
        let journal = Journal::create(&layout)?;
        let mut session = Self {
            layout,
            lock,
            state,
            journal,
            damaged: Vec::new(),
            known_specs: None,
        };
        let dirty = session.reconcile()?;
        session.adopt(dirty)?;
        session.heal()?;
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
            let before = session.state.sweeps.get(&sweep.name).cloned();
            let (sims, after) = merge_sweep(&mut session.state, before.as_ref(), &sweep)?;
            let mut dirty = BTreeSet::new();
            if before.as_ref() != Some(&after) {
                let changed = |a: &Sweep, b: &Sweep| {
                    let whole = a.summaries != b.summaries || a.n_trials != b.n_trials;
                    let points = a.points.iter().enumerate();
                    points
                        .filter(|(i, p)| {
                            let other = b.points.get(*i).map(|p| (p.sim, p.place, &p.values));
                            whole || other != Some((p.sim, p.place, &p.values))
                        })
                        .map(|(_, p)| p.sim)
                        .collect::<Vec<u32>>()
                };
                let sims = before.iter().flat_map(|b| changed(b, &after));
                let sims: Vec<u32> = sims
                    .chain(changed(&after, &before.clone().unwrap_or_default()))
                    .collect();
                dirty.extend(sims.into_iter().map(|sim| session.state.batch_of(sim)));
                session.state.sweeps.insert(sweep.name.clone(), after);
            }
            session.fold(&[], dirty)?;
            Ok(sims)
        })
    }

    /// Makes finished simulations durable.
    ///
    /// # Errors
    /// If the disk refuses; those committed before are not harmed.
    pub fn commit(&mut self, commits: &mut [Commit]) -> Result<()> {
        let mut known = match self.known_specs.take() {
            Some(known) => known,
            None => specs::known(&self.layout, &self.state)?,
        };
        for commit in &mut *commits {
            commit.spec.retain(|blob| known.insert(blob.hash));
        }
        self.journal.append(commits)?;
        self.known_specs = Some(known);
        Ok(())
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
        if self.is_published() {
            return Ok(());
        }
        self.locked(|session| {
            let records = session.journal.records().to_vec();
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
        trials: &BTreeMap<Id, BTreeMap<u64, Option<f64>>>,
        means: &BTreeMap<u32, BTreeMap<u64, Option<f64>>>,
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
                if let Some(entry) = session.state.sims.get_mut(*sim as usize) {
                    entry.means.extend(stats);
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
                session.state.tasks.remove(id);
                dirty.insert(session.state.batch_of(id.0));
            }
            session.fold(&[], dirty)
        })
    }

    /// Drops everything of simulations that are in no sweep's present grid. See [`State::garbage`].
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn collect_garbage(&mut self) -> Result<()> {
        self.publish()?;
        self.locked(|session| {
            let mut state = std::mem::take(&mut session.state);
            let garbage = state.garbage();
            for sweep in state.sweeps.values_mut() {
                sweep.points.retain(|point| point.place.is_some());
            }
            let mut change = Change::default();
            let mut dirty: BTreeSet<u32> = (0..).take(state.batches.len()).collect();
            dirty.retain(|batch| garbage.iter().any(|sim| state.batch_of(*sim) == *batch));
            for table in Table::DATA {
                for batch in &dirty {
                    let name = Layout::part_name(table, *batch, PART);
                    let path = session.layout.root().join(&name);
                    if !state
                        .parts
                        .get(&name)
                        .is_some_and(|p| part::is_intact(&path, p).unwrap_or(false))
                    {
                        continue;
                    }
                    let replaced = |id: Id| garbage.contains(&id.0);
                    match part::merge(&session.layout.tmp(), Some(&path), table, &[], &replaced)? {
                        Some(staged) => {
                            change
                                .files
                                .push((name, Source::Staged(staged.file), staged.written))
                        }
                        None => change.removals.push(name),
                    }
                }
            }
            for name in state.parts.keys() {
                let own = Layout::parse_part_name(name).and_then(|(_, own)| own);
                if own.is_some_and(|(sim, _)| garbage.contains(&sim)) {
                    change.removals.push(name.clone());
                }
            }
            state.tasks.retain(|(sim, _), _| !garbage.contains(sim));
            for sim in &garbage {
                if let Some(sim) = state.sims.get_mut(*sim as usize) {
                    sim.means.clear();
                }
            }
            // Places of former points are columns of all batches.
            dirty = (0..).take(state.batches.len()).collect();
            session.derive(&mut state, &mut change, dirty)?;
            change.apply(&session.layout, &mut state)?;
            state.save(&session.layout)?;
            session.state = state;
            disk::remove(&session.layout.intent())
        })
    }

    /// Publishes and ends the session. Gives the state, and files that turned out to be damaged meanwhile.
    ///
    /// # Errors
    /// If the disk refuses; what was committed stays committed.
    pub fn finish(mut self) -> Result<(State, Vec<String>)> {
        self.publish()?;
        self.journal.close()?;
        Ok((self.state, self.damaged))
    }

    fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let path = self.layout.lock();
        self.lock
            .lock()
            .map_err(|e| StoreError::io("lock", &path, e))?;
        let result = self.refresh().and_then(|()| work(self));
        self.unlock()?;
        result
    }

    fn unlock(&self) -> Result<()> {
        self.lock
            .unlock()
            .map_err(|e| StoreError::io("unlock", &self.layout.lock(), e))
    }

    /// Takes over what another process has published since.
    fn refresh(&mut self) -> Result<()> {
        let on_disk = disk::peek_seal(&self.layout.state()).map(|seal| seal.generation);
        if on_disk.unwrap_or(0) != self.state.generation {
            self.state = State::load(&self.layout)?.unwrap_or_default();
            self.known_specs = None;
        }
        Ok(())
    }

    /// Publishes the journals of processes that are gone.
    fn adopt(&mut self, dirty: BTreeSet<u32>) -> Result<()> {
        let orphans = journal::orphans(&self.layout)?;
        let mut records = Vec::new();
        for (path, _) in &orphans {
            records.extend(journal::read(path)?);
        }
        if !records.is_empty() || !dirty.is_empty() {
            self.fold(&records, dirty)?;
        }
        for (path, _lock) in &orphans {
            disk::remove(path)?;
        }
        // With no other process at work, a piece that is still there was never committed.
        let others = disk::list(&self.layout.journal())?.len() > 1;
        if !others {
            for path in disk::list(&self.layout.pieces())? {
                disk::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Files that are not as they were written: their rows are forgotten, so that the tasks run again; the file is put aside.
    fn heal(&mut self) -> Result<()> {
        let damaged = damaged_parts(&self.layout, &self.state)?;
        if damaged.is_empty() {
            return Ok(());
        }
        let mut dirty = BTreeSet::new();
        for (name, batch) in damaged {
            lose(&self.layout, &mut self.state, &name, &|_| false)?;
            dirty.insert(batch);
        }
        disk::remove(&self.layout.damage())?;
        self.fold(&[], dirty)
    }

    /// Brings records into the tables, rewrites `simulations` and `summary` where needed, and replaces the state.
    fn fold(&mut self, records: &[Record], mut dirty: BTreeSet<u32>) -> Result<()> {
        // On an error the state is gone from memory, and `refresh` reads it again.
        let mut state = std::mem::take(&mut self.state);
        let mut merges: BTreeMap<(Table, u32), BTreeMap<Id, RecordPiece>> = BTreeMap::new();
        let mut blobs = BTreeMap::new();
        for record in records {
            for (hash, source) in &record.spec {
                blobs.insert(*hash, source.read()?.to_vec());
            }
            if accept(&mut state, record) == Accepted::No {
                continue;
            }
            let batch = state.batch_of(record.id.0);
            dirty.insert(batch);
            for (table, piece) in &record.pieces {
                let rows = merges.entry((*table, batch)).or_default();
                rows.insert(record.id, piece.clone());
            }
        }
        let mut change = Change::default();
        for ((table, batch), rows) in merges {
            self.merge(&mut state, &mut change, table, batch, &rows)?;
        }
        specs::add(&self.layout, &mut state, blobs)?;
        self.derive(&mut state, &mut change, dirty)?;
        change.apply(&self.layout, &mut state)?;
        state.save(&self.layout)?;
        self.state = state;
        disk::remove(&self.layout.intent())
    }

    /// Brings rows into a batch of a table: small pieces into its part, each large one as a part of its own.
    fn merge(
        &mut self,
        state: &mut State,
        change: &mut Change,
        table: Table,
        batch: u32,
        rows: &BTreeMap<Id, RecordPiece>,
    ) -> Result<()> {
        let mut incoming = Vec::new();
        for (id, piece) in rows {
            let own = Layout::own_part_name(table, batch, *id);
            match piece {
                RecordPiece::Inline(source) => {
                    incoming.push(Incoming {
                        id: *id,
                        source: source.clone(),
                    });
                    if state.parts.contains_key(&own) {
                        change.removals.push(own);
                    }
                }
                RecordPiece::File(name, written) => {
                    let piece = Source::Piece(self.layout.pieces().join(name));
                    change.files.push((own, piece, *written));
                }
            }
        }
        let name = Layout::part_name(table, batch, PART);
        let path = self.layout.root().join(&name);
        let mut old = state.parts.get(&name).copied();
        if incoming.is_empty() && old.is_none() {
            return Ok(());
        }
        // What is not as it was written must not get a new checksum.
        if let Some(part) = old
            && !part::is_intact(&path, &part)?
        {
            lose(&self.layout, state, &name, &|id| rows.contains_key(&id))?;
            self.damaged.push(name.clone());
            old = None;
        }
        let replaced = |id: Id| rows.contains_key(&id);
        let old = old.map(|_| path.as_path());
        match part::merge(&self.layout.tmp(), old, table, &incoming, &replaced)? {
            Some(staged) => change
                .files
                .push((name, Source::Staged(staged.file), staged.written)),
            None => change.removals.push(name),
        }
        Ok(())
    }

    /// Rewrites `simulations` and `summary` of some batches, or of all if their columns have changed.
    fn derive(
        &self,
        state: &mut State,
        change: &mut Change,
        mut dirty: BTreeSet<u32>,
    ) -> Result<()> {
        let columns = columns(state)?;
        if state.columns != columns.signature() {
            state.columns = columns.signature();
            dirty.extend(0..u32::try_from(state.batches.len()).unwrap_or(u32::MAX));
        }
        let points = Points::of(state);
        let tmp = self.layout.tmp();
        // Last, so that whatever `simulations` lists is in the other tables.
        for table in [Table::Summary, Table::Simulations] {
            for batch in &dirty {
                let name = Layout::part_name(table, *batch, PART);
                let rows = derive::rows(table, state, &columns, &points, *batch)
                    .map_err(|e| StoreError::io("write", &tmp, std::io::Error::other(e)))?;
                if rows.num_rows() > 0 {
                    let staged = write_part(&tmp, table, &rows)?;
                    change
                        .files
                        .push((name, Source::Staged(staged.file), staged.written));
                } else if state.parts.contains_key(&name) {
                    change.removals.push(name);
                }
            }
        }
        Ok(())
    }

    /// Takes note of files that a crash left replaced although the state does not know it; gives their batches.
    fn reconcile(&mut self) -> Result<BTreeSet<u32>> {
        let mut dirty = BTreeSet::new();
        let path = self.layout.intent();
        let bytes = disk::read_whole(&path)?.unwrap_or_default();
        // An intent that is not whole was never acted upon.
        let Ok((_, payload)) = disk::unseal(&bytes) else {
            disk::remove(&path)?;
            return Ok(dirty);
        };
        let intent: Intent = rmp_serde::from_slice(payload).unwrap_or_default();
        for (name, written) in intent.files {
            if part::is_intact(&self.layout.root().join(&name), &written)? {
                dirty.extend(Layout::parse_part_name(&name).map(|(batch, _)| batch));
                self.state.parts.insert(name, written);
            }
        }
        for name in intent.removals {
            if !self.layout.root().join(&name).exists() {
                dirty.extend(Layout::parse_part_name(&name).map(|(batch, _)| batch));
                self.state.parts.remove(&name);
            }
        }
        Ok(dirty)
    }
}

/// Files that are to be replaced and removed, in order.
#[derive(Default)]
struct Change {
    files: Vec<(String, Source, Part)>,
    removals: Vec<String>,
}

enum Source {
    Staged(tempfile::TempPath),
    Piece(PathBuf),
}

/// A change, written down before it is made: whichever of the files a crash leaves in place can be told by their checksums.
#[derive(Default, Serialize, Deserialize)]
struct Intent {
    files: Vec<(String, Part)>,
    removals: Vec<String>,
}

impl Change {
    fn apply(self, layout: &Layout, state: &mut State) -> Result<()> {
        if self.files.is_empty() && self.removals.is_empty() {
            return Ok(());
        }
        let path = layout.intent();
        let intent = Intent {
            files: self
                .files
                .iter()
                .map(|(name, _, written)| (name.clone(), *written))
                .collect(),
            removals: self.removals.clone(),
        };
        let payload = rmp_serde::to_vec_named(&intent)
            .map_err(|e| StoreError::io("write", &path, std::io::Error::other(e)))?;
        let seal = disk::Seal {
            version: STORE_VERSION,
            generation: state.generation,
        };
        disk::write_whole(&layout.tmp(), &path, &disk::seal(seal, &payload))?;
        let mut folders = BTreeSet::new();
        for (name, source, written) in self.files {
            let target = layout.root().join(&name);
            if let Some(folder) = target.parent()
                && folders.insert(folder.to_path_buf())
                && !folder.exists()
            {
                disk::create_dir(folder)?;
            }
            match source {
                Source::Staged(file) => disk::put(file, &target)?,
                // It may have been moved before a crash.
                Source::Piece(piece) if piece.exists() => disk::rename(&piece, &target)?,
                Source::Piece(_) => {}
            }
            state.parts.insert(name, written);
        }
        for name in self.removals {
            disk::remove(&layout.root().join(&name))?;
            state.parts.remove(&name);
        }
        // The names in the folders must be durable before the state relies on them.
        folders
            .iter()
            .try_for_each(|folder| disk::sync_parent(&folder.join(PART)))
    }
}

/// Tasks lose the rows of a damaged file, which is put aside; `but` for those whose rows are new.
fn lose(layout: &Layout, state: &mut State, name: &str, but: &dyn Fn(Id) -> bool) -> Result<()> {
    forget_rows(state, name, but);
    state.parts.remove(name);
    let path = layout.root().join(name);
    if path.exists() {
        let folder = layout.state_folder().join("damaged");
        disk::create_dir(&folder)?;
        disk::rename(&path, &folder.join(name.replace('/', "-")))?;
    }
    Ok(())
}

/// The state of a new folder; tables without a state are not ours to write to.
fn no_state(layout: &Layout) -> Result<State> {
    for table in Table::ALL {
        let folder = layout.root().join(table.name());
        if !disk::list(&folder)?.is_empty() {
            return Err(StoreError::Damaged {
                path: layout.state(),
                what: format!("it is gone, but there are tables such as {}", folder.display()),
                help: "copy `.state/state.before` over `.state/state` if it is there, or choose another save_folder".into(),
            });
        }
    }
    Ok(State::default())
}

fn columns(state: &State) -> Result<Columns> {
    Columns::of(state).map_err(|(name, first, second)| StoreError::Conflict {
        what: format!("the column `{name}` means different things in the sweeps `{first}` and `{second}` of this folder"),
        help: "rename it in one of them, or give them different folders with `save_folder`".into(),
    })
}

/// Whether a record brought anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    Yes,
    No,
}

/// Takes a finished task into the state. The first result stays; more outputs and statistics are added to it.
pub(crate) fn accept(state: &mut State, record: &Record) -> Accepted {
    let numbered = state.sims.get(record.id.0 as usize).map(|sim| sim.set);
    if numbered != Some(record.set) {
        return Accepted::No;
    }
    let mut task = record.task.clone();
    if let Some(known) = state.tasks.get(&record.id) {
        let news = !known.outputs.lacking(&task.outputs).is_none();
        let stats = task.stats.keys().any(|id| !known.stats.contains_key(id));
        let better = known.status != Status::Done && task.status == Status::Done;
        if !(news || stats || better)
            || (known.status == Status::Done && task.status != Status::Done)
        {
            return Accepted::No;
        }
        task.outputs = task.outputs.over(&known.outputs);
        let mut stats = known.stats.clone();
        stats.extend(&task.stats);
        task.stats = stats;
    }
    state.damaged.remove(&record.id);
    state.tasks.insert(record.id, task);
    Accepted::Yes
}

/// Parts whose file is missing or has another length than it was written with, or that `verify` found damaged; and their
/// batches.
fn damaged_parts(layout: &Layout, state: &State) -> Result<Vec<(String, u32)>> {
    let mut damaged = Vec::new();
    let found = super::verify::noted(layout)?;
    for (name, part) in &state.parts {
        let path = layout.root().join(name);
        let len = match fs::metadata(&path) {
            Ok(metadata) => Some(metadata.len()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(StoreError::io("read", &path, e)),
        };
        if let (true, Some((batch, _))) = (
            len != Some(part.len) || found.get(name) == Some(part),
            Layout::parse_part_name(name),
        ) {
            damaged.push((name.clone(), batch));
        }
    }
    Ok(damaged)
}

/// Tasks lose the outputs whose files are damaged.
pub(crate) fn note_damage(layout: &Layout, state: &mut State) -> Result<()> {
    for (name, _) in damaged_parts(layout, state)? {
        forget_rows(state, &name, &|_| false);
    }
    Ok(())
}

/// Tasks lose the rows of a file, `but` for those whose rows are new.
fn forget_rows(state: &mut State, name: &str, but: &dyn Fn(Id) -> bool) {
    let of_name = |table: &Table| name.starts_with(&format!("{}/", table.name()));
    let Some(table) = Table::DATA.into_iter().find(of_name) else {
        return;
    };
    let Some((batch, own)) = Layout::parse_part_name(name) else {
        return;
    };
    let ids: Vec<Id> = state.tasks.keys().copied().collect();
    for id in ids.into_iter().filter(|id| !but(*id)) {
        // Those with a part of their own have no rows in the common one.
        let of_file = match own {
            Some(own) => id == own,
            None => {
                let apart = Layout::own_part_name(table, batch, id);
                state.batch_of(id.0) == batch && !state.parts.contains_key(&apart)
            }
        };
        if let (true, Some(task)) = (of_file, state.tasks.get_mut(&id))
            && task.outputs.has(table)
        {
            task.outputs = task.outputs.with(table, Outputs::NONE.get(table));
            state.damaged.insert(id, name.to_string());
        }
    }
}

/// Numbers the simulations of a sweep's grid and merges its points with those of earlier runs.
fn merge_sweep(
    state: &mut State,
    before: Option<&Sweep>,
    sweep: &Registration,
) -> Result<(Vec<u32>, Sweep)> {
    for (name, _) in &sweep.parameters {
        reserved("parameter", name)?;
    }
    for column in &sweep.summaries {
        reserved("summary", &column.name)?;
    }
    let mut after = before.cloned().unwrap_or_default();
    after.n_trials = sweep.n_trials;
    after.summaries = sweep.summaries.clone();
    for (name, kind) in &sweep.parameters {
        match after.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if *known == *kind => {}
            Some((_, known))
                if matches!(
                    (*known, kind),
                    (Kind::Int | Kind::Float, Kind::Int | Kind::Float)
                ) =>
            {
                *known = Kind::Float;
            }
            Some(_) => {
                return Err(StoreError::Conflict {
                    what: format!(
                        "the parameter `{name}` had values of another kind when `{}` ran before",
                        sweep.name
                    ),
                    help: "rename the parameter, or choose another `save_folder`".into(),
                });
            }
            None => after.parameters.push((name.clone(), *kind)),
        }
    }
    let places: Vec<Option<usize>> = after
        .parameters
        .iter()
        .map(|(name, _)| sweep.parameters.iter().position(|(own, _)| own == name))
        .collect();
    let identity = |sim: u32, values: &[Option<Value>]| -> (u32, String) {
        let text: Vec<String> = values
            .iter()
            .enumerate()
            .filter_map(|(i, v)| Some(format!("{i}:{}", v.as_ref()?.identity())))
            .collect();
        (sim, text.join(","))
    };
    let mut known: HashMap<(u32, String), Vec<usize>> = HashMap::new();
    for (i, point) in after.points.iter_mut().enumerate() {
        point.place = None;
        point.values.resize(after.parameters.len(), None);
        known
            .entry(identity(point.sim, &point.values))
            .or_default()
            .push(i);
    }
    // The first of several equal points keeps the first entry.
    known.values_mut().for_each(|entries| entries.reverse());
    let mut sims = Vec::with_capacity(sweep.points.len());
    for (place, (set, values)) in (0..).zip(&sweep.points) {
        let sim = state.number(*set, sweep.numerics, sweep.batch_size);
        sims.push(sim);
        let values: Vec<Option<Value>> = places
            .iter()
            .map(|place| values.get((*place)?).cloned())
            .collect();
        let entry = known.get_mut(&identity(sim, &values)).and_then(Vec::pop);
        match entry.and_then(|i| after.points.get_mut(i)) {
            Some(point) => (point.place, point.recipe) = (Some(place), sweep.recipe),
            None => after.points.push(Point {
                sim,
                place: Some(place),
                values,
                recipe: sweep.recipe,
            }),
        }
    }
    Ok((sims, after))
}

fn reserved(what: &str, name: &str) -> Result<()> {
    if !derive::RESERVED
        .iter()
        .any(|taken| taken.eq_ignore_ascii_case(name))
    {
        return Ok(());
    }
    Err(StoreError::Conflict {
        what: format!("a {what} cannot be called `{name}`: the tables have a column of that name"),
        help: format!("rename it; taken are {}", derive::RESERVED.join(", ")),
    })
}
