//! Keys of drives, biases, connections and electrodes: hnn-core's arguments.

use super::form::{Form, Key, key};
use super::sweep::SPACES;
use crate::network::{DriveAttachment, Dynamics};

/// A number, or one for each cell type.
const PER_TYPE: Form = Form::Either(&[Form::Number, Form::Open(&Form::Number)]);

/// Kinds of drives, by the word behind `type`.
pub(in crate::pipeline) const DRIVE_TYPES: [&str; 5] =
    ["evoked", "poisson", "bursty", "spike_train", "erp"];

/// Arguments that a spike train does not have: its sources decide the first two, and nothing is drawn.
const NOT_OF_SPIKE_TRAINS: [&str; 3] = ["n_drive_cells", "cell_specific", "event_seed"];

/// The keys of a `[[drive]]` of a type.
pub(in crate::pipeline) fn drive_keys(kind: &str) -> Vec<&'static str> {
    let Some(dynamics) = Dynamics::of_kind(kind) else {
        return vec!["type", "tstart"];
    };
    let is_train = matches!(dynamics, Dynamics::SpikeTrain { .. });
    let attachment = DriveAttachment::ARGUMENTS.into_iter();
    let own = dynamics.described().iter().map(|argument| argument.name);
    ["type", "name"]
        .into_iter()
        .chain(attachment.filter(|key| !is_train || !NOT_OF_SPIKE_TRAINS.contains(key)))
        .chain(is_train.then_some("spike_data"))
        .chain(own)
        .collect()
}

/// The same with what may stand behind them.
pub(super) fn of_drive(kind: &str) -> impl Iterator<Item = &'static Key> {
    let all = || DRIVE.iter().chain([&SPIKE_DATA]);
    let of_name = move |name| all().find(|key| key.name == name);
    drive_keys(kind).into_iter().filter_map(of_name)
}

/// Keys of drives of all kinds.
static DRIVE: [Key; 22] = [
    key("type", Form::Word(&DRIVE_TYPES), "Kind of the drive"),
    key("name", Form::Text, "Name of the drive"),
    key(
        "location",
        Form::Text,
        "Group of sections (proximal, distal, soma), or a section",
    ),
    key(
        "n_drive_cells",
        Form::Number,
        "Number of drive cells, or \"n_cells\": one for each target cell [n_cells; 1 for bursty]",
    ),
    key(
        "cell_specific",
        Form::Flag,
        "Each drive cell has one target cell [true; false for bursty]",
    ),
    key(
        "weights_ampa",
        Form::Open(&Form::Number),
        "AMPA weights (uS) by cell type",
    ),
    key(
        "weights_nmda",
        Form::Open(&Form::Number),
        "NMDA weights (uS) by cell type",
    ),
    key(
        "space_constant",
        Form::Number,
        "Decay of weights with distance [3; 100 for poisson and bursty]",
    ),
    key(
        "synaptic_delays",
        PER_TYPE,
        "Delays (ms), one or by cell type [0.1]",
    ),
    key(
        "probability",
        PER_TYPE,
        "Probability of a connection, one or by cell type [1]",
    ),
    key("event_seed", Form::Number, "Seed of the events' times [2]"),
    key("conn_seed", Form::Number, "Seed of the connections [3]"),
    key("mu", Form::Number, "Mean time (ms) of the spikes"),
    key(
        "sigma",
        Form::Number,
        "Standard deviation (ms) of their times",
    ),
    key(
        "numspikes",
        Form::Number,
        "Spikes of each drive cell, or of each burst [2 for bursty]",
    ),
    key("tstart", Form::Number, "Start (ms) [0]"),
    key(
        "tstart_std",
        Form::Number,
        "Standard deviation (ms) of the start [0]",
    ),
    key("tstop", Form::Number, "End (ms) [the end]"),
    key("rate_constant", PER_TYPE, "Rate (Hz), one or by cell type"),
    key("burst_rate", Form::Number, "Rate (Hz) of bursts"),
    key(
        "burst_std",
        Form::Number,
        "Standard deviation (ms) of their times [0]",
    ),
    key(
        "spike_isi",
        Form::Number,
        "Interval (ms) between spikes of a burst [10]",
    ),
];

