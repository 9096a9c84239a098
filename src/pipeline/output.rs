//! `[output]`: what is kept of every simulation.

use super::error::PipelineError;
use super::keys::OUTPUT_KEYS;
use super::reader::{Place, TomlItem, TomlTable};
use crate::network::Network;
use crate::solver::{Record, Trial};

/// Floating-point type of stored voltages, currents and calcium.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    #[default]
    Float32,
    /// 64 bits.
    Float64,
}

/// What is kept of every simulation, in hnn-core's words.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Whether anything but summaries is kept; with `false` all `save_*` below are `false`.
    pub save_outputs: bool,
    /// Dipole moments.
    pub save_dpl: bool,
    /// Spikes of cells and drives.
    pub save_spiking: bool,
    /// Potentials at the electrode arrays.
    pub save_lfp: bool,
    /// Membrane potentials.
    pub save_voltages: bool,
    /// Synaptic currents.
    pub save_currents: bool,
    /// Calcium concentrations.
    pub save_calcium: bool,
    /// Sections whose potentials are recorded; off unless `save_voltages`.
    pub record_vsec: Record,
    /// Sections whose synaptic currents are recorded; off unless `save_currents`.
    pub record_isec: Record,
    /// Sections whose calcium is recorded; off unless `save_calcium`.
    pub record_ca: Record,
    /// Whether dipoles are smoothed and scaled with the network's `dipole_smooth_win` and `dipole_scalefctr`.
    pub postproc: bool,
    /// Type of stored traces.
    pub trace_precision: Precision,
    /// Every how many samples traces are stored.
    pub decimate: u32,
    /// Places of keys, for errors.
    places: Places,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Places {
    lfp: Option<Place>,
    calcium: Option<Place>,
    postproc: Option<Place>,
}

impl Default for Output {
    /// hnn-core's defaults, except that outputs are saved.
    fn default() -> Self {
        Self {
            save_outputs: true,
            save_dpl: true,
            save_spiking: false,
            save_lfp: false,
            save_voltages: false,
            save_currents: false,
            save_calcium: false,
            record_vsec: Record::Off,
            record_isec: Record::Off,
            record_ca: Record::Off,
            postproc: false,
            trace_precision: Precision::Float32,
            decimate: 1,
            places: Places::default(),
        }
    }
}

impl Output {
    pub(super) fn read(item: Option<&TomlItem>) -> Result<Self, PipelineError> {
        let mut output = Self::default();
        let Some(item) = item else {
            return Ok(output);
        };
        let table = TomlTable::new(item, OUTPUT_KEYS)?;
        output.save_outputs = table.bool_or("save_outputs", true)?;
        let all = output.save_outputs;
        if !all {
            // Asking for an output and for none at all cannot both be meant.
            for key in OUTPUT_KEYS.iter().filter(|k| k.starts_with("save_")) {
                if let Some(item) = table.get(key).filter(|_| *key != "save_outputs")
                    && item.bool()?
                {
                    return Err(item
                        .error(format!(
                            "`{key} = true`, but save_outputs = false keeps summaries only"
                        ))
                        .with_help(format!("remove `save_outputs = false`, or `{key}`")));
                }
            }
        }
        output.save_dpl = all && table.bool_or("save_dpl", true)?;
        output.save_spiking = all && table.bool_or("save_spiking", false)?;
        output.save_lfp = all && table.bool_or("save_lfp", false)?;
        output.postproc = table.bool_or("postproc", false)?;
        (output.save_voltages, output.record_vsec) =
            read_trace(&table, all, "save_voltages", "record_vsec")?;
        (output.save_currents, output.record_isec) =
            read_trace(&table, all, "save_currents", "record_isec")?;
        (output.save_calcium, output.record_ca) =
            read_trace(&table, all, "save_calcium", "record_ca")?;
        if let Some(item) = table.get("trace_precision") {
            output.trace_precision = match item.word(&["float32", "float64"])? {
                "float64" => Precision::Float64,
                _ => Precision::Float32,
            };
        }
        if let Some(item) = table.get("decimate") {
            let value = item.integer_in(1..1_000_001)?;
            output.decimate = u32::try_from(value).unwrap_or(1);
        }
        output.places = Places {
            lfp: table.get("save_lfp").map(|i| i.place),
            calcium: table
                .get("save_calcium")
                .or_else(|| table.get("record_ca"))
                .map(|i| i.place),
            postproc: table.get("postproc").map(|i| i.place),
        };
        Ok(output)
    }

