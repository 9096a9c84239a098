//! What is wrong with a pipeline file, where, and what to do about it.

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An error in a pipeline file: says what is wrong at which key, and shows the line when printed by `miette`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", details.message)]
pub struct PipelineError {
    details: Box<Details>,
}

#[derive(Debug, Clone)]
struct Details {
    message: String,
    label: String,
    help: Option<String>,
    path: PathBuf,
    place: Option<InFile>,
}

/// A place in a file, with the file's text.
#[derive(Debug, Clone)]
struct InFile {
    file: NamedSource<Arc<str>>,
    span: Range<usize>,
    line: usize,
}

impl Diagnostic for PipelineError {
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        let help = self.details.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.details
            .place
            .as_ref()
            .map(|p| &p.file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.details.place.as_ref()?;
        let label =
            LabeledSpan::new_with_span(Some(self.details.label.clone()), place.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl PipelineError {
    /// The pipeline file; the name of the sweep where the pipeline was made in code.
    pub fn path(&self) -> &Path {
        &self.details.path
    }

    /// The line (from 1) in the file, if the error belongs to one.
    pub fn line(&self) -> Option<usize> {
        self.details.place.as_ref().map(|p| p.line)
    }

    /// What to do next.
    pub fn help(&self) -> Option<&str> {
        self.details.help.as_deref()
    }

    /// Bytes of the offending text in the file, if the error belongs to one place.
    pub fn span(&self) -> Option<Range<usize>> {
        self.details.place.as_ref().map(|p| p.span.clone())
    }

    /// The same error with another help.
    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.details.help = Some(help.into());
        self
    }

    /// The same error with a help if there is one.
    #[must_use]
    pub(crate) fn with_optional_help(mut self, help: Option<String>) -> Self {
        if help.is_some() {
            self.details.help = help;
        }
        self
    }

    /// The same error with other words at the marked text.
    #[must_use]
    pub(crate) fn with_label(mut self, label: impl Into<String>) -> Self {
        self.details.label = label.into();
        self
    }
}

/// A pipeline file's text, from which errors are made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// None where the pipeline was made in code.
    pub(crate) text: Option<Arc<str>>,
}

impl Source {
    /// The path of a file that the pipeline names, relative to the pipeline file.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }

    /// An error at a place in the file.
    pub(crate) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> PipelineError {
        let Some(text) = &self.text else {
            return Self::error_of_file(&self.path, message);
        };
        let start = span.start.min(text.len());
        let end = span.end.clamp(start, text.len());
        let before = text.as_bytes().get(..start).unwrap_or_default();
        PipelineError {
            details: Box::new(Details {
                message: message.into(),
                label: "here".to_owned(),
                help: None,
                path: self.path.clone(),
                place: Some(InFile {
                    file: NamedSource::new(self.path.to_string_lossy(), text.clone())
                        .with_language("TOML"),
                    span: start..end,
                    line: before.iter().filter(|&&b| b == b'\n').count() + 1,
                }),
            }),
        }
    }

    /// An error of the file as a whole.
    pub(crate) fn error_of_file(path: &Path, message: impl Into<String>) -> PipelineError {
        PipelineError {
            details: Box::new(Details {
                message: message.into(),
                label: String::new(),
                help: None,
                path: path.to_owned(),
                place: None,
            }),
        }
    }
}

/// `` `a`, `b` or `c` ``
pub(crate) fn one_of<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The candidate that a misspelt name most likely means, if one is near.
pub(crate) fn nearest<'a, S: AsRef<str>>(name: &str, candidates: &'a [S]) -> Option<&'a str> {
    let plain = |s: &str| s.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(name);
    candidates
        .iter()
        .map(|c| {
            let c = c.as_ref();
            (strsim::damerau_levenshtein(&wanted, &plain(c)), c)
        })
        .filter(|&(distance, c)| distance <= 1 + c.chars().count().max(3) / 4)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, c)| c)
}

/// A help for a misspelt name: the nearest candidate, else all that is allowed.
pub(crate) fn did_you_mean<S: AsRef<str>>(name: &str, candidates: &[S]) -> String {
    match nearest(name, candidates) {
        Some(near) if near != name => format!("did you mean `{near}`?"),
        _ => format!("allowed: {}", one_of(candidates)),
    }
}
