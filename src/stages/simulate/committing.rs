//! Results become rows, and rows become durable.

use super::super::error::RunError;
use super::super::summarize::{TrialData, summarize};
use super::super::tables::PieceError;
use super::super::watch::{Finished, Watch};
use super::super::{statistics, tables};
use super::attempt::Ended;
use super::failure::Failure;
use super::sharing::Sharing;
use super::work::{BoundPoint, Ready, Work};
use crate::pipeline::{Bound, Pipeline, Trials};
use crate::solver::SimulationResult;
use crate::store::{Commit, Layout, Outputs, Session, Status, Task};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

/// Results (bytes) that are made durable with one sync, or somewhat more.
const COMMIT_AT_ONCE: usize = 16 << 20;
/// Longest time between two calls of [`Watch::tick`].
pub(super) const TICK: Duration = Duration::from_millis(100);

/// What was simulated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulated {
    /// Tasks that were committed.
    pub simulated: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Tasks that other processes have finished meanwhile.
    pub elsewhere: u64,
    /// Tasks that were left because of an interruption.
    pub left: u64,
}

/// What is kept of a task; nothing if the run was stopped.
pub(super) fn commit(
    pipeline: &Pipeline,
    layout: &Layout,
    ready: &Ready,
    ended: Ended,
    wall_s: f64,
) -> Result<Option<Commit>, RunError> {
    let Ready {
        task, id, point, ..
    } = ready;
    let BoundPoint { bound, fingerprint } = &**point;
    let mut kept = Task {
        key: fingerprint.key(task.trial),
        status: Status::Done,
        outputs: Outputs::NONE,
        n_spikes: 0,
        wall_s,
        stats: BTreeMap::new(),
    };
    let mut pieces = Vec::new();
    match ended {
        Ended::Stopped => return Ok(None),
        Ended::Failed(failure) => kept.status = failure.status(),
        Ended::Done(mut result) => {
            let network = &bound.network;
            match tables::pieces(layout, *id, network, &mut result, &task.outputs, bound.dt) {
                Ok(rows) => {
                    pieces = rows;
                    kept.outputs = task.outputs;
                    kept.n_spikes = result.spikes.len() as u64;
                    // Statistics belong to a result, so they are computed while it is in memory.
                    kept.stats = statistics_of(pipeline, bound, &result);
                }
                Err(PieceError::Store(error)) => return Err(error.into()),
                // Kept as a failure, so that the sweep goes on, and says so.
                Err(error) => kept.status = Failure::NotStorable(error.to_string()).status(),
            }
        }
    }
    Ok(Some(Commit {
        id: *id,
        set: fingerprint.set,
        spec: fingerprint.spec(task.trial),
        task: kept,
        pieces,
    }))
}

fn statistics_of(
    pipeline: &Pipeline,
    bound: &Bound,
    result: &SimulationResult,
) -> BTreeMap<u64, Option<f64>> {
    let data = TrialData {
        times: &result.times,
        dipole: &result.dipole,
        lfp: &result.lfp,
        spikes: &result.spikes,
        network: &bound.network,
        tstop: bound.tstop,
    };
    let values = summarize(&pipeline.summaries, &data);
    let each = pipeline.summaries.iter().zip(values);
    each.filter(|(summary, _)| summary.trials == Trials::Each && !summary.is_query())
        .map(|(summary, value)| (statistics::column(summary, pipeline.n_trials).id, value))
        .collect()
}

/// Makes results durable as they come, and publishes whole batches at intervals; ends when no worker is left to send
/// any.
pub(super) fn commit_all(
    work: &Work,
    sharing: &Sharing,
    session: &mut Session,
    receiver: &Receiver<Result<Commit, RunError>>,
    watch: &mut dyn Watch,
) -> Result<Simulated, RunError> {
    let pace = work.options.pace;
    let mut simulated = Simulated::default();
    let mut publish_at = Instant::now() + pace.every;
    let mut held_since = Instant::now();
    loop {
        watch.tick();
        // Other processes see by this that the one is alive.
        session.beat();
        let wait = publish_at.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(wait.min(TICK)) {
            Ok(first) => {
                // The channel is short: while this commits, workers wait rather than fill memory.
                let mut commits = vec![first?];
                take_more(receiver, &mut commits)?;
                session.commit(&mut commits)?;
                sharing.keep(commits.iter().map(|commit| &commit.id));
                for Commit { id, task, .. } in commits {
                    simulated.simulated += 1;
                    simulated.failed += u64::from(task.status != Status::Done);
                    watch.finished(&Finished {
                        id,
                        status: task.status,
                        wall_s: task.wall_s,
                    });
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                sharing.hear();
                let stopped = work.stop.load(Ordering::Relaxed);
                if sharing.others() == 0 || stopped {
                    session.publish()?;
                } else {
                    // The batches of which others have a part are published when all have finished: `waiting`.
                    publish_whole(sharing, session)?;
                    sharing.rest();
                }
                return Ok(simulated);
            }
        }
        if Instant::now() >= publish_at {
            let began = Instant::now();
            // Starts the count of time that was spent waiting for the lock.
            session.waited();
            if held_since.elapsed() >= pace.hold {
                session.publish()?;
            } else {
                publish_whole(sharing, session)?;
            }
            if session.is_published() {
                held_since = Instant::now();
            }
            if session.others_published() {
                sharing.note_finished(session);
            }
            watch.shared(sharing.others(), sharing.n_done());
            // While others held the lock, this process was at work.
            let took = began.elapsed().saturating_sub(session.waited());
            // Publishing must not become the run's work: at most one part in `share` of the time.
            publish_at = Instant::now() + pace.every.max(took * pace.share);
        }
    }
}

fn publish_whole(sharing: &Sharing, session: &mut Session) -> Result<(), RunError> {
    if session.is_published() {
        return Ok(());
    }
    let open = sharing.open_batches(session.state());
    Ok(session.publish_but(&|batch| open.contains(&batch))?)
}

/// One sync serves all results that are waiting.
pub(super) fn take_more(
    receiver: &Receiver<Result<Commit, RunError>>,
    commits: &mut Vec<Commit>,
) -> Result<(), RunError> {
    let mut size = 0;
    while size < COMMIT_AT_ONCE {
        match receiver.try_recv() {
            Ok(next) => {
                let next = next?;
                size += next.size();
                commits.push(next);
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    Ok(())
}
