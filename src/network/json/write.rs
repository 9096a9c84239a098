//! Network → document.

use super::{OVERRIDES, special};
use crate::network::{
    ArgumentValue, Cell, CellNode, CellType, Connection, Drive, Dynamics, ElectrodeMethod,
    GidPairs, MechValue, Network, PerCellType, RateConstant, TonicBias, nseg_of_length,
};
use serde_json::{Map, Value, json};

impl Network {
    /// The network as a file that hnn-core's `read_network_configuration` reads. Reading it here gives an equal
    /// network.
    ///
    /// [`Network::json_caveats`] says what hnn-core will make of it differently.
    pub fn to_json(&self) -> String {
        let biases = self.external_biases.iter().map(|(name, by_type)| {
            let by_type = by_type
                .iter()
                .map(|(name, bias)| (name.clone(), bias_value(bias)));
            (name.clone(), Value::Object(by_type.collect()))
        });
        let arrays = self.rec_arrays.iter().map(|(name, array)| {
            let method = array.method.map(|method| match method {
                ElectrodeMethod::Psa => "psa",
                ElectrodeMethod::Lsa => "lsa",
            });
            let value = json!({
                // hnn-core asks for times and voltages; they are results, which a network here does
                // not hold.
                "positions": array.positions, "conductivity": array.conductivity, "method": method,
                "min_distance": array.min_distance, "times": [], "voltages": [],
            });
            (name.clone(), value)
        });
        let mut positions: Map<String, Value> = self
            .pos_dict
            .iter()
            .map(|(name, positions)| (name.clone(), json!(**positions)))
            .collect();
        // hnn-core keeps it among the positions, as if it were a cell type.
        positions.insert("origin".into(), json!(self.origin));
        // hnn-core cannot read a connection without pairs, and needs none to simulate the same.
        // Written all the same, beside the rest: reading puts them back in their place.
        let (with_pairs, without): (Vec<_>, Vec<_>) = self
            .connectivity
            .iter()
            .enumerate()
            .partition(|(_, conn)| conn.gid_pairs.n_pairs() > 0);
        let connections: Vec<Value> = with_pairs
            .into_iter()
            .map(|(_, conn)| self.connection_value(conn))
            .collect();
        let without_pairs: Vec<Value> = without
            .into_iter()
            .map(|(index, conn)| {
                let mut value = self.connection_value(conn);
                value["index"] = json!(index);
                value
            })
            .collect();
        let document = json!({
            "object_type": "Network",
            "legacy_mode": self.legacy_mode,
            "N_pyr_x": self.mesh_shape[0],
            "N_pyr_y": self.mesh_shape[1],
            "celsius": self.celsius,
            "cell_types": object(self.cell_types.iter().map(|(name, t)| (name, cell_type_value(t)))),
            "gid_ranges": object(self.gid_ranges.iter().map(|(name, range)| {
                (name, json!({"start": range.start, "stop": range.end}))
            })),
            "pos_dict": positions,
            "cell_response": {},
            "external_drives": object(self.external_drives.iter().map(|(name, d)| (name, drive_value(name, d)))),
            "external_biases": biases.collect::<Map<_, _>>(),
            "connectivity": connections,
            "rec_arrays": arrays.collect::<Map<_, _>>(),
            "threshold": self.threshold,
            "delay": self.delay,
            OVERRIDES: {
                "inplane_distance": self.inplane_distance,
                "layer_separation": self.layer_separation,
                "dipole_smooth_win": self.dipole_smooth_win,
                "dipole_scalefctr": self.dipole_scalefctr,
                "connections_without_pairs": without_pairs,
            },
        });
        special::as_python(&document)
    }

