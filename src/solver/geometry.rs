//! A cell's sections as a tree of nodes: areas, axial resistances, dipole weights.
//!
//! As in NEURON, each segment is a node at its centre, and each section has a node without membrane at its end; the
//! 0 end of a section is the node of its parent that it is attached to.

use super::SolverError;
use crate::network::{Cell, Section};
use indexmap::IndexMap;

/// Where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodePlace {
    /// The 0 end of the root section.
    Root,
    /// Segment of a section (index of the section in the cell, of the segment in the section).
    Segment(usize, usize),
    /// The end of a section that is away from the root.
    End(usize),
}

/// Nodes of a cell, parents before children.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where each node is.
    pub place: Vec<NodePlace>,
    /// Parent of each node; the root is its own.
    pub parent: Vec<usize>,
    /// Membrane area (um2); 0 for nodes without membrane.
    pub area: Vec<f64>,
    /// Axial resistance (Mohm) between a node and its parent; infinite for the root.
    pub ri: Vec<f64>,
    /// First segment's node of each section.
    pub first: Vec<usize>,
    /// Sections whose 1 end points to the root have their segments in descending order of position.
    pub reversed: Vec<bool>,
}

impl Tree {
    /// Node of the segment that contains position `x` (0 to 1) of a section.
    pub fn node_at(&self, section: usize, nseg: usize, x: f64) -> usize {
        // NEURON's segment of x: with an even nseg, 0.5 is in the one behind the middle; 1 in the
        // last.
        let i = ((x * nseg as f64) as usize).min(nseg - 1);
        self.node_of(section, nseg, i)
    }

    /// Node of segment `i`, counted from the section's 0 end.
    pub fn node_of(&self, section: usize, nseg: usize, i: usize) -> usize {
        self.first[section]
            + if self.reversed[section] {
                nseg - 1 - i
            } else {
                i
            }
    }
}

/// Diameter (um) as NEURON has it: it passes through single-precision 3-d points.
pub fn diameter(section: &Section) -> f64 {
    f64::from(section.diam as f32)
}

/// Axial resistance (Mohm) of half a segment.
fn half_segment(section: &Section) -> f64 {
    let d = diameter(section);
    let half = section.L / f64::from(section.nseg) / 2.0;
    // From Ohm cm and um to MOhm.
    1e-2 * section.Ra * half / (std::f64::consts::PI * d * d / 4.0)
}

fn attachments(cell: &Cell) -> Result<IndexMap<&str, (&str, u8, u8)>, SolverError> {
    let mut parent_of = IndexMap::new();
    for (parent, children) in cell.cell_tree.iter().flatten() {
        for child in children {
            // hnn-core's trees also list a section's own other end as its child.
            if child.section == parent.section {
                continue;
            }
            for name in [&parent.section, &child.section] {
                if !cell.sections.contains_key(name) {
                    return Err(SolverError::InvalidNetwork(format!(
                        "the cell tree of '{}' names a section '{name}' that the cell does not have",
                        cell.name
                    )));
                }
            }
            parent_of.insert(
                child.section.as_str(),
                (parent.section.as_str(), parent.end, child.end),
            );
        }
    }
    Ok(parent_of)
}

/// Ends (um) of each section of a cell at `pos`, as NEURON keeps its 3-d points: in single precision, stretched to the
/// section's length, then moved so that the section's first point meets the end of its parent.
///
/// # Errors
/// Where the cell tree names an unknown section.
pub fn ends(cell: &Cell, tree: &Tree, pos: [f64; 3]) -> Result<Vec<[[f32; 3]; 2]>, SolverError> {
    let mut ends: Vec<[[f32; 3]; 2]> = cell
        .sections
        .values()
        .map(|section| {
            let point = |k: usize| {
                let p = section.end_pts.get(k).copied().unwrap_or_default();
                // Added in double, rounded once.
                std::array::from_fn(|c| (p[c] + pos[c]) as f32)
            };
            let (start, end): ([f32; 3], [f32; 3]) = (point(0), point(1));
            // Differences in single precision, lengths in double, as in NEURON.
            let [dx, dy, dz]: [f64; 3] = std::array::from_fn(|c| f64::from(end[c] - start[c]));
            let stretch = section.L / (dx * dx + dy * dy + dz * dz).sqrt();
            let stretched = |c: usize| {
                let (a, b) = (f64::from(start[c]), f64::from(end[c]));
                (a + (b - a) * stretch) as f32
            };
            [start, std::array::from_fn(stretched)]
        })
        .collect();
    let parent_of = attachments(cell)?;
    let mut parents_first: Vec<usize> = (0..ends.len()).collect();
    // A parent has its nodes, and its ends settled, before its children.
    parents_first.sort_by_key(|s| tree.first[*s]);
    for s in parents_first {
        let parent = cell
            .sections
            .get_index(s)
            .and_then(|(n, _)| parent_of.get(n.as_str()));
        let Some((parent, end)) = parent.and_then(|(parent, end, _)| {
            Some((cell.sections.get_index_of(*parent)?, usize::from(*end)))
        }) else {
            continue;
        };
        let at = ends[parent][if tree.reversed[parent] { 1 - end } else { end }];
        // define_shape: the child's first point moves onto its parent's end, also in single
        // precision.
        let shift: [f32; 3] = std::array::from_fn(|c| at[c] - ends[s][0][c]);
        for point in &mut ends[s] {
            *point = std::array::from_fn(|c| point[c] + shift[c]);
        }
    }
    Ok(ends)
}

