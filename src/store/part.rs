//! Parquet files: pieces of one simulation, and the parts of tables that they are merged into.

use super::error::{Result, StoreError};
use super::folder::{Aside, Folder};
use super::layout::{Layout, TMP, Table};
use super::schema::{ROW_GROUP_ROWS, writer_properties};
use super::written::{Hashed, Written};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Int32Array, RecordBatch};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::statistics::Statistics;
use std::io::{BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Simulation and trial: what rows belong to.
pub type Id = (u32, u32);

/// Writes a table's rows, whole simulations per row group.
pub struct PartWriter<W: Write + Send> {
    writer: ArrowWriter<Shared<W>>,
    sink: Shared<W>,
    last: Option<Id>,
    rows: usize,
    samples: usize,
}

impl<W: Write + Send> PartWriter<W> {
    /// Begins a file.
    pub fn new(
        sink: W,
        table: Table,
        schema: &SchemaRef,
    ) -> std::result::Result<Self, ParquetError> {
        let properties = writer_properties(table, schema);
        let sink = Shared(Arc::new(Mutex::new(sink)));
        Ok(Self {
            writer: ArrowWriter::try_new(sink.clone(), schema.clone(), Some(properties))?,
            sink,
            last: None,
            rows: 0,
            samples: 0,
        })
    }

    /// Appends rows of a simulation.
    pub fn write(&mut self, id: Id, rows: &RecordBatch) -> std::result::Result<(), ParquetError> {
        // Traces of one simulation may be too many for a row group; rows of one never are.
        let too_large = self.samples >= 32 * ROW_GROUP_ROWS;
        // A row group holds whole simulations, so that a reader of one opens one group.
        if too_large || (self.rows >= ROW_GROUP_ROWS && self.last != Some(id)) {
            (self.rows, self.samples) = (0, 0);
            self.writer.flush()?;
        }
        self.last = Some(id);
        self.rows += rows.num_rows();
        self.samples += list_items(rows);
        self.writer.write(rows)
    }

    /// Ends the file.
    pub fn finish(self) -> std::result::Result<W, ParquetError> {
        // Not `into_inner`, which hides why the last bytes could not be written.
        self.writer.close()?;
        let sink = Arc::into_inner(self.sink.0);
        let sink = sink.ok_or_else(|| ParquetError::General("the file is still open".into()))?;
        Ok(sink.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A sink that outlives the writer that fills it.
struct Shared<W>(Arc<Mutex<W>>);

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
    }
}

/// Values in list columns, which rows alone do not tell.
fn list_items(rows: &RecordBatch) -> usize {
    rows.columns()
        .iter()
        .filter_map(|column| column.as_list_opt::<i32>())
        .map(|list| list.values().len())
        .sum()
}

/// A piece that grows beyond this goes to a file of its own, which becomes a part as it is.
const INLINE_BYTES: usize = 16 << 20;

/// One simulation's rows of a table, as a Parquet file.
#[derive(Clone, Debug)]
pub enum Piece {
    /// In memory.
    Inline(Vec<u8>),
    /// In a durable file of [the folder's pieces](Layout).
    File {
        /// Its name.
        name: String,
        /// Its length and checksum.
        written: Written,
    },
}

/// Writes one simulation's rows of a table.
pub struct PieceWriter {
    path: PathBuf,
    id: Id,
    writer: PartWriter<Hashed<Spool>>,
}

impl PieceWriter {
    /// Begins a piece in a folder of results.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn new(layout: &Layout, table: Table, id: Id, schema: &SchemaRef) -> Result<Self> {
        let path = layout.folder().path(layout.pieces());
        let sink = Hashed::new(Spool::Memory(Vec::new(), layout.clone()));
        let writer = PartWriter::new(sink, table, schema);
        let writer = writer.map_err(|e| write_error(&path, e))?;
        Ok(Self { path, id, writer })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.writer
            .write(self.id, rows)
            .map_err(|e| write_error(&self.path, e))
    }

    /// Ends the piece; it is durable if it is a file.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(self) -> Result<Piece> {
        let sink = self.writer.finish();
        let sink = sink.map_err(|e| write_error(&self.path, e))?;
        let written = sink.written();
        match sink.into_inner() {
            Spool::Memory(bytes, _) => Ok(Piece::Inline(bytes)),
            Spool::File(file) => Ok(Piece::File {
                name: file.keep()?,
                written,
            }),
        }
    }
}

