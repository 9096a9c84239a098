//! The identity of a task: canonical bytes of everything that decides its result, and their blake3 hash.
//!
//! | in the key | not in the key |
//! |---|---|
//! | format of these bytes, version of the numerics | version of the program, machine, threads, instruction set |
//! | cells, positions, connections, drives with their seeds, biases, electrodes | what only served to build them (see the skipped fields below) |
//! | trial, tstop, dt | paths, the clock |
//! | | names of grid parameters, wanted outputs, summaries |
//!
//! A task is a tree of blobs that link to each other by hash, so that the tasks of a sweep share nearly all of it:
//! `task → {trial, set}`, `set → {format, numerics, tstop, dt, network}`, `network → {cells, connections, …}`.
//! Every struct is destructured in full: a new field does not compile until somebody decides about it.

use super::canon::{self, Canonical, Writer};
use super::parts::{write_gids, write_map, write_points};
use crate::network::{
    Bursty, CellMetadata, CellType, Connection, Drive, Dynamics, Evoked, Gid, GidPairs, Gids,
    Network, Poisson,
};
use crate::solver::NUMERICS_VERSION;
use crate::store::{Blob, Hash};
use indexmap::IndexMap;
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// Version of the canonical bytes.
///
/// 1: first version.
pub const FORMAT_VERSION: u32 = 1;

/// Shared parts whose hashes are remembered at a time; a sweep shares far fewer.
const REMEMBERED: usize = 1024;

/// A value that has no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} is NaN, which cannot be simulated")]
pub struct NotANumber {
    /// Path of the value in the network.
    pub path: String,
}

/// Identity of one parameter set: all of a task but its trial.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// Hash of the set; its trials are the tasks, see [`Fingerprint::key`].
    pub set: Hash,
    blobs: Vec<Blob>,
}

impl Fingerprint {
    /// Key of a trial's task.
    pub fn key(&self, trial: u32) -> Hash {
        task_key(&self.set, trial)
    }

    /// The canonical bytes of a trial's task: blobs that link to each other by hash.
    pub fn spec(&self, trial: u32) -> Vec<Blob> {
        let mut spec = self.blobs.clone();
        spec.push(task_blob(&self.set, trial));
        spec
    }
}

/// Key of a trial's task in a parameter set.
pub fn task_key(set: &Hash, trial: u32) -> Hash {
    task_blob(set, trial).hash
}

fn task_blob(set: &Hash, trial: u32) -> Blob {
    let mut w = Writer::default();
    w.map(|w| {
        w.field("trial", &trial);
        w.field("set", set);
    });
    Blob::new(w.finish().0)
}

/// Computes fingerprints; remembers the hashes of parts that networks share.
///
/// ```
/// use hnn_sweep::{network::Network, stages::key::Fingerprinter};
///
/// let mut prints = Fingerprinter::default();
/// let mut network = Network::neymotin_2020([3, 3]);
/// let before = prints.fingerprint(&network, 170.0, 0.025)?;
/// network.set("celsius", 36.0.into()).unwrap();
/// let after = prints.fingerprint(&network, 170.0, 0.025)?;
/// assert_ne!(before.key(0), after.key(0));
/// # Ok::<(), hnn_sweep::stages::key::fingerprint::NotANumber>(())
/// ```
#[derive(Default)]
pub struct Fingerprinter {
    shared: HashMap<(usize, Part), Shared>,
    /// Blobs of the task; `None` while only its hash is asked for.
    blobs: Option<Vec<Blob>>,
    nan: Option<NotANumber>,
    /// Connections of the last network whose hash was asked for: most are those of the next, too.
    last: Vec<(Connection, Hash)>,
    /// Likewise its positions.
    last_positions: Vec<(Arc<Vec<[f64; 3]>>, Hash)>,
    /// Memory for canonical bytes that are not kept.
    buffer: Vec<u8>,
}

/// What a remembered pointer stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    CellType,
    Positions,
    Gids,
    Pairs,
    Events,
}

struct Shared {
    hash: Hash,
    /// `None` if it was written while only hashes were asked for.
    blob: Option<Blob>,
    /// Keeps the part alive, so that its address cannot come to mean something else.
    _owner: Arc<dyn Any + Send + Sync>,
}

