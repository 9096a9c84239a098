//! What can be wrong with a network.

use std::fmt::Display;

/// Why a network cannot be built or changed as asked. Names the argument, its value and what is allowed; which file
/// and key it came from is the caller's knowledge.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A value outside what is allowed.
    #[error("{argument} is {value}: {allowed}")]
    Argument {
        /// The argument, in hnn-core's words.
        argument: String,
        /// Its value.
        value: String,
        /// What is allowed, and what to do.
        allowed: String,
    },
    /// A name that does not exist.
    #[error("{argument} is \"{name}\", which does not exist{}; known: {}", did_you_mean(.suggestion), .known.join(", "))]
    UnknownName {
        /// The argument, in hnn-core's words.
        argument: String,
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

    /// The argument or path that the error is about, where it is about one.
    pub fn about(&self) -> &str {
        match self {
            Self::Argument { argument, .. } | Self::UnknownName { argument, .. } => argument,
            Self::Duplicate { name, .. } => name,
            Self::File { path, .. } => path,
        }
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map(|name| format!("; did you mean \"{name}\"?"))
        .unwrap_or_default()
}

/// The known name that is nearest to a misspelt one.
pub(crate) fn nearest(name: &str, known: &[String]) -> Option<String> {
    // From the last on, so that the first of equally near names is taken.
    let backwards = known.iter().rev();
    backwards
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.clone())
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
