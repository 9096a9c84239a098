//! `hnn-sweep plan`.

use super::binding::Binding;
use super::exit::SUCCESS;
use super::hint::quoted;
use super::json;
use super::output::{complain, say};
use super::submissions;
use crate::pipeline::{Pipeline, Varied};
use crate::stages::expand;
use crate::stages::plan::Replaced;
use crate::stages::{self, Options, Plan, RunError};
use crate::store::Store;
use crate::table::short;
use clap::Args;
use indicatif::{HumanBytes, HumanCount, HumanDuration};
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  hnn-sweep plan pipelines/erp_weights.toml --jobs 4
  hnn-sweep plan pipelines/erp_weights.toml --json
  hnn-sweep plan pipelines/erp_weights.toml --only \"weight_pyr > 1e-3\"";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Pipeline file
    file: PathBuf,
    /// Simulations at a time; 0 or -1 for all cores
    #[arg(
        short,
        long,
        default_value_t = 0,
        allow_negative_numbers = true,
        value_name = "N"
    )]
    jobs: i64,
    /// Plan to simulate again what failed before
    #[arg(long)]
    retry_failed: bool,
    /// Folder of the results, instead of the pipeline's `save_folder`
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    /// Print one JSON object, for scripts: docs/json.md
    #[arg(long)]
    json: bool,
}

