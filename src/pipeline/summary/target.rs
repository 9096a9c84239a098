//! A waveform from a file that simulated ones are compared with.

use super::signal::Signal;
use super::window::window_samples;
use crate::input::{InputTable, Problem};
use std::path::Path;

/// A measured or simulated waveform (nAm) with its sample times.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Sample times (ms), ascending, shape `(n_samples,)`.
    pub times: Vec<f64>,
    /// Values (nAm), shape `(n_samples,)`.
    pub values: Vec<f64>,
    /// Width (ms) of the Hamming window that smooths it before it is compared.
    pub smooth: Option<f64>,
}

/// Names of a column of sample times.
const TIMES: [&str; 2] = ["time", "times"];

impl Target {
    /// Reads a table in text or Parquet. Its columns are found by name (`time` or `times`, and the signal's); without
    /// such names, as hnn-core reads dipoles, by place: time and agg, or time, agg, L2 and L5.
    ///
    /// # Errors
    /// What is wrong with the file, without its name.
    pub fn read(path: &Path, signal: &Signal) -> Result<Self, Problem> {
        let table = InputTable::read(path)?;
        let few = || Err(problem("has fewer than two samples", FORM));
        if table.n_rows() == 0 {
            return few();
        }
        let [time, value] = columns(&table, signal)?;
        let target = Self {
            times: table.numbers(time)?,
            values: table.numbers(value)?,
            smooth: None,
        };
        // A waveform needs a step between samples.
        if target.times.len() < 2 {
            return few();
        }
        match target.times.windows(2).position(|w| w[1] <= w[0]) {
            None => Ok(target),
            Some(row) => Err(problem(
                format!(
                    "times must ascend, but {} has {} ms and {} has {} ms",
                    table.row(row),
                    target.times[row],
                    table.row(row + 1),
                    target.times[row + 1]
                ),
                match target.times[row] == target.times[row + 1] {
                    true => "a time has one value: take one of the two out, or write their mean",
                    false => "sort the lines by time; a file has one waveform",
                },
            )),
        }
    }
}

impl Target {
    /// The waveform times a factor, with a time (ms) added to its times.
    #[must_use]
    pub fn transformed(mut self, scale: f64, shift: f64) -> Self {
        if scale != 1.0 {
            self.values.iter_mut().for_each(|v| *v *= scale);
        }
        if shift != 0.0 {
            self.times.iter_mut().for_each(|t| *t += shift);
        }
        self
    }

    /// The waveform, to be smoothed with hnn-core's Hamming window of a width (ms).
    ///
    /// # Errors
    /// Samples that are not equally spaced, and a window that is longer than the waveform or shorter than a sample.
    pub fn smoothed(mut self, width: f64) -> Result<Self, Problem> {
        let step = self.times[1] - self.times[0];
        let uneven = self
            .times
            .windows(2)
            // A hundredth of a step: times of a file are rounded.
            .position(|w| (w[1] - w[0] - step).abs() > 0.01 * step);
        if let Some(row) = uneven {
            return Err(problem(
                format!(
                    "samples are not equally spaced, as smoothing needs them: {step} ms at first, {} ms after {} ms",
                    self.times[row + 1] - self.times[row],
                    self.times[row]
                ),
                "smooth the waveform before you write it to the file",
            ));
        }
        let window = window_samples(width, 1000.0 / step);
        if !(1.0..=self.times.len() as f64).contains(&window) {
            return Err(problem(
                format!(
                    "a window of {width} ms has {window} samples, and the waveform {}",
                    self.times.len()
                ),
                "choose a window that is shorter than the waveform and longer than one sample",
            ));
        }
        self.smooth = Some(width);
        Ok(self)
    }
}

/// What a file should be like.
const FORM: &str = "give time (ms) and agg (nAm), or time, agg, L2 and L5, one sample a line";

fn problem(what: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem {
        what: what.into(),
        help: Some(help.into()),
    }
}

