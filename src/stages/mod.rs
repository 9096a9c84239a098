//! The stages: `expand` (file → grid), `plan` (grid + what is stored → what is missing, and why), `simulate` (missing tasks →
//! results, each committed at once), `summarize` (results → statistics). [`run`] calls them in order.

pub mod expand;
pub mod load;
pub mod plan;
pub mod reduce;
pub mod simulate;
pub mod sql;
pub mod statistics;
pub mod summarize;
pub mod tables;

pub use expand::{Grid, expand};
pub use load::{LoadedSimulation, LoadedTrial, Loader, StoredNetwork};
pub use plan::{Plan, plan};
pub use simulate::{Finished, Simulate, simulate};

use crate::pipeline::{Pipeline, PipelineError};
use crate::store::{Session, Store, StoreError};
use miette::Diagnostic;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;

/// How a sweep is run; nothing in here changes its results.
#[derive(Clone, Debug)]
pub struct Options {
    /// Simulations at a time.
    pub jobs: usize,
    /// Whether tasks that failed before are simulated again.
    pub retry_failed: bool,
    /// Longest time of a simulation.
    pub time_limit: Option<Duration>,
    /// Folder of the results instead of the pipeline's.
    pub folder: Option<PathBuf>,
    /// How often results are brought into the tables.
    pub pace: Pace,
}

/// How often committed results are brought into the tables, where readers see them.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Least time between two publications.
    pub every: Duration,
    /// A publication takes at most one part in this many of the time.
    pub share: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(3),
            share: 100,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 1,
            retry_failed: false,
            time_limit: None,
            folder: None,
            pace: Pace::default(),
        }
    }
}

/// Simulations at a time that a user asks for; 0 and less stand for all cores.
pub fn jobs(asked: i64) -> usize {
    match usize::try_from(asked) {
        Ok(jobs) if jobs > 0 => jobs,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Follows a run.
pub trait Watch {
    /// The plan is made; nothing has run yet.
    fn planned(&mut self, plan: &Plan) {
        let _ = plan;
    }

    /// A simulation has been committed.
    fn finished(&mut self, task: &Finished) {
        let _ = task;
    }

    /// All simulations are done or stopped; `n` statistics are computed from the tables.
    fn reducing(&mut self, n: usize) {
        let _ = n;
    }
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Tasks of the sweep.
    pub n_tasks: u64,
    /// Tasks that were simulated now.
    pub simulated: u64,
    /// Failed tasks of the sweep, from this run or an earlier one.
    pub failed: Vec<plan::FailedTask>,
    /// Tasks that were left because the run was interrupted.
    pub left: u64,
    /// Files that turned out to be damaged; what they held is missing now.
    pub damaged: Vec<String>,
}

/// Why a sweep did not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// The pipeline file.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The folder of results.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the pipeline asks for.
    #[error("{what}")]
    Input {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
}

impl Diagnostic for RunError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            RunError::Pipeline(error) => Diagnostic::help(error),
            RunError::Store(error) => Diagnostic::help(error),
            RunError::Input { help, .. } => Some(Box::new(help)),
        }
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        match self {
            RunError::Pipeline(error) => error.source_code(),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        match self {
            RunError::Pipeline(error) => error.labels(),
            _ => None,
        }
    }
}

/// Runs a pipeline: simulates what is missing, and brings all tables in line with the file.
///
/// `stop` may be set at any time: simulations in flight are dropped, those finished are kept.
///
/// # Errors
/// [`RunError`]; a simulation that fails is none, but a row and an entry of the report.
pub fn run(
    pipeline: &Pipeline,
    options: &Options,
    solver: &dyn Simulate,
    stop: &AtomicBool,
    watch: &mut dyn Watch,
) -> Result<Report, RunError> {
    let folder = options.folder.as_deref().unwrap_or(&pipeline.save_folder);
    let stored = Store::open(folder)?;
    let grid = expand(pipeline, stored.as_ref().map(Store::state))?;
    let plan = plan(pipeline, &grid, stored.as_ref(), options)?;
    watch.planned(&plan);
    drop(stored);

    let mut session = Session::begin(folder)?;
    let sims = session.register(plan::registration(pipeline, &grid))?;
    session.forget(&plan.to_retry(&sims))?;
    let outcome = simulate(
        pipeline,
        &grid,
        &plan,
        &sims,
        &mut session,
        options,
        solver,
        stop,
        watch,
    )?;
    let missing = reduce::missing(pipeline, &grid, &sims, session.state());
    watch.reducing(missing.len());
    reduce::reduce(pipeline, &grid, missing, &mut session)?;
    #[cfg(feature = "query")]
    sql::reduce(pipeline, &sims, &mut session)?;
    let (state, damaged) = session.finish()?;
    Ok(Report {
        n_tasks: plan.n_tasks,
        simulated: outcome.simulated,
        failed: plan::failed_tasks(pipeline, &grid, &state),
        left: outcome.left,
        damaged,
    })
}
