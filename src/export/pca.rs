//! Principal components of a sweep's dipoles: what varies from simulation to simulation.

use super::npy::{Archive, NpyArray};
use super::{Target, Written, complete, has_rows, nothing};
use crate::pipeline::Signal;
use crate::stages::{LoadedSimulation, Loader, RunError};
use crate::store::Table;

/// Most simulations: their products with each other have to be kept, and rotated some times.
const MOST: usize = 4000;
/// Sweeps of rotations after which nothing changes any more; some six are needed.
const SWEEPS: usize = 60;

/// Writes `pca.npz` for a signal of the mean dipole over trials, less its mean over simulations: `scores` (simulations,
/// components), `components` (components, samples; of length 1), `explained_variance` (nAm², components),
/// `explained_variance_ratio`, `mean` (nAm, samples), `times` (ms), `points`.
///
/// The largest sample of each component is positive.
///
/// # Errors
/// If the sweep has stored no dipoles, fewer than two complete simulations or more than 4,000, dipoles of different
/// lengths, if the file is there already and must not be replaced, or if a file cannot be read or written.
pub fn pca(
    loader: &Loader,
    target: &Target,
    signal: Signal,
    n_components: usize,
) -> Result<Written, RunError> {
    if !loader.tables().contains(&Table::Dipole) {
        return Err(nothing(loader, "dipoles", "save_dpl"));
    }
    let mut written = Written::default();
    let complete = complete(loader, &mut written);
    let n = complete.iter().filter(|complete| **complete).count();
    if !(2..=MOST).contains(&n) {
        return Err(RunError::Input {
            what: format!(
                "sweep `{}` has {n} complete simulations; principal components are computed of 2 to {MOST}",
                loader.name()
            ),
            help: match n {
                0 | 1 => "run more points of the grid".into(),
                _ => "export arrays with `npz --plain`, and decompose them in Python".into(),
            },
        });
    }
    target.prepare(&["pca.npz".into()])?;
    let (mut points, mut times) = (Vec::new(), Vec::new());
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n);
    loader.for_each(0..loader.n_points(), &[Table::Dipole], &mut |simulation| {
        if !simulation.is_done() {
            return Ok(());
        }
        // All waveforms must have the times of the first.
        if let (true, Some(trial)) = (rows.is_empty(), simulation.trials.first()) {
            times = trial.result.times.clone();
        }
        points.push(simulation.point as i64);
        rows.push(mean_of_trials(&simulation, &signal, times.len())?);
        Ok(())
    })?;
    let mean = centre(&mut rows, times.len());
    let found = decompose(&rows, n_components);
    let k = found.len();
    // The mean takes one degree of freedom.
    let degrees = (n - 1) as f64;
    let total: f64 = rows.iter().map(|row| dot(row, row)).sum::<f64>() / degrees;
    let variance: Vec<f64> = found.iter().map(|c| c.squared / degrees).collect();
    let ratio = variance
        .iter()
        .map(|v| if total > 0.0 { v / total } else { 0.0 })
        .collect();
    let scores = rows
        .iter()
        .flat_map(|row| found.iter().map(|c| dot(row, &c.waveform)));
    let scores = scores.collect();
    let components = found
        .iter()
        .flat_map(|c| c.waveform.iter().copied())
        .collect();
    let n_samples = times.len();
    let arrays = [
        ("scores", NpyArray::Floats(vec![n, k], scores)),
        (
            "components",
            NpyArray::Floats(vec![k, n_samples], components),
        ),
        ("explained_variance", NpyArray::floats(variance)),
        ("explained_variance_ratio", NpyArray::floats(ratio)),
        ("mean", NpyArray::floats(mean)),
        ("times", NpyArray::floats(times)),
        ("points", NpyArray::ints(points)),
    ];
    let path = target.folder.join("pca.npz");
    target.write("pca.npz", &mut written, |file| {
        let mut archive = Archive::new(file, &path);
        for (name, array) in &arrays {
            archive.array(name, array)?;
        }
        archive.finish()
    })?;
    Ok(written)
}

