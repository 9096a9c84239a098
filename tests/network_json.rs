//! The border to hnn-core's network files. `tests/data/network_file.json` was written by the real hnn-core 0.6.1
//! (`tests/reference/network_reference.py`); it has everything that hnn-core's own reader loses.

mod network_cases;

use hnn_sweep::network::*;
use network_cases::{drives_of_all_kinds, network_of_the_file};
use serde_json::{Value, json};

const FILE: &str = include_str!("data/network_file.json");

fn document() -> Value {
    serde_json::from_str(FILE).unwrap()
}

fn error_of(document: &Value) -> String {
    Network::from_json(&document.to_string())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_file_of_hnn_core_is_the_network_that_was_in_memory() {
    let read = Network::from_json(FILE).unwrap();
    let built = network_of_the_file();
    assert_eq!(read.cell_types, built.cell_types);
    assert_eq!(read.connectivity, built.connectivity);
    assert_eq!(read.external_drives, built.external_drives);
    assert_eq!(read, built);
    let order = |net: &Network| {
        net.cell_types["L5_pyramidal"]
            .cell
            .sections
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&read), order(&built));
    for trial in 0..2 {
        assert_eq!(
            drive_events(&read, 170.0, trial),
            drive_events(&built, 170.0, trial)
        );
    }
}

#[test]
fn what_hnn_cores_own_reader_loses_is_read() {
    let net = Network::from_json(FILE).unwrap();
    assert_eq!(net.inplane_distance, 2.5); // from pos_dict
    assert_eq!(net.layer_separation, 1000.0);
    let apical_1 = &net.cell_types["L5_pyramidal"].cell.sections["apical_1"];
    assert_eq!((apical_1.L, apical_1.nseg), (560.0, 13)); // not 11, which a new section would have
    let pruned = net
        .connectivity
        .iter()
        .find(|conn| conn.src_type == "pruned")
        .unwrap();
    assert_eq!(
        (
            pruned.probability,
            pruned.gid_pairs.n_pairs(),
            pruned.src_gids.len()
        ),
        (0.3, 1, 3)
    );
    let Dynamics::SpikeTrain { events } = &net.external_drives["train_by_name"].dynamics else {
        panic!("not a spike train");
    };
    assert_eq!(**events, vec![vec![1.0, 5.5], vec![], vec![0.0, 200.0]]);
    assert_eq!(net.external_drives["pruned"].space_constant, 5.0); // only in the connections
}

#[test]
fn the_older_layout_without_cell_object_is_the_same_network() {
    let mut old = document();
    for (_, cell_type) in old["cell_types"].as_object_mut().unwrap() {
        *cell_type = cell_type["cell_object"].take();
    }
    assert_eq!(
        Network::from_json(&old.to_string()).unwrap(),
        network_of_the_file()
    );
}

#[test]
fn files_older_than_nseg_and_v0_get_hnn_cores_defaults() {
    let mut old = document();
    let section = &mut old["cell_types"]["L5_pyramidal"]["cell_object"]["sections"]["apical_1"];
    section.as_object_mut().unwrap().remove("nseg");
    section.as_object_mut().unwrap().remove("v0");
    let net = Network::from_json(&old.to_string()).unwrap();
    let section = &net.cell_types["L5_pyramidal"].cell.sections["apical_1"];
    assert_eq!((section.nseg, section.v0), (11, -65.0));
}

#[test]
fn a_network_that_is_written_is_read_back_equal() {
    let mut one_cell_each = Network::neymotin_2020([1, 1]);
    one_cell_each.add_erp_drives(0.0).unwrap();
    let mut smoothed = Network::law_2021([3, 3]);
    smoothed.dipole_smooth_win = 15.0;
    smoothed.set_cell_positions(Some(0.1), None).unwrap();
    let mut seedless = Network::calcium([2, 2]);
    let attach = DriveAttachment {
        weights_ampa: Some(network_cases::each(&[("L5_pyramidal", 0.1)])),
        conn_seed: None,
        ..DriveAttachment::evoked("apical_2")
    };
    let drive = Evoked {
        mu: 5.0,
        sigma: 0.1,
        numspikes: 1,
    };
    seedless
        .add_evoked_drive("extgauss", drive, attach)
        .unwrap();
    let networks = [
        Network::neymotin_2020([10, 10]),
        one_cell_each,
        smoothed,
        seedless,
        drives_of_all_kinds([3, 4]).unwrap(),
        network_of_the_file(),
    ];
    for (i, net) in networks.iter().enumerate() {
        assert!(
            Network::from_json(&net.to_json()).unwrap() == *net,
            "network {i}"
        );
    }
}

