//! Why a simulation has no result: classes and their sentences.

use crate::solver::SolverError;
use crate::store::Status;
use std::time::Duration;
use thiserror::Error;

/// Why a simulation has no result. The table `simulations` keeps the [class](Failure::class) in `status`, and the
/// sentence in `error`.
///
/// ```
/// use hnn_sweep::stages::Failure;
///
/// let failure = Failure::TimeLimit { time: 12.5, limit: std::time::Duration::from_secs(60) };
/// assert_eq!(failure.class(), "time_limit");
/// assert_eq!(failure.to_string(), "stopped at 12.5 ms of the simulation: it took longer than 60 s");
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Failure {
    /// The network cannot be simulated.
    #[error("{0}")]
    Invalid(String),
    /// A potential or a dipole moment is NaN or infinite.
    #[error("{0}")]
    NotFinite(String),
    /// It took too long.
    #[error("stopped at {time} ms of the simulation: it took longer than {} s", limit.as_secs_f64())]
    TimeLimit {
        /// Time (ms) of the simulation at which it was stopped.
        time: f64,
        /// Longest time that it was given.
        limit: Duration,
    },
    /// The solver panicked.
    #[error("an error in hnn-sweep itself, please report it: {0}")]
    Panic(String),
    /// The results do not fit into the tables.
    #[error("{0}")]
    NotStorable(String),
}

impl Failure {
    /// The solver's error; an interruption is the time limit's.
    pub(super) fn of_solver(error: SolverError, limit: Duration) -> Self {
        match error {
            SolverError::Interrupted { time } => Failure::TimeLimit { time, limit },
            SolverError::NotFinite { .. } => Failure::NotFinite(error.to_string()),
            SolverError::InvalidNetwork(_) => Failure::Invalid(error.to_string()),
        }
    }

    /// A dipole moment that is not finite at a time (ms).
    pub(super) fn dipole_not_finite(name: &str, time: f64) -> Self {
        Failure::NotFinite(format!(
            "the dipole ({name}) is not finite at {time} ms; a smaller dt or weight may help"
        ))
    }

    /// Its class, as the tables have it.
    pub fn class(&self) -> &'static str {
        match self {
            Failure::Invalid(_) => "invalid",
            Failure::NotFinite(_) => "not_finite",
            Failure::TimeLimit { .. } => "time_limit",
            Failure::Panic(_) => "panic",
            Failure::NotStorable(_) => "not_storable",
        }
    }

    /// What is kept of it.
    pub(super) fn status(&self) -> Status {
        Status::Failed {
            class: self.class().into(),
            error: self.to_string(),
        }
    }
}
