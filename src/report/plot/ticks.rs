//! Axes of parameters whose values are on a grid: a place for each level.

use crate::figure::Scale;
use crate::report::columns::PointColumn;

/// Places of a column's levels side by side, or of equal bins where there are too many.
pub struct LevelAxis {
    /// Lower ends of the bins, or the levels.
    edges: Vec<f64>,
    bins: Option<Scale>,
    /// Number of places.
    pub n: usize,
}

/// Bins of values that are not on a grid.
const BINS: usize = 24;

impl LevelAxis {
    pub fn of(column: &PointColumn) -> Self {
        match &column.levels {
            Some(levels) if !levels.is_empty() => {
                let n = levels.len();
                Self {
                    edges: levels.clone(),
                    bins: None,
                    n,
                }
            }
            _ => Self {
                edges: Vec::new(),
                bins: Some(column.scale()),
                n: BINS,
            },
        }
    }

    /// Place of a value.
    pub fn at(&self, value: f64) -> Option<usize> {
        match self.bins {
            // Exactly equal, as the levels were taken from these very values.
            None => self.edges.iter().position(|level| *level == value),
            Some(scale) => {
                let unit = scale.unit(value);
                (0.0..=1.0)
                    .contains(&unit)
                    .then(|| ((unit * self.n as f64) as usize).min(self.n - 1))
            }
        }
    }

    /// Labels with their places, as shares of the axis.
    pub fn ticks(&self, column: &PointColumn, most: usize) -> Vec<(f64, String)> {
        let scale = column.scale();
        let n = self.n as f64;
        if self.bins.is_some() {
            return scale
                .labelled(most)
                .into_iter()
                .map(|(tick, label)| (scale.unit(tick), label))
                .collect();
        }
        // Among words and on an uneven list round numbers stand nowhere: levels label themselves.
        if column.texts.is_some() || self.n <= most || !self.is_even(scale) {
            let every = self.n.div_ceil(most.max(1)).max(1);
            let levels = self.edges.iter().enumerate().step_by(every);
            return levels
                .map(|(i, level)| ((i as f64 + 0.5) / n, column.text(*level)))
                .collect();
        }
        // Round values between levels that are evenly spaced on the scale.
        let place = |value: f64| (scale.unit(value) * (n - 1.0) + 0.5) / n;
        scale
            .labelled(most)
            .into_iter()
            .map(|(tick, label)| (place(tick), label))
            .collect()
    }

    fn is_even(&self, scale: Scale) -> bool {
        let n = self.edges.len().saturating_sub(1).max(1) as f64;
        let mut levels = self.edges.iter().enumerate();
        levels.all(|(i, level)| (scale.unit(*level) - i as f64 / n).abs() < 0.02)
    }
}
