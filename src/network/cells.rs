//! Cell templates: sections, geometry, mechanisms, synapses.

use indexmap::IndexMap;

/// A cell type: the template of its cells and what hnn-core calls its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct CellType {
    /// The template that every cell of this type copies.
    pub cell: Cell,
    /// Classification of the type.
    pub metadata: CellMetadata,
}

/// hnn-core's `cell_metadata`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CellMetadata {
    /// `"basket"` or `"pyramidal"`.
    pub morpho_type: Option<String>,
    /// `"inhibitory"` or `"excitatory"`.
    pub electro_type: Option<String>,
    /// `"2"` or `"5"`.
    pub layer: Option<String>,
    /// Whether the type contributes to the dipole; such a cell has a section `apical_trunk`.
    pub measure_dipole: bool,
    /// Where the type was published.
    pub reference: Option<String>,
}

/// One end of a section: its name and 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellNode {
    /// Name of the section.
    pub section: String,
    /// 0 or 1.
    pub end: u8,
}

/// Template of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Name of the template, for example `L5Pyr`.
    pub name: String,
    /// Position (um) of the template.
    pub pos: [f64; 3],
    /// Sections by name, in hnn-core's order.
    pub sections: IndexMap<String, Section>,
    /// Kinetics of each receptor.
    pub synapses: IndexMap<String, Synapse>,
    /// Named groups of sections, such as `proximal` and `distal`.
    pub sect_loc: IndexMap<String, Vec<String>>,
    /// Adjacency lists of section ends, rooted at the 0 end of `soma`; `None` for a cell of one section.
    pub cell_tree: Option<Vec<(CellNode, Vec<CellNode>)>>,
}

/// A section: an unbranched cable.
#[allow(non_snake_case)] // hnn-core's names
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Length (um).
    pub L: f64,
    /// Diameter (um).
    pub diam: f64,
    /// Axial resistivity (ohm cm).
    pub Ra: f64,
    /// Membrane capacitance (uF/cm2).
    pub cm: f64,
    /// Initial membrane potential (mV).
    pub v0: f64,
    /// Number of segments.
    pub nseg: u32,
    /// Points (um) of the template between which the section is drawn.
    pub end_pts: Vec<[f64; 3]>,
    /// Receptors for which the section has a synapse at its middle.
    pub syns: Vec<String>,
    /// Mechanisms, each with the parameters that differ from the mechanism's defaults (`gbar_km`, …).
    pub mechs: IndexMap<String, IndexMap<String, MechValue>>,
}

/// Value of a mechanism's parameter in a section.
#[derive(Clone, Debug, PartialEq)]
pub enum MechValue {
    /// The same in every segment.
    Uniform(f64),
    /// One value per segment.
    PerSegment(SegmentValues),
}

/// Values along a section. Segments beyond the shorter of the two lists keep the mechanism's default.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SegmentValues {
    /// Positions (0 to 1) of the segments' centres when the values were computed.
    pub x: Vec<f64>,
    /// Values, one per segment.
    pub values: Vec<f64>,
}

/// Kinetics of a receptor (`Exp2Syn`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse {
    /// Reversal potential (mV).
    pub e: f64,
    /// Rise time constant (ms).
    pub tau1: f64,
    /// Decay time constant (ms).
    pub tau2: f64,
}
