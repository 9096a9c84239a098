//! Tables as Arrow streams, by the PyCapsule interface: whoever reads Arrow takes them as they are.

use super::array::Array;
use super::convert::values;
use super::error::Error;
use crate::figure::escape;
use crate::pipeline::Values;
use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int64Array, RecordBatch,
    RecordBatchIterator, StringArray,
};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};
use std::sync::{Arc, Mutex, PoisonError};

/// A table in memory. `polars.from_arrow`, `pandas.DataFrame.from_arrow`, `pyarrow.table` and DuckDB take it without
/// a copy.
#[pyclass(frozen, module = "hnn_sweep")]
pub struct Table {
    name: String,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// Batches of one schema, at least one.
    pub fn new(name: &str, batches: Vec<RecordBatch>) -> Result<Self, Error> {
        let first = batches
            .first()
            .ok_or_else(|| Error::Argument("a table without a schema".into()))?;
        Ok(Self {
            name: name.to_owned(),
            schema: first.schema(),
            batches,
        })
    }

    fn n_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Numbers of a column.
    fn numbers<T: ArrowPrimitiveType, N>(
        &self,
        index: usize,
        put: impl Fn(Option<T::Native>) -> N,
    ) -> Vec<N> {
        let columns = self.batches.iter().map(|batch| batch.column(index));
        columns
            .flat_map(|column| column.as_primitive::<T>())
            .map(put)
            .collect()
    }
}

#[pymethods]
impl Table {
    /// A table of columns of numbers, strings or booleans, `[(name, values), …]`, of equal lengths.
    #[staticmethod]
    fn from_columns(columns: Vec<(String, Vec<Bound<'_, PyAny>>)>) -> PyResult<Self> {
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (name, list) in &columns {
            let array: ArrayRef = match values(name, list)? {
                Values::Float(values) => Arc::new(Float64Array::from(values)),
                Values::Int(values) => Arc::new(Int64Array::from(values)),
                Values::Str(values) => Arc::new(StringArray::from(values)),
                Values::Bool(values) => Arc::new(BooleanArray::from(values)),
            };
            fields.push(Field::new(name, array.data_type().clone(), false));
            arrays.push(array);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema, arrays);
        let batch = batch.map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(Self::new("columns", vec![batch])?)
    }

    /// Names of the columns.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect()
    }

    /// Units of the columns that have one.
    #[getter]
    fn units(&self) -> std::collections::BTreeMap<&str, &str> {
        let fields = self.schema.fields().iter();
        fields
            .filter_map(|field| {
                Some((
                    field.name().as_str(),
                    field.metadata().get("units")?.as_str(),
                ))
            })
            .collect()
    }

    fn __len__(&self) -> usize {
        self.n_rows()
    }

    fn __repr__(&self) -> String {
        format!(
            "<Table {}: {} rows of {}>",
            self.name,
            self.n_rows(),
            self.columns().join(", ")
        )
    }

