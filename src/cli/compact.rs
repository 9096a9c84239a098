//! `hnn-sweep compact`.

use super::exit::SUCCESS;
use super::output::say;
use crate::stages::RunError;
use crate::stages::plan::explain;
use crate::store::{Session, StoreError};
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep compact sim_results

Tables need no compaction: a batch is one file of each, rewritten as a whole, and batches grow with the folder. This packs the
specifications of tasks (.state/specs) anew without those that nobody needs, and removes damaged files that were put aside. No result is
touched; `gc --apply` drops those of simulations that are in no present grid.")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    #[arg(default_value = "sim_results")]
    path: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.path)?;
    // Opened once before a session begins, which would make a folder where there is none.
    drop(super::folder::open(&folder)?);
    let mut session = Session::begin(&folder)?;
    // Of the state only: nothing else is touched, and a folder of results may hold millions of
    // files.
    let root = session.layout().state_folder();
    let (files, bytes) = size(&root)?;
    for name in session.compact(&explain::links_of)? {
        say!("removed {name}, which was damaged and put aside");
    }
    session.finish()?;
    let (files_now, bytes_now) = size(&root)?;
    say!(
        "{}: {} in {} files, was {} in {}",
        root.display(),
        HumanBytes(bytes_now),
        HumanCount(files_now),
        HumanBytes(bytes),
        HumanCount(files)
    );
    Ok(SUCCESS)
}

/// Number and bytes of the files below a folder.
fn size(folder: &Path) -> Result<(u64, u64), StoreError> {
    let refused = |e| StoreError::io("read", folder, e);
    let (mut files, mut bytes) = (0, 0);
    for entry in fs_err::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let metadata = entry.metadata().map_err(refused)?;
        let (n, len) = match metadata.is_dir() {
            true => size(&entry.path())?,
            false => (1, metadata.len()),
        };
        files += n;
        bytes += len;
    }
    Ok((files, bytes))
}