/// Memory that becomes a file when it grows.
enum Spool {
    Memory(Vec<u8>, Layout),
    File(Aside),
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Spool::Memory(memory, layout) = self {
            // Small results stay in memory and go into the journal; traces of a whole network get a
            // file.
            if memory.len() + bytes.len() <= INLINE_BYTES {
                memory.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            let file = layout.folder().aside(layout.pieces());
            let mut file = file.map_err(std::io::Error::other)?;
            file.write_all(memory)?;
            *self = Spool::File(file);
        }
        match self {
            Spool::File(file) => file.write(bytes),
            Spool::Memory(..) => Ok(0),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Spool::File(file) => file.flush(),
            Spool::Memory(..) => Ok(()),
        }
    }
}

/// Reads a file one row group at a time.
pub struct PartReader<R: ChunkReader + Clone + 'static> {
    input: R,
    metadata: ArrowReaderMetadata,
    next: usize,
    sims: RangeInclusive<u32>,
}

impl<R: ChunkReader + Clone + 'static> PartReader<R> {
    /// Reads the file's metadata.
    pub fn new(input: R) -> std::result::Result<Self, ParquetError> {
        let metadata = ArrowReaderMetadata::load(&input, ArrowReaderOptions::new())?;
        Ok(Self {
            input,
            metadata,
            next: 0,
            sims: 0..=u32::MAX,
        })
    }

    /// The columns.
    fn schema(&self) -> SchemaRef {
        self.metadata.schema().clone()
    }

    /// Leaves row groups out that hold none of these simulations.
    #[must_use]
    pub fn of_sims(mut self, sims: RangeInclusive<u32>) -> Self {
        self.sims = sims;
        self
    }

    /// Whether a row group may hold rows of the wanted simulations, by its statistics.
    fn may_hold(&self, group: &RowGroupMetaData) -> bool {
        let of_sim = |column: &&ColumnChunkMetaData| column.column_path().string() == "sim";
        let Some(Statistics::Int32(sims)) = group
            .columns()
            .iter()
            .find(of_sim)
            .and_then(|c| c.statistics())
        else {
            return true;
        };
        // The statistics of a group tell which simulations it can hold; without them it is read.
        let bound = |value: Option<&i32>| value.map(|value| (*value).max(0) as u32);
        bound(sims.min_opt()).is_none_or(|min| min <= *self.sims.end())
            && bound(sims.max_opt()).is_none_or(|max| max >= *self.sims.start())
    }

    /// Rows of the next row group.
    pub fn next_group(&mut self) -> std::result::Result<Option<RecordBatch>, ParquetError> {
        let groups = self.metadata.metadata().row_groups();
        let mut rest = groups.iter().enumerate().skip(self.next);
        let Some((place, group)) = rest.find(|(_, group)| self.may_hold(group)) else {
            return Ok(None);
        };
        self.next = place + 1;
        let rows = usize::try_from(group.num_rows()).unwrap_or(usize::MAX);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.input.clone(),
            self.metadata.clone(),
        );
        let mut reader = builder
            .with_row_groups(vec![place])
            .with_batch_size(rows.max(1))
            .build()?;
        match reader.next() {
            // An empty group, as the empty file of a table without rows has one.
            Some(batch) => Ok(Some(batch?)),
            None => self.next_group(),
        }
    }
}

/// Splits rows into runs of one simulation each.
pub fn runs(rows: &RecordBatch) -> std::result::Result<Vec<(Id, RecordBatch)>, ParquetError> {
    let ids = |name| {
        rows.column_by_name(name)
            .and_then(|c| c.as_primitive_opt::<Int32Type>())
            .ok_or_else(|| ParquetError::General(format!("it has no column `{name}`")))
    };
    let (sims, trials) = (ids("sim")?, ids("trial")?);
    let id = |i: usize| (sims.value(i).max(0) as u32, trials.value(i).max(0) as u32);
    let mut result = Vec::new();
    let mut start = 0;
    for i in 1..=rows.num_rows() {
        // A run of rows with the same simulation and trial.
        if i == rows.num_rows() || id(i) != id(start) {
            result.push((id(start), rows.slice(start, i - start)));
            start = i;
        }
    }
    Ok(result)
}

/// Opens a part of a table; `None` if there is none.
pub fn open_part(folder: &Folder, name: &str) -> Result<Option<PartReader<CloneFile>>> {
    let Some(file) = folder.open_file(name)? else {
        return Ok(None);
    };
    let reader = PartReader::new(CloneFile(Arc::new(file)));
    reader
        .map(Some)
        .map_err(|e| StoreError::damaged_part(&folder.path(name), e))
}

