//! hnn-core's text files: `Dipole.write` and `CellResponse.write`, one file for each simulation and trial.

use super::files::failed;
use super::{Target, Written, complete, has_rows, nothing};
use crate::solver::{Dipole, SimulationResult};
use crate::stages::{LoadedTrial, Loader, RunError};
use crate::store::Table;
use std::io::{self, Write};

/// Digits of the numbers in text files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// hnn-core's: times with 3 decimals, dipoles with 4.
    Fixed,
    /// As many as it takes to read the same number back.
    All,
}

/// Writes `dpl_{point}_{trial}.txt`, tab-separated: time (ms), aggregate, layer 2/3, layer 5 (nAm).
///
/// # Errors
/// If the sweep has stored no dipoles, if files are there already that must not be replaced, or if a file cannot be
/// read or written.
pub fn dipole_txt(loader: &Loader, target: &Target, digits: Digits) -> Result<Written, RunError> {
    if !loader.tables().contains(&Table::Dipole) {
        return Err(nothing(loader, "dipoles", "save_dpl"));
    }
    each(loader, target, Table::Dipole, "dpl", |out, trial| {
        let SimulationResult { times, dipole, .. } = &trial.result;
        let Dipole { agg, l2, l5 } = dipole;
        for (((time, agg), l2), l5) in times.iter().zip(agg).zip(l2).zip(l5) {
            match digits {
                // The digits of hnn-core's own files; `Dipole.write` rounds so.
                Digits::Fixed => writeln!(out, "{time:.3}\t{agg:.4}\t{l2:.4}\t{l5:.4}")?,
                Digits::All => writeln!(out, "{time:?}\t{agg:?}\t{l2:?}\t{l5:?}")?,
            }
        }
        Ok(())
    })
}

/// Writes `spk_{point}_{trial}.txt`, tab-separated: time (ms), gid, name of the cell type or drive.
///
/// # Errors
/// As [`dipole_txt`].
pub fn spikes_txt(loader: &Loader, target: &Target, digits: Digits) -> Result<Written, RunError> {
    if !loader.tables().contains(&Table::Spikes) {
        return Err(nothing(loader, "spikes", "save_spiking"));
    }
    each(loader, target, Table::Spikes, "spk", |out, trial| {
        for spike in &trial.result.spikes {
            let name = trial.cell_types.get(&spike.gid).map_or("", String::as_str);
            match digits {
                Digits::Fixed => writeln!(out, "{:.3}\t{}\t{name}", spike.time, spike.gid)?,
                Digits::All => writeln!(out, "{:?}\t{}\t{name}", spike.time, spike.gid)?,
            }
        }
        Ok(())
    })
}

fn each(
    loader: &Loader,
    target: &Target,
    table: Table,
    prefix: &str,
    write: impl Fn(&mut dyn Write, &LoadedTrial) -> io::Result<()>,
) -> Result<Written, RunError> {
    let mut written = Written::default();
    let complete = complete(loader, &mut written);
    // Leading zeros, so that files sort as the points do.
    let width = loader.n_points().saturating_sub(1).to_string().len();
    let name = |point: usize, trial: u32| format!("{prefix}_{point:0width$}_{trial}.txt");
    let names: Vec<String> = (0..loader.n_points())
        .filter(|point| complete.get(*point) == Some(&true))
        .flat_map(|point| (0..loader.n_trials()).map(move |trial| name(point, trial)))
        .collect();
    target.prepare(&names)?;
    loader.for_each(0..loader.n_points(), &[table], &mut |simulation| {
        if !simulation.is_done() {
            return Ok(());
        }
        for trial in &simulation.trials {
            has_rows(&simulation, trial, table)?;
            let name = name(simulation.point, trial.trial);
            let path = target.folder.join(&name);
            target.write(&name, &mut written, |mut file| {
                write(&mut file, trial).map_err(|e| failed(&path, e))?;
                Ok(file)
            })?;
        }
        Ok(())
    })?;
    Ok(written)
}
