//! Extracellular potentials: how strongly each node's membrane potential acts on each contact.
//!
//! The membrane current of a segment is, by Kirchhoff's law, the axial current into it (and a clamp's current, which
//! hnn-core does not count as membrane current), so a contact's potential is a weighted sum of membrane potentials.

use super::compile::CompiledCell;
use super::geometry::NodePlace;
use crate::network::{Cell, ElectrodeArray, ElectrodeMethod, Section};

type Point = [f64; 3];

fn sub(a: Point, b: Point) -> Point {
    std::array::from_fn(|c| a[c] - b[c])
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: Point) -> f64 {
    dot(a, a).sqrt()
}

/// A segment as a source of current.
#[derive(Clone, Copy, Debug)]
struct CurrentSource {
    /// Middle (um) of the segment.
    centre: Point,
    /// End (um) of the line.
    end: Point,
    /// From its start to its end.
    axis: Point,
    /// Its length (um).
    length: f64,
}

impl CurrentSource {
    /// Segment `i` of a section with the given ends; hnn-core takes half the length of outer segments.
    fn new(section: &Section, i: usize, [start, end]: [Point; 2]) -> Self {
        let direction = sub(end, start);
        let n = f64::from(section.nseg);
        let x = (i as f64 + 0.5) / n;
        let centre: Point = std::array::from_fn(|c| start[c] + x * direction[c]);
        let inner = i > 0 && i + 1 < section.nseg as usize;
        // Inner lines reach from the previous centre to the next and overlap, as in hnn-core.
        let half = section.L / n * if inner { 1.0 } else { 0.5 };
        let size = norm(direction);
        let unit = direction.map(|x| x / size);
        let [start, end]: [Point; 2] =
            [-half, half].map(|h| std::array::from_fn(|c| centre[c] + h * unit[c]));
        let axis = sub(end, start);
        Self {
            centre,
            end,
            axis,
            length: norm(axis),
        }
    }

    /// `1/distance` (1/um) of a point source.
    fn point(&self, electrode: Point, min_distance: f64) -> f64 {
        1.0 / norm(sub(electrode, self.centre)).max(min_distance)
    }

    /// Potential (1/um) of a line source (Holt 1998, appendix C).
    fn line(&self, electrode: Point, min_distance: f64) -> f64 {
        let b = sub(electrode, self.end);
        let h = dot(b, self.axis) / self.length;
        let l = h + self.length;
        let r2 = (dot(b, b) - h * h).max(min_distance * min_distance);
        let (to_h, to_l) = ((h * h + r2).sqrt(), (l * l + r2).sqrt());
        // The same logarithm in three forms: each subtracts nothing that cancels on its side of the
        // line.
        let ratio = if l < 0.0 && h < 0.0 {
            (to_h - h) / (to_l - l)
        } else if l > 0.0 && h < 0.0 {
            (to_h - h) * (l + to_l) / r2
        } else {
            (to_l + l) / (to_h + h)
        };
        libm::log(ratio) / self.length
    }
}

/// The segments of a cell in space.
pub struct CurrentSources(Vec<Option<CurrentSource>>);

impl CurrentSources {
    /// Those of a cell whose sections have the given `ends` (um).
    pub fn new(cell: &Cell, compiled: &CompiledCell, ends: &[[[f32; 3]; 2]]) -> Self {
        let of_node = |place: &NodePlace| {
            let NodePlace::Segment(s, i) = *place else {
                return None;
            };
            let (_, section) = cell.sections.get_index(s)?;
            Some(CurrentSource::new(
                section,
                i,
                ends[s].map(|p| p.map(f64::from)),
            ))
        };
        Self(compiled.tree.place.iter().map(of_node).collect())
    }

    /// Transfer resistance (uV/nA) from each node to a contact; 0 for nodes without membrane.
    pub fn transfer_resistance(&self, electrode: Point, array: &ElectrodeArray) -> Vec<f64> {
        let of_source = |source: &CurrentSource| {
            let phi = match array.method {
                None => return 1.0,
                Some(ElectrodeMethod::Psa) => source.point(electrode, array.min_distance),
                Some(ElectrodeMethod::Lsa) => source.line(electrode, array.min_distance),
            };
            1000.0 * phi / (4.0 * std::f64::consts::PI * array.conductivity)
        };
        let sources = self.0.iter();
        sources
            .map(|source| source.as_ref().map_or(0.0, of_source))
            .collect()
    }
}

/// Weight (uV/mV) of each node's membrane potential in a contact's potential, from transfer resistances (uV/nA).
pub fn potential_weights(compiled: &CompiledCell, resistance: &[f64]) -> Vec<f64> {
    let mut weights = vec![0.0; resistance.len()];
    for (n, node) in compiled.step.nodes().iter().enumerate().skip(1) {
        let p = node.parent as usize;
        // The axial current leaves one end and enters the other.
        let difference = node.g_axial * (resistance[n] - resistance[p]);
        weights[p] += difference;
        weights[n] -= difference;
    }
    weights
}
