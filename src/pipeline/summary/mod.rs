//! `[[summary]]`: statistics that are computed of every simulation.

mod impossible;
mod read;
mod signal;
mod target;
mod unit;
mod window;

pub use signal::{Contact, Signal};
pub use target::Target;
pub use window::window_samples;

use impossible::Impossible;

use super::error::did_you_mean;
use super::expr::Expr;
use super::quantity::rounded;
use super::reader::Place;
use crate::network::Network;
use std::sync::Arc;

/// A statistic of every simulation: a column of the table `summary`.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Name of the column.
    pub name: String,
    /// What is computed.
    pub statistic: Statistic,
    /// Of which trials.
    pub trials: Trials,
    /// Where it stands in the file: its name, then all of its keys.
    pub(crate) places: Vec<Place>,
}

/// Of which trials a statistic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trials {
    /// One value per trial.
    #[default]
    Each,
    /// One value per simulation, of the mean over its trials (of the averaged dipole; of counts and rates).
    Mean,
}

/// What is computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Statistic {
    /// Of a waveform.
    Waveform {
        /// Which waveform.
        signal: Signal,
        /// hnn-core's `postproc`, if the pipeline asks for it; done before anything else.
        postproc: Option<PostProc>,
        /// Width (ms) of the Hamming window that smooths it first.
        smooth: Option<f64>,
        /// Factor on the waveform, as in hnn-core's `Dipole.scale`.
        scale: f64,
        /// Time window.
        window: Window,
        /// The measure.
        measure: Measure,
    },
    /// Of spikes.
    Spikes {
        /// Cell type or drive; all cells (without drives) if `None`.
        cell_type: Option<String>,
        /// Time window.
        window: Window,
        /// The measure.
        measure: SpikeMeasure,
    },
    /// Arithmetic over other statistics.
    Formula(Formula),
    /// A SQL query over the tables of the folder. It gives rows of `sim`, of `trial` too for statistics of each
    /// trial, and of one number.
    Sql(String),
}

/// hnn-core's `postproc` of a network: `dipole_scalefctr`, then `dipole_smooth_win`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PostProc {
    /// Factor.
    pub scalefctr: f64,
    /// Width (ms) of the Hamming window; 0 does not smooth.
    pub smooth_win: f64,
}

/// An arithmetic expression over statistics of the same simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    expr: Expr,
    operands: Vec<Statistic>,
}

impl Formula {
    /// The expression as the file has it.
    pub fn text(&self) -> &str {
        self.expr.text()
    }

    /// The statistics that it needs, in the order of [`evaluate`](Self::evaluate)'s arguments.
    pub fn operands(&self) -> &[Statistic] {
        &self.operands
    }

    /// The value; `None` where it is not finite.
    pub fn evaluate(&self, operands: &[f64]) -> Option<f64> {
        Some(self.expr.evaluate(operands)).filter(|v| v.is_finite())
    }
}

/// Samples with `tmin <= t <= tmax`, where times (ms) are compared up to a millionth of a time step; spikes with
/// `tmin <= t < tmax`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Window {
    /// Start (ms); the start of the simulation if `None`.
    pub tmin: Option<f64>,
    /// End (ms); the end of the simulation if `None`.
    pub tmax: Option<f64>,
}

/// Measures of a waveform.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Smallest value (nAm).
    Min,
    /// Largest value (nAm).
    Max,
    /// Largest minus smallest value (nAm).
    PeakToPeak,
    /// Mean (nAm).
    Mean,
    /// Root of the mean square (nAm).
    Rms,
    /// Time (ms) of the first smallest value.
    TimeOfMin,
    /// Time (ms) of the first largest value.
    TimeOfMax,
    /// Value (nAm) of a peak.
    PeakAmplitude(Peak),
    /// Time (ms) of a peak.
    PeakTime(Peak),
    /// Power (nAm^2) in a band.
    BandPower(Band),
    /// Frequency (Hz) with the highest power density in a band.
    PeakFrequency(Band),
    /// Root mean square difference (nAm) to a target.
    Rmse(Arc<Target>),
    /// Pearson correlation with a target.
    Correlation(Arc<Target>),
}

/// A peak as `scipy.signal.find_peaks` finds it: higher than its neighbours; a plateau counts once, at its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Which, counted in time from 1; the highest if `None`.
    pub n: Option<u32>,
    /// Whether it is a trough.
    pub negative: bool,
    /// Least prominence (nAm).
    pub prominence: f64,
}

/// A frequency band of Welch's power spectral density: Hamming windows (as hnn-core's `plot_psd`) that overlap by
/// half, the mean of each taken away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Lowest frequency (Hz).
    pub fmin: f64,
    /// Highest frequency (Hz).
    pub fmax: f64,
    /// Length (ms) of the windows; `None` is one window over the whole waveform.
    pub segment: Option<f64>,
}

/// Measures of spikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpikeMeasure {
    /// Number of spikes of all cells.
    Count,
    /// Spikes per cell and second (Hz).
    MeanRate,
    /// Time (ms) of the first spike of any cell.
    First,
    /// Mean (ms) of the intervals between a cell's successive spikes, of all cells together.
    IsiMean,
    /// Standard deviation (ms) of these intervals.
    IsiStd,
    /// Coefficient of variation of these intervals.
    IsiCv,
}

