//! Identity of statistics: what is computed, whatever its column is called.

use super::key::canon::Writer;
use crate::pipeline::{
    Band, Contact, Measure, Peak, PostProc, SpikeMeasure, Statistic, Summary, Target, Trials,
    Window,
};
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
        unit: summary.unit(),
    }
}

/// Tables that a statistic is computed from.
pub fn sources(statistic: &Statistic) -> Vec<Table> {
    match statistic {
        Statistic::Waveform { signal, .. } => match signal.contact() {
            None => vec![Table::Dipole],
            Some(_) => vec![Table::Lfp],
        },
        Statistic::Spikes { .. } => vec![Table::Spikes],
        Statistic::Formula(formula) => {
            let mut tables: Vec<Table> = formula.operands().iter().flat_map(sources).collect();
            tables.sort();
            tables.dedup();
            tables
        }
        // Whatever the query names; that is seen when it runs.
        Statistic::Sql(_) => Vec::new(),
    }
}

fn id(summary: &Summary, n_trials: u32) -> StatId {
    let mut w = Writer::default();
    w.map(|w| {
        w.field("version", &VERSION);
        write_statistic(w, &summary.statistic);
        match summary.trials {
            Trials::Each => w.field("trials", "each"),
            // A mean over more trials is another number.
            Trials::Mean => w.field("trials", &n_trials),
        }
    });
    let hash = Hash::of(&w.finish().0);
    // 64 bits are enough: a folder has a few dozen statistics.
    hash.as_bytes()
        .iter()
        .take(8)
        .fold(0, |id, byte| id << 8 | u64::from(*byte))
}

fn write_statistic(w: &mut Writer, statistic: &Statistic) {
    match statistic {
        Statistic::Waveform {
            signal,
            postproc,
            smooth,
            scale,
            window,
            measure,
        } => {
            w.field("signal", signal.name());
            if let Some(Contact { array, contact }) = signal.contact() {
                w.field("array", array);
                w.field("contact", contact);
            }
            if let Some(PostProc {
                scalefctr,
                smooth_win,
            }) = postproc
            {
                w.field("scalefctr", scalefctr);
                w.field("smooth_win", smooth_win);
            }
            w.field("smooth", smooth);
            w.field("scale", scale);
            write_window(w, window);
            write_measure(w, measure);
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
                    SpikeMeasure::First => "first",
                    SpikeMeasure::IsiMean => "isi_mean",
                    SpikeMeasure::IsiStd => "isi_std",
                    SpikeMeasure::IsiCv => "isi_cv",
                },
            );
        }
        Statistic::Formula(formula) => {
            w.field("expression", formula.text());
            for operand in formula.operands() {
                write_statistic(w, operand);
            }
        }
        Statistic::Sql(query) => w.field("query", query),
    }
}

fn write_measure(w: &mut Writer, measure: &Measure) {
    let name = match measure {
        Measure::Min => "min",
        Measure::Max => "max",
        Measure::PeakToPeak => "peak_to_peak",
        Measure::Mean => "mean",
        Measure::Rms => "rms",
        Measure::TimeOfMin => "time_of_min",
        Measure::TimeOfMax => "time_of_max",
        Measure::PeakAmplitude(_) => "peak_amplitude",
        Measure::PeakTime(_) => "peak_time",
        Measure::BandPower(_) => "band_power",
        Measure::PeakFrequency(_) => "peak_frequency",
        Measure::Rmse(_) => "rmse",
        Measure::Correlation(_) => "correlation",
    };
    w.field("measure", name);
    match measure {
        Measure::PeakAmplitude(peak) | Measure::PeakTime(peak) => {
            let Peak {
                n,
                negative,
                prominence,
            } = peak;
            // As text: a number there would be another peak.
            match n {
                Some(n) => w.field("n", n),
                None => w.field("n", "highest"),
            }
            w.field("negative", negative);
            w.field("prominence", prominence);
        }
        Measure::BandPower(band) | Measure::PeakFrequency(band) => {
            let Band {
                fmin,
                fmax,
                segment,
            } = band;
            w.field("fmin", fmin);
            w.field("fmax", fmax);
            w.field("segment", segment);
        }
        Measure::Rmse(target) | Measure::Correlation(target) => {
            let Target {
                times,
                values,
                smooth,
            } = &**target;
            // By value, so that the same target in another file is the same statistic.
            for (time, value) in times.iter().zip(values) {
                w.field("target", &[*time, *value]);
            }
            if let Some(width) = smooth {
                w.field("target_smooth", width);
            }
        }
        Measure::Min
        | Measure::Max
        | Measure::PeakToPeak
        | Measure::Mean
        | Measure::Rms
        | Measure::TimeOfMin
        | Measure::TimeOfMax => {}
    }
}

fn write_window(w: &mut Writer, Window { tmin, tmax }: &Window) {
    w.field("tmin", tmin);
    w.field("tmax", tmax);
}
