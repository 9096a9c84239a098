//! Pipeline files: what the shipped ones mean, and how parameters reach the network.

use hnn_sweep::network::{Bursty, Dynamics, Evoked, Model, Network, Params, PerCellType, Poisson};
use hnn_sweep::pipeline::{ParamValue, Pipeline, PipelineError, Statistic, Trials};
use hnn_sweep::solver::Record;
use std::path::Path;

fn parse(text: &str) -> Result<Pipeline, PipelineError> {
    Pipeline::parse(text, Path::new("pipelines/test.toml"))
}

fn pipeline(text: &str) -> Pipeline {
    parse(text).unwrap_or_else(|e| panic!("{e}\n{:?}\n{text}", e.help()))
}

fn shipped(name: &str) -> Pipeline {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("pipelines")
        .join(name);
    Pipeline::load(&path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn every_shipped_pipeline_loads_and_binds_at_every_point() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    let mut n = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let pipeline = Pipeline::load(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for i in 0..pipeline.n_points() {
            pipeline.bind(&pipeline.point(i)).unwrap();
        }
        n += 1;
    }
    assert!(n >= 3);
}

#[test]
fn erp_weights_is_hnn_cores_batch_example() {
    let pipeline = shipped("erp_weights.toml");
    assert_eq!(pipeline.name, "erp_weights");
    assert_eq!(pipeline.n_points(), 400);
    assert_eq!((pipeline.n_trials, pipeline.batch_size), (1, 100));
    assert!(pipeline.output.save_dpl && pipeline.output.save_spiking && !pipeline.output.save_lfp);
    let names: Vec<&str> = pipeline
        .parameters()
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(names, ["weight_basket", "weight_pyr"]);
    // The last parameter varies fastest.
    assert_eq!(
        pipeline.point(0),
        [ParamValue::Float(1e-4), ParamValue::Float(1e-4)]
    );
    assert_eq!(
        pipeline.point(19),
        [ParamValue::Float(1e-4), ParamValue::Float(0.1)]
    );
    assert_eq!(
        pipeline.point(399),
        [ParamValue::Float(0.1), ParamValue::Float(0.1)]
    );

    let bound = pipeline.bind(&pipeline.point(19)).unwrap();
    assert_eq!((bound.tstop, bound.dt), (170.0, 0.025));
    let drive = &bound.network.external_drives["evprox"];
    let weights = drive.weights_ampa.as_ref().unwrap();
    assert_eq!((weights["L2_basket"], weights["L5_pyramidal"]), (1e-4, 0.1));
    assert_eq!(
        drive.dynamics,
        Dynamics::Evoked(Evoked {
            mu: 40.0,
            sigma: 5.0,
            numspikes: 1
        })
    );
    let PerCellType::Each(delays) = &drive.synaptic_delays else {
        panic!()
    };
    assert_eq!(delays["L5_basket"], 1.0);
    // What the file leaves out has hnn-core's defaults.
    assert_eq!(
        (drive.event_seed, drive.conn_seed, drive.space_constant),
        (2, Some(3), 3.0)
    );
    assert!(drive.cell_specific);
    assert_eq!(drive.n_drive_cells, 270);
}

#[test]
fn the_erp_drives_are_those_of_the_network_room() {
    let bound = shipped("erp.toml").bind(&[]).unwrap();
    let mut wanted = Network::neymotin_2020([10, 10]);
    wanted.add_erp_drives(0.0).unwrap();
    assert_eq!(bound.network, wanted);
}

#[test]
fn a_file_that_says_nothing_of_its_network_is_one_default_simulation() {
    assert!(
        parse("# nothing")
            .unwrap_err()
            .to_string()
            .contains("is empty")
    );
    let pipeline = pipeline("[network]");
    assert_eq!(
        (
            pipeline.name.as_str(),
            pipeline.n_points(),
            pipeline.n_trials
        ),
        ("test", 1, 1)
    );
    assert_eq!(pipeline.save_folder, Path::new("sim_results"));
    let bound = pipeline.bind(&pipeline.point(0)).unwrap();
    assert_eq!((bound.tstop, bound.dt), (170.0, 0.025));
    assert_eq!(bound.network, Network::neymotin_2020([10, 10]));
}

/// A small network with one drive, whose lines a test can add to.
fn with_drive(head: &str, drive: &str) -> String {
    format!(
        "{head}\n[network]\nmesh_shape = [2, 2]\n[[drive]]\nname = \"d\"\nlocation = \"proximal\"\n\
         weights_ampa = {{ L2_pyramidal = 0.5 }}\n{drive}"
    )
}

#[test]
fn numbers_bind_with_their_bits_and_expressions_with_python_precedence() {
    let pipeline = pipeline(&with_drive(
        "[grid]\nlog_w = [-3.5, 0]\n[derived]\nshift = \"2*base + 1e-4\"\nbase = \"10**log_w\"",
        "type = \"evoked\"\nmu = 26.61\nsigma = \"shift\"\nnumspikes = \"1 + 1\"",
    ));
    let dynamics = |i| {
        pipeline
            .bind(&pipeline.point(i))
            .unwrap()
            .network
            .external_drives["d"]
            .dynamics
            .clone()
    };
    assert_eq!(
        dynamics(1),
        Dynamics::Evoked(Evoked {
            mu: 26.61,
            sigma: 2.0001,
            numspikes: 2
        })
    );
    let Dynamics::Evoked(Evoked { sigma, .. }) = dynamics(0) else {
        panic!()
    };
    assert!((sigma - (2.0 * 10_f64.powf(-3.5) + 1e-4)).abs() < 1e-18);
}

#[test]
fn strings_booleans_and_whole_numbers_can_be_swept() {
    let pipeline = pipeline(&with_drive(
        "[grid]\nwhere_ = [\"apical_tuft\", \"distal\"]\nspecific = [true]\nseed = [4294967000, 7]",
        "type = \"evoked\"\nmu = 1\nsigma = 1\nnumspikes = 1\ncell_specific = \"$specific\"\nevent_seed = \"seed\"",
    ).replace("\"proximal\"", "\"$where_\""));
    assert_eq!(pipeline.n_points(), 4);
    let drive = |i| {
        pipeline
            .bind(&pipeline.point(i))
            .unwrap()
            .network
            .external_drives["d"]
            .clone()
    };
    assert_eq!(
        (drive(0).location.as_str(), drive(0).event_seed),
        ("apical_tuft", 4_294_967_000)
    );
    assert_eq!(
        (drive(3).location.as_str(), drive(3).event_seed),
        ("distal", 7)
    );
}

#[test]
fn seed_parameters_are_named() {
    let pipeline =
        pipeline("[sweep]\nseed_parameters = [\"seed\"]\n[grid]\nw = [1.0]\nseed = [1, 2]");
    assert_eq!(pipeline.seed_parameters, ["seed"]);
}

#[test]
fn the_model_can_be_swept() {
    let pipeline = pipeline(
        "[grid]\nwhich = [\"neymotin_2020\", \"law_2021\", \"calcium\"]\n\
         [network]\nmodel = \"$which\"\nmesh_shape = [2, 2]\n[output]\nsave_calcium = true",
    );
    let network = |i| pipeline.bind(&pipeline.point(i)).unwrap().network;
    assert_eq!(network(0), Network::neymotin_2020([2, 2]));
    assert_eq!(network(1), Network::law_2021([2, 2]));
    assert_eq!(network(2), Network::calcium([2, 2]));
    let unknown =
        parse("[grid]\nwhich = [\"law_2012\"]\n[network]\nmodel = \"$which\"").unwrap_err();
    assert!(
        unknown
            .to_string()
            .contains("is \"law_2012\", which is no model where which = \"law_2012\"")
    );
    assert_eq!(unknown.help(), Some("did you mean `law_2021`?"));
}

#[test]
fn a_network_file_is_the_network_as_it_stands() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/network_file.json");
    let pipeline = pipeline(&format!("[network]\nfile = \"{file}\""));
    let wanted = Network::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(pipeline.bind(&[]).unwrap().network, wanted);
}

