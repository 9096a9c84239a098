//! The stages: `expand` (file → grid), `plan` (grid + what is stored → what is missing, and why), `simulate` (missing
//! tasks → results, each committed at once), `summarize` (results → statistics). [`run`] calls them in order.

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
/// ```
/// use hnn_sweep::{pipeline::Pipeline, solver::Solver};
/// use hnn_sweep::stages::{Loader, Options, run};
///
/// let text = "name = \"demo\"\n[network]\nmodel = \"neymotin_2020\"\nmesh_shape = [3, 3]\n\
///             [simulation]\ntstop = 2\n[grid]\ngain = [1.0, 2.0]\n[set]\n\"gains.e_e\" = \"gain\"\n";
/// let pipeline = Pipeline::parse(text, "demo.toml".as_ref())?;
/// let folder = tempfile::tempdir()?;
/// let options = Options { folder: Some(folder.path().join("results")), ..Options::default() };
/// let outcome = run(&pipeline, &options, &Solver::new(), &false.into(), &mut ())?;
/// assert_eq!((outcome.simulated, outcome.left), (2, 0));
/// let loader = Loader::open(options.folder.as_deref().unwrap(), Some("demo"))?;
/// assert_eq!(loader.n_points(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    // Before a lock or a folder exists: most mistakes of a file are found here.
    let state = stored.as_ref().map(Store::state);
    let mut told = |done, n| watch.binding(done, n);
    let grid = expand::watched(pipeline, state, &pool, stop, &mut told)?;
    let plan = plan(pipeline, &grid, stored.as_ref(), options)?;
    if let (Some(replaced), false) = (&plan.replaced, options.replace) {
        return Err(replaced.refused(pipeline));
    }
    watch.planned(&plan);
    // The plan may have taken a while to look at: under its lock, the session reads what has changed since.
    let mut session = Session::begin_after(stored, folder, options.among_other_files)?;
    let sims = session.register(plan::registration(pipeline, &grid))?;
    // A failure that is to be tried again must not pass for a result meanwhile.
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

/// Computes the statistics that stored tables give: of the mean over trials, in SQL, and those that were asked for
/// later.
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
    // From the session's state: other processes may have finished what the plan saw as missing.
    let missing = reduce::missing(pipeline, grid, sims, session.state());
    watch.reducing(missing.len());
    reduce::reduce(pipeline, grid, missing, session)?;
    #[cfg(feature = "query")]
    // Last, as queries see all other statistics in the tables.
    sql::reduce(pipeline, sims, session)?;
    Ok(())
}
