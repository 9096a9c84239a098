//! `hnn-sweep schema`.

use super::exit::SUCCESS;
use super::output::say;
use crate::pipeline;
use crate::stages::RunError;
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep schema                                print it
  hnn-sweep schema -o hnn-sweep.schema.json       beside pipeline files, as `init` puts it

An editor uses it for files that begin with the line `#:schema hnn-sweep.schema.json`.")]
pub(super) struct Arguments {
    /// File, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The JSON schema of pipeline files.
pub(super) fn text() -> String {
    format!("{:#}\n", pipeline::schema())
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    match &arguments.output {
        Some(path) => super::folder::write_whole(path, text().as_bytes())?,
        None => say!("{}", text().trim_end()),
    }
    Ok(SUCCESS)
}
