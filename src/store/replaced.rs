//! Files that are replaced while other programs read them.
//!
//! Polars, DuckDB and all that read Parquet by name ask for a file's length, read its last bytes, and what these point
//! to, opening the file once or more often. If another file has taken its name in between, they read the wrong bytes.
//! So while somebody reads, a file is replaced by one that begins with all bytes of the old one:
//!
//! ```text
//! old file (with its footer) | own content, a whole file by itself | footer of the own content at this place
//! ```
//!
//! Whoever knows the old length or the old footer finds the old rows, whoever comes later the new ones. Once nobody
//! reads, the own content is written by itself, so that equal inputs give equal bytes.

use super::error::{Result, StoreError};
use super::folder::{Aside, Folder};
use super::hash::Hash;
use super::layout::TMP;
use super::part::Staged;
use super::written::{Content, Hashed, Written};
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// A past (bytes) that is kept, however small the own content is, and how many times the own content it may be.
const PAST_AT_LEAST: u64 = 64 << 20;
const PAST_AT_MOST: u64 = 8;

/// A file to take the place of another one, whose bytes it begins with. `None` if there is no file, or the past has
/// become too long.
///
/// # Errors
/// If a file cannot be read or written.
pub fn behind(
    folder: &Folder,
    old: &str,
    new: &Aside,
    written: &Written,
) -> Result<Option<Staged>> {
    let (len, hash) = (written.len, Some(written.hash));
    let Some((_, offset, mut sink)) = past(folder, old, len)? else {
        return Ok(None);
    };
    let mut own = new.read_back()?;
    let copied = io::copy(&mut own, &mut sink);
    copied.map_err(|e| StoreError::io("write", &folder.path(TMP), e))?;
    let content = Content { offset, len, hash };
    with_footer(folder, sink, footer_at(&own, offset), content)
}

/// As [`behind`], of a file that is to go: it has no rows, and the columns of `like` or its own.
///
/// # Errors
/// If a file cannot be read or written.
pub fn behind_without_rows(
    folder: &Folder,
    old: &str,
    like: Option<&Aside>,
) -> Result<Option<Staged>> {
    let Some((file, offset, sink)) = past(folder, old, 0)? else {
        return Ok(None);
    };
    let like = like.map_or(Ok(file), Aside::read_back)?;
    let footer = read_footer(&like).and_then(|columns| written_footer(columns, Vec::new()));
    let content = Content {
        offset,
        len: 0,
        hash: None,
    };
    with_footer(folder, sink, footer, content)
}

type Sink = BufWriter<Hashed<Aside>>;

/// A file, its length, and a new one that begins with its bytes and goes on with `len` further ones.
fn past(folder: &Folder, old: &str, len: u64) -> Result<Option<(File, u64, Sink)>> {
    let path = folder.path(old);
    let Some(file) = folder.open_file(old)? else {
        return Ok(None);
    };
    let metadata = file.metadata();
    let offset = metadata
        .map_err(|e| StoreError::io("read", &path, e))?
        .len();
    if offset > PAST_AT_LEAST.max(PAST_AT_MOST * len) {
        return Ok(None);
    }
    let mut sink = BufWriter::with_capacity(1 << 20, Hashed::new(folder.aside(TMP)?));
    io::copy(&mut (&file).take(offset), &mut sink)
        .map_err(|e| StoreError::io("write", &folder.path(TMP), e))?;
    Ok(Some((file, offset, sink)))
}

fn with_footer(
    folder: &Folder,
    mut sink: Sink,
    footer: std::result::Result<Bytes, ParquetError>,
    content: Content,
) -> Result<Option<Staged>> {
    // A damaged one is put aside by who finds it, and does not keep its place here.
    let Ok(footer) = footer else {
        return Ok(None);
    };
    sink.write_all(&footer)
        .map_err(|e| StoreError::io("write", &folder.path(TMP), e))?;
    staged(folder, sink, Some(content)).map(Some)
}

/// The own content of a file, by itself; `None` if it is not what was written, which is for others to find.
///
/// # Errors
/// If the disk refuses.
pub fn alone(folder: &Folder, name: &str, content: &Content, hash: Hash) -> Result<Option<Staged>> {
    let Some(mut file) = folder.open_file(name)? else {
        return Ok(None);
    };
    let error = |e| StoreError::io("read", &folder.path(name), e);
    file.seek(SeekFrom::Start(content.offset)).map_err(error)?;
    let mut sink = BufWriter::with_capacity(1 << 20, Hashed::new(folder.aside(TMP)?));
    io::copy(&mut file.take(content.len), &mut sink)
        .map_err(|e| StoreError::io("write", &folder.path(TMP), e))?;
    let staged = staged(folder, sink, None)?;
    let is_whole = (staged.written.len, staged.written.hash) == (content.len, hash);
    Ok(is_whole.then_some(staged))
}

