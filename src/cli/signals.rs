//! What signals do: those that end a program stop a run, and those of a limit become an exit code.

use super::exit::{DISK, INTERRUPTED};
use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGXCPU, SIGXFSZ};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Turns what would kill the program into an error with a message and an exit code.
///
/// A file that would grow beyond its limit (`ulimit -f`) is an error of that write. Where memory is refused, Rust
/// says so and aborts: the program ends with the code of a machine that refused, and all that was committed stays.
pub(super) fn survive() {
    // A handler, be it empty, makes the kernel return `EFBIG` instead of killing the process.
    let ignored = Arc::new(AtomicBool::new(false));
    let _ = flag::register(SIGXFSZ, ignored);
    let always = Arc::new(AtomicBool::new(true));
    let _ = flag::register_conditional_shutdown(SIGABRT, DISK.into(), always);
}

/// Stops a run on Ctrl-C and on the signals by which a system ends programs.
pub(super) struct Signals {
    /// Set by the first signal.
    pub stop: Arc<AtomicBool>,
    /// Whether a signal ends the program at once.
    at_once: Arc<AtomicBool>,
}

impl Signals {
    /// From now on a signal ends the program at once: everything that is committed stays, and nothing is in flight.
    /// Signals that were ignored when the program began (`nohup`, a shell's background jobs) stay so.
    pub(super) fn catch() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let at_once = Arc::new(AtomicBool::new(true));
        let mut signals = vec![SIGINT, SIGTERM, SIGHUP, SIGXCPU];
        match ignored_from_the_start() {
            Some(mask) => signals.retain(|signal| mask >> (signal - 1) & 1 == 0),
            // Nobody knows: the one that `nohup` ignores is left as it was.
            None => signals.retain(|signal| *signal != SIGHUP),
        }
        for signal in signals {
            // Without a handler a signal ends the process, which loses no more than what is in flight. The order
            // counts: the second signal finds what the first has set.
            let _ =
                flag::register_conditional_shutdown(signal, INTERRUPTED.into(), at_once.clone());
            let _ = flag::register(signal, stop.clone());
            let _ = flag::register(signal, at_once.clone());
        }
        Self { stop, at_once }
    }

    /// Whether a signal ends the program at once; otherwise the first one lets it finish what it has begun.
    pub(super) fn end_at_once(&self, at_once: bool) {
        self.at_once.store(at_once, Ordering::Relaxed);
    }

    /// Whether a signal has come.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Signals that whoever started this program has told it to ignore, a bit for each; `None` if the system does not tell.
fn ignored_from_the_start() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}
