//! Canonical bytes of tasks, kept by hash: the tasks of a sweep share nearly all of theirs.

use super::error::{Result, StoreError};
use super::hash::Hash;
use super::layout::{Layout, SPECS};
use super::seal;
use super::state::State;
use arrow_array::cast::AsArray;
use arrow_array::{Array, BinaryArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A pack that has grown beyond this is left as it is, and a new one begun.
const PACK_BYTES: u64 = 4 << 20;

/// Bytes that are packed anew at a time, before compression.
const RAW_BYTES_AT_ONCE: usize = 32 << 20;

/// Hashes of all blobs that are kept.
pub fn known(layout: &Layout, state: &State) -> Result<HashSet<Hash>> {
    let mut known = HashSet::new();
    for name in state.specs.keys() {
        for_each(layout, name, true, &mut |hash, _| {
            known.insert(hash);
        })?;
    }
    Ok(known)
}

/// Adds blobs to the last pack while it is small. It gets a new name with them: under a name that the state knows are
/// the bytes that the state knows, whenever a crash comes. Its old file stays until the next time, for those that
/// read just now.
pub fn add(layout: &Layout, state: &mut State, mut blobs: BTreeMap<Hash, Vec<u8>>) -> Result<()> {
    if blobs.is_empty() {
        return Ok(());
    }
    // Packs that a crash left before the state knew them.
    remove_unknown(layout, state)?;
    let last = state.specs.iter().next_back();
    // The last pack is written again until it is full: few files, each written a few times.
    let open = last.filter(|(_, pack)| pack.len < PACK_BYTES);
    let open = open.map(|(name, _)| name.clone());
    if let Some(name) = &open {
        for_each(layout, name, false, &mut |hash, bytes| {
            blobs.insert(hash, bytes.to_vec());
        })?;
    }
    // A new name, so that a reader of the old pack is not disturbed.
    let name = next_name(state);
    write(layout, state, name, &blobs)?;
    if let Some(name) = open {
        state.specs.remove(&name);
    }
    Ok(())
}

/// Removes packs that the state does not know (any more).
pub fn remove_unknown(layout: &Layout, state: &State) -> Result<()> {
    let folder = layout.folder();
    for name in folder.files(SPECS, super::layout::is_pack)? {
        let (_, pack) = name.rsplit_once('/').unwrap_or(("", &name));
        if !state.specs.contains_key(pack) {
            folder.remove(&name)?;
        }
    }
    Ok(())
}

/// A name after all others.
fn next_name(state: &State) -> String {
    let last = state.specs.keys().next_back();
    let number = |name: &String| -> Option<u32> {
        let digits = name.strip_prefix("pack-")?.strip_suffix(".parquet")?;
        digits.parse().ok()
    };
    let next = last
        .and_then(number)
        .map_or(0, |last| last.saturating_add(1));
    format!("pack-{next:06}.parquet")
}

fn write(
    layout: &Layout,
    state: &mut State,
    name: String,
    blobs: &BTreeMap<Hash, Vec<u8>>,
) -> Result<()> {
    let folder = layout.folder();
    let file = format!("{SPECS}/{name}");
    let bytes = encode(blobs).map_err(|e| super::part::write_error(&folder.path(&file), e))?;
    seal::write(folder, &file, &bytes)?;
    let part = super::state::Part {
        len: bytes.len() as u64,
        hash: Hash::of(&bytes),
        content: None,
    };
    state.specs.insert(name, part);
    Ok(())
}

/// Writes the blobs that finished tasks need, or `all`, into new packs, and takes the old ones out of the state; gives
/// their names. `links` are the blobs that a blob names.
pub fn repack(
    layout: &Layout,
    state: &mut State,
    links: &dyn Fn(&[u8]) -> Vec<Hash>,
    all: bool,
) -> Result<Vec<String>> {
    let old: Vec<String> = state.specs.keys().cloned().collect();
    let mut named: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
    for name in &old {
        for_each(layout, name, false, &mut |hash, bytes| {
            named.insert(hash, links(bytes));
        })?;
    }
    let mut needed = HashSet::new();
    // From the tasks down the links: what none of them reaches is dropped.
    let mut next: Vec<Hash> = state.tasks.values().map(|task| task.key).collect();
    while let Some(hash) = next.pop() {
        if needed.insert(hash) {
            next.extend(named.get(&hash).into_iter().flatten());
        }
    }
    let mut packed = HashSet::new();
    let (mut blobs, mut bytes) = (BTreeMap::new(), 0);
    for name in &old {
        let mut found = BTreeMap::new();
        for_each(layout, name, false, &mut |hash, bytes| {
            if (all || needed.contains(&hash)) && packed.insert(hash) {
                found.insert(hash, bytes.to_vec());
            }
        })?;
        for (hash, blob) in found {
            bytes += blob.len();
            blobs.insert(hash, blob);
            if bytes > RAW_BYTES_AT_ONCE {
                let name = next_name(state);
                write(layout, state, name, &std::mem::take(&mut blobs))?;
                bytes = 0;
            }
        }
    }
    if !blobs.is_empty() {
        let name = next_name(state);
        write(layout, state, name, &blobs)?;
    }
    state.specs.retain(|name| !old.contains(name));
    Ok(old)
}

/// Reads the blobs with these hashes.
pub fn load(
    layout: &Layout,
    state: &State,
    wanted: &HashSet<Hash>,
) -> Result<BTreeMap<Hash, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for name in state.specs.keys() {
        for_each(layout, name, false, &mut |hash, bytes| {
            if wanted.contains(&hash) {
                found.insert(hash, bytes.to_vec());
            }
        })?;
    }
    Ok(found)
}

