//! A cell type at one time step and temperature, as flat arrays for the kernels.

use super::SolverError;
use super::geometry::{self, Place, Tree};
use super::kernels::constants::{NodeConst, Rates, StepConst, SynConst};
use super::kernels::layout::{Layout, Mechs};
use super::kernels::math::Em1;
use super::mechanisms::tables::Tables;
use super::mechanisms::{self, ar, ca, cad, cat, hh2, kca, km};
use crate::network::{CellType, MechValue, Section, Synapse};

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

struct Params<'a> {
    section: &'a Section,
    name: &'a str,
}

impl Params<'_> {
    fn has(&self, mech: &str) -> bool {
        self.section.mechs.contains_key(mech)
    }

    /// Value of a parameter in segment `i`, or the mechanism's default.
    fn get(&self, mech: &str, attr: &str, i: usize, default: f64) -> f64 {
        match self.section.mechs.get(mech).and_then(|m| m.get(attr)) {
            None => default,
            Some(MechValue::Uniform(value)) => *value,
            Some(MechValue::PerSegment(s)) if i < s.x.len() => *s.values.get(i).unwrap_or(&default),
            Some(MechValue::PerSegment(_)) => default,
        }
    }

    fn check(&self) -> Result<(), SolverError> {
        const KNOWN: [(&str, &[&str]); 7] = [
            ("hh2", &["gnabar_hh2", "gkbar_hh2", "gl_hh2", "el_hh2"]),
            ("km", &["gbar_km"]),
            ("ca", &["gbar_ca"]),
            ("cad", &["taur_cad"]),
            ("kca", &["gbar_kca"]),
            ("cat", &["gbar_cat"]),
            ("ar", &["gbar_ar"]),
        ];
        for (mech, attrs) in &self.section.mechs {
            let Some((_, known)) = KNOWN.iter().find(|(name, _)| name == mech) else {
                return Err(SolverError::InvalidNetwork(format!(
                    "section '{}' has a mechanism '{mech}' that is not simulated; known are {}",
                    self.name,
                    KNOWN.map(|k| k.0).join(", ")
                )));
            };
            if let Some(attr) = attrs.keys().find(|a| !known.contains(&a.as_str())) {
                return Err(SolverError::InvalidNetwork(format!(
                    "mechanism '{mech}' of section '{}' has no parameter '{attr}'; it has {}",
                    self.name,
                    known.join(", ")
                )));
            }
        }
        Ok(())
    }
}

fn mechs_of(p: &Params) -> Mechs {
    let mut mechs = Mechs::NONE;
    for (name, bit) in [
        ("hh2", Mechs::HH2),
        ("km", Mechs::KM),
        ("ca", Mechs::CA),
        ("cad", Mechs::CAD),
        ("kca", Mechs::KCA),
        ("cat", Mechs::CAT),
        ("ar", Mechs::AR),
    ] {
        if p.has(name) {
            mechs = mechs.with(bit);
        }
    }
    mechs
}

/// How NEURON treats the calcium ion in a section, from which variables its mechanisms use.
#[derive(Clone, Copy, PartialEq)]
enum CalciumIon {
    /// eca is NEURON's default.
    Default,
    /// eca follows from the (constant) concentrations once.
    Initial,
    /// eca follows from the concentration at every step.
    EveryStep,
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
    let tree = geometry::tree(cell)?;
    let dipole = if cell_type.metadata.measure_dipole {
        geometry::dipole_weights(cell, &tree)?
    } else {
        vec![0.0; tree.place.len()]
    };
    let tadj = mechanisms::tadj(celsius);
    let nernst = mechanisms::nernst_factor(celsius);
    let params: Vec<Params> = cell
        .sections
        .iter()
        .map(|(name, section)| Params { section, name })
        .collect();
    let mut all = Mechs::NONE;
    for p in &params {
        p.check()?;
        all = all.with(mechs_of(p));
    }
    let layout = Layout::new(all);

