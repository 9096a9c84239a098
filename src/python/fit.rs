//! Pipelines at parameter sets that an optimiser, or inference, asks for.

use super::convert::values;
use super::error::Error;
use super::run::run_pipeline;
use crate::pipeline::Pipeline;
use crate::stages::{self, Options};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;

/// A pipeline file whose grid is replaced by parameter sets.
#[pyclass(frozen, module = "hnn_sweep")]
pub struct Fit {
    file: PathBuf,
}

#[pymethods]
impl Fit {
    #[new]
    fn new(py: Python<'_>, file: PathBuf) -> PyResult<Self> {
        // Read for its mistakes, when the object is made.
        py.detach(|| Pipeline::load(&file)).map_err(Error::from)?;
        Ok(Self { file })
    }

    /// Names of the parameters, in the order of the file.
    #[getter]
    fn parameters(&self) -> PyResult<Vec<String>> {
        let pipeline = Pipeline::load(&self.file).map_err(Error::from)?;
        Ok(pipeline
            .parameters()
            .iter()
            .map(|p| p.name.clone())
            .collect())
    }

    /// Names of the statistics, in the order of the file.
    #[getter]
    fn statistics(&self) -> PyResult<Vec<String>> {
        let pipeline = Pipeline::load(&self.file).map_err(Error::from)?;
        Ok(pipeline.summaries.iter().map(|s| s.name.clone()).collect())
    }

    /// Simulates what is missing of the given sets: `parameters` is `[(name, values), …]`. The sweep is called
    /// `NAME.fit`.
    #[pyo3(signature = (parameters, folder=None, n_jobs=1, progress=None))]
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        parameters: Vec<(String, Vec<Bound<'py, PyAny>>)>,
        folder: Option<PathBuf>,
        n_jobs: i64,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let points = parameters
            .iter()
            .map(|(name, list)| Ok((name.clone(), values(name, list)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        // Read again: the file may have been edited since.
        let pipeline = Pipeline::load(&self.file).map_err(Error::from)?;
        let pipeline = pipeline.at_points(points).map_err(Error::from)?;
        let options = Options {
            jobs: stages::jobs(n_jobs),
            folder,
            ..Options::default()
        };
        run_pipeline(py, &pipeline, &options, progress)
    }
}
