//! What is wrong with a pipeline file, where, and what to do about it.

use super::files::Files;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// An error in a pipeline file: says what is wrong at which key, and shows the line when printed by `miette`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}{}", details.message, and_more(.others))]
pub struct PipelineError {
    details: Box<Details>,
    /// Further mistakes of the file, in its order.
    others: Vec<PipelineError>,
}

fn and_more(others: &[PipelineError]) -> String {
    match others.len() {
        0 => String::new(),
        1 => " (and one more mistake)".to_owned(),
        n => format!(" (and {n} more mistakes)"),
    }
}

/// Mistakes that are shown in full; of the others a line each.
const SHOWN: usize = 10;
/// Longest message, and longest line of a file that is shown whole (characters).
const MAX_MESSAGE: usize = 2_000;
const MAX_LINE: usize = 300;

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
    /// The same bytes in the text that is shown, where long lines are cut.
    shown: Range<usize>,
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
            LabeledSpan::new_with_span(Some(self.details.label.clone()), place.shown.clone());
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let others = self.others.iter().map(|e| e as &dyn Diagnostic);
        (!self.others.is_empty()).then(|| Box::new(others) as Box<_>)
    }
}

impl PipelineError {
    fn new(path: &Path, message: String, label: String, place: Option<InFile>) -> Self {
        Self {
            details: Box::new(Details {
                message: shortened(message),
                label,
                help: None,
                path: path.to_owned(),
                place,
            }),
            others: Vec::new(),
        }
    }

    /// All mistakes of a file as one error, in the order of the file; `None` if there is none.
    pub(crate) fn all(mistakes: Vec<PipelineError>) -> Option<Self> {
        let mut all: Vec<PipelineError> = Vec::new();
        for mut mistake in mistakes {
            let others = std::mem::take(&mut mistake.others);
            for mistake in std::iter::once(mistake).chain(others) {
                // A key that is read for two purposes must not be complained about twice.
                let same = |e: &PipelineError| {
                    e.span() == mistake.span() && e.details.message == mistake.details.message
                };
                if !all.iter().any(same) {
                    all.push(mistake);
                }
            }
        }
        // In the order of the file, whatever was read first.
        all.sort_by_key(|mistake| mistake.span().map(|span| span.start));
        // The rest in one line each: a template with a wrong indent has hundreds.
        if all.len() > SHOWN {
            let rest = all.split_off(SHOWN - 1);
            let line = |mistake: &PipelineError| match mistake.line() {
                Some(line) => format!("line {line}: {}", mistake.details.message),
                None => mistake.details.message.clone(),
            };
            let lines: Vec<String> = rest.iter().skip(1).map(line).collect();
            let path = rest.first().map(|mistake| mistake.path().to_owned());
            all.extend(rest.into_iter().take(1));
            let mut more = Self::new(
                &path.unwrap_or_default(),
                format!("and {} more:", lines.len()),
                String::new(),
                None,
            );
            more.details.message = format!("{}\n{}", more.details.message, lines.join("\n"));
            all.push(more);
        }
        let mut all = all.into_iter();
        let mut first = all.next()?;
        first.others = all.collect();
        Some(first)
    }

    /// Further mistakes of the file, in its order.
    pub fn others(&self) -> &[PipelineError] {
        &self.others
    }

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
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    /// None where the pipeline was made in code.
    pub(crate) text: Option<Arc<str>>,
    /// The files that it names.
    pub(crate) files: Files,
    mistakes: Mistakes,
    remarks: Arc<Mutex<Vec<String>>>,
}

/// What was wrong so far, while a file is read to its end.
#[derive(Debug, Default)]
struct Mistakes(Mutex<Vec<PipelineError>>);

impl Clone for Mistakes {
    // A copy of a file is for messages only: its mistakes are told by the original.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl SourceFile {
    /// The path of a file that the pipeline names, relative to the pipeline file.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }

    pub(crate) fn new(path: PathBuf, text: Option<Arc<str>>) -> Self {
        Self {
            path,
            text,
            files: Files::default(),
            mistakes: Mistakes::default(),
            remarks: Arc::default(),
        }
    }

    /// Takes note of what is allowed and looks like a mistake.
    pub(crate) fn remark(&self, remark: String) {
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.push(remark);
    }

    /// What has been noted so.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let remarks = self.remarks.lock();
        remarks.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of a mistake, so that reading can go on to the next.
    pub(crate) fn note(&self, mistake: PipelineError) {
        let mistakes = self.mistakes.0.lock();
        mistakes
            .unwrap_or_else(PoisonError::into_inner)
            .push(mistake);
    }

