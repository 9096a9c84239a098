//! Networks, and simulations of single ones without a store.

use super::convert::record;
use super::error::{Error, NetworkError};
use super::follow::interruptible;
use super::trial::Trial;
use crate::network;
use crate::solver::{self, Moments, SimulationResult, Solver, SolverError, Threads};
use crate::stages;
use crate::stages::key::Fingerprinter;
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

/// A network as the solver sees it.
#[pyclass(frozen, module = "hnn_sweep")]
pub struct Network {
    pub inner: Arc<network::Network>,
}

#[pymethods]
impl Network {
    /// The network of a file's text, as hnn-core's `Network.write_configuration` writes it.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let read = py.detach(|| network::Network::from_json(text));
        let inner = Arc::new(read.map_err(Error::from)?);
        Ok(Self { inner })
    }

    /// Shares what is equal in another network, so that many variants of one take little memory.
    fn sharing(&self, other: &Network) -> Self {
        // Equal parts become one part, so that keys and solver see at a glance that they are the
        // same.
        let mut own = (*self.inner).clone();
        for (name, theirs) in &other.inner.cell_types {
            if let Some(mine) = own.cell_types.get_mut(name)
                && mine == theirs
            {
                *mine = Arc::clone(theirs);
            }
        }
        for (name, theirs) in &other.inner.pos_dict {
            if let Some(mine) = own.pos_dict.get_mut(name)
                && mine == theirs
            {
                *mine = Arc::clone(theirs);
            }
        }
        Self {
            inner: Arc::new(own),
        }
    }

    /// The network as a file that hnn-core reads.
    fn to_json(&self) -> String {
        self.inner.to_json()
    }

    /// Key of a trial's task: equal for equal results.
    #[pyo3(signature = (tstop, dt=0.025, trial=0))]
    fn key(&self, tstop: f64, dt: f64, trial: u32) -> PyResult<String> {
        let fingerprint = Fingerprinter::default().fingerprint(&self.inner, tstop, dt);
        match fingerprint {
            Ok(fingerprint) => Ok(fingerprint.key(trial).to_string()),
            Err(nan) => Err(NetworkError::new_err(nan.to_string())),
        }
    }

    /// Event times (ms) of the drives in a trial: `{drive: [[time, …] of each drive cell]}`.
    fn events(&self, tstop: f64, trial: u32) -> PyResult<HashMap<String, Vec<Vec<f64>>>> {
        let events = network::drive_events(&self.inner, tstop, trial).map_err(Error::from)?;
        Ok(self
            .inner
            .external_drives
            .keys()
            .cloned()
            .zip(events)
            .collect())
    }

    fn __eq__(&self, other: &Network) -> bool {
        self.inner == other.inner
    }

    fn __repr__(&self) -> String {
        let types = self.inner.gid_ranges.iter();
        let counts: Vec<String> = types
            .map(|(name, gids)| format!("{} {name}", gids.len()))
            .collect();
        format!("<Network: {}>", counts.join(", "))
    }

    /// Simulates trials on `n_jobs` threads. `finished(trial)` is called for each; a state that is not finite gives
    /// the error in the place of the result.
    #[pyo3(signature = (tstop, dt, trials, record_vsec, record_isec, record_ca, record_lfp, n_jobs=1, finished=None, stop=None))]
    #[allow(clippy::too_many_arguments)]
    fn simulate<'py>(
        &self,
        py: Python<'py>,
        tstop: f64,
        dt: f64,
        trials: Vec<u32>,
        record_vsec: &Bound<'py, PyAny>,
        record_isec: &Bound<'py, PyAny>,
        record_ca: &Bound<'py, PyAny>,
        record_lfp: bool,
        n_jobs: i64,
        finished: Option<Py<PyAny>>,
        stop: Option<Py<Stop>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let first = solver::Trial {
            tstop,
            dt,
            trial: 0,
            record_vsec: record("record_vsec", record_vsec)?,
            record_isec: record("record_isec", record_isec)?,
            record_ca: record("record_ca", record_ca)?,
            record_lfp,
        };
        let trials: Vec<solver::Trial> = trials
            .into_iter()
            .map(|trial| solver::Trial {
                trial,
                ..first.clone()
            })
            .collect();
        let stop = match &stop {
            Some(stop) => Arc::clone(&stop.get().0),
            None => Arc::default(),
        };
        let network = Arc::clone(&self.inner);
        // No more threads than cores, whatever the caller's pool believes.
        let jobs = stages::jobs(n_jobs).min(stages::jobs(0));
        let results = interruptible(
            py,
            &stop,
            |sender| simulate(&network, &trials, jobs, &stop, sender),
            |py, trial: u32| match &finished {
                Some(finished) => finished.call1(py, (trial,)).map(drop),
                None => Ok(()),
            },
        )?;
        let list = PyList::empty(py);
        for (trial, result) in trials.iter().zip(results) {
            match result {
                Ok((result, moments)) => {
                    list.append(Trial::new(py, trial.trial, result, moments)?)?;
                }
                Err(error @ SolverError::NotFinite { .. }) => {
                    list.append(PyErr::from(Error::Solver(error)).into_value(py))?;
                }
                Err(error) => return Err(Error::Solver(error).into()),
            }
        }
        Ok(list)
    }
}

/// Stops a simulation from another thread.
#[pyclass(frozen, module = "hnn_sweep")]
#[derive(Default)]
pub struct Stop(Arc<AtomicBool>);

#[pymethods]
impl Stop {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Stops, now or at the beginning.
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Trials side by side in the processor's lanes, and those groups on threads. No more threads than groups, but where
/// there is one.
fn simulate(
    network: &network::Network,
    trials: &[solver::Trial],
    jobs: usize,
    stop: &AtomicBool,
    sender: Sender<u32>,
) -> Vec<Result<(SimulationResult, Moments), SolverError>> {
    let Some(first) = trials.first() else {
        return Vec::new();
    };
    let solver = Solver::new();
    // Gangs no larger than leave work for each job.
    let even = trials.len().div_ceil(jobs.max(1));
    let gangs: Vec<&[solver::Trial]> = trials
        .chunks(Solver::gang_size(network, first).min(even).max(1))
        .collect();
    let interrupt = || stop.load(Ordering::Relaxed);
    let simulate = |gang: &[solver::Trial], threads: Threads| {
        let tasks: Vec<_> = gang.iter().map(|trial| (network, trial)).collect();
        let results = solver.simulate_with_moments(&tasks, threads, &interrupt);
        for trial in gang {
            let _ = sender.send(trial.trial);
        }
        results
    };
    // One gang and several threads: they share its steps.
    if let ([only], true) = (gangs.as_slice(), jobs > 1)
        && let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()
    {
        return pool.install(|| simulate(only, Threads::Pool));
    }
    // A counter instead of a queue: whoever is free takes the next.
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![Vec::new(); gangs.len()]);
    let work = || {
        while let Some((index, gang)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            gangs.get(index).map(|gang| (index, gang))
        } {
            let results = simulate(gang, Threads::One);
            done.lock().unwrap_or_else(PoisonError::into_inner)[index] = results;
        }
    };
    std::thread::scope(|scope| {
        // The calling thread is one of them.
        for _ in 1..jobs.min(gangs.len()) {
            // Without a thread the others do its work.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    done.into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .flatten()
        .collect()
}
