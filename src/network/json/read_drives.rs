//! Drives and biases of a document.

use super::Node;
use crate::network::{
    ArgumentMut, Drive, DriveAttachment, Dynamics, Gid, Network, NetworkError, PerCellType,
    RateConstant, TonicBias,
};
use indexmap::IndexMap;
use std::sync::Arc;

/// The drives in the order of their gids. Space constants are still to be found. Gids of neither a cell type nor a
/// drive are those of a drive that was removed: it is silent.
pub(super) fn read_drives(
    net: &Network,
    root: &Node,
) -> Result<IndexMap<String, Drive>, NetworkError> {
    let node = root.get("external_drives")?;
    let mut drives = IndexMap::new();
    for (name, drive) in node.entries()? {
        let Some(range) = net
            .gid_ranges
            .get(name)
            .filter(|_| !net.cell_types.contains_key(name))
        else {
            return Err(drive.error("has no gids of its own in gid_ranges"));
        };
        drives.insert(
            name.clone(),
            (range.start, read_drive(net, &drive, range.len())?),
        );
    }
    // A file lists drives in any order; gids tell in which they were added.
    drives.sort_by(|_, a: &(Gid, Drive), _, b| a.0.cmp(&b.0));
    Ok(drives
        .into_iter()
        .map(|(name, (_, drive))| (name, drive))
        .collect())
}

fn read_drive(net: &Network, node: &Node, n_gids: usize) -> Result<Drive, NetworkError> {
    node.only(
        &[
            "type",
            "dynamics",
            "n_drive_cells",
            "target_types",
            "location",
            "cell_specific",
            "weights_ampa",
            "weights_nmda",
            "synaptic_delays",
            "probability",
            "event_seed",
            "conn_seed",
        ],
        &["name", "events", "source_to_gid_map"],
    )?;
    let kind = node.get("type")?;
    let dynamics_node = node.get("dynamics")?;
    let name = match kind.text()? {
        // hnn-core's own name for an evoked drive of parameter files.
        "gaussian" => "evoked",
        name => name,
    };
    let Some(mut dynamics) = Dynamics::of_kind(name) else {
        return Err(
            kind.expected("\"evoked\", \"gaussian\", \"poisson\", \"bursty\" or \"spike_train\"")
        );
    };
    let mut known: Vec<&str> = dynamics.described().iter().map(|a| a.name).collect();
    if name == "spike_train" {
        known = vec!["times", "gids"];
    }
    dynamics_node.only(&known, &["source_to_gid_map"])?;
    for argument in dynamics.described() {
        read_argument(net, &dynamics_node, argument.name, &mut dynamics)?;
    }
    if let Dynamics::SpikeTrain { events } = &mut dynamics {
        *events = Arc::new(read_events(&dynamics_node, n_gids)?);
    }
    check_rates(&dynamics_node, &dynamics)?;

    let n_drive_cells = node.get("n_drive_cells")?;
    // Events are made for all cells that the drive has, also for those that pruning left without a
    // target.
    if n_drive_cells.whole()? != n_gids as u64 {
        return Err(n_drive_cells.error(format!("is not the number of the drive's gids, {n_gids}")));
    }
    let targets = node.get("target_types")?;
    for target in targets.items()? {
        known_type(net, &target, target.text()?)?;
    }
    let weights = |key: &str| {
        node.optional(key)
            .map(|weights| by_type(net, &weights))
            .transpose()
    };
    let per_type = |key: &str| match node.get(key)? {
        values if values.value.is_object() => by_type(net, &values).map(PerCellType::Each),
        value => value.float().map(PerCellType::All),
    };
    Ok(Drive {
        dynamics,
        location: node.get("location")?.text()?.into(),
        target_types: targets.texts()?,
        cell_specific: node.get("cell_specific")?.flag()?,
        n_drive_cells: n_gids as u32,
        weights_ampa: weights("weights_ampa")?,
        weights_nmda: weights("weights_nmda")?,
        synaptic_delays: per_type("synaptic_delays")?,
        probability: per_type("probability")?,
        // Not in the file: found in the connections, once they are read.
        space_constant: 0.0,
        event_seed: node.get("event_seed")?.whole()?,
        conn_seed: node
            .optional("conn_seed")
            .map(|seed| seed.whole())
            .transpose()?,
    })
}

/// Reads an argument of the dynamics, as hnn-core writes it.
fn read_argument(
    net: &Network,
    node: &Node,
    name: &str,
    dynamics: &mut Dynamics,
) -> Result<(), NetworkError> {
    match dynamics.argument_mut(name) {
        Some(ArgumentMut::Number(place)) => *place = node.get(name)?.float()?,
        Some(ArgumentMut::End(place)) => {
            *place = node.optional(name).map(|end| end.float()).transpose()?;
        }
        Some(ArgumentMut::Count(place)) => *place = node.get(name)?.whole_u32()?,
        Some(ArgumentMut::Rate(place)) => {
            *place = match node.get(name)? {
                rates if rates.value.is_object() => RateConstant::Each(by_type(net, &rates)?),
                rate => RateConstant::All(rate.float()?),
            };
        }
        None => {}
    }
    Ok(())
}

