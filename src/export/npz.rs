//! hnn-core's own files of a batch: `sim_run_{start}-{end}.npz`, which `BatchSimulate.load_all_results()` reads.
//!
//! Members hold pickled objects, written one simulation at a time: `param_values`, `dpl`, `spiking`, `lfp`, `voltages`,
//! `currents`, `calcium`, `metadata`. Tables that the sweep has not stored have no member.

use super::batch::FileBatch;
use super::files::failed;
use super::npy::{Archive, header, is_ours};
use super::pickle::Pickler;
use super::{Target, Written, batches, complete, plain};
use crate::network::{ElectrodeArray, ElectrodeMethod, Gid};
use crate::pipeline::ParamValue;
use crate::solver::{Dipole, SimulationResult};
use crate::stages::{LoadedSimulation, LoadedTrial, Loader, RunError, StoredNetwork};
use crate::store::Table;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

/// Writes a sweep's simulations, at most `batch_size` in a file; `plain` gives arrays only, without pickled objects.
///
/// # Errors
/// If files are there already that must not be replaced or that would be read along with the new ones, if results are
/// missing that others of the sweep have, or if a file cannot be read or written.
pub fn npz(
    loader: &Loader,
    target: &Target,
    batch_size: u32,
    plain: bool,
) -> Result<Written, RunError> {
    let mut written = Written::default();
    let complete = complete(loader, &mut written);
    let of_points = |range: &Range<usize>| -> Vec<usize> {
        range
            .clone()
            .filter(|point| complete.get(*point) == Some(&true))
            .collect()
    };
    let batches: Vec<(String, Vec<usize>)> = batches(loader.n_points(), batch_size)
        .map(|range| (file_name(&range), of_points(&range)))
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let names: Vec<String> = batches.iter().map(|(name, _)| name.clone()).collect();
    target.prepare(&names)?;
    // hnn-core loads every `sim_run_*.npz` of a folder: files of an earlier batch size would count
    // twice.
    let strangers = target.others(|name| {
        name.starts_with("sim_run_")
            && name.ends_with(".npz")
            && !names.iter().any(|own| own == name)
    })?;
    if let Some(stranger) = strangers
        .iter()
        .find(|path| !target.overwrite || !is_ours(path))
    {
        return Err(RunError::Input {
            what: format!(
                "{} is not of this export, and would be read along with it",
                stranger.display()
            ),
            help: "choose another folder with -o, or move the file away; nothing was written"
                .into(),
        });
    }
    for (name, points) in &batches {
        let batch = FileBatch::new(loader, points, batch_size)?;
        let path = target.folder.join(name);
        target.write(name, &mut written, |file| {
            let mut archive = Archive::new(file, &path);
            match plain {
                true => plain::members(&batch, &mut archive, &path)?,
                false => members(&batch, &mut archive, &path)?,
            }
            archive.finish()
        })?;
    }
    // Last, when all that replaces them is written.
    for stranger in strangers {
        fs_err::remove_file(&stranger).map_err(|e| failed(&stranger, e))?;
    }
    Ok(written)
}

fn file_name(range: &Range<usize>) -> String {
    format!("sim_run_{}-{}.npz", range.start, range.end)
}

/// Writes the members of a file.
fn members(batch: &FileBatch, archive: &mut Archive, path: &Path) -> Result<(), RunError> {
    let n = batch.points.len();
    archive.member("param_values", |out| {
        let objects = objects(out, &[n], |p| {
            p.list(batch.points, |p, point| param_values(batch, p, *point))
        });
        objects.map_err(|e| failed(path, e))
    })?;
    for table in batch.tables() {
        let by_trial = [n, batch.n_trials() as usize];
        let (name, shape) = match table {
            Table::Dipole => ("dpl", &by_trial[..]),
            Table::Spikes => ("spiking", &by_trial[..1]),
            Table::Lfp => ("lfp", &by_trial[..1]),
            other => (other.name(), &by_trial[..]),
        };
        archive.member(name, |out| results(batch, out, path, table, shape))?;
    }
    // One for the whole file, as hnn-core has it.
    let network = batch.network(batch.points.first().copied().unwrap_or_default())?;
    archive.member("metadata", |out| {
        let objects = objects(out, &[], |p| {
            p.list([network], |p, network| {
                p.dict()?;
                p.entry("batch_size", |p| p.int(batch.batch_size.into()))?;
                p.entry("n_trials", |p| p.int(batch.n_trials().into()))?;
                p.entry("tstop", |p| p.float(network.tstop))?;
                p.entry("dt", |p| p.float(network.dt))
            })
        });
        objects.map_err(|e| failed(path, e))
    })
}

