//! Every file against the checksum that was kept when it was written.

use super::error::{Result, StoreError};
use super::folder::Entry;
use super::hash::Hash;
use super::journal;
use super::layout::{
    self, BEFORE, DAMAGE, DAMAGED, INCREMENTS, JOURNAL, LOCK, Layout, PIECES, SPECS, STATE_FOLDER,
    SUBMISSIONS, TMP, Table,
};
use super::part;
use super::record::Record;
use super::saved::{self, STORE_VERSION};
use super::seal::{self, Seal};
use super::segment;
use super::specs;
use super::state::{Part, State, Status};
use super::submission::Submission;
use std::collections::{BTreeMap, HashSet};

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A part is missing, truncated or changed.
    Part(String),
    /// A file in a table's folder that nobody knows.
    Stranger(String),
    /// A file of canonical bytes is missing or damaged; it only serves `why`.
    Spec(String),
    /// Finished tasks whose canonical bytes are not kept.
    NoSpec(usize),
    /// A file with finished results that are not in the tables yet.
    Journal {
        /// Its name.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A large result that is not in the tables yet is missing, truncated or changed.
    Piece(String),
    /// A file that only helps after a mishap.
    Aid {
        /// Its name.
        file: String,
        /// What it is for.
        what: &'static str,
    },
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Problem::Part(name) => write!(f, "{name} is missing or not as it was written"),
            Problem::Stranger(name) => write!(
                f,
                "{name} was not written by hnn-sweep; readers would take it for a part"
            ),
            Problem::Spec(name) => write!(f, ".state/specs/{name} is missing or damaged"),
            Problem::NoSpec(n) => write!(
                f,
                "{n} tasks cannot be explained by `why`, as their specification is gone"
            ),
            Problem::Journal { file, what } => write!(f, "{file} is damaged: {what}"),
            Problem::Piece(name) => write!(
                f,
                "{name} is missing or not as it was written: a simulation's traces are lost"
            ),
            Problem::Aid { file, what } => write!(f, "{file} is damaged: it {what}"),
        }
    }
}

impl Problem {
    /// Whether results are lost, which `run` simulates again.
    pub fn loses_results(&self) -> bool {
        matches!(
            self,
            Problem::Part(_) | Problem::Journal { .. } | Problem::Piece(_)
        )
    }
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Files that were checked.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is good to know, and harms nothing.
    pub notes: Vec<String>,
    /// Damaged parts, as they were written.
    damaged: BTreeMap<String, Part>,
}

/// Checks every file of a folder.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn verify(layout: &Layout, state: &State) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    for (name, part) in &state.parts {
        verdict.count(part.len);
        if !part::is_intact(layout.folder(), name, part)? {
            verdict.damaged.insert(name.clone(), *part);
            verdict.problems.push(Problem::Part(name.clone()));
        }
    }
    strangers(layout, state, &mut verdict)?;
    others_in_state(layout, &mut verdict)?;
    aids(layout, &mut verdict)?;
    // Canonical bytes of tasks that are not in the tables yet are in the journals.
    let mut blobs = HashSet::new();
    journals(layout, state, &mut verdict, &mut blobs)?;
    segments(layout, state, &mut verdict)?;
    packs(layout, state, &mut verdict, &mut blobs)?;
    let done = state
        .tasks
        .values()
        .filter(|task| task.status == Status::Done);
    // A task that is in the tables, but whose parts are nowhere.
    let unexplained = done.filter(|task| !blobs.contains(&task.key)).count();
    if unexplained > 0 {
        verdict.problems.push(Problem::NoSpec(unexplained));
    }
    Ok(verdict)
}

