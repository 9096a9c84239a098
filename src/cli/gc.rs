//! `hnn-sweep gc`.

use super::exit::SUCCESS;
use super::output::say;
use crate::stages::RunError;
use crate::store::Session;
use clap::Args;
use indicatif::HumanCount;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep gc sim_results            what would be dropped
  hnn-sweep gc sim_results --apply    drop it

A simulation is kept as long as any sweep of the folder has it in its grid, as the sweep was last run.")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    #[arg(default_value = "sim_results")]
    path: PathBuf,
    /// Drop it; otherwise it is only said what would be dropped
    #[arg(long)]
    apply: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.path)?;
    let store = super::folder::open(&folder)?;
    let garbage = store.state().garbage();
    let mut stored: Vec<u32> = store.state().tasks.keys().map(|(sim, _)| *sim).collect();
    // Ids ascend by simulation, so equal numbers are neighbours.
    stored.dedup();
    let total = stored.len() as u64;
    say!(
        "{} of {} simulations are in no present grid",
        HumanCount(garbage.len() as u64),
        HumanCount(total)
    );
    if garbage.is_empty() {
        return Ok(SUCCESS);
    }
    if !arguments.apply {
        say!("drop their results with --apply");
        return Ok(SUCCESS);
    }
    // A session opens the folder anew, as it may publish what a killed run had committed.
    drop(store);
    let mut session = Session::begin(&folder)?;
    session.collect_garbage()?;
    session.finish()?;
    say!("dropped");
    Ok(SUCCESS)
}
