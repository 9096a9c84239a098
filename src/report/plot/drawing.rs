//! What all kinds of figures are drawn from.

use super::super::columns::{PointColumn, PointState, PointTable};
use super::super::waves;
use super::options::{PlotOptions, input};
use crate::figure::{Colour, ColourBar, ColourMap, Svg};
use crate::stages::{Loader, RunError};
use crate::store::Table;

/// Colours of cell types in the network's order: as different to people with any common colour blindness as four can
/// be.
pub const CELL_COLOURS: [Colour; 6] = [
    Colour(0x0b, 0x7f, 0xab),
    Colour(0x1b, 0x9e, 0x5a),
    Colour(0xb8, 0x48, 0x9f),
    Colour(0xd1, 0x59, 0x0a),
    Colour(0x7a, 0x5a, 0xc8),
    Colour(0xa6, 0x76, 0x1d),
];

/// Colour of drives.
pub const DRIVE_COLOUR: Colour = Colour(0x8a, 0x8f, 0x96);

/// What the kinds are drawn from.
pub(super) struct Figure<'a> {
    pub loader: &'a Loader,
    pub columns: PointTable,
    /// Rows of `columns` that fulfil the conditions.
    pub rows: Vec<usize>,
    pub options: &'a PlotOptions,
    pub notes: Vec<String>,
}

fn no_results() -> RunError {
    input(
        "no simulation has results".into(),
        "`hnn-sweep failures` lists what failed, and `hnn-sweep run` simulates what is missing"
            .into(),
    )
}

