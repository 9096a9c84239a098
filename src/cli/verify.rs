//! `hnn-sweep verify`.

use super::exit::{DISK, SUCCESS};
use super::json;
use super::output::say;
use crate::stages::RunError;
use crate::store::Problem;
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hnn-sweep verify sim_results

No result is changed. Damaged files are noted, and the next `run` simulates again what they held.")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    #[arg(default_value = "sim_results")]
    path: PathBuf,
    /// Print one JSON object, for scripts: docs/json.md
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.path)?;
    let store = super::folder::open(&folder)?;
    let verdict = store.verify()?;
    if arguments.json {
        json::print("verify", json::verify(&folder, &verdict));
        return Ok(if verdict.problems.is_empty() {
            SUCCESS
        } else {
            DISK
        });
    }
    say!(
        "{}: {} files, {} checked",
        folder.display(),
        HumanCount(verdict.files as u64),
        HumanBytes(verdict.bytes)
    );
    for note in &verdict.notes {
        say!("{note}");
    }
    if verdict.problems.is_empty() {
        say!("all are as they were written");
        return Ok(SUCCESS);
    }
    for problem in &verdict.problems {
        super::output::complain!("{problem}");
    }
    if verdict.problems.iter().any(Problem::loses_results) {
        super::output::complain!(
            "`hnn-sweep run` of the pipeline simulates again what these files held, and nothing else"
        );
    }
    Ok(DISK)
}
