//! Keys of what is simulated, and of the parameters.

use super::form::{Form, Key, key};

pub(in crate::pipeline) const NETWORK: [Key; 8] = [
    key(
        "model",
        Form::Named(&["jones_2009", "neymotin_2020", "law_2021", "calcium"]),
        "A published model [jones_2009, which is neymotin_2020 under its older name]",
    ),
    key(
        "file",
        Form::Text,
        "A network file of hnn-core's Network.write_configuration()",
    ),
    key(
        "params",
        Form::Text,
        "A parameter file of hnn-core (.json, .param)",
    ),
    key(
        "add_drives_from_params",
        Form::Flag,
        "Whether the parameter file gives the drives, too [false]",
    ),
    key(
        "mesh_shape",
        Form::List(&Form::Number, 2, Some(2)),
        "Pyramidal cells of one layer along x and y [10, 10]",
    ),
    key("legacy_mode", Form::Flag, "As in hnn-core [false]"),
    key(
        "clear_connectivity",
        Form::Flag,
        "Removes the connections between cells [false]",
    ),
    key(
        "clear_drives",
        Form::Flag,
        "Removes the drives of the network or parameter file [false]",
    ),
];

pub(in crate::pipeline) const SIMULATION: [Key; 3] = [
    key("tstop", Form::Number, "Duration (ms) [170]"),
    key("dt", Form::Number, "Time step (ms) [0.025]"),
    key(
        "n_trials",
        Form::Whole,
        "Trials of each point; each is a task of its own [1]",
    ),
];

pub(in crate::pipeline) const SWEEP: [Key; 5] = [
    key(
        "combinations",
        Form::Bool,
        "All combinations, the first parameter slowest; false takes the lists together [true]",
    ),
    key(
        "batch_size",
        Form::Whole,
        "Simulations per Parquet part [100]",
    ),
    key(
        "overwrite",
        Form::Bool,
        "Whether exports replace files [true]",
    ),
    key(
        "clear_cache",
        Form::Bool,
        "Drops raw results from memory after each batch [false]",
    ),
    key(
        "seed_parameters",
        Form::List(&Form::Text, 0, None),
        "Parameters that only repeat simulations with other random numbers",
    ),
];

/// NumPy's functions that make lists.
pub(in crate::pipeline) const SPACES: [Key; 4] = [
    key(
        "linspace",
        Form::List(&Form::Plain, 3, Some(3)),
        "First, last, how many: numpy.linspace",
    ),
    key(
        "logspace",
        Form::List(&Form::Plain, 3, Some(3)),
        "First exponent of ten, last exponent, how many: numpy.logspace",
    ),
    key(
        "geomspace",
        Form::List(&Form::Plain, 3, Some(3)),
        "First, last, how many, in equal ratios: numpy.geomspace",
    ),
    key(
        "arange",
        Form::List(&Form::Plain, 1, Some(3)),
        "[stop], [start, stop] or [start, stop, step]: numpy.arange",
    ),
];

/// Values of a parameter.
pub(in crate::pipeline) const GRID: Form = Form::Either(&[
    Form::List(&Form::Plain, 1, None),
    Form::List(&Form::Text, 1, None),
    Form::List(&Form::Bool, 1, None),
    Form::Table(&SPACES),
]);

pub(in crate::pipeline) const PRIORS: [Key; 3] = [
    key("uniform", Form::List(&Form::Plain, 2, Some(2)), "Low, high"),
    key(
        "log_uniform",
        Form::List(&Form::Plain, 2, Some(2)),
        "Low, high, both positive",
    ),
    key(
        "normal",
        Form::List(&Form::Plain, 2, Some(2)),
        "Mean, standard deviation",
    ),
];

pub(in crate::pipeline) const SAMPLES: [Key; 7] = [
    key(
        "file",
        Form::Text,
        "A table: a row per sample, a column per parameter",
    ),
    key(
        "columns",
        Form::List(&Form::Text, 0, None),
        "Columns that are parameters [all]",
    ),
    key(
        "prior",
        Form::Open(&Form::Table(&PRIORS)),
        "Parameters and their distributions",
    ),
    key("n", Form::Whole, "How many samples"),
    key("seed", Form::Whole, "Of the random numbers [0]"),
    key(
        "method",
        Form::Word(&["random", "latin_hypercube", "sobol"]),
        "How samples are spread [random]",
    ),
    key("strata", Form::Whole, "Samples of one Latin hypercube"),
];
