//! Arguments of the functions that add drives: how a drive attaches, and the times of a spike train.

use super::{Drive, Dynamics, NetworkError, PerCellType};
use crate::input::{InputTable, Problem};
use indexmap::{IndexMap, IndexSet};

/// Number of cells of a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveCells {
    /// hnn-core's `"n_cells"`: as many as there are cells of the targeted types.
    NCells,
    /// A number.
    Count(u32),
}

fn by_type<const N: usize>(values: [(&str, f64); N]) -> IndexMap<String, f64> {
    values.map(|(name, value)| (name.into(), value)).into()
}

/// How a drive attaches to the network: the arguments that all drives share.
///
/// ```
/// use hnn_sweep::network::{DriveAttachment, Evoked, Network};
///
/// let mut network = Network::neymotin_2020([3, 3]);
/// let attach = DriveAttachment {
///     event_seed: 544,
///     ..DriveAttachment::evoked("proximal").ampa([("L2_pyramidal", 0.015), ("L5_pyramidal", 0.009)])
/// };
/// network.add_evoked_drive("evprox1", Evoked { mu: 26.61, sigma: 2.47, numspikes: 1 }, attach)?;
/// assert_eq!(network.external_drives["evprox1"].target_types, ["L2_pyramidal", "L5_pyramidal"]);
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DriveAttachment {
    /// A section that all targeted types have, or a group of sections such as `proximal` or `distal`.
    pub location: String,
    /// Number of drive cells; [`DriveCells::NCells`] if and only if `cell_specific`. Spike trains bring their own.
    pub n_drive_cells: DriveCells,
    /// Whether each target cell has a drive cell of its own.
    pub cell_specific: bool,
    /// AMPA weights (uS) by cell type.
    pub weights_ampa: Option<IndexMap<String, f64>>,
    /// NMDA weights (uS) by cell type.
    pub weights_nmda: Option<IndexMap<String, f64>>,
    /// Space constant, in units of the in-plane distance.
    pub space_constant: f64,
    /// Synaptic delays (ms) at the origin.
    pub synaptic_delays: PerCellType,
    /// Probability of each connection, in (0, 1].
    pub probability: PerCellType,
    /// Seed of the event times. Spike trains have none.
    pub event_seed: u64,
    /// Seed of the choice of connections where the probability is below 1.
    pub conn_seed: Option<u64>,
}

impl DriveAttachment {
    /// hnn-core's names of these arguments.
    pub const ARGUMENTS: [&str; 10] = [
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
    ];

    /// hnn-core's defaults for a kind of drive.
    pub(crate) fn of_kind(dynamics: &Dynamics, location: &str) -> Self {
        match dynamics {
            Dynamics::Evoked(_) => Self::evoked(location),
            Dynamics::Poisson(_) => Self::poisson(location),
            Dynamics::Bursty(_) => Self::bursty(location),
            Dynamics::SpikeTrain { .. } => Self::spike_train(location),
        }
    }

    /// hnn-core's defaults for evoked drives: cell-specific, space constant 3.
    pub fn evoked(location: &str) -> Self {
        Self {
            location: location.into(),
            // The two go together: one drive cell for each target is what `cell_specific` means.
            n_drive_cells: DriveCells::NCells,
            cell_specific: true,
            weights_ampa: None,
            weights_nmda: None,
            space_constant: 3.0,
            synaptic_delays: PerCellType::All(0.1),
            probability: PerCellType::All(1.0),
            event_seed: 2,
            conn_seed: Some(3),
        }
    }

    /// hnn-core's defaults for Poisson drives: cell-specific, space constant 100.
    pub fn poisson(location: &str) -> Self {
        Self {
            space_constant: 100.0,
            ..Self::evoked(location)
        }
    }

    /// hnn-core's defaults for bursty drives: one drive cell for all targets, space constant 100.
    pub fn bursty(location: &str) -> Self {
        Self {
            n_drive_cells: DriveCells::Count(1),
            cell_specific: false,
            ..Self::poisson(location)
        }
    }

    /// hnn-core's defaults for spike trains: every drive cell to all targets, space constant 3, no seed.
    pub fn spike_train(location: &str) -> Self {
        Self {
            n_drive_cells: DriveCells::Count(1),
            cell_specific: false,
            event_seed: 0,
            conn_seed: None,
            ..Self::evoked(location)
        }
    }

    /// With AMPA weights (uS) by cell type.
    #[must_use]
    pub fn ampa<const N: usize>(mut self, weights: [(&str, f64); N]) -> Self {
        self.weights_ampa = Some(by_type(weights));
        self
    }

    /// With NMDA weights (uS) by cell type.
    #[must_use]
    pub fn nmda<const N: usize>(mut self, weights: [(&str, f64); N]) -> Self {
        self.weights_nmda = Some(by_type(weights));
        self
    }