#[test]
fn a_parameter_file_gives_weights_and_if_asked_drives() {
    for name in ["network_params.json", "network_params.param"] {
        let file = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap();
        let params = if name.ends_with("json") {
            Params::from_json(&text)
        } else {
            Params::from_param(&text)
        }
        .unwrap();
        for (drives, keys) in [(false, ""), (true, "add_drives_from_params = true")] {
            let pipeline = pipeline(&format!(
                "[network]\nmodel = \"law_2021\"\nparams = \"{file}\"\nmesh_shape = [3, 3]\n{keys}"
            ));
            let wanted =
                Network::from_params(Model::Law2021, &params, [3, 3], drives, false).unwrap();
            assert_eq!(pipeline.bind(&[]).unwrap().network, wanted);
            assert_eq!(wanted.external_drives.is_empty(), !drives);
        }
    }
}

#[test]
fn files_stand_beside_the_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let text = Network::neymotin_2020([2, 2]).to_json();
    std::fs::write(folder.path().join("sub/net.json"), text).unwrap();
    let path = folder.path().join("sweep.toml");
    std::fs::write(
        &path,
        "[grid]\nfile = [\"sub/net.json\", \"sub/none.json\"]\n[network]\nfile = \"$file\"",
    )
    .unwrap();
    let e = Pipeline::load(&path).unwrap_err();
    assert!(
        e.to_string().contains("`file` of [network]: ") && e.to_string().contains("sub/none.json"),
        "{e}"
    );
    std::fs::write(&path, "[network]\nfile = \"sub/net.json\"").unwrap();
    let bound = Pipeline::load(&path).unwrap().bind(&[]).unwrap();
    assert_eq!(bound.network, Network::neymotin_2020([2, 2]));
    std::fs::write(
        folder.path().join("sub/net.json"),
        "{\"object_type\": \"Cell\"}",
    )
    .unwrap();
    let e = Pipeline::load(&path).unwrap_err();
    assert!(
        e.to_string().contains("object_type: must be \"Network\""),
        "{e}"
    );
}

