//! SQL through polars.

use super::error::QueryError;
use super::names::{parameters, tables};
use super::select;
use crate::store::{self, State, Table};
use crate::table::neutral;
use polars::prelude::*;
use polars::sql::SQLContext;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Rows of an answer.
pub struct Answer(DataFrame);

/// Asks a folder's tables. Every table has the parameters of the sweep as columns.
///
/// # Errors
/// What polars says of the query or of a file.
pub fn ask(folder: &Path, state: &State, sql: &str) -> Result<Answer, QueryError> {
    let there = tables(state);
    let mut asked = select::tables_of(sql, &there)?;
    // All others take their parameters from it.
    if !asked.is_empty() && there.contains(&Table::Simulations) {
        asked.insert(Table::Simulations);
    }
    // Polars trusts files, so those that the query needs are looked at first.
    for table in &asked {
        store::check_table(folder, state, *table)?;
    }
    let mut context = SQLContext::new();
    let simulations = match asked.contains(&Table::Simulations) {
        // Earlier versions wrote former points into it, too.
        true => Some(scan(folder, Table::Simulations)?.filter(col("point").is_not_null())),
        false => None,
    };
    for table in asked {
        let rows = match (table, &simulations) {
            (Table::Simulations, Some(simulations)) => simulations.clone(),
            (Table::Simulations | Table::Former | Table::Summary, _) | (_, None) => {
                scan(folder, table)?
            }
            (_, Some(simulations)) => with_parameters(scan(folder, table)?, simulations, state),
        };
        context.register(table.name(), rows);
    }
    // Polars panics on some damaged files.
    let answer = catch_unwind(AssertUnwindSafe(|| context.execute(sql)?.collect()));
    match answer {
        Ok(answer) => Ok(Answer(answer?)),
        Err(_) => Err(QueryError::Polars(polars_err!(ComputeError:
            "the tables could not be read; `hnn-sweep verify` tells whether a file is damaged"))),
    }
}

fn scan(folder: &Path, table: Table) -> Result<LazyFrame, PolarsError> {
    let path = folder.join(table.name());
    let path = PlRefPath::try_from_path(&path)?;
    let arguments = ScanArgsParquet {
        hive_options: HiveOptions::new_enabled(),
        ..ScanArgsParquet::default()
    };
    LazyFrame::scan_parquet(path, arguments)
}

/// Joins the parameters of the present grids to a table's rows.
fn with_parameters(rows: LazyFrame, simulations: &LazyFrame, state: &State) -> LazyFrame {
    let mut columns = vec![col("sweep"), col("point"), col("sim"), col("trial")];
    columns.extend(parameters(state).iter().map(|name| col(name.as_str())));
    let parameters = simulations.clone().select(columns);
    // An inner join: rows of former points have no place in the answer.
    let on = [col("sim"), col("trial")];
    rows.join(parameters, on.clone(), on, JoinArgs::new(JoinType::Inner))
}

impl Answer {
    /// The answer as a statistic: a number (or null) by simulation and trial, which is 0 for statistics of all trials.
    ///
    /// # Errors
    /// If its columns are not `sim`, `trial` if `of_trials`, and one of numbers; or if a row stands for the same twice.
    pub fn statistic(
        &self,
        of_trials: bool,
    ) -> Result<BTreeMap<(u32, u32), Option<f64>>, QueryError> {
        let places: &[&str] = if of_trials {
            &["sim", "trial"]
        } else {
            &["sim"]
        };
        let names = self.0.get_column_names();
        let names: Vec<&str> = names.into_iter().map(|name| name.as_str()).collect();
        let others: Vec<&&str> = names.iter().filter(|n| !places.contains(n)).collect();
        let form = || {
            QueryError::Polars(polars_err!(ComputeError:
                "the answer must have the columns {} and one of numbers; it has {}",
                places.join(", "), names.join(", ")))
        };
        let [value] = others.as_slice() else {
            return Err(form());
        };
        let column = |name: &str| self.0.column(name).map_err(|_| form());
        let value = column(value)?;
        if !value.dtype().is_primitive_numeric() {
            return Err(form());
        }
        let value = value.cast(&DataType::Float64)?;
        let whole = |name: &str| -> Result<Column, QueryError> {
            Ok(column(name)?.strict_cast(&DataType::UInt32)?)
        };
        let sim = whole("sim")?;
        let trial = if of_trials {
            Some(whole("trial")?)
        } else {
            None
        };
        let (sim, value) = (sim.u32()?, value.f64()?);
        let trial = trial.as_ref().map(|t| t.u32()).transpose()?;
        let mut values = BTreeMap::new();
        for row in 0..self.0.height() {
            let trial = trial.map_or(Some(0), |trial| trial.get(row));
            let (Some(sim), Some(trial)) = (sim.get(row), trial) else {
                continue;
            };
            let number = value.get(row).filter(|v| v.is_finite());
            // One value for each simulation: which of two was meant is not known.
            if values.insert((sim, trial), number).is_some() {
                return Err(QueryError::Polars(polars_err!(ComputeError:
                    "the answer has several rows for sim {sim}; GROUP BY {}", places.join(", "))));
            }
        }
        Ok(values)
    }

    /// Writes a table for people.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn table(&mut self, sink: &mut dyn Write) -> Result<(), QueryError> {
        writeln!(sink, "{}", self.0).map_err(PolarsError::from)?;
        Ok(())
    }

    /// Writes comma-separated values with a header; texts are [neutral](crate::table::neutral) for spreadsheets.
    ///
    /// # Errors
    /// If it cannot be written, or a column is a list.
    pub fn csv(&mut self, sink: &mut dyn Write) -> Result<(), QueryError> {
        for name in self.0.get_column_names_owned() {
            let column = self.0.column(&name)?;
            if column.dtype() == &DataType::String {
                let texts = column.str()?.apply_values(neutral);
                self.0.with_column(texts.into_column())?;
            }
            let heading = neutral(&name);
            if heading != name.as_str() {
                self.0.rename(&name, heading.into_owned().into())?;
            }
        }
        Ok(CsvWriter::new(sink).finish(&mut self.0)?)
    }

    /// Writes an object a line.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn json(&mut self, sink: &mut dyn Write) -> Result<(), QueryError> {
        let writer = JsonWriter::new(sink).with_json_format(JsonFormat::JsonLines);
        Ok({ writer }.finish(&mut self.0)?)
    }

    /// Writes Parquet.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn parquet(&mut self, sink: &mut dyn Write) -> Result<(), QueryError> {
        ParquetWriter::new(sink).finish(&mut self.0)?;
        Ok(())
    }
}
