//! The grid: values of each parameter, and their combinations.
//!
//! `linspace`, `arange`, `logspace` and `geomspace` follow NumPy's formulas operation by operation. The first two equal
//! NumPy's values bit for bit. The other two are correctly rounded powers, which NumPy's are not everywhere: its
//! `pow` misses the last bit in 0.06 % of all cases with glibc and in 6 % with AVX-512.

use super::error::{PipelineError, one_of};
use super::keys::SPACE_KEYS;
use super::reader::{TomlItem, TomlTable};
use super::value::{ParamValue, Parameter, ParameterKind};
use crate::network::pow;

/// Most points of a grid.
pub const MAX_POINTS: u64 = 10_000_000;

/// Values of one parameter, all of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Finite numbers.
    Float(Vec<f64>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Strings.
    Str(Vec<String>),
    /// Booleans.
    Bool(Vec<bool>),
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::Float(v) => v.len(),
            Values::Int(v) => v.len(),
            Values::Str(v) => v.len(),
            Values::Bool(v) => v.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at an index.
    pub fn get(&self, index: usize) -> Option<ParamValue> {
        match self {
            Values::Float(v) => v.get(index).map(|&v| ParamValue::Float(v)),
            Values::Int(v) => v.get(index).map(|&v| ParamValue::Int(v)),
            Values::Str(v) => v.get(index).map(|v| ParamValue::Str(v.clone())),
            Values::Bool(v) => v.get(index).map(|&v| ParamValue::Bool(v)),
        }
    }

    /// Their kind.
    pub fn kind(&self) -> ParameterKind {
        match self {
            Values::Float(_) => ParameterKind::Float,
            Values::Int(_) => ParameterKind::Int,
            Values::Str(_) => ParameterKind::Str,
            Values::Bool(_) => ParameterKind::Bool,
        }
    }
}

/// Lists and arrays of numbers, whole numbers, strings and booleans.
macro_rules! values_from {
    ($($item:ty => $values:path),+) => {$(
        impl From<Vec<$item>> for Values {
            fn from(values: Vec<$item>) -> Self {
                $values(values.into_iter().map(Into::into).collect())
            }
        }

        impl<const N: usize> From<[$item; N]> for Values {
            fn from(values: [$item; N]) -> Self {
                Self::from(Vec::from(values))
            }
        }
    )+};
}

values_from!(
    f64 => Values::Float,
    i64 => Values::Int,
    i32 => Values::Int,
    String => Values::Str,
    &str => Values::Str,
    bool => Values::Bool
);

/// The parameters' values and how they are combined.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    parameters: Vec<Parameter>,
    /// Samples first.
    axes: Vec<Values>,
    /// Number of axes that are samples, taken together and slowest.
    n_sampled: usize,
    /// Points of the axes that are not samples.
    n_inner: u64,
    combinations: bool,
    n_points: u64,
}

/// Why axes make no grid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GridError {
    /// A parameter without values.
    #[error("`{0}` has no values")]
    Empty(String),
    /// Lists that are to be taken together differ in length.
    #[error(
        "with combinations = false the lists are taken together, but their lengths differ: {0}"
    )]
    UnequalLengths(String),
    /// A value that is no number.
    #[error("`{0}` contains {1}; values must be finite")]
    NotFinite(String, f64),
    /// More points than anybody can simulate.
    #[error("the grid has {0} points; at most {MAX_POINTS} are allowed")]
    TooManyPoints(String),
}

impl Design {
    /// Values of a parameter, by its place.
    pub(super) fn values(&self, parameter: usize) -> Option<&Values> {
        self.axes.get(parameter)
    }

    /// A grid of named axes: their product (first axis slowest), or with `combinations = false` the
    /// n-th values of all axes together. No axis at all is one point without parameters.
    ///
    /// # Errors
    /// [`GridError`] for an axis without values or with a value that is not finite, unequal lengths without
    /// combinations, and absurd sizes.
    pub fn new(axes: Vec<(String, Values)>, combinations: bool) -> Result<Self, GridError> {
        Self::with_samples(Vec::new(), axes, combinations)
    }

