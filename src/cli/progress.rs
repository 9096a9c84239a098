//! Progress of a run: a bar on a terminal, sparse lines elsewhere.

use super::plan::describe;
use super::say;
use crate::pipeline::Pipeline;
use crate::stages::{Finished, Options, Plan, Watch};
use crate::store::Status;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Lines between 0 and 100 % where there is no terminal.
const LINES: u64 = 10;
/// Longest time without a line.
const SILENCE: Duration = Duration::from_secs(60);

pub(super) struct Progress<'a> {
    pipeline: &'a Pipeline,
    options: &'a Options,
    quiet: bool,
    verbose: bool,
    bar: Option<ProgressBar>,
    total: u64,
    done: u64,
    failed: u64,
    began: Instant,
    printed: (u64, Instant),
}

impl<'a> Progress<'a> {
    pub(super) fn new(
        pipeline: &'a Pipeline,
        options: &'a Options,
        quiet: bool,
        verbose: bool,
    ) -> Self {
        Self {
            pipeline,
            options,
            quiet,
            verbose,
            bar: None,
            total: 0,
            done: 0,
            failed: 0,
            began: Instant::now(),
            printed: (0, Instant::now()),
        }
    }

    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn rate(&self) -> f64 {
        self.done as f64 / self.began.elapsed().as_secs_f64().max(1e-3)
    }

    fn print_line(&mut self) {
        let step = (self.total / LINES).max(1);
        let (last, at) = self.printed;
        let due = self.done - last >= step || at.elapsed() > SILENCE || self.done == self.total;
        if self.quiet || !due {
            return;
        }
        self.printed = (self.done, Instant::now());
        let left = (self.total - self.done) as f64 / self.rate().max(1e-9);
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        let failed = match self.failed {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        say!(
            "{}/{} simulated{failed}, {:.2} per second, {} left",
            self.done,
            self.total,
            self.rate(),
            HumanDuration(left)
        );
    }
}

impl Watch for Progress<'_> {
    fn planned(&mut self, plan: &Plan) {
        if self.quiet {
            return;
        }
        say!("{}", describe(self.pipeline, plan, self.options));
        self.total = plan.tasks.len() as u64;
        self.began = Instant::now();
        self.printed = (0, Instant::now());
        if self.total > 0 && std::io::stderr().is_terminal() {
            let style = "{bar:40.cyan} {pos}/{len} {msg}{per_sec}, {eta} left, {elapsed} so far";
            let bar = ProgressBar::new(self.total);
            bar.set_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(Duration::from_millis(500));
            self.bar = Some(bar);
        }
    }

    fn finished(&mut self, task: &Finished) {
        self.done += 1;
        let error = match &task.status {
            Status::Done => None,
            Status::Failed { class, error } => Some(format!("{class}: {error}")),
        };
        self.failed += u64::from(error.is_some());
        let (sim, trial) = task.id;
        let line = match error {
            Some(error) if !self.quiet => Some(format!("sim {sim} trial {trial} failed: {error}")),
            None if self.verbose => Some(format!("sim {sim} trial {trial}: {:.3} s", task.wall_s)),
            _ => None,
        };
        match (&self.bar, line) {
            (Some(bar), line) => {
                if let Some(line) = line {
                    bar.println(line);
                }
                if self.failed > 0 {
                    bar.set_message(format!("({} failed) ", self.failed));
                }
                bar.inc(1);
            }
            (None, line) => {
                if let Some(line) = line {
                    say!("{line}");
                }
                self.print_line();
            }
        }
    }

    fn reducing(&mut self, n: usize) {
        self.end();
        if n > 0 && !self.quiet {
            say!("statistics of {n} simulations from the stored tables");
        }
    }
}
