//! What a sweep leaves in its folder, and what a second one finds there.

mod fake;

use fake::{
    Fake, OUTPUTS, Seen, column, everything, files, options, plan, rows, run, run_with, text,
};
use hnn_sweep::network::Network;
use hnn_sweep::pipeline::Pipeline;
use hnn_sweep::solver::{SimulationResult, SolverError, Trial};
use hnn_sweep::stages::plan::explain;
use hnn_sweep::stages::{self, Options, Pace, Share, Simulate};
use hnn_sweep::store::{Session, Store};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::SerializedFileReader;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const GRID: &str = "weight = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_sweep_leaves_tables_in_batches_and_in_the_order_of_the_grid() {
    let dir = folder();
    let (calls, _) = run(&text("a", GRID, 2, OUTPUTS), dir.path());
    assert_eq!(calls, 12);

    // Batches of 4 simulations: 0 to 3, 4 and 5.
    let names: Vec<String> = files(dir.path(), "dipole")
        .iter()
        .map(|file| file.strip_prefix(dir.path()).unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        ["dipole/batch=0/part.parquet", "dipole/batch=1/part.parquet"]
    );

    let sims: Vec<String> = column(dir.path(), "simulations", "sim");
    assert_eq!(
        sims,
        ["0", "0", "1", "1", "2", "2", "3", "3", "4", "4", "5", "5"]
    );
    let points = column(dir.path(), "simulations", "point");
    assert_eq!(points, sims);
    assert_eq!(column(dir.path(), "simulations", "weight")[4], "0.003");
    // 41 samples of 12 tasks.
    assert_eq!(rows(dir.path(), "dipole").len(), 41 * 12);
    assert_eq!(rows(dir.path(), "summary").len(), 12);
}

#[test]
fn a_statistic_is_that_of_the_stored_waveform() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    let dipole = rows(dir.path(), "dipole");
    for row in rows(dir.path(), "summary") {
        let of_sim = dipole.iter().filter(|sample| sample["sim"] == row["sim"]);
        let top = of_sim
            .map(|s| s["agg"].parse::<f64>().unwrap())
            .fold(f64::MIN, f64::max);
        assert_eq!(row["top"].parse::<f64>().unwrap(), top);
    }
}

#[test]
fn units_are_in_the_metadata_of_fields_and_files() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    let file = std::fs::File::open(&files(dir.path(), "dipole")[0]).unwrap();
    let builder =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(
        builder.schema().field_with_name("agg").unwrap().metadata()["units"],
        "nAm"
    );
    assert_eq!(
        builder.schema().field_with_name("time").unwrap().metadata()["units"],
        "ms"
    );
    let pairs = builder
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap();
    let units = pairs
        .iter()
        .find(|pair| pair.key == "hnn_sweep.units")
        .unwrap();
    assert_eq!(
        units.value.as_deref(),
        Some(r#"{"L2":"nAm","L5":"nAm","agg":"nAm","time":"ms"}"#)
    );
}

#[test]
fn columns_of_the_summary_have_units_in_their_metadata() {
    let dir = folder();
    let band = "[[summary]]\nname = \"beta\"\nstatistic = \"band_power\"\nfmin = 100\nfmax = 300\n\
                [[summary]]\nname = \"when\"\nstatistic = \"time_of_max\"\n\
                [[summary]]\nname = \"rate\"\nstatistic = \"mean_rate\"\n\
                [[summary]]\nname = \"ratio\"\nstatistic = \"expression\"\nexpression = \"top / when\"\n";
    run(&text("a", GRID, 1, &format!("{OUTPUTS}{band}")), dir.path());
    let unit = |column: &str| {
        let file = std::fs::File::open(&files(dir.path(), "summary")[0]).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let field = builder.schema().field_with_name(column).unwrap().clone();
        field.metadata().get("units").cloned()
    };
    assert_eq!(unit("top").as_deref(), Some("nAm"));
    assert_eq!(unit("when").as_deref(), Some("ms"));
    assert_eq!(unit("beta").as_deref(), Some("nAm^2"));
    assert_eq!(unit("rate").as_deref(), Some("Hz"));
    assert_eq!(unit("n"), None);
    assert_eq!(unit("ratio"), None);

    // Another sweep means something else by the same name: then the column has no unit.
    let other =
        "[output]\nsave_dpl = true\n[[summary]]\nname = \"top\"\nstatistic = \"time_of_max\"\n";
    run(&text("b", GRID, 1, other), dir.path());
    assert_eq!(unit("top"), None);
}

#[test]
fn table_folders_hold_complete_parquet_files_and_nothing_else() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    let tables: BTreeSet<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = [".state", "dipole", "simulations", "spikes", "summary"];
    assert_eq!(tables, expected.map(String::from).into());
    for table in &expected[1..] {
        for file in files(dir.path(), table) {
            assert_eq!(file.extension().unwrap(), "parquet");
            SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
        }
    }
}

#[test]
fn one_job_and_two_jobs_leave_the_same_bytes() {
    let (one, two) = (folder(), folder());
    let sweep = text("a", GRID, 2, OUTPUTS);
    let slow = Fake {
        wait: Duration::from_millis(2),
        ..Fake::default()
    };
    run_with(&sweep, &options(one.path(), 1), &Fake::default()).unwrap();
    run_with(&sweep, &options(two.path(), 2), &slow).unwrap();
    assert_eq!(everything(one.path()), everything(two.path()));
    assert!(fake::bytes(one.path()) == fake::bytes(two.path()));
}