    /// Samples (the n-th values of all their parameters together), each with all points of a grid as in
    /// [`new`](Self::new); samples are slowest, so that more of them add points at the end.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_samples(
        samples: Vec<(String, Values)>,
        axes: Vec<(String, Values)>,
        combinations: bool,
    ) -> Result<Self, GridError> {
        for (name, values) in samples.iter().chain(&axes) {
            if let Values::Float(values) = values
                && let Some(value) = values.iter().find(|v| !v.is_finite())
            {
                return Err(GridError::NotFinite(name.clone(), *value));
            }
        }
        let n_samples = size(&samples, false)?;
        let n_inner = size(&axes, combinations)?;
        // Checked: sizes of three axes of a million overflow 64 bits.
        let n_points = n_samples.and_then(|n| n.checked_mul(n_inner?));
        let n_sampled = samples.len();
        let all = samples.into_iter().chain(axes);
        let (Some(n_points), Some(n_inner)) = (n_points.filter(|&n| n <= MAX_POINTS), n_inner)
        else {
            let lengths: Vec<String> = all.map(|(_, v)| v.len().to_string()).collect();
            // All samples are one axis.
            let mut text = lengths
                .get(n_sampled.saturating_sub(1)..)
                .unwrap_or_default()
                .join(" x ");
            if let Some(n) = n_points {
                text = format!("{text} = {n}");
            }
            return Err(GridError::TooManyPoints(text));
        };
        let (parameters, axes) = all
            .map(|(name, values)| {
                let kind = values.kind();
                (Parameter { name, kind }, values)
            })
            .unzip();
        Ok(Self {
            parameters,
            axes,
            n_sampled,
            n_inner,
            combinations,
            n_points,
        })
    }

    /// The parameters in the order of the file.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Number of points.
    pub fn n_points(&self) -> u64 {
        self.n_points
    }

    /// Values of all parameters at a point; `None` beyond the last point.
    pub fn point(&self, index: u64) -> Option<Vec<ParamValue>> {
        if index >= self.n_points {
            return None;
        }
        let (sampled, inner) = self.axes.split_at_checked(self.n_sampled)?;
        let at = |axis: &Values, index: u64| axis.get(usize::try_from(index).ok()?);
        // Samples are slowest, so that a larger `n` leaves the points of earlier samples where they
        // are.
        let sample = index / self.n_inner;
        // The last parameter varies fastest, as in hnn-core (itertools.product).
        let mut rest = index % self.n_inner;
        let mut point = Vec::with_capacity(self.axes.len());
        for axis in inner.iter().rev() {
            if self.combinations {
                let length = axis.len() as u64;
                point.push(at(axis, rest % length)?);
                rest /= length;
            } else {
                // Taken together: each list at the same place.
                point.push(at(axis, rest)?);
            }
        }
        for axis in sampled.iter().rev() {
            point.push(at(axis, sample)?);
        }
        // Division has taken the fastest axis off first.
        point.reverse();
        Some(point)
    }
}

/// Number of points of axes, as a product or taken together; `None` beyond 64 bits.
fn size(axes: &[(String, Values)], product: bool) -> Result<Option<u64>, GridError> {
    if let Some((name, _)) = axes.iter().find(|(_, values)| values.is_empty()) {
        return Err(GridError::Empty(name.clone()));
    }
    let lengths = || axes.iter().map(|(_, values)| values.len() as u64);
    if product {
        return Ok(lengths().try_fold(1, u64::checked_mul));
    }
    if lengths().min() != lengths().max() {
        let text: Vec<String> = axes
            .iter()
            .map(|(name, values)| format!("{name} has {}", values.len()))
            .collect();
        return Err(GridError::UnequalLengths(text.join(", ")));
    }
    // No axis is one point without parameters, as an empty product is 1.
    Ok(lengths().max().or(Some(1)))
}

/// `numpy.linspace(start, stop, n)`.
pub fn linspace(start: f64, stop: f64, n: usize) -> Vec<f64> {
    let intervals = n.saturating_sub(1) as f64;
    let delta = stop - start;
    let step = delta / intervals;
    let mut values: Vec<f64> = (0..n)
        .map(|i| {
            let i = i as f64;
            // NumPy's three cases, in its order of operations: values are part of a key.
            let offset = if n == 1 {
                i * delta
            } else if step == 0.0 {
                i / intervals * delta
            } else {
                i * step
            };
            offset + start
        })
        .collect();
    if let (true, Some(last)) = (n > 1, values.last_mut()) {
        // Not start + n step, which may miss it by a bit.
        *last = stop;
    }
    values
}

/// `numpy.logspace(start, stop, n)`: powers of ten of a [`linspace`].
pub fn logspace(start: f64, stop: f64, n: usize) -> Vec<f64> {
    linspace(start, stop, n)
        .into_iter()
        .map(|exponent| pow(10.0, exponent))
        .collect()
}

