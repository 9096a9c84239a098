//! Where cells stand: two grids of pyramidal cells, with basket cells on some of their points.

use super::error::positive;
use super::{Network, NetworkError};
use indexmap::IndexMap;
use std::sync::Arc;

/// Default distance (um) of neighbouring pyramidal cells.
pub const DEFAULT_INPLANE_DISTANCE: f64 = 1.0;
/// Default distance (um) of the layers' pyramidal somata.
pub const DEFAULT_LAYER_SEPARATION: f64 = 1307.4;

/// The four populations of the column, in the order in which gids are given out.
pub(crate) const POPULATIONS: [&str; 4] =
    ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"];

type Positions = Arc<Vec<[f64; 3]>>;

/// Positions (um) of the four populations, and the origin at which drives are placed.
pub(crate) fn column(
    mesh: [u32; 2],
    inplane_distance: f64,
    layer_separation: f64,
) -> (IndexMap<String, Positions>, [f64; 3]) {
    let z = layer_separation;
    let at = |index: u32| f64::from(index) * inplane_distance;
    let pyramidal = |z: f64| -> Positions {
        // x by x, each with all y: gids follow.
        let grid = (0..mesh[0]).flat_map(|x| (0..mesh[1]).map(move |y| (x, y)));
        Arc::new(grid.map(|(x, y)| [at(x), at(y), z]).collect())
    };
    // Every third column, shifted by one in odd rows; row by row.
    let basket = |z: f64| -> Positions {
        let rows = 0..mesh[1];
        let cells = rows.flat_map(|y| (y % 2..mesh[0]).step_by(3).map(move |x| (x, y)));
        Arc::new(cells.map(|(x, y)| [at(x), at(y), z]).collect())
    };
    let positions = [
        ("L5_pyramidal".to_string(), pyramidal(0.0)),
        ("L2_pyramidal".to_string(), pyramidal(z)),
        ("L5_basket".to_string(), basket(0.2 * z)),
        ("L2_basket".to_string(), basket(0.8 * z)),
    ];
    let middle = |n: u32| at(n.saturating_sub(1) / 2);
    // Drives sit here: every distance of a drive's connection is from this point.
    let origin = [middle(mesh[0]), middle(mesh[1]), (z / 2.0).floor()];
    (positions.into(), origin)
}

impl Network {
    /// Moves all cells to a grid of the given in-plane distance (um) and layer separation (um); `None` leaves one as it
    /// is. Drives move to the new origin.
    ///
    /// # Errors
    /// A distance that is not positive; a network whose cell types are not those of the column, since hnn-core knows
    /// no grid for others.
    pub fn set_cell_positions(
        &mut self,
        inplane_distance: Option<f64>,
        layer_separation: Option<f64>,
    ) -> Result<(), NetworkError> {
        let inplane_distance = inplane_distance.unwrap_or(self.inplane_distance);
        let layer_separation = layer_separation.unwrap_or(self.layer_separation);
        positive("inplane_distance", inplane_distance)?;
        positive("layer_separation", layer_separation)?;
        let (mut positions, origin) = column(self.mesh_shape, inplane_distance, layer_separation);
        // Networks whose cells were placed by hand are left alone.
        for name in self.cell_types.keys() {
            let fits = positions.get(name).map(|p| p.len())
                == self.gid_ranges.get(name).map(|range| range.len());
            if !fits {
                return Err(NetworkError::argument(
                    "inplane_distance",
                    inplane_distance,
                    format!(
                        "cells can only be moved where all types stand on the column's grid, and {name} does not"
                    ),
                ));
            }
        }
        positions.retain(|name, _| self.cell_types.contains_key(name));
        for (name, drive) in &self.external_drives {
            let at_origin = vec![origin; drive.n_drive_cells as usize];
            positions.insert(name.clone(), Arc::new(at_origin));
        }
        self.pos_dict = positions;
        self.origin = origin;
        self.inplane_distance = inplane_distance;
        self.layer_separation = layer_separation;
        Ok(())
    }
}
