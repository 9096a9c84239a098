//! Keys of drives, biases, connections and electrodes: hnn-core's arguments.

use super::form::{Form, Key, Variant, key};
use super::sweep::SPACES;

/// A number, or one for each cell type.
const PER_TYPE: Form = Form::Either(&[Form::Number, Form::Open(&Form::Number)]);

/// Keys of all drives but `"erp"`.
pub(in crate::pipeline) const ATTACHMENT: [Key; 12] = [
    key("type", Form::Text, "Kind of the drive"),
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
];

pub(in crate::pipeline) const DRIVE_TYPES: [Variant; 5] = [
    Variant {
        word: "evoked",
        own: &[
            key("mu", Form::Number, "Mean time (ms) of the spikes"),
            key("sigma", Form::Number, "Standard deviation (ms)"),
            key("numspikes", Form::Number, "Spikes of each drive cell"),
        ],
        without: &[],
    },
    Variant {
        word: "poisson",
        own: &[
            key("tstart", Form::Number, "Start (ms) [0]"),
            key("tstop", Form::Number, "End (ms) [the end]"),
            key("rate_constant", PER_TYPE, "Rate (Hz), one or by cell type"),
        ],
        without: &[],
    },
    Variant {
        word: "bursty",
        own: &[
            key("tstart", Form::Number, "Start (ms) [0]"),
            key(
                "tstart_std",
                Form::Number,
                "Standard deviation (ms) of the start [0]",
            ),
            key("tstop", Form::Number, "End (ms) [the end]"),
            key("burst_rate", Form::Number, "Rate (Hz) of bursts"),
            key(
                "burst_std",
                Form::Number,
                "Standard deviation (ms) of their times [0]",
            ),
            key("numspikes", Form::Number, "Spikes of a burst [2]"),
            key("spike_isi", Form::Number, "Interval (ms) between them [10]"),
        ],
        without: &[],
    },
    Variant {
        word: "spike_train",
        own: &[key(
            "spike_data",
            Form::Either(&[
                Form::Text,
                Form::List(&Form::List(&Form::Number, 2, Some(2)), 0, None),
                Form::Open(&Form::List(&Form::Number, 0, None)),
            ]),
            "{ cell = [times] }, [[time, gid], …], or a table of time, gid and type",
        )],
        without: &["n_drive_cells", "cell_specific", "event_seed"],
    },
    Variant {
        word: "erp",
        own: &[key("tstart", Form::Number, "Start (ms) [0]")],
        without: &[
            "name",
            "location",
            "n_drive_cells",
            "cell_specific",
            "weights_ampa",
            "weights_nmda",
            "space_constant",
            "synaptic_delays",
            "probability",
            "event_seed",
            "conn_seed",
        ],
    },
];

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