/// `numpy.geomspace(start, stop, n)`: from `start` to `stop` in equal ratios; both of one sign and not 0.
pub fn geomspace(start: f64, stop: f64, n: usize) -> Vec<f64> {
    let sign = if start < 0.0 { -1.0 } else { 1.0 };
    let (first, last) = (sign * start, sign * stop);
    // libm, as NumPy's values may differ from machine to machine in the last bit.
    let mut values = logspace(libm::log10(first), libm::log10(last), n);
    if let Some(value) = values.first_mut() {
        *value = first;
    }
    if let (true, Some(value)) = (n > 1, values.last_mut()) {
        *value = last;
    }
    values.iter_mut().for_each(|value| *value *= sign);
    values
}

/// Number of values of `numpy.arange(start, stop, step)`; infinite or NaN where there is no such range.
pub fn arange_length(start: f64, stop: f64, step: f64) -> f64 {
    libm::ceil((stop - start) / step).max(0.0)
}

/// `numpy.arange(start, stop, step)` with `n` values, see [`arange_length`].
pub fn arange(start: f64, step: f64, n: usize) -> Vec<f64> {
    // NumPy fills the array with the step between its first two values, which is not always `step`.
    let second = start + step;
    let rounded = second - start;
    (0..n)
        .map(|i| match i {
            0 => start,
            1 => second,
            _ => start + i as f64 * rounded,
        })
        .collect()
}

/// Reads one line of `[grid]`.
pub(super) fn read_axis(item: &TomlItem) -> Result<Values, PipelineError> {
    if item.is_array() {
        return read_list(item);
    }
    if !item.is_table() {
        return Err(item.wrong_type("a list of values").with_help(format!(
            "write `{name} = [{text}]`, or `{{ linspace = [first, last, n] }}`, `{{ geomspace = [first, last, n] }}` (in equal ratios), \
             `{{ logspace = [first exponent, last exponent, n] }}`, `{{ arange = [start, stop, step] }}`",
            name = item.name(),
            text = item.source_text(),
        )));
    }
    read_spaced(item)?.ok_or_else(|| {
        item.error(format!(
            "{} needs exactly one of {}",
            item.describe(),
            one_of(SPACE_KEYS)
        ))
    })
}

/// Reads `{ linspace = … }` or another of [`SPACE_KEYS`]; `None` if there is none of them, or several.
pub(super) fn read_spaced(item: &TomlItem) -> Result<Option<Values>, PipelineError> {
    let table = TomlTable::open(item)?;
    if !table.check_keys(SPACE_KEYS) {
        // Which has been noted.
        return Ok(Some(Values::Float(vec![1.0])));
    }
    let mut given = SPACE_KEYS
        .iter()
        .filter_map(|space| Some((*space, table.get(space)?)));
    let (Some((space, range)), None) = (given.next(), given.next()) else {
        return Ok(None);
    };
    let values = match space {
        "linspace" => read_space(&range, linspace).map(Values::Float),
        "logspace" => {
            remark_exponents(&range);
            read_space(&range, logspace).map(Values::Float)
        }
        "geomspace" => read_geomspace(&range).map(Values::Float),
        _ => read_arange(&range),
    };
    values.map(Some)
}

/// Takes note of exponents that look like values: both positive, and one so small that ten to it is nearly 1.
fn remark_exponents(item: &TomlItem) {
    let elements = item.array().unwrap_or_default();
    let [Ok(first), Ok(last)] = [0, 1].map(|i| elements.get(i).map_or(Ok(0.0), TomlItem::float))
    else {
        return;
    };
    // A range that is all positive and begins small was hardly meant as exponents.
    if first > 0.0 && last > 0.0 && first.min(last) <= 0.1 {
        let as_it_stands = item.source_text();
        item.source.remark(format!(
            "{}: {as_it_stands} goes from {:.5} to {:.5}, as logspace takes exponents of ten; for values from {first} to {last} write \
             geomspace = {as_it_stands}",
            item.describe(),
            pow(10.0, first),
            pow(10.0, last),
        ));
    }
}

