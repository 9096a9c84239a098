//! The same files with arrays only, for `numpy.load(..., allow_pickle=False)`.

use super::batch::FileBatch;
use super::files::failed;
use super::npy::{Archive, NpyArray, header};
use crate::pipeline::ParamValue;
use crate::solver::SimulationResult;
use crate::stages::{LoadedSimulation, RunError};
use crate::store::Table;
use std::io::Write;
use std::path::Path;

/// Writes the members of a file.
pub fn members(batch: &FileBatch, archive: &mut Archive, path: &Path) -> Result<(), RunError> {
    let points = batch.points.iter().map(|point| *point as i64);
    archive.array("points", &NpyArray::ints(points.collect()))?;
    let names = batch.parameters();
    archive.array(
        "param_names",
        &NpyArray::Texts(names.iter().map(|n| n.to_string()).collect()),
    )?;
    for name in names {
        let values: Vec<Option<ParamValue>> = batch
            .points
            .iter()
            .map(|point| batch.value(*point, name))
            .collect();
        archive.array(&format!("param_{name}"), &column(&values))?;
    }
    // The first one's: members below refuse simulations of another length.
    let network = batch.network(batch.points.first().copied().unwrap_or_default())?;
    for (name, value) in [("tstop", network.tstop), ("dt", network.dt)] {
        archive.array(name, &NpyArray::Floats(Vec::new(), vec![value]))?;
    }
    let counts = [
        ("n_trials", batch.n_trials()),
        ("batch_size", batch.batch_size),
    ];
    for (name, value) in counts {
        archive.array(name, &NpyArray::Ints(Vec::new(), vec![value.into()]))?;
    }
    for table in batch.tables() {
        match table {
            Table::Spikes => spikes(batch, archive)?,
            _ => samples(batch, table, archive, path)?,
        }
    }
    Ok(())
}

/// Values of a parameter; a point that does not know it has NaN, 0, false or an empty text.
fn column(values: &[Option<ParamValue>]) -> NpyArray {
    match values.iter().flatten().next() {
        Some(ParamValue::Str(_)) => NpyArray::Texts(
            // A missing value has no place in an array of texts, booleans or whole numbers.
            values
                .iter()
                .map(|value| match value {
                    Some(ParamValue::Str(text)) => text.clone(),
                    _ => String::new(),
                })
                .collect(),
        ),
        Some(ParamValue::Bool(_)) => NpyArray::Bools(
            values
                .iter()
                .map(|value| *value == Some(ParamValue::Bool(true)))
                .collect(),
        ),
        Some(ParamValue::Int(_)) => NpyArray::ints(
            values
                .iter()
                .map(|value| match value {
                    Some(ParamValue::Int(x)) => *x,
                    _ => 0,
                })
                .collect(),
        ),
        _ => NpyArray::floats(
            values
                .iter()
                .map(|value| {
                    value
                        .as_ref()
                        .and_then(ParamValue::as_f64)
                        .unwrap_or(f64::NAN)
                })
                .collect(),
        ),
    }
}

/// Spikes one after the other, with the row of their simulation, and trial.
fn spikes(batch: &FileBatch, archive: &mut Archive) -> Result<(), RunError> {
    let (mut rows, mut trials) = (Vec::new(), Vec::new());
    let (mut times, mut gids, mut types) = (Vec::new(), Vec::new(), Vec::new());
    let mut row = 0;
    // One row for each point, also for one without a spike.
    batch.for_each(Table::Spikes, &mut |simulation| {
        for trial in &simulation.trials {
            for spike in &trial.result.spikes {
                rows.push(row);
                trials.push(trial.trial.into());
                times.push(spike.time);
                gids.push(spike.gid.into());
                types.push(
                    trial
                        .cell_types
                        .get(&spike.gid)
                        .cloned()
                        .unwrap_or_default(),
                );
            }
        }
        row += 1;
        Ok(())
    })?;
    archive.array("spike_rows", &NpyArray::ints(rows))?;
    archive.array("spike_trials", &NpyArray::ints(trials))?;
    archive.array("spike_times", &NpyArray::floats(times))?;
    archive.array("spike_gids", &NpyArray::ints(gids))?;
    archive.array("spike_types", &NpyArray::Texts(types))
}

/// What the rows of a trial's matrix are: `(array, contact)` or `(gid, section, receptor)`.
type Labels = Vec<(String, i64, String, String)>;

