//! Traces: what is recorded of the cells of a lane group, and how it comes out by cell and section.

use super::compile::CompiledCell;
use super::kernels::layout;
use super::mechanisms::Mechs;
use super::population::Population;
use super::simd::Lanes;
use super::{CalciumTrace, CurrentTrace, Record, VoltageTrace};
use crate::network::Cell;

/// What is recorded of every cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Membrane potentials.
    pub vsec: Record,
    /// Synaptic currents.
    pub isec: Record,
    /// Calcium concentrations.
    pub ca: Record,
}

/// Where a trace's values come from.
#[derive(Clone, Copy, Debug)]
enum Probe {
    /// A state variable after the step.
    State(usize),
    /// A constant.
    Constant(f64),
    /// A synapse's current as the step used it: place of its A, of its node's potential, reversal potential.
    Synapse(usize, usize, f64),
}

/// Traces of the cells of one group.
pub struct Recorder {
    n: usize,
    probes: Vec<Probe>,
    /// Values by probe, then lane.
    traces: Vec<Vec<f64>>,
    n_voltages: usize,
    n_currents: usize,
}

/// Sections that a recording mode names, by index.
fn sections(mode: Record, cell: &Cell) -> Vec<usize> {
    match mode {
        Record::Off => Vec::new(),
        Record::Soma => cell.sections.get_index_of("soma").into_iter().collect(),
        Record::All => (0..cell.sections.len()).collect(),
    }
}

/// Sites on a section, in the order of its receptors.
fn sites(cell: &CompiledCell, section: usize) -> impl Iterator<Item = usize> {
    (0..cell.synapses.len()).filter(move |&i| cell.synapses[i].section == section)
}

impl Recorder {
    /// A recorder for `n` cells of a population, with room for `samples` samples.
    pub fn new(recording: &Recording, population: &Population, n: usize, samples: usize) -> Self {
        let (cell, template) = (&population.cell, &population.template.cell);
        let step = &cell.step;
        let mut probes = Vec::new();
        for s in sections(recording.vsec, template) {
            probes.push(Probe::State(layout::core(cell.middle[s], layout::V)));
        }
        let n_voltages = probes.len();
        for s in sections(recording.isec, template) {
            for site in sites(cell, s) {
                probes.push(match population.slot[site] {
                    Some(slot) => Probe::Synapse(
                        2 * slot as usize,
                        layout::core(cell.middle[s], layout::V),
                        cell.synapses[site].e,
                    ),
                    // hnn-core has a trace of each synapse, also where nothing connects to it.
                    None => Probe::Constant(0.0),
                });
            }
        }
        let n_currents = probes.len() - n_voltages;
        for s in sections(recording.ca, template) {
            let node = cell.middle[s];
            let mechs = step.nodes()[node].mechs;
            if mechs.has(Mechs::CAD) {
                probes.push(Probe::State(layout::channel(
                    &step.places,
                    step.n_nodes(),
                    node,
                    step.places.cad,
                )));
            // ca_ion without cad: a concentration that nothing changes.
            } else if mechs.use_calcium() {
                probes.push(Probe::Constant(super::mechanisms::CAI));
            }
        }
        let traces = probes
            .iter()
            .flat_map(|probe| {
                let first = match *probe {
                    Probe::State(place) => cell.initial[place],
                    Probe::Constant(value) => value,
                    // No step has evaluated a current yet.
                    Probe::Synapse(..) => 0.0,
                };
                (0..n).map(move |_| {
                    // The first sample is of t = 0, before any step.
                    let mut trace = Vec::with_capacity(samples);
                    trace.push(first);
                    trace
                })
            })
            .collect();
        Self {
            n,
            probes,
            traces,
            n_voltages,
            n_currents,
        }
    }

    /// Takes the synaptic currents that the coming step uses.
    #[inline]
    pub fn before_step(&mut self, state: &[Lanes], syn: &[Lanes]) {
        let range = self.n_voltages..self.n_voltages + self.n_currents;
        for i in range {
            if let Probe::Synapse(a, v, e) = self.probes[i] {
                for lane in 0..self.n {
                    // uS; NEURON's Exp2Syn has g = B - A and i = g (v - e), in nA.
                    let g = syn[a + 1].0[lane] - syn[a].0[lane];
                    self.traces[i * self.n + lane].push(g * (state[v].0[lane] - e));
                }
            }
        }
    }

    /// Takes potentials and concentrations that the step led to.
    #[inline]
    pub fn after_step(&mut self, state: &[Lanes]) {
        for (i, probe) in self.probes.iter().enumerate() {
            match *probe {
                Probe::State(place) => {
                    for lane in 0..self.n {
                        self.traces[i * self.n + lane].push(state[place].0[lane]);
                    }
                }
                Probe::Constant(value) => {
                    for lane in 0..self.n {
                        self.traces[i * self.n + lane].push(value);
                    }
                }
                Probe::Synapse(..) => {}
            }
        }
    }

    /// Takes the traces of one lane out, as those of cell `gid`.
    pub fn take(
        &mut self,
        recording: &Recording,
        population: &Population,
        lane: usize,
        gid: u32,
        out: &mut RecordedTraces,
    ) {
        let (cell, template) = (&population.cell, &population.template.cell);
        let name = |s: usize| {
            template
                .sections
                .get_index(s)
                .map_or_else(String::new, |(name, _)| name.clone())
        };
        let n = self.n;
        let traces = &mut self.traces;
        // In the order in which `new` has made the probes.
        let mut next = 0;
        let mut take = || {
            let values = std::mem::take(&mut traces[next * n + lane]);
            next += 1;
            values
        };
        for s in sections(recording.vsec, template) {
            out.voltages.push(VoltageTrace {
                gid,
                section: name(s),
                values: take(),
            });
        }
        for s in sections(recording.isec, template) {
            for site in sites(cell, s) {
                out.currents.push(CurrentTrace {
                    gid,
                    section: name(s),
                    receptor: cell.synapses[site].receptor.clone(),
                    values: take(),
                });
            }
        }
        for s in sections(recording.ca, template) {
            if cell.step.nodes()[cell.middle[s]].mechs.use_calcium() {
                out.calcium.push(CalciumTrace {
                    gid,
                    section: name(s),
                    values: take(),
                });
            }
        }
    }
}

/// Traces of one simulation, by gid.
#[derive(Debug, Default)]
pub struct RecordedTraces {
    /// Membrane potentials.
    pub voltages: Vec<VoltageTrace>,
    /// Synaptic currents.
    pub currents: Vec<CurrentTrace>,
    /// Calcium concentrations.
    pub calcium: Vec<CalciumTrace>,
}
