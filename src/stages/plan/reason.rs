//! Why tasks are to be simulated: of each task, then of groups of them, then in words.

use super::super::error::RunError;
use super::super::expand::{Grid, GridPoint, stored_value};
use super::differences::{Difference, differences};
use super::explain;
use crate::pipeline::Pipeline;
use crate::solver::NUMERICS_VERSION;
use crate::store::{Id, Outputs, Point, State, Store, Sweep, Value};
use indexmap::IndexSet;
use std::cell::OnceCell;
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

/// What earlier runs of a sweep have left, as far as reasons need it.
pub(super) struct Former<'a> {
    pipeline: &'a Pipeline,
    state: &'a State,
    /// `None` before the first run.
    /// Made once a task is missing: a sweep of a million points that are all done needs none of it.
    sweep: OnceCell<Option<FormerSweep<'a>>>,
}

struct FormerSweep<'a> {
    sweep: &'a Sweep,
    sims: HashSet<u32>,
    /// A point of each combination of values, one of the latest grid before others.
    by_values: HashMap<Vec<Option<&'a Value>>, &'a Point>,
    /// Values of each of the pipeline's parameters.
    values: Vec<HashSet<&'a Value>>,
}

/// Why one task is to be simulated.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    NewSweep,
    /// Parameters, by their places in the pipeline.
    NewParameter(Vec<usize>),
    /// The parameters that have a new value, and these values.
    NewValue(Vec<(usize, Value)>),
    NewCombination,
    /// More trials than so many.
    Trials(u32),
    /// Stored with another version of the numerics.
    Numerics(u32),
    /// The simulation that had these values.
    Changed(u32),
    NotStored(Outputs),
    Statistics(Vec<String>),
    Damaged(String),
    NotYet,
    Failed,
}

impl Why {
    fn new_values(&self) -> &[(usize, Value)] {
        match self {
            Why::NewValue(values) => values,
            _ => &[],
        }
    }

    /// Whether a user reads both as one reason: new values of the same parameters, whichever they are; another model,
    /// whichever simulations it had given.
    fn is_alike(&self, other: &Why) -> bool {
        match (self, other) {
            (Why::NewValue(a), Why::NewValue(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((a, _), (b, _))| a == b)
            }
            (Why::Changed(_), Why::Changed(_)) => true,
            (a, b) => a == b,
        }
    }
}

impl<'a> Former<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, state: &'a State) -> Self {
        Self {
            pipeline,
            state,
            sweep: OnceCell::new(),
        }
    }

    fn sweep(&self) -> Option<&FormerSweep<'a>> {
        let sweep = || {
            let sweep = self.state.sweeps.get(&self.pipeline.name)?;
            Some(FormerSweep::new(self.pipeline, sweep))
        };
        self.sweep.get_or_init(sweep).as_ref()
    }

    /// Why a task that is not in the folder is to be simulated.
    pub(super) fn why_absent(&self, point: &GridPoint, trial: u32) -> Why {
        let Some(former) = self.sweep() else {
            return Why::NewSweep;
        };
        let sim = self.state.sim_of(&point.set);
        // Registered, but not there: either it is a trial more, or no run came to it.
        if sim.is_some_and(|sim| former.sims.contains(&sim)) {
            return match trial >= former.sweep.n_trials {
                true => Why::Trials(former.sweep.n_trials),
                false => Why::NotYet,
            };
        }
        let values: Vec<Value> = point.values.iter().map(stored_value).collect();
        let same: Vec<Option<&Value>> = values.iter().map(Some).collect();
        // The same values, but another network: the model or the numerics changed.
        let before = former.by_values.get(&same).map(|point| point.sim);
        if let Some((before, sim)) =
            before.and_then(|i| Some((i, self.state.sims.get(i as usize)?)))
        {
            return match sim.numerics == NUMERICS_VERSION {
                true => Why::Changed(before),
                false => Why::Numerics(sim.numerics),
            };
        }
        let parameters = self.pipeline.parameters().iter().enumerate();
        let unknown = parameters.filter(|(_, parameter)| {
            let mut known = former.sweep.parameters.iter();
            !known.any(|(name, _)| *name == parameter.name)
        });
        let new_parameters: Vec<usize> = unknown.map(|(i, _)| i).collect();
        if !new_parameters.is_empty() {
            return Why::NewParameter(new_parameters);
        }
        let new = values.into_iter().enumerate().zip(&former.values);
        let new_values: Vec<(usize, Value)> = new
            .filter(|((_, value), known)| !known.contains(value))
            .map(|(new, _)| new)
            .collect();
        match new_values.is_empty() {
            true => Why::NewCombination,
            false => Why::NewValue(new_values),
        }
    }

    /// Why a finished task that lacks something is to be simulated again.
    pub(super) fn why_incomplete(&self, id: Id, lacking: &Outputs, statistics: &[String]) -> Why {
        match (self.state.damaged.get(&id), lacking.is_none()) {
            (Some(file), _) => Why::Damaged(file.clone()),
            (None, false) => Why::NotStored(*lacking),
            (None, true) => Why::Statistics(statistics.to_vec()),
        }
    }
}

