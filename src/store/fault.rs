//! Faults for tests: the process dies, or the disk is full, at a chosen operation.

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
