//! A statistic over two parameters, as colours or with the waveforms themselves.

use super::curves::text_ticks;
use super::drawing::Figure;
use super::options::input;
use super::ticks::LevelAxis;
use crate::figure::{ColourMap, Panel, Scale, Svg, simplify};
use crate::report::waves::{self, mean_over_trials};
use crate::stages::RunError;
use crate::store::Table;
use std::collections::BTreeMap;

/// Most cells that waveforms are drawn into.
const MOST_WAVEFORMS: usize = 1000;

pub fn map(figure: &mut Figure, with_waveforms: bool) -> Result<Svg, RunError> {
    let x = figure.parameter(figure.options.x.as_ref(), 0, "--x")?;
    let y = figure.parameter(figure.options.y.as_ref(), 1, "--y")?;
    if x.name == y.name {
        return Err(input(
            format!("`{}` cannot be on both axes", x.name),
            "name two parameters with --x and --y".into(),
        ));
    }
    // Waveforms are worth a look even without a statistic behind them.
    let statistic = match figure.statistic() {
        Ok(column) => Some(column),
        Err(_) if with_waveforms && figure.options.statistic.is_none() => None,
        Err(error) => return Err(error),
    };
    let (across, up) = (LevelAxis::of(&x), LevelAxis::of(&y));
    // By row, then column: the order in which they are drawn, the same on every machine.
    let mut cells: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for row in &figure.rows {
        let place = (
            across.at(Figure::value(&x, *row)),
            up.at(Figure::value(&y, *row)),
        );
        if let (Some(i), Some(j)) = place {
            cells.entry((j, i)).or_default().push(*row);
        }
    }
    let title = match &statistic {
        Some(column) => format!("{} over {} and {}", column.name, x.name, y.name),
        None => format!("dipoles over {} and {}", x.name, y.name),
    };
    let description = format!("{} across, {} up", x.title(), y.title());
    let (width, height) = if with_waveforms {
        (860.0, 640.0)
    } else {
        (520.0, 420.0)
    };
    let mut svg = figure.canvas(width, height, &title, &description);
    let panel = Panel {
        left: 78.0,
        top: 16.0,
        width: svg.width() - 78.0 - if statistic.is_some() { 110.0 } else { 20.0 },
        height: svg.height() - 16.0 - 52.0,
        x: Scale {
            lo: 0.0,
            hi: across.n as f64,
            log: false,
        },
        y: Scale {
            lo: 0.0,
            hi: up.n as f64,
            log: false,
        },
    };
    let most = cells.values().map(Vec::len).max().unwrap_or(0);
    if let Some(statistic) = &statistic {
        let bar = figure.bar(statistic, ColourMap::Viridis);
        for ((j, i), rows) in &cells {
            let values: Vec<f64> = rows
                .iter()
                .map(|row| Figure::value(statistic, *row))
                .filter(|v| v.is_finite())
                .collect();
            let value = values.iter().sum::<f64>() / values.len() as f64;
            let (left, top) = (panel.x(*i as f64), panel.y(*j as f64 + 1.0));
            let (right, bottom) = (panel.x(*i as f64 + 1.0), panel.y(*j as f64));
            // A little larger than the cell, as edges that only touch show hairlines.
            svg.rect(
                (left, top),
                (right - left + 0.4, bottom - top + 0.4),
                bar.at(value),
            );
        }
        bar.draw(
            &mut svg,
            &panel,
            &statistic.title(),
            text_ticks(statistic).as_deref(),
        );
        if most > 1 {
            figure
                .notes
                .push(format!("a cell is the mean of up to {most} simulations"));
        }
    }
    if with_waveforms {
        waveforms(figure, &mut svg, &panel, &cells)?;
    }
    panel.x_axis_at(
        &mut svg,
        &x.title(),
        &across.ticks(&x, (panel.width / 80.0) as usize),
    );
    panel.y_axis_at(
        &mut svg,
        &y.title(),
        &up.ticks(&y, (panel.height / 45.0) as usize),
    );
    Ok(svg)
}

/// The dipole of each cell's first simulation with results, all on one scale.
fn waveforms(
    figure: &mut Figure,
    svg: &mut Svg,
    panel: &Panel,
    cells: &BTreeMap<(usize, usize), Vec<usize>>,
) -> Result<(), RunError> {
    figure.needs(Table::Dipole, "save_dpl")?;
    let done = figure.done(usize::MAX, "");
    let first = |rows: &Vec<usize>| {
        rows.iter()
            .copied()
            .find(|row| done.binary_search(row).is_ok())
    };
    let mut chosen: Vec<(usize, (usize, usize))> = cells
        .iter()
        .filter_map(|(cell, rows)| Some((first(rows)?, *cell)))
        .collect();
    if chosen.len() > MOST_WAVEFORMS {
        let help =
            format!("choose fewer with --where: {MOST_WAVEFORMS} are what can be told apart");
        return Err(input(format!("the grid has {} cells", chosen.len()), help));
    }
    chosen.sort_unstable();
    if cells.values().any(|rows| rows.len() > 1) {
        figure
            .notes
            .push("the waveform of a cell is that of its first simulation".into());
    }
    let layer = figure.options.layer;
    let points = figure.points(&chosen.iter().map(|(row, _)| *row).collect::<Vec<_>>());
    let (mut smoothed, mut curves, mut next) = (false, Vec::new(), chosen.iter());
    waves::visit(
        figure.loader,
        &points,
        &[Table::Dipole],
        &mut |simulation| {
            let Some((_, cell)) = next.next() else {
                return Ok(());
            };
            let times = mean_over_trials(&simulation, |result| &result.times);
            let values = mean_over_trials(&simulation, |result| layer.of(&result.dipole));
            let (values, done) = figure.smoothed(&times, values);
            smoothed |= done;
            // Some samples for each pixel of a cell.
            let every = (values.len() / 200).max(1);
            curves.push((
                *cell,
                values.into_iter().step_by(every).collect::<Vec<f64>>(),
            ));
            Ok(())
        },
    )?;
    figure.note_smoothing(smoothed);
    // One scale for all cells, as amplitudes are what is compared.
    let scale = Scale::of(
        curves.iter().flat_map(|(_, values)| values.iter().copied()),
        false,
    )
    .widened(0.15);
    for ((j, i), values) in curves {
        let n = values.len().saturating_sub(1).max(1) as f64;
        let place = |(k, value): (usize, &f64)| {
            let across = i as f64 + 0.06 + 0.88 * k as f64 / n;
            (panel.x(across), panel.y(j as f64 + scale.unit(*value)))
        };
        let places: Vec<(f64, f64)> = values.iter().enumerate().map(place).collect();
        let places = simplify(&places, 0.1);
        // A pale seam keeps the line visible on every colour.
        svg.line(&places, crate::figure::Colour(0xff, 0xff, 0xff), 2.2, 0.55);
        svg.line(&places, crate::figure::Colour(0x11, 0x13, 0x15), 1.0, 1.0);
    }
    Ok(())
}
