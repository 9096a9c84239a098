//! The keys of a pipeline file, table by table.

/// Keys at the top of the file.
pub const ROOT_KEYS: &[&str] = &[
    "name",
    "save_folder",
    "network",
    "simulation",
    "sweep",
    "grid",
    "samples",
    "derived",
    "set",
    "connection",
    "drive",
    "bias",
    "electrode_array",
    "output",
    "summary",
];

/// Keys of `[network]`.
pub const NETWORK_KEYS: &[&str] = &[
    "model",
    "file",
    "params",
    "add_drives_from_params",
    "mesh_shape",
    "legacy_mode",
    "clear_connectivity",
    "clear_drives",
];

/// Keys of `[simulation]`.
pub const SIMULATION_KEYS: &[&str] = &["tstop", "dt", "n_trials"];

/// Keys of `[sweep]`.
pub const SWEEP_KEYS: &[&str] = &[
    "combinations",
    "batch_size",
    "overwrite",
    "clear_cache",
    "seed_parameters",
];

/// Keys of `[samples]`.
pub const SAMPLES_KEYS: &[&str] = &["file", "columns", "prior", "n", "seed", "method", "strata"];

/// Keys of `[output]`.
pub const OUTPUT_KEYS: &[&str] = &[
    "save_outputs",
    "save_dpl",
    "save_spiking",
    "save_lfp",
    "save_voltages",
    "save_currents",
    "save_calcium",
    "record_vsec",
    "record_isec",
    "record_ca",
    "postproc",
    "trace_precision",
    "decimate",
];

/// Keys of `[[summary]]`.
pub const SUMMARY_KEYS: &[&str] = &[
    "name",
    "statistic",
    "trials",
    "signal",
    "array",
    "contact",
    "smooth",
    "scale",
    "tmin",
    "tmax",
    "cell_type",
    "n",
    "polarity",
    "prominence",
    "fmin",
    "fmax",
    "segment",
    "target",
    "expression",
    "query",
];
