//! What a figure shows, and of what.

use super::super::columns::PointColumn;
use super::super::waves::Layer;
use crate::figure::Style;
use crate::pipeline::Target;
use crate::stages::RunError;
use std::str::FromStr;

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
    pub(super) name: String,
    comparison: Relation,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
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
            ("<=", Relation::LessOrEqual),
            (">=", Relation::GreaterOrEqual),
            ("!=", Relation::NotEqual),
            ("==", Relation::Equal),
            ("<", Relation::Less),
            (">", Relation::Greater),
            ("=", Relation::Equal),
        ];
        for (sign, comparison) in known {
            if let Some((name, value)) = text
                .split_once(sign)
                // `=5` or `x=` is more likely a slip of the shell than a name.
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
    pub(super) fn holds(&self, column: &PointColumn, row: usize) -> Result<bool, RunError> {
        let value = column.values.get(row).copied().unwrap_or(f64::NAN);
        // Text is stored as an index; a word that no simulation has equals none of them.
        if let Some(texts) = &column.texts {
            let equal = texts
                .iter()
                .position(|text| *text == self.value)
                .is_some_and(|i| i as f64 == value);
            return match self.comparison {
                Relation::Equal => Ok(equal),
                Relation::NotEqual => Ok(!equal),
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
        // Points without the parameter are not a number, which fulfils `!=` only.
        Ok(match self.comparison {
            Relation::Less => value < bound,
            Relation::LessOrEqual => value <= bound,
            Relation::Equal => value == bound,
            Relation::NotEqual => value != bound,
            Relation::GreaterOrEqual => value >= bound,
            Relation::Greater => value > bound,
        })
    }
}

/// What cannot be drawn, and what to do.
pub(super) fn input(what: String, help: String) -> RunError {
    RunError::Input { what, help }
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
        assert_eq!(condition.comparison, Relation::GreaterOrEqual);
        assert_eq!(
            "side='distal'".parse::<Condition>().unwrap().value,
            "distal"
        );
        for wrong in ["", "max_peak", ">3", "x="] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
    }
}
