//! Finished simulations that are durable and not yet in the tables.
//!
//! Each process appends to a file of its own, one sync per commit, and holds a lock on it for as long as it lives. A
//! record carries its checksum; a torn one at the end was in flight and is dropped. Once its records are in the
//! tables the file is emptied.
//!
//! Beside a journal stands a file with the length up to which it is durable, so that what was never finished is told
//! from what is damaged.

use super::error::{Result, StoreError};
use super::fault;
use super::folder::{Folder, random_word};
use super::hash::Hash;
use super::layout::{self, JOURNAL, Layout, TMP};
use super::locks;
use super::machines;
use super::part::PieceSource;
use super::record::{self, Commit, Head, Record};
use super::state::State;
use std::fs::{File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime};

/// A process's own journal.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    name: String,
    file: File,
    durable: Durable,
    len: u64,
    records: Vec<Record>,
}

impl Journal {
    /// Begins a journal.
    ///
    /// # Errors
    /// If the disk refuses, or locks are `needed` and the file system has none.
    pub fn create(layout: &Layout, needed: bool) -> Result<Self> {
        let folder = layout.folder().clone();
        let name = format!(
            "{JOURNAL}/run-{}{}.journal",
            machines::tag(),
            // The machine's mark, then a word of its own, sixteen letters in all.
            &random_word()[..11]
        );
        let create = || -> io::Result<(File, Durable)> {
            // Before the journal: one that has no length would pass for the work of an old version.
            let durable = Durable::create(&folder, &name)?;
            let file = folder.create_file(&name)?;
            // Held until the process ends: whoever can lock it knows that its writer is gone.
            match file.try_lock() {
                Err(error) if needed || !locks::are_missing(&error) => Err(error.into()),
                _ => Ok((file, durable)),
            }
        };
        let created = create();
        let (file, durable) =
            created.map_err(|e| StoreError::io("make a file in", &folder.path(JOURNAL), e))?;
        folder.sync_parent(&name)?;
        Ok(Self {
            folder,
            name,
            file,
            durable,
            len: 0,
            records: Vec::new(),
        })
    }

    /// Its name, relative to the folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes finished simulations durable: one write and one sync for all of them.
    ///
    /// # Errors
    /// If the disk refuses; none of them is kept then, and those before are.
    pub fn append(&mut self, commits: &[Commit]) -> Result<()> {
        let mut end = PieceSource {
            folder: self.folder.clone(),
            name: self.name.clone(),
            offset: self.len,
            len: 0,
        };
        let mut records = Vec::with_capacity(commits.len());
        let mut write = || -> io::Result<()> {
            for commit in commits {
                let record = record::write(commit, &mut self.file, end.clone())?;
                end.offset += record.whole.len;
                records.push(record);
            }
            fault::whole()?;
            // The one sync that a commit costs; names and lengths were synced when the file was
            // made.
            self.file.sync_data()
        };
        if let Err(error) = write() {
            // What was half written must not stand before what comes later.
            let _ = self.file.set_len(self.len);
            let _ = self.file.seek(SeekFrom::Start(self.len));
            return Err(self.error("write", error));
        }
        self.len = end.offset;
        self.records.extend(records);
        // They are durable whether or not this can be written down.
        let _ = self.durable.set(self.len);
        Ok(())
    }

    /// Records that are not in the tables.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Bytes of all that was appended since it was emptied.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Some of the records are in the tables now. The journal is emptied once all are: until then they are read by
    /// whoever takes it over, to no effect.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn let_go(&mut self, published: &dyn Fn(&Record) -> bool) -> Result<()> {
        self.records.retain(|record| !published(record));
        match self.records.is_empty() {
            true => self.clear(),
            false => Ok(()),
        }
    }

    /// Empties the journal once its records are in the tables.
    pub fn clear(&mut self) -> Result<()> {
        let mut empty = || -> io::Result<()> {
            // First, and durable: a journal that is shorter than it was would be damaged.
            self.durable.set(0)?;
            self.durable.0.sync_data()?;
            fault::whole()?;
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0)).map(drop)
        };
        empty().map_err(|e| self.error("empty", e))?;
        self.records.clear();
        self.len = 0;
        Ok(())
    }

    /// Shows that its process is alive. A mark that cannot be made is missed by other machines only.
    pub fn beat(&self) {
        let _ = self.durable.0.set_modified(SystemTime::now());
    }

    /// Ends the journal, whose records are in the tables.
    pub fn close(self) -> Result<()> {
        remove(&self.folder, &self.name)
    }

    fn error(&self, action: &'static str, error: io::Error) -> StoreError {
        StoreError::io(action, &self.folder.path(&self.name), error)
    }
}

