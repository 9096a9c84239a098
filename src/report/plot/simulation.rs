//! One simulation: its dipoles, and histogram and raster of its spikes, on one axis of time.

use super::drawing::{CELL_COLOURS, DRIVE_COLOUR, Figure};
use super::options::input;
use crate::figure::{Anchor, Colour, Panel, Scale, Svg, simplify};
use crate::report::waves::{Layer, mean_over_trials};
use crate::stages::{LoadedSimulation, RunError, StoredNetwork};
use crate::store::Table;

/// Width (ms) of the histogram's bars.
const BIN: f64 = 2.0;
/// Most spikes that are drawn.
const MOST_SPIKES: usize = 40_000;

pub fn simulation(figure: &mut Figure) -> Result<Svg, RunError> {
    let row = figure.chosen()?;
    let point = figure.points(&[row]).first().copied().unwrap_or(0);
    let stored = figure.loader.tables();
    let tables: Vec<Table> = [Table::Dipole, Table::Spikes]
        .into_iter()
        .filter(|t| stored.contains(t))
        .collect();
    if tables.is_empty() {
        figure.needs(Table::Dipole, "save_dpl")?;
    }
    let loaded = figure
        .loader
        .load(point..point + 1, &tables)?
        .into_iter()
        .next();
    let Some(loaded) = loaded.filter(LoadedSimulation::is_done) else {
        return Err(input(
            "this simulation has no results".into(),
            "`hnn-sweep failures` lists what failed; `hnn-sweep run` simulates what is missing"
                .into(),
        ));
    };
    let network = figure
        .loader
        .networks(point..point + 1)?
        .into_iter()
        .next()
        .flatten();
    let title = format!("simulation {}", loaded.sim);
    let mut svg = figure.canvas(
        640.0,
        520.0,
        &title,
        &format!("dipoles, spike histogram and raster; {}", figure.words(row)),
    );
    svg.text(
        (78.0, 20.0),
        Anchor::Start,
        13.0,
        &format!("simulation {}", loaded.sim),
    );
    let words = figure.words(row);
    svg.text((78.0, 36.0), Anchor::Start, 11.0, &words);
    let tstop = network
        .as_ref()
        .map(|n| n.tstop)
        .or_else(|| loaded.trials.first()?.result.times.last().copied());
    let time = Scale {
        lo: 0.0,
        hi: tstop.unwrap_or(1.0),
        log: false,
    };
    let (left, width) = (78.0, svg.width() - 78.0 - 20.0);
    let height = svg.height() - 46.0 - 52.0;
    let with_spikes = tables.contains(&Table::Spikes);
    let share = match (tables.contains(&Table::Dipole), with_spikes) {
        (true, true) => 0.42,
        (true, false) => 1.0,
        (false, _) => 0.0,
    };
    let mut top = 46.0;
    // Both scales are of time for now; the vertical one is set when the curves are known.
    if share > 0.0 {
        let panel = Panel {
            left,
            top,
            width,
            height: height * share,
            x: time,
            y: time,
        };
        dipoles(
            figure,
            &mut svg,
            panel,
            &loaded,
            if with_spikes { "" } else { "time (ms)" },
        );
        top += height * share + 22.0;
    }
    if with_spikes {
        let left_over = height - (top - 46.0);
        let histogram = Panel {
            left,
            top,
            width,
            height: left_over * 0.24,
            x: time,
            y: time,
        };
        let raster = Panel {
            top: top + left_over * 0.24 + 12.0,
            height: left_over * 0.76 - 12.0,
            ..histogram
        };
        spikes(
            figure,
            &mut svg,
            &histogram,
            &raster,
            &loaded,
            network.as_ref(),
        );
    }
    Ok(svg)
}

