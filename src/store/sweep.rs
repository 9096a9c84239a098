//! Registration of a sweep: its grid gets numbers, and meets what earlier runs of it left.

use super::derive;
use super::error::{Result, StoreError};
use super::hash::Hash;
use super::state::{Column, Kind, Point, Prior, State, Sweep, Value};
use std::collections::HashMap;

/// A sweep that is about to run.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Name.
    pub name: String,
    /// Names and kinds of its parameters.
    pub parameters: Vec<(String, Kind)>,
    /// Trials of each point.
    pub n_trials: u32,
    /// Version of the numerics, for the table.
    pub numerics: u32,
    /// Most simulations of a batch.
    pub batch_size: u32,
    /// Statistics.
    pub summaries: Vec<Column>,
    /// The file that is run, as a path that does not depend on the working directory.
    pub file: Option<String>,
    /// What samples are drawn from.
    pub priors: Vec<Prior>,
    /// Of what the points' simulations are made with their values, if that is known.
    pub recipe: Option<u64>,
    /// Parameter set and values of each point of the grid, in order.
    pub points: Vec<(Hash, Vec<Value>)>,
}

/// Numbers of the simulations of a sweep that is registered exactly so already, as most runs find theirs.
pub(super) fn unchanged(state: &State, sweep: &Registration) -> Option<Vec<u32>> {
    let known = state.sweeps.get(&sweep.name)?;
    let same = known.parameters == sweep.parameters
        && known.n_trials == sweep.n_trials
        && known.summaries == sweep.summaries
        && known.file == sweep.file
        && known.priors == sweep.priors
        && known.points.len() == sweep.points.len();
    if !same {
        return None;
    }
    let points = (0..).zip(&known.points).zip(&sweep.points);
    points
        .map(|((place, point), (set, values))| {
            let same = point.place == Some(place)
                && point.recipe == sweep.recipe
                && state.sims.get(point.sim as usize)?.set == *set
                && point.values.len() == values.len()
                && (point.values.iter().zip(values)).all(|(a, b)| a.as_ref() == Some(b));
            same.then_some(point.sim)
        })
        .collect()
}

/// Numbers the simulations of a sweep's grid and merges its points with those of earlier runs.
pub(super) fn merge_sweep(
    state: &mut State,
    before: Option<&Sweep>,
    sweep: &Registration,
) -> Result<(Vec<u32>, Sweep)> {
    for (name, _) in &sweep.parameters {
        reserved("parameter", name)?;
    }
    for column in &sweep.summaries {
        reserved("summary", &column.name)?;
    }
    let mut after = before.cloned().unwrap_or_default();
    after.n_trials = sweep.n_trials;
    after.summaries = sweep.summaries.clone();
    after.file.clone_from(&sweep.file);
    after.priors = sweep.priors.clone();
    for (name, kind) in &sweep.parameters {
        match after.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if *known == *kind => {}
            Some((_, known))
                if matches!(
                    (*known, kind),
                    (Kind::Int | Kind::Float, Kind::Int | Kind::Float)
                ) =>
            {
                // Whole numbers that became numbers: both fit.
                *known = Kind::Float;
            }
            Some(_) => {
                return Err(StoreError::Conflict {
                    what: format!(
                        "the parameter `{name}` had values of another kind when `{}` ran before",
                        sweep.name
                    ),
                    help: "rename the parameter, or choose another `save_folder`".into(),
                });
            }
            None => after.parameters.push((name.clone(), *kind)),
        }
    }
    // The pipeline's order, and that of earlier runs, may differ: columns keep the first.
    let places: Vec<Option<usize>> = after
        .parameters
        .iter()
        .map(|(name, _)| sweep.parameters.iter().position(|(own, _)| own == name))
        .collect();
    let mut known: HashMap<(u32, Vec<Option<Value>>), Vec<usize>> = HashMap::new();
    for (i, point) in after.points.iter_mut().enumerate() {
        // All become former points, until the new grid claims them below.
        point.place = None;
        point.values.resize(after.parameters.len(), None);
        known
            .entry((point.sim, point.values.clone()))
            .or_default()
            .push(i);
    }
    // The first of several equal points keeps the first entry.
    known.values_mut().for_each(|entries| entries.reverse());
    let mut sims = Vec::with_capacity(sweep.points.len());
    for (place, (set, values)) in (0..).zip(&sweep.points) {
        let sim = state.number(*set, sweep.numerics, sweep.batch_size);
        sims.push(sim);
        let values: Vec<Option<Value>> = places
            .iter()
            .map(|place| values.get((*place)?).cloned())
            .collect();
        let same = (sim, values);
        let entry = known.get_mut(&same).and_then(Vec::pop);
        let (_, values) = same;
        match entry.and_then(|i| after.points.get_mut(i)) {
            Some(point) => (point.place, point.recipe) = (Some(place), sweep.recipe),
            None => after.points.push(Point {
                sim,
                place: Some(place),
                values,
                recipe: sweep.recipe,
            }),
        }
    }
    Ok((sims, after))
}

fn reserved(what: &str, name: &str) -> Result<()> {
    if !derive::RESERVED
        .iter()
        .any(|taken| taken.eq_ignore_ascii_case(name))
    {
        return Ok(());
    }
    Err(StoreError::Conflict {
        what: format!("a {what} cannot be called `{name}`: the tables have a column of that name"),
        help: format!("rename it; taken are {}", derive::RESERVED.join(", ")),
    })
}
