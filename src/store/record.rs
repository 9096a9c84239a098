//! A finished simulation as a record of a journal: what is known of it, its rows and its canonical bytes, under one
//! checksum.

use super::fault;
use super::folder::Folder;
use super::hash::{Blob, Hash};
use super::layout::{self, Table};
use super::part::{Id, Piece, PieceSource};
use super::state::Task;
use super::written::Written;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::ops::Range;

const MAGIC: &[u8; 4] = b"HNJ1";
/// Magic, length of the header, length of the body, checksum of both.
const PREFIX: usize = 4 + 4 + 8 + 32;

/// A finished simulation, ready to be kept.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Simulation and trial.
    pub id: Id,
    /// Its parameter set.
    pub set: Hash,
    /// What is known of it; `outputs` are those of `pieces`.
    pub task: Task,
    /// Rows of each table.
    pub pieces: Vec<(Table, Piece)>,
    /// Canonical bytes of the task.
    pub spec: Vec<Blob>,
}

impl Commit {
    /// Bytes that it takes in memory and in the journal.
    pub fn size(&self) -> usize {
        let pieces = self.pieces.iter().map(|(_, piece)| match piece {
            Piece::Inline(bytes) => bytes.len(),
            Piece::File { .. } => 0,
        });
        pieces.sum::<usize>() + self.spec.iter().map(|blob| blob.bytes.len()).sum::<usize>()
    }
}

/// A record of a journal: a commit whose bytes are in the file.
#[derive(Clone, Debug)]
pub struct Record {
    /// Simulation and trial.
    pub id: Id,
    /// Its parameter set.
    pub set: Hash,
    /// What is known of it.
    pub task: Task,
    /// Rows of each table.
    pub pieces: Vec<(Table, RecordPiece)>,
    /// Canonical bytes of the task.
    pub spec: Vec<(Hash, PieceSource)>,
    /// The record itself.
    pub whole: PieceSource,
}

impl Record {
    /// Files of large pieces that belong to it.
    pub fn files(&self) -> impl Iterator<Item = (&String, &Written)> {
        self.pieces.iter().filter_map(|(_, piece)| match piece {
            RecordPiece::Inline(_) => None,
            RecordPiece::File(name, written) => Some((name, written)),
        })
    }
}

/// Where a record's rows of a table are.
#[derive(Clone, Debug)]
pub enum RecordPiece {
    /// In the journal.
    Inline(PieceSource),
    /// In a file of this name, relative to the folder of results.
    File(String, Written),
}

#[derive(Serialize, Deserialize)]
enum HeaderPiece {
    Inline(u64),
    File(String, Written),
}

#[derive(Serialize, Deserialize)]
struct Header {
    id: Id,
    set: Hash,
    task: Task,
    pieces: Vec<(Table, HeaderPiece)>,
    spec: Vec<(Hash, u64)>,
}

/// Appends a record to a file; `at` is its end, with a length of 0. Gives the record.
pub fn write(commit: &Commit, file: &mut File, at: PieceSource) -> std::io::Result<Record> {
    let piece = |piece: &Piece| match piece {
        Piece::Inline(bytes) => HeaderPiece::Inline(bytes.len() as u64),
        Piece::File { name, written } => HeaderPiece::File(name.clone(), *written),
    };
    let header = Header {
        id: commit.id,
        set: commit.set,
        task: commit.task.clone(),
        pieces: commit.pieces.iter().map(|(t, p)| (*t, piece(p))).collect(),
        spec: commit
            .spec
            .iter()
            .map(|b| (b.hash, b.bytes.len() as u64))
            .collect(),
    };
    let head = rmp_serde::to_vec_named(&header).map_err(std::io::Error::other)?;
    let bodies = || {
        let pieces = commit.pieces.iter().filter_map(|(_, piece)| match piece {
            Piece::Inline(bytes) => Some(bytes.as_slice()),
            Piece::File { .. } => None,
        });
        pieces.chain(commit.spec.iter().map(|blob| &*blob.bytes))
    };
    let body_len: usize = bodies().map(<[u8]>::len).sum();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head);
    bodies().for_each(|bytes| {
        hasher.update(bytes);
    });
    // Small bodies are gathered, large ones written by themselves: few writes, and no second copy.
    let mut bytes = Vec::with_capacity(PREFIX + head.len() + body_len.min(1 << 20));
    bytes.extend(MAGIC);
    bytes.extend((head.len() as u32).to_le_bytes());
    bytes.extend((body_len as u64).to_le_bytes());
    bytes.extend(hasher.finalize().as_bytes());
    bytes.extend(&head);
    for body in bodies() {
        if bytes.len() + body.len() > 1 << 20 {
            write_bytes(file, &bytes)?;
            bytes.clear();
            write_bytes(file, body)?;
        } else {
            bytes.extend(body);
        }
    }
    write_bytes(file, &bytes)?;
    let len = (PREFIX + head.len() + body_len) as u64;
    Ok(locate(header, head.len(), PieceSource { len, ..at }))
}

fn write_bytes(file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
    // Half of it, where a test has the process die here.
    fault::operation(|| {
        let _ = file.write_all(&bytes[..bytes.len() / 2]);
    })?;
    file.write_all(bytes)
}

