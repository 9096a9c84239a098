//! Parameters and statistics for simulation-based inference: `theta` and `x`, row by row of the same simulation.

use super::files::failed;
use super::npy::{Archive, NpyArray};
use super::{Target, Written, complete};
use crate::pipeline::ParamValue;
use crate::stages::{Loader, RunError};
use crate::store::{Kind, Prior};

/// Least and largest value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounds {
    /// Least.
    low: f64,
    /// Largest.
    high: f64,
}

impl Bounds {
    const NONE: Self = Self {
        low: f64::NAN,
        high: f64::NAN,
    };

    /// Ends of a distribution; infinite for a normal one.
    fn of(prior: &Prior) -> Self {
        let [low, high] = match prior.kind.as_str() {
            // Its support is the whole line.
            "normal" => [f64::NEG_INFINITY, f64::INFINITY],
            _ => prior.numbers,
        };
        Self { low, high }
    }
}

/// Rows of both tables.
#[derive(Default)]
struct SbiRows {
    theta: Vec<f64>,
    x: Vec<f64>,
    points: Vec<i64>,
    trials: Vec<i64>,
    undefined: usize,
}

/// Writes `sbi.npz` with `theta` (rows, parameters), `x` (rows, statistics), `theta_names`, `x_names`, `bounds`
/// (parameters, 2), `priors`, `prior_numbers` (parameters, 2), `points` and `trials`; and each of them as
/// `sbi_{name}.npy`.
///
/// A row is a trial of a simulation, or a simulation if all statistics are of the mean over trials (its trial is -1).
/// Parameters in `seeds`, texts and truth values are not in `theta`; failed and missing simulations have no row.
/// `priors` are `uniform` and `log_uniform` with their ends in `prior_numbers`, `normal` with mean and standard
/// deviation, and empty with NaN for a parameter that was not drawn; they are those in `known`, else those that the
/// sweep was run with. `bounds` of a parameter are the ends of its prior, else its least and largest value in the
/// grid.
///
/// # Errors
/// If the sweep has no summaries or no numbers as parameters, if files are there already that must not be replaced,
/// or if a file cannot be written.
pub fn sbi(
    loader: &Loader,
    target: &Target,
    seeds: &[String],
    known: &[Prior],
) -> Result<Written, RunError> {
    let mut written = Written::default();
    let mut names = Vec::new();
    for (name, kind) in loader.parameters() {
        let why = match kind {
            _ if seeds.contains(name) => "it is a seed",
            Kind::Text => "its values are texts",
            Kind::Bool => "its values are truth values",
            Kind::Float | Kind::Int => {
                names.push(name.clone());
                continue;
            }
        };
        written
            .left_out
            .push(format!("parameter `{name}` is not in theta: {why}"));
    }
    let columns = &loader.sweep().summaries;
    if names.is_empty() || columns.is_empty() {
        let (what, help) = match names.is_empty() {
            true => (
                "no parameter that is a number",
                "theta needs one in [grid] or [samples]",
            ),
            false => (
                "no summaries",
                "x is made of them: add [[summary]] to the pipeline and run it again; nothing is simulated anew",
            ),
        };
        return Err(RunError::Input {
            what: format!("sweep `{}` has {what}", loader.name()),
            help: help.into(),
        });
    }
    let complete = complete(loader, &mut written);
    // One statistic of single trials gives every trial a row, and means are repeated on them.
    let by_trial = columns.iter().any(|column| !column.mean);
    let mut rows = SbiRows::default();
    let mut grid: Vec<Option<Bounds>> = vec![None; names.len()];
    for point in 0..loader.n_points() {
        let theta = theta(&loader.values(point), &names);
        // Of all points, failed ones too: a prior does not end where simulations begin to fail.
        for (bounds, value) in grid.iter_mut().zip(&theta) {
            let Bounds { low, high } = bounds.get_or_insert(Bounds {
                low: *value,
                high: *value,
            });
            (*low, *high) = (low.min(*value), high.max(*value));
        }
        if complete.get(point) != Some(&true) {
            continue;
        }
        let n = if by_trial { loader.n_trials() } else { 1 };
        for (id, task) in loader.tasks(point).take(n as usize) {
            rows.theta.extend(&theta);
            rows.points.push(point as i64);
            rows.trials.push(if by_trial { id.1.into() } else { -1 });
            let means = loader.store().state().means.get(&id.0);
            for column in columns {
                let value = match column.mean {
                    true => means.and_then(|means| means.get(&column.id)),
                    false => task.and_then(|task| task.stats.get(&column.id)),
                };
                // A row with a gap stays: dropping it would bias the posterior towards simulations
                // with peaks.
                let value = value.copied().flatten().unwrap_or(f64::NAN);
                rows.undefined += usize::from(value.is_nan());
                rows.x.push(value);
            }
        }
    }
    if rows.undefined > 0 {
        written.left_out.push(format!(
            "{} values of x are NaN: the statistic does not exist there (no such peak, no spike)",
            rows.undefined
        ));
    }
    // The first is taken: that of the pipeline file, if one was given.
    let known = || known.iter().chain(&loader.sweep().priors);
    let priors: Vec<Option<&Prior>> = names
        .iter()
        .map(|name| known().find(|prior| prior.parameter == *name))
        .collect();
    let bounds = priors.iter().zip(grid).flat_map(|(prior, grid)| {
        let Bounds { low, high } = prior.map(Bounds::of).or(grid).unwrap_or(Bounds::NONE);
        [low, high]
    });
    let bounds: Vec<f64> = bounds.collect();
    let kinds = priors
        .iter()
        .map(|prior| prior.map_or(String::new(), |prior| prior.kind.clone()))
        .collect();
    let numbers = priors
        .iter()
        .flat_map(|prior| prior.map_or([f64::NAN; 2], |prior| prior.numbers))
        .collect();
    let n = rows.points.len();
    let arrays = [
        ("theta", NpyArray::Floats(vec![n, names.len()], rows.theta)),
        ("x", NpyArray::Floats(vec![n, columns.len()], rows.x)),
        ("bounds", NpyArray::Floats(vec![names.len(), 2], bounds)),
        ("priors", NpyArray::Texts(kinds)),
        (
            "prior_numbers",
            NpyArray::Floats(vec![names.len(), 2], numbers),
        ),
        ("theta_names", NpyArray::Texts(names)),
        (
            "x_names",
            NpyArray::Texts(columns.iter().map(|c| c.name.clone()).collect()),
        ),
        ("points", NpyArray::ints(rows.points)),
        ("trials", NpyArray::ints(rows.trials)),
    ];
    write(target, &mut written, &arrays)?;
    Ok(written)
}

