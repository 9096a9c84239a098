//! Files that are written aside and renamed into place.

use super::{Report, Target};
use crate::stages::RunError;
use crate::store::{self, StoreError};
use fs_err as fs;
use std::io::BufWriter;
use std::path::Path;
use tempfile::NamedTempFile;

/// A file that is being written.
pub type File = BufWriter<NamedTempFile>;

impl Target {
    /// Refuses to replace files unless that is allowed; makes the folder.
    pub fn prepare(&self, names: &[String]) -> Result<(), RunError> {
        if !self.overwrite {
            let existing = names.iter().map(|name| self.folder.join(name));
            let existing: Vec<_> = existing.filter(|path| path.exists()).collect();
            if let Some(first) = existing.first() {
                return Err(RunError::Input {
                    what: match existing.len() {
                        1 => format!(
                            "{} is there already, and overwrite is false",
                            first.display()
                        ),
                        n => format!(
                            "{} and {} more files are there already, and overwrite is false",
                            first.display(),
                            n - 1
                        ),
                    },
                    help: "give --overwrite, or another folder with -o; nothing was written".into(),
                });
            }
        }
        Ok(store::create_dir(&self.folder)?)
    }

    /// Writes a file.
    pub fn write(
        &self,
        name: &str,
        report: &mut Report,
        fill: impl FnOnce(File) -> Result<File, RunError>,
    ) -> Result<(), RunError> {
        let path = self.folder.join(name);
        let file = fill(BufWriter::with_capacity(
            1 << 18,
            store::aside(&self.folder)?,
        ))?;
        let file = file
            .into_inner()
            .map_err(|e| failed(&path, e.into_error()))?;
        store::settle(file, &path)?;
        report.files.push(path);
        Ok(())
    }

    /// Paths of the folder's files whose names a test holds for.
    pub fn others(
        &self,
        is_one: impl Fn(&str) -> bool,
    ) -> Result<Vec<std::path::PathBuf>, RunError> {
        let error = |e| StoreError::io("read", &self.folder, e);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(error)? {
            let entry = entry.map_err(error)?;
            if is_one(&entry.file_name().to_string_lossy()) {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }
}

/// That a file could not be written.
pub fn failed(path: &Path, error: impl Into<std::io::Error>) -> RunError {
    StoreError::io("write", path, error.into()).into()
}
