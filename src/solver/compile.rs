//! A cell type at one time step and temperature, as flat arrays for the kernels.

use super::SolverError;
use super::geometry::{self, NodePlace, Tree};
use super::kernels::constants::{NodeConst, StepConst, SynConst};
use super::kernels::layout;
use super::mechanisms::{self, InitialCurrent, Mechs, Membrane, Nodes, Rates, StatePlaces, Tables};
use crate::network::mechanisms::not_simulated;
use crate::network::{Cell, CellType, Section, Synapse};

/// A synapse of a cell type: one per section and receptor, shared by all inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct SynapseSite {
    /// Index of the section in the cell.
    pub section: usize,
    /// Receptor.
    pub receptor: String,
    /// Reversal potential (mV).
    pub e: f64,
    /// By how much a unit weight raises A and B.
    pub factor: f64,
}

/// A cell type, compiled.
#[derive(Clone, Debug)]
pub struct CompiledCell {
    /// Nodes of the tree.
    pub tree: Tree,
    /// What the kernels read.
    pub step: StepConst,
    /// Synapses, in the order of their slots in the state.
    pub synapses: Vec<SynapseSite>,
    /// State of one cell at t = 0.
    pub initial: Vec<f64>,
    /// Node whose potential is compared with the threshold: the middle of the soma.
    pub soma: usize,
    /// Node of the middle of each section.
    pub middle: Vec<usize>,
}

/// Time constants and factor of an Exp2Syn, after the corrections of its INITIAL block.
fn exp2syn(s: &Synapse) -> (f64, f64, f64) {
    let tau2 = s.tau2;
    let mut tau1 = s.tau1;
    // As exp2syn.mod does: at equal time constants the factor would be infinite.
    if tau1 / tau2 > 0.9999 {
        tau1 = 0.9999 * tau2;
    }
    if tau1 / tau2 < 1e-9 {
        tau1 = tau2 * 1e-9;
    }
    let tp = (tau1 * tau2) / (tau2 - tau1) * libm::log(tau2 / tau1);
    let factor = -libm::exp(-tp / tau1) + libm::exp(-tp / tau2);
    (tau1, tau2, 1.0 / factor)
}

/// Compiles a cell type for time step `dt` (ms) at `celsius` (degC).
///
/// # Errors
/// Where the template has no meaning: no tree, unknown mechanisms or receptors, values out of range.
pub fn compile(
    cell_type: &CellType,
    tables: &Tables,
    dt: f64,
    celsius: f64,
) -> Result<CompiledCell, SolverError> {
    let cell = &cell_type.cell;
    // Before anything is built: a channel that is not simulated must not be left out silently.
    for (name, section) in &cell.sections {
        if let Some((path, problem)) = not_simulated(&section.mechs) {
            return Err(SolverError::InvalidNetwork(format!(
                "section {name}: {} {problem}",
                path.join(".")
            )));
        }
    }
    let tree = geometry::tree(cell)?;
    let (nodes, initial) = nodes(cell_type, &tree, tables, dt, celsius)?;
    let middle: Vec<usize> = cell
        .sections
        .values()
        .enumerate()
        .map(|(s, section)| tree.node_at(s, section.nseg as usize, 0.5))
        .collect();
    let soma = cell.sections.get_index_of("soma").ok_or_else(|| {
        SolverError::InvalidNetwork(format!("cell '{}' has no section 'soma'", cell.name))
    })?;
    let (synapses, synapse_constants) = synapses(cell, &middle, dt)?;
    let rates = Rates::new(tables, dt, celsius);
    let mut compiled = CompiledCell {
        tree,
        step: StepConst::new(nodes, synapse_constants, rates),
        synapses,
        initial,
        soma: middle[soma],
        middle,
    };
    initial_currents(&mut compiled);
    Ok(compiled)
}