/// Which part of a sweep is simulated, and with which changes.
#[derive(Args, Debug)]
pub(super) struct Part {
    /// Only points where this holds, such as "mu > 40 and weight < 0.01"
    #[arg(long, value_name = "CONDITION")]
    only: Option<String>,
    /// At most so many of the missing simulations, spread over the grid
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Another value for a key of the file, such as simulation.tstop=60 or drive.evprox.mu=30; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Part {
    /// The pipeline, with the values that are given for its keys.
    pub(super) fn load(&self, file: &Path) -> Result<Pipeline, RunError> {
        Ok(Pipeline::load_with(file, &self.set)?)
    }

    /// What a command that goes on with it says of it.
    pub(super) fn words(&self) -> String {
        let only = self.only.iter().map(|only| ("only", only.clone()));
        let limit = self.limit.iter().map(|limit| ("limit", limit.to_string()));
        let set = self.set.iter().map(|set| ("set", set.clone()));
        let words = only.chain(limit).chain(set);
        words
            .map(|(option, word)| format!(" --{option} {}", quoted(word)))
            .collect()
    }

    /// Takes note of it in the options of a run.
    pub(super) fn choose(&self, options: &mut Options) {
        options.only.clone_from(&self.only);
        options.limit = self.limit;
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let pipeline = arguments.part.load(&arguments.file)?;
    let mut options = Options {
        jobs: stages::jobs(arguments.jobs),
        retry_failed: arguments.retry_failed,
        folder: arguments.folder.clone(),
        ..Options::default()
    };
    arguments.part.choose(&mut options);
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    // No folder yet is no error: everything is missing then.
    let stored = Store::open(folder)?;
    options.given = submissions::given(stored.as_ref())?;
    let pool = stages::pool(options.jobs)?;
    let state = stored.as_ref().map(Store::state);
    let mut binding = Binding::new(false);
    let mut told = |done, n| binding.tell(done, n);
    let grid = expand::watched(&pipeline, state, &pool, &false.into(), &mut told)?;
    binding.end();
    let plan = stages::plan(&pipeline, &grid, stored.as_ref(), &options)?;
    let remarks = remarks(&pipeline, &plan);
    if arguments.json {
        json::print("plan", json::plan(&pipeline, &plan, &options, &remarks));
        return Ok(SUCCESS);
    }
    say!("{}", describe(&pipeline, &plan, &options));
    // To standard error, so that a plan in a file has only the plan.
    remarks.iter().for_each(|remark| complain!("{remark}"));
    Ok(SUCCESS)
}

/// What should not be overlooked before a run.
pub(super) fn remarks(pipeline: &Pipeline, plan: &Plan) -> Vec<String> {
    let of_file = pipeline
        .remarks()
        .into_iter()
        .map(|remark| format!("NOTE: {remark}"));
    let unused = plan.unused.iter().map(|name| unused_remark(name));
    let mut remarks: Vec<String> = of_file.chain(unused).collect();
    if let Some(Replaced { file, points, of }) = &plan.replaced {
        remarks.push(format!(
            "WARNING: {file} has run a sweep of this name in this folder; {points} of its {of} points would leave the grid, so `run` asks \
             for --replace, or give another `name`"
        ));
    }
    remarks
}

pub(super) fn unused_remark(name: &str) -> String {
    format!(
        "WARNING: the parameter `{name}` changes nothing: all of its values give the same simulations; use it in an expression (\"{name}\") \
         or remove it"
    )
}

/// A plan in words.
pub(super) fn describe(pipeline: &Pipeline, plan: &Plan, options: &Options) -> String {
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let count = |n: u64| HumanCount(n).to_string();
    let missing = plan.tasks.len() as u64;
    let mut lines = vec![format!(
        "{} → {}: {} points × {} trial{}, {} task{}",
        pipeline.name,
        folder.display(),
        count(pipeline.n_points()),
        pipeline.n_trials,
        if pipeline.n_trials == 1 { "" } else { "s" },
        count(plan.n_tasks),
        if plan.n_tasks == 1 { "" } else { "s" },
    )];
    lines.extend(pipeline.varied().iter().map(in_words));
    if plan.n_shared > 0 {
        lines.push(format!(
            "  {:>9} points are the same network as another and share its simulation",
            count(plan.n_shared)
        ));
    }
    lines.push(format!("  {:>9} done", count(plan.done)));
    if !plan.failed.is_empty() {
        lines.push(format!(
            "  {:>9} failed before (simulate them again with --retry-failed)",
            count(plan.failed.len() as u64)
        ));
    }
    lines.push(format!("  {:>9} missing", count(missing + plan.elsewhere)));
    for (reason, n) in &plan.groups {
        lines.push(format!("  {:>13}: {reason}", count(*n)));
    }
    if plan.given > 0 {
        lines.push(format!(
            "  {:>9} of them queued in submissions (`run --steal` simulates them here)",
            count(plan.given)
        ));
    }
    if plan.elsewhere > 0 {
        lines.push(format!("  {:>9} of them in this run", count(missing)));
    }
    if plan.reductions > 0 {
        lines.push(format!(
            "  {:>9} simulations get new statistics from what is stored",
            count(plan.reductions)
        ));
    }
    if missing > 0 {
        let seconds = plan.seconds(options.jobs);
        let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        lines.push(format!(
            "expected: about {} with {} job{} ({:.2} s each, {}), {} on disk",
            HumanDuration(time),
            options.jobs,
            if options.jobs == 1 { "" } else { "s" },
            plan.seconds_per_task,
            match plan.seconds_measured {
                true => "as measured before",
                false => "estimated from the size of the network",
            },
            HumanBytes(plan.bytes as u64),
        ));
    }
    lines.join("\n")
}

/// `  mu: 3 values, 30 to 50 ms, in drives.evprox.mu`
fn in_words(varied: &Varied) -> String {
    let values = match varied.prior {
        Some(prior) => {
            let [a, b] = prior.numbers();
            format!(
                "{} samples of {} [{a}, {b}]",
                HumanCount(varied.count as u64),
                prior.kind()
            )
        }
        None if varied.count == 1 => "1 value".into(),
        None => format!("{} values", HumanCount(varied.count as u64)),
    };
    let unit = varied
        .unit
        .map_or_else(String::new, |unit| format!(" {unit}"));
    let extent = match varied.range {
        Some([least, most]) if least == most => format!("{}{unit}", short(least)),
        Some([least, most]) => format!("{} to {}{unit}", short(least), short(most)),
        None => {
            let more = if varied.count > varied.words.len() {
                ", …"
            } else {
                ""
            };
            format!("{}{more}", varied.words.join(", "))
        }
    };
    let places = match varied.used_in.as_slice() {
        [] => String::new(),
        [one] => format!(", in {one}"),
        [one, two] => format!(", in {one} and {two}"),
        [one, more @ ..] => format!(", in {one} and {} more", more.len()),
    };
    format!("  {}: {values}, {extent}{places}", varied.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_goes_on_names_the_same_part_of_the_sweep() {
        let part = Part {
            only: Some("mu > 40".into()),
            limit: Some(3),
            set: vec!["simulation.tstop=60".into(), "name=my sweep".into()],
        };
        let words = " --only 'mu > 40' --limit 3 --set 'simulation.tstop=60' --set 'name=my sweep'";
        assert_eq!(part.words(), words);
    }
}