impl<'a> FormerSweep<'a> {
    fn new(pipeline: &Pipeline, sweep: &'a Sweep) -> Self {
        let names = pipeline.parameters().iter().map(|p| &p.name);
        let places: Vec<Option<usize>> = names
            .map(|name| sweep.parameters.iter().position(|(known, _)| known == name))
            .collect();
        let mut former = Self {
            sweep,
            sims: HashSet::new(),
            by_values: HashMap::new(),
            values: vec![HashSet::new(); places.len()],
        };
        for point in &sweep.points {
            former.sims.insert(point.sim);
            let values: Vec<Option<&Value>> = places
                .iter()
                .map(|place| point.values.get((*place)?)?.as_ref())
                .collect();
            for (value, known) in values.iter().zip(&mut former.values) {
                known.extend(*value);
            }
            let latest = former.by_values.entry(values).or_insert(point);
            // A point of the present grid, if there is one, rather than a former one.
            if latest.place.is_none() && point.place.is_some() {
                *latest = point;
            }
        }
        former
    }
}

/// Tasks with the same reason, in the order in which the reasons came up.
#[derive(Default)]
pub(super) struct Groups(Vec<Group>);

struct Group {
    /// Of its first task.
    why: Why,
    /// All new values, of each parameter that has any.
    values: Vec<IndexSet<Value>>,
    /// The first point of the grid that it holds for.
    point: usize,
    tasks: u64,
}

impl Groups {
    /// Counts a task of a point of the grid.
    pub(super) fn add(&mut self, point: usize, why: Why) {
        // Few kinds of reasons, however many tasks: a search is enough.
        let group = self.0.iter().position(|group| group.why.is_alike(&why));
        let group = group.unwrap_or_else(|| {
            self.0.push(Group {
                values: vec![IndexSet::new(); why.new_values().len()],
                why: why.clone(),
                point,
                tasks: 0,
            });
            self.0.len() - 1
        });
        if let Some(group) = self.0.get_mut(group) {
            group.tasks += 1;
            for ((_, value), known) in why.new_values().iter().zip(&mut group.values) {
                if !known.contains(value) {
                    known.insert(value.clone());
                }
            }
        }
    }

    /// The reasons with their numbers of tasks; what has changed in a model is said by comparing its first point.
    pub(super) fn reasons(
        self,
        former: &Former,
        grid: &Grid,
        stored: Option<&Store>,
    ) -> Result<Vec<(Reason, u64)>, RunError> {
        let reason = |group: Group| Ok((reason(&group, former, grid, stored)?, group.tasks));
        self.0.into_iter().map(reason).collect()
    }
}

fn reason(
    group: &Group,
    former: &Former,
    grid: &Grid,
    stored: Option<&Store>,
) -> Result<Reason, RunError> {
    let pipeline = former.pipeline;
    let name = |i: usize| {
        pipeline
            .parameters()
            .get(i)
            .map_or_else(String::new, |p| p.name.clone())
    };
    Ok(match &group.why {
        Why::NewSweep => Reason::NewSweep(pipeline.name.clone()),
        Why::NewParameter(places) => {
            Reason::NewParameter(places.iter().map(|i| name(*i)).collect())
        }
        Why::NewValue(new) => {
            let values = new.iter().map(|(place, _)| name(*place)).zip(&group.values);
            Reason::NewValue(
                values
                    .map(|(name, values)| (name, values.iter().cloned().collect()))
                    .collect(),
            )
        }
        Why::NewCombination => Reason::NewCombination,
        Why::Trials(before) => Reason::Trials(*before, pipeline.n_trials),
        Why::Numerics(before) => Reason::Numerics(*before, NUMERICS_VERSION),
        Why::Changed(before) => {
            Reason::Changed(changes(former, grid, stored, group.point, *before)?)
        }
        Why::NotStored(outputs) => Reason::NotStored(outputs.names()),
        Why::Statistics(names) => Reason::Statistics(names.clone()),
        Why::Damaged(file) => Reason::Damaged(file.clone()),
        Why::NotYet => Reason::NotYet,
        Why::Failed => Reason::Failed,
    })
}

