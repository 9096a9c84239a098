//! The simulations that are nearest to a measured waveform.

use super::drawing::Figure;
use super::options::input;
use crate::figure::{Anchor, ColourBar, ColourMap, Panel, Scale, Svg, label, simplify};
use crate::report::waves::{self, mean_over_trials};
use crate::stages::{RunError, summarize};
use crate::store::Table;

/// Simulations that are drawn.
const NEAREST: usize = 20;

pub fn target(figure: &mut Figure) -> Result<Svg, RunError> {
    figure.needs(Table::Dipole, "save_dpl")?;
    let Some((name, target)) = &figure.options.target else {
        return Err(input(
            "no target was given".into(),
            "name a file with --target: hnn-core's dipole text, or a CSV with the columns time and agg".into(),
        ));
    };
    let rows = figure.done(usize::MAX, "");
    let layer = figure.options.layer;
    let points = figure.points(&rows);
    // The nearest so far, ascending: thousands of waveforms pass by, and twenty of them stay.
    let mut nearest: Vec<(f64, usize, Vec<f64>)> = Vec::new();
    let (mut times, mut smoothed, mut next) = (Vec::new(), false, rows.iter());
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
            if let Some(rmse) = summarize::rmse(&own, &values, target) {
                // Behind equal ones, so that the earlier simulation wins and the figure does not
                // depend on chance.
                let place = nearest.partition_point(|(other, ..)| *other <= rmse);
                if place < NEAREST {
                    nearest.insert(place, (rmse, *row, values));
                    nearest.truncate(NEAREST);
                }
            }
            times = own;
            Ok(())
        },
    )?;
    figure.note_smoothing(smoothed);
    let (Some(best), Some(last)) = (nearest.first(), nearest.last()) else {
        return Err(input(
            format!("{name} has no two samples within the simulated time"),
            "its times are in ms".into(),
        ));
    };
    let words = figure.words(best.1);
    let sim = figure.columns.sims.get(best.1).copied().unwrap_or(0);
    let title = format!("the {} simulations nearest to {name}", nearest.len());
    let mut svg = figure.canvas(
        640.0,
        420.0,
        &title,
        &format!("dashed: {name}; best: simulation {sim}, {words}"),
    );
    svg.text(
        (78.0, 18.0),
        Anchor::Start,
        12.0,
        &format!("dashed: {name}"),
    );
    svg.text(
        (78.0, 34.0),
        Anchor::Start,
        11.0,
        &format!(
            "best: simulation {sim}, rmse {} nAm · {words}",
            label(best.0)
        ),
    );
    let all = nearest
        .iter()
        .flat_map(|(_, _, values)| values.iter().copied())
        .chain(target.values.iter().copied());
    let panel = Panel {
        left: 78.0,
        top: 44.0,
        width: svg.width() - 78.0 - 110.0,
        height: svg.height() - 44.0 - 52.0,
        x: Scale {
            lo: 0.0,
            hi: times.last().copied().unwrap_or(1.0),
            log: false,
        },
        y: Scale::of(all, false).widened(0.05),
    };
    for (tick, _) in panel.y.labelled(6) {
        svg.ink_line(
            &[(panel.left, panel.y(tick)), (panel.right(), panel.y(tick))],
            "grid",
            1.0,
        );
    }
    let bar = ColourBar {
        scale: Scale::of([best.0, last.0], false),
        map: ColourMap::Lines,
        // The darker, the nearer: a small error is what counts here.
        reversed: true,
    };
    // The best last, above all others.
    for (i, (rmse, _, values)) in nearest.iter().enumerate().rev() {
        let places = simplify(&panel.places(&times, values), 0.1);
        svg.line(
            &places,
            bar.at(*rmse),
            if i == 0 { 2.2 } else { 1.0 },
            if i == 0 { 1.0 } else { 0.8 },
        );
    }
    let inside: Vec<(f64, f64)> = target
        .times
        .iter()
        .zip(&target.values)
        .filter(|(t, _)| (0.0..=panel.x.hi).contains(*t))
        .map(|(t, v)| (panel.x(*t), panel.y(*v)))
        .collect();
    svg.dashed(&simplify(&inside, 0.1), 1.6);
    panel.x_axis(&mut svg, "time (ms)");
    panel.y_axis(&mut svg, &format!("{} dipole (nAm)", layer.name()));
    bar.draw(&mut svg, &panel, "rmse (nAm)", None);
    for (rmse, row, _) in nearest.iter().take(3) {
        let sim = figure.columns.sims.get(*row).copied().unwrap_or(0);
        figure.notes.push(format!(
            "simulation {sim}: rmse {} nAm, {}",
            label(*rmse),
            figure.words(*row)
        ));
    }
    Ok(svg)
}
