//! `hnn-sweep shard`.

use super::exit::{SUCCESS, code_of_tasks};
use super::output::{complain, say};
use super::signals::Signals;
use crate::cluster::{local, shard::Shard};
use crate::solver::Solver;
use crate::stages::{self, RunError, Watch};
use clap::Args;
use indicatif::HumanCount;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Time between two looks at whether the process is still wanted.
const LOOK: Duration = Duration::from_millis(500);

pub(super) const EXAMPLES: &str = "\
Examples:
  hnn-sweep shard sim_results 0001-3f9a 3
  hnn-sweep shard sim_results 0001-3f9a 3 --jobs 4

What `hnn-sweep submit` writes into scripts and lists of commands. It reads only what was submitted, and writes only
into .state/submissions of the folder; `hnn-sweep publish` brings that into the tables. After a signal, or when it was
killed, the same command goes on.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Folder of results
    folder: PathBuf,
    /// Submission, as `hnn-sweep status` shows it
    id: String,
    /// Number of the shard, from 0
    shard: u32,
    /// Simulations at a time; 0 or -1 for all cores that SLURM gives
    #[arg(
        short,
        long,
        default_value_t = 0,
        allow_negative_numbers = true,
        value_name = "N"
    )]
    jobs: i64,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let signals = Signals::catch();
    let shard = Shard::open(&arguments.folder, &arguments.id, arguments.shard)?;
    let count = |n: usize| HumanCount(n as u64);
    say!(
        "shard {} of {}: {} tasks, {} finished before",
        arguments.shard,
        arguments.id,
        count(shard.n_tasks() + shard.n_done()),
        count(shard.n_done())
    );
    if shard.n_tasks() == 0 {
        return Ok(SUCCESS);
    }
    let mut wanted = Wanted {
        signals: &signals,
        looked: Instant::now(),
        told: false,
    };
    let jobs = stages::jobs(arguments.jobs);
    let done = shard.run(jobs, &Solver::new(), &signals.stop, &mut wanted)?;
    say!(
        "{} simulated, {} failed, {} left",
        HumanCount(done.simulated - done.failed),
        HumanCount(done.failed),
        HumanCount(done.left)
    );
    Ok(code_of_tasks(SUCCESS, done.left, done.failed))
}

/// Stops on a signal, and when the process that has started this one is gone.
struct Wanted<'a> {
    signals: &'a Signals,
    looked: Instant,
    told: bool,
}

impl Watch for Wanted<'_> {
    fn tick(&mut self) {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            if local::is_orphan() {
                self.signals.stop.store(true, Ordering::Relaxed);
            }
        }
        if !self.told {
            self.signals.end_at_once(false);
        }
        if self.signals.stopped() && !self.told {
            self.told = true;
            self.signals.end_at_once(true);
            complain!("stopping: what is finished is kept");
        }
    }
}