    /// What the real hnn-core would make differently of [`Network::to_json`], one sentence each. Empty means that it
    /// reads the file and simulates the same.
    pub fn json_caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        for (name, cell_type) in &self.cell_types {
            for (section_name, section) in &cell_type.cell.sections {
                // hnn-core recomputes it when it reads, so the cell would have other segments.
                let recomputed = nseg_of_length(section.L);
                if recomputed != section.nseg {
                    caveats.push(format!(
                        "{section_name} of {name} has {} segments, and hnn-core will give it {recomputed} for its length of {} um",
                        section.nseg, section.L
                    ));
                }
            }
        }
        for (name, drive) in &self.external_drives {
            if matches!(drive.dynamics, Dynamics::SpikeTrain { .. }) {
                caveats.push(format!(
                    "{name} is a spike train, which hnn-core 0.6.1 writes but cannot read"
                ));
            }
        }
        for conn in &self.connectivity {
            let drive = self.external_drives.get(conn.src_type.as_str());
            if conn.gid_pairs.n_pairs() == 0 && drive.is_some_and(|drive| drive.cell_specific) {
                caveats.push(format!(
                    "{} has lost all its connections to {}, and hnn-core will mix up the events of its cells",
                    conn.src_type, conn.target_type
                ));
            }
        }
        caveats
    }

    fn connection_value(&self, conn: &Connection) -> Value {
        // hnn-core would prune pairs with a probability below 1 once more, and it takes the in-plane distance as 1.
        let scaled = conn.lamtha * self.inplane_distance;
        let mut nc = json!({
            "A_delay": conn.delay, "A_weight": conn.weight, "lamtha": special::value(scaled), "threshold": conn.threshold,
            "gain": conn.gain,
        });
        if scaled != conn.lamtha {
            nc[OVERRIDES] = json!({"lamtha": special::value(conn.lamtha)});
        }
        let mut value = json!({
            "target_type": conn.target_type,
            "target_gids": conn.target_gids.iter().collect::<Vec<_>>(),
            "num_targets": conn.target_gids.len(),
            "src_type": conn.src_type,
            "src_gids": conn.src_gids.iter().collect::<Vec<_>>(),
            "num_srcs": conn.src_gids.len(),
            "gid_pairs": pairs_value(conn),
            "loc": conn.loc,
            "receptor": conn.receptor,
            "nc_dict": nc,
            "allow_autapses": u8::from(conn.allow_autapses),
            "probability": 1.0,
        });
        // For reading here; hnn-core ignores keys that it does not know.
        if conn.probability != 1.0 {
            value[OVERRIDES] = json!({"probability": conn.probability});
        }
        value
    }
}

/// Pairs by source. Sources that pruning left without targets are written too, after the others: from them hnn-core
/// knows which event lists a cell-specific drive needs.
fn pairs_value(conn: &Connection) -> Value {
    let pairs = &conn.gid_pairs;
    let targets = |src| pairs.targets(src).collect::<Vec<_>>();
    let (with, without): (Vec<_>, Vec<_>) = pairs
        .sources()
        .map(|src| (src, targets(src)))
        .partition(|(_, targets)| !targets.is_empty());
    let pruned = conn.src_gids.iter().filter(|src| {
        let known = match pairs {
            GidPairs::Explicit(listed) => listed.binary_search_by_key(src, |(s, _)| *s).is_ok(),
            GidPairs::AllToAll { src: s, .. } | GidPairs::OneToOne { src: s, .. } => {
                s.contains(src)
            }
        };
        conn.probability < 1.0 && !known
    });
    let all = with
        .into_iter()
        .chain(without)
        .chain(pruned.map(|src| (src, Vec::new())));
    Value::Object(
        all.map(|(src, targets)| (src.to_string(), json!(targets)))
            .collect(),
    )
}

fn object<'a>(entries: impl Iterator<Item = (&'a String, Value)>) -> Value {
    Value::Object(entries.map(|(key, value)| (key.clone(), value)).collect())
}

fn bias_value(bias: &TonicBias) -> Value {
    let mut value = json!({
        "amplitude": bias.amplitude, "t0": bias.t0, "tstop": bias.tstop, "section": bias.section,
    });
    // hnn-core has no such key; 0.5 is the only place that it knows.
    if bias.loc != 0.5 {
        value["loc"] = json!(bias.loc);
    }
    value
}

