//! Progress of a run: a bar on a terminal, a line a minute elsewhere.

use super::binding::Binding;
use super::output::{complain, say};
use super::plan::{describe, remarks};
use super::signals::Signals;
use crate::pipeline::Pipeline;
use crate::stages::{Finished, Options, Plan, Watch};
use crate::store::Status;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(60);
/// Time between two pictures of the bar.
const DRAW_EVERY: Duration = Duration::from_millis(500);

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    /// Errors and warnings only.
    Quiet,
    /// The plan, progress, what failed.
    Normal,
    /// Every simulation.
    Verbose,
}

pub(super) struct Progress<'a> {
    binding: Binding,
    pipeline: &'a Pipeline,
    options: &'a Options,
    signals: &'a Signals,
    verbosity: Verbosity,
    bar: Option<ProgressBar>,
    total: u64,
    done: u64,
    failed: u64,
    /// Time (s) per task that the plan expects of all workers together.
    expected: f64,
    began: Instant,
    shown: Instant,
    is_simulating: bool,
    has_said_stopping: bool,
    /// Other processes that were last seen.
    others: usize,
    /// Tasks that they have finished.
    elsewhere: u64,
    is_waiting: bool,
}

impl<'a> Progress<'a> {
    pub(super) fn new(
        pipeline: &'a Pipeline,
        options: &'a Options,
        signals: &'a Signals,
        verbosity: Verbosity,
    ) -> Self {
        Self {
            binding: Binding::new(verbosity == Verbosity::Quiet),
            pipeline,
            options,
            signals,
            verbosity,
            bar: None,
            total: 0,
            done: 0,
            failed: 0,
            expected: 0.0,
            began: Instant::now(),
            shown: Instant::now(),
            is_simulating: false,
            has_said_stopping: false,
            others: 0,
            elsewhere: 0,
            is_waiting: false,
        }
    }

    pub(super) fn end(&mut self) {
        self.binding.end();
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// What is known of the time: the plan's expectation counts as much as one task of each worker.
    fn seconds_per_task(&self) -> f64 {
        let prior = self.options.jobs as f64;
        let elapsed = self.began.elapsed().as_secs_f64();
        // The estimate weighs as much as one task for each job, so that the first measured ones do
        // not make the time left jump.
        (elapsed + prior * self.expected) / (self.done as f64 + prior)
    }

    /// `(2 failed) 1.5/s, 3 minutes left`.
    fn state(&self) -> String {
        let each = self.seconds_per_task();
        let left = self.total.saturating_sub(self.done + self.elsewhere) as f64;
        // Other runs here are taken to be as fast as this one.
        let left = left * each / (self.others + 1) as f64;
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        let failed = match self.failed {
            0 => String::new(),
            n => format!("({n} failed) "),
        };
        format!(
            "{failed}{}, {} left",
            rate(1.0 / each.max(1e-9)),
            HumanDuration(left)
        )
    }

    /// A line that does not disturb the bar.
    fn line(&self, text: &str) {
        match &self.bar {
            // Above the bar: a plain line would tear it.
            Some(bar) => bar.println(text),
            None => say!("{text}"),
        }
    }
}

/// A rate with the digits that mean something.
fn rate(per_second: f64) -> String {
    let units = [(1.0, "s"), (60.0, "min"), (3600.0, "h")];
    let (factor, unit) = units
        .into_iter()
        .find(|(factor, _)| per_second * factor >= 1.0)
        .unwrap_or((3600.0, "h"));
    match per_second * factor {
        x if x < 9.95 => format!("{x:.1}/{unit}"),
        x => format!("{x:.0}/{unit}"),
    }
}

impl Watch for Progress<'_> {
    fn binding(&mut self, done: u64, n: u64) {
        self.binding.tell(done, n);
    }

    fn planned(&mut self, plan: &Plan) {
        self.binding.end();
        remarks(self.pipeline, plan)
            .iter()
            .for_each(|remark| complain!("{remark}"));
        self.total = plan.tasks.len() as u64;
        // Wall time for each task, that is, divided by the jobs.
        self.expected = plan.seconds(self.options.jobs) / (self.total.max(1) as f64);
        self.began = Instant::now();
        self.shown = Instant::now();
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        say!("{}", describe(self.pipeline, plan, self.options));
        // A bar is for eyes; a log file gets a line once in a while.
        if self.total > 0 && std::io::stderr().is_terminal() {
            let style = "{bar:40.cyan} {pos}/{len} {msg}, {elapsed} so far";
            let style = ProgressStyle::with_template(style);
            let bar = ProgressBar::new(self.total);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(self.state());
            self.bar = Some(bar);
        }
    }

    fn finished(&mut self, task: &Finished) {
        self.done += 1;
        let (sim, trial) = task.id;
        match &task.status {
            Status::Failed { class, error } => {
                self.failed += 1;
                if self.verbosity > Verbosity::Quiet {
                    self.line(&format!("sim {sim} trial {trial} failed: {class}: {error}"));
                }
            }
            Status::Done if self.verbosity == Verbosity::Verbose => {
                self.line(&format!("sim {sim} trial {trial}: {:.3} s", task.wall_s));
            }
            Status::Done => {}
        }
    }

    fn shared(&mut self, others: usize, done: u64) {
        self.elsewhere = done;
        if others > self.others && self.verbosity > Verbosity::Quiet {
            let others = match others {
                1 => "another run simulates here; the two share".into(),
                n => format!("{n} other runs simulate here; all share"),
            };
            self.line(&format!("{others} the work"));
        }
        self.others = others;
    }

    fn waiting(&mut self, n: u64) {
        if !self.is_waiting && self.verbosity > Verbosity::Quiet {
            self.is_waiting = true;
            self.line(&format!("waiting for {n} simulations of other runs"));
        }
    }

    fn tick(&mut self) {
        // From now on tasks are in flight: a first signal lets them finish.
        if !self.is_simulating {
            self.is_simulating = true;
            self.signals.end_at_once(false);
        }
        if self.signals.stopped() && !self.has_said_stopping {
            self.has_said_stopping = true;
            // The second signal is taken at its word.
            self.signals.end_at_once(true);
            complain!("\nstopping: what is finished is kept (Ctrl-C again to stop at once)");
        }
        let every = if self.bar.is_some() {
            DRAW_EVERY
        } else {
            LINE_EVERY
        };
        if self.verbosity == Verbosity::Quiet || self.shown.elapsed() < every {
            return;
        }
        self.shown = Instant::now();
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.done + self.elsewhere);
                bar.set_message(self.state());
            }
            None => {
                let done = self.done + self.elsewhere;
                say!("{done}/{} simulated, {}", self.total, self.state());
            }
        }
    }

    fn reducing(&mut self, n: usize) {
        // Nothing is in flight any more.
        self.signals.end_at_once(true);
        self.end();
        if n > 0 && self.verbosity > Verbosity::Quiet {
            say!("statistics of {n} simulations from the stored tables");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn rates_have_the_digits_that_mean_something() {
        let rates = [123.4, 12.34, 9.96, 1.5, 0.5, 1.0 / 60.0, 0.001, 1e-5];
        let words = rates.map(rate);
        assert_eq!(
            words,
            [
                "123/s", "12/s", "10/s", "1.5/s", "30/min", "1.0/min", "3.6/h", "0.0/h"
            ]
        );
    }
}
