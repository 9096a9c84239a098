//! Keys of what is kept and computed.

use super::form::{Form, Key, key};

/// A few words.
pub(in crate::pipeline) type Words = &'static [&'static str];

/// What is recorded: somata or all sections.
const RECORD: Form = Form::Either(&[Form::Word(&["soma", "all"]), Form::Bool]);

pub(in crate::pipeline) const OUTPUT: [Key; 13] = [
    key(
        "save_outputs",
        Form::Bool,
        "false keeps statistics only [true]",
    ),
    key("save_dpl", Form::Bool, "Dipoles [true]"),
    key("save_spiking", Form::Bool, "Spikes [false]"),
    key(
        "save_lfp",
        Form::Bool,
        "Potentials at the electrodes [false]",
    ),
    key("save_voltages", Form::Bool, "Membrane potentials [false]"),
    key("save_currents", Form::Bool, "Synaptic currents [false]"),
    key("save_calcium", Form::Bool, "Calcium [false]"),
    key(
        "record_vsec",
        RECORD,
        "Of which sections potentials are recorded [soma, if saved]",
    ),
    key(
        "record_isec",
        RECORD,
        "Of which sections currents are recorded [soma, if saved]",
    ),
    key(
        "record_ca",
        RECORD,
        "Of which sections calcium is recorded [soma, if saved]",
    ),
    key(
        "postproc",
        Form::Bool,
        "Scales and smooths dipoles as the network's parameter file says [false]",
    ),
    key(
        "trace_precision",
        Form::Word(&["float32", "float64"]),
        "Of potentials, currents and calcium [float32]",
    ),
    key(
        "decimate",
        Form::Whole,
        "Keeps every n-th sample of these traces [1]",
    ),
];

/// Keys that all statistics have.
pub(in crate::pipeline) const COMMON: Words = &["name", "statistic", "trials"];
/// Keys of all statistics of a waveform.
const WAVEFORM: Words = &[
    "signal", "array", "contact", "smooth", "scale", "tmin", "tmax",
];
/// Keys of statistics of spikes.
const SPIKES: Words = &["cell_type", "tmin", "tmax"];
const PEAK: Words = &["n", "polarity", "prominence"];
const BAND: Words = &["fmin", "fmax", "segment"];

/// Words for statistics, each with the keys that it has besides [`COMMON`]: those of its kind, and its own.
pub(in crate::pipeline) const STATISTICS: [(&str, Words, Words); 21] = [
    ("min", WAVEFORM, &[]),
    ("max", WAVEFORM, &[]),
    ("peak_to_peak", WAVEFORM, &[]),
    ("mean", WAVEFORM, &[]),
    ("rms", WAVEFORM, &[]),
    ("time_of_min", WAVEFORM, &[]),
    ("time_of_max", WAVEFORM, &[]),
    ("peak_amplitude", WAVEFORM, PEAK),
    ("peak_time", WAVEFORM, PEAK),
    ("band_power", WAVEFORM, BAND),
    ("peak_frequency", WAVEFORM, BAND),
    ("rmse", WAVEFORM, &["target"]),
    ("correlation", WAVEFORM, &["target"]),
    ("spike_count", SPIKES, &[]),
    ("mean_rate", SPIKES, &[]),
    ("first_spike", SPIKES, &[]),
    ("isi_mean", SPIKES, &[]),
    ("isi_std", SPIKES, &[]),
    ("isi_cv", SPIKES, &[]),
    ("expression", &[], &["expression"]),
    ("sql", &[], &["query"]),
];

const fn words() -> [&'static str; STATISTICS.len()] {
    let mut words = [""; STATISTICS.len()];
    let mut i = 0;
    // No iterators in constants yet.
    while i < words.len() {
        words[i] = STATISTICS[i].0;
        i += 1;
    }
    words
}

pub(in crate::pipeline) const TARGET: [Key; 4] = [
    key("file", Form::Text, "Table of time and the signal"),
    key(
        "smooth",
        Form::Plain,
        "Width (ms) of the Hamming window that smooths the data",
    ),
    key("scale", Form::Plain, "Multiplies the data [1]"),
    key("shift", Form::Plain, "Moves the data (ms) [0]"),
];

pub(in crate::pipeline) const SUMMARY: [Key; 20] = [
    key("name", Form::Text, "Column of the table `summary`"),
    key("statistic", Form::Word(&words()), "What is computed"),
    key(
        "trials",
        Form::Word(&["each", "mean"]),
        "A value for each trial, or one for their mean [each]",
    ),
    key(
        "signal",
        Form::Word(&["agg", "L2", "L5", "lfp", "csd"]),
        "Waveform: of the dipole, or at a contact [agg]",
    ),
    key(
        "array",
        Form::Text,
        "Electrode array, where there are several",
    ),
    key("contact", Form::Whole, "Contact of the array, from 0"),
    key(
        "smooth",
        Form::Plain,
        "Width (ms) of hnn-core's Hamming window",
    ),
    key("scale", Form::Plain, "Multiplies the waveform [1]"),
    key("tmin", Form::Plain, "Start (ms) [0]"),
    key("tmax", Form::Plain, "End (ms) [the end]"),
    key("cell_type", Form::Text, "Cell type or drive [all cells]"),
    key("n", Form::Whole, "Which peak in time [the highest]"),
    key(
        "polarity",
        Form::Word(&["positive", "negative"]),
        "Of the peak [positive]",
    ),
    key(
        "prominence",
        Form::Plain,
        "Least prominence (nAm) of a peak [0]",
    ),
    key("fmin", Form::Plain, "Lower end (Hz) of the band"),
    key("fmax", Form::Plain, "Upper end (Hz) of the band"),
    key(
        "segment",
        Form::Plain,
        "Length (ms) of the windows [all of it]",
    ),
    key(
        "target",
        Form::Either(&[Form::Text, Form::Table(&TARGET)]),
        "Table of the waveform to compare with",
    ),
    key("expression", Form::Text, "Arithmetic over summaries above"),
    key(
        "query",
        Form::Text,
        "SQL that gives sim, trial and a number",
    ),
];
