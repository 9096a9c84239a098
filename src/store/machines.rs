//! Other machines. On some network file systems a lock holds on one machine only; two machines that both took a
//! folder for theirs would replace each other's index. A run marks its journal with its machine and with the time,
//! again and again, so that it is seen.

use super::hash::Hash;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

/// Time between two marks.
pub const BEAT: Duration = Duration::from_secs(10);
/// A run that has made no mark for so long has been killed.
pub const SILENCE: Duration = Duration::from_secs(120);

/// Name of this machine.
pub fn name() -> String {
    // Nodes that SLURM makes on one machine are machines of their own.
    let node = std::env::var_os("SLURMD_NODENAME");
    let node = node.map(|node| node.to_string_lossy().into_owned());
    let own = || {
        rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned()
    };
    node.unwrap_or_else(own)
}

/// What names of journals of this machine begin with.
pub fn tag() -> &'static str {
    static TAG: LazyLock<String> = LazyLock::new(|| {
        let hash = Hash::of(name().as_bytes()).to_string();
        format!("h{}", &hash[..4])
    });
    &TAG
}

/// Whether a time is no longer ago than that; times of clocks that are ahead are not.
pub fn is_recent(time: SystemTime, limit: Duration) -> bool {
    SystemTime::now()
        .duration_since(time)
        // A clock that runs behind: better to take the other for alive.
        .map_or(true, |age| age < limit)
}
