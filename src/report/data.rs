//! What of a sweep a page carries, in the room that it has: parameters and statistics, waveforms, spikes, potentials.

use super::columns::{PointState, PointTable};
use super::pack::{Packer, deltas, means, pack, scale_of};
use super::plot::{CELL_COLOURS, DRIVE_COLOUR};
use super::waves::{self, mean_over_trials};
use crate::figure::ColourMap;
use crate::stages::{LoadedSimulation, Loader, RunError, StoredNetwork};
use crate::store::Table;
use serde_json::{Value, json};

/// Intervals (ms) of the waveforms' means: the first that has room for all simulations, else the last with some of
/// them.
const STEPS: [f64; 2] = [0.5, 1.0];
/// Steps (ms) that spike times are rounded to.
const SPIKE_UNIT: f64 = 0.01;
/// Simulations that are packed to learn how much room one takes.
const SAMPLE: usize = 24;

/// A page's data.
pub struct PageData {
    /// What the page reads first.
    pub meta: Value,
    /// Packed arrays by name.
    pub blobs: Vec<(&'static str, String)>,
    /// What was left out or rounded, in sentences.
    pub notes: Vec<String>,
}

/// Collects the data of a sweep for a page of at most about `max_size` bytes.
///
/// # Errors
/// If a file cannot be read or is damaged.
pub fn collect(loader: &Loader, max_size: usize) -> Result<PageData, RunError> {
    let columns = PointTable::of(loader, thinning(loader, max_size));
    let mut notes = Vec::new();
    if columns.points.len() < loader.n_points() {
        notes.push(format!(
            "Of {} simulations every {}th is in this file: --max-size makes room for more.",
            loader.n_points(),
            thinning(loader, max_size)
        ));
    }
    // These first and whole: every view needs them, and what is left is divided among the
    // recordings.
    let mut blobs = tabular(&columns)?;
    let network = network_of(loader, &columns)?;
    let taken: usize = blobs.iter().map(|(_, text)| text.len()).sum();
    let room = max_size.saturating_sub(taken + PAGE);
    let source = Recordings {
        loader,
        columns: &columns,
        done: done(&columns),
    };
    let stored = loader.tables();
    // Waveforms first, as most views show them; then spikes, then potentials, with what is left.
    let mut meta = meta(loader, &columns, network.as_ref());
    let mut left = room;
    if stored.contains(&Table::Dipole) {
        let share = if stored.contains(&Table::Spikes) {
            room / 10 * 7
        } else {
            room
        };
        // What dipoles leave of their share goes on to spikes, and so forth.
        left -= source
            .waveforms(share.min(left), &mut meta, &mut blobs, &mut notes)?
            .min(left);
    }
    if stored.contains(&Table::Spikes) {
        let share = if stored.contains(&Table::Lfp) {
            left / 2
        } else {
            left
        };
        left -= source
            .spikes(share, &mut meta, &mut blobs, &mut notes)?
            .min(left);
    }
    if stored.contains(&Table::Lfp)
        && let Some(network) = &network
    {
        source.potentials(left, network, &mut meta, &mut blobs, &mut notes)?;
    }
    Ok(PageData { meta, blobs, notes })
}

/// Bytes of the page without data.
const PAGE: usize = 110_000;

/// Every how many points are shown: parameters and statistics have two thirds of the room.
fn thinning(loader: &Loader, max_size: usize) -> usize {
    let columns = loader.parameters().len() + loader.sweep().summaries.len();
    // A number that does not compress at all takes 8 bytes, in base64 eleven.
    // Eleven for each number, and six for the number and state of a simulation.
    let bytes = loader.n_points() * (11 * columns + 6);
    bytes.div_ceil((max_size / 3 * 2).max(1)).max(1)
}

fn done(columns: &PointTable) -> Vec<usize> {
    (0..columns.points.len())
        .filter(|row| columns.states.get(*row) == Some(&PointState::Done))
        .collect()
}

fn tabular(columns: &PointTable) -> Result<Vec<(&'static str, String)>, RunError> {
    let values = columns
        .columns
        .iter()
        .flat_map(|column| column.values.iter().map(|v| v.to_le_bytes()));
    let states = columns.states.iter().map(|state| match state {
        PointState::Done => [0],
        PointState::Failed => [1],
        PointState::Missing => [2],
    });
    Ok(vec![
        ("columns", pack(values)?),
        (
            "sims",
            pack(columns.sims.iter().map(|sim| sim.to_le_bytes()))?,
        ),
        ("states", pack::<1>(states)?),
    ])
}

/// The network of the first point that has one.
fn network_of(loader: &Loader, columns: &PointTable) -> Result<Option<StoredNetwork>, RunError> {
    match columns.points.first() {
        Some(point) => Ok(loader
            .networks(*point..point + 1)?
            .into_iter()
            .next()
            .flatten()),
        None => Ok(None),
    }
}

// Everything small is JSON; the page reads it before it unpacks any of the arrays.
fn meta(loader: &Loader, columns: &PointTable, network: Option<&StoredNetwork>) -> Value {
    let hex = |map: ColourMap| map.anchors().map(|colour| colour.hex()).to_vec();
    let of_columns = columns.columns.iter().map(|column| {
        json!({
            "name": column.name, "unit": column.unit, "parameter": column.is_parameter, "log": column.log, "note": column.note,
            "texts": column.texts,
        })
    });
    let types = network.map_or_else(Vec::new, types_of);
    json!({
        "name": loader.name(), "n": columns.points.len(), "points": loader.n_points(), "trials": loader.n_trials(),
        "columns": of_columns.collect::<Vec<_>>(), "types": types,
        "tstop": network.map_or(0.0, |network| network.tstop),
        "network": network.map(|n| format!("{} × {} network", n.mesh_shape[0], n.mesh_shape[1])),
        "samples": 0, "step": 0.0, "first": 0.0, "spike_unit": SPIKE_UNIT, "lfp": null,
        "colours": hex(ColourMap::Viridis), "diverging": hex(ColourMap::Diverging),
    })
}

/// Cell types and drives with their gids; the layer is that of a pyramidal cell type, whose colour its dipole has.
fn types_of(network: &StoredNetwork) -> Vec<Value> {
    let ranges = network
        .gid_ranges
        .iter()
        .filter(|(_, range)| !range.is_empty());
    let of = |(name, range): (&String, &std::ops::Range<u32>)| {
        let place = network.cell_types.iter().position(|own| own == name);
        let colour = place.map_or(DRIVE_COLOUR, |place| {
            CELL_COLOURS[place % CELL_COLOURS.len()]
        });
        let layer = match name.as_str() {
            "L2_pyramidal" => Some(2),
            "L5_pyramidal" => Some(5),
            _ => None,
        };
        json!({
            "name": name, "first": range.start, "end": range.end, "drive": place.is_none(), "colour": colour.hex(), "layer": layer,
        })
    };
    ranges.map(of).collect()
}

/// What waveforms, spikes and potentials are read from.
struct Recordings<'a> {
    loader: &'a Loader,
    columns: &'a PointTable,
    /// Rows whose simulations have results.
    done: Vec<usize>,
}

