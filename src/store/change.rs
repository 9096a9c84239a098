//! Files that are replaced together, and what a crash on the way leaves.

use super::error::{Result, StoreError};
use super::folder::Aside;
use super::layout::{INTENT, Layout, PART};
use super::part::{self, Staged};
use super::readers::Readers;
use super::replaced;
use super::saved::STORE_VERSION;
use super::seal::{self, Seal};
use super::state::{Part, State};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Files that are to be replaced and removed, in order.
#[derive(Default)]
pub(super) struct Change {
    pub files: Vec<(String, NewContent, Part)>,
    pub removals: Vec<String>,
    /// What has the present columns, and no rows, of files that go: for as long as somebody reads them.
    empty: BTreeMap<String, Staged>,
}

/// Where the new content of a file is.
pub(super) enum NewContent {
    /// Written aside.
    Staged(Aside),
    /// A piece in a file of this name, relative to the folder of results.
    Piece(String),
}

/// A change, written down before it is made: whichever of the files a crash leaves in place can be told by their
/// checksums.
#[derive(Default, Serialize, Deserialize)]
struct Intent {
    files: Vec<(String, Part)>,
    removals: Vec<String>,
}

impl Change {
    /// A file of a table gets new content, or goes.
    pub fn put(&mut self, name: String, staged: Option<Staged>) {
        match staged {
            Some(staged) => {
                let source = NewContent::Staged(staged.file);
                self.files.push((name, source, staged.written));
            }
            None => self.removals.push(name),
        }
    }

    /// A file of a table whose columns may have changed goes; `empty` has the present ones, and no rows.
    pub fn remove(&mut self, name: String, empty: Staged) {
        self.empty.insert(name.clone(), empty);
        self.removals.push(name);
    }

    /// As it is to be made while others may read: files that are replaced begin with what stood there. Where that
    /// cannot be written, they are replaced all the same.
    pub fn beside(mut self, layout: &Layout, state: &State, readers: &mut Readers) -> Self {
        let folder = layout.folder();
        let replaces = |name: &String| state.parts.contains_key(name);
        let all = self.files.iter().map(|(name, ..)| name);
        if !all.chain(&self.removals).any(replaces) || readers.are_away(folder) {
            return self;
        }
        for (name, source, written) in &mut self.files {
            // A large piece becomes a part as it is; it is replaced only if its simulation is done again.
            let NewContent::Staged(file) = source else {
                continue;
            };
            if state.parts.contains_key(name)
                && let Ok(Some(staged)) = replaced::behind(folder, name, file, written)
            {
                (*file, *written) = (staged.file, staged.written);
            }
        }
        for name in std::mem::take(&mut self.removals) {
            let empty = self.empty.remove(&name);
            match state.parts.get(&name) {
                Some(part) if part.is_going() && empty.is_none() => {}
                Some(_) => {
                    let columns = empty.as_ref().map(|empty| &empty.file);
                    let staged = replaced::behind_without_rows(folder, &name, columns);
                    self.put(name, staged.unwrap_or_default());
                }
                None => self.removals.push(name),
            }
        }
        self
    }

    /// All files that begin with what they have replaced, by themselves.
    pub fn alone(layout: &Layout, state: &State) -> Result<Self> {
        let mut change = Self::default();
        for (name, part) in &state.parts {
            let Some(content) = part.content else {
                continue;
            };
            match content.hash {
                None => change.removals.push(name.clone()),
                Some(hash) => {
                    let staged = replaced::alone(layout.folder(), name, &content, hash)?;
                    if staged.is_some() {
                        change.put(name.clone(), staged);
                    }
                }
            }
        }
        Ok(change)
    }

    /// Makes the change; the state follows on disk when it is saved.
    pub fn apply(self, layout: &Layout, state: &mut State) -> Result<()> {
        // Nothing to do, and no intent to leave behind.
        if self.files.is_empty() && self.removals.is_empty() {
            return Ok(());
        }
        let folder = layout.folder();
        let intent = Intent {
            files: self
                .files
                .iter()
                .map(|(name, _, written)| (name.clone(), *written))
                .collect(),
            removals: self.removals.clone(),
        };
        let payload = rmp_serde::to_vec_named(&intent)
            .map_err(|e| StoreError::io("write", &folder.path(INTENT), std::io::Error::other(e)))?;
        let generation = state.generation;
        let version = STORE_VERSION;
        let sealed = seal::seal(
            Seal {
                version,
                generation,
            },
            &payload,
        );
        // Written first: a crash after it leaves files that are known to belong to a change.
        seal::write(folder, INTENT, &sealed)?;
        let mut batches = BTreeSet::new();
        for (name, source, written) in self.files {
            let batch = name.rsplit_once('/').map_or("", |(batch, _)| batch);
            if batches.insert(batch.to_string()) {
                folder.make_dir(batch)?;
            }
            match source {
                NewContent::Staged(file) => folder.put(file, &name)?,
                NewContent::Piece(piece) => {
                    // It may have been moved before a crash.
                    if folder.has(&piece) {
                        folder.rename(&piece, &name)?;
                    }
                }
            }
            state.parts.insert(name, written);
        }
        // Removals last, as rows stand in the new file before the old one goes.
        for name in self.removals {
            folder.remove(&name)?;
            state.parts.remove(&name);
        }
        // The names in the folders must be durable before the state relies on them.
        batches
            .iter()
            .try_for_each(|batch| folder.sync_parent(&format!("{batch}/{PART}")))
    }
}

/// Takes note of files that a crash left replaced although the state does not know it; gives their batches.
pub(super) fn reconcile(layout: &Layout, state: &mut State) -> Result<BTreeSet<u32>> {
    let mut dirty = BTreeSet::new();
    let folder = layout.folder();
    let Some(intent) = read_intent(layout)? else {
        return Ok(dirty);
    };
    for (name, written) in intent.files {
        // What was replaced already is taken as it is; of the rest the old file still stands.
        if part::is_intact(folder, &name, &written)? {
            dirty.extend(Layout::parse_part_name(&name).map(|(batch, _)| batch));
            state.parts.insert(name, written);
        }
    }
    for name in intent.removals {
        // Gone or not: only what is really away is forgotten.
        if folder.len(&name)?.is_none() {
            dirty.extend(Layout::parse_part_name(&name).map(|(batch, _)| batch));
            state.parts.remove(&name);
        }
    }
    Ok(dirty)
}

/// The intent of a change that may have been cut short; `None` if there was none.
///
/// # Errors
/// If it is damaged: it was written as a whole before anything was replaced.
fn read_intent(layout: &Layout) -> Result<Option<Intent>> {
    let folder = layout.folder();
    let Some(bytes) = folder.read_whole(INTENT)? else {
        return Ok(None);
    };
    let damaged = |what: &str| {
        StoreError::Damaged {
        path: folder.path(INTENT),
        what: what.into(),
        help: "move it away and run again: simulations whose files a crash left half replaced are done again, nothing else"
            .into(),
    }
    };
    let (_, payload) = seal::unseal(&bytes).map_err(damaged)?;
    let intent: Intent = rmp_serde::from_slice(payload).map_err(|e| damaged(&e.to_string()))?;
    let mut names = intent
        .files
        .iter()
        .map(|(name, _)| name)
        .chain(&intent.removals);
    // Files are replaced by these names, so none but ours may be among them.
    match names.all(|name| Layout::parse_part_name(name).is_some()) {
        true => Ok(Some(intent)),
        false => Err(damaged("it names a file that is no part of a table")),
    }
}