fn dipoles(
    figure: &mut Figure,
    svg: &mut Svg,
    mut panel: Panel,
    loaded: &LoadedSimulation,
    x_name: &str,
) {
    let layers = [
        (Layer::L2, CELL_COLOURS[1], 1.0),
        (Layer::L5, CELL_COLOURS[3], 1.0),
        // Last, so that it lies above its parts.
        (Layer::Agg, Colour(0x11, 0x13, 0x15), 1.8),
    ];
    let times = mean_over_trials(loaded, |result| &result.times);
    let mut smoothed = false;
    let mut curves = Vec::new();
    for (layer, colour, thickness) in layers {
        let n = loaded.trials.len();
        if n > 1 && layer == Layer::Agg {
            for trial in &loaded.trials {
                let (values, _) = figure.smoothed(&times, layer.of(&trial.result.dipole).to_vec());
                curves.push((layer, values, colour, 0.6, 0.35));
            }
        }
        let (values, done) = figure.smoothed(
            &times,
            mean_over_trials(loaded, |result| layer.of(&result.dipole)),
        );
        smoothed |= done;
        curves.push((layer, values, colour, thickness, 1.0));
    }
    figure.note_smoothing(smoothed);
    if loaded.trials.len() > 1 {
        figure.notes.push(format!(
            "mean over {} trials, each of them thin",
            loaded.trials.len()
        ));
    }
    panel.y = Scale::of(
        curves
            .iter()
            .flat_map(|(_, values, ..)| values.iter().copied()),
        false,
    )
    .widened(0.06);
    for (tick, _) in panel.y.labelled(4) {
        svg.ink_line(
            &[(panel.left, panel.y(tick)), (panel.right(), panel.y(tick))],
            "grid",
            1.0,
        );
    }
    for (layer, values, colour, thickness, opacity) in curves {
        let places = simplify(&panel.places(&times, &values), 0.1);
        match layer {
            // The sum is ink, which follows the reader's screen.
            Layer::Agg if opacity == 1.0 => svg.ink_line(&places, "ink", thickness),
            Layer::Agg => svg.ink_line(&places, "dim", thickness),
            _ => svg.line(&places, colour, thickness, opacity),
        }
    }
    let x = panel.right() - 4.0;
    svg.text((x - 58.0, panel.top + 12.0), Anchor::End, 11.0, "agg");
    svg.coloured(
        (x - 30.0, panel.top + 12.0),
        Anchor::End,
        11.0,
        "L2",
        CELL_COLOURS[1],
    );
    svg.coloured(
        (x, panel.top + 12.0),
        Anchor::End,
        11.0,
        "L5",
        CELL_COLOURS[3],
    );
    panel.x_axis(svg, x_name);
    panel.y_axis(svg, "dipole (nAm)");
}

/// A row of cells in the raster: name, gids, colour.
type Band = (String, std::ops::Range<u32>, Colour);

/// Cell types, then drives, from above to below.
fn bands(network: Option<&StoredNetwork>, loaded: &LoadedSimulation) -> Vec<Band> {
    let Some(network) = network else {
        // Where the specification is gone from the folder, gids are all that is known.
        let gids = loaded
            .trials
            .iter()
            .flat_map(|trial| trial.result.spikes.iter().map(|s| s.gid));
        let end = gids.max().map_or(1, |gid| gid + 1);
        return vec![("cells".into(), 0..end, CELL_COLOURS[0])];
    };
    let colour = |name: &String| match network.cell_types.iter().position(|own| own == name) {
        Some(i) => CELL_COLOURS[i % CELL_COLOURS.len()],
        None => DRIVE_COLOUR,
    };
    let ranges = network
        .gid_ranges
        .iter()
        .filter(|(_, range)| !range.is_empty());
    ranges
        .map(|(name, range)| (name.clone(), range.clone(), colour(name)))
        .collect()
}