#[test]
fn caveats_name_what_hnn_core_reads_differently() {
    assert_eq!(
        Network::neymotin_2020([3, 3]).json_caveats(),
        Vec::<String>::new()
    );
    let caveats = network_of_the_file().json_caveats();
    assert_eq!(caveats.len(), 3, "{caveats:?}");
    assert!(
        caveats[0]
            .contains("apical_1 of L5_pyramidal has 13 segments, and hnn-core will give it 11")
    );
    assert!(caveats[1].contains("train_by_name is a spike train"));
}

#[test]
fn a_missing_key_is_named_with_its_path() {
    let cases = [
        ("/celsius", "celsius: is missing"),
        (
            "/connectivity/3/nc_dict/A_weight",
            "connectivity[3].nc_dict.A_weight: is missing",
        ),
        (
            "/external_drives/alpha/dynamics/burst_rate",
            "external_drives.alpha.dynamics.burst_rate: is missing",
        ),
        (
            "/cell_types/L5_pyramidal/cell_object/sections/soma/Ra",
            "cell_types.L5_pyramidal.cell_object.sections.soma.Ra: is missing",
        ),
        ("/pos_dict/origin", "pos_dict.origin: is missing"),
        (
            "/gid_ranges/jittered",
            "external_drives.jittered: has no gids of its own",
        ),
    ];
    for (pointer, expected) in cases {
        let mut broken = document();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        broken
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(key);
        let error = error_of(&broken);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn values_without_meaning_are_named_with_their_path() {
    let cases = [
        (
            "/N_pyr_x",
            json!("three"),
            "N_pyr_x: must be a whole number",
        ),
        (
            "/connectivity/0/gid_pairs/3",
            json!([4, 400]),
            "connectivity[0].gid_pairs: gid 400 is in none of gid_ranges",
        ),
        (
            "/connectivity/0/gid_pairs/3",
            json!([4, 0]),
            "gid 0 is not of the type L2_pyramidal",
        ),
        (
            "/connectivity/0/loc",
            json!("proxmal"),
            "connectivity[0].loc: L2_pyramidal has no location proxmal",
        ),
        (
            "/connectivity/0/receptor",
            json!("gaba"),
            "has no synapse gaba",
        ),
        (
            "/rec_arrays/line/method",
            json!("mea"),
            "rec_arrays.line.method: must be \"psa\" or \"lsa\"",
        ),
        (
            "/external_drives/alpha/type",
            json!("sine"),
            "external_drives.alpha.type: must be \"evoked\"",
        ),
        (
            "/external_drives/alpha/n_drive_cells",
            json!(11),
            "is not the number of the drive's gids, 10",
        ),
        (
            "/external_drives/train_by_name/dynamics/times",
            json!([5.0, 1.0, 0.0, 1.0]),
            "must ascend",
        ),
        (
            "/cell_types/L5_pyramidal/cell_object/cell_tree/basal_1,1",
            json!(["soma,0"]),
            "hangs on two ends",
        ),
        (
            "/object_type",
            json!("Dipole"),
            "object_type: must be \"Network\"",
        ),
    ];
    for (pointer, value, expected) in cases {
        let mut broken = document();
        *broken.pointer_mut(pointer).unwrap() = value;
        let error = error_of(&broken);
        assert!(error.contains(expected), "{pointer}: {error}");
    }
    assert!(
        Network::from_json("{\"tstop\": 170.0}")
            .unwrap_err()
            .to_string()
            .contains("parameter file")
    );
    assert!(
        Network::from_json("{")
            .unwrap_err()
            .to_string()
            .contains("no JSON")
    );
}

/// Every value in a document, as a JSON pointer.
fn pointers(at: &str, value: &Value, found: &mut Vec<String>) {
    let mut step = |key: &str, value: &Value| {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(&path, value, found);
        found.push(path);
    };
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| step(key, value)),
        Value::Array(items) => items
            .iter()
            .take(2)
            .enumerate()
            .for_each(|(i, value)| step(&i.to_string(), value)),
        _ => {}
    }
}

