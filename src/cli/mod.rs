//! The command line: one file per verb. The only place that prints or draws progress.

mod compact;
mod export;
mod gc;
mod network;
mod plan;
mod plot;
mod progress;
mod query;
mod report;
mod run;
mod status;
#[cfg(feature = "png-pdf")]
mod terminal;
mod verify;
mod why;

use crate::stages::RunError;
use crate::store::StoreError;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// All is well.
const SUCCESS: u8 = 0;
/// What was asked for cannot be done: the pipeline file, an argument.
const INPUT: u8 = 1;
/// The disk or the operating system refused, or a file is damaged.
const DISK: u8 = 2;
/// Some simulations failed; the others are there.
const FAILURES: u8 = 3;
/// Stopped by Ctrl-C.
const INTERRUPTED: u8 = 130;

const EXAMPLES: &str = "\
Examples:
  hnn-sweep plan pipelines/erp_weights.toml          what would run, why, how long it takes
  hnn-sweep run pipelines/erp_weights.toml           simulate what is missing
  hnn-sweep status sim_results                       how far a folder is
  hnn-sweep query sim_results \"SELECT * FROM summary ORDER BY max_peak DESC LIMIT 5\"

Exit codes: 0 all is well, 1 input that cannot be used, 2 disk or damaged file, 3 some simulations failed.";

/// Parameter sweeps of the HNN model: TOML in, Parquet out, nothing is computed twice.
#[derive(Parser, Debug)]
#[command(name = "hnn-sweep", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Simulate what is missing of a pipeline's grid
    Run(run::Arguments),
    /// Show what a run would do and why; nothing is written
    Plan(plan::Arguments),
    /// Show what a folder of results holds
    Status(status::Arguments),
    /// List failed simulations with their errors
    Failures(status::Arguments),
    /// Simulate what is missing, and again what failed before
    Retry(run::Arguments),
    /// Check every file of a folder against its checksum
    Verify(verify::Arguments),
    /// Drop results of simulations that are in no present grid
    Gc(gc::Arguments),
    /// Pack what is beside the tables anew, and remove what nobody needs
    Compact(compact::Arguments),
    /// Ask the tables in SQL
    Query(query::Arguments),
    /// Write a sweep as one HTML page to look through
    Report(report::Arguments),
    /// Draw a figure of a sweep, for a paper or a look
    Plot(plot::Arguments),
    /// Write results as files of hnn-core, NumPy, inference tools or others
    Export(export::Arguments),
    /// Show what a network file or model contains, and write it as a file that hnn-core reads
    Network(network::Arguments),
    /// Say in words what a task's key stands for, or how two tasks differ
    Why(why::Arguments),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    if std::env::args_os().len() < 2 {
        println!("{}", Cli::command().render_help());
        return ExitCode::from(SUCCESS);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            // A closed pipe is no reason to complain.
            let _ = error.print();
            return ExitCode::from(if asked { SUCCESS } else { INPUT });
        }
    };
    let result = match cli.verb {
        Verb::Run(arguments) => run::run(&arguments, false),
        Verb::Retry(arguments) => run::run(&arguments, true),
        Verb::Failures(arguments) => status::failures(&arguments),
        Verb::Verify(arguments) => verify::run(&arguments),
        Verb::Gc(arguments) => gc::run(&arguments),
        Verb::Compact(arguments) => compact::run(&arguments),
        Verb::Plan(arguments) => plan::run(&arguments),
        Verb::Status(arguments) => status::run(&arguments),
        Verb::Query(arguments) => query::run(&arguments),
        Verb::Report(arguments) => report::run(&arguments),
        Verb::Plot(arguments) => plot::run(&arguments),
        Verb::Export(arguments) => export::run(&arguments),
        Verb::Network(arguments) => network::run(&arguments),
        Verb::Why(arguments) => why::run(&arguments),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let code = exit_code(&error);
            eprintln!("{:?}", miette::Report::new(error));
            ExitCode::from(code)
        }
    }
}

fn exit_code(error: &RunError) -> u8 {
    match error {
        RunError::Pipeline(_) | RunError::Input { .. } => INPUT,
        RunError::Store(StoreError::Conflict { .. } | StoreError::NoStore { .. }) => INPUT,
        RunError::Store(_) => DISK,
    }
}

/// A folder of results, given itself or by the pipeline that writes to it.
fn folder_of(path: &std::path::Path) -> Result<PathBuf, RunError> {
    match path.extension().is_some_and(|e| e == "toml") && path.is_file() {
        true => Ok(crate::pipeline::Pipeline::load(path)?.save_folder),
        false => Ok(path.to_path_buf()),
    }
}

fn open(folder: &std::path::Path) -> Result<crate::store::Store, RunError> {
    Ok(hold(folder)?.0)
}

/// The same, with no file replaced until the second is dropped.
fn hold(folder: &std::path::Path) -> Result<(crate::store::Store, crate::store::Hold), RunError> {
    let store = crate::store::Store::hold(folder)?;
    Ok(store.ok_or_else(|| StoreError::NoStore {
        path: folder.to_path_buf(),
        help: "give the save_folder of a pipeline, or the pipeline file; `hnn-sweep run FILE` makes one".into(),
    })?)
}

/// Writes a file aside and renames it: at every moment there is the old one or the new one, whole.
fn write_whole(path: &std::path::Path, bytes: &[u8]) -> Result<(), RunError> {
    use std::io::Write;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    crate::store::create_dir(folder)?;
    let mut file = crate::store::aside(folder)?;
    file.write_all(bytes)
        .map_err(|e| StoreError::io("write", path, e))?;
    Ok(crate::store::settle(file, path)?)
}

/// Prints to standard output; a reader that has gone away is no error.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
use say;
