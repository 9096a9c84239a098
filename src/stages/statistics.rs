//! Identity of statistics: what is computed, whatever its column is called.

use super::plan::canon::Writer;
use crate::pipeline::{Measure, Signal, SpikeMeasure, Statistic, Summary, Trials, Window};
use crate::store::{Column, Hash, StatId, Table};

/// Version of the statistics' arithmetic.
///
/// 1: first version.
const VERSION: u32 = 1;

/// Column of a summary in a sweep with `n_trials` trials.
pub fn column(summary: &Summary, n_trials: u32) -> Column {
    Column {
        name: summary.name.clone(),
        id: id(summary, n_trials),
        mean: summary.trials == Trials::Mean,
    }
}

/// Table that a statistic is computed from.
pub fn source(summary: &Summary) -> Table {
    match summary.statistic {
        Statistic::Waveform { .. } => Table::Dipole,
        Statistic::Spikes { .. } => Table::Spikes,
    }
}

fn id(summary: &Summary, n_trials: u32) -> StatId {
    let mut w = Writer::default();
    w.map(|w| {
        w.field("version", &VERSION);
        match &summary.statistic {
            Statistic::Waveform {
                signal,
                smooth,
                scale,
                window,
                measure,
            } => {
                w.field(
                    "signal",
                    match signal {
                        Signal::Agg => "agg",
                        Signal::L2 => "L2",
                        Signal::L5 => "L5",
                    },
                );
                w.field("smooth", smooth);
                w.field("scale", scale);
                write_window(w, window);
                w.field(
                    "measure",
                    match measure {
                        Measure::Min => "min",
                        Measure::Max => "max",
                        Measure::PeakToPeak => "peak_to_peak",
                        Measure::Mean => "mean",
                        Measure::Rms => "rms",
                        Measure::TimeOfMin => "time_of_min",
                        Measure::TimeOfMax => "time_of_max",
                    },
                );
            }
            Statistic::Spikes {
                cell_type,
                window,
                measure,
            } => {
                w.field("cell_type", cell_type);
                write_window(w, window);
                w.field(
                    "measure",
                    match measure {
                        SpikeMeasure::Count => "count",
                        SpikeMeasure::MeanRate => "mean_rate",
                    },
                );
            }
        }
        match summary.trials {
            Trials::Each => w.field("trials", "each"),
            Trials::Mean => w.field("trials", &n_trials),
        }
    });
    let hash = Hash::of(&w.finish().0);
    hash.as_bytes()
        .iter()
        .take(8)
        .fold(0, |id, byte| id << 8 | u64::from(*byte))
}

fn write_window(w: &mut Writer, Window { tmin, tmax }: &Window) {
    w.field("tmin", tmin);
    w.field("tmax", tmax);
}