impl Verdict {
    fn count(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// Files in the tables' folders that are no parts.
fn strangers(layout: &Layout, state: &State, verdict: &mut Verdict) -> Result<()> {
    let folder = layout.folder();
    let mut stranger = |name| verdict.problems.push(Problem::Stranger(name));
    for table in Table::ALL.map(Table::name) {
        for batch in folder.list(table)? {
            let batch_name = format!("{table}/{}", batch.name);
            if !batch.is_dir {
                stranger(batch_name);
                continue;
            }
            for file in folder.list(&batch_name)? {
                let name = format!("{batch_name}/{}", file.name);
                if !state.parts.contains_key(&name) {
                    stranger(name);
                }
            }
        }
    }
    Ok(())
}

/// Whether a folder has files of such a name.
type IsOne = fn(&str) -> bool;

/// Names what is in `.state` and is not ours; it is left as it is.
fn others_in_state(layout: &Layout, verdict: &mut Verdict) -> Result<()> {
    let folder = layout.folder();
    let mut other = |name: String| {
        let note = format!("{name} was not written by hnn-sweep, and is left as it is");
        verdict.notes.push(note);
    };
    let is_ours = |entry: &Entry| {
        let path = format!("{STATE_FOLDER}/{}", entry.name);
        let is_folder = [
            TMP,
            JOURNAL,
            PIECES,
            SPECS,
            INCREMENTS,
            DAMAGED,
            SUBMISSIONS,
        ]
        .contains(&path.as_str());
        match is_folder {
            true => entry.is_dir,
            false => entry.is_file && layout::is_of_state(&entry.name),
        }
    };
    for entry in folder.list(STATE_FOLDER)? {
        if !is_ours(&entry) {
            other(format!("{STATE_FOLDER}/{}", entry.name));
        }
    }
    let inside: [(&str, IsOne); 6] = [
        (TMP, layout::is_aside),
        (PIECES, layout::is_aside),
        (JOURNAL, |name| {
            layout::is_journal(name) || layout::is_length(name)
        }),
        (SPECS, layout::is_pack),
        (DAMAGED, layout::is_damaged),
        (INCREMENTS, layout::is_increment),
    ];
    for (name, is_one) in inside {
        // A link in its place is named above, and an error for whoever writes.
        let entries = folder.list(name).unwrap_or_default();
        for entry in entries.iter().filter(|e| !(e.is_file && is_one(&e.name))) {
            other(format!("{name}/{}", entry.name));
        }
    }
    Ok(())
}

/// Files that only help after a mishap: they are read seldom, and must be whole then.
fn aids(layout: &Layout, verdict: &mut Verdict) -> Result<()> {
    let folder = layout.folder();
    if let Some(bytes) = folder.read_whole(BEFORE)? {
        verdict.count(bytes.len() as u64);
        if seal::unseal(&bytes).is_err() {
            verdict.problems.push(Problem::Aid {
                file: BEFORE.into(),
                what: "is the copy of `.state/state` before the last change, and is replaced with the next one",
            });
        }
    }
    for (generation, name) in saved::increments(folder)? {
        // The later ones have been read with the state.
        let bytes = folder.read_whole(&name)?.unwrap_or_default();
        verdict.count(bytes.len() as u64);
        if saved::check_increment(&bytes, generation).is_err() {
            verdict.problems.push(Problem::Aid {
                file: name,
                what: "leads from `.state/state.before` to `.state/state`, and goes with the next snapshot",
            });
        }
    }
    if noted(layout)?.is_none() {
        verdict.problems.push(Problem::Aid {
            file: DAMAGE.into(),
            what: "names the files that an earlier `verify` found damaged, and is written anew",
        });
    }
    Ok(())
}

/// Results that are durable and not in the tables yet.
fn journals(
    layout: &Layout,
    state: &State,
    verdict: &mut Verdict,
    blobs: &mut HashSet<Hash>,
) -> Result<()> {
    for name in journal::names(layout)? {
        let found = journal::read(layout, &name)?;
        let bytes: u64 = found.records.iter().map(|record| record.whole.len).sum();
        verdict.count(bytes);
        for record in &found.records {
            for (hash, source) in &record.spec {
                if source.read().is_ok_and(|bytes| Hash::of(&bytes) == *hash) {
                    blobs.insert(*hash);
                }
            }
            for (piece, written) in record.files() {
                verdict.count(written.len);
                // Already in its place, under the name of its part.
                let moved = state
                    .parts
                    .values()
                    .any(|part| part.is_same_content(written));
                if !moved && !part::is_intact(layout.folder(), piece, written)? {
                    verdict.problems.push(Problem::Piece(piece.clone()));
                }
            }
        }
        // The rest of the journal was read, and counts.
        if let Some(what) = found.damage.clone() {
            let file = name.clone();
            verdict.problems.push(Problem::Journal { file, what });
        }
        if found.unfinished > 0 {
            verdict.notes.push(format!(
                "{name} ends in {} bytes of a result that was still being written; none that was finished is missing",
                found.unfinished
            ));
        }
        let unclaimed = found.unclaimed(state).count();
        if unclaimed > 0 {
            verdict.notes.push(format!(
                "{name} holds {unclaimed} results of parameter sets that no sweep of this folder has; `run` of their pipeline uses them"
            ));
        }
    }
    Ok(())
}

/// Results of submissions that are not in the tables yet.
fn segments(layout: &Layout, state: &State, verdict: &mut Verdict) -> Result<()> {
    for submission in Submission::all(layout)? {
        for name in submission.segments()? {
            let scan = segment::read(layout.folder(), &name)?;
            verdict.count(scan.records.iter().map(|record| record.whole.len).sum());
            for (piece, written) in scan.records.iter().flat_map(Record::files) {
                verdict.count(written.len);
                let moved = state
                    .parts
                    .values()
                    .any(|part| part.is_same_content(written));
                if !moved && !part::is_intact(layout.folder(), piece, written)? {
                    verdict.problems.push(Problem::Piece(piece.clone()));
                }
            }
            if scan.damaged > 0 {
                let what = format!("{} of its results cannot be read", scan.damaged);
                let file = name.name;
                verdict.problems.push(Problem::Journal { file, what });
            }
        }
    }
    Ok(())
}

/// Packs of canonical bytes, and each of their blobs, as it is what the keys stand for.
fn packs(
    layout: &Layout,
    state: &State,
    verdict: &mut Verdict,
    blobs: &mut HashSet<Hash>,
) -> Result<()> {
    for (name, part) in &state.specs {
        verdict.count(part.len);
        let intact = part::is_intact(layout.folder(), &format!("{SPECS}/{name}"), part)?;
        let mut whole = true;
        let mut visit = |hash: Hash, bytes: &[u8]| match Hash::of(bytes) == hash {
            true => {
                blobs.insert(hash);
            }
            false => whole = false,
        };
        let read = specs::for_each(layout, name, false, &mut visit).is_ok();
        if !(read && whole && intact) {
            verdict.problems.push(Problem::Spec(name.clone()));
        }
    }
    Ok(())
}

/// Leaves a note of damaged parts for the next run, which simulates again what they held; a folder that cannot be
/// written is only reported.
pub(crate) fn note(layout: &Layout, Verdict { damaged, .. }: &Verdict) -> Result<()> {
    let folder = layout.folder();
    if damaged.is_empty() && !folder.has(DAMAGE) {
        return Ok(());
    }
    let path = folder.path(DAMAGE);
    let bytes = rmp_serde::to_vec(damaged)
        .map_err(|e| StoreError::io("write", &path, std::io::Error::other(e)))?;
    let seal = Seal {
        version: STORE_VERSION,
        generation: 0,
    };
    // A copy of a folder may lack what was empty. A run that begins just now removes what is written aside, unless it
    // waits.
    let written = folder.open_lock(LOCK, true).and_then(|lock| {
        lock.lock()
            .map_err(|e| StoreError::io("lock", &folder.path(LOCK), e))?;
        folder.make_dir(TMP)?;
        seal::write(folder, DAMAGE, &seal::seal(seal, &bytes))
    });
    match written {
        Err(StoreError::Io { source, .. })
            if matches!(
                // Who may only read has seen the result; the next run finds the damage by itself.
                source.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Parts that were found damaged, as they were written; `None` if that cannot be read.
pub(crate) fn noted(layout: &Layout) -> Result<Option<BTreeMap<String, Part>>> {
    let Some(bytes) = layout.folder().read_whole(DAMAGE)? else {
        return Ok(Some(BTreeMap::new()));
    };
    // Earlier versions did not seal it.
    let payload = seal::unseal(&bytes).map_or(bytes.as_slice(), |(_, payload)| payload);
    Ok(rmp_serde::from_slice(payload).ok())
}
