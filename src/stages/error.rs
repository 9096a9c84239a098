//! Why a sweep did not run.

use crate::pipeline::PipelineError;
use crate::store::StoreError;
use miette::Diagnostic;
use thiserror::Error;

/// Why a sweep did not run. A simulation that fails is no such error: it is a row, and an entry of the
/// [`RunOutcome`](super::RunOutcome).
#[derive(Debug, Error)]
pub enum RunError {
    /// The pipeline file.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The folder of results.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the pipeline asks for.
    #[error("{what}")]
    Input {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// What the operating system refuses.
    #[error("{what}")]
    System {
        /// What it refuses.
        what: String,
        /// What to do.
        help: String,
    },
    /// The run was stopped before it had a plan.
    #[error("stopped before anything was simulated")]
    Stopped,
}

impl Diagnostic for RunError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            RunError::Pipeline(error) => Diagnostic::help(error),
            RunError::Store(error) => Diagnostic::help(error),
            RunError::Input { help, .. } | RunError::System { help, .. } => Some(Box::new(help)),
            RunError::Stopped => None,
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            RunError::Pipeline(error) => error.related(),
            _ => None,
        }
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        match self {
            RunError::Pipeline(error) => error.source_code(),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        match self {
            RunError::Pipeline(error) => error.labels(),
            _ => None,
        }
    }
}
