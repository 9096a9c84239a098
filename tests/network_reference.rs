//! Networks against the real hnn-core: `tests/data/network_reference.json` holds what hnn-core 0.6.1 has in memory, and
//! `tests/reference/network_reference.py` made it. Everything is compared bit for bit.

mod network_cases;

use hnn_sweep::network::random::{DefaultRng, RandomState};
use hnn_sweep::network::*;
use network_cases::drives_of_all_kinds;
use serde_json::Value;
use std::sync::LazyLock;

static REFERENCE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/network_reference.json")).expect("reference file")
});

/// FNV-1a, 64 bits.
fn fnv(bytes: impl IntoIterator<Item = u8>) -> String {
    let digest = bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{digest:016x}")
}

fn events_digest(events: &[Vec<f64>]) -> String {
    fnv(events.iter().flat_map(|times| {
        let n = (times.len() as u32).to_le_bytes();
        n.into_iter()
            .chain(times.iter().flat_map(|t| t.to_le_bytes()))
    }))
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("list")
        .iter()
        .map(|x| x.as_f64().expect("number"))
        .collect()
}

#[test]
fn random_state_draws_what_numpy_draws() {
    let states = REFERENCE["random"]["states"].as_array().unwrap();
    assert_eq!(states.len(), 9);
    for state in states {
        let seed = state["seed"].as_u64().unwrap();
        let new = || RandomState::new(seed).unwrap();
        let mut rs = new();
        let doubles: Vec<f64> = (0..5).map(|_| rs.random_double()).collect();
        assert_eq!(doubles, floats(&state["doubles"]), "doubles of seed {seed}");
        let mut rs = new();
        let normals: Vec<f64> = (0..7).map(|_| rs.normal(26.61, 2.47)).collect();
        assert_eq!(normals, floats(&state["normals"]), "normals of seed {seed}");
        let mut rs = new();
        let exponentials: Vec<f64> = (0..5).map(|_| rs.exponential(1.0 / 17.0)).collect();
        assert_eq!(
            exponentials,
            floats(&state["exponentials"]),
            "exponentials of seed {seed}"
        );
        let mut rs = new();
        let mixed = vec![
            rs.normal(1.0, 2.0),
            rs.exponential(3.0),
            rs.normal(0.0, 1.0), // the spare of the first pair
            rs.random_double(),
            rs.normal(5.0, 0.0),
        ];
        assert_eq!(mixed, floats(&state["mixed"]), "mixed draws of seed {seed}");
        let mut rs = new();
        let late: Vec<f64> = (0..5000).map(|_| rs.normal(0.0, 1.0)).collect();
        assert_eq!(
            events_digest(&[late]),
            state["normals_5000"],
            "5000 normals of seed {seed}"
        );
    }
}

#[test]
fn a_seed_beyond_32_bits_is_refused_as_in_numpy() {
    assert!(RandomState::new(4_294_967_295).is_ok());
    let error = RandomState::new(4_294_967_296).err().unwrap().to_string();
    assert!(
        error.contains("4294967296") && error.contains("between 0 and 4294967295"),
        "{error}"
    );
}

#[test]
fn choice_without_replacement_picks_what_numpy_picks() {
    let choices = REFERENCE["random"]["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 130);
    for choice in choices {
        let number = |i: usize| choice[i].as_u64().unwrap();
        let (seed, population, n) = (number(0), number(1) as u32, number(2) as u32);
        let chosen = DefaultRng::new(seed).choose(population, n);
        let indices = (0..population).filter(|i| chosen[*i as usize]);
        let digest = fnv(indices.flat_map(|i| i.to_le_bytes()));
        assert_eq!(
            digest, choice[3],
            "default_rng({seed}).choice(range({population}), {n})"
        );
    }
}

fn mesh_of(name: &str) -> [u32; 2] {
    let (x, y) = name.rsplit_once(' ').unwrap().1.split_once('x').unwrap();
    [x.parse().unwrap(), y.parse().unwrap()]
}

fn build(name: &str) -> Network {
    let mesh = mesh_of(name);
    if name.starts_with("all kinds") {
        return drives_of_all_kinds(mesh).unwrap();
    }
    let mut net = if name.starts_with("law") {
        Network::law_2021(mesh)
    } else {
        Network::neymotin_2020(mesh)
    };
    net.add_erp_drives(0.0).unwrap();
    net
}

/// A network of a parameter file, with the settings that its name tells.
fn build_from_params(name: &str) -> Network {
    let params = match name.ends_with(".param") {
        true => Params::from_param(include_str!("data/network_params.param")),
        false => Params::from_json(include_str!("data/network_params.json")),
    };
    let model = Model::from_name(name.split(' ').next().unwrap()).unwrap();
    let (drives, legacy) = (!name.contains("without drives"), name.contains("legacy"));
    Network::from_params(model, &params.unwrap(), [2, 3], drives, legacy).unwrap()
}

/// All networks of the reference with ours and the end of the simulation (ms).
fn networks() -> impl Iterator<Item = (&'static String, &'static Value, Network, f64)> {
    let networks = REFERENCE["networks"].as_object().unwrap();
    let of_params = REFERENCE["params"].as_object().unwrap();
    assert_eq!((networks.len(), of_params.len()), (8, 5));
    let built = networks
        .iter()
        .map(|(name, reference)| (name, reference, build(name), 170.0));
    let read = of_params
        .iter()
        .map(|(name, reference)| (name, reference, build_from_params(name), 110.0));
    built.chain(read)
}

#[test]
fn parameter_files_set_what_hnn_core_takes_from_them() {
    for (name, reference) in REFERENCE["params"].as_object().unwrap() {
        let net = build_from_params(name);
        let globals = [
            net.celsius,
            net.threshold,
            net.dipole_smooth_win,
            net.dipole_scalefctr,
        ];
        assert_eq!(globals.to_vec(), floats(&reference["globals"]), "{name}");
    }
    let net = build_from_params("neymotin_2020");
    let default = Network::neymotin_2020([2, 3]);
    assert_eq!(
        net.cell_types, default.cell_types,
        "parameters of cells are ignored"
    );
}

#[test]
fn a_parameter_file_that_is_none_is_named() {
    let error = Params::from_json("{\"object_type\": \"Network\"}")
        .unwrap_err()
        .to_string();
    assert!(error.contains("network file"), "{error}");
    let error = Params::from_param("tstop: 170\ndt 0.025")
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 2"), "{error}");
    let params = Params::from_json("{\"t_evprox_1\": \"soon\"}").unwrap();
    let error = Network::from_params(Model::Neymotin2020, &params, [1, 1], true, false);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("t_evprox_1: must be a number")
    );
    let error = Model::from_name("law_2012").unwrap_err().to_string();
    assert!(error.contains("did you mean \"law_2021\""), "{error}");
}