fn staged(folder: &Folder, sink: Sink, content: Option<Content>) -> Result<Staged> {
    let tmp = folder.path(TMP);
    let hashed = sink
        .into_inner()
        .map_err(|e| StoreError::io("write", &tmp, e.into_error()))?;
    let written = Written {
        content,
        ..hashed.written()
    };
    let file = hashed.into_inner();
    file.sync()?;
    Ok(Staged { file, written })
}

fn read_footer(file: &File) -> std::result::Result<ParquetMetaData, ParquetError> {
    ParquetMetaDataReader::new().parse_and_finish(file)
}

/// The footer of a file, for where the file begins at `offset` of another one.
fn footer_at(file: &File, offset: u64) -> std::result::Result<Bytes, ParquetError> {
    let metadata = read_footer(file)?;
    let by = i64::try_from(offset).unwrap_or(i64::MAX);
    let groups = metadata.row_groups().iter().cloned();
    let groups = groups
        .map(|group| moved(group, by))
        .collect::<std::result::Result<_, _>>()?;
    written_footer(metadata, groups)
}

/// A row group whose bytes have moved. Its page index, which only makes readers faster, stays behind.
fn moved(group: RowGroupMetaData, by: i64) -> std::result::Result<RowGroupMetaData, ParquetError> {
    let mut columns = Vec::with_capacity(group.num_columns());
    for column in group.columns() {
        let (data, dictionary) = (column.data_page_offset(), column.dictionary_page_offset());
        let index = column.index_page_offset();
        let bloom = column.bloom_filter_offset();
        let builder = column.clone().into_builder();
        let builder = builder
            .set_data_page_offset(data + by)
            .set_dictionary_page_offset(dictionary.map(|offset| offset + by))
            .set_index_page_offset(index.map(|offset| offset + by))
            .set_bloom_filter_offset(bloom.map(|offset| offset + by))
            .set_offset_index_offset(None)
            .set_offset_index_length(None)
            .set_column_index_offset(None)
            .set_column_index_length(None);
        columns.push(builder.build()?);
    }
    let file_offset = group.file_offset();
    let mut builder = group.into_builder().set_column_metadata(columns);
    if let Some(offset) = file_offset {
        builder = builder.set_file_offset(offset + by);
    }
    builder.build()
}

fn written_footer(
    metadata: ParquetMetaData,
    groups: Vec<RowGroupMetaData>,
) -> std::result::Result<Bytes, ParquetError> {
    let metadata = metadata.into_builder().set_row_groups(groups).build();
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, &metadata)
        .with_preserve_page_index_locations(false)
        .finish()?;
    Ok(footer.into())
}

