//! Parameters and statistics of a sweep, a row for every point of its grid.

use crate::figure::{Scale, is_geometric, label};
use crate::pipeline::{ParamValue, did_you_mean};
use crate::stages::{Loader, RunError};
use crate::store::{Id, Status};
use std::collections::BTreeSet;

/// More levels than these are no levels: an axis cannot label them. A sampled prior has more at once.
const MOST_LEVELS: usize = 64;

/// How a point's simulation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointState {
    /// All trials have results.
    Done,
    /// A trial has failed.
    Failed,
    /// A trial has not been simulated.
    Missing,
}

/// Points of a grid with their values.
#[derive(Clone, Debug)]
pub struct PointTable {
    /// Points, ascending.
    pub points: Vec<usize>,
    /// Number of each point's simulation in the tables.
    pub sims: Vec<u32>,
    /// How each ended.
    pub states: Vec<PointState>,
    /// Parameters, then statistics; values in the order of the points.
    pub columns: Vec<PointColumn>,
}

/// A parameter or a statistic.
#[derive(Clone, Debug)]
pub struct PointColumn {
    /// Name.
    pub name: String,
    /// Unit; empty if it has none, or none is known.
    pub unit: String,
    /// Whether it is a parameter.
    pub is_parameter: bool,
    /// Numbers, not a number where there is none; of text and truth values the index among `texts`.
    pub values: Vec<f64>,
    /// What the numbers stand for, if they are not numbers.
    pub texts: Option<Vec<String>>,
    /// Its distinct values, ascending, if they are few.
    pub levels: Option<Vec<f64>>,
    /// Whether its axis is logarithmic: its levels grow by equal ratios.
    pub log: bool,
    /// Of what trials a statistic is, in words; empty with one trial.
    pub note: String,
}

impl PointTable {
    /// Parameters and statistics of every `every`-th point.
    pub fn of(loader: &Loader, every: usize) -> Self {
        let points: Vec<usize> = (0..loader.n_points()).step_by(every.max(1)).collect();
        let ids: Vec<Vec<Id>> = points
            .iter()
            .map(|p| loader.tasks(*p).map(|(id, _)| id).collect())
            .collect();
        let mut columns = parameters(loader, &points);
        columns.extend(statistics(loader, &ids));
        columns.iter_mut().for_each(PointColumn::find_levels);
        Self {
            sims: ids
                .iter()
                .map(|ids| ids.first().map_or(0, |id| id.0))
                .collect(),
            states: points.iter().map(|point| state(loader, *point)).collect(),
            points,
            columns,
        }
    }

    /// A column by its name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn find(&self, name: &str) -> Result<&PointColumn, RunError> {
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        self.columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| RunError::Input {
                what: format!("there is no parameter or statistic `{name}`"),
                help: did_you_mean(name, &names),
            })
    }

    /// Parameters that vary, in their order.
    pub fn varied(&self) -> impl Iterator<Item = &PointColumn> {
        self.columns
            .iter()
            .filter(|column| column.is_parameter && column.n_levels() > 1)
    }

    /// Statistics that have a value somewhere.
    pub fn statistics(&self) -> impl Iterator<Item = &PointColumn> {
        // A statistic that no simulation has (never measured, or all failed) would be an empty
        // axis.
        self.columns
            .iter()
            .filter(|column| !column.is_parameter && column.values.iter().any(|v| v.is_finite()))
    }
}

impl PointColumn {
    /// Name and unit, for an axis.
    pub fn title(&self) -> String {
        match self.unit.as_str() {
            "" => self.name.clone(),
            unit => format!("{} ({unit})", self.name),
        }
    }

    /// The axis of its values.
    pub fn scale(&self) -> Scale {
        Scale::of(self.values.iter().copied(), self.log)
    }

    /// Number of levels; a large number if they are many.
    pub fn n_levels(&self) -> usize {
        self.levels.as_ref().map_or(usize::MAX, Vec::len)
    }

    /// A value in words.
    pub fn text(&self, value: f64) -> String {
        match &self.texts {
            Some(texts) => texts
                .get(value as usize)
                .filter(|_| value >= 0.0)
                .cloned()
                .unwrap_or_else(|| "–".into()),
            None => label(value),
        }
    }

    fn find_levels(&mut self) {
        let mut levels = BTreeSet::new();
        for value in self.values.iter().filter(|v| v.is_finite()) {
            // Floats have no `Ord`; their ordered bits have, and put equal values at one level.
            levels.insert(ordered(*value));
            // Samples of a prior are all distinct: beyond the limit the set would only cost memory.
            if levels.len() > MOST_LEVELS {
                break;
            }
        }
        if levels.len() <= MOST_LEVELS {
            self.levels = Some(
                levels
                    .into_iter()
                    .map(f64::from_bits)
                    .map(unordered)
                    .collect(),
            );
        }
        // Read off the values, as a folder knows what a parameter was and not how the pipeline
        // wrote it (`log_range`, a list, a prior).
        self.log = self.is_parameter
            && self.texts.is_none()
            && match &self.levels {
                Some(levels) => is_geometric(levels),
                None => is_geometric(&self.quantiles()),
            };
    }

    /// Eleven quantiles of values that are drawn, not on a grid.
    fn quantiles(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> = self
            .values
            .iter()
            .copied()
            .filter(|v| v.is_finite())
            .collect();
        sorted.sort_by(f64::total_cmp);
        let at = |i: usize| sorted.get(i * sorted.len().saturating_sub(1) / 10).copied();
        (0..=10).filter_map(at).collect()
    }
}

