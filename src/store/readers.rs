//! Whether other programs read the tables.
//!
//! Whoever reads a table lists its folder first, and the kernel tells that (inotify). Programs of ours open files by the
//! names in the index, and list nothing; so do programs that were given the name of a file, which are not seen. Nor are
//! those on another machine, and on systems without inotify nobody is.

use super::folder::Folder;
use std::time::{Duration, Instant};

/// A reader that has listed a table has opened its files after this time; and whoever has watched for this long without
/// seeing one takes it that there is none.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time between two looks while waiting.
const POLL: Duration = Duration::from_millis(20);

/// Watches the folders of tables.
#[derive(Debug)]
pub struct Readers {
    watch: Option<watch::Watch>,
    /// Since when all folders are watched.
    since: Instant,
    /// When one was last listed.
    seen: Option<Instant>,
}

impl Readers {
    /// Begins to watch.
    pub fn watch(folder: &Folder) -> Self {
        let mut readers = Self {
            watch: watch::Watch::new(),
            since: Instant::now(),
            seen: None,
        };
        readers.look(folder);
        readers
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

    /// Whether it is known that nobody reads.
    pub fn are_away(&mut self, folder: &Folder) -> bool {
        self.look(folder);
        let last = self.seen.map_or(self.since, |seen| seen.max(self.since));
        self.watch.is_none() || last.elapsed() >= PATIENCE
    }

    /// Waits until it is known that nobody reads, but not for somebody who goes on reading.
    pub fn wait_until_away(&mut self, folder: &Folder) -> bool {
        let began = Instant::now();
        while !self.are_away(folder) {
            if began.elapsed() > PATIENCE {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }
}

#[cfg(target_os = "linux")]
mod watch {
    use super::super::folder::Folder;
    use super::super::layout::Table;
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
    use std::collections::BTreeSet;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, OwnedFd};

    /// Watches on folders of tables; they end with it.
    #[derive(Debug)]
    pub struct Watch {
        inotify: OwnedFd,
        watched: BTreeSet<i32>,
    }

    impl Watch {
        /// `None` where the system has none to give.
        pub fn new() -> Option<Self> {
            let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            let watched = BTreeSet::new();
            Some(Self { inotify, watched })
        }

        /// Watches the tables' folders; gives whether one of them was not watched before.
        pub fn add_new(&mut self, folder: &Folder) -> bool {
            // Opening is no sign, as programs of ours open folders on the way to a file: reading what is in it is.
            let flags = WatchFlags::ACCESS | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
            let add = |table: Table| {
                inotify::add_watch(&self.inotify, folder.path(table.name()), flags).ok()
            };
            // A folder that is watched has one number, however often it is added.
            let now = Table::ALL.into_iter().filter_map(add).collect();
            let is_new = !self.watched.is_superset(&now);
            self.watched = now;
            is_new
        }

        /// Whether a folder, or one of a batch in it, was listed since this was last asked.
        pub fn has_listed(&mut self) -> bool {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut events = inotify::Reader::new(self.inotify.as_fd(), &mut buffer);
            let mut listed = false;
            while let Ok(event) = events.next() {
                let of_folder = ReadFlags::ISDIR | ReadFlags::QUEUE_OVERFLOW;
                listed |= event.events().intersects(of_folder);
            }
            listed
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod watch {
    use super::super::folder::Folder;

    #[derive(Debug)]
    pub enum Watch {}

    impl Watch {
        pub fn new() -> Option<Self> {
            None
        }

        pub fn add_new(&mut self, _: &Folder) -> bool {
            match *self {}
        }

        pub fn has_listed(&mut self) -> bool {
            match *self {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
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
        readers.look(&folder);
        assert!(readers.seen.is_none());
        for listed in ["dipole", "dipole/batch=0"] {
            assert_eq!(std::fs::read_dir(folder.path(listed)).unwrap().count(), 1);
            readers.look(&folder);
            assert!(readers.seen.take().is_some(), "{listed}");
        }
    }

    #[test]
    fn a_reader_is_there_for_a_while_and_then_away() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        folder.make_dir("spikes").unwrap();
        let mut readers = Readers::watch(&folder);
        // Who came before is not known.
        assert!(!readers.are_away(&folder));
        assert!(readers.wait_until_away(&folder));
        std::fs::read_dir(folder.path("spikes")).unwrap().count();
        assert!(!readers.are_away(&folder));
        assert!(readers.wait_until_away(&folder));
        // A folder that is new has not been watched.
        folder.make_dir("lfp").unwrap();
        assert!(!readers.are_away(&folder));
    }
}