/// Columns of the times and of the signal.
fn columns(table: &InputTable, signal: &Signal) -> Result<[usize; 2], Problem> {
    // Row numbers that pandas has added; without a name a first column may as well be the times.
    let all = 0..table.n_columns();
    let own: Vec<usize> = all
        .filter(|&column| !(table.is_index(column) && table.counts_rows(column)))
        .collect();
    let named = |names: &[&str]| {
        let found = |column: &&usize| {
            let (name, _) = name_and_unit(table.name(**column));
            names.iter().any(|n| n.eq_ignore_ascii_case(name))
        };
        own.iter().find(found).copied()
    };
    // Names decide, as columns may stand in any order; places only where there are none.
    let by_name = (named(&TIMES), named(&[signal.name()]));
    let [time, value] = match by_name {
        (Some(time), Some(value)) => [time, value],
        (time, _) => by_place(table, &own, signal, time.is_some())?,
    };
    check_unit(table, time, &["ms"], &[("s", 1000.0), ("us", 1e-3)])?;
    match signal {
        Signal::Agg | Signal::L2 | Signal::L5 => {
            let others = [("fAm", 1e-6), ("pAm", 1e-3), ("uAm", 1e3), ("Am", 1e9)];
            check_unit(table, value, &["nAm"], &others)?;
        }
        Signal::Lfp(_) => check_unit(table, value, &["uV"], &[("mV", 1e3), ("V", 1e6)])?,
        Signal::Csd(_) => {}
    }
    Ok([time, value])
}

/// hnn-core's rule for files whose names say nothing: 2 or 4 columns.
fn by_place(
    table: &InputTable,
    own: &[usize],
    signal: &Signal,
    has_time: bool,
) -> Result<[usize; 2], Problem> {
    let place = match (signal, own.len()) {
        (Signal::Agg, 2 | 4) | (Signal::Lfp(_) | Signal::Csd(_), 2) => Some(1),
        (Signal::L2, 4) => Some(2),
        (Signal::L5, 4) => Some(3),
        _ => None,
    };
    let name = |column: usize| name_and_unit(table.name(column)).0;
    let is_other = |column: usize| {
        ["agg", "L2", "L5", "lfp", "csd"]
            .iter()
            .any(|other| other.eq_ignore_ascii_case(name(column)))
    };
    if let (Some(&time), Some(&value)) = (own.first(), place.and_then(|place| own.get(place)))
        // Names of other waveforms say that this one is not there.
        && !own.iter().any(|&column| is_other(column))
        && !TIMES.iter().any(|t| t.eq_ignore_ascii_case(name(value)))
    {
        return Ok([time, value]);
    }
    let n = own.len();
    let columns = if n == 1 { "column" } else { "columns" };
    Err(match table.has_names() {
        true => {
            let lacks = if has_time { signal.name() } else { "time" };
            problem(
                format!(
                    "has no column `{lacks}`; its {n} {columns}: {}",
                    table.names()
                ),
                format!("name columns `time` and `{}`: {FORM}", signal.name()),
            )
        }
        false => problem(
            format!(
                "has {n} {columns}, and 2 or 4 are read: time and agg, or time, agg, L2 and L5{}",
                match (signal, n) {
                    (Signal::L2 | Signal::L5, 2) => format!("; {} needs 4", signal.name()),
                    (Signal::Lfp(_) | Signal::Csd(_), 4) => format!("; {} needs 2", signal.name()),
                    _ => String::new(),
                }
            ),
            "average columns of trials first, or name the columns in the first line: `time,agg`",
        ),
    })
}

/// A column's name and the unit behind it: `time (ms)`, `agg [nAm]`.
fn name_and_unit(name: &str) -> (&str, &str) {
    let parts = name.split_once(['(', '[']);
    parts.map_or((name.trim(), ""), |(name, unit)| {
        (name.trim(), unit.trim_end_matches([')', ']']).trim())
    })
}

/// Refuses a column in another unit than the one that is read.
fn check_unit(
    table: &InputTable,
    column: usize,
    read: &[&str],
    others: &[(&str, f64)],
) -> Result<(), Problem> {
    let (name, unit) = name_and_unit(table.name(column));
    let other = others.iter().find(|(other, _)| *other == unit);
    other.map_or(Ok(()), |(unit, factor)| {
        let right = read.first().unwrap_or(&"");
        Err(problem(
            format!("column `{name}` is in {unit}, and {right} are read"),
            format!("multiply it by {factor} and write `{name} ({right})`"),
        ))
    })
}