impl Fingerprinter {
    /// Fingerprint of a parameter set.
    ///
    /// # Errors
    /// [`NotANumber`] if any value is NaN.
    pub fn fingerprint(
        &mut self,
        network: &Network,
        tstop: f64,
        dt: f64,
    ) -> Result<Fingerprint, NotANumber> {
        self.blobs = Some(Vec::new());
        let set = self.identity(network, tstop, dt)?;
        let blobs = self.blobs.take().unwrap_or_default();
        Ok(Fingerprint { set, blobs })
    }

    /// Hash of a parameter set, without its canonical bytes: for grids of a million points.
    ///
    /// # Errors
    /// [`NotANumber`] if any value is NaN.
    pub fn set(&mut self, network: &Network, tstop: f64, dt: f64) -> Result<Hash, NotANumber> {
        self.blobs = None;
        self.identity(network, tstop, dt)
    }

    fn identity(&mut self, network: &Network, tstop: f64, dt: f64) -> Result<Hash, NotANumber> {
        self.nan = None;
        let network = self.network(network);
        let set = self.blob("simulation", |w| {
            w.map(|w| {
                w.field("format", &FORMAT_VERSION);
                w.field("numerics", &NUMERICS_VERSION);
                w.field("tstop", &tstop);
                w.field("dt", &dt);
                w.field("network", &network);
            });
        });
        match self.nan.take() {
            Some(nan) => Err(nan),
            None => Ok(set),
        }
    }

    fn network(&mut self, network: &Network) -> Hash {
        let Network {
            cell_types,
            gid_ranges,
            pos_dict,
            origin: _, // only where new drives are placed; the places are in pos_dict
            mesh_shape,
            inplane_distance,
            layer_separation: _, // only where cells are placed; the places are in pos_dict
            celsius,
            threshold,
            delay: _,       // only a default for new connections; each has its own
            legacy_mode: _, // only how drives were built from a file
            external_drives,
            external_biases,
            connectivity,
            rec_arrays,
            dipole_smooth_win: _, // postprocessing; the store keeps the dipole as simulated
            dipole_scalefctr: _,  // likewise
        } = network;
        // Parts first: a part's hash must be known before what links to it is written.
        let cells = links(cell_types, |cell| self.cell_type(cell));
        let mut place = 0..;
        let positions = links(pos_dict, |pos| {
            let place = place.next().unwrap_or_default();
            self.positions_at(place, pos)
        });
        let drives: Vec<(&str, Hash)> = external_drives
            .iter()
            .map(|(name, drive)| (name.as_str(), self.drive(name, drive)))
            .collect();
        let places = connectivity.iter().enumerate();
        let connections: Vec<Hash> = places.map(|(i, c)| self.connection_at(i, c)).collect();
        let connectivity = self.blob("connections", |w| {
            w.list(|w| connections.iter().for_each(|hash| w.link(hash)));
        });
        self.blob("network", |w| {
            w.map(|w| {
                w.field_with("cells", |w| write_links(w, &cells));
                w.field_with("gids", |w| write_map(w, gid_ranges));
                w.field_with("positions", |w| write_links(w, &positions));
                w.field_with("mesh_shape", |w| w.ints(mesh_shape.iter().copied()));
                w.field("inplane_distance", inplane_distance);
                w.field("celsius", celsius);
                w.field("threshold", threshold);
                w.field_with("drives", |w| write_links(w, &drives));
                w.field_with("biases", |w| {
                    w.map(|w| {
                        for (name, by_type) in external_biases {
                            w.field_with(name, |w| write_map(w, by_type));
                        }
                    });
                });
                w.field("connections", &connectivity);
                w.field_with("electrodes", |w| write_map(w, rec_arrays));
            });
        })
    }

    fn cell_type(&mut self, cell: &Arc<CellType>) -> Hash {
        self.shared(Part::CellType, cell, "cells", |w| {
            let CellType { cell, metadata } = &**cell;
            let CellMetadata {
                morpho_type: _,  // words about the type; what follows from them is in the connections
                electro_type: _, // likewise
                layer: _,        // likewise
                measure_dipole,
                reference: _, // a citation
            } = metadata;
            w.map(|w| {
                w.field("measure_dipole", measure_dipole);
                w.field("cell", cell);
            });
        })
    }