/// Events of a spike train.
static SPIKE_DATA: Key = key(
    "spike_data",
    Form::Either(&[
        Form::Text,
        Form::List(&Form::List(&Form::Number, 2, Some(2)), 0, None),
        Form::Open(&Form::List(&Form::Number, 0, None)),
    ]),
    "{ cell = [times] }, [[time, gid], …], or a table of time, gid and type",
);

pub(in crate::pipeline) const BIAS: [Key; 6] = [
    key("bias_name", Form::Text, "Name [tonic]"),
    key(
        "cell_type",
        Form::Text,
        "Cell type, where `amplitude` is a number",
    ),
    key("section", Form::Text, "Section [soma]"),
    key("amplitude", PER_TYPE, "Amplitude (nA) by cell type"),
    key("t0", Form::Number, "Start (ms) [0]"),
    key("tstop", Form::Number, "End (ms) [the end]"),
];

/// A cell type, a gid, or gids.
const CELLS: Form = Form::Either(&[
    Form::Text,
    Form::Whole,
    Form::List(
        &Form::Either(&[Form::Whole, Form::List(&Form::Whole, 0, None)]),
        0,
        None,
    ),
]);

pub(in crate::pipeline) const CONNECTION: [Key; 12] = [
    key("src_gids", CELLS, "Sources: a cell type, a gid or gids"),
    key("target_gids", CELLS, "Targets: a cell type, a gid or gids"),
    key("loc", Form::Text, "Group of sections, or a section"),
    key("receptor", Form::Text, "ampa, nmda, gabaa or gabab"),
    key("weight", Form::Number, "Weight (uS)"),
    key("delay", Form::Number, "Delay (ms)"),
    key("lamtha", Form::Number, "Space constant"),
    key(
        "threshold",
        Form::Number,
        "Firing threshold (mV) of the sources",
    ),
    key("gain", Form::Number, "Multiplies the weight [1]"),
    key(
        "allow_autapses",
        Form::Flag,
        "Whether a cell may be its own target [true]",
    ),
    key(
        "probability",
        Form::Number,
        "Share of the pairs that are connected [1]",
    ),
    key("conn_seed", Form::Number, "Seed of the choice of pairs"),
];

/// A number, or one for each contact.
const COORDINATE: Form = Form::Either(&[
    Form::Number,
    Form::List(&Form::Number, 1, None),
    Form::Table(&SPACES),
]);

pub(in crate::pipeline) const POSITIONS: [Key; 3] = [
    key(
        "x",
        COORDINATE,
        "One for all contacts, or one for each (um)",
    ),
    key(
        "y",
        COORDINATE,
        "One for all contacts, or one for each (um)",
    ),
    key(
        "z",
        COORDINATE,
        "One for all contacts, or one for each (um)",
    ),
];

pub(in crate::pipeline) const ELECTRODE_ARRAY: [Key; 5] = [
    key("name", Form::Text, "Name of the array"),
    key(
        "electrode_pos",
        Form::Either(&[
            Form::List(&Form::Number, 3, Some(3)),
            Form::List(&Form::List(&Form::Number, 3, Some(3)), 1, None),
            Form::Table(&POSITIONS),
        ]),
        "Contacts (um): [x, y, z], a list of them, or { x = 0, y = 0, z = { linspace = [-500, 2500, 16] } }",
    ),
    key(
        "conductivity",
        Form::Number,
        "Extracellular conductivity (S/m) [0.3]",
    ),
    key(
        "method",
        Form::Word(&["psa", "lsa"]),
        "Point or line source approximation [psa]",
    ),
    key(
        "min_distance",
        Form::Number,
        "Least distance (um) to a segment [0.5]",
    ),
];