    /// The mistake that has been noted of a piece of the text.
    pub(crate) fn noted_at(&self, span: &Range<usize>) -> Option<PipelineError> {
        let mistakes = self.mistakes.0.lock();
        let mistakes = mistakes.unwrap_or_else(PoisonError::into_inner);
        let at = |mistake: &&PipelineError| mistake.span().as_ref() == Some(span);
        mistakes.iter().find(at).cloned()
    }

    /// What was read, or `None` after the mistake has been noted.
    pub(crate) fn keep<T>(&self, read: Result<T, PipelineError>) -> Option<T> {
        read.map_err(|mistake| self.note(mistake)).ok()
    }

    /// Fails if mistakes have been noted, with all of them.
    pub(crate) fn check(&self) -> Result<(), PipelineError> {
        let mut mistakes = self
            .mistakes
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        PipelineError::all(std::mem::take(&mut *mistakes)).map_or(Ok(()), Err)
    }

    /// An error at a place in the file.
    pub(crate) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> PipelineError {
        let Some(text) = &self.text else {
            return Self::error_of_file(&self.path, message);
        };
        let start = span.start.min(text.len());
        let end = span.end.clamp(start, text.len());
        // Bytes, as spans are of bytes and may lie inside a character.
        let before = text.as_bytes().get(..start).unwrap_or_default();
        let line = before.iter().filter(|&&b| b == b'\n').count();
        // Tables on one line would fill the terminal.
        let (display, shown) = match text.lines().any(|line| line.len() > MAX_LINE) {
            true => with_short_lines(text, start..end),
            false => (text.clone(), start..end),
        };
        let place = InFile {
            file: NamedSource::new(self.path.to_string_lossy(), display).with_language("TOML"),
            span: start..end,
            shown,
            line: line + 1,
        };
        PipelineError::new(&self.path, message.into(), "here".to_owned(), Some(place))
    }

    /// An error of the file as a whole.
    pub(crate) fn error_of_file(path: &Path, message: impl Into<String>) -> PipelineError {
        PipelineError::new(path, message.into(), String::new(), None)
    }
}

/// The last boundary of a character up to a byte.
fn char_boundary(text: &str, most: usize) -> usize {
    let most = most.min(text.len());
    (0..=most)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// A message, without its middle if it is very long.
fn shortened(message: String) -> String {
    if message.len() <= MAX_MESSAGE {
        return message;
    }
    let at = |end: usize| char_boundary(&message, end);
    // The beginning says what, the end where.
    let (head, tail) = (at(MAX_MESSAGE * 3 / 4), at(message.len() - MAX_MESSAGE / 8));
    format!(
        "{} … {}",
        message.get(..head).unwrap_or_default(),
        message.get(tail..).unwrap_or_default()
    )
}

/// The text with the same number of lines, of which long ones are cut: the marked one to what stands around the mark,
/// which is moved.
fn with_short_lines(text: &str, mark: Range<usize>) -> (Arc<str>, Range<usize>) {
    let mut display = String::new();
    let mut shown = None;
    let mut from = 0;
    for line in text.split_inclusive('\n') {
        let end = from + line.len();
        let is_marked = shown.is_none() && (mark.start < end || end == text.len());
        let content = line.trim_end_matches(['\n', '\r']);
        let (first, last) = if content.len() <= MAX_LINE {
            (0, content.len())
        } else if is_marked {
            let at = mark.start - from;
            let first = char_boundary(content, at.saturating_sub(MAX_LINE / 3));
            (first, char_boundary(content, first + MAX_LINE))
        } else {
            (0, char_boundary(content, MAX_LINE))
        };
        if first > 0 {
            display.push('…');
        }
        if is_marked {
            let start = display.len() + (mark.start - from).clamp(first, last.max(first)) - first;
            let length = (mark.end.min(from + last)).saturating_sub(mark.start.max(from + first));
            shown = Some(start..start + length);
        }
        display.push_str(content.get(first..last).unwrap_or_default());
        if last < content.len() {
            display.push('…');
        }
        display.push_str(line.get(content.len()..).unwrap_or_default());
        from = end;
    }
    (display.into(), shown.unwrap_or(0..0))
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

pub(crate) use crate::network::nearest;

/// A help for a misspelt name: the nearest candidate, else all that is allowed.
pub(crate) fn did_you_mean<S: AsRef<str>>(name: &str, candidates: &[S]) -> String {
    match nearest(name, candidates) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("allowed: {}", one_of(candidates)),
    }
}
