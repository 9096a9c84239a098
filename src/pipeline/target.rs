//! A waveform from a file that simulated ones are compared with.

use super::grid::Values;
use super::summary::Signal;
use super::table_file::{self, Columns};
use std::path::Path;

/// A measured or simulated waveform (nAm) with its sample times.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Sample times (ms), ascending, shape `(n_samples,)`.
    pub times: Vec<f64>,
    /// Values (nAm), shape `(n_samples,)`.
    pub values: Vec<f64>,
}

impl Target {
    /// Reads hnn-core's dipole text (`.txt`: time, then agg or agg, L2, L5), or a CSV or Parquet table with a column `time` (or
    /// `times`) and one that is called like the signal.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn read(path: &Path, signal: &Signal) -> Result<Self, String> {
        let text = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("txt"));
        let target = if text {
            Self::of_text(&super::network::read_file(path)?, signal)?
        } else {
            Self::of_table(&table_file::read(path)?, signal)?
        };
        match target.times.windows(2).position(|w| w[1] <= w[0]) {
            _ if target.times.len() < 2 => Err("has fewer than two samples".to_owned()),
            Some(row) => Err(format!(
                "times must ascend, but do not after sample {}",
                row + 1
            )),
            None => Ok(target),
        }
    }

    fn of_text(text: &str, signal: &Signal) -> Result<Self, String> {
        let column = match signal {
            Signal::Agg | Signal::Lfp(_) | Signal::Csd(_) => 1,
            Signal::L2 => 2,
            Signal::L5 => 3,
        };
        let (mut times, mut values) = (Vec::new(), Vec::new());
        for (row, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            if line.trim().is_empty() {
                continue;
            }
            let mut fields = line.split_whitespace();
            let mut number = |index: usize| {
                let field = fields.nth(index)?;
                field.parse::<f64>().ok().filter(|v| v.is_finite())
            };
            // The second `nth` counts from behind the time.
            let (Some(time), Some(value)) = (number(0), number(column - 1)) else {
                return Err(format!(
                    "line {} has no time and no finite value of {} in column {}",
                    row + 1,
                    signal.name(),
                    column + 1
                ));
            };
            times.push(time);
            values.push(value);
        }
        Ok(Self { times, values })
    }

    fn of_table(columns: &Columns, signal: &Signal) -> Result<Self, String> {
        let column = |names: &[&str]| {
            let found = columns
                .iter()
                .find(|(name, _)| names.iter().any(|n| n.eq_ignore_ascii_case(name)));
            match found {
                Some((_, Values::Float(values))) => Ok(values.clone()),
                Some((_, Values::Int(values))) => Ok(values.iter().map(|&v| v as f64).collect()),
                Some((name, _)) => Err(format!("column `{name}` has no numbers")),
                None => Err(format!("has no column `{}`", names.first().unwrap_or(&""))),
            }
        };
        Ok(Self {
            times: column(&["time", "times"])?,
            values: column(&[signal.name()])?,
        })
    }
}