fn mean_of_trials(
    simulation: &LoadedSimulation,
    signal: &Signal,
    n_samples: usize,
) -> Result<Vec<f64>, RunError> {
    let mut mean = vec![0.0; n_samples];
    for trial in &simulation.trials {
        has_rows(simulation, trial, Table::Dipole)?;
        let dipole = &trial.result.dipole;
        let values = match signal {
            Signal::Agg => &dipole.agg,
            Signal::L2 => &dipole.l2,
            Signal::L5 => &dipole.l5,
            Signal::Lfp(_) | Signal::Csd(_) => {
                return Err(RunError::Input {
                    what: format!("`{}` is no dipole", signal.name()),
                    help: "principal components are of `agg`, `L2` or `L5`".into(),
                });
            }
        };
        if values.len() != n_samples {
            return Err(RunError::Input {
                what: format!(
                    "the dipole of point {} has {} samples, that of the first point {n_samples}",
                    simulation.point,
                    values.len()
                ),
                help: "principal components need the same tstop and dt in every simulation".into(),
            });
        }
        mean.iter_mut()
            .zip(values)
            .for_each(|(sum, value)| *sum += value);
    }
    let n = simulation.trials.len() as f64;
    mean.iter_mut().for_each(|sum| *sum /= n);
    Ok(mean)
}

/// Takes the mean of the rows off each of them.
fn centre(rows: &mut [Vec<f64>], n_samples: usize) -> Vec<f64> {
    let mut mean = vec![0.0; n_samples];
    for row in rows.iter() {
        mean.iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
    }
    let n = rows.len() as f64;
    mean.iter_mut().for_each(|sum| *sum /= n);
    for row in rows {
        row.iter_mut()
            .zip(&mean)
            .for_each(|(value, mean)| *value -= mean);
    }
    mean
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A direction in which rows vary.
struct Component {
    /// Sum of the squared scores.
    squared: f64,
    /// Of length 1.
    waveform: Vec<f64>,
}

/// The first components of centred rows, from the eigenvectors of their products with each other; fewer, if the rows
/// span fewer directions.
fn decompose(rows: &[Vec<f64>], n_components: usize) -> Vec<Component> {
    // Products of simulations, not of samples: there are fewer of those, and the components are the
    // same.
    let mut gram: Vec<Vec<f64>> = rows
        .iter()
        .map(|a| rows.iter().map(|b| dot(a, b)).collect())
        .collect();
    let vectors = eigenvectors(&mut gram);
    let mut order: Vec<(f64, &Vec<f64>)> = gram
        .iter()
        .enumerate()
        .map(|(i, row)| row[i])
        .zip(&vectors)
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    // Below this, products of rounding errors.
    let least = order.first().map_or(0.0, |(largest, _)| largest * 1e-13);
    order
        .into_iter()
        .take(n_components)
        .filter(|(value, _)| *value > least)
        .map(|(_, vector)| component(rows, vector))
        .collect()
}

fn component(rows: &[Vec<f64>], vector: &[f64]) -> Component {
    let mut waveform = vec![0.0; rows.first().map_or(0, Vec::len)];
    for (row, weight) in rows.iter().zip(vector) {
        waveform
            .iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += weight * value);
    }
    // The sign is free: the largest value is positive, so that two runs agree.
    let largest = waveform.iter().fold(
        0.0_f64,
        |most, v| if v.abs() > most.abs() { *v } else { most },
    );
    let length = dot(&waveform, &waveform).sqrt() * largest.signum();
    waveform.iter_mut().for_each(|value| *value /= length);
    // Again from the waveforms: the eigenvalue has lost the digits of small components.
    let squared = rows.iter().map(|row| dot(row, &waveform).powi(2)).sum();
    Component { squared, waveform }
}

/// Eigenvectors of a symmetric matrix by Jacobi's rotations, which leave the eigenvalues on its diagonal.
fn eigenvectors(matrix: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
    let n = matrix.len();
    let mut vectors: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    // What is smaller than this is lost in the rounding of the largest.
    let least = f64::EPSILON
        * matrix
            .iter()
            .enumerate()
            .map(|(i, row)| row[i])
            .sum::<f64>()
        / 8.0;
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let (a, b, c) = (matrix[p][p], matrix[p][q], matrix[q][q]);
                if b.abs() <= least {
                    continue;
                }
                rotated = true;
                // Jacobi's rotation, by the smaller angle: Golub and Van Loan, Matrix Computations.
                let theta = (c - a) / (2.0 * b);
                let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                for row in matrix.iter_mut() {
                    (row[p], row[q]) = (
                        cosine * row[p] - sine * row[q],
                        sine * row[p] + cosine * row[q],
                    );
                }
                rotate(matrix, p, q, cosine, sine);
                // Zero by construction; rounding would leave something.
                (matrix[p][q], matrix[q][p]) = (0.0, 0.0);
                rotate(&mut vectors, p, q, cosine, sine);
            }
        }
        if !rotated {
            break;
        }
    }
    vectors
}

/// Turns two rows.
fn rotate(matrix: &mut [Vec<f64>], p: usize, q: usize, cosine: f64, sine: f64) {
    let (before, from) = matrix.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(from[0].iter_mut()) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}
