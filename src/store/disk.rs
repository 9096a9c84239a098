//! Files that people ask for by a path (exports, pages, answers): written aside, synced, and renamed into place, so
//! that they appear whole or not at all. What is inside a folder of results is reached through
//! [`Folder`](super::folder::Folder) only.

use super::error::{Result, StoreError};
use super::fault;
use fs_err as fs;
use std::path::Path;
use tempfile::NamedTempFile;

/// Makes a folder and those above it.
pub fn create_dir(path: &Path) -> Result<()> {
    let made = fault::whole().and_then(|()| fs::create_dir_all(path));
    made.map_err(|e| StoreError::io("make the folder", path, e))
}

/// A new file in a folder, as open to others as the umask lets it be.
pub fn aside(folder: &Path) -> Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder
        .prefix("new-")
        // The umask decides, as for any file that a user makes; temporary files are private by
        // default.
        .permissions(std::fs::Permissions::from_mode(0o666));
    fault::whole()
        .and_then(|()| builder.tempfile_in(folder))
        .map_err(|e| StoreError::io("make a file in", folder, e))
}

/// Puts a file that was written aside into its place, durably.
pub fn settle(file: NamedTempFile, target: &Path) -> Result<()> {
    let error = |e| StoreError::io("write", target, e);
    // Its content before its name: after a crash the name must not stand for half of it.
    fault::whole()
        .and_then(|()| file.as_file().sync_all())
        .map_err(error)?;
    fault::whole().map_err(error)?;
    file.persist(target).map_err(|e| error(e.error))?;
    sync_parent(target)
}

/// Makes the names in a file's folder durable.
fn sync_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    // The folder of a bare name is the working directory.
    let parent = match parent.as_os_str().is_empty() {
        true => Path::new("."),
        false => parent,
    };
    fault::whole()
        .and_then(|()| fs::File::open(parent))
        .and_then(|dir| dir.sync_all())
        .map_err(|e| StoreError::io("sync the folder", parent, e))
}
