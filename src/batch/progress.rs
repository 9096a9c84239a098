//! What `verbose` prints: the only place of the room that prints.

use crate::stages::{Finished, Plan, Watch};
use std::fmt::Arguments;
use std::io::Write;
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

/// Prints a line; that it cannot be written is no reason to break off a batch.
fn print(text: Arguments) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

impl Watch for Lines {
    fn planned(&mut self, plan: &Plan) {
        self.wanted = plan.tasks.len();
        if self.verbose {
            let (name, wanted) = (&self.name, self.wanted);
            print(format_args!(
                "{name}: {} simulations, {wanted} of them to simulate",
                plan.n_tasks
            ));
        }
    }

    fn finished(&mut self, _: &Finished) {
        self.done += 1;
        if self.verbose && (self.last.elapsed() >= EVERY || self.done == self.wanted) {
            self.last = Instant::now();
            print(format_args!(
                "{}: {} of {} simulated",
                self.name, self.done, self.wanted
            ));
        }
    }
}
