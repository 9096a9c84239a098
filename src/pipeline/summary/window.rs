//! Widths of smoothing windows.

/// Samples of a smoothing window `width` ms wide, by hnn-core's formula (half to even).
pub fn window_samples(width: f64, sfreq: f64) -> f64 {
    libm::rint(1e-3 * width * sfreq)
}
