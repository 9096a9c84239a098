//! A condition that chooses points of a grid, or rows of a table: `mu > 40 and label == "early"`, `20 <= mu < 40 or
//! trial_seed == 3`.

use super::error::{PipelineError, SourceFile, did_you_mean};
use super::expr::Expr;
use super::scope::{Env, Scope};
use super::value::{ParamValue, Parameter, ParameterKind};
use std::ops::Range;
use std::path::Path;

/// Comparisons of expressions over the parameters, joined by `and` and `or`; `and` binds more closely.
#[derive(Debug)]
pub struct Condition {
    /// One of these holds: all comparisons of it.
    any: Vec<Vec<Comparison>>,
}

#[derive(Debug)]
struct Comparison {
    left: Side,
    operator: Operator,
    right: Side,
}

#[derive(Debug, Clone)]
enum Side {
    /// A number.
    Number(Expr),
    /// A parameter that is text or a truth value, by its place.
    Parameter(usize, ParameterKind),
    /// A text or a truth value.
    Constant(ParamValue),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
}

/// What stands between two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Compare(Operator),
    And,
    Or,
}

/// Longer ones first.
const OPERATORS: [(&str, Operator); 6] = [
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// What a condition may name.
struct Names<'a> {
    /// Names, and of which kind their values are.
    all: Vec<(&'a str, ParameterKind)>,
    /// What they are names of, for messages.
    what: &'static str,
}

impl Condition {
    /// Reads a condition over the parameters of a scope; `what` it is of, such as an option of the command line,
    /// stands in messages.
    pub(super) fn parse(scope: &Scope, text: &str, what: &str) -> Result<Self, PipelineError> {
        let kind = |place: usize| match scope.parameters.get(place) {
            Some(parameter) => parameter.kind,
            // Derived parameters are numbers.
            None => ParameterKind::Float,
        };
        let names = scope.names().into_iter().enumerate();
        let names = Names {
            all: names.map(|(place, name)| (name, kind(place))).collect(),
            what: "parameter",
        };
        Self::over(&names, text, what)
    }

    /// Reads a condition over the columns of a table, which [`Condition::holds_of`] numbers as they are given here.
    ///
    /// # Errors
    /// [`PipelineError`] with the place in the text.
    pub(crate) fn of_columns(
        columns: &[Parameter],
        text: &str,
        what: &str,
    ) -> Result<Self, PipelineError> {
        let names = columns
            .iter()
            .map(|column| (column.name.as_str(), column.kind));
        let names = Names {
            all: names.collect(),
            what: "column",
        };
        Self::over(&names, text, what)
    }

    fn over(names: &Names, text: &str, what: &str) -> Result<Self, PipelineError> {
        let source = SourceFile::new(Path::new(what).to_owned(), Some(text.into()));
        let marks = marks(text);
        let mut begin = 0;
        // Comparisons and joints are found first, then what stands between them is read.
        let mut sides = Vec::with_capacity(marks.len() + 1);
        for range in marks
            .iter()
            .map(|(_, range)| range.clone())
            .chain(std::iter::once(text.len()..text.len()))
        {
            sides.push((
                Side::parse(names, &source, begin..range.start)?,
                begin..range.start,
            ));
            begin = range.end;
        }
        // A sum of products: `and` binds before `or`, and there are no brackets around them.
        let mut any = vec![Vec::new()];
        // Whether the side that stands left of the next mark has been compared with something.
        let mut compared = false;
        for ((mark, _), pair) in marks.iter().zip(sides.windows(2)) {
            let [(left, at), (right, to)] = pair else {
                continue;
            };
            match mark {
                Mark::Compare(operator) => {
                    let (left, operator, right) = (left.clone(), *operator, right.clone());
                    let comparison = Comparison {
                        left,
                        operator,
                        right,
                    };
                    comparison.check(&source, at.start..to.end)?;
                    if let Some(all) = any.last_mut() {
                        all.push(comparison);
                    }
                    compared = true;
                }
                joint => {
                    if !compared {
                        return Err(no_comparison(&source, at));
                    }
                    if *joint == Mark::Or {
                        any.push(Vec::new());
                    }
                    compared = false;
                }
            }
        }
        match sides.last() {
            Some((_, at)) if !compared => Err(no_comparison(&source, at)),
            _ => Ok(Self { any }),
        }
    }

    /// Whether it holds at a point.
    pub(super) fn holds(&self, env: &Env) -> bool {
        self.holds_of(env.numbers(), &|place| env.point.get(place).cloned())
    }

    /// Whether it holds of values, by the places of their names: of numbers, and of those that are text or a truth
    /// value. Nothing holds of a number that is not there (NaN), or of another value that is `None`.
    pub(crate) fn holds_of(
        &self,
        numbers: &[f64],
        word: &dyn Fn(usize) -> Option<ParamValue>,
    ) -> bool {
        let holds = |comparison: &Comparison| comparison.holds(numbers, word);
        self.any.iter().any(|all| all.iter().all(holds))
    }

    /// Places of the names that it needs.
    pub(crate) fn needs(&self) -> Vec<usize> {
        let comparisons = self.any.iter().flatten();
        let sides = comparisons.flat_map(|comparison| [&comparison.left, &comparison.right]);
        let mut places: Vec<usize> = sides.flat_map(Side::needs).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

fn no_comparison(source: &SourceFile, at: &Range<usize>) -> PipelineError {
    source
        .error(at, "it is not compared with anything")
        .with_help("write comparisons, such as `mu > 40 and label == \"early\"`")
}

/// Comparisons, `and` and `or` outside quotes, with their places.
fn marks(text: &str) -> Vec<(Mark, Range<usize>)> {
    let mut marks = Vec::new();
    let mut quote = None;
    let mut next = 0;
    while let Some(c) = text.get(next..).and_then(|rest| rest.chars().next()) {
        let rest = &text[next..];
        let mut length = c.len_utf8();
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            // A whole word, so that the `or` of `color` is no joint.
            None if c.is_alphanumeric() || c == '_' => {
                let word = |c: char| !(c.is_alphanumeric() || c == '_');
                length = rest.find(word).unwrap_or(rest.len());
                match &rest[..length] {
                    "and" => marks.push((Mark::And, next..next + length)),
                    "or" => marks.push((Mark::Or, next..next + length)),
                    _ => {}
                }
            }
            None => {
                // Longer operators stand before shorter ones in the list: `<=` is not `<` and a
                // `=`.
                let operator = OPERATORS.iter().find(|(word, _)| rest.starts_with(word));
                if let Some((word, operator)) = operator {
                    length = word.len();
                    marks.push((Mark::Compare(*operator), next..next + length));
                }
            }
        }
        next += length;
    }
    marks
}

impl Side {
    fn parse(names: &Names, source: &SourceFile, at: Range<usize>) -> Result<Self, PipelineError> {
        let whole = source.text.as_deref().unwrap_or_default();
        let text = whole.get(at.clone()).unwrap_or_default();
        let begin = at.start + (text.len() - text.trim_start().len());
        let text = text.trim();
        if text.is_empty() {
            let help = "write comparisons, such as `mu > 40 and label == \"early\"`";
            return Err(source.error(&at, "a value is missing").with_help(help));
        }
        for quote in ['"', '\''] {
            let inside = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
            if let Some(inside) = inside {
                return Ok(Side::Constant(inside.into()));
            }
        }
        if let Ok(flag) = text.parse::<bool>() {
            return Ok(Side::Constant(flag.into()));
        }
        let place = |name: &str| names.all.iter().position(|(known, _)| *known == name);
        let kind = |place: usize| names.all.get(place).map(|(_, kind)| *kind);
        // Before expressions, in which a word has no place.
        if let Some(place) = place(text)
            && let Some(kind @ (ParameterKind::Str | ParameterKind::Bool)) = kind(place)
        {
            return Ok(Side::Parameter(place, kind));
        }
        let what = names.what;
        let number = Expr::parse(text, &mut |name| {
            let known: Vec<&str> = names.all.iter().map(|(name, _)| *name).collect();
            let Some(place) = place(name) else {
                let message = format!("there is no {what} `{name}`");
                return Err((message, Some(did_you_mean(name, &known))));
            };
            match kind(place) {
                Some(kind @ (ParameterKind::Str | ParameterKind::Bool)) => {
                    Err((format!("{what} `{name}` is {kind}, not a number"), None))
                }
                _ => Ok(place),
            }
        });
        number.map(Side::Number).map_err(|e| {
            let span = begin + e.at.start..begin + e.at.end;
            let error = source.error(&span, e.message.clone());
            error.with_label(e.message).with_optional_help(e.help)
        })
    }

    /// What its values are; numbers of both kinds are the same.
    fn kind(&self) -> ParameterKind {
        match self {
            Side::Number(_) => ParameterKind::Float,
            Side::Parameter(_, kind) => *kind,
            Side::Constant(value) => value.kind(),
        }
    }

    fn needs(&self) -> Vec<usize> {
        match self {
            Side::Number(expr) => expr.variables().collect(),
            Side::Parameter(place, _) => vec![*place],
            Side::Constant(_) => Vec::new(),
        }
    }

    /// Its value, if there is one.
    fn value(
        &self,
        numbers: &[f64],
        word: &dyn Fn(usize) -> Option<ParamValue>,
    ) -> Option<ParamValue> {
        match self {
            Side::Number(expr) => {
                let value = expr.evaluate(numbers);
                // A point without the value, or where it is not a number, fulfils no comparison.
                (!value.is_nan()).then_some(ParamValue::Float(value))
            }
            Side::Parameter(place, _) => word(*place),
            Side::Constant(value) => Some(value.clone()),
        }
    }
}

impl Comparison {
    fn check(&self, source: &SourceFile, at: Range<usize>) -> Result<(), PipelineError> {
        let (left, right) = (self.left.kind(), self.right.kind());
        // A word against a number would never hold: that is a mistake, not a condition.
        if left != right {
            let message = format!("{left} is compared with {right}");
            return Err(source
                .error(&at, message)
                .with_help("text stands in quotes: label == \"early\""));
        }
        let by_order = !matches!(self.operator, Operator::Equal | Operator::Unequal);
        if by_order && left != ParameterKind::Float {
            let message = format!("{left} is neither less nor greater than another");
            return Err(source
                .error(&at, message)
                .with_help("compare with `==` or `!=`"));
        }
        Ok(())
    }

    fn holds(&self, numbers: &[f64], word: &dyn Fn(usize) -> Option<ParamValue>) -> bool {
        let values = [&self.left, &self.right].map(|side| side.value(numbers, word));
        let [Some(left), Some(right)] = values else {
            return false;
        };
        let numbers = (left.as_f64(), right.as_f64());
        let by_order = |holds: fn(f64, f64) -> bool| match numbers {
            (Some(a), Some(b)) => holds(a, b),
            _ => false,
        };
        match self.operator {
            Operator::Less => by_order(|a, b| a < b),
            Operator::LessOrEqual => by_order(|a, b| a <= b),
            Operator::Greater => by_order(|a, b| a > b),
            Operator::GreaterOrEqual => by_order(|a, b| a >= b),
            Operator::Equal => left == right,
            Operator::Unequal => left != right,
        }
    }
}