#[test]
fn a_second_run_simulates_nothing() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    run(&sweep, dir.path());
    let before = everything(dir.path());
    let (calls, seen) = run(&sweep, dir.path());
    assert_eq!(calls, 0);
    assert_eq!(seen.plan.unwrap().done, 6);
    assert_eq!(everything(dir.path()), before);
}

#[test]
fn a_grid_that_grows_keeps_its_numbers_and_appends() {
    let dir = folder();
    run(
        &text("a", "weight = [0.001, 0.003]", 1, OUTPUTS),
        dir.path(),
    );
    let grown = text("a", "weight = [0.001, 0.002, 0.003]", 1, OUTPUTS);
    assert_eq!(
        plan(&grown, dir.path()),
        [("new parameter value weight = 0.002".to_string(), 1)]
    );
    let (calls, _) = run(&grown, dir.path());
    assert_eq!(calls, 1);
    let table: Vec<[String; 3]> = rows(dir.path(), "simulations")
        .iter()
        .map(|row| ["sim", "point", "weight"].map(|name| row[name].clone()))
        .collect();
    assert_eq!(
        table,
        [
            ["0", "0", "0.001"],
            ["1", "2", "0.003"],
            ["2", "1", "0.002"]
        ]
    );
}

#[test]
fn points_that_leave_the_grid_go_into_a_table_of_their_own() {
    let dir = folder();
    let weights = |list: &str| text("a", &format!("weight = [{list}]"), 1, OUTPUTS);
    run(&weights("0.001, 0.002"), dir.path());
    assert!(files(dir.path(), "former").is_empty());
    run(&weights("0.002"), dir.path());
    let weight = |table: &str| column(dir.path(), table, "weight");
    assert_eq!(weight("simulations"), ["0.002"]);
    assert_eq!(weight("summary"), ["0.002"]);
    assert_eq!(weight("former"), ["0.001"]);
    assert_eq!(column(dir.path(), "former", "point"), ["null"]);
    let columns = |table: &str| {
        rows(dir.path(), table)[0]
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(columns("former"), columns("simulations"));
    // And come back without a simulation.
    let (calls, _) = run(&weights("0.001, 0.002"), dir.path());
    assert_eq!(calls, 0);
    assert_eq!(weight("simulations"), ["0.001", "0.002"]);
    assert_eq!(weight("summary"), ["0.001", "0.002"]);
    assert!(files(dir.path(), "former").is_empty());
}

#[test]
fn a_join_by_parameters_meets_one_model_only() {
    let dir = folder();
    let later = |sweep: &str| sweep.replace("mu = 10.0", "mu = 11.0");
    let sweep = text("a", "weight = [0.001, 0.002]", 2, OUTPUTS);
    run(&sweep, dir.path());
    run(&later(&sweep), dir.path());
    let simulations = rows(dir.path(), "simulations");
    assert_eq!(simulations.len(), 4);
    let sims: BTreeSet<&str> = simulations.iter().map(|row| row["sim"].as_str()).collect();
    assert_eq!(sims, BTreeSet::from(["2", "3"]));
    assert_eq!(rows(dir.path(), "former").len(), 4);
    // All results are still there.
    assert_eq!(rows(dir.path(), "dipole").len(), 8 * 41);
}

#[test]
fn statistics_of_the_mean_stand_in_the_rows_of_the_trials() {
    let dir = folder();
    let mean = "[[summary]]\nname = \"of_mean\"\nstatistic = \"max\"\ntrials = \"mean\"\n";
    let sweep = text(
        "a",
        "weight = [0.001, 0.002]",
        3,
        &format!("{OUTPUTS}{mean}"),
    );
    run(&sweep, dir.path());
    let summary = rows(dir.path(), "summary");
    assert_eq!(summary.len(), 6);
    for of_point in summary.chunks(3) {
        let of =
            |name: &str| -> Vec<&str> { of_point.iter().map(|row| row[name].as_str()).collect() };
        assert_eq!(of("trial"), ["0", "1", "2"]);
        assert!(!of("top").contains(&"null") && !of("of_mean").contains(&"null"));
        assert!(of("of_mean").iter().all(|value| *value == of("of_mean")[0]));
        assert_ne!(of("top")[0], of("top")[1]);
    }

    // Where nothing is of a trial, a point has one row.
    let only = text(
        "b",
        "weight = [0.001, 0.002]",
        3,
        &format!("[output]\nsave_dpl = true\n{mean}"),
    );
    run(&only, dir.path());
    let mut summary = rows(dir.path(), "summary");
    summary.retain(|row| row["sweep"] == "b");
    let of = |name: &str| -> Vec<&str> { summary.iter().map(|row| row[name].as_str()).collect() };
    assert_eq!(of("trial"), ["null", "null"]);
    assert_eq!(of("point"), ["0", "1"]);
    assert!(!of("of_mean").contains(&"null"));
}

#[test]
fn more_trials_run_only_the_new_ones() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    let more = text("a", GRID, 3, OUTPUTS);
    assert_eq!(
        plan(&more, dir.path()),
        [("n_trials 1 → 3".to_string(), 12)]
    );
    let (calls, _) = run(&more, dir.path());
    assert_eq!(calls, 12);
    assert_eq!(rows(dir.path(), "summary").len(), 18);
    // Fewer are a hit.
    assert_eq!(run(&text("a", GRID, 2, OUTPUTS), dir.path()).0, 0);
    assert_eq!(rows(dir.path(), "summary").len(), 12);
}

