//! The queries, where SQL is built in.

use super::queries;
use crate::pipeline::Trials;
use crate::pipeline::{Pipeline, Summary};
use crate::query::{self, QueryError};
use crate::stages::error::RunError;
use crate::stages::statistics;
use crate::store::{Id, Session, Status};
use std::collections::{BTreeMap, BTreeSet};

/// What to do about a query that was refused after the simulations.
const KEPT: &str = "; all simulations are kept: correct `query`, and run again";

/// Refuses queries that are no SELECT over the folder's tables.
///
/// # Errors
/// The first one's.
pub fn check(pipeline: &Pipeline) -> Result<(), RunError> {
    for (summary, sql) in queries(pipeline) {
        query::check(sql).map_err(|e| refused(pipeline, summary, &e, ""))?;
    }
    Ok(())
}

fn refused(pipeline: &Pipeline, summary: &Summary, error: &QueryError, more: &str) -> RunError {
    RunError::Input {
        what: format!(
            "`query` of summary `{}` of {}: {error}",
            summary.name,
            pipeline.path().display()
        ),
        help: format!("{}{more}", error.help()),
    }
}

/// Asks the pipeline's queries and stores the answers for its simulations.
///
/// # Errors
/// If a query has no answer of the right form, or the disk refuses.
pub fn reduce(pipeline: &Pipeline, sims: &[u32], session: &mut Session) -> Result<(), RunError> {
    if queries(pipeline).next().is_none() {
        return Ok(());
    }
    // Queries read the tables, so what is finished must be in them.
    session.publish()?;
    let ours: BTreeSet<u32> = sims.iter().copied().collect();
    let done: BTreeSet<Id> = (session.state().tasks.iter())
        .filter(|(id, task)| ours.contains(&id.0) && task.status == Status::Done)
        .map(|(id, _)| *id)
        .collect();
    let mut trials: BTreeMap<Id, BTreeMap<u64, Option<f64>>> = BTreeMap::new();
    let mut means: BTreeMap<u32, BTreeMap<u64, Option<f64>>> = BTreeMap::new();
    for (summary, sql) in queries(pipeline) {
        let id = statistics::column(summary, pipeline.n_trials).id;
        let folder = session.layout().root();
        let fail = |error: QueryError| refused(pipeline, summary, &error, KEPT);
        let answer = query::ask(folder, session.state(), sql).map_err(fail)?;
        let of_trials = summary.trials == Trials::Each;
        let values = answer.statistic(of_trials).map_err(fail)?;
        // What the query leaves out is null, also where an earlier run had a value.
        if of_trials {
            for task in &done {
                let value = values.get(task).copied().flatten();
                trials.entry(*task).or_default().insert(id, value);
            }
        } else {
            // A statistic of the mean has no trial: its rows stand under trial 0.
            for sim in &ours {
                let value = values.get(&(*sim, 0)).copied().flatten();
                means.entry(*sim).or_default().insert(id, value);
            }
        }
    }
    // Nothing is written where nothing changed.
    trials.retain(|task, stats| {
        let known = session.state().tasks.get(task);
        known.is_none_or(|known| stats.iter().any(|(k, v)| known.stats.get(k) != Some(v)))
    });
    means.retain(|sim, stats| {
        let known = session.state().means.get(sim);
        known.is_none_or(|known| stats.iter().any(|(k, v)| known.get(k) != Some(v)))
    });
    Ok(session.set_statistics(&trials, &means)?)
}