/// Whether a part can be given to readers that trust what its footer says: it is as long as it was written, and all
/// that the footer points to lies in it. [`is_intact`] looks at every byte.
///
/// # Errors
/// If it is not so.
pub fn check_footer(folder: &Folder, name: &str, part: &Written) -> Result<()> {
    let path = folder.path(name);
    let damaged = |what: String| Err(StoreError::damaged_part(&path, what));
    let Some(file) = folder.open_file(name)? else {
        return damaged("it is gone".into());
    };
    let metadata = file.metadata();
    let len = metadata
        .map_err(|e| StoreError::io("read", &path, e))?
        .len();
    // The length is cheap and tells nearly every accident.
    if len != part.len {
        return damaged(format!(
            "it has {len} bytes, and was written with {}",
            part.len
        ));
    }
    let footer = match ParquetMetaDataReader::new().parse_and_finish(&file) {
        Ok(footer) => footer,
        Err(e) => return damaged(e.to_string()),
    };
    for column in footer.row_groups().iter().flat_map(|group| group.columns()) {
        let begin = column
            .dictionary_page_offset()
            .unwrap_or(column.data_page_offset());
        let end = begin.checked_add(column.compressed_size());
        let inside = u64::try_from(begin).is_ok()
            && end.is_some_and(|end| end >= begin && u64::try_from(end).is_ok_and(|e| e <= len));
        if !inside {
            return damaged("its footer points beyond its end".into());
        }
    }
    Ok(())
}

/// A file that several readers share.
#[derive(Clone)]
pub struct CloneFile(Arc<std::fs::File>);

impl parquet::file::reader::Length for CloneFile {
    fn len(&self) -> u64 {
        parquet::file::reader::Length::len(&*self.0)
    }
}

impl ChunkReader for CloneFile {
    type T = <std::fs::File as ChunkReader>::T;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> std::result::Result<Bytes, ParquetError> {
        self.0.get_bytes(start, length)
    }
}

/// Rows that are to go into a part.
pub struct Incoming {
    /// Whose they are.
    pub id: Id,
    /// Reads the bytes of the piece.
    pub source: PieceSource,
}

/// Where bytes are: in a file, at an offset and with a length.
#[derive(Clone, Debug)]
pub struct PieceSource {
    /// The folder of results.
    pub folder: Folder,
    /// The file's name in it.
    pub name: String,
    /// Offset (bytes).
    pub offset: u64,
    /// Length (bytes).
    pub len: u64,
}

impl PieceSource {
    /// The file that the bytes are in, for people.
    pub fn path(&self) -> PathBuf {
        self.folder.path(&self.name)
    }

