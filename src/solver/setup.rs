//! From a network to a run: compiles what is new, shares what is not.

use super::cache::{ByValue, Cache};
use super::clock::Clock;
use super::compile::{CompiledCell, compile};
use super::dipole::dipole;
use super::engine::{Engine, Member, Outcome};
use super::geometry;
use super::kernels::Kernel;
use super::lfp::{CurrentSources, potential_weights};
use super::mechanisms::Tables;
use super::population::{Clamp, ContactWeights, Population};
use super::record::Recording;
use super::simd::{InstructionSet, LANES};
use super::threads::Threads;
use super::wiring::{Distances, SharedDistances, Wiring};
use super::{Lfp, Moments, Record, SimulationResult, SolverError, Trial};
use crate::network::{CellType, Gid, Network, drive_events};
use std::sync::Arc;

/// Simulates trials; keeps what simulations of a sweep share (topology, tables, distances).
///
/// One `Solver` serves all threads of a sweep.
#[derive(Default)]
pub struct Solver {
    instruction_set: InstructionSet,
    tables: Cache<u64, Tables>,
    cells: Cache<CellKey, CompiledCell>,
    /// Those of checks, which see many networks that differ in a value: comparing with few costs less than it saves.
    pub(super) checked: Cache<CellKey, CompiledCell, 8>,
    distances: Cache<(Positions, Positions), Distances>,
}

/// A cell type, bits of the time step and of the temperature.
pub(super) type CellKey = (ByValue<CellType>, u64, u64);

/// Rate tables, cell types and clamps by cell type.
pub(super) type Compiled = (Arc<Tables>, Vec<Arc<CompiledCell>>, Vec<Vec<Clamp>>);

/// A simulation that is ready to run.
struct Prepared<'n> {
    network: &'n Network,
    trial: &'n Trial,
    tables: Arc<Tables>,
    cells: Vec<Arc<CompiledCell>>,
    /// By cell type.
    clamps: Vec<Vec<Clamp>>,
    wiring: Wiring,
    events: Vec<(f64, Gid)>,
}

impl Prepared<'_> {
    /// Whether both can share lane groups: all but connections, drives, thresholds and trial are equal.
    fn fits(&self, other: &Self) -> bool {
        // In full, so that a new field must be decided about.
        let Trial {
            tstop,
            dt,
            trial: _,
            record_vsec,
            record_isec,
            record_ca,
            record_lfp,
        } = self.trial;
        let t = other.trial;
        let (a, b) = (self.network, other.network);
        let same_cells = self.cells.len() == other.cells.len()
            // The cache gives equal cell types the same pointer.
            && self
                .cells
                .iter()
                .zip(&other.cells)
                .all(|(x, y)| Arc::ptr_eq(x, y))
            && a.cell_types.keys().eq(b.cell_types.keys())
            && a.cell_types
                .keys()
                .all(|name| a.gid_ranges.get(name) == b.gid_ranges.get(name));
        let same_contacts =
            !record_lfp || (a.rec_arrays == b.rec_arrays && a.pos_dict == b.pos_dict);
        (*tstop, *dt) == (t.tstop, t.dt)
            && (*record_vsec, *record_isec, *record_ca, *record_lfp)
                == (t.record_vsec, t.record_isec, t.record_ca, t.record_lfp)
            && a.celsius == b.celsius
            && self.clamps == other.clamps
            && same_cells
            && same_contacts
    }
}

type Positions = ByValue<Vec<[f64; 3]>>;

