//! `hnn-sweep table`.

use super::exit::SUCCESS;
use super::output::{complain, say};
use super::query::AnswerFormat;
use crate::export::SourceDensity;
use crate::pipeline::did_you_mean;
use crate::stages::{Loader, RunError};
use crate::store::{self, Store, StoreError, Table};
use crate::table::{self, Asked, TableError, Written};
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep table sim_results                                       the statistics, or the simulations
  hnn-sweep table sim_results --sort -max_peak --head 5             the five highest peaks
  hnn-sweep table sim_results simulations --where 'status != \"done\"'
  hnn-sweep table sim_results spikes --where 'weight_pyr > 1e-3 and cell_type == \"L5_pyramidal\"' -o spikes.csv
  hnn-sweep table sim_results dipole --columns sim,trial,time,agg --where 'sim == 3' -o dipole.parquet

Tables: simulations, summary, dipole, spikes, lfp, voltages, currents, calcium; and csd, the current source density at all contacts of
an evenly spaced laminar array, made of lfp. Each has the sweep's parameters as columns. A condition
has comparisons of expressions over columns, with `and` and `or`. Any size of table passes through bounded memory.")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// Table [default: summary if the sweep has statistics, else simulations]
    table: Option<String>,
    /// Only rows of which this holds, such as "weight_pyr > 1e-3"
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// Only these columns, in this order
    #[arg(short, long, value_delimiter = ',', value_name = "COLUMN,…")]
    columns: Vec<String>,
    /// Sort by these columns; with - in front, from the largest down
    #[arg(
        short,
        long,
        value_delimiter = ',',
        value_name = "COLUMN,…",
        allow_hyphen_values = true
    )]
    sort: Vec<String>,
    /// First rows only, or `all` [default: 20 on a terminal or in text, all in files]
    #[arg(short = 'n', long, value_name = "N", value_parser = rows)]
    head: Option<RowLimit>,
    /// Only rows of this sweep, where the folder holds several
    #[arg(long, value_name = "NAME")]
    sweep: Option<String>,
    /// How rows are written [default: by the file's ending, else table]
    #[arg(short, long, value_enum)]
    format: Option<AnswerFormat>,
    /// File, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How many rows.
#[derive(Clone, Copy, Debug)]
enum RowLimit {
    First(u64),
    All,
}

/// Name of the table of current source density.
const DENSITY: &str = "csd";

/// Rows that are shown if nobody says how many.
const SHOWN: u64 = 20;

