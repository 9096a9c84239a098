//! Sorting of more rows than memory holds: sorted runs go to temporary files, and are merged.

use super::asked::{Result, TableError, failed};
use super::value::cell;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use arrow_select::interleave::interleave_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::properties::WriterProperties;
use std::cmp::Ordering;
use std::fs::File;
use std::ops::ControlFlow;

/// Bytes of rows that are held in memory before they go to a file.
const HELD: usize = 64 << 20;
/// Bytes that are read of a file at a time.
const PIECE: usize = 1 << 20;
/// Files that are merged at a time.
const RUNS: usize = 16;

/// Rows that are to be sorted.
pub(super) struct Sorter {
    order: Vec<(usize, bool)>,
    head: Option<usize>,
    most: usize,
    held: Vec<RecordBatch>,
    bytes: usize,
    runs: Vec<File>,
}

/// Takes rows in their order, until it has enough.
type Give<'g> = dyn FnMut(RecordBatch) -> Result<ControlFlow<()>> + 'g;

impl Sorter {
    /// Of the first `head` rows in the order of these columns, from the largest down where that is said. Rows that
    /// are equal keep their order.
    pub(super) fn new(order: Vec<(usize, bool)>, head: Option<u64>) -> Self {
        Self {
            order,
            // One more, which tells that there are more.
            head: head.map(|head| {
                usize::try_from(head)
                    .unwrap_or(usize::MAX)
                    .saturating_add(1)
            }),
            most: HELD,
            held: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, rows: RecordBatch) -> Result<()> {
        if rows.num_rows() > 0 {
            self.bytes += bytes_of(&rows);
            self.held.push(rows);
        }
        if self.bytes > self.most {
            self.relieve()?;
        }
        Ok(())
    }

    /// Gives all rows in their order.
    pub(super) fn drain(mut self, give: &mut Give) -> Result<()> {
        if self.runs.is_empty() {
            return self.sorted(give);
        }
        if !self.held.is_empty() {
            self.spill()?;
        }
        let runs = std::mem::take(&mut self.runs);
        self.merge(runs, give)
    }

    /// Makes room: drops what is beyond the head, or writes a run.
    fn relieve(&mut self) -> Result<()> {
        // With a head, most rows are out of the race at once, and nothing goes to disk.
        if self.head.is_some() && self.runs.is_empty() {
            let mut first = Vec::new();
            self.sorted(&mut |rows| {
                first.push(rows);
                Ok(ControlFlow::Continue(()))
            })?;
            self.bytes = first.iter().map(bytes_of).sum();
            self.held = first;
        }
        // Still half full: sorting again and again would cost more than writing once.
        if self.bytes > self.most / 2 {
            self.spill()?;
        }
        // Few files are open at a time, however large the table.
        if self.runs.len() >= RUNS {
            let runs = std::mem::take(&mut self.runs);
            let run = write_run(|put| self.merge(runs, put))?;
            self.runs.extend(run);
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let run = write_run(|put| self.sorted(put))?;
        self.runs.extend(run);
        self.held.clear();
        self.bytes = 0;
        Ok(())
    }

    fn compare(&self, a: (&RecordBatch, usize), b: (&RecordBatch, usize)) -> Ordering {
        for (column, down) in &self.order {
            let (left, right) = (
                cell(a.0.column(*column), a.1),
                cell(b.0.column(*column), b.1),
            );
            match left.order(&right, *down) {
                Ordering::Equal => {}
                order => return order,
            }
        }
        Ordering::Equal
    }

    /// Gives what is held in its order, as much as is wanted.
    fn sorted(&self, give: &mut Give) -> Result<()> {
        let rows = |(batch, rows): (usize, &RecordBatch)| {
            (0..rows.num_rows()).map(move |row| (batch, row))
        };
        let mut places: Vec<(usize, usize)> = self.held.iter().enumerate().flat_map(rows).collect();
        // Stable, so that rows which are alike stay in the order of the table.
        places.sort_by(|a, b| self.compare((&self.held[a.0], a.1), (&self.held[b.0], b.1)));
        places.truncate(self.head.unwrap_or(usize::MAX));
        let held: Vec<&RecordBatch> = self.held.iter().collect();
        // As many rows as make a megabyte: traces are long, spikes are short.
        let piece = (places.len() * PIECE / self.bytes.max(1)).clamp(1, 8192);
        for places in places.chunks(piece) {
            if give(interleave_record_batch(&held, places).map_err(failed)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Gives the rows of sorted files in their order, as many as are wanted. Of equal rows those of earlier files
    /// come first.
    fn merge(&self, runs: Vec<File>, give: &mut Give) -> Result<()> {
        let mut runs = runs
            .into_iter()
            .map(Run::open)
            .collect::<Result<Vec<_>>>()?;
        let mut left = self.head.unwrap_or(usize::MAX);
        let mut places: Vec<(usize, usize)> = Vec::new();
        loop {
            let mut first: Option<usize> = None;
            for (place, run) in runs.iter().enumerate().filter(|(_, run)| !run.is_empty()) {
                let is_less = |other: &Run| {
                    self.compare((&run.rows, run.next), (&other.rows, other.next))
                        .is_lt()
                };
                if first.is_none_or(|best| is_less(&runs[best])) {
                    first = Some(place);
                }
            }
            let taken = first.filter(|_| left > 0);
            if let Some(place) = taken {
                places.push((place, runs[place].next));
                runs[place].next += 1;
                left -= 1;
            }
            // A run's rows must be given before its next piece takes their place.
            let ends = taken.is_none_or(|place| runs[place].is_empty());
            if ends && !places.is_empty() {
                let rows: Vec<&RecordBatch> = runs.iter().map(|run| &run.rows).collect();
                let piece = interleave_record_batch(&rows, &places).map_err(failed)?;
                places.clear();
                if give(piece)?.is_break() {
                    return Ok(());
                }
            }
            match taken {
                Some(place) if ends => runs[place].load()?,
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }
}

/// A sorted file, of which a piece is in memory.
struct Run {
    reader: ParquetRecordBatchReader,
    rows: RecordBatch,
    next: usize,
}

impl Run {
    fn open(file: File) -> Result<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
        // Each row group is a piece.
        let groups = builder.metadata().row_groups().iter();
        let most = groups.map(|group| group.num_rows()).max().unwrap_or(1);
        let schema = builder.schema().clone();
        let reader = builder.with_batch_size(usize::try_from(most).unwrap_or(1).max(1));
        let mut run = Self {
            reader: reader.build().map_err(failed)?,
            rows: RecordBatch::new_empty(schema),
            next: 0,
        };
        run.load()?;
        Ok(run)
    }

    /// Whether all of the piece has been taken.
    fn is_empty(&self) -> bool {
        self.next >= self.rows.num_rows()
    }

    /// Reads the next piece, if there is one.
    fn load(&mut self) -> Result<()> {
        if let Some(rows) = self.reader.next() {
            (self.rows, self.next) = (rows.map_err(failed)?, 0);
        }
        Ok(())
    }
}

/// Writes rows to a file that has no name, and is gone with the process; `None` if there are no rows.
fn write_run(rows: impl FnOnce(&mut Give) -> Result<()>) -> Result<Option<File>> {
    let mut writer: Option<ArrowWriter<File>> = None;
    rows(&mut |piece| {
        let writer = match &mut writer {
            Some(writer) => writer,
            none => {
                let properties = WriterProperties::builder()
                    .set_dictionary_enabled(false)
                    .build();
                let file = tempfile::tempfile().map_err(TableError::Write)?;
                let begun = ArrowWriter::try_new(file, piece.schema(), Some(properties));
                none.insert(begun.map_err(failed)?)
            }
        };
        writer
            .write(&piece)
            .and_then(|()| writer.flush())
            .map_err(failed)?;
        Ok(ControlFlow::Continue(()))
    })?;
    writer
        .map(|writer| writer.into_inner().map_err(failed))
        .transpose()
}

/// Bytes of rows, however much of a larger piece they are a part of.
fn bytes_of(rows: &RecordBatch) -> usize {
    let of_column = |column: &dyn Array| match column.data_type() {
        DataType::Utf8 => {
            let offsets = column.as_string::<i32>().value_offsets();
            let ends = offsets.first().zip(offsets.last());
            ends.map_or(0, |(first, last)| (last - first) as usize) + 4 * column.len()
        }
        DataType::List(item) => {
            let offsets = column.as_list::<i32>().value_offsets();
            let ends = offsets.first().zip(offsets.last());
            let width = item.data_type().primitive_width().unwrap_or(8);
            ends.map_or(0, |(first, last)| (last - first) as usize * width) + 4 * column.len()
        }
        other => other.primitive_width().unwrap_or(1) * column.len(),
    };
    rows.columns().iter().map(|column| of_column(column)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::{Float64Type, Int32Type};
    use arrow_array::{Float64Array, Int32Array};
    use arrow_schema::{Field, Schema};
    use std::sync::Arc;

    /// Rows of pseudo-random numbers, some of which are null, numbered as they come.
    fn rows(n: i32) -> Vec<RecordBatch> {
        let schema = Arc::new(Schema::new(vec![
            Field::new("x", DataType::Float64, true),
            Field::new("place", DataType::Int32, false),
        ]));
        let value =
            |place: &i32| (place % 17 != 3).then_some(f64::from(place.wrapping_mul(7919) % 1013));
        let all: Vec<i32> = (0..n).collect();
        let batch = |places: &[i32]| {
            let x: Float64Array = places.iter().map(value).collect();
            let columns: Vec<Arc<dyn Array>> =
                vec![Arc::new(x), Arc::new(Int32Array::from(places.to_vec()))];
            RecordBatch::try_new(schema.clone(), columns).unwrap()
        };
        all.chunks(100).map(batch).collect()
    }

    /// Numbers and places in the order that a sorter gives them.
    fn sorted(
        most: usize,
        down: bool,
        head: Option<u64>,
        n: i32,
    ) -> (Vec<(Option<f64>, i32)>, usize) {
        let mut sorter = Sorter::new(vec![(0, down)], head);
        sorter.most = most;
        let mut spilled = 0;
        for rows in rows(n) {
            sorter.push(rows).unwrap();
            spilled = spilled.max(sorter.runs.len());
        }
        let mut all = Vec::new();
        sorter
            .drain(&mut |rows| {
                let x = rows.column(0).as_primitive::<Float64Type>();
                let place = rows.column(1).as_primitive::<Int32Type>();
                all.extend(x.iter().zip(place.values().iter().copied()));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        (all, spilled)
    }

    #[test]
    fn rows_that_go_through_files_come_in_the_order_that_memory_gives_them() {
        for down in [false, true] {
            let (whole, spilled) = sorted(HELD, down, None, 20_000);
            assert_eq!((whole.len(), spilled), (20_000, 0));
            let ordered = whole.windows(2).all(|pair| match (pair[0].0, pair[1].0) {
                (Some(a), Some(b)) if a == b => pair[0].1 < pair[1].1,
                (Some(a), Some(b)) => (a < b) != down,
                (None, Some(_)) => false,
                (_, None) => true,
            });
            assert!(ordered);
            // Twenty runs and more: they are merged once before the end.
            let (merged, spilled) = sorted(12_000, down, None, 20_000);
            assert!(spilled > 10, "{spilled}");
            assert_eq!(merged, whole);
        }
    }

    #[test]
    fn the_first_rows_are_held_in_memory() {
        let (whole, _) = sorted(HELD, true, None, 20_000);
        let (first, spilled) = sorted(12_000, true, Some(9), 20_000);
        assert_eq!(spilled, 0);
        assert_eq!(first, whole[..10]);
        let (many, spilled) = sorted(12_000, true, Some(5_000), 20_000);
        assert!(spilled > 0);
        assert_eq!(many, whole[..5_001]);
    }
}
