//! Errors as Python exceptions: one match.

use crate::batch::BatchError;
use crate::network;
use crate::pipeline;
use crate::solver::SolverError;
use crate::stages::RunError;
use crate::store;
use miette::{Diagnostic, SourceSpan};
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    hnn_sweep,
    PipelineError,
    PyValueError,
    "A pipeline file, or an argument, asks for what cannot be. `file`, `line` and `key` say where, `help` what to do."
);
pyo3::create_exception!(
    hnn_sweep,
    NetworkError,
    PyValueError,
    "A network has something that cannot be simulated."
);
pyo3::create_exception!(
    hnn_sweep,
    SimulationError,
    PyRuntimeError,
    "A simulation failed."
);
pyo3::create_exception!(
    hnn_sweep,
    StoreError,
    PyOSError,
    "A folder of results cannot be read or written. `help` says what to do."
);

/// Whatever can go wrong on the way to a result.
pub enum Error {
    /// A sweep.
    Run(RunError),
    /// A network.
    Network(network::NetworkError),
    /// A single simulation.
    Solver(SolverError),
    /// An argument.
    Argument(String),
    /// Raised by Python itself: in a callback, or by Ctrl-C.
    Python(PyErr),
}

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        match error {
            Error::Python(error) => error,
            Error::Argument(what) => PyValueError::new_err(what),
            Error::Network(error) => NetworkError::new_err(error.to_string()),
            Error::Solver(error @ SolverError::InvalidNetwork(_)) => {
                NetworkError::new_err(error.to_string())
            }
            Error::Solver(error) => SimulationError::new_err(error.to_string()),
            Error::Run(RunError::Pipeline(error)) => of_pipeline(&error),
            Error::Run(RunError::Store(error)) => {
                let help = Diagnostic::help(&error).map(|help| help.to_string());
                with_help(StoreError::new_err(words(&error, help.as_deref())), help)
            }
            // Ctrl-C is an exception of its own, which notebooks know.
            Error::Run(error @ RunError::Stopped) => {
                PyKeyboardInterrupt::new_err(error.to_string())
            }
            Error::Run(RunError::System { what, help }) => {
                let error = PyOSError::new_err(format!("{what}\nhelp: {help}"));
                with_help(error, Some(help))
            }
            Error::Run(RunError::Input { what, help }) => {
                let error = PipelineError::new_err(format!("{what}\nhelp: {help}"));
                with_help(error, Some(help))
            }
        }
    }
}

/// The error with what caused it, and what to do.
fn words(error: &dyn std::error::Error, help: Option<&str>) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    if let Some(help) = help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    text
}

fn of_pipeline(error: &pipeline::PipelineError) -> PyErr {
    let place = match error.line() {
        Some(line) => format!("{}:{line}: ", error.path().display()),
        None => String::new(),
    };
    let help = error.help().map(str::to_owned);
    let mut text = format!("{place}{}", words(error, help.as_deref()));
    for other in error.others() {
        let line = other
            .line()
            .map_or_else(String::new, |line| format!("line {line}: "));
        text.push_str(&format!("\n{line}{}", words(other, other.help())));
    }
    let made = PipelineError::new_err(text);
    // Attributes beside the text, so that programs need not read it.
    Python::attach(|py| {
        let value = made.value(py);
        let _ = value.setattr("file", error.path());
        let _ = value.setattr("line", error.line());
        let _ = value.setattr("key", key(error));
    });
    with_help(made, help)
}

/// The key, or the table, of the line that the error points to.
fn key(error: &pipeline::PipelineError) -> Option<String> {
    // From the text of its line: errors know places, not keys.
    let place = SourceSpan::from((error.span()?.start, 0));
    let contents = error.source_code()?.read_span(&place, 1, 1).ok()?;
    let text = std::str::from_utf8(contents.data()).ok()?;
    let line = error.line()?.checked_sub(1 + contents.line())?;
    let line = text.lines().nth(line)?.trim();
    let name = match line.strip_prefix('[') {
        Some(table) => table.split(']').next()?.trim_start_matches('['),
        None => line.split('=').next()?,
    };
    let name = name.trim().trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

fn with_help(error: PyErr, help: Option<String>) -> PyErr {
    Python::attach(|py| {
        let _ = error.value(py).setattr("help", help);
    });
    error
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Error::Run(error)
    }
}

impl From<pipeline::PipelineError> for Error {
    fn from(error: pipeline::PipelineError) -> Self {
        Error::Run(error.into())
    }
}

impl From<store::StoreError> for Error {
    fn from(error: store::StoreError) -> Self {
        Error::Run(error.into())
    }
}

impl From<network::NetworkError> for Error {
    fn from(error: network::NetworkError) -> Self {
        Error::Network(error)
    }
}

impl From<SolverError> for Error {
    fn from(error: SolverError) -> Self {
        Error::Solver(error)
    }
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Run(error) => Error::Run(error),
            other => Error::Argument(other.to_string()),
        }
    }
}

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Error::Python(error)
    }
}
