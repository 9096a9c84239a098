//! The command line: one file per verb. The only place that prints or draws progress.

mod binding;
mod compact;
mod completions;
mod dynamics;
mod exit;
mod export;
mod folder;
mod gc;
mod hint;
mod init;
mod json;
mod network;
mod output;
mod plan;
mod plot;
mod progress;
mod publish;
mod query;
mod report;
mod run;
mod schema;
mod shard;
mod signals;
mod status;
mod submissions;
mod submit;
mod sweeps;
mod table;
#[cfg(feature = "png-pdf")]
mod terminal;
mod verify;
mod why;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use exit::{DISK, INPUT, SUCCESS, code_of};
use output::{complain, say};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  hnn-sweep init                                     a pipeline file to begin with
  hnn-sweep plan pipelines/erp_weights.toml          what would run, why, how long it takes
  hnn-sweep run pipelines/erp_weights.toml           simulate what is missing
  hnn-sweep status sim_results                       how far a folder is
  hnn-sweep table sim_results --sort -max_peak       the statistics, the highest peaks first

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
    /// Write a pipeline file to begin with
    Init(init::Arguments),
    /// Simulate what is missing of a pipeline's grid
    #[command(after_help = run::EXAMPLES)]
    Run(run::Arguments),
    /// Give what is missing to a cluster, or to many processes here
    #[command(after_help = submit::EXAMPLES)]
    Submit(submit::Arguments),
    /// Simulate one shard of what was submitted
    #[command(after_help = shard::EXAMPLES)]
    Shard(shard::Arguments),
    /// Bring results of shards into the tables
    #[command(after_help = publish::EXAMPLES)]
    Publish(publish::Arguments),
    /// Show what a run would do and why; nothing is written
    Plan(plan::Arguments),
    /// Show what a folder of results holds
    #[command(after_help = status::EXAMPLES)]
    Status(status::Arguments),
    /// List failed simulations with their errors
    #[command(after_help = status::EXAMPLES_OF_FAILURES)]
    Failures(status::Arguments),
    /// Simulate what is missing, and again what failed before
    #[command(after_help = run::EXAMPLES_OF_RETRY)]
    Retry(run::Arguments),
    /// Check every file of a folder against its checksum
    Verify(verify::Arguments),
    /// Take a sweep out of a folder that holds several; its results stay
    Drop(sweeps::Drop),
    /// Give a sweep another name
    Rename(sweeps::Rename),
    /// Compare two sweeps of a folder: parameters, statistics, simulations that they share
    Diff(sweeps::Diff),
    /// Drop results of simulations that are in no present grid
    Gc(gc::Arguments),
    /// Pack what is beside the tables anew, and remove what nobody needs
    Compact(compact::Arguments),
    /// Show, choose and sort rows of a table, or write them as CSV, JSON or Parquet
    Table(table::Arguments),
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
    /// Print the JSON schema of pipeline files, for editors
    Schema(schema::Arguments),
    /// Print completions of commands for a shell
    Completions(completions::Arguments),
    /// Write man pages
    Man(completions::ManArguments),
    /// Say in words what a task's key stands for, or how two tasks differ
    Why(why::Arguments),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    signals::survive();
    // The panic has said where it came from.
    let code = std::panic::catch_unwind(answer).unwrap_or_else(|_| {
        complain!("an error in hnn-sweep itself: please report the lines above with the command that you gave");
        DISK
    });
    // Lost output must not pass for success: `hnn-sweep table … > file` on a full disk.
    let code = match output::lost() {
        Some(error) => {
            complain!("cannot write to standard output: {error}");
            if code == SUCCESS { DISK } else { code }
        }
        None => code,
    };
    ExitCode::from(code)
}

fn answer() -> u8 {
    // Help without being asked is no error, unlike clap's default.
    if std::env::args_os().len() < 2 {
        say!("{}", Cli::command().render_help());
        return SUCCESS;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(
                error.kind(),
                // clap ends with 2 on wrong arguments, which is the disk's code here.
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            let printed = error.print();
            if asked {
                output::note(printed);
            }
            return if asked { SUCCESS } else { INPUT };
        }
    };
    let result = match cli.verb {
        Verb::Init(arguments) => init::run(&arguments),
        Verb::Schema(arguments) => schema::run(&arguments),
        Verb::Completions(arguments) => Ok(completions::run(&arguments, Cli::command())),
        Verb::Man(arguments) => completions::man(&arguments, Cli::command()),
        Verb::Run(arguments) => run::run(&arguments, false),
        Verb::Retry(arguments) => run::run(&arguments, true),
        Verb::Submit(arguments) => submit::run(&arguments),
        Verb::Shard(arguments) => shard::run(&arguments),
        Verb::Publish(arguments) => publish::run(&arguments),
        Verb::Failures(arguments) => status::failures(&arguments),
        Verb::Verify(arguments) => verify::run(&arguments),
        Verb::Drop(arguments) => sweeps::drop(&arguments),
        Verb::Rename(arguments) => sweeps::rename(&arguments),
        Verb::Diff(arguments) => sweeps::diff(&arguments),
        Verb::Gc(arguments) => gc::run(&arguments),
        Verb::Compact(arguments) => compact::run(&arguments),
        Verb::Plan(arguments) => plan::run(&arguments),
        Verb::Status(arguments) => status::run(&arguments),
        Verb::Table(arguments) => table::run(&arguments),
        Verb::Query(arguments) => query::run(&arguments),
        Verb::Report(arguments) => report::run(&arguments),
        Verb::Plot(arguments) => plot::run(&arguments),
        Verb::Export(arguments) => export::run(&arguments),
        Verb::Network(arguments) => network::run(&arguments),
        Verb::Why(arguments) => why::run(&arguments),
    };
    result.unwrap_or_else(|error| {
        let code = code_of(&error);
        complain!("{:?}", miette::Report::new(error));
        code
    })
}
