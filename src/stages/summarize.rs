//! results → one row of statistics: pure functions of a simulation's results.
//!
//! They run in the worker on a fresh result as well as on results that were read back. Arithmetic is in a fixed order
//! without fused operations, so that the same results have the same statistics on every machine.

use crate::network::{Gid, Network};
use crate::pipeline::{
    Measure, Signal, SpikeMeasure, Statistic, Summary, Trials, Window, window_samples,
};
use crate::solver::{Dipole, Spike};
use std::borrow::Cow;
use std::ops::Range;

/// What statistics are computed of: results of one trial.
#[derive(Debug, Clone, Copy)]
pub struct TrialData<'a> {
    /// Sample times (ms), shape `(n_samples,)`.
    pub times: &'a [f64],
    /// Dipole moments (nAm).
    pub dipole: &'a Dipole,
    /// Spikes of cells and drives.
    pub spikes: &'a [Spike],
    /// The network that was simulated: gids and sizes of cell types and drives.
    pub network: &'a Network,
    /// End of the simulation (ms).
    pub tstop: f64,
}

/// Statistics of one trial, one value per summary.
///
/// A value is `None` where there is none: for summaries of the trial mean, for a window without samples,
/// for an unknown cell type.
pub fn summarize(summaries: &[Summary], trial: &TrialData) -> Vec<Option<f64>> {
    let mut smoothed = Smoothed::default();
    summaries
        .iter()
        .map(|summary| match summary.trials {
            Trials::Each => evaluate(&summary.statistic, trial, &mut smoothed),
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
        agg: average(trials, |d| &d.agg),
        l2: average(trials, |d| &d.l2),
        l5: average(trials, |d| &d.l5),
    };
    let averaged = TrialData {
        dipole: &dipole,
        ..*first
    };
    let mut smoothed = Smoothed::default();
    summaries
        .iter()
        .map(|summary| match (&summary.trials, &summary.statistic) {
            (Trials::Each, _) => None,
            (Trials::Mean, Statistic::Waveform { .. }) => {
                evaluate(&summary.statistic, &averaged, &mut smoothed)
            }
            (Trials::Mean, Statistic::Spikes { .. }) => {
                let values: Option<Vec<f64>> = trials
                    .iter()
                    .map(|trial| evaluate(&summary.statistic, trial, &mut Smoothed::default()))
                    .collect();
                values.map(|v| mean(&v))
            }
        })
        .collect()
}

/// Mean over trials, sample by sample.
fn average(trials: &[TrialData], signal: impl Fn(&Dipole) -> &[f64]) -> Vec<f64> {
    let mut sums: Vec<f64> = Vec::new();
    for trial in trials {
        let values = signal(trial.dipole);
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

/// Waveforms of a trial that have been smoothed already, by signal and width.
#[derive(Default)]
struct Smoothed(Vec<(Signal, f64, Vec<f64>)>);

impl Smoothed {
    fn get(&mut self, trial: &TrialData, signal: Signal, width: f64) -> Option<&[f64]> {
        let found = self
            .0
            .iter()
            .position(|(s, w, _)| *s == signal && *w == width);
        let index = match found {
            Some(index) => index,
            None => {
                let values =
                    smooth(waveform(trial.dipole, signal), width, sfreq(trial.times)?).ok()?;
                self.0.push((signal, width, values));
                self.0.len() - 1
            }
        };
        self.0.get(index).map(|(_, _, values)| values.as_slice())
    }
}

fn waveform(dipole: &Dipole, signal: Signal) -> &[f64] {
    match signal {
        Signal::Agg => &dipole.agg,
        Signal::L2 => &dipole.l2,
        Signal::L5 => &dipole.l5,
    }
}

fn evaluate(statistic: &Statistic, trial: &TrialData, smoothed: &mut Smoothed) -> Option<f64> {
    match statistic {
        Statistic::Waveform {
            signal,
            smooth,
            scale,
            window,
            measure,
        } => {
            let values = match smooth {
                None => waveform(trial.dipole, *signal),
                Some(width) => smoothed.get(trial, *signal, *width)?,
            };
            let range = samples_in(trial.times, window);
            let (times, values) = (trial.times.get(range.clone())?, values.get(range)?);
            let values = if *scale == 1.0 {
                Cow::Borrowed(values)
            } else {
                Cow::Owned(values.iter().map(|v| v * scale).collect())
            };
            measured(*measure, times, &values)
        }
        Statistic::Spikes {
            cell_type,
            window,
            measure,
        } => {
            let gids: Range<Gid> = match cell_type {
                Some(name) => trial.network.gid_ranges.get(name)?.clone(),
                None => all_cells(trial.network),
            };
            let within = |t: f64| {
                window.tmin.is_none_or(|tmin| t >= tmin) && window.tmax.is_none_or(|tmax| t < tmax)
            };
            let count = trial
                .spikes
                .iter()
                .filter(|s| gids.contains(&s.gid) && within(s.time))
                .count() as f64;
            match measure {
                SpikeMeasure::Count => Some(count),
                SpikeMeasure::MeanRate => {
                    let from = window.tmin.unwrap_or(0.0);
                    let to = window.tmax.unwrap_or(trial.tstop).min(trial.tstop);
                    let rate = count / gids.len() as f64 / (to - from) * 1000.0;
                    Some(rate).filter(|r| r.is_finite() && to > from)
                }
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

/// A measure of a non-empty piece of a waveform.
fn measured(measure: Measure, times: &[f64], values: &[f64]) -> Option<f64> {
    let first_where = |better: fn(f64, f64) -> bool| {
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

/// `numpy.mean`, with its pairwise summation.
fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len() as f64
}

/// NumPy's order of summation: eight partial sums in blocks of at most 128, halves above.
fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(-0.0, |sum, v| sum + v);
    }
    if n > 128 {
        let half = n / 2;
        let (a, b) = values.split_at(half - half % 8);
        return pairwise_sum(a) + pairwise_sum(b);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let mut r = [-0.0_f64; 8];
    for block in blocks {
        r.iter_mut().zip(block).for_each(|(r, v)| *r += v);
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, v| sum + v)
}

/// hnn-core's `sfreq` (Hz): from the first two sample times.
pub fn sfreq(times: &[f64]) -> Option<f64> {
    match times {
        [first, second, ..] if second > first => Some(1000.0 / (second - first)),
        _ => None,
    }
}

/// Why a waveform cannot be smoothed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SmoothError {
    /// The window is below hnn-core's limit.
    #[error("a smoothing window must be at least 1 ms wide, not {0} ms")]
    TooNarrow(f64),
    /// The window has no sample.
    #[error("a smoothing window of {width} ms has no sample at {sfreq} Hz")]
    NoSample {
        /// Width (ms).
        width: f64,
        /// Sampling frequency (Hz).
        sfreq: f64,
    },
    /// The window is longer than the waveform.
    #[error("a smoothing window of {window} samples is longer than the waveform of {data} samples")]
    TooLong {
        /// Samples of the window.
        window: usize,
        /// Samples of the waveform.
        data: usize,
    },
}

/// hnn-core's `smooth_waveform`: convolution with a Hamming window `width` ms wide, as long as the waveform.
/// Its ends are attenuated.
///
/// # Errors
/// [`SmoothError`], where hnn-core refuses too.
pub fn smooth(values: &[f64], width: f64, sfreq: f64) -> Result<Vec<f64>, SmoothError> {
    if !(width >= 1.0 && width.is_finite()) {
        return Err(SmoothError::TooNarrow(width));
    }
    let window = window_samples(width, sfreq);
    if window < 1.0 {
        return Err(SmoothError::NoSample { width, sfreq });
    }
    if window > values.len() as f64 {
        return Err(SmoothError::TooLong {
            window: window as usize,
            data: values.len(),
        });
    }
    let mut taps = hamming(window as usize);
    let sum = pairwise_sum(&taps);
    taps.iter_mut().for_each(|t| *t /= sum);
    Ok(convolve_same(values, &taps))
}

/// hnn-core's `postproc`: scales the dipole, then smooths it unless `smooth_win` is 0.
///
/// # Errors
/// [`SmoothError`].
pub fn post_process(
    dipole: &mut Dipole,
    times: &[f64],
    smooth_win: f64,
    scalefctr: f64,
) -> Result<(), SmoothError> {
    for values in [&mut dipole.agg, &mut dipole.l2, &mut dipole.l5] {
        values.iter_mut().for_each(|v| *v *= scalefctr);
        if smooth_win > 0.0 {
            *values = smooth(values, smooth_win, sfreq(times).unwrap_or(0.0))?;
        }
    }
    Ok(())
}

/// `numpy.hamming(n)`.
fn hamming(n: usize) -> Vec<f64> {
    if n == 1 {
        return vec![1.0];
    }
    let last = n as f64 - 1.0;
    (0..n)
        .map(|i| {
            let from_centre = 2.0 * i as f64 - last;
            0.54 + 0.46 * libm::cos(std::f64::consts::PI * from_centre / last)
        })
        .collect()
}

/// `numpy.convolve(values, taps, "same")` for at most as many taps as values.
fn convolve_same(values: &[f64], taps: &[f64]) -> Vec<f64> {
    /// Outputs that are summed side by side; each still sums its taps in order.
    const BLOCK: usize = 32;
    let n = values.len();
    let pad = taps.len().saturating_sub(1);
    let mut padded = vec![0.0; pad];
    padded.extend_from_slice(values);
    padded.resize(pad + n + pad + BLOCK, 0.0);
    let mut outputs = Vec::with_capacity(n + BLOCK);
    while outputs.len() < n {
        let newest = outputs.len() + pad / 2 + pad;
        let mut sums = [0.0_f64; BLOCK];
        for (k, tap) in taps.iter().enumerate() {
            let from = newest - k;
            if let Some(inputs) = padded.get(from..from + BLOCK) {
                sums.iter_mut().zip(inputs).for_each(|(s, x)| *s += tap * x);
            }
        }
        outputs.extend_from_slice(&sums);
    }
    outputs.truncate(n);
    outputs
}
