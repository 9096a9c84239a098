//! Every write, rename and sync of the store.
//!
//! A file appears whole or not at all: it is written aside on the same file system, synced, renamed, and the folder is synced.

use super::error::{Result, StoreError};
use super::hash::Hash;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

/// Faults for tests: the process dies, or the disk is full, at a chosen operation.
#[doc(hidden)]
pub mod fault {
    use std::io;
    use std::sync::atomic::{AtomicU64, Ordering};

    static COUNT: AtomicU64 = AtomicU64::new(0);
    static DIE_AT: AtomicU64 = AtomicU64::new(u64::MAX);
    static FULL_AT: AtomicU64 = AtomicU64::new(u64::MAX);

    /// The process dies at the n-th operation from now on.
    pub fn die_at(n: u64) {
        COUNT.store(0, Ordering::SeqCst);
        DIE_AT.store(n, Ordering::SeqCst);
    }

    /// The disk is full from the n-th operation on.
    pub fn full_at(n: u64) {
        COUNT.store(0, Ordering::SeqCst);
        FULL_AT.store(n, Ordering::SeqCst);
    }

    /// Operations so far.
    pub fn count() -> u64 {
        COUNT.load(Ordering::SeqCst)
    }

    /// An operation that changes the disk; `first` is done of it before the process dies.
    pub(crate) fn operation(first: impl FnOnce()) -> io::Result<()> {
        let n = COUNT.fetch_add(1, Ordering::SeqCst);
        if n == DIE_AT.load(Ordering::SeqCst) {
            first();
            std::process::abort();
        }
        if n >= FULL_AT.load(Ordering::SeqCst) {
            first();
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// An operation that cannot be half done.
    pub(crate) fn whole() -> io::Result<()> {
        operation(|| {})
    }
}

const MAGIC: &[u8; 8] = b"HNNSWEEP";
const HEADER: usize = 8 + 4 + 8 + 8;

/// Length and checksum of a file that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Bytes.
    pub len: u64,
    /// blake3 of the bytes.
    pub hash: Hash,
}

/// A writer that counts and hashes what passes through it.
pub struct Hashed<W> {
    inner: W,
    hasher: blake3::Hasher,
    len: u64,
}

impl<W: Write> Hashed<W> {
    /// Wraps a writer.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
            len: 0,
        }
    }

    /// The wrapped writer.
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What has passed.
    pub fn written(&self) -> Written {
        Written {
            len: self.len,
            hash: Hash::from_bytes(*self.hasher.finalize().as_bytes()),
        }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::operation(|| {
            let _ = self.inner.write_all(&bytes[..bytes.len() / 2]);
        })?;
        let n = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Makes a folder and those above it.
pub fn create_dir(path: &Path) -> Result<()> {
    let made = fault::whole().and_then(|()| fs::create_dir_all(path));
    made.map_err(|e| StoreError::io("make the folder", path, e))
}

/// A new file in the folder for temporary files.
pub fn aside(tmp: &Path) -> Result<NamedTempFile> {
    fault::whole()
        .and_then(|()| tempfile::Builder::new().prefix("new-").tempfile_in(tmp))
        .map_err(|e| StoreError::io("make a file in", tmp, e))
}

/// Puts a file that was written aside into its place, durably.
pub fn settle(file: NamedTempFile, target: &Path) -> Result<()> {
    put(sync(file)?, target)?;
    sync_parent(target)
}

/// Makes the content of a file that was written aside durable.
pub fn sync(file: NamedTempFile) -> Result<TempPath> {
    let path = file.path().to_path_buf();
    fault::whole()
        .and_then(|()| file.as_file().sync_all())
        .map_err(|e| StoreError::io("write", &path, e))?;
    open_to_readers(file.as_file(), &path)?;
    Ok(file.into_temp_path())
}

/// Puts a synced file into its place; its name is durable once the folder is synced.
pub fn put(file: TempPath, target: &Path) -> Result<()> {
    fault::whole().map_err(|e| StoreError::io("write", target, e))?;
    file.persist(target)
        .map_err(|e| StoreError::io("write", target, e.error))
}

/// Temporary files are private; results are for whoever may read the folder.
#[cfg(unix)]
fn open_to_readers(file: &std::fs::File, target: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
        .map_err(|e| StoreError::io("write", target, e))
}

#[cfg(not(unix))]
fn open_to_readers(_: &std::fs::File, _: &Path) -> Result<()> {
    Ok(())
}

/// Makes a file that was written aside durable where it is; gives its name.
pub fn keep(file: NamedTempFile) -> Result<String> {
    let path = file.path().to_path_buf();
    let error = |e| StoreError::io("write", &path, e);
    fault::whole().map_err(error)?;
    file.as_file().sync_all().map_err(error)?;
    open_to_readers(file.as_file(), &path)?;
    file.keep().map_err(|e| error(e.error))?;
    sync_parent(&path)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(name.unwrap_or_default())
}

/// Renames a file that is durable already.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fault::whole()
        .and_then(|()| fs::rename(from, to))
        .map_err(|e| StoreError::io("move a file to", to, e))?;
    sync_parent(to)
}

