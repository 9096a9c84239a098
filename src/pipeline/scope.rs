//! Names that settings may depend on, and their values at a point of the grid.

use super::error::{PipelineError, SourceFile, did_you_mean};
use super::expr::{BUILT_IN_NAMES, Expr, ExprError};
use super::reader::{Place, TomlItem, TomlTable};
use super::value::{ParamValue, Parameter, ParameterKind};
use crate::store::RESERVED;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Names that expressions may use: the grid's parameters, then derived ones.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(super) parameters: Vec<Parameter>,
    derived: Vec<Derived>,
    /// Derived parameters in an order in which each needs only earlier ones.
    order: Vec<usize>,
    /// Where settings name parameters and derived ones.
    uses: Mutex<Vec<Use>>,
    /// Whether names are missing, since they could not be read.
    incomplete: bool,
}

/// Where a setting names a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Use {
    /// The parameter or derived one, by its place in [`Scope::names`].
    variable: usize,
    /// The setting, as a path.
    pub(super) path: String,
    /// Whether the setting is nothing but the parameter.
    pub(super) alone: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Derived {
    name: String,
    place: Place,
    expr: Expr,
}

/// Refuses names that cannot be used in expressions or as a column.
pub(crate) fn check_name(
    source: &SourceFile,
    span: &Range<usize>,
    what: &str,
    name: &str,
    taken: &[&str],
) -> Result<(), PipelineError> {
    let error = |message: String, help: &str| Err(source.error(span, message).with_help(help));
    let mut chars = name.chars();
    let starts_well = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    // As a column: SQL and pandas take such a name without quotes.
    if !starts_well || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') || name.len() > 100 {
        return error(
            format!("`{name}` cannot name a {what}"),
            "a name has a letter first, then letters, digits and _ (at most 100), so that it can stand in \
             expressions and as a column of the tables",
        );
    }
    let lower = name.to_lowercase();
    // SQL does not tell upper from lower case.
    if RESERVED
        .iter()
        .any(|column| column.eq_ignore_ascii_case(name))
    {
        return error(
            format!("`{name}` cannot name a {what}: the tables have a column of that name"),
            "choose a name that says what it means, such as `weight_basket`",
        );
    }
    if BUILT_IN_NAMES.contains(&name) {
        return error(
            format!(
                "`{name}` cannot name a {what}: expressions have a function or constant of that name"
            ),
            "choose another name",
        );
    }
    if let Some(other) = taken.iter().find(|t| t.to_lowercase() == lower) {
        return error(
            format!("`{name}` is already the name of a parameter or summary (`{other}`)"),
            "names that differ only in case are one column in SQL; choose another name",
        );
    }
    Ok(())
}

impl Scope {
    /// A scope of the grid's parameters and of the table `[derived]`.
    pub(crate) fn new(
        parameters: Vec<Parameter>,
        derived: Option<&TomlTable>,
    ) -> Result<Self, PipelineError> {
        let mut scope = Self {
            parameters,
            ..Self::default()
        };
        let Some(table) = derived else {
            return Ok(scope);
        };
        let names: Vec<&str> = table.iter().map(|(name, ..)| name).collect();
        let mut taken: Vec<String> = scope.parameters.iter().map(|p| p.name.clone()).collect();
        for (name, span, item) in table.iter() {
            let refs: Vec<&str> = taken.iter().map(String::as_str).collect();
            let named = check_name(table.source, &span, "parameter", name, &refs);
            table.source.keep(named);
            taken.push(name.to_owned());
            let expr = if item.is_string() {
                scope.parse(&item, &names)
            } else {
                // A plain number is an expression too.
                item.float().and_then(|number| constant(&item, number))
            };
            // After a mistake the name is known all the same, so that what uses it is not a mistake, too.
            let expr = table.source.keep(expr);
            let expr = expr.or_else(|| table.source.keep(constant(&item, 1.0)));
            scope.derived.extend(expr.map(|expr| Derived {
                name: name.to_owned(),
                place: item.place,
                expr,
            }));
        }
        // Sorted once: at each point they are computed in this order.
        scope.order = scope.sort(table.source)?;
        Ok(scope)
    }

