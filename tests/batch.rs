//! `BatchSimulate` of the library: hnn-core's defaults and methods, over the store of the command line.

mod support;

use assert_cmd::Command;
use hnn_sweep::batch::{BatchError, BatchResults, BatchSimulate, Data, ParamGrid, Run};
use hnn_sweep::network::{
    DriveAttachment, ElectrodeArray, Evoked, MechValue, Model, NewTonicBias, Poisson, RateConstant,
};
use hnn_sweep::pipeline::{ParamValues, Values};
use hnn_sweep::solver::{Record, Solver, Trial};
use indexmap::IndexMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

const QUIET: Run = Run {
    return_output: true,
    combinations: true,
    n_jobs: 2,
    verbose: false,
    retry_failed: false,
};

/// An input whose weight is a parameter, on a small network.
fn batch(folder: &Path) -> BatchSimulate {
    BatchSimulate::new(|net, params| {
        let weight = params.float("weight")?;
        let attach = DriveAttachment::evoked("proximal")
            .ampa([("L2_pyramidal", weight), ("L5_basket", 2.0 * weight)]);
        let drive = Evoked {
            mu: 5.0,
            sigma: 1.0,
            numspikes: 1,
        };
        net.add_evoked_drive("evprox", drive, attach)?;
        Ok(())
    })
    .net(Model::Neymotin2020.network([2, 2]))
    .tstop(20.0)
    .dt(0.05)
    .save_folder(folder)
}

/// The same networks in a pipeline file.
const FILE: &str = r#"
name = "file"
[network]
mesh_shape = [2, 2]
[simulation]
tstop = 20.0
dt = 0.05
[grid]
weight = [0.01, 0.02, 0.005]
[[drive]]
type = "evoked"
name = "evprox"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = { L2_pyramidal = "weight", L5_basket = "2*weight" }
"#;

/// In no order, so that sorting would show.
const WEIGHTS: [f64; 3] = [0.01, 0.02, 0.005];

fn grid(weights: impl Into<Values>) -> ParamGrid {
    ParamGrid::new().axis("weight", weights)
}

fn weights(results: &BatchResults) -> Vec<f64> {
    let data = results.simulated_data.iter();
    data.map(|sim| sim.param_values.float("weight").unwrap())
        .collect()
}

