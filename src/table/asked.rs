//! What is asked for, and why it cannot be had.

use crate::pipeline::PipelineError;
use crate::store::{StoreError, Table};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of which table.
    pub table: Table,
    /// Rows of one sweep only.
    pub sweep: Option<String>,
    /// Columns, in this order; all if there is none.
    pub columns: Vec<String>,
    /// Rows of which this holds, such as `weight_pyr > 1e-3 and status == "done"`.
    pub condition: Option<String>,
    /// Columns to sort by, the first first; with `-` in front, from the largest down. Rows without a value come last.
    pub order: Vec<String>,
    /// Most rows.
    pub head: Option<u64>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// Comma-separated values with a header; texts are [neutral](super::neutral) for spreadsheets.
    Csv,
    /// An object a line.
    Json,
    /// Parquet, with units in the columns' metadata.
    Parquet,
}

/// Why rows cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A condition.
    #[error(transparent)]
    Condition(#[from] PipelineError),
    /// What is asked for.
    #[error("{what}")]
    Input {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// The folder of results.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where rows are written, or sorted.
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

/// Result of the room.
pub(super) type Result<T> = std::result::Result<T, TableError>;

/// What arrow or parquet says, as an error of the disk: rows themselves are as the store gave them.
pub(super) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TableError {
    TableError::Write(std::io::Error::other(error))
}
