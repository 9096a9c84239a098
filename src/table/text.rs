//! Rows for people: columns that stand below each other, numbers with as many digits as one reads.

use super::value::{Cell, cell};
use crate::store::UNITS;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use std::io::{self, Write};

/// Rows that the widths of columns are taken from. Later ones may be wider.
const LOOKED_AT: usize = 1000;
/// Longest text that is shown whole (characters).
const LONGEST: usize = 24;
/// Digits of a number.
const DIGITS: usize = 6;

/// Writes rows below a header.
pub(super) struct Text<W: Write> {
    sink: W,
    /// Whether each column is text, which stands on the left.
    is_text: Vec<bool>,
    header: Vec<String>,
    waiting: Vec<Vec<String>>,
    /// Widths, once they are known.
    widths: Option<Vec<usize>>,
}

impl<W: Write> Text<W> {
    pub(super) fn new(schema: &SchemaRef, sink: W) -> Self {
        let name = |field: &arrow_schema::FieldRef| match field.metadata().get(UNITS) {
            Some(unit) => format!("{} ({unit})", field.name()),
            None => field.name().clone(),
        };
        Self {
            sink,
            is_text: (schema.fields().iter())
                .map(|field| matches!(field.data_type(), DataType::Utf8 | DataType::List(_)))
                .collect(),
            header: schema.fields().iter().map(name).collect(),
            waiting: Vec::new(),
            widths: None,
        }
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> io::Result<()> {
        for row in 0..rows.num_rows() {
            let cells = rows
                .columns()
                .iter()
                .map(|column| in_text(&cell(column, row)));
            let cells: Vec<String> = cells.collect();
            match &self.widths {
                Some(_) => self.line(&cells)?,
                None => {
                    self.waiting.push(cells);
                    // The first rows give the widths: the table may be endless, the terminal is
                    // not.
                    if self.waiting.len() >= LOOKED_AT {
                        self.begin()?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        if self.widths.is_none() {
            self.begin()?;
        }
        self.sink.flush()
    }

    fn begin(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let header = std::mem::take(&mut self.header);
        let all = || std::iter::once(&header).chain(&waiting);
        let widths = (0..header.len()).map(|column| {
            let lengths = all()
                .filter_map(|cells| cells.get(column))
                .map(|cell| cell.chars().count());
            lengths.max().unwrap_or(0)
        });
        self.widths = Some(widths.collect());
        all().try_for_each(|cells| self.line(cells))
    }

    fn line(&mut self, cells: &[String]) -> io::Result<()> {
        let widths = self.widths.as_deref().unwrap_or_default();
        let mut line = String::new();
        for ((cell, width), is_text) in cells.iter().zip(widths).zip(&self.is_text) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(&match is_text {
                true => format!("{cell:<width$}"),
                false => format!("{cell:>width$}"),
            });
        }
        writeln!(self.sink, "{}", line.trim_end())
    }
}

fn in_text(cell: &Cell) -> String {
    match cell {
        Cell::None => "-".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => short(*value),
        Cell::Short(value) => short(f64::from(*value)),
        Cell::Text(text) => cut(text),
        Cell::List(values) => trace(values),
    }
}

/// A text on one line, cut where it is long. Control characters, which a terminal might obey, are shown as what they
/// are.
fn cut(text: &str) -> String {
    let text = text
        .escape_debug()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'");
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => text,
    }
}

fn trace(values: &ArrayRef) -> String {
    let first = match values.data_type() {
        _ if values.is_empty() => None,
        DataType::Float32 => Some(f64::from(values.as_primitive::<Float32Type>().value(0))),
        _ => Some(values.as_primitive::<Float64Type>().value(0)),
    };
    match first {
        Some(first) => format!("{} … ({})", short(first), values.len()),
        None => "none".into(),
    }
}

/// A number with six digits, as Python's `{:.6g}` writes it.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    // Rounded first: 9.9999999 is 10, and has one digit more before its point.
    let scientific = format!("{value:.*e}", DIGITS - 1);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |digits: &str| match digits.contains('.') {
        true => digits
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_string(),
        false => digits.to_string(),
    };
    if (-5..DIGITS as i32).contains(&exponent) {
        let decimals = usize::try_from(DIGITS as i32 - 1 - exponent).unwrap_or(0);
        trimmed(&format!("{value:.decimals$}"))
    } else {
        format!("{}e{exponent}", trimmed(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        let cases = [
            (0.0, "0"),
            (40.0, "40"),
            (-65.0999984741211, "-65.1"),
            (0.023357214690901226, "0.0233572"),
            (0.0001, "0.0001"),
            (1e-7, "1e-7"),
            (123456.7, "123457"),
            (1234567.0, "1.23457e6"),
            (999999.9, "1e6"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn texts_are_cut_and_cannot_steer_a_terminal() {
        assert_eq!(cut("évprox \"1\""), "évprox \"1\"");
        assert_eq!(cut("a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(cut(&"x".repeat(30)).chars().count(), LONGEST);
    }
}
