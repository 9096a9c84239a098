//! file → grid: every point bound into a resolved network and fingerprinted.

use super::error::RunError;
use super::key::{FORMAT_VERSION, Fingerprinter, task_key};
use crate::network::Network;
use crate::pipeline::{Bound, ParamValue, Pipeline};
use crate::solver::{self, Checker, NUMERICS_VERSION, Solver, Trial};
use crate::store::{Hash, Point, State, Value};
use rayon::ThreadPool;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

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
/// How often a watcher is told.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// Points that are bound although they are known, as a check.
const CHECKED: u64 = 16;

/// Binds every point of a pipeline's grid. Of a large grid that was registered before, points are looked up by their
/// values, as long as the rest of the file and the program are the same.
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
    until(
        pipeline,
        stored,
        &AtomicBool::new(false),
        &AtomicU64::new(0),
    )
}

/// As [`expand`], on the threads of a pool, until it is stopped. While a large grid is bound, `told` is called
/// about ten times a second with the number of points that are done, and of all.
///
/// # Errors
/// As [`expand`], and [`RunError::Stopped`].
pub fn watched(
    pipeline: &Pipeline,
    stored: Option<&State>,
    pool: &ThreadPool,
    stop: &AtomicBool,
    told: &mut dyn FnMut(u64, u64),
) -> Result<Grid, RunError> {
    let done = AtomicU64::new(0);
    let expand = || pool.install(|| until(pipeline, stored, stop, &done));
    let n = pipeline.n_points();
    if n <= SMALL {
        return expand();
    }
    // This thread watches while the pool's work; one more waits for them.
    std::thread::scope(|scope| {
        let (ended, end) = mpsc::channel();
        let expand = &expand;
        let work = move || {
            let _ = ended.send(expand());
        };
        let Ok(worker) = std::thread::Builder::new().spawn_scoped(scope, work) else {
            // No thread to be had: nobody is told.
            return expand();
        };
        loop {
            match end.recv_timeout(TELL_EVERY) {
                Ok(grid) => return grid,
                Err(RecvTimeoutError::Timeout) => told(done.load(Ordering::Relaxed), n),
                // It has panicked, and so does this one.
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => return expand(),
                },
            }
        }
    })
}

fn until(
    pipeline: &Pipeline,
    stored: Option<&State>,
    stop: &AtomicBool,
    done: &AtomicU64,
) -> Result<Grid, RunError> {
    let solver = Solver::new();
    let binder = || Binder::new(pipeline, &solver, stop);
    let n = pipeline.n_points();
    let recipe = recipe(pipeline);
    let mut known = KnownPoints::default();
    if let (true, Some(recipe), Some(state)) = (n > SMALL, recipe, stored) {
        // Looked up by values: binding a network costs far more than a look-up, and grids reach
        // millions of points.
        known = KnownPoints::of(pipeline, state, recipe);
        let mut binder = binder();
        // A sample over the whole grid, bound all the same: one that disagrees, and nothing is
        // trusted.
        for i in (0..n).step_by((n / CHECKED).max(1) as usize) {
            let point = binder.bind(i)?;
            if known
                .get(i, &point.values)
                .is_some_and(|set| set != point.set)
            {
                known = KnownPoints::default();
                break;
            }
        }
    }
    let point = |binder: &mut Binder, i: u64| {
        done.fetch_add(1, Ordering::Relaxed);
        if known.is_empty() {
            return binder.bind(i);
        }
        let values = pipeline.point(i);
        match known.get(i, &values) {
            Some(set) => Ok(GridPoint {
                values,
                set,
                segment_steps: None,
            }),
            None => binder.bind(i),
        }
    };
    let points: Vec<Result<GridPoint, RunError>> = (0..n)
        .into_par_iter()
        // Each thread keeps its own, with what it has hashed and checked.
        .map_init(binder, point)
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

/// Binds points one after another; remembers what the next has in common with the last.
struct Binder<'a> {
    pipeline: &'a Pipeline,
    stop: &'a AtomicBool,
    checker: Checker<'a>,
    fingerprinter: Fingerprinter,
}

