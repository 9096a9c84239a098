//! `hnn-sweep export`.

use super::exit::{FAILURES, SUCCESS};
use super::output::say;
use super::query;
use crate::export::{self, Digits, Target, Written};
use crate::pipeline::{Pipeline, Signal};
use crate::stages::{self, Loader, RunError};
use crate::table::Asked;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep export npz sim_results                        files that hnn-core's BatchSimulate loads
  hnn-sweep export npz sim_results --plain -o arrays      arrays only, for np.load(allow_pickle=False)
  hnn-sweep export sbi pipelines/prior.toml               theta and x for inference
  hnn-sweep export csv sim_results spikes -o spikes.csv
  hnn-sweep export csv sim_results --sql \"SELECT * FROM summary\" -o summary.csv

What the files hold, and how Python reads them: docs/exports.md")]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// sim_run_{start}-{end}.npz, which hnn-core's BatchSimulate.load_all_results() reads
    Npz(Npz),
    /// hnn-core's dipole text files, for its read_dipole()
    DipoleTxt(TextArguments),
    /// hnn-core's spike text files, for its read_spikes()
    SpikesTxt(TextArguments),
    /// theta, x, names and bounds for simulation-based inference
    Sbi(Sbi),
    /// Principal components of the dipole: scores, waveforms, explained variance
    Pca(Pca),
    /// A table, or the answer to a query, as Parquet
    Parquet(TableArguments),
    /// A table, or the answer to a query, as comma-separated values
    Csv(TableArguments),
}

/// What is exported, and where to.
#[derive(Args, Debug)]
struct Common {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// Folder of the files [default: exports/KIND in the folder of results]
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Sweep, where the folder holds several
    #[arg(long, value_name = "NAME")]
    sweep: Option<String>,
    /// Pipeline file of the sweep, for its name and its `batch_size`, `overwrite`, `seed_parameters` and priors
    #[arg(long, value_name = "FILE", conflicts_with = "sweep")]
    pipeline: Option<PathBuf>,
    /// Replace files, whatever the pipeline file says
    #[arg(long)]
    overwrite: bool,
    /// Never replace files
    #[arg(long, conflicts_with = "overwrite")]
    no_overwrite: bool,
}

#[derive(Args, Debug)]
struct Npz {
    #[command(flatten)]
    common: Common,
    /// Arrays only, without pickled objects
    #[arg(long)]
    plain: bool,
    /// Most simulations of a file [default: that of the pipeline]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
}

#[derive(Args, Debug)]
struct TextArguments {
    #[command(flatten)]
    common: Common,
    /// All digits, instead of hnn-core's 3 decimals of ms and 4 of nAm
    #[arg(long)]
    all_digits: bool,
}

#[derive(Args, Debug)]
struct Sbi {
    #[command(flatten)]
    common: Common,
    /// Parameter that is a seed and not part of theta, besides `seed_parameters` of the pipeline
    #[arg(long = "seed-parameter", value_name = "NAME")]
    seeds: Vec<String>,
}

#[derive(Args, Debug)]
struct Pca {
    #[command(flatten)]
    common: Common,
    /// Dipole of which layer
    #[arg(long, value_enum, default_value_t = SignalLayer::Agg)]
    signal: SignalLayer,
    /// Number of components
    #[arg(long, value_name = "N", default_value_t = 5)]
    components: usize,
}

/// Signals of a dipole.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SignalLayer {
    /// Both layers
    #[value(name = "agg")]
    Agg,
    /// Layer 2/3
    #[value(name = "L2")]
    L2,
    /// Layer 5
    #[value(name = "L5")]
    L5,
}

#[derive(Args, Debug)]
struct TableArguments {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// Table, if not --sql: simulations, summary, dipole, spikes, lfp, voltages, currents or calcium
    #[arg(required_unless_present = "sql", conflicts_with = "sql")]
    table: Option<String>,
    /// Query, as for `hnn-sweep query`
    #[arg(long)]
    sql: Option<String>,
    /// File
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Never replace the file
    #[arg(long)]
    no_overwrite: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let written = match &arguments.what {
        What::Npz(npz) => {
            let source = Source::open(&npz.common)?;
            let kind = if npz.plain { "plain" } else { "npz" };
            let target = source.target(&npz.common, kind);
            let of_folder = source.loader.store().state().batches.first();
            // hnn-core's files hold whole batches: as the option says, else the pipeline, else as
            // the folder has them, so that names agree.
            let batch_size = npz
                .batch_size
                .or(source.pipeline.as_ref().map(|pipeline| pipeline.batch_size))
                .or(of_folder.map(|batch| batch.size))
                .unwrap_or(100);
            export::npz(&source.loader, &target, batch_size, npz.plain)?
        }
        What::DipoleTxt(text) => {
            let source = Source::open(&text.common)?;
            let target = source.target(&text.common, "dipole-txt");
            export::dipole_txt(&source.loader, &target, digits(text))?
        }
        What::SpikesTxt(text) => {
            let source = Source::open(&text.common)?;
            let target = source.target(&text.common, "spikes-txt");
            export::spikes_txt(&source.loader, &target, digits(text))?
        }
        What::Sbi(sbi) => {
            let source = Source::open(&sbi.common)?;
            let target = source.target(&sbi.common, "sbi");
            let seeds = source.seeds(&sbi.seeds)?;
            let priors = source.pipeline.as_ref().map_or(Vec::new(), stages::priors);
            export::sbi(&source.loader, &target, &seeds, &priors)?
        }
        What::Pca(pca) => {
            let source = Source::open(&pca.common)?;
            let target = source.target(&pca.common, "pca");
            let signal = match pca.signal {
                SignalLayer::Agg => Signal::Agg,
                SignalLayer::L2 => Signal::L2,
                SignalLayer::L5 => Signal::L5,
            };
            export::pca(&source.loader, &target, signal, pca.components)?
        }
        What::Parquet(table) => return export_table(table, query::AnswerFormat::Parquet),
        What::Csv(table) => return export_table(table, query::AnswerFormat::Csv),
    };
    Ok(tell(&written))
}