fn rows(text: &str) -> Result<RowLimit, String> {
    match text {
        "all" => Ok(RowLimit::All),
        _ => text
            .parse()
            .map(RowLimit::First)
            .map_err(|_| "a number of rows, or `all`".into()),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let output = arguments.output.as_deref();
    let format = arguments
        .format
        .unwrap_or_else(|| output.map_or(AnswerFormat::Table, of_ending));
    if format == AnswerFormat::Parquet && output.is_none() {
        return Err(RunError::Input {
            what: "Parquet is not for a terminal".into(),
            help: "name a file with -o FILE".into(),
        });
    }
    let folder = super::folder::folder_of(&arguments.path)?;
    let (store, _hold) = super::folder::hold(&folder)?;
    // Made of the potentials, and not stored.
    let is_density = arguments.table.as_deref() == Some(DENSITY);
    let table = match &arguments.table {
        Some(_) if is_density => named(&store, Table::Lfp.name())?,
        Some(name) => named(&store, name)?,
        // Statistics are what a sweep is run for; without any, the simulations with their
        // parameters.
        None if has_rows(&store, Table::Summary) => Table::Summary,
        None => Table::Simulations,
    };
    if let Some(name) = &arguments.sweep {
        known_sweep(&store, name)?;
    }
    let head = match (arguments.head, format, output) {
        (Some(RowLimit::First(n)), ..) => Some(n),
        (Some(RowLimit::All), ..) => None,
        // A terminal gets a page; files and pipes get all rows, as they are for other programs.
        (None, AnswerFormat::Table, None) => Some(SHOWN),
        (None, ..) => None,
    };
    let asked = Asked {
        table,
        sweep: arguments.sweep.clone(),
        columns: arguments.columns.clone(),
        condition: arguments.condition.clone(),
        order: arguments.sort.clone(),
        head,
    };
    let written = match is_density {
        true => {
            // A source density belongs to the electrodes of one sweep, so the sweep has to be
            // chosen even where none was named.
            let loader = Loader::new(store, arguments.sweep.as_deref())?;
            let density = SourceDensity::of(&loader)?;
            let asked = Asked {
                sweep: Some(loader.name().to_string()),
                ..asked
            };
            write(loader.store(), &asked, format, output, &|rows| {
                density.rows(&rows)
            })?
        }
        false => write(&store, &asked, format, output, &Ok)?,
    };
    if let Some(path) = output {
        say!("{} rows in {}", written.rows, path.display());
    } else if format == AnswerFormat::Table {
        remark(&written, table);
    }
    Ok(SUCCESS)
}

/// What is to be said below the rows.
fn remark(written: &Written, table: Table) {
    match (written.rows, written.more) {
        (0, false) => complain!("no row of `{}` is like that", table.name()),
        (rows, true) => complain!("… the first {rows} rows; `--head all` shows all"),
        _ => {}
    }
}

/// What is made of rows.
type Change<'c> = dyn Fn(RecordBatch) -> Result<RecordBatch, ArrowError> + 'c;

/// Writes rows to a file, or to standard output.
pub(super) fn write(
    store: &Store,
    asked: &Asked,
    format: AnswerFormat,
    output: Option<&Path>,
    change: &Change,
) -> Result<Written, RunError> {
    let format = match format {
        AnswerFormat::Table => table::Format::Text,
        AnswerFormat::Csv => table::Format::Csv,
        AnswerFormat::Json => table::Format::Json,
        AnswerFormat::Parquet => table::Format::Parquet,
    };
    let Some(path) = output else {
        let mut sink = std::io::stdout();
        return match table::write_changed(store, asked, format, &mut sink, change) {
            // Told at the end, if anybody is left to be told.
            Err(TableError::Write(error)) => {
                super::output::note(Err(error));
                Ok(Written {
                    // Not zero, so that no remark follows about there being no row.
                    rows: 1,
                    more: false,
                })
            }
            other => other.map_err(|e| wrong(e, Path::new("standard output"))),
        };
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    store::create_dir(folder)?;
    let mut file = store::aside(folder)?;
    let written = table::write_changed(store, asked, format, &mut file, change);
    let written = written.map_err(|e| wrong(e, path))?;
    // What the buffer still holds is written here: dropping the file would hide an error.
    file.flush().map_err(|e| StoreError::io("write", path, e))?;
    store::settle(file, path)?;
    Ok(written)
}

fn wrong(error: TableError, path: &Path) -> RunError {
    match error {
        TableError::Condition(error) => RunError::Pipeline(error),
        TableError::Input { what, help } => RunError::Input { what, help },
        TableError::Store(error) => RunError::Store(error),
        TableError::Write(error) => RunError::Store(StoreError::io("write", path, error)),
    }
}

/// A table by its name, if the folder has it.
pub(super) fn named(store: &Store, name: &str) -> Result<Table, RunError> {
    let there: Vec<&str> = Table::ALL
        .into_iter()
        .filter(|table| has_rows(store, *table))
        .map(Table::name)
        .collect();
    let found = Table::ALL.into_iter().find(|table| table.name() == name);
    match found {
        Some(table) if there.contains(&name) => Ok(table),
        Some(_) => Err(RunError::Input {
            what: format!("the folder has no table `{name}`"),
            help: format!(
                "it has {}; [output] and [[summary]] of the pipeline say what is kept",
                there.join(", ")
            ),
        }),
        None => Err(RunError::Input {
            what: format!("there is no table `{name}`"),
            help: did_you_mean(name, &Table::ALL.map(Table::name)),
        }),
    }
}

/// Whether a table has rows, or will have them once a run under way has brought them there.
fn has_rows(store: &Store, table: Table) -> bool {
    let state = store.state();
    match table {
        Table::Simulations => true,
        Table::Summary => state
            .sweeps
            .values()
            .any(|sweep| !sweep.summaries.is_empty()),
        _ => {
            // A table's files are all under its name; without any file no simulation has kept it.
            let prefix = format!("{}/", table.name());
            state.parts.keys().any(|name| name.starts_with(&prefix))
        }
    }
}

fn known_sweep(store: &Store, name: &str) -> Result<(), RunError> {
    let sweeps = &store.state().sweeps;
    if sweeps.contains_key(name) {
        return Ok(());
    }
    let names: Vec<&String> = sweeps.keys().collect();
    Err(RunError::Input {
        what: format!("the folder has no sweep `{name}`"),
        help: did_you_mean(name, &names),
    })
}

/// The format that a file's name says.
fn of_ending(path: &Path) -> AnswerFormat {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("parquet" | "pq") => AnswerFormat::Parquet,
        Some("json" | "jsonl" | "ndjson") => AnswerFormat::Json,
        Some("csv") => AnswerFormat::Csv,
        _ => AnswerFormat::Table,
    }
}