#[test]
fn the_mesh_and_the_duration_can_be_swept() {
    let pipeline = pipeline(
        "[grid]\nn = [2, 3]\n[network]\nmesh_shape = [\"n\", \"n + 1\"]\n[simulation]\ntstop = \"10*n\"",
    );
    let bound = pipeline.bind(&pipeline.point(1)).unwrap();
    assert_eq!((bound.network.mesh_shape, bound.tstop), ([3, 4], 30.0));
}

#[test]
fn all_drives_take_all_arguments_of_hnn_core() {
    let pipeline = pipeline(
        r#"
[network]
mesh_shape = [2, 2]

[[drive]]
type = "poisson"
name = "noise"
tstart = 1
tstop = 50.5
rate_constant = { L2_pyramidal = 10, L5_pyramidal = 20.5 }
location = "basal_2"
weights_ampa = { L2_pyramidal = 1e-3 }
weights_nmda = { L5_pyramidal = 2e-3 }
space_constant = 50
synaptic_delays = 0.3
probability = { L2_pyramidal = 0.5, L5_pyramidal = 1.0 }
event_seed = 5
conn_seed = 6

[[drive]]
type = "bursty"
name = "alpha"
tstart = 2
tstart_std = 1.5
tstop = 99
burst_rate = 10
burst_std = 20
numspikes = 3
spike_isi = 8
n_drive_cells = 4
cell_specific = false
location = "proximal"
weights_ampa = { L2_pyramidal = 1e-5 }

[[drive]]
type = "spike_train"
name = "replay"
spike_data = [[10.5, 7], [3.0, 2], [12.0, 7]]
location = "distal"
weights_ampa = { L5_pyramidal = 1e-5 }
conn_seed = 1

[[drive]]
type = "spike_train"
name = "replay_by_name"
spike_data = { a = [1.0, 2.0], b = [] }
location = "distal"
weights_ampa = { L5_pyramidal = 1e-5 }
conn_seed = 1

[[bias]]
amplitude = { L2_pyramidal = 1.5 }
t0 = 10
tstop = 20

[[bias]]
bias_name = "second"
cell_type = "L5_pyramidal"
amplitude = 0.25
section = "apical_tuft"

[[electrode_array]]
name = "grid"
electrode_pos = [[0, 0, 100], [1.5, 2, -3]]
conductivity = 0.4
method = "lsa"
min_distance = 1

[[electrode_array]]
name = "single"
electrode_pos = [1, 2, 3]

[output]
save_lfp = true
save_voltages = true
record_isec = "all"
record_ca = "soma"
trace_precision = "float64"
decimate = 4
"#,
    );
    let network = pipeline.bind(&[]).unwrap().network;
    let drive = |name: &str| &network.external_drives[name];
    let noise = drive("noise");
    assert_eq!(noise.location, "basal_2");
    assert_eq!(noise.weights_nmda.as_ref().unwrap()["L5_pyramidal"], 2e-3);
    assert_eq!(
        (noise.space_constant, noise.event_seed, noise.conn_seed),
        (50.0, 5, Some(6))
    );
    assert_eq!(noise.synaptic_delays, PerCellType::All(0.3));
    let Dynamics::Poisson(Poisson { tstart, tstop, .. }) = noise.dynamics else {
        panic!()
    };
    assert_eq!((tstart, tstop), (1.0, Some(50.5)));
    assert_eq!(
        drive("alpha").dynamics,
        Dynamics::Bursty(Bursty {
            tstart: 2.0,
            tstart_std: 1.5,
            tstop: Some(99.0),
            burst_rate: 10.0,
            burst_std: 20.0,
            numspikes: 3,
            spike_isi: 8.0
        })
    );
    assert_eq!(
        (drive("alpha").n_drive_cells, drive("alpha").cell_specific),
        (4, false)
    );
    let events = |name: &str| match &drive(name).dynamics {
        Dynamics::SpikeTrain { events } => events.to_vec(),
        _ => panic!(),
    };
    assert_eq!(events("replay"), [vec![3.0], vec![10.5, 12.0]]);
    assert_eq!(events("replay_by_name"), [vec![1.0, 2.0], vec![]]);
    let bias = &network.external_biases["tonic"]["L2_pyramidal"];
    assert_eq!(
        (bias.amplitude, bias.t0, bias.tstop, bias.section.as_str()),
        (1.5, 10.0, Some(20.0), "soma")
    );
    assert_eq!(
        network.external_biases["second"]["L5_pyramidal"].section,
        "apical_tuft"
    );
    assert_eq!(
        network.rec_arrays["grid"].positions,
        [[0.0, 0.0, 100.0], [1.5, 2.0, -3.0]]
    );
    assert_eq!(network.rec_arrays["grid"].conductivity, 0.4);
    assert_eq!(network.rec_arrays["single"].positions, [[1.0, 2.0, 3.0]]);

    // Asking for an output turns its recording on, and the other way round.
    let output = &pipeline.output;
    assert!(output.save_currents && output.save_calcium && !output.save_spiking && output.save_dpl);
    assert_eq!(
        (output.record_vsec, output.record_isec, output.record_ca),
        (Record::Soma, Record::All, Record::Soma)
    );
    assert_eq!(output.decimate, 4);
    let trial = output.trial(10.0, 0.1, 2);
    assert_eq!(
        (trial.tstop, trial.dt, trial.trial, trial.record_lfp),
        (10.0, 0.1, 2, true)
    );
}

