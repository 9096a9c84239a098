//! The keys of a pipeline file, table by table: the reader refuses all others, and the JSON schema for editors is
//! made of the same lists.

mod cluster;
mod form;
mod inputs;
mod results;
mod schema;
mod sweep;

pub use schema::schema;

pub(super) use cluster::CLUSTER;
pub(super) use form::{Form, Key};
pub(super) use inputs::{DRIVE_TYPES, drive_keys};
pub(super) use results::{COMMON, OUTPUT, STATISTICS, SUMMARY, TARGET};
pub(super) use sweep::{GRID, NETWORK, PRIORS, SAMPLES, SIMULATION, SPACES, SWEEP};

use form::{key, names};
use inputs::{BIAS, CONNECTION, ELECTRODE_ARRAY, POSITIONS};

/// The top of the file.
const ROOT: [Key; 16] = [
    key("name", Form::Text, "Name of the sweep [the file's name]"),
    key(
        "save_folder",
        Form::Text,
        "Folder of the results, relative to the working directory [sim_results]",
    ),
    key("network", Form::Table(&NETWORK), "Which network"),
    key(
        "simulation",
        Form::Table(&SIMULATION),
        "How long, how fine, how often",
    ),
    key(
        "sweep",
        Form::Table(&SWEEP),
        "How the grid's lists are combined and stored",
    ),
    key(
        "grid",
        Form::Open(&GRID),
        "Parameters and their values: every combination is simulated",
    ),
    key(
        "samples",
        Form::Table(&SAMPLES),
        "Parameter sets from a file, or drawn from a prior",
    ),
    key(
        "derived",
        Form::Open(&Form::Number),
        "Names of expressions over parameters",
    ),
    key(
        "set",
        Form::Open(&Form::Any),
        "Paths into the network and their values; `value` is what is there: `hnn-sweep network FILE --paths`",
    ),
    key(
        "connection",
        Form::Tables(&CONNECTION),
        "Connections in addition: hnn-core's add_connection",
    ),
    key("drive", Form::Drives, "Inputs: hnn-core's add_*_drive"),
    key(
        "bias",
        Form::Tables(&BIAS),
        "Tonic biases: hnn-core's add_tonic_bias",
    ),
    key(
        "electrode_array",
        Form::Tables(&ELECTRODE_ARRAY),
        "Electrodes: hnn-core's add_electrode_array",
    ),
    key("output", Form::Table(&OUTPUT), "What is kept"),
    key(
        "summary",
        Form::Tables(&SUMMARY),
        "Statistics, each a column of the table `summary`",
    ),
    key(
        "cluster",
        Form::Table(&CLUSTER),
        "How `hnn-sweep submit` asks a cluster for time; no part of what is simulated",
    ),
];

pub const ROOT_KEYS: &[&str] = &names(&ROOT);
pub const NETWORK_KEYS: &[&str] = &names(&NETWORK);
pub const SIMULATION_KEYS: &[&str] = &names(&SIMULATION);
pub const SWEEP_KEYS: &[&str] = &names(&SWEEP);
pub const SAMPLES_KEYS: &[&str] = &names(&SAMPLES);
pub const SPACE_KEYS: &[&str] = &names(&SPACES);
pub const PRIOR_KEYS: &[&str] = &names(&PRIORS);
pub const CONNECTION_KEYS: &[&str] = &names(&CONNECTION);
pub const BIAS_KEYS: &[&str] = &names(&BIAS);
pub const ELECTRODE_ARRAY_KEYS: &[&str] = &names(&ELECTRODE_ARRAY);
pub const POSITION_KEYS: &[&str] = &names(&POSITIONS);
pub const OUTPUT_KEYS: &[&str] = &names(&OUTPUT);
pub const SUMMARY_KEYS: &[&str] = &names(&SUMMARY);
pub const CLUSTER_KEYS: &[&str] = &names(&CLUSTER);
pub const TARGET_KEYS: &[&str] = &names(&TARGET);
