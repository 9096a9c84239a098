//! What a task is, as bytes and as a hash: [`fingerprint`] decides what belongs to a task's identity, [`canon`]
//! writes it down.

pub mod canon;
pub mod fingerprint;
mod parts;

pub use fingerprint::{FORMAT_VERSION, Fingerprint, Fingerprinter, task_key};
