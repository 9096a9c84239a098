//! One network has one key, however it is reached: by a model and the tables of a pipeline, through the library, by a
//! network file of either, or by a file and the tables that are missing in it.

mod network_cases;

use hnn_sweep::network::*;
use hnn_sweep::pipeline::Pipeline;
use hnn_sweep::stages;
use hnn_sweep::stages::key::canon;
use hnn_sweep::stages::key::{Fingerprint, Fingerprinter};
use hnn_sweep::stages::plan::differences::differences;
use hnn_sweep::store::Hash;
use network_cases::{each, network_of_the_file};
use std::collections::BTreeSet;
use std::path::Path;

const SIMULATION: &str = "[simulation]\ntstop = 100.0\nn_trials = 2\n";

/// The only point of a pipeline that stands in `folder`.
fn bound(folder: &Path, text: &str) -> (Hash, Network) {
    let text = format!("{SIMULATION}{text}");
    let pipeline = Pipeline::parse(&text, &folder.join("test.toml"))
        .unwrap_or_else(|e| panic!("{e}\n{:?}\n{text}", e.help()));
    let grid = stages::expand(&pipeline, None).unwrap();
    assert_eq!(grid.points.len(), 1);
    let network = pipeline.bind(&pipeline.point(0)).unwrap().network;
    (grid.points[0].key(1), network)
}

fn fingerprint(net: &Network) -> Fingerprint {
    Fingerprinter::default()
        .fingerprint(net, 100.0, 0.025)
        .unwrap()
}

fn key(net: &Network) -> Hash {
    fingerprint(net).key(1)
}

/// Everything that decides the result of the second trial.
fn spec(net: &Network) -> canon::CanonValue {
    let print = fingerprint(net);
    let blobs = print.spec(1);
    let mut load = |hash: &Hash| {
        let blob = blobs.iter().find(|blob| blob.hash == *hash)?;
        canon::read(&blob.bytes)
    };
    load(&print.key(1)).unwrap().resolve(&mut load)
}

/// Fails unless a pipeline's network has the key of `net`, and says what differs.
fn same(net: &Network, (found, network): (Hash, Network), what: &str) {
    let differences = differences(&spec(net), &spec(&network));
    let words: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(found == key(net), "{what}:\n  {}", words.join("\n  "));
}

/// A network by its base and what is done to it, in both languages.
struct Case {
    name: &'static str,
    /// The table `[network]`.
    base: &'static str,
    /// What comes after it.
    tables: &'static str,
    library: fn() -> Result<(Network, Network), NetworkError>,
}

