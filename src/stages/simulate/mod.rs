//! plan → results: missing tasks are simulated on all cores, and each result is committed as soon as it exists.
//!
//! The one place where solver and store meet. Workers take tasks (`sharing`; `waiting` for those of others), bind
//! (`work`) and simulate them (`attempt`); one committer (`committing`) makes what they hand over durable. The
//! channel between them is short, so that memory holds only what is in flight.

mod apart;
mod attempt;
mod committing;
mod failure;
mod sharing;
mod solver;
mod waiting;
mod work;

pub use apart::simulate_apart;
pub use committing::Simulated;
pub use failure::Failure;
pub use solver::Simulate;
pub use work::Work;

use super::error::RunError;
use super::plan::{Plan, PlannedTask};
use super::watch::Watch;
use crate::solver::Threads;
use crate::store::{Commit, Session};
use attempt::Attempts;
use committing::{commit, commit_all};
use sharing::Sharing;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use work::Desk;

/// Simulates a plan's tasks.
///
/// # Errors
/// If the disk refuses, or the pipeline's files have changed since the plan was made. What was committed stays.
pub fn simulate(
    work: &Work,
    plan: &Plan,
    session: &mut Session,
    watch: &mut dyn Watch,
) -> Result<Simulated, RunError> {
    let sharing = Sharing::new(work, plan, session);
    let tasks = &sharing.tasks;
    let Some(first) = tasks.first() else {
        // Everything was finished by others since the plan.
        return Ok(Simulated::default());
    };
    // What others have taken is known before the first block is chosen.
    sharing.hear();
    watch.shared(sharing.others(), sharing.n_done());
    let n = tasks.len();
    let jobs = work.pool.current_num_threads();
    let workers = jobs * (sharing.others() + 1);
    // No larger than leaves work for every thread, here and elsewhere.
    let gang = work.gang_size(first)?.min(n.div_ceil(workers)).max(1);
    // Set when results cannot be kept any more.
    let halt = AtomicBool::new(false);
    let stopped = || halt.load(Ordering::Relaxed) || work.stop.load(Ordering::Relaxed);
    let attempts = Attempts {
        solver: work.solver,
        // Fewer simulations than threads: the idle ones help.
        threads: match n < jobs {
            true => Threads::Pool,
            false => Threads::One,
        },
        time_limit: work.options.time_limit,
        stopped: &stopped,
    };
    let layout = session.layout().clone();
    let simulate_gang = |gang: &[&PlannedTask], desk: &mut Desk, sender: &Sender| {
        let mut ready = Vec::with_capacity(gang.len());
        for task in gang {
            ready.extend(work.prepare(task, desk)?);
        }
        attempts.simulate(&ready, &mut |ready, ended, wall_s| {
            sharing.measure(wall_s);
            if let Some(commit) = commit(work.pipeline, &layout, ready, ended, wall_s)? {
                // A committer that is gone has set `halt`.
                let _ = sender.send(Ok(commit));
            }
            Ok(())
        })
    };
    let worker = |sender: Sender| {
        let mut desk = Desk::default();
        while !stopped()
            && let Some(tasks) = sharing.take(jobs, gang)
        {
            if let Err(error) = simulate_gang(&tasks, &mut desk, &sender) {
                let _ = sender.send(Err(error));
            }
        }
    };
    let mut simulated = Simulated::default();
    loop {
        // At most one result in waiting for each worker: memory holds what is in flight, and no
        // more.
        let (sender, receiver) = sync_channel(jobs);
        let committed = work.pool.in_place_scope(|scope| {
            let worker = &worker;
            // The committer is this thread, as `Watch` is called on it; the pool simulates.
            scope.spawn_broadcast(move |_, _| worker(sender.clone()));
            let committed = commit_all(work, &sharing, session, &receiver, watch);
            // A full disk: workers stop after what they are at, instead of going on for nothing.
            halt.store(committed.is_err(), Ordering::Relaxed);
            // Workers that wait to send get an error, and end.
            drop(receiver);
            committed
        });
        let Simulated {
            simulated: n,
            failed,
            ..
        } = committed?;
        simulated.simulated += n;
        simulated.failed += failed;
        // Nothing is left, or what others have taken.
        if !waiting::wait(work, &sharing, session, watch)? {
            break;
        }
    }
    session.publish()?;
    simulated.elsewhere = sharing.n_done();
    simulated.left = (n as u64).saturating_sub(simulated.simulated + simulated.elsewhere);
    sharing.leave();
    Ok(simulated)
}

type Sender = SyncSender<Result<Commit, RunError>>;