    /// With synaptic delays (ms) by cell type.
    #[must_use]
    pub fn delays<const N: usize>(mut self, delays: [(&str, f64); N]) -> Self {
        self.synaptic_delays = PerCellType::Each(by_type(delays));
        self
    }

    /// The drive that these arguments make.
    pub(crate) fn into_drive(
        self,
        dynamics: Dynamics,
        target_types: Vec<String>,
        n_drive_cells: u32,
    ) -> Drive {
        Drive {
            dynamics,
            location: self.location,
            target_types,
            cell_specific: self.cell_specific,
            n_drive_cells,
            weights_ampa: self.weights_ampa,
            weights_nmda: self.weights_nmda,
            synaptic_delays: self.synaptic_delays,
            probability: self.probability,
            space_constant: self.space_constant,
            event_seed: self.event_seed,
            conn_seed: self.conn_seed,
        }
    }

    /// The targeted types: those with a weight.
    pub(crate) fn targets(&self) -> IndexSet<&String> {
        let weights = [&self.weights_ampa, &self.weights_nmda];
        weights
            .into_iter()
            .flatten()
            .flat_map(IndexMap::keys)
            .collect()
    }
}

/// Event times of a spike train drive.
///
/// ```
/// use hnn_sweep::network::SpikeData;
///
/// // Two sources: L2_basket 3 and L5_pyramidal 40.
/// let data = SpikeData::from_spike_file("1.5\t3\tL2_basket\n2.0\t40\tL5_pyramidal\n7.5\t3\tL2_basket\n")?;
/// let SpikeData::Sources(sources) = data else { panic!() };
/// assert_eq!(sources.values().cloned().collect::<Vec<_>>(), [vec![1.5, 7.5], vec![2.0]]);
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum SpikeData {
    /// Times (ms) by source, in the order that gives the drive cells their numbers.
    Sources(IndexMap<String, Vec<f64>>),
    /// Pairs of time (ms) and source; the sources are renumbered in ascending order.
    Pairs(Vec<(f64, i64)>),
}

impl SpikeData {
    /// The content of one of hnn-core's spike files (`CellResponse.write`): a time (ms), a gid and a type per line.
    /// Each pair of type and gid is a source, numbered by first appearance.
    ///
    /// # Errors
    /// A line of another form, with its number.
    pub fn from_spike_file(text: &str) -> Result<Self, NetworkError> {
        InputTable::of_text(text)
            .and_then(|table| Self::of_table(&table))
            .map_err(|problem| NetworkError::file("spikes", problem.to_string()))
    }

    /// The same of a table: its columns `time`, `gid` and `cell_type` (or `type`), or three columns in this order.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn of_table(table: &InputTable) -> Result<Self, Problem> {
        if table.n_rows() == 0 {
            return Ok(Self::Sources(IndexMap::new()));
        }
        let named = [
            table.find(&["time", "times", "spike_times"]),
            table.find(&["gid", "gids", "spike_gids"]),
            table.find(&["cell_type", "type", "spike_types"]),
        ];
        let [time, gid, kind] = match (named, table.n_columns()) {
            ([Some(time), Some(gid), Some(kind)], _) => [time, gid, kind],
            (_, 3) => [0, 1, 2],
            (_, n) => {
                return Err(Problem {
                    what: format!(
                        "{} has {n} values; a spike has a time, a gid and a type",
                        table.row(0)
                    ),
                    help: Some("files without types are too old: add a third column with the type of each cell".into()),
                });
            }
        };
        let gids = table.whole_numbers(gid)?;
        let times = table.numbers(time)?;
        let kinds = table.words(kind)?;
        let mut sources = IndexMap::<String, Vec<f64>>::new();
        for ((time, gid), kind) in times.into_iter().zip(gids).zip(kinds) {
            // A gid alone is no source: files of several networks use it for cells of different
            // types.
            let source = format!("{kind}_GID{gid}");
            sources.entry(source).or_default().push(time);
        }
        Ok(Self::Sources(sources))
    }
}

impl Drive {
    /// The arguments that attached the drive.
    pub fn attachment(&self) -> DriveAttachment {
        DriveAttachment {
            location: self.location.clone(),
            n_drive_cells: match self.cell_specific {
                true => DriveCells::NCells,
                false => DriveCells::Count(self.n_drive_cells),
            },
            cell_specific: self.cell_specific,
            weights_ampa: self.weights_ampa.clone(),
            weights_nmda: self.weights_nmda.clone(),
            space_constant: self.space_constant,
            synaptic_delays: self.synaptic_delays.clone(),
            probability: self.probability.clone(),
            event_seed: self.event_seed,
            conn_seed: self.conn_seed,
        }
    }
}
