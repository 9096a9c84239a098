//! Files as users have them: from HNN's GUI, NumPy, pandas and digitised figures. What hnn-core makes of them is in
//! `tests/data/user_files/*/expected.json`, from hnn-core 0.6.1 on NEURON 8.2.7.

use assert_cmd::Command;
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/user_files")
        .join(name)
}

/// A copy of a case, to run in.
fn place(name: &str) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for file in fs::read_dir(case(name)).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, place.path().join(path.file_name().unwrap())).unwrap();
    }
    place
}

fn program(place: &TempDir, arguments: &str) -> Command {
    let mut command = Command::cargo_bin("hnn-sweep").unwrap();
    command
        .current_dir(place.path())
        .args(arguments.split_whitespace());
    command
}

/// What a run in the place writes to a table, as objects.
fn rows(place: &TempDir, table: &str) -> Vec<Json> {
    let arguments = format!("table results {table} --format json");
    let output = program(place, &arguments)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn run(place: &TempDir, pipeline: &str) {
    program(place, &format!("run {pipeline} --folder results --quiet"))
        .assert()
        .success();
}

fn expected(name: &str) -> Json {
    serde_json::from_str(&fs::read_to_string(case(name).join("expected.json")).unwrap()).unwrap()
}

/// The file's pipeline gives hnn-core's spikes bit for bit, and its dipole to 1e-9 of its range.
fn equals_hnn_core(name: &str) {
    let place = place(name);
    run(&place, "pipeline.toml");
    let expected = &expected(name)[0];
    let spikes: Vec<Json> = rows(&place, "spikes")
        .iter()
        .map(|spike| Json::from(vec![spike["time"].clone(), spike["gid"].clone()]))
        .collect();
    assert_eq!(Json::from(spikes), expected["spikes"], "{name}");
    let range = expected["dipole_agg_range"].as_f64().unwrap();
    let dipole = rows(&place, "dipole");
    let samples = expected["dipole_agg_every_100"].as_array().unwrap();
    assert!(samples.len() > 5);
    for (ours, theirs) in dipole.iter().step_by(100).zip(samples) {
        let difference = ours["agg"].as_f64().unwrap() - theirs.as_f64().unwrap();
        assert!(difference.abs() <= 1e-9 * range, "{name}: {difference:e}");
    }
}

#[test]
fn a_drive_that_reaches_all_cells_alike_is_simulated() {
    equals_hnn_core("infinite_space_constant");
}

#[test]
fn a_network_with_a_passive_channel_is_simulated() {
    equals_hnn_core("passive_channel");
}

#[test]
fn a_parameter_file_of_the_gui_with_an_empty_line_is_read() {
    equals_hnn_core("param_blank_line");
}

#[test]
fn the_csv_that_the_gui_downloads_is_a_target() {
    let fit = |target: &str| {
        let place = place("gui_csv_target");
        let pipeline = place.path().join("pipeline.toml");
        let text = fs::read_to_string(&pipeline).unwrap();
        fs::write(&pipeline, text.replace("gui_download.csv", target)).unwrap();
        run(&place, "pipeline.toml");
        rows(&place, "summary")[0]["fit"].as_f64().unwrap()
    };
    let known = expected("gui_csv_target")["fit"].as_f64().unwrap();
    for target in ["gui_download.csv", "same_as_text.txt"] {
        assert!((fit(target) - known).abs() <= 1e-9 * known, "{target}");
    }
    // A header that names other columns is read by place, as hnn-core does.
    assert!(fit("two_columns.csv") > 0.0);
}

#[test]
fn samples_that_numpy_saved_are_run() {
    for pipeline in ["pipeline.toml", "with_columns.toml"] {
        let place = place("savetxt_samples");
        run(&place, pipeline);
        let weights: Vec<Json> = rows(&place, "simulations")
            .iter()
            .map(|row| {
                let columns = ["L2_pyramidal_weight", "L5_pyramidal_weight"];
                Json::from(columns.map(|name| row[name].clone()).to_vec())
            })
            .collect();
        assert_eq!(
            Json::from(weights),
            expected("savetxt_samples")["samples"],
            "{pipeline}"
        );
    }
    // The index column of pandas is no parameter.
    let place = place("savetxt_samples");
    let table = ",L2_pyramidal_weight,L5_pyramidal_weight\n0,0.086,0.029\n1,0.087,0.028\n";
    fs::write(place.path().join("theta.csv"), table).unwrap();
    run(&place, "pipeline.toml");
    assert_eq!(rows(&place, "simulations").len(), 2);
}

#[test]
fn measured_data_that_cannot_be_meant_are_refused_with_what_to_do() {
    for (name, target, said) in [
        (
            "equal_times_target",
            "digitized.txt",
            "must ascend, but line 1 has 0 ms and line 2 has 0 ms",
        ),
        ("many_column_target", "trials.txt", "2 or 4 are read"),
        ("many_column_target", "three.txt", "2 or 4 are read"),
    ] {
        let place = place(name);
        let pipeline = place.path().join("pipeline.toml");
        let text = fs::read_to_string(&pipeline)
            .unwrap()
            .replace("trials.txt", target);
        fs::write(&pipeline, text).unwrap();
        let run = program(&place, "run pipeline.toml --folder results")
            .assert()
            .code(1);
        let error = String::from_utf8_lossy(&run.get_output().stderr).replace('\n', " ");
        assert!(error.contains(target) && error.contains("help"), "{error}");
        assert!(error.contains(said), "{error}");
        assert!(!place.path().join("results").exists());
    }
}
