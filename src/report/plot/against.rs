//! A statistic against a parameter.

use super::Figure;
use super::curves::text_ticks;
use crate::figure::{Colour, ColourMap, Panel, Scale, Svg};
use crate::report::waves::spread;
use crate::stages::RunError;
use std::collections::BTreeMap;

/// Most dots of a figure.
const MOST_DOTS: usize = 5000;

pub fn against(figure: &mut Figure) -> Result<Svg, RunError> {
    let statistic = figure.statistic()?;
    let x = figure.parameter(figure.options.x.as_ref(), 0, "--x")?;
    let colouring = match &figure.options.colour {
        Some(name) => Some(figure.columns.find(name)?.clone()),
        None => figure
            .columns
            .varied()
            .find(|column| column.name != x.name)
            .cloned(),
    };
    let title = format!("{} against {}", statistic.name, x.name);
    let mut description = format!(
        "a dot for each simulation: {} over {}",
        statistic.title(),
        x.title()
    );
    if let Some(column) = &colouring {
        description += &format!(", coloured by {}", column.title());
    }
    let mut svg = figure.canvas(560.0, 400.0, &title, &description);
    let panel = Panel {
        left: 84.0,
        top: 16.0,
        width: svg.width() - 84.0 - if colouring.is_some() { 110.0 } else { 20.0 },
        height: svg.height() - 16.0 - 52.0,
        x: x.scale().widened(0.03),
        y: Scale::of(
            figure
                .rows
                .iter()
                .map(|row| Figure::value(&statistic, *row)),
            false,
        )
        .widened(0.04),
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
    let colour = |row: usize| match (&bar, &colouring) {
        (Some(bar), Some(column)) => bar.at(Figure::value(column, row)),
        _ => Colour(0x2c, 0x72, 0x8e),
    };
    let place = |row: usize| {
        (
            panel.x(Figure::value(&x, row)),
            panel.y(Figure::value(&statistic, row)),
        )
    };
    // Lines through simulations that differ in this parameter only.
    if let Some(column) = colouring.as_ref().filter(|c| c.levels.is_some())
        // With a third parameter a line would join simulations that differ in that one, too.
        && figure.columns.varied().count() == 2
    {
        let mut lines: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let levels = column.levels.as_deref().unwrap_or(&[]);
        for row in &figure.rows {
            if let Some(level) = levels
                .iter()
                .position(|level| *level == Figure::value(column, *row))
            {
                lines.entry(level).or_default().push(*row);
            }
        }
        // Points are in the grid's order, where a list of values need not ascend.
        for mut rows in lines.into_values() {
            rows.sort_by(|a, b| Figure::value(&x, *a).total_cmp(&Figure::value(&x, *b)));
            let places: Vec<(f64, f64)> = rows.iter().map(|row| place(*row)).collect();
            svg.line(
                &places,
                colour(rows.first().copied().unwrap_or(0)),
                1.0,
                0.6,
            );
        }
    }
    let known: Vec<usize> = figure
        .rows
        .iter()
        .copied()
        .filter(|row| place(*row).0.is_finite() && place(*row).1.is_finite())
        .collect();
    let shown = spread(&known, MOST_DOTS);
    for row in &shown {
        svg.dot(
            place(*row),
            // Smaller where dots would cover each other.
            if shown.len() > 1000 { 1.4 } else { 2.4 },
            colour(*row),
        );
    }
    if shown.len() < known.len() {
        figure.notes.push(format!(
            "{} dots, evenly chosen from {} simulations",
            shown.len(),
            known.len()
        ));
    }
    if known.len() < figure.rows.len() {
        figure.notes.push(format!(
            "{} simulations have no value",
            figure.rows.len() - known.len()
        ));
    }
    match text_ticks(&x) {
        Some(_) => {
            let levels = x.levels.clone().unwrap_or_default();
            let ticks: Vec<(f64, String)> = levels
                .iter()
                .map(|v| (panel.x.unit(*v), x.text(*v)))
                .collect();
            panel.x_axis_at(&mut svg, &x.title(), &ticks);
        }
        None => panel.x_axis(&mut svg, &x.title()),
    }
    panel.y_axis(&mut svg, &statistic.title());
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
