//! The program as a user meets it: words, exit codes, files. With the real solver, on small networks.

#![cfg(unix)]

mod fake;

use assert_cmd::Command;
use fake::{everything, rows};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Four points of a small network, 20 ms.
const PIPELINE: &str = r#"
name = "small"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = 20.0
dt = 0.025
[sweep]
batch_size = 3
[grid]
weight = [0.0005, 0.001, 0.002, 0.004]
[[drive]]
type = "evoked"
name = "evprox"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = { L2_pyramidal = "weight", L5_pyramidal = "weight" }
synaptic_delays = 0.1
[output]
save_dpl = true
save_spiking = true
[[summary]]
name = "top"
statistic = "max"
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new(pipeline: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("small.toml"), pipeline).unwrap();
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn results(&self) -> PathBuf {
        self.path().join("results")
    }

    fn program(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("hnn-sweep").unwrap();
        command
            .current_dir(self.path())
            .args(arguments.split_whitespace());
        command
    }

    fn out(&self, arguments: &str) -> String {
        let output = self
            .program(arguments)
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        String::from_utf8(output).unwrap()
    }
}

#[test]
fn without_arguments_it_shows_the_short_help() {
    let place = Place::new(PIPELINE);
    let help = place.out("");
    assert!(
        help.contains("Usage: hnn-sweep") && help.contains("Examples:"),
        "{help}"
    );
}

#[test]
fn an_unknown_verb_is_exit_code_1_with_a_suggestion() {
    let place = Place::new(PIPELINE);
    place
        .program("rum small.toml")
        .assert()
        .code(1)
        .stderr(contains("'run'"));
}

#[test]
fn every_verb_teaches_with_an_example() {
    let place = Place::new(PIPELINE);
    for verb in [
        "run", "plan", "status", "verify", "gc", "compact", "query", "why", "submit", "shard",
        "publish",
    ] {
        let help = place.out(&format!("{verb} --help"));
        assert!(help.contains(&format!("hnn-sweep {verb} ")), "{help}");
    }
}

#[test]
fn plan_says_what_would_run_and_writes_nothing() {
    let place = Place::new(PIPELINE);
    let plan = place.out("plan small.toml --jobs 1");
    assert!(
        plan.contains("small → results: 4 points × 1 trial, 4 tasks"),
        "{plan}"
    );
    assert!(plan.contains("4 missing"), "{plan}");
    assert!(
        plan.contains("4: first run of `small` in this folder"),
        "{plan}"
    );
    assert!(
        plan.contains("expected: about") && plan.contains("on disk"),
        "{plan}"
    );
    assert!(!place.results().exists());
}

#[test]
fn run_simulates_once_and_a_second_run_nothing() {
    let place = Place::new(PIPELINE);
    let first = place.out("run small.toml --jobs 2");
    assert!(
        first.contains("4 simulated; results are in results"),
        "{first}"
    );
    assert!(
        !first.contains('\u{1b}'),
        "colours although nobody sees them: {first}"
    );
    assert_eq!(rows(&place.results(), "simulations").len(), 4);
    // 20 ms in steps of 0.025 ms, and the start.
    assert_eq!(rows(&place.results(), "dipole").len(), 4 * 801);
    let second = place.out("run small.toml");
    assert!(
        second.contains("4 done") && second.contains("0 simulated"),
        "{second}"
    );
    assert_eq!(place.out("run small.toml --quiet"), "");
}

#[test]
fn a_gang_and_single_simulations_leave_the_same_tables() {
    let (gang, single) = (Place::new(PIPELINE), Place::new(PIPELINE));
    gang.out("run small.toml --jobs 1");
    // As many jobs as simulations: each alone.
    single.out("run small.toml --jobs 4");
    assert_eq!(everything(&gang.results()), everything(&single.results()));
    assert!(fake::bytes(&gang.results()) == fake::bytes(&single.results()));
}

