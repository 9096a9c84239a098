//! Results on disk: schemas with units, Parquet in and out, atomic commits, and the index that plans are made from.
//!
//! `save_folder` holds one folder per table (`dipole/batch=0/part.parquet`, …) with complete Parquet files and
//! nothing else; everything that is no table is in `.state/`:
//!
//! | file | what it is |
//! |---|---|
//! | `state` | the index: parameter sets and their numbers, finished tasks, sweeps, checksums of all parts |
//! | `journal/` | finished simulations that are durable and not yet in the tables, one file per living process |
//! | `pieces/` | large rows of simulations in the journal, which become parts as they are |
//! | `specs/` | canonical bytes of the tasks, by hash |
//! | `intent` | checksums of what is about to be replaced, so that a crash in between leaves nothing unknown |
//! | `damage` | files that `verify` found damaged, for the next run |
//! | `claims` | which tasks the processes at work have taken, so that no two simulate the same, and who has finished |
//! | `submissions/` | what was submitted to run elsewhere, with the results that come in, a folder each |
//! | `lock` | held for the moments in which state and tables are replaced |
//!
//! A finished simulation is first appended to the journal (one sync), then, when its batch is whole, after a while or
//! at the end, published: the parts of its batch are written aside and renamed into place, and the state is replaced
//! last. A crash at any moment leaves whole tables and a journal that the next run publishes. Other programs may read
//! the tables meanwhile: while somebody does, a file is replaced by one that begins with its bytes. Knows no biology.

mod change;
mod claims;
mod damage;
mod derive;
mod disk;
mod error;
#[doc(hidden)]
pub mod fault;
mod folder;
mod folding;
mod foreign;
mod garbage;
mod hash;
mod joined;
mod journal;
mod layout;
mod locks;
mod machines;
mod noted;
mod part;
pub(crate) mod process;
mod publish;
mod publisher;
mod read;
mod readers;
mod record;
mod replaced;
mod saved;
mod schema;
mod seal;
mod segment;
mod session;
mod specs;
mod state;
mod submission;
mod sweep;
mod sweeps;
mod verify;
mod written;

pub use claims::{Claims, Taken};
pub use damage::Loss;
pub use derive::RESERVED;
pub(crate) use disk::{aside, create_dir, settle};
pub use error::{Result, StoreError};
pub use folding::Folded;
pub use hash::{Blob, Hash};
pub use layout::{Layout, Table};
pub(crate) use machines::name as machine;
pub use part::{Id, Piece, PieceWriter};
pub use publisher::{Holder, Publisher};
pub use record::{Commit, Head};
pub use schema::{
    Trace, TraceFormat, UNITS, dipole_rows, dipole_schema, lfp_rows, spikes_rows, spikes_schema,
    trace_rows,
};
pub use segment::{Segment, SegmentName};
pub use session::Session;
pub use state::{
    Column, Extent, Kind, Outputs, Part, Point, Prior, Sim, StatId, State, Stats, Status, Sweep,
    Task, Value,
};
pub use submission::Submission;
pub use sweep::Registration;

pub use verify::{Problem, Verdict};
pub use written::Content;

use layout::{INTENT, LOCK};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::path::Path;

/// A folder of results as it is at this moment, for reading.
#[derive(Debug)]
pub struct Store {
    layout: Layout,
    state: State,
    unclaimed: u64,
    /// Whether the state is what is on disk, with nothing taken into account besides.
    is_as_saved: bool,
}

/// Keeps runs from replacing files of a folder.
#[derive(Debug)]
pub struct Hold {
    _lock: Option<std::fs::File>,
}

impl Store {
    /// Opens a folder; `None` if there are no results in it. Takes what living runs have committed into account.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged.
    pub fn open(root: &Path) -> Result<Option<Self>> {
        Ok(Self::hold(root)?.map(|(store, _)| store))
    }

