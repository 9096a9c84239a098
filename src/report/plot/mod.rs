//! Single figures of a sweep.

mod against;
mod coordinates;
mod curves;
mod depth;
mod map;
mod simulation;
mod target;
mod ticks;

use super::columns::{Column, Columns, State};
use super::waves::{self, Layer};
use crate::figure::{Colour, ColourBar, ColourMap, Style, Svg};
use crate::pipeline::Target;
use crate::stages::{Loader, RunError};
use crate::store::Table;
use std::str::FromStr;

/// Colours of cell types in the network's order: as different to people with any common colour blindness as four can be.
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

/// What a figure shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
pub enum Kind {
    /// Dipoles of many simulations over each other, coloured by a parameter or statistic.
    Dipoles,
    /// A statistic over two parameters.
    Map,
    /// A statistic against a parameter.
    Against,
    /// One simulation: dipoles, histogram and raster of spikes.
    Simulation,
    /// Waveforms over the grid of two parameters.
    Cells,
    /// The simulations that are nearest to a measured waveform.
    Target,
    /// Power spectral densities of dipoles.
    Psd,
    /// Current source density over depth of one simulation.
    Csd,
    /// Every parameter and statistic side by side, a line for each simulation.
    Coordinates,
}

impl Kind {
    /// All of them, by name.
    pub const ALL: [(&str, Kind); 9] = [
        ("dipoles", Kind::Dipoles),
        ("map", Kind::Map),
        ("against", Kind::Against),
        ("simulation", Kind::Simulation),
        ("cells", Kind::Cells),
        ("target", Kind::Target),
        ("psd", Kind::Psd),
        ("csd", Kind::Csd),
        ("coordinates", Kind::Coordinates),
    ];
}

/// What to draw, and how.
#[derive(Clone, Debug, Default)]
pub struct PlotOptions {
    /// Statistic; by default the first.
    pub statistic: Option<String>,
    /// Parameter across; by default the first that varies.
    pub x: Option<String>,
    /// Parameter up; by default the second that varies.
    pub y: Option<String>,
    /// Parameter or statistic that colours.
    pub colour: Option<String>,
    /// Layer of dipoles.
    pub layer: Layer,
    /// Width (ms) of hnn-core's Hamming window; 0 for none.
    pub smooth: f64,
    /// Simulation, by its number in the tables.
    pub sim: Option<u32>,
    /// Conditions that all hold for the simulations that are drawn.
    pub conditions: Vec<Condition>,
    /// Measured waveform.
    pub target: Option<(String, Target)>,
    /// Width and height (pixels, 96 to an inch); by default what suits the kind.
    pub size: Option<(f64, f64)>,
    /// Paper or screen.
    pub style: Style,
}

/// That a parameter or statistic compares with a number or text.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    name: String,
    comparison: Comparison,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The longer ones first, as `<` is in `<=`.
        let known = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("!=", Comparison::NotEqual),
            ("==", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("=", Comparison::Equal),
        ];
        for (sign, comparison) in known {
            if let Some((name, value)) = text
                .split_once(sign)
                .filter(|(n, v)| !n.trim().is_empty() && !v.trim().is_empty())
            {
                return Ok(Self {
                    name: name.trim().to_owned(),
                    comparison,
                    value: value.trim().trim_matches(['\'', '"']).to_owned(),
                });
            }
        }
        Err("write it as NAME>=NUMBER, for example 'max_peak>0.01'".into())
    }
}

impl Condition {
    fn holds(&self, column: &Column, row: usize) -> Result<bool, RunError> {
        let value = column.values.get(row).copied().unwrap_or(f64::NAN);
        if let Some(texts) = &column.texts {
            let equal = texts
                .iter()
                .position(|text| *text == self.value)
                .is_some_and(|i| i as f64 == value);
            return match self.comparison {
                Comparison::Equal => Ok(equal),
                Comparison::NotEqual => Ok(!equal),
                _ => Err(input(
                    format!(
                        "--where: `{}` is text, which is not less or greater",
                        self.name
                    ),
                    "compare it with = or !=".into(),
                )),
            };
        }
        let bound: f64 = self.value.parse().map_err(|_| {
            input(
                format!("--where: `{}` is not a number", self.value),
                format!("`{}` has numbers", self.name),
            )
        })?;
        Ok(match self.comparison {
            Comparison::Less => value < bound,
            Comparison::LessOrEqual => value <= bound,
            Comparison::Equal => value == bound,
            Comparison::NotEqual => value != bound,
            Comparison::GreaterOrEqual => value >= bound,
            Comparison::Greater => value > bound,
        })
    }
}

/// A figure.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The picture.
    pub svg: String,
    /// What a reader has to know: what was left out, what was smoothed.
    pub notes: Vec<String>,
}

