//! Why there is no such statistic.

/// Why a statistic cannot be computed of a network: the key to blame, words and help.
pub(in crate::pipeline) struct Impossible {
    pub key: &'static str,
    pub what: String,
    pub help: String,
}
