//! The simulations of one file, and what is stored of them.

use super::has_rows;
use crate::pipeline::ParamValue;
use crate::stages::{LoadedSimulation, Loader, RunError, StoredNetwork};
use crate::store::Table;
use std::collections::BTreeMap;

/// Simulations of one file.
pub struct FileBatch<'a> {
    loader: &'a Loader,
    /// Points that are in it.
    pub points: &'a [usize],
    networks: BTreeMap<usize, StoredNetwork>,
    /// Most simulations of a file.
    pub batch_size: u32,
}

impl<'a> FileBatch<'a> {
    /// Those points, at most `batch_size`, of a sweep.
    pub fn new(loader: &'a Loader, points: &'a [usize], batch_size: u32) -> Result<Self, RunError> {
        // From the first to the last: networks are read in one go, those of points left out too.
        let range = match (points.first(), points.last()) {
            (Some(first), Some(last)) => *first..*last + 1,
            _ => 0..0,
        };
        let networks = range.clone().zip(loader.networks(range)?);
        let networks = networks
            .filter_map(|(point, network)| Some((point, network?)))
            .collect();
        Ok(Self {
            loader,
            points,
            networks,
            batch_size,
        })
    }

    /// Trials of each simulation.
    pub fn n_trials(&self) -> u32 {
        self.loader.n_trials()
    }

    /// Names and values of a point's parameters.
    pub fn values(&self, point: usize) -> Vec<(String, ParamValue)> {
        self.loader.values(point)
    }

    /// Names of the parameters.
    pub fn parameters(&self) -> Vec<&str> {
        self.loader
            .parameters()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Value of a parameter at a point.
    pub fn value(&self, point: usize, name: &str) -> Option<ParamValue> {
        let mut values = self.values(point).into_iter();
        values.find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Tables that the sweep has stored.
    pub fn tables(&self) -> Vec<Table> {
        self.loader.tables()
    }

    /// The network of a point.
    pub fn network(&self, point: usize) -> Result<&StoredNetwork, RunError> {
        self.networks.get(&point).ok_or_else(|| RunError::Input {
            what: format!("the specification of point {point} is not in the folder any more"),
            help: "it comes back when the simulation is run again".into(),
        })
    }

    /// Visits the simulations with their rows of a table.
    pub fn for_each(
        &self,
        table: Table,
        visit: &mut dyn FnMut(&LoadedSimulation) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return Ok(());
        };
        // Left out are points that are not complete; they lie between the others.
        let mut visit = |simulation: LoadedSimulation| {
            if self.points.binary_search(&simulation.point).is_err() {
                return Ok(());
            }
            for trial in &simulation.trials {
                has_rows(&simulation, trial, table)?;
            }
            visit(&simulation)
        };
        self.loader
            .for_each(*first..*last + 1, &[table], &mut visit)
    }

    /// The first simulation with its rows of a table.
    pub fn first(&self, table: Table) -> Result<Option<LoadedSimulation>, RunError> {
        let Some(first) = self.points.first() else {
            return Ok(None);
        };
        let mut loaded = self.loader.load(*first..*first + 1, &[table])?;
        Ok(loaded.pop())
    }
}
