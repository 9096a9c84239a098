//! Results of one trial.

use super::array::Array;
use crate::solver::{Moments, SimulationResult};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Results of one trial, in hnn-core's words: times in ms, dipole in nAm, moments in fAm, voltages in mV, currents in
/// nA, calcium in mM, LFP in uV.
#[pyclass(frozen, get_all, module = "hnn_sweep")]
pub struct Trial {
    /// Index of the trial.
    trial: u32,
    /// Sample times (ms).
    times: Py<Array>,
    /// Dipole (nAm) after the baseline correction.
    agg: Py<Array>,
    /// Its layer 2/3.
    l2: Py<Array>,
    /// Its layer 5.
    l5: Py<Array>,
    /// Moments (fAm) before the correction, of each cell type that measures a dipole; empty for stored results.
    moments: Vec<Py<Array>>,
    /// Spike times (ms), in hnn-core's order.
    spike_times: Py<Array>,
    /// Cell or drive cell of each spike.
    spike_gids: Py<Array>,
    /// `{array: (n_contacts, n_samples)}`.
    lfp: Py<PyDict>,
    /// `{gid: {section: values}}`.
    voltages: Py<PyDict>,
    /// `{gid: {section: {receptor: values}}}`.
    currents: Py<PyDict>,
    /// `{gid: {section: values}}`.
    calcium: Py<PyDict>,
}

impl Trial {
    pub fn new(
        py: Python<'_>,
        trial: u32,
        result: SimulationResult,
        moments: Moments,
    ) -> PyResult<Self> {
        let floats = |values: Vec<f64>| Py::new(py, Array::floats(values));
        let SimulationResult {
            times,
            dipole,
            spikes,
            voltages,
            currents,
            calcium,
            lfp,
        } = result;
        let arrays = PyDict::new(py);
        for array in lfp {
            let n_samples = array.potential.first().map_or(0, Vec::len);
            arrays.set_item(
                array.array,
                Py::new(py, Array::rows(&array.potential, n_samples))?,
            )?;
        }
        let by_cell = PyDict::new(py);
        for trace in voltages {
            inner(&by_cell, trace.gid)?.set_item(trace.section, floats(trace.values)?)?;
        }
        let by_synapse = PyDict::new(py);
        for trace in currents {
            let cell = inner(&by_synapse, trace.gid)?;
            inner(&cell, trace.section)?.set_item(trace.receptor, floats(trace.values)?)?;
        }
        let of_calcium = PyDict::new(py);
        for trace in calcium {
            inner(&of_calcium, trace.gid)?.set_item(trace.section, floats(trace.values)?)?;
        }
        let gids = spikes.iter().map(|spike| i64::from(spike.gid)).collect();
        Ok(Self {
            trial,
            times: floats(times)?,
            agg: floats(dipole.agg)?,
            l2: floats(dipole.l2)?,
            l5: floats(dipole.l5)?,
            moments: moments.into_iter().map(floats).collect::<PyResult<_>>()?,
            spike_times: floats(spikes.iter().map(|spike| spike.time).collect())?,
            spike_gids: Py::new(py, Array::integers(gids))?,
            lfp: arrays.unbind(),
            voltages: by_cell.unbind(),
            currents: by_synapse.unbind(),
            calcium: of_calcium.unbind(),
        })
    }
}

/// The dictionary under a key, made if it is not there.
fn inner<'py>(
    outer: &Bound<'py, PyDict>,
    key: impl IntoPyObject<'py> + Clone,
) -> PyResult<Bound<'py, PyDict>> {
    if let Some(found) = outer.get_item(key.clone())? {
        return Ok(found.cast_into::<PyDict>()?);
    }
    let made = PyDict::new(outer.py());
    outer.set_item(key, &made)?;
    Ok(made)
}
