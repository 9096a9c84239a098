//! Geometry of cell templates: where sections lie, how far they are from the soma, how parameters depend on that.

use super::error::{finite, positive};
use super::exp::exp;
use super::{Cell, CellNode, CellType, MechValue, Network, NetworkError, SegmentValues};
use std::sync::Arc;

/// Number of segments that hnn-core gives a new section of length `length` (um): 1 up to 100 um, then one per 50 um,
/// made odd.
///
/// ```
/// use hnn_sweep::network::nseg_of_length;
///
/// assert_eq!([39.0, 100.0, 255.0, 680.0].map(nseg_of_length), [1, 1, 5, 13]);
/// ```
pub fn nseg_of_length(length: f64) -> u32 {
    if length > 100.0 {
        // `| 1` makes an even number odd, so that a segment is at the middle.
        ((length / 50.0) as u32) | 1
    } else {
        1
    }
}

/// How a parameter of a mechanism depends on the distance (um) from the soma's 0 end along the cell.
///
/// ```
/// use hnn_sweep::network::DistanceProfile;
///
/// let sodium = DistanceProfile::Linear {
///     gsoma: 0.32,
///     gdend: 0.0028,
///     xkink: 962.0,
///     hotzone_factor: 1.0,
///     hotzone_boundaries: [0.0, 0.0],
/// };
/// assert_eq!(sodium.at(0.0), 0.32);
/// assert_eq!(sodium.at(962.0), sodium.at(1500.0)); // a plateau beyond the kink
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DistanceProfile {
    /// `gbar_at_zero * (slope * exp(exp_term * x) + offset)`.
    Exponential {
        /// Factor on the whole.
        gbar_at_zero: f64,
        /// Factor (1/um) on the distance.
        exp_term: f64,
        /// Added to the exponential.
        offset: f64,
        /// Factor on the exponential; hnn-core's default is 1.
        slope: f64,
    },
    /// From `gsoma` at 0 to `gdend` at `xkink` in a straight line, `gdend` beyond.
    Linear {
        /// Value at distance 0.
        gsoma: f64,
        /// Value from `xkink` on.
        gdend: f64,
        /// Distance (um) where the plateau begins.
        xkink: f64,
        /// Factor inside the hot zone; hnn-core's default is 1.
        hotzone_factor: f64,
        /// Start and end (um) of the hot zone, both exclusive.
        hotzone_boundaries: [f64; 2],
    },
}

impl DistanceProfile {
    /// Value at distance `x` (um).
    pub fn at(&self, x: f64) -> f64 {
        match *self {
            Self::Exponential {
                gbar_at_zero,
                exp_term,
                offset,
                slope,
            } => gbar_at_zero * (slope * exp(exp_term * x) + offset),
            Self::Linear {
                gsoma,
                gdend,
                xkink,
                hotzone_factor,
                hotzone_boundaries: [start, end],
            } => {
                let g = gsoma + xkink.min(x) * (gdend - gsoma) / xkink;
                if start < x && x < end {
                    g * hotzone_factor
                } else {
                    g
                }
            }
        }
    }
}

impl Cell {
    /// Distance (um) along the cell from the 0 end of `soma` to the middle of a section; `None` where the cell has no
    /// tree or the section is not in it.
    pub fn distance_section(&self, section: &str) -> Option<f64> {
        self.distance_from(section, &CellNode::new("soma", 0))
    }

    fn distance_from(&self, target: &str, node: &CellNode) -> Option<f64> {
        let children = self.children(node);
        // Half its length, by whichever end it hangs.
        if children.iter().any(|child| child.section == target) {
            return self.sections.get(target).map(|section| section.L / 2.0);
        }
        let distance_by = |child: &CellNode| {
            let rest = self.distance_from(target, child)?;
            // The way leads through the section itself, from one end to the other.
            if child.section == node.section {
                Some(rest + self.sections.get(&child.section)?.L)
            } else {
                Some(rest)
            }
        };
        children
            .iter()
            .filter_map(distance_by)
            .min_by(f64::total_cmp)
    }