    let n = tree.place.len();
    let mut nodes = vec![NodeConst::default(); n];
    let mut initial = vec![0.0; layout.size(n)];
    for (i, place) in tree.place.iter().enumerate() {
        let node = &mut nodes[i];
        node.parent = tree.parent[i] as u32;
        node.g_axial = if i == 0 { 0.0 } else { 1.0 / tree.ri[i] };
        node.dipole = dipole[i];
        let (section, segment) = match *place {
            Place::Segment(section, segment) => (section, segment),
            Place::Root => {
                let root = tree.place.get(1).map_or(0, |p| match *p {
                    Place::Segment(s, _) | Place::End(s) => s,
                    Place::Root => 0,
                });
                initial[Layout::core(i, Layout::V)] = params[root].section.v0;
                continue;
            }
            Place::End(section) => {
                initial[Layout::core(i, Layout::V)] = params[section].section.v0;
                continue;
            }
        };
        let p = &params[section];
        let mechs = mechs_of(p);
        node.mechs = mechs;
        let get = |mech: &str, attr: &str, default: f64| p.get(mech, attr, segment, default);
        // S/cm2 times um2 is 1e-8 S, so 1e-2 uS; uF/cm2 over ms is 1e-3 S/cm2.
        let area = tree.area[i] * 1e-2;
        let v0 = p.section.v0;
        node.d0 = p.section.cm * 1e-3 / dt * area;
        initial[Layout::core(i, Layout::V)] = v0;
        let hh2_at = tables.hh2.at(v0);
        let ca_km_at = tables.ca_km.at(v0);
        let cat_ar_at = tables.cat_ar.at(v0);
        let mut set = |field: usize, value: f64| {
            if field != Layout::ABSENT {
                initial[layout.gate(n, i, field)] = value;
            }
        };
        if mechs.has(Mechs::HH2) {
            node.gnabar = get("hh2", "gnabar_hh2", hh2::GNABAR) * area;
            node.gkbar = get("hh2", "gkbar_hh2", hh2::GKBAR) * area;
            node.gl = get("hh2", "gl_hh2", hh2::GL) * area;
            node.gl_el = node.gl * get("hh2", "el_hh2", hh2::EL);
            set(layout.m, hh2_at[0]);
            set(layout.h, hh2_at[2]);
            set(layout.n, hh2_at[4]);
        }
        if mechs.has(Mechs::KM) {
            node.gkm = 1e-4 * tadj * get("km", "gbar_km", km::GBAR) * area;
            set(layout.km, ca_km_at[4]);
        }
        let ion = if mechs.has(Mechs::CAD) {
            CalciumIon::EveryStep
        } else if mechs.has(Mechs::KCA) && mechs.has(Mechs::CA) {
            CalciumIon::Initial
        } else {
            CalciumIon::Default
        };
        let cai = if ion == CalciumIon::EveryStep {
            cad::CAINF
        } else {
            mechanisms::CAI
        };
        set(layout.cai, cai);
        if mechs.has(Mechs::CA) {
            node.gca = 1e-4 * tadj * get("ca", "gbar_ca", ca::GBAR) * area;
            set(layout.ca_m, ca_km_at[0]);
            set(layout.ca_h, ca_km_at[2]);
            node.eca = match ion {
                CalciumIon::Default => mechanisms::ECA,
                _ => nernst * libm::log(mechanisms::CAO / cai),
            };
        }
        if mechs.has(Mechs::CAD) {
            let taur = get("cad", "taur_cad", cad::TAUR);
            node.cad_em = libm::expm1(-dt / taur);
            // ica is stored in nA: back to mA/cm2 with the area.
            node.cad_drive = -10000.0 / (2.0 * cad::FARADAY * cad::DEPTH) / area * taur;
        }
        if mechs.has(Mechs::KCA) {
            node.gkca = 1e-4 * tadj * get("kca", "gbar_kca", kca::GBAR) * area;
            let a = kca::RA * cai;
            set(layout.kca, a / (a + kca::RB));
        }
        if mechs.has(Mechs::CAT) {
            node.gcat = get("cat", "gbar_cat", cat::GBAR) * area;
            set(layout.cat_m, 0.0);
            set(layout.cat_h, cat_ar_at[2]);
        }
        if mechs.has(Mechs::AR) {
            node.gar = get("ar", "gbar_ar", ar::GBAR) * area;
            set(layout.ar_m, ar::M_INIT);
        }
    }
    for i in 0..n {
        nodes[i].d0 += nodes[i].g_axial;
        if i > 0 {
            let g = nodes[i].g_axial;
            nodes[tree.parent[i]].d0 += g;
        }
    }

    let middle: Vec<usize> = params
        .iter()
        .enumerate()
        .map(|(s, p)| tree.node_at(s, p.section.nseg as usize, 0.5))
        .collect();
    let soma = cell.sections.get_index_of("soma").ok_or_else(|| {
        SolverError::InvalidNetwork(format!("cell '{}' has no section 'soma'", cell.name))
    })?;

