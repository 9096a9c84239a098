//! Progress of what comes before a run: the points of a large grid are bound into networks.

use super::output::complain;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Most grids are bound before anybody wonders.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// A bar on a terminal, a line a minute elsewhere.
pub(super) struct Binding {
    is_quiet: bool,
    began: Instant,
    shown: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Binding {
    pub(super) fn new(is_quiet: bool) -> Self {
        Self {
            is_quiet,
            began: Instant::now(),
            shown: None,
            bar: None,
        }
    }

    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// `done` of `n` points are bound.
    pub(super) fn tell(&mut self, done: u64, n: u64) {
        if self.is_quiet || self.began.elapsed() < PATIENCE {
            return;
        }
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| {
                let style =
                    ProgressStyle::with_template("{bar:40.cyan} {pos}/{len} points planned");
                ProgressBar::new(n)
                    .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            });
            bar.set_position(done);
        } else if self.shown.is_none_or(|shown| shown.elapsed() >= LINE_EVERY) {
            self.shown = Some(Instant::now());
            complain!("{} of {} points planned", HumanCount(done), HumanCount(n));
        }
    }
}
