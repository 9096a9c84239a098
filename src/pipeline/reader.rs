//! Reading of TOML with places: every table knows its allowed keys, every value knows where it stands.

use super::error::{PipelineError, SourceFile, nearest, one_of};
use super::keys::{
    NETWORK_KEYS, OUTPUT_KEYS, ROOT_KEYS, SAMPLES_KEYS, SIMULATION_KEYS, SUMMARY_KEYS, SWEEP_KEYS,
};
use super::quantity;
use crate::input::Problem;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a setting stands in the file, and how messages call it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Place {
    /// Key, with dots and indices below its owner: `weights_ampa.L2_basket`.
    pub(crate) name: String,
    /// What the key belongs to: `[simulation]`, ``drive `evprox` ``.
    pub(crate) owner: String,
    /// Bytes of the value.
    pub(crate) span: Range<usize>,
}

impl Place {
    /// The setting as a path: `drives.evprox.weights_ampa.L2_basket`, `simulation.tstop`; of `[set]` the path in the
    /// network.
    pub(crate) fn path(&self) -> String {
        let of = |what: &str| {
            let name = self.owner.strip_prefix(what)?.strip_prefix(" `")?;
            name.strip_suffix('`')
        };
        let table = self
            .owner
            .strip_prefix('[')
            .and_then(|table| table.strip_suffix(']'));
        match (of("drive"), of("bias"), of("electrode array"), table) {
            (Some(name), ..) => format!("drives.{name}.{}", self.name),
            (_, Some(name), ..) => format!("biases.{name}.{}", self.name),
            (_, _, Some(name), _) => format!("rec_arrays.{name}.{}", self.name),
            (.., Some("set")) => self.name.clone(),
            (.., Some(table)) => format!("{table}.{}", self.name),
            _ if self.owner.is_empty() => self.name.clone(),
            _ => format!("{}.{}", self.owner.trim_start_matches("a "), self.name),
        }
    }

    /// `` `mu` of drive `evprox` ``
    pub(crate) fn describe(&self) -> String {
        if self.owner.is_empty() {
            format!("`{}`", self.name)
        } else {
            format!("`{}` of {}", self.name, self.owner)
        }
    }
}

/// A value in the file.
#[derive(Clone)]
pub(crate) struct TomlItem<'a> {
    pub(crate) source: &'a SourceFile,
    pub(crate) place: Place,
    value: &'a DeValue<'a>,
}

impl<'a> TomlItem<'a> {
    pub(crate) fn name(&self) -> &str {
        &self.place.name
    }

    pub(crate) fn describe(&self) -> String {
        self.place.describe()
    }

    /// The text of the value as it stands in the file.
    pub(crate) fn source_text(&self) -> &'a str {
        let text = self.source.text.as_deref().unwrap_or_default();
        text.get(self.place.span.clone()).unwrap_or_default()
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> PipelineError {
        self.source.error(&self.place.span, message)
    }

    /// What is wrong with a file that the value names.
    pub(crate) fn error_in(&self, path: &Path, problem: Problem) -> PipelineError {
        self.error(format!("{}: {problem}", path.display()))
            .with_optional_help(problem.help)
    }

    pub(crate) fn wrong_type(&self, wanted: &str) -> PipelineError {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(format!("{} must be {wanted}, not {found}", self.describe()))
    }

    /// The error of a text that is a number with a unit; `None` of any other.
    pub(crate) fn has_unit(&self, text: &str) -> Option<PipelineError> {
        let (what, help) = quantity::with_unit(self.name(), &self.describe(), text)?;
        Some(self.error(what).with_help(help))
    }

    pub(crate) fn is_array(&self) -> bool {
        self.value.is_array()
    }

    pub(crate) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(crate) fn is_string(&self) -> bool {
        self.value.is_str()
    }

    pub(crate) fn is_bool(&self) -> bool {
        self.value.is_bool()
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.value.is_integer()
    }

