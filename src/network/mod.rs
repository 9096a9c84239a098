//! What is simulated, in the words of hnn-core: cell types, connectivity, drives, biases, electrodes.
//!
//! A [`Network`] is plain data. It is cheap to clone (large parts are shared through [`Arc`]), it is what
//! the solver compiles and what a task's key is computed from. Nothing in this room simulates or reads a clock.

mod attach;
mod cells;
mod connect;
mod connectivity;
mod drive_args;
mod drive_checks;
mod drives;
mod dynamics;
mod electrodes;
mod error;
mod events;
mod exp;
mod geometry;
mod inputs;
mod json;
pub(crate) mod mechanisms;
mod models;
mod params;
mod positions;
pub mod random;
mod run_checks;
mod set;
mod templates;

pub use cells::{
    Cell, CellMetadata, CellNode, CellType, MechValue, Section, SegmentValues, Synapse,
};
pub use connect::{ConnectionFilter, NewConnection, Sources, Targets};
pub use connectivity::{Connection, GidPairs, Gids};
pub use drive_args::{DriveAttachment, DriveCells, SpikeData};
pub use drives::{Drive, PerCellType, TonicBias};
pub use dynamics::{
    Argument, ArgumentMut, ArgumentValue, Bursty, Dynamics, Evoked, Poisson, RateConstant,
};
pub use electrodes::{ElectrodeArray, ElectrodeMethod};
pub use error::NetworkError;
pub(crate) use error::nearest;
pub use events::drive_events;
pub(crate) use exp::{exp, pow};
pub use geometry::{DistanceProfile, SectionChange, nseg_of_length};
pub use inputs::NewTonicBias;
pub use mechanisms::{MECHANISMS, Mechanism, SYNAPSE_MECHANISM};
pub use params::{Model, Params};
pub use positions::{DEFAULT_INPLANE_DISTANCE, DEFAULT_LAYER_SEPARATION};
pub use run_checks::InputName;
pub use set::{SetValue, SettablePath};

use indexmap::IndexMap;
use std::ops::Range;
use std::sync::Arc;

/// Identifier of a cell or of a drive's cell, unique in a network. Real cells come first.
pub type Gid = u32;

/// A network as hnn-core holds it in memory.
///
/// Order matters wherever an [`IndexMap`] is used: it is the order of hnn-core's dictionaries and decides gids.
///
/// ```
/// use hnn_sweep::network::Network;
///
/// let mut network = Network::neymotin_2020([3, 3]);
/// network.add_erp_drives(0.0)?;
/// let types: Vec<&String> = network.cell_types.keys().collect();
/// assert_eq!(types, ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]);
/// // Gids of cells come first, in this order; those of the drives follow.
/// assert_eq!(network.gid_to_type(0), Some("L2_basket"));
/// assert_eq!(network.gid_to_type(network.n_cells()), Some("evdist1"));
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Cell types by name, in the order in which gids were given out.
    pub cell_types: IndexMap<String, Arc<CellType>>,
    /// Gids of each cell type, then of each drive.
    pub gid_ranges: IndexMap<String, Range<Gid>>,
    /// Position (um) of every cell of every cell type and drive, in gid order; without hnn-core's `"origin"`.
    pub pos_dict: IndexMap<String, Arc<Vec<[f64; 3]>>>,
    /// Position (um) of the network's origin, where drives are placed.
    pub origin: [f64; 3],
    /// Pyramidal cells of one layer along x and y (`N_pyr_x`, `N_pyr_y`); scales the dipole's baseline.
    pub mesh_shape: [u32; 2],
    /// Distance (um) of neighbouring pyramidal cells; scales the space constants.
    pub inplane_distance: f64,
    /// Distance (um) of the layers' pyramidal somata.
    pub layer_separation: f64,
    /// Temperature (degC).
    pub celsius: f64,
    /// Firing threshold (mV) of cells without an outgoing connection, and default for new connections.
    pub threshold: f64,
    /// Default synaptic delay (ms) of the models' own connections.
    pub delay: f64,
    /// hnn-core's compatibility mode for files of the old graphical interface.
    pub legacy_mode: bool,
    /// External drives by name.
    pub external_drives: IndexMap<String, Drive>,
    /// Tonic biases: bias name, then cell type.
    pub external_biases: IndexMap<String, IndexMap<String, TonicBias>>,
    /// Connections between cell types and from drives, in hnn-core's order.
    pub connectivity: Vec<Connection>,
    /// Electrode arrays by name.
    pub rec_arrays: IndexMap<String, ElectrodeArray>,
    /// Width (ms) of the Hamming window that `postproc` smooths the dipole with.
    pub dipole_smooth_win: f64,
    /// Factor that `postproc` scales the dipole with.
    pub dipole_scalefctr: f64,
}

impl Network {
    /// Number of real cells.
    pub fn n_cells(&self) -> u32 {
        let types = self
            .cell_types
            .keys()
            .filter_map(|name| self.gid_ranges.get(name));
        types.map(|range| range.len() as u32).sum()
    }

    /// Number of gids that were given out: cells, drive cells, and those of drives that were removed again. It
    /// decides the random streams of all trials but the first.
    pub fn n_gids(&self) -> u32 {
        let ends = self.gid_ranges.values().map(|range| range.end);
        ends.max().unwrap_or(0)
    }

    /// The cell type or drive that a gid belongs to.
    pub fn gid_to_type(&self, gid: Gid) -> Option<&str> {
        self.range_of(gid).map(|(name, _)| name.as_str())
    }

    /// The cell type or drive that a gid belongs to, with all its gids.
    pub(crate) fn range_of(&self, gid: Gid) -> Option<(&String, &Range<Gid>)> {
        let mut ranges = self.gid_ranges.iter();
        ranges.find(|(_, range)| range.contains(&gid))
    }

    /// Gives the next gids to a new cell type or drive.
    pub(crate) fn append_gids(&mut self, name: &str, n: u32) {
        let first = self.n_gids();
        self.gid_ranges.insert(name.into(), first..first + n);
    }
}
