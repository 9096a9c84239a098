//! Every file against the checksum that was kept when it was written.

use super::disk;
use super::error::{Result, StoreError};
use super::hash::Hash;
use super::journal;
use super::layout::{Layout, Table};
use super::part;
use super::specs;
use super::state::{Part, State, Status};
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
        }
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
        verdict.files += 1;
        verdict.bytes += part.len;
        if !part::is_intact(&layout.root().join(name), part)? {
            verdict.damaged.insert(name.clone(), *part);
            verdict.problems.push(Problem::Part(name.clone()));
        }
    }
    for table in Table::ALL {
        for batch in disk::list(&layout.root().join(table.name()))? {
            let files = if batch.is_dir() {
                disk::list(&batch)?
            } else {
                vec![batch]
            };
            for file in files {
                let name = file.strip_prefix(layout.root()).unwrap_or(&file);
                let name = name.to_string_lossy().replace('\\', "/");
                if !state.parts.contains_key(&name) {
                    verdict.problems.push(Problem::Stranger(name));
                }
            }
        }
    }
    // Those of tasks that are not in the tables yet are in the journals.
    let mut blobs = HashSet::new();
    for path in disk::list(&layout.journal())? {
        for (hash, source) in journal::read(&path)?.into_iter().flat_map(|r| r.spec) {
            if source.read().is_ok_and(|bytes| Hash::of(&bytes) == hash) {
                blobs.insert(hash);
            }
        }
    }
    let pending = !blobs.is_empty();
    for (name, part) in &state.specs {
        verdict.files += 1;
        verdict.bytes += part.len;
        let intact = part::is_intact(&layout.specs().join(name), part)?;
        // Each blob, as it is what the keys stand for.
        let mut whole = true;
        let mut visit = |hash: Hash, bytes: &[u8]| match Hash::of(bytes) == hash {
            true => {
                blobs.insert(hash);
            }
            false => whole = false,
        };
        let read = specs::for_each(layout, name, false, &mut visit).is_ok();
        // A run that was killed may have added to a pack what it did not publish.
        if !(read && whole && (intact || pending)) {
            verdict.problems.push(Problem::Spec(name.clone()));
        }
    }
    let done = state
        .tasks
        .values()
        .filter(|task| task.status == Status::Done);
    let unexplained = done.filter(|task| !blobs.contains(&task.key)).count();
    if unexplained > 0 {
        verdict.problems.push(Problem::NoSpec(unexplained));
    }
    Ok(verdict)
}

/// Leaves a note of damaged parts for the next run, which simulates again what they held; a folder that cannot be written is only
/// reported.
pub(crate) fn note(layout: &Layout, Verdict { damaged, .. }: &Verdict) -> Result<()> {
    let path = layout.damage();
    if damaged.is_empty() && !path.exists() {
        return Ok(());
    }
    let bytes = rmp_serde::to_vec(damaged)
        .map_err(|e| StoreError::io("write", &path, std::io::Error::other(e)))?;
    // A copy of a folder may lack what was empty.
    let written = disk::create_dir(&layout.tmp())
        .and_then(|()| disk::write_whole(&layout.tmp(), &path, &bytes));
    match written {
        Err(StoreError::Io { source, .. })
            if matches!(
                source.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Parts that were found damaged, as they were written.
pub(crate) fn noted(layout: &Layout) -> Result<BTreeMap<String, Part>> {
    let bytes = disk::read_whole(&layout.damage())?.unwrap_or_default();
    Ok(rmp_serde::from_slice(&bytes).unwrap_or_default())
}
