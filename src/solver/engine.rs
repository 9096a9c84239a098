//! The time loop: one or several simulations of the same structure, their cells side by side in lane groups.
//!
//! Within an epoch (as many steps as the shortest delay between cells) groups do not interact. Between epochs spikes
//! are fanned out in a fixed order, so results do not depend on how cells are grouped or on which thread ran a group.

use super::calendar::{Arrival, Calendar, Deliveries, Delivery};
use super::clock::Clock;
use super::contacts::{Potentials, Seen};
use super::kernels::layout;
use super::kernels::step::{Inputs, TOGETHER};
use super::kernels::{GroupArrays, Kernel};
use super::mechanisms::Tables;
use super::order;
use super::population::{Population, split};
use super::record::{RecordedTraces, Recorder, Recording};
use super::simd::{LANES, Lanes};
use super::wiring::Wiring;
use super::{SolverError, Spike, Threads};
use crate::network::Gid;
use rayon::prelude::*;
use std::ops::Range;

/// One simulation of the run.
pub struct Member {
    /// Its connections.
    pub wiring: Wiring,
    /// Events of its drives: (time (ms), gid), in order of time, then gid.
    pub drive_events: Vec<(f64, Gid)>,
    next_event: usize,
    /// Cell spikes as (sample, gid), in that order.
    spikes: Vec<(u32, Gid)>,
    error: Option<SolverError>,
}

impl Member {
    /// A simulation with the given connections and drive events.
    pub fn new(wiring: Wiring, drive_events: Vec<(f64, Gid)>) -> Self {
        Self {
            wiring,
            drive_events,
            next_event: 0,
            spikes: Vec::new(),
            error: None,
        }
    }
}

/// Eight cells of a population, of one or several simulations.
struct LaneGroup {
    population: usize,
    /// Number of the first lane's cell among the population's cells of all simulations.
    first: usize,
    /// Lanes in use.
    n: usize,
    state: Vec<Lanes>,
    syn: Vec<Lanes>,
    threshold: Lanes,
    /// Lanes that were above threshold.
    above: u8,
    /// (sample, lane) of new spikes.
    crossings: Vec<(u32, u8)>,
    /// Dipole moment of each lane at each step of the epoch.
    dipole: Vec<Lanes>,
    /// Weights of each contact's potential: node by node, contact by contact.
    contact_weights: Vec<Lanes>,
    recorder: Recorder,
}

/// What a run yields for one simulation.
pub struct Outcome {
    /// Spikes in hnn-core's order.
    pub spikes: Vec<Spike>,
    /// Dipole moment (fAm) of each population that measures one.
    pub dipoles: Vec<Vec<f64>>,
    /// Potential (uV) of each contact.
    pub potentials: Vec<Vec<f64>>,
    /// Recorded traces.
    pub traces: RecordedTraces,
}

/// A run in progress.
pub struct Engine<'a> {
    clock: &'a Clock,
    tables: &'a Tables,
    populations: Vec<Population>,
    members: Vec<Member>,
    groups: Vec<LaneGroup>,
    /// Which populations measure a dipole.
    measured: Vec<usize>,
    /// Per member, per measured population.
    dipoles: Vec<Vec<Vec<f64>>>,
    /// Per member, per contact.
    potentials: Vec<Vec<Vec<f64>>>,
    recording: Recording,
    /// Places of A of the synapses of a connection on a cell; the same for many connections.
    synapses: Vec<Vec<u32>>,
    epoch: usize,
    kernel: Kernel,
}

