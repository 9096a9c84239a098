//! Current source density at all contacts, of the stored potentials.

use crate::stages::{Loader, RunError, summarize};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Points whose networks are read at a time.
const POINTS: usize = 64;

/// Makes rows of current source density of rows of potentials.
pub struct SourceDensity {
    /// Distance (um) of the contacts of each evenly spaced array, by simulation.
    spacing: HashMap<u32, BTreeMap<String, f64>>,
}

impl SourceDensity {
    /// Reads where the electrodes of a sweep are.
    ///
    /// # Errors
    /// If a file cannot be read, or no array is a column of evenly spaced contacts.
    pub fn of(loader: &Loader) -> Result<Self, RunError> {
        let mut spacing = HashMap::new();
        let n = loader.n_points();
        for first in (0..n).step_by(POINTS) {
            let points = first..(first + POINTS).min(n);
            let networks = loader.networks(points.clone())?;
            for (point, network) in points.zip(networks) {
                // The spacing is the simulation's: points that share one share its electrodes.
                let (Some(network), Some((id, _))) = (network, loader.tasks(point).next()) else {
                    continue;
                };
                let arrays = network.electrodes.iter();
                let arrays = arrays
                    .filter_map(|(name, array)| Some((name.clone(), array.laminar_spacing()?)));
                spacing.insert(id.0, arrays.collect::<BTreeMap<_, _>>());
            }
        }
        match spacing.values().any(|arrays| !arrays.is_empty()) {
            true => Ok(Self { spacing }),
            false => Err(RunError::Input {
                what: "no electrode array of the sweep is a column of evenly spaced contacts".into(),
                help: "current sources need electrode_pos such as { x = 0, y = 0, z = { linspace = [-500, 2500, 16] } }, and save_lfp".into(),
            }),
        }
    }

    /// The density (uV/um²) in the place of the potential: hnn-core's `calculate_csd2d` with the contacts' distance.
    /// Rows of one simulation, with all contacts; those of arrays that are no such column are left out.
    ///
    /// # Errors
    /// [`ArrowError`] if these are no rows of potentials.
    pub fn rows(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let column = |name: &str| {
            rows.column_by_name(name)
                .ok_or_else(|| ArrowError::SchemaError(name.into()))
        };
        let sims = column("sim")?.as_primitive::<Int32Type>();
        let arrays = column("array")?.as_string::<i32>();
        let contacts = column("contact")?.as_primitive::<Int32Type>();
        let potential = column("potential")?.as_primitive::<Float64Type>();
        let sim = sims
            .values()
            .first()
            .and_then(|sim| u32::try_from(*sim).ok());
        let spacing = sim.and_then(|sim| self.spacing.get(&sim));
        // Where the rows of each contact of an array begin and end.
        let mut runs: Vec<(&str, std::ops::Range<usize>)> = Vec::new();
        for row in 0..rows.num_rows() {
            let same = row > 0
                && arrays.value(row) == arrays.value(row - 1)
                && contacts.value(row) == contacts.value(row - 1);
            match runs.last_mut() {
                Some((_, run)) if same => run.end = row + 1,
                _ => runs.push((arrays.value(row), row..row + 1)),
            }
        }
        let mut pieces = Vec::new();
        let mut density: Vec<f64> = Vec::new();
        for of_array in runs.chunk_by(|a, b| a.0 == b.0) {
            let name = of_array.first().map_or("", |(name, _)| *name);
            // An array that is no column gives no density; its rows are left out.
            let Some(spacing) = spacing.and_then(|arrays| arrays.get(name)) else {
                continue;
            };
            let values = |(_, run): &(&str, std::ops::Range<usize>)| {
                potential.values()[run.clone()].to_vec()
            };
            let all: Vec<Vec<f64>> = of_array.iter().map(values).collect();
            for (contact, (_, run)) in of_array.iter().enumerate() {
                if let Some(values) = summarize::density_at(&all, *spacing, contact) {
                    density.extend(values);
                    pieces.push(rows.slice(run.start, run.len()));
                }
            }
        }
        // Without potentials: what is left has the same columns, and the density in their place.
        let kept = arrow_select::concat::concat_batches(&rows.schema(), &pieces)?;
        let (mut fields, mut columns): (Vec<Arc<Field>>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (field, values) in kept.schema().fields().iter().zip(kept.columns()) {
            if field.name() != "potential" {
                fields.push(field.clone());
                columns.push(values.clone());
            }
        }
        let unit = HashMap::from([(crate::store::UNITS.to_string(), "uV/um^2".to_string())]);
        fields.push(Arc::new(
            Field::new("csd", DataType::Float64, false).with_metadata(unit),
        ));
        columns.push(Arc::new(Float64Array::from(density)));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}
