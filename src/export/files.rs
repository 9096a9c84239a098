//! Files that are written aside and renamed into place.

use super::{Target, Written};
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
            // All names before the first byte: an export that stops halfway would be half new, half
            // old.
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
        written: &mut Written,
        fill: impl FnOnce(File) -> Result<File, RunError>,
    ) -> Result<(), RunError> {
        let path = self.folder.join(name);
        let file = fill(BufWriter::with_capacity(
            // A quarter of a megabyte: text files are written line by line.
            1 << 18,
            store::aside(&self.folder)?,
        ))?;
        let file = file
            .into_inner()
            .map_err(|e| failed(&path, e.into_error()))?;
        store::settle(file, &path)?;
        written.files.push(path);
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

/// A name of a parameter, drive or sweep as one file name, on every system: what a path or a file system would take
/// for something else is written as `%` and its bytes in hexadecimal. Different names stay different.
///
/// The end of such a name must be the program's own (`.npy`), as Windows knows devices (`NUL`) and forbids dots at an
/// end.
pub fn file_name(name: &str) -> String {
    let mut file = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        // What Windows does not allow, too: folders of results are carried around.
        let is_plain = !c.is_control() && !r#"/\:*?"<>|%"#.contains(c) && (at > 0 || c != '.');
        if is_plain {
            file.push(c);
        } else {
            // As in addresses, so that two names cannot become one.
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                file.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_of_people_become_one_component_of_a_path() {
        assert_eq!(file_name("weight_pyr"), "weight_pyr");
        assert_eq!(file_name("größe 2.5"), "größe 2.5");
        for name in ["../x", "/abs", ".", "..", "a/b", "a\\b", "C:x", "a\0b", ""] {
            let file = format!("{}.npy", file_name(name));
            let path = std::path::Path::new("folder").join(&file);
            assert_eq!(path.components().count(), 2, "{name}: {file}");
            assert!(!file.contains(['/', '\\', ':', '\0']), "{name}: {file}");
        }
        assert_ne!(file_name("a/b"), file_name("a%2Fb"));
    }
}
