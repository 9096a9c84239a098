//! A folder of results, held open.
//!
//! Every file in it is reached from the folder's handle, one name at a time, and no link is followed on the way:
//! whatever somebody puts in the place of a file or a folder, also between two of our operations, nothing outside is
//! read, written, moved or removed. A file appears whole or not at all: it is written aside, synced, renamed, and the
//! folder is synced.

use super::error::{NotOurs, Result, StoreError};
use super::fault;
use super::hash::Hash;
use rustix::fs::{self as sys, AtFlags, FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Files and folders are as open to others as the umask and the folder's default access list let them be.
const FILE: Mode = Mode::from_raw_mode(0o666);
const DIRECTORY: Mode = Mode::from_raw_mode(0o777);

/// A folder of results. Names are relative to it, with `/` between them.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    handle: Arc<OwnedFd>,
}

/// What a name in a folder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last part of its name.
    pub name: String,
    /// Whether it is a file (and no link).
    pub is_file: bool,
    /// Whether it is a folder (and no link).
    pub is_dir: bool,
}

impl Folder {
    /// Opens a folder; `None` if there is none. It may itself be reached through links.
    pub fn open(root: &Path) -> Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match sys::open(root, flags, Mode::empty()) {
            Ok(handle) => Ok(Some(Self {
                root: root.into(),
                handle: Arc::new(handle),
            })),
            // A file in its place is said where the folder is made.
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(None),
            Err(e) => Err(StoreError::io("read the folder", root, e.into())),
        }
    }

    /// Opens a folder, and makes it and those above it if needed.
    pub fn create(root: &Path) -> Result<Self> {
        let taken = |e: StoreError| match root.exists() && !root.is_dir() {
            true => StoreError::io("make the folder", root, io::ErrorKind::NotADirectory.into()),
            false => e,
        };
        super::disk::create_dir(root).map_err(taken)?;
        let missing =
            || StoreError::io("open the folder", root, io::ErrorKind::NotADirectory.into());
        Self::open(root)?.ok_or_else(missing)
    }

    /// The folder as it was named.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Path of a file, for people.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Handle of a folder.
    fn dir(&self, name: &str) -> io::Result<OwnedFd> {
        let mut dir = self.handle.as_fd().try_clone_to_owned()?;
        for part in name.split('/') {
            dir = enter(dir.as_fd(), part)?;
        }
        Ok(dir)
    }

    /// Handle of the folder that a file is in, and the file's own name.
    fn place<'n>(&self, name: &'n str) -> io::Result<(OwnedFd, &'n str)> {
        let (folder, last) = match name.rsplit_once('/') {
            Some((folder, last)) => (self.dir(folder)?, last),
            None => (self.handle.as_fd().try_clone_to_owned()?, name),
        };
        check_word(last)?;
        Ok((folder, last))
    }

    /// Makes a folder and those above it.
    pub fn make_dir(&self, name: &str) -> Result<()> {
        let make = || -> io::Result<()> {
            fault::whole()?;
            let mut dir = self.handle.as_fd().try_clone_to_owned()?;
            for part in name.split('/') {
                check_word(part)?;
                // Another process may have made it just now.
                match sys::mkdirat(&dir, part, DIRECTORY) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(e) => return Err(e.into()),
                }
                dir = enter(dir.as_fd(), part)?;
            }
            Ok(())
        };
        make().map_err(|e| StoreError::io("make the folder", &self.path(name), e))
    }

    /// Names in a folder, in order; none if there is no folder.
    pub fn list(&self, name: &str) -> Result<Vec<Entry>> {
        let list = || -> io::Result<Vec<Entry>> {
            let dir = match name {
                "" => self.handle.as_fd().try_clone_to_owned(),
                _ => self.dir(name),
            };
            let dir = match dir {
                // A folder that is not there has nothing in it.
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                dir => dir?,
            };
            let mut entries = Vec::new();
            for entry in sys::Dir::read_from(&dir)? {
                let entry = entry?;
                let name = entry.file_name();
                if matches!(name.to_bytes(), b"." | b"..") {
                    continue;
                }
                let kind = match entry.file_type() {
                    // Some file systems do not tell.
                    FileType::Unknown => match sys::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                        Err(rustix::io::Errno::NOENT) => continue,
                        Err(e) => return Err(e.into()),
                    },
                    kind => kind,
                };
                entries.push(Entry {
                    name: name.to_string_lossy().into_owned(),
                    is_file: kind == FileType::RegularFile,
                    is_dir: kind == FileType::Directory,
                });
            }
            // In order: what follows from a listing must not depend on the file system.
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        };
        list().map_err(|e| StoreError::io("list", &self.path(name), e))
    }

    /// Files of a folder whose names a test holds for.
    pub fn files(&self, folder: &str, is_one: fn(&str) -> bool) -> Result<Vec<String>> {
        let mut entries = self.list(folder)?;
        entries.retain(|entry| entry.is_file && is_one(&entry.name));
        Ok(entries
            .into_iter()
            .map(|entry| format!("{folder}/{}", entry.name))
            .collect())
    }

    /// Length of a file; `None` if there is none.
    pub fn len(&self, name: &str) -> Result<Option<u64>> {
        self.stat(name)
            .map_err(|e| StoreError::io("read", &self.path(name), e))
    }

    fn stat(&self, name: &str) -> io::Result<Option<u64>> {
        let (dir, last) = match self.place(name) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            place => place?,
        };
        match sys::statat(&dir, last, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok(Some(u64::try_from(stat.st_size).unwrap_or(0)))
            }
            Ok(stat) => Err(not_ours(FileType::from_raw_mode(stat.st_mode))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether there is a file of ours, which is neither a link nor a folder.
    pub fn has(&self, name: &str) -> bool {
        self.stat(name).is_ok_and(|len| len.is_some())
    }

    fn open_with(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let (dir, last) = self.place(name)?;
        // Opening a pipe would wait for its other end.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match sys::openat(&dir, last, flags, FILE) {
            Ok(file) => file,
            Err(rustix::io::Errno::LOOP) => return Err(not_ours(FileType::Symlink)),
            Err(e) => return Err(e.into()),
        };
        let kind = FileType::from_raw_mode(sys::fstat(&file)?.st_mode);
        match kind {
            FileType::RegularFile => Ok(File::from(file)),
            other => Err(not_ours(other)),
        }
    }

    /// Opens a file for reading; `None` if there is none.
    pub fn open_file(&self, name: &str) -> Result<Option<File>> {
        match self.open_with(name, OFlags::RDONLY) {
            Ok(file) => Ok(Some(file)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(StoreError::io("read", &self.path(name), e)),
        }
    }

    /// Opens a file in order to lock it, and makes it if `create`.
    pub fn open_lock(&self, name: &str, create: bool) -> Result<File> {
        let flags = match create {
            true => OFlags::RDWR | OFlags::CREATE,
            false => OFlags::RDWR,
        };
        let open = self.open_with(name, flags);
        let open = match open {
            // Somebody else's file can be locked, too.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                self.open_with(name, OFlags::RDONLY)
            }
            open => open,
        };
        open.map_err(|e| StoreError::io("write to", &self.path(name), e))
    }

    /// Makes a new file to read and write.
    pub fn create_file(&self, name: &str) -> io::Result<File> {
        fault::whole()?;
        // Exclusive: a name that exists is never taken over.
        self.open_with(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    /// Reads a whole file; `None` if there is none.
    pub fn read_whole(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(mut file) = self.open_file(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|e| StoreError::io("read", &self.path(name), e))?;
        Ok(Some(bytes))
    }

    /// A new file in a folder, which is removed again unless it is put somewhere.
    pub fn aside(&self, folder: &str) -> Result<Aside> {
        let create = || -> io::Result<Aside> {
            loop {
                // A few random letters are enough: whoever loses the race takes another name.
                let name = format!("{folder}/new-{}", random_word());
                match self.create_file(&name) {
                    Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                    file => {
                        return Ok(Aside {
                            file: file?,
                            folder: self.clone(),
                            name,
                            placed: false,
                        });
                    }
                }
            }
        };
        create().map_err(|e| StoreError::io("make a file in", &self.path(folder), e))
    }

    /// Puts a file that was written aside and synced into its place; its name is durable once the folder is synced.
    pub fn put(&self, mut file: Aside, target: &str) -> Result<()> {
        self.rename_only(&file.name, target)
            .map_err(|e| StoreError::io("write", &self.path(target), e))?;
        file.placed = true;
        Ok(())
    }

    fn rename_only(&self, from: &str, to: &str) -> io::Result<()> {
        fault::whole()?;
        let ((from, old), (to, new)) = (self.place(from)?, self.place(to)?);
        // A link or a folder in its place is not ours to replace.
        match sys::statat(&to, new, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => {
                return Err(not_ours(FileType::from_raw_mode(stat.st_mode)));
            }
            _ => {}
        }
        Ok(sys::renameat(&from, old, &to, new)?)
    }

    /// Renames a file that is durable already.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.rename_only(from, to)
            .map_err(|e| StoreError::io("move a file to", &self.path(to), e))?;
        self.sync_parent(to)
    }

    /// Gives a file a second name, which nothing has yet.
    pub fn link(&self, name: &str, second: &str) -> io::Result<()> {
        let ((from, old), (to, new)) = (self.place(name)?, self.place(second)?);
        Ok(sys::linkat(&from, old, &to, new, AtFlags::empty())?)
    }

    /// Removes a file; it may be gone already. What is no file is left.
    pub fn remove(&self, name: &str) -> Result<()> {
        let remove = || -> io::Result<()> {
            fault::whole()?;
            let (dir, last) = self.place(name)?;
            let stat = sys::statat(&dir, last, AtFlags::SYMLINK_NOFOLLOW)?;
            // A folder or a link of that name is not ours to remove.
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                sys::unlinkat(&dir, last, AtFlags::empty())?;
            }
            Ok(())
        };
        match remove() {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &self.path(name), e))
            }
            _ => Ok(()),
        }
    }

    /// Makes the names in a file's folder durable.
    pub fn sync_parent(&self, name: &str) -> Result<()> {
        let sync = || -> io::Result<()> {
            fault::whole()?;
            Ok(sys::fsync(self.place(name)?.0)?)
        };
        sync().map_err(|e| StoreError::io("sync the folder of", &self.path(name), e))
    }
}

