//! Whether networks can be simulated, asked before any is.

use super::compile::CompiledCell;
use super::setup::{Solver, no_gids, positions_of};
use super::wiring::{Distances, SharedDistances, Wiring};
use super::{SolverError, Trial};
use crate::network::{Connection, Network};
use indexmap::IndexMap;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// Checks networks one after another, such as those of a grid: what a network has in common with the last one is not
/// checked again.
///
/// ```
/// use hnn_sweep::network::Network;
/// use hnn_sweep::solver::{Checker, Solver, Trial};
///
/// let solver = Solver::new();
/// let mut checker = Checker::new(&solver);
/// let trial = Trial::new(170.0, 0.025);
/// let mut network = Network::neymotin_2020([3, 3]);
/// assert!(checker.check(network.clone(), &trial, 1).is_ok());
///
/// let basket = network.cell_type_mut("L2_basket").unwrap();
/// basket.cell.sections["soma"].mechs.insert("hh3".into(), Default::default());
/// let error = checker.check(network, &trial, 1).unwrap_err();
/// assert!(error.to_string().contains("L2_basket, section soma: hh3 is a channel that is not simulated"));
/// ```
pub struct Checker<'s> {
    solver: &'s Solver,
    distances: KnownDistances<'s>,
    /// The last network that passed.
    last: Option<Passed>,
}

struct Passed {
    network: Network,
    trial: Trial,
    cells: Vec<Arc<CompiledCell>>,
}

impl<'s> Checker<'s> {
    /// One that has seen no network.
    pub fn new(solver: &'s Solver) -> Self {
        Self {
            solver,
            distances: KnownDistances {
                solver,
                known: RefCell::default(),
            },
            last: None,
        }
    }

    /// Makes every check that simulating a network's first `n_trials` trials would make, so that what is left to go
    /// wrong is a potential that is not finite. `trial` says until when and what is recorded. Gives the network back.
    ///
    /// # Errors
    /// [`SolverError::InvalidNetwork`].
    pub fn check(
        &mut self,
        mut network: Network,
        trial: &Trial,
        n_trials: u32,
    ) -> Result<&Network, SolverError> {
        // Taken out, so that no network is compared with one that has failed.
        let last = self.last.take();
        if let Some(last) = &last {
            last.share_positions(&mut network);
        }
        let last = last.as_ref().filter(|last| last.is_alike(&network, trial));
        let cells = match last {
            Some(last) => last.cells.clone(),
            None => self.cells(&network, trial)?,
        };
        let is_new = |i: usize, connection: &Connection| {
            last.and_then(|last| last.network.connectivity.get(i)) != Some(connection)
        };
        Wiring::check(&network, &cells, &self.distances, is_new)?;
        network
            .check_inputs(trial.tstop, n_trials)
            .map_err(|wrong| SolverError::InvalidNetwork(format!("{}: {}", wrong.0, wrong.1)))?;
        let passed = Passed {
            network,
            trial: trial.clone(),
            cells,
        };
        Ok(&self.last.insert(passed).network)
    }

    /// Compiles a network's cell types, after all checks that no connection is needed for.
    fn cells(
        &self,
        network: &Network,
        trial: &Trial,
    ) -> Result<Vec<Arc<CompiledCell>>, SolverError> {
        let (_, cells, _) = self.solver.compiled(network, trial, &self.solver.checked)?;
        for name in network.cell_types.keys() {
            if !network.gid_ranges.contains_key(name) {
                return Err(no_gids(name));
            }
            if trial.record_lfp {
                positions_of(network, name)?;
            }
        }
        Ok(cells)
    }
}

/// Distances that the solver has given, by the positions' addresses: other threads have equal ones at others, which
/// would have to be compared in full, and wait for each other.
struct KnownDistances<'s> {
    solver: &'s Solver,
    known: RefCell<VecDeque<(Positions, Positions, Arc<Distances>)>>,
}

type Positions = Arc<Vec<[f64; 3]>>;

/// Populations have few pairs; of what no network has any more, little is kept.
const KNOWN: usize = 64;

impl SharedDistances for KnownDistances<'_> {
    fn distances(&self, src: &Positions, target: &Positions) -> Arc<Distances> {
        let mut known = self.known.borrow_mut();
        let same = |(a, b, _): &&(Positions, Positions, Arc<Distances>)| {
            Arc::ptr_eq(a, src) && Arc::ptr_eq(b, target)
        };
        if let Some((_, _, distances)) = known.iter().find(same) {
            return Arc::clone(distances);
        }
        let distances = self.solver.distances(src, target);
        if known.len() == KNOWN {
            known.pop_front();
        }
        known.push_back((Arc::clone(src), Arc::clone(target), Arc::clone(&distances)));
        distances
    }
}

impl Passed {
    /// Positions that are equal become the same: those of drives are made anew for each network, and are compared
    /// often.
    fn share_positions(&self, network: &mut Network) {
        for ((a, own), (b, new)) in self.network.pos_dict.iter().zip(&mut network.pos_dict) {
            if a == b && !Arc::ptr_eq(own, new) && own == new {
                *new = Arc::clone(own);
            }
        }
    }

    /// Whether all that cells and connections are checked against is equal.
    fn is_alike(&self, network: &Network, trial: &Trial) -> bool {
        let last = &self.network;
        self.trial == *trial
            && last.celsius.to_bits() == network.celsius.to_bits()
            && last.inplane_distance.to_bits() == network.inplane_distance.to_bits()
            && last.external_biases == network.external_biases
            && last.gid_ranges == network.gid_ranges
            && are_equal(&last.cell_types, &network.cell_types)
            && are_equal(&last.pos_dict, &network.pos_dict)
    }
}

/// Whether two maps have the same keys in the same order, with equal values; those that are shared are not looked into.
fn are_equal<T: PartialEq>(a: &IndexMap<String, Arc<T>>, b: &IndexMap<String, Arc<T>>) -> bool {
    let same =
        |((a, x), (b, y)): ((_, &Arc<T>), (_, &Arc<T>))| a == b && (Arc::ptr_eq(x, y) || x == y);
    a.len() == b.len() && a.iter().zip(b).all(same)
}