#[test]
fn more_outputs_run_only_what_lacks_them_and_fewer_are_a_hit() {
    let dir = folder();
    let dipole = "[output]\nsave_dpl = true\n";
    run(&text("a", "weight = [0.001, 0.002]", 1, dipole), dir.path());
    assert!(files(dir.path(), "spikes").is_empty());
    let both = text("a", "weight = [0.001, 0.002]", 1, OUTPUTS);
    assert_eq!(
        plan(&both, dir.path()),
        [("spikes were not stored".to_string(), 2)]
    );
    assert_eq!(run(&both, dir.path()).0, 2);
    assert_eq!(rows(dir.path(), "dipole").len(), 2 * 41);
    assert!(!files(dir.path(), "spikes").is_empty());
    assert_eq!(
        column(dir.path(), "simulations", "outputs"),
        ["dipole spikes", "dipole spikes"]
    );
    assert_eq!(
        run(&text("a", "weight = [0.001, 0.002]", 1, dipole), dir.path()).0,
        0
    );
}

#[test]
fn points_that_are_the_same_network_run_once_and_both_answer() {
    let dir = folder();
    // Only `weight` reaches the network.
    let sweep = text("a", "weight = [0.001, 0.002]\nlabel = [1, 2]", 1, OUTPUTS);
    let (calls, seen) = run(&sweep, dir.path());
    assert_eq!(calls, 2);
    assert_eq!(seen.plan.unwrap().n_shared, 2);
    let table: Vec<[String; 3]> = rows(dir.path(), "summary")
        .iter()
        .map(|row| ["sim", "weight", "label"].map(|name| row[name].clone()))
        .collect();
    let expected = [
        ["0", "0.001", "1"],
        ["0", "0.001", "2"],
        ["1", "0.002", "1"],
        ["1", "0.002", "2"],
    ];
    assert_eq!(table, expected);
}

#[test]
fn two_pipelines_share_a_folder_and_what_one_has_the_other_finds() {
    let dir = folder();
    run(
        &text("first", "weight = [0.001, 0.002]", 1, OUTPUTS),
        dir.path(),
    );
    let second = text("second", "weight = [0.002, 0.003]", 1, OUTPUTS);
    assert_eq!(run(&second, dir.path()).0, 1);
    let table: Vec<[String; 3]> = rows(dir.path(), "simulations")
        .iter()
        .map(|row| ["sweep", "sim", "weight"].map(|name| row[name].clone()))
        .collect();
    let expected = [
        ["first", "0", "0.001"],
        ["first", "1", "0.002"],
        ["second", "1", "0.002"],
        ["second", "2", "0.003"],
    ];
    assert_eq!(table, expected);
    assert_eq!(rows(dir.path(), "dipole").len(), 3 * 41);
}

#[test]
fn columns_that_mean_two_things_are_refused_in_words() {
    let dir = folder();
    run(
        &text("first", "weight = [0.001]\nkind = [\"x\"]", 1, OUTPUTS),
        dir.path(),
    );
    let second = text("second", "weight = [0.001]\nkind = [1]", 1, OUTPUTS);
    let error = run_with(&second, &options(dir.path(), 1), &Fake::default())
        .err()
        .unwrap();
    let words = "the column `kind` means different things in the sweeps `first` and `second` of this folder";
    assert_eq!(error.to_string(), words);
    // And nothing was harmed.
    assert_eq!(
        run(
            &text("first", "weight = [0.001]\nkind = [\"x\"]", 1, OUTPUTS),
            dir.path()
        )
        .0,
        0
    );
}

#[test]
fn new_summaries_are_computed_from_the_tables_and_simulate_nothing() {
    let dir = folder();
    run(&text("a", GRID, 2, OUTPUTS), dir.path());
    let more = format!(
        "{OUTPUTS}[[summary]]\nname = \"low\"\nstatistic = \"min\"\n\
         [[summary]]\nname = \"mean_top\"\nstatistic = \"max\"\ntrials = \"mean\"\n"
    );
    let sweep = text("a", GRID, 2, &more);
    assert!(plan(&sweep, dir.path()).is_empty());
    assert_eq!(run(&sweep, dir.path()).0, 0);

    // The same as if they had been there from the beginning.
    let fresh = folder();
    run(&sweep, fresh.path());
    assert_eq!(rows(dir.path(), "summary"), rows(fresh.path(), "summary"));
    // A row for each of 2 trials of 6 points.
    assert_eq!(rows(dir.path(), "summary").len(), 12);
}