const CASES: &[Case] = &[
    Case {
        name: "an evoked response with everything set that has a number",
        base: "model = \"neymotin_2020\"\nmesh_shape = [2, 3]\n",
        tables: r#"
[[drive]]
type = "erp"
[[bias]]
bias_name = "up"
amplitude = { L5_pyramidal = 0.3 }
section = "apical_tuft"
t0 = 5.0
[[electrode_array]]
name = "shank"
electrode_pos = [[1.0, 1.0, 100.0], [1.0, 1.0, 900.0]]
conductivity = 0.25
[set]
inplane_distance = 2.5
celsius = 36.0
"connections[src=L2_basket,target=L5_pyramidal,receptor=gabaa].weight" = 0.03
"connections[src=L2_pyramidal,receptor=ampa|nmda].threshold" = -10.0
gains.e_i = 1.5
cells.L5_pyramidal.sections.apical_1.L = 500.0
cells.L2_basket.sections.soma.cm = 0.9
cells.L5_pyramidal.synapses.gabab.tau2 = 150.0
cells.L2_pyramidal.sections.soma.mechs.hh2.gnabar_hh2 = 0.2
drives.evprox1.event_seed = 7
drives.evdist1.weights_nmda.L5_pyramidal = 0.05
drives.evprox2.n_drive_cells = 3
drives.evprox2.cell_specific = false
"#,
        library: || {
            let base = Network::neymotin_2020([2, 3]);
            let mut net = base.clone();
            net.add_erp_drives(0.0)?;
            net.add_tonic_bias(NewTonicBias {
                bias_name: "up".into(),
                section: "apical_tuft".into(),
                t0: 5.0,
                ..NewTonicBias::new(each(&[("L5_pyramidal", 0.3)]))
            })?;
            let positions = vec![[1.0, 1.0, 100.0], [1.0, 1.0, 900.0]];
            let array = ElectrodeArray {
                conductivity: 0.25,
                ..ElectrodeArray::new(positions)
            };
            net.add_electrode_array("shank", array)?;
            // By fields and functions where there are some.
            net.set_cell_positions(Some(2.5), None)?;
            net.celsius = 36.0;
            for conn in &mut net.connectivity {
                let (src, receptor) = (conn.src_type.as_str(), conn.receptor.as_str());
                if (src, conn.target_type.as_str(), receptor)
                    == ("L2_basket", "L5_pyramidal", "gabaa")
                {
                    conn.weight = 0.03;
                }
                if src == "L2_pyramidal" && ["ampa", "nmda"].contains(&receptor) {
                    conn.threshold = -10.0;
                }
            }
            net.set_global_synaptic_gains(None, Some(1.5), None, None)?;
            let change = SectionChange::default();
            let length = SectionChange {
                L: Some(500.0),
                ..change
            };
            net.modify_section("L5_pyramidal", "apical_1", length)?;
            let capacity = SectionChange {
                cm: Some(0.9),
                ..change
            };
            net.modify_section("L2_basket", "soma", capacity)?;
            net.cell_type_mut("L5_pyramidal")?.cell.synapses["gabab"].tau2 = 150.0;
            net.cell_type_mut("L2_pyramidal")?.cell.sections["soma"].mechs["hh2"]
                .insert("gnabar_hh2".into(), MechValue::Uniform(0.2));
            net.set("drives.evprox1.event_seed", 7.0.into())?;
            net.set("drives.evdist1.weights_nmda.L5_pyramidal", 0.05.into())?;
            net.set("drives.evprox2.n_drive_cells", 3.0.into())?;
            net.set("drives.evprox2.cell_specific", false.into())?;
            Ok((base, net))
        },
    },
    Case {
        name: "law_2021 with bursts, noise and a replayed train, of which one drive goes again",
        base: "model = \"law_2021\"\nmesh_shape = [3, 2]\n",
        tables: r#"
[[drive]]
type = "bursty"
name = "beta"
tstart = 50.0
tstart_std = 2.0
burst_rate = 10.0
location = "distal"
n_drive_cells = 4
weights_ampa = { L2_pyramidal = 1e-4, L5_pyramidal = 2e-4 }
synaptic_delays = 0.5
[[drive]]
type = "evoked"
name = "gone"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = { L2_basket = 0.1 }
[[drive]]
type = "poisson"
name = "noise"
rate_constant = 40.0
location = "proximal"
weights_ampa = { L2_basket = 1e-3 }
probability = 0.5
conn_seed = 9
[[drive]]
type = "spike_train"
name = "replay"
spike_data = { a = [1.0, 5.0], b = [], c = [7.5] }
location = "soma"
weights_ampa = { L5_basket = 0.01 }
conn_seed = 1
[set]
drives.gone = false
"#,
        library: || {
            let base = Network::law_2021([3, 2]);
            let mut net = base.clone();
            net.add_bursty_drive(
                "beta",
                Bursty {
                    tstart: 50.0,
                    tstart_std: 2.0,
                    tstop: None,
                    burst_rate: 10.0,
                    burst_std: 0.0,
                    numspikes: 2,
                    spike_isi: 10.0,
                },
                DriveAttachment {
                    n_drive_cells: DriveCells::Count(4),
                    weights_ampa: Some(each(&[("L2_pyramidal", 1e-4), ("L5_pyramidal", 2e-4)])),
                    synaptic_delays: PerCellType::All(0.5),
                    ..DriveAttachment::bursty("distal")
                },
            )?;
            net.add_poisson_drive(
                "noise",
                Poisson {
                    tstart: 0.0,
                    tstop: None,
                    rate_constant: RateConstant::All(40.0),
                },
                DriveAttachment {
                    weights_ampa: Some(each(&[("L2_basket", 1e-3)])),
                    probability: PerCellType::All(0.5),
                    conn_seed: Some(9),
                    ..DriveAttachment::poisson("proximal")
                },
            )?;
            let trains = [("a", vec![1.0, 5.0]), ("b", vec![]), ("c", vec![7.5])];
            let trains = trains.map(|(name, times)| (name.to_owned(), times));
            net.add_spike_train_drive(
                "replay",
                SpikeData::Sources(trains.into()),
                DriveAttachment {
                    weights_ampa: Some(each(&[("L5_basket", 0.01)])),
                    conn_seed: Some(1),
                    ..DriveAttachment::spike_train("soma")
                },
            )?;
            Ok((base, net))
        },
    },
    Case {
        name: "calcium with connections of one's own",
        base: "model = \"calcium\"\nmesh_shape = [2, 2]\nclear_connectivity = true\n",
        tables: r#"
[[connection]]
src_gids = "L5_pyramidal"
target_gids = "L2_basket"
loc = "soma"
receptor = "ampa"
weight = 0.01
delay = 1.0
lamtha = 3.0
probability = 0.5
conn_seed = 4
[[connection]]
src_gids = "L2_basket"
target_gids = "L5_pyramidal"
loc = "soma"
receptor = "gabaa"
weight = 0.02
delay = 1.0
lamtha = 50.0
[[drive]]
type = "erp"
tstart = -20.0
"#,
        library: || {
            let mut net = Network::calcium([2, 2]);
            net.clear_connectivity();
            let base = net.clone();
            net.add_connection(NewConnection {
                probability: 0.5,
                conn_seed: Some(4),
                ..NewConnection::new("L5_pyramidal", "L2_basket", "soma", "ampa", 0.01, 1.0, 3.0)
            })?;
            net.add_connection(NewConnection::new(
                "L2_basket",
                "L5_pyramidal",
                "soma",
                "gabaa",
                0.02,
                1.0,
                50.0,
            ))?;
            net.add_erp_drives(-20.0)?;
            Ok((base, net))
        },
    },
];

