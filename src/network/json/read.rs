//! Document → network.

use super::Node;
use crate::network::positions::{DEFAULT_INPLANE_DISTANCE, DEFAULT_LAYER_SEPARATION, column};
use crate::network::{
    Connection, ElectrodeArray, ElectrodeMethod, Gid, GidPairs, Gids, Network, NetworkError,
};
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

const KEYS: &[&str] = &[
    "object_type",
    "legacy_mode",
    "N_pyr_x",
    "N_pyr_y",
    "celsius",
    "threshold",
    "delay",
    "cell_types",
    "gid_ranges",
    "pos_dict",
    "external_drives",
    "external_biases",
    "connectivity",
    "connections_without_pairs",
    "rec_arrays",
    "inplane_distance",
    "layer_separation",
    "dipole_smooth_win",
    "dipole_scalefctr",
];
const CONNECTION_KEYS: &[&str] = &[
    "src_type",
    "target_type",
    "src_gids",
    "target_gids",
    "gid_pairs",
    "loc",
    "receptor",
    "nc_dict",
    "allow_autapses",
    "probability",
    "index",
];

impl Network {
    /// The network that a file of hnn-core's `Network.write_configuration()` describes, as it was in memory when the
    /// file was written. `text` is the file's content.
    ///
    /// What the file does not hold gets hnn-core's defaults: `dipole_smooth_win` and `dipole_scalefctr`. The in-plane
    /// distance and the layer separation are found from the positions of the pyramidal cells.
    ///
    /// # Errors
    /// Text that is no JSON; another kind of file; a key that is missing or has no meaning, with its path.
    pub fn from_json(text: &str) -> Result<Self, NetworkError> {
        let document: Value =
            serde_json::from_str(&super::special::as_json(text)).map_err(|error| {
                NetworkError::file(
                    format!("line {}", error.line()),
                    format!("this is no JSON: {error}"),
                )
            })?;
        let root = Node {
            value: &document,
            path: String::new(),
        };
        match document.get("object_type").and_then(Value::as_str) {
            Some("Network") => {}
            _ if document.get("tstop").is_some()
                || document.get("N_pyr_x").is_some() && document.get("cell_types").is_none() =>
            {
                return Err(NetworkError::file(
                    "object_type",
                    "is missing, and this looks like a parameter file: name it with `params` instead of `file`",
                ));
            }
            _ => {
                return Err(NetworkError::file(
                    "object_type",
                    "must be \"Network\", as hnn-core's Network.write_configuration() writes it",
                ));
            }
        }

        root.only(KEYS, &["cell_response"])?;
        // For the defaults; what the file holds takes their place.
        let mut net = Self::column_cells([1, 1]);
        net.legacy_mode = root.get("legacy_mode")?.flag()?;
        net.mesh_shape = [
            root.get("N_pyr_x")?.whole_u32()?,
            root.get("N_pyr_y")?.whole_u32()?,
        ];
        if net.mesh_shape.contains(&0) {
            return Err(root
                .get("N_pyr_x")?
                .error("the mesh must have at least one cell each way"));
        }
        net.celsius = root.get("celsius")?.float()?;
        net.threshold = root.get("threshold")?.float()?;
        net.delay = root.get("delay")?.float()?;
        read_populations(&mut net, &root)?;
        // Before anything is computed from the geometry.
        super::rounding::take_known_points(&mut net);
        read_distances(&mut net, &root)?;
        net.external_drives = super::read_drives::read_drives(&net, &root)?;
        net.external_biases = super::read_drives::read_biases(&net, &root)?;
        let connections = root.get("connectivity")?;
        net.connectivity = connections
            .items()?
            .map(|node| read_connection(&net, &node))
            .collect::<Result<_, _>>()?;
        // Back to where they stood: the order of connections is part of the network.
        if let Some(without_pairs) = root.optional("connections_without_pairs") {
            for node in without_pairs.items()? {
                let index = node.get("index")?.whole_u32()? as usize;
                let connection = read_connection(&net, &node)?;
                net.connectivity
                    .insert(index.min(net.connectivity.len()), connection);
            }
        }
        super::read_drives::find_space_constants(&mut net);
        net.rec_arrays = read_arrays(&root.get("rec_arrays")?)?;
        if let Some(window) = root.optional("dipole_smooth_win") {
            net.dipole_smooth_win = window.float()?;
        }
        if let Some(factor) = root.optional("dipole_scalefctr") {
            net.dipole_scalefctr = factor.float()?;
        }
        Ok(net)
    }
}

