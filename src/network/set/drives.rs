//! `drives.NAME.ARGUMENT`.

use super::{PathSegment, SetValue, first_name, unknown};
use crate::network::{
    ArgumentMut, DriveAttachment, DriveCells, Dynamics, Network, NetworkError, PerCellType,
    RateConstant,
};
use indexmap::IndexMap;

impl Network {
    pub(super) fn set_in_drives(
        &mut self,
        rest: &[PathSegment],
        value: &SetValue,
    ) -> Result<(), NetworkError> {
        let known: Vec<String> = self.external_drives.keys().cloned().collect();
        let name = first_name(rest, "drives", &known)?.to_string();
        if !known.contains(&name) {
            return Err(NetworkError::unknown("drives", &name, &known));
        }
        let Some(field) = rest.get(1) else {
            value.removal()?;
            return self.remove_drive(&name);
        };
        let cell_type = match &rest[2..] {
            [] => None,
            [cell_type] => {
                self.cell_type("cell type", &cell_type.name)?;
                Some(cell_type.name.as_str())
            }
            _ => {
                return Err(NetworkError::argument(
                    "path",
                    "too long",
                    "a cell type is the last name of a drive's path",
                ));
            }
        };
        if let SetValue::Table(entries) = value {
            for name in entries.keys() {
                self.cell_type("cell type", name)?;
            }
        }
        // The whole drive is made again, so that a change leaves it as if it had been added so.
        self.change_drive(&name, |dynamics, attach| {
            if DriveAttachment::ARGUMENTS.contains(&field.name.as_str()) {
                set_attachment(attach, &field.name, cell_type, value)
            } else {
                set_dynamics(dynamics, attach, &field.name, cell_type, value)
            }
        })
    }
}

fn set_attachment(
    attach: &mut DriveAttachment,
    field: &str,
    cell_type: Option<&str>,
    value: &SetValue,
) -> Result<(), NetworkError> {
    let targets: Vec<String> = attach.targets().into_iter().cloned().collect();
    match field {
        "weights_ampa" | "weights_nmda" => {
            let weights = match field {
                "weights_ampa" => &mut attach.weights_ampa,
                _ => &mut attach.weights_nmda,
            };
            match (cell_type, value) {
                (Some(name), SetValue::Flag(false)) => {
                    if let Some(weights) = weights {
                        weights.shift_remove(name);
                    }
                }
                (Some(name), value) => {
                    weights
                        .get_or_insert_default()
                        .insert(name.into(), value.number()?);
                }
                (None, SetValue::Table(entries)) => *weights = Some(numbers(entries)?),
                (None, SetValue::Flag(false)) => *weights = None,
                (None, value) => {
                    let number = value.number()?;
                    // Of those types that have a weight: the number says nothing of others.
                    for weight in weights.iter_mut().flat_map(IndexMap::values_mut) {
                        *weight = number;
                    }
                }
            }
            return Ok(());
        }
        "synaptic_delays" => {
            return set_per_type(&mut attach.synaptic_delays, &targets, cell_type, value);
        }
        "probability" => return set_per_type(&mut attach.probability, &targets, cell_type, value),
        _ => no_cell_type(field, cell_type)?,
    }
    match field {
        "location" => attach.location = value.text()?.into(),
        "cell_specific" => {
            attach.cell_specific = value.flag()?;
            // hnn-core wants the two to fit; going to common drive cells needs a number of them afterwards.
            attach.n_drive_cells = match attach.cell_specific {
                true => DriveCells::NCells,
                false => match attach.n_drive_cells {
                    DriveCells::NCells => DriveCells::Count(1),
                    count => count,
                },
            };
        }
        "n_drive_cells" => {
            attach.n_drive_cells = match value {
                SetValue::Text(text) if text == "n_cells" => DriveCells::NCells,
                value => DriveCells::Count(value.whole(u64::from(u32::MAX))? as u32),
            };
            // Each of the two says what the other is.
            attach.cell_specific = attach.n_drive_cells == DriveCells::NCells;
        }
        "space_constant" => attach.space_constant = value.number()?,
        "event_seed" => attach.event_seed = value.whole(u64::from(u32::MAX))?,
        _ => attach.conn_seed = Some(value.whole(1 << 53)?),
    }
    Ok(())
}

fn set_dynamics(
    dynamics: &mut Dynamics,
    attach: &DriveAttachment,
    field: &str,
    cell_type: Option<&str>,
    value: &SetValue,
) -> Result<(), NetworkError> {
    if field != "rate_constant" {
        no_cell_type(field, cell_type)?;
    }
    match dynamics.argument_mut(field) {
        Some(ArgumentMut::Number(place)) => *place = value.number()?,
        Some(ArgumentMut::End(place)) => *place = Some(value.number()?),
        Some(ArgumentMut::Count(place)) => *place = value.whole(u64::from(u32::MAX))? as u32,
        Some(ArgumentMut::Rate(place)) => *place = changed_rate(place, attach, cell_type, value)?,
        None => {
            let own = dynamics.described().iter().map(|argument| argument.name);
            let known: Vec<&str> = own.chain(DriveAttachment::ARGUMENTS).collect();
            return Err(unknown("the argument of the drive", field, &known));
        }
    }
    Ok(())
}

/// One rate, a table of them, or a rate for one target (the others keep theirs).
fn changed_rate(
    present: &RateConstant,
    attach: &DriveAttachment,
    cell_type: Option<&str>,
    value: &SetValue,
) -> Result<RateConstant, NetworkError> {
    let (None, SetValue::Table(entries)) = (cell_type, value) else {
        let rate = value.number()?;
        let Some(name) = cell_type else {
            return Ok(RateConstant::All(rate));
        };
        // One number for all becomes the same number for each, of which one changes.
        let mut rates = match present {
            RateConstant::Each(rates) => rates.clone(),
            RateConstant::All(rate) => {
                let targets = attach.targets().into_iter();
                targets.map(|name| (name.clone(), *rate)).collect()
            }
        };
        rates.insert(name.into(), rate);
        return Ok(RateConstant::Each(rates));
    };
    numbers(entries).map(RateConstant::Each)
}

/// A number for all targets, a table, or a number for one target (the others keep theirs).
fn set_per_type(
    values: &mut PerCellType,
    targets: &[String],
    cell_type: Option<&str>,
    value: &SetValue,
) -> Result<(), NetworkError> {
    *values = match (cell_type, value) {
        (None, SetValue::Table(entries)) => PerCellType::Each(numbers(entries)?),
        (None, value) => PerCellType::All(value.number()?),
        (Some(name), value) => {
            let mut each: IndexMap<String, f64> = match values {
                PerCellType::Each(each) => std::mem::take(each),
                PerCellType::All(common) => {
                    targets.iter().map(|name| (name.clone(), *common)).collect()
                }
            };
            match value {
                SetValue::Flag(false) => {
                    each.shift_remove(name);
                }
                value => {
                    each.insert(name.into(), value.number()?);
                }
            }
            PerCellType::Each(each)
        }
    };
    Ok(())
}

fn numbers(entries: &IndexMap<String, SetValue>) -> Result<IndexMap<String, f64>, NetworkError> {
    entries
        .iter()
        .map(|(name, value)| Ok((name.clone(), value.number()?)))
        .collect()
}

fn no_cell_type(field: &str, cell_type: Option<&str>) -> Result<(), NetworkError> {
    match cell_type {
        None => Ok(()),
        Some(name) => Err(NetworkError::argument(
            "path",
            format!("followed by {name}"),
            format!("{field} is not given by cell type"),
        )),
    }
}
