//! What a section's membrane can have, and what a synapse can be.

use super::error::nearest;
use super::{MechValue, NetworkError};
use indexmap::IndexMap;

/// A channel that networks may have. `solver` holds its equations, units and defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mechanism {
    /// Name, as NEURON has it.
    pub name: &'static str,
    /// Names of the parameters that may be set.
    pub parameters: &'static [&'static str],
}

/// All channels that are simulated.
pub const MECHANISMS: &[Mechanism] = &[
    known("hh2", &["gnabar_hh2", "gkbar_hh2", "gl_hh2", "el_hh2"]),
    known("km", &["gbar_km"]),
    known("cad", &["taur_cad"]),
    known("kca", &["gbar_kca"]),
    known("ca", &["gbar_ca"]),
    known("cat", &["gbar_cat"]),
    known("ar", &["gbar_ar"]),
    known("pas", &["g_pas", "e_pas"]),
];

/// The mechanism of every synapse, by NEURON's name.
pub const SYNAPSE_MECHANISM: &str = "Exp2Syn";

const fn known(name: &'static str, parameters: &'static [&'static str]) -> Mechanism {
    Mechanism { name, parameters }
}

/// The channel of a name.
pub(crate) fn mechanism(name: &str) -> Result<&'static Mechanism, NetworkError> {
    let found = MECHANISMS.iter().find(|mechanism| mechanism.name == name);
    found.ok_or_else(|| {
        let known: Vec<String> = MECHANISMS.iter().map(|m| m.name.to_string()).collect();
        NetworkError::unknown("mechs", name, &known)
    })
}

/// What a section asks for that is not simulated: a channel, or a parameter that a channel does not have.
pub(crate) fn not_simulated(
    mechs: &IndexMap<String, IndexMap<String, MechValue>>,
) -> Option<(Vec<&str>, String)> {
    for (mech, parameters) in mechs {
        let Ok(known) = mechanism(mech) else {
            let names: Vec<&str> = MECHANISMS.iter().map(|m| m.name).collect();
            let problem = format!(
                "is a channel that is not simulated; {}",
                choice(mech, &names)
            );
            return Some((vec![mech], problem));
        };
        let mut given = parameters.keys();
        if let Some(name) = given.find(|name| !known.parameters.contains(&name.as_str())) {
            let problem = format!(
                "is no parameter of {mech}; {}",
                choice(name, known.parameters)
            );
            return Some((vec![mech, name], problem));
        }
    }
    None
}

/// What is known, and the nearest of it.
pub(crate) fn choice(name: &str, known: &[&str]) -> String {
    let names: Vec<String> = known.iter().map(|k| (*k).to_string()).collect();
    let near = nearest(name, &names).map_or_else(String::new, |n| format!("; did you mean {n}?"));
    format!("known: {}{near}", known.join(", "))
}
