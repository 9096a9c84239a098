//! Reading of waveforms and spikes: chosen points only, means over trials.

use crate::pipeline::Signal;
use crate::solver::{Dipole, SimulationResult};
use crate::stages::{LoadedSimulation, Loader, RunError};
use crate::store::Table;

/// Points between two chosen ones that are read along, as that is faster than to begin anew.
const GAP: usize = 16;

/// Layer of a dipole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layer {
    /// Both layers.
    #[default]
    Agg,
    /// Layer 2/3.
    L2,
    /// Layer 5.
    L5,
}

impl Layer {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Agg => "agg",
            Layer::L2 => "L2",
            Layer::L5 => "L5",
        }
    }

    /// The signal of pipelines.
    pub fn signal(self) -> Signal {
        match self {
            Layer::Agg => Signal::Agg,
            Layer::L2 => Signal::L2,
            Layer::L5 => Signal::L5,
        }
    }

    /// Its waveform (nAm).
    pub fn of(self, dipole: &Dipole) -> &[f64] {
        match self {
            Layer::Agg => &dipole.agg,
            Layer::L2 => &dipole.l2,
            Layer::L5 => &dipole.l5,
        }
    }
}

/// Reads chosen points, which ascend, one after the other.
///
/// # Errors
/// Those of reading, and of `visit`.
pub fn visit(
    loader: &Loader,
    chosen: &[usize],
    tables: &[Table],
    visit: &mut dyn FnMut(LoadedSimulation) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut rest = chosen;
    while let Some(first) = rest.first() {
        let near = rest.windows(2).take_while(|w| w[1] - w[0] <= GAP).count() + 1;
        // Ascending points whose gaps are small are one reading, whose batches are opened once.
        let (span, others) = rest.split_at(near);
        rest = others;
        let end = span.last().map_or(first + 1, |last| last + 1);
        loader.for_each(*first..end, tables, &mut |simulation| match span
            .binary_search(&simulation.point)
        {
            Ok(_) => visit(simulation),
            Err(_) => Ok(()),
        })?;
    }
    Ok(())
}

/// Mean of the trials that have results, sample by sample; with one trial its own samples.
pub fn mean_over_trials<'a>(
    simulation: &'a LoadedSimulation,
    of: impl Fn(&'a SimulationResult) -> &'a [f64],
) -> Vec<f64> {
    let trials: Vec<&[f64]> = simulation
        .trials
        .iter()
        .filter(|t| t.is_done())
        .map(|t| of(&t.result))
        .collect();
    // Only samples that every trial has: a mean over fewer of them would jump.
    let n_samples = trials.iter().map(|t| t.len()).min().unwrap_or(0);
    let mut mean = vec![0.0; n_samples];
    for trial in &trials {
        mean.iter_mut()
            .zip(*trial)
            .for_each(|(sum, value)| *sum += value);
    }
    mean.iter_mut().for_each(|sum| *sum /= trials.len() as f64);
    mean
}

/// At most `n` of them, evenly spread.
pub fn spread<T: Copy>(all: &[T], n: usize) -> Vec<T> {
    if all.len() <= n {
        return all.to_vec();
    }
    (0..n)
        .filter_map(|i| all.get(i * all.len() / n).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_takes_all_of_few_and_some_of_many() {
        assert_eq!(spread(&[1, 2, 3], 5), [1, 2, 3]);
        assert_eq!(spread(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3), [0, 3, 6]);
    }
}
