//! hnn-core's own cells, whatever machine wrote them.
//!
//! hnn-core computes the end points of sections with NumPy's `linalg.norm`, whose last bit depends on the processor
//! and on NumPy's build: a point that is 0 on one machine is 2.8e-14 um on another. NEURON rounds them to single
//! precision. So that the same model is the same network everywhere, cells that differ from a known template by no
//! more than that get the template's points.

use crate::network::{Cell, Model, Network, Section};
use std::sync::{Arc, OnceLock};

/// Largest difference (um) of a coordinate that passes for rounding.
const ROUNDING: f64 = 1e-9;

/// Puts the points of known templates in the place of those that other rounding has made.
pub(super) fn take_known_points(net: &mut Network) {
    for cell_type in net.cell_types.values_mut() {
        let found = templates()
            .iter()
            .find_map(|known| as_known(&cell_type.cell, known));
        if let Some(cell) = found
            && cell != cell_type.cell
        {
            Arc::make_mut(cell_type).cell = cell;
        }
    }
}

fn templates() -> &'static [Cell] {
    static TEMPLATES: OnceLock<Vec<Cell>> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        let models = [Model::Neymotin2020, Model::Law2021, Model::Calcium];
        let types = models.map(|model| model.network([1, 1]).cell_types);
        types
            .iter()
            .flat_map(|types| types.values())
            .map(|t| t.cell.clone())
            .collect()
    })
}

/// The cell with the points of a template, if it has its geometry.
fn as_known(cell: &Cell, known: &Cell) -> Option<Cell> {
    let mut made = cell.clone();
    for (name, section) in &mut made.sections {
        let points = &known.sections.get(name)?.end_pts;
        let near =
            |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= ROUNDING);
        let same = points.len() == section.end_pts.len()
            && points.iter().zip(&section.end_pts).all(|(a, b)| near(a, b));
        if !same {
            return None;
        }
        section.end_pts.clone_from(points);
    }
    is_geometry_of(&made, known).then_some(made)
}

/// Whether both have the sections of which hnn-core computes the points; channels and synapses may differ. A section
/// that was changed has had its points computed once more, here as there: they stay as they are.
fn is_geometry_of(cell: &Cell, known: &Cell) -> bool {
    let numbers = |s: &Section| [s.L, s.diam, s.Ra, s.cm, s.v0];
    let same = |(name, section): (&String, &Section)| {
        let other = known.sections.get(name);
        other.is_some_and(|other| numbers(other) == numbers(section))
    };
    cell.cell_tree == known.cell_tree
        && cell.sections.len() == known.sections.len()
        && cell.sections.iter().all(same)
}