    /// The bytes of a piece.
    pub fn read(&self) -> Result<Bytes> {
        use std::io::{ErrorKind, Read, Seek, SeekFrom};
        let read = |mut file: std::fs::File| -> std::io::Result<Vec<u8>> {
            file.seek(SeekFrom::Start(self.offset))?;
            let mut bytes = vec![0; usize::try_from(self.len).map_err(std::io::Error::other)?];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let file = self.folder.open_file(&self.name)?;
        file.ok_or(ErrorKind::NotFound.into())
            .and_then(read)
            .map(Bytes::from)
            .map_err(|e| StoreError::io("read", &self.path(), e))
    }
}

/// A file that is written and durable, and not yet in its place.
#[derive(Debug)]
pub struct Staged {
    /// The file.
    pub file: Aside,
    /// Its length and checksum.
    pub written: Written,
}

/// Whether a file is what was written.
pub fn is_intact(folder: &Folder, name: &str, part: &Written) -> Result<bool> {
    let Some(file) = folder.open_file(name)? else {
        return Ok(false);
    };
    let error = |e| StoreError::io("read", &folder.path(name), e);
    // Before the hash: most damage is a file cut short.
    if file.metadata().map_err(error)?.len() != part.len {
        return Ok(false);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(error)?;
    Ok(hasher.finalize().as_bytes() == part.hash.as_bytes())
}

/// Merges new rows (ascending ids) into those of a part. Rows of ids that `replaced` names are left out.
///
/// If no row is left, returns a part without rows if `keep`, so that the table can still be asked, else nothing.
pub fn merge(
    folder: &Folder,
    old: Option<&str>,
    table: Table,
    incoming: &[Incoming],
    replaced: &dyn Fn(Id) -> bool,
    keep: bool,
) -> Result<Option<Staged>> {
    let old_path = folder.path(old.unwrap_or(TMP));
    let tmp = folder.path(TMP);
    let mut old = match old {
        Some(name) => open_part(folder, name)?,
        None => None,
    };
    let damaged = |e: ParquetError| StoreError::damaged_part(&old_path, e);
    let mut writer: Option<StagedWriter> = None;
    let mut put = |id: Id, rows: &RecordBatch| -> Result<()> {
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(staged_writer(folder, table, &rows.schema())?),
        };
        writer.write(id, rows).map_err(|e| write_error(&tmp, e))
    };
    let mut pending = incoming.iter().peekable();
    let mut put_before =
        |limit: Option<Id>, put: &mut dyn FnMut(Id, &RecordBatch) -> Result<()>| {
            // Both are in order of simulation and trial: a merge in one pass, in bounded memory.
            while let Some(piece) = pending.next_if(|p| limit.is_none_or(|limit| p.id < limit)) {
                let bytes = piece.source.read()?;
                let damaged = |e: ParquetError| StoreError::damaged_part(&piece.source.path(), e);
                let mut reader = PartReader::new(bytes).map_err(damaged)?;
                while let Some(rows) = reader.next_group().map_err(damaged)? {
                    put(piece.id, &numbered(rows, piece.id).map_err(damaged)?)?;
                }
            }
            Ok(())
        };
    if let Some(old) = &mut old {
        while let Some(rows) = old.next_group().map_err(damaged)? {
            for (id, rows) in runs(&rows).map_err(damaged)? {
                put_before(Some(id), &mut put)?;
                // Simulated again with more outputs: its old rows give way.
                if !replaced(id) {
                    put(id, &rows)?;
                }
            }
        }
    }
    put_before(None, &mut put)?;
    if keep && writer.is_none() {
        let schema = match (&old, incoming.first()) {
            (Some(old), _) => Some(old.schema()),
            (None, Some(piece)) => {
                let damaged = |e: ParquetError| StoreError::damaged_part(&piece.source.path(), e);
                let reader = PartReader::new(piece.source.read()?).map_err(damaged)?;
                Some(reader.schema())
            }
            (None, None) => None,
        };
        let empty = schema.map(|schema| staged_writer(folder, table, &schema));
        writer = empty.transpose()?;
    }
    writer.map(|writer| stage(&tmp, writer)).transpose()
}

/// Rows of a simulation under its number, which was another one when they were written if their sweep is from another
/// time.
fn numbered(rows: RecordBatch, (sim, _): Id) -> std::result::Result<RecordBatch, ParquetError> {
    let sim = super::schema::signed(sim);
    let (place, _) = (rows.schema().column_with_name("sim"))
        .map(|(place, field)| (place, field.clone()))
        .ok_or_else(|| ParquetError::General("it has no column `sim`".into()))?;
    let own = rows.column(place).as_primitive_opt::<Int32Type>();
    // The run gave it the number that the folder has: nothing to change.
    if own.is_some_and(|sims| sims.values().iter().all(|s| *s == sim)) {
        return Ok(rows);
    }
    let mut columns = rows.columns().to_vec();
    columns[place] = Arc::new(Int32Array::from(vec![sim; rows.num_rows()]));
    Ok(RecordBatch::try_new(rows.schema(), columns)?)
}

/// Writes a part from rows in memory.
pub fn write_part(folder: &Folder, table: Table, rows: &RecordBatch) -> Result<Staged> {
    let tmp = folder.path(TMP);
    let mut writer = staged_writer(folder, table, &rows.schema())?;
    writer
        .write((0, 0), rows)
        .map_err(|e| write_error(&tmp, e))?;
    stage(&tmp, writer)
}

type StagedWriter = PartWriter<BufWriter<Hashed<Aside>>>;

fn staged_writer(folder: &Folder, table: Table, schema: &SchemaRef) -> Result<StagedWriter> {
    // Hashed on the way out, so that the checksum is of what was meant to be written.
    let sink = BufWriter::with_capacity(1 << 20, Hashed::new(folder.aside(TMP)?));
    PartWriter::new(sink, table, schema).map_err(|e| write_error(&folder.path(TMP), e))
}

fn stage(tmp: &Path, writer: StagedWriter) -> Result<Staged> {
    let sink = writer.finish().map_err(|e| write_error(tmp, e))?;
    let hashed = sink
        .into_inner()
        .map_err(|e| StoreError::io("write", tmp, e.into_error()))?;
    let written = hashed.written();
    let file = hashed.into_inner();
    // Durable before the intent names it.
    file.sync()?;
    Ok(Staged { file, written })
}

/// A Parquet error while writing is the disk's, as nothing else can fail.
pub fn write_error(path: &Path, error: ParquetError) -> StoreError {
    let source = match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(e) => *e,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    };
    StoreError::io("write", path, source)
}