impl SharedDistances for Solver {
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
        self.simulate_together(&[(network, trial)], Threads::One, interrupt)
            .pop()
            .unwrap_or_else(|| Err(SolverError::InvalidNetwork("nothing to simulate".into())))
    }

    /// Simulates several trials, of the same or of different networks, with their cells side by side in the lanes of
    /// the processor where their structure allows. Results are those of [`Solver::simulate`], bit for bit, in order.
    ///
    /// ```
    /// use hnn_sweep::network::Network;
    /// use hnn_sweep::solver::{Solver, Threads, Trial};
    ///
    /// let solver = Solver::new();
    /// let network = Network::neymotin_2020([3, 3]);
    /// let trials: Vec<Trial> = (0..3).map(|trial| Trial { trial, ..Trial::new(2.0, 0.025) }).collect();
    /// let tasks: Vec<(&Network, &Trial)> = trials.iter().map(|trial| (&network, trial)).collect();
    /// let together = solver.simulate_together(&tasks, Threads::One, &|| false);
    /// assert_eq!(together[2], solver.simulate(&network, &trials[2], &|| false));
    /// ```
    pub fn simulate_together(
        &self,
        tasks: &[(&Network, &Trial)],
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<SimulationResult, SolverError>> {
        let results = self.simulate_with_moments(tasks, threads, interrupt);
        let corrected = |(result, _)| result;
        results.into_iter().map(|r| r.map(corrected)).collect()
    }

    /// As [`Solver::simulate_together`], with the dipole moments from which the dipoles were made, for programs that
    /// make them themselves.
    pub fn simulate_with_moments(
        &self,
        tasks: &[(&Network, &Trial)],
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<(SimulationResult, Moments), SolverError>> {
        let mut results: Vec<_> = tasks.iter().map(|_| None).collect();
        // The first gang that fits: tasks of a sweep mostly form one, so nothing cleverer pays.
        let mut gangs: Vec<Vec<(usize, Prepared)>> = Vec::new();
        for (i, (network, trial)) in tasks.iter().enumerate() {
            match self.prepare(network, trial) {
                Err(error) => results[i] = Some(Err(error)),
                Ok(prepared) => match gangs.iter_mut().find(|g| g[0].1.fits(&prepared)) {
                    Some(gang) => gang.push((i, prepared)),
                    None => gangs.push(vec![(i, prepared)]),
                },
            }
        }
        for gang in gangs {
            let (places, gang): (Vec<usize>, Vec<Prepared>) = gang.into_iter().unzip();
            for (place, result) in places.into_iter().zip(self.run(gang, threads, interrupt)) {
                results[place] = Some(result);
            }
        }
        let missing = || Err(SolverError::InvalidNetwork("nothing was simulated".into()));
        results
            .into_iter()
            .map(|r| r.unwrap_or_else(missing))
            .collect()
    }

    /// How many simulations like this one should go into one [`Solver::simulate_together`]: the fewest that leave
    /// hardly any lane empty, and one where traces of all sections would add up in memory.
    ///
    /// ```
    /// use hnn_sweep::network::Network;
    /// use hnn_sweep::solver::{Solver, Trial};
    ///
    /// let trial = Trial::new(170.0, 0.025);
    /// let small = Solver::gang_size(&Network::neymotin_2020([3, 3]), &trial);
    /// let large = Solver::gang_size(&Network::neymotin_2020([10, 10]), &trial);
    /// assert!(small > large, "{small} and {large}");
    /// ```
    pub fn gang_size(network: &Network, trial: &Trial) -> usize {
        if [trial.record_vsec, trial.record_isec, trial.record_ca].contains(&Record::All) {
            return 1;
        }
        // Lane groups weighed by segments, which is what a step costs.
        let sizes: Vec<(usize, usize)> = network
            .cell_types
            .iter()
            .map(|(name, t)| {
                let n_segments: u32 = t.cell.sections.values().map(|s| s.nseg).sum();
                let n_cells = network.gid_ranges.get(name).map_or(0, |r| r.len());
                (n_cells, n_segments as usize)
            })
            .collect();
        let use_of_lanes = |n: usize| {
            let (mut used, mut all) = (0, 0);
            for &(n_cells, n_segments) in &sizes {
                used += n * n_cells * n_segments;
                all += (n * n_cells).next_multiple_of(LANES) * n_segments;
            }
            used as f64 / all.max(1) as f64
        };
        // With as many simulations as lanes, every cell's group is full.
        let best = use_of_lanes(LANES);
        (1..LANES)
            .find(|&n| use_of_lanes(n) >= 0.97 * best)
            .unwrap_or(LANES)
    }

    fn prepare<'n>(
        &self,
        network: &'n Network,
        trial: &'n Trial,
    ) -> Result<Prepared<'n>, SolverError> {
        let (tables, cells, clamps) = self.compiled(network, trial, &self.cells)?;
        let wiring = Wiring::new(network, &cells, self)?;
        let events = events(network, trial, &wiring)?;
        Ok(Prepared {
            network,
            trial,
            tables,
            cells,
            clamps,
            wiring,
            events,
        })
    }

    /// Rate tables, compiled cell types, and the tonic biases on each.
    pub(super) fn compiled<const SIZE: usize>(
        &self,
        network: &Network,
        trial: &Trial,
        cache: &Cache<CellKey, CompiledCell, SIZE>,
    ) -> Result<Compiled, SolverError> {
        check_times(trial)?;
        // By bits: equal temperatures share tables, and NaN equals itself.
        let Ok(tables) = self.tables.get(network.celsius.to_bits(), || {
            Ok::<_, std::convert::Infallible>(Tables::new(network.celsius))
        });
        let cells = cells(network, trial.dt, &tables, cache)?;
        let clamps = network
            .cell_types
            .iter()
            .zip(&cells)
            .map(|((name, template), cell)| clamps(network, trial, name, template, cell))
            .collect::<Result<_, _>>()?;
        Ok((tables, cells, clamps))
    }

    /// Runs simulations that fit each other.
    fn run(
        &self,
        gang: Vec<Prepared>,
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<(SimulationResult, Moments), SolverError>> {
        let Some(first) = gang.first() else {
            return Vec::new();
        };
        let (trial, tables) = (first.trial, Arc::clone(&first.tables));
        let clock = Clock::new(trial.tstop, trial.dt);
        let populations = match populations(&gang) {
            Ok(populations) => populations,
            Err(error) => return gang.iter().map(|_| Err(error.clone())).collect(),
        };
        let measured = first
            .network
            .cell_types
            .values()
            .enumerate()
            .filter(|(_, t)| t.metadata.measure_dipole)
            .map(|(p, _)| p)
            .collect();
        let recording = Recording {
            vsec: trial.record_vsec,
            isec: trial.record_isec,
            ca: trial.record_ca,
        };
        let (networks, members): (Vec<&Network>, Vec<Member>) = gang
            .into_iter()
            .map(|p| (p.network, Member::new(p.wiring, p.events)))
            .unzip();
        let mut engine = Engine::new(
            &clock,
            &tables,
            populations,
            members,
            measured,
            recording,
            Kernel::of(self.instruction_set),
        );
        if let Err(error) = engine.run(threads, interrupt) {
            return networks.iter().map(|_| Err(error.clone())).collect();
        }
        networks
            .iter()
            .zip(engine.finish())
            .map(|(network, outcome)| outcome.map(|o| result(network, &clock, o)))
            .collect()
    }
}

