//! Results of a submission's shards on their way to the tables.
//!
//! A segment is a file of records as a journal is, with one writer and no lock: its name holds shard, job, restart and a
//! random part, so that a process which lives on where nobody knows of it writes to a file of its own. It is `.open`
//! while it grows, and `.done` once it is whole and durable.

use super::error::{Result, StoreError};
use super::fault;
use super::folder::{Folder, random_word};
use super::hash::Hash;
use super::layout::Layout;
use super::part::PieceSource;
use super::record::{self, Commit, Head, Scan};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::time::{Duration, Instant};

/// What is lost with the machine's power is no more than that.
const SYNC_BYTES: u64 = 16 << 20;
const SYNC_TIME: Duration = Duration::from_secs(5);
/// A segment that has grown beyond this (bytes) is ended, so that it can be published while its shard goes on.
const LONGEST: u64 = 256 << 20;

/// A shard's own file of results.
#[derive(Debug)]
pub struct Segment {
    folder: Folder,
    /// Where it is, and what its name begins with.
    stem: String,
    open: Option<Open>,
}

/// The file that is being written.
#[derive(Debug)]
struct Open {
    name: String,
    file: File,
    len: u64,
    unsynced: u64,
    synced_at: Instant,
    /// Canonical bytes that are in it.
    specs: HashSet<Hash>,
}

impl Segment {
    /// Begins a segment in the folder of a submission; nothing is written before the first result.
    pub(super) fn new(layout: &Layout, folder: &str, shard: u32, job: &str, restart: u32) -> Self {
        let job: String = job.chars().filter(char::is_ascii_alphanumeric).collect();
        let job = if job.is_empty() { "none" } else { &job };
        Self {
            folder: layout.folder().clone(),
            stem: format!("{folder}/shard-{shard:05}-{job}-{restart}"),
            open: None,
        }
    }

    /// Appends finished simulations. They are durable a few seconds later, or once the segment has ended.
    ///
    /// # Errors
    /// If the disk refuses; what was appended before is not harmed.
    pub fn append(&mut self, commits: &mut [Commit]) -> Result<()> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        let mut end = PieceSource {
            folder: self.folder.clone(),
            name: open.name.clone(),
            offset: open.len,
            len: 0,
        };
        let write = || -> io::Result<()> {
            for commit in commits {
                commit.spec.retain(|blob| open.specs.insert(blob.hash));
                let record = record::write(commit, &mut open.file, end.clone())?;
                end.offset += record.whole.len;
            }
            Ok(())
        };
        if let Err(error) = write() {
            // What was half written must not stand before what comes later.
            let _ = open.file.set_len(open.len);
            let _ = open.file.seek(SeekFrom::Start(open.len));
            return Err(self.error(&open, error));
        }
        open.unsynced += end.offset - open.len;
        open.len = end.offset;
        let is_long = open.len >= LONGEST;
        self.open = Some(open);
        match is_long {
            true => self.finish(),
            false => self.sync_if_due(),
        }
    }

    /// Makes what was appended durable if that was a while ago; to be called now and then.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync_if_due(&mut self) -> Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let due = open.unsynced >= SYNC_BYTES || open.synced_at.elapsed() >= SYNC_TIME;
        if open.unsynced > 0 && due {
            let synced = fault::whole().and_then(|()| open.file.sync_data());
            synced.map_err(|e| StoreError::io("write", &self.folder.path(&open.name), e))?;
            open.unsynced = 0;
            open.synced_at = Instant::now();
        }
        Ok(())
    }

    /// Ends the file: it is whole and durable, and says so. What is appended afterwards goes to another.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        fault::whole()
            .and_then(|()| open.file.sync_all())
            .map_err(|e| self.error(&open, e))?;
        let stem = open.name.strip_suffix(".open").unwrap_or(&open.name);
        self.folder.rename(&open.name, &format!("{stem}.done"))
    }

    fn begin(&self) -> Result<Open> {
        let name = format!("{}-{}.open", self.stem, random_word());
        let file = self.folder.create_file(&name);
        Ok(Open {
            file: file.map_err(|e| StoreError::io("write", &self.folder.path(&name), e))?,
            name,
            len: 0,
            unsynced: 0,
            synced_at: Instant::now(),
            specs: HashSet::new(),
        })
    }

    fn error(&self, open: &Open, error: io::Error) -> StoreError {
        StoreError::io("write", &self.folder.path(&open.name), error)
    }
}

/// What the name of a segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentName {
    /// Relative to the folder of results.
    pub name: String,
    /// Its shard.
    pub shard: u32,
    /// Whether it is whole.
    pub is_done: bool,
}

impl SegmentName {
    /// Of a file in a folder; `None` if that is no segment.
    pub(super) fn parse(folder: &str, file: &str) -> Option<Self> {
        let (stem, end) = file.rsplit_once('.')?;
        let is_done = match end {
            "done" => true,
            "open" => false,
            _ => return None,
        };
        let mut words = stem.strip_prefix("shard-")?.split('-');
        let shard = words.next()?.parse().ok()?;
        let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric());
        (words.clone().count() == 3 && words.all(is_word)).then(|| Self {
            name: format!("{folder}/{file}"),
            shard,
            is_done,
        })
    }
}

/// Records of a segment; none if it is not there any more.
pub(super) fn read(folder: &Folder, segment: &SegmentName) -> Result<Scan> {
    let bytes = folder.read_whole(&segment.name)?.unwrap_or_default();
    let whole = segment.is_done.then_some(bytes.len() as u64);
    Ok(record::scan(folder, &segment.name, &bytes, whole))
}

/// What its records say of themselves, without their rows.
pub(super) fn heads(folder: &Folder, segment: &SegmentName) -> Result<Vec<Head>> {
    let Some(file) = folder.open_file(&segment.name)? else {
        return Ok(Vec::new());
    };
    record::heads(&file).map_err(|e| StoreError::io("read", &folder.path(&segment.name), e))
}
