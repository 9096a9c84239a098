//! Settings that may depend on the grid's parameters: numbers as expressions, strings and booleans as `"$name"`.

use super::error::{PipelineError, did_you_mean};
use super::expr::Expr;
use super::reader::{Place, TomlItem};
use super::scope::{Env, Scope};
use super::value::{ParamValue, ParameterKind};
use std::ops::Range;

/// A number, or an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    pub(crate) place: Place,
    value: NumberValue,
}

#[derive(Debug, Clone, PartialEq)]
enum NumberValue {
    Float(f64),
    Int(i64),
    Expr(Expr),
}

impl Number {
    /// Reads a number or an expression.
    pub(crate) fn read(item: &TomlItem, scope: &Scope) -> Result<Self, PipelineError> {
        let value = if item.is_string() {
            NumberValue::Expr(scope.expression(item)?)
        } else if item.is_integer() {
            NumberValue::Int(item.integer()?)
        } else if item.is_array() || item.is_table() || item.is_bool() {
            return Err(item.wrong_type("a number (or an expression over parameters)"));
        } else {
            NumberValue::Float(item.float()?)
        };
        // The place is kept, as an expression may fail at a point only, long after the file was
        // read.
        Ok(Self {
            place: item.place.clone(),
            value,
        })
    }

    /// Reads a number that may be infinite, or an expression.
    pub(crate) fn read_infinite(item: &TomlItem, scope: &Scope) -> Result<Self, PipelineError> {
        match item.infinite() {
            Some(value) => Ok(Self::constant(item.place.clone(), value)),
            None => Self::read(item, scope),
        }
    }

    /// A number that is known.
    pub(crate) fn constant(place: Place, value: f64) -> Self {
        Self {
            place,
            value: NumberValue::Float(value),
        }
    }

    /// The finite value.
    pub(crate) fn evaluate(&self, env: &Env) -> Result<f64, PipelineError> {
        match &self.value {
            NumberValue::Float(value) => Ok(*value),
            NumberValue::Int(value) => Ok(*value as f64),
            NumberValue::Expr(expr) => env.finite(&self.place, expr),
        }
    }

    /// The value as a whole number within limits.
    pub(crate) fn whole(&self, env: &Env, allowed: Range<i64>) -> Result<i64, PipelineError> {
        let as_int = match &self.value {
            // Not by way of a float, which would round seeds beyond 2^53.
            NumberValue::Int(value) => Some(*value),
            NumberValue::Expr(expr) => {
                expr.as_variable()
                    .and_then(|index| match env.point.get(index) {
                        // A whole parameter keeps all of its 64 bits.
                        Some(ParamValue::Int(value)) => Some(*value),
                        _ => None,
                    })
            }
            NumberValue::Float(_) => None,
        };
        let value = match as_int {
            Some(value) => value,
            None => {
                let value = self.evaluate(env)?;
                // Beyond 2^53 not every whole number is a double, so it cannot be known what was
                // meant.
                if libm::rint(value) != value || libm::fabs(value) > 9_007_199_254_740_992.0 {
                    return Err(
                        env.error(&self.place, &format!("must be a whole number, not {value}"))
                    );
                }
                value as i64
            }
        };
        // An open end has no end.
        let is_open = allowed.end == i64::MAX && value >= allowed.start;
        if allowed.contains(&value) || is_open {
            return Ok(value);
        }
        let limits = if allowed.end == i64::MAX {
            format!("at least {}", allowed.start)
        } else {
            format!("{} to {}", allowed.start, allowed.end - 1)
        };
        Err(env.error(&self.place, &format!("must be {limits}, not {value}")))
    }
}

/// An expression over `value`, which is what stands in a network now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Changed {
    place: Place,
    expr: Expr,
}

