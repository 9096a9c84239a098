//! The list of channels, and what follows from it.

use super::{
    Channel, Here, InitialCurrent, Membrane, Segment, Tables, ar, ca, cad, cat, hh2, kca, km, pas,
};
use crate::solver::simd::Simd;

macro_rules! channels {
    ($($name:ident $set:ident,)*) => {
        /// All channels, in the order in which a step takes them.
        pub const CHANNELS: &[Channel] = &[$(Channel {
            name: stringify!($name),
            parameters: $name::PARAMETERS,
            uses_calcium: $name::USES_CALCIUM,
        },)*];

        /// A set of channels.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        /// As bits, so that it can be a parameter of a type: `Fixed` in the kernels.
        pub struct Mechs(pub u16);

        #[allow(non_camel_case_types)]
        enum Number {
            $($name,)*
        }

        impl Mechs {
            $(
                #[doc = concat!("The channel ", stringify!($name), " alone.")]
                pub const $set: Self = Self(1 << Number::$name as u16);
            )*
        }

        /// Where each channel's state variables are among those of a segment.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // the names are those of the channels
        pub struct StatePlaces {
            $(pub $name: usize,)*
            /// Number of all.
            pub n: usize,
        }

        impl StatePlaces {
            /// Places in cells whose segments have these channels, and no others.
            pub const fn new(mechs: Mechs) -> Self {
                let mut n = 0;
                $(
                    let $name = if mechs.has(Mechs::$set) { n } else { Self::ABSENT };
                    if mechs.has(Mechs::$set) {
                        n += $name::STATES;
                    }
                )*
                Self { $($name,)* n }
            }
        }

        /// Constants of a segment, channel by channel.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        #[allow(missing_docs)] // the names are those of the channels
        pub struct Nodes {
            $(pub $name: $name::Node,)*
        }

        impl Nodes {
            /// Those of a piece of membrane.
            pub fn new(membrane: &mut Membrane) -> Self {
                let mut nodes = Self::default();
                $(
                    if membrane.mechs.has(Mechs::$set) {
                        nodes.$name = $name::node(membrane);
                    }
                )*
                nodes
            }

            /// Adds the channels' conductances and currents at the start.
            pub fn initial_current(&self, mechs: Mechs, at: &mut InitialCurrent) {
                $(
                    if mechs.has(Mechs::$set) {
                        $name::initial_current(&self.$name, at);
                    }
                )*
            }
        }

        /// The state of a segment at t = 0.
        pub fn initial(membrane: &Membrane, places: &StatePlaces, state: &mut [f64]) {
            $(
                if membrane.mechs.has(Mechs::$set) {
                    let first = places.$name;
                    $name::initial(membrane, &mut state[first..first + $name::STATES]);
                }
            )*
        }

        /// Constants that all segments of a cell type share, channel by channel.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // the names are those of the channels
        pub struct Rates {
            /// Time step (ms).
            pub dt: f64,
            $(pub $name: $name::Rates,)*
        }

        impl Rates {
            /// At a time step (ms) and temperature (degC).
            pub fn new(tables: &Tables, dt: f64, celsius: f64) -> Self {
                Self { dt, $($name: $name::rates(tables, dt, celsius),)* }
            }
        }

        impl<S: Simd, H: Here> Segment<'_, S, H> {
            /// Advances the segment's channels by one step and sums their conductances for the next.
            #[inline(always)]
            pub fn advance(&mut self) {
                let (nodes, rates) = (self.nodes, self.rates);
                $(
                    if self.has(Mechs::$set) {
                        $name::step(self, &nodes.$name, &rates.$name);
                    }
                )*
            }
        }
    };
}

// Each channel has its own set of states, so the order decides in which currents are summed, and thereby last bits, and
// three things more: cad wants the calcium current of the step that ends, so it precedes ca; kca wants the new
// concentration, so it follows cad; and so does ca, whose reversal potential follows from the concentration.
channels! {
    hh2 HH2,
    km KM,
    cad CAD,
    kca KCA,
    ca CA,
    cat CAT,
    ar AR,
    pas PAS,
}

impl StatePlaces {
    /// The channel is in no segment.
    pub const ABSENT: usize = usize::MAX;
}

impl Mechs {
    /// No channel: a node without membrane, or a membrane that is a capacitance only.
    pub const NONE: Self = Self(0);

    /// Those with the given names.
    pub fn named<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let mut mechs = Self::NONE;
        for name in names {
            if let Some(i) = CHANNELS.iter().position(|channel| channel.name == name) {
                mechs = mechs.with(Self(1 << i));
            }
        }
        mechs
    }

    /// Whether all of `other` are in the set.
    #[inline(always)]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union of two sets.
    #[inline(always)]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of them reads or writes the calcium ion: there, NEURON keeps a concentration.
    pub fn use_calcium(self) -> bool {
        let all = CHANNELS.iter().enumerate();
        all.filter(|(_, channel)| channel.uses_calcium)
            .any(|(i, _)| self.has(Self(1 << i)))
    }
}

#[cfg(test)]
mod tests {
    use super::CHANNELS;
    use crate::network::MECHANISMS;
    use std::collections::BTreeMap;

    #[test]
    fn a_network_can_name_the_channels_that_are_simulated_and_no_others() {
        let simulated: BTreeMap<&str, Vec<&str>> = CHANNELS
            .iter()
            .map(|c| (c.name, c.parameters.iter().map(|p| p.name).collect()))
            .collect();
        let known = MECHANISMS.iter().map(|m| (m.name, m.parameters.to_vec()));
        assert_eq!(simulated, known.collect());
    }

    #[test]
    fn parameters_are_named_after_their_channel() {
        for channel in CHANNELS {
            let suffix = format!("_{}", channel.name);
            assert!(channel.parameters.iter().all(|p| p.name.ends_with(&suffix)));
        }
    }
}
