//! Values of arguments.

use super::error::Error;
use crate::pipeline::{ParamValue, Values};
use crate::solver::Record;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

/// hnn-core's `'all' | 'soma' | False`.
pub fn record(name: &str, value: &Bound<'_, PyAny>) -> Result<Record, Error> {
    // False, None and "" are all hnn-core's "no".
    if !value.is_truthy()? {
        return Ok(Record::Off);
    }
    match value.extract::<String>().as_deref() {
        Ok("all") => Ok(Record::All),
        Ok("soma") => Ok(Record::Soma),
        _ => Err(Error::Argument(format!(
            "{name} must be 'all', 'soma' or False, not {}",
            value.repr()?
        ))),
    }
}

/// Values of one parameter, all of one kind: numbers, strings or booleans. Whole numbers beside others are numbers.
pub fn values(name: &str, list: &[Bound<'_, PyAny>]) -> Result<Values, Error> {
    // Booleans first: in Python they are whole numbers too.
    let all = |test: &dyn Fn(&Bound<'_, PyAny>) -> bool| list.iter().all(test);
    if all(&|v| v.is_instance_of::<PyBool>()) {
        return Ok(Values::Bool(each(list)?));
    }
    if all(&|v| v.is_instance_of::<PyString>()) {
        return Ok(Values::Str(each(list)?));
    }
    let is_bool = |v: &Bound<'_, PyAny>| v.is_instance_of::<PyBool>();
    if all(&|v| v.is_instance_of::<PyInt>() && !is_bool(v)) {
        return Ok(Values::Int(each(list)?));
    }
    if all(&|v| (v.is_instance_of::<PyFloat>() || v.is_instance_of::<PyInt>()) && !is_bool(v)) {
        return Ok(Values::Float(each(list)?));
    }
    Err(Error::Argument(format!(
        "the parameter {name} has values of different kinds; give it numbers, strings or booleans only"
    )))
}

fn each<'py, T>(list: &[Bound<'py, PyAny>]) -> Result<Vec<T>, Error>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    Ok(list.iter().map(|v| v.extract()).collect::<PyResult<_>>()?)
}

/// A parameter's value in Python.
pub fn param<'py>(py: Python<'py>, value: &ParamValue) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        ParamValue::Float(x) => x.into_pyobject(py)?.into_any(),
        ParamValue::Int(x) => x.into_pyobject(py)?.into_any(),
        ParamValue::Str(x) => x.into_pyobject(py)?.into_any(),
        ParamValue::Bool(x) => x.into_pyobject(py)?.to_owned().into_any(),
    })
}