#[test]
fn a_summary_whose_source_was_not_stored_is_simulated_and_the_plan_says_so() {
    let dir = folder();
    let only = "[output]\nsave_outputs = false\n[[summary]]\nname = \"top\"\nstatistic = \"max\"\n";
    run(&text("a", "weight = [0.001]", 1, only), dir.path());
    assert!(files(dir.path(), "dipole").is_empty());
    assert_eq!(rows(dir.path(), "summary").len(), 1);
    let low = format!("{only}[[summary]]\nname = \"low\"\nstatistic = \"min\"\n");
    let sweep = text("a", "weight = [0.001]", 1, &low);
    let reason = "summary low is new, and what it is computed from was not stored";
    assert_eq!(plan(&sweep, dir.path()), [(reason.to_string(), 1)]);
    assert_eq!(run(&sweep, dir.path()).0, 1);
    assert_ne!(column(dir.path(), "summary", "low"), ["null"]);
}

#[test]
fn a_failing_simulation_is_a_row_and_the_others_go_on() {
    let dir = folder();
    let fake = Fake {
        fail: |network, _| match network.connectivity.iter().any(|c| c.weight == 0.003) {
            true => Some(SolverError::InvalidNetwork("three is too much".into())),
            false => None,
        },
        ..Fake::default()
    };
    let sweep = text("a", GRID, 1, OUTPUTS);
    let (report, _) = run_with(&sweep, &options(dir.path(), 2), &fake).unwrap();
    assert_eq!(report.failed.len(), 1);
    assert_eq!(report.failed[0].parameters, "weight = 0.003");
    let row = rows(dir.path(), "simulations")
        .into_iter()
        .find(|row| row["sim"] == "2")
        .unwrap();
    assert_eq!(
        [&row["status"], &row["error"]],
        ["failed: invalid", "three is too much"]
    );
    assert_eq!(rows(dir.path(), "dipole").len(), 5 * 41);
    assert_eq!(rows(dir.path(), "summary").len(), 5);

    // It is not tried again by itself, and still reported.
    let again = Fake::default();
    let (report, _) = run_with(&sweep, &options(dir.path(), 2), &again).unwrap();
    assert_eq!((again.n_calls(), report.failed.len()), (0, 1));

    // Asked for, it is.
    let mut retry = options(dir.path(), 2);
    retry.retry_failed = true;
    let (report, seen) = run_with(&sweep, &retry, &again).unwrap();
    assert_eq!((again.n_calls(), report.failed.len()), (1, 0));
    assert_eq!(seen.reasons(), [("failed before".to_string(), 1)]);
    assert_eq!(rows(dir.path(), "dipole").len(), 6 * 41);
}

#[test]
fn a_panic_in_a_simulation_is_a_failed_row() {
    let dir = folder();
    let fake = Fake {
        fail: |network, _| match network.connectivity.iter().any(|c| c.weight == 0.003) {
            true => panic!("index 7"),
            false => None,
        },
        ..Fake::default()
    };
    let (report, _) =
        run_with(&text("a", GRID, 1, OUTPUTS), &options(dir.path(), 1), &fake).unwrap();
    assert_eq!(report.failed[0].class, "panic");
    assert_eq!(report.simulated, 6);
}

#[test]
fn a_simulation_beyond_the_time_limit_is_a_failed_row() {
    let dir = folder();
    let fake = Fake {
        wait: Duration::from_millis(20),
        ..Fake::default()
    };
    let mut limited = options(dir.path(), 1);
    limited.time_limit = Some(Duration::from_millis(1));
    let (report, _) =
        run_with(&text("a", "weight = [0.001]", 1, OUTPUTS), &limited, &fake).unwrap();
    assert_eq!(report.failed[0].class, "time_limit");
}

#[test]
fn a_truncated_part_is_named_and_only_what_it_held_is_simulated_again() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    run(&sweep, dir.path());
    let before = everything(dir.path());
    let part = dir.path().join("dipole/batch=1/part.parquet");
    let bytes = std::fs::read(&part).unwrap();
    std::fs::write(&part, &bytes[..bytes.len() / 2]).unwrap();

    let reason = "dipole/batch=1/part.parquet is damaged or missing";
    assert_eq!(plan(&sweep, dir.path()), [(reason.to_string(), 2)]);
    assert_eq!(run(&sweep, dir.path()).0, 2);
    assert_eq!(everything(dir.path()), before);
    assert_eq!(std::fs::read(&part).unwrap(), bytes);
}

#[test]
fn a_part_of_simulations_that_is_missing_is_written_again_without_a_simulation() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    run(&sweep, dir.path());
    let before = everything(dir.path());
    std::fs::remove_file(dir.path().join("simulations/batch=0/part.parquet")).unwrap();
    assert_eq!(run(&sweep, dir.path()).0, 0);
    assert_eq!(everything(dir.path()), before);
}

