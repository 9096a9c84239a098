//! Welch's power spectral density: `scipy.signal.welch(x, fs, window="hamming", nperseg)`.
//!
//! Only the frequencies that are asked for are computed, each as a sum over samples with sines and cosines of a table.

use super::sums::{mean, pairwise_sum};
use crate::pipeline::{Band, window_samples};

/// Sum of the densities in a band times the resolution: the power (nAm^2), additive over bands side by side.
pub(super) fn band_power(values: &[f64], sfreq: f64, band: &Band) -> Option<f64> {
    let density = density(values, sfreq, band)?;
    let powers: Vec<f64> = density.iter().map(|(_, p)| *p).collect();
    Some(pairwise_sum(&powers) * resolution(values, sfreq, band)?)
}

/// The frequency (Hz) with the highest density.
pub(super) fn peak_frequency(values: &[f64], sfreq: f64, band: &Band) -> Option<f64> {
    let mut density = density(values, sfreq, band)?.into_iter();
    let first = density.next()?;
    let highest = density.fold(
        first,
        |best, next| if next.1 > best.1 { next } else { best },
    );
    Some(highest.0)
}

/// Samples of a segment.
fn segment(values: &[f64], sfreq: f64, band: &Band) -> Option<usize> {
    let n = match band.segment {
        None => values.len(),
        // A segment as long as the waveform may have one sample less or more.
        Some(width) => (window_samples(width, sfreq) as usize).min(values.len()),
    };
    (n >= 2).then_some(n)
}

fn resolution(values: &[f64], sfreq: f64, band: &Band) -> Option<f64> {
    Some(sfreq / segment(values, sfreq, band)? as f64)
}

/// Frequencies (Hz) of the band with their densities (the square of the waveform's unit per Hz); none where the band
/// has no frequency. `sfreq` is the sampling frequency (Hz).
///
/// ```
/// use hnn_sweep::{pipeline::Band, stages::summarize::density};
///
/// // A second of 20 Hz, a thousand samples a second.
/// let wave: Vec<f64> = (0..1000).map(|i| (0.04 * std::f64::consts::PI * f64::from(i)).sin()).collect();
/// let band = Band { fmin: 10.0, fmax: 30.0, segment: None };
/// let density = density(&wave, 1000.0, &band).unwrap();
/// let highest = density.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
/// assert_eq!(highest.0, 20.0);
/// ```
pub fn density(values: &[f64], sfreq: f64, band: &Band) -> Option<Vec<(f64, f64)>> {
    let n = segment(values, sfreq, band)?;
    let step = sfreq / n as f64;
    // A band's edge that is a frequency of the transform belongs to it, rounding aside.
    let slack = 1e-9;
    let first = libm::ceil(band.fmin / step - slack) as usize;
    // Up to the Nyquist frequency, n/2 of them.
    let last = (libm::floor(band.fmax / step + slack) as usize).min(n / 2);
    if first > last {
        return None;
    }
    let angle = |m: usize| 2.0 * std::f64::consts::PI * m as f64 / n as f64;
    let cosines: Vec<f64> = (0..n).map(|m| libm::cos(angle(m))).collect();
    let sines: Vec<f64> = (0..n).map(|m| libm::sin(angle(m))).collect();
    // Periodic, as `get_window` makes it for spectra: n in the denominator, not n - 1.
    let taper: Vec<f64> = cosines.iter().map(|c| 0.54 - 0.46 * c).collect();
    let squares: Vec<f64> = taper.iter().map(|w| w * w).collect();
    let norm = sfreq * pairwise_sum(&squares);
    // SciPy's default: segments overlap by half, rounded down.
    let hop = n - n / 2;
    let mut sums = vec![0.0; last - first + 1];
    let mut count = 0;
    for piece in values.windows(n).step_by(hop) {
        // Each segment without its own mean: SciPy's detrend="constant".
        let average = mean(piece);
        let tapered: Vec<f64> = piece
            .iter()
            .zip(&taper)
            .map(|(v, w)| (v - average) * w)
            .collect();
        for (sum, k) in sums.iter_mut().zip(first..) {
            let (mut real, mut imaginary) = (0.0, 0.0);
            let mut at = 0;
            for value in &tapered {
                if let (Some(c), Some(s)) = (cosines.get(at), sines.get(at)) {
                    real += value * c;
                    imaginary += value * s;
                }
                // k m mod n, without the multiplication.
                at += k;
                if at >= n {
                    at -= n;
                }
            }
            *sum += real * real + imaginary * imaginary;
        }
        count += 1;
    }
    let density = sums.into_iter().zip(first..).map(|(sum, k)| {
        // Positive and negative frequencies together, but for 0 and Nyquist, which have no twin.
        let one_sided = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
        (k as f64 * step, one_sided * sum / norm / f64::from(count))
    });
    Some(density.collect())
}
