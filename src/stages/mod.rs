//! The stages: `expand` (file → grid), `plan` (grid + what is stored → what is missing, and why), `simulate` (missing tasks →
//! results, each committed at once), `summarize` (results → statistics). [`run`] calls them in order.

mod error;
pub mod expand;
pub mod key;
pub mod load;
mod options;
pub mod plan;
pub mod reduce;
pub mod simulate;
pub mod sql;
pub mod statistics;
pub mod summarize;
pub mod tables;
mod watch;

pub use error::RunError;
pub use expand::{Grid, expand};
pub use load::{LoadedSimulation, LoadedTrial, Loader, StoredNetwork};
pub use options::{Options, Pace, Share, jobs};
pub use plan::{Plan, plan, priors};
pub use simulate::{Failure, Simulate, Work, simulate};
pub use watch::{Finished, RunOutcome, Watch};

use crate::pipeline::Pipeline;
use crate::store::{Session, Store};
use std::sync::atomic::AtomicBool;

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
) -> Result<RunOutcome, RunError> {
    let folder = options.folder.as_deref().unwrap_or(&pipeline.save_folder);
    let stored = Store::open(folder)?;
    let grid = expand(pipeline, stored.as_ref().map(Store::state))?;
    let plan = plan(pipeline, &grid, stored.as_ref(), options)?;
    watch.planned(&plan);
    drop(stored);

    let mut session = Session::begin(folder)?;
    let sims = session.register(plan::registration(pipeline, &grid))?;
    session.forget(&plan.to_retry(&sims))?;
    let work = Work {
        pipeline,
        grid: &grid,
        sims: &sims,
        options,
        solver,
        stop,
    };
    let simulated = simulate(&work, &plan, &mut session, watch)?;
    let missing = reduce::missing(pipeline, &grid, &sims, session.state());
    watch.reducing(missing.len());
    reduce::reduce(pipeline, &grid, missing, &mut session)?;
    #[cfg(feature = "query")]
    sql::reduce(pipeline, &sims, &mut session)?;
    let (state, damaged) = session.finish()?;
    Ok(RunOutcome {
        n_tasks: plan.n_tasks,
        simulated: simulated.simulated,
        failed_now: simulated.failed,
        failed: plan::failed_tasks(pipeline, &grid, &state),
        left: simulated.left,
        damaged,
    })
}