impl<'a> Engine<'a> {
    /// Lays the cells of all members out in lane groups.
    pub fn new(
        clock: &'a Clock,
        tables: &'a Tables,
        mut populations: Vec<Population>,
        mut members: Vec<Member>,
        measured: Vec<usize>,
        recording: Recording,
        kernel: Kernel,
    ) -> Self {
        // All populations see the same contacts, those of the network's arrays.
        let n_contacts = populations.first().map_or(0, |p| p.contacts.len());
        let mut groups = Vec::new();
        for (p, population) in populations.iter_mut().enumerate() {
            population.first_group = groups.len();
            let total = population.n_cells * members.len();
            let cell = &population.cell;
            for first in (0..total).step_by(LANES) {
                let n = LANES.min(total - first);
                let state = cell.initial.iter().map(|&x| Lanes([x; LANES])).collect();
                // A lane without a cell never crosses.
                let mut threshold = Lanes([f64::INFINITY; LANES]);
                for lane in 0..n {
                    let (m, c) = split(first + lane, population.n_cells);
                    let gid = population.first_gid as usize + c;
                    threshold.0[lane] = members[m].wiring.thresholds[gid];
                }
                let mut contact_weights = Vec::new();
                for node in 0..cell.step.n_nodes() {
                    for contact in &population.contacts {
                        let of_cells = &contact.weights[node];
                        let mut lanes = Lanes::default();
                        for lane in 0..n {
                            lanes.0[lane] = of_cells[split(first + lane, population.n_cells).1];
                        }
                        contact_weights.push(lanes);
                    }
                }
                groups.push(LaneGroup {
                    population: p,
                    first,
                    n,
                    state,
                    syn: vec![Lanes::default(); 2 * population.active.len()],
                    threshold,
                    above: 0,
                    crossings: Vec::new(),
                    dipole: Vec::new(),
                    contact_weights,
                    recorder: Recorder::new(&recording, population, n, clock.times.len()),
                });
            }
        }
        let synapses = synapse_lists(&populations, &mut members);
        // Drives do not count: their events are known ahead, and are released before each epoch.
        let min_delay = members
            .iter()
            .flat_map(|m| &m.wiring.wires)
            .filter(|w| w.live && w.is_between_cells())
            .map(super::wiring::Wire::min_delay)
            .fold(f64::INFINITY, f64::min);
        let epoch = epoch_steps(min_delay, clock);
        // The first sample of dipole and potentials is zero by construction of the original.
        let traces = |n: usize| -> Vec<Vec<Vec<f64>>> {
            let trace = || {
                let mut trace = Vec::with_capacity(clock.times.len());
                trace.push(0.0);
                trace
            };
            (0..members.len())
                .map(|_| (0..n).map(|_| trace()).collect())
                .collect()
        };
        let (dipoles, potentials) = (traces(measured.len()), traces(n_contacts));
        Self {
            clock,
            tables,
            populations,
            members,
            groups,
            measured,
            dipoles,
            potentials,
            recording,
            synapses,
            epoch,
            kernel,
        }
    }

    /// Runs to the end. `interrupt` is asked once an epoch.
    ///
    /// # Errors
    /// [`SolverError::Interrupted`]; other failures end the simulation that they happened in.
    pub fn run(
        &mut self,
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), SolverError> {
        let n_steps = self.clock.len();
        // Two calendars, so that arrivals of drives come before those of cells whatever the epoch's
        // length: the order of additions to A and B decides last bits.
        let mut from_drives = Calendar::new(n_steps, self.epoch, self.groups.len());
        let mut from_cells = Calendar::new(n_steps, self.epoch, self.groups.len());
        let mut deliveries = Deliveries::default();
        self.detect_initial(&mut from_cells);
        for (index, start) in (0..n_steps).step_by(self.epoch).enumerate() {
            if interrupt() {
                return Err(SolverError::Interrupted {
                    time: self.clock.times[start],
                });
            }
            let end = (start + self.epoch).min(n_steps);
            // What arrives until the middle of the last step still acts in it.
            self.release_drives(self.clock.mids[end - 1], &mut from_drives);
            deliveries.fill(&mut [&mut from_drives, &mut from_cells], index);
            let epoch = Epoch {
                clock: self.clock,
                tables: self.tables,
                kernel: self.kernel,
                deliveries: &deliveries,
                synapses: &self.synapses,
                steps: start..end,
            };
            let mut units = units(&self.populations, &mut self.groups);
            let mut potentials = Potentials::new(&self.potentials, end - start);
            match threads {
                Threads::One => units.iter_mut().for_each(|unit| {
                    let seen = epoch.run(unit);
                    unit.add_to(&mut potentials, &seen);
                }),
                Threads::Pool => {
                    let units = units.par_iter_mut().with_max_len(1);
                    // All units first, sums afterwards and in order: who finished when must not
                    // show.
                    let all: Vec<_> = units.map(|unit| (epoch.run(unit), unit)).collect();
                    for (seen, unit) in &all {
                        unit.add_to(&mut potentials, seen);
                    }
                }
            }
            potentials.append_to(&mut self.potentials);
            self.gather_dipoles(end - start);
            self.fan_out_crossings(&mut from_cells);
            self.check_finite(end);
        }
        Ok(())
    }

