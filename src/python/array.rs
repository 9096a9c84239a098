//! Numbers that NumPy looks at where they are.

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An array of numbers in memory of this library. `numpy.asarray` gives a read-only view of it without a copy.
#[pyclass(frozen, module = "hnn_sweep")]
pub struct Array {
    values: Values,
    shape: Vec<usize>,
}

enum Values {
    F64(Vec<f64>),
    I64(Vec<i64>),
}

impl Array {
    /// One dimension.
    pub fn floats(values: Vec<f64>) -> Self {
        let shape = vec![values.len()];
        Self {
            values: Values::F64(values),
            shape,
        }
    }

    /// One dimension.
    pub fn integers(values: Vec<i64>) -> Self {
        let shape = vec![values.len()];
        Self {
            values: Values::I64(values),
            shape,
        }
    }

    /// Rows of equal lengths, one after the other.
    pub fn rows(rows: &[Vec<f64>], n_columns: usize) -> Self {
        let values: Vec<f64> = rows.iter().flatten().copied().collect();
        debug_assert_eq!(values.len(), rows.len() * n_columns);
        Self {
            values: Values::F64(values),
            shape: vec![rows.len(), n_columns],
        }
    }
}

#[pymethods]
impl Array {
    /// NumPy's array interface, version 3.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (address, kind) = match &self.values {
            Values::F64(values) => (values.as_ptr() as usize, "<f8"),
            Values::I64(values) => (values.as_ptr() as usize, "<i8"),
        };
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("shape", pyo3::types::PyTuple::new(py, &self.shape)?)?;
        interface.set_item("typestr", kind)?;
        // NumPy then refuses to write into memory that others read.
        let read_only = true;
        interface.set_item("data", (address, read_only))?;
        Ok(interface)
    }

    fn __len__(&self) -> usize {
        self.shape[0]
    }

    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyTuple>> {
        pyo3::types::PyTuple::new(py, &self.shape)
    }
}
