//! Columns of tables, and how many there may be.

/// Most rows.
pub(super) const MAX_ROWS: usize = 10_000_000;
/// Most columns.
pub(super) const MAX_COLUMNS: usize = 10_000;
/// Most cells.
pub(super) const MAX_CELLS: usize = 50_000_000;

/// Values of a column, all of one kind, finite and none of them missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Finite numbers.
    Float(Vec<f64>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Strings.
    Str(Vec<String>),
    /// Booleans.
    Bool(Vec<bool>),
}
