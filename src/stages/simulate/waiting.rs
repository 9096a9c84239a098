//! Nothing is left but what other processes have taken: until they have finished it, or are gone.
//!
//! Each keeps what it finished in its journal until batches are whole, and says that it rests. When all rest, one of
//! them brings everything into the tables.

use super::super::error::RunError;
use super::super::watch::Watch;
use super::sharing::{Sharing, Whose};
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
        let heard = sharing.hear();
        // A look reads the state, under the lock: only when there may be news.
        if (heard.one_is_gone || session.is_behind()) && Instant::now() >= look_at {
            let began = Instant::now();
            session.waited();
            session.look()?;
            sharing.note_finished(session);
            sharing.free(Whose::Gone);
            let took = began.elapsed().saturating_sub(session.waited());
            look_at = Instant::now() + took * SHARE_OF_LOOKS;
            watch.shared(sharing.others(), sharing.n_done());
        }
        // Nothing was heard for too long: better to simulate twice than to wait for ever.
        if heard_at.elapsed() > patience {
            sharing.free(Whose::All);
        }
        if sharing.n_free() > 0 {
            return Ok(true);
        }
        let (theirs, awaited) = sharing.n_theirs();
        if awaited == 0 {
            if theirs > 0 {
                session.publish_with_others()?;
                sharing.note_finished(session);
                // Finished without all that is wanted of them here.
                sharing.free(Whose::Resting);
            }
            return Ok(sharing.n_free() > 0);
        }
        if theirs != waiting_for {
            waiting_for = theirs;
            heard_at = Instant::now();
            watch.waiting(theirs);
        }
        if heard.news {
            heard_at = Instant::now();
        }
        // Nothing tells when another process is done: it may be another machine.
        std::thread::sleep(POLL);
    }
    Ok(false)
}
