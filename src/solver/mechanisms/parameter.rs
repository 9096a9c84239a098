//! What a network may say of a channel.

/// A parameter of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelParameter {
    /// Name, as NEURON has it: with the channel's.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Value where a network gives none.
    pub default: f64,
}

impl ChannelParameter {
    /// A parameter.
    pub(super) const fn new(name: &'static str, unit: &'static str, default: f64) -> Self {
        Self {
            name,
            unit,
            default,
        }
    }
}

/// A channel that is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Name, as NEURON has it.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [ChannelParameter],
    /// Whether it reads or writes the calcium ion.
    pub uses_calcium: bool,
}