fn param_values<W: Write>(batch: &FileBatch, p: &mut Pickler<W>, point: usize) -> io::Result<()> {
    p.dict()?;
    for (name, value) in batch.values(point) {
        p.entry(&name, |p| match value {
            ParamValue::Float(x) => p.float(x),
            ParamValue::Int(x) => p.int(x),
            ParamValue::Str(x) => p.text(&x),
            ParamValue::Bool(x) => p.bool(x),
        })?;
    }
    Ok(())
}

/// What the simulations have of a table, one after the other.
fn results(
    batch: &FileBatch,
    out: &mut dyn Write,
    path: &Path,
    table: Table,
    shape: &[usize],
) -> Result<(), RunError> {
    let error = |e| failed(path, e);
    out.write_all(&header("|O", shape)).map_err(error)?;
    let mut p = Pickler::new(out).map_err(error)?;
    p.begin_array("O", shape).map_err(error)?;
    // A list inside an object array: it is filled as simulations come, without knowing their size.
    p.empty_list().map_err(error)?;
    batch.for_each(table, &mut |simulation| {
        let network = batch.network(simulation.point)?;
        append(&mut p, table, network, simulation).map_err(error)
    })?;
    p.end_array().map_err(error)?;
    p.finish().map_err(error)?;
    Ok(())
}

/// An array of objects in NumPy's file format; `items` writes the list of them.
fn objects<'w>(
    out: &'w mut dyn Write,
    shape: &[usize],
    items: impl FnOnce(&mut Pickler<&'w mut dyn Write>) -> io::Result<()>,
) -> io::Result<()> {
    out.write_all(&header("|O", shape))?;
    let mut p = Pickler::new(out)?;
    p.begin_array("O", shape)?;
    items(&mut p)?;
    p.end_array()?;
    p.finish()?;
    Ok(())
}

/// Appends what one simulation has of a table: an item, or one for each trial.
fn append<W: Write>(
    p: &mut Pickler<W>,
    table: Table,
    network: &StoredNetwork,
    simulation: &LoadedSimulation,
) -> io::Result<()> {
    let trials = &simulation.trials;
    match table {
        Table::Spikes => {
            spiking(p, trials)?;
            return p.append();
        }
        Table::Lfp => {
            p.dict()?;
            for (name, array) in &network.electrodes {
                p.entry(name, |p| extracellular(p, name, array, trials))?;
            }
            return p.append();
        }
        _ => {}
    }
    for LoadedTrial { result, .. } in trials {
        match table {
            Table::Dipole => dipole(p, &result.times, &result.dipole)?,
            _ => traces(p, network, table, result)?,
        }
        p.append()?;
    }
    Ok(())
}

/// A `Dipole`, as hnn-core has it in memory.
fn dipole<W: Write>(p: &mut Pickler<W>, times: &[f64], dipole: &Dipole) -> io::Result<()> {
    let interval = match times {
        [first, second, ..] => second - first,
        _ => f64::NAN,
    };
    p.object("hnn_core.dipole", "Dipole", |p| {
        p.entry("times", |p| p.array(times))?;
        p.entry("data", |p| {
            p.dict()?;
            p.entry("agg", |p| p.array(&dipole.agg))?;
            p.entry("L2", |p| p.array(&dipole.l2))?;
            p.entry("L5", |p| p.array(&dipole.l5))
        })?;
        // One trial each; `Dipole.average` sets it, and nothing here has been averaged or scaled.
        p.entry("nave", |p| p.int(1))?;
        // Hz, from an interval in ms.
        p.entry("sfreq", |p| p.float(1000.0 / interval))?;
        p.entry("scale_applied", |p| p.int(1))
    })
}

