//! Publication: committed results are brought into the tables.
//!
//! New parts are written aside; what is about to be replaced is written down with checksums (the intent); files are
//! renamed into place, `simulations` last; the state follows. After a crash anywhere the intent tells which files are
//! new.

use super::change::{Change, NewContent};
use super::damage::lose;
use super::derive::{self, Columns, Points};
use super::error::{Result, StoreError};
use super::hash::Hash;
use super::layout::{INTENT, Layout, PART, TMP, Table};
use super::part::{self, Id, Incoming, PieceSource, write_part};
use super::readers::Readers;
use super::record::{Record, RecordPiece};
use super::specs;
use super::state::{State, Status, Task};
use std::collections::{BTreeMap, BTreeSet};

/// New rows of a batch of a table, by whose they are; with them whose they say that they are.
type Rows = BTreeMap<Id, (Id, RecordPiece)>;

/// Brings records into the tables, rewrites `simulations` and `summary` of their batches and of those that are
/// `dirty`, and replaces the state. Gives the new state, and parts that turned out to be damaged.
pub(super) fn publish(
    layout: &Layout,
    mut state: State,
    records: &[Record],
    mut dirty: BTreeSet<u32>,
    readers: &mut Readers,
) -> Result<(State, Vec<String>)> {
    let mut merges: BTreeMap<(Table, u32), Rows> = BTreeMap::new();
    let mut nothing_new = dirty.is_empty() && !is_outdated(&state);
    let mut blobs = BTreeMap::new();
    for record in records {
        let Some(id) = number_of(&state, &record.set, record.id) else {
            // No sweep has its parameter set: the journal keeps it until one does.
            continue;
        };
        for (hash, source) in &record.spec {
            blobs.insert(*hash, source.read()?.to_vec());
        }
        // Another run has stored it meanwhile, with all that this one has.
        if accept(&mut state, &record.set, record.id, &record.task) == Accepted::No {
            continue;
        }
        nothing_new = false;
        let batch = state.batch_of(id.0);
        dirty.insert(batch);
        for (table, piece) in &record.pieces {
            let rows = merges.entry((*table, batch)).or_default();
            rows.insert(id, (record.id, piece.clone()));
        }
    }
    if nothing_new {
        return Ok((state, Vec::new()));
    }
    let mut change = Change::default();
    let mut damaged = Vec::new();
    for ((table, batch), rows) in merges {
        let lost = merge(layout, &mut state, &mut change, table, batch, &rows)?;
        damaged.extend(lost);
    }
    // Packs before tables: a task that is listed can be explained.
    specs::add(layout, &mut state, blobs)?;
    derive(layout, &mut state, &mut change, dirty)?;
    change
        .beside(layout, &state, readers)
        .apply(layout, &mut state)?;
    // The state last: until then, the intent tells a crash from a change.
    state.save(layout)?;
    layout.folder().remove(INTENT)?;
    Ok((state, damaged))
}

/// Brings rows into a batch of a table: small pieces into its part, each large one as a part of its own. Gives the
/// name of the part if it was damaged.
fn merge(
    layout: &Layout,
    state: &mut State,
    change: &mut Change,
    table: Table,
    batch: u32,
    rows: &Rows,
) -> Result<Option<String>> {
    let mut incoming = Vec::new();
    for (id, (written_as, piece)) in rows {
        let own = Layout::own_part_name(table, batch, *id);
        match piece {
            RecordPiece::Inline(source) => {
                let (id, source) = (*id, source.clone());
                incoming.push(Incoming { id, source });
                if state.has_part(&own) {
                    change.removals.push(own);
                }
            }
            RecordPiece::File(name, written) if id == written_as => {
                change
                    .files
                    .push((own, NewContent::Piece(name.clone()), *written));
            }
            // Of a run that knew the simulation by another number.
            RecordPiece::File(name, written) => {
                let source = PieceSource {
                    folder: layout.folder().clone(),
                    name: name.clone(),
                    offset: 0,
                    len: written.len,
                };
                // Its rows carry the old number: they are written anew.
                let rows = [Incoming { id: *id, source }];
                let staged = part::merge(layout.folder(), None, table, &rows, &|_| false, true)?;
                change.put(own, staged);
            }
        }
    }
    let name = Layout::part_name(table, batch, PART);
    let folder = layout.folder();
    let mut old = state.parts.get(&name).copied();
    if incoming.is_empty() && old.is_none() {
        return Ok(None);
    }
    // What is not as it was written must not get a new checksum.
    let mut lost = None;
    if let Some(part) = old
        && !part::is_intact(folder, &name, &part)?
    {
        lose(layout, state, &name, &|id| rows.contains_key(&id))?;
        lost = Some(name.clone());
        old = None;
    }
    let replaced = |id: Id| rows.contains_key(&id);
    let old = old.map(|_| name.as_str());
    // Simulations without a spike, say, have come in, but no rows.
    let keep = !incoming.is_empty();
    let staged = part::merge(folder, old, table, &incoming, &replaced, keep)?;
    change.put(name, staged);
    Ok(lost)
}