fn cells<const SIZE: usize>(
    network: &Network,
    dt: f64,
    tables: &Tables,
    cache: &Cache<CellKey, CompiledCell, SIZE>,
) -> Result<Vec<Arc<CompiledCell>>, SolverError> {
    network
        .cell_types
        .iter()
        .map(|(name, cell_type)| {
            let key = (
                ByValue(Arc::clone(cell_type)),
                dt.to_bits(),
                network.celsius.to_bits(),
            );
            cache
                .get(key, || compile(cell_type, tables, dt, network.celsius))
                .map_err(|error| match error {
                    SolverError::InvalidNetwork(problem) => {
                        SolverError::InvalidNetwork(format!("cell type {name}, {problem}"))
                    }
                    other => other,
                })
        })
        .collect()
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
    // The sample times alone would take 8 GB.
    if n_steps > 1e9 {
        return Err(SolverError::InvalidNetwork(format!(
            "tstop = {} ms in steps of dt = {} ms are {n_steps:.0} steps; at most 1e9 are possible",
            trial.tstop, trial.dt
        )));
    }
    Ok(())
}

pub(super) fn no_gids(name: &str) -> SolverError {
    SolverError::InvalidNetwork(format!("cell type '{name}' has no gids"))
}

pub(super) fn positions_of<'n>(
    network: &'n Network,
    name: &str,
) -> Result<&'n [[f64; 3]], SolverError> {
    let positions = network
        .pos_dict
        .get(name)
        .map(|positions| positions.as_slice());
    let n_cells = network.gid_ranges.get(name).map_or(0, |range| range.len());
    positions.filter(|p| p.len() == n_cells).ok_or_else(|| {
        SolverError::InvalidNetwork(format!(
            "cell type '{name}' needs one position for each of its {n_cells} cells"
        ))
    })
}