/// Times, types and gids of all trials' spikes.
fn spiking<W: Write>(p: &mut Pickler<W>, trials: &[LoadedTrial]) -> io::Result<()> {
    // hnn-core has gids as floats here.
    let of_spikes = |trial: &LoadedTrial, value: fn(f64, Gid) -> f64| -> Vec<f64> {
        let spikes = trial.result.spikes.iter();
        spikes.map(|spike| value(spike.time, spike.gid)).collect()
    };
    p.dict()?;
    p.entry("spike_times", |p| {
        p.list(trials, |p, trial| {
            p.floats(&of_spikes(trial, |time, _| time))
        })
    })?;
    p.entry("spike_types", |p| {
        p.list(trials, |p, trial| {
            p.list(&trial.result.spikes, |p, spike| {
                // NumPy's strings, not Python's: so hnn-core has them.
                p.numpy_text(trial.cell_types.get(&spike.gid).map_or("", String::as_str))
            })
        })
    })?;
    p.entry("spike_gids", |p| {
        p.list(trials, |p, trial| {
            p.floats(&of_spikes(trial, |_, gid| gid.into()))
        })
    })
}

/// An `ExtracellularArray` with its potentials.
fn extracellular<W: Write>(
    p: &mut Pickler<W>,
    name: &str,
    array: &ElectrodeArray,
    trials: &[LoadedTrial],
) -> io::Result<()> {
    p.object("hnn_core.extracellular", "ExtracellularArray", |p| {
        p.entry("positions", |p| {
            p.list(&array.positions, |p, [x, y, z]| {
                p.float(*x)?;
                p.float(*y)?;
                p.float(*z)?;
                p.tuple(3)
            })
        })?;
        let n = i64::try_from(array.positions.len()).unwrap_or(i64::MAX);
        p.entry("n_contacts", |p| p.int(n))?;
        p.entry("conductivity", |p| p.float(array.conductivity))?;
        p.entry("method", |p| match array.method {
            Some(ElectrodeMethod::Psa) => p.text("psa"),
            Some(ElectrodeMethod::Lsa) => p.text("lsa"),
            None => p.none(),
        })?;
        p.entry("min_distance", |p| p.float(array.min_distance))?;
        let times = trials.first().map_or(&[][..], |trial| &trial.result.times);
        p.entry("_times", |p| p.floats(times))?;
        p.entry("_data", |p| {
            p.list(trials, |p, trial| {
                let own = trial.result.lfp.iter().filter(|lfp| lfp.array == name);
                p.list(own.flat_map(|lfp| &lfp.potential), |p, values| {
                    p.floats(values)
                })
            })
        })
    })
}

/// Traces of one trial by gid, section and, for currents, `section_receptor`; every cell is there, with or without
/// traces.
fn traces<W: Write>(
    p: &mut Pickler<W>,
    network: &StoredNetwork,
    table: Table,
    result: &SimulationResult,
) -> io::Result<()> {
    type Trace<'t> = (&'t str, Option<&'t str>, &'t [f64]);
    let mut by_gid: BTreeMap<Gid, Vec<Trace>> =
        // Every cell has an entry, also one that was not recorded.
        network.cells().map(|gid| (gid, Vec::new())).collect();
    match table {
        Table::Voltages => result.voltages.iter().for_each(|t| {
            by_gid
                .entry(t.gid)
                .or_default()
                .push((&t.section, None, &t.values));
        }),
        Table::Currents => result.currents.iter().for_each(|t| {
            let trace: Trace = (&t.section, Some(&t.receptor), &t.values);
            by_gid.entry(t.gid).or_default().push(trace);
        }),
        _ => result.calcium.iter().for_each(|t| {
            by_gid
                .entry(t.gid)
                .or_default()
                .push((&t.section, None, &t.values));
        }),
    }
    p.dict()?;
    for (gid, traces) in &by_gid {
        p.numbered(*gid, |p| {
            p.dict()?;
            for of_section in traces.chunk_by(|a, b| a.0 == b.0) {
                let Some((section, receptor, values)) = of_section.first() else {
                    continue;
                };
                p.entry(section, |p| match receptor {
                    None => p.floats(values),
                    Some(_) => {
                        p.dict()?;
                        for (section, receptor, values) in of_section {
                            let name = format!("{section}_{}", receptor.unwrap_or_default());
                            p.entry(&name, |p| p.floats(values))?;
                        }
                        Ok(())
                    }
                })?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