    /// The ends that hang on an end of a section.
    fn children(&self, node: &CellNode) -> &[CellNode] {
        self.cell_tree
            .as_ref()
            .and_then(|tree| tree.iter().find(|(parent, _)| parent == node))
            .map(|(_, children)| &children[..])
            .unwrap_or_default()
    }

    /// Values of a parameter in every segment of a section, as hnn-core computes them when the cell is made.
    pub fn along_section(&self, section: &str, profile: &DistanceProfile) -> Option<SegmentValues> {
        let distance = self.distance_section(section)?;
        let section = self.sections.get(section)?;
        let start = distance - section.L / 2.0;
        // Computed as hnn-core does, (2k + 1)/(2 nseg): values follow from it to the last bit.
        let step = 1.0 / f64::from(2 * section.nseg);
        let x: Vec<f64> = (0..section.nseg)
            .map(|k| f64::from(2 * k + 1) * step)
            .collect();
        let values = x
            .iter()
            .map(|x| profile.at(start + x * section.L))
            .collect();
        Some(SegmentValues { x, values })
    }

    /// Moves the template so that `soma` starts at its position, then stretches every section from the soma outwards to
    /// its length. Called whenever a length has changed.
    pub(crate) fn update_end_pts(&mut self) {
        // Taken out while sections change, which the tree borrows names from.
        let Some(tree) = self.cell_tree.take() else {
            return; // hnn-core leaves a cell without a tree as it is
        };
        let start = self
            .sections
            .get("soma")
            .and_then(|soma| soma.end_pts.first());
        if let Some(start) = start {
            let shift = std::array::from_fn::<f64, 3, _>(|i| self.pos[i] - start[i]);
            for section in self.sections.values_mut() {
                for point in &mut section.end_pts {
                    for i in 0..3 {
                        point[i] += shift[i];
                    }
                }
            }
            self.define_shape(&tree, &CellNode::new("soma", 0));
        }
        self.cell_tree = Some(tree);
    }

    fn define_shape(&mut self, tree: &Tree, node: &CellNode) {
        let opposite = CellNode::new(&node.section, 1 - node.end.min(1));
        let Some(section) = self.sections.get(&node.section) else {
            return;
        };
        let ends = (
            section.end_pts.get(usize::from(node.end)),
            section.end_pts.get(usize::from(opposite.end)),
        );
        let (Some(from), Some(to)) = ends else { return };
        let d: [f64; 3] = std::array::from_fn(|i| from[i] - to[i]);
        // The direction is the template's own; only the length along it changes.
        let old_length = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        let factor = section.L / old_length;
        let shift = std::array::from_fn(|i| from[i] + (to[i] - from[i]) * factor - to[i]);
        // Before the children: they are placed at an end that has moved already.
        self.shift_subtree(tree, &opposite, &shift);
        for child in children_in(tree, node) {
            self.define_shape(tree, child);
        }
    }

    fn shift_subtree(&mut self, tree: &Tree, node: &CellNode, shift: &[f64; 3]) {
        let point = self
            .sections
            .get_mut(&node.section)
            .and_then(|section| section.end_pts.get_mut(usize::from(node.end)));
        if let Some(point) = point {
            for i in 0..3 {
                point[i] += shift[i];
            }
        }
        for child in children_in(tree, node) {
            self.shift_subtree(tree, child, shift);
        }
    }
}

type Tree = [(CellNode, Vec<CellNode>)];

fn children_in<'a>(tree: &'a Tree, node: &CellNode) -> &'a [CellNode] {
    tree.iter()
        .find(|(parent, _)| parent == node)
        .map(|(_, children)| &children[..])
        .unwrap_or_default()
}

impl CellNode {
    /// An end of a section.
    pub fn new(section: &str, end: u8) -> Self {
        Self {
            section: section.into(),
            end,
        }
    }
}

