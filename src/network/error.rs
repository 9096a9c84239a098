//! What can be wrong with a network.

use std::fmt::Display;

/// Why a network cannot be built or changed as asked. Names the argument, its value and what is allowed; which file
/// and key it came from is the caller's knowledge.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A value outside what is allowed.
    #[error("{argument}{} is {value}: {allowed}", of_whom(.of))]
    Argument {
        /// The argument, in hnn-core's words.
        argument: String,
        /// Whose argument it is, from the narrowest on: a section, a cell type, a drive.
        of: Vec<String>,
        /// Its value.
        value: String,
        /// What is allowed, and what to do.
        allowed: String,
    },
    /// A name that does not exist.
    #[error("{argument}{} is \"{name}\", which does not exist{}; known: {}",
        of_whom(.of), did_you_mean(.suggestion), .known.join(", "))]
    UnknownName {
        /// The argument, in hnn-core's words.
        argument: String,
        /// Whose argument it is, from the narrowest on: a section, a cell type, a drive.
        of: Vec<String>,
        /// The name.
        name: String,
        /// All names that exist.
        known: Vec<String>,
        /// The nearest of them, if one is near.
        suggestion: Option<String>,
    },
    /// A name that exists already.
    #[error("the {kind} \"{name}\" is already defined: choose another name")]
    Duplicate {
        /// What it names: `drive`, `electrode array`, `bias`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Something in a file, at a path inside it.
    #[error("{path}: {problem}")]
    File {
        /// Path of keys, such as `connectivity[3].nc_dict.A_weight`.
        path: String,
        /// What is wrong there.
        problem: String,
    },
}

impl NetworkError {
    /// An [`NetworkError::Argument`].
    pub fn argument(
        argument: impl Into<String>,
        value: impl Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Argument {
            argument: argument.into(),
            of: Vec::new(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// An [`NetworkError::UnknownName`] with the nearest known name as suggestion.
    pub fn unknown<'a>(
        argument: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'a String>,
    ) -> Self {
        let known: Vec<String> = known.into_iter().cloned().collect();
        Self::UnknownName {
            argument: argument.into(),
            of: Vec::new(),
            name: name.into(),
            suggestion: nearest(name, &known),
            known,
        }
    }

    /// An [`NetworkError::File`].
    pub fn file(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.into(),
            problem: problem.into(),
        }
    }

    /// The same error of a section, a cell type or a drive; called again, of what that belongs to.
    #[must_use]
    pub fn of(mut self, owner: impl Into<String>) -> Self {
        if let Self::Argument { of, .. } | Self::UnknownName { of, .. } = &mut self {
            of.push(owner.into());
        }
        self
    }

    /// The argument or path that the error is about.
    pub fn argument_name(&self) -> &str {
        match self {
            Self::Argument { argument, .. } | Self::UnknownName { argument, .. } => argument,
            Self::Duplicate { name, .. } => name,
            Self::File { path, .. } => path,
        }
    }

    /// Whose argument it is, from the narrowest on; empty where there is only one.
    pub fn owners(&self) -> &[String] {
        match self {
            Self::Argument { of, .. } | Self::UnknownName { of, .. } => of,
            Self::Duplicate { .. } | Self::File { .. } => &[],
        }
    }
}

fn of_whom(of: &[String]) -> String {
    of.iter().map(|owner| format!(" of {owner}")).collect()
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map(|name| format!("; did you mean \"{name}\"?"))
        .unwrap_or_default()
}

/// The known name that a misspelt one most likely means, if one is near.
pub(crate) fn nearest<S: AsRef<str>>(name: &str, known: &[S]) -> Option<String> {
    let plain = |s: &str| s.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(name);
    let candidates = known.iter().map(AsRef::as_ref);
    candidates
        .filter(|candidate| *candidate != name && !means_another(&wanted, &plain(candidate)))
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        // One slip, and one more for every four letters.
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().max(3) / 4)
        // Of equally near ones that which the name begins with.
        .min_by_key(|(distance, candidate)| (*distance, !wanted.starts_with(&plain(candidate))))
        .map(|(_, candidate)| candidate.to_owned())
}

/// Edits that make one name of the other; few where one is the beginning of the other, as `max` is of `maximum`.
fn distance(name: &str, candidate: &str) -> usize {
    let begins = |long: &str, short: &str| short.chars().count() >= 3 && long.starts_with(short);
    match begins(name, candidate) || begins(candidate, name) {
        true => 1,
        false => strsim::damerau_levenshtein(name, candidate),
    }
}

/// Words of which one is never meant where another stands, however alike they look: layers, types of cells,
/// receptors, locations.
const OPPOSITES: [&[&str]; 4] = [
    &["l1", "l2", "l3", "l4", "l5", "l6"],
    &["basket", "pyramidal", "pyr", "bask"],
    &["ampa", "nmda", "gabaa", "gabab"],
    &["prox", "dist"],
];

fn means_another(name: &str, candidate: &str) -> bool {
    OPPOSITES.iter().any(|group| {
        let in_it = |text: &str| group.iter().position(|word| text.contains(word));
        match (in_it(name), in_it(candidate)) {
            (Some(own), Some(other)) => own != other && !alike(group, own, other),
            _ => false,
        }
    })
}

/// Whether two words of a group are one, written shorter.
fn alike(group: &[&str], a: usize, b: usize) -> bool {
    let (Some(a), Some(b)) = (group.get(a), group.get(b)) else {
        return false;
    };
    a.len() != b.len() && (a.starts_with(b) || b.starts_with(a))
}

/// A finite number, or an error that names the argument.
pub(crate) fn finite(argument: &str, value: f64) -> Result<(), NetworkError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(NetworkError::argument(
            argument,
            value,
            "it must be a finite number",
        ))
    }
}

/// A finite number that is 0 or greater.
pub(crate) fn non_negative(argument: &str, value: f64) -> Result<(), NetworkError> {
    finite(argument, value)?;
    if value < 0.0 {
        return Err(NetworkError::argument(
            argument,
            value,
            "it cannot be negative",
        ));
    }
    Ok(())
}

/// A finite number greater than 0.
pub(crate) fn positive(argument: &str, value: f64) -> Result<(), NetworkError> {
    finite(argument, value)?;
    if value <= 0.0 {
        return Err(NetworkError::argument(
            argument,
            value,
            "it must be greater than 0",
        ));
    }
    Ok(())
}
