//! Current source density over depth and time of one simulation.

use super::drawing::Figure;
use super::options::input;
use crate::figure::{Anchor, ColourBar, ColourMap, Panel, Scale, Svg};
use crate::report::waves::mean_over_trials;
use crate::stages::{LoadedSimulation, RunError, summarize};
use crate::store::Table;

/// Columns of the picture: time is averaged within them.
const COLUMNS: usize = 240;

pub fn csd(figure: &mut Figure) -> Result<Svg, RunError> {
    figure.needs(Table::Lfp, "save_lfp")?;
    let row = figure.chosen()?;
    let point = figure.points(&[row]).first().copied().unwrap_or(0);
    let loaded = figure
        .loader
        .load(point..point + 1, &[Table::Lfp])?
        .into_iter()
        .next();
    let loaded = loaded.filter(LoadedSimulation::is_done);
    let network = figure
        .loader
        .networks(point..point + 1)?
        .into_iter()
        .next()
        .flatten();
    let (Some(loaded), Some(network)) = (loaded, network) else {
        return Err(input(
            "this simulation has no potentials".into(),
            "`hnn-sweep run` simulates what is missing".into(),
        ));
    };
    let laminar = network
        .electrodes
        .iter()
        .find_map(|(name, array)| Some((name, array, array.laminar_spacing()?)));
    // Two neighbours on both sides of an inner contact, as the second difference needs them.
    let Some((name, array, spacing)) = laminar.filter(|(_, array, _)| array.positions.len() >= 4)
    else {
        return Err(input(
            "no electrode array is a column of four or more evenly spaced contacts".into(),
            "its electrode_pos must be on a line that rises or falls".into(),
        ));
    };
    let place = loaded
        .trials
        .first()
        .and_then(|t| t.result.lfp.iter().position(|lfp| lfp.array == *name))
        .unwrap_or(0);
    let n_contacts = array.positions.len();
    let contact = |k: usize| {
        mean_over_trials(&loaded, |r| {
            r.lfp
                .get(place)
                .and_then(|lfp| lfp.potential.get(k))
                .map_or(&[], Vec::as_slice)
        })
    };
    let potential: Vec<Vec<f64>> = (0..n_contacts).map(contact).collect();
    let density: Option<Vec<Vec<f64>>> = (0..n_contacts)
        .map(|k| summarize::density_at(&potential, spacing, k))
        .collect();
    let density = density.ok_or_else(|| {
        input(
            "the potentials of a contact are missing".into(),
            "run the pipeline again".into(),
        )
    })?;
    let coarse: Vec<Vec<f64>> = density
        .iter()
        .map(|values| averaged(values, COLUMNS))
        .collect();
    // After averaging, so that one sharp sample does not pale the whole picture.
    let largest = coarse
        .iter()
        .flatten()
        .fold(0.0, |m: f64, v| m.max(v.abs()))
        .max(f64::MIN_POSITIVE);
    let title = format!("current source density of simulation {}", loaded.sim);
    let mut svg = figure.canvas(
        640.0,
        400.0,
        &title,
        &format!("depth up, time across, array {name}; {}", figure.words(row)),
    );
    svg.text(
        (78.0, 18.0),
        Anchor::Start,
        12.0,
        &format!("simulation {} · {}", loaded.sim, figure.words(row)),
    );
    let depths: Vec<f64> = array.positions.iter().map(|p| p[2]).collect();
    let depth = Scale::of(depths.iter().copied(), false);
    let panel = Panel {
        left: 78.0,
        top: 28.0,
        width: svg.width() - 78.0 - 130.0,
        height: svg.height() - 28.0 - 52.0,
        x: Scale {
            lo: 0.0,
            hi: network.tstop,
            log: false,
        },
        y: Scale {
            lo: depth.lo - spacing / 2.0,
            hi: depth.hi + spacing / 2.0,
            log: false,
        },
    };
    let bar = ColourBar {
        // Symmetric, so that the middle of the diverging colours is zero.
        scale: Scale {
            lo: -largest,
            hi: largest,
            log: false,
        },
        map: ColourMap::Diverging,
        reversed: false,
    };
    for (values, z) in coarse.iter().zip(&depths) {
        strip(
            &mut svg,
            &panel,
            &bar,
            values,
            (z + spacing / 2.0, z - spacing / 2.0),
        );
    }
    panel.x_axis(&mut svg, "time (ms)");
    panel.y_axis(&mut svg, "depth (µm)");
    bar.draw(&mut svg, &panel, "CSD (µV/µm²)", None);
    figure
        .notes
        .push("current source density as the signal `csd` has it: sinks are blue".into());
    Ok(svg)
}

/// A contact's row; neighbours of one colour are one rectangle.
fn strip(
    svg: &mut Svg,
    panel: &Panel,
    bar: &ColourBar,
    values: &[f64],
    (upper, lower): (f64, f64),
) {
    let n = values.len().max(1) as f64;
    let colours: Vec<_> = values.iter().map(|v| bar.at(*v)).collect();
    let mut from = 0;
    for run in colours.chunk_by(|a, b| a == b) {
        let to = from + run.len();
        let (left, right) = (
            panel.left + panel.width * from as f64 / n,
            panel.left + panel.width * to as f64 / n,
        );
        if let Some(colour) = run.first() {
            // Rectangles that just touch show a hairline where viewers smooth edges, so each
            // reaches under the next.
            let more = if to < colours.len() { 0.4 } else { 0.0 };
            svg.rect(
                (left, panel.y(upper)),
                (right - left + more, panel.y(lower) - panel.y(upper) + 0.3),
                *colour,
            );
        }
        from = to;
    }
}

/// Means of `n` equal parts.
fn averaged(values: &[f64], n: usize) -> Vec<f64> {
    let n = n.min(values.len());
    let part = |i: usize| {
        values
            .get(i * values.len() / n..(i + 1) * values.len() / n)
            .unwrap_or(&[])
    };
    (0..n)
        .map(part)
        .map(|part| part.iter().sum::<f64>() / part.len().max(1) as f64)
        .collect()
}