#[test]
fn spike_trains_come_from_spike_files_too() {
    let folder = tempfile::tempdir().unwrap();
    // hnn-core's CellResponse.write: time, gid, type; sources are numbered by their first spikes.
    let spikes = "3.500\t101\tL2_basket\n4.000\t7\tL2_pyramidal\n9.125\t101\tL2_basket\n";
    std::fs::write(folder.path().join("spk_0.txt"), spikes).unwrap();
    let text = with_drive(
        "",
        "type = \"spike_train\"\nspike_data = \"spk_0.txt\"\nconn_seed = 1",
    );
    let parse = || Pipeline::parse(&text, &folder.path().join("sweep.toml"));
    let network = parse().unwrap().bind(&[]).unwrap().network;
    let Dynamics::SpikeTrain { events } = &network.external_drives["d"].dynamics else {
        panic!()
    };
    assert_eq!(**events, [vec![3.5, 9.125], vec![4.0]]);
    for (spikes, message) in [
        ("", "has no spikes"),
        (
            "1.0 x\n",
            "line 1 has 2 values; a spike has a time, a gid and a type",
        ),
        ("1.0 x L2\n", "line 1, column 2: `x` is no number"),
        ("1.0 1.5 L2\n", "line 1, column 2: `1.5` is no whole number"),
        ("inf 1 L2\n", "line 1, column 1: `inf` is no finite number"),
        ("5.0 1\n", "a spike has a time, a gid and a type"),
        ("5.0 1 L2\n4.0 1 L2\n", "spike_data"),
    ] {
        std::fs::write(folder.path().join("spk_0.txt"), spikes).unwrap();
        let e = parse().unwrap_err();
        assert!(e.to_string().contains(message), "{e}");
    }
}