    /// Hash of the i-th population's positions. Those of drives are made anew for each network, equal as they are.
    fn positions_at(&mut self, i: usize, positions: &Arc<Vec<[f64; 3]>>) -> Hash {
        if self.blobs.is_some() {
            return self.positions(positions);
        }
        match self.last_positions.get(i) {
            Some((last, hash)) if Arc::ptr_eq(last, positions) || last == positions => *hash,
            _ => {
                let entry = (Arc::clone(positions), self.positions(positions));
                let hash = entry.1;
                match self.last_positions.get_mut(i) {
                    Some(place) => *place = entry,
                    None => self.last_positions.push(entry),
                }
                hash
            }
        }
    }

    fn positions(&mut self, positions: &Arc<Vec<[f64; 3]>>) -> Hash {
        self.shared(Part::Positions, positions, "positions", |w| {
            write_points(w, positions)
        })
    }

    fn drive(&mut self, name: &str, drive: &Drive) -> Hash {
        let Drive {
            dynamics,
            location: _,     // how it attaches is in its connections
            target_types: _, // likewise
            cell_specific,
            n_drive_cells,
            weights_ampa: _,    // likewise
            weights_nmda: _,    // likewise
            synaptic_delays: _, // likewise
            probability: _,     // likewise
            space_constant: _,  // likewise
            event_seed,
            conn_seed: _, // likewise
        } = drive;
        // Apart from the drive, as trains may be long and are the same at every point.
        let events = match dynamics {
            Dynamics::SpikeTrain { events } => Some(self.events(events)),
            _ => None,
        };
        self.blob(name, |w| {
            w.map(|w| {
                match dynamics {
                    Dynamics::Evoked(Evoked {
                        mu,
                        sigma,
                        numspikes,
                    }) => {
                        w.field("type", "evoked");
                        w.field("mu", mu);
                        w.field("sigma", sigma);
                        w.field("numspikes", numspikes);
                    }
                    Dynamics::Poisson(Poisson {
                        tstart,
                        tstop,
                        rate_constant,
                    }) => {
                        w.field("type", "poisson");
                        w.field("tstart", tstart);
                        w.field("tstop", tstop);
                        w.field("rate_constant", rate_constant);
                    }
                    Dynamics::Bursty(Bursty {
                        tstart,
                        tstart_std,
                        tstop,
                        burst_rate,
                        burst_std,
                        numspikes,
                        spike_isi,
                    }) => {
                        w.field("type", "bursty");
                        w.field("tstart", tstart);
                        w.field("tstart_std", tstart_std);
                        w.field("tstop", tstop);
                        w.field("burst_rate", burst_rate);
                        w.field("burst_std", burst_std);
                        w.field("numspikes", numspikes);
                        w.field("spike_isi", spike_isi);
                    }
                    Dynamics::SpikeTrain { events: _ } => {
                        w.field("type", "spike_train");
                        w.field("events", &events);
                    }
                }
                w.field("cell_specific", cell_specific);
                w.field("n_drive_cells", n_drive_cells);
                w.field("event_seed", event_seed);
            });
        })
    }

    fn events(&mut self, events: &Arc<Vec<Vec<f64>>>) -> Hash {
        self.shared(Part::Events, events, "events", |w| {
            w.list(|w| {
                events
                    .iter()
                    .for_each(|cell| w.floats(cell.iter().copied()))
            });
        })
    }

    /// Hash of the i-th connection. To compare it with that of the last network costs less than to write it.
    fn connection_at(&mut self, i: usize, connection: &Connection) -> Hash {
        if self.blobs.is_some() {
            return self.connection(connection);
        }
        match self.last.get(i) {
            Some((last, hash)) if last == connection => *hash,
            _ => {
                let hash = self.connection(connection);
                match self.last.get_mut(i) {
                    Some(place) => *place = (connection.clone(), hash),
                    None => self.last.push((connection.clone(), hash)),
                }
                hash
            }
        }
    }

