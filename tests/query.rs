//! SQL over the tables, as a user asks it. In builds with the feature `query`.

#![cfg(feature = "query")]

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::Path;

const PIPELINE: &str = r#"
name = "small"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = 20.0
[grid]
weight = [0.0005, 0.001, 0.002]
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
name = "max_peak"
statistic = "max"
"#;

fn simulated() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("small.toml"), PIPELINE).unwrap();
    program(place.path())
        .args(["run", "small.toml"])
        .assert()
        .success();
    place
}

fn program(place: &Path) -> Command {
    let mut command = Command::cargo_bin("hnn-sweep").unwrap();
    command.current_dir(place);
    command
}

fn ask(place: &Path, sql: &str) -> String {
    let output = program(place)
        .args(["query", "results", sql, "--format", "csv"])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    String::from_utf8(output).unwrap()
}

#[test]
fn a_summary_is_ordered_by_its_statistic_beside_its_parameters() {
    let place = simulated();
    let csv = ask(
        place.path(),
        "SELECT weight, max_peak FROM summary ORDER BY weight DESC LIMIT 2",
    );
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert_eq!(lines[0], "weight,max_peak");
    assert!(
        lines[1].starts_with("0.002,") && lines[2].starts_with("0.001,"),
        "{csv}"
    );
}

#[test]
fn waveforms_and_spikes_carry_the_parameters_without_a_join() {
    let place = simulated();
    // 20 ms in steps of 0.025 ms are 801 samples.
    let csv = ask(
        place.path(),
        "SELECT weight, COUNT(*) AS n FROM dipole GROUP BY weight ORDER BY weight",
    );
    assert_eq!(csv, "weight,n\n0.0005,801\n0.001,801\n0.002,801\n");
    let csv = ask(
        place.path(),
        "SELECT DISTINCT cell_type FROM spikes WHERE weight = 0.001",
    );
    assert!(csv.contains("evprox"), "{csv}");
}

#[test]
fn answers_are_written_as_tables_json_and_parquet() {
    let place = simulated();
    let sql = "SELECT sim, weight FROM simulations ORDER BY sim";
    let mut query = program(place.path());
    query
        .args(["query", "results", sql])
        .assert()
        .success()
        .stdout(contains("0.0005"));
    let mut query = program(place.path());
    query
        .args([
            "query",
            "results",
            sql,
            "--format",
            "json",
            "-o",
            "answer.json",
        ])
        .assert()
        .success();
    let json = std::fs::read_to_string(place.path().join("answer.json")).unwrap();
    assert_eq!(json.lines().count(), 3, "{json}");
    let mut query = program(place.path());
    query
        .args([
            "query",
            "results",
            sql,
            "--format",
            "parquet",
            "-o",
            "answer.parquet",
        ])
        .assert()
        .success();
    let parquet = std::fs::read(place.path().join("answer.parquet")).unwrap();
    assert_eq!(&parquet[..4], b"PAR1");
}

#[test]
fn a_query_that_names_nothing_known_says_so() {
    let place = simulated();
    let mut query = program(place.path());
    query
        .args(["query", "results", "SELECT wieght FROM summary"])
        .assert()
        .code(1)
        .stderr(contains("wieght").and(contains("help")));
}

#[test]
fn a_summary_in_sql_compares_simulations_and_follows_the_grid() {
    let place = simulated();
    let rank = r#"
[[summary]]
name = "rank"
statistic = "sql"
query = """SELECT sim, trial, COUNT(*) AS r FROM summary
  CROSS JOIN (SELECT max_peak AS other FROM summary WHERE trial IS NOT NULL) AS others
  WHERE trial IS NOT NULL AND other <= max_peak GROUP BY sim, trial"""
[[summary]]
name = "share"
statistic = "sql"
trials = "mean"
query = "SELECT sim, COUNT(*) / 2 AS half FROM spikes WHERE time < 0 GROUP BY sim"
"#;
    let write = |text: String| std::fs::write(place.path().join("small.toml"), text).unwrap();
    let run = || {
        let output = program(place.path())
            .args(["run", "small.toml"])
            .assert()
            .success();
        String::from_utf8(output.get_output().stderr.clone()).unwrap()
    };
    let ranks = |sql: &str| -> Vec<String> {
        ask(place.path(), sql)
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect()
    };
    write(format!("{PIPELINE}{rank}"));
    run();
    let ordered = "SELECT rank FROM summary WHERE rank IS NOT NULL ORDER BY max_peak";
    assert_eq!(ranks(ordered), ["1.0", "2.0", "3.0"]);
    // No spike before 0 ms: null.
    assert_eq!(ranks("SELECT COUNT(share) AS n FROM summary"), ["0"]);

    // Another point has its rank, and moves the others'.
    write(format!("{PIPELINE}{rank}").replace("[0.0005,", "[0.0005, 0.004,"));
    run();
    assert_eq!(ranks(ordered), ["1.0", "2.0", "3.0", "4.0"]);

    // What is wrong is said, and nothing is lost.
    for (query, words) in [
        (
            "SELECT sim, agg FROM dipole",
            "must have the columns sim, trial",
        ),
        ("SELECT sim, trial, agg FROM dipole", "several rows"),
        ("SELECT sim, trial, nothing FROM dipole", "nothing"),
    ] {
        let wrong = format!(
            "{PIPELINE}[[summary]]\nname = \"bad\"\nstatistic = \"sql\"\nquery = \"{query}\"\n"
        );
        write(wrong);
        let failed = program(place.path())
            .args(["run", "small.toml"])
            .assert()
            .code(1);
        // Without the line breaks that a terminal gets.
        let said = String::from_utf8_lossy(&failed.get_output().stderr).replace('│', " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in ["summary `bad` of small.toml", words] {
            assert!(said.contains(words), "{said}");
        }
    }
    assert_eq!(
        ranks("SELECT COUNT(*) AS n FROM simulations WHERE status = 'done'"),
        ["3"]
    );
    assert_eq!(ranks("SELECT weight FROM former"), ["0.004"]);
}