/// The populations of a gang.
fn populations(gang: &[Prepared]) -> Result<Vec<Population>, SolverError> {
    let Some(first) = gang.first() else {
        return Ok(Vec::new());
    };
    let Prepared {
        network,
        trial,
        cells,
        clamps,
        ..
    } = first;
    let mut populations = Vec::with_capacity(cells.len());
    for (p, ((name, template), cell)) in network.cell_types.iter().zip(cells).enumerate() {
        let range = network.gid_ranges.get(name).cloned();
        let range = range.ok_or_else(|| no_gids(name))?;
        // Synapses that nothing reaches are left out of the state: a conductance of 0 changes no
        // bit.
        let mut used = vec![false; cell.synapses.len()];
        for wire in gang.iter().flat_map(|member| &member.wiring.wires) {
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
        populations.push(Population {
            cell: Arc::clone(cell),
            template: Arc::clone(template),
            n_cells: range.len(),
            first_gid: range.start,
            slot,
            active,
            clamps: clamps[p].clone(),
            contacts: contacts(network, trial, name, template, cell, &clamps[p])?,
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
        // hnn-core fills in the end of the first simulation; here each has its own.
        let tstop = bias_of_type.tstop.unwrap_or(trial.tstop);
        let node = cell
            .tree
            .node_at(index, section.nseg as usize, bias_of_type.loc);
        clamps.push(Clamp {
            node: node as u32,
            amplitude: bias_of_type.amplitude,
            delay: bias_of_type.t0,
            // IClamp compares with delay + duration: keep the difference, and its rounding.
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
) -> Result<Vec<ContactWeights>, SolverError> {
    if !trial.record_lfp {
        return Ok(Vec::new());
    }
    let positions = positions_of(network, name)?;
    let sources = positions
        .iter()
        .map(|pos| {
            let ends = geometry::ends(&template.cell, &cell.tree, *pos)?;
            Ok(CurrentSources::new(&template.cell, cell, &ends))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut contacts = Vec::new();
    for array in network.rec_arrays.values() {
        for &electrode in &array.positions {
            let n_nodes = cell.tree.place.len();
            let mut contact = ContactWeights {
                // Node by node, as a step takes all cells of a node at once.
                weights: vec![Vec::with_capacity(positions.len()); n_nodes],
                clamps: vec![Vec::with_capacity(positions.len()); clamps.len()],
            };
            for of_cell in &sources {
                let resistance = of_cell.transfer_resistance(electrode, array);
                let weights = potential_weights(cell, &resistance);
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
            // Two times: what VecStim has sent, and what it was told, differ by rounding.
            let (mut t, mut last) = (0.0, 0.0);
            for &event in times {
                if event < last || !event.is_finite() {
                    return Err(SolverError::InvalidNetwork(format!(
                        "events of drive '{name}' must not be negative and must ascend, got {event} after {last} ms"
                    )));
                }
                last = event;
                t = t + event - t; // in this order: what VecStim sends itself
                events.push((t, gid));
            }
        }
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    Ok(events)
}

fn result(network: &Network, clock: &Clock, outcome: Outcome) -> (SimulationResult, Moments) {
    let mut potentials = outcome.potentials.into_iter();
    let lfp = network
        .rec_arrays
        .iter()
        .map(|(name, array)| Lfp {
            array: name.clone(),
            // Arrays are in the network even where no potentials were asked for.
            potential: potentials.by_ref().take(array.positions.len()).collect(),
        })
        .filter(|lfp| !lfp.potential.is_empty())
        .collect();
    let result = SimulationResult {
        dipole: dipole(network, &clock.times, &outcome.dipoles),
        times: clock.times.clone(),
        spikes: outcome.spikes,
        voltages: outcome.traces.voltages,
        currents: outcome.traces.currents,
        calcium: outcome.traces.calcium,
        lfp,
    };
    (result, outcome.dipoles)
}