/// Draws a figure of a sweep. The same folder and options give the same bytes.
///
/// # Errors
/// If the sweep lacks what the figure is made from, a name is unknown, or a file cannot be read or is damaged.
pub fn plot(loader: &Loader, kind: Kind, options: &PlotOptions) -> Result<Plot, RunError> {
    let columns = Columns::of(loader, 1);
    let mut rows = Vec::new();
    for row in 0..columns.points.len() {
        let mut holds = true;
        for condition in &options.conditions {
            holds &= condition.holds(columns.find(&condition.name)?, row)?;
        }
        if holds {
            rows.push(row);
        }
    }
    let mut figure = Figure {
        loader,
        columns,
        rows,
        options,
        notes: Vec::new(),
    };
    if figure.rows.is_empty() {
        return Err(match figure.columns.points.is_empty() {
            true => input(
                format!("sweep `{}` has no points", loader.name()),
                "run a pipeline that writes to the folder".into(),
            ),
            false => input(
                "no simulation fulfils the conditions of --where".into(),
                "loosen them".into(),
            ),
        });
    }
    let svg = match kind {
        Kind::Dipoles => curves::dipoles(&mut figure)?,
        Kind::Psd => curves::psd(&mut figure)?,
        Kind::Map => map::map(&mut figure, false)?,
        Kind::Cells => map::map(&mut figure, true)?,
        Kind::Against => against::against(&mut figure)?,
        Kind::Simulation => simulation::simulation(&mut figure)?,
        Kind::Csd => depth::csd(&mut figure)?,
        Kind::Target => target::target(&mut figure)?,
        Kind::Coordinates => coordinates::coordinates(&mut figure)?,
    };
    Ok(Plot {
        svg: svg.finish(),
        notes: figure.notes,
    })
}

/// What the kinds are drawn from.
struct Figure<'a> {
    loader: &'a Loader,
    columns: Columns,
    /// Rows of `columns` that fulfil the conditions.
    rows: Vec<usize>,
    options: &'a PlotOptions,
    notes: Vec<String>,
}

fn input(what: String, help: String) -> RunError {
    RunError::Input { what, help }
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
    fn canvas(&self, width: f64, height: f64, title: &str, description: &str) -> Svg {
        let size = self.options.size.unwrap_or((width, height));
        let title = format!("{}: {title}", self.loader.name());
        Svg::new(size, self.options.style, &title, description)
    }

    fn statistic(&self) -> Result<Column, RunError> {
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
    fn parameter(
        &self,
        named: Option<&String>,
        place: usize,
        option: &str,
    ) -> Result<Column, RunError> {
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
    fn colouring(&self) -> Result<Option<Column>, RunError> {
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

    fn bar(&self, column: &Column, map: ColourMap) -> ColourBar {
        ColourBar {
            scale: column.scale(),
            map,
            reversed: false,
        }
    }

    /// Rows whose simulations have results, at most `most` of them; what is left out becomes a note.
    fn done(&mut self, most: usize, what: &str) -> Vec<usize> {
        let of = |state| {
            self.rows
                .iter()
                .copied()
                .filter(|r| self.columns.states.get(*r) == Some(&state))
                .collect::<Vec<_>>()
        };
        let (done, failed, missing) = (of(State::Done), of(State::Failed), of(State::Missing));
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

    fn points(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter()
            .filter_map(|row| self.columns.points.get(*row).copied())
            .collect()
    }

    fn value(column: &Column, row: usize) -> f64 {
        column.values.get(row).copied().unwrap_or(f64::NAN)
    }

    /// Row of the simulation that was asked for, else of the one with the greatest first statistic, else of the first.
    fn chosen(&self) -> Result<usize, RunError> {
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
            .filter(|row| self.columns.states.get(*row) == Some(&State::Done));
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
    fn words(&self, row: usize) -> String {
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

    fn needs(&self, table: Table, key: &str) -> Result<(), RunError> {
        if self.loader.tables().contains(&table) {
            return Ok(());
        }
        if !self.columns.states.contains(&State::Done) {
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
    fn smoothed(&self, times: &[f64], values: Vec<f64>) -> (Vec<f64>, bool) {
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

    fn note_smoothing(&mut self, done: bool) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_a_name_a_comparison_and_a_value() {
        let condition: Condition = "max_peak >= 0.01".parse().unwrap();
        assert_eq!(
            (condition.name.as_str(), condition.value.as_str()),
            ("max_peak", "0.01")
        );
        assert_eq!(condition.comparison, Comparison::GreaterOrEqual);
        assert_eq!(
            "side='distal'".parse::<Condition>().unwrap().value,
            "distal"
        );
        for wrong in ["", "max_peak", ">3", "x="] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
    }
}
