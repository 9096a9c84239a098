//! `hnn-sweep run`.

use super::exit::{DISK, FAILURES, INTERRUPTED, SUCCESS};
use super::hint;
use super::json;
use super::output::{complain, say};
use super::plan::{Part, unused_remark};
use super::progress::{Progress, Verbosity};
use super::report::{self, Live};
use super::signals::Signals;
use super::submissions;
use crate::pipeline::Pipeline;
use crate::solver::Solver;
use crate::stages::plan::FailedTask;
use crate::stages::{self, Options, RunError, RunOutcome};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Failed simulations that are listed.
const LISTED: usize = 10;

pub(super) const EXAMPLES: &str = "\
Examples:
  hnn-sweep run pipelines/erp_weights.toml
  hnn-sweep run pipelines/erp_weights.toml --jobs 4 --retry-failed
  hnn-sweep run pipelines/erp_weights.toml --limit 8

What is finished is kept at once: stop with Ctrl-C (or pull the plug) and run the same command to go on.
Several runs of a file on one machine, in several terminals, say, share the work; each ends when all of it is done.";

pub(super) const EXAMPLES_OF_RETRY: &str = "\
Examples:
  hnn-sweep retry pipelines/erp_weights.toml
  hnn-sweep retry pipelines/erp_weights.toml --time-limit 600

It is `hnn-sweep run --retry-failed`. What failed is listed by `hnn-sweep failures`.";

#[derive(Args, Debug)]
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
    /// Simulate again what failed before
    #[arg(long)]
    retry_failed: bool,
    /// Take the place of the sweep that another file has run under the same `name` in this folder
    #[arg(long)]
    replace: bool,
    /// Give up on a simulation after this time; it counts as failed
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time_limit: Option<Duration>,
    /// Folder of the results, instead of the pipeline's `save_folder`
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    /// Simulate also what is queued in submissions
    #[arg(long)]
    steal: bool,
    /// Write into a folder that holds other files, too
    #[arg(long)]
    among_other_files: bool,
    /// Write the sweep as an HTML page, anew every 30 s while it runs
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object at the end, for scripts, and nothing else but errors and warnings: docs/json.md
    #[arg(long, conflicts_with_all = ["quiet", "verbose"])]
    json: bool,
    /// Print errors and warnings only
    #[arg(short, long)]
    quiet: bool,
    /// Print every simulation
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

impl Arguments {
    fn verbosity(&self) -> Verbosity {
        match (self.quiet || self.json, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0);
    seconds
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(|| "a time in seconds, such as 60".into())
}

pub(super) fn run(arguments: &Arguments, retry: bool) -> Result<u8, RunError> {
    // Before anything is read, so that Ctrl-C has its exit code throughout.
    let signals = Signals::catch();
    let pipeline = arguments.part.load(&arguments.file)?;
    let mut options = Options {
        jobs: stages::jobs(arguments.jobs),
        retry_failed: retry || arguments.retry_failed,
        replace: arguments.replace,
        time_limit: arguments.time_limit,
        folder: arguments.folder.clone(),
        among_other_files: arguments.among_other_files,
        ..Options::default()
    };
    arguments.part.choose(&mut options);
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    options.given = submissions::before_run(folder, &pipeline, arguments.steal)?;
    let mut progress = Progress::new(&pipeline, &options, &signals, arguments.verbosity());
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let page = arguments.report.as_ref();
    let live = page.and_then(|page| Live::start(folder, &pipeline.name, page));
    let solver = Solver::new();
    let outcome = stages::run(&pipeline, &options, &solver, &signals.stop, &mut progress);
    if let Some(live) = live {
        // Before the error, if there is one: the thread of the page must not outlive the run.
        live.end();
    }
    let outcome = outcome?;
    progress.end();
    if let Some(page) = page {
        // The last page stands still: nothing is written to it any more.
        report::write_now(folder, &pipeline.name, page, None)?;
    }
    if arguments.json {
        json::print("run", json::run(&pipeline, folder, &outcome));
    }
    Ok(tell(arguments, &pipeline, &outcome))
}

/// Says what a run did and what is left to do; gives the exit code.
fn tell(arguments: &Arguments, pipeline: &Pipeline, outcome: &RunOutcome) -> u8 {
    let RunOutcome {
        n_tasks,
        simulated,
        failed_now,
        failed,
        elsewhere,
        left,
        damaged,
        losses,
        unused,
    } = outcome;
    let folder = arguments.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let again = hint::command("run", &arguments.file, arguments.folder.as_deref());
    let again = again + &arguments.part.words();
    if !failed.is_empty() {
        complain!("{} of {n_tasks} simulations failed:", failed.len());
        for task in failed.iter().take(LISTED) {
            let FailedTask {
                sim,
                trial,
                parameters,
                class,
                error,
                ..
            } = task;
            complain!("  sim {sim} trial {trial} ({parameters}): {class}: {error}");
        }
        if failed.len() > LISTED {
            let all = format!("hnn-sweep failures {}", hint::quoted(folder));
            complain!("  … and {} more: `{all}` lists them", failed.len() - LISTED);
        }
        complain!("once the cause is mended, simulate them again with `{again} --retry-failed`");
    }
    for loss in losses {
        complain!("{loss}");
    }
    for file in damaged {
        complain!(
            "{file} was damaged and is put aside; simulate again what it held with `{again}`"
        );
    }
    // Behind failures and losses, which an interrupted run tells, too.
    if *left > 0 {
        complain!("interrupted: {left} simulations are left; go on with `{again}`");
        return INTERRUPTED;
    }
    unused
        .iter()
        .for_each(|name| complain!("{}", unused_remark(name)));
    if arguments.verbosity() > Verbosity::Quiet {
        let failed = match failed_now {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        let elsewhere = match elsewhere {
            0 => String::new(),
            n => format!(", {n} by other processes"),
        };
        say!(
            "{} simulated{failed}{elsewhere}; results are in {}",
            simulated - failed_now,
            folder.display()
        );
        if simulated > failed_now && !pipeline.summaries.is_empty() {
            let folder = hint::quoted(folder);
            say!("look at them with `hnn-sweep table {folder}`");
        }
    }
    match (damaged.is_empty(), failed.is_empty()) {
        // Damage outweighs failures: `retry` mends the one, a look at the disk the other.
        (false, _) => DISK,
        (true, false) => FAILURES,
        (true, true) => SUCCESS,
    }
}
