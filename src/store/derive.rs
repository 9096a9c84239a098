//! The tables `simulations`, `former` and `summary`, which are written from the state.

use super::layout::Table;
use super::part::Id;
use super::schema::{field, signed};
use super::state::{Column, Kind, Point, State, Status, Sweep, Task, Value};
use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names that no parameter may have, as they are columns of the tables themselves.
pub const RESERVED: &[&str] = &[
    "sweep",
    "sim",
    "point",
    "trial",
    "batch",
    "status",
    "error",
    "n_spikes",
    "key",
    "outputs",
    "wall_s",
    "solver_version",
    "time",
    "agg",
    "L2",
    "L5",
    "gid",
    "cell_type",
    "array",
    "contact",
    "potential",
    "section",
    "receptor",
    "values",
    "dt",
];

/// Which rows the tables have: 2 since former points have a table of their own, and statistics of the mean over trials
/// stand in the rows of the trials. Folders that were written before are brought in line by the next run.
const RULES: u32 = 2;

/// Columns of all sweeps of a folder.
#[derive(Debug, Default, PartialEq)]
pub struct Columns {
    /// Parameters, in the order in which the sweeps brought them.
    pub parameters: IndexMap<String, Kind>,
    /// Statistics with their units. A column has none if two sweeps have statistics of different units in it.
    pub statistics: IndexMap<String, String>,
}

impl Columns {
    /// Columns that hold all sweeps, or the name for which there is none, and the sweeps that disagree about it.
    pub fn of(state: &State) -> Result<Self, (String, String, String)> {
        let mut columns = Columns::default();
        let mut origin: IndexMap<&str, &str> = IndexMap::new();
        for (sweep_name, sweep) in state.sweeps.iter() {
            for (name, kind) in &sweep.parameters {
                let first = origin.entry(name).or_insert(sweep_name);
                let known = columns.parameters.entry(name.clone()).or_insert(*kind);
                match (*known, *kind) {
                    (a, b) if a == b => {}
                    // A parameter that is a whole number in one sweep, and none in another, is a
                    // number.
                    (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => *known = Kind::Float,
                    _ => return Err((name.clone(), first.to_string(), sweep_name.clone())),
                }
            }
        }
        for (sweep_name, sweep) in state.sweeps.iter() {
            for column in &sweep.summaries {
                // A statistic of one sweep named as a parameter of another: a column can be only
                // one of them.
                if let Some(first) = origin.get(column.name.as_str()) {
                    return Err((column.name.clone(), first.to_string(), sweep_name.clone()));
                }
                let unit = columns
                    .statistics
                    .entry(column.name.clone())
                    .or_insert_with(|| column.unit.clone());
                if *unit != column.unit {
                    // Sweeps disagree about the unit, so the column has none.
                    unit.clear();
                }
            }
        }
        Ok(columns)
    }

    /// Text that is equal for equal columns, written by the same rules.
    pub fn signature(&self) -> String {
        format!("{RULES} {:?} {:?}", self.parameters, self.statistics)
    }
}

/// Points by the simulation that they resolve to.
pub struct Points<'a> {
    by_sim: Vec<Vec<(&'a str, &'a Sweep, &'a Point)>>,
}

impl<'a> Points<'a> {
    /// Points of all sweeps.
    pub fn of(state: &'a State) -> Self {
        Self::of_some(state, |_, _| true)
    }

    /// Points of all sweeps that `wanted` is true of; it is asked with the sweep's name.
    pub fn of_some(state: &'a State, wanted: impl Fn(&str, &Point) -> bool) -> Self {
        // By simulation, as batches are; several points may resolve to one.
        let mut by_sim = vec![Vec::new(); state.sims.len()];
        for (name, sweep) in state.sweeps.iter() {
            for point in sweep.points.iter().filter(|point| wanted(name, point)) {
                if let Some(points) = by_sim.get_mut(point.sim as usize) {
                    points.push((name.as_str(), sweep, point));
                }
            }
        }
        Self { by_sim }
    }

