//! Why tasks are to be simulated, in words.

use super::super::error::RunError;
use super::super::expand::{Grid, GridPoint, stored_value};
use super::differences::{Difference, differences};
use super::explain;
use crate::pipeline::Pipeline;
use crate::solver::NUMERICS_VERSION;
use crate::store::{Outputs, Point, State, Store, Sweep, Value};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Values that are listed before "and n more".
const LISTED: usize = 4;

/// Why a group of tasks is to be simulated.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Nothing of the sweep is in the folder.
    NewSweep(String),
    /// Parameters that the sweep did not have before.
    NewParameter(Vec<String>),
    /// Values that a parameter did not have before.
    NewValue(Vec<(String, Vec<Value>)>),
    /// Known values that had not been combined.
    NewCombination,
    /// More trials.
    Trials(u32, u32),
    /// Another version of the solver's numerics.
    Numerics(u32, u32),
    /// The same parameters now give another network.
    Changed(Vec<Difference>),
    /// Outputs that were not stored.
    NotStored(Vec<&'static str>),
    /// Summaries whose source was not stored.
    Statistics(Vec<String>),
    /// Rows that were lost with a file.
    Damaged(String),
    /// Known, but no run has come to it.
    NotYet,
    /// Failed before.
    Failed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NewSweep(name) => write!(f, "first run of `{name}` in this folder"),
            Reason::NewParameter(names) => write!(f, "new parameter {}", names.join(", ")),
            Reason::NewValue(values) => {
                let one = values.iter().map(|(_, values)| values.len()).sum::<usize>() == 1;
                let parts: Vec<String> = values
                    .iter()
                    .map(|(name, values)| format!("{name} = {}", listed(values)))
                    .collect();
                write!(
                    f,
                    "new parameter value{} {}",
                    if one { "" } else { "s" },
                    parts.join("; ")
                )
            }
            Reason::NewCombination => write!(f, "new combination of known parameter values"),
            Reason::Trials(from, to) => write!(f, "n_trials {from} → {to}"),
            Reason::Numerics(from, to) => write!(f, "solver numerics {from} → {to}"),
            Reason::Changed(differences) => {
                let words: Vec<String> = differences
                    .iter()
                    .take(LISTED)
                    .map(Difference::to_string)
                    .collect();
                match (words.is_empty(), differences.len().saturating_sub(LISTED)) {
                    (true, _) => write!(f, "the model has changed"),
                    (false, 0) => write!(f, "the model has changed: {}", words.join("; ")),
                    (false, more) => {
                        write!(
                            f,
                            "the model has changed: {}; and {more} more",
                            words.join("; ")
                        )
                    }
                }
            }
            Reason::NotStored(tables) => match tables.as_slice() {
                [table @ ("dipole" | "lfp" | "calcium")] => write!(f, "{table} was not stored"),
                tables => write!(f, "{} were not stored", tables.join(", ")),
            },
            Reason::Statistics(names) => write!(
                f,
                "summary {} is new, and what it is computed from was not stored",
                names.join(", ")
            ),
            Reason::Damaged(file) => write!(f, "{file} is damaged or missing"),
            Reason::NotYet => write!(f, "not simulated yet: an earlier run stopped before"),
            Reason::Failed => write!(f, "failed before"),
        }
    }
}

fn listed(values: &[Value]) -> String {
    let words: Vec<String> = values.iter().take(LISTED).map(Value::to_string).collect();
    match values.len().saturating_sub(LISTED) {
        0 => words.join(", "),
        more => format!("{}, … ({more} more)", words.join(", ")),
    }
}

/// Sorts tasks by reason while a plan is made.
pub(super) struct Reasons<'a> {
    names: Vec<&'a str>,
    sweep_name: &'a str,
    n_trials: u32,
    state: &'a State,
    sweep: Option<&'a Sweep>,
    registered: HashSet<u32>,
    by_values: HashMap<String, Vec<&'a Point>>,
    known_values: Vec<HashSet<String>>,
    groups: Vec<(Reason, u64)>,
    /// A point of the grid and the simulation that it was before, for each group of changed networks.
    changed: Option<(usize, u32)>,
}

