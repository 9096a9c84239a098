//! Parameters and statistics side by side, a line for each simulation.

use super::drawing::Figure;
use super::options::input;
use crate::figure::{Anchor, ColourMap, Scale, Svg};
use crate::report::columns::PointColumn;
use crate::report::waves::spread;
use crate::stages::RunError;

/// Most lines of the figure.
const MOST_LINES: usize = 1000;

pub fn coordinates(figure: &mut Figure) -> Result<Svg, RunError> {
    let of_interest = |column: &&PointColumn| {
        column.values.iter().any(|v| v.is_finite()) && column.n_levels() > 1
    };
    let columns: Vec<PointColumn> = figure
        .columns
        .columns
        .iter()
        .filter(of_interest)
        .cloned()
        .collect();
    if columns.len() < 2 {
        return Err(input(
            "fewer than two parameters and statistics vary".into(),
            "look at one simulation: `plot FOLDER simulation`".into(),
        ));
    }
    let colouring = match &figure.options.colour {
        Some(name) => figure.columns.find(name)?.clone(),
        None => figure
            .columns
            .statistics()
            .next()
            .or(columns.first())
            .cloned()
            .unwrap_or_else(|| columns[0].clone()),
    };
    let title = "parameters and statistics";
    let names: Vec<String> = columns.iter().map(PointColumn::title).collect();
    let description = format!(
        "an axis each for {}; a line for each simulation, coloured by {}",
        names.join(", "),
        colouring.title()
    );
    let mut svg = figure.canvas(
        (120 * columns.len()).clamp(480, 1400) as f64,
        360.0,
        title,
        &description,
    );
    let (left, right, top, bottom) = (70.0, svg.width() - 70.0, 44.0, svg.height() - 20.0);
    let scales: Vec<Scale> = columns.iter().map(PointColumn::scale).collect();
    let x = |k: usize| left + (right - left) * k as f64 / (columns.len() - 1) as f64;
    let bar = figure.bar(&colouring, ColourMap::Lines);
    let shown = spread(&figure.rows, MOST_LINES);
    if shown.len() < figure.rows.len() {
        figure.notes.push(format!(
            "{} lines, evenly chosen from {} simulations",
            shown.len(),
            figure.rows.len()
        ));
    }
    // Many lines add up to a density; few of them have to be seen one by one.
    let opacity = (100.0 / shown.len() as f64).clamp(0.12, 0.8);
    for row in &shown {
        let place = |(k, (column, scale)): (usize, (&PointColumn, &Scale))| {
            (
                x(k),
                bottom - scale.unit(Figure::value(column, *row)) * (bottom - top),
            )
        };
        let places: Vec<(f64, f64)> = columns.iter().zip(&scales).enumerate().map(place).collect();
        svg.line(
            &places,
            bar.at(Figure::value(&colouring, *row)),
            1.0,
            opacity,
        );
    }
    for (k, (column, scale)) in columns.iter().zip(&scales).enumerate() {
        axis(&mut svg, column, *scale, (x(k), top, bottom));
        // Names stand in two rows, so that long ones do not meet.
        svg.text(
            (x(k), if k % 2 == 0 { 16.0 } else { 32.0 }),
            Anchor::Middle,
            11.0,
            &column.title(),
        );
    }
    Ok(svg)
}

fn axis(svg: &mut Svg, column: &PointColumn, scale: Scale, (x, top, bottom): (f64, f64, f64)) {
    svg.ink_line(&[(x, top), (x, bottom)], "ink", 1.0);
    let texts = super::curves::text_ticks(column);
    let ticks = texts.unwrap_or_else(|| {
        scale
            .labelled(5)
            .into_iter()
            .map(|(t, label)| (scale.unit(t), label))
            .collect()
    });
    for (unit, label) in ticks {
        let y = bottom - unit * (bottom - top);
        svg.ink_line(&[(x - 4.0, y), (x, y)], "ink", 1.0);
        // Behind the label, the paper's colour keeps lines away from it.
        svg.halo((x - 6.0, y + 3.5), Anchor::End, 10.0, &label);
    }
}
