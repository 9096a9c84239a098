//! Tasks that are this process's alone, somewhere else: their results go to a segment, and nothing else of the
//! folder is read or written.

use super::super::error::RunError;
use super::super::plan::PlannedTask;
use super::super::watch::{Finished, Watch};
use super::attempt::Attempts;
use super::committing::{Simulated, TICK, commit, take_more};
use super::work::{Desk, Work};
use crate::solver::Threads;
use crate::store::{Commit, Layout, Segment, Status};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

/// Simulates tasks and appends their results to a segment, which is ended when all are done or the run is
/// stopped. `layout` is where large pieces of results are put.
///
/// # Errors
/// If the disk refuses, or the pipeline gives other networks than the plan's. What was appended stays.
pub fn simulate_apart(
    work: &Work,
    tasks: &[PlannedTask],
    layout: &Layout,
    segment: &mut Segment,
    watch: &mut dyn Watch,
) -> Result<Simulated, RunError> {
    let mut simulated = Simulated::default();
    let Some(first) = tasks.first() else {
        return Ok(simulated);
    };
    let n = tasks.len();
    let jobs = work.pool.current_num_threads();
    let gang = work.gang_size(first)?.min(n.div_ceil(jobs)).max(1);
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
    let next = AtomicUsize::new(0);
    let (sender, receiver) = sync_channel::<Result<Commit, RunError>>(jobs);
    let worker = |sender: std::sync::mpsc::SyncSender<_>| {
        let mut desk = Desk::default();
        let mut simulate = |gang: &[PlannedTask]| {
            let mut ready = Vec::with_capacity(gang.len());
            for task in gang {
                ready.extend(work.prepare(task, &mut desk)?);
            }
            attempts.simulate(&ready, &mut |ready, ended, wall_s| {
                if let Some(commit) = commit(work.pipeline, layout, ready, ended, wall_s)? {
                    // A receiver that is gone has set `halt`.
                    let _ = sender.send(Ok(commit));
                }
                Ok(())
            })
        };
        while !stopped() {
            let begin = next.fetch_add(gang, Ordering::Relaxed);
            let Some(gang) = tasks.get(begin..n.min(begin.saturating_add(gang))) else {
                break;
            };
            if gang.is_empty() {
                break;
            }
            if let Err(error) = simulate(gang) {
                let _ = sender.send(Err(error));
            }
        }
    };
    let mut keep = || -> Result<(), RunError> {
        loop {
            watch.tick();
            match receiver.recv_timeout(TICK) {
                Ok(first) => {
                    let mut commits = vec![first?];
                    take_more(&receiver, &mut commits)?;
                    segment.append(&mut commits)?;
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
                Err(RecvTimeoutError::Timeout) => segment.sync_if_due()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    };
    let kept = work.pool.in_place_scope(|scope| {
        let worker = &worker;
        scope.spawn_broadcast(move |_, _| worker(sender.clone()));
        let kept = keep();
        halt.store(kept.is_err(), Ordering::Relaxed);
        // Workers that wait to hand over their results must not wait for ever.
        if kept.is_err() {
            while receiver.recv().is_ok() {}
        }
        kept
    });
    kept?;
    segment.finish()?;
    simulated.left = (n as u64).saturating_sub(simulated.simulated);
    Ok(simulated)
}
