//! Rows of a folder's table, chosen, sorted and written, in builds with SQL and without. Tables may be larger than
//! memory: rows pass by a piece at a time, and what is sorted goes through temporary files.

mod asked;
mod cell;
mod choice;
mod order;
mod text;
mod value;
mod write;

pub use asked::{Asked, Format, TableError};
pub use cell::neutral;
pub(crate) use text::short;

use crate::store::Store;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use asked::{Result, failed};
use choice::Choice;
use order::Sorter;
use std::io::Write;
use std::ops::ControlFlow;
use write::Writer;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// Writes rows of a table. The caller holds the folder: [`Store::hold`].
///
/// # Errors
/// [`TableError`]; something may have been written already.
pub fn write(
    store: &Store,
    asked: &Asked,
    format: Format,
    sink: &mut (dyn Write + Send),
) -> Result<Written> {
    write_changed(store, asked, format, sink, &Ok)
}

/// The same of rows that are made of the table's, a simulation at a time.
///
/// # Errors
/// [`TableError`]; something may have been written already.
pub fn write_changed(
    store: &Store,
    asked: &Asked,
    format: Format,
    sink: &mut (dyn Write + Send),
    change: &dyn Fn(RecordBatch) -> std::result::Result<RecordBatch, ArrowError>,
) -> Result<Written> {
    // Taken by the stream when it begins.
    let mut sink = Some(sink);
    // The first rows tell the columns; before them nothing can be chosen or written.
    let mut stream: Option<Stream> = None;
    let mut failed_with = None;
    store.each(asked.table, asked.sweep.as_deref(), &mut |rows| {
        let rows = match change(rows) {
            Ok(rows) => rows,
            Err(error) => {
                failed_with = Some(failed(error));
                return ControlFlow::Break(());
            }
        };
        let pushed = match (&mut stream, sink.take()) {
            (Some(stream), _) => stream.push(rows),
            (none, Some(sink)) => Stream::begin(asked, format, sink, &rows)
                .and_then(|begun| none.insert(begun).push(rows)),
            (None, None) => Ok(ControlFlow::Break(())),
        };
        pushed.unwrap_or_else(|error| {
            failed_with = Some(error);
            ControlFlow::Break(())
        })
    })?;
    match (failed_with, stream) {
        (Some(error), _) => Err(error),
        (None, Some(stream)) => stream.end(),
        (None, None) => Ok(Written {
            rows: 0,
            more: false,
        }),
    }
}

/// Rows on their way from a table to a file.
struct Stream<'a> {
    choice: Choice,
    sorter: Option<Sorter>,
    out: Out<'a>,
}

impl<'a> Stream<'a> {
    fn begin(
        asked: &Asked,
        format: Format,
        sink: &'a mut (dyn Write + Send),
        rows: &RecordBatch,
    ) -> Result<Self> {
        let choice = Choice::new(asked, &rows.schema())?;
        let writer = Writer::new(format, &choice.written(), sink)?;
        let order = choice.order();
        let sorter = (!order.is_empty()).then(|| Sorter::new(order, asked.head));
        Ok(Self {
            choice,
            sorter,
            out: Out {
                writer,
                head: asked.head,
                rows: 0,
                more: false,
            },
        })
    }

    fn push(&mut self, rows: RecordBatch) -> Result<ControlFlow<()>> {
        let rows = self.choice.choose(rows)?;
        match &mut self.sorter {
            // All rows have to be seen before the first is known.
            Some(sorter) => sorter.push(rows).map(ControlFlow::Continue),
            None => self.out.write(&self.choice.finish(&rows)?),
        }
    }

    fn end(mut self) -> Result<Written> {
        if let Some(sorter) = self.sorter {
            let (choice, out) = (&self.choice, &mut self.out);
            sorter.drain(&mut |rows| out.write(&choice.finish(&rows)?))?;
        }
        self.out.writer.end()?;
        Ok(Written {
            rows: self.out.rows,
            more: self.out.more,
        })
    }
}

/// The first rows of those that come.
struct Out<'a> {
    writer: Writer<'a>,
    head: Option<u64>,
    rows: u64,
    more: bool,
}

impl Out<'_> {
    fn write(&mut self, rows: &RecordBatch) -> Result<ControlFlow<()>> {
        let room = self.head.map_or(u64::MAX, |head| head - self.rows);
        let n = rows.num_rows() as u64;
        let taken = n.min(room);
        if taken > 0 {
            self.writer.write(&rows.slice(0, taken as usize))?;
        }
        self.rows += taken;
        // One row too many is enough to say that there are more.
        self.more = n > room;
        Ok(match self.more {
            // Nothing more is read: `--head` of a huge table answers at once.
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    }
}
