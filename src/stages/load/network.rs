//! What of a simulated network is kept beside its results.

use super::super::error::RunError;
use super::super::key::canon::{self, CanonValue};
use super::Loader;
use crate::network::{ElectrodeArray, ElectrodeMethod, Gid};
use crate::store::Hash;
use indexmap::IndexMap;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// The parts of a simulated network that its results are read with. All of it: `plan::explain::of_set`.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredNetwork {
    /// End of the simulation (ms).
    pub tstop: f64,
    /// Time step (ms).
    pub dt: f64,
    /// Pyramidal cells of one layer along x and y.
    pub mesh_shape: [u32; 2],
    /// Names of the cell types; the other names of `gid_ranges` are drives.
    pub cell_types: Vec<String>,
    /// Gids of each cell type, then of each drive.
    pub gid_ranges: IndexMap<String, Range<Gid>>,
    /// Position (um) of every cell of every cell type and drive, in gid order.
    pub positions: IndexMap<String, Vec<[f64; 3]>>,
    /// Electrode arrays by name.
    pub electrodes: IndexMap<String, ElectrodeArray>,
}

impl StoredNetwork {
    /// Gids of the real cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = Gid> {
        let ranges = self
            .cell_types
            .iter()
            .filter_map(|t| self.gid_ranges.get(t));
        ranges.flat_map(Clone::clone)
    }
}

impl Loader {
    /// The networks of some points, in order; `None` where the specification is not in the folder any more.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged.
    pub fn networks(&self, points: Range<usize>) -> Result<Vec<Option<StoredNetwork>>, RunError> {
        let sims = &self.store.state().sims;
        let sets: Vec<Option<Hash>> = points
            .filter_map(|point| self.point(point))
            .map(|(sim, _)| Some(sims.get(sim as usize)?.set))
            .collect();
        let mut known = BTreeMap::new();
        // In three steps down the tree of blobs, each reading all points' parts at once.
        self.follow(&mut known, sets.iter().flatten().copied().collect())?;
        let of_sets = |known: &BTreeMap<Hash, CanonValue>| -> HashSet<Hash> {
            let networks = sets
                .iter()
                .flatten()
                .filter_map(|set| link(known.get(set)?, "network"));
            networks.collect()
        };
        let networks = of_sets(&known);
        self.follow(&mut known, networks.clone())?;
        let positions = networks
            .iter()
            .filter_map(|hash| known.get(hash)?.get("positions"));
        let positions =
            positions.flat_map(|positions| fields(positions).filter_map(|(_, v)| hash(v)));
        let positions = positions.collect();
        self.follow(&mut known, positions)?;
        Ok(sets
            .iter()
            .map(|set| of_set(known.get(set.as_ref()?)?, &known))
            .collect())
    }

    /// Reads what hashes stand for.
    fn follow(
        &self,
        known: &mut BTreeMap<Hash, CanonValue>,
        wanted: HashSet<Hash>,
    ) -> Result<(), RunError> {
        for (hash, bytes) in self.store.blobs(&wanted)? {
            // What does not hash back to its name is not what was simulated.
            // A missing part leaves its point without a network; results are read all the same.
            if Hash::of(&bytes) == hash
                && let Some(value) = canon::read(&bytes)
            {
                known.insert(hash, value);
            }
        }
        Ok(())
    }
}

fn of_set(set: &CanonValue, known: &BTreeMap<Hash, CanonValue>) -> Option<StoredNetwork> {
    let network = known.get(&link(set, "network")?)?;
    let gid_ranges = fields(network.get("gids")?)
        .map(|(name, range)| match range {
            CanonValue::Ints(ends) => Some((name.clone(), *ends.first()?..*ends.get(1)?)),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let positions = fields(network.get("positions")?)
        .map(|(name, link)| Some((name.clone(), points(known.get(&hash(link)?)?)?)))
        .collect::<Option<_>>()?;
    let electrodes = fields(network.get("electrodes")?)
        .map(|(name, array)| Some((name.clone(), electrodes(array)?)))
        .collect::<Option<_>>()?;
    let mesh_shape = match network.get("mesh_shape")? {
        CanonValue::Ints(shape) => [*shape.first()?, *shape.get(1)?],
        _ => return None,
    };
    Some(StoredNetwork {
        tstop: float(set.get("tstop")?)?,
        dt: float(set.get("dt")?)?,
        mesh_shape,
        cell_types: fields(network.get("cells")?)
            .map(|(name, _)| name.clone())
            .collect(),
        gid_ranges,
        positions,
        electrodes,
    })
}

fn electrodes(array: &CanonValue) -> Option<ElectrodeArray> {
    let method = match array.get("method")? {
        CanonValue::Text(name) if name == "psa" => Some(ElectrodeMethod::Psa),
        CanonValue::Text(name) if name == "lsa" => Some(ElectrodeMethod::Lsa),
        // hnn-core's test mode: currents are summed without an approximation.
        CanonValue::None => None,
        _ => return None,
    };
    Some(ElectrodeArray {
        positions: points(array.get("positions")?)?,
        conductivity: float(array.get("conductivity")?)?,
        method,
        min_distance: float(array.get("min_distance")?)?,
    })
}

fn fields(value: &CanonValue) -> impl Iterator<Item = &(String, CanonValue)> {
    match value {
        CanonValue::Map(fields) => fields.iter(),
        _ => [].iter(),
    }
}

fn hash(value: &CanonValue) -> Option<Hash> {
    match value {
        CanonValue::Link(hash) => Some(*hash),
        _ => None,
    }
}

fn link(value: &CanonValue, name: &str) -> Option<Hash> {
    value.get(name).and_then(hash)
}

fn float(value: &CanonValue) -> Option<f64> {
    match value {
        CanonValue::Float(x) => Some(*x),
        _ => None,
    }
}

fn points(value: &CanonValue) -> Option<Vec<[f64; 3]>> {
    match value {
        CanonValue::Floats(numbers) => Some(
            numbers
                .chunks_exact(3)
                .filter_map(|p| p.try_into().ok())
                .collect(),
        ),
        _ => None,
    }
}
