//! What a user should know before a run: parameters that change nothing, and a sweep of another file that would be
//! replaced.

use super::super::error::RunError;
use super::super::expand::{Grid, stored_value};
use crate::pipeline::Pipeline;
use crate::store::{Hash, State, Value};
use std::collections::{HashMap, HashSet};

/// A sweep that another file has run under the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// That file.
    pub file: String,
    /// Points of its grid that this file does not have.
    pub points: u64,
    /// All points of its grid.
    pub of: u64,
}

impl Replaced {
    pub(crate) fn refused(&self, pipeline: &Pipeline) -> RunError {
        let Self { file, points, of } = self;
        RunError::Input {
            what: format!(
                "the sweep `{}` of this folder is that of {file}: {points} of its {of} points are not in the grid of {}",
                pipeline.name,
                pipeline.path().display()
            ),
            help: "give this file another `name`, or another folder; with --replace it takes the place of the other, whose \
                   points become former ones that `gc` may drop"
                .into(),
        }
    }
}

/// The pipeline's file, if it has one, as a path that does not depend on the working directory.
pub(super) fn file_of(pipeline: &Pipeline) -> Option<String> {
    pipeline.text()?;
    let path = pipeline.path();
    // A file that has just been deleted has a path all the same.
    let path = fs_err::canonicalize(path).or_else(|_| std::path::absolute(path));
    Some(path.ok()?.display().to_string())
}

/// Whether another file has used the pipeline's name, and loses points by it. A file that was moved or extended loses
/// none.
pub(super) fn replaced(pipeline: &Pipeline, grid: &Grid, state: &State) -> Option<Replaced> {
    let sweep = state.sweeps.get(&pipeline.name)?;
    let file = sweep.file.clone()?;
    if file_of(pipeline)? == file {
        return None;
    }
    let sets: HashSet<&Hash> = grid.points.iter().map(|point| &point.set).collect();
    let present = sweep.points.iter().filter(|point| point.place.is_some());
    let sims = present.map(|point| state.sims.get(point.sim as usize));
    let (mut points, mut of) = (0, 0);
    for sim in sims {
        of += 1;
        // A simulation that is in the new grid too is not lost.
        points += u64::from(sim.is_none_or(|sim| !sets.contains(&sim.set)));
    }
    (points > 0).then_some(Replaced { file, points, of })
}

/// Parameters that nothing uses, and those that were varied without changing any network: overwritten later on, say,
/// or not looked at by a closure. `n_shared` points resolve to the same network as another.
pub(super) fn unused(pipeline: &Pipeline, grid: &Grid, n_shared: u64) -> Vec<String> {
    let named_nowhere = pipeline.unused_parameters();
    let changes_nothing = |place: usize| {
        let mut sets: HashMap<Vec<Value>, &Hash> = HashMap::new();
        let mut varied = false;
        for point in &grid.points {
            let mut others: Vec<Value> = point.values.iter().map(stored_value).collect();
            if place < others.len() {
                others.swap_remove(place);
            }
            match sets.insert(others, &point.set) {
                // The same values otherwise, and another network: the parameter has an effect.
                Some(set) if *set != point.set => return false,
                before => varied |= before.is_some(),
            }
        }
        varied
    };
    let parameters = pipeline.parameters().iter().enumerate();
    parameters
        .filter(|(place, parameter)| {
            named_nowhere.contains(&parameter.name.as_str())
                || (n_shared > 0 && changes_nothing(*place))
        })
        .map(|(_, parameter)| parameter.name.clone())
        .collect()
}