    /// The trial of a simulation that records what is kept.
    pub fn trial(&self, tstop: f64, dt: f64, trial: u32) -> Trial {
        Trial {
            tstop,
            dt,
            trial,
            record_vsec: self.record_vsec,
            record_isec: self.record_isec,
            record_ca: self.record_ca,
            record_lfp: self.save_lfp,
        }
    }

    pub(super) fn postproc_place(&self) -> Place {
        self.places.postproc.clone().unwrap_or_default()
    }

    /// Where the file has the key of an output that can be impossible.
    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        match key {
            "save_lfp" => self.places.lfp.as_ref(),
            _ => self.places.calcium.as_ref(),
        }
    }

    /// Why a network cannot give these outputs: key, words and help.
    pub(super) fn impossible(
        &self,
        network: &Network,
    ) -> Option<(&'static str, &'static str, &'static str)> {
        if self.save_lfp && network.rec_arrays.is_empty() {
            return Some((
                "save_lfp",
                "needs an electrode array, and the network has none",
                "add an [[electrode_array]] with `name` and `electrode_pos`",
            ));
        }
        if self.save_calcium {
            let has_calcium = |section: &str, all: bool| {
                network.cell_types.values().any(|t| {
                    t.cell
                        .sections
                        .iter()
                        .any(|(name, s)| (all || name == section) && crate::solver::has_calcium(s))
                })
            };
            // hnn-core stores empty dictionaries here; an empty table would be found out after days
            // only.
            if !has_calcium("soma", self.record_ca == Record::All) {
                return Some(if has_calcium("soma", true) {
                    (
                        "save_calcium",
                        "needs calcium in a soma, and it is only in other sections",
                        "set record_ca = \"all\"",
                    )
                } else {
                    (
                        "save_calcium",
                        "needs a cell with calcium (`ca`, `cad` or `kca`), and the network has none",
                        "remove the key",
                    )
                });
            }
        }
        None
    }
}

/// Reads a `save_*` key with its `record_*` key: either turns the other on.
fn read_trace(
    table: &TomlTable,
    all: bool,
    save: &str,
    record: &str,
) -> Result<(bool, Record), PipelineError> {
    let recorded = match table.get(record) {
        None => None,
        Some(item) if item.is_bool() => {
            if item.bool()? {
                return Err(item
                    .error(format!(
                        "{} must be false, \"soma\" or \"all\", not true",
                        item.describe()
                    ))
                    .with_help("write \"soma\" or \"all\""));
            }
            Some(Record::Off)
        }
        Some(item) => Some(match item.word(&["soma", "all"])? {
            "all" => Record::All,
            _ => Record::Soma,
        }),
    };
    // `record_vsec = "soma"` alone asks for the table, too.
    let Some(item) = table.get(save) else {
        let on = all && recorded.is_some_and(|r| r != Record::Off);
        return Ok((
            on,
            if on {
                recorded.unwrap_or_default()
            } else {
                Record::Off
            },
        ));
    };
    match (item.bool()? && all, recorded) {
        (true, Some(Record::Off)) => Err(item
            .error(format!(
                "`{save} = true`, but `{record} = false` records nothing"
            ))
            .with_help(format!("set {record} = \"soma\" or \"all\", or remove it"))),
        (true, recorded) => Ok((true, recorded.unwrap_or(Record::Soma))),
        (false, _) => Ok((false, Record::Off)),
    }
}
