//! What was submitted to run elsewhere: a folder of its own, with all that its shards read and write.

use super::error::{Result, StoreError};
use super::fault;
use super::folder::random_word;
use super::layout::{self, Layout, SUBMISSIONS};
use super::record::Head;
use super::seal::{self, Seal};
use super::segment::{self, Segment, SegmentName};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Version of the sealed files in a submission.
const VERSION: u32 = 1;

/// A submission of a folder of results.
#[derive(Clone, Debug)]
pub struct Submission {
    layout: Layout,
    id: String,
}

impl Submission {
    /// All of a folder, in the order in which they were made.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn all(layout: &Layout) -> Result<Vec<Self>> {
        let entries = layout.folder().list(SUBMISSIONS)?;
        let ours = entries
            .into_iter()
            .filter(|entry| entry.is_dir && is_id(&entry.name));
        Ok(ours.map(|entry| Self::of(layout, entry.name)).collect())
    }

    /// One of a folder; `None` if there is none of this name.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn find(layout: &Layout, id: &str) -> Result<Option<Self>> {
        Ok(Self::all(layout)?.into_iter().find(|one| one.id == id))
    }

    /// Makes one; only the folder's publisher may.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(layout: &Layout) -> Result<Self> {
        let number = |one: &Self| one.id.split('-').next()?.parse::<u32>().ok();
        let last = Self::all(layout)?.iter().filter_map(number).max();
        let next = last.map_or(1, |last| last.saturating_add(1));
        let submission = Self::of(layout, format!("{next:04}-{}", &random_word()[..4]));
        for folder in ["files", "logs", "pieces", "seg"] {
            layout.folder().make_dir(&submission.name(folder))?;
        }
        Ok(submission)
    }

    fn of(layout: &Layout, id: String) -> Self {
        let pieces = format!("{SUBMISSIONS}/{id}/pieces");
        let layout = layout.with_pieces(&pieces);
        Self { layout, id }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The folder of results, with large pieces in the submission.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn name(&self, file: &str) -> String {
        format!("{SUBMISSIONS}/{}/{file}", self.id)
    }

    /// Path of one of its files.
    pub fn path(&self, file: &str) -> PathBuf {
        self.layout.folder().path(&self.name(file))
    }

    /// Writes a file, whole and durable. It is written aside in the submission, where no run that begins tidies up.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let (folder, name) = (self.layout.folder(), self.name(file));
        let mut aside = folder.aside(&format!("{SUBMISSIONS}/{}", self.id))?;
        fault::whole()
            .and_then(|()| aside.write_all(bytes))
            .map_err(|e| StoreError::io("write", &folder.path(&name), e))?;
        aside.sync()?;
        folder.put(aside, &name)?;
        folder.sync_parent(&name)
    }

    /// The same with a checksum in it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_sealed(&self, file: &str, payload: &[u8]) -> Result<()> {
        let seal = Seal {
            version: VERSION,
            generation: 0,
        };
        self.put(file, &seal::seal(seal, payload))
    }

    /// Bytes of a file; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, file: &str) -> Result<Option<Vec<u8>>> {
        self.layout.folder().read_whole(&self.name(file))
    }

    /// Payload of a file with a checksum; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or is not as it was written.
    pub fn read_sealed(&self, file: &str) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = self.read(file)? else {
            return Ok(None);
        };
        match seal::unseal(&bytes) {
            Ok((seal, payload)) if seal.version == VERSION => Ok(Some(payload.to_vec())),
            Ok((seal, _)) => Err(StoreError::Version {
                path: self.path(file),
                found: seal.version,
                known: VERSION,
                help: "use the hnn-sweep that submitted it, or submit again".into(),
            }),
            Err(what) => Err(self.damaged(file, what)),
        }
    }

    /// That a file is not as it was written.
    pub fn damaged(&self, file: &str, what: &str) -> StoreError {
        StoreError::Damaged {
            path: self.path(file),
            what: what.into(),
            help: "submit again: what was finished is kept, and what is missing goes into a new submission".into(),
        }
    }

    /// Whether there is a file.
    pub fn has(&self, file: &str) -> bool {
        self.layout.folder().has(&self.name(file))
    }

    /// A file to append what a shard prints.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn log(&self, shard: u32) -> Result<File> {
        use std::io::{Seek, SeekFrom};
        let name = self.name(&format!("logs/shard-{shard:05}.log"));
        let mut log = self.layout.folder().open_lock(&name, true)?;
        let end = log.seek(SeekFrom::End(0));
        end.map_err(|e| StoreError::io("write to", &self.layout.folder().path(&name), e))?;
        Ok(log)
    }

    /// Begins to write results of a shard; nobody needs to be asked.
    pub fn segment(&self, shard: u32, job: &str, restart: u32) -> Segment {
        Segment::new(&self.layout, &self.name("seg"), shard, job, restart)
    }

    /// Its segments that are not in the tables, in order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn segments(&self) -> Result<Vec<SegmentName>> {
        let folder = self.name("seg");
        let files = self.layout.folder().list(&folder)?;
        let files = files.iter().filter(|entry| entry.is_file);
        Ok(files
            .filter_map(|entry| SegmentName::parse(&folder, &entry.name))
            .collect())
    }

    /// Removes large pieces that no segment names: they were never finished.
    pub(super) fn remove_pieces(&self) -> Result<()> {
        let folder = self.layout.folder();
        let mut pieces = folder
            .files(self.layout.pieces(), layout::is_aside)?
            .into_iter();
        pieces.try_for_each(|piece| folder.remove(&piece))
    }

    /// What the results in a segment say of themselves, without their rows.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn heads(&self, segment: &SegmentName) -> Result<Vec<Head>> {
        segment::heads(self.layout.folder(), segment)
    }
}

/// `0012-3f9a`
fn is_id(name: &str) -> bool {
    let all = |word: &str, is_one: fn(&u8) -> bool| word.as_bytes().iter().all(is_one);
    name.split_once('-').is_some_and(|(number, random)| {
        number.len() >= 4
            && all(number, u8::is_ascii_digit)
            && random.len() == 4
            && all(random, u8::is_ascii_alphanumeric)
    })
}