    /// The same scope of parameters of which some could not be read: no name is unknown to it.
    pub(crate) fn incomplete(mut self) -> Self {
        self.incomplete = true;
        self
    }

    /// Reads an expression.
    pub(super) fn expression(&self, item: &TomlItem) -> Result<Expr, PipelineError> {
        self.expression_over(item, None)
    }

    /// Reads an expression over one more name, whose number is the last.
    pub(super) fn expression_over(
        &self,
        item: &TomlItem,
        more: Option<&str>,
    ) -> Result<Expr, PipelineError> {
        let derived = self.derived.iter().map(|d| d.name.as_str());
        let expr = self.parse(item, &derived.chain(more).collect::<Vec<_>>())?;
        // An expression that is nothing but a parameter has that parameter's unit.
        let alone = expr.as_variable().is_some();
        expr.variables()
            .for_each(|index| self.note_use(index, &item.place, alone));
        Ok(expr)
    }

    /// Takes note that a setting names a parameter, by its place in [`names`](Self::names).
    pub(super) fn note_use(&self, variable: usize, place: &Place, alone: bool) {
        let path = place.path();
        let one = Use {
            variable,
            path,
            alone,
        };
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if !uses.contains(&one) {
            uses.push(one);
        }
    }

    /// Settings that depend on a parameter, itself or through derived ones, in the order of the file.
    pub(super) fn uses(&self, parameter: usize) -> Vec<Use> {
        // Each derived one needs only earlier ones. `true` where it is nothing but the parameter.
        let mut through = vec![(parameter, true)];
        for index in &self.order {
            let Some(derived) = self.derived.get(*index) else {
                continue;
            };
            let needs = |of: usize| derived.expr.variables().any(|variable| variable == of);
            if through.iter().any(|(of, _)| needs(*of)) {
                through.push((
                    self.parameters.len() + index,
                    derived.expr.as_variable().is_some(),
                ));
            }
        }
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Use> = Vec::new();
        for one in uses.iter() {
            let same = |(variable, _): &&(usize, bool)| *variable == one.variable;
            if let Some((_, alone)) = through.iter().find(same)
                && !found.iter().any(|known| known.path == one.path)
            {
                let alone = one.alone && *alone;
                found.push(Use {
                    alone,
                    ..one.clone()
                });
            }
        }
        found
    }

    /// Parameters that no setting names, neither itself nor through derived ones.
    pub(crate) fn unused(&self) -> Vec<&str> {
        let parameters = self.parameters.iter().enumerate();
        parameters
            .filter(|(place, _)| self.uses(*place).is_empty())
            .map(|(_, p)| p.name.as_str())
            .collect()
    }

    /// Parses an expression; `derived` are the names of all derived parameters, known or still to be read.
    fn parse(&self, item: &TomlItem, derived: &[&str]) -> Result<Expr, PipelineError> {
        let text = item.string()?;
        let first_derived = self.parameters.len();
        Expr::parse(&text, &mut |name| {
            if let Some(index) = self.parameters.iter().position(|p| p.name == name) {
                return match self.parameters.get(index).map(|p| p.kind) {
                    Some(ParameterKind::Float | ParameterKind::Int) => Ok(index),
                    kind => Err((
                        format!(
                            "parameter `{name}` is {}, not a number",
                            kind.map(|k| k.to_string()).unwrap_or_default()
                        ),
                        None,
                    )),
                };
            }
            if let Some(index) = derived.iter().position(|d| *d == name) {
                // Parameters first, derived ones behind them: one list of numbers serves both.
                return Ok(first_derived + index);
            }
            // Its parameters could not be read, so any name may be one of them.
            if self.incomplete {
                return Ok(usize::MAX);
            }
            Err((
                format!("there is no parameter `{name}`"),
                Some(self.help_for(name, derived)),
            ))
        })
        .map_err(|e| {
            // A number with a unit is the likeliest reason why an expression cannot be read.
            item.has_unit(&text)
                .unwrap_or_else(|| in_expression(item, &text, e))
        })
    }

