//! `[[summary]]`: statistics that are computed of every simulation.

use super::error::{PipelineError, did_you_mean};
use super::reader::{Item, Place, Table};
use super::setting::check_name;
use crate::network::Network;

/// Keys of `[[summary]]`.
pub(super) const SUMMARY_KEYS: &[&str] = &[
    "name",
    "statistic",
    "signal",
    "smooth",
    "scale",
    "tmin",
    "tmax",
    "trials",
    "cell_type",
];

/// Statistics of a dipole waveform, by the words of the file.
pub(super) const MEASURES: [(&str, Measure); 7] = [
    ("min", Measure::Min),
    ("max", Measure::Max),
    ("peak_to_peak", Measure::PeakToPeak),
    ("mean", Measure::Mean),
    ("rms", Measure::Rms),
    ("time_of_min", Measure::TimeOfMin),
    ("time_of_max", Measure::TimeOfMax),
];

/// Statistics of spikes, by the words of the file.
pub(super) const SPIKE_MEASURES: [(&str, SpikeMeasure); 2] = [
    ("spike_count", SpikeMeasure::Count),
    ("mean_rate", SpikeMeasure::MeanRate),
];

/// A statistic of every simulation: a column of the table `summary`.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Name of the column.
    pub name: String,
    /// What is computed.
    pub statistic: Statistic,
    /// Of which trials.
    pub trials: Trials,
    /// Where it stands in the file.
    pub(crate) place: Place,
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
    /// Of a dipole waveform.
    Waveform {
        /// Which waveform.
        signal: Signal,
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
}

/// A dipole waveform (nAm).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signal {
    /// Both layers.
    #[default]
    Agg,
    /// Layer 2/3.
    L2,
    /// Layer 5.
    L5,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// Measures of spikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpikeMeasure {
    /// Number of spikes of all cells.
    Count,
    /// Spikes per cell and second (Hz).
    MeanRate,
}

/// Samples of a smoothing window `width` ms wide, by hnn-core's formula (half to even).
pub fn window_samples(width: f64, sfreq: f64) -> f64 {
    libm::rint(1e-3 * width * sfreq)
}

impl Summary {
    /// Why the statistic cannot be computed of a simulation: words and help.
    pub(super) fn impossible(
        &self,
        network: &Network,
        tstop: f64,
        dt: f64,
    ) -> Option<(String, String)> {
        let window = match &self.statistic {
            Statistic::Waveform { smooth, window, .. } => {
                // NEURON's number of steps, and the sample at 0.
                let samples = libm::floor(tstop * (1.0 + 1e-11) / dt + 1e-9) + 1.0;
                let width = smooth.map_or(1.0, |w| window_samples(w, 1000.0 / dt));
                if width < 1.0 || width > samples {
                    return Some((
                        format!(
                            "smooths with a window of {width} samples, but the waveform has {samples} (tstop = {tstop} ms, dt = {dt} ms)"
                        ),
                        "change `smooth`: its window must have at least one sample and at most as many as the waveform".to_owned(),
                    ));
                }
                window
            }
            Statistic::Spikes {
                cell_type, window, ..
            } => {
                if let Some(name) = cell_type
                    .as_ref()
                    .filter(|n| !network.gid_ranges.contains_key(*n))
                {
                    let known: Vec<&String> = network.gid_ranges.keys().collect();
                    return Some((
                        format!("counts spikes of `{name}`, which is no cell type or drive"),
                        did_you_mean(name, &known),
                    ));
                }
                window
            }
        };
        let tmin = window.tmin.filter(|&tmin| tmin > tstop)?;
        Some((
            format!("looks at times from tmin = {tmin} ms, but the simulation ends at {tstop} ms"),
            "lower `tmin`, or raise `tstop`".to_owned(),
        ))
    }

    pub(super) fn read(item: &Item, taken: &[&str]) -> Result<Self, PipelineError> {
        let table = Table::new(item, SUMMARY_KEYS)?;
        let name_item = table.require("name")?;
        let name = name_item.string()?;
        check_name(table.source, &name_item.place.span, "summary", &name, taken)?;
        let table = table.called(format!("summary `{name}`"));
        let words: Vec<&str> = MEASURES
            .iter()
            .map(|m| m.0)
            .chain(SPIKE_MEASURES.iter().map(|m| m.0))
            .collect();
        let word = table.require("statistic")?.word(&words)?;
        let window = read_window(&table)?;
        let statistic = if let Some((_, measure)) = MEASURES.iter().find(|m| m.0 == word) {
            not_for(&table, word, &["cell_type"])?;
            Statistic::Waveform {
                signal: match table.get("signal") {
                    None => Signal::Agg,
                    Some(item) => match item.word(&["agg", "L2", "L5"])? {
                        "L2" => Signal::L2,
                        "L5" => Signal::L5,
                        _ => Signal::Agg,
                    },
                },
                smooth: table.get("smooth").map(|i| read_smooth(&i)).transpose()?,
                scale: table.get("scale").map_or(Ok(1.0), |i| i.float())?,
                window,
                measure: *measure,
            }
        } else {
            not_for(&table, word, &["signal", "smooth", "scale"])?;
            let measure = SPIKE_MEASURES.iter().find(|m| m.0 == word).map(|m| m.1);
            Statistic::Spikes {
                cell_type: table.get("cell_type").map(|i| i.string()).transpose()?,
                window,
                measure: measure.unwrap_or(SpikeMeasure::Count),
            }
        };
        let trials = match table.get("trials") {
            None => Trials::Each,
            Some(item) => match item.word(&["each", "mean"])? {
                "mean" => Trials::Mean,
                _ => Trials::Each,
            },
        };
        Ok(Self {
            name,
            statistic,
            trials,
            place: Place {
                name: "name".to_owned(),
                owner: table.owner.clone(),
                span: name_item.place.span,
            },
        })
    }
}

fn not_for(table: &Table, statistic: &str, keys: &[&str]) -> Result<(), PipelineError> {
    match keys.iter().find_map(|key| table.get(key)) {
        None => Ok(()),
        Some(item) => Err(item
            .error(format!(
                "{} has no meaning for `{statistic}`",
                item.describe()
            ))
            .with_help("remove the key")),
    }
}

/// hnn-core's rule for the width of a smoothing window.
fn read_smooth(item: &Item) -> Result<f64, PipelineError> {
    let width = item.float()?;
    if width < 1.0 {
        return Err(item
            .error(format!(
                "{} must be at least 1 ms, not {width}",
                item.describe()
            ))
            .with_help("remove the key for an unsmoothed waveform"));
    }
    Ok(width)
}

fn read_window(table: &Table) -> Result<Window, PipelineError> {
    let time = |key: &str| -> Result<Option<f64>, PipelineError> {
        let Some(item) = table.get(key) else {
            return Ok(None);
        };
        let value = item.float()?;
        if value < 0.0 {
            return Err(item.error(format!("{} must not be negative", item.describe())));
        }
        Ok(Some(value))
    };
    let window = Window {
        tmin: time("tmin")?,
        tmax: time("tmax")?,
    };
    if let (Some(tmin), Some(tmax), Some(item)) = (window.tmin, window.tmax, table.get("tmax"))
        && tmax <= tmin
    {
        return Err(item.error(format!(
            "{} must be greater than tmin = {tmin}, not {tmax}",
            item.describe()
        )));
    }
    Ok(window)
}