    pub(crate) fn bool(&self) -> Result<bool, PipelineError> {
        match self.value {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    pub(crate) fn string(&self) -> Result<String, PipelineError> {
        match self.value {
            DeValue::String(value) => Ok(value.to_string()),
            _ => Err(self.wrong_type("a string")),
        }
    }

    pub(crate) fn integer(&self) -> Result<i64, PipelineError> {
        match self.value {
            DeValue::Integer(value) => {
                // With its sign and base: TOML has hexadecimal, octal and binary numbers.
                i64::from_str_radix(value.as_str(), value.radix()).map_err(|_| {
                    self.error(format!(
                        "{} is too large for a 64-bit number",
                        self.describe()
                    ))
                })
            }
            _ => Err(self.wrong_type("a whole number")),
        }
    }

    /// A finite number, with the bits that Rust and Python give its decimal text.
    pub(crate) fn float(&self) -> Result<f64, PipelineError> {
        let value = match self.value {
            // From its digits: through a 64-bit integer large numbers would be cut.
            DeValue::Integer(value) if value.radix() == 10 => value.as_str().parse().ok(),
            DeValue::Integer(_) => Some(self.integer()? as f64),
            DeValue::Float(value) => value.as_str().parse::<f64>().ok(),
            DeValue::String(text) => {
                return Err(self
                    .has_unit(text)
                    .unwrap_or_else(|| self.wrong_type("a number")));
            }
            _ => return Err(self.wrong_type("a number")),
        };
        value.filter(|v| v.is_finite()).ok_or_else(|| {
            self.error(format!(
                "{} must be finite, not {}",
                self.describe(),
                self.source_text()
            ))
        })
    }

    /// `inf` or `-inf`.
    pub(crate) fn infinite(&self) -> Option<f64> {
        match self.value {
            DeValue::Float(value) => value
                .as_str()
                .parse()
                .ok()
                .filter(|v: &f64| v.is_infinite() && value.as_str().ends_with("inf")),
            _ => None,
        }
    }

    pub(crate) fn array(&self) -> Result<Vec<TomlItem<'a>>, PipelineError> {
        match self.value {
            DeValue::Array(values) => Ok(values
                .iter()
                .enumerate()
                .map(|(i, value)| TomlItem {
                    source: self.source,
                    place: Place {
                        name: format!("{}[{i}]", self.place.name),
                        owner: self.place.owner.clone(),
                        span: value.span(),
                    },
                    value: value.get_ref(),
                })
                .collect()),
            _ => Err(self.wrong_type("a list")),
        }
    }

    /// One of a few words.
    pub(crate) fn word<'w>(&self, allowed: &[&'w str]) -> Result<&'w str, PipelineError> {
        let word = self.string()?;
        allowed
            .iter()
            .find(|w| **w == word)
            .copied()
            .ok_or_else(|| {
                // All allowed words are told in any case; the nearest is what a slip of the finger
                // meant.
                let near = nearest(&word, allowed);
                self.error(format!(
                    "{} must be {}, not `{word}`",
                    self.describe(),
                    one_of(allowed)
                ))
                .with_optional_help(near.map(|near| format!("did you mean `{near}`?")))
            })
    }

    /// A whole number within limits.
    pub(crate) fn integer_in(&self, allowed: Range<i64>) -> Result<i64, PipelineError> {
        let value = self.integer()?;
        if allowed.contains(&value) {
            Ok(value)
        } else {
            Err(self.error(format!(
                "{} must be {} to {}, not {value}",
                self.describe(),
                allowed.start,
                allowed.end - 1
            )))
        }
    }
}

/// A table in the file, in the order of the file.
pub(crate) struct TomlTable<'a> {
    pub(crate) source: &'a SourceFile,
    /// How messages call the table.
    pub(crate) owner: String,
    pub(crate) span: Range<usize>,
    prefix: String,
    entries: Vec<(
        &'a Spanned<std::borrow::Cow<'a, str>>,
        &'a Spanned<DeValue<'a>>,
    )>,
}

