//! A waveform against a target: the waveform is interpolated linearly at the target's sample times.

use super::smooth::smooth;
use super::sums::{mean, pairwise_sum};
use crate::pipeline::Target;
use std::borrow::Cow;

/// Root mean square difference, at the target's times within those of the waveform; `None` with fewer than two of them.
pub fn rmse(times: &[f64], values: &[f64], target: &Target) -> Option<f64> {
    let (ours, theirs) = aligned(times, values, target)?;
    let squares: Vec<f64> = ours
        .iter()
        .zip(&theirs)
        .map(|(a, b)| (a - b) * (a - b))
        .collect();
    Some(mean(&squares).sqrt())
}

/// Pearson's correlation; `None` where either is constant.
pub(super) fn correlation(times: &[f64], values: &[f64], target: &Target) -> Option<f64> {
    let (ours, theirs) = aligned(times, values, target)?;
    let (a, b) = (mean(&ours), mean(&theirs));
    let sum = |f: fn(f64, f64) -> f64| {
        let terms: Vec<f64> = ours
            .iter()
            .zip(&theirs)
            .map(|(x, y)| f(x - a, y - b))
            .collect();
        pairwise_sum(&terms)
    };
    let norm = (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt();
    Some(sum(|x, y| x * y) / norm).filter(|r| r.is_finite())
}

/// Values of a target, smoothed if it asks for it.
fn values_of(target: &Target) -> Option<Cow<'_, [f64]>> {
    let Some(width) = target.smooth else {
        return Some(Cow::Borrowed(&target.values));
    };
    let sfreq = super::sfreq(&target.times)?;
    Some(Cow::Owned(smooth(&target.values, width, sfreq).ok()?))
}

/// Values of both at the target's times within the waveform's; at least two.
fn aligned(times: &[f64], values: &[f64], target: &Target) -> Option<(Vec<f64>, Vec<f64>)> {
    let (first, last) = (*times.first()?, *times.last()?);
    // Times of a text file are rounded, and those of a simulation accumulated.
    // A thousandth of a step is far above both, and far below what would pick another sample.
    let slack = 1e-3 * (times.get(1)? - first);
    let wanted = values_of(target)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (&time, &wanted) in target.times.iter().zip(wanted.iter()) {
        if time < first - slack || time > last + slack {
            continue;
        }
        let right = times.partition_point(|&t| t < time - slack);
        let (t, v) = (*times.get(right)?, *values.get(right)?);
        // On a sample, which is taken as it is: interpolation would add rounding.
        let value = if t <= time + slack {
            v
        } else {
            let left = right.checked_sub(1)?;
            let (t0, v0) = (*times.get(left)?, *values.get(left)?);
            v0 + (v - v0) * ((time - t0) / (t - t0))
        };
        ours.push(value);
        theirs.push(wanted);
    }
    (ours.len() >= 2).then_some((ours, theirs))
}
