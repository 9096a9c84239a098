//! Traces: what is recorded of the cells of a lane group, and how it comes out by cell and section.

use super::compile::CompiledCell;
use super::kernels::layout::{Layout, Mechs};
use super::kernels::simd::Lanes;
use super::population::Population;
use super::{CalciumTrace, CurrentTrace, Record, VoltageTrace};
use crate::network::Cell;

/// What is recorded of every cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Membrane potentials.
    pub vsec: Record,
    /// Synaptic currents.
    pub isec: Record,
    /// Calcium concentrations.
    pub ca: Record,
}

/// Where a trace's values come from.
#[derive(Clone, Copy, Debug)]
enum Source {
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
    sources: Vec<Source>,
    /// Values by source, then lane.
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

/// Mechanisms that use the calcium ion.
fn uses_calcium(mechs: Mechs) -> bool {
    mechs.has(Mechs::CA) || mechs.has(Mechs::KCA) || mechs.has(Mechs::CAD)
}

impl Recorder {
    /// A recorder for `n` cells of a population, with room for `samples` samples.
    pub fn new(plan: &Plan, population: &Population, n: usize, samples: usize) -> Self {
        let (cell, template) = (&population.cell, &population.template.cell);
        let step = &cell.step;
        let mut sources = Vec::new();
        for s in sections(plan.vsec, template) {
            sources.push(Source::State(Layout::core(cell.middle[s], Layout::V)));
        }
        let n_voltages = sources.len();
        for s in sections(plan.isec, template) {
            for site in sites(cell, s) {
                sources.push(match population.slot[site] {
                    Some(slot) => Source::Synapse(
                        2 * slot as usize,
                        Layout::core(cell.middle[s], Layout::V),
                        cell.synapses[site].e,
                    ),
                    None => Source::Constant(0.0),
                });
            }
        }
        let n_currents = sources.len() - n_voltages;
        for s in sections(plan.ca, template) {
            let node = cell.middle[s];
            let mechs = step.nodes()[node].mechs;
            if mechs.has(Mechs::CAD) {
                sources.push(Source::State(step.layout.gate(
                    step.n_nodes(),
                    node,
                    step.layout.cai,
                )));
            } else if uses_calcium(mechs) {
                sources.push(Source::Constant(super::mechanisms::CAI));
            }
        }
        let traces = sources
            .iter()
            .flat_map(|source| {
                let first = match *source {
                    Source::State(place) => cell.initial[place],
                    Source::Constant(value) => value,
                    Source::Synapse(..) => 0.0,
                };
                (0..n).map(move |_| {
                    let mut trace = Vec::with_capacity(samples);
                    trace.push(first);
                    trace
                })
            })
            .collect();
        Self {
            n,
            sources,
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
            if let Source::Synapse(a, v, e) = self.sources[i] {
                for lane in 0..self.n {
                    let g = syn[a + 1].0[lane] - syn[a].0[lane];
                    self.traces[i * self.n + lane].push(g * (state[v].0[lane] - e));
                }
            }
        }
    }

    /// Takes potentials and concentrations that the step led to.
    #[inline]
    pub fn after_step(&mut self, state: &[Lanes]) {
        for (i, source) in self.sources.iter().enumerate() {
            match *source {
                Source::State(place) => {
                    for lane in 0..self.n {
                        self.traces[i * self.n + lane].push(state[place].0[lane]);
                    }
                }
                Source::Constant(value) => {
                    for lane in 0..self.n {
                        self.traces[i * self.n + lane].push(value);
                    }
                }
                Source::Synapse(..) => {}
            }
        }
    }

    /// Takes the traces of one lane out, as those of cell `gid`.
    pub fn take(
        &mut self,
        plan: &Plan,
        population: &Population,
        lane: usize,
        gid: u32,
        out: &mut Traces,
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
        let mut next = 0;
        let mut take = || {
            let values = std::mem::take(&mut traces[next * n + lane]);
            next += 1;
            values
        };
        for s in sections(plan.vsec, template) {
            out.voltages.push(VoltageTrace {
                gid,
                section: name(s),
                values: take(),
            });
        }
        for s in sections(plan.isec, template) {
            for site in sites(cell, s) {
                out.currents.push(CurrentTrace {
                    gid,
                    section: name(s),
                    receptor: cell.synapses[site].receptor.clone(),
                    values: take(),
                });
            }
        }
        for s in sections(plan.ca, template) {
            if uses_calcium(cell.step.nodes()[cell.middle[s]].mechs) {
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
pub struct Traces {
    /// Membrane potentials.
    pub voltages: Vec<VoltageTrace>,
    /// Synaptic currents.
    pub currents: Vec<CurrentTrace>,
    /// Calcium concentrations.
    pub calcium: Vec<CalciumTrace>,
}
