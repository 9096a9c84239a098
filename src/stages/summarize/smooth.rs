//! hnn-core's smoothing and post-processing of waveforms.

use super::sums::{pairwise_sum, sfreq};
use crate::pipeline::window_samples;
use crate::solver::Dipole;

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
/// ```
/// use hnn_sweep::stages::summarize::smooth;
///
/// let waveform = vec![1.0; 400]; // 10 ms, a sample every 0.025 ms
/// let smoothed = smooth(&waveform, 5.0, 40_000.0)?;
/// assert!((smoothed[200] - 1.0).abs() < 1e-12); // whole within the window
/// assert!((smoothed[0] - 0.5).abs() < 0.01); // half of it beyond the end
/// # Ok::<(), hnn_sweep::stages::summarize::SmoothError>(())
/// ```
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
    // Symmetric, so from the centre: `numpy.hamming` computes it so too.
    let last = n as f64 - 1.0;
    (0..n)
        .map(|i| {
            let from_centre = 2.0 * i as f64 - last;
            0.54 + 0.46 * libm::cos(std::f64::consts::PI * from_centre / last)
        })
        .collect()
}

/// `numpy.convolve(values, taps, "same")` for at most as many taps as values.
pub(super) fn convolve_same(values: &[f64], taps: &[f64]) -> Vec<f64> {
    /// Outputs that are summed side by side; each still sums its taps in order.
    const BLOCK: usize = 32;
    let n = values.len();
    let pad = taps.len().saturating_sub(1);
    let mut padded = vec![0.0; pad];
    padded.extend_from_slice(values);
    // Blocks may read past the end; what they sum there is cut off.
    padded.resize(pad + n + pad + BLOCK, 0.0);
    let mut outputs = Vec::with_capacity(n + BLOCK);
    while outputs.len() < n {
        // NumPy's "same" drops the first (taps - 1)/2 outputs of the full convolution.
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