    /// A cell that starts above its threshold spikes at once.
    fn detect_initial(&mut self, calendar: &mut Calendar) {
        for group in &mut self.groups {
            // NEURON's detectors are disarmed at the start, so a potential above the threshold is a
            // crossing.
            let population = &self.populations[group.population];
            group.detect(population, 0);
        }
        self.fan_out_crossings(calendar);
    }

    /// Hands the arrivals of drive events until `time` to the calendar.
    fn release_drives(&mut self, time: f64, calendar: &mut Calendar) {
        let (populations, clock) = (&self.populations, self.clock);
        for (m, member) in self.members.iter_mut().enumerate() {
            while let Some(&(t, gid)) = member.drive_events.get(member.next_event) {
                if t > time {
                    break;
                }
                member.next_event += 1;
                fan_out(m, &member.wiring, populations, clock, gid, t, calendar);
            }
        }
    }

    /// Hands the arrivals of new cell spikes to the calendar, in order of sample and gid.
    fn fan_out_crossings(&mut self, calendar: &mut Calendar) {
        let mut new: Vec<Vec<(u32, Gid)>> = vec![Vec::new(); self.members.len()];
        for group in &mut self.groups {
            let population = &self.populations[group.population];
            for (sample, lane) in group.crossings.drain(..) {
                // What crosses on the last sample is never looked at.
                if (sample as usize) < self.clock.len() {
                    let (m, c) = split(group.first + lane as usize, population.n_cells);
                    new[m].push((sample, population.first_gid + c as Gid));
                }
            }
        }
        for (m, (member, mut spikes)) in self.members.iter_mut().zip(new).enumerate() {
            // Groups come population by population; NEURON lists by time, then gid.
            spikes.sort_unstable();
            for &(sample, gid) in &spikes {
                let t = order::spike_time(self.clock, sample);
                fan_out(
                    m,
                    &member.wiring,
                    &self.populations,
                    self.clock,
                    gid,
                    t,
                    calendar,
                );
            }
            member.spikes.extend(spikes);
        }
    }

    /// Sums the cells' dipole moments in order of gid.
    fn gather_dipoles(&mut self, n_steps: usize) {
        for (i, &p) in self.measured.iter().enumerate() {
            let population = &self.populations[p];
            let n = population.n_cells;
            for (m, member) in self.dipoles.iter_mut().enumerate() {
                for step in 0..n_steps {
                    // Cell by cell, never across the lanes of a group: members share groups
                    // differently.
                    let mut sum = 0.0;
                    for slot in m * n..(m + 1) * n {
                        let group = &self.groups[population.first_group + slot / LANES];
                        sum += group.dipole[step].0[slot % LANES];
                    }
                    member[i].push(sum);
                }
            }
        }
    }

    fn check_finite(&mut self, sample: usize) {
        for group in &self.groups {
            // The soma stands for the cell: nodes are solved together, so NaN anywhere is
            // everywhere at once.
            let population = &self.populations[group.population];
            let soma = layout::core(population.cell.soma, layout::V);
            for lane in 0..group.n {
                if group.state[soma].0[lane].is_finite() {
                    continue;
                }
                let (m, c) = split(group.first + lane, population.n_cells);
                self.members[m].error.get_or_insert(SolverError::NotFinite {
                    time: self.clock.times[sample],
                    gid: population.first_gid + c as Gid,
                    cell_type: population.template.cell.name.clone(),
                });
            }
        }
    }

