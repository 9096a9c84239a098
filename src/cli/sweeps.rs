//! `hnn-sweep drop`, `rename` and `diff`: several sweeps in a folder.

use super::exit::SUCCESS;
use super::hint::quoted;
use super::output::say;
use crate::pipeline::{WRONG_NAME, did_you_mean, is_name};
use crate::stages::RunError;
use crate::store::{Session, State, Store, Sweep, Value};
use crate::table::short;
use clap::Args;
use indicatif::HumanCount;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hnn-sweep drop erp_weights --folder sim_results

No result is dropped: other sweeps may have the same simulations, and the pipeline brings the sweep back without simulating. What no sweep
has any more is dropped by `hnn-sweep gc`.")]
pub(super) struct Drop {
    /// Sweep
    sweep: String,
    /// Folder of results, or a pipeline file that writes to it
    #[arg(short, long, default_value = "sim_results", value_name = "FOLDER")]
    folder: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hnn-sweep rename erp_weights first_try --folder sim_results

Give the pipeline file the same `name`, so that it goes on with the sweep.")]
pub(super) struct Rename {
    /// Sweep
    sweep: String,
    /// What it is to be called
    new: String,
    /// Folder of results, or a pipeline file that writes to it
    #[arg(short, long, default_value = "sim_results", value_name = "FOLDER")]
    folder: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  hnn-sweep diff coarse fine --folder sim_results")]
pub(super) struct Diff {
    /// Sweep
    sweep: String,
    /// The one to compare with
    other: String,
    /// Folder of results, or a pipeline file that writes to it
    #[arg(short, long, default_value = "sim_results", value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn drop(arguments: &Drop) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.folder)?;
    // Looked up before a session begins, as that takes the lock and may publish what a dead run has
    // left.
    find(&super::folder::open(&folder)?, &arguments.sweep)?;
    let mut session = Session::begin(&folder)?;
    let sweep = session.drop_sweep(&arguments.sweep)?;
    let (state, _) = session.finish()?;
    // What no other sweep has and what is stored: a simulation that never ran needs no `gc`.
    let own: BTreeSet<u32> = sims(&sweep).difference(&present(&state)).copied().collect();
    let stored: BTreeSet<u32> = state.tasks.keys().map(|(sim, _)| *sim).collect();
    let own = own.intersection(&stored).count() as u64;
    say!(
        "{} is no sweep of {} any more",
        arguments.sweep,
        folder.display()
    );
    if own > 0 {
        say!(
            "{} simulations are in no other sweep; `hnn-sweep gc {} --apply` drops them",
            HumanCount(own),
            quoted(&folder)
        );
    }
    Ok(SUCCESS)
}

pub(super) fn rename(arguments: &Rename) -> Result<u8, RunError> {
    if !is_name(&arguments.new) {
        return Err(RunError::Input {
            what: WRONG_NAME.into(),
            help: "choose another name".into(),
        });
    }
    let folder = super::folder::folder_of(&arguments.folder)?;
    find(&super::folder::open(&folder)?, &arguments.sweep)?;
    let mut session = Session::begin(&folder)?;
    session.rename_sweep(&arguments.sweep, &arguments.new)?;
    let (state, _) = session.finish()?;
    say!("{} is called {} now", arguments.sweep, arguments.new);
    let file = state
        .sweeps
        .get(&arguments.new)
        .and_then(|sweep| sweep.file.as_ref());
    // A sweep knows its file by the path of the last run, which may be gone.
    if let Some(file) = file.filter(|file| Path::new(file).exists()) {
        say!(
            "write `name = \"{}\"` in {file}, or its next run begins a sweep of the old name",
            arguments.new
        );
    }
    Ok(SUCCESS)
}

pub(super) fn diff(arguments: &Diff) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.folder)?;
    let store = super::folder::open(&folder)?;
    let (a, b) = (&arguments.sweep, &arguments.other);
    let (left, right) = (find(&store, a)?, find(&store, b)?);
    let mut lines = vec![describe(a, left), describe(b, right)];
    let (first, second) = (parameters(left), parameters(right));
    for name in first
        .keys()
        // In the order of the first sweep, then what only the second has.
        .chain(second.keys().filter(|name| !first.contains_key(*name)))
    {
        lines.push(match (first.get(name), second.get(name)) {
            (Some(x), Some(y)) if x == y => format!("  parameter {name}: {} in both", extent(x)),
            (Some(x), Some(y)) => format!(
                "  parameter {name}: {} in {a}, {} in {b}",
                extent(x),
                extent(y)
            ),
            (Some(x), None) => format!("  parameter {name}: {}, only in {a}", extent(x)),
            (None, y) => format!(
                "  parameter {name}: {}, only in {b}",
                y.map_or_else(String::new, extent)
            ),
        });
    }
    // Two columns of one name may hold different statistics.
    let column = |sweep: &Sweep, name: &str| {
        sweep
            // By identity: a name says nothing about the window or the signal that a statistic has.
            .summaries
            .iter()
            .find(|own| own.name == name)
            .map(|own| (own.id, own.mean))
    };
    let mut names: Vec<&String> = Vec::new();
    for column in left.summaries.iter().chain(&right.summaries) {
        if !names.contains(&&column.name) {
            names.push(&column.name);
        }
    }
    for name in names {
        lines.push(match (column(left, name), column(right, name)) {
            (Some(x), Some(y)) if x == y => format!("  statistic {name}: in both"),
            (Some(_), Some(_)) => format!("  statistic {name}: computed differently"),
            (Some(_), None) => format!("  statistic {name}: only in {a}"),
            _ => format!("  statistic {name}: only in {b}"),
        });
    }
    let (left, right) = (sims(left), sims(right));
    let count = |n: usize| HumanCount(n as u64);
    lines.push(format!(
        "{} simulations are in both, {} only in {a}, {} only in {b}",
        count(left.intersection(&right).count()),
        count(left.difference(&right).count()),
        count(right.difference(&left).count())
    ));
    lines.iter().for_each(|line| say!("{line}"));
    Ok(SUCCESS)
}

