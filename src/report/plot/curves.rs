//! Waveforms of many simulations over each other.

use super::drawing::Figure;
use super::options::input;
use crate::figure::{Colour, ColourMap, Panel, Scale, Svg, simplify};
use crate::pipeline::Band;
use crate::report::waves::{self, mean_over_trials};
use crate::stages::{RunError, summarize};
use crate::store::Table;

/// Most curves of a figure: more are no longer told apart, and make the file large.
const MOST_CURVES: usize = 600;
/// Most spectra of a figure.
const MOST_SPECTRA: usize = 200;
/// How far (pixels) a drawn line may be from the data.
const TOLERANCE: f64 = 0.2;
/// Highest frequency (Hz) of spectra.
const FMAX: f64 = 100.0;

pub fn dipoles(figure: &mut Figure) -> Result<Svg, RunError> {
    figure.needs(Table::Dipole, "save_dpl")?;
    let rows = figure.done(MOST_CURVES, "dipoles");
    let mut smoothed = false;
    let mut curves = Vec::with_capacity(rows.len());
    let layer = figure.options.layer;
    let points = figure.points(&rows);
    // Axis of the longest simulation: one whose `tstop` is swept ends earlier on it.
    let (mut times, mut next) = (Vec::new(), rows.iter());
    waves::visit(
        figure.loader,
        &points,
        &[Table::Dipole],
        &mut |simulation| {
            let Some(row) = next.next() else {
                return Ok(());
            };
            let own = mean_over_trials(&simulation, |result| &result.times);
            let values = mean_over_trials(&simulation, |result| layer.of(&result.dipole));
            let (values, done) = figure.smoothed(&own, values);
            smoothed |= done;
            // 0.1 ms is less than a pixel.
            let every = (0.1 / (own.get(1).unwrap_or(&1.0) - own.first().unwrap_or(&0.0))).max(1.0)
                as usize;
            let thin =
                |values: Vec<f64>| -> Vec<f64> { values.into_iter().step_by(every).collect() };
            let own = thin(own);
            curves.push((*row, thin(values)));
            if own.len() > times.len() {
                times = own;
            }
            Ok(())
        },
    )?;
    figure.note_smoothing(smoothed);
    let title = format!("{} dipoles of {} simulations", layer.name(), curves.len());
    let name = format!("{} dipole (nAm)", layer.name());
    overlay(figure, &title, ("time (ms)", &name), &times, &curves, false)
}

pub fn psd(figure: &mut Figure) -> Result<Svg, RunError> {
    figure.needs(Table::Dipole, "save_dpl")?;
    let rows = figure.done(MOST_SPECTRA, "spectra");
    let layer = figure.options.layer;
    let points = figure.points(&rows);
    let band = Band {
        fmin: 0.0,
        fmax: FMAX,
        segment: None,
    };
    // Simulations are read and reduced one at a time, so that no more than the curves is in memory.
    let (mut frequencies, mut curves, mut next) = (Vec::new(), Vec::new(), rows.iter());
    waves::visit(
        figure.loader,
        &points,
        &[Table::Dipole],
        &mut |simulation| {
            let Some(row) = next.next() else {
                return Ok(());
            };
            let times = mean_over_trials(&simulation, |result| &result.times);
            let values = mean_over_trials(&simulation, |result| layer.of(&result.dipole));
            let (Some(first), Some(second)) = (times.first(), times.get(1)) else {
                return Ok(());
            };
            let Some(density) = summarize::density(&values, 1000.0 / (second - first), &band)
            else {
                return Ok(());
            };
            // The mean is taken off before: there is nothing at 0 Hz.
            let density: Vec<(f64, f64)> = density.into_iter().filter(|(f, _)| *f > 0.0).collect();
            frequencies = density.iter().map(|(f, _)| *f).collect();
            curves.push((*row, density.into_iter().map(|(_, p)| p).collect()));
            Ok(())
        },
    )?;
    figure.notes.push("Welch's density of the whole dipole in one Hamming window, as the statistic `band_power` takes it".into());
    let title = format!("power spectra of {} {} dipoles", curves.len(), layer.name());
    overlay(
        figure,
        &title,
        ("frequency (Hz)", "power (nAm²/Hz)"),
        &frequencies,
        &curves,
        true,
    )
}