impl Changed {
    /// Reads an expression with `value` in it; `None` of a text without.
    pub(crate) fn read(item: &TomlItem, scope: &Scope) -> Result<Option<Self>, PipelineError> {
        let text = item.string()?;
        let mut names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        // A parameter that is called `value` comes first: files of before must mean the same.
        if !names.any(|name| name == PRESENT) || scope.names().contains(&PRESENT) {
            return Ok(None);
        }
        let place = item.place.clone();
        let expr = scope.expression_over(item, Some(PRESENT))?;
        Ok(Some(Self { place, expr }))
    }

    /// The finite value where `present` is there now.
    pub(crate) fn evaluate(&self, env: &Env, present: f64) -> Result<f64, PipelineError> {
        env.finite_over(&self.place, &self.expr, present)
    }
}

/// What expressions of [set] call the number that is there.
const PRESENT: &str = "value";

/// A string, or `"$name"` of a string parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) place: Place,
    value: Reference<String>,
}

/// A boolean, or `"$name"` of a boolean parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flag {
    pub(crate) place: Place,
    value: Reference<bool>,
}

#[derive(Debug, Clone, PartialEq)]
enum Reference<T> {
    Value(T),
    Parameter(usize),
}

fn read_reference(
    item: &TomlItem,
    scope: &Scope,
    kind: ParameterKind,
) -> Result<usize, PipelineError> {
    let text = item.string()?;
    // Flags come here without the sign, too: a word where true or false belongs can only mean a
    // parameter.
    let name = text.strip_prefix('$').unwrap_or(&text);
    let of_kind: Vec<&str> = scope
        .parameters
        .iter()
        .filter(|p| p.kind == kind)
        .map(|p| p.name.as_str())
        .collect();
    match scope.parameters.iter().position(|p| p.name == name) {
        Some(index) if of_kind.contains(&name) => {
            scope.note_use(index, &item.place, true);
            Ok(index)
        }
        Some(_) => Err(item.error(format!(
            "{} must be {kind}, and parameter `{name}` is not",
            item.describe()
        ))),
        None => Err(item
            .error(format!(
                "{}: there is no parameter `{name}`",
                item.describe()
            ))
            .with_help(if of_kind.is_empty() {
                format!("[grid] has no parameter that is {kind}")
            } else {
                did_you_mean(name, &of_kind)
            })),
    }
}

impl Text {
    /// Reads a string or `"$name"`.
    pub(crate) fn read(item: &TomlItem, scope: &Scope) -> Result<Self, PipelineError> {
        let text = item.string()?;
        Ok(Self {
            place: item.place.clone(),
            value: if text.starts_with('$') {
                Reference::Parameter(read_reference(item, scope, ParameterKind::Str)?)
            } else {
                Reference::Value(text)
            },
        })
    }

    /// A string for a place that has none.
    pub(crate) fn none() -> Self {
        Self {
            place: Place::default(),
            value: Reference::Value(String::new()),
        }
    }

    /// The string at a point.
    pub(crate) fn evaluate<'a>(&'a self, env: &Env<'a>) -> &'a str {
        match &self.value {
            Reference::Value(text) => text,
            Reference::Parameter(index) => match env.point.get(*index) {
                Some(ParamValue::Str(text)) => text,
                _ => "",
            },
        }
    }
}

impl Flag {
    /// Reads a boolean or `"$name"`.
    pub(crate) fn read(item: &TomlItem, scope: &Scope) -> Result<Self, PipelineError> {
        Ok(Self {
            place: item.place.clone(),
            value: if item.is_string() {
                Reference::Parameter(read_reference(item, scope, ParameterKind::Bool)?)
            } else {
                Reference::Value(item.bool()?)
            },
        })
    }

    /// The boolean at a point.
    pub(crate) fn evaluate(&self, env: &Env) -> bool {
        match &self.value {
            Reference::Value(value) => *value,
            Reference::Parameter(index) => env.point.get(*index) == Some(&ParamValue::Bool(true)),
        }
    }
}