/// In what the network of a point differs from that of a stored simulation; nothing if that is not known any more.
fn changes(
    former: &Former,
    grid: &Grid,
    stored: Option<&Store>,
    point: usize,
    before: u32,
) -> Result<Vec<Difference>, RunError> {
    let sim = former.state.sims.get(before as usize);
    let (Some(stored), Some(sim), Some(point)) = (stored, sim, grid.points.get(point)) else {
        return Ok(Vec::new());
    };
    // Of the first point only: the others mostly differ in the same way.
    let now = explain::of_point(former.pipeline, point)?;
    let before = explain::of_set(stored, &sim.set)?;
    Ok(before.map_or_else(Vec::new, |before| differences(&before, &now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::ParamValue;
    use crate::store::{Hash, Kind};
    use std::path::Path;

    const TEXT: &str = "name = \"a\"\n[grid]\nw = [1.0, 2.0]\nn = [1, 2]\n[derived]\nm = \"w + n\"\n\
        [network]\nmodel = \"neymotin_2020\"\nmesh_shape = [1, 1]\n\
        [[drive]]\ntype = \"evoked\"\nname = \"prox\"\nmu = \"m\"\nsigma = 1.0\nnumspikes = 1\nlocation = \"proximal\"\n\
        weights_ampa = { L2_pyramidal = 0.001 }\n";

    /// A sweep with one stored point, `w = 1.0, n = 1`, of other numerics.
    fn state(numerics: u32) -> State {
        let mut state = State::default();
        let sim = state.number(Hash::of(b"before"), numerics, 10);
        let point = Point {
            sim,
            place: Some(0),
            values: vec![Some(Value::Float(1.0)), Some(Value::Int(1))],
            recipe: None,
        };
        let sweep = Sweep {
            parameters: vec![("w".into(), Kind::Float), ("n".into(), Kind::Int)],
            n_trials: 2,
            points: vec![point],
            summaries: Vec::new(),
            ..Sweep::default()
        };
        state.sweeps.change().insert("a".into(), sweep);
        state
    }

    fn why(state: &State, set: &[u8], values: (f64, i64), trial: u32) -> Why {
        let pipeline = Pipeline::parse(TEXT, Path::new("test.toml")).unwrap();
        let point = GridPoint {
            values: vec![ParamValue::Float(values.0), ParamValue::Int(values.1)],
            set: Hash::of(set),
            segment_steps: None,
        };
        Former::new(&pipeline, state).why_absent(&point, trial)
    }

    #[test]
    fn each_task_has_its_reason() {
        let state = state(NUMERICS_VERSION);
        let before = b"before".as_slice();
        assert_eq!(why(&State::default(), before, (1.0, 1), 0), Why::NewSweep);
        assert_eq!(why(&state, before, (1.0, 1), 1), Why::NotYet);
        assert_eq!(why(&state, before, (1.0, 1), 2), Why::Trials(2));
        assert_eq!(why(&state, b"now", (1.0, 1), 0), Why::Changed(0));
        let new = Why::NewValue(vec![(1, Value::Int(2))]);
        assert_eq!(why(&state, b"now", (1.0, 2), 0), new);
        let new = Why::NewValue(vec![(0, Value::Float(2.0)), (1, Value::Int(2))]);
        assert_eq!(why(&state, b"now", (2.0, 2), 0), new);
    }

    #[test]
    fn a_result_of_other_numerics_is_no_other_model() {
        let state = state(NUMERICS_VERSION + 1);
        let expected = Why::Numerics(NUMERICS_VERSION + 1);
        assert_eq!(why(&state, b"now", (1.0, 1), 0), expected);
        let words = Reason::Numerics(2, 3).to_string();
        assert_eq!(words, "solver numerics 2 → 3");
    }

    #[test]
    fn known_values_that_had_not_met_are_a_new_combination() {
        let mut state = state(NUMERICS_VERSION);
        let sim = state.number(Hash::of(b"second"), NUMERICS_VERSION, 10);
        let sweep = state.sweeps.change().get_mut("a").unwrap();
        sweep.points.push(Point {
            sim,
            place: Some(1),
            values: vec![Some(Value::Float(2.0)), Some(Value::Int(2))],
            recipe: None,
        });
        for values in [(1.0, 2), (2.0, 1)] {
            assert_eq!(why(&state, b"now", values, 0), Why::NewCombination);
        }
    }

    #[test]
    fn new_values_of_one_parameter_are_one_reason() {
        let new = |place, x| Why::NewValue(vec![(place, Value::Float(x))]);
        let mut groups = Groups::default();
        for (point, why) in [new(0, 1.0), new(0, 2.0), new(1, 2.0), new(0, 1.0)]
            .into_iter()
            .enumerate()
        {
            groups.add(point, why);
        }
        let counts: Vec<(u64, usize)> = groups
            .0
            .iter()
            .map(|g| (g.tasks, g.values[0].len()))
            .collect();
        assert_eq!(counts, [(3, 2), (1, 1)]);
    }
}
