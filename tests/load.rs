//! What a sweep stored comes back as results in memory, in the order of the grid.

mod fake;

use fake::{Fake, OUTPUTS, files, options, pipeline, run, run_with, text};
use hnn_sweep::pipeline::ParamValue;
use hnn_sweep::solver::{Solver, SolverError};
use hnn_sweep::stages::{self, Loader, Options, Watch};
use hnn_sweep::store::{Status, Table};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Every output there is, of a small network with calcium and two electrode arrays.
const ALL: &str = "
[network]
model = \"calcium\"
mesh_shape = [2, 2]
[simulation]
tstop = 12.0
dt = 0.05
n_trials = 2
[grid]
weight = [0.3, 0.1, 0.2]
[[drive]]
type = \"evoked\"
name = \"evprox\"
mu = 4.0
sigma = 1.0
numspikes = 1
location = \"proximal\"
weights_ampa = { L2_pyramidal = \"weight\", L5_basket = \"weight\" }
synaptic_delays = 0.1
[[electrode_array]]
name = \"first\"
electrode_pos = [[10.0, 20.0, 30.0], [10.0, 20.0, 600.0]]
[[electrode_array]]
name = \"second\"
electrode_pos = [1.0, 2.0, 3.0]
method = \"lsa\"
[output]
save_spiking = true
save_lfp = true
save_voltages = true
save_currents = true
save_calcium = true
record_vsec = \"all\"
record_isec = \"soma\"
record_ca = \"soma\"
trace_precision = \"float64\"
";

struct Silent;
impl Watch for Silent {}

fn really_run(text: &str, folder: &Path) {
    let options: Options = options(folder, 2);
    let stop = AtomicBool::new(false);
    stages::run(
        &pipeline(text),
        &options,
        &Solver::new(),
        &stop,
        &mut Silent,
    )
    .unwrap();
}

#[test]
fn every_result_comes_back_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    really_run(ALL, dir.path());
    let loader = Loader::open(dir.path(), None).unwrap();
    assert_eq!(loader.tables(), Table::DATA);
    assert_eq!((loader.n_points(), loader.n_trials()), (3, 2));

    let pipeline = pipeline(ALL);
    let mut points = 0;
    let mut compare = |simulation: stages::LoadedSimulation| {
        let weight = pipeline.point(simulation.point as u64);
        assert_eq!(
            simulation.parameters,
            [("weight".to_string(), weight[0].clone())]
        );
        let bound = pipeline.bind(&weight).unwrap();
        for loaded in simulation.trials {
            let trial = pipeline.output.trial(bound.tstop, bound.dt, loaded.trial);
            let fresh = Solver::new()
                .simulate(&bound.network, &trial, &|| false)
                .unwrap();
            assert!(fresh.spikes.len() > 4 && fresh.lfp.len() == 2 && !fresh.calcium.is_empty());
            assert_eq!(loaded.result, fresh);
            for spike in &fresh.spikes {
                let name = bound.network.gid_to_type(spike.gid).unwrap();
                assert_eq!(loaded.cell_types[&spike.gid], name);
            }
        }
        points += 1;
        Ok(())
    };
    loader.for_each(0..3, &Table::DATA, &mut compare).unwrap();
    assert_eq!(points, 3);

    // Only what is asked for is read.
    let spikes = loader.load(1..2, &[Table::Spikes]).unwrap();
    assert!(spikes[0].trials[0].result.times.is_empty());
    assert!(!spikes[0].trials[0].result.spikes.is_empty());

    let network = pipeline.bind(&pipeline.point(1)).unwrap().network;
    let stored = loader.networks(1..2).unwrap().remove(0).unwrap();
    assert_eq!(stored.gid_ranges, network.gid_ranges);
    assert_eq!(stored.electrodes, network.rec_arrays);
    assert_eq!(stored.cells().count() as u32, network.n_cells());
    for (name, positions) in &network.pos_dict {
        assert_eq!(&stored.positions[name], &**positions);
    }
}

#[test]
fn simulations_come_in_the_order_of_the_grid_whatever_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    run(
        &text("a", "weight = [0.003, 0.001]", 1, OUTPUTS),
        dir.path(),
    );
    // A larger grid: the first two are stored already, and the third value resolves to the network of the first.
    let grid = "weight = [0.001, 0.002, 0.003, 0.003]";
    run(&text("a", grid, 1, OUTPUTS), dir.path());
    let loader = Loader::open(dir.path(), Some("a")).unwrap();
    let loaded = loader.load(0..4, &[Table::Dipole]).unwrap();
    let sims: Vec<u32> = loaded.iter().map(|l| l.sim).collect();
    assert_eq!(sims, [1, 2, 0, 0]);
    let weights: Vec<&ParamValue> = loaded.iter().map(|l| &l.parameters[0].1).collect();
    assert_eq!(
        weights,
        [0.001, 0.002, 0.003, 0.003]
            .map(ParamValue::Float)
            .each_ref()
    );
    assert_eq!(loaded[2].trials[0].result, loaded[3].trials[0].result);
    assert_eq!(loaded[3].trials[0].result.times.len(), 41);
    assert_ne!(loaded[0].trials[0].result, loaded[3].trials[0].result);
}

#[test]
fn failed_and_missing_trials_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake {
        fail: |_, trial| (trial.trial == 1).then(|| SolverError::InvalidNetwork("bad".into())),
        ..Fake::default()
    };
    let text = text("a", "weight = [0.001]", 2, OUTPUTS);
    run_with(&text, &options(dir.path(), 1), &fake).unwrap();
    let loader = Loader::open(dir.path(), None).unwrap();
    let loaded = loader.load(0..1, &[Table::Dipole]).unwrap().remove(0);
    assert!(loaded.trials[0].is_done() && !loaded.is_done());
    let Some(Status::Failed { class, error }) = &loaded.trials[1].status else {
        panic!("{:?}", loaded.trials[1].status);
    };
    assert_eq!(class, "invalid");
    assert!(error.contains("bad"), "{error}");
    assert!(loaded.trials[1].result.times.is_empty());
}

#[test]
fn a_flipped_bit_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    run(&text("a", "weight = [0.001]", 1, OUTPUTS), dir.path());
    let file = &files(dir.path(), "dipole")[0];
    let mut bytes = std::fs::read(file).unwrap();
    bytes[100] ^= 4;
    std::fs::write(file, bytes).unwrap();
    let loader = Loader::open(dir.path(), None).unwrap();
    assert!(loader.load(0..1, &[Table::Spikes]).is_ok());
    let error = loader.load(0..1, &[Table::Dipole]).unwrap_err().to_string();
    assert!(
        error.contains("dipole/batch=0/part.parquet is damaged"),
        "{error}"
    );
}

#[test]
fn a_sweep_has_to_be_named_where_there_are_several() {
    let dir = tempfile::tempdir().unwrap();
    run(&text("alpha", "weight = [0.001]", 1, OUTPUTS), dir.path());
    run(&text("beta", "weight = [0.002]", 1, OUTPUTS), dir.path());
    let error = |sweep| {
        let error = Loader::open(dir.path(), sweep).unwrap_err();
        format!("{error} {}", miette::Diagnostic::help(&error).unwrap())
    };
    let several = error(None);
    assert!(
        several.contains("several sweeps: `alpha`, `beta`"),
        "{several}"
    );
    let misspelt = error(Some("alpah"));
    assert!(misspelt.contains("did you mean `alpha`?"), "{misspelt}");
    let found = Loader::open(dir.path(), Some("beta")).unwrap();
    assert_eq!(
        found.values(0),
        [("weight".to_string(), ParamValue::Float(0.002))]
    );
}
