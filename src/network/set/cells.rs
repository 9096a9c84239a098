//! `cells.TYPE.…`: geometry, mechanisms, synapses.

use super::{PathSegment, SetValue, first_name, names, unknown};
use crate::network::error::{finite, positive};
use crate::network::mechanisms::mechanism;
use crate::network::{
    Cell, DistanceProfile, MECHANISMS, MechValue, Network, NetworkError, SectionChange,
};
use indexmap::IndexMap;

impl Network {
    pub(super) fn set_in_cells(
        &mut self,
        rest: &[PathSegment],
        value: &SetValue,
    ) -> Result<(), NetworkError> {
        let known: Vec<String> = self.cell_types.keys().cloned().collect();
        let cell_type = first_name(rest, "cells", &known)?;
        // A copy of the type if other networks share it.
        let cell = &mut self.cell_type_mut(cell_type)?.cell;
        match rest[1..].first().map(|segment| segment.name.as_str()) {
            Some("sections") => set_in_sections(cell, &rest[2..], value),
            Some("synapses") => set_synapse(cell, &rest[2..], value),
            Some(other) => Err(unknown(
                &format!("cells.{cell_type}"),
                other,
                &["sections", "synapses"],
            )),
            None => Err(NetworkError::argument(
                "path",
                "too short",
                "it must go on with sections or synapses",
            )),
        }
    }
}

fn set_synapse(
    cell: &mut Cell,
    rest: &[PathSegment],
    value: &SetValue,
) -> Result<(), NetworkError> {
    let [receptor, field] = names(rest, "a receptor, then e, tau1 or tau2")?;
    let known: Vec<String> = cell.synapses.keys().cloned().collect();
    let Some(synapse) = cell.synapses.get_mut(receptor) else {
        return Err(NetworkError::unknown("synapses", receptor, &known));
    };
    let number = value.number()?;
    match field {
        "e" => {
            finite(field, number)?;
            synapse.e = number;
        }
        "tau1" => {
            positive(field, number)?;
            synapse.tau1 = number;
        }
        "tau2" => {
            positive(field, number)?;
            synapse.tau2 = number;
        }
        _ => {
            return Err(unknown(
                "the field of a synapse",
                field,
                &["e", "tau1", "tau2"],
            ));
        }
    }
    Ok(())
}

fn set_in_sections(
    cell: &mut Cell,
    rest: &[PathSegment],
    value: &SetValue,
) -> Result<(), NetworkError> {
    let known: Vec<String> = cell.sections.keys().cloned().collect();
    let wanted = first_name(rest, "sections", &known)?;
    let every = wanted == "*";
    let chosen: Vec<&String> = known
        .iter()
        .filter(|name| every || *name == wanted)
        .collect();
    if chosen.is_empty() {
        return Err(NetworkError::unknown("sections", wanted, &known));
    }
    let rest = &rest[1..];
    if rest.first().is_some_and(|segment| segment.name == "mechs") {
        let mut matched = false;
        for name in &chosen {
            // Of all sections those that have the mechanism.
            matched |= set_mech(cell, name, &rest[1..], value, every)?;
        }
        if !matched {
            let mech = rest
                .get(1)
                .map(|segment| segment.name.as_str())
                .unwrap_or_default();
            return Err(NetworkError::argument(
                "mechs",
                mech,
                "no section has this mechanism",
            ));
        }
        return Ok(());
    }
    const FIELDS: [&str; 7] = ["L", "diam", "Ra", "cm", "v0", "nseg", "mechs"];
    let [field] = names(rest, &FIELDS.join(", "))?;
    for name in chosen {
        if field == "nseg" {
            // NEURON's limit: it keeps `nseg` in 16 bits.
            let nseg = value.whole(32_767)? as u32;
            if nseg == 0 {
                return Err(NetworkError::argument(field, nseg, "it must be at least 1"));
            }
            if let Some(section) = cell.sections.get_mut(name) {
                section.nseg = nseg;
            }
            continue;
        }
        let number = Some(value.number()?);
        // Through hnn-core's own function: a new length moves the points of all sections behind it.
        let mut change = SectionChange::default();
        *match field {
            "L" => &mut change.L,
            "diam" => &mut change.diam,
            "Ra" => &mut change.Ra,
            "cm" => &mut change.cm,
            "v0" => &mut change.v0,
            _ => return Err(unknown("the field of a section", field, &FIELDS)),
        } = number;
        cell.modify_section(name, change)?;
    }
    Ok(())
}