fn encode(
    blobs: &BTreeMap<Hash, Vec<u8>>,
) -> std::result::Result<Vec<u8>, parquet::errors::ParquetError> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("hash", DataType::Binary, false),
        Field::new("bytes", DataType::Binary, false),
    ]));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_dictionary_enabled(false)
        .build();
    let hashes = BinaryArray::from_iter_values(blobs.keys().map(|hash| hash.as_bytes()));
    let bytes = BinaryArray::from_iter_values(blobs.values());
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(hashes), Arc::new(bytes)])?;
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    writer.into_inner()
}

/// Reads a pack's hashes and, unless only these are wanted, the bytes.
pub fn for_each(
    layout: &Layout,
    name: &str,
    only_hashes: bool,
    visit: &mut dyn FnMut(Hash, &[u8]),
) -> Result<()> {
    let file = format!("{SPECS}/{name}");
    let folder = layout.folder();
    let damaged = |what: String| StoreError::Damaged {
        path: folder.path(&file),
        what,
        help: "it only serves to explain differences between tasks (`why`): move it away".into(),
    };
    let Some(file) = folder.open_file(&file)? else {
        return Ok(());
    };
    let mut builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(e.to_string()))?;
    if only_hashes {
        let mask = ProjectionMask::leaves(builder.parquet_schema(), [0]);
        builder = builder.with_projection(mask);
    }
    let reader = builder.build().map_err(|e| damaged(e.to_string()))?;
    for batch in reader {
        let batch = batch.map_err(|e| damaged(e.to_string()))?;
        let column = |i: usize| {
            batch
                .columns()
                .get(i)
                .and_then(|c| c.as_binary_opt::<i32>())
        };
        let hashes = column(0).ok_or_else(|| damaged("a column is missing".into()))?;
        for row in 0..hashes.len() {
            let hash = <[u8; 32]>::try_from(hashes.value(row))
                .map_err(|_| damaged("a hash has not 32 bytes".into()))?;
            visit(
                Hash::from_bytes(hash),
                column(1).map_or(&[], |bytes| bytes.value(row)),
            );
        }
    }
    Ok(())
}