/// The length up to which a journal is durable, with its checksum, in a file beside it.
#[derive(Debug)]
struct Durable(File);

impl Durable {
    const BYTES: usize = 8 + 32;

    fn create(folder: &Folder, journal: &str) -> io::Result<Self> {
        let durable = Self(folder.create_file(&beside(journal))?);
        durable.set(0)?;
        Ok(durable)
    }

    fn set(&self, len: u64) -> io::Result<()> {
        fault::whole()?;
        let len = len.to_le_bytes();
        let mut bytes = len.to_vec();
        bytes.extend(Hash::of(&len).as_bytes());
        self.0.write_all_at(&bytes, 0)
    }

    /// The length; `None` if there is no such file, as in folders of earlier versions.
    fn read(folder: &Folder, journal: &str) -> Result<Option<std::result::Result<u64, ()>>> {
        // It may be just being written.
        // A length is written in place, without a lock: a torn one is read again.
        for _ in 0..3 {
            let Some(bytes) = folder.read_whole(&beside(journal))? else {
                return Ok(None);
            };
            if let Some((len, hash)) = bytes.split_first_chunk::<8>()
                && bytes.len() == Self::BYTES
                && Hash::of(len).as_bytes() == hash
            {
                return Ok(Some(Ok(u64::from_le_bytes(*len))));
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        Ok(Some(Err(())))
    }
}

/// Name of the file with a journal's length.
fn beside(journal: &str) -> String {
    let stem = journal.strip_suffix(".journal").unwrap_or(journal);
    format!("{stem}.length")
}

/// Names of the folder's journals.
pub fn names(layout: &Layout) -> Result<Vec<String>> {
    layout.folder().files(JOURNAL, layout::is_journal)
}

/// A journal as it was found.
#[derive(Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Records that are whole.
    pub records: Vec<Record>,
    /// Finished results that cannot be read any more; at least so many.
    pub lost: u64,
    /// What is wrong, if something is.
    pub damage: Option<String>,
    /// Bytes of a record that was being written when its process was killed, or is being written.
    pub unfinished: u64,
}

impl Found {
    /// Results of parameter sets that have no number: no sweep of the folder has them.
    pub fn unclaimed<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Record> {
        let unclaimed = |record: &&Record| state.sim_of(&record.set).is_none();
        self.records.iter().filter(unclaimed)
    }
}

/// Reads a journal; there may be none any more.
pub fn read(layout: &Layout, name: &str) -> Result<Found> {
    let folder = layout.folder();
    // Before the journal, which only grows after that.
    let durable = Durable::read(folder, name)?;
    let bytes = folder.read_whole(name)?;
    let gone = bytes.is_none();
    let bytes = bytes.unwrap_or_default();
    let committed = durable.and_then(std::result::Result::ok);
    let scan = record::scan(folder, name, &bytes, committed);
    // Less than was made durable: results are lost, not merely unfinished.
    let cut = committed.filter(|committed| !gone && *committed > bytes.len() as u64);
    let mut lost = scan.damaged;
    let mut damage = (lost > 0).then(|| format!("{lost} of its results cannot be read"));
    if let Some(committed) = cut {
        lost = lost.max(1);
        damage = Some(format!(
            "it has {} bytes of {committed}: at least {lost} of its results cannot be read",
            bytes.len()
        ));
    }
    if durable == Some(Err(())) && damage.is_none() {
        damage = Some("the file with its length is damaged; its results can be read".into());
    }
    Ok(Found {
        name: name.to_string(),
        records: scan.records,
        lost,
        damage,
        unfinished: scan.unfinished,
    })
}

/// What the results in a journal say of themselves. Of a living process's, whose journal may be large, the rows are
/// passed over: it reads them itself, and their checksums, when it publishes.
pub fn heads(layout: &Layout, name: &str) -> Result<Vec<Head>> {
    let folder = layout.folder();
    if is_held(folder, name) {
        let file = folder.open_file(name)?;
        let heads = file.as_ref().map_or(Ok(Vec::new()), record::heads);
        return heads.map_err(|e| StoreError::io("read", &folder.path(name), e));
    }
    let records = read(layout, name)?.records.into_iter();
    let head = |Record { id, set, task, .. }: Record| Head { id, set, task };
    Ok(records.map(head).collect())
}

/// Journals of the folder that no living process holds, each with a lock that keeps it so.
pub fn orphans(layout: &Layout) -> Result<Vec<(String, File)>> {
    let mut found = Vec::new();
    for name in names(layout)? {
        let file = match layout.folder().open_lock(&name, false) {
            // Its process has just ended it.
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                continue;
            }
            file => file?,
        };
        // A run that died; its lock is kept, so that no other adopts it too.
        let is_free = match file.try_lock() {
            Ok(()) => true,
            // Where there are no locks, a process that has shown no sign of life is gone.
            Err(error) => {
                locks::are_missing(&error) && !is_fresh(layout.folder(), &name, machines::SILENCE)
            }
        };
        if is_free {
            found.push((name, file));
        }
    }
    Ok(found)
}