/// Values of the named parameters; NaN for one that the point does not know.
fn theta(values: &[(String, ParamValue)], names: &[String]) -> Vec<f64> {
    let value = |name: &String| {
        let known = values.iter().find(|(own, _)| own == name);
        known
            .and_then(|(_, value)| value.as_f64())
            .unwrap_or(f64::NAN)
    };
    names.iter().map(value).collect()
}

fn write(
    target: &Target,
    written: &mut Written,
    arrays: &[(&str, NpyArray)],
) -> Result<(), RunError> {
    let file = |name: &str| format!("sbi_{name}.npy");
    let names =
        std::iter::once("sbi.npz".to_string()).chain(arrays.iter().map(|(name, _)| file(name)));
    // All names before the first file, so that a refusal leaves nothing behind.
    target.prepare(&names.collect::<Vec<_>>())?;
    let path = target.folder.join("sbi.npz");
    target.write("sbi.npz", written, |out| {
        let mut archive = Archive::new(out, &path);
        for (name, array) in arrays {
            archive.array(name, array)?;
        }
        archive.finish()
    })?;
    for (name, array) in arrays {
        let path = target.folder.join(file(name));
        target.write(&file(name), written, |mut out| {
            array.write(&mut out).map_err(|e| failed(&path, e))?;
            Ok(out)
        })?;
    }
    Ok(())
}
