//! `hnn-sweep run`.

use super::progress::Progress;
use super::report::{self, Live};
use super::{DISK, FAILURES, INTERRUPTED, SUCCESS, say};
use crate::pipeline::Pipeline;
use crate::solver::Solver;
use crate::stages::{self, Options, RunError};
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Failed simulations that are listed.
const LISTED: usize = 10;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep run pipelines/erp_weights.toml
  hnn-sweep run pipelines/erp_weights.toml --jobs 4 --retry-failed

What is finished is kept at once: stop with Ctrl-C (or pull the plug) and run the same command to go on.")]
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
    /// Give up on a simulation after this time; it counts as failed
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time_limit: Option<Duration>,
    /// Folder of the results, instead of the pipeline's `save_folder`
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Write the sweep as an HTML page, anew every 30 s while it runs
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    /// Print every simulation
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0);
    seconds
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(|| "a time in seconds, such as 60".into())
}

static STOP: AtomicBool = AtomicBool::new(false);

pub(super) fn run(arguments: &Arguments, retry: bool) -> Result<u8, RunError> {
    let pipeline = Pipeline::load(&arguments.file)?;
    let options = Options {
        jobs: stages::jobs(arguments.jobs),
        retry_failed: retry || arguments.retry_failed,
        time_limit: arguments.time_limit,
        folder: arguments.folder.clone(),
        ..Options::default()
    };
    // Without a handler Ctrl-C ends the process, which loses no more than what is in flight.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        eprintln!("\nstopping: what is finished is kept (Ctrl-C again to stop at once)");
    });
    let mut progress = Progress::new(&pipeline, &options, arguments.quiet, arguments.verbose);
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let page = arguments.report.as_ref();
    let live = page.map(|page| Live::start(folder, &pipeline.name, page));
    let outcome = stages::run(&pipeline, &options, &Solver::new(), &STOP, &mut progress);
    if let Some(live) = live {
        live.end();
    }
    let outcome = outcome?;
    progress.end();
    if let Some(page) = page {
        report::write_now(folder, &pipeline.name, page, None)?;
    }
    let again = format!("hnn-sweep run {}", arguments.file.display());
    if !outcome.failed.is_empty() {
        eprintln!(
            "{} of {} simulations failed:",
            outcome.failed.len(),
            outcome.n_tasks
        );
        for failed in outcome.failed.iter().take(LISTED) {
            eprintln!(
                "  sim {} trial {} ({}): {}: {}",
                failed.sim, failed.trial, failed.parameters, failed.class, failed.error
            );
        }
        if outcome.failed.len() > LISTED {
            eprintln!(
                "  … and {} more: see status and error in the table `simulations`",
                outcome.failed.len() - LISTED
            );
        }
        eprintln!("simulate them again with `{again} --retry-failed`");
    }
    for file in &outcome.damaged {
        eprintln!(
            "{file} was damaged and is put aside; simulate again what it held with `{again}`"
        );
    }
    if outcome.left > 0 {
        eprintln!(
            "interrupted: {} simulations are left; go on with `{again}`",
            outcome.left
        );
        return Ok(INTERRUPTED);
    }
    if !arguments.quiet {
        say!(
            "{} simulated; results are in {}",
            outcome.simulated,
            folder.display()
        );
        if outcome.simulated > 0 && !pipeline.summaries.is_empty() {
            say!(
                "ask them with `hnn-sweep query {} \"SELECT * FROM summary LIMIT 5\"`",
                folder.display()
            );
        }
    }
    Ok(
        match (outcome.damaged.is_empty(), outcome.failed.is_empty()) {
            (false, _) => DISK,
            (true, false) => FAILURES,
            (true, true) => SUCCESS,
        },
    )
}
