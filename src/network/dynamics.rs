//! When the cells of a drive fire: the arguments of each kind of drive, in hnn-core's order.
//!
//! The list of arguments stands here once. Pipeline files, `[set]`, network files and the list of settable paths go
//! through [`Dynamics::arguments`] and [`Dynamics::argument_mut`].

use indexmap::IndexMap;
use std::sync::Arc;

/// What an argument is, whatever its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Argument {
    /// hnn-core's name.
    pub name: &'static str,
    /// Unit of the value; empty for numbers of something.
    pub unit: &'static str,
    /// Whether hnn-core has no default for it.
    pub required: bool,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentValue {
    /// A number.
    Number(f64),
    /// An end (ms); `None` is that of the simulation.
    End(Option<f64>),
    /// A number of events.
    Count(u32),
    /// A rate, or one for each target cell type.
    Rate(RateConstant),
}

/// The place of an argument's value.
#[derive(Debug)]
pub enum ArgumentMut<'a> {
    /// A number.
    Number(&'a mut f64),
    /// An end (ms); `None` is that of the simulation.
    End(&'a mut Option<f64>),
    /// A number of events.
    Count(&'a mut u32),
    /// A rate, or one for each target cell type.
    Rate(&'a mut RateConstant),
}

macro_rules! arguments {
    ($kind:ident { $($name:ident: $variant:ident $unit:literal $($required:ident)?,)+ }) => {
        impl $kind {
            const ARGUMENTS: &[Argument] = &[$(Argument {
                name: stringify!($name),
                unit: $unit,
                required: arguments!(@ $($required)?),
            }),+];

            fn values(&self) -> Vec<ArgumentValue> {
                let Self { $($name),+ } = self;
                vec![$(ArgumentValue::$variant($name.clone())),+]
            }

            fn places(&mut self) -> Vec<ArgumentMut<'_>> {
                let Self { $($name),+ } = self;
                vec![$(ArgumentMut::$variant($name)),+]
            }
        }
    };
    (@ required) => { true };
    (@) => { false };
}

/// Normally distributed event times: arguments of [`Network::add_evoked_drive`](super::Network::add_evoked_drive).
#[derive(Clone, Debug, PartialEq)]
pub struct Evoked {
    /// Mean (ms) of the event times.
    pub mu: f64,
    /// Standard deviation (ms) of the event times.
    pub sigma: f64,
    /// Events of each drive cell.
    pub numspikes: u32,
}

arguments!(Evoked {
    mu: Number "ms" required,
    sigma: Number "ms" required,
    numspikes: Count "" required,
});

/// A Poisson process: arguments of [`Network::add_poisson_drive`](super::Network::add_poisson_drive).
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson {
    /// Start (ms); hnn-core's default is 0.
    pub tstart: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
    /// Rate (Hz); rates by cell type need a cell-specific drive.
    pub rate_constant: RateConstant,
}

arguments!(Poisson {
    tstart: Number "ms",
    tstop: End "ms",
    rate_constant: Rate "Hz" required,
});

/// Rhythmic bursts: arguments of [`Network::add_bursty_drive`](super::Network::add_bursty_drive).
#[derive(Clone, Debug, PartialEq)]
pub struct Bursty {
    /// Start (ms) of the bursts; hnn-core's default is 0.
    pub tstart: f64,
    /// Standard deviation (ms) of the start, common to all drive cells of a trial; hnn-core's default is 0.
    pub tstart_std: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
    /// Bursts per second (Hz).
    pub burst_rate: f64,
    /// Standard deviation (ms) of a burst's time; hnn-core's default is 0.
    pub burst_std: f64,
    /// Events of a burst; hnn-core's default is 2.
    pub numspikes: u32,
    /// Interval (ms) of the events of a burst; hnn-core's default is 10.
    pub spike_isi: f64,
}

arguments!(Bursty {
    tstart: Number "ms",
    tstart_std: Number "ms",
    tstop: End "ms",
    burst_rate: Number "Hz" required,
    burst_std: Number "ms",
    numspikes: Count "",
    spike_isi: Number "ms",
});

impl Bursty {
    /// Bursts at a rate (Hz), with hnn-core's defaults for the rest.
    pub fn at(burst_rate: f64) -> Self {
        Self {
            tstart: 0.0,
            tstart_std: 0.0,
            tstop: None,
            burst_rate,
            burst_std: 0.0,
            numspikes: 2,
            spike_isi: 10.0,
        }
    }
}

/// Rate (Hz) of a Poisson drive.
#[derive(Clone, Debug, PartialEq)]
pub enum RateConstant {
    /// One rate for all drive cells (drives that are not cell-specific).
    All(f64),
    /// A rate by target cell type (cell-specific drives).
    Each(IndexMap<String, f64>),
}

/// When the cells of a drive fire.
///
/// ```
/// use hnn_sweep::network::{Bursty, Dynamics};
///
/// let beta = Dynamics::Bursty(Bursty { burst_std: 20.0, ..Bursty::at(10.0) });
/// let names: Vec<&str> = beta.arguments().map(|(argument, _)| argument.name).collect();
/// assert_eq!(names, ["tstart", "tstart_std", "tstop", "burst_rate", "burst_std", "numspikes", "spike_isi"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Dynamics {
    /// Normally distributed event times.
    Evoked(Evoked),
    /// A Poisson process.
    Poisson(Poisson),
    /// Rhythmic bursts.
    Bursty(Bursty),
    /// Given event times.
    SpikeTrain {
        /// Event times (ms) of each drive cell, in the order given.
        events: Arc<Vec<Vec<f64>>>,
    },
}

impl Dynamics {
    /// Dynamics of hnn-core's name of a kind of drive: `evoked`, `poisson`, `bursty` or `spike_train`, with its
    /// defaults and 0 for what has none.
    pub fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "evoked" => Self::Evoked(Evoked {
                mu: 0.0,
                sigma: 0.0,
                numspikes: 0,
            }),
            "poisson" => Self::Poisson(Poisson {
                tstart: 0.0,
                tstop: None,
                rate_constant: RateConstant::All(0.0),
            }),
            "bursty" => Self::Bursty(Bursty::at(0.0)),
            "spike_train" => Self::SpikeTrain {
                events: Arc::default(),
            },
            _ => return None,
        })
    }

    /// hnn-core's name of the kind of drive.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Evoked(_) => "evoked",
            Self::Poisson(_) => "poisson",
            Self::Bursty(_) => "bursty",
            Self::SpikeTrain { .. } => "spike_train",
        }
    }

    /// What arguments there are; a spike train has its events instead.
    pub fn described(&self) -> &'static [Argument] {
        match self {
            Self::Evoked(_) => Evoked::ARGUMENTS,
            Self::Poisson(_) => Poisson::ARGUMENTS,
            Self::Bursty(_) => Bursty::ARGUMENTS,
            Self::SpikeTrain { .. } => &[],
        }
    }

    /// The arguments with their values.
    pub fn arguments(&self) -> impl Iterator<Item = (Argument, ArgumentValue)> {
        let values = match self {
            Self::Evoked(own) => own.values(),
            Self::Poisson(own) => own.values(),
            Self::Bursty(own) => own.values(),
            Self::SpikeTrain { .. } => Vec::new(),
        };
        self.described().iter().copied().zip(values)
    }

    /// Where the value of an argument stands.
    pub fn argument_mut(&mut self, name: &str) -> Option<ArgumentMut<'_>> {
        let position = self.described().iter().position(|own| own.name == name)?;
        let places = match self {
            Self::Evoked(own) => own.places(),
            Self::Poisson(own) => own.places(),
            Self::Bursty(own) => own.places(),
            Self::SpikeTrain { .. } => return None,
        };
        places.into_iter().nth(position)
    }
}