fn digits(text: &TextArguments) -> Digits {
    match text.all_digits {
        true => Digits::All,
        false => Digits::Fixed,
    }
}

/// A sweep, with its pipeline file where one was given.
struct Source {
    loader: Loader,
    pipeline: Option<Pipeline>,
}

impl Source {
    fn open(common: &Common) -> Result<Self, RunError> {
        // A folder may be called `x.toml`; only a file is read as a pipeline.
        let is_file = common.path.extension().is_some_and(|e| e == "toml") && common.path.is_file();
        let file = match (&common.pipeline, is_file) {
            (Some(file), _) => Some(file),
            (None, true) => Some(&common.path),
            (None, false) => None,
        };
        let pipeline = file.map(|file| Pipeline::load(file)).transpose()?;
        let folder = super::folder::folder_of(&common.path)?;
        let of_pipeline = pipeline.as_ref().map(|pipeline| pipeline.name.as_str());
        let sweep = common.sweep.as_deref().or(of_pipeline);
        let loader = Loader::new(super::folder::open(&folder)?, sweep)?;
        Ok(Self { loader, pipeline })
    }

    fn target(&self, common: &Common, kind: &str) -> Target {
        let default = || {
            self.loader
                .store()
                .layout()
                .root()
                .join("exports")
                .join(kind)
        };
        // A pipeline may forbid overwriting; without one, its default holds.
        let of_pipeline = self
            .pipeline
            .as_ref()
            .is_none_or(|pipeline| pipeline.overwrite);
        Target {
            folder: common.output.clone().unwrap_or_else(default),
            overwrite: common.overwrite || (of_pipeline && !common.no_overwrite),
        }
    }

    /// Seeds of the pipeline and of the command line.
    fn seeds(&self, named: &[String]) -> Result<Vec<String>, RunError> {
        let known: Vec<&String> = self
            .loader
            .parameters()
            .iter()
            .map(|(name, _)| name)
            .collect();
        // Before anything is written: a mistyped name would leave a seed among the parameters to
        // infer.
        if let Some(name) = named.iter().find(|name| !known.contains(name)) {
            return Err(RunError::Input {
                what: format!(
                    "--seed-parameter: sweep `{}` has no parameter `{name}`",
                    self.loader.name()
                ),
                help: crate::pipeline::did_you_mean(name, &known),
            });
        }
        let of_pipeline = self
            .pipeline
            .as_ref()
            .map_or(&[][..], |p| &p.seed_parameters);
        Ok([named, of_pipeline].concat())
    }
}

/// Files that are listed.
const LISTED: usize = 3;

fn tell(written: &Written) -> u8 {
    for words in &written.left_out {
        super::output::complain!("left out: {words}");
    }
    for file in written.files.iter().take(LISTED) {
        say!("{}", file.display());
    }
    match written.files.len().checked_sub(LISTED) {
        // No error, as the sweep may just have begun, but not silent either.
        _ if written.files.is_empty() => {
            say!("no file was written: no simulation of the sweep has results")
        }
        Some(more) if more > 0 => say!("… and {more} more files"),
        _ => {}
    }
    if written.incomplete {
        FAILURES
    } else {
        SUCCESS
    }
}

/// A table needs no SQL; the answer to a query does.
fn export_table(arguments: &TableArguments, format: query::AnswerFormat) -> Result<u8, RunError> {
    if arguments.no_overwrite && arguments.output.exists() {
        return Err(RunError::Input {
            what: format!(
                "{} is there already, and overwrite is false",
                arguments.output.display()
            ),
            help: "name another file with -o; nothing was written".into(),
        });
    }
    let Some(name) = &arguments.table else {
        let sql = arguments.sql.as_deref().unwrap_or_default();
        return query::export(&arguments.path, sql, format, &arguments.output);
    };
    let folder = super::folder::folder_of(&arguments.path)?;
    let (store, _hold) = super::folder::hold(&folder)?;
    let asked = Asked {
        table: super::table::named(&store, name)?,
        sweep: None,
        columns: Vec::new(),
        condition: None,
        order: Vec::new(),
        head: None,
    };
    super::table::write(&store, &asked, format, Some(&arguments.output), &Ok)?;
    Ok(SUCCESS)
}
