//! Which rows and columns are asked for.

use super::asked::{Asked, Result, TableError, failed};
use super::value::{cell, kind};
use crate::pipeline::{Condition, ParamValue, Parameter, did_you_mean};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::{DataType, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use std::sync::Arc;

/// Rows and columns that are asked for.
pub(super) struct Choice {
    filter: Option<Filter>,
    /// Columns that are kept of the table: those to be written, then others to sort by.
    kept: Vec<usize>,
    /// How many of them are written.
    n_written: usize,
    /// Columns to sort by, of those that are kept, and whether from the largest down.
    order: Vec<(usize, bool)>,
    schema: SchemaRef,
}

struct Filter {
    condition: Condition,
    /// Columns of the table that the condition may name.
    columns: Vec<usize>,
    /// Those that it names, by their place in `columns`.
    needs: Vec<usize>,
}

impl Choice {
    /// Finds what is asked for among the columns of a table.
    pub(super) fn new(asked: &Asked, schema: &SchemaRef) -> Result<Self> {
        let all: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let place = |option: &str, name: &str| {
            all.iter()
                .position(|known| *known == name)
                .ok_or_else(|| TableError::Input {
                    what: format!(
                        "{option}: the table `{}` has no column `{name}`",
                        asked.table.name()
                    ),
                    help: did_you_mean(name, &all),
                })
        };
        let mut kept = match asked.columns.is_empty() {
            true => (0..all.len()).collect(),
            false => asked
                .columns
                .iter()
                .map(|name| place("--columns", name))
                .collect::<Result<Vec<_>>>()?,
        };
        let n_written = kept.len();
        let mut order = Vec::new();
        for word in &asked.order {
            let (name, down) = match word.strip_prefix('-') {
                Some(name) => (name, true),
                None => (word.as_str(), false),
            };
            let column = place("--sort", name)?;
            if matches!(schema.field(column).data_type(), DataType::List(_)) {
                return Err(TableError::Input {
                    what: format!("--sort: `{name}` holds whole traces, which have no order"),
                    help: "sort by another column".into(),
                });
            }
            // A column to sort by need not be written: it is carried along behind the others.
            let among = kept
                .iter()
                .position(|own| *own == column)
                .unwrap_or_else(|| {
                    kept.push(column);
                    kept.len() - 1
                });
            order.push((among, down));
        }
        let condition = asked.condition.as_deref();
        Ok(Self {
            filter: condition
                .map(|text| Filter::new(text, schema))
                .transpose()?,
            kept,
            n_written,
            order,
            schema: schema.clone(),
        })
    }

    /// Columns that are written.
    pub(super) fn written(&self) -> SchemaRef {
        let fields = self.kept.iter().take(self.n_written);
        Arc::new(Schema::new(
            fields
                .map(|place| self.schema.field(*place).clone())
                .collect::<Vec<_>>(),
        ))
    }

    /// Columns to sort by.
    pub(super) fn order(&self) -> Vec<(usize, bool)> {
        self.order.clone()
    }

    /// Rows and columns that are needed.
    pub(super) fn choose(&self, rows: RecordBatch) -> Result<RecordBatch> {
        // Before columns are dropped: the condition may name others than are written.
        let wanted = self.filter.as_ref().map(|filter| filter.wanted(&rows));
        let kept = rows.project(&self.kept).map_err(failed)?;
        match wanted {
            Some(wanted) => filter_record_batch(&kept, &wanted).map_err(failed),
            None => Ok(kept),
        }
    }

    /// Columns that are written, of rows that were chosen.
    pub(super) fn finish(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let written: Vec<usize> = (0..self.n_written).collect();
        rows.project(&written).map_err(failed)
    }
}

impl Filter {
    fn new(text: &str, schema: &Schema) -> Result<Self> {
        let mut columns = Vec::new();
        let mut names = Vec::new();
        for (place, field) in schema.fields().iter().enumerate() {
            if let Some(kind) = kind(field.data_type()) {
                columns.push(place);
                names.push(Parameter {
                    name: field.name().clone(),
                    kind,
                });
            }
        }
        let condition = Condition::of_columns(&names, text, "--where")?;
        let needs = condition.needs();
        Ok(Self {
            condition,
            columns,
            needs,
        })
    }

    /// Of which rows the condition holds.
    fn wanted(&self, rows: &RecordBatch) -> BooleanArray {
        let value = |need: usize, row: usize| cell(rows.column(self.columns[need]), row);
        // One buffer for all rows; entries that the condition does not name stay as they are.
        let mut numbers = vec![f64::NAN; self.columns.len()];
        let holds = |row: usize| {
            for need in &self.needs {
                // Only the columns that the condition names are looked at.
                numbers[*need] = value(*need, row).number();
            }
            self.condition
                .holds_of(&numbers, &|need| match value(need, row) {
                    super::value::Cell::Text(text) => Some(ParamValue::from(text)),
                    super::value::Cell::Bool(flag) => Some(ParamValue::from(flag)),
                    _ => None,
                })
        };
        (0..rows.num_rows()).map(holds).map(Some).collect()
    }
}
