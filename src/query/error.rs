//! Why a query has no answer.

use crate::store::StoreError;
use polars::prelude::PolarsError;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It is not one SELECT over the folder's tables.
    #[error("{what}")]
    Refused {
        /// What it is instead.
        what: String,
        /// What to do.
        help: String,
    },
    /// What polars says of the query or of a file.
    #[error("{0}")]
    Polars(#[from] PolarsError),
    /// A file is not as it was written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl QueryError {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            QueryError::Refused { help, .. } => help.clone(),
            QueryError::Polars(_) => "names of tables and columns are those of `hnn-sweep status`; strings stand in 'single quotes'".into(),
            QueryError::Store(error) => miette::Diagnostic::help(error).map_or_else(String::new, |h| h.to_string()),
        }
    }
}