/// New values for a section; `None` leaves a property as it is.
///
/// ```
/// use hnn_sweep::network::{Network, SectionChange};
///
/// let mut network = Network::neymotin_2020([3, 3]);
/// let change = SectionChange { L: Some(600.0), ..Default::default() };
/// network.modify_section("L5_pyramidal", "apical_1", change)?;
/// let cell = &network.cell_types["L5_pyramidal"].cell;
/// assert_eq!((cell.sections["apical_1"].L, cell.sections["apical_1"].nseg), (600.0, 13));
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[allow(non_snake_case)] // hnn-core's names
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SectionChange {
    /// Length (um).
    pub L: Option<f64>,
    /// Diameter (um).
    pub diam: Option<f64>,
    /// Membrane capacitance (uF/cm2).
    pub cm: Option<f64>,
    /// Axial resistivity (ohm cm).
    pub Ra: Option<f64>,
    /// Initial membrane potential (mV).
    pub v0: Option<f64>,
}

impl Cell {
    /// Changes a section as hnn-core's `modify_section` does: the end points follow a new length, while `nseg` and
    /// parameters that were computed from distances stay as they were.
    ///
    /// # Errors
    /// An unknown section; a length, diameter, capacitance or resistivity that is not positive.
    pub fn modify_section(
        &mut self,
        section: &str,
        change: SectionChange,
    ) -> Result<(), NetworkError> {
        let Some(found) = self.sections.get_mut(section) else {
            return Err(NetworkError::unknown(
                "sec_name",
                section,
                self.sections.keys(),
            ));
        };
        for (name, value) in [
            ("L", change.L),
            ("diam", change.diam),
            ("cm", change.cm),
            ("Ra", change.Ra),
        ] {
            if let Some(value) = value {
                positive(name, value)?;
            }
        }
        if let Some(v0) = change.v0 {
            finite("v0", v0)?;
        }
        found.L = change.L.unwrap_or(found.L);
        found.diam = change.diam.unwrap_or(found.diam);
        found.cm = change.cm.unwrap_or(found.cm);
        found.Ra = change.Ra.unwrap_or(found.Ra);
        found.v0 = change.v0.unwrap_or(found.v0);
        // nseg stays, as in hnn-core: it is set when a cell is made.
        self.update_end_pts();
        Ok(())
    }

    /// Sets one parameter of a mechanism in one section to a number.
    pub(crate) fn set_mech(
        &mut self,
        section: &str,
        mech: &str,
        parameter: &str,
        value: MechValue,
    ) {
        if let Some(section) = self.sections.get_mut(section) {
            section
                .mechs
                .entry(mech.into())
                .or_default()
                .insert(parameter.into(), value);
        }
    }
}

impl Network {
    /// A cell type by name.
    pub(crate) fn cell_type(&self, argument: &str, name: &str) -> Result<&CellType, NetworkError> {
        self.cell_types
            .get(name)
            .map(|cell_type| &**cell_type)
            .ok_or_else(|| NetworkError::unknown(argument, name, self.cell_types.keys()))
    }

    /// A cell type by name, to change it.
    ///
    /// # Errors
    /// An unknown name.
    pub fn cell_type_mut(&mut self, name: &str) -> Result<&mut CellType, NetworkError> {
        let Some(index) = self.cell_types.get_index_of(name) else {
            let known = self.cell_types.keys();
            return Err(NetworkError::unknown("cell_type", name, known));
        };
        // Copied on the first change only: networks of a sweep share their cell types.
        Ok(Arc::make_mut(&mut self.cell_types[index]))
    }

    /// [`Cell::modify_section`] of a cell type.
    ///
    /// # Errors
    /// As there; an unknown cell type.
    pub fn modify_section(
        &mut self,
        cell_type: &str,
        section: &str,
        change: SectionChange,
    ) -> Result<(), NetworkError> {
        self.cell_type_mut(cell_type)?
            .cell
            .modify_section(section, change)
    }
}
