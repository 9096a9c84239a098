//! Folders that earlier versions wrote: they are read as they are, brought in line by the next run, and nothing in
//! them is simulated again.

use assert_cmd::Command;
use serde_json::Value as Json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The folder `tests/data/folder_0.1` and its pipeline: version 0.1 ran two weights, then another two, so that one
/// point is a former one; a statistic is of the mean over two trials.
fn old() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/folder_0.1");
    copy_folder(&data, place.path());
    place
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &copy),
            false => drop(fs::copy(entry.path(), copy).unwrap()),
        }
    }
}

fn say(place: &TempDir, arguments: &[&str]) -> String {
    let mut command = Command::cargo_bin("hnn-sweep").unwrap();
    let ran = command
        .current_dir(place.path())
        .args(arguments)
        .assert()
        .success();
    String::from_utf8(ran.get_output().stdout.clone()).unwrap()
}

/// Rows of a table's files as they are, by SQL.
#[cfg(feature = "query")]
fn ask(place: &TempDir, sql: &str) -> Vec<String> {
    let answer = say(place, &["query", "results", sql, "--format", "csv"]);
    answer.lines().skip(1).map(str::to_owned).collect()
}

fn json(place: &TempDir, arguments: &[&str]) -> Json {
    serde_json::from_str(&say(place, arguments)).unwrap()
}

#[test]
fn an_old_folder_is_read_as_it_is() {
    let place = old();
    let status = json(&place, &["status", "results", "--json"]);
    assert_eq!(status["simulations"], 3, "{status}");
    let table = say(
        &place,
        &["table", "results", "simulations", "--format", "csv"],
    );
    assert_eq!(table.lines().count(), 1 + 4, "{table}");
    assert_eq!(
        json(&place, &["verify", "results", "--json"])["intact"],
        true
    );
    assert_eq!(
        json(&place, &["plan", "sweep.toml", "--json"])["missing"],
        0
    );
}

#[test]
#[cfg(feature = "query")]
fn the_next_run_brings_an_old_folder_in_line_and_simulates_nothing() {
    let place = old();
    let dipole = place.path().join("results/dipole/batch=0/part.parquet");
    let before = fs::read(&dipole).unwrap();
    assert!(!place.path().join("results/former").exists());
    let summary = "SELECT trial, mean_peak FROM summary ORDER BY sim, trial";
    assert_eq!(
        ask(&place, summary).len(),
        6,
        "rows of means beside those of trials"
    );
    let run = json(&place, &["run", "sweep.toml", "--json"]);
    assert_eq!(run["simulated"], 0, "{run}");
    assert_eq!(ask(&place, "SELECT weight FROM former"), ["0.001", "0.001"]);
    assert_eq!(
        ask(
            &place,
            "SELECT DISTINCT weight FROM simulations ORDER BY weight"
        ),
        ["0.01", "0.02"]
    );
    let rows = ask(&place, summary);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(
        rows.iter()
            .all(|row| !row.starts_with(',') && !row.ends_with(',')),
        "{rows:?}"
    );
    assert_eq!(fs::read(&dipole).unwrap(), before);
    assert_eq!(
        json(&place, &["verify", "results", "--json"])["intact"],
        true
    );
    // And once is enough.
    let state = || fs::read(place.path().join("results/.state/state")).unwrap();
    let settled = state();
    say(&place, &["run", "sweep.toml", "--quiet"]);
    assert_eq!(state(), settled);
}

#[test]
fn an_old_folder_grows_and_gives_up_its_garbage() {
    let place = old();
    let text = fs::read_to_string(place.path().join("sweep.toml")).unwrap();
    let more = text.replace("n_trials = 2", "n_trials = 3");
    assert_ne!(text, more);
    fs::write(place.path().join("sweep.toml"), more).unwrap();
    let run = json(&place, &["run", "sweep.toml", "--json"]);
    assert_eq!(run["simulated"], 2, "{run}");
    say(&place, &["gc", "results", "--apply"]);
    assert!(
        !place
            .path()
            .join("results/former")
            .join("batch=0")
            .join("part.parquet")
            .exists()
    );
    assert_eq!(
        json(&place, &["status", "results", "--json"])["simulations"],
        2
    );
    assert_eq!(
        json(&place, &["verify", "results", "--json"])["intact"],
        true
    );
}