/// Opens a folder in a folder, unless it is a link.
fn enter(dir: BorrowedFd, word: &str) -> io::Result<OwnedFd> {
    check_word(word)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match sys::openat(dir, word, flags, Mode::empty()) {
        Ok(dir) => Ok(dir),
        // Says what stands there instead: a link, mostly.
        Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
            let stat = sys::statat(dir, word, AtFlags::SYMLINK_NOFOLLOW)?;
            Err(not_ours(FileType::from_raw_mode(stat.st_mode)))
        }
        Err(e) => Err(e.into()),
    }
}

/// Names that lead elsewhere are nobody's.
fn check_word(word: &str) -> io::Result<()> {
    match word {
        "" | "." | ".." => Err(io::Error::other(NotOurs("it is no name of a file"))),
        _ => Ok(()),
    }
}

fn not_ours(kind: FileType) -> io::Error {
    io::Error::other(NotOurs(match kind {
        FileType::Symlink => "it is a link",
        FileType::Directory => "it is a folder",
        FileType::RegularFile => "it is a file",
        _ => "it is neither a file nor a folder",
    }))
}

/// 16 digits that no other file of the folder has, as good as surely.
pub fn random_word() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // Process, count and clock: unique among processes that share a folder.
    let seed = format!(
        "{} {} {:?}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed),
        now.unwrap_or_default()
    );
    Hash::of(seed.as_bytes()).to_string()[..16].to_string()
}