    fn help_for(&self, name: &str, derived: &[&str]) -> String {
        let mut names: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
        names.extend(derived);
        if names.is_empty() {
            "the file has no parameters; add them in [grid] or [derived]".to_owned()
        } else {
            did_you_mean(name, &names)
        }
    }

    /// Orders derived parameters so that each comes after those it uses.
    fn sort(&self, source: &SourceFile) -> Result<Vec<usize>, PipelineError> {
        let mut order: Vec<usize> = Vec::with_capacity(self.derived.len());
        let mut done = vec![false; self.derived.len()];
        let needs = |index: usize| {
            self.derived.get(index).into_iter().flat_map(|d| {
                d.expr
                    .variables()
                    .filter_map(|v| v.checked_sub(self.parameters.len()))
                    .filter(|v| *v < self.derived.len())
            })
        };
        loop {
            let mut progress = false;
            for index in 0..self.derived.len() {
                let is_done = |i: usize| done.get(i).copied().unwrap_or(true);
                if !is_done(index) && needs(index).all(is_done) {
                    if let Some(slot) = done.get_mut(index) {
                        *slot = true;
                    }
                    order.push(index);
                    progress = true;
                }
            }
            if !progress {
                break;
            }
        }
        if order.len() == self.derived.len() {
            return Ok(order);
        }
        // Follow unfinished needs from any unfinished parameter until one repeats: that is the cycle.
        let mut path: Vec<usize> = Vec::new();
        let mut at = done.iter().position(|d| !d).unwrap_or(0);
        while !path.contains(&at) {
            path.push(at);
            at = needs(at)
                .find(|&i| !done.get(i).copied().unwrap_or(true))
                .unwrap_or(at);
        }
        path.drain(..path.iter().position(|&i| i == at).unwrap_or(0));
        let name = |i: &usize| self.derived.get(*i).map_or("", |d| d.name.as_str());
        let chain: Vec<&str> = path.iter().chain([&at]).map(name).collect();
        let span = self.derived.get(at).map_or(0..0, |d| d.place.span.clone());
        Err(source
            .error(
                &span,
                format!(
                    "derived parameters need each other in a circle: {}",
                    chain.join(" -> ")
                ),
            )
            .with_label("part of the circle")
            .with_help("let one of them depend on parameters of [grid] only"))
    }

    /// All names, parameters first.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.parameters
            .iter()
            .map(|p| p.name.as_str())
            .chain(self.derived.iter().map(|d| d.name.as_str()))
            .collect()
    }

    /// Whether a text is `"$name"` of a string parameter.
    pub(crate) fn is_word(&self, text: &str) -> bool {
        self.is_reference(text, ParameterKind::Str)
    }

    /// Whether a text is `"$name"` of a boolean parameter.
    pub(crate) fn is_flag(&self, text: &str) -> bool {
        self.is_reference(text, ParameterKind::Bool)
    }

    fn is_reference(&self, text: &str, kind: ParameterKind) -> bool {
        let name = text.strip_prefix('$');
        name.is_some_and(|name| {
            self.parameters
                .iter()
                .any(|p| p.name == name && p.kind == kind)
        })
    }

    /// Values of all names at a point.
    pub(crate) fn at<'a>(
        &'a self,
        source: &'a SourceFile,
        point: &'a [ParamValue],
    ) -> Result<Env<'a>, PipelineError> {
        let fits = point.len() == self.parameters.len()
            && point
                .iter()
                .zip(&self.parameters)
                .all(|(v, p)| v.kind() == p.kind);
        if !fits {
            let names: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
            return Err(SourceFile::error_of_file(
                &source.path,
                format!(
                    "a point of this pipeline has values of {}; {} values of other number or kind were given",
                    if names.is_empty() {
                        "no parameter".to_owned()
                    } else {
                        names.join(", ")
                    },
                    point.len(),
                ),
            ));
        }
        let mut env = Env {
            source,
            scope: self,
            point,
            numbers: point
                .iter()
                .map(|v| v.as_f64().unwrap_or(f64::NAN))
                .chain(self.derived.iter().map(|_| f64::NAN))
                .collect(),
        };
        // In their order, so that each finds what it needs.
        for &index in &self.order {
            if let Some(derived) = self.derived.get(index) {
                let value = env.finite(&derived.place, &derived.expr)?;
                if let Some(slot) = env.numbers.get_mut(self.parameters.len() + index) {
                    *slot = value;
                }
            }
        }
        Ok(env)
    }
}