#[test]
fn no_damage_to_a_file_makes_the_reader_panic() {
    let whole = Network::neymotin_2020([2, 2]).to_json();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let mut found = Vec::new();
    pointers("", &whole, &mut found);
    assert!(found.len() > 500);
    let replacements = [
        json!(null),
        json!(-1),
        json!(4_294_967_295_u32),
        json!("x"),
        json!([]),
        json!({}),
    ];
    for (i, pointer) in found.iter().enumerate() {
        let mut broken = whole.clone();
        *broken.pointer_mut(pointer).unwrap() = replacements[i % replacements.len()].clone();
        if let Ok(net) = Network::from_json(&broken.to_string()) {
            let _ = drive_events(&net, 10.0, 0);
        }
    }
}

/// Files for `tests/reference/network_roundtrip.py`, which has the real hnn-core read and simulate them.
#[test]
#[ignore = "writes files for a script"]
fn write_files_for_hnn_core() {
    let folder = std::env::var("NETWORK_FILES").expect("NETWORK_FILES names a folder");
    let mut erp = Network::neymotin_2020([3, 3]);
    erp.add_erp_drives(0.0).unwrap();
    let mut law = Network::law_2021([2, 3]);
    law.set_cell_positions(Some(2.0), None).unwrap();
    law.add_erp_drives(-20.0).unwrap();
    let mut single = Network::calcium([1, 2]);
    single.add_erp_drives(0.0).unwrap();
    let mut all = drives_of_all_kinds([2, 3]).unwrap();
    all.remove_drive("train_by_name").unwrap();
    all.remove_drive("train_of_pairs").unwrap();
    for (name, net) in [
        ("erp", erp),
        ("law", law),
        ("calcium", single),
        ("all", all),
    ] {
        assert_eq!(net.json_caveats(), Vec::<String>::new(), "{name}");
        std::fs::write(format!("{folder}/{name}.json"), net.to_json()).unwrap();
    }
}

#[test]
fn a_key_that_nothing_reads_is_refused_with_its_path() {
    for (pointer, key, expected) in [
        ("", "treshold", "treshold: is a key that nothing reads"),
        (
            "/gid_ranges/L2_basket",
            "step",
            "gid_ranges.L2_basket.step: is",
        ),
        (
            "/cell_types/L5_pyramidal",
            "metadata",
            "cell_types.L5_pyramidal.metadata: is a key that nothing reads; known: cell_object, cell_metadata",
        ),
        (
            "/cell_types/L5_pyramidal/cell_metadata",
            "measure_dipol",
            "cell_metadata.measure_dipol: is a key that nothing reads; did you mean measure_dipole?",
        ),
        (
            "/cell_types/L5_pyramidal/cell_object",
            "synapse",
            "cell_object.synapse: is a key that nothing reads",
        ),
        (
            "/cell_types/L5_pyramidal/cell_object/sections/soma",
            "ra",
            "sections.soma.ra: is a key that nothing reads",
        ),
        (
            "/cell_types/L5_pyramidal/cell_object/synapses/ampa",
            "tau",
            "synapses.ampa.tau: is a key that nothing reads; known: e, tau1, tau2, mechname",
        ),
        ("/connectivity/3", "weight", "connectivity[3].weight: is"),
        (
            "/connectivity/3/nc_dict",
            "A_wieght",
            "connectivity[3].nc_dict.A_wieght: is a key that nothing reads; known: A_weight, A_delay, lamtha, threshold, gain; did you mean A_weight?",
        ),
        (
            "/external_drives/alpha",
            "space_constant",
            "external_drives.alpha.space_constant: is",
        ),
        (
            "/external_drives/alpha/dynamics",
            "mu",
            "external_drives.alpha.dynamics.mu: is a key that nothing reads; known: tstart,",
        ),
        ("/rec_arrays/line", "psa", "rec_arrays.line.psa: is"),
    ] {
        let mut broken = document();
        broken.pointer_mut(pointer).unwrap()[key] = json!(1.0);
        let error = error_of(&broken);
        assert!(error.contains(expected), "{pointer} {key}: {error}");
    }
}

#[test]
fn keys_that_hnn_core_carries_along_have_no_effect() {
    let mut noted = document();
    for (pointer, key) in [
        ("", "cell_response"),
        ("/cell_types/L5_pyramidal/cell_metadata", "color"),
        ("/cell_types/L5_pyramidal/cell_metadata", "my notes"),
        ("/cell_types/L5_pyramidal/cell_object", "gid"),
        ("/external_drives/alpha", "source_to_gid_map"),
        ("/connectivity/3", "num_srcs"),
    ] {
        noted.pointer_mut(pointer).unwrap()[key] = json!(7);
    }
    let read = Network::from_json(&noted.to_string()).unwrap();
    assert_eq!(read, network_of_the_file());
}