#[cfg(test)]
mod tests {
    use super::super::layout::Table;
    use super::super::part::{PartReader, write_part};
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Float64Type;
    use arrow_array::{Float64Array, Int32Array, RecordBatch, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    use std::path::Path;
    use std::sync::Arc;

    const NAME: &str = "dipole/batch=0/part.parquet";

    fn folder(path: &Path) -> Folder {
        let folder = Folder::create(path).unwrap();
        for name in [".state", TMP, "dipole", "dipole/batch=0"] {
            folder.make_dir(name).unwrap();
        }
        folder
    }

    /// A file of `n` rows, in several row groups if there are many, with values from `first` on.
    fn part(folder: &Folder, first: usize, n: usize) -> Staged {
        let id = |name| Field::new(name, DataType::Int32, false);
        let schema = Arc::new(Schema::new(vec![
            id("sim"),
            id("trial"),
            Field::new("agg", DataType::Float64, true),
            Field::new("cell_type", DataType::Utf8, false),
        ]));
        let texts = (first..first + n).map(|i| ["L2_basket", "L5_pyramidal"][i % 2]);
        let rows = RecordBatch::try_new(
            schema,
            vec![
                Arc::new(Int32Array::from(vec![0; n])),
                Arc::new(Int32Array::from(vec![0; n])),
                Arc::new(Float64Array::from_iter_values(values(first, n))),
                Arc::new(StringArray::from_iter_values(texts)),
            ],
        );
        write_part(folder, Table::Dipole, &rows.unwrap()).unwrap()
    }

    fn values(first: usize, n: usize) -> impl Iterator<Item = f64> {
        (first..first + n).map(|i| 0.1 * i as f64)
    }

    fn read(bytes: &[u8]) -> Vec<f64> {
        let mut reader = PartReader::new(Bytes::copy_from_slice(bytes)).unwrap();
        let mut all = Vec::new();
        while let Some(rows) = reader.next_group().unwrap() {
            all.extend_from_slice(rows.column(2).as_primitive::<Float64Type>().values());
        }
        all
    }

    fn put(folder: &Folder, staged: Staged) -> (Written, Vec<u8>) {
        let written = staged.written;
        folder.put(staged.file, NAME).unwrap();
        let bytes = folder.read_whole(NAME).unwrap().unwrap();
        assert_eq!(
            (written.len, written.hash),
            (bytes.len() as u64, Hash::of(&bytes))
        );
        (written, bytes)
    }

    fn behind_it(folder: &Folder, new: &Staged) -> (Written, Vec<u8>) {
        let staged = behind(folder, NAME, &new.file, &new.written).unwrap();
        put(folder, staged.unwrap())
    }

    #[test]
    fn a_reader_of_any_time_finds_whole_rows() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let mut lengths = Vec::new();
        for (first, n) in [(0, 3), (10, 100_000), (20, 0), (30, 7)] {
            let new = part(&folder, first, n);
            let (written, bytes) = match lengths.is_empty() {
                true => put(&folder, new),
                false => behind_it(&folder, &new),
            };
            lengths.push((bytes.len(), first, n));
            // Whoever has looked up a former length reads what stood there then.
            for (len, first, n) in &lengths {
                assert!(read(&bytes[..*len]).into_iter().eq(values(*first, *n)));
            }
            assert_eq!(written.content.is_some(), lengths.len() > 1);
        }
    }

    #[test]
    fn what_is_left_in_the_end_is_the_file_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        put(&folder, part(&folder, 0, 5));
        let new = part(&folder, 1, 9);
        let mut by_itself = Vec::new();
        new.file
            .read_back()
            .unwrap()
            .read_to_end(&mut by_itself)
            .unwrap();
        let (written, mut bytes) = behind_it(&folder, &new);
        assert!(written.is_same_content(&new.written));
        let content = written.content.unwrap();
        let alone = || alone(&folder, NAME, &content, content.hash.unwrap()).unwrap();
        assert_eq!(put(&folder, alone().unwrap()), (new.written, by_itself));
        // Nothing that is damaged gets a new checksum.
        let place = content.offset as usize + 10;
        bytes[place] ^= 1;
        std::fs::write(folder.path(NAME), &bytes).unwrap();
        assert!(alone().is_none());
    }

    #[test]
    fn a_file_that_is_to_go_has_no_rows_for_those_who_come() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let (_, before) = put(&folder, part(&folder, 0, 5));
        let columns = |bytes: &[u8]| {
            let footer = ParquetMetaDataReader::new()
                .parse_and_finish(&Bytes::copy_from_slice(bytes))
                .unwrap();
            footer.file_metadata().schema_descr().num_columns()
        };
        // It has the columns that it had, or those that its table has now.
        let schema = Arc::new(Schema::new(vec![Field::new("sim", DataType::Int32, false)]));
        let empty = write_part(&folder, Table::Former, &RecordBatch::new_empty(schema)).unwrap();
        for (like, n) in [(None, 4), (Some(&empty.file), 1)] {
            let staged = behind_without_rows(&folder, NAME, like).unwrap();
            let (written, bytes) = put(&folder, staged.unwrap());
            assert!(written.is_going());
            assert_eq!(columns(&bytes), n);
            assert_eq!(read(&bytes), Vec::<f64>::new());
            assert_eq!(read(&bytes[..before.len()]).len(), 5);
        }
    }

    #[test]
    fn a_past_does_not_grow_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        let new = part(&folder, 0, 5);
        let long = File::create(folder.path(NAME)).unwrap();
        long.set_len(PAST_AT_LEAST + 1).unwrap();
        let behind = |name| behind(&folder, name, &new.file, &new.written).unwrap();
        assert!(behind(NAME).is_none());
        assert!(behind("dipole/batch=1/part.parquet").is_none());
    }
}