#[test]
fn an_error_in_the_pipeline_is_exit_code_1_and_shows_the_line() {
    let place = Place::new(&PIPELINE.replace("\"weight\", L5", "\"wieght\", L5"));
    place
        .program("run small.toml")
        .assert()
        .code(1)
        .stderr(contains("wieght").and(contains("small.toml")));
    place
        .program("run missing.toml")
        .assert()
        .code(1)
        .stderr(contains("missing.toml"));
    assert!(!place.results().exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_exit_code_2() {
    let place = Place::new(PIPELINE);
    std::fs::write(place.results(), "a file").unwrap();
    place
        .program("run small.toml")
        .assert()
        .code(2)
        .stderr(contains("cannot make the folder").and(contains("save_folder")));
}

#[test]
fn a_damaged_state_is_exit_code_2_and_names_the_file() {
    let place = Place::new(PIPELINE);
    place.out("run small.toml");
    std::fs::write(place.results().join(".state/state"), "nonsense").unwrap();
    for verb in ["run small.toml", "plan small.toml", "status results"] {
        place
            .program(verb)
            .assert()
            .code(2)
            .stderr(contains("results/.state/state is damaged").and(contains("state.before")));
    }
}

#[test]
fn failed_simulations_are_exit_code_3_and_listed() {
    let place = Place::new(PIPELINE);
    place
        .program("run small.toml --time-limit 0.0000001")
        .assert()
        .code(3)
        .stderr(contains("4 of 4 simulations failed").and(contains("weight = 0.0005")))
        .stderr(contains("--retry-failed"));
    assert!(
        rows(&place.results(), "simulations")
            .iter()
            .all(|r| r["status"] == "failed: time_limit")
    );
    let status = place.out("status results");
    assert!(status.contains("4 failed"), "{status}");
    place.program("run small.toml").assert().code(3);
    place.out("run small.toml --retry-failed");
    assert!(
        rows(&place.results(), "simulations")
            .iter()
            .all(|r| r["status"] == "done")
    );
}

#[test]
fn status_tells_sweeps_tables_and_sizes() {
    let place = Place::new(PIPELINE);
    place
        .program("status results")
        .assert()
        .code(1)
        .stderr(contains("no results"));
    place.out("run small.toml");
    for path in ["results", "small.toml"] {
        let status = place.out(&format!("status {path}"));
        assert!(
            status.contains("4 tasks of 4 simulations done, 0 failed"),
            "{status}"
        );
        assert!(
            status.contains("small: 4 points, 4 of 4 tasks done, 0 failed, 0 missing"),
            "{status}"
        );
        assert!(status.contains("dipole          2 files"), "{status}");
    }
}

#[test]
fn verify_names_what_is_damaged_and_run_heals_it() {
    let place = Place::new(PIPELINE);
    place.out("run small.toml");
    assert!(
        place
            .out("verify results")
            .contains("all are as they were written")
    );
    let part = place.results().join("dipole/batch=0/part.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    place
        .program("verify results")
        .assert()
        .code(2)
        .stderr(contains(
            "dipole/batch=0/part.parquet is missing or not as it was written",
        ));
    let plan = place.out("plan small.toml");
    assert!(
        plan.contains("3: dipole/batch=0/part.parquet is damaged or missing"),
        "{plan}"
    );
    assert!(place.out("run small.toml").contains("3 simulated"));
    place.out("verify results");
}

#[test]
fn compact_keeps_what_is_needed_and_nothing_else() {
    let place = Place::new(&PIPELINE.replace("tstop = 20.0", "tstop = 19.0"));
    place.out("run small.toml");
    std::fs::write(place.path().join("small.toml"), PIPELINE).unwrap();
    place.out("run small.toml");
    let specs = || -> u64 {
        let files = std::fs::read_dir(place.results().join(".state/specs")).unwrap();
        files.map(|f| f.unwrap().metadata().unwrap().len()).sum()
    };
    place.out("gc results --apply");
    let before = specs();
    place.out("compact results");
    let after = specs();
    assert!(after < before, "{after} of {before} bytes");
    // What is left is whole, explained, and found again.
    place.out("verify results");
    assert!(place.out("plan small.toml").contains("0 missing"));
    let key = fake::column(&place.results(), "simulations", "key");
    assert!(
        place
            .out(&format!("why {} --folder results", key[0]))
            .contains("tstop")
    );
    // Once more changes nothing, and a run adds to it.
    place.out("compact results");
    assert_eq!(specs(), after);
    let more = PIPELINE.replace("0.004]", "0.004, 0.008]");
    std::fs::write(place.path().join("small.toml"), more).unwrap();
    place.out("run small.toml");
    place.out("verify results");
}

#[test]
fn why_explains_one_key_and_the_difference_of_two() {
    let place = Place::new(PIPELINE);
    place.out("run small.toml");
    let simulations = rows(&place.results(), "simulations");
    let key = |i: usize| simulations[i]["key"].chars().take(16).collect::<String>();
    let one = place.out(&format!("why {} --folder results", key(1)));
    assert!(one.contains("point 1 of small: weight = 0.001"), "{one}");
    assert!(one.contains("drives.evprox.mu = 5"), "{one}");
    let two = place.out(&format!("why {} {} --folder results", key(1), key(3)));
    let expected = "network.connections[src=evprox,target=L2_pyramidal,location=proximal,receptor=ampa].weight 0.001 → 0.004";
    assert!(two.lines().any(|line| line == expected), "{two}");
    assert_eq!(two.lines().count(), 2, "{two}");
    assert_eq!(place.out("why 1:0 3:0 --folder results"), two);
    place
        .program("why ffffffffffff --folder results")
        .assert()
        .code(1);
}

#[test]
fn a_changed_model_is_explained_by_the_plan() {
    let place = Place::new(PIPELINE);
    place.out("run small.toml");
    std::fs::write(
        place.path().join("small.toml"),
        PIPELINE.replace("mu = 5.0", "mu = 6.0"),
    )
    .unwrap();
    let plan = place.out("plan small.toml");
    assert!(
        plan.contains("4: the model has changed: network.drives.evprox.mu 5 → 6"),
        "{plan}"
    );
    let longer = PIPELINE.replace("tstop = 20.0", "tstop = 25.0");
    std::fs::write(place.path().join("small.toml"), longer).unwrap();
    let plan = place.out("plan small.toml");
    assert!(
        plan.contains("the model has changed: tstop 20 → 25"),
        "{plan}"
    );
}

#[cfg(not(feature = "query"))]
#[test]
fn query_without_the_feature_says_how_to_get_it_and_gives_the_sql_for_duckdb() {
    let place = Place::new(PIPELINE);
    place.out("run small.toml");
    let mut query = place.program("query results");
    query
        .arg("SELECT weight, top FROM summary")
        .assert()
        .code(1)
        .stderr(contains("cargo build --release"))
        .stdout(contains(
            "read_parquet('results/summary/*/*.parquet', hive_partitioning = true)",
        ))
        .stdout(contains("JOIN simulations p ON p.sim = t.sim"))
        .stdout(contains("SELECT weight, top FROM summary;"));
}

#[test]
fn ctrl_c_keeps_what_is_finished_and_says_how_to_go_on() {
    let many: Vec<String> = (1..=400).map(|i| format!("{}e-5", i)).collect();
    let text = PIPELINE.replace("0.0005, 0.001, 0.002, 0.004", &many.join(", "));
    let place = Place::new(&text);
    let program = place
        .program("run small.toml --jobs 1")
        .get_program()
        .to_owned();
    let child = std::process::Command::new(program)
        .args(["run", "small.toml", "--jobs", "1"])
        .current_dir(place.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // As soon as something is finished.
    let journal = place.results().join(".state/journal");
    let bytes = || -> u64 {
        let files = std::fs::read_dir(&journal).into_iter().flatten();
        files
            .flatten()
            .filter(|file| file.path().extension().is_some_and(|e| e == "journal"))
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum()
    };
    for _ in 0..10_000 {
        if bytes() > 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(
        words.contains("are left; go on with `hnn-sweep run small.toml`"),
        "{words}"
    );
    let n = rows(&place.results(), "simulations").len();
    assert!((1..400).contains(&n), "{n} of 400");
    let plan = place.out("plan small.toml");
    assert!(plan.contains(&format!("{n} done")), "{plan}");
}

#[test]
fn all_mistakes_of_a_file_are_printed_and_a_misspelt_key_is_one_mistake() {
    let place = Place::new(
        &PIPELINE
            .replace("sigma = 1.0", "sigmma = 1.0")
            .replace("save_dpl = true", "save_dpl = 1"),
    );
    let output = place.program("plan small.toml").assert().code(1);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    for words in [
        "`sigmma` is not a key",
        "did you mean `sigma`?",
        "`save_dpl`",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("lacks"), "{said}");
}
