//! What is stored, in the files of other programs: hnn-core's npz and text files, tables for inference.
//!
//! Every file is written aside and renamed; whether files may be replaced is decided before the first one is written.

mod batch;
mod csd;
mod files;
mod npy;
mod npz;
mod pca;
mod pickle;
mod plain;
mod sbi;
mod text;

pub use csd::SourceDensity;
pub use npz::npz;
pub use pca::pca;
pub use sbi::sbi;
pub use text::{Digits, dipole_txt, spikes_txt};

use crate::stages::{LoadedSimulation, LoadedTrial, Loader, RunError};
use crate::store::{Status, Table};
use std::ops::Range;
use std::path::PathBuf;

/// Where and how files are written.
#[derive(Clone, Debug)]
pub struct Target {
    /// Folder of the files; made if needed.
    pub folder: PathBuf,
    /// Whether files of the same names may be replaced.
    pub overwrite: bool,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Files, in order.
    pub files: Vec<PathBuf>,
    /// Simulations that are in none of them, and other things that were left out, in words.
    pub left_out: Vec<String>,
    /// Whether simulations were left out.
    pub incomplete: bool,
}

/// Failed and missing simulations that are named one by one.
const NAMED: usize = 10;

/// Points whose trials all have results; the others go to the written.
fn complete(loader: &Loader, written: &mut Written) -> Vec<bool> {
    let mut complete = Vec::with_capacity(loader.n_points());
    let mut unnamed = 0;
    for point in 0..loader.n_points() {
        let lacking = loader.tasks(point).find_map(|(id, task)| {
            let why = match task.map(|task| &task.status) {
                Some(Status::Done) => return None,
                Some(Status::Failed { class, error }) => format!("failed: {class}: {error}"),
                None => "has not been simulated".into(),
            };
            Some(format!("point {point} (sim {}) trial {} {why}", id.0, id.1))
        });
        complete.push(lacking.is_none());
        if let Some(words) = lacking {
            written.incomplete = true;
            match written.left_out.len() < NAMED {
                true => written.left_out.push(words),
                false => unnamed += 1,
            }
        }
    }
    if unnamed > 0 {
        written
            .left_out
            .push(format!("… and {unnamed} more points"));
    }
    complete
}

/// Ranges of at most `size` points.
fn batches(n_points: usize, size: u32) -> impl Iterator<Item = Range<usize>> {
    let size = (size as usize).max(1);
    (0..n_points)
        .step_by(size)
        .map(move |start| start..(start + size).min(n_points))
}

/// That a trial with results has rows of a table which others of its sweep have.
fn has_rows(
    simulation: &LoadedSimulation,
    trial: &LoadedTrial,
    table: Table,
) -> Result<(), RunError> {
    if trial.outputs.has(table) {
        return Ok(());
    }
    let why = match &trial.damaged {
        Some(file) => format!("{file} is damaged or missing"),
        None => "it was run without that output".into(),
    };
    Err(RunError::Input {
        what: format!(
            "point {} (sim {}) trial {} has no {}, which others of the sweep have: {why}",
            simulation.point,
            simulation.sim,
            trial.trial,
            table.name()
        ),
        help: "run the pipeline again: only what is missing is simulated".into(),
    })
}

fn nothing(loader: &Loader, what: &str, key: &str) -> RunError {
    RunError::Input {
        what: format!("sweep `{}` has stored no {what}", loader.name()),
        help: format!("set {key} = true in [output] and run the pipeline again"),
    }
}
