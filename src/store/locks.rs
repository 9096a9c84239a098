//! Locks of file systems that may have none.

use std::fs::{File, TryLockError};
use std::io;

/// Whether an attempt to lock failed because there are no locks, and not because another holds it.
pub fn are_missing(error: &TryLockError) -> bool {
    matches!(error, TryLockError::Error(error) if is_missing(error))
}

/// Locks a file where that can be done; a file system without locks is an error only where they are `needed`.
pub fn lock(file: &File, needed: bool) -> io::Result<()> {
    settle(file.lock(), needed)
}

/// Unlocks it again.
pub fn unlock(file: &File, needed: bool) -> io::Result<()> {
    settle(file.unlock(), needed)
}

fn settle(done: io::Result<()>, needed: bool) -> io::Result<()> {
    match done {
        Err(error) if needed || !is_missing(&error) => Err(error),
        _ => Ok(()),
    }
}

/// ENOSYS, EOPNOTSUPP, ENOLCK: what mounts without locks say.
fn is_missing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let missing = [Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK];
    let code = error.raw_os_error();
    error.kind() == io::ErrorKind::Unsupported
        || missing
            .iter()
            .any(|errno| code == Some(errno.raw_os_error()))
}