/// Bits that sort as numbers do; both zeros are one.
fn ordered(value: f64) -> u64 {
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    // Negative numbers grow downwards in their bits, so all bits turn; of the others only the
    // sign's.
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn unordered(value: f64) -> f64 {
    let bits = value.to_bits();
    f64::from_bits(if bits >> 63 == 1 {
        bits & !(1 << 63)
    } else {
        !bits
    })
}

fn state(loader: &Loader, point: usize) -> PointState {
    let mut state = PointState::Done;
    for (_, task) in loader.tasks(point) {
        match task.map(|task| &task.status) {
            Some(Status::Done) => {}
            // A failed trial weighs more than a missing one: it is what a reader has to see.
            Some(Status::Failed { .. }) => return PointState::Failed,
            None => state = PointState::Missing,
        }
    }
    state
}

fn parameters(loader: &Loader, points: &[usize]) -> Vec<PointColumn> {
    let mut columns: Vec<PointColumn> = loader
        .parameters()
        .iter()
        .map(|(name, _)| PointColumn::new(name, "", true))
        .collect();
    for (row, point) in points.iter().enumerate() {
        for (name, value) in loader.values(*point) {
            if let Some(column) = columns.iter_mut().find(|column| column.name == name) {
                column.put(row, &value);
            }
        }
    }
    for column in &mut columns {
        column.values.resize(points.len(), f64::NAN);
    }
    // Parameters of former grids, which no present point has.
    columns.retain(|column| column.values.iter().any(|v| v.is_finite()));
    columns
}

impl PointColumn {
    fn new(name: &str, unit: &str, is_parameter: bool) -> Self {
        Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            is_parameter,
            values: Vec::new(),
            texts: None,
            levels: None,
            log: false,
            note: String::new(),
        }
    }

    fn put(&mut self, row: usize, value: &ParamValue) {
        let number = match value {
            ParamValue::Float(x) => *x,
            ParamValue::Int(x) => *x as f64,
            ParamValue::Bool(x) => {
                self.texts = Some(vec!["false".into(), "true".into()]);
                f64::from(u8::from(*x))
            }
            ParamValue::Str(text) => {
                let texts = self.texts.get_or_insert_default();
                let known = texts.iter().position(|known| known == text);
                known.unwrap_or_else(|| {
                    texts.push(text.clone());
                    texts.len() - 1
                }) as f64
            }
        };
        // Points without this parameter (those before the pipeline had it) stay not a number.
        self.values.resize(row, f64::NAN);
        self.values.push(number);
    }
}

fn statistics(loader: &Loader, ids: &[Vec<Id>]) -> Vec<PointColumn> {
    let state = loader.store().state();
    let n_trials = loader.n_trials();
    let of = |summary: &crate::store::Column| {
        let mut column = PointColumn::new(&summary.name, &summary.unit, false);
        column.note = match (summary.mean, n_trials) {
            (_, 1) => String::new(),
            (true, n) => format!("of the mean over {n} trials"),
            (false, n) => format!("mean of {n} trials"),
        };
        let value = |ids: &Vec<Id>| -> Option<f64> {
            // A statistic of the trials' mean waveform belongs to the simulation, not to one of its
            // trials.
            if summary.mean {
                let means = state.means.get(&ids.first()?.0)?;
                return means.get(&summary.id).copied().flatten();
            }
            let done = ids
                .iter()
                .filter_map(|id| state.tasks.get(id))
                .filter(|task| task.status == Status::Done);
            let values: Vec<f64> = done
                .filter_map(|task| task.stats.get(&summary.id).copied().flatten())
                .collect();
            match values.as_slice() {
                [] => None,
                [only] => Some(*only),
                // Over the trials that are done, as the page shows what is there while a run goes
                // on.
                several => Some(several.iter().sum::<f64>() / several.len() as f64),
            }
        };
        column.values = ids
            .iter()
            .map(|ids| value(ids).unwrap_or(f64::NAN))
            .collect();
        column
    };
    loader.sweep().summaries.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_ascend_through_zero() {
        let mut column = PointColumn::new("x", "", true);
        column.values = vec![3.0, -1.5, 0.0, -0.0, f64::NAN, 2.0, -1e300, 3.0];
        column.find_levels();
        assert_eq!(column.levels, Some(vec![-1e300, -1.5, 0.0, 2.0, 3.0]));
        assert!(!column.log);
    }

    #[test]
    fn drawn_values_are_logarithmic_if_they_were_drawn_so() {
        let mut column = PointColumn::new("x", "", true);
        column.values = (0..1000)
            .map(|i| 10f64.powf(f64::from(i) / 250.0))
            .collect();
        column.find_levels();
        assert!(column.log && column.levels.is_none());
        column.values = (0..1000).map(|i| 0.001 + f64::from(i) / 20.0).collect();
        column.log = false;
        column.find_levels();
        assert!(!column.log);
    }

    #[test]
    fn text_keeps_its_words() {
        let mut column = PointColumn::new("x", "", true);
        for (row, text) in ["b", "a", "b"].into_iter().enumerate() {
            column.put(row, &ParamValue::Str(text.into()));
        }
        assert_eq!(column.values, [0.0, 1.0, 0.0]);
        assert_eq!(
            (column.text(1.0), column.text(f64::NAN)),
            ("a".into(), "–".into())
        );
    }
}
