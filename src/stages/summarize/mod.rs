//! results → one row of statistics: pure functions of a simulation's results.
//!
//! They run in the worker on a fresh result as well as on results that were read back. Arithmetic is in a fixed order
//! without fused operations, so that the same results have the same statistics on every machine.

mod compare;
mod electrodes;
mod peaks;
mod savgol;
mod smooth;
mod spectrum;
mod spikes;
mod sums;
mod trial;

pub use compare::rmse;
pub use electrodes::density_at;
pub use savgol::{SavgolError, savgol};
pub use smooth::{SmoothError, post_process, smooth};
pub use spectrum::density;
pub use sums::{pairwise_sum, sfreq};
pub use trial::TrialData;

use crate::pipeline::{Measure, PostProc, Signal, Statistic, Summary, Trials, Window};
use crate::solver::{Dipole, Lfp};
use std::ops::Range;
use sums::mean;

/// Statistics of one trial, one value per summary.
///
/// A value is `None` where there is none: for summaries of the trial mean, for a window without samples,
/// for an unknown cell type.
pub fn summarize(summaries: &[Summary], trial: &TrialData) -> Vec<Option<f64>> {
    let mut waveforms = Waveforms::default();
    summaries
        .iter()
        .map(|summary| match summary.trials {
            Trials::Each => evaluate(&summary.statistic, trial, &mut waveforms),
            Trials::Mean => None,
        })
        .collect()
}

/// Statistics of the mean over a simulation's trials, one value per summary; `None` for summaries of each trial.
///
/// Waveforms are averaged before anything else is done with them, as hnn-core's `average_dipoles` does; counts and
/// rates are averaged.
pub fn summarize_mean(summaries: &[Summary], trials: &[TrialData]) -> Vec<Option<f64>> {
    let Some(first) = trials.first() else {
        return vec![None; summaries.len()];
    };
    if summaries.iter().all(|s| s.trials == Trials::Each) {
        return vec![None; summaries.len()];
    }
    let dipole = Dipole {
        agg: average(trials, |t| &t.dipole.agg),
        l2: average(trials, |t| &t.dipole.l2),
        l5: average(trials, |t| &t.dipole.l5),
    };
    let lfp = average_lfp(summaries, trials);
    let averaged = TrialData {
        dipole: &dipole,
        lfp: &lfp,
        ..*first
    };
    let mut waveforms = Waveforms::default();
    summaries
        .iter()
        .map(|summary| match summary.trials {
            Trials::Each => None,
            Trials::Mean => evaluate_mean(&summary.statistic, &averaged, trials, &mut waveforms),
        })
        .collect()
}

fn evaluate_mean(
    statistic: &Statistic,
    averaged: &TrialData,
    trials: &[TrialData],
    waveforms: &mut Waveforms,
) -> Option<f64> {
    match statistic {
        Statistic::Waveform { .. } => evaluate(statistic, averaged, waveforms),
        Statistic::Spikes { .. } => {
            // Trials without a value (no interval in a silent trial) do not count.
            let values: Vec<f64> = trials
                .iter()
                .filter_map(|trial| evaluate(statistic, trial, &mut Waveforms::default()))
                .collect();
            (!values.is_empty()).then(|| mean(&values))
        }
        Statistic::Formula(formula) => {
            let operands: Option<Vec<f64>> = formula
                .operands()
                .iter()
                .map(|o| evaluate_mean(o, averaged, trials, waveforms))
                .collect();
            // One operand without a value leaves the whole without one.
            formula.evaluate(&operands?)
        }
        Statistic::Sql(_) => None,
    }
}

/// Mean over trials, sample by sample.
fn average<'a>(trials: &[TrialData<'a>], signal: impl Fn(&TrialData<'a>) -> &'a [f64]) -> Vec<f64> {
    let mut sums: Vec<f64> = Vec::new();
    // In the order of trials, in which NumPy adds along the first axis: it decides last bits.
    for trial in trials {
        let values = signal(trial);
        if sums.is_empty() {
            sums = values.to_vec();
        } else {
            sums.iter_mut().zip(values).for_each(|(s, v)| *s += v);
        }
    }
    let n = trials.len() as f64;
    sums.iter_mut().for_each(|s| *s /= n);
    sums
}

/// Mean of the potentials, if a summary of the mean needs them.
fn average_lfp(summaries: &[Summary], trials: &[TrialData]) -> Vec<Lfp> {
    let needed = summaries
        .iter()
        .any(|s| s.trials == Trials::Mean && s.statistic.needs_lfp());
    let Some(first) = trials.first().filter(|_| needed) else {
        return Vec::new();
    };
    (0..first.lfp.len())
        .map(|a| Lfp {
            array: first.lfp[a].array.clone(),
            potential: (0..first.lfp[a].potential.len())
                .map(|c| average(trials, |t| contact_of(t.lfp, a, c)))
                .collect(),
        })
        .collect()
}

fn contact_of(lfp: &[Lfp], array: usize, contact: usize) -> &[f64] {
    lfp.get(array)
        .and_then(|array| array.potential.get(contact))
        .map_or(&[], Vec::as_slice)
}

/// Waveforms of a trial that have been processed already.
#[derive(Default)]
struct Waveforms(Vec<(Processing, Vec<f64>)>);

