//! Folders of results and files that the verbs open and write.

use crate::pipeline::Pipeline;
use crate::stages::RunError;
use crate::store::{self, Hold, Store, StoreError};
use std::path::{Path, PathBuf};

/// A folder of results, given itself or by the pipeline that writes to it.
pub(super) fn folder_of(path: &Path) -> Result<PathBuf, RunError> {
    match path.extension().is_some_and(|e| e == "toml") && path.is_file() {
        true => Ok(Pipeline::load(path)?.save_folder),
        false => Ok(path.to_path_buf()),
    }
}

/// Opens a folder of results.
///
/// # Errors
/// If there are none in it.
pub(super) fn open(folder: &Path) -> Result<Store, RunError> {
    Ok(hold(folder)?.0)
}

/// The same, with no file replaced until the second is dropped.
pub(super) fn hold(folder: &Path) -> Result<(Store, Hold), RunError> {
    let store = Store::hold(folder)?;
    Ok(store.ok_or_else(|| StoreError::NoStore {
        path: folder.to_path_buf(),
        help: "give the save_folder of a pipeline, or the pipeline file; `hnn-sweep run FILE` makes one".into(),
    })?)
}

/// Writes a file aside and renames it: at every moment there is the old one or the new one, whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    // Aside and then renamed, so that a reader never finds half a file, nor an old one destroyed by
    // a full disk.
    use std::io::Write;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // The parent of a bare name is empty, which is no folder that one can create files in.
    let folder = folder.unwrap_or(Path::new("."));
    store::create_dir(folder)?;
    let mut file = store::aside(folder)?;
    file.write_all(bytes)
        .map_err(|e| StoreError::io("write", path, e))?;
    Ok(store::settle(file, path)?)
}
