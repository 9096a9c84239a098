//! Parameters, and settings that may depend on them.

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
            ParamValue::Float(v) => write!(f, "{v:?}"),
            ParamValue::Int(v) => write!(f, "{v}"),
            ParamValue::Str(v) => write!(f, "{v:?}"),
            ParamValue::Bool(v) => write!(f, "{v}"),
        }
    }
}