/// Whether a process holds a journal, as far as locks tell here.
pub fn is_held(folder: &Folder, name: &str) -> bool {
    let file = folder.open_file(name);
    // Shared, so that several who ask at the same time do not take each other for its process.
    file.is_ok_and(|file| {
        file.is_some_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    })
}

/// Whether a journal's process has shown that it is alive, no longer ago than that.
pub fn is_fresh(folder: &Folder, name: &str, limit: Duration) -> bool {
    let file = folder.open_file(&beside(name)).ok().flatten();
    let marked = file.and_then(|file| file.metadata().and_then(|of| of.modified()).ok());
    marked.is_some_and(|time| machines::is_recent(time, limit))
}

/// Removes a journal whose records are in the tables.
pub fn remove(folder: &Folder, name: &str) -> Result<()> {
    folder.remove(name)?;
    folder.remove(&beside(name))
}

/// Removes what is left of journals that are gone.
pub fn tidy(layout: &Layout) -> Result<()> {
    let folder = layout.folder();
    // Left by a crash between the two removals.
    for length in folder.files(JOURNAL, layout::is_length)? {
        let stem = length.strip_suffix(".length").unwrap_or(&length);
        if !folder.has(&format!("{stem}.journal")) {
            folder.remove(&length)?;
        }
    }
    Ok(())
}

/// Writes records of another journal to a new one, durably, for a run that can use them.
pub fn keep(layout: &Layout, records: &[&Record]) -> Result<()> {
    let folder = layout.folder();
    let name = format!("{JOURNAL}/run-{}.journal", random_word());
    let error = |e| StoreError::io("write", &folder.path(&name), e);
    let mut file = folder.aside(TMP)?;
    let mut len = 0;
    for record in records {
        let bytes = record.whole.read()?;
        fault::whole()
            .and_then(|()| file.write_all(&bytes))
            .map_err(error)?;
        len += record.whole.len;
    }
    file.sync()?;
    // The length first, as above.
    let durable = Durable::create(folder, &name).map_err(error)?;
    durable.set(len).map_err(error)?;
    fault::whole()
        .and_then(|()| durable.0.sync_all())
        .map_err(error)?;
    folder.put(file, &name)?;
    folder.sync_parent(&name)
}
