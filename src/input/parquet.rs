//! Parquet files.

use super::Problem;
use super::column::{Column, MAX_CELLS, MAX_COLUMNS, MAX_ROWS};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;

/// What a file holds.
#[derive(Debug)]
pub(super) struct Columns {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// Reads a file.
pub(super) fn read(file: File) -> Result<Columns, Problem> {
    let wrong = |e: &dyn std::fmt::Display| Problem::new(format!("is no Parquet file: {e}"));
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| wrong(&e))?;
    let n_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let n_columns = builder.schema().fields().len();
    if n_columns > MAX_COLUMNS {
        let what = format!("has {n_columns} columns; at most {MAX_COLUMNS} are read");
        return Err(Problem::new(what));
    }
    // From the footer, before any value is read.
    if n_rows > MAX_ROWS || n_rows.saturating_mul(n_columns) > MAX_CELLS {
        return Err(Problem::new(format!(
            "has {n_rows} rows of {n_columns} columns; at most {MAX_ROWS} rows and {MAX_CELLS} values are read"
        )));
    }
    let schema = builder.schema().clone();
    let reader = builder.build().map_err(|e| wrong(&e))?;
    let batches = reader.collect::<Result<_, _>>().map_err(|e| wrong(&e))?;
    Ok(Columns { schema, batches })
}

impl Columns {
    pub(super) fn n_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    pub(super) fn n_columns(&self) -> usize {
        self.schema.fields().len()
    }

    pub(super) fn name(&self, column: usize) -> &str {
        self.schema.fields().get(column).map_or("", |f| f.name())
    }

    /// Values of a column; `place` says where a row is.
    pub(super) fn values(
        &self,
        column: usize,
        place: &dyn Fn(usize) -> String,
    ) -> Result<Column, Problem> {
        let arrays = || self.batches.iter().map(|batch| batch.column(column));
        let mut before = 0;
        for array in arrays() {
            // A null would become 0 or NaN without a word.
            let null = (0..array.len()).find(|&row| array.null_count() > 0 && array.is_null(row));
            if let Some(row) = null {
                return Err(Problem::with_help(
                    format!("{} has no value", place(before + row)),
                    "fill it in, or take the row out",
                ));
            }
            before += array.len();
        }
        /// All values of a column of a primitive type.
        macro_rules! primitive {
            ($type:ty) => {
                arrays().flat_map(|a| a.as_primitive::<$type>().values().iter().copied())
            };
        }
        macro_rules! whole {
            ($type:ty) => {
                Ok(Column::Int(primitive!($type).map(i64::from).collect()))
            };
        }
        let finite = |values: Vec<f64>| match values.iter().position(|v| !v.is_finite()) {
            Some(row) => Err(Problem::new(format!("{} is not finite", place(row)))),
            None => Ok(Column::Float(values)),
        };
        let Some(field) = self.schema.fields().get(column) else {
            return Err(Problem::new(format!("has no column {}", column + 1)));
        };
        match field.data_type() {
            DataType::Float64 => finite(primitive!(Float64Type).collect()),
            DataType::Float32 => finite(primitive!(Float32Type).map(f64::from).collect()),
            DataType::Int64 => whole!(Int64Type),
            DataType::Int32 => whole!(Int32Type),
            DataType::Int16 => whole!(Int16Type),
            DataType::Int8 => whole!(Int8Type),
            DataType::UInt32 => whole!(UInt32Type),
            DataType::UInt16 => whole!(UInt16Type),
            DataType::UInt8 => whole!(UInt8Type),
            // The only kind that may not fit into 64 bits with a sign.
            DataType::UInt64 => primitive!(UInt64Type)
                .map(i64::try_from)
                .collect::<Result<_, _>>()
                .map(Column::Int)
                .map_err(|_| {
                    let name = field.name();
                    Problem::new(format!(
                        "column `{name}` has a number too large for 64 bits with a sign"
                    ))
                }),
            DataType::Boolean => Ok(Column::Bool(
                arrays()
                    .flat_map(|a| a.as_boolean().values().iter())
                    .collect(),
            )),
            DataType::Utf8 => Ok(Column::Str(
                arrays()
                    .flat_map(|a| a.as_string::<i32>().iter().flatten().map(str::to_owned))
                    .collect(),
            )),
            DataType::LargeUtf8 => Ok(Column::Str(
                arrays()
                    .flat_map(|a| a.as_string::<i64>().iter().flatten().map(str::to_owned))
                    .collect(),
            )),
            DataType::Utf8View => Ok(Column::Str(
                arrays()
                    .flat_map(|a| a.as_string_view().iter().flatten().map(str::to_owned))
                    .collect(),
            )),
            other => Err(Problem::with_help(
                format!(
                    "column `{}` has the type {other}, which is no number, string or boolean",
                    field.name()
                ),
                "leave it out, or write it as numbers",
            )),
        }
    }
}