/// hnn-core since 0.6.2 names the mechanism of each synapse.
#[test]
fn a_synapse_that_is_not_simulated_is_refused_whatever_else_it_has() {
    let pointer = "/cell_types/L2_pyramidal/cell_object/synapses/nmda";
    let path = "cell_types.L2_pyramidal.cell_object.synapses.nmda.mechname";
    for synapse in [
        json!({"mechname": "NmdaMg", "e": 0.0, "tau1": 1.0, "tau2": 20.0}),
        json!({"mechname": "ExpSyn", "e": 0.0, "tau": 1.0}),
        json!({"mechname": "gabab_destexhe"}),
        json!({"mechname": "NMDA_gao", "Beta": 0.0067, "Cdur": 1.0, "e": 0.0}),
    ] {
        let mut other = document();
        *other.pointer_mut(pointer).unwrap() = synapse.clone();
        let expected = format!(
            "{path}: is {}, a synapse that is not simulated; known: Exp2Syn",
            synapse["mechname"]
        );
        assert_eq!(error_of(&other), expected);
    }
    let mut known = document();
    known.pointer_mut(pointer).unwrap()["mechname"] = json!("Exp2Syn");
    assert_eq!(
        Network::from_json(&known.to_string()).unwrap(),
        network_of_the_file()
    );
}

#[test]
fn a_channel_or_parameter_that_is_not_simulated_is_refused_with_its_path() {
    let pointer = "/cell_types/L5_pyramidal/cell_object/sections/soma/mechs";
    let path = "cell_types.L5_pyramidal.cell_object.sections.soma.mechs";
    let known = "known: hh2, km, cad, kca, ca, cat, ar, pas";
    for (mech, parameters, expected) in [
        (
            "hh3",
            json!({}),
            format!("{path}.hh3: is a channel that is not simulated; {known}; did you mean hh2?"),
        ),
        (
            "nax",
            json!({"gbar_nax": 1.0}),
            format!("{path}.nax: is a channel that is not simulated; {known}"),
        ),
        (
            "km",
            json!({"gbar": 1.0}),
            format!("{path}.km.gbar: is no parameter of km; known: gbar_km; did you mean gbar_km?"),
        ),
        (
            "pas",
            json!({"g": 1.0}),
            format!("{path}.pas.g: is no parameter of pas; known: g_pas, e_pas"),
        ),
    ] {
        let mut broken = document();
        broken.pointer_mut(pointer).unwrap()[mech] = parameters;
        let error = error_of(&broken);
        assert!(error.starts_with(&expected), "{error}");
    }
    let mut passive = document();
    passive.pointer_mut(pointer).unwrap()["pas"] = json!({"g_pas": 1e-4});
    let read = Network::from_json(&passive.to_string()).unwrap();
    let soma = &read.cell_types["L5_pyramidal"].cell.sections["soma"];
    assert_eq!(soma.mechs["pas"]["g_pas"], MechValue::Uniform(1e-4));
    assert_eq!(Network::from_json(&read.to_json()).unwrap(), read);
}

/// `del net.external_drives["alpha"]` in hnn-core leaves its gids behind: they still count for the other drives' seeds.
#[test]
fn gids_of_a_drive_that_was_removed_are_not_given_out_again() {
    let whole = network_of_the_file();
    let mut removed = document();
    removed["external_drives"]
        .as_object_mut()
        .unwrap()
        .remove("alpha");
    let connections = removed["connectivity"].as_array_mut().unwrap();
    connections.retain(|connection| connection["src_type"] != "alpha");
    let mut gap = removed.clone();
    gap["gid_ranges"].as_object_mut().unwrap().remove("alpha");
    gap["pos_dict"].as_object_mut().unwrap().remove("alpha");
    for document in [removed, gap] {
        let mut net = Network::from_json(&document.to_string()).unwrap();
        assert_eq!(net.n_gids(), whole.n_gids());
        assert_eq!(Network::from_json(&net.to_json()).unwrap(), net);
        let events = drive_events(&net, 100.0, 1).unwrap();
        let of_whole = drive_events(&whole, 100.0, 1).unwrap();
        for ((name, _), events) in net.external_drives.iter().zip(events) {
            let place = whole.external_drives.get_index_of(name).unwrap();
            assert_eq!(events, of_whole[place], "{name}");
        }
        net.add_erp_drives(0.0).unwrap();
        assert_eq!(net.gid_ranges["evdist1"].start, whole.n_gids());
    }
}