#[test]
fn cells_and_drives_have_hnn_cores_gids_and_positions() {
    for (name, reference, net, _) in networks() {
        let ranges = reference["gid_ranges"].as_object().unwrap();
        assert_eq!(net.gid_ranges.len(), ranges.len(), "{name}");
        for (population, range) in ranges {
            let ours = &net.gid_ranges[population];
            assert_eq!(
                serde_json::json!([ours.start, ours.end]),
                *range,
                "{population} of {name}"
            );
            let positions = &net.pos_dict[population];
            let digest = fnv(positions.iter().flatten().flat_map(|x| x.to_le_bytes()));
            let theirs = &reference["positions"][population];
            assert_eq!(
                serde_json::json!([positions.len(), digest]),
                *theirs,
                "{population} of {name}"
            );
        }
        assert_eq!(net.origin.to_vec(), floats(&reference["origin"]), "{name}");
        let n_gids = ranges
            .values()
            .map(|range| range[1].as_u64().unwrap())
            .max();
        assert_eq!(Some(u64::from(net.n_gids())), n_gids, "{name}");
    }
}

#[test]
fn connections_are_hnn_cores_in_order_pairs_and_numbers() {
    for (name, reference, net, _) in networks() {
        let connections = reference["connectivity"].as_array().unwrap();
        assert_eq!(net.connectivity.len(), connections.len(), "{name}");
        for (i, (ours, theirs)) in net.connectivity.iter().zip(connections).enumerate() {
            let pairs = &ours.gid_pairs;
            let listed = pairs
                .sources()
                .flat_map(|s| pairs.targets(s).map(move |t| [s, t]));
            let digest = fnv(listed.flatten().flat_map(|gid| gid.to_le_bytes()));
            let ours = serde_json::json!({
                "src_type": ours.src_type,
                "target_type": ours.target_type,
                "loc": ours.loc,
                "receptor": ours.receptor,
                "weight": ours.weight,
                "delay": ours.delay,
                "lamtha": ours.lamtha,
                "threshold": ours.threshold,
                "gain": ours.gain,
                "allow_autapses": ours.allow_autapses,
                "probability": ours.probability,
                "n_src": ours.src_gids.len(),
                "n_targets": ours.target_gids.len(),
                "n_sources_left": pairs.sources().count(),
                "n_pairs": pairs.n_pairs(),
                "pairs": digest,
            });
            assert_eq!(ours, *theirs, "connectivity[{i}] of {name}");
        }
    }
}

