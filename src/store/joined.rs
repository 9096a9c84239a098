//! Rows of a table with the parameters of the points that they belong to, a piece at a time: tables may be larger
//! than memory.

use super::derive::{self, Columns, Points};
use super::schema::{dipole_schema, lfp_schema, spikes_schema, traces_schema};
use super::{Id, Result, Store, StoreError, Table, check_table, scan};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, FieldRef, Schema, SchemaRef};
use std::ops::ControlFlow;
use std::sync::Arc;

impl Store {
    /// Gives the rows of a table that belong to points of a sweep's present grid, or of all sweeps', to `visit`, until
    /// that breaks off; those of `former` belong to points that have left it.
    /// They come in the order of `sim` and `trial`, in pieces of which at least one is given, if without rows. Every
    /// table begins with `sweep`, `sim`, `point`, `trial` and the parameters. A simulation that several points share
    /// has rows for each.
    ///
    /// Rows of a run that is under way are there once it has brought them into the tables; those of `simulations` and
    /// `summary`, as soon as it has finished them. No run may replace files meanwhile: [`Store::hold`]. Files are
    /// checked first, as for a query.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged, or traces of the table are stored with 32 and with 64 bits.
    pub fn each(
        &self,
        table: Table,
        sweep: Option<&str>,
        visit: &mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    ) -> Result<()> {
        let state = self.state();
        let columns = Columns::of(state).map_err(|(name, first, second)| StoreError::Conflict {
            what: format!("`{name}` is not the same in the sweeps `{first}` and `{second}`"),
            help: "give one of them a folder of its own".into(),
        })?;
        let points = Points::of_some(state, |name, point| {
            point.place.is_none() == (table == Table::Former)
                && sweep.is_none_or(|only| only == name)
        });
        let n_batches = u32::try_from(state.batches.len().max(1)).unwrap_or(u32::MAX);
        if matches!(table, Table::Simulations | Table::Former | Table::Summary) {
            for batch in 0..n_batches {
                let rows = derive::rows(table, state, &columns, &points, batch).map_err(ours)?;
                if visit(rows).is_break() {
                    break;
                }
            }
            return Ok(());
        }
        check_table(self.layout().root(), state, table)?;
        let mut join = Join {
            columns: &columns,
            points: &points,
            visit,
            schema: None,
            conflict: false,
            done: false,
        };
        for batch in 0..n_batches {
            let sims = derive::sims_of(state, batch);
            let mut first = sims.start;
            // Few at first, so that the beginning of a table is there at once.
            let mut n = 1;
            while first < sims.end && !join.done {
                let last = first.saturating_add(n).min(sims.end) - 1;
                scan(
                    self.layout(),
                    state,
                    table,
                    batch,
                    first..=last,
                    &mut |id, rows| join.give(id, rows),
                )?;
                first = last + 1;
                // More and more at a time, as opening a file costs the same for few as for many.
                n = n.saturating_mul(4);
            }
        }
        if join.conflict {
            return Err(StoreError::Conflict {
                what: format!("{} are stored with 32 bits and with 64", table.name()),
                help: "ask for one sweep with --sweep; `trace_precision` of [output] decides which"
                    .into(),
            });
        }
        // A table without rows has its columns all the same.
        if join.schema.is_none() {
            let schema = match table {
                Table::Dipole => dipole_schema(),
                Table::Spikes => spikes_schema(),
                Table::Lfp => lfp_schema(),
                _ => traces_schema(table, false),
            };
            let none = RecordBatch::new_empty(schema);
            let head = derive::heads(&columns, &[], (0, 0), 0).map_err(ours)?;
            let _ = (join.visit)(beside(&head, &none).map_err(ours)?);
        }
        Ok(())
    }
}

fn ours(error: ArrowError) -> StoreError {
    StoreError::Conflict {
        what: error.to_string(),
        help: "this is an error in hnn-sweep itself, please report it".into(),
    }
}

struct Join<'a> {
    columns: &'a Columns,
    points: &'a Points<'a>,
    visit: &'a mut dyn FnMut(RecordBatch) -> ControlFlow<()>,
    schema: Option<SchemaRef>,
    conflict: bool,
    done: bool,
}

impl Join<'_> {
    /// Gives rows of one simulation on, once for each of its points.
    fn give(&mut self, id: Id, rows: &RecordBatch) -> std::result::Result<(), ArrowError> {
        for point in self.points.of_sim(id.0) {
            if self.done {
                break;
            }
            let head = derive::heads(self.columns, &[*point], id, rows.num_rows())?;
            let joined = beside(&head, rows)?;
            let schema = self.schema.get_or_insert_with(|| joined.schema());
            // Precision may change between runs; a table has one.
            if *schema != joined.schema() {
                (self.conflict, self.done) = (true, true);
                break;
            }
            self.done = (self.visit)(joined).is_break();
        }
        Ok(())
    }
}

/// Columns of rows, and after them those that they do not have of other rows.
fn beside(head: &RecordBatch, rows: &RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
    let (of_head, of_rows) = (head.schema(), rows.schema());
    let first = of_head.fields().iter().zip(head.columns());
    let is_new =
        |(field, _): &(&FieldRef, &ArrayRef)| of_head.column_with_name(field.name()).is_none();
    let rest = of_rows.fields().iter().zip(rows.columns()).filter(is_new);
    let (fields, columns): (Vec<FieldRef>, Vec<ArrayRef>) = first
        .chain(rest)
        .map(|(field, column)| (field.clone(), column.clone()))
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