/// Whether `simulations` and its sisters were written with other columns, or by a version that put other rows into
/// them.
pub(super) fn is_outdated(state: &State) -> bool {
    let columns = Columns::of(state);
    !state.batches.is_empty() && columns.is_ok_and(|now| now.signature() != *state.columns)
}

/// Rewrites `simulations`, `former` and `summary` of some batches, or of all if their columns have changed.
pub(super) fn derive(
    layout: &Layout,
    state: &mut State,
    change: &mut Change,
    mut dirty: BTreeSet<u32>,
) -> Result<()> {
    let columns = columns(state)?;
    if *state.columns != columns.signature() {
        *state.columns.change() = columns.signature();
        // A new column is in every batch, so all are written again.
        dirty.extend(0..u32::try_from(state.batches.len()).unwrap_or(u32::MAX));
    }
    let points = Points::of(state);
    let folder = layout.folder();
    // Last, so that whatever `simulations` lists is in the other tables.
    for table in [Table::Former, Table::Summary, Table::Simulations] {
        for batch in &dirty {
            let name = Layout::part_name(table, *batch, PART);
            let rows = derive::rows(table, state, &columns, &points, *batch).map_err(|e| {
                StoreError::io("write", &folder.path(TMP), std::io::Error::other(e))
            })?;
            if rows.num_rows() > 0 {
                let staged = write_part(folder, table, &rows)?;
                // What stays as it is need not disturb those who read it.
                let part = state.parts.get(&name);
                let same = part.filter(|part| part.is_same_content(&staged.written));
                if same.is_none() || folder.len(&name)? != same.map(|part| part.len) {
                    change.put(name, Some(staged));
                }
            } else if state.parts.contains_key(&name) {
                change.remove(name, write_part(folder, table, &rows)?);
            }
        }
    }
    Ok(())
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

/// Simulation and trial of a record: its parameter set may have another number than when it was written. `None` if it
/// has none.
fn number_of(state: &State, set: &Hash, written: Id) -> Option<Id> {
    Some((state.sim_of(set)?, written.1))
}

/// Takes a finished task into the state. The first result stays; more outputs and statistics are added to it.
pub(crate) fn accept(state: &mut State, set: &Hash, written: Id, task: &Task) -> Accepted {
    let Some(id) = number_of(state, set, written) else {
        return Accepted::No;
    };
    let mut task = task.clone();
    if let Some(known) = state.tasks.get(&id) {
        // It brings outputs, statistics or a result that were not there.
        let news = !known.outputs.lacking(&task.outputs).is_none();
        let stats = task.stats.keys().any(|id| !known.stats.contains_key(id));
        let better = known.status != Status::Done && task.status == Status::Done;
        if !(news || stats || better)
            || (known.status == Status::Done && task.status != Status::Done)
        {
            return Accepted::No;
        }
        // What both have is as the later one has it.
        task.outputs = task.outputs.over(&known.outputs);
        let mut stats = known.stats.clone();
        stats.extend(&task.stats);
        task.stats = stats;
    }
    state.damaged.remove(&id);
    state.tasks.insert(id, task);
    Accepted::Yes
}