    /// Results of each member.
    pub fn finish(mut self) -> Vec<Result<Outcome, SolverError>> {
        let mut traces: Vec<RecordedTraces> = self
            .members
            .iter()
            .map(|_| RecordedTraces::default())
            .collect();
        for group in &mut self.groups {
            let population = &self.populations[group.population];
            for lane in 0..group.n {
                let (m, c) = split(group.first + lane, population.n_cells);
                let gid = population.first_gid + c as Gid;
                group
                    .recorder
                    .take(&self.recording, population, lane, gid, &mut traces[m]);
            }
        }
        let clock = self.clock;
        self.members
            .into_iter()
            .zip(self.dipoles)
            .zip(self.potentials)
            .zip(traces)
            .map(
                |(((member, dipoles), potentials), traces)| match member.error {
                    Some(error) => Err(error),
                    None => Ok(Outcome {
                        spikes: order::spikes(
                            clock,
                            &member.spikes,
                            &member.drive_events,
                            &member.wiring,
                        ),
                        dipoles,
                        potentials,
                        traces,
                    }),
                },
            )
            .collect()
    }
}

/// Steps after which a spike can act at the earliest: what happens in an epoch of as many steps cannot act in it.
fn epoch_steps(min_delay: f64, clock: &Clock) -> usize {
    let n = clock.len().max(1);
    // No cell hears another. 64 steps bound the buffers of an epoch, and how late `interrupt` is
    // asked.
    if min_delay.is_infinite() {
        return n.min(64);
    }
    // The accumulated times make steps differ by some ulps, hence one step less.
    let dt = clock.times.get(1).copied().unwrap_or(1.0);
    let steps = (min_delay / dt - 0.5).ceil().max(0.0);
    if steps >= 65.0 {
        64.min(n)
    } else {
        (steps as usize).clamp(1, n)
    }
}

/// Makes the lists of synapses that connections end on, and has each connection point to its own.
fn synapse_lists(populations: &[Population], members: &mut [Member]) -> Vec<Vec<u32>> {
    let mut lists: Vec<Vec<u32>> = Vec::new();
    for wire in members.iter_mut().flat_map(|m| &mut m.wiring.wires) {
        let slot = &populations[wire.population].slot;
        let list = wire
            .sites
            .iter()
            .filter_map(|&site| slot[site].map(|s| 2 * s))
            .collect();
        // A network has a handful of these lists, so a search beats a map.
        wire.synapses = lists.iter().position(|l| *l == list).unwrap_or_else(|| {
            lists.push(list);
            lists.len() - 1
        }) as u32;
    }
    lists
}

fn fan_out(
    member: usize,
    wiring: &Wiring,
    populations: &[Population],
    clock: &Clock,
    src: Gid,
    time: f64,
    calendar: &mut Calendar,
) {
    // A weight of zero changes no conductance; in NEURON it is still delivered, to no effect.
    for wire in wiring.wires.iter().filter(|w| w.live) {
        let population = &populations[wire.population];
        wire.fan_out(src, |target, delay, weight| {
            // lamtha stretches delays of distant pairs to 1e3 ms and more: many never arrive.
            let Some(step) = clock.step_of(time + delay) else {
                return;
            };
            let slot = member * population.n_cells + target as usize;
            calendar.push(Arrival {
                lane: (population.first_group * LANES + slot) as u32,
                synapses: wire.synapses,
                step: step as u32,
                weight,
            });
        });
    }
}

/// Groups that are advanced together, by one thread.
struct Unit<'a> {
    population: &'a Population,
    /// Number of the first group.
    first: usize,
    groups: &'a mut [LaneGroup],
}

impl Unit<'_> {
    /// Adds what the contacts saw of the groups.
    fn add_to(&self, potentials: &mut Potentials, seen: &[Seen]) {
        for (group, seen) in self.groups.iter().zip(seen) {
            potentials.add(self.population, group.slots(), seen);
        }
    }
}

/// Splits the groups of all populations into units.
fn units<'a>(populations: &'a [Population], groups: &'a mut [LaneGroup]) -> Vec<Unit<'a>> {
    let mut first = 0;
    // Groups of a unit share their kernel's constants, so units end where a population does.
    let of_same_population = groups.chunk_by_mut(|a, b| a.population == b.population);
    let mut units = Vec::new();
    for groups in of_same_population.flat_map(|groups| groups.chunks_mut(TOGETHER)) {
        let n = groups.len();
        units.push(Unit {
            population: &populations[groups[0].population],
            first,
            groups,
        });
        first += n;
    }
    units
}

