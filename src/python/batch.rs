//! Networks that Python has made, one for each parameter set, as a sweep.

use super::convert::{record, values};
use super::error::Error;
use super::network::Network;
use super::run::run_pipeline;
use crate::network;
use crate::pipeline::{Code, Design, Output, ParamValues, Pipeline, Precision};
use crate::solver::Record;
use crate::stages::{self, Options};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What is kept, in hnn-core's words.
fn output(asked: &Bound<'_, PyDict>) -> Result<Output, Error> {
    let flag = |name: &str| -> Result<bool, Error> {
        Ok(asked
            .get_item(name)?
            .is_some_and(|value| value.is_truthy().unwrap_or(false)))
    };
    let trace = |save: &str, name: &str| -> Result<Record, Error> {
        let asked = asked.get_item(name)?;
        let level = asked.map_or(Ok(Record::Off), |value| record(name, &value))?;
        Ok(match (flag(save)?, level) {
            (true, Record::Off) => Record::Soma,
            (true, level) => level,
            (false, _) => Record::Off,
        })
    };
    let mut output = Output::default();
    output.save_dpl = flag("save_dpl")?;
    output.save_spiking = flag("save_spiking")?;
    output.save_lfp = flag("save_lfp")?;
    output.record_vsec = trace("save_voltages", "record_vsec")?;
    output.record_isec = trace("save_currents", "record_isec")?;
    output.record_ca = trace("save_calcium", "record_ca")?;
    output.save_voltages = output.record_vsec != Record::Off;
    output.save_currents = output.record_isec != Record::Off;
    output.save_calcium = output.record_ca != Record::Off;
    // hnn-core's arrays are doubles.
    output.trace_precision = Precision::Float64;
    Ok(output)
}

/// Simulates one network per parameter set, those that the folder does not have yet. `parameters` is `[(name,
/// values), …]` with a value for each network.
#[pyfunction]
#[pyo3(signature = (networks, parameters, name, save_folder, batch_size, n_trials, tstop, dt, outputs, n_jobs, retry_failed, progress=None))]
#[allow(clippy::too_many_arguments)]
pub fn run_networks<'py>(
    py: Python<'py>,
    networks: Vec<PyRef<'py, Network>>,
    parameters: Vec<(String, Vec<Bound<'py, PyAny>>)>,
    name: String,
    save_folder: PathBuf,
    batch_size: u32,
    n_trials: u32,
    tstop: f64,
    dt: f64,
    outputs: &Bound<'py, PyDict>,
    n_jobs: i64,
    retry_failed: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let Some(first) = networks.first() else {
        return Err(Error::Argument("there are no parameter sets".into()).into());
    };
    // All networks are at hand: the first only fills a place that is never looked at.
    let net = Arc::clone(&first.inner);
    let axes = parameters
        .iter()
        .map(|(name, list)| Ok((name.clone(), values(name, list)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let grid =
        Design::with_samples(axes, Vec::new(), true).map_err(|e| Error::Argument(e.to_string()))?;
    if grid.n_points() != networks.len() as u64 {
        return Err(Error::Argument("give each parameter a value for every network".into()).into());
    }
    // By values, as the pipeline's closure is asked for values.
    let mut by_values: HashMap<String, Arc<network::Network>> = HashMap::new();
    for (i, network) in networks.iter().enumerate() {
        let point = grid.point(i as u64).unwrap_or_default();
        let names = grid.parameters().iter().map(|p| p.name.clone());
        let key = text(&names.zip(point).collect());
        let known = by_values
            .entry(key.clone())
            .or_insert_with(|| Arc::clone(&network.inner));
        // Two networks of the same values would have one name for two results.
        if **known != *network.inner {
            return Err(Error::Argument(format!(
                "set_params made two networks of the same values ({key}); it must make the same network each time"
            ))
            .into());
        }
    }
    let pipeline = Pipeline::from_code(Code {
        name,
        save_folder,
        batch_size,
        overwrite: true,
        clear_cache: false,
        n_trials,
        tstop,
        dt,
        output: output(outputs)?,
        grid,
        net,
        set_params: Arc::new(move |net, params| {
            let known = by_values
                .get(&text(params))
                .ok_or("no network of these values")?;
            *net = (**known).clone();
            Ok(())
        }),
    })
    .map_err(Error::from)?;
    let options = Options {
        jobs: stages::jobs(n_jobs),
        retry_failed,
        ..Options::default()
    };
    run_pipeline(py, &pipeline, &options, progress)
}

fn text(params: &ParamValues) -> String {
    params.to_string()
}
