//! The files that a pipeline names, or copies that are read in their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes note of the files that are read, or gives copies of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    copies: Option<Arc<BTreeMap<PathBuf, PathBuf>>>,
    read: Arc<Mutex<BTreeMap<PathBuf, PathBuf>>>,
}

impl Files {
    /// Reads copies only: by the path that the pipeline names, the path of the copy.
    pub(crate) fn copies(copies: BTreeMap<PathBuf, PathBuf>) -> Self {
        Self {
            copies: Some(Arc::new(copies)),
            read: Arc::default(),
        }
    }

    /// Where a file is read that the pipeline names.
    pub(crate) fn place(&self, named: &Path) -> PathBuf {
        let found: Result<PathBuf, ()> = self.find(named, || Ok(named.to_path_buf()));
        found.unwrap_or_default()
    }

    /// The same of a name that stands for a file which has to be found first.
    pub(crate) fn find<E>(
        &self,
        named: &Path,
        find: impl FnOnce() -> Result<PathBuf, E>,
    ) -> Result<PathBuf, E> {
        let key = std::path::absolute(named).unwrap_or_else(|_| named.to_path_buf());
        if let Some(copies) = &self.copies {
            let none = || key.join("not-copied");
            return Ok(copies.get(&key).cloned().unwrap_or_else(none));
        }
        let found = find()?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(key, found.clone());
        Ok(found)
    }

    /// What was read so far: by the path that the pipeline names, the path of the file.
    pub(crate) fn read(&self) -> BTreeMap<PathBuf, PathBuf> {
        let read = self.read.lock();
        read.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