#[test]
fn drives_fire_when_hnn_cores_drives_fire() {
    for (name, reference, net, tstop) in networks() {
        let of_drives = reference["events"].as_object().unwrap().values().next();
        for trial in 0..of_drives.map_or(0, |trials| trials.as_array().unwrap().len()) as u32 {
            let events = drive_events(&net, tstop, trial).unwrap();
            assert_eq!(events.len(), net.external_drives.len());
            for ((drive_name, drive), events) in net.external_drives.iter().zip(&events) {
                let what = format!("{drive_name} of {name}, trial {trial}");
                let description = &reference["drives"][drive_name];
                assert_eq!(
                    serde_json::json!(drive.target_types),
                    description["target_types"],
                    "{what}"
                );
                assert_eq!(drive.n_drive_cells, description["n_drive_cells"], "{what}");
                let theirs = &reference["events"][drive_name][trial as usize];
                let start = |times: &[f64]| times.iter().take(4).copied().collect::<Vec<f64>>();
                assert_eq!(start(&events[0]), floats(&theirs["first"]), "{what}");
                assert_eq!(
                    start(&events[events.len() - 1]),
                    floats(&theirs["last"]),
                    "{what}"
                );
                assert_eq!(
                    events.len(),
                    theirs["n_cells"].as_u64().unwrap() as usize,
                    "{what}"
                );
                assert_eq!(events_digest(events), theirs["digest"], "{what}");
            }
        }
    }
}

/// A cell as `Cell.to_dict` writes it.
fn cell_as_json(cell: &Cell) -> Value {
    let node = |node: &CellNode| format!("{},{}", node.section, node.end);
    let sections: serde_json::Map<String, Value> = cell
        .sections
        .iter()
        .map(|(name, s)| {
            let mechs: serde_json::Map<String, Value> = s
                .mechs
                .iter()
                .map(|(mech, parameters)| {
                    let parameters: serde_json::Map<String, Value> = parameters
                        .iter()
                        .map(|(parameter, value)| {
                            let value = match value {
                                MechValue::Uniform(value) => serde_json::json!(value),
                                MechValue::PerSegment(v) => serde_json::json!([v.x, v.values]),
                            };
                            (parameter.clone(), value)
                        })
                        .collect();
                    (mech.clone(), parameters.into())
                })
                .collect();
            let section = serde_json::json!({
                "L": s.L, "diam": s.diam, "cm": s.cm, "Ra": s.Ra, "v0": s.v0, "nseg": s.nseg,
                "end_pts": s.end_pts, "syns": s.syns, "mechs": mechs,
            });
            (name.clone(), section)
        })
        .collect();
    let synapses: serde_json::Map<String, Value> = cell
        .synapses
        .iter()
        .map(|(name, s)| {
            (
                name.clone(),
                serde_json::json!({"e": s.e, "tau1": s.tau1, "tau2": s.tau2}),
            )
        })
        .collect();
    let tree = cell.cell_tree.as_ref().map(|tree| {
        let entries = tree.iter().map(|(parent, children)| {
            let children: Vec<String> = children.iter().map(node).collect();
            (node(parent), Value::from(children))
        });
        entries.collect::<serde_json::Map<String, Value>>()
    });
    serde_json::json!({
        "name": cell.name, "pos": cell.pos, "sections": sections, "synapses": synapses,
        "sect_loc": cell.sect_loc, "cell_tree": tree,
    })
}

/// Every number as a float, so that Python's `1` and `1.0` are the same.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => serde_json::json!(number.as_f64()),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(k, v)| (k.clone(), as_floats(v)))
            .collect(),
        other => other.clone(),
    }
}

/// Paths at which two documents differ.
fn differences(path: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().for_each(|(key, value)| {
                differences(&format!("{path}.{key}"), value, &b[key], found)
            });
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter()
                .zip(b)
                .enumerate()
                .for_each(|(i, (a, b))| differences(&format!("{path}[{i}]"), a, b, found));
        }
        (a, b) if a != b => found.push(format!("{path}: {a} is not {b}")),
        _ => {}
    }
}

#[test]
fn cell_templates_are_hnn_cores() {
    let two_by_two = Network::neymotin_2020([2, 2]);
    let mut modified = two_by_two.clone();
    let change = SectionChange {
        L: Some(560.0),
        diam: Some(6.5),
        ..Default::default()
    };
    modified
        .modify_section("L5_pyramidal", "apical_1", change)
        .unwrap();
    let change = SectionChange {
        L: Some(41.0),
        cm: Some(1.0),
        Ra: Some(150.0),
        v0: Some(-70.0),
        ..Default::default()
    };
    modified
        .modify_section("L5_pyramidal", "soma", change)
        .unwrap();

    let cells = REFERENCE["cells"].as_object().unwrap();
    assert_eq!(cells.len(), 7);
    let mut found = Vec::new();
    for (name, theirs) in cells {
        let (net, cell_type) = match name.as_str() {
            "L5_pyramidal of law_2021_model" => (&Network::law_2021([2, 2]), "L5_pyramidal"),
            "L5_pyramidal of calcium_model" => (&Network::calcium([2, 2]), "L5_pyramidal"),
            "L5_pyramidal modified" => (&modified, "L5_pyramidal"),
            other => (&two_by_two, other),
        };
        let cell = &net.cell_types[cell_type].cell;
        differences(
            name,
            &as_floats(&cell_as_json(cell)),
            &as_floats(theirs),
            &mut found,
        );
        let sections: Vec<&String> = theirs["sections"].as_object().unwrap().keys().collect();
        assert_eq!(sections.len(), cell.sections.len(), "{name}");
    }
    assert_eq!(found, Vec::<String>::new());
}