fn find<'s>(store: &'s Store, name: &str) -> Result<&'s Sweep, RunError> {
    let sweeps = &store.state().sweeps;
    sweeps.get(name).ok_or_else(|| {
        let names: Vec<&String> = sweeps.keys().collect();
        RunError::Input {
            what: format!("the folder has no sweep `{name}`"),
            help: did_you_mean(name, &names),
        }
    })
}

fn describe(name: &str, sweep: &Sweep) -> String {
    let points = sweep
        .points
        .iter()
        .filter(|point| point.place.is_some())
        .count();
    let trials = sweep.n_trials;
    let s = if trials == 1 { "" } else { "s" };
    format!(
        "{name}: {} points × {trials} trial{s}",
        HumanCount(points as u64)
    )
}

/// Simulations of a sweep's present grid.
fn sims(sweep: &Sweep) -> BTreeSet<u32> {
    let present = sweep.points.iter().filter(|point| point.place.is_some());
    present.map(|point| point.sim).collect()
}

/// Simulations of all sweeps' present grids.
fn present(state: &State) -> BTreeSet<u32> {
    state.sweeps.values().flat_map(sims).collect()
}

/// Values of the parameters that the present grid has, in words by their order.
fn parameters(sweep: &Sweep) -> BTreeMap<&String, BTreeMap<Order, String>> {
    let mut parameters = BTreeMap::new();
    for point in sweep.points.iter().filter(|point| point.place.is_some()) {
        for ((name, _), value) in sweep.parameters.iter().zip(&point.values) {
            if let Some(value) = value {
                let values: &mut BTreeMap<_, _> = parameters.entry(name).or_default();
                values
                    .entry(Order::of(value))
                    .or_insert_with(|| match value {
                        Value::Float(x) => short(*x),
                        other => other.to_string(),
                    });
            }
        }
    }
    parameters
}

/// Numbers in their order, then texts and truth values in theirs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// The bits of a number, such that they have its order.
    Number(u64),
    Word(String),
}

impl Order {
    fn of(value: &Value) -> Self {
        let number = |x: f64| {
            // A zero has no sign here.
            let bits = (x + 0.0).to_bits();
            match bits >> 63 {
                0 => bits | 1 << 63,
                _ => !bits,
            }
        };
        match value {
            Value::Float(x) => Order::Number(number(*x)),
            Value::Int(x) => Order::Number(number(*x as f64)),
            other => Order::Word(other.to_string()),
        }
    }
}

/// `3 values, 30 to 50`
fn extent(values: &BTreeMap<Order, String>) -> String {
    let ends = values.first_key_value().zip(values.last_key_value());
    match (values.len(), ends) {
        (1, Some(((_, one), _))) => format!("1 value, {one}"),
        (n, Some(((Order::Number(_), least), (_, most)))) => {
            format!("{n} values, {least} to {most}")
        }
        (_, _) => values.values().cloned().collect::<Vec<_>>().join(", "),
    }
}
