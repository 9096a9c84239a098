//! Tables that a pipeline names: CSV and Parquet files.

use super::grid::{MAX_POINTS, Values};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::Path;

/// Columns by name, all of the same length.
pub(super) type Columns = Vec<(String, Values)>;

/// All columns of a `.csv` or `.parquet` file; says in words what is wrong with the file.
pub(super) fn read(path: &Path) -> Result<Columns, String> {
    let extension = path
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let columns = match extension.as_str() {
        "csv" => read_csv(path),
        "parquet" => read_parquet(path),
        _ => Err("a table is a .csv or a .parquet file".to_owned()),
    }?;
    if columns.is_empty() || columns.iter().any(|(_, values)| values.is_empty()) {
        return Err("has no rows".to_owned());
    }
    Ok(columns)
}

fn read_csv(path: &Path) -> Result<Columns, String> {
    let file = fs_err::File::open(path).map_err(|e| e.to_string())?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let names: Vec<String> = reader
        .headers()
        .map_err(|e| e.to_string())?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').to_owned())
        .collect();
    let mut texts: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for (row, record) in reader.records().enumerate() {
        if row as u64 >= MAX_POINTS {
            return Err(format!("has more than {MAX_POINTS} rows"));
        }
        let record = record.map_err(|e| e.to_string())?;
        for (column, field) in texts.iter_mut().zip(&record) {
            column.push(field.to_owned());
        }
    }
    names
        .into_iter()
        .zip(texts)
        .map(|(name, texts)| {
            let values = of_texts(&texts).map_err(|(row, text)| {
                format!("`{text}` in column `{name}`, row {}: values must be finite and none may be missing", row + 1)
            })?;
            Ok((name, values))
        })
        .collect()
}

/// Whole numbers, else numbers, else booleans, else strings; a row that is empty or not finite is an error.
fn of_texts(texts: &[String]) -> Result<Values, (usize, String)> {
    if let Some(row) = texts.iter().position(String::is_empty) {
        return Err((row, String::new()));
    }
    if let Ok(values) = texts.iter().map(|t| t.parse()).collect::<Result<_, _>>() {
        return Ok(Values::Int(values));
    }
    if let Ok(values) = texts
        .iter()
        .map(|t| t.parse::<f64>())
        .collect::<Result<Vec<_>, _>>()
    {
        return match values.iter().position(|v| !v.is_finite()) {
            Some(row) => Err((row, texts.get(row).cloned().unwrap_or_default())),
            None => Ok(Values::Float(values)),
        };
    }
    let boolean = |t: &String| t.to_lowercase().parse::<bool>();
    if let Ok(values) = texts.iter().map(boolean).collect::<Result<_, _>>() {
        return Ok(Values::Bool(values));
    }
    Ok(Values::Str(texts.to_vec()))
}

fn read_parquet(path: &Path) -> Result<Columns, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
    let rows = builder.metadata().file_metadata().num_rows();
    if rows > MAX_POINTS as i64 {
        return Err(format!("has {rows} rows; at most {MAX_POINTS} are allowed"));
    }
    let batches: Vec<RecordBatch> = builder
        .build()
        .map_err(|e| e.to_string())?
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let fields = first.schema();
    fields
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let name = field.name();
            let arrays = batches.iter().map(|b| b.column(index));
            let values =
                of_arrays(arrays, field.data_type()).map_err(|e| format!("column `{name}` {e}"))?;
            Ok((name.clone(), values))
        })
        .collect()
}

fn of_arrays<'a>(
    arrays: impl Iterator<Item = &'a ArrayRef> + Clone,
    kind: &DataType,
) -> Result<Values, String> {
    if arrays.clone().any(|a| a.null_count() > 0) {
        return Err("has missing values".to_owned());
    }
    /// All values of a column of a primitive type.
    macro_rules! primitive {
        ($arrays:expr, $type:ty) => {
            $arrays.flat_map(|a| a.as_primitive::<$type>().values().iter().copied())
        };
    }
    macro_rules! whole {
        ($type:ty) => {
            Ok(Values::Int(
                primitive!(arrays, $type).map(i64::from).collect(),
            ))
        };
    }
    let finite = |values: Vec<f64>| match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(format!("is not finite in row {}", row + 1)),
        None => Ok(Values::Float(values)),
    };
    match kind {
        DataType::Float64 => finite(primitive!(arrays, Float64Type).collect()),
        DataType::Float32 => finite(primitive!(arrays, Float32Type).map(f64::from).collect()),
        DataType::Int64 => whole!(Int64Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int8 => whole!(Int8Type),
        DataType::UInt32 => whole!(UInt32Type),
        DataType::UInt16 => whole!(UInt16Type),
        DataType::UInt8 => whole!(UInt8Type),
        DataType::UInt64 => primitive!(arrays, UInt64Type)
            .map(i64::try_from)
            .collect::<Result<_, _>>()
            .map(Values::Int)
            .map_err(|_| "has a number too large for 64 bits with a sign".to_owned()),
        DataType::Boolean => Ok(Values::Bool(
            arrays
                .flat_map(|a| a.as_boolean().values().iter())
                .collect(),
        )),
        DataType::Utf8 => Ok(Values::Str(
            arrays
                .flat_map(|a| a.as_string::<i32>().iter().flatten().map(str::to_owned))
                .collect(),
        )),
        DataType::LargeUtf8 => Ok(Values::Str(
            arrays
                .flat_map(|a| a.as_string::<i64>().iter().flatten().map(str::to_owned))
                .collect(),
        )),
        DataType::Utf8View => Ok(Values::Str(
            arrays
                .flat_map(|a| a.as_string_view().iter().flatten().map(str::to_owned))
                .collect(),
        )),
        other => Err(format!(
            "has the type {other}, which is no number, string or boolean"
        )),
    }
}
