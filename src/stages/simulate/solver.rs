//! What simulates: the solver, or a stand-in in tests.

use crate::network::Network;
use crate::solver::{SimulationResult, Solver, SolverError, Threads, Trial};

/// What simulates: the solver, or a stand-in in tests.
pub trait Simulate: Sync {
    /// Simulates one trial; asks `interrupt` now and then whether to stop.
    ///
    /// # Errors
    /// [`SolverError`].
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError>;

    /// How many simulations like this one are best done side by side.
    fn gang_size(&self, network: &Network, trial: &Trial) -> usize {
        let _ = (network, trial);
        1
    }

    /// Simulates several trials side by side, each as [`Simulate::simulate`] does, bit for bit.
    fn simulate_together(
        &self,
        tasks: &[(&Network, &Trial)],
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<SimulationResult, SolverError>> {
        let _ = threads;
        let each = tasks.iter();
        each.map(|(network, trial)| self.simulate(network, trial, interrupt))
            .collect()
    }
}

impl Simulate for Solver {
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError> {
        Solver::simulate(self, network, trial, interrupt)
    }

    fn gang_size(&self, network: &Network, trial: &Trial) -> usize {
        Solver::gang_size(network, trial)
    }

    fn simulate_together(
        &self,
        tasks: &[(&Network, &Trial)],
        threads: Threads,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Result<SimulationResult, SolverError>> {
        Solver::simulate_together(self, tasks, threads, interrupt)
    }
}