/// Removes a file; it may be gone already.
pub fn remove(path: &Path) -> Result<()> {
    match fault::whole().and_then(|()| fs::remove_file(path)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io("remove", path, e)),
        _ => Ok(()),
    }
}

/// Makes the names in a file's folder durable.
pub fn sync_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    // The folder of a bare name is the working directory.
    let parent = match parent.as_os_str().is_empty() {
        true => Path::new("."),
        false => parent,
    };
    fault::whole()
        .and_then(|()| fs::File::open(parent))
        .and_then(|dir| dir.sync_all())
        .map_err(|e| StoreError::io("sync the folder", parent, e))
}

/// Writes a small file as a whole, durably.
pub fn write_whole(tmp: &Path, target: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Hashed::new(aside(tmp)?);
    file.write_all(bytes)
        .map_err(|e| StoreError::io("write", target, e))?;
    settle(file.into_inner(), target)
}

/// What a sealed file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Version of its format.
    pub version: u32,
    /// Generation of its content.
    pub generation: u64,
}

/// Bytes of a sealed file: magic, format version, generation, length, payload, blake3 of all before.
pub fn seal(seal: Seal, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len() + 32);
    bytes.extend(MAGIC);
    bytes.extend(seal.version.to_le_bytes());
    bytes.extend(seal.generation.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    let hash = Hash::of(&bytes);
    bytes.extend(hash.as_bytes());
    bytes
}

/// Payload of a sealed file, or what is wrong with it.
pub fn unseal(bytes: &[u8]) -> std::result::Result<(Seal, &[u8]), &'static str> {
    let seal = read_seal(bytes).ok_or("it does not begin as a file of hnn-sweep does")?;
    let (body, hash) = bytes
        .split_at_checked(bytes.len().saturating_sub(32))
        .filter(|(body, _)| body.len() >= HEADER)
        .ok_or("it is too short")?;
    if Hash::of(body).as_bytes() != hash {
        return Err("its checksum does not match");
    }
    Ok((seal, &body[HEADER..]))
}

/// What the beginning of a sealed file says.
fn read_seal(bytes: &[u8]) -> Option<Seal> {
    let head = bytes.get(..HEADER)?;
    (&head[..8] == MAGIC).then_some(())?;
    Some(Seal {
        version: u32::from_le_bytes(head[8..12].try_into().ok()?),
        generation: u64::from_le_bytes(head[12..20].try_into().ok()?),
    })
}

/// The beginning of a sealed file, without reading the rest.
pub fn peek_seal(path: &Path) -> Option<Seal> {
    use std::io::Read;
    let mut head = [0; HEADER];
    fs::File::open(path).ok()?.read_exact(&mut head).ok()?;
    read_seal(&head)
}

/// Reads a whole file; `None` if there is none.
pub fn read_whole(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(e) => Err(StoreError::io("read", path, e)),
    }
}

/// Files of a folder in the order of their names; none if there is no folder.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StoreError::io("list", folder, e)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|e| StoreError::io("list", folder, e))?.path());
    }
    paths.sort();
    Ok(paths)
}
