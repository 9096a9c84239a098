//! `hnn-sweep init`.

use super::exit::SUCCESS;
use super::hint;
use super::output::say;
use crate::network::{Model, Network};
use crate::stages::RunError;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep init                            erp.toml: weights and times of an input
  hnn-sweep init --example sbi prior.toml   samples of a prior, for inference
  hnn-sweep init --example gamma --print    look at it first

Beside the file stands `hnn-sweep.schema.json`, with which editors (VS Code with Even Better TOML, and others with taplo) complete keys and
mark mistakes. What is there already is left alone. Every key is explained in docs/pipeline.md, and docs/set_params.md has Python's
set_params as TOML.")]
pub(super) struct Arguments {
    /// File that is written [default: the example's name]
    file: Option<PathBuf>,
    /// What the sweep is about
    #[arg(short, long, value_enum, default_value_t = Example::Erp)]
    example: Example,
    /// Print the file instead of writing it
    #[arg(long, conflicts_with = "file")]
    print: bool,
}

/// Sweeps to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Example {
    /// Event-related potential: weight and time of an input
    Erp,
    /// Beta events of two bursts that meet, in the network of Law et al. (2021)
    Beta,
    /// Gamma rhythms that noise and inhibition make
    Gamma,
    /// Calcium in dendrites
    Calcium,
    /// Field potentials and current source density along a laminar probe
    Lfp,
    /// The input that gives a measured waveform
    Fit,
    /// Samples of a prior, for simulation-based inference
    Sbi,
    /// A network that hnn-core's write_configuration wrote
    NetworkFile,
}

/// Makes the text of a file.
type Make = fn() -> Result<String, RunError>;

/// Name of the schema beside pipeline files.
const SCHEMA: &str = "hnn-sweep.schema.json";

impl Example {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_string())
    }

    fn text(self) -> &'static str {
        match self {
            Example::Erp => include_str!("erp.toml"),
            Example::Beta => include_str!("beta.toml"),
            Example::Gamma => include_str!("gamma.toml"),
            Example::Calcium => include_str!("calcium.toml"),
            Example::Lfp => include_str!("lfp.toml"),
            Example::Fit => include_str!("fit.toml"),
            Example::Sbi => include_str!("sbi.toml"),
            Example::NetworkFile => include_str!("network-file.toml"),
        }
    }

    /// A file that the example reads: its name, and how it is made.
    fn data(self) -> Option<(&'static str, Make)> {
        match self {
            Example::Fit => Some(("fit_data.csv", || Ok(include_str!("fit_data.csv").into()))),
            Example::NetworkFile => Some(("network.json", network)),
            _ => None,
        }
    }
}

fn network() -> Result<String, RunError> {
    // A small mesh, so that the example answers within seconds.
    let mut network: Network = Model::Neymotin2020.network([3, 3]);
    network.add_erp_drives(0.0).map_err(|e| RunError::Input {
        what: e.to_string(),
        help: "this is an error in hnn-sweep itself, please report it".into(),
    })?;
    Ok(network.to_json())
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let example = arguments.example;
    // The line by which editors find the schema; a path relative to the file, so both can move
    // together.
    let text = format!("#:schema {SCHEMA}\n{}", example.text());
    if arguments.print {
        say!("{}", text.trim_end());
        return Ok(SUCCESS);
    }
    let default = PathBuf::from(format!("{}.toml", example.name()));
    let file = arguments.file.as_ref().unwrap_or(&default);
    // Other verbs tell a pipeline from a folder by this ending.
    if file.extension().is_none_or(|ending| ending != "toml") {
        return Err(RunError::Input {
            what: format!(
                "{} does not end in .toml, as pipeline files do",
                file.display()
            ),
            help: format!(
                "write `hnn-sweep init {}`",
                hint::quoted(file.with_extension("toml"))
            ),
        });
    }
    if file.exists() {
        return Err(RunError::Input {
            what: format!("{} is there already", file.display()),
            help: "name another file; nothing was written".into(),
        });
    }
    let beside = |name: &str| file.parent().unwrap_or(Path::new("")).join(name);
    let mut also = vec![(beside(SCHEMA), super::schema::text())];
    if let Some((name, make)) = example.data() {
        also.push((beside(name), make()?));
    }
    // The data may be edited already, and the schema is the same for all pipelines of a folder.
    for (path, text) in also.into_iter().filter(|(path, _)| !path.exists()) {
        super::folder::write_whole(&path, text.as_bytes())?;
    }
    // Last: where writing stops halfway, `init` can be given again.
    super::folder::write_whole(file, text.as_bytes())?;
    say!(
        "{} is written; see what it would do with `{}`",
        file.display(),
        hint::command("plan", file, None)
    );
    Ok(SUCCESS)
}
