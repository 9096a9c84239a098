//! What can go wrong with a folder of results.

use miette::Diagnostic;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of the store. Each names the file and what to do next.
#[derive(Debug, Error, Diagnostic)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// A file is not what was written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// The folder was written by another version.
    #[error("{} has format {found}; this program knows format {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
        /// What to do.
        #[help]
        help: String,
    },
    /// The sweep does not fit into the folder.
    #[error("{what}")]
    Conflict {
        /// What does not fit.
        what: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// There are no results in the folder.
    #[error("{} holds no results of hnn-sweep", path.display())]
    NoStore {
        /// The folder.
        path: PathBuf,
        /// What to do.
        #[help]
        help: String,
    },
}

impl StoreError {
    /// An error of the operating system, with advice where there is some.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{
            NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let help = match source.kind() {
            _ if source.get_ref().is_some_and(|e| e.is::<NotOurs>()) => Some(
                "hnn-sweep follows no links inside a folder of results and leaves alone what it did not make: move it away, or put the file or folder itself there",
            ),
            PermissionDenied if action == "read" || action == "list" => {
                Some("ask the folder's owner to let you read it, with `chmod -R a+rX FOLDER`")
            }
            StorageFull | QuotaExceeded => Some(
                "the disk is full; nothing that was finished is lost: make room and run the same command again",
            ),
            PermissionDenied | ReadOnlyFilesystem => Some(
                "choose a folder that you may write to with `save_folder` in the pipeline file",
            ),
            NotADirectory => Some("a file stands where a folder is needed; see `save_folder`"),
            _ => None,
        };
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
            help: help.map(str::to_string),
        }
    }

    /// A table's file that cannot be read.
    pub(crate) fn damaged_part(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            what: what.to_string(),
            help: "move the file away and `run` the pipeline again: the simulations that it held are done again, nothing else"
                .into(),
        }
    }
}

/// Result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// That something stands where only a file or a folder of ours may.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotOurs(pub(super) &'static str);
