//! Statistics that no simulation has computed: of the mean over trials, and those that were asked for later. They are
//! computed from the stored tables; nothing is simulated.

use super::error::RunError;
use super::expand::Grid;
use super::summarize::{TrialData, summarize, summarize_mean};
use super::{statistics, tables};
use crate::pipeline::{Pipeline, Summary, Trials};
use crate::solver::SimulationResult;
use crate::store::{Id, Session, StatId, State, Status, Table, scan};
use std::collections::{BTreeMap, BTreeSet};

/// Batches at a time whose statistics are stored with one replacement of the state.
const BATCHES_PER_COMMIT: usize = 16;

/// What is to be computed for a simulation.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// A point of the grid that resolves to it.
    point: usize,
    /// Trials that lack statistics.
    trials: BTreeSet<u32>,
    /// Whether statistics of the mean over trials are lacking.
    mean: bool,
}

/// Whether the tables that a statistic is computed from are stored of a task.
pub fn can_reduce(summary: &Summary, outputs: &crate::store::Outputs) -> bool {
    let sources = statistics::sources(&summary.statistic);
    sources.into_iter().all(|table| outputs.has(table))
}

/// Simulations of the sweep that lack statistics which their stored tables can give.
pub fn missing(
    pipeline: &Pipeline,
    grid: &Grid,
    sims: &[u32],
    state: &State,
) -> BTreeMap<u32, Missing> {
    let columns = columns(pipeline);
    let mut missing: BTreeMap<u32, Missing> = BTreeMap::new();
    for (point, sim) in (0..grid.points.len()).zip(sims) {
        // Points that share a simulation share its statistics.
        if missing.contains_key(sim) {
            continue;
        }
        let done = |trial: u32| {
            let task = state.tasks.get(&(*sim, trial))?;
            (task.status == Status::Done).then_some(task)
        };
        let mut lacking = Missing {
            point,
            ..Missing::default()
        };
        for (summary, id) in &columns {
            if summary.is_query() {
                continue;
            }
            match summary.trials {
                Trials::Each => lacking
                    .trials
                    .extend((0..pipeline.n_trials).filter(|trial| {
                        done(*trial).is_some_and(|task| {
                            !task.stats.contains_key(id) && can_reduce(summary, &task.outputs)
                        })
                    })),
                Trials::Mean => {
                    let known = state
                        .means
                        .get(sim)
                        .is_some_and(|means| means.contains_key(id));
                    // Of all trials or not at all: a mean over some would change as others come.
                    let possible = (0..pipeline.n_trials).all(|trial| {
                        done(trial).is_some_and(|task| can_reduce(summary, &task.outputs))
                    });
                    lacking.mean |= !known && possible;
                }
            }
        }
        if lacking.mean || !lacking.trials.is_empty() {
            missing.insert(*sim, lacking);
        }
    }
    missing
}

/// The pipeline's summaries with their identities.
pub fn columns(pipeline: &Pipeline) -> Vec<(&Summary, StatId)> {
    let id = |summary| statistics::column(summary, pipeline.n_trials).id;
    pipeline
        .summaries
        .iter()
        .map(|summary| (summary, id(summary)))
        .collect()
}

/// Computes and stores what is missing.
///
/// # Errors
/// If a table cannot be read, or the disk refuses.
pub fn reduce(
    pipeline: &Pipeline,
    grid: &Grid,
    missing: BTreeMap<u32, Missing>,
    session: &mut Session,
) -> Result<(), RunError> {
    if missing.is_empty() {
        return Ok(());
    }
    // Statistics are read from the tables, so what is finished must be in them.
    session.publish()?;
    let mut batches: BTreeMap<u32, BTreeMap<u32, Missing>> = BTreeMap::new();
    for (sim, lacking) in missing {
        batches
            .entry(session.state().batch_of(sim))
            .or_default()
            .insert(sim, lacking);
    }
    let batches: Vec<_> = batches.into_iter().collect();
    // Each replacement of the state writes all of it: several batches share one.
    for group in batches.chunks(BATCHES_PER_COMMIT) {
        let (mut trials, mut means) = (BTreeMap::new(), BTreeMap::new());
        for (batch, missing) in group {
            reduce_batch(
                pipeline,
                grid,
                session,
                *batch,
                missing,
                &mut trials,
                &mut means,
            )?;
        }
        session.set_statistics(&trials, &means)?;
    }
    Ok(())
}

type Statistics<K> = BTreeMap<K, BTreeMap<StatId, Option<f64>>>;

fn reduce_batch(
    pipeline: &Pipeline,
    grid: &Grid,
    session: &Session,
    batch: u32,
    missing: &BTreeMap<u32, Missing>,
    trials: &mut Statistics<Id>,
    means: &mut Statistics<u32>,
) -> Result<(), RunError> {
    let columns = columns(pipeline);
    let mut results: BTreeMap<Id, SimulationResult> = BTreeMap::new();
    for table in [Table::Dipole, Table::Spikes, Table::Lfp] {
        if !columns
            .iter()
            .any(|(summary, _)| statistics::sources(&summary.statistic).contains(&table))
        {
            continue;
        }
        scan(
            session.layout(),
            session.state(),
            table,
            batch,
            // All of the batch: its rows are in one file, and most of them are wanted.
            0..=u32::MAX,
            &mut |id, rows| match missing.get(&id.0) {
                Some(m) if m.mean || m.trials.contains(&id.1) => {
                    tables::read(table, rows, results.entry(id).or_default())
                }
                _ => Ok(()),
            },
        )?;
    }
    for (sim, lacking) in missing {
        let Some(point) = grid.points.get(lacking.point) else {
            continue;
        };
        // Bound again, as statistics need gids and sizes of cell types.
        let bound = pipeline.bind(&point.values)?;
        // A simulation without a single spike has no row.
        let empty = SimulationResult::default();
        let data = |trial: u32| {
            let result = results.get(&(*sim, trial)).unwrap_or(&empty);
            TrialData {
                times: &result.times,
                dipole: &result.dipole,
                lfp: &result.lfp,
                spikes: &result.spikes,
                network: &bound.network,
                tstop: bound.tstop,
            }
        };
        let outputs = |trial: u32| session.state().tasks.get(&(*sim, trial)).map(|t| t.outputs);
        let possible = |summary: &Summary, trial: u32| {
            outputs(trial).is_some_and(|outputs| can_reduce(summary, &outputs))
        };
        for trial in &lacking.trials {
            let values = summarize(&pipeline.summaries, &data(*trial));
            let known = columns.iter().zip(values).filter(|((summary, _), _)| {
                summary.trials == Trials::Each && possible(summary, *trial)
            });
            trials.insert(
                (*sim, *trial),
                known.map(|((_, id), value)| (*id, value)).collect(),
            );
        }
        if lacking.mean {
            let all: Vec<TrialData> = (0..pipeline.n_trials).map(data).collect();
            let values = summarize_mean(&pipeline.summaries, &all);
            let known = columns.iter().zip(values).filter(|((summary, _), _)| {
                summary.trials == Trials::Mean
                    && (0..pipeline.n_trials).all(|trial| possible(summary, trial))
            });
            means.insert(*sim, known.map(|((_, id), value)| (*id, value)).collect());
        }
    }
    Ok(())
}