    fn connection(&mut self, connection: &Connection) -> Hash {
        let Connection {
            src_type,
            target_type,
            src_gids,
            target_gids,
            gid_pairs,
            loc,
            receptor,
            weight,
            delay,
            lamtha,
            threshold,
            gain,
            allow_autapses: _, // what it left out is not among the pairs
            probability: _,    // likewise
        } = connection;
        let src_list = self.gid_list(src_gids);
        let target_list = self.gid_list(target_gids);
        let pairs = match gid_pairs {
            GidPairs::Explicit(pairs) => Some(self.pairs(pairs)),
            _ => None,
        };
        self.blob("connections", |w| {
            w.map(|w| {
                w.field("src", src_type.as_str());
                w.field("target", target_type.as_str());
                w.field("location", loc.as_str());
                w.field("receptor", receptor.as_str());
                w.field_with("src_gids", |w| write_gids(w, src_gids, &src_list));
                w.field_with("target_gids", |w| write_gids(w, target_gids, &target_list));
                w.field_with("pairs", |w| match gid_pairs {
                    GidPairs::AllToAll {
                        src,
                        target,
                        autapses,
                    } => w.map(|w| {
                        w.field("kind", "all_to_all");
                        w.field("src", src);
                        w.field("target", target);
                        w.field("autapses", autapses);
                    }),
                    GidPairs::OneToOne { src, target } => w.map(|w| {
                        w.field("kind", "one_to_one");
                        w.field("src", src);
                        w.field("target", target);
                    }),
                    GidPairs::Explicit(_) => pairs.write(w),
                });
                w.field("weight", weight);
                w.field("delay", delay);
                w.field("lamtha", lamtha);
                w.field("threshold", threshold);
                w.field("gain", gain);
            });
        })
    }

    fn gid_list(&mut self, gids: &Gids) -> Option<Hash> {
        match gids {
            Gids::Range(_) => None,
            Gids::List(list) => Some(self.shared(Part::Gids, list, "gids", |w| {
                w.ints(list.iter().copied());
            })),
        }
    }

    fn pairs(&mut self, pairs: &Arc<Vec<(Gid, Vec<Gid>)>>) -> Hash {
        self.shared(Part::Pairs, pairs, "pairs", |w| {
            w.list(|w| {
                for (src, targets) in pairs.iter() {
                    w.int((*src).into());
                    w.ints(targets.iter().copied());
                }
            });
        })
    }

    /// Hashes what `write` writes, and keeps it as a blob of the task if its bytes are asked for.
    fn blob(&mut self, name: &str, write: impl FnOnce(&mut Writer)) -> Hash {
        let mut w = Writer::over(std::mem::take(&mut self.buffer));
        write(&mut w);
        let (bytes, has_nan) = w.finish();
        // Read back only where there is one, to say where it is.
        if has_nan && self.nan.is_none() {
            let inside = canon::read(&bytes).and_then(|value| value.find_nan());
            self.nan = Some(NotANumber {
                path: [name, inside.as_deref().unwrap_or("")].join("."),
            });
        }
        let Some(blobs) = &mut self.blobs else {
            let hash = Hash::of(&bytes);
            self.buffer = bytes;
            return hash;
        };
        let blob = Blob::new(bytes);
        let hash = blob.hash;
        blobs.push(blob);
        hash
    }

    /// As [`Self::blob`], for a part that networks share; written and hashed once.
    fn shared<T: Any + Send + Sync>(
        &mut self,
        part: Part,
        owner: &Arc<T>,
        name: &str,
        write: impl FnOnce(&mut Writer),
    ) -> Hash {
        // The same allocation is the same part: comparing addresses is cheaper than hashing again.
        let address = (Arc::as_ptr(owner).cast::<()>() as usize, part);
        if let Some(known) = self.shared.get(&address) {
            match (&mut self.blobs, &known.blob) {
                (None, _) => return known.hash,
                (Some(blobs), Some(blob)) => {
                    blobs.push(blob.clone());
                    return known.hash;
                }
                (Some(_), None) => {}
            }
        }
        let hash = self.blob(name, write);
        // All at once: which are still in use is not known, and writing them again costs little.
        if self.shared.len() >= REMEMBERED {
            self.shared.clear();
        }
        // A part with a NaN is not remembered, or the next network would not be told of it.
        if self.nan.is_none() {
            let shared = Shared {
                hash,
                blob: self.blobs.as_ref().and_then(|blobs| blobs.last().cloned()),
                _owner: owner.clone(),
            };
            self.shared.insert(address, shared);
        }
        hash
    }
}

fn links<'a, T>(
    map: &'a IndexMap<String, T>,
    mut hash: impl FnMut(&'a T) -> Hash,
) -> Vec<(&'a str, Hash)> {
    map.iter()
        .map(|(name, item)| (name.as_str(), hash(item)))
        .collect()
}

fn write_links(w: &mut Writer, links: &[(&str, Hash)]) {
    w.map(|w| {
        for (name, hash) in links {
            w.field(name, hash);
        }
    });
}