/// Keys that users look for in the wrong table, with the table that has them.
const KEYS_ELSEWHERE: [(&str, &[&str]); 7] = [
    ("at the top of the file", ROOT_KEYS),
    ("[network]", NETWORK_KEYS),
    ("[simulation]", SIMULATION_KEYS),
    ("[sweep]", SWEEP_KEYS),
    ("[samples]", SAMPLES_KEYS),
    ("[output]", OUTPUT_KEYS),
    ("[[summary]]", SUMMARY_KEYS),
];

/// Arguments of older versions of hnn-core: what they are called today, and what to write.
const OLD_NAMES: [(&str, &str, &str); 13] = [
    ("T", "tstop", "hnn-core calls it `tstop` today"),
    (
        "seedcore",
        "event_seed",
        "hnn-core calls it `event_seed` today",
    ),
    (
        "sync_within_trial",
        "n_drive_cells",
        "instead of `sync_within_trial = true` write `n_drive_cells = 1` and `cell_specific = false`",
    ),
    (
        "sync_evinput",
        "n_drive_cells",
        "write `n_drive_cells = 1` and `cell_specific = false`",
    ),
    (
        "repeats",
        "n_drive_cells",
        "hnn-core calls it `n_drive_cells` today",
    ),
    (
        "f_input",
        "burst_rate",
        "hnn-core calls it `burst_rate` today",
    ),
    (
        "events_per_cycle",
        "numspikes",
        "hnn-core calls it `numspikes` today",
    ),
    (
        "dispersion_time",
        "sigma",
        "hnn-core calls it `sigma` today",
    ),
    (
        "record_vsoma",
        "record_vsec",
        "write `record_vsec = \"soma\"`",
    ),
    (
        "record_isoma",
        "record_isec",
        "write `record_isec = \"soma\"`",
    ),
    (
        "n_jobs",
        "tstop",
        "write it on the command line: `hnn-sweep run --jobs 4`",
    ),
    ("trials", "n_trials", "hnn-core calls it `n_trials`"),
    ("N_trials", "n_trials", "hnn-core calls it `n_trials` today"),
];

impl<'a> TomlTable<'a> {
    /// The file's top table.
    pub(crate) fn root(
        source: &'a SourceFile,
        table: &'a Spanned<DeTable<'a>>,
        allowed: &[&str],
    ) -> Self {
        let table = Self::make(
            source,
            String::new(),
            String::new(),
            table.span(),
            table.get_ref(),
        );
        table.check_keys(allowed);
        table
    }

    /// A table whose keys are all allowed.
    pub(crate) fn new(item: &TomlItem<'a>, allowed: &[&str]) -> Result<Self, PipelineError> {
        let table = Self::open(item)?;
        table.check_keys(allowed);
        Ok(table)
    }

    /// A table with keys of the user's choice.
    pub(crate) fn open(item: &TomlItem<'a>) -> Result<Self, PipelineError> {
        let DeValue::Table(entries) = item.value else {
            return Err(item.wrong_type("a table"));
        };
        Ok(Self::make(
            item.source,
            item.place.owner.clone(),
            item.place.name.clone(),
            item.place.span.clone(),
            entries,
        ))
    }

    fn make(
        source: &'a SourceFile,
        owner: String,
        prefix: String,
        span: Range<usize>,
        entries: &'a DeTable<'a>,
    ) -> Self {
        let mut entries: Vec<_> = entries.iter().collect();
        // In the order of the file, which TOML tables do not keep by themselves.
        entries.sort_by_key(|(key, _)| key.span().start);
        // A table at the top of the file is called by its header, one below it by its key.
        let (owner, prefix) = if owner.is_empty() && !prefix.is_empty() {
            (format!("[{prefix}]"), String::new())
        } else {
            (owner, prefix)
        };
        Self {
            source,
            owner,
            span,
            prefix,
            entries,
        }
    }

