//! A gang of tasks is simulated side by side, and each ends in one of three ways.

use super::super::error::RunError;
use super::failure::Failure;
use super::solver::Simulate;
use super::work::Ready;
use crate::network::Network;
use crate::pipeline::words_of_panic;
use crate::solver::{SimulationResult, SolverError, Threads, Trial};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How a task ended.
pub(super) enum Ended {
    /// With results.
    Done(Box<SimulationResult>),
    /// Without: a row that says why.
    Failed(Failure),
    /// The run was stopped; nothing is kept.
    Stopped,
}

/// How a gang ended.
enum Attempt {
    /// Each of its tasks, and the time (s) that all took together.
    Ended(Vec<Ended>, f64),
    /// One of several tasks panicked, or all took too long together.
    OneByOne,
}

/// What simulates gangs, and for how long.
pub(super) struct Attempts<'a> {
    pub solver: &'a dyn Simulate,
    pub threads: Threads,
    pub time_limit: Option<Duration>,
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Attempts<'_> {
    /// Simulates tasks side by side; where that goes wrong, each by itself, which shows whose fault it is. `keep`
    /// gets each task with how it ended and the time (s) that it took.
    pub(super) fn simulate(
        &self,
        gang: &[Ready],
        keep: &mut dyn FnMut(&Ready, Ended, f64) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let mut keep_all = |gang: &[Ready], ended: Vec<Ended>, wall_s: f64| {
            // Simulated together, so nobody's own time is known: each gets an equal part.
            let each = wall_s / gang.len().max(1) as f64;
            let mut each = gang
                .iter()
                .zip(ended)
                .map(|(ready, ended)| (ready, ended, each));
            each.try_for_each(|(ready, ended, wall_s)| keep(ready, ended, wall_s))
        };
        match self.attempt(gang) {
            Attempt::Ended(ended, wall_s) => keep_all(gang, ended, wall_s),
            Attempt::OneByOne => gang.chunks(1).try_for_each(|one| match self.attempt(one) {
                Attempt::Ended(ended, wall_s) => keep_all(one, ended, wall_s),
                // Alone, an attempt always ends.
                Attempt::OneByOne => Ok(()),
            }),
        }
    }

    fn attempt(&self, gang: &[Ready]) -> Attempt {
        let tasks: Vec<(&Network, &Trial)> = gang
            .iter()
            .map(|ready| (&ready.point.bound.network, &ready.trial))
            .collect();
        let began = Instant::now();
        let n = u32::try_from(gang.len()).unwrap_or(1);
        // Tasks side by side take as long as one after the other would.
        let limit = self.time_limit.map(|limit| limit * n);
        let late = || limit.is_some_and(|limit| began.elapsed() > limit);
        let interrupt = || (self.stopped)() || late();
        // A panic of the solver is a failed task, not the end of a sweep of days.
        let results = catch_unwind(AssertUnwindSafe(|| {
            self.solver
                .simulate_together(&tasks, self.threads, &interrupt)
        }));
        let wall_s = began.elapsed().as_secs_f64();
        let single = gang.len() == 1;
        let results = match results {
            Ok(results) => results,
            Err(panic) if single => {
                let failure = Failure::Panic(words_of_panic(&*panic));
                return Attempt::Ended(vec![Ended::Failed(failure)], wall_s);
            }
            Err(_) => return Attempt::OneByOne,
        };
        let mut ended = Vec::with_capacity(results.len());
        for result in results {
            ended.push(match result {
                Ok(result) => match not_finite(&result) {
                    None => Ended::Done(Box::new(result)),
                    Some(failure) => Ended::Failed(failure),
                },
                Err(SolverError::Interrupted { .. }) if (self.stopped)() => Ended::Stopped,
                // Of several, it is not known which one is slow.
                Err(SolverError::Interrupted { .. }) if !single => return Attempt::OneByOne,
                Err(error) => Ended::Failed(Failure::of_solver(
                    error,
                    self.time_limit.unwrap_or_default(),
                )),
            });
        }
        Attempt::Ended(ended, wall_s)
    }
}

/// No NaN or infinity ever passes for a result.
fn not_finite(result: &SimulationResult) -> Option<Failure> {
    let dipole = &result.dipole;
    for (name, values) in [("agg", &dipole.agg), ("L2", &dipole.l2), ("L5", &dipole.l5)] {
        if let Some(i) = values.iter().position(|value| !value.is_finite()) {
            let time = result.times.get(i).copied().unwrap_or_default();
            return Some(Failure::dipole_not_finite(name, time));
        }
    }
    None
}
