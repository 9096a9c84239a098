//! How many simulations run at a time, and the threads for them.

use super::error::RunError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Cores that this process may use: those of the machine, less what its affinity, its cgroup's quota or SLURM
/// (`SLURM_CPUS_PER_TASK`) withhold.
pub fn cores() -> usize {
    let machine = std::thread::available_parallelism().map_or(1, usize::from);
    let slurm = std::env::var("SLURM_CPUS_PER_TASK").ok();
    let slurm = slurm.and_then(|cpus| cpus.trim().parse::<usize>().ok());
    // Inside a SLURM step the affinity mostly says the same; without it the variable is all there
    // is.
    machine.min(slurm.filter(|cpus| *cpus > 0).unwrap_or(machine))
}

/// Simulations at a time that a user asks for; 0 and less stand for all cores. More than there are [`cores`] would
/// only wait for each other.
///
/// ```
/// use hnn_sweep::stages::{cores, jobs};
///
/// assert_eq!((jobs(1), jobs(-1)), (1, cores()));
/// ```
pub fn jobs(asked: i64) -> usize {
    match usize::try_from(asked) {
        Ok(jobs) if jobs > 0 => jobs.min(cores()),
        _ => cores(),
    }
}

/// Threads for so many simulations at a time; never more than there are [`cores`].
///
/// # Errors
/// [`RunError::System`] if they cannot be started.
pub fn pool(jobs: usize) -> Result<ThreadPool, RunError> {
    let threads = jobs.clamp(1, cores());
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| RunError::System {
        what: format!("cannot start {threads} thread{}: {e}", if threads == 1 { "" } else { "s" }),
        help: "give fewer --jobs, or raise the limits of this shell (`ulimit -u` processes, `ulimit -v` memory)".into(),
    })
}
