//! The right to publish.

use super::scheduler::Scheduler;
use crate::stages::RunError;
use crate::store::{Holder, Publisher, Session, StoreError};
use std::path::Path;
use std::time::{Duration, Instant};

/// Time between two attempts.
const POLL: Duration = Duration::from_secs(2);

/// Waits, up to a time, until nobody else publishes to a folder and no run on another machine writes to it;
/// gives who publishes if somebody still does.
///
/// # Errors
/// If the folder cannot be written, or another machine writes to it.
pub fn publisher(
    folder: &Path,
    among_other_files: bool,
    patience: Duration,
    scheduler: &dyn Scheduler,
) -> Result<Result<Session, Holder>, RunError> {
    let has_ended = |job: &str| scheduler.has_ended(job);
    let began = Instant::now();
    loop {
        let left = patience.saturating_sub(began.elapsed());
        let publisher = match Publisher::acquire(folder, among_other_files, left, &has_ended)? {
            Ok(publisher) => publisher,
            Err(holder) => return Ok(Err(holder)),
        };
        match Session::begin_as(publisher) {
            Err(StoreError::Conflict { .. }) if began.elapsed() + POLL < patience => {
                std::thread::sleep(POLL);
            }
            session => return Ok(Ok(session?)),
        }
    }
}

/// That somebody else publishes.
pub fn busy(folder: &Path, holder: &Holder) -> RunError {
    RunError::Input {
        what: format!("{holder} publishes to {} just now", folder.display()),
        help: "wait until it has ended, and give the same command again; one that was killed is noticed \
               after two minutes".into(),
    }
}
