//! Parameter grids and lists of parameter sets.

use super::BatchError;
use crate::pipeline::{Design, GridError, ParamValue, ParamValues, Values};

/// Values of each parameter, in order: hnn-core's `param_grid`.
///
/// ```
/// use hnn_sweep::batch::ParamGrid;
/// use hnn_sweep::pipeline::logspace;
///
/// let grid = ParamGrid::new()
///     .axis("weight", logspace(-4.0, -1.0, 20))
///     .axis("location", ["proximal", "distal"])
///     .axis("event_seed", [1, 2, 3]);
/// assert_eq!(grid.axes().len(), 3);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamGrid(Vec<(String, Values)>);

impl ParamGrid {
    /// A grid without parameters: one simulation.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter with its values: a list of floats, whole numbers, strings or booleans. The first parameter is
    /// slowest, as in `itertools.product`.
    #[must_use]
    pub fn axis(mut self, name: impl Into<String>, values: impl Into<Values>) -> Self {
        self.0.push((name.into(), values.into()));
        self
    }

    /// Names and values.
    pub fn axes(&self) -> &[(String, Values)] {
        &self.0
    }

    pub(super) fn into_grid(self, combinations: bool) -> Result<Design, BatchError> {
        Design::new(self.0, combinations).map_err(invalid)
    }
}

fn invalid(error: GridError) -> BatchError {
    let help = match error {
        GridError::UnequalLengths(_) => {
            "make the lists equally long, or set combinations: true for all combinations"
        }
        GridError::TooManyPoints(_) => "take fewer values per parameter, or fewer parameters",
        GridError::Empty(_) => "give at least one value",
        GridError::NotFinite(..) => "give finite values",
    };
    BatchError::input(error.to_string(), help)
}

/// Parameter sets, one point each, in their order. Whole numbers of a parameter that has others too become floats.
pub(super) fn of_list(sets: &[ParamValues]) -> Result<Design, BatchError> {
    let Some(first) = sets.first() else {
        return Err(BatchError::input(
            "there are no parameter sets",
            "give at least one",
        ));
    };
    if first.is_empty() && sets.len() > 1 {
        return Err(BatchError::input(
            "the parameter sets have no parameters: they are all the same simulation",
            "give one of them, with n_trials",
        ));
    }
    for (index, set) in sets.iter().enumerate() {
        if set.len() != first.len() || set.names().any(|name| first.get(name).is_none()) {
            let names = |set: &ParamValues| set.names().collect::<Vec<_>>().join(", ");
            return Err(BatchError::input(
                format!(
                    "parameter set {index} has the parameters {}, and the first has {}",
                    names(set),
                    names(first)
                ),
                "give all of them the same parameters",
            ));
        }
    }
    let axis = |name: &str| -> Result<(String, Values), BatchError> {
        let values: Vec<&ParamValue> = sets.iter().filter_map(|set| set.get(name)).collect();
        match column(&values) {
            Some(values) => Ok((name.to_owned(), values)),
            None => Err(BatchError::input(
                format!("the parameter `{name}` has values of different kinds"),
                "give it numbers, strings or booleans only",
            )),
        }
    };
    let axes = first.names().map(axis).collect::<Result<_, _>>()?;
    Design::with_samples(axes, Vec::new(), true).map_err(invalid)
}

/// Values of one kind.
fn column(values: &[&ParamValue]) -> Option<Values> {
    let each = || values.iter().copied();
    Some(match values.first()? {
        ParamValue::Str(_) => Values::Str(each().map(text).collect::<Option<_>>()?),
        ParamValue::Bool(_) => Values::Bool(each().map(flag).collect::<Option<_>>()?),
        ParamValue::Float(_) | ParamValue::Int(_) => {
            // Whole numbers, if all of them are; one that is not makes numbers of all.
            match each().map(whole).collect::<Option<_>>() {
                Some(whole) => Values::Int(whole),
                None => Values::Float(each().map(ParamValue::as_f64).collect::<Option<_>>()?),
            }
        }
    })
}

fn text(value: &ParamValue) -> Option<String> {
    match value {
        ParamValue::Str(text) => Some(text.clone()),
        _ => None,
    }
}

fn flag(value: &ParamValue) -> Option<bool> {
    match value {
        ParamValue::Bool(flag) => Some(*flag),
        _ => None,
    }
}

fn whole(value: &ParamValue) -> Option<i64> {
    match value {
        ParamValue::Int(number) => Some(*number),
        _ => None,
    }
}
