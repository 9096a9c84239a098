//! From a network to a run: compiles what is new, shares what is not.

use super::clock::Clock;
use super::compile::{CompiledCell, compile};
use super::dipole::dipole;
use super::engine::{Clamp, Contact, Engine, Member, Outcome, Population};
use super::kernels::InstructionSet;
use super::lfp;
use super::mechanisms::tables::Tables;
use super::record::Plan;
use super::wiring::{Distances, Shared, Wiring};
use super::{Lfp, SimulationResult, SolverError, Trial};
use crate::network::{CellType, Gid, Network, drive_events};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Entries that a cache keeps.
const CACHE: usize = 64;

/// Simulates trials; keeps what simulations of a sweep share (topology, tables, distances).
///
/// One `Solver` serves all threads of a sweep.
#[derive(Default)]
pub struct Solver {
    instruction_set: InstructionSet,
    tables: Cache<u64, Tables>,
    cells: Cache<(ByValue<CellType>, u64, u64), CompiledCell>,
    distances: Cache<(Positions, Positions), Distances>,
}

/// Most recently used values.
struct Cache<K, V>(Mutex<VecDeque<(K, Arc<V>)>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V> Cache<K, V> {
    fn get<E>(&self, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = lock().iter().find(|(k, _)| *k == key) {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        let mut entries = lock();
        if entries.len() == CACHE {
            entries.pop_front();
        }
        entries.push_back((key, Arc::clone(&value)));
        Ok(value)
    }
}

/// A shared value: equal where it is the same or has an equal content.
struct ByValue<T>(Arc<T>);

impl<T: PartialEq> PartialEq for ByValue<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

type Positions = ByValue<Vec<[f64; 3]>>;

impl Shared for Solver {
    fn distances(&self, src: &Arc<Vec<[f64; 3]>>, target: &Arc<Vec<[f64; 3]>>) -> Arc<Distances> {
        let key = (ByValue(Arc::clone(src)), ByValue(Arc::clone(target)));
        let Ok(distances) = self.distances.get(key, || {
            Ok::<_, std::convert::Infallible>(Distances::new(src, target))
        });
        distances
    }
}

impl Solver {
    /// A solver with an empty cache, for the fastest instruction set of this processor.
    pub fn new() -> Self {
        Self::default()
    }

    /// A solver for a given instruction set; results do not depend on it.
    pub fn with_instruction_set(instruction_set: InstructionSet) -> Self {
        Self {
            instruction_set,
            ..Self::default()
        }
    }

    /// Simulates one trial. `interrupt` is asked now and then whether to stop.
    ///
    /// # Errors
    /// [`SolverError`].
    pub fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError> {
        check_times(trial)?;
        let clock = Clock::new(trial.tstop, trial.dt);
        let Ok(tables) = self.tables.get(network.celsius.to_bits(), || {
            Ok::<_, std::convert::Infallible>(Tables::new(network.celsius))
        });
        let cells = self.cells(network, trial.dt, &tables)?;
        let wiring = Wiring::new(network, &cells, self)?;
        let populations = populations(network, trial, &cells, &[&wiring])?;
        let measured: Vec<usize> = network
            .cell_types
            .values()
            .enumerate()
            .filter(|(_, t)| t.metadata.measure_dipole)
            .map(|(p, _)| p)
            .collect();
        let events = events(network, trial, &wiring)?;
        let plan = Plan {
            vsec: trial.record_vsec,
            isec: trial.record_isec,
            ca: trial.record_ca,
        };
        let mut engine = Engine::new(
            &clock,
            &tables,
            populations,
            vec![Member::new(wiring, events)],
            measured,
            plan,
            self.instruction_set.kernel(),
        );
        engine.run(interrupt)?;
        let outcome = engine
            .finish()
            .pop()
            .unwrap_or_else(|| Err(SolverError::InvalidNetwork("nothing was simulated".into())))?;
        Ok(result(network, clock, outcome))
    }

    fn cells(
        &self,
        network: &Network,
        dt: f64,
        tables: &Tables,
    ) -> Result<Vec<Arc<CompiledCell>>, SolverError> {
        network
            .cell_types
            .values()
            .map(|cell_type| {
                let key = (
                    ByValue(Arc::clone(cell_type)),
                    dt.to_bits(),
                    network.celsius.to_bits(),
                );
                self.cells
                    .get(key, || compile(cell_type, tables, dt, network.celsius))
            })
            .collect()
    }
}

fn check_times(trial: &Trial) -> Result<(), SolverError> {
    let positive = |name: &str, value: f64| {
        if value.is_finite() && value > 0.0 {
            Ok(())
        } else {
            Err(SolverError::InvalidNetwork(format!(
                "{name} must be positive and finite, got {value} ms"
            )))
        }
    };
    positive("tstop", trial.tstop)?;
    positive("dt", trial.dt)?;
    let n_steps = trial.tstop / trial.dt;
    if n_steps > 1e9 {
        return Err(SolverError::InvalidNetwork(format!(
            "tstop = {} ms in steps of dt = {} ms are {n_steps:.0} steps; at most 1e9 are possible",
            trial.tstop, trial.dt
        )));
    }
    Ok(())
}

fn populations(
    network: &Network,
    trial: &Trial,
    cells: &[Arc<CompiledCell>],
    wirings: &[&Wiring],
) -> Result<Vec<Population>, SolverError> {
    let mut populations = Vec::with_capacity(cells.len());
    for (p, ((name, template), cell)) in network.cell_types.iter().zip(cells).enumerate() {
        let range = network.gid_ranges.get(name).cloned().ok_or_else(|| {
            SolverError::InvalidNetwork(format!("cell type '{name}' has no gids"))
        })?;
        let mut used = vec![false; cell.synapses.len()];
        for wire in wirings.iter().flat_map(|w| &w.wires) {
            if wire.population == p && wire.live {
                for &site in &wire.sites {
                    used[site] = true;
                }
            }
        }
        let mut active = Vec::new();
        let slot = used
            .iter()
            .zip(&cell.step.synapses)
            .map(|(used, synapse)| {
                used.then(|| {
                    active.push(*synapse);
                    active.len() as u32 - 1
                })
            })
            .collect();
        let clamps = clamps(network, trial, name, template, cell)?;
        let contacts = contacts(network, trial, name, template, cell, &clamps)?;
        populations.push(Population {
            cell: Arc::clone(cell),
            template: Arc::clone(template),
            n_cells: range.len(),
            first_gid: range.start,
            slot,
            active,
            clamps,
            contacts,
            first_group: 0,
        });
    }
    Ok(populations)
}

fn clamps(
    network: &Network,
    trial: &Trial,
    name: &str,
    template: &CellType,
    cell: &CompiledCell,
) -> Result<Vec<Clamp>, SolverError> {
    let mut clamps = Vec::new();
    for (bias_name, bias) in &network.external_biases {
        let Some(bias_of_type) = bias.get(name) else {
            continue;
        };
        let (index, _, section) = template
            .cell
            .sections
            .get_full(&bias_of_type.section)
            .ok_or_else(|| {
                SolverError::InvalidNetwork(format!(
                    "bias '{bias_name}' of '{name}' is on a section '{}' that the cell does not have",
                    bias_of_type.section
                ))
            })?;
        let tstop = bias_of_type.tstop.unwrap_or(trial.tstop);
        let node = cell
            .tree
            .node_at(index, section.nseg as usize, bias_of_type.loc);
        clamps.push(Clamp {
            node: node as u32,
            amplitude: bias_of_type.amplitude,
            delay: bias_of_type.t0,
            duration: tstop - bias_of_type.t0,
        });
    }
    Ok(clamps)
}

fn contacts(
    network: &Network,
    trial: &Trial,
    name: &str,
    template: &CellType,
    cell: &CompiledCell,
    clamps: &[Clamp],
) -> Result<Vec<Contact>, SolverError> {
    if !trial.record_lfp {
        return Ok(Vec::new());
    }
    let positions = network.pos_dict.get(name).ok_or_else(|| {
        SolverError::InvalidNetwork(format!("cell type '{name}' has no positions"))
    })?;
    let mut contacts = Vec::new();
    for array in network.rec_arrays.values() {
        for &electrode in &array.positions {
            let n_nodes = cell.tree.place.len();
            let mut contact = Contact {
                weights: vec![Vec::with_capacity(positions.len()); n_nodes],
                clamps: vec![Vec::with_capacity(positions.len()); clamps.len()],
            };
            for &pos in positions.iter() {
                let resistance =
                    lfp::transfer_resistance(&template.cell, cell, pos, electrode, array);
                let weights = lfp::potential_weights(cell, &resistance);
                for (all, weight) in contact.weights.iter_mut().zip(weights) {
                    all.push(weight);
                }
                for (all, clamp) in contact.clamps.iter_mut().zip(clamps) {
                    all.push(resistance[clamp.node as usize]);
                }
            }
            contacts.push(contact);
        }
    }
    Ok(contacts)
}

/// Events of all drive cells that exist, as VecStim emits them: by time, then gid.
fn events(
    network: &Network,
    trial: &Trial,
    wiring: &Wiring,
) -> Result<Vec<(f64, Gid)>, SolverError> {
    let by_drive = drive_events(network, trial.tstop, trial.trial)
        .map_err(|e| SolverError::InvalidNetwork(e.to_string()))?;
    let mut events = Vec::new();
    for ((name, drive), cells) in network.external_drives.iter().zip(by_drive) {
        let range =
            network.gid_ranges.get(name).cloned().ok_or_else(|| {
                SolverError::InvalidNetwork(format!("drive '{name}' has no gids"))
            })?;
        for (k, gid) in range.enumerate() {
            // hnn-core does not create the cells of a cell-specific drive that pruning left without a target.
            if drive.cell_specific && !wiring.has_targets(gid) {
                continue;
            }
            let times = cells.get(k).ok_or_else(|| {
                SolverError::InvalidNetwork(format!(
                    "drive '{name}' has events for {} of its cells only",
                    cells.len()
                ))
            })?;
            let mut t = 0.0;
            for &event in times {
                if event < t || !event.is_finite() {
                    return Err(SolverError::InvalidNetwork(format!(
                        "events of drive '{name}' must not be negative and must ascend, got {event} after {t} ms"
                    )));
                }
                t += event - t; // VecStim sends itself the difference
                events.push((t, gid));
            }
        }
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    Ok(events)
}

fn result(network: &Network, clock: Clock, outcome: Outcome) -> SimulationResult {
    let mut potentials = outcome.potentials.into_iter();
    let lfp = network
        .rec_arrays
        .iter()
        .map(|(name, array)| Lfp {
            array: name.clone(),
            potential: potentials.by_ref().take(array.positions.len()).collect(),
        })
        .filter(|lfp| !lfp.potential.is_empty())
        .collect();
    SimulationResult {
        dipole: dipole(network, &clock.times, outcome.dipoles),
        times: clock.times,
        spikes: outcome.spikes,
        voltages: outcome.traces.voltages,
        currents: outcome.traces.currents,
        calcium: outcome.traces.calcium,
        lfp,
    }
}