/// Sets or removes a mechanism or parameter of a section; whether it did. `only_existing` leaves sections without the
/// mechanism alone, where otherwise it is inserted.
fn set_mech(
    cell: &mut Cell,
    section: &str,
    rest: &[PathSegment],
    value: &SetValue,
    only_existing: bool,
) -> Result<bool, NetworkError> {
    // Of those that the solver has, not of those in the section: a channel may be inserted by its
    // path.
    let all_mechs: Vec<String> = MECHANISMS.iter().map(|m| m.name.to_string()).collect();
    let mech = first_name(rest, "mechs", &all_mechs)?;
    let parameters = mechanism(mech)?.parameters;
    let Some(mechs) = cell
        .sections
        .get_mut(section)
        .map(|section| &mut section.mechs)
    else {
        return Ok(false);
    };
    let exists = mechs.contains_key(mech);
    if only_existing && !exists {
        return Ok(false);
    }
    if rest.len() == 1 {
        value.removal()?;
        if !exists {
            return Err(NetworkError::argument(
                "mechs",
                mech,
                format!("{section} does not have this mechanism"),
            ));
        }
        mechs.shift_remove(mech);
        return Ok(true);
    }
    let [parameter] = names(&rest[1..], &parameters.join(", "))?;
    if !parameters.contains(&parameter) {
        return Err(unknown(mech, parameter, parameters));
    }
    let value = match value {
        SetValue::Number(number) => {
            finite(parameter, *number)?;
            MechValue::Uniform(*number)
        }
        SetValue::Table(entries) => {
            let profile = profile(entries)?;
            // At the distances that the cell has now.
            let values = cell.along_section(section, &profile).ok_or_else(|| {
                NetworkError::argument(
                    parameter,
                    "a distance-dependent form",
                    format!("{section} has no distance from the soma: the cell has no tree"),
                )
            })?;
            for value in &values.values {
                finite(parameter, *value)?;
            }
            MechValue::PerSegment(values)
        }
        other => {
            return Err(NetworkError::argument(
                parameter,
                other,
                "it must be a number or a distance-dependent form",
            ));
        }
    };
    cell.set_mech(section, mech, parameter, value);
    Ok(true)
}

/// hnn-core's two forms, told apart by their arguments.
fn profile(entries: &IndexMap<String, SetValue>) -> Result<DistanceProfile, NetworkError> {
    const EXPONENTIAL: [&str; 4] = ["gbar_at_zero", "exp_term", "offset", "slope"];
    const LINEAR: [&str; 6] = [
        "gsoma",
        "gdend",
        "xkink",
        "hotzone_factor",
        "hotzone_start",
        "hotzone_end",
    ];
    let known: &[&str] = if entries.contains_key("gbar_at_zero") {
        &EXPONENTIAL
    } else {
        &LINEAR
    };
    // Said before any unknown key: without either word, nobody knows which form is meant.
    if !entries.contains_key("gbar_at_zero") && !entries.contains_key("gsoma") {
        return Err(NetworkError::argument(
            "value",
            SetValue::Table(entries.clone()),
            "write { gbar_at_zero = 1e-6, exp_term = 3e-3, offset = 0.0 } for gbar_at_zero * (slope * exp(exp_term * x) + offset), or { gsoma = 10.0, gdend = 40.0, xkink = 1501.0 } for a straight line",
        ));
    }
    if let Some(key) = entries.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(unknown("value", key, known));
    }
    let number = |key: &str, default: Option<f64>| match (entries.get(key), default) {
        (Some(value), _) => {
            let number = value.number()?;
            finite(key, number)?;
            Ok(number)
        }
        (None, Some(default)) => Ok(default),
        (None, None) => Err(NetworkError::argument(
            "value",
            format!("without {key}"),
            format!("{key} is needed"),
        )),
    };
    if known == EXPONENTIAL {
        return Ok(DistanceProfile::Exponential {
            gbar_at_zero: number("gbar_at_zero", None)?,
            exp_term: number("exp_term", None)?,
            offset: number("offset", Some(0.0))?,
            slope: number("slope", Some(1.0))?,
        });
    }
    let xkink = number("xkink", None)?;
    positive("xkink", xkink)?;
    Ok(DistanceProfile::Linear {
        gsoma: number("gsoma", None)?,
        gdend: number("gdend", None)?,
        xkink,
        hotzone_factor: number("hotzone_factor", Some(1.0))?,
        hotzone_boundaries: [
            number("hotzone_start", Some(0.0))?,
            number("hotzone_end", Some(0.0))?,
        ],
    })
}
