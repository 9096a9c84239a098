//! `[set]`, `[[connection]]` and the clearing of drives and connections: the same networks as through the library.

use hnn_sweep::network::{Network, NewConnection, SetValue};
use hnn_sweep::pipeline::{Pipeline, PipelineError};
use std::path::Path;

const SMALL: &str = "[network]\nmesh_shape = [2, 2]\n";

fn parse(text: &str) -> Result<Pipeline, PipelineError> {
    Pipeline::parse(text, Path::new("pipelines/test.toml"))
}

fn network(text: &str, point: u64) -> Network {
    let pipeline = parse(text).unwrap_or_else(|e| panic!("{e}\n{:?}\n{text}", e.help()));
    pipeline.bind(&pipeline.point(point)).unwrap().network
}

fn erp() -> Network {
    let mut net = Network::neymotin_2020([2, 2]);
    net.add_erp_drives(0.0).unwrap();
    net
}

#[test]
fn one_grid_sweeps_a_weight_a_gain_a_length_and_a_seed() {
    let text = format!(
        r#"
{SMALL}
[grid]
w = [0.01, 0.02]
gain = [1.0, 1.5]
length = [500.0, 600.0]
seed = [1, 2]

[[drive]]
type = "erp"

[set]
"connections[src=L2_basket,target=L5_pyramidal,receptor=gabaa].weight" = "2*w"
gains.e_e = "gain"
cells.L5_pyramidal.sections.apical_1.L = "length"
drives.evprox1.event_seed = "seed"
drives.evdist1.location = "proximal"
drives.evdist1.weights_nmda = {{ L2_basket = 0.1, L2_pyramidal = "w", L5_pyramidal = 0 }}
celsius = 36.5
"#
    );
    let mut wanted = erp();
    let mut set = |path: &str, value: SetValue| wanted.set(path, value).unwrap();
    set(
        "connections[src=L2_basket,target=L5_pyramidal,receptor=gabaa].weight",
        0.04.into(),
    );
    set("gains.e_e", 1.5.into());
    set("cells.L5_pyramidal.sections.apical_1.L", 600.0.into());
    set("drives.evprox1.event_seed", 2.0.into());
    set("drives.evdist1.location", "proximal".into());
    let weights = [
        ("L2_basket", 0.1),
        ("L2_pyramidal", 0.02),
        ("L5_pyramidal", 0.0),
    ];
    let weights = weights.map(|(name, weight)| (name.to_owned(), SetValue::Number(weight)));
    set(
        "drives.evdist1.weights_nmda",
        SetValue::Table(weights.into_iter().collect()),
    );
    set("celsius", 36.5.into());
    assert_eq!(network(&text, 15), wanted);
    assert_ne!(network(&text, 14), wanted);
}

#[test]
fn paths_may_be_written_as_tables() {
    let dotted = format!(
        "{SMALL}[[drive]]\ntype = \"erp\"\n[set]\ndrives.evprox1.mu = 30\ndrives.evprox1.sigma = 2"
    );
    let table =
        format!("{SMALL}[[drive]]\ntype = \"erp\"\n[set.drives.evprox1]\nmu = 30\nsigma = 2");
    let quoted = format!(
        "{SMALL}[[drive]]\ntype = \"erp\"\n[set]\n\"drives.evprox1.mu\" = 30\n\"drives.evprox1\".sigma = 2"
    );
    let wanted = network(&dotted, 0);
    assert_ne!(wanted, erp());
    assert_eq!(network(&table, 0), wanted);
    assert_eq!(network(&quoted, 0), wanted);
}

#[test]
fn a_name_with_a_dot_is_one_name() {
    let text = format!(
        "{SMALL}[[electrode_array]]\nname = \"a.b\"\nelectrode_pos = [0, 0, 0]\n[set]\nrec_arrays.\"a.b\".conductivity = 0.7"
    );
    assert_eq!(network(&text, 0).rec_arrays["a.b"].conductivity, 0.7);
}