/// Where the parts of a record are; `whole` is the record, whose header has `head_len` bytes.
fn locate(header: Header, head_len: usize, whole: PieceSource) -> Record {
    let mut offset = whole.offset + (PREFIX + head_len) as u64;
    let mut slice = |len: u64| {
        let source = PieceSource {
            offset,
            len,
            ..whole.clone()
        };
        offset += len;
        source
    };
    let mut pieces = Vec::with_capacity(header.pieces.len());
    for (table, piece) in header.pieces {
        let piece = match piece {
            HeaderPiece::Inline(len) => RecordPiece::Inline(slice(len)),
            HeaderPiece::File(name, written) => {
                let folder = layout::pieces_of(&whole.name);
                RecordPiece::File(format!("{folder}/{name}"), written)
            }
        };
        pieces.push((table, piece));
    }
    let spec = header
        .spec
        .into_iter()
        .map(|(h, len)| (h, slice(len)))
        .collect();
    Record {
        id: header.id,
        set: header.set,
        task: header.task,
        pieces,
        spec,
        whole,
    }
}

/// What the header of a record says.
#[derive(Clone, Debug)]
pub struct Head {
    /// Simulation and trial.
    pub id: Id,
    /// Its parameter set.
    pub set: Hash,
    /// What is known of it.
    pub task: Task,
}

/// Headers of the records of a file, up to the first that is not whole; their bodies are passed over unread.
pub fn heads(file: &File) -> std::io::Result<Vec<Head>> {
    use std::os::unix::fs::FileExt;
    let end = file.metadata()?.len();
    let mut heads = Vec::new();
    let mut at = 0;
    let mut prefix = [0; PREFIX];
    while at + PREFIX as u64 <= end {
        file.read_exact_at(&mut prefix, at)?;
        let Some((head, body)) = frame(&prefix) else {
            break;
        };
        let next = at.saturating_add(body.end as u64);
        if next > end {
            break;
        }
        let mut bytes = vec![0; head.len()];
        file.read_exact_at(&mut bytes, at + PREFIX as u64)?;
        let Ok(Header { id, set, task, .. }) = rmp_serde::from_slice(&bytes) else {
            break;
        };
        heads.push(Head { id, set, task });
        at = next;
    }
    Ok(heads)
}

/// What the bytes of a journal hold.
#[derive(Debug, Default)]
pub struct Scan {
    /// Records that are as they were written.
    pub records: Vec<Record>,
    /// Records that are not; at least so many.
    pub damaged: u64,
    /// Bytes at the end of a record that was being written when its process was killed.
    pub unfinished: u64,
}

/// Reads the records of a journal. What is damaged is passed over up to the next record that is whole; of the first
/// `committed` bytes all were durable.
pub fn scan(folder: &Folder, name: &str, bytes: &[u8], committed: Option<u64>) -> Scan {
    let mut scan = Scan::default();
    let mut at = 0;
    while at < bytes.len() {
        match decode(folder, name, bytes, at) {
            Some(record) => {
                at += record.whole.len as usize;
                scan.records.push(record);
            }
            None => match next_record(folder, name, bytes, at) {
                Some(next) => {
                    scan.damaged += beginnings(&bytes[at..next]);
                    at = next;
                }
                None => break,
            },
        }
    }
    let rest = &bytes[at..];
    // Up to the durable length all was written: what cannot be read there is damaged.
    let durable = committed.is_some_and(|committed| committed > at as u64);
    if durable || is_complete(rest) {
        scan.damaged += beginnings(rest);
    } else {
        scan.unfinished = rest.len() as u64;
    }
    scan
}

/// How many records begin in bytes that are damaged; at least one.
fn beginnings(bytes: &[u8]) -> u64 {
    let found = bytes.windows(MAGIC.len()).filter(|word| word == MAGIC);
    (found.count() as u64).max(1)
}

/// Where the next whole record begins.
fn next_record(folder: &Folder, name: &str, bytes: &[u8], after: usize) -> Option<usize> {
    let rest = bytes.get(after + 1..)?;
    let mut places = rest.windows(MAGIC.len()).enumerate();
    let is_record = |at: &usize| decode(folder, name, bytes, *at).is_some();
    places
        .by_ref()
        .filter(|(_, word)| word == MAGIC)
        .map(|(i, _)| after + 1 + i)
        .find(is_record)
}

/// Whether as many bytes are there as the beginning of the record says: it was not cut short.
fn is_complete(bytes: &[u8]) -> bool {
    frame(bytes).is_some_and(|(head, body)| body.end <= bytes.len() && head.start < body.end)
}

/// Where header and body of a record are, by its first bytes.
fn frame(bytes: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let prefix = bytes.first_chunk::<PREFIX>()?;
    (&prefix[..4] == MAGIC).then_some(())?;
    let head = u32::from_le_bytes(prefix[4..8].try_into().ok()?) as usize;
    let body = usize::try_from(u64::from_le_bytes(prefix[8..16].try_into().ok()?)).ok()?;
    let middle = PREFIX.checked_add(head)?;
    Some((PREFIX..middle, middle..middle.checked_add(body)?))
}

fn decode(folder: &Folder, name: &str, bytes: &[u8], at: usize) -> Option<Record> {
    let bytes = bytes.get(at..)?;
    let (head, body) = frame(bytes)?;
    let content = bytes.get(head.start..body.end)?;
    // Before the header is parsed: what does not have its checksum may be anything.
    if Hash::of(content).as_bytes() != bytes.get(16..PREFIX)? {
        return None;
    }
    let header: Header = rmp_serde::from_slice(&bytes[head.clone()]).ok()?;
    let ours = |piece: &HeaderPiece| match piece {
        HeaderPiece::Inline(_) => true,
        HeaderPiece::File(name, _) => layout::is_aside(name),
    };
    // A header must not name files outside of `.state/pieces`.
    if !header.pieces.iter().all(|(_, piece)| ours(piece)) {
        return None;
    }
    let whole = PieceSource {
        folder: folder.clone(),
        name: name.to_string(),
        offset: at as u64,
        len: body.end as u64,
    };
    Some(locate(header, head.len(), whole))
}
