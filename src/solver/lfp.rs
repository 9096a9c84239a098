//! Extracellular potentials: how strongly each node's membrane potential acts on each contact.
//!
//! The membrane current of a segment is, by Kirchhoff's law, the axial current into it (and a clamp's current, which
//! hnn-core does not count as membrane current), so a contact's potential is a weighted sum of membrane potentials.

use super::compile::CompiledCell;
use super::geometry::Place;
use crate::network::{Cell, ElectrodeArray, ElectrodeMethod};

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

/// `1/distance` (1/um) of a point source.
fn point_source(electrode: Point, centre: Point, min_distance: f64) -> f64 {
    1.0 / norm(sub(electrode, centre)).max(min_distance)
}

/// Potential (1/um) of a line source of half-length `half` (um) along `axis` (Holt 1998, appendix C).
fn line_source(electrode: Point, centre: Point, axis: Point, half: f64, min_distance: f64) -> f64 {
    let unit = axis.map(|x| x / norm(axis));
    let start: Point = std::array::from_fn(|c| centre[c] - half * unit[c]);
    let end: Point = std::array::from_fn(|c| centre[c] + half * unit[c]);
    let a = sub(end, start);
    let length = norm(a);
    let b = sub(electrode, end);
    let h = dot(b, a) / length;
    let l = h + length;
    let r2 = (dot(b, b) - h * h).max(min_distance * min_distance);
    let (to_h, to_l) = ((h * h + r2).sqrt(), (l * l + r2).sqrt());
    let ratio = if l < 0.0 && h < 0.0 {
        (to_h - h) / (to_l - l)
    } else if l > 0.0 && h < 0.0 {
        (to_h - h) * (l + to_l) / r2
    } else {
        (to_l + l) / (to_h + h)
    };
    libm::log(ratio) / length
}

/// Transfer resistance (uV/nA) from each node of a cell, whose sections have the given `ends` (um), to a contact; 0 for
/// nodes without membrane.
pub fn transfer_resistance(
    cell: &Cell,
    compiled: &CompiledCell,
    ends: &[[[f32; 3]; 2]],
    electrode: Point,
    array: &ElectrodeArray,
) -> Vec<f64> {
    compiled
        .tree
        .place
        .iter()
        .map(|place| {
            let Place::Segment(s, i) = *place else {
                return 0.0;
            };
            let Some(method) = array.method else {
                return 1.0;
            };
            let Some((_, section)) = cell.sections.get_index(s) else {
                return 0.0;
            };
            let [start, end] = ends[s].map(|point| point.map(f64::from));
            let axis = sub(end, start);
            let n = f64::from(section.nseg);
            let x = (i as f64 + 0.5) / n;
            let centre: Point = std::array::from_fn(|c| start[c] + x * axis[c]);
            let phi = match method {
                ElectrodeMethod::Psa => point_source(electrode, centre, array.min_distance),
                ElectrodeMethod::Lsa => {
                    let inner = i > 0 && i + 1 < section.nseg as usize;
                    let half = section.L / n * if inner { 1.0 } else { 0.5 };
                    line_source(electrode, centre, axis, half, array.min_distance)
                }
            };
            1000.0 * phi / (4.0 * std::f64::consts::PI * array.conductivity)
        })
        .collect()
}

/// Weight (uV/mV) of each node's membrane potential in a contact's potential, from transfer resistances (uV/nA).
pub fn potential_weights(compiled: &CompiledCell, resistance: &[f64]) -> Vec<f64> {
    let mut weights = vec![0.0; resistance.len()];
    for (n, node) in compiled.step.nodes().iter().enumerate().skip(1) {
        let p = node.parent as usize;
        let difference = node.g_axial * (resistance[n] - resistance[p]);
        weights[p] += difference;
        weights[n] -= difference;
    }
    weights
}
