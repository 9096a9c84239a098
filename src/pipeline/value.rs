//! Parameters, and settings that may depend on them.

use super::error::did_you_mean;
use indexmap::IndexMap;
use std::fmt;

/// A parameter of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name, usable in expressions and as a column.
    pub name: String,
    /// Kind of all its values.
    pub kind: ParameterKind,
}

/// Kind of a parameter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Finite numbers.
    Float,
    /// Whole numbers.
    Int,
    /// Strings.
    Str,
    /// Booleans.
    Bool,
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParameterKind::Float => "a number",
            ParameterKind::Int => "a whole number",
            ParameterKind::Str => "a string",
            ParameterKind::Bool => "a boolean",
        })
    }
}

/// Value of a parameter at a point of the grid.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// A finite number.
    Float(f64),
    /// A whole number.
    Int(i64),
    /// A string.
    Str(String),
    /// A boolean.
    Bool(bool),
}

impl ParamValue {
    /// Its kind.
    pub fn kind(&self) -> ParameterKind {
        match self {
            ParamValue::Float(_) => ParameterKind::Float,
            ParamValue::Int(_) => ParameterKind::Int,
            ParamValue::Str(_) => ParameterKind::Str,
            ParamValue::Bool(_) => ParameterKind::Bool,
        }
    }

    /// The value as a number; strings and booleans are none.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            ParamValue::Float(v) => Some(*v),
            ParamValue::Int(v) => Some(*v as f64),
            ParamValue::Str(_) | ParamValue::Bool(_) => None,
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The fewest digits that read back as the same number; 1.0 stays a float.
            ParamValue::Float(v) => write!(f, "{v:?}"),
            ParamValue::Int(v) => write!(f, "{v}"),
            ParamValue::Str(v) => write!(f, "{v:?}"),
            ParamValue::Bool(v) => write!(f, "{v}"),
        }
    }
}

impl From<f64> for ParamValue {
    fn from(value: f64) -> Self {
        ParamValue::Float(value)
    }
}

impl From<i64> for ParamValue {
    fn from(value: i64) -> Self {
        ParamValue::Int(value)
    }
}

impl From<i32> for ParamValue {
    fn from(value: i32) -> Self {
        ParamValue::Int(value.into())
    }
}

impl From<bool> for ParamValue {
    fn from(value: bool) -> Self {
        ParamValue::Bool(value)
    }
}

impl From<&str> for ParamValue {
    fn from(value: &str) -> Self {
        ParamValue::Str(value.to_owned())
    }
}

impl From<String> for ParamValue {
    fn from(value: String) -> Self {
        ParamValue::Str(value)
    }
}

/// A parameter set: values by name, in the order of the grid.
///
/// ```
/// use hnn_sweep::pipeline::ParamValues;
///
/// let params = ParamValues::from_iter([("weight", 0.01), ("delay", 1.0)]);
/// assert_eq!(params.float("weight")?, 0.01);
/// let error = params.float("wieght").unwrap_err();
/// assert_eq!(error.to_string(), "there is no parameter `wieght`: did you mean `weight`?");
/// # Ok::<(), hnn_sweep::pipeline::ParamError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamValues(IndexMap<String, ParamValue>);

/// Why a parameter has no such value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// No parameter of that name.
    #[error("there is no parameter `{name}`: {help}")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name, or all there are.
        help: String,
    },
    /// A value of another kind.
    #[error("parameter `{name}` is {value}, not {wanted}")]
    Kind {
        /// The name.
        name: String,
        /// Its value.
        value: String,
        /// What was asked for.
        wanted: ParameterKind,
    },
}

impl ParamValues {
    /// With another parameter, or another value of one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<ParamValue>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.0.get(name)
    }

    /// A number; whole numbers are numbers, too.
    ///
    /// # Errors
    /// [`ParamError`] if there is no such parameter, or it is a string or a boolean.
    pub fn float(&self, name: &str) -> Result<f64, ParamError> {
        self.read(name, ParameterKind::Float, ParamValue::as_f64)
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`ParamError`] if there is no such parameter, or it is of another kind.
    pub fn int(&self, name: &str) -> Result<i64, ParamError> {
        self.read(name, ParameterKind::Int, |value| match value {
            ParamValue::Int(value) => Some(*value),
            _ => None,
        })
    }

    /// A string.
    ///
    /// # Errors
    /// [`ParamError`] if there is no such parameter, or it is of another kind.
    pub fn text(&self, name: &str) -> Result<&str, ParamError> {
        self.read(name, ParameterKind::Str, |value| match value {
            ParamValue::Str(value) => Some(value.as_str()),
            _ => None,
        })
    }

    /// A boolean.
    ///
    /// # Errors
    /// [`ParamError`] if there is no such parameter, or it is of another kind.
    pub fn flag(&self, name: &str) -> Result<bool, ParamError> {
        self.read(name, ParameterKind::Bool, |value| match value {
            ParamValue::Bool(value) => Some(*value),
            _ => None,
        })
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        wanted: ParameterKind,
        read: impl Fn(&'a ParamValue) -> Option<T>,
    ) -> Result<T, ParamError> {
        let Some(value) = self.0.get(name) else {
            let names: Vec<&str> = self.names().collect();
            return Err(ParamError::Unknown {
                name: name.to_owned(),
                help: did_you_mean(name, &names),
            });
        };
        read(value).ok_or_else(|| ParamError::Kind {
            name: name.to_owned(),
            value: value.to_string(),
            wanted,
        })
    }

    /// The parameters' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParamValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<ParamValue>> FromIterator<(N, V)> for ParamValues {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let pair = |(name, value): (N, V)| (name.into(), value.into());
        Self(values.into_iter().map(pair).collect())
    }
}

/// `weight = 0.01, delay = 1.0`
impl fmt::Display for ParamValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name} = {value}")?;
        }
        Ok(())
    }
}
