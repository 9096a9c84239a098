//! `[set]`: anything in the network, by a path; see [`Network::set`] for the paths.

use super::error::PipelineError;
use super::reader::{Place, TomlItem, TomlTable};
use super::scope::{Env, Scope};
use super::setting::{Changed, Flag, Number, Text};
use crate::network::{Network, NetworkError, SetValue};

/// One line of `[set]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SetSpec {
    path: String,
    value: Given,
    place: Place,
}

/// A value that may depend on parameters.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    Number(Number),
    /// An expression over what is there.
    Changed(Changed),
    Text(Text),
    Flag(Flag),
    Table(Vec<(String, Given)>),
}

/// Fields of a network that are words, so that a string there is no expression.
const WORDS: [&str; 3] = ["location", "section", "method"];

impl SetSpec {
    /// All lines of the table, in the order of the file.
    pub(super) fn read(item: Option<&TomlItem>, scope: &Scope) -> Result<Vec<Self>, PipelineError> {
        let mut lines = Vec::new();
        if let Some(item) = item {
            collect(item, "", scope, &mut lines)?;
        }
        Ok(lines)
    }

    /// Whether it sets something below a path.
    pub(super) fn is_below(&self, path: &str) -> bool {
        // Quotes are a matter of spelling.
        self.path.replace('"', "").starts_with(path)
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn apply(&self, network: &mut Network, env: &Env) -> Result<(), PipelineError> {
        if let Given::Changed(changed) = &self.value {
            let places = network.values_at(&self.path);
            // Place by place, as `value` is another number at each.
            for place in places.map_err(|e| self.wrong(e, env))? {
                let new: Result<Vec<f64>, PipelineError> = (place.values.iter())
                    .map(|value| changed.evaluate(env, *value))
                    .collect();
                let set = network.set_values(&place, &new?);
                set.map_err(|e| self.wrong(e, env))?;
            }
            return Ok(());
        }
        let value = self.value.evaluate(env)?;
        network
            .set(&self.path, value)
            .map_err(|e| self.wrong(e, env))
    }

    fn wrong(&self, error: NetworkError, env: &Env) -> PipelineError {
        let problem = match error {
            // The path is named below.
            NetworkError::File { problem, .. } => problem,
            other => other.to_string(),
        };
        env.source.error(
            &self.place.span,
            format!("`{}` of [set]: {problem}{}", self.path, env.where_clause()),
        )
    }
}

/// Walks the tables that dotted keys and headers make, down to values; an inline table is a value.
fn collect(
    item: &TomlItem,
    path: &str,
    scope: &Scope,
    lines: &mut Vec<SetSpec>,
) -> Result<(), PipelineError> {
    for (key, span, value) in TomlTable::open(item)?.iter() {
        let path = match path {
            "" => key.to_owned(),
            _ if key.contains(['.', '[']) => format!("{path}.\"{key}\""),
            _ => format!("{path}.{key}"),
        };
        // A header only continues the path; braces give a value.
        if value.is_table() && !value.source_text().starts_with('{') {
            collect(&value, &path, scope, lines)?;
            continue;
        }
        let end = value.place.span.end.max(span.end);
        let Some(read) = value.source.keep(Given::read(&value, &path, scope)) else {
            continue;
        };
        lines.push(SetSpec {
            value: read,
            place: Place {
                name: path.clone(),
                owner: "[set]".to_owned(),
                span: span.start..end,
            },
            path,
        });
    }
    Ok(())
}

impl Given {
    fn read(item: &TomlItem, path: &str, scope: &Scope) -> Result<Self, PipelineError> {
        if item.is_table() {
            return TomlTable::open(item)?
                .iter()
                .map(|(key, _, item)| Ok((key.to_owned(), Self::read(&item, key, scope)?)))
                .collect::<Result<_, _>>()
                .map(Self::Table);
        }
        if item.is_bool() {
            return Flag::read(item, scope).map(Self::Flag);
        }
        if item.is_string() {
            let text = item.string()?;
            let field = path.rsplit('.').next().unwrap_or(path);
            // Words are told by the field, as `"soma"` could be a parameter otherwise.
            if WORDS.contains(&field) || text == "n_cells" || scope.is_word(&text) {
                return Text::read(item, scope).map(Self::Text);
            }
            if let Some(changed) = Changed::read(item, scope)? {
                return Ok(Self::Changed(changed));
            }
            if scope.is_flag(&text) {
                return Flag::read(item, scope).map(Self::Flag);
            }
        }
        Number::read(item, scope).map(Self::Number)
    }

    fn evaluate(&self, env: &Env) -> Result<SetValue, PipelineError> {
        Ok(match self {
            Given::Number(number) => SetValue::Number(number.evaluate(env)?),
            // Set place by place where it stands by itself; as an entry of a table there is nothing to change.
            Given::Changed(changed) => SetValue::Number(changed.evaluate(env, f64::NAN)?),
            Given::Text(text) => SetValue::Text(text.evaluate(env).to_owned()),
            Given::Flag(flag) => SetValue::Flag(flag.evaluate(env)),
            Given::Table(entries) => SetValue::Table(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.evaluate(env)?)))
                    .collect::<Result<_, PipelineError>>()?,
            ),
        })
    }
}