/// Cell types, gids and positions, which must fit each other.
fn read_populations(net: &mut Network, root: &Node) -> Result<(), NetworkError> {
    let cell_types = root.get("cell_types")?;
    let gid_ranges = root.get("gid_ranges")?;
    let mut ranges: Vec<(String, Range<Gid>)> = Vec::new();
    for (name, node) in gid_ranges.entries()? {
        node.only(&["start", "stop"], &[])?;
        let range = node.get("start")?.whole_u32()?..node.get("stop")?.whole_u32()?;
        if range.end < range.start {
            return Err(node.error("stop is below start"));
        }
        ranges.push((name.clone(), range));
    }
    // By gids: they tell the order in which types and drives were added.
    ranges.sort_by_key(|(_, range)| range.start);
    // A drive that was removed leaves a gap: gids are not given out again.
    for pair in ranges.windows(2) {
        let [(before, earlier), (name, range)] = pair else {
            continue;
        };
        if range.start < earlier.end {
            return Err(gid_ranges.error(format!(
                "those of {name} start at {}, and those of {before} end at {}: a gid must belong to one of them",
                range.start, earlier.end
            )));
        }
    }
    net.gid_ranges = ranges.into_iter().collect();

    let mut templates = IndexMap::new();
    for (name, node) in cell_types.entries()? {
        templates.insert(
            name.clone(),
            Arc::new(super::read_cells::read_cell_type(name, &node)?),
        );
    }
    if let Some(name) = templates
        .keys()
        .find(|name| !net.gid_ranges.contains_key(*name))
    {
        return Err(gid_ranges.error(format!("has no entry for the cell type {name}")));
    }
    // In the order of gids. Everything else with gids is a drive.
    let names: Vec<String> = net.gid_ranges.keys().cloned().collect();
    net.cell_types = names
        .iter()
        .filter_map(|name| templates.swap_remove_entry(name))
        .collect();
    let cells_first = names
        .iter()
        .take(net.cell_types.len())
        .eq(net.cell_types.keys());
    if !cells_first {
        return Err(gid_ranges.error("cells must have lower gids than drives"));
    }

    let pos_dict = root.get("pos_dict")?;
    net.origin = pos_dict.get("origin")?.point()?;
    net.pos_dict = IndexMap::new();
    for (name, range) in &net.gid_ranges {
        let node = pos_dict.get(name)?;
        let positions: Vec<[f64; 3]> = node
            .items()?
            .map(|item| item.point())
            .collect::<Result<_, _>>()?;
        if positions.len() != range.len() {
            return Err(node.error(format!(
                "has {} positions for {} gids",
                positions.len(),
                range.len()
            )));
        }
        net.pos_dict.insert(name.clone(), Arc::new(positions));
    }
    // The order of the file is that of the memory it came from, so that keys are those of the network there.
    let in_file: IndexSet<&str> = pos_dict.entries()?.map(|(name, _)| name.as_str()).collect();
    net.pos_dict
        .sort_by_key(|name, _| in_file.get_index_of(name.as_str()));
    Ok(())
}