    let mut synapses = Vec::new();
    let mut syn_const = Vec::new();
    for (section, p) in params.iter().enumerate() {
        for receptor in &p.section.syns {
            let kinetics = cell.synapses.get(receptor).ok_or_else(|| {
                SolverError::InvalidNetwork(format!(
                    "section '{}' of cell '{}' has a synapse '{receptor}' without kinetics",
                    p.name, cell.name
                ))
            })?;
            if !(kinetics.tau1 >= 0.0 && kinetics.tau2 > 0.0 && kinetics.e.is_finite()) {
                return Err(SolverError::InvalidNetwork(format!(
                    "synapse '{receptor}' of cell '{}' needs tau1 >= 0, tau2 > 0 and a finite e",
                    cell.name
                )));
            }
            let (tau1, tau2, factor) = exp2syn(kinetics);
            synapses.push(SynapseSite {
                section,
                receptor: receptor.clone(),
                e: kinetics.e,
                factor,
            });
            syn_const.push(SynConst {
                node: middle[section] as u32,
                e: kinetics.e,
                decay_a: libm::exp(-dt / tau1),
                decay_b: libm::exp(-dt / tau2),
            });
        }
    }

    let fastest = |column: f64| Em1::for_rate(dt / column);
    let (t0, t1, t2) = (&tables.hh2, &tables.ca_km, &tables.cat_ar);
    let rates = Rates {
        dt,
        kca_scale: dt * tadj,
        nernst,
        nernst_const: nernst * libm::log(mechanisms::CAO),
        hh2: [t0.min(1), t0.min(3), t0.min(5)].map(fastest),
        ca_km: [t1.min(1), t1.min(3), t1.min(5)].map(fastest),
        cat_ar: [t2.min(1), t2.min(3), t2.min(5)].map(fastest),
        // Concentrations up to 100 mM; beyond them the series only loses digits.
        kca: Em1::for_rate(dt * tadj * (kca::RA * 100.0 + kca::RB)),
    };
    let step = StepConst::new(nodes, syn_const, rates);
    let mut compiled = CompiledCell {
        tree,
        step,
        synapses,
        initial,
        soma: middle[soma],
        middle,
    };
    initial_currents(&mut compiled);
    Ok(compiled)
}

/// Conductances and currents of the initial state, which the first step solves with.
fn initial_currents(cell: &mut CompiledCell) {
    let layout = cell.step.layout;
    let n_nodes = cell.step.n_nodes();
    for (i, node) in cell.step.nodes().iter().enumerate() {
        let (core, gates) = cell.initial.split_at_mut(Layout::gates(n_nodes));
        let core = &mut core[i * Layout::CORE..(i + 1) * Layout::CORE];
        let state = &mut gates[i * layout.stride..(i + 1) * layout.stride];
        let v = core[Layout::V];
        let (mut g, mut e) = (node.gl, node.gl_el);
        let mut add = |conductance: f64, reversal: f64| {
            g += conductance;
            e += conductance * reversal;
        };
        if node.mechs.has(Mechs::HH2) {
            let (m, h, n) = (state[layout.m], state[layout.h], state[layout.n]);
            add(node.gnabar * m * m * m * h, mechanisms::ENA);
            add(node.gkbar * n * n * n * n, mechanisms::EK);
        }
        if node.mechs.has(Mechs::KM) {
            add(node.gkm * state[layout.km], mechanisms::EK);
        }
        if node.mechs.has(Mechs::KCA) {
            add(node.gkca * state[layout.kca], mechanisms::EK);
        }
        if node.mechs.has(Mechs::CA) {
            let (m, h) = (state[layout.ca_m], state[layout.ca_h]);
            let gca = node.gca * m * m * h;
            add(gca, node.eca);
            if layout.ica != Layout::ABSENT {
                state[layout.ica] = gca * (v - node.eca);
            }
        }
        if node.mechs.has(Mechs::CAT) {
            let (m, h) = (state[layout.cat_m], state[layout.cat_h]);
            add(node.gcat * m * m * h, cat::EREV);
        }
        if node.mechs.has(Mechs::AR) {
            add(node.gar * state[layout.ar_m], ar::EREV);
        }
        core[Layout::D] = node.d0 + g;
        core[Layout::R] = e - g * v;
    }
    for (i, node) in cell.step.nodes().iter().enumerate().skip(1) {
        let parent = node.parent as usize;
        let v = |node| cell.initial[Layout::core(node, Layout::V)];
        let current = node.g_axial * (v(parent) - v(i));
        cell.initial[Layout::core(i, Layout::R)] += current;
        cell.initial[Layout::core(parent, Layout::R)] -= current;
    }
}
