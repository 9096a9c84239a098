//! `hnn-sweep status`.

use super::exit::SUCCESS;
use super::json;
use super::output::say;
use crate::stages::RunError;
use crate::store::{Status, Table};
use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Failed tasks that are listed.
const LISTED: usize = 10;

pub(super) const EXAMPLES: &str = "\
Examples:
  hnn-sweep status sim_results
  hnn-sweep status pipelines/erp_weights.toml";

pub(super) const EXAMPLES_OF_FAILURES: &str = "\
Examples:
  hnn-sweep failures sim_results
  hnn-sweep failures pipelines/erp_weights.toml";

#[derive(Args, Debug)]
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
    if arguments.json {
        json::print(
            "status",
            json::status(&folder, &store, &super::submissions::all(&store)?),
        );
        return Ok(SUCCESS);
    }
    let state = store.state();
    let failed: Vec<_> = state
        .tasks
        .iter()
        .filter_map(|(id, task)| match &task.status {
            Status::Failed { class, error } => Some((id, class, error)),
            Status::Done => None,
        })
        .collect();
    // Simulations that `gc` dropped keep their numbers, and have no tasks.
    let mut sims: Vec<u32> = state.tasks.keys().map(|(sim, _)| *sim).collect();
    sims.dedup();
    say!(
        "{}: {} tasks of {} simulations done, {} failed",
        folder.display(),
        HumanCount((state.tasks.len() - failed.len()) as u64),
        HumanCount(sims.len() as u64),
        HumanCount(failed.len() as u64)
    );
    for (name, sweep) in state.sweeps.iter() {
        let mut sims: Vec<u32> = sweep
            .points
            .iter()
            .filter(|p| p.place.is_some())
            .map(|p| p.sim)
            .collect();
        // Before duplicates go: several points may share a simulation, whose tasks count once.
        let points = sims.len();
        sims.sort_unstable();
        sims.dedup();
        let count = |wanted: fn(&Status) -> bool| {
            sims.iter()
                .flat_map(|sim| (0..sweep.n_trials).map(|trial| (*sim, trial)))
                .filter(|id| state.tasks.get(id).is_some_and(|task| wanted(&task.status)))
                .count() as u64
        };
        let total = sims.len() as u64 * u64::from(sweep.n_trials);
        let done = count(|status| *status == Status::Done);
        let failed = count(|status| *status != Status::Done);
        let former = sweep.points.len() - points;
        say!(
            "  {name}: {} points, {} of {} tasks done, {} failed, {} missing{}",
            HumanCount(points as u64),
            HumanCount(done),
            HumanCount(total),
            HumanCount(failed),
            HumanCount(total - done - failed),
            match former {
                0 => String::new(),
                n => format!("; {n} former points are kept"),
            }
        );
    }
    if store.unclaimed() > 0 {
        say!(
            "  {} results in `.state/journal` are of parameter sets that no sweep here has; `run` of their pipeline uses them",
            HumanCount(store.unclaimed())
        );
    }
    super::submissions::show(&store)?;
    for table in Table::ALL {
        let prefix = format!("{}/", table.name());
        let files = state
            .parts
            .keys()
            .filter(|name| name.starts_with(&prefix))
            .count();
        if files > 0 {
            say!(
                "  {:<12} {:>4} file{} {}",
                table.name(),
                files,
                if files == 1 { " " } else { "s" },
                HumanBytes(state.bytes_of(table))
            );
        }
    }
    for ((sim, trial), class, error) in failed.iter().take(LISTED) {
        say!("  failed: sim {sim} trial {trial}: {class}: {error}");
    }
    if failed.len() > LISTED {
        say!(
            "  … and {} more: `hnn-sweep failures {}` lists them",
            failed.len() - LISTED,
            super::hint::quoted(&folder)
        );
    }
    let mut damaged: Vec<&String> = state.damaged.values().collect();
    damaged.dedup();
    for file in damaged {
        say!("  damaged or missing: {file}; `run` simulates again what it held");
    }
    Ok(SUCCESS)
}

/// `hnn-sweep failures`.
pub(super) fn failures(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.path)?;
    let store = super::folder::open(&folder)?;
    let state = store.state();
    if arguments.json {
        json::print("failures", json::failures(&folder, state));
        return Ok(SUCCESS);
    }
    let mut n = 0;
    let mut files = BTreeSet::new();
    for ((sim, trial), task) in &state.tasks {
        let Status::Failed { class, error } = &task.status else {
            continue;
        };
        n += 1;
        say!(
            "sim {sim} trial {trial}: {class} after {:.2} s: {error}",
            task.wall_s
        );
        for (name, sweep) in state.sweeps.iter() {
            for point in sweep
                .points
                .iter()
                .filter(|p| p.sim == *sim && p.place.is_some())
            {
                // A sweep of a program has no file, which is an entry of its own: then nobody knows
                // what to retry with.
                files.insert(sweep.file.as_ref());
                let values = sweep.parameters.iter().zip(&point.values);
                let words: Vec<String> = values
                    .filter_map(|((name, _), value)| Some(format!("{name} = {}", value.as_ref()?)))
                    .collect();
                say!("  {name}: {}", words.join(", "));
            }
        }
    }
    match n {
        0 => say!("no simulation has failed"),
        _ => say!(
            "{n} failed; simulate them again with `{}`",
            retry(&files, &folder)
        ),
    }
    Ok(SUCCESS)
}

/// The command that simulates again what failed; of the file that ran it, where it is known and still there.
fn retry(files: &BTreeSet<Option<&String>>, folder: &Path) -> String {
    let only = files
        .iter()
        .next()
        .copied()
        .flatten()
        .filter(|_| files.len() == 1);
    let file = only.map_or_else(|| Path::new("FILE"), Path::new);
    match file.exists() {
        true => super::hint::command("retry", file, Some(folder)),
        false => "hnn-sweep retry FILE".into(),
    }
}
