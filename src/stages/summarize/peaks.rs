//! Peaks of a waveform, as `scipy.signal.find_peaks` finds them.

use crate::pipeline::Peak;

/// Index of the wanted peak.
pub(super) fn nth(values: &[f64], peak: &Peak) -> Option<usize> {
    let sign = if peak.negative { -1.0 } else { 1.0 };
    let at = |index: usize| values.get(index).map(|v| sign * v);
    let mut found = 0;
    let mut left = 1;
    while let (Some(before), Some(height)) = (at(left - 1), at(left)) {
        let start = left;
        left += 1;
        if before >= height {
            continue;
        }
        let mut right = start;
        while at(right + 1) == Some(height) {
            right += 1;
        }
        if at(right + 1).is_some_and(|after| after < height) {
            let middle = (start + right) / 2;
            if peak.prominence <= 0.0 || prominence(values, sign, middle, height) >= peak.prominence
            {
                found += 1;
            }
            if found == peak.n {
                return Some(middle);
            }
        }
        left = right + 1;
    }
    None
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