fn spikes(
    figure: &mut Figure,
    svg: &mut Svg,
    histogram: &Panel,
    raster: &Panel,
    loaded: &LoadedSimulation,
    network: Option<&StoredNetwork>,
) {
    let bands = bands(network, loaded);
    let n_trials = loaded.trials.len().max(1) as f64;
    let n_bins = (histogram.x.hi / BIN).ceil().clamp(1.0, 100_000.0) as usize;
    let is_cell = |band: &Band| band.2 != DRIVE_COLOUR;
    let mut counts: Vec<Vec<f64>> = vec![vec![0.0; n_bins]; bands.len()];
    for spike in loaded.trials.iter().flat_map(|trial| &trial.result.spikes) {
        let band = bands
            .iter()
            .position(|(_, range, _)| range.contains(&spike.gid));
        let bin = ((spike.time / BIN) as usize).min(n_bins - 1);
        if let Some(count) = band.and_then(|band| counts.get_mut(band)?.get_mut(bin)) {
            *count += 1.0 / n_trials;
        }
    }
    let of_cells = counts.iter().zip(&bands).filter(|(_, band)| is_cell(band));
    // Drives do not count: 100 synchronous spikes of an input would flatten all cells.
    let highest = of_cells
        .flat_map(|(counts, _)| counts.iter().copied())
        .fold(1.0, f64::max);
    let histogram = Panel {
        y: Scale {
            lo: 0.0,
            hi: highest,
            log: false,
        },
        ..*histogram
    };
    for (counts, (_, _, colour)) in counts.iter().zip(&bands).filter(|(_, band)| is_cell(band)) {
        let mut places = Vec::new();
        for (bin, count) in counts.iter().enumerate() {
            let (from, to) = (bin as f64 * BIN, (bin + 1) as f64 * BIN);
            places.extend(
                [from, to.min(histogram.x.hi)].map(|t| (histogram.x(t), histogram.y(*count))),
            );
        }
        svg.line(&simplify(&places, 0.01), *colour, 1.0, 0.95);
    }
    histogram.x_axis(svg, "");
    let top = [
        (0.0, "0".to_string()),
        (1.0, crate::figure::label((highest * 10.0).round() / 10.0)),
    ];
    histogram.y_axis_at(svg, &format!("per {BIN} ms"), &top);
    // Every type has at least some of the height, so that few cells are seen.
    let most = |band: &Band| if is_cell(band) { f64::INFINITY } else { 5.0 };
    let weight = |band: &Band| {
        // By the root of the number, so that few cells still have room for their dots.
        f64::from(band.1.end - band.1.start)
            .sqrt()
            .max(2.0)
            .min(most(band))
    };
    let total: f64 = bands.iter().map(weight).sum();
    let all: usize = loaded
        .trials
        .iter()
        .map(|trial| trial.result.spikes.len())
        .sum();
    // Of every band alike, so that their proportions stay.
    let every = all.div_ceil(MOST_SPIKES).max(1);
    if every > 1 {
        figure
            .notes
            .push(format!("every {every}th of {all} spikes is drawn"));
    }
    if loaded.trials.len() > 1 {
        figure.notes.push("the raster shows the first trial".into());
    }
    let mut top = raster.top;
    for band in &bands {
        let (name, range, colour) = band;
        let height = raster.height * weight(band) / total;
        let n = f64::from(range.end - range.start);
        let first = loaded
            .trials
            .first()
            .map_or(&[][..], |trial| &trial.result.spikes);
        let own = first
            .iter()
            .filter(|spike| range.contains(&spike.gid))
            .step_by(every);
        let place =
            |gid: u32| top + height * (0.06 + 0.88 * (f64::from(gid - range.start) + 0.5) / n);
        let marks: Vec<(f64, f64)> = own
            .map(|spike| (raster.x(spike.time), place(spike.gid) - 0.9))
            .collect();
        svg.marks(&marks, 1.8, *colour);
        svg.ink_line(
            &[(raster.left, top + height), (raster.right(), top + height)],
            "grid",
            1.0,
        );
        svg.coloured(
            (raster.left - 6.0, top + height / 2.0 + 4.0),
            Anchor::End,
            10.0,
            &short(name),
            *colour,
        );
        top += height;
    }
    svg.ink_line(
        &[(raster.left, raster.top), (raster.left, raster.bottom())],
        "ink",
        1.0,
    );
    raster.x_axis(svg, "time (ms)");
}

/// A name that fits beside the axis.
pub fn short(name: &str) -> String {
    let name = name
        .replace("_pyramidal", " pyr")
        .replace("_basket", " bas");
    // Cut by characters, not bytes: names of drives may be in any script.
    match name.chars().count() {
        0..=11 => name,
        _ => name.chars().take(10).chain(['…']).collect(),
    }
}
