//! Whether other programs read the tables.
//!
//! Whoever reads a table lists its folder first, and the kernel tells that (inotify). Programs of ours open files by
//! the names in the index, and list nothing; so do programs that were given the name of a file, which are not seen.
//! Nor are those on another machine, and on systems without inotify nobody is.

use super::folder::Folder;
#[cfg(target_os = "linux")]
use super::layout::Table;
#[cfg(target_os = "linux")]
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
#[cfg(target_os = "linux")]
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A reader that has listed a table has opened its files after this time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Programs that read all the time are seen within this time.
const LOOK: Duration = Duration::from_millis(50);

/// They are surely seen within this time, unless the whole machine stands still.
const LONG_LOOK: Duration = Duration::from_millis(500);

/// Time between two looks while waiting.
const POLL: Duration = Duration::from_millis(10);

/// Watches the folders of tables.
#[derive(Debug)]
pub struct Readers {
    watch: Option<Watch>,
    /// Since when all folders are watched.
    since: Instant,
    /// When one was last listed.
    seen: Option<Instant>,
}

impl Readers {
    /// Begins to watch.
    pub fn watch(folder: &Folder) -> Self {
        let mut readers = Self {
            watch: Watch::new(),
            since: Instant::now(),
            seen: None,
        };
        readers.look(folder);
        readers
    }

    /// Takes the word of other sessions for it: they saw somebody when they wrote files that begin with their past.
    pub fn recall<'a>(&mut self, folder: &Folder, files: impl Iterator<Item = &'a String>) {
        let age = |name: &String| {
            let written = folder.open_file(name).ok()??.metadata().ok()?.modified();
            // Of the future, by another clock: just now.
            Some(written.ok()?.elapsed().unwrap_or_default())
        };
        let youngest = files.filter_map(age).min();
        let seen = youngest.and_then(|age| Instant::now().checked_sub(age));
        self.seen = self.seen.max(seen);
    }

    /// Takes note of folders that are new, and of what has happened.
    pub fn look(&mut self, folder: &Folder) {
        let Some(watch) = &mut self.watch else {
            return;
        };
        if watch.add_new(folder) {
            self.since = Instant::now();
        }
        if watch.has_listed() {
            self.seen = Some(Instant::now());
        }
    }

    /// Whether nobody reads. Who has watched for a moment only waits for another one.
    pub fn are_away(&mut self, folder: &Folder) -> bool {
        self.look(folder);
        while self.watch.is_some() && !self.is_somebody_here() && self.since.elapsed() < LOOK {
            std::thread::sleep(POLL);
            self.look(folder);
        }
        !self.is_somebody_here()
    }

    fn is_somebody_here(&self) -> bool {
        self.seen.is_some_and(|seen| seen.elapsed() < PATIENCE)
    }

    /// Waits until somebody who was seen has read, but not for one who goes on. Looks for longer than
    /// [`Readers::are_away`], as it is for the sake of files that somebody has read not long ago.
    pub fn wait_until_away(&mut self, folder: &Folder) -> bool {
        let began = Instant::now();
        let is_new =
            |readers: &Self| readers.watch.is_some() && readers.since.elapsed() < LONG_LOOK;
        while is_new(self) || !self.are_away(folder) {
            if began.elapsed() > PATIENCE {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }
}

/// Watches on folders of tables; they end with it.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Watch {
    inotify: std::os::fd::OwnedFd,
    watched: BTreeSet<i32>,
}

#[cfg(target_os = "linux")]
impl Watch {
    /// `None` if the system has none to give.
    fn new() -> Option<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
        let watched = BTreeSet::new();
        Some(Self { inotify, watched })
    }

    /// Watches the tables' folders; gives whether one of them was not watched before.
    fn add_new(&mut self, folder: &Folder) -> bool {
        // Opening is no sign, as programs of ours open folders on the way to a file: reading what is in it is.
        let flags = WatchFlags::ACCESS | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
        let add =
            |table: Table| inotify::add_watch(&self.inotify, folder.path(table.name()), flags).ok();
        // A folder that is watched has one number, however often it is added.
        let now = Table::ALL.into_iter().filter_map(add).collect();
        let is_new = !self.watched.is_superset(&now);
        self.watched = now;
        is_new
    }

    /// Whether a folder, or one of a batch in it, was listed since this was last asked.
    fn has_listed(&mut self) -> bool {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut listed = false;
        while let Ok(event) = events.next() {
            let of_folder = ReadFlags::ISDIR | ReadFlags::QUEUE_OVERFLOW;
            listed |= event.events().intersects(of_folder);
        }
        listed
    }
}

/// There is none.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
enum Watch {}

#[cfg(not(target_os = "linux"))]
impl Watch {
    fn new() -> Option<Self> {
        None
    }

    fn add_new(&mut self, _: &Folder) -> bool {
        match *self {}
    }

    fn has_listed(&mut self) -> bool {
        match *self {}
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_lists_a_table_is_seen_and_whoever_opens_a_file_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        folder.make_dir("dipole").unwrap();
        folder.make_dir("dipole/batch=0").unwrap();
        let name = "dipole/batch=0/part.parquet";
        std::fs::write(folder.path(name), "x").unwrap();
        let mut readers = Readers::watch(&folder);
        assert_eq!(folder.read_whole(name).unwrap().unwrap(), b"x");
        assert!(folder.len(name).unwrap().is_some());
        assert!(readers.are_away(&folder));
        for listed in ["dipole", "dipole/batch=0"] {
            assert_eq!(std::fs::read_dir(folder.path(listed)).unwrap().count(), 1);
            assert!(!readers.are_away(&folder), "{listed}");
            readers.seen = None;
        }
    }

    #[test]
    fn a_reader_is_there_for_a_while_and_then_away() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        folder.make_dir("spikes").unwrap();
        let mut readers = Readers::watch(&folder);
        // A folder that is new is watched from then on.
        folder.make_dir("lfp").unwrap();
        assert!(readers.are_away(&folder));
        std::fs::read_dir(folder.path("lfp")).unwrap().count();
        assert!(!readers.are_away(&folder));
        assert!(readers.wait_until_away(&folder));
        assert!(readers.are_away(&folder));
    }

    #[test]
    fn what_another_session_saw_counts() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let (old, new) = ("old".to_string(), "new".to_string());
        for name in [&old, &new] {
            std::fs::write(folder.path(name), "x").unwrap();
        }
        let file = std::fs::File::open(folder.path(&old)).unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * PATIENCE)
            .unwrap();
        let mut readers = Readers::watch(&folder);
        readers.recall(&folder, [&old].into_iter());
        assert!(readers.are_away(&folder));
        // What is long ago does not spare the look.
        assert!(readers.since.elapsed() >= LOOK);
        readers.recall(&folder, [&old, &new].into_iter());
        assert!(!readers.are_away(&folder));
    }

    #[test]
    fn nobody_waits_for_one_who_goes_on_reading() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        folder.make_dir("spikes").unwrap();
        let mut readers = Readers::watch(&folder);
        let over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    std::fs::read_dir(folder.path("spikes")).unwrap().count();
                    std::thread::sleep(POLL);
                }
            });
            let is_away = readers.wait_until_away(&folder);
            over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(!is_away);
        });
    }
}
