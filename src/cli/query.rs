//! `hnn-sweep query`.

#[cfg(not(feature = "query"))]
use super::exit::INPUT;
use crate::stages::RunError;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

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
    #[arg(short, long, value_enum, default_value_t = AnswerFormat::Table)]
    format: AnswerFormat,
    /// File for the answer, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerFormat {
    /// For people
    Table,
    /// Comma-separated, with a header
    Csv,
    /// An object a line
    Json,
    /// Parquet; needs -o
    Parquet,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    if arguments.format == AnswerFormat::Parquet && arguments.output.is_none() {
        return Err(RunError::Input {
            what: "Parquet is not for a terminal".into(),
            help: "name a file with -o FILE".into(),
        });
    }
    answer(
        &arguments.path,
        &arguments.sql,
        arguments.format,
        arguments.output.as_deref(),
    )
}

/// Writes an answer to a file.
pub(super) fn export(
    path: &Path,
    sql: &str,
    format: AnswerFormat,
    output: &Path,
) -> Result<u8, RunError> {
    answer(path, sql, format, Some(output))
}

#[cfg(not(feature = "query"))]
fn answer(
    path: &Path,
    sql: &str,
    format: AnswerFormat,
    output: Option<&Path>,
) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(path)?;
    let store = super::folder::open(&folder)?;
    let format = match format {
        AnswerFormat::Parquet => "PARQUET",
        AnswerFormat::Json => "JSON",
        AnswerFormat::Csv | AnswerFormat::Table => "CSV, HEADER",
    };
    // Inside `COPY (…)` a semicolon would end the statement.
    let sql = sql.trim().trim_end_matches(';');
    let sql = match output {
        None => sql.to_string(),
        Some(file) => {
            // SQL doubles quotes within quotes.
            let file = file.display().to_string().replace('\'', "''");
            format!("COPY ({sql}) TO '{file}' (FORMAT {format})")
        }
    };
    super::output::complain!(
        "This hnn-sweep was built without SQL, which takes long to compile. Get it with\n\
         \n    cargo build --release\n\
         \nor give this to DuckDB:\n"
    );
    super::output::say!("{}", crate::query::duckdb(&folder, store.state(), &sql));
    Ok(INPUT)
}

#[cfg(feature = "query")]
fn answer(
    path: &Path,
    sql: &str,
    format: AnswerFormat,
    output: Option<&Path>,
) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(path)?;
    // Polars reads files more than once, so none may be replaced meanwhile.
    let (store, _hold) = super::folder::hold(&folder)?;
    let wrong = |error: crate::query::QueryError| match error {
        crate::query::QueryError::Store(damaged) => RunError::Store(damaged),
        error => RunError::Input {
            what: error.to_string(),
            help: error.help(),
        },
    };
    let mut answer = crate::query::ask(&folder, store.state(), sql).map_err(wrong)?;
    let mut write = |sink: &mut dyn std::io::Write| {
        match format {
            AnswerFormat::Table => answer.table(sink),
            AnswerFormat::Csv => answer.csv(sink),
            AnswerFormat::Json => answer.json(sink),
            AnswerFormat::Parquet => answer.parquet(sink),
        }
        .map_err(wrong)
    };
    match output {
        None => write(&mut std::io::stdout())?,
        Some(path) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            // As `write_whole`, but streamed: an answer may be larger than memory.
            let mut file = crate::store::aside(folder.unwrap_or(Path::new(".")))?;
            write(&mut file)?;
            crate::store::settle(file, path)?;
        }
    }
    Ok(super::exit::SUCCESS)
}
