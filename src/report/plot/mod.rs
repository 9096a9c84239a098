//! Single figures of a sweep.

mod against;
mod coordinates;
mod curves;
mod depth;
mod drawing;
mod map;
mod options;
mod simulation;
mod target;
mod ticks;

pub use drawing::{CELL_COLOURS, DRIVE_COLOUR};
pub use options::{Condition, Kind, PlotOptions};

use super::columns::PointTable;
use crate::stages::{Loader, RunError};
use drawing::Figure;
use options::input;

/// A figure.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The picture.
    pub svg: String,
    /// What a reader has to know: what was left out, what was smoothed.
    pub notes: Vec<String>,
}

/// Draws a figure of a sweep. The same folder and options give the same bytes.
///
/// # Errors
/// If the sweep lacks what the figure is made from, a name is unknown, or a file cannot be read or is damaged.
pub fn plot(loader: &Loader, kind: Kind, options: &PlotOptions) -> Result<Plot, RunError> {
    let columns = PointTable::of(loader, 1);
    let mut rows = Vec::new();
    for row in 0..columns.points.len() {
        let mut holds = true;
        for condition in &options.conditions {
            // An unknown name is an error even if an earlier condition has ruled the row out.
            holds &= condition.holds(columns.find(&condition.name)?, row)?;
        }
        if holds {
            rows.push(row);
        }
    }
    let mut figure = Figure {
        loader,
        columns,
        rows,
        options,
        notes: Vec::new(),
    };
    if figure.rows.is_empty() {
        return Err(match figure.columns.points.is_empty() {
            true => input(
                format!("sweep `{}` has no points", loader.name()),
                "run a pipeline that writes to the folder".into(),
            ),
            false => input(
                "no simulation fulfils the conditions of --where".into(),
                "loosen them".into(),
            ),
        });
    }
    let svg = match kind {
        Kind::Dipoles => curves::dipoles(&mut figure)?,
        Kind::Psd => curves::psd(&mut figure)?,
        Kind::Map => map::map(&mut figure, false)?,
        Kind::Cells => map::map(&mut figure, true)?,
        Kind::Against => against::against(&mut figure)?,
        Kind::Simulation => simulation::simulation(&mut figure)?,
        Kind::Csd => depth::csd(&mut figure)?,
        Kind::Target => target::target(&mut figure)?,
        Kind::Coordinates => coordinates::coordinates(&mut figure)?,
    };
    Ok(Plot {
        svg: svg.finish(),
        notes: figure.notes,
    })
}