/// Constants of the nodes, and their potentials and channels at t = 0.
fn nodes(
    cell_type: &CellType,
    tree: &Tree,
    tables: &Tables,
    dt: f64,
    celsius: f64,
) -> Result<(Vec<NodeConst>, Vec<f64>), SolverError> {
    let cell = &cell_type.cell;
    let n = tree.place.len();
    let dipole = if cell_type.metadata.measure_dipole {
        geometry::dipole_weights(cell, tree)?
    } else {
        vec![0.0; n]
    };
    let sections: Vec<&Section> = cell.sections.values().collect();
    let all = Mechs::named(sections.iter().flat_map(|section| section.mechs.keys()));
    let places = StatePlaces::new(all);
    // The root node lies on the first section that is placed.
    let root = tree.place.get(1).map_or(0, |place| match *place {
        NodePlace::Segment(section, _) | NodePlace::End(section) => section,
        NodePlace::Root => 0,
    });
    let mut nodes = vec![NodeConst::default(); n];
    let mut initial = vec![0.0; layout::size(&places, n)];
    for (i, place) in tree.place.iter().enumerate() {
        let node = &mut nodes[i];
        node.parent = tree.parent[i] as u32;
        node.g_axial = if i == 0 { 0.0 } else { 1.0 / tree.ri[i] };
        node.dipole = dipole[i];
        let (section, segment) = match *place {
            NodePlace::Segment(section, segment) => (section, Some(segment)),
            NodePlace::End(section) => (section, None),
            NodePlace::Root => (root, None),
        };
        let section = sections[section];
        // Ends take the potential of their own section; a child's 0 end is its parent's node. So
        // potentials jump where sections of different v0 meet, as they do in NEURON.
        initial[layout::core(i, layout::V)] = section.v0;
        let Some(segment) = segment else {
            continue; // ends have no membrane
        };
        let mut membrane = Membrane {
            section,
            segment,
            mechs: Mechs::named(section.mechs.keys()),
            area: tree.area[i] * 1e-2,
            tables,
            celsius,
            dt,
            leak: (0.0, 0.0),
        };
        node.mechs = membrane.mechs;
        // uF/cm2 over ms is 1e-3 S/cm2.
        node.d0 = section.cm * 1e-3 / dt * membrane.area;
        node.channels = Nodes::new(&mut membrane);
        node.leak = membrane.leak;
        let first = layout::channel(&places, n, i, 0);
        mechanisms::initial(&membrane, &places, &mut initial[first..first + places.n]);
    }
    // Each axial conductance stands in the diagonal of both its nodes.
    for i in 0..n {
        nodes[i].d0 += nodes[i].g_axial;
        if i > 0 {
            let g = nodes[i].g_axial;
            nodes[tree.parent[i]].d0 += g;
        }
    }
    Ok((nodes, initial))
}

/// The synapses of a cell, section by section, whose middles are the nodes `middle`.
fn synapses(
    cell: &Cell,
    middle: &[usize],
    dt: f64,
) -> Result<(Vec<SynapseSite>, Vec<SynConst>), SolverError> {
    let (mut sites, mut constants) = (Vec::new(), Vec::new());
    for (section, (name, of_section)) in cell.sections.iter().enumerate() {
        for receptor in &of_section.syns {
            let kinetics = cell.synapses.get(receptor).ok_or_else(|| {
                SolverError::InvalidNetwork(format!(
                    "section '{name}' of cell '{}' has a synapse '{receptor}' without kinetics",
                    cell.name
                ))
            })?;
            if !(kinetics.tau1 >= 0.0 && kinetics.tau2 > 0.0 && kinetics.e.is_finite()) {
                return Err(SolverError::InvalidNetwork(format!(
                    "synapse '{receptor}' of cell '{}' needs tau1 >= 0, tau2 > 0 and a finite e",
                    cell.name
                )));
            }
            let (tau1, tau2, factor) = exp2syn(kinetics);
            sites.push(SynapseSite {
                section,
                receptor: receptor.clone(),
                e: kinetics.e,
                factor,
            });
            constants.push(SynConst {
                node: middle[section] as u32,
                e: kinetics.e,
                decay_a: libm::exp(-dt / tau1),
                decay_b: libm::exp(-dt / tau2),
            });
        }
    }
    Ok((sites, constants))
}

/// Conductances and currents of the initial state, which the first step solves with.
fn initial_currents(cell: &mut CompiledCell) {
    let places = cell.step.places;
    let n_nodes = cell.step.n_nodes();
    let (core, channels) = cell.initial.split_at_mut(layout::channels(n_nodes));
    for (i, node) in cell.step.nodes().iter().enumerate() {
        let mut sums = InitialCurrent {
            v: core[layout::core(i, layout::V)],
            g: node.leak.0,
            e: node.leak.1,
            state: &mut channels[i * places.n..(i + 1) * places.n],
            places: &places,
        };
        node.channels.initial_current(node.mechs, &mut sums);
        let InitialCurrent { v, g, e, .. } = sums;
        core[layout::core(i, layout::D)] = node.d0 + g;
        core[layout::core(i, layout::R)] = e - g * v;
    }
    // Sections start at different potentials, so axial currents flow from t = 0 on.
    for (i, node) in cell.step.nodes().iter().enumerate().skip(1) {
        let parent = node.parent as usize;
        let v = |node| core[layout::core(node, layout::V)];
        let current = node.g_axial * (v(parent) - v(i));
        core[layout::core(i, layout::R)] += current;
        core[layout::core(parent, layout::R)] -= current;
    }
}