fn message<T>(result: Result<T, BatchError>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn defaults_equal_those_of_hnn_core() {
    let reference: serde_json::Value = support::reference("batch.json");
    let defaults = |of: &str| reference["signatures"][of].as_object().unwrap().clone();
    let ours = BatchSimulate::new(|_, _| Ok(()));
    let mut wanted = defaults("BatchSimulate");
    for required in ["set_params", "summary_func"] {
        wanted.remove(required).unwrap(); // a closure and none
    }
    assert_eq!(wanted.remove("net").unwrap(), "neymotin_2020_model()");
    assert_eq!(*ours.net, Model::Neymotin2020.network([10, 10]));
    for (name, default) in wanted {
        let flag = |own: bool| assert_eq!(default, own, "{name}");
        let number = |own: f64| assert_eq!(default.as_f64(), Some(own), "{name}");
        match name.as_str() {
            "tstop" => number(ours.tstop),
            "dt" => number(ours.dt),
            "n_trials" => number(ours.n_trials.into()),
            "batch_size" => number(ours.batch_size.into()),
            "save_folder" => assert_eq!(default, ours.save_folder.to_str().unwrap()),
            "overwrite" => flag(ours.overwrite),
            // The one deliberate difference: the store is the point.
            "save_outputs" => flag(!ours.save_outputs),
            "save_dpl" => flag(ours.save_dpl),
            "save_spiking" => flag(ours.save_spiking),
            "save_lfp" => flag(ours.save_lfp),
            "save_voltages" => flag(ours.save_voltages),
            "save_currents" => flag(ours.save_currents),
            "save_calcium" => flag(ours.save_calcium),
            "record_vsec" => flag(ours.record_vsec != Record::Off),
            "record_isec" => flag(ours.record_isec != Record::Off),
            "postproc" => flag(ours.postproc),
            "clear_cache" => flag(ours.clear_cache),
            other => panic!("{other} of hnn-core is missing here"),
        }
    }
    let run = Run::default();
    for (name, default) in defaults("run") {
        match name.as_str() {
            "param_grid" => {}
            "return_output" => assert_eq!(default, run.return_output),
            "combinations" => assert_eq!(default, run.combinations),
            "n_jobs" => assert_eq!(default, run.n_jobs),
            "verbose" => assert_eq!(default, run.verbose),
            "backend" => {} // threads
            other => panic!("{other} of hnn-core is missing here"),
        }
    }
}

#[test]
fn the_library_finds_what_the_command_line_has_simulated() {
    let dir = folder();
    run_program(dir.path(), FILE);
    let results = batch(dir.path()).run(grid(WEIGHTS), QUIET).unwrap();
    assert_eq!(results.simulated, 0);
    assert_eq!(weights(&results), WEIGHTS);
}

#[test]
fn the_command_line_finds_what_the_library_has_simulated() {
    let dir = folder();
    let results = batch(dir.path()).run(grid(WEIGHTS), QUIET).unwrap();
    assert_eq!(results.simulated, 3);
    let said = run_program(dir.path(), FILE);
    assert!(said.contains("\n0 simulated"), "{said}");
}

/// `hnn-sweep run`, and what it prints.
fn run_program(folder: &Path, text: &str) -> String {
    let file = folder.join("pipeline.toml");
    std::fs::write(&file, text).unwrap();
    let mut program = Command::cargo_bin("hnn-sweep").unwrap();
    let done = program.arg("run").arg(&file).arg("--folder").arg(folder);
    let output = done.assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

#[test]
fn returned_results_are_those_of_the_solver_bit_for_bit() {
    let dir = folder();
    let batch = batch(dir.path()).save_spiking(true).n_trials(2);
    let results = batch.run(grid([0.02]), QUIET).unwrap();
    let sim = &results.simulated_data[0];
    let network = batch.network(&sim.param_values).unwrap();
    let spiking = sim.spiking.as_ref().unwrap();
    for trial in 0..2 {
        let wanted = Trial {
            tstop: 20.0,
            dt: 0.05,
            trial: trial as u32,
            record_vsec: Record::Off,
            record_isec: Record::Off,
            record_ca: Record::Off,
            record_lfp: false,
        };
        let wanted = Solver::new()
            .simulate(&network, &wanted, &|| false)
            .unwrap();
        assert_eq!(sim.dpl[trial].data, wanted.dipole);
        assert_eq!(sim.dpl[trial].times, wanted.times);
        let spikes = wanted.spikes.iter();
        let (times, gids): (Vec<f64>, Vec<u32>) = spikes.map(|s| (s.time, s.gid)).unzip();
        assert!(times.len() > 4);
        assert_eq!(
            (&spiking.spike_times[trial], &spiking.spike_gids[trial]),
            (&times, &gids)
        );
        let types: Vec<&str> = gids
            .iter()
            .map(|gid| network.gid_to_type(*gid).unwrap())
            .collect();
        assert_eq!(spiking.spike_types[trial], types);
    }
    assert_eq!(sim.net.gid_ranges, network.gid_ranges);
}

#[test]
fn combinations_are_all_or_pairs_in_the_order_of_itertools() {
    let dir = folder();
    let grid = |b: &[i64]| {
        ParamGrid::new()
            .axis("weight", [0.01, 0.02])
            .axis("b", b.to_vec())
    };
    let pairs = |results: BatchResults| -> Vec<(f64, i64)> {
        let values = results.simulated_data.iter().map(|sim| &sim.param_values);
        values
            .map(|v| (v.float("weight").unwrap(), v.int("b").unwrap()))
            .collect()
    };
    let together = Run {
        combinations: false,
        ..QUIET
    };
    let batch = batch(dir.path());
    let all = batch.run(grid(&[1, 2]), QUIET).unwrap();
    assert_eq!(pairs(all), [(0.01, 1), (0.01, 2), (0.02, 1), (0.02, 2)]);
    let zipped = batch.run(grid(&[1, 2]), together).unwrap();
    assert_eq!(pairs(zipped), [(0.01, 1), (0.02, 2)]);
    // hnn-core drops what has no partner.
    let refused = message(batch.run(grid(&[1, 2, 3]), together));
    assert!(refused.contains("weight has 2, b has 3"), "{refused}");
}

#[test]
fn an_error_of_set_params_names_the_point_and_nothing_is_simulated() {
    let dir = folder();
    let batch = BatchSimulate::new(|net, params| {
        let attach = DriveAttachment::evoked(params.text("location")?).ampa([("L2_basket", 0.01)]);
        let drive = Evoked {
            mu: 5.0,
            sigma: 1.0,
            numspikes: 1,
        };
        net.add_evoked_drive("evprox", drive, attach)?;
        Ok(())
    })
    .save_folder(dir.path());
    let locations = ParamGrid::new().axis("location", ["proximal", "proximl"]);
    let refused = message(batch.run(locations, QUIET));
    assert!(refused.starts_with("set_params failed: "), "{refused}");
    assert!(
        refused.contains("where location = \"proximl\""),
        "{refused}"
    );
    let misspelt = message(batch.run(grid([0.01]), QUIET));
    assert!(
        misspelt.contains("there is no parameter `location`"),
        "{misspelt}"
    );
    assert!(is_empty(dir.path()));
}

#[test]
fn a_panic_in_set_params_is_an_error_that_names_the_point() {
    let dir = folder();
    let batch = BatchSimulate::new(|_, params| {
        assert!(params.float("weight")? < 0.5, "too strong");
        Ok(())
    });
    let refused = message(batch.save_folder(dir.path()).run(grid([0.1, 0.9]), QUIET));
    assert!(
        refused.contains("set_params panicked: too strong where weight = 0.9"),
        "{refused}"
    );
    assert!(is_empty(dir.path()));
}

#[test]
fn set_params_that_makes_another_network_each_time_is_refused_in_words() {
    let dir = folder();
    let calls = AtomicU32::new(0);
    let fickle = BatchSimulate::new(move |net, _| {
        net.celsius = 30.0 + f64::from(calls.fetch_add(1, Ordering::Relaxed));
        Ok(())
    })
    .net(Model::Neymotin2020.network([1, 1]))
    .tstop(5.0)
    .save_folder(dir.path());
    let refused = message(fickle.run(ParamGrid::new(), QUIET));
    assert!(
        refused.contains("set_params gives another network"),
        "{refused}"
    );
}

#[test]
fn arguments_that_cannot_be_are_refused_before_anything_runs() {
    let dir = folder();
    let run = |change: fn(BatchSimulate) -> BatchSimulate| {
        message(change(batch(dir.path())).run(grid([0.01]), QUIET))
    };
    for (refused, words) in [
        (run(|b| b.n_trials(0)), "`n_trials` must be between 1"),
        (run(|b| b.batch_size(0)), "`batch_size` must be between 1"),
        (run(|b| b.dt(0.0)), "`dt` must be greater than 0"),
        (run(|b| b.dt(50.0)), "`dt` does not fit"),
        (run(|b| b.tstop(f64::NAN)), "`tstop` must be greater than 0"),
        (run(|b| b.tstop(1e9)), "`tstop` asks for"),
        (run(|b| b.name("a/b")), "`name` must have"),
        (
            run(|b| b.save_folder("")),
            "`save_folder` must not be empty",
        ),
    ] {
        assert!(refused.contains(words), "{refused}");
    }
    let refused = |grid: ParamGrid| message(batch(dir.path()).run(grid, QUIET));
    let none = refused(grid(Vec::<f64>::new()));
    assert!(none.contains("`weight` has no values"), "{none}");
    let nan = refused(grid([f64::NAN]));
    assert!(nan.contains("`weight` contains NaN"), "{nan}");
    let taken = refused(ParamGrid::new().axis("trial", [1]));
    assert!(taken.contains("`trial` cannot name a parameter"), "{taken}");
    let twice = refused(grid([0.1]).axis("weight", [0.2]));
    assert!(twice.contains("already the name"), "{twice}");
    assert!(is_empty(dir.path()));
}

#[test]
fn raising_n_trials_simulates_the_new_ones_only() {
    let dir = folder();
    let with_trials = |n| {
        let batch = batch(dir.path()).n_trials(n);
        batch.run(grid(WEIGHTS), QUIET).unwrap()
    };
    assert_eq!(with_trials(2).simulated, 6);
    let five = with_trials(5);
    assert_eq!(five.simulated, 9);
    assert!(five.simulated_data.iter().all(|sim| sim.dpl.len() == 5));
}

#[test]
fn stored_results_are_never_replaced_whatever_overwrite_says() {
    let dir = folder();
    let run = |overwrite| {
        let batch = batch(dir.path()).overwrite(overwrite);
        batch.run(grid(WEIGHTS), QUIET).unwrap().simulated
    };
    assert_eq!([run(true), run(true), run(false)], [3, 0, 0]);
}

#[test]
fn one_thread_and_many_return_the_same() {
    let results = [1, 4, -1].map(|n_jobs| {
        let dir = folder();
        let batch = batch(dir.path()).save_spiking(true).n_trials(2);
        let results = batch.run(grid(WEIGHTS), Run { n_jobs, ..QUIET }).unwrap();
        let data = results.simulated_data.into_iter();
        data.map(|sim| (sim.index, sim.dpl, sim.spiking))
            .collect::<Vec<_>>()
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

fn peak(sim: &hnn_sweep::batch::SimulatedData) -> f64 {
    let dipole = &sim.dpl[0];
    dipole.peak(&dipole.data.agg).unwrap().1
}

#[test]
fn there_is_one_summary_row_per_simulation_whatever_batch_size_is() {
    let rows = [1, 2, 100].map(|batch_size| {
        let dir = folder();
        let batch = batch(dir.path()).batch_size(batch_size);
        let batch = batch.summary_func(|sim| Ok([("peak", peak(sim))]));
        let results = batch.run(grid(WEIGHTS), QUIET).unwrap();
        for (row, sim) in results
            .summary_statistics
            .iter()
            .zip(&results.simulated_data)
        {
            assert_eq!(row.values["peak"], peak(sim));
            assert_eq!(row.param_values, sim.param_values);
        }
        results.summary_statistics
    });
    assert_eq!(rows[0].len(), 3);
    assert_eq!(rows[0], rows[1]);
    assert_eq!(rows[0], rows[2]);
}

#[test]
fn another_summary_func_simulates_nothing() {
    let dir = folder();
    batch(dir.path()).run(grid(WEIGHTS), QUIET).unwrap();
    let batch = batch(dir.path()).summary_func(|sim| Ok([("peak", peak(sim))]));
    let results = batch.run(grid(WEIGHTS), QUIET).unwrap();
    assert_eq!(
        (results.simulated, results.summary_statistics.len()),
        (0, 3)
    );
}

#[test]
fn without_return_output_or_with_clear_cache_no_data_stay_in_memory() {
    let dir = folder();
    let batch = batch(dir.path()).summary_func(|sim| Ok([("peak", peak(sim))]));
    let silent = Run {
        return_output: false,
        ..QUIET
    };
    let results = batch.run(grid(WEIGHTS), silent).unwrap();
    assert_eq!(
        (
            results.simulated_data.len(),
            results.summary_statistics.len()
        ),
        (0, 3)
    );
    let cleared = batch
        .clone()
        .clear_cache(true)
        .run(grid(WEIGHTS), QUIET)
        .unwrap();
    assert_eq!(
        (
            cleared.simulated_data.len(),
            cleared.summary_statistics.len()
        ),
        (0, 3)
    );
    // The folder is not touched by either.
    assert_eq!(batch.load_all_results().unwrap().len(), 3);
}

#[test]
fn an_error_or_panic_of_summary_func_names_the_simulation_and_loses_nothing() {
    let dir = folder();
    let strong =
        |sim: &hnn_sweep::batch::SimulatedData| sim.param_values.float("weight").unwrap() > 0.015;
    let failing = batch(dir.path()).summary_func(move |sim| match strong(sim) {
        true => Err("it is too strong".into()),
        false => Ok([("one", 1.0)]),
    });
    let refused = message(failing.run(grid(WEIGHTS), QUIET));
    let wanted = "summary_func failed with \"it is too strong\" at simulation 1 (weight = 0.02)";
    assert_eq!(refused, wanted);

    let panicking = batch(dir.path()).summary_func(move |sim| {
        assert!(!strong(sim), "too strong");
        Ok([("one", 1.0)])
    });
    let refused = message(panicking.run(grid(WEIGHTS), QUIET));
    let wanted = "summary_func panicked with \"too strong\" at simulation 1 (weight = 0.02)";
    assert_eq!(refused, wanted);
    let again = batch(dir.path()).run(grid(WEIGHTS), QUIET).unwrap();
    assert_eq!(again.simulated, 0);
}

#[test]
fn a_failed_simulation_is_listed_and_the_others_are_returned() {
    let dir = folder();
    let batch = BatchSimulate::new(|net, params| {
        // No membrane stands such a current: its potential is not finite.
        if params.flag("broken")? {
            let amplitude = [("L2_basket".to_string(), 1.7e308)];
            net.add_tonic_bias(NewTonicBias::new(amplitude.into_iter().collect()))?;
        }
        Ok(())
    })
    .net(Model::Neymotin2020.network([1, 1]))
    .tstop(5.0)
    .save_folder(dir.path());
    let grid = ParamGrid::new().axis("broken", [false, true, false]);
    let results = batch.run(grid.clone(), QUIET).unwrap();
    let failed: Vec<usize> = results.failed.iter().map(|task| task.point).collect();
    assert_eq!(failed, [1]);
    assert_eq!(results.failed[0].class, "not_finite");
    let places: Vec<usize> = results.simulated_data.iter().map(|sim| sim.index).collect();
    assert_eq!(places, [0, 2]);

    let again = batch.run(grid.clone(), QUIET).unwrap();
    assert_eq!((again.simulated, again.failed.len()), (0, 1));
    let retry = Run {
        retry_failed: true,
        ..QUIET
    };
    assert_eq!(batch.run(grid, retry).unwrap().simulated, 1);
}

/// Changes a network so that it cannot be simulated.
type Break = fn(&mut hnn_sweep::network::Network);

#[test]
fn a_network_that_cannot_be_simulated_is_refused_before_anything_runs() {
    let cases: [(Break, &str); 7] = [
        (
            |net| {
                let cell = &mut net.cell_type_mut("L5_basket").unwrap().cell;
                let mechs = &mut cell.sections["soma"].mechs;
                mechs.insert("hh3".into(), IndexMap::new());
            },
            "cell type L5_basket, section soma: hh3 is a channel that is not simulated; known: hh2, km, cad, kca, ca, cat, ar, pas; did you mean hh2?",
        ),
        (
            |net| {
                let cell = &mut net.cell_type_mut("L5_basket").unwrap().cell;
                let hh2 = &mut cell.sections["soma"].mechs["hh2"];
                hh2.insert("gnabar".into(), MechValue::Uniform(0.1));
            },
            "cell type L5_basket, section soma: hh2.gnabar is no parameter of hh2; known: gnabar_hh2, gkbar_hh2, gl_hh2, el_hh2; did you mean gnabar_hh2?",
        ),
        (
            |net| net.connectivity[0].loc = "nowhere".into(),
            "connection 0 (L2_pyramidal -> L2_pyramidal, nowhere nmda): the target has no section 'nowhere'",
        ),
        (
            |net| net.connectivity[0].delay = -1.0,
            "its delay is negative",
        ),
        (
            |net| {
                let cell = &mut net.cell_type_mut("L2_pyramidal").unwrap().cell;
                cell.synapses.shift_remove("gabab");
            },
            "cell type L2_pyramidal, section 'apical_trunk' of cell 'L2Pyr' has a synapse 'gabab' without kinetics",
        ),
        (
            |net| {
                net.pos_dict.shift_remove("L2_basket");
            },
            "'L2_basket' needs one position for each of its",
        ),
        (
            |net| {
                let attach = DriveAttachment::poisson("proximal").ampa([("L2_pyramidal", 0.01)]);
                let late = Poisson {
                    tstart: 50.0,
                    tstop: None,
                    rate_constant: RateConstant::All(10.0),
                };
                net.add_poisson_drive("late", late, attach).unwrap();
            },
            "drive `late`: tstart is 50: it cannot start after the end of the simulation, tstop = 5 ms",
        ),
    ];
    for (broken, expected) in cases {
        let dir = folder();
        let batch = BatchSimulate::new(move |net, params| {
            if params.flag("broken")? {
                broken(net);
            }
            Ok(())
        })
        .net(Model::Neymotin2020.network([1, 1]))
        .tstop(5.0)
        .save_folder(dir.path());
        let grid = ParamGrid::new().axis("broken", [false, true, false]);
        let error = message(batch.run(grid, QUIET));
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("broken = true"), "{error}");
        assert!(is_empty(dir.path()));
    }
}

#[test]
fn all_results_are_those_of_the_latest_grid_in_its_order() {
    let dir = folder();
    let batch = batch(dir.path());
    batch.run(grid([0.03, 0.04]), QUIET).unwrap();
    batch.run(grid(WEIGHTS), QUIET).unwrap();
    batch
        .clone()
        .name("other")
        .run(grid([0.05]), QUIET)
        .unwrap();
    let loaded = |batch: &BatchSimulate| -> Vec<f64> {
        let all = batch.load_all_results().unwrap();
        all.iter()
            .map(|sim| sim.param_values.float("weight").unwrap())
            .collect()
    };
    assert_eq!(loaded(&batch), WEIGHTS);
    assert_eq!(loaded(&batch.clone().name("other")), [0.05]);
    // Neither the network nor set_params are needed to read.
    let reader = BatchSimulate::new(|_, _| Err("not called".into())).save_folder(dir.path());
    assert_eq!(loaded(&reader), WEIGHTS);
}

#[test]
fn loaded_results_equal_those_that_were_returned() {
    let dir = folder();
    let batch = batch(dir.path()).save_spiking(true);
    let returned = batch.run(grid(WEIGHTS), QUIET).unwrap().simulated_data;
    let loaded = batch.load_results(1..3, None).unwrap();
    assert_eq!(loaded.len(), 2);
    for (loaded, returned) in loaded.iter().zip(&returned[1..]) {
        assert_eq!(
            (loaded.index, &loaded.param_values),
            (returned.index, &returned.param_values)
        );
        assert_eq!(
            (&loaded.dpl, &loaded.spiking),
            (&returned.dpl, &returned.spiking)
        );
    }
    let dipoles = batch.load_results(0..1, Some(&[Data::Dpl])).unwrap();
    assert_eq!((dipoles[0].dpl.len(), &dipoles[0].spiking), (1, &None));
    assert!(batch.load_results(7..9, None).unwrap().is_empty());
}

#[test]
fn what_was_never_stored_is_not_passed_for_empty() {
    let dir = folder();
    let batch = batch(dir.path());
    let missing = message(batch.load_all_results());
    assert!(
        missing.contains("no results") || missing.contains("does not exist"),
        "{missing}"
    );
    batch.run(grid([0.01]), QUIET).unwrap();
    let refused = message(batch.load_results(0..1, Some(&[Data::Spiking])));
    assert!(
        refused.contains("spikes of sim 0 trial 0 are not stored"),
        "{refused}"
    );
    assert!(refused.contains("save_spiking"), "{refused}");
    let unknown = message(batch.clone().name("batch_simulat").load_all_results());
    assert!(unknown.contains("batch_simulate"), "{unknown}");
}

#[test]
fn without_save_outputs_nothing_is_left_on_disk() {
    let dir = folder();
    let batch = batch(dir.path()).save_outputs(false);
    let results = batch.run(grid(WEIGHTS), QUIET).unwrap();
    assert_eq!(weights(&results), WEIGHTS);
    assert!(is_empty(dir.path()));
    assert_eq!(batch.run(grid(WEIGHTS), QUIET).unwrap().simulated, 3);
}

#[test]
fn every_output_is_independent_and_asking_for_one_records_it() {
    let dir = folder();
    let mut net = Model::Calcium.network([1, 1]);
    net.add_electrode_array(
        "probe",
        ElectrodeArray::new(vec![[0.0, 0.0, 100.0], [0.0, 0.0, 300.0]]),
    )
    .unwrap();
    let batch = BatchSimulate::new(|_, _| Ok(()))
        .net(net)
        .tstop(5.0)
        .save_folder(dir.path())
        .save_dpl(false)
        .save_lfp(true)
        .save_voltages(true)
        .save_currents(true)
        .record_isec(Record::All)
        .save_calcium(true);
    let results = batch.run(ParamGrid::new(), QUIET).unwrap();
    let sim = &results.simulated_data[0];
    assert!(sim.dpl.is_empty() && sim.spiking.is_none());
    let [lfp] = sim.lfp[0].as_slice() else {
        panic!()
    };
    assert_eq!(
        (
            lfp.array.as_str(),
            lfp.potential.len(),
            lfp.potential[0].len()
        ),
        ("probe", 2, 201)
    );
    // One soma of each of the four cells; calcium is in the pyramidal cells.
    let sections: Vec<&str> = sim.voltages[0].iter().map(|t| t.section.as_str()).collect();
    assert_eq!(sections, ["soma"; 4]);
    assert!(sim.currents[0].iter().any(|t| t.section != "soma"));
    assert!(!sim.calcium[0].is_empty());
    assert!(
        sim.calcium[0]
            .iter()
            .all(|t| t.section == "soma" && t.values.len() == 201)
    );
}

#[test]
fn an_output_that_cannot_exist_is_refused_before_anything_runs() {
    let dir = folder();
    let refused = message(batch(dir.path()).save_lfp(true).run(grid([0.01]), QUIET));
    assert!(
        refused.contains("`save_lfp` needs an electrode array"),
        "{refused}"
    );
    assert!(
        refused.contains("Network::add_electrode_array"),
        "{refused}"
    );
    assert!(is_empty(dir.path()));
}

#[test]
fn postproc_scales_and_smooths_with_the_values_of_each_network() {
    let dir = folder();
    let mut net = Model::Neymotin2020.network([2, 2]);
    (net.dipole_smooth_win, net.dipole_scalefctr) = (5.0, 3000.0);
    let batch = batch(dir.path()).net(net);
    let plain = batch.run(grid([0.02]), QUIET).unwrap();
    let mut wanted = plain.simulated_data[0].dpl[0].clone();
    wanted.scale(3000.0).smooth(5.0).unwrap();
    let batch = batch.postproc(true);
    let processed = batch.run(grid([0.02]), QUIET).unwrap();
    assert_eq!(processed.simulated, 0);
    assert_eq!(processed.simulated_data[0].dpl[0], wanted);
    assert_eq!(batch.load_all_results().unwrap()[0].dpl[0], wanted);
}

#[test]
fn parameter_sets_are_simulated_in_their_order_and_found_again() {
    let dir = folder();
    let batch = batch(dir.path());
    let set = |weight: f64| ParamValues::from_iter([("weight", weight)]);
    let sets = WEIGHTS.map(set);
    let results = batch.simulate_batch(&sets, 2).unwrap();
    assert_eq!(
        (results.simulated, weights(&results)),
        (3, WEIGHTS.to_vec())
    );
    // In another order, with one more.
    let sets = [0.03, 0.005, 0.02, 0.01].map(set);
    let results = batch.simulate_batch(&sets, 2).unwrap();
    assert_eq!(results.simulated, 1);
    assert_eq!(weights(&results), [0.03, 0.005, 0.02, 0.01]);
    // A grid of the same networks finds them, too.
    assert_eq!(batch.run(grid(WEIGHTS), QUIET).unwrap().simulated, 0);
    assert!(
        batch
            .simulate_batch(&[], 1)
            .unwrap()
            .simulated_data
            .is_empty()
    );
}

#[test]
fn parameter_sets_that_differ_in_their_parameters_are_refused() {
    let dir = folder();
    let batch = batch(dir.path());
    let sets = [
        ParamValues::default().with("weight", 0.01),
        ParamValues::default().with("wait", 0.01),
    ];
    let refused = message(batch.simulate_batch(&sets, 1));
    assert!(
        refused.contains("parameter set 1 has the parameters wait, and the first has weight"),
        "{refused}"
    );
    let kinds = [
        ParamValues::default().with("weight", 0.01),
        ParamValues::default().with("weight", "strong"),
    ];
    let refused = message(batch.simulate_batch(&kinds, 1));
    assert!(
        refused.contains("`weight` has values of different kinds"),
        "{refused}"
    );
}

#[test]
fn exported_files_hold_batch_size_simulations_and_are_replaced_only_with_overwrite() {
    let dir = folder();
    let batch = batch(dir.path()).batch_size(2);
    batch.run(grid(WEIGHTS), QUIET).unwrap();
    let exports = dir.path().join("exports");
    let written = batch.export_npz(&exports, false).unwrap();
    let names: Vec<&str> = written
        .iter()
        .map(|f| f.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["sim_run_0-2.npz", "sim_run_2-3.npz"]);
    let before = std::fs::read(&written[0]).unwrap();
    let refused = batch.clone().overwrite(false).export_npz(&exports, false);
    assert!(message(refused).contains("sim_run_0-2.npz"));
    assert_eq!(std::fs::read(&written[0]).unwrap(), before);
    assert_eq!(batch.export_npz(&exports, false).unwrap(), written);
}
