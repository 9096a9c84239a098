//! Why a batch did not run.

use super::DipoleError;
use crate::pipeline::PipelineError;
use crate::stages::RunError;
use crate::store::StoreError;
use miette::Diagnostic;
use thiserror::Error;

/// Why a batch did not run, or its results could not be read. What was simulated before is kept.
#[derive(Debug, Error)]
pub enum BatchError {
    /// An argument, `set_params`, the folder, or the network of a parameter set.
    #[error("{}", with_help(.0))]
    Run(#[from] RunError),
    /// `summary_func` failed or panicked.
    #[error("summary_func {problem} at simulation {index} ({params})")]
    Summary {
        /// Place of the simulation in the grid.
        index: usize,
        /// Its parameters.
        params: String,
        /// What happened, in words.
        problem: String,
    },
    /// `postproc` cannot be applied.
    #[error("postproc of simulation {index} ({params}): {source}")]
    PostProc {
        /// Place of the simulation in the grid.
        index: usize,
        /// Its parameters.
        params: String,
        /// Why.
        source: DipoleError,
    },
}

impl From<PipelineError> for BatchError {
    fn from(error: PipelineError) -> Self {
        BatchError::Run(error.into())
    }
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        BatchError::Run(error.into())
    }
}

impl BatchError {
    pub(super) fn input(what: impl Into<String>, help: impl Into<String>) -> Self {
        BatchError::Run(RunError::Input {
            what: what.into(),
            help: help.into(),
        })
    }
}

/// Libraries are often asked for an error's words only: the help belongs to them.
fn with_help(error: &RunError) -> String {
    match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    }
}
