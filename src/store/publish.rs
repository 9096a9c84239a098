//! Publication: committed results are brought into the tables.
//!
//! New parts are written aside; what is about to be replaced is written down with checksums (the intent); files are renamed
//! into place, `simulations` last; the state follows. After a crash anywhere the intent tells which files are new.

use super::damage::lose;
use super::derive::{self, Columns, Points};
use super::disk;
use super::error::{Result, StoreError};
use super::journal::{Record, RecordPiece};
use super::layout::{Layout, Table};
use super::part::{self, Id, Incoming, write_part};
use super::session::{PART, Session};
use super::specs;
use super::state::{Part, STORE_VERSION, State, Status};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

impl Session {
    /// Brings records into the tables, rewrites `simulations` and `summary` where needed, and replaces the state.
    pub(super) fn fold(&mut self, records: &[Record], mut dirty: BTreeSet<u32>) -> Result<()> {
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
        // Simulations without a spike, say, have come in, but no rows.
        let keep = !incoming.is_empty();
        match part::merge(&self.layout.tmp(), old, table, &incoming, &replaced, keep)? {
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
                    let keep = state.tasks.iter().any(|(id, task)| {
                        !garbage.contains(&id.0)
                            && state.batch_of(id.0) == *batch
                            && task.outputs.has(table)
                            && !state
                                .parts
                                .contains_key(&Layout::own_part_name(table, *batch, *id))
                    });
                    let tmp = session.layout.tmp();
                    match part::merge(&tmp, Some(&path), table, &[], &replaced, keep)? {
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
}

/// Takes note of files that a crash left replaced although the state does not know it; gives their batches.
pub(super) fn reconcile(layout: &Layout, state: &mut State) -> Result<BTreeSet<u32>> {
    let mut dirty = BTreeSet::new();
    let bytes = disk::read_whole(&layout.intent())?.unwrap_or_default();
    // An intent that is not whole was never acted upon.
    let Ok((_, payload)) = disk::unseal(&bytes) else {
        return Ok(dirty);
    };
    let intent: Intent = rmp_serde::from_slice(payload).unwrap_or_default();
    for (name, written) in intent.files {
        if part::is_intact(&layout.root().join(&name), &written)? {
            dirty.extend(Layout::parse_part_name(&name).map(|(batch, _)| batch));
            state.parts.insert(name, written);
        }
    }
    for name in intent.removals {
        if !layout.root().join(&name).exists() {
            dirty.extend(Layout::parse_part_name(&name).map(|(batch, _)| batch));
            state.parts.remove(&name);
        }
    }
    Ok(dirty)
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