/// An expression that is a number.
fn constant(item: &TomlItem, number: f64) -> Result<Expr, PipelineError> {
    let none = |_: &str| Err((String::new(), None));
    // `{:?}` writes a float so that reading it gives the same bits.
    Expr::parse(&format!("{number:?}"), &mut { none }).map_err(|e| item.error(e.message))
}

/// An error at a part of an expression.
pub(crate) fn in_expression(item: &TomlItem, text: &str, error: ExprError) -> PipelineError {
    let label = error.message;
    item.source
        .error(
            &span_within(item, text, &error.at),
            format!("{}: {label}", item.describe()),
        )
        .with_label(label)
        .with_optional_help(error.help)
}

/// Place of a part of an expression; of all of it where escapes shift the characters.
fn span_within(item: &TomlItem, text: &str, at: &Range<usize>) -> Range<usize> {
    let span = &item.place.span;
    let raw = item.source_text();
    // Escapes in the string shift places: then all of it is marked.
    match raw.find(text) {
        Some(offset) if !text.is_empty() => {
            let start = span.start + offset;
            let end = (start + at.end).max(start + at.start + 1).min(span.end);
            start + at.start..end.max(start + at.start)
        }
        _ => span.clone(),
    }
}

/// Values of all parameters at a point.
pub(crate) struct Env<'a> {
    pub(crate) source: &'a SourceFile,
    pub(super) scope: &'a Scope,
    pub(super) point: &'a [ParamValue],
    numbers: Vec<f64>,
}

impl Env<'_> {
    /// `weight = 0.1, seed = 3`, for messages.
    pub(crate) fn describe(&self) -> String {
        let mut text: Vec<String> = self
            .scope
            .parameters
            .iter()
            .zip(self.point)
            .map(|(p, v)| format!("{} = {v}", p.name))
            .collect();
        if text.len() > 8 {
            text.truncate(8);
            text.push("…".to_owned());
        }
        text.join(", ")
    }

    /// ` (where weight = 0.1)`, or nothing where there are no parameters.
    pub(crate) fn where_clause(&self) -> String {
        if self.point.is_empty() {
            String::new()
        } else {
            format!(" where {}", self.describe())
        }
    }

    /// The path of a file that the pipeline names, relative to the pipeline file.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.source.beside(name)
    }

    /// An error at a place, which names the grid point.
    pub(crate) fn error(&self, place: &Place, message: &str) -> PipelineError {
        self.source.error(
            &place.span,
            format!("{} {message}{}", place.describe(), self.where_clause()),
        )
    }

    /// An error of something that has no place in a file, which names the grid point.
    pub(crate) fn error_of(&self, what: &str, message: &str) -> PipelineError {
        let message = format!("{what} {message}{}", self.where_clause());
        SourceFile::error_of_file(&self.source.path, message)
    }

    /// Values of the scope's names; NaN where one is no number.
    pub(super) fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    pub(super) fn finite(&self, place: &Place, expr: &Expr) -> Result<f64, PipelineError> {
        self.finite_or(place, expr, expr.evaluate(&self.numbers))
    }

    /// The value of an expression over one more number.
    pub(super) fn finite_over(
        &self,
        place: &Place,
        expr: &Expr,
        more: f64,
    ) -> Result<f64, PipelineError> {
        let numbers: Vec<f64> = self.numbers.iter().copied().chain([more]).collect();
        self.finite_or(place, expr, expr.evaluate(&numbers))
    }

    fn finite_or(&self, place: &Place, expr: &Expr, value: f64) -> Result<f64, PipelineError> {
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self
                .error(place, &format!("(\"{}\") is {value}", expr.text()))
                .with_label("not a finite number")
                .with_help("change the expression, or remove the values from the grid for which it has no finite result"))
        }
    }
}