#[test]
fn a_damaged_file_is_named_instead_of_asked() {
    let place = simulated();
    let part = place.path().join("results/dipole/batch=0/part.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, &bytes).unwrap();
    program(place.path())
        .args(["query", "results", "SELECT MAX(agg) FROM dipole"])
        .assert()
        .code(2)
        .stderr(contains("dipole/batch=0/part.parquet").and(contains("is damaged")));
    // Other tables answer.
    assert_eq!(
        ask(place.path(), "SELECT COUNT(*) AS n FROM summary"),
        "n\n3\n"
    );
}

#[test]
fn tables_without_rows_can_be_asked() {
    let place = tempfile::tempdir().unwrap();
    let counted = "[[summary]]\nname = \"counted\"\nstatistic = \"sql\"\nquery = \"SELECT s.sim, s.trial, COUNT(p.gid) AS n FROM simulations s LEFT JOIN spikes p ON s.sim = p.sim AND s.trial = p.trial GROUP BY s.sim, s.trial\"\n";
    let quiet = PIPELINE.replace("mu = 5.0", "mu = 500.0") + counted;
    std::fs::write(place.path().join("quiet.toml"), quiet).unwrap();
    program(place.path())
        .args(["run", "quiet.toml"])
        .assert()
        .success();
    let csv = ask(place.path(), "SELECT COUNT(*) AS n FROM spikes");
    assert_eq!(csv.trim(), "n\n0");
    let csv = ask(place.path(), "SELECT counted FROM summary");
    assert_eq!(csv.trim(), "counted\n0.0\n0.0\n0.0");
}

#[test]
fn a_query_reads_the_folders_tables_and_nothing_else() {
    let place = simulated();
    std::fs::write(place.path().join("secret.csv"), "password\nxyzzy\n").unwrap();
    for sql in [
        "SELECT * FROM read_csv('secret.csv')",
        "SELECT * FROM summary CROSS JOIN read_csv('secret.csv')",
        "SELECT * FROM 'secret.csv'",
        "CREATE TABLE copy AS SELECT * FROM summary",
        "DROP TABLE summary",
        "SELECT 1; SELECT 2",
    ] {
        let asked = program(place.path())
            .args(["query", "results", sql])
            .assert()
            .code(1)
            .stdout("");
        let said = String::from_utf8_lossy(&asked.get_output().stderr).into_owned();
        assert!(
            said.contains("help") && !said.contains("xyzzy"),
            "{sql}: {said}"
        );
        // Nor does a statistic of a pipeline file that somebody has sent, before anything is simulated.
        let sent = format!(
            "{PIPELINE}[[summary]]\nname = \"sent\"\nstatistic = \"sql\"\nquery = \"\"\"{sql}\"\"\"\n"
        );
        std::fs::write(
            place.path().join("sent.toml"),
            sent.replace("\"results\"", "\"new\""),
        )
        .unwrap();
        for verb in ["plan", "run"] {
            program(place.path())
                .args([verb, "sent.toml"])
                .assert()
                .code(1)
                .stderr(contains("summary `sent`").and(contains("xyzzy").not()));
        }
        assert!(!place.path().join("new").exists());
    }
    program(place.path())
        .args(["query", "results", "SELECT * FROM lfp"])
        .assert()
        .code(1)
        .stderr(contains("no table `lfp`").and(contains("dipole, spikes")));
}

#[test]
fn texts_that_a_spreadsheet_would_take_for_formulas_are_marked_as_texts_in_csv() {
    let place = tempfile::tempdir().unwrap();
    let text = PIPELINE.replace(
        "[grid]",
        "[grid]\nnote = [\"=1+1\", \"-2\", \"@a\", \"plain\"]",
    );
    std::fs::write(place.path().join("small.toml"), text).unwrap();
    program(place.path())
        .args(["run", "small.toml"])
        .assert()
        .success();
    let sql = "SELECT DISTINCT note FROM simulations ORDER BY note";
    assert_eq!(ask(place.path(), sql), "note\n-2\n'=1+1\n'@a\nplain\n");
    // Only there: JSON and Parquet are not read by spreadsheets.
    program(place.path())
        .args(["query", "results", sql, "--format", "json"])
        .assert()
        .success()
        .stdout(contains("\"=1+1\""));
}