/// Curves over a common axis with a colour bar.
fn overlay(
    figure: &Figure,
    title: &str,
    (x_name, y_name): (&str, &str),
    x: &[f64],
    curves: &[(usize, Vec<f64>)],
    log: bool,
) -> Result<Svg, RunError> {
    if curves.is_empty() || x.len() < 2 {
        return Err(input(
            "no simulation has a waveform to draw".into(),
            "`hnn-sweep status` tells what the folder holds".into(),
        ));
    }
    let colouring = figure.colouring()?;
    let description = match &colouring {
        Some(column) => format!(
            "{y_name} over {x_name}, a line for each simulation, coloured by {}",
            column.title()
        ),
        None => format!("{y_name} over {x_name}, a line for each simulation"),
    };
    let mut svg = figure.canvas(640.0, 400.0, title, &description);
    let values = curves.iter().flat_map(|(_, values)| values.iter().copied());
    let mut y = Scale::of(values.filter(|v| !log || *v > 0.0), log);
    if y.log {
        // Twelve decades and more are rounding errors.
        y.lo = y.lo.max(y.hi * 1e-8);
    }
    let panel = Panel {
        left: 78.0,
        top: 16.0,
        width: svg.width() - 78.0 - if colouring.is_some() { 110.0 } else { 20.0 },
        height: svg.height() - 16.0 - 52.0,
        x: Scale {
            lo: x.first().copied().unwrap_or(0.0).min(0.0),
            hi: x.last().copied().unwrap_or(1.0),
            log: false,
        },
        y: y.widened(0.04),
    };
    for (tick, _) in panel.y.labelled(6) {
        svg.ink_line(
            &[(panel.left, panel.y(tick)), (panel.right(), panel.y(tick))],
            "grid",
            1.0,
        );
    }
    let bar = colouring
        .as_ref()
        .map(|column| figure.bar(column, ColourMap::Lines));
    // Never so faint that a single outlier is lost.
    let opacity = (60.0 / curves.len() as f64).clamp(0.45, 0.95);
    for (row, values) in curves {
        // A logarithm of zero has no place on the paper; such values lie on its lower edge.
        let inside = |value: f64| if log { value.max(y.lo) } else { value };
        let places: Vec<(f64, f64)> = x
            .iter()
            .zip(values)
            .map(|(x, value)| (panel.x(*x), panel.y(inside(*value))))
            .collect();
        let colour = match (&bar, &colouring) {
            (Some(bar), Some(column)) => bar.at(Figure::value(column, *row)),
            _ => Colour(0x2c, 0x72, 0x8e),
        };
        svg.line(&simplify(&places, TOLERANCE), colour, 1.0, opacity);
    }
    panel.x_axis(&mut svg, x_name);
    panel.y_axis(&mut svg, y_name);
    if let (Some(bar), Some(column)) = (bar, &colouring) {
        bar.draw(
            &mut svg,
            &panel,
            &column.title(),
            text_ticks(column).as_deref(),
        );
    }
    Ok(svg)
}

/// Labels of a colour bar whose values are words.
pub fn text_ticks(column: &crate::report::columns::PointColumn) -> Option<Vec<(f64, String)>> {
    let texts = column.texts.as_ref()?;
    let scale = column.scale();
    Some(
        texts
            .iter()
            .enumerate()
            .map(|(i, text)| (scale.unit(i as f64), text.clone()))
            .filter(|(u, _)| (0.0..=1.0).contains(u))
            .collect(),
    )
}