impl<'a> Binder<'a> {
    fn new(pipeline: &'a Pipeline, solver: &'a Solver, stop: &'a AtomicBool) -> Self {
        Self {
            pipeline,
            stop,
            checker: Checker::new(solver),
            fingerprinter: Fingerprinter::default(),
        }
    }

    fn bind(&mut self, i: u64) -> Result<GridPoint, RunError> {
        // Ctrl-C while a large grid is bound: nothing has been written yet.
        if self.stop.load(Ordering::Relaxed) {
            return Err(RunError::Stopped);
        }
        let pipeline = self.pipeline;
        let values = pipeline.point(i);
        let bound = pipeline.bind(&values)?;
        let segment_steps = Some(segment_steps(&bound));
        let Bound { network, tstop, dt } = bound;
        let trial = Trial {
            record_lfp: pipeline.output.save_lfp,
            ..Trial::new(tstop, dt)
        };
        // What would fail in every trial is said before the first. Asked of each point, as a value of the grid may be
        // what cannot be simulated.
        let checked = self.checker.check(network, &trial, pipeline.n_trials);
        let network = checked.map_err(|error| RunError::Input {
            what: format!("{error} at {}", describe(pipeline, &values)),
            help: "hnn-sweep network shows what the network has".into(),
        })?;
        let set = self.fingerprinter.set(network, tstop, dt);
        let set = set.map_err(|nan| RunError::Input {
            what: format!("{nan} at {}", describe(pipeline, &values)),
            help: match pipeline.text() {
                Some(_) => "check the expressions of the pipeline file".into(),
                None => "check what set_params computes".into(),
            },
        })?;
        Ok(GridPoint {
            values,
            set,
            segment_steps,
        })
    }
}

/// A sweep's registered points with the parameter sets that they resolve to.
#[derive(Default)]
struct KnownPoints<'s> {
    /// By place in the grid as it was registered.
    in_order: Vec<(&'s Point, Hash)>,
    /// By their values; made once a point is not in its former place.
    by_values: OnceLock<HashMap<Vec<Option<Value>>, Hash>>,
}

impl<'s> KnownPoints<'s> {
    fn of(pipeline: &Pipeline, state: &'s State, recipe: u64) -> Self {
        let mut known = Self::default();
        let Some(sweep) = state.sweeps.get(&pipeline.name) else {
            return known;
        };
        let names = pipeline.parameters().iter().map(|p| p.name.as_str());
        // Values are matched by position, so the same parameters in the same order.
        if !names.eq(sweep.parameters.iter().map(|(name, _)| name.as_str())) {
            return known;
        }
        let points = sweep
            .points
            .iter()
            // Registered by a file that gave another network: its hashes say nothing about this one.
            .filter(|point| point.recipe == Some(recipe));
        let set = |point: &'s Point| Some((point, state.sims.get(point.sim as usize)?.set));
        known.in_order = points.filter_map(set).collect();
        // Former points, which have no place, come last.
        let place = |(point, _): &(&Point, Hash)| point.place.unwrap_or(u64::MAX);
        known.in_order.sort_by_key(place);
        known
    }

    fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// The parameter set of the values of the grid's i-th point.
    fn get(&self, i: u64, values: &[ParamValue]) -> Option<Hash> {
        let here = usize::try_from(i).ok().and_then(|i| self.in_order.get(i));
        if let Some((point, set)) = here
            && point.values.len() == values.len()
            && (point.values.iter().zip(values)).all(|(a, b)| *a == Some(stored_value(b)))
        {
            return Some(*set);
        }
        let by_values = self.by_values.get_or_init(|| {
            let entry = |(point, set): &(&Point, Hash)| (point.values.clone(), *set);
            // Points of the present grid last, as they count.
            self.in_order.iter().rev().map(entry).collect()
        });
        let values: Vec<Option<Value>> = values.iter().map(|v| Some(stored_value(v))).collect();
        by_values.get(&values).copied()
    }
}

/// Identity of everything that turns values into a network: the pipeline file without its grid and without what does
/// not reach the network, and this program. `None` if other files, or a closure, take part.
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
