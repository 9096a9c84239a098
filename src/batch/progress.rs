//! What `verbose` prints: the only place of the room that prints.

use crate::stages::{Finished, Plan, Watch};
use std::time::{Duration, Instant};

/// Least time between two lines.
const EVERY: Duration = Duration::from_secs(2);

/// Lines on stderr: what is planned, and now and then how far it is.
pub(super) struct Lines {
    name: String,
    verbose: bool,
    wanted: usize,
    done: usize,
    last: Instant,
}

impl Lines {
    pub(super) fn new(name: &str, verbose: bool) -> Self {
        Self {
            name: name.to_owned(),
            verbose,
            wanted: 0,
            done: 0,
            last: Instant::now(),
        }
    }
}

impl Watch for Lines {
    fn planned(&mut self, plan: &Plan) {
        self.wanted = plan.tasks.len();
        if self.verbose {
            eprintln!(
                "{}: {} simulations, {} of them to simulate",
                self.name, plan.n_tasks, self.wanted
            );
        }
    }

    fn finished(&mut self, _: &Finished) {
        self.done += 1;
        if self.verbose && (self.last.elapsed() >= EVERY || self.done == self.wanted) {
            self.last = Instant::now();
            eprintln!("{}: {} of {} simulated", self.name, self.done, self.wanted);
        }
    }
}
