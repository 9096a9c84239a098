//! Savitzky-Golay smoothing as hnn-core calls it: polynomials of degree 5 over a sliding window.

use super::smooth::convolve_same;

/// Degree of the polynomials.
const DEGREE: usize = 5;

/// Why a waveform cannot be filtered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SavgolError {
    /// The cut-off is no frequency that the samples can show.
    #[error(
        "h_freq is {h_freq} Hz: it must be greater than 0 and less than half of the {sfreq} Hz that are sampled"
    )]
    Frequency {
        /// Cut-off (Hz).
        h_freq: f64,
        /// Sampling frequency (Hz).
        sfreq: f64,
    },
    /// The window has no more samples than a polynomial has coefficients.
    #[error(
        "h_freq = {h_freq} Hz gives a window of {window} samples; polynomials of degree {DEGREE} need at least 7, a lower h_freq"
    )]
    TooNarrow {
        /// Cut-off (Hz).
        h_freq: f64,
        /// Samples of the window.
        window: usize,
    },
    /// The window is longer than the waveform.
    #[error(
        "h_freq = {h_freq} Hz gives a window of {window} samples, longer than the waveform of {data} samples; give a higher h_freq"
    )]
    TooLong {
        /// Cut-off (Hz).
        h_freq: f64,
        /// Samples of the window.
        window: usize,
        /// Samples of the waveform.
        data: usize,
    },
}

/// hnn-core's `_savgol_filter` with SciPy's `mode="interp"`: each sample becomes the value of the polynomial that
/// fits the window around it best; those nearer to an end than half a window are read off the polynomial of the
/// outermost window.
///
/// The window has about one period of `h_freq` (Hz), always an odd number of samples. The polynomials are fitted in
/// an orthonormal basis: SciPy fits them in powers of the sample number, which loses digits from some hundred samples
/// on, and, since SciPy 1.17, everything beyond 800 (50 Hz and less at dt 0.025: what it returns there is zero).
///
/// # Errors
/// [`SavgolError`], where hnn-core refuses too.
pub fn savgol(values: &[f64], h_freq: f64, sfreq: f64) -> Result<Vec<f64>, SavgolError> {
    if !(h_freq > 0.0 && h_freq < sfreq / 2.0 && sfreq.is_finite()) {
        return Err(SavgolError::Frequency { h_freq, sfreq });
    }
    // hnn-core's arithmetic: half the rounded number of samples, cut, twice, plus one.
    let half = (sfreq / h_freq).round_ties_even() / 2.0;
    if half > values.len() as f64 {
        return Err(SavgolError::TooLong {
            h_freq,
            window: half as usize * 2 + 1,
            data: values.len(),
        });
    }
    let half = half as usize;
    let window = 2 * half + 1;
    if window <= DEGREE + 1 {
        return Err(SavgolError::TooNarrow { h_freq, window });
    }
    if window > values.len() {
        return Err(SavgolError::TooLong {
            h_freq,
            window,
            data: values.len(),
        });
    }
    let basis = basis(window);
    // The fitted value in the middle is a fixed weighted sum of the window: a convolution.
    let taps = fit(&basis, &basis.iter().map(|p| p[half]).collect::<Vec<_>>());
    let mut filtered = convolve_same(values, &taps);
    let last = values.len() - window;
    // Ends have no window around them: they are read off the outermost one.
    for (first, part) in [(0, 0..half), (last, half + 1..window)] {
        let edge = &values[first..first + window];
        let coefficients: Vec<f64> = basis.iter().map(|p| dot(p, edge)).collect();
        let fitted = fit(&basis, &coefficients);
        filtered[first + part.start..first + part.end].copy_from_slice(&fitted[part]);
    }
    Ok(filtered)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The sum of the basis with coefficients.
fn fit(basis: &[Vec<f64>], coefficients: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; basis.first().map_or(0, Vec::len)];
    for (p, c) in basis.iter().zip(coefficients) {
        sum.iter_mut().zip(p).for_each(|(sum, p)| *sum += c * p);
    }
    sum
}

/// Polynomials of degree 0 to 5 that are orthonormal on the samples of a window.
fn basis(window: usize) -> Vec<Vec<f64>> {
    let half = (window - 1) as f64 / 2.0;
    // From -1 to 1, where powers up to 5 stay of one size.
    let x = |i: usize| (i as f64 - half) / half;
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(DEGREE + 1);
    for _ in 0..=DEGREE {
        let mut next: Vec<f64> = match basis.last() {
            None => vec![1.0; window],
            Some(p) => (0..window).zip(p).map(|(i, p)| x(i) * p).collect(),
        };
        // Twice, so that rounding leaves nothing of the lower degrees.
        for _ in 0..2 {
            for p in &basis {
                let shared = dot(p, &next);
                next.iter_mut().zip(p).for_each(|(n, p)| *n -= shared * p);
            }
        }
        let norm = dot(&next, &next).sqrt();
        next.iter_mut().for_each(|n| *n /= norm);
        basis.push(next);
    }
    basis
}