    /// Those of a simulation.
    pub(super) fn of_sim(&self, sim: u32) -> &[(&'a str, &'a Sweep, &'a Point)] {
        self.by_sim.get(sim as usize).map_or(&[], Vec::as_slice)
    }
}

/// Rows of `simulations`, `former` or `summary` for the simulations of a batch.
///
/// # Errors
/// [`ArrowError`] if columns disagree.
pub fn rows(
    table: Table,
    state: &State,
    columns: &Columns,
    points: &Points,
    batch: u32,
) -> Result<RecordBatch, ArrowError> {
    match table {
        Table::Summary => summary(state, columns, points, batch),
        Table::Former => simulations(state, columns, points, batch, true),
        _ => simulations(state, columns, points, batch, false),
    }
}

/// Numbers of the simulations of a batch.
pub(super) fn sims_of(state: &State, batch: u32) -> std::ops::Range<u32> {
    let first = |i: u32| state.batches.get(i as usize).map(|batch| batch.first);
    // The last batch ends with the last simulation.
    let end = signed(u32::try_from(state.sims.len()).unwrap_or(u32::MAX)) as u32;
    first(batch).unwrap_or(end)..first(batch + 1).unwrap_or(end)
}

/// For each of the points, `n` rows that say where rows of a simulation's trial belong: `sweep`, `sim`, `point`,
/// `trial` and the parameters.
///
/// # Errors
/// [`ArrowError`] if columns disagree.
pub(super) fn heads(
    columns: &Columns,
    points: &[(&str, &Sweep, &Point)],
    (sim, trial): Id,
    n: usize,
) -> Result<RecordBatch, ArrowError> {
    let mut head = Head::default();
    let mut parameters = Parameters::new(columns);
    for (name, sweep, point) in points {
        for _ in 0..n {
            head.push(name, sim, point, Some(trial));
            parameters.push(sweep, point);
        }
    }
    let mut table = head.finish();
    table.extend(parameters.finish());
    record_batch(table)
}

fn simulations(
    state: &State,
    columns: &Columns,
    points: &Points,
    batch: u32,
    former: bool,
) -> Result<RecordBatch, ArrowError> {
    let mut head = Head::default();
    let mut parameters = Parameters::new(columns);
    let mut status = StringBuilder::new();
    let mut error = StringBuilder::new();
    let mut n_spikes = Int64Builder::new();
    let mut key = StringBuilder::new();
    let mut outputs = StringBuilder::new();
    let mut wall = Float64Builder::new();
    let mut version = Int32Builder::new();
    let sims = sims_of(state, batch);
    // A range of the map: its keys are in order of simulation and trial.
    for ((sim, trial), task) in state.tasks.range((sims.start, 0)..(sims.end, 0)) {
        for (name, sweep, point) in points.of_sim(*sim) {
            if point.place.is_none() != former {
                continue;
            }
            head.push(name, *sim, point, Some(*trial));
            parameters.push(sweep, point);
            match &task.status {
                Status::Done => {
                    status.append_value("done");
                    error.append_null();
                }
                Status::Failed { class, error: text } => {
                    status.append_value(format!("failed: {class}"));
                    error.append_value(text);
                }
            }
            n_spikes.append_value(i64::try_from(task.n_spikes).unwrap_or(i64::MAX));
            key.append_value(task.key.to_string());
            outputs.append_value(task.outputs.names().join(" "));
            wall.append_value(task.wall_s);
            let numerics = state.sims.get(*sim as usize).map_or(0, |sim| sim.numerics);
            version.append_value(signed(numerics));
        }
    }
    let mut table = head.finish();
    table.extend(parameters.finish());
    table.push((
        field("status", DataType::Utf8, ""),
        Arc::new(status.finish()),
    ));
    table.push((nullable("error", DataType::Utf8), Arc::new(error.finish())));
    table.push((
        field("n_spikes", DataType::Int64, ""),
        Arc::new(n_spikes.finish()),
    ));
    table.push((field("key", DataType::Utf8, ""), Arc::new(key.finish())));
    table.push((
        field("outputs", DataType::Utf8, ""),
        Arc::new(outputs.finish()),
    ));
    table.push((
        field("wall_s", DataType::Float64, "s"),
        Arc::new(wall.finish()),
    ));
    table.push((
        field("solver_version", DataType::Int32, ""),
        Arc::new(version.finish()),
    ));
    record_batch(table)
}

/// A row for each trial of each point of the present grids. Statistics of the mean over trials stand in all of them, so
/// that rows of means and of trials never mix; a sweep that has no others has one row for each point, without a trial.
fn summary(
    state: &State,
    columns: &Columns,
    points: &Points,
    batch: u32,
) -> Result<RecordBatch, ArrowError> {
    let mut head = Head::default();
    let mut parameters = Parameters::new(columns);
    let mut statistics: Vec<Float64Builder> = columns
        .statistics
        .keys()
        .map(|_| Float64Builder::new())
        .collect();
    for sim in sims_of(state, batch) {
        for (name, sweep, point) in points.of_sim(sim) {
            // A former point is not part of the sweep: its statistics are of no use to it.
            if point.place.is_none() {
                continue;
            }
            let of_trials = sweep.summaries.iter().any(|column| !column.mean);
            let trials: Vec<Option<u32>> = match of_trials {
                true => (0..sweep.n_trials).map(Some).collect(),
                false => vec![None],
            };
            let none = BTreeMap::new();
            let means = state.means.get(&sim).unwrap_or(&none);
            for trial in trials {
                let done = |task: &&Task| task.status == Status::Done;
                let task = trial.and_then(|trial| state.tasks.get(&(sim, trial)));
                let stats = task.filter(done).map(|task| &task.stats);
                let value_of = |column: &Column| match column.mean {
                    true => means.get(&column.id),
                    false => stats?.get(&column.id),
                };
                // A trial that is not simulated yet, or has failed, has no row, whatever its point's others give.
                let missing = trial.is_some() && stats.is_none();
                if missing || !sweep.summaries.iter().any(|own| value_of(own).is_some()) {
                    continue;
                }
                head.push(name, sim, point, trial);
                parameters.push(sweep, point);
                for (column, builder) in columns.statistics.keys().zip(&mut statistics) {
                    let own = sweep.summaries.iter().find(|own| own.name == *column);
                    builder.append_option(own.and_then(|own| value_of(own).copied().flatten()));
                }
            }
        }
    }
    let mut table = head.finish();
    table.extend(parameters.finish());
    for ((name, unit), mut builder) in columns.statistics.iter().zip(statistics) {
        let field = field(name, DataType::Float64, unit).with_nullable(true);
        table.push((field, Arc::new(builder.finish())));
    }
    record_batch(table)
}

#[derive(Default)]
struct Head {
    sweep: StringBuilder,
    sim: Int32Builder,
    point: Int64Builder,
    trial: Int32Builder,
}

impl Head {
    fn push(&mut self, sweep: &str, sim: u32, point: &Point, trial: Option<u32>) {
        self.sweep.append_value(sweep);
        self.sim.append_value(signed(sim));
        self.point
            .append_option(point.place.and_then(|place| i64::try_from(place).ok()));
        self.trial.append_option(trial.map(signed));
    }