/// A file that is being written, and not yet in its place.
#[derive(Debug)]
pub struct Aside {
    file: File,
    folder: Folder,
    name: String,
    placed: bool,
}

impl Aside {
    /// Makes its content durable.
    pub fn sync(&self) -> Result<()> {
        fault::whole()
            .and_then(|()| self.file.sync_all())
            .map_err(|e| StoreError::io("write", &self.folder.path(&self.name), e))
    }

    /// Opens it from its beginning, to read what was written.
    pub fn read_back(&self) -> Result<File> {
        let file = self.folder.open_file(&self.name)?;
        let gone = || io::ErrorKind::NotFound.into();
        file.ok_or_else(|| StoreError::io("read", &self.folder.path(&self.name), gone()))
    }

    /// Makes it durable where it is; gives the last part of its name.
    pub fn keep(mut self) -> Result<String> {
        self.sync()?;
        // The name as well as the bytes must survive a crash, as a journal will name it.
        self.folder.sync_parent(&self.name)?;
        self.placed = true;
        let (_, name) = self.name.rsplit_once('/').unwrap_or(("", &self.name));
        Ok(name.to_string())
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What was not put in its place is nobody's.
        if !self.placed
            && let Ok((dir, last)) = self.folder.place(&self.name)
        {
            let _ = sys::unlinkat(&dir, last, AtFlags::empty());
        }
    }
}
