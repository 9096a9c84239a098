//! The network files of hnn-core: what `Network.write_configuration()` writes.
//!
//! Reading gives the network as it was in memory when it was written, also where hnn-core's own reader loses something:
//! `nseg`, pruned pairs, the in-plane distance, spike trains. Writing gives a file that hnn-core reads back.
//!
//! Where a file must hold another value for hnn-core than the network has, the network's own value stands in an object
//! `hnn_sweep` beside it, which hnn-core does not look at and which takes precedence here.

mod read;
mod read_cells;
mod read_drives;
mod rounding;
mod special;
mod write;

use super::{Gid, NetworkError};
use serde_json::Value;

/// Key of the object whose entries take precedence over those beside it.
const OVERRIDES: &str = "hnn_sweep";

/// A value in a document, with the path that leads to it.
struct Node<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    fn error(&self, problem: impl Into<String>) -> NetworkError {
        NetworkError::file(self.path.clone(), problem)
    }

    fn expected(&self, what: &str) -> NetworkError {
        let text = self.value.to_string();
        let mut short: String = text.chars().take(40).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        self.error(format!("must be {what}, but is {short}"))
    }

    fn child(&self, key: &str, value: &'a Value) -> Node<'a> {
        let path = match self.path.as_str() {
            "" => key.to_string(),
            path => format!("{path}.{key}"),
        };
        Node { value, path }
    }

    /// The value of a key, if there is one that is not null.
    fn optional(&self, key: &str) -> Option<Node<'a>> {
        // Ours first: what stands beside it is for hnn-core.
        let found = match self.value.get(OVERRIDES).and_then(|own| own.get(key)) {
            Some(own) => Some(own),
            None => self.value.get(key),
        };
        found
            .filter(|value| !value.is_null())
            .map(|value| self.child(key, value))
    }

    /// The value of a key that must exist.
    fn get(&self, key: &str) -> Result<Node<'a>, NetworkError> {
        let missing = || {
            let keys: Vec<String> = self
                .value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(k, _)| k.clone())
                .collect();
            let hint = super::error::nearest(key, &keys)
                .map(|near| format!(" (there is \"{near}\")"))
                .unwrap_or_default();
            NetworkError::file(
                self.child(key, self.value).path,
                format!("is missing{hint}; hnn-core's Network.write_configuration() writes it"),
            )
        };
        self.optional(key).ok_or_else(missing)
    }

    /// Refuses keys that are none of `known`, and of `without_effect`: hnn-core writes those, or carries them along.
    fn only(&self, known: &[&str], without_effect: &[&str]) -> Result<(), NetworkError> {
        let own = self.value.get(OVERRIDES);
        let objects = [Some(self.value), own].into_iter().flatten();
        for (key, value) in objects.filter_map(Value::as_object).flatten() {
            let key = key.as_str();
            if key != OVERRIDES && !known.contains(&key) && !without_effect.contains(&key) {
                let problem = format!(
                    "is a key that nothing reads; {}",
                    super::mechanisms::choice(key, known)
                );
                return Err(self.child(key, value).error(problem));
            }
        }
        Ok(())
    }

    /// The entries of an object, without ours.
    fn entries(&self) -> Result<impl Iterator<Item = (&'a String, Node<'a>)> + '_, NetworkError> {
        let Value::Object(entries) = self.value else {
            return Err(self.expected("an object"));
        };
        Ok(entries
            .iter()
            .filter(|(key, _)| *key != OVERRIDES)
            .map(|(key, value)| (key, self.child(key, value))))
    }

    fn items(&self) -> Result<impl Iterator<Item = Node<'a>> + '_, NetworkError> {
        let Value::Array(items) = self.value else {
            return Err(self.expected("a list"));
        };
        Ok(items.iter().enumerate().map(|(i, value)| Node {
            value,
            path: format!("{}[{i}]", self.path),
        }))
    }

    fn float(&self) -> Result<f64, NetworkError> {
        match self.value.as_f64() {
            Some(number) if number.is_finite() => Ok(number),
            _ => Err(self.expected("a number")),
        }
    }

    /// A number that may be infinite.
    fn float_or_infinity(&self) -> Result<f64, NetworkError> {
        match special::is_infinity(self.value) {
            true => Ok(f64::INFINITY),
            false => self.float(),
        }
    }

    /// A whole number that is not negative, also if it is written as 3.0.
    fn whole(&self) -> Result<u64, NetworkError> {
        // Below 2^53, where each whole number is a double.
        let integral = |x: &f64| x.fract() == 0.0 && (0.0..9e15).contains(x);
        self.value
            .as_u64()
            .or_else(|| self.value.as_f64().filter(integral).map(|x| x as u64))
            .ok_or_else(|| self.expected("a whole number that is not negative"))
    }

    fn whole_u32(&self) -> Result<u32, NetworkError> {
        u32::try_from(self.whole()?).map_err(|_| self.expected("a whole number below 4294967296"))
    }

    fn text(&self) -> Result<&'a str, NetworkError> {
        self.value.as_str().ok_or_else(|| self.expected("a string"))
    }

    /// A truth value, also if it is written as 0 or 1.
    fn flag(&self) -> Result<bool, NetworkError> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            value => match value.as_u64() {
                Some(0) => Ok(false),
                Some(1) => Ok(true),
                _ => Err(self.expected("true or false")),
            },
        }
    }

    fn floats(&self) -> Result<Vec<f64>, NetworkError> {
        self.items()?.map(|item| item.float()).collect()
    }

    fn texts(&self) -> Result<Vec<String>, NetworkError> {
        self.items()?
            .map(|item| item.text().map(String::from))
            .collect()
    }

    fn point(&self) -> Result<[f64; 3], NetworkError> {
        let coordinates = self.floats()?;
        coordinates
            .try_into()
            .map_err(|_| self.expected("three coordinates"))
    }

    /// A list of gids; without a path for each, since there may be millions.
    fn gids(&self) -> Result<Vec<Gid>, NetworkError> {
        let Value::Array(items) = self.value else {
            return Err(self.expected("a list of gids"));
        };
        items
            .iter()
            .map(|item| {
                let gid = item.as_u64().and_then(|gid| Gid::try_from(gid).ok());
                gid.ok_or_else(|| self.error(format!("{item} is not a gid")))
            })
            .collect()
    }
}
