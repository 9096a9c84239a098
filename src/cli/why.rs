//! `hnn-sweep why`.

use super::exit::SUCCESS;
use super::output::say;
use crate::stages::RunError;
use crate::stages::key::canon;
use crate::stages::plan::differences::{differences, leaves};
use crate::stages::plan::explain;
use crate::store::{Id, Status, Store, Task};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep why 3f2a91c04b7e                     what was simulated
  hnn-sweep why 3f2a91c04b7e 90ab12cd34ef        how two tasks differ
  hnn-sweep why 12:0 13:0 --folder sim_results   the same by simulation and trial

Keys are in the table `simulations`; their first digits are enough.")]
pub(super) struct Arguments {
    /// Key of a task, its first digits, or SIM:TRIAL
    key: String,
    /// Another, to compare with
    other: Option<String>,
    /// Folder of results, or the pipeline file that writes to it
    #[arg(short, long, default_value = "sim_results", value_name = "FOLDER")]
    folder: PathBuf,
    /// Print everything that the key stands for
    #[arg(long)]
    full: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.folder)?;
    let store = super::folder::open(&folder)?;
    let (id, task) = find(&store, &arguments.key)?;
    let Some(other) = &arguments.other else {
        describe(&store, id, task, arguments.full)?;
        return Ok(SUCCESS);
    };
    let (other_id, other) = find(&store, other)?;
    if task.key == other.key {
        say!("they are the same task");
        return Ok(SUCCESS);
    }
    if id.1 != other_id.1 {
        say!("trial {} → {}", id.1, other_id.1);
    }
    // Trials of one simulation differ in nothing but the trial, from which their seeds follow.
    if id.0 != other_id.0 {
        let (left, right) = (spec(&store, id)?, spec(&store, other_id)?);
        for difference in differences(&left, &right) {
            say!("{difference}");
        }
    }
    Ok(SUCCESS)
}

fn find<'s>(store: &'s Store, word: &str) -> Result<(Id, &'s Task), RunError> {
    let tasks = &store.state().tasks;
    let error = |what: String, help: &str| RunError::Input {
        what,
        help: help.into(),
    };
    if let Some((sim, trial)) = word.split_once(':') {
        let id = sim.parse().ok().zip(trial.parse().ok());
        return id
            .and_then(|id: Id| Some((id, tasks.get(&id)?)))
            .ok_or_else(|| {
                error(
                    format!("there is no finished task `{word}`"),
                    "see `sim` and `trial` in the table `simulations`",
                )
            });
    }
    let word = word.to_ascii_lowercase();
    let mut found = tasks
        .iter()
        .filter(|(_, task)| task.key.to_string().starts_with(&word));
    // A second match is enough to refuse, so a sweep of millions is not counted.
    match (found.next(), found.next()) {
        (Some((id, task)), None) => Ok((*id, task)),
        (None, _) => Err(error(
            format!("no finished task has a key that starts with `{word}`"),
            "keys are in the table `simulations`",
        )),
        _ => Err(error(
            format!("several keys start with `{word}`"),
            "give more of its digits",
        )),
    }
}

fn spec(store: &Store, id: Id) -> Result<canon::CanonValue, RunError> {
    let sim = store.state().sims.get(id.0 as usize);
    let value = match sim {
        Some(sim) => explain::of_set(store, &sim.set)?,
        None => None,
    };
    value.ok_or_else(|| RunError::Input {
        what: format!(
            "the specification of sim {} is not in the folder any more",
            id.0
        ),
        help: "it comes back when the simulation is run again".into(),
    })
}

fn describe(store: &Store, id: Id, task: &Task, full: bool) -> Result<(), RunError> {
    say!("key {}", task.key);
    say!("sim {}, trial {}", id.0, id.1);
    match &task.status {
        Status::Done => say!("done in {:.2} s, {} spikes", task.wall_s, task.n_spikes),
        Status::Failed { class, error } => say!("failed: {class}: {error}"),
    }
    for (name, sweep) in store.state().sweeps.iter() {
        for point in sweep.points.iter().filter(|point| point.sim == id.0) {
            let values = sweep.parameters.iter().zip(&point.values);
            let words: Vec<String> = values
                .filter_map(|((name, _), value)| Some(format!("{name} = {}", value.as_ref()?)))
                .collect();
            let place = match point.place {
                Some(place) => format!("point {place}"),
                None => "a former point".into(),
            };
            say!("{place} of {name}: {}", words.join(", "));
        }
    }
    let spec = spec(store, id)?;
    for name in ["format", "numerics", "tstop", "dt"] {
        if let Some(value) = spec.get(name) {
            say!("{name} = {value}");
        }
    }
    let Some(network) = spec.get("network") else {
        return Ok(());
    };
    if full {
        // Against nothing, everything is an addition.
        for line in leaves(network) {
            say!("{line}");
        }
        return Ok(());
    }
    if let canon::CanonValue::Map(fields) = network {
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("drives" | "biases" | "electrodes", _) => {
                    for line in leaves(value) {
                        say!("{name}.{line}");
                    }
                }
                _ => say!("{name}: {value}"),
            }
        }
    }
    say!("everything else with --full");
    Ok(())
}
