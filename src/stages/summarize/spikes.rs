//! Statistics of spikes.

use super::TrialData;
use super::sums::mean;
use crate::network::{Gid, Network};
use crate::pipeline::{SpikeMeasure, Window};
use std::collections::BTreeMap;
use std::ops::Range;

/// A measure of the spikes of a cell type or drive (all cells if `None`) in a window.
pub(super) fn measured(
    measure: SpikeMeasure,
    cell_type: Option<&str>,
    window: &Window,
    trial: &TrialData,
) -> Option<f64> {
    let gids: Range<Gid> = match cell_type {
        Some(name) => trial.network.gid_ranges.get(name)?.clone(),
        None => all_cells(trial.network),
    };
    let within = |t: f64| {
        // Half open, so that windows side by side count each spike once.
        window.tmin.is_none_or(|tmin| t >= tmin) && window.tmax.is_none_or(|tmax| t < tmax)
    };
    let spikes = || {
        trial
            .spikes
            .iter()
            .filter(|s| gids.contains(&s.gid) && within(s.time))
    };
    match measure {
        SpikeMeasure::Count => Some(spikes().count() as f64),
        SpikeMeasure::MeanRate => {
            // Per cell and second, silent cells among them.
            let from = window.tmin.unwrap_or(0.0);
            let to = window.tmax.unwrap_or(trial.tstop).min(trial.tstop);
            let rate = spikes().count() as f64 / gids.len() as f64 / (to - from) * 1000.0;
            Some(rate).filter(|r| r.is_finite() && to > from)
        }
        SpikeMeasure::First => spikes().map(|s| s.time).reduce(f64::min),
        SpikeMeasure::IsiMean | SpikeMeasure::IsiStd | SpikeMeasure::IsiCv => {
            let mut by_cell: BTreeMap<Gid, Vec<f64>> = BTreeMap::new();
            for spike in spikes() {
                by_cell.entry(spike.gid).or_default().push(spike.time);
            }
            let mut intervals = Vec::new();
            for times in by_cell.values_mut() {
                // The list is in order of processing: a drive's events may be an ulp out of order.
                times.sort_by(f64::total_cmp);
                intervals.extend(times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a));
            }
            if intervals.is_empty() {
                return None;
            }
            let average = mean(&intervals);
            let squares: Vec<f64> = intervals
                .iter()
                .map(|i| (i - average) * (i - average))
                .collect();
            let std = mean(&squares).sqrt();
            match measure {
                SpikeMeasure::IsiMean => Some(average),
                // Population's standard deviation, as NumPy's default.
                SpikeMeasure::IsiStd => Some(std),
                _ => Some(std / average).filter(|cv| cv.is_finite()),
            }
        }
    }
}

/// Gids of all cells, which come before all drives.
fn all_cells(network: &Network) -> Range<Gid> {
    let ends = network
        .cell_types
        .keys()
        .filter_map(|name| network.gid_ranges.get(name).map(|r| r.end));
    0..ends.max().unwrap_or(0)
}
