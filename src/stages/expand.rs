//! file → grid: every point bound into a resolved network and fingerprinted.

use super::error::RunError;
use super::key::{FORMAT_VERSION, Fingerprinter, task_key};
use crate::network::Network;
use crate::pipeline::{Bound, ParamValue, Pipeline};
use crate::solver::{self, NUMERICS_VERSION, Solver, SolverError, Trial};
use crate::store::{Hash, State, Value};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// A pipeline's grid.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Its points, in order.
    pub points: Vec<GridPoint>,
    /// Of what its networks are made, together with the points' values.
    pub recipe: Option<u64>,
    /// Segments times steps of the first point's simulation: what its time grows with.
    pub segment_steps: f64,
    /// Samples of the first point's waveforms.
    pub samples: f64,
    /// Traces of a simulation of the first point.
    pub traces: Traces,
}

/// A point of the grid.
#[derive(Clone, Debug)]
pub struct GridPoint {
    /// Values of the parameters.
    pub values: Vec<ParamValue>,
    /// Identity of the network, tstop and dt that it resolves to.
    pub set: Hash,
    /// Segments times steps of its simulation; `None` if the point was known and not bound.
    pub segment_steps: Option<f64>,
}

impl GridPoint {
    /// Key of a trial's task.
    pub fn key(&self, trial: u32) -> Hash {
        task_key(&self.set, trial)
    }
}

/// Grids up to this size are always bound in full: it takes a moment.
const SMALL: u64 = 2_000;
/// Points that are bound although they are known, as a check.
const CHECKED: u64 = 16;

/// Binds every point of a pipeline's grid. Of a large grid that was registered before, points are looked up by their values,
/// as long as the rest of the file and the program are the same.
///
/// ```
/// use hnn_sweep::{pipeline::Pipeline, stages};
///
/// let text = "name = \"demo\"\n[network]\nmodel = \"neymotin_2020\"\nmesh_shape = [3, 3]\n\
///             [grid]\nspeed = [1.0, 2.0, 2.0]\n[set]\n\"connections[src=L2_basket].delay\" = \"speed\"\n";
/// let pipeline = Pipeline::parse(text, "demo.toml".as_ref())?;
/// let grid = stages::expand(&pipeline, None)?;
/// // Two points of one network are one simulation.
/// assert_eq!(grid.points[1].key(0), grid.points[2].key(0));
/// assert_ne!(grid.points[0].key(0), grid.points[1].key(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The first point's, in grid order, that cannot be bound.
pub fn expand(pipeline: &Pipeline, stored: Option<&State>) -> Result<Grid, RunError> {
    until(pipeline, stored, &AtomicBool::new(false))
}

/// As [`expand`], until it is stopped.
///
/// # Errors
/// As [`expand`], and [`RunError::Stopped`].
pub fn until(
    pipeline: &Pipeline,
    stored: Option<&State>,
    stop: &AtomicBool,
) -> Result<Grid, RunError> {
    let solver = Solver::new();
    let bind = |fingerprinter: &mut Fingerprinter, i: u64| -> Result<GridPoint, RunError> {
        // Ctrl-C while a large grid is bound: nothing has been written yet.
        if stop.load(Ordering::Relaxed) {
            return Err(RunError::Stopped);
        }
        let values = pipeline.point(i);
        let bound = pipeline.bind(&values)?;
        // Asked of each point, as a value of the grid may be what cannot be simulated.
        check(&solver, pipeline, &bound).map_err(|error| RunError::Input {
            what: format!("{error} at {}", describe(pipeline, &values)),
            help: "hnn-sweep network shows what the network has".into(),
        })?;
        let set = fingerprinter
            .set(&bound.network, bound.tstop, bound.dt)
            .map_err(|nan| RunError::Input {
                what: format!("{nan} at {}", describe(pipeline, &values)),
                help: match pipeline.text() {
                    Some(_) => "check the expressions of the pipeline file".into(),
                    None => "check what set_params computes".into(),
                },
            })?;
        Ok(GridPoint {
            values,
            set,
            segment_steps: Some(segment_steps(&bound)),
        })
    };
    let n = pipeline.n_points();
    let recipe = recipe(pipeline);
    let mut known: HashMap<Vec<&Value>, Hash> = HashMap::new();
    let same = |values: &[ParamValue]| values.iter().map(stored_value).collect::<Vec<Value>>();
    if let (true, Some(recipe), Some(state)) = (n > SMALL, recipe, stored) {
        // Looked up by values: binding a network costs far more than a look-up, and grids reach
        // millions of points.
        known = known_points(pipeline, state, recipe);
        let mut fingerprinter = Fingerprinter::default();
        // A sample over the whole grid, bound all the same: one that disagrees, and nothing is
        // trusted.
        for i in (0..n).step_by((n / CHECKED).max(1) as usize) {
            let point = bind(&mut fingerprinter, i)?;
            let values = same(&point.values);
            if (known.get(&values.iter().collect::<Vec<_>>())).is_some_and(|set| *set != point.set)
            {
                known.clear();
                break;
            }
        }
    }
    let point = |fingerprinter: &mut Fingerprinter, i: u64| {
        if known.is_empty() {
            return bind(fingerprinter, i);
        }
        let values = pipeline.point(i);
        match known.get(&same(&values).iter().collect::<Vec<_>>()) {
            Some(set) => Ok(GridPoint {
                values,
                set: *set,
                segment_steps: None,
            }),
            None => bind(fingerprinter, i),
        }
    };
    let points: Vec<Result<GridPoint, RunError>> = (0..n)
        .into_par_iter()
        // Each thread keeps its own fingerprinter, with the parts that it has hashed.
        .map_init(Fingerprinter::default, point)
        .collect();
    // Gathered first, so that the error is that of the first point, whichever thread was faster.
    let points = points.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (mut first_steps, mut samples, mut traces) = (0.0, 0.0, Traces::default());
    // The first point speaks for all: estimates need no more.
    if let Some(first) = points.first() {
        let bound = pipeline.bind(&first.values)?;
        samples = solver::n_samples(bound.tstop, bound.dt) as f64;
        first_steps = segment_steps(&bound);
        traces = n_traces(&bound.network);
    }
    Ok(Grid {
        points,
        recipe,
        segment_steps: first_steps,
        samples,
        traces,
    })
}

