//! Lengths and checksums of what is written.

use super::fault;
use super::hash::Hash;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// Length and checksum of a file that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Bytes.
    pub len: u64,
    /// blake3 of the bytes.
    pub hash: Hash,
    /// Where its own content is, if it begins with a file that it has replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// The part of a file that is a whole file by itself: see `src/store/replaced.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Where it begins (bytes).
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// blake3 of the bytes; `None` if the file has no rows, and only waits to go.
    pub hash: Option<Hash>,
}

impl Written {
    /// Whether two files have the same own content.
    pub fn is_same_content(&self, other: &Self) -> bool {
        self.own() == other.own()
    }

    /// Whether the file begins with one that it has replaced.
    pub fn begins_with_its_past(&self) -> bool {
        self.content.is_some()
    }

    /// Whether the file only waits to go, for the sake of those who read it.
    pub fn is_going(&self) -> bool {
        self.content.is_some_and(|content| content.hash.is_none())
    }

    fn own(&self) -> (u64, Option<Hash>) {
        match self.content {
            Some(content) => (content.len, content.hash),
            None => (self.len, Some(self.hash)),
        }
    }
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
            content: None,
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
