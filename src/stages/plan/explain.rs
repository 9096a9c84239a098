//! Stored tasks in words: what a key stands for, and how two differ.

use super::super::error::RunError;
use super::super::expand::GridPoint;
use super::super::key::{
    Fingerprinter,
    canon::{self, CanonValue},
};
use crate::pipeline::Pipeline;
use crate::store::{Hash, Store, StoreError};
use std::collections::{BTreeMap, HashSet};

/// The resolved specification of a grid's point.
///
/// # Errors
/// If the point cannot be bound.
pub fn of_point(pipeline: &Pipeline, point: &GridPoint) -> Result<CanonValue, RunError> {
    let bound = pipeline.bind(&point.values)?;
    let fingerprint = Fingerprinter::default()
        .fingerprint(&bound.network, bound.tstop, bound.dt)
        .map_err(|nan| RunError::Input {
            what: nan.to_string(),
            help: "check the expressions of the pipeline file".into(),
        })?;
    let blobs: BTreeMap<Hash, Vec<u8>> = fingerprint
        .spec(0)
        .into_iter()
        .map(|blob| (blob.hash, blob.bytes.to_vec()))
        .collect();
    Ok(resolve(&fingerprint.set, &blobs).unwrap_or(CanonValue::Link(fingerprint.set)))
}

/// The stored specification of a parameter set; `None` if no task of it was kept.
///
/// # Errors
/// If a file cannot be read or is damaged.
pub fn of_set(store: &Store, set: &Hash) -> Result<Option<CanonValue>, StoreError> {
    let mut blobs = BTreeMap::new();
    let mut wanted = HashSet::from([*set]);
    // Level by level down the links: each look at the files brings all parts of a level.
    while !wanted.is_empty() {
        let found = store.blobs(&wanted)?;
        wanted = found
            .values()
            .flat_map(|bytes| links_of(bytes))
            .filter(|hash| !blobs.contains_key(hash) && !found.contains_key(hash))
            .collect();
        blobs.extend(found);
    }
    Ok(resolve(set, &blobs))
}

fn resolve(set: &Hash, blobs: &BTreeMap<Hash, Vec<u8>>) -> Option<CanonValue> {
    let mut load = |hash: &Hash| {
        let bytes = blobs.get(hash)?;
        // What does not hash back to its name is not what was simulated.
        (Hash::of(bytes) == *hash).then(|| canon::read(bytes))?
    };
    Some(load(set)?.resolve(&mut load))
}

/// The parts that a stored specification names.
pub fn links_of(bytes: &[u8]) -> Vec<Hash> {
    canon::read(bytes).map_or_else(Vec::new, |value| links(&value))
}

fn links(value: &CanonValue) -> Vec<Hash> {
    match value {
        CanonValue::Link(hash) => vec![*hash],
        CanonValue::List(items) => items.iter().flat_map(links).collect(),
        CanonValue::Map(fields) => fields.iter().flat_map(|(_, value)| links(value)).collect(),
        _ => Vec::new(),
    }
}