/// The in-plane distance and the layer separation, which hnn-core does not write: those whose grid has the file's
/// pyramidal cells.
fn read_distances(net: &mut Network, root: &Node) -> Result<(), NetworkError> {
    let n_cells = net.mesh_shape[0].saturating_mul(net.mesh_shape[1]) as usize;
    let is_grid = |positions: &[[f64; 3]], distance: f64| {
        positions.len() == n_cells && {
            let (grid, _) = column(net.mesh_shape, distance, DEFAULT_LAYER_SEPARATION);
            let xy = |p: &[f64; 3]| [p[0], p[1]];
            grid.get("L5_pyramidal")
                .is_some_and(|grid| grid.iter().map(xy).eq(positions.iter().map(xy)))
        }
    };
    // The second cell of a grid is one step from the first, which is at 0.
    let spacing = |positions: &[[f64; 3]]| {
        let second = positions.get(1)?;
        Some(if net.mesh_shape[1] > 1 {
            second[1]
        } else {
            second[0]
        })
    };
    let cell_types = net.cell_types.keys();
    let found = cell_types
        .filter_map(|name| net.pos_dict.get(name))
        .find_map(|positions| {
            let distance = spacing(positions).filter(|distance| *distance > 0.0)?;
            is_grid(positions, distance).then_some(distance)
        });
    net.inplane_distance = match root.optional("inplane_distance") {
        Some(own) => own.float()?,
        None => found.unwrap_or(DEFAULT_INPLANE_DISTANCE),
    };

    let z_of = |layer: &str| {
        let types = net.cell_types.iter().filter(|(_, cell_type)| {
            let metadata = &cell_type.metadata;
            metadata.layer.as_deref() == Some(layer)
                && metadata.morpho_type.as_deref() == Some("pyramidal")
        });
        types
            .filter_map(|(name, _)| net.pos_dict.get(name)?.first())
            .map(|p| p[2])
            .next()
    };
    // One layer, or layers upside down, tell nothing.
    let separation = match (z_of("2"), z_of("5")) {
        (Some(upper), Some(lower)) if upper - lower > 0.0 => upper - lower,
        _ => DEFAULT_LAYER_SEPARATION,
    };
    net.layer_separation = match root.optional("layer_separation") {
        Some(own) => own.float()?,
        None => separation,
    };
    Ok(())
}

