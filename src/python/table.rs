//! Tables as Arrow streams, by the PyCapsule interface: whoever reads Arrow takes them as they are.

use super::array::Array;
use super::convert::values;
use super::error::Error;
use crate::pipeline::Values;
use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int64Array, RecordBatch,
    RecordBatchIterator, StringArray,
};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};
use std::sync::Arc;

/// A table in memory. `polars.from_arrow`, `pandas.DataFrame.from_arrow`, `pyarrow.table` and DuckDB take it without a copy.
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
            DataType::List(item) => {
                let list = PyList::empty(py);
                for batch in &self.batches {
                    for values in batch.column(index).as_list::<i32>().iter().flatten() {
                        let values = match item.data_type() {
                            DataType::Float32 => values
                                .as_primitive::<Float32Type>()
                                .values()
                                .iter()
                                .map(|x| f64::from(*x))
                                .collect(),
                            _ => values.as_primitive::<Float64Type>().values().to_vec(),
                        };
                        list.append(Array::floats(values))?;
                    }
                }
                Ok(list.into_any())
            }
            other => Err(PyTypeError::new_err(format!(
                "{name} is {other}; read the table as Arrow"
            ))),
        }
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
