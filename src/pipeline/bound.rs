//! What a point of the grid resolves to.

use crate::network::Network;

/// What is simulated at a point of the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The network with all drives, biases and electrode arrays.
    pub network: Network,
    /// End of the simulation (ms).
    pub tstop: f64,
    /// Time step (ms).
    pub dt: f64,
}
