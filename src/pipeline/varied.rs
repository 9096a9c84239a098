//! What a sweep varies: for each parameter its values, its unit, and the settings that it changes.

use super::content::Pipeline;
use super::grid::Values;
use super::quantity;
use super::samples::Prior;
use super::value::ParameterKind;

/// A parameter of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Varied {
    /// Its name.
    pub name: String,
    /// Kind of its values.
    pub kind: ParameterKind,
    /// Unit, where a setting is nothing but the parameter and has one. None where settings disagree.
    pub unit: Option<&'static str>,
    /// Number of its values.
    pub count: usize,
    /// Least and greatest, of numbers.
    pub range: Option<[f64; 2]>,
    /// The first values that are no numbers, in the order of the file.
    pub words: Vec<String>,
    /// What samples are drawn from.
    pub prior: Option<Prior>,
    /// Settings that depend on it, such as `drives.evprox.weights_ampa.L5_pyramidal`; none where a closure makes the
    /// networks.
    pub used_in: Vec<String>,
}

/// Words that are kept of a parameter.
const WORDS: usize = 4;

impl Pipeline {
    /// What the sweep varies, in the order of the file.
    pub fn varied(&self) -> Vec<Varied> {
        let parameters = self.parameters().iter().enumerate();
        let varied = parameters.filter_map(|(place, parameter)| {
            let values = self.grid.values(place)?;
            let uses = self.scope.uses(place);
            let prior = self.priors.iter().find(|(name, _)| *name == parameter.name);
            let (range, words) = extent(values);
            let mut units = uses
                .iter()
                .filter(|one| one.alone)
                .map(|one| quantity::unit_of(&one.path));
            // A unit only if all of its uses agree.
            let unit = units.next().flatten();
            Some(Varied {
                name: parameter.name.clone(),
                kind: parameter.kind,
                unit: unit.filter(|unit| units.all(|other| other == Some(*unit))),
                count: values.len(),
                range,
                words,
                prior: prior.map(|(_, prior)| *prior),
                used_in: uses.into_iter().map(|one| one.path).collect(),
            })
        });
        varied.collect()
    }

    /// What looks like a mistake in the file and is none: exponents that look like values.
    pub fn remarks(&self) -> Vec<String> {
        self.source.remarks()
    }
}

/// Least and greatest of numbers; the first of other values.
fn extent(values: &Values) -> (Option<[f64; 2]>, Vec<String>) {
    let of_numbers = |numbers: &mut dyn Iterator<Item = f64>| {
        let first = [f64::INFINITY, f64::NEG_INFINITY];
        Some(numbers.fold(first, |[least, most], x| [least.min(x), most.max(x)]))
    };
    let words = || {
        (0..values.len().min(WORDS))
            .filter_map(|i| Some(values.get(i)?.to_string()))
            .collect()
    };
    match values {
        Values::Float(numbers) => (of_numbers(&mut numbers.iter().copied()), Vec::new()),
        Values::Int(numbers) => (
            of_numbers(&mut numbers.iter().map(|x| *x as f64)),
            Vec::new(),
        ),
        Values::Str(_) | Values::Bool(_) => (None, words()),
    }
}