/// Builds the tree of a cell.
///
/// # Errors
/// Where the sections do not form one tree, or a size is not positive.
pub fn tree(cell: &Cell) -> Result<Tree, SolverError> {
    let invalid =
        |text: String| SolverError::InvalidNetwork(format!("cell '{}': {text}", cell.name));
    for (name, s) in &cell.sections {
        let positive = [("L", s.L), ("diam", s.diam), ("Ra", s.Ra)];
        for (key, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(invalid(format!(
                    "{key} of section '{name}' must be positive and finite, got {value}"
                )));
            }
        }
        if s.nseg == 0 {
            return Err(invalid(format!("section '{name}' has nseg = 0")));
        }
        if !(s.cm.is_finite() && s.cm >= 0.0 && s.v0.is_finite()) {
            return Err(invalid(format!(
                "section '{name}' needs a finite cm >= 0 and a finite v0, got {} and {}",
                s.cm, s.v0
            )));
        }
    }
    let parent_of = attachments(cell)?;
    let n = cell.sections.len();
    let mut roots = cell
        .sections
        .keys()
        .filter(|name| !parent_of.contains_key(name.as_str()));
    let root = roots
        .next()
        .ok_or_else(|| invalid("the cell tree has no root".into()))?;
    if let Some(other) = roots.next() {
        return Err(invalid(format!(
            "sections '{root}' and '{other}' are not connected"
        )));
    }
    let mut tree = Tree {
        place: vec![NodePlace::Root],
        parent: vec![0],
        area: vec![0.0],
        ri: vec![f64::INFINITY],
        first: vec![usize::MAX; n],
        reversed: vec![false; n],
    };
    // (section, node it hangs on, its end there); depth first, so chains stay contiguous.
    let mut stack = vec![(root.as_str(), 0usize, 0u8)];
    let mut placed = 0;
    while let Some((name, attached, end)) = stack.pop() {
        let (index, _, section) = cell
            .sections
            .get_full(name)
            .ok_or_else(|| invalid(format!("no section '{name}'")))?;
        let nseg = section.nseg as usize;
        let half = half_segment(section);
        tree.first[index] = tree.place.len();
        tree.reversed[index] = end == 1;
        for k in 0..nseg {
            let i = if end == 1 { nseg - 1 - k } else { k };
            tree.parent.push(if k == 0 {
                attached
            } else {
                tree.place.len() - 1
            });
            // From the parent's node to the first centre is half a segment; Ra and diam are the
            // child's alone.
            tree.ri.push(if k == 0 { half } else { half + half });
            tree.area.push(
                std::f64::consts::PI * diameter(section) * section.L / f64::from(section.nseg),
            );
            tree.place.push(NodePlace::Segment(index, i));
        }
        let far = tree.place.len();
        tree.parent.push(far - 1);
        tree.ri.push(half);
        tree.area.push(0.0);
        tree.place.push(NodePlace::End(index));
        placed += 1;
        // Backwards, as a stack gives them back in the cell's order.
        for (child, &(parent, parent_end, child_end)) in parent_of.iter().rev() {
            if parent == name {
                // A child at the end by which its parent hangs shares that node: basal_1 at the
                // soma's 0 end.
                let node = if parent_end == end { attached } else { far };
                stack.push((child, node, child_end));
            }
        }
    }
    if placed != n {
        return Err(invalid("the cell tree has a loop".into()));
    }
    Ok(tree)
}

