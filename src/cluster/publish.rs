//! Results of shards → tables.

use super::frozen::{PLAN, Plan};
use super::life::{Life, end, note_given};
use super::publishing::{busy, publisher};
use super::scheduler::Scheduler;
use crate::pipeline::{Pipeline, Trials};
use crate::stages::{self, RunError, plan};
use crate::store::{Folded, Hash, Loss, Outputs, Session, Status, Submission};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Of which submissions nobody writes results any more, so that files which were never ended are read, too.
/// Those of which that is known are always among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is said of any.
    Unsaid,
    /// One.
    One(String),
    /// All.
    All,
}

/// What was published, and what submissions have left.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Results that came into the tables.
    pub folded: Folded,
    /// Tasks of submissions at which somebody works, by key, with what is stored of them.
    pub given: HashMap<Hash, Outputs>,
    /// Tasks that submissions which ended now have left.
    pub left: u64,
    /// Tasks of them that have failed.
    pub failed: u64,
    /// Results that cannot be read any more.
    pub losses: Vec<Loss>,
}

/// Brings results of shards into the tables, with the statistics that need all of a simulation. Waits so long
/// for another that publishes.
///
/// # Errors
/// If the folder cannot be written, or another publishes.
pub fn publish(
    folder: &Path,
    ended: &Ended,
    patience: Duration,
    scheduler: &dyn Scheduler,
) -> Result<Published, RunError> {
    let session = publisher(folder, true, patience, scheduler)?;
    let mut session = session.map_err(|holder| busy(folder, &holder))?;
    if let Ended::One(id) = ended
        && Submission::find(session.layout(), id)?.is_none()
    {
        return Err(unknown(folder, id));
    }
    let mut published = fold(&mut session, ended, scheduler)?;
    published.losses.extend(session.losses().iter().cloned());
    session.finish()?;
    Ok(published)
}

/// That there is no such submission.
pub(super) fn unknown(folder: &Path, id: &str) -> RunError {
    RunError::Input {
        what: format!("{} has no submission {id}", folder.display()),
        help: "`hnn-sweep status FOLDER` lists them".into(),
    }
}

/// The same as a publisher that goes on to do more. What is lost is in the session's losses.
///
/// # Errors
/// If the disk refuses.
pub fn fold(
    session: &mut Session,
    ended: &Ended,
    scheduler: &dyn Scheduler,
) -> Result<Published, RunError> {
    let mut published = Published::default();
    for submission in Submission::all(session.layout())? {
        let life = Life::of(&submission, scheduler, true)?;
        let was_ended = life == Life::Ended;
        let is_ended = was_ended
            || match ended {
                Ended::Unsaid => false,
                Ended::One(id) => submission.id() == id,
                Ended::All => true,
            };
        let is_empty = submission.segments()?.is_empty();
        // One that was never finished has no plan; of a damaged one the results are as good as any.
        let plan = match submission.has(PLAN) {
            true => Plan::read(&submission).ok(),
            false => None,
        };
        let mut note = |state: &crate::store::State| match &plan {
            Some(plan) => plan.note_published(state, &submission),
            None => Ok(()),
        };
        let folded = session.fold_segments(&submission, is_ended, &mut note)?;
        published.folded.results += folded.results;
        published.folded.unclaimed += folded.unclaimed;
        let mut left = 0;
        if let Some(plan) = &plan {
            let state = session.state();
            let ends = plan.tasks.iter().map(|task| task.ended(state));
            let (mut failed, mut done) = (0, 0);
            for status in ends {
                match status {
                    None => left += 1,
                    Some(Status::Done) => done += 1,
                    Some(Status::Failed { .. }) => failed += 1,
                }
            }
            let is_meant =
                matches!(ended, Ended::One(id) if submission.id() == id) || *ended == Ended::All;
            if is_meant {
                published.left += left;
                published.failed += failed;
            }
            if !is_ended {
                note_given(plan, state, &mut published.given);
            }
            if done > 0 && (!is_empty || !was_ended) {
                complete(plan, &submission, session)?;
            }
        }
        if is_ended || (left == 0 && plan.is_some()) {
            end(&submission)?;
        }
    }
    Ok(published)
}

/// Registers a pipeline whose sweep the folder does not know, so that results of it which wait in segments are used.
///
/// # Errors
/// If the pipeline cannot be planned, or the disk refuses.
pub fn make_known(pipeline: &Pipeline, session: &mut Session) -> Result<(), RunError> {
    if session.state().sweeps.contains_key(&pipeline.name) {
        return Ok(());
    }
    let pool = stages::pool(stages::cores())?;
    let grid = pool.install(|| stages::expand(pipeline, None))?;
    session.register(plan::registration(pipeline, &grid))?;
    Ok(())
}

/// Statistics that no shard can compute, unless the sweep has got others since.
fn complete(plan: &Plan, submission: &Submission, session: &mut Session) -> Result<(), RunError> {
    let needed = |pipeline: &Pipeline| {
        let mut summaries = pipeline.summaries.iter();
        summaries.any(|one| one.trials == Trials::Mean || one.is_query())
    };
    // What cannot be read any more has been simulated all the same: the next run computes what is lacking.
    let Some(pipeline) = plan.pipeline(submission).ok().filter(needed) else {
        return Ok(());
    };
    let pool = stages::pool(stages::cores())?;
    let grid = pool.install(|| stages::expand(&pipeline, Some(session.state())))?;
    let known = session.state().sweeps.get(&pipeline.name);
    let summaries = plan::registration(&pipeline, &grid).summaries;
    if known.is_none_or(|sweep| sweep.summaries != summaries) {
        return Ok(());
    }
    let sims = grid
        .points
        .iter()
        .map(|point| session.state().sim_of(&point.set));
    let Some(sims) = sims.collect::<Option<Vec<u32>>>() else {
        return Ok(());
    };
    stages::complete(&pipeline, &grid, &sims, session, &mut ())
}