#[test]
fn a_flipped_bit_is_found_named_and_healed_and_never_gets_a_new_checksum() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    run(&sweep, dir.path());
    let before = everything(dir.path());
    let open = || hnn_sweep::store::Store::open(dir.path()).unwrap().unwrap();
    assert_eq!(open().verify().unwrap().problems, []);
    for (name, lost) in [
        ("dipole/batch=0/part.parquet", 4),
        ("spikes/batch=1/part.parquet", 2),
        ("simulations/batch=0/part.parquet", 0),
    ] {
        let part = dir.path().join(name);
        let mut bytes = std::fs::read(&part).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        std::fs::write(&part, &bytes).unwrap();
        let problems = open().verify().unwrap().problems;
        assert_eq!(
            problems,
            [hnn_sweep::store::Problem::Part(name.to_string())]
        );
        assert_eq!(run(&sweep, dir.path()).0, lost, "{name}");
        assert_eq!(everything(dir.path()), before);
        assert_eq!(open().verify().unwrap().problems, []);
    }
    // Without `verify`, a part that is about to be merged is looked at.
    let part = dir.path().join("dipole/batch=1/part.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&part, &bytes).unwrap();
    let more = text("a", GRID, 2, OUTPUTS);
    let (report, _) = run_with(&more, &options(dir.path(), 1), &Fake::default()).unwrap();
    assert_eq!(report.damaged, ["dipole/batch=1/part.parquet"]);
    assert_eq!(run(&more, dir.path()).0, 2);
    let fresh = folder();
    run(&more, fresh.path());
    assert_eq!(everything(dir.path()), everything(fresh.path()));
}

#[test]
fn a_stranger_in_a_table_folder_is_named() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    std::fs::write(dir.path().join("dipole/batch=0/notes.txt"), "x").unwrap();
    let store = hnn_sweep::store::Store::open(dir.path()).unwrap().unwrap();
    let stranger = hnn_sweep::store::Problem::Stranger("dipole/batch=0/notes.txt".into());
    assert_eq!(store.verify().unwrap().problems, [stranger]);
}

#[test]
fn garbage_is_what_no_present_grid_has() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    run(&text("b", "weight = [0.006]", 1, OUTPUTS), dir.path());
    run(
        &text("a", "weight = [0.001, 0.002]", 1, OUTPUTS),
        dir.path(),
    );
    let mut session = hnn_sweep::store::Session::begin(dir.path()).unwrap();
    assert_eq!(session.state().garbage(), [2, 3, 4].into());
    session.collect_garbage().unwrap();
    session.finish().unwrap();
    assert_eq!(column(dir.path(), "simulations", "sim"), ["0", "1", "5"]);
    assert_eq!(rows(dir.path(), "dipole").len(), 3 * 41);
    // What was dropped is simulated again under its old number.
    assert_eq!(run(&text("a", GRID, 1, OUTPUTS), dir.path()).0, 3);
    assert_eq!(
        column(dir.path(), "summary", "sim"),
        ["0", "1", "2", "3", "4", "5", "5"]
    );
}

#[test]
fn a_sweep_without_a_spike_has_a_table_without_rows() {
    let dir = folder();
    let (sweep, less) = (
        text("a", GRID, 1, OUTPUTS),
        text("a", "weight = [0.001]", 1, OUTPUTS),
    );
    let fake = Fake {
        quiet: true,
        ..Fake::default()
    };
    run_with(&sweep, &options(dir.path(), 2), &fake).unwrap();
    let spikes = files(dir.path(), "spikes");
    assert_eq!(spikes.len(), 2);
    let schema = |file: &Path| {
        let file = std::fs::File::open(file).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        reader.schema().clone()
    };
    let loud = folder();
    run(&sweep, loud.path());
    assert_eq!(schema(&spikes[0]), schema(&files(loud.path(), "spikes")[0]));
    assert!(rows(dir.path(), "spikes").is_empty());
    assert_eq!(run(&sweep, dir.path()).0, 0);
    let store = hnn_sweep::store::Store::open(dir.path()).unwrap().unwrap();
    assert_eq!(store.verify().unwrap().problems, []);

    // A file goes with the last simulation that it stands for.
    run(&less, dir.path());
    let mut session = hnn_sweep::store::Session::begin(dir.path()).unwrap();
    session.collect_garbage().unwrap();
    session.finish().unwrap();
    assert_eq!(files(dir.path(), "spikes"), spikes[..1]);
    run(&sweep, dir.path());
    let sims = column(dir.path(), "spikes", "sim");
    let sims: BTreeSet<&str> = sims.iter().map(String::as_str).collect();
    assert_eq!(sims, ["1", "2", "3", "4", "5"].into());
}

#[test]
fn tables_without_a_state_are_not_written_to() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    run(&sweep, dir.path());
    std::fs::remove_file(dir.path().join(".state/state")).unwrap();
    let error = run_with(&sweep, &options(dir.path(), 1), &Fake::default())
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("it is gone, but there are tables"),
        "{error}"
    );
}

#[test]
fn a_folder_of_another_version_is_refused_in_words() {
    let dir = folder();
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    let path = dir.path().join(".state/state");
    let whole = std::fs::read(&path).unwrap();
    let version = u32::from_le_bytes(whole[8..12].try_into().unwrap());
    // Sealed as another version would seal it: the checksum at the end is right.
    let mut other = whole[..whole.len() - 32].to_vec();
    other[8..12].copy_from_slice(&(version + 1).to_le_bytes());
    let hash = blake3::hash(&other);
    other.extend(hash.as_bytes());
    std::fs::write(&path, &other).unwrap();
    let error = run_with(
        &text("a", GRID, 1, OUTPUTS),
        &options(dir.path(), 1),
        &Fake::default(),
    );
    let error = format!("{:?}", miette::Report::new(error.map(|_| ()).unwrap_err()));
    assert!(
        error.contains("has format 4; this program knows format 3"),
        "{error}"
    );
    let words = error.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("or another save_folder"), "{error}");
    // Nothing was written over.
    assert_eq!(std::fs::read(&path).unwrap(), other);
}

