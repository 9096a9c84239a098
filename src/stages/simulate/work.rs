//! What the workers of a run need, and how they make a task ready to be simulated.

use super::super::error::RunError;
use super::super::expand::Grid;
use super::super::key::{Fingerprint, Fingerprinter};
use super::super::options::Options;
use super::super::plan::PlannedTask;
use super::solver::Simulate;
use crate::pipeline::{Bound, Pipeline};
use crate::solver::{Record, Trial};
use crate::store::{Hash, Id, Outputs, Table};
use rayon::ThreadPool;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is simulated, with what, and until when.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The pipeline.
    pub pipeline: &'a Pipeline,
    /// Its grid.
    pub grid: &'a Grid,
    /// Number of each point's simulation in the folder.
    pub sims: &'a [u32],
    /// How it is run.
    pub options: &'a Options,
    /// What simulates.
    pub solver: &'a dyn Simulate,
    /// Its threads.
    pub pool: &'a ThreadPool,
    /// Set, at any time, by whoever wants the run to stop.
    pub stop: &'a AtomicBool,
}

/// What a worker keeps from one task to the next: the trials of a point share their network.
#[derive(Default)]
pub(super) struct Desk {
    fingerprinter: Fingerprinter,
    last: Option<(usize, Arc<BoundPoint>)>,
}

/// A point's network with its identity.
pub(super) struct BoundPoint {
    pub bound: Bound,
    pub fingerprint: Fingerprint,
}

/// A task that is ready to be simulated.
pub(super) struct Ready<'a> {
    pub task: &'a PlannedTask,
    pub id: Id,
    pub point: Arc<BoundPoint>,
    pub trial: Trial,
}

impl Work<'_> {
    /// Simulation and trial of a task.
    pub(super) fn id(&self, task: &PlannedTask) -> Option<Id> {
        Some((*self.sims.get(task.point)?, task.trial))
    }

    /// How many tasks like this one are best simulated side by side.
    ///
    /// # Errors
    /// If the pipeline gives another network than when the plan was made.
    pub fn gang_size(&self, task: &PlannedTask) -> Result<usize, RunError> {
        let ready = self.prepare(task, &mut Desk::default())?;
        Ok(ready.map_or(1, |ready| {
            let network = &ready.point.bound.network;
            self.solver.gang_size(network, &ready.trial)
        }))
    }

    /// Binds a task's network, and checks that it is the one that was planned.
    pub(super) fn prepare<'t>(
        &self,
        task: &'t PlannedTask,
        desk: &mut Desk,
    ) -> Result<Option<Ready<'t>>, RunError> {
        let (Some(point), Some(id)) = (self.grid.points.get(task.point), self.id(task)) else {
            return Ok(None);
        };
        let shared = match &desk.last {
            // Trials of a point follow each other, so one network is bound once.
            Some((index, shared)) if *index == task.point => shared.clone(),
            _ => {
                let bound = self.pipeline.bind(&point.values)?;
                let fingerprint = desk
                    .fingerprinter
                    .fingerprint(&bound.network, bound.tstop, bound.dt)
                    .ok()
                    // The plan is by hash: a file that has changed since must not be stored under
                    // it.
                    .filter(|fingerprint| fingerprint.set == point.set)
                    .ok_or_else(|| changed(self.pipeline, &point.set))?;
                let shared = Arc::new(BoundPoint { bound, fingerprint });
                desk.last = Some((task.point, shared.clone()));
                shared
            }
        };
        let Bound { tstop, dt, .. } = shared.bound;
        let trial = self.pipeline.output.trial(tstop, dt, task.trial);
        let mut trial = for_outputs(trial, &task.outputs);
        let summaries = &self.pipeline.summaries;
        // A summary may read potentials that are not stored.
        trial.record_lfp |= summaries.iter().any(|s| s.statistic.needs_lfp());
        Ok(Some(Ready {
            task,
            id,
            point: shared,
            trial,
        }))
    }
}

/// Records no more than what is stored.
fn for_outputs(mut trial: Trial, outputs: &Outputs) -> Trial {
    let off = |table: Table| !outputs.has(table);
    if off(Table::Voltages) {
        trial.record_vsec = Record::Off;
    }
    if off(Table::Currents) {
        trial.record_isec = Record::Off;
    }
    if off(Table::Calcium) {
        trial.record_ca = Record::Off;
    }
    trial.record_lfp &= !off(Table::Lfp);
    trial
}

fn changed(pipeline: &Pipeline, set: &Hash) -> RunError {
    let set = set.short();
    let (of, help) = match pipeline.text() {
        Some(_) => (
            "the pipeline",
            "a file that it reads has changed meanwhile; run again: what was finished is kept",
        ),
        None => (
            "set_params",
            "it must make the same network of the same parameters each time: no clock, no counters, random numbers only \
             from a fixed seed",
        ),
    };
    RunError::Input {
        what: format!("{of} gives another network for {set} than when the plan was made"),
        help: help.into(),
    }
}
