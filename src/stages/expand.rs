//! file → grid: every point bound into a resolved network and fingerprinted.

use super::RunError;
use super::plan::fingerprint::{Fingerprinter, task_key};
use crate::network::Network;
use crate::pipeline::{ParamValue, Pipeline};
use crate::store::Hash;
use rayon::prelude::*;

/// A pipeline's grid.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Its points, in order.
    pub points: Vec<GridPoint>,
    /// Segments times steps of the first point's simulation: what its time grows with.
    pub segment_steps: f64,
    /// Samples of the first point's waveforms.
    pub samples: f64,
}

/// A point of the grid.
#[derive(Clone, Debug)]
pub struct GridPoint {
    /// Values of the parameters.
    pub values: Vec<ParamValue>,
    /// Identity of the network, tstop and dt that it resolves to.
    pub set: Hash,
}

impl GridPoint {
    /// Key of a trial's task.
    pub fn key(&self, trial: u32) -> Hash {
        task_key(&self.set, trial)
    }
}

/// Binds every point of a pipeline's grid.
///
/// # Errors
/// The first point's, in grid order, that cannot be bound.
pub fn expand(pipeline: &Pipeline) -> Result<Grid, RunError> {
    let bind = |fingerprinter: &mut Fingerprinter, i: u64| -> Result<GridPoint, RunError> {
        let values = pipeline.point(i);
        let bound = pipeline.bind(&values)?;
        let fingerprint = fingerprinter
            .fingerprint(&bound.network, bound.tstop, bound.dt)
            .map_err(|nan| RunError::Input {
                what: format!("{nan} at {}", describe(pipeline, &values)),
                help: "check the expressions of the pipeline file".into(),
            })?;
        Ok(GridPoint {
            values,
            set: fingerprint.set,
        })
    };
    let points: Vec<Result<GridPoint, RunError>> = (0..pipeline.n_points())
        .into_par_iter()
        .map_init(Fingerprinter::default, bind)
        .collect();
    let points = points.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (mut segment_steps, mut samples) = (0.0, 0.0);
    if let Some(first) = points.first() {
        let bound = pipeline.bind(&first.values)?;
        samples = (bound.tstop / bound.dt).floor() + 1.0;
        segment_steps = samples * n_segments(&bound.network);
    }
    Ok(Grid {
        points,
        segment_steps,
        samples,
    })
}

/// Values of a point as `name = value, …`.
pub fn describe(pipeline: &Pipeline, values: &[ParamValue]) -> String {
    let parts: Vec<String> = pipeline
        .parameters()
        .iter()
        .zip(values)
        .map(|(parameter, value)| format!("{} = {value}", parameter.name))
        .collect();
    match parts.is_empty() {
        true => "the only point".into(),
        false => parts.join(", "),
    }
}

fn n_segments(network: &Network) -> f64 {
    network
        .cell_types
        .iter()
        .map(|(name, cell_type)| {
            let cells = network.gid_ranges.get(name).map_or(0, |gids| gids.len());
            let nseg = cell_type.cell.sections.values().map(|s| f64::from(s.nseg));
            cells as f64 * nseg.sum::<f64>()
        })
        .sum()
}
