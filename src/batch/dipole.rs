//! A dipole with the methods of hnn-core's.

use crate::solver::Dipole as Moments;
use crate::stages::summarize::{SavgolError, SmoothError, pairwise_sum, savgol, sfreq, smooth};

/// Current dipole moment of a trial, or of the mean over trials, with hnn-core's methods. These change the dipole; take
/// [`clone`](Clone::clone) for hnn-core's `copy()`.
///
/// ```
/// use hnn_sweep::batch::Dipole;
/// use hnn_sweep::solver;
///
/// let times: Vec<f64> = (0..401).map(|i| f64::from(i) * 0.025).collect();
/// let ramp = times.clone();
/// let moments = solver::Dipole { agg: ramp.clone(), l2: ramp.clone(), l5: vec![0.0; 401] };
/// let dipole = Dipole::new(times, moments);
///
/// let mut filtered = dipole.clone();
/// filtered.scale(2.0).savgol_filter(1000.0)?;
/// assert!((filtered.data.agg[200] - 2.0 * 5.0).abs() < 1e-12);
/// assert_eq!(filtered.scale_applied, 2.0);
/// # Ok::<(), hnn_sweep::batch::DipoleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dipole {
    /// Sample times (ms), shape `(n_samples,)`.
    pub times: Vec<f64>,
    /// Moments (nAm), each of shape `(n_samples,)`.
    pub data: Moments,
    /// Sampling frequency (Hz), of the first two samples; 0 where there are fewer.
    pub sfreq: f64,
    /// Trials that were averaged.
    pub nave: u32,
    /// Product of all factors that it was scaled with.
    pub scale_applied: f64,
}