/// Waveforms of one trial, with their labels and interval of samples.
fn waveforms(table: Table, result: &SimulationResult) -> (Labels, Vec<&[f64]>) {
    let label = |gid: u32, section: &str, receptor: &str| {
        (
            String::new(),
            i64::from(gid),
            section.to_string(),
            receptor.to_string(),
        )
    };
    match table {
        Table::Dipole => (
            Vec::new(),
            vec![&result.dipole.agg, &result.dipole.l2, &result.dipole.l5],
        ),
        Table::Lfp => result
            .lfp
            .iter()
            .flat_map(|lfp| {
                let contacts = (0..).zip(&lfp.potential);
                contacts.map(|(contact, values)| {
                    let label = (lfp.array.clone(), contact, String::new(), String::new());
                    (label, values.as_slice())
                })
            })
            .unzip(),
        Table::Voltages => {
            let traces = result.voltages.iter();
            traces
                .map(|t| (label(t.gid, &t.section, ""), t.values.as_slice()))
                .unzip()
        }
        Table::Currents => {
            let traces = result.currents.iter();
            traces
                .map(|t| (label(t.gid, &t.section, &t.receptor), t.values.as_slice()))
                .unzip()
        }
        _ => {
            let traces = result.calcium.iter();
            traces
                .map(|t| (label(t.gid, &t.section, ""), t.values.as_slice()))
                .unzip()
        }
    }
}

/// Waveforms of a table: shape (simulations, trials, waveforms, samples), with what the waveforms are and their times.
fn samples(
    batch: &FileBatch,
    table: Table,
    archive: &mut Archive,
    path: &Path,
) -> Result<(), RunError> {
    let Some(first) = batch.first(table)? else {
        return Ok(());
    };
    let Some(trial) = first.trials.first() else {
        return Ok(());
    };
    let (labels, values) = waveforms(table, &trial.result);
    let n_samples = values.first().map_or(0, |values| values.len());
    let name = match table {
        Table::Dipole => "dpl",
        other => other.name(),
    };
    let times = match table {
        Table::Dipole | Table::Lfp => trial.result.times.clone(),
        _ => {
            // Traces of every n-th sample have times of their own.
            let step =
                f64::from(trial.outputs.get(table).decimate) * batch.network(first.point)?.dt;
            (0..n_samples).map(|i| i as f64 * step).collect()
        }
    };
    let shape = [
        batch.points.len(),
        first.trials.len(),
        values.len(),
        n_samples,
    ];
    archive.member(name, |out| {
        // The shape comes first in the file, so it is taken from the first simulation and then held
        // to.
        out.write_all(&header("<f8", &shape))
            .map_err(|e| failed(path, e))?;
        batch.for_each(table, &mut |simulation| {
            for trial in &simulation.trials {
                let (own, values) = waveforms(table, &trial.result);
                // One array has one shape: what differs must be an error, not a hole.
                if own != labels || values.iter().any(|v| v.len() != n_samples) {
                    return Err(uneven(table, simulation));
                }
                write(out, &values).map_err(|e| failed(path, e))?;
            }
            Ok(())
        })
    })?;
    archive.array(&format!("{name}_times"), &NpyArray::floats(times))?;
    let texts = |pick: fn(&(String, i64, String, String)) -> &String| {
        NpyArray::Texts(labels.iter().map(|label| pick(label).clone()).collect())
    };
    // Contacts of an array or gids of cells, by the table.
    let numbers = NpyArray::ints(labels.iter().map(|label| label.1).collect());
    match table {
        Table::Dipole => {
            let layers = ["agg", "L2", "L5"].map(str::to_string);
            archive.array("dpl_layers", &NpyArray::Texts(layers.to_vec()))?;
        }
        Table::Lfp => {
            archive.array("lfp_arrays", &texts(|label| &label.0))?;
            archive.array("lfp_contacts", &numbers)?;
        }
        _ => {
            archive.array(&format!("{name}_gids"), &numbers)?;
            archive.array(&format!("{name}_sections"), &texts(|label| &label.2))?;
            if table == Table::Currents {
                archive.array("currents_receptors", &texts(|label| &label.3))?;
            }
        }
    }
    Ok(())
}

fn write(out: &mut dyn Write, waveforms: &[&[f64]]) -> std::io::Result<()> {
    for values in waveforms {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        out.write_all(&bytes)?;
    }
    Ok(())
}

fn uneven(table: Table, simulation: &LoadedSimulation) -> RunError {
    RunError::Input {
        what: format!(
            "point {} (sim {}) has {} of another shape than the first point of its file",
            simulation.point,
            simulation.sim,
            table.name()
        ),
        help: "arrays need the same tstop, dt and recordings in every simulation; without --plain each has its own".into(),
    }
}