    /// The same table under another name, such as ``drive `evprox` ``.
    pub(crate) fn called(mut self, owner: impl Into<String>) -> Self {
        self.owner = owner.into();
        self.prefix.clear();
        self
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> PipelineError {
        self.source.error(&self.span, message)
    }

    /// How messages call the table.
    pub(crate) fn describe(&self) -> String {
        match (self.prefix.is_empty(), self.owner.is_empty()) {
            (true, true) => "the pipeline".to_owned(),
            (true, false) => self.owner.clone(),
            (false, true) => format!("`{}`", self.prefix),
            (false, false) => format!("`{}` of {}", self.prefix, self.owner),
        }
    }

    /// Takes note of every key that is not allowed; whether there was none.
    pub(crate) fn check_keys(&self, allowed: &[&str]) -> bool {
        let mut is_clean = true;
        for (key, _) in &self.entries {
            let name = key.get_ref().as_ref();
            if allowed.contains(&name) {
                continue;
            }
            is_clean = false;
            // An old name helps only where its new one belongs, and there before a near one.
            let today = OLD_NAMES
                .iter()
                .filter(|(old, ..)| *old == name)
                .find(|(_, today, _)| allowed.contains(today));
            let elsewhere = KEYS_ELSEWHERE
                .iter()
                .find(|(_, keys)| keys.contains(&name))
                .map(|(table, _)| format!("`{name}` belongs {table}", table = in_table(table)));
            let help = match (today, nearest(name, allowed)) {
                (Some((_, _, help)), _) => (*help).to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                _ => elsewhere.unwrap_or_else(|| format!("allowed: {}", one_of(allowed))),
            };
            let message = format!("`{name}` is not a key of {}", self.describe());
            let mistake = self.source.error(&key.span(), message);
            self.source
                .note(mistake.with_label("unknown key").with_help(help));
        }
        is_clean
    }

    /// What `read` makes of a key's value; a mistake is noted, and reading goes on without the value.
    pub(crate) fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&TomlItem<'a>) -> Result<T, PipelineError>,
    ) -> Option<T> {
        self.source.keep(read(&self.get(key)?))
    }

    /// The same for a key that must be there.
    pub(crate) fn required<T>(
        &self,
        key: &str,
        read: impl FnOnce(&TomlItem<'a>) -> Result<T, PipelineError>,
    ) -> Option<T> {
        let item = self.source.keep(self.require(key))?;
        self.source.keep(read(&item))
    }

    fn item(
        &self,
        key: &Spanned<std::borrow::Cow<'a, str>>,
        value: &'a Spanned<DeValue<'a>>,
    ) -> TomlItem<'a> {
        let name = key.get_ref();
        TomlItem {
            source: self.source,
            place: Place {
                name: if self.prefix.is_empty() {
                    name.to_string()
                } else {
                    format!("{}.{name}", self.prefix)
                },
                owner: self.owner.clone(),
                span: value.span(),
            },
            value: value.get_ref(),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<TomlItem<'a>> {
        self.entries
            .iter()
            .find(|(k, _)| k.get_ref().as_ref() == key)
            .map(|(k, v)| self.item(k, v))
    }

    pub(crate) fn require(&self, key: &str) -> Result<TomlItem<'a>, PipelineError> {
        self.get(key).ok_or_else(|| {
            // A key that is misspelt is noted already, and not missing besides.
            let misspelt = self.entries.iter().find_map(|(name, _)| {
                nearest(name.get_ref(), &[key])?;
                self.source.noted_at(&name.span())
            });
            misspelt.unwrap_or_else(|| self.error(format!("{} lacks `{key}`", self.describe())))
        })
    }

    /// Keys with their places, and values, in the order of the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, Range<usize>, TomlItem<'a>)> + '_ {
        self.entries
            .iter()
            .map(|(k, v)| (k.get_ref().as_ref(), k.span(), self.item(k, v)))
    }

    /// A boolean with a default.
    pub(crate) fn bool_or(&self, key: &str, default: bool) -> Result<bool, PipelineError> {
        self.get(key).map_or(Ok(default), |item| item.bool())
    }
}

fn in_table(table: &str) -> String {
    if table.starts_with('[') {
        format!("in {table}")
    } else {
        table.to_owned()
    }
}
