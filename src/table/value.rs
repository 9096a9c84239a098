//! Single values of a table.

use crate::pipeline::ParameterKind;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::cmp::Ordering;

/// A value of a column.
#[derive(Clone, Debug)]
pub(super) enum Cell<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number with 32 bits, which fewer digits tell.
    Short(f32),
    Text(&'a str),
    /// Samples of a trace.
    List(ArrayRef),
}

/// The value in a row of a column.
pub(super) fn cell(column: &dyn Array, row: usize) -> Cell<'_> {
    if column.is_null(row) {
        return Cell::None;
    }
    match column.data_type() {
        DataType::Boolean => Cell::Bool(column.as_boolean().value(row)),
        DataType::Int32 => Cell::Int(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Cell::Float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => Cell::Short(column.as_primitive::<Float32Type>().value(row)),
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row)),
        DataType::List(_) => Cell::List(column.as_list::<i32>().value(row)),
        _ => Cell::None,
    }
}

/// What a condition may do with a column; nothing with a list.
pub(super) fn kind(data_type: &DataType) -> Option<ParameterKind> {
    match data_type {
        DataType::Boolean => Some(ParameterKind::Bool),
        DataType::Int32 | DataType::Int64 => Some(ParameterKind::Int),
        DataType::Float64 | DataType::Float32 => Some(ParameterKind::Float),
        DataType::Utf8 => Some(ParameterKind::Str),
        _ => None,
    }
}

impl Cell<'_> {
    /// The value as a number; NaN if it is none.
    pub(super) fn number(&self) -> f64 {
        match self {
            Cell::Int(value) => *value as f64,
            Cell::Float(value) => *value,
            Cell::Short(value) => f64::from(*value),
            _ => f64::NAN,
        }
    }

    /// Whether there is nothing to compare.
    fn is_none(&self) -> bool {
        match self {
            Cell::None | Cell::List(_) => true,
            Cell::Float(value) => value.is_nan(),
            Cell::Short(value) => value.is_nan(),
            _ => false,
        }
    }

    /// Order of two values of a column; what is not there comes last, whichever way round.
    pub(super) fn order(&self, other: &Cell, down: bool) -> Ordering {
        // Nulls last, whichever way the rest goes.
        let order = match (self.is_none(), other.is_none()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            _ => match (self, other) {
                (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
                (Cell::Int(a), Cell::Int(b)) => a.cmp(b),
                (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
                (a, b) => a.number().total_cmp(&b.number()),
            },
        };
        if down { order.reverse() } else { order }
    }
}
