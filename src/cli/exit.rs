//! Exit codes.

use crate::stages::RunError;
use crate::store::StoreError;

/// All is well.
pub(super) const SUCCESS: u8 = 0;
/// What was asked for cannot be done: the pipeline file, an argument.
pub(super) const INPUT: u8 = 1;
/// The disk or the operating system refused, or a file is damaged.
pub(super) const DISK: u8 = 2;
/// Some simulations failed; the others are there.
pub(super) const FAILURES: u8 = 3;
/// Stopped by Ctrl-C.
pub(super) const INTERRUPTED: u8 = 130;

/// The exit code of an error.
pub(super) fn code_of(error: &RunError) -> u8 {
    match error {
        RunError::Pipeline(_) | RunError::Input { .. } => INPUT,
        // Another command line mends these, unlike what a disk refuses.
        RunError::Store(StoreError::Conflict { .. } | StoreError::NoStore { .. }) => INPUT,
        RunError::Store(_) | RunError::System { .. } => DISK,
        RunError::Stopped => INTERRUPTED,
    }
}

/// The exit code of what has left and failed so many tasks, where the worst that had happened before has this code.
pub(super) fn code_of_tasks(worst: u8, left: u64, failed: u64) -> u8 {
    match (worst, left, failed) {
        (INPUT | DISK, ..) => worst,
        (_, 0, 0) => SUCCESS,
        (_, 0, _) => FAILURES,
        _ => INTERRUPTED,
    }
}
