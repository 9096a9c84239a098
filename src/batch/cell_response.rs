//! Spikes of a simulation with the methods of hnn-core's `CellResponse`.

use crate::network::Gid;
use crate::stages::summarize::pairwise_sum;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::ops::Range;

/// Gids of each cell type and drive.
pub type GidRanges = IndexMap<String, Range<Gid>>;

/// Spikes of all trials of a simulation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CellResponse {
    /// Names of the cell types; spikes of other types are those of drives.
    pub cell_type_names: Vec<String>,
    /// Times (ms), shape `(n_trials, n_spikes)`, in the order in which hnn-core reports them.
    pub spike_times: Vec<Vec<f64>>,
    /// Cell or drive cell of each spike, same shape.
    pub spike_gids: Vec<Vec<Gid>>,
    /// Cell type or drive of each spike, same shape.
    pub spike_types: Vec<Vec<String>>,
}

/// What [`CellResponse::mean_rates`] averages over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MeanType {
    /// Trials and cells: one rate per cell type.
    #[default]
    All,
    /// Cells: a rate per trial.
    Trial,
    /// Nothing: a rate per trial and cell.
    Cell,
}

/// Mean rates (Hz) by cell type.
#[derive(Debug, Clone, PartialEq)]
pub enum Rates {
    /// Of [`MeanType::All`].
    All(IndexMap<String, f64>),
    /// Of [`MeanType::Trial`], each of shape `(n_trials,)`.
    Trial(IndexMap<String, Vec<f64>>),
    /// Of [`MeanType::Cell`], each of shape `(n_trials, n_cells)`.
    Cell(IndexMap<String, Vec<Vec<f64>>>),
}

/// Why there are no rates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RatesError {
    /// An empty interval.
    #[error("tstop = {tstop} ms must be greater than tstart = {tstart} ms")]
    Interval {
        /// Begin (ms).
        tstart: f64,
        /// End (ms).
        tstop: f64,
    },
    /// A cell type without gids.
    #[error(
        "gid_ranges lacks the cell type \"{0}\"; give the `gid_ranges` of the simulated network"
    )]
    NoGids(String),
}

impl CellResponse {
    /// Number of trials.
    pub fn n_trials(&self) -> usize {
        self.spike_times.len()
    }

    /// Cell types and drives that have spikes, in alphabetical order.
    pub fn cell_types(&self) -> Vec<&str> {
        let mut types: Vec<&str> = self
            .spike_types
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// Spike times (ms) by cell type or drive, each of shape `(n_trials, n_spikes)`.
    pub fn spike_times_by_type(&self) -> BTreeMap<&str, Vec<Vec<f64>>> {
        let of_type = |name: &str| -> Vec<Vec<f64>> {
            let trials = self.spike_times.iter().zip(&self.spike_types);
            let own = |(times, types): (&Vec<f64>, &Vec<String>)| {
                let spikes = times.iter().zip(types);
                spikes
                    .filter(|(_, t)| *t == name)
                    .map(|(t, _)| *t)
                    .collect()
            };
            trials.map(own).collect()
        };
        let types = self.cell_types().into_iter();
        types.map(|name| (name, of_type(name))).collect()
    }

    /// Mean spike rates (Hz) of the cell types.
    ///
    /// As in hnn-core every spike of a trial counts, whenever it was: `tstart` and `tstop` (ms) only say how long the
    /// trial is. For the rate of a window see the statistic `mean_rate` of pipeline files.
    ///
    /// # Errors
    /// [`RatesError`] if `tstop` is not after `tstart`, or a cell type has no gids.
    pub fn mean_rates(
        &self,
        tstart: f64,
        tstop: f64,
        gid_ranges: &GidRanges,
        mean_type: MeanType,
    ) -> Result<Rates, RatesError> {
        if tstop.is_nan() || tstart.is_nan() || tstop <= tstart {
            return Err(RatesError::Interval { tstart, tstop });
        }
        let mut by_cell: IndexMap<String, Vec<Vec<f64>>> = IndexMap::new();
        for name in &self.cell_type_names {
            let gids = gid_ranges.get(name);
            let gids = gids.ok_or_else(|| RatesError::NoGids(name.clone()))?;
            let trials = self.spike_gids.iter().zip(&self.spike_types);
            let rates = |(spikes, types): (&Vec<Gid>, &Vec<String>)| {
                let mut counts = vec![0.0; gids.len()];
                // All spikes of the trial, as hnn-core counts them; the interval gives the duration
                // only.
                for (gid, _) in spikes.iter().zip(types).filter(|(_, t)| *t == name) {
                    let index = gid.checked_sub(gids.start).map(|i| i as usize);
                    if let Some(count) = index.and_then(|i| counts.get_mut(i)) {
                        *count += 1.0;
                    }
                }
                let rate = |count: f64| count / (tstop - tstart) * 1000.0;
                counts.into_iter().map(rate).collect()
            };
            by_cell.insert(name.clone(), trials.map(rates).collect());
        }
        // In NumPy's order, so that rates agree to the last bit.
        let mean = |values: &[f64]| pairwise_sum(values) / values.len() as f64;
        let of_trials = |trials: &Vec<Vec<f64>>| -> Vec<f64> {
            trials.iter().map(|cells| mean(cells)).collect()
        };
        Ok(match mean_type {
            MeanType::Cell => Rates::Cell(by_cell),
            MeanType::Trial => {
                let each = by_cell.iter().map(|(name, t)| (name.clone(), of_trials(t)));
                Rates::Trial(each.collect())
            }
            MeanType::All => {
                let each = by_cell.iter();
                Rates::All(
                    each.map(|(name, t)| (name.clone(), mean(&of_trials(t))))
                        .collect(),
                )
            }
        })
    }

    /// hnn-core's spike text of a trial: a line per spike, tab-separated: time (ms, 3 decimals), gid, type. `None` if
    /// there is no such trial.
    pub fn to_text(&self, trial: usize) -> Option<String> {
        let (times, gids) = (self.spike_times.get(trial)?, self.spike_gids.get(trial)?);
        let types = self.spike_types.get(trial)?;
        let spikes = times.iter().zip(gids).zip(types);
        Some(
            spikes
                // Three digits, as `CellResponse.write` has them.
                .map(|((time, gid), name)| format!("{time:.3}\t{gid}\t{name}\n"))
                .collect(),
        )
    }
}
