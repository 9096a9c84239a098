//! `hnn-sweep publish`.

use super::exit::{SUCCESS, code_of_tasks};
use super::output::{complain, say};
use super::submissions;
use crate::cluster::slurm::Slurm;
use crate::cluster::{self, Ended};
use crate::stages::RunError;
use clap::Args;
use indicatif::HumanCount;
use std::path::PathBuf;
use std::time::Duration;

/// How long others are waited for: those that were killed are known to be gone after two minutes.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_OF_A_JOB: Duration = Duration::from_secs(300);

pub(super) const EXAMPLES: &str = "\
Examples:
  hnn-sweep publish sim_results                      results of shards that have ended
  hnn-sweep publish sim_results --ended 0001-3f9a    also of those that were cut off; nobody works at it any more
  hnn-sweep publish sim_results --ended              the same of all submissions

`run` and `submit` do it, too, and so does the job that SLURM runs after the array.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    #[arg(default_value = "sim_results")]
    path: PathBuf,
    /// No shard of this submission (of any, without ID) is at work any more: take what was cut off, too
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    ended: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.path)?;
    // A mistyped path is no new folder.
    super::folder::open(&folder)?;
    let (ended, patience) = match arguments.ended.as_deref() {
        None => (Ended::Unsaid, PATIENCE),
        Some("") => (Ended::All, PATIENCE),
        Some(id) => (Ended::One(id.into()), PATIENCE_OF_A_JOB),
    };
    let published = cluster::publish(&folder, &ended, patience, &Slurm)?;
    say!(
        "{} results published to {}",
        HumanCount(published.folded.results),
        folder.display()
    );
    submissions::tell(&folder, &published);
    if published.left > 0 {
        complain!(
            "{} simulations are left; submit the pipeline again, or `run` it",
            HumanCount(published.left)
        );
    }
    Ok(code_of_tasks(SUCCESS, published.left, published.failed))
}