impl<'a> Reasons<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, state: &'a State) -> Self {
        let sweep = state.sweeps.get(&pipeline.name);
        let names: Vec<&str> = pipeline
            .parameters()
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        let mut reasons = Self {
            sweep_name: &pipeline.name,
            n_trials: pipeline.n_trials,
            state,
            sweep,
            registered: HashSet::new(),
            by_values: HashMap::new(),
            known_values: vec![HashSet::new(); names.len()],
            names,
            groups: Vec::new(),
            changed: None,
        };
        let Some(sweep) = sweep else {
            return reasons;
        };
        let places: Vec<Option<usize>> = reasons
            .names
            .iter()
            .map(|name| sweep.parameters.iter().position(|(known, _)| known == name))
            .collect();
        for point in &sweep.points {
            reasons.registered.insert(point.sim);
            let values: Vec<Option<&Value>> = places
                .iter()
                .map(|place| point.values.get((*place)?)?.as_ref())
                .collect();
            for (value, known) in values.iter().zip(&mut reasons.known_values) {
                known.extend(value.map(Value::identity));
            }
            reasons
                .by_values
                .entry(identity(values.into_iter()))
                .or_default()
                .push(point);
        }
        reasons
    }

    /// A failed task that is to be simulated again.
    pub(super) fn failed(&mut self) {
        self.add(Reason::Failed);
    }

    /// A finished task that lacks something.
    pub(super) fn incomplete(
        &mut self,
        damaged: Option<&String>,
        lacking: &Outputs,
        statistics: &[String],
    ) {
        self.add(match (damaged, lacking.is_none()) {
            (Some(file), _) => Reason::Damaged(file.clone()),
            (None, false) => Reason::NotStored(lacking.names()),
            (None, true) => Reason::Statistics(statistics.to_vec()),
        });
    }

    /// A task that is not in the folder.
    pub(super) fn absent(&mut self, index: usize, point: &GridPoint, trial: u32) {
        let reason = self.reason(index, point, trial);
        self.add(reason);
    }

    fn reason(&mut self, index: usize, point: &GridPoint, trial: u32) -> Reason {
        let Some(sweep) = self.sweep else {
            return match self.state.sim_of(&point.set) {
                Some(_) if trial > 0 => Reason::NewSweep(self.sweep_name.into()),
                _ => Reason::NewSweep(self.sweep_name.into()),
            };
        };
        let known = self
            .state
            .sim_of(&point.set)
            .filter(|sim| self.registered.contains(sim));
        if known.is_some() {
            return match trial >= sweep.n_trials {
                true => Reason::Trials(sweep.n_trials, self.n_trials),
                false => Reason::NotYet,
            };
        }
        let values: Vec<Value> = point.values.iter().map(stored_value).collect();
        if let Some(former) = self.by_values.get(&identity(values.iter().map(Some))) {
            let last = former
                .iter()
                .filter(|p| p.place.is_some())
                .chain(former.iter())
                .next();
            if let Some((before, sim)) =
                last.and_then(|p| Some((p.sim, self.state.sims.get(p.sim as usize)?)))
            {
                if sim.numerics != NUMERICS_VERSION {
                    return Reason::Numerics(sim.numerics, NUMERICS_VERSION);
                }
                self.changed.get_or_insert((index, before));
                return Reason::Changed(Vec::new());
            }
        }
        let new_parameters: Vec<String> = self
            .names
            .iter()
            .filter(|name| !sweep.parameters.iter().any(|(known, _)| known == *name))
            .map(|name| name.to_string())
            .collect();
        if !new_parameters.is_empty() {
            return Reason::NewParameter(new_parameters);
        }
        let new_values: Vec<(String, Vec<Value>)> = self
            .names
            .iter()
            .zip(values)
            .zip(&self.known_values)
            .filter(|((_, value), known)| !known.contains(&value.identity()))
            .map(|((name, value), _)| (name.to_string(), vec![value]))
            .collect();
        match new_values.is_empty() {
            true => Reason::NewCombination,
            false => Reason::NewValue(new_values),
        }
    }

    fn add(&mut self, reason: Reason) {
        for (known, count) in &mut self.groups {
            match (&mut *known, &reason) {
                (Reason::NewValue(known), Reason::NewValue(new)) if same_names(known, new) => {
                    for ((_, known), (_, new)) in known.iter_mut().zip(new) {
                        for value in new {
                            if !known.iter().any(|k| k.identity() == value.identity()) {
                                known.push(value.clone());
                            }
                        }
                    }
                    *count += 1;
                    return;
                }
                (a, b) if a == b => {
                    *count += 1;
                    return;
                }
                _ => {}
            }
        }
        self.groups.push((reason, 1));
    }

    /// The groups; what has changed in a network is said by comparing one of its tasks.
    pub(super) fn finish(
        mut self,
        pipeline: &Pipeline,
        grid: &Grid,
        stored: Option<&Store>,
    ) -> Result<Vec<(Reason, u64)>, RunError> {
        if let (Some((index, sim)), Some(stored), Some(before)) = (
            self.changed,
            stored,
            self.changed
                .and_then(|(_, sim)| self.state.sims.get(sim as usize)),
        ) {
            let _ = sim;
            let now = grid
                .points
                .get(index)
                .map(|point| explain::of_point(pipeline, point));
            let before = explain::of_set(stored, &before.set)?;
            if let (Some(now), Some(before)) = (now.transpose()?, before) {
                let differences = differences(&before, &now);
                for (reason, _) in &mut self.groups {
                    if *reason == Reason::Changed(Vec::new()) {
                        *reason = Reason::Changed(differences.clone());
                    }
                }
            }
        }
        Ok(self.groups)
    }
}

fn same_names(a: &[(String, Vec<Value>)], b: &[(String, Vec<Value>)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((x, _), (y, _))| x == y)
}

fn identity<'v>(values: impl Iterator<Item = Option<&'v Value>>) -> String {
    let parts: Vec<String> = values
        .map(|value| value.map_or_else(|| "-".into(), Value::identity))
        .collect();
    parts.join(",")
}