    fn finish(mut self) -> Vec<(Field, ArrayRef)> {
        vec![
            (
                field("sweep", DataType::Utf8, ""),
                Arc::new(self.sweep.finish()),
            ),
            (
                field("sim", DataType::Int32, ""),
                Arc::new(self.sim.finish()),
            ),
            (
                nullable("point", DataType::Int64),
                Arc::new(self.point.finish()),
            ),
            (
                nullable("trial", DataType::Int32),
                Arc::new(self.trial.finish()),
            ),
        ]
    }
}

struct Parameters<'a> {
    columns: &'a Columns,
    builders: Vec<ParameterBuilder>,
}

enum ParameterBuilder {
    Float(Float64Builder),
    Int(Int64Builder),
    Text(StringBuilder),
    Bool(BooleanBuilder),
}

impl<'a> Parameters<'a> {
    fn new(columns: &'a Columns) -> Self {
        let builder = |kind: &Kind| match kind {
            Kind::Float => ParameterBuilder::Float(Float64Builder::new()),
            Kind::Int => ParameterBuilder::Int(Int64Builder::new()),
            Kind::Text => ParameterBuilder::Text(StringBuilder::new()),
            Kind::Bool => ParameterBuilder::Bool(BooleanBuilder::new()),
        };
        Self {
            columns,
            builders: columns.parameters.values().map(builder).collect(),
        }
    }

    fn push(&mut self, sweep: &Sweep, point: &Point) {
        for (name, builder) in self.columns.parameters.keys().zip(&mut self.builders) {
            let index = sweep.parameters.iter().position(|(own, _)| own == name);
            let value = index.and_then(|i| point.values.get(i)?.as_ref());
            match builder {
                ParameterBuilder::Float(b) => b.append_option(match value {
                    Some(Value::Float(x)) => Some(*x),
                    // Stored while the parameter was a whole number.
                    Some(Value::Int(x)) => Some(*x as f64),
                    _ => None,
                }),
                ParameterBuilder::Int(b) => b.append_option(match value {
                    Some(Value::Int(x)) => Some(*x),
                    _ => None,
                }),
                ParameterBuilder::Text(b) => b.append_option(match value {
                    Some(Value::Text(x)) => Some(x),
                    _ => None,
                }),
                ParameterBuilder::Bool(b) => b.append_option(match value {
                    Some(Value::Bool(x)) => Some(*x),
                    _ => None,
                }),
            }
        }
    }

    fn finish(self) -> Vec<(Field, ArrayRef)> {
        let arrays = self
            .builders
            .into_iter()
            .map(|builder| -> (DataType, ArrayRef) {
                match builder {
                    ParameterBuilder::Float(mut b) => (DataType::Float64, Arc::new(b.finish())),
                    ParameterBuilder::Int(mut b) => (DataType::Int64, Arc::new(b.finish())),
                    ParameterBuilder::Text(mut b) => (DataType::Utf8, Arc::new(b.finish())),
                    ParameterBuilder::Bool(mut b) => (DataType::Boolean, Arc::new(b.finish())),
                }
            });
        self.columns
            .parameters
            .keys()
            .zip(arrays)
            .map(|(name, (data_type, array))| (nullable(name, data_type), array))
            .collect()
    }
}

fn nullable(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn record_batch(table: Vec<(Field, ArrayRef)>) -> Result<RecordBatch, ArrowError> {
    let (fields, arrays): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}