/// What the event loop divides by or counts up to.
fn check_rates(node: &Node, dynamics: &Dynamics) -> Result<(), NetworkError> {
    let positive = |key: &str, value: f64| match value > 0.0 {
        true => Ok(()),
        false => Err(node.get(key)?.expected("greater than 0")),
    };
    let not_negative = |key: &str, value: f64| match value >= 0.0 {
        true => Ok(()),
        false => Err(node.get(key)?.expected("0 or greater")),
    };
    match dynamics {
        Dynamics::Poisson(own) => match &own.rate_constant {
            RateConstant::All(rate) => positive("rate_constant", *rate),
            RateConstant::Each(rates) => rates
                .values()
                .try_for_each(|rate| positive("rate_constant", *rate)),
        },
        Dynamics::Bursty(own) => {
            positive("burst_rate", own.burst_rate)?;
            not_negative("burst_std", own.burst_std)
        }
        Dynamics::Evoked(own) => not_negative("sigma", own.sigma),
        Dynamics::SpikeTrain { .. } => Ok(()),
    }
}

/// Times and the drive cell of each, as one list per drive cell.
fn read_events(node: &Node, n_cells: usize) -> Result<Vec<Vec<f64>>, NetworkError> {
    let (times, cells) = (node.get("times")?, node.get("gids")?);
    let (time_list, cell_list) = (times.floats()?, cells.gids()?);
    if time_list.len() != cell_list.len() {
        return Err(times.error("must be as long as gids"));
    }
    let mut events = vec![Vec::new(); n_cells];
    for (time, cell) in time_list.into_iter().zip(cell_list) {
        match events.get_mut(cell as usize) {
            Some(list) => list.push(time),
            None => {
                return Err(cells.error(format!("{cell} is beyond the drive's {n_cells} cells")));
            }
        }
    }
    crate::network::drive_checks::check_spike_times(&events)
        .map_err(|error| times.error(error.to_string()))?;
    Ok(events)
}

pub(super) fn read_biases(
    net: &Network,
    root: &Node,
) -> Result<IndexMap<String, IndexMap<String, TonicBias>>, NetworkError> {
    let mut biases = IndexMap::new();
    for (name, by_type) in root.get("external_biases")?.entries()? {
        let mut of_types = IndexMap::new();
        for (cell_type, bias) in by_type.entries()? {
            known_type(net, &bias, cell_type)?;
            bias.only(&["section", "loc", "amplitude", "t0", "tstop"], &[])?;
            let section = bias
                .optional("section")
                .map_or(Ok("soma"), |section| section.text())?;
            let cell = net
                .cell_types
                .get(cell_type)
                .map(|cell_type| &cell_type.cell);
            if !cell.is_some_and(|cell| cell.sections.contains_key(section)) {
                return Err(bias.error(format!("{cell_type} has no section {section}")));
            }
            let made = TonicBias {
                section: section.into(),
                loc: bias.optional("loc").map_or(Ok(0.5), |loc| loc.float())?,
                amplitude: bias.get("amplitude")?.float()?,
                t0: bias.get("t0")?.float()?,
                tstop: bias
                    .optional("tstop")
                    .map(|tstop| tstop.float())
                    .transpose()?,
            };
            of_types.insert(cell_type.clone(), made);
        }
        biases.insert(name.clone(), of_types);
    }
    Ok(biases)
}

/// The space constant of a drive is only in its connections.
pub(super) fn find_space_constants(net: &mut Network) {
    for (name, drive) in &mut net.external_drives {
        let mut own = net
            .connectivity
            .iter()
            .filter(|conn| conn.src_type == *name);
        let default = DriveAttachment::of_kind(&drive.dynamics, &drive.location).space_constant;
        // All connections of a drive have the same one, unless somebody changed it there.
        drive.space_constant = own.next().map_or(default, |conn| conn.lamtha);
    }
}

fn by_type(net: &Network, node: &Node) -> Result<IndexMap<String, f64>, NetworkError> {
    let mut values = IndexMap::new();
    for (name, value) in node.entries()? {
        known_type(net, &value, name)?;
        values.insert(name.clone(), value.float()?);
    }
    Ok(values)
}

fn known_type(net: &Network, node: &Node, name: &str) -> Result<(), NetworkError> {
    if net.cell_types.contains_key(name) {
        return Ok(());
    }
    let known: Vec<String> = net.cell_types.keys().cloned().collect();
    Err(node.error(format!(
        "{name} is no cell type; the network has {}",
        known.join(", ")
    )))
}
