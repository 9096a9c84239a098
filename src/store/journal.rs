//! Finished simulations that are durable and not yet in the tables.
//!
//! Each process appends to a file of its own, one sync per commit, and holds a lock on it for as long as it lives. A record
//! carries its checksum; a torn one at the end was in flight and is dropped. Once its records are in the tables the file
//! is emptied.

use super::disk::{self, Written, fault};
use super::error::{Result, StoreError};
use super::hash::{Blob, Hash};
use super::layout::{Layout, Table};
use super::part::{Id, Piece, PieceSource};
use super::state::Task;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

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
}

/// Where a record's rows of a table are.
#[derive(Clone, Debug)]
pub enum RecordPiece {
    /// In the journal.
    Inline(PieceSource),
    /// In a file of `.state/pieces`.
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

/// A process's own journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: fs::File,
    len: u64,
    records: Vec<Record>,
}

impl Journal {
    /// Begins a journal.
    pub fn create(layout: &Layout) -> Result<Self> {
        let folder = layout.journal();
        let mut builder = tempfile::Builder::new();
        builder.prefix("run-").suffix(".journal");
        let temp = fault::whole()
            .and_then(|()| builder.tempfile_in(&folder))
            .map_err(|e| StoreError::io("make a file in", &folder, e))?;
        let (file, path) = temp
            .keep()
            .map_err(|e| StoreError::io("make a file in", &folder, e.error))?;
        file.try_lock()
            .map_err(|e| StoreError::io("lock", &path, e.into()))?;
        disk::sync_parent(&path)?;
        Ok(Self {
            file: fs::File::from_parts(file, &path),
            path,
            len: 0,
            records: Vec::new(),
        })
    }

    /// Makes finished simulations durable: one write and one sync for all of them.
    ///
    /// # Errors
    /// If the disk refuses; none of them is kept then, and those before are.
    pub fn append(&mut self, commits: &[Commit]) -> Result<()> {
        let mut end = self.len;
        let mut records = Vec::with_capacity(commits.len());
        let mut write = || -> std::io::Result<()> {
            for commit in commits {
                let (record, len) = write_record(commit, &mut self.file, &self.path, end)?;
                records.push(record);
                end += len;
            }
            fault::whole()?;
            self.file.sync_data()
        };
        if let Err(error) = write() {
            // What was half written must not stand before what comes later.
            let _ = self.file.set_len(self.len);
            let _ = self.file.seek(SeekFrom::Start(self.len));
            return Err(StoreError::io("write", &self.path, error));
        }
        self.len = end;
        self.records.extend(records);
        Ok(())
    }

    /// Records that are not in the tables.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Empties the journal once its records are in the tables.
    pub fn clear(&mut self) -> Result<()> {
        self.records.clear();
        self.len = 0;
        fault::whole()
            .and_then(|()| self.file.set_len(0))
            .and_then(|()| self.file.seek(SeekFrom::Start(0)).map(drop))
            .map_err(|e| StoreError::io("empty", &self.path, e))
    }

    /// Ends the journal, whose records are in the tables.
    pub fn close(self) -> Result<()> {
        disk::remove(&self.path)
    }
}

fn write_record(
    commit: &Commit,
    file: &mut fs::File,
    path: &Path,
    offset: u64,
) -> std::io::Result<(Record, u64)> {
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
    let body_at = (PREFIX + head.len()) as u64;
    let record = locate(header, path, offset + body_at);
    Ok((record, body_at + body_len as u64))
}

fn write_bytes(file: &mut fs::File, bytes: &[u8]) -> std::io::Result<()> {
    fault::operation(|| {
        let _ = file.write_all(&bytes[..bytes.len() / 2]);
    })?;
    file.write_all(bytes)
}

fn locate(header: Header, path: &Path, mut offset: u64) -> Record {
    let mut slice = |len: u64| {
        let source = PieceSource(path.to_path_buf(), offset, len);
        offset += len;
        source
    };
    let mut pieces = Vec::with_capacity(header.pieces.len());
    for (table, piece) in header.pieces {
        let piece = match piece {
            HeaderPiece::Inline(len) => RecordPiece::Inline(slice(len)),
            HeaderPiece::File(name, written) => RecordPiece::File(name, written),
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
    }
}

/// Records of a journal up to the first that is not whole.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let Some(bytes) = disk::read_whole(path)? else {
        return Ok(Vec::new());
    };
    let mut records = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((record, after)) = decode(rest, path, (bytes.len() - rest.len()) as u64) {
        records.push(record);
        rest = after;
    }
    Ok(records)
}

fn decode<'a>(bytes: &'a [u8], path: &Path, offset: u64) -> Option<(Record, &'a [u8])> {
    let (prefix, rest) = bytes.split_first_chunk::<PREFIX>()?;
    if &prefix[..4] != MAGIC {
        return None;
    }
    let head_len = u32::from_le_bytes(prefix[4..8].try_into().ok()?) as usize;
    let body_len = usize::try_from(u64::from_le_bytes(prefix[8..16].try_into().ok()?)).ok()?;
    let (record, after) = rest.split_at_checked(head_len.checked_add(body_len)?)?;
    if Hash::of(record).as_bytes() != &prefix[16..48] {
        return None;
    }
    let header: Header = rmp_serde::from_slice(&record[..head_len]).ok()?;
    let body_at = offset + (PREFIX + head_len) as u64;
    Some((locate(header, path, body_at), after))
}

/// Journals of the folder that no living process holds: their records and the lock that keeps others from adopting them too.
pub fn orphans(layout: &Layout) -> Result<Vec<(PathBuf, fs::File)>> {
    let mut found = Vec::new();
    for path in disk::list(&layout.journal())? {
        let Ok(file) = fs::OpenOptions::new().read(true).write(true).open(&path) else {
            continue;
        };
        if file.file().try_lock().is_ok() {
            found.push((path, file));
        }
    }
    Ok(found)
}