impl Figure<'_> {
    /// An empty picture.
    pub fn canvas(&self, width: f64, height: f64, title: &str, description: &str) -> Svg {
        let size = self.options.size.unwrap_or((width, height));
        let title = format!("{}: {title}", self.loader.name());
        Svg::new(size, self.options.style, &title, description)
    }

    pub fn statistic(&self) -> Result<PointColumn, RunError> {
        match &self.options.statistic {
            Some(name) => self.columns.find(name).cloned(),
            None => self.columns.statistics().next().cloned().ok_or_else(|| {
                input(
                    format!("sweep `{}` has no statistics", self.loader.name()),
                    "add a [[summary]] to the pipeline and run it again: nothing that is stored is simulated again".into(),
                )
            }),
        }
    }

    /// A parameter: the named one, else the one at a place among those that vary.
    pub fn parameter(
        &self,
        named: Option<&String>,
        place: usize,
        option: &str,
    ) -> Result<PointColumn, RunError> {
        match named {
            Some(name) => self.columns.find(name).cloned(),
            None => self.columns.varied().nth(place).cloned().ok_or_else(|| {
                let n = self.columns.varied().count();
                let parameters = if n == 1 { "parameter varies" } else { "parameters vary" };
                input(
                    format!("{n} {parameters} in sweep `{}`, and this figure needs {}", self.loader.name(), place + 1),
                    format!("name another kind of figure (such as `dipoles` or `simulation`), or a statistic with {option}"),
                )
            }),
        }
    }

    /// What colours curves: the named column, else the last parameter that varies, else the first statistic.
    pub fn colouring(&self) -> Result<Option<PointColumn>, RunError> {
        match &self.options.colour {
            Some(name) => Ok(Some(self.columns.find(name)?.clone())),
            None => Ok(self
                .columns
                .varied()
                .last()
                .or_else(|| self.columns.statistics().next())
                .cloned()),
        }
    }

    pub fn bar(&self, column: &PointColumn, map: ColourMap) -> ColourBar {
        ColourBar {
            scale: column.scale(),
            map,
            reversed: false,
        }
    }

    /// Rows whose simulations have results, at most `most` of them; what is left out becomes a note.
    pub fn done(&mut self, most: usize, what: &str) -> Vec<usize> {
        let of = |state| {
            self.rows
                .iter()
                .copied()
                .filter(|r| self.columns.states.get(*r) == Some(&state))
                .collect::<Vec<_>>()
        };
        let (done, failed, missing) = (
            of(PointState::Done),
            of(PointState::Failed),
            of(PointState::Missing),
        );
        // Told before anything is left out: a figure of few simulations must not look like one of
        // all.
        for (rows, words) in [(failed, "failed"), (missing, "not simulated yet")] {
            if !rows.is_empty() {
                self.notes.push(format!(
                    "{} of {} simulations {words}",
                    rows.len(),
                    self.rows.len()
                ));
            }
        }
        let shown = waves::spread(&done, most);
        if shown.len() < done.len() {
            self.notes.push(format!(
                "{what} of {} simulations, evenly chosen from {}",
                shown.len(),
                done.len()
            ));
        }
        shown
    }

    pub fn points(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter()
            .filter_map(|row| self.columns.points.get(*row).copied())
            .collect()
    }

    pub fn value(column: &PointColumn, row: usize) -> f64 {
        column.values.get(row).copied().unwrap_or(f64::NAN)
    }

    /// Row of the simulation that was asked for, else of the one with the greatest first statistic, else of the first.
    pub fn chosen(&self) -> Result<usize, RunError> {
        if let Some(sim) = self.options.sim {
            let row = self
                .rows
                .iter()
                .copied()
                .find(|row| self.columns.sims.get(*row) == Some(&sim));
            return row.ok_or_else(|| {
                input(
                    format!(
                        "there is no simulation {sim} in sweep `{}`, or --where leaves it out",
                        self.loader.name()
                    ),
                    "the column `sim` of the table `simulations` has their numbers".into(),
                )
            });
        }
        let done = self
            .rows
            .iter()
            .copied()
            .filter(|row| self.columns.states.get(*row) == Some(&PointState::Done));
        let rank = |row: usize| match self.columns.statistics().next() {
            Some(column) => Some(Self::value(column, row))
                .filter(|v| v.is_finite())
                .unwrap_or(f64::NEG_INFINITY),
            None => 0.0,
        };
        // The first of the greatest.
        let best = done.reduce(|best, next| if rank(next) > rank(best) { next } else { best });
        best.ok_or_else(no_results)
    }

    /// Parameters and their values of a row, in words.
    pub fn words(&self, row: usize) -> String {
        let parameters = self
            .columns
            .columns
            .iter()
            .filter(|column| column.is_parameter);
        let words: Vec<String> = parameters
            .map(|c| format!("{} {}", c.name, c.text(Self::value(c, row))))
            .collect();
        words.join(" · ")
    }

    pub fn needs(&self, table: Table, key: &str) -> Result<(), RunError> {
        if self.loader.tables().contains(&table) {
            return Ok(());
        }
        if !self.columns.states.contains(&PointState::Done) {
            return Err(no_results());
        }
        Err(input(
            format!(
                "sweep `{}` has stored no {}",
                self.loader.name(),
                table.name()
            ),
            format!("set {key} = true in [output] and run the pipeline again"),
        ))
    }

    /// A waveform as the options smooth it; as it is where it is shorter than the window.
    pub fn smoothed(&self, times: &[f64], values: Vec<f64>) -> (Vec<f64>, bool) {
        let (Some(first), Some(second)) = (times.first(), times.get(1)) else {
            return (values, false);
        };
        match crate::stages::summarize::smooth(
            &values,
            self.options.smooth,
            1000.0 / (second - first),
        ) {
            Ok(smooth) => (smooth, true),
            Err(_) => (values, false),
        }
    }

    pub fn note_smoothing(&mut self, done: bool) {
        let width = self.options.smooth;
        if done {
            self.notes.push(format!(
                "smoothed over {width} ms with hnn-core's Hamming window, which lowers both ends"
            ));
        } else if width > 0.0 {
            self.notes.push(format!("not smoothed: the waveforms are shorter than {width} ms, or the window is below 1 ms"));
        }
    }
}