/// Weight (fAm/mV) of each node's membrane potential in the dipole moment of a cell.
///
/// Along every section the current from node to node, `(v_prev - v)/ri`, times the length it flows parallel to
/// `apical_trunk` (dipole.mod, dipole_pp.mod, `Cell._insert_dipole`).
///
/// # Errors
/// Where the cell has no section `apical_trunk` or a section without two distinct end points.
pub fn dipole_weights(cell: &Cell, tree: &Tree) -> Result<Vec<f64>, SolverError> {
    let axis = |name: &str, s: &Section| -> Result<[f64; 3], SolverError> {
        let ([Some(a), Some(b)], false) = (
            [s.end_pts.first(), s.end_pts.get(1)],
            s.end_pts.first() == s.end_pts.get(1),
        ) else {
            return Err(SolverError::InvalidNetwork(format!(
                "cell '{}': section '{name}' needs two distinct end_pts for the dipole",
                cell.name
            )));
        };
        Ok(std::array::from_fn(|c| b[c] - a[c]))
    };
    let trunk = cell.sections.get("apical_trunk").ok_or_else(|| {
        SolverError::InvalidNetwork(format!(
            "cell '{}' measures a dipole but has no section 'apical_trunk'",
            cell.name
        ))
    })?;
    let a = axis("apical_trunk", trunk)?;
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let mut weights = vec![0.0; tree.place.len()];
    for (index, (name, section)) in cell.sections.iter().enumerate() {
        let b = axis(name, section)?;
        let cos_theta = dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt());
        let nseg = section.nseg as usize;
        let n = f64::from(section.nseg);
        // Positions of NEURON's allseg(): 0, centres, 1.
        let mut x = vec![0.0];
        x.extend((0..nseg).map(|i| (i as f64 + 0.5) / n));
        x.push(1.0);
        let node = |i: usize| -> usize {
            let first = tree.first[index];
            match (i, tree.reversed[index]) {
                (0, false) => tree.parent[first],
                (0, true) => first + nseg,
                (i, true) if i == nseg + 1 => tree.parent[first],
                (i, false) if i == nseg + 1 => first + nseg,
                (i, _) => tree.node_of(index, nseg, i - 1),
            }
        };
        for i in 1..=nseg + 1 {
            let (from, to) = (node(i - 1), node(i));
            // A resistance is kept with the child of the two.
            let between = if tree.parent[to] == from { to } else { from };
            let length = (x[i] - x[i - 1]) * section.L * cos_theta;
            let weight = length / tree.ri[between];
            weights[from] += weight;
            weights[to] -= weight;
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;
    use serde_json::Value;

    /// tests/reference/make_geometry.py: what NEURON makes of the default cells.
    const REFERENCE: &str = include_str!("../../tests/reference/geometry.json");

    fn numbers(value: &Value) -> Vec<f64> {
        let list = value.as_array().expect("a list");
        list.iter().map(|x| x.as_f64().expect("a number")).collect()
    }

    #[test]
    fn areas_and_axial_resistances_are_those_of_neuron() {
        let reference: Value = serde_json::from_str(REFERENCE).unwrap();
        let network = Network::neymotin_2020([1, 1]);
        for (name, cell_type) in &network.cell_types {
            let cell = &cell_type.cell;
            let tree = tree(cell).unwrap();
            let sections = &reference["cells"][name]["sections"];
            assert_eq!(sections.as_object().unwrap().len(), cell.sections.len());
            for (s, (section, values)) in cell.sections.iter().enumerate() {
                let nseg = values.nseg as usize;
                let (area, ri) = (
                    numbers(&sections[section]["area"]),
                    numbers(&sections[section]["ri"]),
                );
                assert_eq!((area.len(), ri.len()), (nseg, nseg + 1));
                for i in 0..=nseg {
                    let node = tree.first[s] + i;
                    let near = |got: f64, want: f64| (got - want).abs() <= 1e-14 * want;
                    assert!(near(tree.ri[node], ri[i]), "ri {i} of {section} of {name}");
                    if i < nseg {
                        let got = tree.area[node];
                        assert!(near(got, area[i]), "area {i} of {section} of {name}");
                    }
                }
            }
        }
    }

    #[test]
    fn sections_that_hang_together_in_no_tree_are_refused() {
        let network = Network::neymotin_2020([1, 1]);
        let mut cell = network.cell_types["L5_pyramidal"].cell.clone();
        cell.cell_tree
            .as_mut()
            .unwrap()
            .retain(|(parent, _)| parent.section != "apical_1");
        let error = tree(&cell).unwrap_err().to_string();
        assert!(error.contains("not connected"), "{error}");
    }
}