/// Which waveform, and what is done with it.
#[derive(Clone, PartialEq)]
struct Processing {
    signal: Signal,
    postproc: Option<PostProc>,
    smooth: Option<f64>,
    scale: f64,
}

impl Waveforms {
    fn get(&mut self, trial: &TrialData, processing: Processing) -> Option<&[f64]> {
        // Several statistics of one waveform share its smoothing, the expensive part.
        let index = match self.0.iter().position(|(p, _)| *p == processing) {
            Some(index) => index,
            None => {
                let values = process(trial, &processing)?;
                self.0.push((processing, values));
                self.0.len() - 1
            }
        };
        self.0.get(index).map(|(_, values)| values.as_slice())
    }
}

fn process(trial: &TrialData, processing: &Processing) -> Option<Vec<f64>> {
    let Processing {
        signal,
        postproc,
        smooth: width,
        scale,
    } = processing;
    let mut values = match signal {
        Signal::Agg => trial.dipole.agg.clone(),
        Signal::L2 => trial.dipole.l2.clone(),
        Signal::L5 => trial.dipole.l5.clone(),
        Signal::Lfp(contact) => electrodes::potential(trial, contact)?,
        // A density needs neighbouring contacts, so it is made of the potentials before anything is
        // smoothed.
        Signal::Csd(contact) => electrodes::source_density(trial, contact)?,
    };
    if let Some(PostProc {
        scalefctr,
        smooth_win,
    }) = postproc
    {
        values.iter_mut().for_each(|v| *v *= scalefctr);
        if *smooth_win > 0.0 {
            values = smooth(&values, *smooth_win, sfreq(trial.times)?).ok()?;
        }
    }
    if let Some(width) = width {
        values = smooth(&values, *width, sfreq(trial.times)?).ok()?;
    }
    // Last: the order decides last bits.
    if *scale != 1.0 {
        values.iter_mut().for_each(|v| *v *= scale);
    }
    Some(values)
}

fn evaluate(statistic: &Statistic, trial: &TrialData, waveforms: &mut Waveforms) -> Option<f64> {
    match statistic {
        Statistic::Waveform {
            signal,
            postproc,
            smooth,
            scale,
            window,
            measure,
        } => {
            let processing = Processing {
                signal: signal.clone(),
                postproc: *postproc,
                smooth: *smooth,
                scale: *scale,
            };
            let values = waveforms.get(trial, processing)?;
            let range = samples_in(trial.times, window);
            let (times, values) = (trial.times.get(range.clone())?, values.get(range)?);
            // The frequency of samples is that of the whole: a window may have one sample only.
            measured(measure, trial.times, times, values)
        }
        Statistic::Spikes {
            cell_type,
            window,
            measure,
        } => spikes::measured(*measure, cell_type.as_deref(), window, trial),
        Statistic::Formula(formula) => {
            let operands: Option<Vec<f64>> = formula
                .operands()
                .iter()
                .map(|o| evaluate(o, trial, waveforms))
                .collect();
            formula.evaluate(&operands?)
        }
        Statistic::Sql(_) => None,
    }
}

/// A measure of a piece of a waveform; `all_times` are those of the whole.
fn measured(measure: &Measure, all_times: &[f64], times: &[f64], values: &[f64]) -> Option<f64> {
    let first_where = |better: fn(f64, f64) -> bool| {
        // The first of equal values, as NumPy's argmin and argmax.
        let mut best = (*times.first()?, *values.first()?);
        for (&time, &value) in times.iter().zip(values) {
            if better(value, best.1) {
                best = (time, value);
            }
        }
        Some(best)
    };
    let min = || first_where(|a, b| a < b);
    let max = || first_where(|a, b| a > b);
    if values.is_empty() {
        return None;
    }
    match measure {
        Measure::Min => min().map(|m| m.1),
        Measure::Max => max().map(|m| m.1),
        Measure::TimeOfMin => min().map(|m| m.0),
        Measure::TimeOfMax => max().map(|m| m.0),
        Measure::PeakToPeak => Some(max()?.1 - min()?.1),
        Measure::Mean => Some(mean(values)),
        Measure::Rms => {
            let squares: Vec<f64> = values.iter().map(|v| v * v).collect();
            Some(mean(&squares).sqrt())
        }
        Measure::PeakAmplitude(peak) => values.get(peaks::wanted(values, peak)?).copied(),
        Measure::PeakTime(peak) => times.get(peaks::wanted(values, peak)?).copied(),
        Measure::BandPower(band) => spectrum::band_power(values, sfreq(all_times)?, band),
        Measure::PeakFrequency(band) => spectrum::peak_frequency(values, sfreq(all_times)?, band),
        Measure::Rmse(target) => compare::rmse(times, values, target),
        Measure::Correlation(target) => compare::correlation(times, values, target),
    }
}

/// Indices of the samples in a window. Sample times are sums of many steps, so 40 ms may be 39.9999999 in `times`:
/// they are compared up to a millionth of a step.
fn samples_in(times: &[f64], window: &Window) -> Range<usize> {
    let step = match times {
        [first, second, ..] => second - first,
        _ => 0.0,
    };
    let slack = 1e-6 * step;
    let start = window
        .tmin
        .map_or(0, |tmin| times.partition_point(|&t| t < tmin - slack));
    let end = window.tmax.map_or(times.len(), |tmax| {
        times.partition_point(|&t| t <= tmax + slack)
    });
    start..end.max(start)
}