/// Why a dipole cannot be changed as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DipoleError {
    /// Smoothing.
    #[error(transparent)]
    Smooth(#[from] SmoothError),
    /// Savitzky-Golay filtering.
    #[error(transparent)]
    Savgol(#[from] SavgolError),
    /// Nothing to average.
    #[error("there is no dipole to average")]
    Empty,
    /// An average of averages.
    #[error("dipole {index} is itself an average of {nave} trials; average the trials")]
    Averaged {
        /// Index of the dipole.
        index: usize,
        /// Its trials.
        nave: u32,
    },
    /// Dipoles that do not belong together.
    #[error("dipole {index} has another {what} than the first; {help}")]
    Unequal {
        /// Index of the dipole.
        index: usize,
        /// What differs.
        what: &'static str,
        /// What to do.
        help: &'static str,
    },
}

impl Dipole {
    /// A dipole of one trial: `times` (ms) and moments (nAm) of equal lengths.
    pub fn new(times: Vec<f64>, data: Moments) -> Self {
        Self {
            sfreq: sfreq(&times).unwrap_or(0.0),
            times,
            data,
            nave: 1,
            scale_applied: 1.0,
        }
    }

    fn layers(&mut self) -> [&mut Vec<f64>; 3] {
        [&mut self.data.agg, &mut self.data.l2, &mut self.data.l5]
    }

    /// Multiplies all moments with a factor.
    pub fn scale(&mut self, factor: f64) -> &mut Self {
        for values in self.layers() {
            values.iter_mut().for_each(|v| *v *= factor);
        }
        // Remembered, as averaging asks whether dipoles have been scaled alike.
        self.scale_applied *= factor;
        self
    }

    /// Convolves with a Hamming window of `window_len` ms, at least 1. The ends are attenuated.
    ///
    /// # Errors
    /// [`SmoothError`] for a window below 1 ms or longer than the dipole; the dipole is unchanged then.
    pub fn smooth(&mut self, window_len: f64) -> Result<&mut Self, DipoleError> {
        let sfreq = self.sfreq;
        self.each(|values| Ok(smooth(values, window_len, sfreq)?))
    }

    /// Smooths with polynomials of degree 5 over about one period of `h_freq` (Hz), the approximate cut-off.
    ///
    /// # Errors
    /// [`SavgolError`] for an `h_freq` that is not below half the sampling frequency, or whose window has fewer than
    /// 7 samples or more than the dipole; the dipole is unchanged then.
    pub fn savgol_filter(&mut self, h_freq: f64) -> Result<&mut Self, DipoleError> {
        let sfreq = self.sfreq;
        self.each(|values| Ok(savgol(values, h_freq, sfreq)?))
    }

    fn each(
        &mut self,
        change: impl Fn(&[f64]) -> Result<Vec<f64>, DipoleError>,
    ) -> Result<&mut Self, DipoleError> {
        // All three or none: a filter that fails must not leave the dipole half filtered.
        let Moments { agg, l2, l5 } = &self.data;
        self.data = Moments {
            agg: change(agg)?,
            l2: change(l2)?,
            l5: change(l5)?,
        };
        Ok(self)
    }

    /// hnn-core's `postproc`: scales, then smooths unless `smooth_win` (ms) is 0.
    ///
    /// # Errors
    /// As [`smooth`](Self::smooth).
    pub fn post_process(
        &mut self,
        smooth_win: f64,
        scalefctr: f64,
    ) -> Result<&mut Self, DipoleError> {
        self.scale(scalefctr);
        if smooth_win > 0.0 {
            self.smooth(smooth_win)?;
        }
        Ok(self)
    }

    /// Mean over trials, hnn-core's `average_dipoles`.
    ///
    /// # Errors
    /// [`DipoleError`] if there is none, one is itself an average, or they differ in their samples or scales.
    pub fn average(dipoles: &[Dipole]) -> Result<Self, DipoleError> {
        let Some(first) = dipoles.first() else {
            return Err(DipoleError::Empty);
        };
        for (index, dipole) in dipoles.iter().enumerate() {
            if dipole.scale_applied != first.scale_applied {
                return Err(DipoleError::Unequal {
                    index,
                    what: "scale",
                    help: "scale all of them equally",
                });
            }
            if dipole.nave > 1 {
                return Err(DipoleError::Averaged {
                    index,
                    nave: dipole.nave,
                });
            }
            if dipole.times.len() != first.times.len() || dipole.sfreq != first.sfreq {
                return Err(DipoleError::Unequal {
                    index,
                    what: "duration or time step",
                    help: "average trials of one simulation",
                });
            }
        }
        let n = dipoles.len();
        let mean = |layer: fn(&Moments) -> &Vec<f64>| {
            let mut sum = vec![0.0; first.times.len()];
            for dipole in dipoles {
                let values = layer(&dipole.data);
                sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
            }
            sum.iter_mut().for_each(|s| *s /= n as f64);
            sum
        };
        Ok(Self {
            times: first.times.clone(),
            data: Moments {
                agg: mean(|d| &d.agg),
                l2: mean(|d| &d.l2),
                l5: mean(|d| &d.l5),
            },
            sfreq: first.sfreq,
            nave: u32::try_from(n).unwrap_or(u32::MAX),
            scale_applied: first.scale_applied,
        })
    }

    /// Largest sample of a layer with its time (ms); `None` without samples.
    ///
    /// ```
    /// # use hnn_sweep::{batch::Dipole, solver};
    /// let agg = vec![0.0, 3.0, 1.0];
    /// let moments = solver::Dipole { agg, ..solver::Dipole::default() };
    /// let dipole = Dipole::new(vec![0.0, 0.025, 0.05], moments);
    /// assert_eq!(dipole.peak(&dipole.data.agg), Some((0.025, 3.0)));
    /// ```
    pub fn peak(&self, layer: &[f64]) -> Option<(f64, f64)> {
        let samples = self.times.iter().copied().zip(layer.iter().copied());
        // The first of equal maxima, as NumPy's argmax.
        samples.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// Mean (nAm) of a layer, with NumPy's order of summation; NaN without samples.
    pub fn mean(layer: &[f64]) -> f64 {
        pairwise_sum(layer) / layer.len() as f64
    }

    /// hnn-core's dipole text: a line per sample, tab-separated: time (ms), agg, L2, L5 (nAm), rounded to 3 and 4
    /// decimals.
    pub fn to_text(&self) -> String {
        let Moments { agg, l2, l5 } = &self.data;
        let samples = self.times.iter().zip(agg).zip(l2.iter().zip(l5));
        samples
            .map(|((time, agg), (l2, l5))| format!("{time:.3}\t{agg:.4}\t{l2:.4}\t{l5:.4}\n"))
            .collect()
    }
}