    /// As [`Store::open`]; no run replaces files before the second is dropped.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn hold(root: &Path) -> Result<Option<(Self, Hold)>> {
        let Some(layout) = Layout::open(root)? else {
            return Ok(None);
        };
        // Who may only read can read, too.
        let lock = layout.folder().open_file(LOCK).ok().flatten();
        // Shared: readers exclude no readers, only somebody who is replacing files.
        if let Some(lock) = &lock {
            // A folder on a file system without locks can still be read.
            let _ = lock.lock_shared();
        }
        let Some(mut state) = State::load(&layout)? else {
            return Ok(None);
        };
        let mut records = Vec::new();
        for name in journal::names(&layout)? {
            records.extend(journal::heads(&layout, &name)?);
        }
        let is_unclaimed = |head: &&Head| state.sim_of(&head.set).is_none();
        let unclaimed = records.iter().filter(is_unclaimed).count() as u64;
        // What a run that was killed has replaced already.
        change::reconcile(&layout, &mut state)?;
        // With records waiting or a change half made, files differ from the state for a while.
        let is_quiet = records.is_empty() && !layout.folder().has(INTENT);
        if is_quiet {
            damage::note_damage(&layout, &mut state)?;
        }
        let is_as_saved = is_quiet && state.damaged.is_empty();
        // What is committed counts, though it is not in the tables yet.
        for Head { id, set, task } in &records {
            publish::accept(&mut state, set, *id, task);
        }
        let store = Self {
            layout,
            state,
            unclaimed,
            is_as_saved,
        };
        Ok(Some((store, Hold { _lock: lock })))
    }

    /// What is known about its tasks.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state, if it is what is on disk.
    fn into_saved_state(self) -> Option<State> {
        self.is_as_saved.then_some(self.state)
    }

    /// Finished results of parameter sets that no sweep of the folder has. They are used once a pipeline that has
    /// them is run.
    pub fn unclaimed(&self) -> u64 {
        self.unclaimed
    }

    /// Its files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Checks every file against the checksum that was kept when it was written. Damaged parts are noted for the next
    /// run, which simulates again what they held.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn verify(&self) -> Result<Verdict> {
        let mut verdict = verify::verify(&self.layout, &self.state)?;
        if !verdict.problems.is_empty()
            && let Some((now, _hold)) = Self::hold(self.layout.root())?
        {
            // A run may have replaced files meanwhile.
            verdict = verify::verify(&now.layout, &now.state)?;
        }
        verify::note(&self.layout, &verdict)?;
        Ok(verdict)
    }

    /// Canonical bytes of tasks by hash.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged.
    pub fn blobs(&self, wanted: &HashSet<Hash>) -> Result<BTreeMap<Hash, Vec<u8>>> {
        let mut found = specs::load(&self.layout, &self.state, wanted)?;
        for name in journal::names(&self.layout)? {
            // Journals hold the specifications of what is not in the packs yet.
            let records = journal::read(&self.layout, &name)?.records;
            for (hash, source) in records.into_iter().flat_map(|r| r.spec) {
                if wanted.contains(&hash) && !found.contains_key(&hash) {
                    found.insert(hash, source.read()?.to_vec());
                }
            }
        }
        Ok(found)
    }
}

/// Tables up to this size (bytes) are read once more before a query, against their checksums.
const CHECKED_WHOLE: u64 = 1 << 30;

/// Refuses a table with a damaged file, which other readers would trust: all bytes against the checksums, or lengths
/// and footers where that would take long.
///
/// # Errors
/// [`StoreError::Damaged`], or if a file cannot be read.
pub(crate) fn check_table(root: &Path, state: &State, table: Table) -> Result<()> {
    let Some(layout) = Layout::open(root)? else {
        return Ok(());
    };
    let folder = layout.folder();
    let prefix = format!("{}/", table.name());
    // Reading every byte of a large table would take longer than the question asked.
    let whole = state.bytes_of(table) <= CHECKED_WHOLE;
    let parts = state
        .parts
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix));
    for (name, part) in parts {
        if !whole {
            part::check_footer(folder, name, part)?;
        } else if !part::is_intact(folder, name, part)? {
            return Err(StoreError::damaged_part(
                &folder.path(name),
                "it is not as it was written",
            ));
        }
    }
    Ok(())
}

/// Rows of a table, one simulation at a time, of those of one batch that are in the range; nothing if there are none.
/// What `visit` says is wrong with rows is an error that names their file.
///
/// # Errors
/// If a part cannot be read or is damaged.
pub(crate) fn scan(
    layout: &Layout,
    state: &State,
    table: Table,
    batch: u32,
    sims: RangeInclusive<u32>,
    visit: &mut dyn FnMut(Id, &RecordBatch) -> std::result::Result<(), ArrowError>,
) -> Result<()> {
    for (name, _) in parts_of(state, table, batch) {
        // Parts of single simulations tell by their name.
        let others = |(_, own): (u32, Option<Id>)| own.is_some_and(|id| !sims.contains(&id.0));
        if Layout::parse_part_name(name).is_some_and(others) {
            continue;
        }
        let path = layout.folder().path(name);
        let damaged = |e| StoreError::damaged_part(&path, e);
        let Some(reader) = part::open_part(layout.folder(), name)? else {
            continue;
        };
        let mut reader = reader.of_sims(sims.clone());
        while let Some(rows) = reader.next_group().map_err(damaged)? {
            for (id, rows) in part::runs(&rows).map_err(damaged)? {
                if sims.contains(&id.0) {
                    visit(id, &rows).map_err(|e| StoreError::damaged_part(&path, e))?;
                }
            }
        }
    }
    Ok(())
}

/// Checks the files of a batch against their checksums.
///
/// # Errors
/// If one is not what was written.
pub(crate) fn check(layout: &Layout, state: &State, table: Table, batch: u32) -> Result<()> {
    for (name, part) in parts_of(state, table, batch) {
        if !part::is_intact(layout.folder(), name, part)? {
            return Err(StoreError::Damaged {
                path: layout.folder().path(name),
                what: "it is not what was written".into(),
                help: "if a run writes to the folder just now, wait for it; otherwise `hnn-sweep verify` notes what is damaged, \
                       and `run` simulates again what it held"
                    .into(),
            });
        }
    }
    Ok(())
}

fn parts_of(state: &State, table: Table, batch: u32) -> impl Iterator<Item = (&String, &Part)> {
    let folder = Layout::part_name(table, batch, "");
    let parts = state.parts.range(folder.clone()..);
    parts.take_while(move |(name, _)| name.starts_with(&folder))
}