#[test]
fn a_model_with_tables_the_library_and_files_have_the_same_key() {
    let mut keys = BTreeSet::new();
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let (base, net) = (case.library)().unwrap();
        let write = |name: &str, net: &Network| {
            std::fs::write(folder.path().join(name), net.to_json()).unwrap();
        };
        write("base.json", &base);
        write("whole.json", &net);
        let by = |network: &str, tables: &str| {
            bound(folder.path(), &format!("[network]\n{network}\n{tables}"))
        };
        let name = case.name;
        let (base, whole) = ("file = \"base.json\"", "file = \"whole.json\"");
        same(
            &net,
            by(case.base, case.tables),
            &format!("{name}: model and tables"),
        );
        same(&net, by(whole, ""), &format!("{name}: file"));
        same(
            &net,
            by(base, case.tables),
            &format!("{name}: file and tables"),
        );
        assert_ne!(by(base, "").0, key(&net), "{name}: without tables");
        assert!(keys.insert(key(&net)), "{name}: the key of another network");
    }
}

#[test]
fn the_file_that_hnn_core_wrote_has_the_key_of_the_network_that_was_in_memory() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/network_file.json");
    let by_file = |more: &str| {
        bound(
            Path::new("."),
            &format!("[network]\nfile = \"{file}\"\n{more}"),
        )
    };
    let mut net = network_of_the_file();
    same(&net, by_file(""), "as it is");
    // Drives that were loaded go and change as if they had been added here.
    net.remove_drive("common").unwrap();
    net.set("drives.alpha.burst_rate", 5.0.into()).unwrap();
    let set = "[set]\ndrives.common = false\ndrives.alpha.burst_rate = 5.0";
    same(&net, by_file(set), "drives changed");
    net.clear_drives();
    same(&net, by_file("clear_drives = true"), "drives cleared");
}

#[test]
fn a_parameter_file_has_the_key_of_its_network() {
    for (name, legacy) in [("json", false), ("json", true), ("param", false)] {
        let file = format!(
            "{}/tests/data/network_params.{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(&file).unwrap();
        let params = match name {
            "json" => Params::from_json(&text),
            _ => Params::from_param(&text),
        };
        let model = Model::Neymotin2020;
        let net = Network::from_params(model, &params.unwrap(), [2, 3], true, legacy).unwrap();
        let text = format!(
            "[network]\nparams = \"{file}\"\nadd_drives_from_params = true\nlegacy_mode = {legacy}\nmesh_shape = [2, 3]\n"
        );
        same(
            &net,
            bound(Path::new("."), &text),
            &format!("{name} {legacy}"),
        );
    }
}
