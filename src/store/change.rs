//! Files that are replaced together, and what a crash on the way leaves.

use super::disk;
use super::error::{Result, StoreError};
use super::layout::{Layout, PART};
use super::part::{self, Staged};
use super::state::{Part, STORE_VERSION, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Files that are to be replaced and removed, in order.
#[derive(Default)]
pub(super) struct Change {
    pub files: Vec<(String, Source, Part)>,
    pub removals: Vec<String>,
}

/// Where the new content of a file is.
pub(super) enum Source {
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
    /// A file of a table gets new content, or goes.
    pub fn put(&mut self, name: String, staged: Option<Staged>) {
        match staged {
            Some(staged) => {
                let source = Source::Staged(staged.file);
                self.files.push((name, source, staged.written));
            }
            None => self.removals.push(name),
        }
    }

    /// Makes the change; the state follows on disk when it is saved.
    pub fn apply(self, layout: &Layout, state: &mut State) -> Result<()> {
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
