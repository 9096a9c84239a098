//! Files that a user names: read whole and within limits, and tables in whatever form people have them.
//!
//! One reader serves measured waveforms, parameter sets and spikes: text by comma, semicolon, tab or spaces, as
//! NumPy, pandas, R, spreadsheets and hnn-core write it, and Parquet. What it cannot read it names, with file, line
//! and column.

mod column;
mod file;
mod parquet;
mod table;
mod text;

pub use column::Column;
pub use file::{read_bytes, read_text};
pub use table::InputTable;

/// What is wrong with a file, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// What to do next.
    pub help: Option<String>,
}

impl Problem {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: None,
        }
    }

    fn with_help(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: Some(help.into()),
        }
    }
}

/// A cell as an error shows it: its beginning, if it is long.
fn shown(cell: &str) -> String {
    const MOST: usize = 40;
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", cell.get(..end).unwrap_or_default()),
        None => format!("`{cell}`"),
    }
}
