//! Pipeline files.

use super::error::Error;
use super::follow::Follow;
use crate::pipeline::Pipeline;
use crate::solver::Solver;
use crate::stages::{self, Options, RunOutcome};
use crate::store::Store;
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::ffi::CString;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a user decides about a run, from a dictionary.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Choices {
    retry_failed: bool,
    replace: bool,
    among_other_files: bool,
}

/// Runs a pipeline file: simulates what is missing. Returns what was done, as a dictionary.
#[pyfunction]
#[pyo3(signature = (file, choices, folder=None, n_jobs=-1, time_limit=None, progress=None))]
pub fn run<'py>(
    py: Python<'py>,
    file: PathBuf,
    choices: Choices,
    folder: Option<PathBuf>,
    n_jobs: i64,
    time_limit: Option<f64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let pipeline = py.detach(|| Pipeline::load(&file)).map_err(Error::from)?;
    // A negative or infinite number of seconds is no duration.
    let time_limit = time_limit.map(Duration::try_from_secs_f64).transpose();
    let time_limit = time_limit.map_err(|e| Error::Argument(format!("time_limit: {e}")))?;
    let options = Options {
        jobs: stages::jobs(n_jobs),
        retry_failed: choices.retry_failed,
        replace: choices.replace,
        among_other_files: choices.among_other_files,
        time_limit,
        folder,
        ..Options::default()
    };
    run_pipeline(py, &pipeline, &options, progress)
}

/// Runs any pipeline.
pub fn run_pipeline<'py>(
    py: Python<'py>,
    pipeline: &Pipeline,
    options: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let stop = AtomicBool::new(false);
    let mut follow = Follow::new(&stop, progress);
    let outcome = py.detach(|| {
        let outcome = stages::run(pipeline, options, &Solver::new(), &stop, &mut follow);
        follow.end(outcome.map_err(Error::from))
    })?;
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let described = describe(py, outcome)?;
    described.set_item("folder", folder)?;
    described.set_item("name", &pipeline.name)?;
    Ok(described)
}

fn describe(py: Python<'_>, outcome: RunOutcome) -> PyResult<Bound<'_, PyDict>> {
    let RunOutcome {
        n_tasks,
        simulated,
        failed_now: _,
        failed,
        elsewhere: _,
        left,
        damaged,
        losses,
        unused,
    } = outcome;
    // As warnings, which Python shows once and which can be turned into errors.
    let warn = |what: String| {
        let what = CString::new(what).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &what, 2)
    };
    let losses: Vec<String> = losses.iter().map(ToString::to_string).collect();
    for loss in &losses {
        warn(loss.clone())?;
    }
    for name in &unused {
        warn(format!(
            "the parameter `{name}` changes nothing: all of its values give the same simulations"
        ))?;
    }
    let failures = PyList::empty(py);
    for task in failed {
        let failure = PyDict::new(py);
        failure.set_item("sim", task.sim)?;
        failure.set_item("trial", task.trial)?;
        failure.set_item("parameters", task.parameters)?;
        failure.set_item("error", format!("{}: {}", task.class, task.error))?;
        failures.append(failure)?;
    }
    let outcome = PyDict::new(py);
    outcome.set_item("n_tasks", n_tasks)?;
    outcome.set_item("simulated", simulated)?;
    outcome.set_item("failed", failures)?;
    outcome.set_item("left", left)?;
    outcome.set_item("damaged", damaged)?;
    outcome.set_item("losses", losses)?;
    outcome.set_item("unused", unused)?;
    Ok(outcome)
}

/// What a run would do: `(tasks, missing)`.
#[pyfunction]
#[pyo3(signature = (file, folder=None))]
pub fn plan(py: Python<'_>, file: PathBuf, folder: Option<PathBuf>) -> PyResult<(u64, usize)> {
    let planned = py.detach(|| -> Result<_, Error> {
        let pipeline = Pipeline::load(&file)?;
        let folder = folder.as_deref().unwrap_or(&pipeline.save_folder);
        let store = Store::open(folder)?;
        let grid = stages::expand(&pipeline, store.as_ref().map(Store::state))?;
        let plan = stages::plan(&pipeline, &grid, store.as_ref(), &Options::default())?;
        Ok((plan.n_tasks, plan.tasks.len()))
    });
    Ok(planned?)
}
