//! Whole tables in memory, for programs that ask for rows and not for files.

use super::derive::{self, Columns, Points};
use super::schema::{dipole_schema, lfp_schema, spikes_schema, traces_schema};
use super::{Result, Store, StoreError, Table, check, scan};
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Rows of a table that belong to a sweep's present grid, or to all sweeps; of some simulations only, if they are
    /// given. There is at least one batch, which may have no rows, and all have one schema.
    ///
    /// Rows of a run that is under way are there once it has brought them into the tables. Files are checked against
    /// their checksums.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged, or traces of the table are stored with 32 and with 64 bits.
    pub fn rows(
        &self,
        table: Table,
        sweep: Option<&str>,
        sims: Option<&BTreeSet<u32>>,
    ) -> Result<Vec<RecordBatch>> {
        let batches = match table {
            Table::Simulations | Table::Former | Table::Summary => {
                self.derived(table, sweep, sims)?
            }
            _ => self.stored(table, sweep, sims)?,
        };
        let disagree = |batch: &RecordBatch| batch.schema() != batches[0].schema();
        if batches.iter().any(disagree) {
            return Err(StoreError::Conflict {
                what: format!("{} are stored with 32 bits and with 64", table.name()),
                help: "ask for one sweep, or for some simulations, at a time".into(),
            });
        }
        Ok(batches)
    }

    fn derived(
        &self,
        table: Table,
        sweep: Option<&str>,
        sims: Option<&BTreeSet<u32>>,
    ) -> Result<Vec<RecordBatch>> {
        let state = self.state();
        let columns = Columns::of(state).map_err(|(name, first, second)| StoreError::Conflict {
            what: format!("`{name}` is not the same in the sweeps `{first}` and `{second}`"),
            help: "give one of them a folder of its own".into(),
        })?;
        let points = Points::of_some(state, |name, point| {
            sweep.is_none_or(|only| only == name)
                && sims.is_none_or(|sims| sims.contains(&point.sim))
        });
        let n_batches = u32::try_from(state.batches.len().max(1)).unwrap_or(u32::MAX);
        let rows = |batch| derive::rows(table, state, &columns, &points, batch);
        (0..n_batches)
            .map(rows)
            .collect::<std::result::Result<_, ArrowError>>()
            .map_err(|e| StoreError::Conflict {
                what: e.to_string(),
                help: "this is an error in hnn-sweep itself, please report it".into(),
            })
    }

    fn stored(
        &self,
        table: Table,
        sweep: Option<&str>,
        sims: Option<&BTreeSet<u32>>,
    ) -> Result<Vec<RecordBatch>> {
        let state = self.state();
        let mut wanted: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let of_sweep = state
            .sweeps
            .iter()
            .filter(|(name, _)| sweep.is_none_or(|only| only == *name));
        for point in of_sweep.flat_map(|(_, sweep)| &sweep.points) {
            // Of a named sweep the present grid; otherwise all that the folder has.
            let known = sweep.is_none() || point.place.is_some();
            if known && sims.is_none_or(|sims| sims.contains(&point.sim)) {
                wanted
                    .entry(state.batch_of(point.sim))
                    .or_default()
                    .insert(point.sim);
            }
        }
        let mut batches = Vec::new();
        for (batch, sims) in wanted {
            let (Some(first), Some(last)) = (sims.first(), sims.last()) else {
                continue;
            };
            check(self.layout(), state, table, batch)?;
            scan(
                self.layout(),
                state,
                table,
                batch,
                *first..=*last,
                &mut |id, rows| {
                    if sims.contains(&id.0) {
                        batches.push(rows.clone());
                    }
                    Ok(())
                },
            )?;
        }
        if batches.is_empty() {
            let schema = match table {
                Table::Dipole => dipole_schema(),
                Table::Spikes => spikes_schema(),
                Table::Lfp => lfp_schema(),
                _ => traces_schema(table, false),
            };
            batches.push(RecordBatch::new_empty(schema));
        }
        Ok(batches)
    }
}