    /// A column: an array of numbers (a missing number is NaN), or a list.
    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let Some((index, field)) = self.schema.column_with_name(name) else {
            let known = self.columns().join(", ");
            return Err(PyKeyError::new_err(format!(
                "no column {name}; there are {known}"
            )));
        };
        let floats = |values: Vec<f64>| Ok(Bound::new(py, Array::floats(values))?.into_any());
        match field.data_type() {
            DataType::Float64 => {
                floats(self.numbers::<Float64Type, _>(index, |x| x.unwrap_or(f64::NAN)))
            }
            // Nullable whole numbers have no NaN: they become floats, as pandas does it.
            DataType::Int32 if !field.is_nullable() => {
                let values =
                    self.numbers::<Int32Type, _>(index, |x| i64::from(x.unwrap_or_default()));
                Ok(Bound::new(py, Array::integers(values))?.into_any())
            }
            DataType::Int64 if !field.is_nullable() => {
                let values = self.numbers::<Int64Type, _>(index, Option::unwrap_or_default);
                Ok(Bound::new(py, Array::integers(values))?.into_any())
            }
            DataType::Int32 => {
                floats(self.numbers::<Int32Type, _>(index, |x| x.map_or(f64::NAN, f64::from)))
            }
            DataType::Int64 => {
                floats(self.numbers::<Int64Type, _>(index, |x| x.map_or(f64::NAN, |x| x as f64)))
            }
            DataType::Utf8 => {
                let list = PyList::empty(py);
                for batch in &self.batches {
                    for text in batch.column(index).as_string::<i32>() {
                        list.append(text)?;
                    }
                }
                Ok(list.into_any())
            }
            DataType::Boolean => {
                let list = PyList::empty(py);
                for batch in &self.batches {
                    for flag in batch.column(index).as_boolean() {
                        list.append(flag)?;
                    }
                }
                Ok(list.into_any())
            }
            // A list of arrays, as rows may differ in length.
            DataType::List(_) => {
                let list = PyList::empty(py);
                for batch in &self.batches {
                    for values in batch.column(index).as_list::<i32>().iter().flatten() {
                        list.append(numbers_of(&values))?;
                    }
                }
                Ok(list.into_any())
            }
            other => Err(PyTypeError::new_err(format!(
                "{name} is {other}; read the table as Arrow"
            ))),
        }
    }

    /// Rows as dictionaries, one after the other: what `pandas.DataFrame` reads.
    fn __iter__(slf: Bound<'_, Self>) -> Rows {
        Rows {
            table: slf.unbind(),
            next: Mutex::new((0, 0)),
        }
    }

    /// The first rows, as notebooks show them.
    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        // A notebook shows the head; the rest is for programs.
        const SHOWN: usize = 10;
        let cell = |tag: &str, text: &str| format!("<{tag}>{}</{tag}>", escape(text));
        let units = self.units();
        let head = self
            .columns()
            .into_iter()
            .map(|name| match units.get(name) {
                Some(unit) => cell("th", &format!("{name} ({unit})")),
                None => cell("th", name),
            });
        let mut html = format!(
            "<table><thead><tr>{}</tr></thead><tbody>",
            head.collect::<String>()
        );
        let mut left = SHOWN;
        for batch in &self.batches {
            let n = left.min(batch.num_rows());
            for row in 0..n {
                html.push_str("<tr>");
                for column in batch.columns() {
                    let value = value(py, column, row)?;
                    let text = match value.is_none(py) {
                        true => String::new(),
                        false => value.bind(py).str()?.to_string(),
                    };
                    html.push_str(&cell("td", &text));
                }
                html.push_str("</tr>");
            }
            left -= n;
        }
        let n = self.n_rows();
        html.push_str(&format!(
            "</tbody></table><p>{}: {n} rows</p>",
            escape(&self.name)
        ));
        Ok(html)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema; // the interface allows to give what there is
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        let reader = RecordBatchIterator::new(batches, self.schema.clone());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref());
        let schema = schema.map_err(|e| PyValueError::new_err(e.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}

/// Iterates over the rows of a table.
#[pyclass(frozen, module = "hnn_sweep")]
pub struct Rows {
    table: Py<Table>,
    /// Batch, and row in it.
    next: Mutex<(usize, usize)>,
}

#[pymethods]
impl Rows {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let table = self.table.get();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(batch) = table.batches.get(next.0) {
            if next.1 == batch.num_rows() {
                *next = (next.0 + 1, 0);
                continue;
            }
            let row = PyDict::new(py);
            for (field, column) in table.schema.fields().iter().zip(batch.columns()) {
                row.set_item(field.name(), value(py, column, next.1)?)?;
            }
            next.1 += 1;
            return Ok(Some(row));
        }
        Ok(None)
    }
}

/// One value; None where it is missing.
fn value(py: Python<'_>, column: &ArrayRef, row: usize) -> PyResult<Py<PyAny>> {
    if column.is_null(row) {
        return Ok(py.None());
    }
    Ok(match column.data_type() {
        DataType::Float64 => column
            .as_primitive::<Float64Type>()
            .value(row)
            .into_py_any(py)?,
        DataType::Float32 => column
            .as_primitive::<Float32Type>()
            .value(row)
            .into_py_any(py)?,
        DataType::Int32 => column
            .as_primitive::<Int32Type>()
            .value(row)
            .into_py_any(py)?,
        DataType::Int64 => column
            .as_primitive::<Int64Type>()
            .value(row)
            .into_py_any(py)?,
        DataType::Utf8 => column.as_string::<i32>().value(row).into_py_any(py)?,
        DataType::Boolean => column.as_boolean().value(row).into_py_any(py)?,
        DataType::List(_) => numbers_of(&column.as_list::<i32>().value(row)).into_py_any(py)?,
        other => {
            return Err(PyTypeError::new_err(format!(
                "{other} has no Python value; read the table as Arrow"
            )));
        }
    })
}

/// A list's numbers.
fn numbers_of(values: &ArrayRef) -> Array {
    Array::floats(match values.data_type() {
        DataType::Float32 => {
            let values = values.as_primitive::<Float32Type>().values();
            values.iter().map(|x| f64::from(*x)).collect()
        }
        _ => values.as_primitive::<Float64Type>().values().to_vec(),
    })
}
