//! Folders of results.

use super::convert::param;
use super::error::Error;
use super::table::Table;
use super::trial::Trial;
use crate::stages::Loader;
use crate::store::{self, Hold, Status, Store, StoreError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A folder of results. Every call looks at the folder as it is at that moment.
#[pyclass(frozen, module = "hnn_sweep")]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    fn store(&self) -> Result<Store, Error> {
        Ok(Store::open(&self.path)?.ok_or_else(|| self.no_store())?)
    }

    /// The same, with no file replaced until the second is dropped.
    pub fn hold(&self) -> Result<(Store, Hold), Error> {
        Ok(Store::hold(&self.path)?.ok_or_else(|| self.no_store())?)
    }

    fn no_store(&self) -> StoreError {
        StoreError::NoStore {
            path: self.path.clone(),
            help: "give the save_folder of a pipeline that has been run".into(),
        }
    }
}

fn table_of(name: &str) -> Result<store::Table, Error> {
    let found = store::Table::ALL
        .into_iter()
        .find(|table| table.name() == name);
    found.ok_or_else(|| {
        let known = store::Table::ALL.map(store::Table::name).join(", ");
        Error::Argument(format!("no table {name}; there are {known}"))
    })
}

#[pymethods]
impl Folder {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let folder = Self { path };
        // An error here rather than at the first table.
        folder.store()?;
        Ok(folder)
    }

    /// The folder.
    #[getter]
    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Sweeps: `{name: {"n_points", "n_trials", "parameters", "done", "failed"}}`.
    fn sweeps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        // Without the interpreter's lock: the folder may be on a slow disk.
        let store = py.detach(|| self.store())?;
        let state = store.state();
        let sweeps = PyDict::new(py);
        for (name, sweep) in &state.sweeps {
            let sims: BTreeSet<u32> = sweep
                .points
                .iter()
                .filter(|p| p.place.is_some())
                .map(|p| p.sim)
                .collect();
            let tasks = sims
                .iter()
                // Ids ascend by simulation, so the trials of one are a range.
                .flat_map(|sim| state.tasks.range((*sim, 0)..(*sim, sweep.n_trials)));
            let (mut done, mut failed) = (0, 0);
            for (_, task) in tasks {
                match task.status {
                    Status::Done => done += 1,
                    Status::Failed { .. } => failed += 1,
                }
            }
            let about = PyDict::new(py);
            let n_points = sweep.points.iter().filter(|p| p.place.is_some()).count();
            about.set_item("n_points", n_points)?;
            about.set_item("n_trials", sweep.n_trials)?;
            let parameters: Vec<&str> = sweep
                .parameters
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            about.set_item("parameters", parameters)?;
            about.set_item("n_sims", sims.len())?;
            about.set_item("done", done)?;
            about.set_item("failed", failed)?;
            sweeps.set_item(name, about)?;
        }
        Ok(sweeps)
    }

    /// A table: rows of a sweep or of all, of some simulations or of all.
    #[pyo3(signature = (name, sweep=None, sims=None))]
    fn table(
        &self,
        py: Python<'_>,
        name: &str,
        sweep: Option<&str>,
        sims: Option<BTreeSet<u32>>,
    ) -> PyResult<Table> {
        let table = table_of(name)?;
        let rows = py.detach(|| -> Result<_, Error> {
            Ok(self.store()?.rows(table, sweep, sims.as_ref())?)
        });
        Ok(Table::new(name, rows?)?)
    }

    /// Simulations of a sweep by their places in its grid, with what is stored in some tables: a list of
    /// `{"point", "sim", "param_values", "trials", "gid_ranges"}`; a trial that has no result is its error, or None.
    #[pyo3(signature = (sweep, start, stop, tables))]
    fn load<'py>(
        &self,
        py: Python<'py>,
        sweep: &str,
        start: usize,
        stop: usize,
        tables: Vec<String>,
    ) -> PyResult<Bound<'py, PyList>> {
        let tables = tables
            .iter()
            .map(|name| table_of(name))
            .collect::<Result<Vec<_>, _>>()?;
        let loaded = py.detach(|| -> Result<_, Error> {
            let loader = Loader::new(self.store()?, Some(sweep))?;
            Ok(loader.load(start..stop, &tables)?)
        })?;
        let list = PyList::empty(py);
        for simulation in loaded {
            let entry = PyDict::new(py);
            entry.set_item("point", simulation.point)?;
            entry.set_item("sim", simulation.sim)?;
            let values = PyDict::new(py);
            for (name, value) in &simulation.parameters {
                values.set_item(name, param(py, value)?)?;
            }
            entry.set_item("param_values", values)?;
            let trials = PyList::empty(py);
            for trial in simulation.trials {
                match trial.status {
                    Some(Status::Done) => {
                        trials.append(Trial::new(py, trial.trial, trial.result, Vec::new())?)?
                    }
                    Some(Status::Failed { class, error }) => {
                        // A string in a trial's place: Python tells a failure from a result by its
                        // type.
                        trials.append(format!("{class}: {error}"))?
                    }
                    None => trials.append(py.None())?,
                }
            }
            entry.set_item("trials", trials)?;
            list.append(entry)?;
        }
        Ok(list)
    }
}