fn drive_value(name: &str, drive: &Drive) -> Value {
    let dynamics = match &drive.dynamics {
        Dynamics::SpikeTrain { events } => {
            let pairs = || {
                events
                    .iter()
                    .enumerate()
                    .flat_map(|(cell, times)| times.iter().map(move |t| (t, cell)))
            };
            let times: Vec<_> = pairs().map(|(time, _)| time).collect();
            let cells: Vec<_> = pairs().map(|(_, cell)| cell).collect();
            json!({"times": times, "gids": cells})
        }
        dynamics => {
            let value = |value| match value {
                ArgumentValue::Number(number) => json!(number),
                ArgumentValue::End(end) => json!(end),
                ArgumentValue::Count(count) => json!(count),
                ArgumentValue::Rate(RateConstant::All(rate)) => json!(rate),
                ArgumentValue::Rate(RateConstant::Each(rates)) => json!(rates),
            };
            let arguments = dynamics.arguments();
            let entries = arguments.map(|(argument, own)| (argument.name.to_string(), value(own)));
            Value::Object(entries.collect())
        }
    };
    let kind = match drive.dynamics.kind() {
        // hnn-core's own name for a drive of this name
        "evoked" if name == "extgauss" => "gaussian",
        kind => kind,
    };
    let per_type = |values: &PerCellType| match values {
        PerCellType::All(value) => json!(value),
        PerCellType::Each(values) => json!(values),
    };
    let mut value = json!({
        "type": kind,
        "location": drive.location,
        "n_drive_cells": drive.n_drive_cells,
        "event_seed": drive.event_seed,
        "conn_seed": drive.conn_seed.unwrap_or(3), // hnn-core adds to it even where it is not used
        "dynamics": dynamics,
        "events": [],
        "weights_ampa": drive.weights_ampa,
        "weights_nmda": drive.weights_nmda,
        "synaptic_delays": per_type(&drive.synaptic_delays),
        "probability": per_type(&drive.probability),
        "name": name,
        "target_types": drive.target_types,
        "cell_specific": drive.cell_specific,
    });
    if drive.conn_seed.is_none() {
        value[OVERRIDES] = json!({"conn_seed": null});
    }
    value
}

fn cell_type_value(cell_type: &CellType) -> Value {
    let metadata = &cell_type.metadata;
    let words = [
        ("morpho_type", &metadata.morpho_type),
        ("electro_type", &metadata.electro_type),
        ("layer", &metadata.layer),
        ("reference", &metadata.reference),
    ];
    let mut written = Map::new();
    for (key, word) in words {
        if key == "reference" {
            written.insert("measure_dipole".into(), json!(metadata.measure_dipole));
        }
        if let Some(word) = word {
            written.insert(key.into(), json!(word));
        }
    }
    json!({"cell_object": cell_value(&cell_type.cell), "cell_metadata": written})
}

fn cell_value(cell: &Cell) -> Value {
    let node = |node: &CellNode| format!("{},{}", node.section, node.end);
    let tree = cell.cell_tree.as_ref().map(|tree| {
        let entries = tree.iter().map(|(parent, children)| {
            (
                node(parent),
                json!(children.iter().map(node).collect::<Vec<_>>()),
            )
        });
        Value::Object(entries.collect())
    });
    let sections = cell.sections.iter().map(|(name, section)| {
        let mechs = section.mechs.iter().map(|(mech, parameters)| {
            let parameters = parameters.iter().map(|(parameter, value)| {
                let value = match value {
                    MechValue::Uniform(value) => json!(value),
                    MechValue::PerSegment(along) => json!([along.x, along.values]),
                };
                (parameter, value)
            });
            (mech, object(parameters))
        });
        let value = json!({
            "L": section.L, "diam": section.diam, "cm": section.cm, "Ra": section.Ra,
            "end_pts": section.end_pts, "nseg": section.nseg, "v0": section.v0,
            "mechs": object(mechs), "syns": section.syns,
        });
        (name, value)
    });
    let synapses = cell
        .synapses
        .iter()
        .map(|(name, s)| (name, json!({"e": s.e, "tau1": s.tau1, "tau2": s.tau2})));
    json!({
        "name": cell.name,
        "pos": cell.pos,
        "sections": object(sections),
        "synapses": object(synapses),
        "cell_tree": tree,
        "sect_loc": cell.sect_loc,
        // A template belongs to no cell, and has no results.
        "gid": null,
        "dipole_pp": [], "vsec": {}, "isec": {}, "ca": {}, "tonic_biases": [],
    })
}