#[test]
fn words_and_booleans_come_from_parameters_too() {
    let text = format!(
        "{SMALL}[grid]\nwhere_ = [\"distal\", \"proximal\"]\nkeep = [false]\n[[drive]]\ntype = \"erp\"\n\
         [set]\ndrives.evdist1.location = \"$where_\"\ndrives.evprox2 = \"$keep\""
    );
    assert_eq!(
        network(&text, 0).external_drives["evdist1"].location,
        "distal"
    );
    assert_eq!(
        network(&text, 1).external_drives["evdist1"].location,
        "proximal"
    );
    assert!(!network(&text, 0).external_drives.contains_key("evprox2"));
}

#[test]
fn connections_can_be_added_and_removed() {
    let text = format!(
        r#"
{SMALL}
[grid]
w = [0.5]

[[connection]]
src_gids = "L2_basket"
target_gids = "L5_pyramidal"
loc = "soma"
receptor = "gabab"
weight = "w"
delay = 1
lamtha = 20
gain = 0.5
threshold = -10

[[connection]]
src_gids = [3, 4]
target_gids = [[3], [5]]
loc = "proximal"
receptor = "ampa"
weight = 1e-3
delay = 1
lamtha = 3
allow_autapses = false

[set]
"connections[src=L2_pyramidal,target=L2_basket]" = false
"#
    );
    let mut wanted = Network::neymotin_2020([2, 2]);
    wanted
        .add_connection(NewConnection {
            gain: 0.5,
            threshold: Some(-10.0),
            ..NewConnection::new("L2_basket", "L5_pyramidal", "soma", "gabab", 0.5, 1.0, 20.0)
        })
        .unwrap();
    wanted
        .add_connection(NewConnection {
            allow_autapses: false,
            ..NewConnection::new(
                vec![3, 4],
                vec![vec![3], vec![5]],
                "proximal",
                "ampa",
                1e-3,
                1.0,
                3.0,
            )
        })
        .unwrap();
    let before = wanted.connectivity.len();
    wanted
        .set(
            "connections[src=L2_pyramidal,target=L2_basket]",
            false.into(),
        )
        .unwrap();
    assert!(wanted.connectivity.len() < before);
    assert_eq!(network(&text, 0), wanted);
}

#[test]
fn connections_and_drives_can_be_cleared() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("net.json"), erp().to_json()).unwrap();
    let load = |keys: &str| {
        let text = format!("[network]\nfile = \"net.json\"\n{keys}");
        let pipeline = Pipeline::parse(&text, &folder.path().join("sweep.toml")).unwrap();
        pipeline.bind(&[]).unwrap().network
    };
    let whole = load("");
    assert_eq!(whole.external_drives.len(), 3);
    assert!(load("clear_drives = true").external_drives.is_empty());
    let without = load("clear_connectivity = true");
    assert!(
        without
            .connectivity
            .iter()
            .all(|c| c.src_type.starts_with("ev"))
    );
    assert_eq!(without.external_drives.len(), 3);
}

#[test]
fn paths_that_match_nothing_are_marked_with_near_matches() {
    let refused = |line: &str, message: &str, marked: &str| {
        let text =
            format!("{SMALL}[grid]\nw = [0.5, -1]\n[[drive]]\ntype = \"erp\"\n[set]\n{line}\n");
        let e = parse(&text).unwrap_err();
        assert!(e.to_string().contains(message), "{e}");
        assert_eq!(&text[e.span().unwrap()], marked, "{e}");
    };
    refused("drives.evprox3.mu = 1", "did you mean \"evprox", "mu = 1");
    refused("drives.evprox1.muu = 1", "\"mu\"", "muu = 1");
    refused(
        "\"connections[src=L2_baskett].weight\" = 1",
        "L2_basket",
        "\"connections[src=L2_baskett].weight\" = 1",
    );
    refused(
        "cells.L5_pyramidal.sections.apical_3.L = 1",
        "apical_",
        "L = 1",
    );
    refused("celsiuss = 1", "celsius", "celsiuss = 1");
    refused(
        "drives.evprox1.sigma = \"w\"",
        "`drives.evprox1.sigma` of [set]: ",
        "sigma = \"w\"",
    );
    refused(
        "drives.evprox1.sigma = \"w\"",
        "where w = -1",
        "sigma = \"w\"",
    );
    refused(
        "drives.evprox1.mu = \"v\"",
        "there is no parameter `v`",
        "v",
    );
    refused("drives.evprox1.mu = [1]", "must be a number", "[1]");
    refused(
        "drives.evprox1.mu = true",
        "it must be a number",
        "mu = true",
    );
}