fn read_connection(net: &Network, node: &Node) -> Result<Connection, NetworkError> {
    let type_of = |at: &Node, gids: &mut dyn Iterator<Item = Gid>| {
        let mut found: Option<(&String, &Range<Gid>)> = None;
        for gid in gids {
            if found.is_some_and(|(_, range)| range.contains(&gid)) {
                continue;
            }
            match (net.range_of(gid), found) {
                (None, _) => return Err(at.error(format!("gid {gid} is in none of gid_ranges"))),
                // hnn-core has one type on each side of a connection, and all of its code counts on
                // it.
                (Some(_), Some((first, _))) => {
                    return Err(at.error(format!(
                        "gid {gid} is not of the type {first} as the others are"
                    )));
                }
                (here, None) => found = here,
            }
        }
        Ok(found.map(|(name, _)| name.clone()))
    };

    node.only(CONNECTION_KEYS, &["num_srcs", "num_targets"])?;
    let probability = node.get("probability")?.float()?;
    let gid_pairs = node.get("gid_pairs")?;
    let mut pairs: Vec<(Gid, Vec<Gid>)> = Vec::new();
    for (src, targets) in gid_pairs.entries()? {
        let src = src
            .parse()
            .map_err(|_| gid_pairs.error(format!("\"{src}\" is not a gid")))?;
        pairs.push((src, targets.gids()?));
    }
    if probability < 1.0 {
        // In memory, sources that pruning left without a target are gone.
        pairs.retain(|(_, targets)| !targets.is_empty());
    }
    let src_gids = match node.optional("src_gids") {
        Some(gids) => Gids::from_gids(gids.gids()?),
        None => Gids::from_gids(pairs.iter().map(|(src, _)| *src)),
    };
    let target_gids = match node.optional("target_gids") {
        Some(gids) => Gids::from_gids(gids.gids()?),
        None => Gids::from_gids(
            pairs
                .iter()
                .flat_map(|(_, targets)| targets.iter().copied()),
        ),
    };
    let mut sources = src_gids.iter().chain(pairs.iter().map(|(src, _)| *src));
    let mut targets = target_gids.iter().chain(
        pairs
            .iter()
            .flat_map(|(_, targets)| targets.iter().copied()),
    );
    let type_name = |key: &str, found: Option<String>| match found {
        Some(name) => Ok(name),
        None => node.get(key)?.text().map(String::from),
    };
    let src_type = type_name("src_type", type_of(&gid_pairs, &mut sources)?)?;
    let target_type = type_name("target_type", type_of(&gid_pairs, &mut targets)?)?;
    // They borrow the pairs, which the connection takes below.
    drop((sources, targets));

    let Some(target) = net.cell_types.get(&target_type) else {
        return Err(gid_pairs.error(format!("targets {target_type}, which is no cell type")));
    };
    let (loc, receptor) = (node.get("loc")?.text()?, node.get("receptor")?.text()?);
    let sections = crate::network::connect::sections_at(&target.cell, loc).ok_or_else(|| {
        node.child("loc", node.value)
            .error(format!("{target_type} has no location {loc}"))
    })?;
    for section in sections {
        let syns = target
            .cell
            .sections
            .get(section)
            .map(|section| &section.syns);
        if !syns.is_some_and(|syns| syns.iter().any(|syn| syn == receptor)) {
            let problem = format!("{section} of {target_type} has no synapse {receptor}");
            return Err(node.child("receptor", node.value).error(problem));
        }
    }

    let nc = node.get("nc_dict")?;
    nc.only(
        &["A_weight", "A_delay", "lamtha", "threshold", "gain"],
        &["pos_src"], // of the cell that was connected last
    )?;
    let lamtha = nc.get("lamtha")?;
    // Distances are divided by it.
    if lamtha.float_or_infinity()? == 0.0 {
        return Err(lamtha.expected("other than 0"));
    }
    Ok(Connection {
        src_type: src_type.into(),
        target_type: target_type.into(),
        src_gids,
        target_gids,
        gid_pairs: GidPairs::from_explicit(pairs),
        loc: loc.into(),
        receptor: receptor.into(),
        weight: nc.get("A_weight")?.float()?,
        delay: nc.get("A_delay")?.float()?,
        lamtha: lamtha.float_or_infinity()?,
        threshold: nc
            .optional("threshold")
            // A file may lack both: then the network's threshold, and no factor.
            .map_or(Ok(net.threshold), |value| value.float())?,
        gain: nc.optional("gain").map_or(Ok(1.0), |value| value.float())?,
        allow_autapses: node.get("allow_autapses")?.flag()?,
        probability,
    })
}

fn read_arrays(node: &Node) -> Result<IndexMap<String, ElectrodeArray>, NetworkError> {
    let mut arrays = IndexMap::new();
    for (name, array) in node.entries()? {
        array.only(
            &["positions", "conductivity", "method", "min_distance"],
            &["times", "voltages"],
        )?;
        let method = match array.optional("method") {
            None => None,
            Some(method) => match method.text()? {
                "psa" => Some(ElectrodeMethod::Psa),
                "lsa" => Some(ElectrodeMethod::Lsa),
                _ => return Err(method.expected("\"psa\" or \"lsa\"")),
            },
        };
        let positions = array.get("positions")?;
        let made = ElectrodeArray {
            positions: positions
                .items()?
                .map(|point| point.point())
                .collect::<Result<_, _>>()?,
            conductivity: array.get("conductivity")?.float()?,
            method,
            min_distance: array.get("min_distance")?.float()?,
        };
        for (key, value) in [
            ("conductivity", made.conductivity),
            ("min_distance", made.min_distance),
        ] {
            if value <= 0.0 {
                return Err(array.get(key)?.expected("greater than 0"));
            }
        }
        arrays.insert(name.clone(), made);
    }
    Ok(arrays)
}