fn segment_steps(bound: &Bound) -> f64 {
    solver::n_samples(bound.tstop, bound.dt) as f64 * n_segments(&bound.network)
}

/// What would fail in every trial is said before the first.
fn check(solver: &Solver, pipeline: &Pipeline, bound: &Bound) -> Result<(), SolverError> {
    let trial = Trial {
        record_lfp: pipeline.output.save_lfp,
        ..Trial::new(bound.tstop, bound.dt)
    };
    solver.check(&bound.network, &trial, pipeline.n_trials)
}

/// Parameter sets of a sweep's registered points, by their values.
fn known_points<'s>(
    pipeline: &Pipeline,
    state: &'s State,
    recipe: u64,
) -> HashMap<Vec<&'s Value>, Hash> {
    let mut known = HashMap::new();
    let Some(sweep) = state.sweeps.get(&pipeline.name) else {
        return known;
    };
    let names = pipeline.parameters().iter().map(|p| p.name.as_str());
    // Values are matched by position, so the same parameters in the same order.
    if !names.eq(sweep.parameters.iter().map(|(name, _)| name.as_str())) {
        return known;
    }
    for point in sweep
        .points
        .iter()
        // Registered by a file that gave another network: its hashes say nothing about this one.
        .filter(|point| point.recipe == Some(recipe))
    {
        let values = point.values.iter().map(Option::as_ref);
        let set = state.sims.get(point.sim as usize).map(|sim| sim.set);
        if let (Some(values), Some(set)) = (values.collect(), set) {
            known.insert(values, set);
        }
    }
    known
}

/// Identity of everything that turns values into a network: the pipeline file without its grid and without what does not
/// reach the network, and this program. `None` if other files, or a closure, take part.
fn recipe(pipeline: &Pipeline) -> Option<u64> {
    let mut table: toml::Table = pipeline.text()?.parse().ok()?;
    for key in [
        "name",
        "save_folder",
        "sweep",
        "grid",
        "samples",
        "output",
        "summary",
        "cluster",
    ] {
        table.remove(key);
    }
    if let Some(toml::Value::Table(simulation)) = table.get_mut("simulation") {
        simulation.remove("n_trials");
    }
    let text = toml::Value::Table(table);
    // Their content is not in the text, and may have changed.
    if names_files(&text) {
        return None;
    }
    // A new build may bind otherwise without a new version; size and time of the program tell
    // builds apart.
    let program = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let modified = program
        .modified()
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    let identity = format!(
        "{text} {} {} {NUMERICS_VERSION} {FORMAT_VERSION}",
        program.len(),
        modified.as_nanos()
    );
    Some(first_bytes(&Hash::of(identity.as_bytes())))
}

/// Whether any key could stand for a file.
fn names_files(value: &toml::Value) -> bool {
    let is_file = |key: &str| {
        ["params", "spike_data"].contains(&key) || key.contains("file") || key.contains("path")
    };
    match value {
        toml::Value::Table(table) => table
            .iter()
            .any(|(key, value)| is_file(key) || names_files(value)),
        toml::Value::Array(values) => values.iter().any(names_files),
        _ => false,
    }
}

fn first_bytes(hash: &Hash) -> u64 {
    let bytes = hash.as_bytes().first_chunk::<8>();
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A parameter's value as the store keeps it.
pub fn stored_value(value: &ParamValue) -> Value {
    match value {
        ParamValue::Float(x) => Value::Float(*x),
        ParamValue::Int(x) => Value::Int(*x),
        ParamValue::Str(x) => Value::Text(x.clone()),
        ParamValue::Bool(x) => Value::Bool(*x),
    }
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

/// Traces that a simulation can have, of all sections and of somata only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traces {
    /// Membrane potentials: of all sections, of somata.
    pub voltages: [f64; 2],
    /// Synaptic currents.
    pub currents: [f64; 2],
    /// Calcium concentrations.
    pub calcium: [f64; 2],
    /// Electrode contacts.
    pub contacts: f64,
}

fn n_traces(network: &Network) -> Traces {
    let mut traces = Traces {
        contacts: network
            .rec_arrays
            .values()
            .map(|array| array.positions.len() as f64)
            .sum(),
        ..Traces::default()
    };
    for (name, cell_type) in &network.cell_types {
        let cells = network.gid_ranges.get(name).map_or(0, |gids| gids.len()) as f64;
        for (section, values) in &cell_type.cell.sections {
            // Index 0 counts all sections, index 1 somata only.
            let kinds = if section == "soma" { 0..2 } else { 0..1 };
            for kind in kinds {
                traces.voltages[kind] += cells;
                traces.currents[kind] += cells * values.syns.len() as f64;
                traces.calcium[kind] += if solver::has_calcium(values) {
                    cells
                } else {
                    0.0
                };
            }
        }
    }
    traces
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