#[test]
fn a_truncated_state_is_an_error_that_says_what_to_do() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    run(&sweep, dir.path());
    let state = dir.path().join(".state/state");
    let bytes = std::fs::read(&state).unwrap();
    for end in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&state, &bytes[..end]).unwrap();
        let error = run_with(&sweep, &options(dir.path(), 1), &Fake::default())
            .err()
            .unwrap();
        assert!(
            error.to_string().contains(".state/state is damaged"),
            "{error}"
        );
    }
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(&state, &flipped).unwrap();
    let error = run_with(&sweep, &options(dir.path(), 1), &Fake::default())
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("its checksum does not match"),
        "{error}"
    );
    // As the error advises.
    std::fs::copy(dir.path().join(".state/state.before"), &state).unwrap();
    run(&sweep, dir.path());
    assert_eq!(rows(dir.path(), "dipole").len(), 6 * 41);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let dir = folder();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let sweep = text("a", GRID, 1, OUTPUTS);
    let error = run_with(&sweep, &options(&file.join("results"), 1), &Fake::default())
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("cannot make the folder"),
        "{error}"
    );
    let fake = Fake::default();
    let proc = options(Path::new("/proc/results"), 1);
    assert!(run_with(&sweep, &proc, &fake).is_err());
    assert_eq!(fake.n_calls(), 0);
}