/// Packed series of some rows.
struct Series {
    rows: Vec<usize>,
    values: String,
    scales: String,
    samples: usize,
}

impl Recordings<'_> {
    fn visit(
        &self,
        rows: &[usize],
        table: Table,
        each: &mut dyn FnMut(usize, &LoadedSimulation) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let points: Vec<usize> = rows
            .iter()
            .filter_map(|row| self.columns.points.get(*row).copied())
            .collect();
        // `visit` gives simulations in the order of `points`, so that the rows go along with them.
        let mut next = rows.iter();
        waves::visit(
            self.loader,
            &points,
            &[table],
            &mut |simulation| match next.next() {
                Some(row) => each(*row, &simulation),
                None => Ok(()),
            },
        )
    }

    /// Packs what `of` makes of simulations: series of equal lengths, with one scale for each simulation.
    fn series(
        &self,
        rows: &[usize],
        table: Table,
        of: &dyn Fn(&LoadedSimulation) -> Vec<Vec<f64>>,
    ) -> Result<Series, RunError> {
        let (mut values, mut scales) = (Packer::<2>::new(), Packer::<4>::new());
        let (mut packed, mut samples, mut n_series) = (Vec::new(), 0, 0);
        self.visit(rows, table, &mut |row, simulation| {
            if !has(simulation, table) {
                return Ok(());
            }
            let series = of(simulation);
            let length = series.first().map_or(0, Vec::len);
            // The first simulation decides what a series looks like: the page has one axis of time
            // for all.
            if samples == 0 {
                (samples, n_series) = (length, series.len());
            }
            // Simulations of another length cannot be beside the others; nor those that lack the table.
            if length == 0 || series.len() != n_series || series.iter().any(|s| s.len() != samples)
            {
                return Ok(());
            }
            // One scale for both layers and all trials, so that their proportions survive the
            // rounding.
            let scale = scale_of(series.iter().flatten());
            for values_of in &series {
                for bytes in deltas(values_of, scale) {
                    values.push(bytes)?;
                }
            }
            packed.push(row);
            scales.push((scale as f32).to_le_bytes())
        })?;
        Ok(Series {
            rows: packed,
            values: values.finish()?,
            scales: scales.finish()?,
            samples,
        })
    }

    /// The same for as many rows as have room, evenly chosen.
    fn fitting(
        &self,
        room: usize,
        table: Table,
        of: &dyn Fn(&LoadedSimulation) -> Vec<Vec<f64>>,
    ) -> Result<Option<Series>, RunError> {
        let sample = waves::spread(&self.done, SAMPLE);
        let first = self.series(&sample, table, of)?;
        let each = (first.values.len() + first.scales.len())
            .div_ceil(sample.len().max(1))
            .max(1);
        // How well a sample compresses is only an estimate: where it was too small, a twentieth
        // fewer than what would just fit.
        let mut n = (room / each).min(self.done.len());
        while n > 0 {
            let series = self.series(&waves::spread(&self.done, n), table, of)?;
            let size = series.values.len() + series.scales.len();
            if size <= room {
                return Ok(Some(series));
            }
            // Always at least one fewer, so that this ends.
            n = (n * room / size).min(n - 1) * 19 / 20;
        }
        Ok(None)
    }

    fn waveforms(
        &self,
        room: usize,
        meta: &mut Value,
        blobs: &mut Vec<(&'static str, String)>,
        notes: &mut Vec<String>,
    ) -> Result<usize, RunError> {
        let Some(dt) = self.interval(Table::Dipole)? else {
            return Ok(0);
        };
        let n_trials = self.loader.n_trials();
        let mut found = None;
        for (place, step) in STEPS.iter().enumerate() {
            let every = ((step / dt).round() as usize).max(1);
            let of = |simulation: &LoadedSimulation| -> Vec<Vec<f64>> {
                let trials = simulation.trials.iter().take(n_trials as usize);
                trials
                    .flat_map(|t| {
                        [
                            means(&t.result.dipole.l2, every),
                            means(&t.result.dipole.l5, every),
                        ]
                    })
                    .collect()
            };
            // A first look tells whether all fit; only the last step may leave some out.
            let last = place + 1 == STEPS.len();
            if !last && !self.all_fit(room, Table::Dipole, &of)? {
                continue;
            }
            found = self
                .fitting(room, Table::Dipole, &of)?
                .map(|series| (series, every));
            break;
        }
        let Some((series, every)) = found else {
            notes.push("Dipoles are left out: --max-size makes room for them.".into());
            return Ok(0);
        };
        let step = every as f64 * dt;
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("samples".into(), json!(series.samples));
            meta.insert("step".into(), json!(step));
            // A mean stands at the middle of its window.
            meta.insert("first".into(), json!((every - 1) as f64 * dt / 2.0));
            // Where the first network is not in the folder any more, the dipoles give the axis of
            // time.
            if meta.get("tstop") == Some(&json!(0.0)) {
                meta.insert("tstop".into(), json!(series.samples as f64 * step));
            }
        }
        notes.push(format!(
            "Dipoles are means over {} ms (the tables have every {} ms), rounded to 1/32767 of each simulation's peak; smoothing is hnn-core's, \
             which takes zeros beyond both ends.",
            rounded(step),
            rounded(dt)
        ));
        self.note_subset("Dipoles", series.rows.len(), notes);
        add(blobs, ["waves", "wave_scale", "wave_rows"], series)
    }

    fn all_fit(
        &self,
        room: usize,
        table: Table,
        of: &dyn Fn(&LoadedSimulation) -> Vec<Vec<f64>>,
    ) -> Result<bool, RunError> {
        let sample = waves::spread(&self.done, SAMPLE);
        let first = self.series(&sample, table, of)?;
        let each = (first.values.len() + first.scales.len()) as f64 / sample.len().max(1) as f64;
        Ok(each * self.done.len() as f64 <= room as f64)
    }

    fn note_subset(&self, what: &str, n: usize, notes: &mut Vec<String>) {
        if n < self.done.len() {
            notes.push(format!("{what} are of {n} simulations, evenly chosen from {}: --max-size makes room for more.", self.done.len()));
        }
    }

    /// Interval (ms) of the samples of the first simulation with results.
    fn interval(&self, table: Table) -> Result<Option<f64>, RunError> {
        let mut interval = None;
        self.visit(
            self.done.get(..1).unwrap_or(&[]),
            table,
            &mut |_, simulation| {
                let times = simulation
                    .trials
                    .first()
                    .map_or(&[][..], |trial| &trial.result.times);
                // Over all samples: between two neighbours the rounding of the times would show.
                if let (Some(first), Some(last)) = (times.first(), times.last()) {
                    interval = Some((last - first) / (times.len() - 1).max(1) as f64)
                        .filter(|dt| *dt > 0.0);
                }
                Ok(())
            },
        )?;
        Ok(interval)
    }

    fn spikes(
        &self,
        room: usize,
        meta: &mut Value,
        blobs: &mut Vec<(&'static str, String)>,
        notes: &mut Vec<String>,
    ) -> Result<usize, RunError> {
        let sample = waves::spread(&self.done, SAMPLE);
        let each = self
            .spike_blobs(&sample)?
            .iter()
            .map(|(_, text)| text.len())
            .sum::<usize>()
            .div_ceil(sample.len().max(1))
            .max(1);
        let mut n = (room / each).min(self.done.len());
        while n > 0 {
            let rows = waves::spread(&self.done, n);
            let packed = self.spike_blobs(&rows)?;
            let size: usize = packed.iter().map(|(_, text)| text.len()).sum();
            if size <= room {
                notes.push(format!("Spike times are rounded to {SPIKE_UNIT} ms."));
                self.note_subset("Spikes", rows.len(), notes);
                blobs.extend(packed);
                return Ok(size);
            }
            n = (n * room / size).min(n - 1) * 19 / 20;
        }
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("types".into(), json!([]));
        }
        notes.push("Spikes are left out: --max-size makes room for them.".into());
        Ok(0)
    }

    fn spike_blobs(&self, rows: &[usize]) -> Result<Vec<(&'static str, String)>, RunError> {
        let (mut times, mut gids, mut counts) =
            (Packer::<4>::new(), Packer::<4>::new(), Packer::<4>::new());
        let mut packed = Vec::new();
        self.visit(rows, Table::Spikes, &mut |row, simulation| {
            if !has(simulation, Table::Spikes) {
                return Ok(());
            }
            packed.push(row as u32);
            for trial in &simulation.trials {
                let mut spikes: Vec<(u32, u32)> = trial
                    .result
                    .spikes
                    .iter()
                    .map(|s| ((s.time / SPIKE_UNIT).round().max(0.0) as u32, s.gid))
                    .collect();
                // By time, so that differences are small and not negative, and pack well.
                spikes.sort_unstable();
                counts.push((spikes.len() as u32).to_le_bytes())?;
                let mut last = 0;
                for (time, gid) in spikes {
                    times.push((time - last).to_le_bytes())?;
                    gids.push(gid.to_le_bytes())?;
                    last = time;
                }
            }
            Ok(())
        })?;
        Ok(vec![
            ("spike_times", times.finish()?),
            ("spike_gids", gids.finish()?),
            ("spike_counts", counts.finish()?),
            (
                "spike_rows",
                pack(packed.iter().map(|row| row.to_le_bytes()))?,
            ),
        ])
    }

    /// Potentials of the first electrode array, means over trials.
    fn potentials(
        &self,
        room: usize,
        network: &StoredNetwork,
        meta: &mut Value,
        blobs: &mut Vec<(&'static str, String)>,
        notes: &mut Vec<String>,
    ) -> Result<(), RunError> {
        let (Some((name, array)), Some(dt)) =
            (network.electrodes.first(), self.interval(Table::Lfp)?)
        else {
            return Ok(());
        };
        let every = ((STEPS[0] / dt).round() as usize).max(1);
        let contacts = array.positions.len();
        let of = |simulation: &LoadedSimulation| -> Vec<Vec<f64>> {
            // One series for each contact, however many trials there are: the page shows their
            // mean.
            let contact = |k: usize| {
                mean_over_trials(simulation, |result| {
                    let own = result.lfp.iter().find(|lfp| lfp.array == *name);
                    own.and_then(|lfp| lfp.potential.get(k))
                        .map_or(&[], Vec::as_slice)
                })
            };
            (0..contacts).map(|k| means(&contact(k), every)).collect()
        };
        let Some(series) = self
            .fitting(room, Table::Lfp, &of)?
            .filter(|series| !series.rows.is_empty())
        else {
            notes.push("Potentials are left out: --max-size makes room for them.".into());
            return Ok(());
        };
        if let Some(meta) = meta.as_object_mut() {
            let depths: Vec<f64> = array.positions.iter().map(|p| p[2]).collect();
            meta.insert(
                "lfp".into(),
                json!({
                    "name": name, "contacts": contacts, "samples": series.samples, "step": every as f64 * dt, "first": (every - 1) as f64 * dt / 2.0,
                    "depths": depths, "spacing": array.laminar_spacing(),
                }),
            );
        }
        self.note_subset("Potentials", series.rows.len(), notes);
        if network.electrodes.len() > 1 {
            notes.push(format!(
                "Potentials are those of the array {name}, the first of {}.",
                network.electrodes.len()
            ));
        }
        add(blobs, ["lfp", "lfp_scale", "lfp_rows"], series)?;
        Ok(())
    }
}

/// Adds packed series; gives their size.
fn add(
    blobs: &mut Vec<(&'static str, String)>,
    names: [&'static str; 3],
    series: Series,
) -> Result<usize, RunError> {
    let rows = pack(series.rows.iter().map(|row| (*row as u32).to_le_bytes()))?;
    let size = series.values.len() + series.scales.len() + rows.len();
    blobs.extend(names.into_iter().zip([series.values, series.scales, rows]));
    Ok(size)
}

/// Whether all trials have results with rows of a table.
fn has(simulation: &LoadedSimulation, table: Table) -> bool {
    let mut trials = simulation.trials.iter();
    trials.all(|trial| trial.is_done() && trial.outputs.has(table))
}

/// Without the last digits of a sum of many steps.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
