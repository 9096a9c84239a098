//! How many threads a run may use.

/// How many threads a run may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// The calling thread only.
    #[default]
    One,
    /// All threads of the current rayon pool, for when there are fewer simulations than cores. Same bits.
    Pool,
}