#[test]
fn small_traces_share_a_part_and_large_ones_have_their_own() {
    let traces = "[output]\nsave_dpl = true\nsave_voltages = true\ntrace_precision = \"float64\"\n";
    let long =
        text("a", "weight = [0.001, 0.002]", 1, traces).replace("tstop = 20.0", "tstop = 2000.0");
    let names = |dir: &Path| -> Vec<String> {
        let name =
            |file: std::path::PathBuf| file.file_name().unwrap().to_str().unwrap().to_string();
        files(dir, "voltages").into_iter().map(name).collect()
    };
    let small = folder();
    let fake = Fake {
        traces: 10,
        ..Fake::default()
    };
    run_with(&long, &options(small.path(), 2), &fake).unwrap();
    assert_eq!(names(small.path()), ["part.parquet"]);

    // 700 traces of 4001 numbers of 8 bytes: 22 MB.
    let large = folder();
    let fake = Fake {
        traces: 700,
        ..Fake::default()
    };
    run_with(&long, &options(large.path(), 2), &fake).unwrap();
    let own = [
        "sim-000000-trial-0000.parquet",
        "sim-000001-trial-0000.parquet",
    ];
    assert_eq!(names(large.path()), own);
    let file = &files(large.path(), "voltages")[1];
    let opened = std::fs::File::open(file).unwrap();
    let metadata = parquet::file::reader::SerializedFileReader::new(opened).unwrap();
    assert_eq!(
        parquet::file::reader::FileReader::metadata(&metadata)
            .file_metadata()
            .num_rows(),
        700
    );

    // Found again, and healed when gone.
    assert_eq!(
        run_with(&long, &options(large.path(), 2), &fake)
            .unwrap()
            .0
            .simulated,
        0
    );
    std::fs::remove_file(file).unwrap();
    let reasons = plan(&long, large.path());
    let reason = "voltages/batch=0/sim-000001-trial-0000.parquet is damaged or missing";
    assert_eq!(reasons, [(reason.to_string(), 1)]);
    assert_eq!(
        run_with(&long, &options(large.path(), 2), &fake)
            .unwrap()
            .0
            .simulated,
        1
    );
    assert_eq!(names(large.path()), own);
    assert_eq!(
        std::fs::read_dir(large.path().join(".state/pieces"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn an_interruption_keeps_what_is_finished() {
    let dir = folder();
    let sweep = text("a", GRID, 1, OUTPUTS);
    let stop = std::sync::atomic::AtomicBool::new(false);
    struct StopAt<'a>(usize, &'a std::sync::atomic::AtomicBool);
    impl hnn_sweep::stages::Watch for StopAt<'_> {
        fn finished(&mut self, _: &hnn_sweep::stages::Finished) {
            self.0 -= 1;
            if self.0 == 0 {
                self.1.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
    let fake = Fake {
        wait: Duration::from_millis(5),
        ..Fake::default()
    };
    let report = hnn_sweep::stages::run(
        &fake::pipeline(&sweep),
        &options(dir.path(), 1),
        &fake,
        &stop,
        &mut StopAt(2, &stop),
    )
    .unwrap();
    assert!(report.left > 0 && report.simulated >= 2, "{report:?}");
    assert_eq!(report.left + report.simulated, 6);
    let listed = rows(dir.path(), "simulations").len();
    assert_eq!(listed as u64, report.simulated);
    let reasons = plan(&sweep, dir.path());
    assert_eq!(
        reasons,
        [(
            "not simulated yet: an earlier run stopped before".to_string(),
            report.left
        )]
    );
    let (calls, _) = run(&sweep, dir.path());
    assert_eq!(calls as u64, report.left);

    let fresh = folder();
    run(&sweep, fresh.path());
    assert_eq!(everything(dir.path()), everything(fresh.path()));
}

#[test]
fn shares_are_disjoint_and_complete_whenever_they_begin() {
    let dir = folder();
    let sweep = text("a", GRID, 3, OUTPUTS);
    let mut simulated = Vec::new();
    for index in [1, 0, 3, 2] {
        let fake = Fake::default();
        let share = Share::Part { index, of: 4 };
        let own = Options {
            share,
            ..options(dir.path(), 2)
        };
        let (outcome, seen) = run_with(&sweep, &own, &fake).unwrap();
        assert_eq!(outcome.left, 0);
        let plan = seen.plan.unwrap();
        assert_eq!(
            plan.done + plan.elsewhere + plan.tasks.len() as u64,
            plan.n_tasks
        );
        simulated.push(outcome.simulated);
    }
    assert_eq!(simulated, [5, 4, 5, 4]);
    assert_eq!(plan(&sweep, dir.path()), []);

    let fresh = folder();
    run(&sweep, fresh.path());
    assert_eq!(rows(dir.path(), "dipole"), rows(fresh.path(), "dipole"));
}

#[test]
fn a_share_of_listed_tasks_is_those_that_are_missing_of_them() {
    let dir = folder();
    let sweep = text("a", GRID, 2, OUTPUTS);
    for expected in [2, 0] {
        let share = Share::Tasks(vec![(5, 1), (2, 0), (99, 0)]);
        let own = Options {
            share,
            ..options(dir.path(), 2)
        };
        let (outcome, _) = run_with(&sweep, &own, &Fake::default()).unwrap();
        assert_eq!(outcome.simulated, expected);
    }
    let sims = column(dir.path(), "simulations", "sim");
    assert_eq!(sims, ["2", "5"]);
}

#[test]
fn known_values_that_meet_for_the_first_time_are_a_new_combination() {
    let dir = folder();
    let sweep = |grid: &str| {
        let distal = "[[drive]]\ntype = \"evoked\"\nname = \"evdist\"\nmu = \"mu\"\nsigma = 1.0\nnumspikes = 1\n\
                      location = \"distal\"\nweights_ampa = { L2_pyramidal = 0.001 }\n";
        text("a", grid, 1, &format!("{distal}{OUTPUTS}"))
    };
    run(&sweep("weight = [0.001]\nmu = [5.0]"), dir.path());
    run(&sweep("weight = [0.002]\nmu = [6.0]"), dir.path());
    let both = sweep("weight = [0.001, 0.002]\nmu = [5.0, 6.0]");
    let reason = "new combination of known parameter values";
    assert_eq!(plan(&both, dir.path()), [(reason.to_string(), 2)]);
}

/// A sweep of weights, texts and truth values, in part; gives the points that were simulated.
fn part(folder: &Path, only: Option<&str>, limit: Option<u64>) -> Result<Vec<String>, String> {
    let grid = "weight = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]\nlabel = [\"a\", \"b\"]\nflag = [true, false]";
    let more = format!("[derived]\ntwice = \"2 * weight\"\n{OUTPUTS}");
    let options = Options {
        only: only.map(str::to_owned),
        limit,
        ..options(folder, 1)
    };
    // The four points of a weight are one network: neither text nor truth value is used.
    run_with(&text("a", grid, 1, &more), &options, &Fake::default()).map_err(|e| e.to_string())?;
    Ok(column(folder, "simulations", "weight"))
}

#[test]
fn only_points_where_a_condition_holds_are_simulated() {
    for (condition, expected) in [
        ("weight > 0.004", vec!["0.005", "0.006"]),
        ("0.002 <= weight < 0.004", vec!["0.002", "0.003"]),
        ("twice == 0.004", vec!["0.002"]),
        ("weight < 0.002 or weight > 0.005", vec!["0.001", "0.006"]),
        (
            "weight < 0.003 and label == \"a\" and flag == true",
            vec!["0.001", "0.002"],
        ),
        // The points of a weight share its simulation.
        ("weight < 0.002 and label != 'a'", vec!["0.001"]),
        ("weight > 1", vec![]),
        ("weight*1e3 - 1 == 2*1.5 or 1 > 2", vec!["0.004"]),
    ] {
        let dir = folder();
        let mut found = part(dir.path(), Some(condition), None).unwrap();
        found.dedup();
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn what_is_no_condition_is_an_error_before_anything_is_simulated() {
    for (condition, words) in [
        ("", "value is missing"),
        ("weight", "compared with anything"),
        ("weight > 0.001 and", "value is missing"),
        ("weight > ", "value is missing"),
        ("wieght > 0.001", "`wieght`"),
        ("label > \"a\"", "neither less nor greater"),
        ("label == 3", "compared with"),
        ("label + 1 > 3", "not a number"),
        ("0.001 < weight < ", "value is missing"),
    ] {
        let dir = folder();
        let error = part(dir.path(), Some(condition), None).unwrap_err();
        assert!(error.contains(words), "{condition}: {error}");
        assert!(files(dir.path(), "simulations").is_empty());
    }
}

#[test]
fn a_limit_takes_missing_simulations_that_are_spread_over_the_grid() {
    let dir = folder();
    let weights = |limit| {
        let mut found = part(dir.path(), None, Some(limit)).unwrap();
        found.dedup();
        found
    };
    assert_eq!(weights(2), ["0.001", "0.004"]);
    assert_eq!(weights(0), ["0.001", "0.004"]);
    // Of the four that are missing.
    assert_eq!(weights(2), ["0.001", "0.002", "0.004", "0.005"]);
    assert_eq!(weights(1000).len(), 6);
}

#[test]
fn a_key_set_for_once_is_as_if_it_stood_in_the_file() {
    let dir = folder();
    let file = dir.path().join("a.toml");
    let sweep = text("a", GRID, 2, OUTPUTS);
    std::fs::write(&file, &sweep).unwrap();
    let set = [
        "simulation.n_trials=1",
        "drive.evprox.mu=12.0",
        "grid.weight=[0.003, 0.004]",
    ];
    let once = Pipeline::load_with(&file, &set.map(str::to_owned)).unwrap();
    let written = sweep
        .replace("n_trials = 2", "n_trials = 1")
        .replace("mu = 10.0", "mu = 12.0")
        .replace(GRID, "weight = [0.003, 0.004]");
    let written = fake::pipeline(&written);
    let sets = |pipeline: &Pipeline| -> Vec<_> {
        let grid = hnn_sweep::stages::expand(pipeline, None).unwrap();
        grid.points.iter().map(|point| point.set).collect()
    };
    assert_eq!(sets(&once), sets(&written));
    assert_eq!((once.n_trials, once.n_points()), (1, 2));
    // A key that there is not is an error that shows where it would stand.
    let error = Pipeline::load_with(&file, &["drive.evprox.mü=1".into()]).unwrap_err();
    assert!(error.to_string().contains("mü"), "{error}");
    assert!(error.line().is_some());
}

#[test]
fn a_folder_to_which_another_machine_writes_is_refused_where_its_locks_are_not_seen() {
    let dir = folder();
    let sweep = text("a", GRID, 2, OUTPUTS);
    run(&sweep, dir.path());
    let journals = dir.path().join(".state/journal");
    let journal = std::fs::File::create(journals.join("run-hzzzz00000000000.journal")).unwrap();
    let length = std::fs::File::create(journals.join("run-hzzzz00000000000.length")).unwrap();
    let more = text("a", "weight = [0.001, 0.01]", 2, OUTPUTS);
    let attempt = || run_with(&more, &options(dir.path(), 1), &Fake::default()).map(drop);
    let refused = attempt().unwrap_err().to_string();
    assert!(refused.contains("another machine"), "{refused}");
    assert_eq!(rows(dir.path(), "simulations").len(), 12);
    assert_eq!(
        std::fs::read_dir(&journals).unwrap().count(),
        2,
        "it has left nothing behind"
    );
    // Where its lock is seen, the two share the work.
    journal.lock().unwrap();
    attempt().unwrap();
    journal.unlock().unwrap();
    assert!(attempt().is_err());
    // One that was killed a while ago leaves its journal to whoever comes.
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(600);
    length.set_modified(long_ago).unwrap();
    attempt().unwrap();
    assert_eq!(std::fs::read_dir(&journals).unwrap().count(), 0);
}

/// Simulates, and compacts the folder before the last of `n`.
struct Compacting<'a> {
    fake: Fake,
    n: usize,
    folder: &'a Path,
}

impl Simulate for Compacting<'_> {
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError> {
        if self.fake.n_calls() + 1 == self.n {
            // Until what came before is committed.
            let is_committed = || {
                let store = Store::open(self.folder).unwrap().unwrap();
                store.state().tasks.len() == self.n
            };
            while !is_committed() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let mut session = Session::begin(self.folder).unwrap();
            session.compact(&explain::links_of).unwrap();
            session.finish().unwrap();
        }
        self.fake.simulate(network, trial, interrupt)
    }
}

#[test]
fn what_a_run_counts_on_is_not_dropped_by_a_compaction_beside_it() {
    let dir = folder();
    let less = text("a", "weight = [0.001]", 1, OUTPUTS);
    run(&text("a", GRID, 1, OUTPUTS), dir.path());
    run(&less, dir.path());
    let mut session = Session::begin(dir.path()).unwrap();
    session.collect_garbage().unwrap();
    session.finish().unwrap();
    // The specifications of what is simulated again are still there when this run begins.
    let n = 5;
    let compacting = Compacting {
        fake: Fake::default(),
        n,
        folder: dir.path(),
    };
    let stop = std::sync::atomic::AtomicBool::new(false);
    let eager = Options {
        pace: Pace {
            every: Duration::ZERO,
            ..Pace::default()
        },
        ..options(dir.path(), 1)
    };
    let pipeline = fake::pipeline(&text("a", GRID, 1, OUTPUTS));
    stages::run(&pipeline, &eager, &compacting, &stop, &mut Seen::default()).unwrap();
    assert_eq!(compacting.fake.n_calls(), n);
    let store = Store::open(dir.path()).unwrap().unwrap();
    assert_eq!(store.verify().unwrap().problems, []);
}