#[test]
fn spikes_are_read_however_they_were_written_and_of_a_pattern_the_first_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let events = |name: &str| {
        let drive = format!("type = \"spike_train\"\nspike_data = \"{name}\"\nconn_seed = 1");
        let pipeline = Pipeline::parse(&with_drive("", &drive), &folder.path().join("sweep.toml"))?;
        let network = pipeline.bind(&[])?.network;
        let Dynamics::SpikeTrain { events } = &network.external_drives["d"].dynamics else {
            panic!()
        };
        Ok::<_, PipelineError>((**events).clone())
    };
    let wanted = vec![vec![3.5, 9.125], vec![4.0]];
    for (name, text) in [
        (
            "spk_00.txt",
            "3.500\t101\tL2_basket\n4.000\t7\tL2_pyramidal\n9.125\t101\tL2_basket\n",
        ),
        ("spk_01.txt", "1.0\t7\tL2_pyramidal\n"),
        (
            "a.csv",
            "3.5,101,L2_basket\n4,7,L2_pyramidal\n9.125,101,L2_basket\n",
        ),
        (
            "b.csv",
            ",gid,type,time\n0,101.0,L2_basket,3.5\n1,7.0,L2_pyramidal,4.0\n2,101.0,L2_basket,9.125\n",
        ),
        (
            "c.txt",
            "# times gids types\n3.5 101 L2_basket # first\n4 7 L2_pyramidal\n9.125 101 L2_basket\n",
        ),
        // The table `spikes` of a folder.
        (
            "d.csv",
            "sim,trial,time,gid,cell_type\n0,0,3.5,101,L2_basket\n0,0,4,7,L2_pyramidal\n0,0,9.125,101,L2_basket\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
        if name != "spk_01.txt" {
            assert_eq!(events(name).unwrap(), wanted, "{name}");
        }
    }
    assert_eq!(events("spk_*.txt").unwrap(), wanted);
    assert_eq!(events("spk_0[1-9].txt").unwrap(), [vec![1.0]]);
    let error = events("spike_*.txt").unwrap_err().to_string();
    let searched = format!("no file in {} is called so", folder.path().display());
    assert!(error.contains(&searched), "{error}");
}

/// Every example in the documentation of the format is a pipeline that loads.
#[test]
fn the_documented_examples_load() {
    let text = include_str!("../docs/pipeline.md");
    let examples: Vec<&str> = text
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 4);
    for example in examples {
        let mut text = example.to_owned();
        if example.contains("[set]") {
            text.push_str(
                "[grid]\nw = [0.1]\ngain = [1.5]\nseed = [3]\n[[drive]]\ntype = \"erp\"\n",
            );
        }
        let pipeline = pipeline(&text);
        pipeline.bind(&pipeline.point(0)).unwrap();
    }
}

#[test]
fn summaries_only_keeps_nothing_else() {
    let output = pipeline("[output]\nsave_outputs = false").output;
    assert!(!(output.save_outputs || output.save_dpl || output.save_spiking || output.save_lfp));
}

#[test]
fn summaries_say_what_they_are_of() {
    let pipeline = shipped("smoke.toml");
    let names: Vec<(&str, Trials)> = pipeline
        .summaries
        .iter()
        .map(|s| (s.name.as_str(), s.trials))
        .collect();
    assert_eq!(
        names,
        [
            ("peak", Trials::Each),
            ("mean_peak", Trials::Mean),
            ("spikes", Trials::Each)
        ]
    );
    assert!(matches!(
        pipeline.summaries[0].statistic,
        Statistic::Waveform {
            smooth: Some(5.0),
            scale: 1.0,
            ..
        }
    ));
}

#[test]
fn a_point_of_a_10x10_network_binds_in_well_under_a_millisecond() {
    let pipeline = shipped("erp_weights.toml");
    let start = std::time::Instant::now();
    for i in 0..100 {
        pipeline.bind(&pipeline.point(i)).unwrap();
    }
    let each = start.elapsed() / 100;
    assert!(each.as_micros() < 1000, "{each:?}");
}
