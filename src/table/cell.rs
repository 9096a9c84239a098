//! Cells of comma-separated files, as spreadsheets read them.

use std::borrow::Cow;

/// A text that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or a carriage
/// return, and is no number, gets an apostrophe in front, as spreadsheets mark texts themselves.
///
/// Texts come from parameters, names of drives and cell types, and error messages: from pipeline and network files
/// that a stranger may have written. (OWASP, "CSV injection".)
///
/// ```
/// use hnn_sweep::table::neutral;
/// assert_eq!(neutral("=HYPERLINK(A1)"), "'=HYPERLINK(A1)");
/// assert_eq!(neutral("-0.5"), "-0.5");
/// assert_eq!(neutral("evprox1"), "evprox1");
/// ```
pub fn neutral(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}