/// What the groups of an epoch read.
struct Epoch<'a> {
    clock: &'a Clock,
    tables: &'a Tables,
    kernel: Kernel,
    deliveries: &'a Deliveries,
    synapses: &'a [Vec<u32>],
    steps: Range<usize>,
}

impl Epoch<'_> {
    fn run(&self, unit: &mut Unit) -> [Seen; TOGETHER] {
        let Unit {
            population,
            first,
            groups,
        } = unit;
        let clock = self.clock;
        let mut currents: Vec<(u32, f64)> = Vec::with_capacity(population.clamps.len());
        // Of the unit, not of each group: few bytes, which stay in the cache.
        let mut seen: [Seen; TOGETHER] = Default::default();
        for (group, seen) in groups.iter_mut().zip(&mut seen) {
            group.dipole.resize(self.steps.len(), Lanes::default());
            seen.begin(population, self.steps.len());
        }
        for (i, step) in self.steps.clone().enumerate() {
            currents.clear();
            // NEURON evaluates IClamp at the middle of the step.
            currents.extend(
                population
                    .clamps
                    .iter()
                    .filter(|c| c.on(clock.mids[step]))
                    .map(|c| (c.node, c.amplitude)),
            );
            for (g, group) in groups.iter_mut().enumerate() {
                group.deliver(self.deliveries.of(*first + g, i), self.synapses);
                // A current is recorded as the step uses it: after the deliveries, with the old
                // potential.
                group.recorder.before_step(&group.state, &group.syn);
            }
            let inputs = Inputs {
                synapses: &population.active,
                currents: &currents,
                // Rarely, as from FLUSH to a denormal is a long way; by the run's step, as epochs
                // differ in length.
                flush: step % 256 == 255,
            };
            let step_const = &population.cell.step;
            let advance = |arrays: &mut [GroupArrays]| {
                self.kernel
                    .advance(step_const, self.tables, &inputs, arrays);
            };
            let mut all = groups.iter_mut().zip(&mut seen);
            let mut arrays = || {
                let (group, seen) = all.next()?;
                Some(group.arrays(i, seen.next(population)))
            };
            match (arrays(), arrays()) {
                (Some(a), Some(b)) => advance(&mut [a, b]),
                (a, _) => a.into_iter().for_each(|a| advance(&mut [a])),
            }
            for (group, seen) in groups.iter_mut().zip(&mut seen) {
                group.detect(population, step as u32 + 1);
                group.recorder.after_step(&group.state);
                let weights = &group.contact_weights;
                seen.end_step(self.kernel, population, group.slots(), weights, &currents);
            }
        }
        seen
    }
}

impl LaneGroup {
    /// The lanes' cells among the population's cells of all simulations.
    fn slots(&self) -> Range<usize> {
        self.first..self.first + self.n
    }

    #[inline]
    fn deliver(&mut self, arrivals: &[Delivery], synapses: &[Vec<u32>]) {
        for arrival in arrivals {
            let lane = arrival.lane as usize;
            // Both rise alike, so the conductance B - A starts from 0.
            for &a in &synapses[arrival.synapses as usize] {
                self.syn[a as usize].0[lane] += arrival.weight;
                self.syn[a as usize + 1].0[lane] += arrival.weight;
            }
        }
    }

    /// The group's arrays for step `step` of the epoch.
    fn arrays<'a>(&'a mut self, step: usize, seen: Option<&'a mut [Lanes]>) -> GroupArrays<'a> {
        GroupArrays {
            state: &mut self.state,
            syn: &mut self.syn,
            dipole: &mut self.dipole[step],
            seen,
        }
    }

    /// Notes the cells whose soma has risen above its threshold at `sample`.
    #[inline]
    fn detect(&mut self, population: &Population, sample: u32) {
        let cell = &population.cell;
        let v = &self.state[layout::core(cell.soma, layout::V)];
        let mut above = 0u8;
        for lane in 0..LANES {
            // Strictly above, as in NEURON; exactly on the threshold re-arms the detector.
            above |= u8::from(v.0[lane] > self.threshold.0[lane]) << lane;
        }
        let mut new = above & !self.above;
        self.above = above;
        while new != 0 {
            self.crossings.push((sample, new.trailing_zeros() as u8));
            new &= new - 1;
        }
    }
}
