//! Waveforms that statistics are computed of.

use super::impossible::Impossible;
use crate::network::Network;
use crate::pipeline::error::did_you_mean;

/// A waveform: of the dipole (nAm) or at a contact of an electrode array.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Signal {
    /// Dipole of both layers.
    #[default]
    Agg,
    /// Dipole of layer 2/3.
    L2,
    /// Dipole of layer 5.
    L5,
    /// Local field potential (uV).
    Lfp(Contact),
    /// Current source density (uV/um^2) as hnn-core's `calculate_csd2d`: minus the second difference of the potential
    /// along the array, extrapolated to its ends.
    Csd(Contact),
}

/// A contact of an electrode array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The array; the network's only one if `None`.
    pub array: Option<String>,
    /// Which contact, counted from 0.
    pub contact: u32,
}

impl Signal {
    /// hnn-core's name.
    pub fn name(&self) -> &'static str {
        match self {
            Signal::Agg => "agg",
            Signal::L2 => "L2",
            Signal::L5 => "L5",
            Signal::Lfp(_) => "lfp",
            Signal::Csd(_) => "csd",
        }
    }

    /// The contact, of waveforms that are at one.
    pub fn contact(&self) -> Option<&Contact> {
        match self {
            Signal::Agg | Signal::L2 | Signal::L5 => None,
            Signal::Lfp(contact) | Signal::Csd(contact) => Some(contact),
        }
    }

    /// Why a network has no such waveform.
    pub(super) fn impossible(&self, network: &Network) -> Option<Impossible> {
        let (key, what, help) = self.lacking(network)?;
        Some(Impossible { key, what, help })
    }

    /// The key to blame, words and help.
    fn lacking(&self, network: &Network) -> Option<(&'static str, String, String)> {
        let Contact { array, contact } = self.contact()?;
        let arrays: Vec<&String> = network.rec_arrays.keys().collect();
        let named = match (array, arrays.as_slice()) {
            (_, []) => {
                return Some((
                    "signal",
                    "needs an electrode array, and the network has none".to_owned(),
                    "add an [[electrode_array]] with `name` and `electrode_pos`".to_owned(),
                ));
            }
            (Some(name), _) => name,
            (None, [name]) => name,
            (None, _) => {
                return Some((
                    "signal",
                    format!("is of one of {} electrode arrays", arrays.len()),
                    format!("say which with `array`: {}", quoted_list(&arrays)),
                ));
            }
        };
        let Some(array) = network.rec_arrays.get(named) else {
            return Some((
                "array",
                format!("is of electrode array `{named}`, which the network has not"),
                did_you_mean(named, &arrays),
            ));
        };
        let n = array.positions.len();
        if *contact as usize >= n {
            return Some((
                "contact",
                format!("is of contact {contact}, but `{named}` has {n}"),
                format!(
                    "contacts are counted from 0; the last is {}",
                    n.saturating_sub(1)
                ),
            ));
        }
        if matches!(self, Signal::Csd(_)) && array.laminar_spacing().is_none_or(|_| n < 4) {
            return Some((
                "signal",
                format!("is a current source density, which `{named}` does not give"),
                "it needs at least four contacts on a line, equally spaced, along z".to_owned(),
            ));
        }
        None
    }
}

fn quoted_list(names: &[&String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
