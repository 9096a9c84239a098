//! Nothing is left but what other processes have taken: until they have finished it, or are gone.

use super::super::error::RunError;
use super::super::watch::Watch;
use super::sharing::Sharing;
use super::work::Work;
use crate::store::Session;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Time between two looks at what the others do.
const POLL: Duration = Duration::from_millis(50);
/// A look takes at most one part in this many of the time.
const SHARE_OF_LOOKS: u32 = 10;
/// A simulation may take so many times as long as others have taken before it is given up.
const SLOWNESS: f64 = 20.0;

/// Whether there is something to simulate again. Ends as soon as that is so, nothing is left that others have taken,
/// or the run is stopped.
pub(super) fn wait(
    work: &Work,
    sharing: &Sharing,
    session: &mut Session,
    watch: &mut dyn Watch,
) -> Result<bool, RunError> {
    // A slow machine is given time by what simulations took here.
    let usual = Duration::try_from_secs_f64(SLOWNESS * sharing.longest()).unwrap_or_default();
    let patience = work.options.pace.patience.max(usual);
    // When what they have to do changed: one may be alive, and be done with a task without all that is wanted of it
    // here.
    let mut heard_at = Instant::now();
    let mut look_at = Instant::now();
    let mut waiting_for = 0;
    while !work.stop.load(Ordering::Relaxed) {
        watch.tick();
        session.beat();
        let gone = sharing.hear();
        // A look reads the state, under the lock: only when there may be news.
        if (gone || session.is_behind()) && Instant::now() >= look_at {
            let began = Instant::now();
            session.waited();
            session.look()?;
            sharing.note_finished(session);
            sharing.free(false);
            let took = began.elapsed().saturating_sub(session.waited());
            look_at = Instant::now() + took * SHARE_OF_LOOKS;
            watch.shared(sharing.others(), sharing.n_done());
        }
        // Nothing was heard for too long: better to simulate twice than to wait for ever.
        if heard_at.elapsed() > patience {
            sharing.free(true);
        }
        if sharing.n_free() > 0 {
            return Ok(true);
        }
        let theirs = sharing.n_theirs();
        if theirs == 0 {
            return Ok(false);
        }
        if theirs != waiting_for {
            waiting_for = theirs;
            heard_at = Instant::now();
            watch.waiting(theirs);
        }
        // Nothing tells when another process is done: it may be another machine.
        std::thread::sleep(POLL);
    }
    Ok(false)
}
