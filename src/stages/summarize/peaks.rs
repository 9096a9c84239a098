//! Peaks of a waveform, as `scipy.signal.find_peaks` finds them.

use crate::pipeline::Peak;

/// Index of the wanted peak: the n-th, else the highest, and of equally high ones the first.
pub(super) fn wanted(values: &[f64], peak: &Peak) -> Option<usize> {
    let mut peaks = all(values, peak);
    match peak.n {
        Some(n) => peaks.nth((n as usize).checked_sub(1)?),
        None => {
            let height =
                |index: &usize| sign(peak) * values.get(*index).copied().unwrap_or(f64::NAN);
            peaks.reduce(|best, next| {
                if height(&next) > height(&best) {
                    next
                } else {
                    best
                }
            })
        }
    }
}

fn sign(peak: &Peak) -> f64 {
    if peak.negative { -1.0 } else { 1.0 }
}

/// Indices of all peaks, in time.
fn all(values: &[f64], peak: &Peak) -> impl Iterator<Item = usize> {
    let (sign, least) = (sign(peak), peak.prominence);
    let at = move |index: usize| values.get(index).map(|v| sign * v);
    let mut left = 1;
    std::iter::from_fn(move || {
        while let (Some(before), Some(height)) = (at(left - 1), at(left)) {
            let start = left;
            left += 1;
            // Not rising here, so no peak begins.
            if before >= height {
                continue;
            }
            let mut right = start;
            while at(right + 1) == Some(height) {
                right += 1;
            }
            left = right + 1;
            if at(right + 1).is_some_and(|after| after < height) {
                // The middle of a plateau, rounded down, as SciPy has it.
                let middle = (start + right) / 2;
                if least <= 0.0 || prominence(values, sign, middle, height) >= least {
                    return Some(middle);
                }
            }
        }
        None
    })
}

/// Height above the higher of the two lowest points between the peak and higher ground on either side.
fn prominence(values: &[f64], sign: f64, index: usize, height: f64) -> f64 {
    let (before, after) = values.split_at(index);
    let lowest = |side: &mut dyn Iterator<Item = &f64>| {
        side.map(|v| sign * v)
            .take_while(|v| *v <= height)
            .fold(height, f64::min)
    };
    height - lowest(&mut before.iter().rev()).max(lowest(&mut after.iter()))
}