impl Statistic {
    /// Whether it is computed from the potentials at electrode arrays.
    pub fn needs_lfp(&self) -> bool {
        match self {
            Statistic::Waveform { signal, .. } => signal.contact().is_some(),
            Statistic::Spikes { .. } | Statistic::Sql(_) => false,
            Statistic::Formula(formula) => formula.operands.iter().any(Statistic::needs_lfp),
        }
    }

    /// Why the statistic cannot be computed of a simulation.
    fn impossible(&self, network: &Network, tstop: f64, dt: f64) -> Option<Impossible> {
        let problem = |key, what, help| Some(Impossible { key, what, help });
        let window = match self {
            Statistic::Waveform {
                signal,
                smooth,
                window,
                measure,
                ..
            } => {
                if let Some(problem) = signal.impossible(network) {
                    return Some(problem);
                }
                // NEURON's number of steps, and the sample at 0.
                let samples = crate::solver::n_samples(tstop, dt) as f64;
                let sfreq = 1000.0 / dt;
                let width = smooth.map_or(1.0, |w| window_samples(w, sfreq));
                if width < 1.0 || width > samples {
                    return problem(
                        "smooth",
                        format!(
                            "smooths with a window of {width} samples, but the waveform has {samples} (tstop = {tstop} ms, dt = {dt} ms)"
                        ),
                        "change `smooth`: its window must have at least one sample and at most as many as the waveform".to_owned(),
                    );
                }
                if let Measure::BandPower(band) | Measure::PeakFrequency(band) = measure {
                    let length =
                        // The time that the statistic looks at.
                        window.tmax.unwrap_or(tstop).min(tstop) - window.tmin.unwrap_or(0.0);
                    let segment = band.segment.unwrap_or(length);
                    if segment > length + dt {
                        return problem(
                            "segment",
                            format!(
                                "has segments of {segment} ms, but the waveform has {} ms",
                                rounded(length)
                            ),
                            "lower `segment`".to_owned(),
                        );
                    }
                    // Frequencies are multiples of one over the segment.
                    let resolution = 1000.0 / segment;
                    // Rounding must not push a frequency of the transform out of the band.
                    let first = libm::ceil(band.fmin / resolution * (1.0 - 1e-9)) * resolution;
                    if first > band.fmax || first > sfreq / 2.0 {
                        return problem(
                            "fmax",
                            format!(
                                "has no frequency between {} and {} Hz: {} ms resolve {resolution:.4} Hz up to {} Hz",
                                band.fmin,
                                band.fmax,
                                rounded(segment),
                                rounded(sfreq / 2.0)
                            ),
                            "widen the band, or take a longer time".to_owned(),
                        );
                    }
                }
                window
            }
            Statistic::Spikes {
                cell_type, window, ..
            } => {
                let unknown = cell_type
                    .as_ref()
                    .filter(|n| !network.gid_ranges.contains_key(*n));
                if let Some(name) = unknown {
                    let known: Vec<&String> = network.gid_ranges.keys().collect();
                    return problem(
                        "cell_type",
                        format!("looks at spikes of `{name}`, which is no cell type or drive"),
                        did_you_mean(name, &known),
                    );
                }
                window
            }
            // Its operands are summaries above it, which are checked themselves.
            Statistic::Formula(_) | Statistic::Sql(_) => return None,
        };
        let tmin = window.tmin.filter(|&tmin| tmin > tstop)?;
        problem(
            "tmin",
            format!("looks at times from tmin = {tmin} ms, but the simulation ends at {tstop} ms"),
            "lower `tmin`, or raise `tstop`".to_owned(),
        )
    }

    /// The same statistic of post-processed dipoles.
    fn set_postproc(&mut self, of_network: PostProc) {
        match self {
            Statistic::Waveform {
                signal, postproc, ..
            } => {
                // hnn-core scales and smooths dipoles, not potentials.
                if signal.contact().is_none() {
                    *postproc = Some(of_network);
                }
            }
            Statistic::Spikes { .. } | Statistic::Sql(_) => {}
            Statistic::Formula(formula) => {
                formula
                    .operands
                    .iter_mut()
                    .for_each(|o| o.set_postproc(of_network));
            }
        }
    }
}

impl Summary {
    /// Whether it is SQL, which is asked when all other statistics are in the tables.
    pub fn is_query(&self) -> bool {
        matches!(self.statistic, Statistic::Sql(_))
    }

    pub(super) fn impossible(&self, network: &Network, tstop: f64, dt: f64) -> Option<Impossible> {
        self.statistic.impossible(network, tstop, dt)
    }

    /// Where the file has a key; the name where it does not have it.
    pub(super) fn place(&self, key: &str) -> &Place {
        static NOWHERE: Place = Place {
            name: String::new(),
            owner: String::new(),
            span: 0..0,
        };
        // The first is the summary's own, for keys that it does not have.
        let own = self.places.iter().skip(1).find(|place| place.name == key);
        own.or(self.places.first()).unwrap_or(&NOWHERE)
    }

    pub(super) fn set_postproc(&mut self, of_network: PostProc) {
        self.statistic.set_postproc(of_network);
    }
}
