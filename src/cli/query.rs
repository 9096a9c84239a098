//! `hnn-sweep query`.

#[cfg(not(feature = "query"))]
use super::INPUT;
use crate::stages::RunError;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep query sim_results \"SELECT weight_pyr, max_peak FROM summary ORDER BY max_peak DESC LIMIT 5\"
  hnn-sweep query sim_results \"SELECT weight_pyr, time, agg FROM dipole WHERE sim = 3\" --format csv -o dipole.csv

Tables: simulations, dipole, spikes, lfp, voltages, currents, calcium, summary. Every table has the sweep's parameters
as columns; no join is needed.")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// The query
    sql: String,
    /// How the answer is written
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// File for the answer, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// Comma-separated, with a header
    Csv,
    /// An object a line
    Json,
    /// Parquet; needs -o
    Parquet,
}

#[cfg(not(feature = "query"))]
pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder_of(&arguments.path)?;
    let store = super::open(&folder)?;
    let _ = (arguments.format, &arguments.output);
    eprintln!(
        "This hnn-sweep was built without SQL, which takes long to compile. Get it with\n\
         \n    cargo build --release --features query\n\
         \nor give this to DuckDB:\n"
    );
    super::say!(
        "{}",
        crate::query::duckdb(&folder, store.state(), &arguments.sql)
    );
    Ok(INPUT)
}

#[cfg(feature = "query")]
pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder_of(&arguments.path)?;
    let store = super::open(&folder)?;
    let wrong = |error: crate::query::QueryError| RunError::Input {
        what: error.to_string(),
        help: error.help(),
    };
    let mut answer = crate::query::ask(&folder, store.state(), &arguments.sql).map_err(wrong)?;
    let mut sink: Box<dyn std::io::Write> = match &arguments.output {
        None if arguments.format == Format::Parquet => {
            return Err(RunError::Input {
                what: "Parquet is not for a terminal".into(),
                help: "name a file with -o FILE".into(),
            });
        }
        None => Box::new(std::io::stdout()),
        Some(path) => {
            let file = fs_err::File::create(path);
            Box::new(file.map_err(|e| crate::store::StoreError::io("write", path, e))?)
        }
    };
    match arguments.format {
        Format::Table => answer.table(&mut sink),
        Format::Csv => answer.csv(&mut sink),
        Format::Json => answer.json(&mut sink),
        Format::Parquet => answer.parquet(&mut sink),
    }
    .map_err(wrong)?;
    Ok(super::SUCCESS)
}