#[test]
fn connections_that_cannot_be_are_marked() {
    let refused = |line: &str, message: &str, marked: &str| {
        let mut lines = vec![
            "src_gids = \"L2_basket\"",
            "target_gids = \"L5_pyramidal\"",
            "loc = \"soma\"",
            "receptor = \"gabab\"",
            "weight = 1",
            "delay = 1",
            "lamtha = 20",
        ];
        let key = line.split('=').next();
        lines.retain(|l| l.split('=').next() != key);
        let text = format!("{SMALL}[[connection]]\n{}\n{line}\n", lines.join("\n"));
        let e = parse(&text).unwrap_err();
        assert!(e.to_string().contains(message), "{e}");
        assert_eq!(&text[e.span().unwrap()], marked, "{e}");
    };
    refused("src_gids = \"L3_basket\"", "L3_basket", "\"L3_basket\"");
    refused("src_gids = -1", "must be 0 to", "-1");
    refused(
        "src_gids = true",
        "must be the name of a cell type, or gids",
        "true",
    );
    refused("loc = \"axon\"", "axon", "\"axon\"");
    refused("receptor = \"gaba\"", "gaba", "\"gaba\"");
    refused("lamtha = 0", "lamtha is 0", "0");
    refused("delay = -1", "delay is -1", "-1");
    refused("wight = 1", "`wight` is not a key of", "wight");
}

#[test]
fn value_is_what_stands_there() {
    let text = "[grid]\ng = [2.0]\n[network]\nmesh_shape = [1, 1]\n[set]\n\
        \"connections[src=L2_basket].weight\" = \"value * g\"\n\
        cells.\"*\".sections.soma.cm = \"value * g\"\n\
        cells.L5_pyramidal.sections.\"*\".mechs.ar.gbar_ar = \"value * g\"\n";
    let pipeline = Pipeline::parse(text, Path::new("test.toml")).unwrap();
    let net = pipeline.bind(&pipeline.point(0)).unwrap().network;
    let before = hnn_sweep::network::Network::neymotin_2020([1, 1]);
    let mut n_changed = 0;
    for (old, new) in before.paths().iter().zip(net.paths()) {
        assert_eq!(old.path, new.path);
        let is_scaled = old.path.starts_with("connections[src=L2_basket,")
            && old.path.ends_with(".weight")
            || old.path.ends_with(".sections.soma.cm")
            || old.path.starts_with("cells.L5_pyramidal") && old.path.ends_with("gbar_ar");
        let wanted: Vec<f64> = old
            .values
            .iter()
            .map(|v| if is_scaled { v * 2.0 } else { *v })
            .collect();
        assert_eq!(new.values, wanted, "{}", old.path);
        n_changed += usize::from(is_scaled);
    }
    assert!(n_changed > 12, "{n_changed}");
}

#[test]
fn every_path_can_be_set_to_what_it_has() {
    let mut net = hnn_sweep::network::Network::calcium([1, 1]);
    net.add_erp_drives(0.0).unwrap();
    let before = net.clone();
    for place in net.paths() {
        net.set_values(&place, &place.values)
            .unwrap_or_else(|e| panic!("{}: {e}", place.path));
    }
    assert_eq!(net.paths(), before.paths());
}