fn read_geomspace(item: &TomlItem) -> Result<Vec<f64>, PipelineError> {
    if let [start, stop, _] = item.array()?.as_slice() {
        let (from, to) = (start.float()?, stop.float()?);
        if from * to == 0.0 || (from < 0.0) != (to < 0.0) {
            return Err(item
                .error(format!(
                    "{} goes from {from} to {to} in equal ratios, which needs two numbers of one sign, neither 0",
                    item.describe()
                ))
                .with_help("use linspace, or begin beyond 0"));
        }
    }
    read_space(item, geomspace)
}

fn read_list(item: &TomlItem) -> Result<Values, PipelineError> {
    let elements = item.array()?;
    let Some(first) = elements.first() else {
        return Err(item
            .error(format!("{} has no values", item.describe()))
            .with_help("give at least one value, or remove the parameter"));
    };
    if first.is_string() {
        return elements
            .iter()
            .map(TomlItem::string)
            .collect::<Result<_, _>>()
            .map(Values::Str);
    }
    if first.is_bool() {
        return elements
            .iter()
            .map(TomlItem::bool)
            .collect::<Result<_, _>>()
            .map(Values::Bool);
    }
    // Whole numbers stay whole: in a column, and as seeds.
    if elements.iter().all(TomlItem::is_integer) {
        return elements
            .iter()
            .map(TomlItem::integer)
            .collect::<Result<_, _>>()
            .map(Values::Int);
    }
    elements
        .iter()
        .map(TomlItem::float)
        .collect::<Result<_, _>>()
        .map(Values::Float)
}

/// Reads `[first, last, n]`.
fn read_space(
    item: &TomlItem,
    space: fn(f64, f64, usize) -> Vec<f64>,
) -> Result<Vec<f64>, PipelineError> {
    let elements = item.array()?;
    let [start, stop, count] = elements.as_slice() else {
        return Err(item.error(format!(
            "{} needs three numbers: the first, the last, and how many",
            item.describe()
        )));
    };
    let n = count.integer()?;
    if n < 1 {
        return Err(count.error(format!("{} must be at least 1, not {n}", count.describe())));
    }
    let n = check_length(count, n as f64)?;
    finite(item, space(start.float()?, stop.float()?, n))
}

/// Reads `[stop]`, `[start, stop]` or `[start, stop, step]`; whole numbers give whole numbers.
fn read_arange(item: &TomlItem) -> Result<Values, PipelineError> {
    let elements = item.array()?;
    let (start, stop, step) = match elements.as_slice() {
        [stop] => (None, stop, None),
        [start, stop] => (Some(start), stop, None),
        [start, stop, step] => (Some(start), stop, Some(step)),
        _ => {
            return Err(item.error(format!(
                "{} needs one to three numbers: [stop], [start, stop] or [start, stop, step]",
                item.describe()
            )));
        }
    };
    let or = |item: Option<&TomlItem>, default: f64| item.map_or(Ok(default), TomlItem::float);
    let (from, to, by) = (or(start, 0.0)?, stop.float()?, or(step, 1.0)?);
    if by == 0.0 {
        return Err(item.error(format!("the step of {} must not be 0", item.describe())));
    }
    let n = arange_length(from, to, by);
    if n < 1.0 {
        return Err(item
            .error(format!("{} has no values", item.describe()))
            .with_help("the stop itself is not part of the range, as in NumPy"));
    }
    let n = check_length(item, n)?;
    // Whole ranges are computed in whole numbers, without rounding.
    if elements.iter().all(TomlItem::is_integer) {
        let (from, by) = (
            start.map_or(Ok(0), TomlItem::integer)?,
            step.map_or(Ok(1), TomlItem::integer)?,
        );
        let values: Option<Vec<i64>> = (0..n)
            .map(|i| by.checked_mul(i64::try_from(i).ok()?)?.checked_add(from))
            .collect();
        return values
            .map(Values::Int)
            .ok_or_else(|| item.error(format!("{} overflows 64 bits", item.describe())));
    }
    finite(item, arange(from, by, n)).map(Values::Float)
}

fn check_length(item: &TomlItem, n: f64) -> Result<usize, PipelineError> {
    if n <= MAX_POINTS as f64 {
        Ok(n as usize)
    } else {
        Err(item.error(format!(
            "{} asks for {n} values; at most {MAX_POINTS} are allowed",
            item.describe()
        )))
    }
}

fn finite(item: &TomlItem, values: Vec<f64>) -> Result<Vec<f64>, PipelineError> {
    match values.iter().find(|v| !v.is_finite()) {
        None => Ok(values),
        Some(value) => Err(item.error(format!(
            "{} contains {value}; values must be finite",
            item.describe()
        ))),
    }
}
