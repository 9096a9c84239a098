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
mod threads;
mod watch;

pub use error::RunError;
pub use expand::{Grid, expand};
pub use load::{LoadedSimulation, LoadedTrial, Loader, StoredNetwork};
pub use options::{Options, Pace, Share};
pub use plan::{Plan, plan, priors};
pub use simulate::{Failure, Simulate, Simulated, Work, simulate, simulate_apart};
pub use threads::{cores, jobs, pool};
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
    let pool = pool(options.jobs)?;
    let grid = pool.install(|| expand::until(pipeline, stored.as_ref().map(Store::state), stop))?;
    let plan = plan(pipeline, &grid, stored.as_ref(), options)?;
    if let (Some(replaced), false) = (&plan.replaced, options.replace) {
        return Err(replaced.refused(pipeline));
    }
    watch.planned(&plan);
    drop(stored);

    let mut session = match options.among_other_files {
        true => Session::begin_among_other_files(folder)?,
        false => Session::begin(folder)?,
    };
    let sims = session.register(plan::registration(pipeline, &grid))?;
    session.forget(&plan.to_retry(&sims))?;
    let work = Work {
        pipeline,
        grid: &grid,
        sims: &sims,
        options,
        solver,
        pool: &pool,
        stop,
    };
    let simulated = simulate(&work, &plan, &mut session, watch)?;
    complete(pipeline, &grid, &sims, &mut session, watch)?;
    let losses = session.losses().to_vec();
    let (state, damaged) = session.finish()?;
    Ok(RunOutcome {
        n_tasks: plan.n_tasks,
        simulated: simulated.simulated,
        failed_now: simulated.failed,
        failed: plan::failed_tasks(pipeline, &grid, &state),
        elsewhere: simulated.elsewhere,
        left: simulated.left,
        unused: plan.unused,
        damaged,
        losses,
    })
}

/// Computes the statistics that stored tables give: of the mean over trials, in SQL, and those that were asked for later.
///
/// # Errors
/// If a table cannot be read, or the disk refuses.
pub fn complete(
    pipeline: &Pipeline,
    grid: &Grid,
    sims: &[u32],
    session: &mut Session,
    watch: &mut dyn Watch,
) -> Result<(), RunError> {
    let missing = reduce::missing(pipeline, grid, sims, session.state());
    watch.reducing(missing.len());
    reduce::reduce(pipeline, grid, missing, session)?;
    #[cfg(feature = "query")]
    sql::reduce(pipeline, sims, session)?;
    Ok(())
}
