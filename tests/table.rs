//! `hnn-sweep table` and the exports of tables, in every build: rows are chosen, sorted and written without SQL.

#![cfg(unix)]

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use assert_cmd::Command;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::Path;
use std::sync::OnceLock;

const PIPELINE: &str = r#"
name = "small"
save_folder = "results"
[network]
mesh_shape = [1, 1]
[simulation]
tstop = 10.0
n_trials = 2
[sweep]
batch_size = 3
[grid]
weight = [0.0005, 0.001, 0.002, 0.004]
label = ["=early", "late"]
[[drive]]
type = "evoked"
name = "evprox"
mu = 3.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = { L2_pyramidal = "weight", L5_pyramidal = "weight" }
[output]
save_spiking = true
save_voltages = true
decimate = 40
[[summary]]
name = "top"
statistic = "max"
"#;

/// A folder of 8 points with 2 trials, simulated once for all tests, which only read.
fn place() -> &'static Path {
    static PLACE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let dir = PLACE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("small.toml"), PIPELINE).unwrap();
        let run = Command::cargo_bin("hnn-sweep").unwrap();
        { run }
            .current_dir(dir.path())
            .args(["run", "small.toml", "--quiet"])
            .assert()
            .success();
        dir
    });
    dir.path()
}

/// Rows of a Parquet file.
fn read(file: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(file).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

/// Rows of a table as they are stored.
fn stored(table: &str) -> Vec<RecordBatch> {
    let batches = std::fs::read_dir(place().join("results").join(table)).unwrap();
    let mut files: Vec<_> = batches
        .map(|entry| entry.unwrap().path().join("part.parquet"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn bits(rows: &[RecordBatch], column: &str) -> Vec<u64> {
    let of_batch = |batch: &RecordBatch| {
        let values = batch
            .column_by_name(column)
            .unwrap()
            .as_primitive::<Float64Type>();
        values
            .values()
            .iter()
            .map(|x| x.to_bits())
            .collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_batch).collect()
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("hnn-sweep").unwrap();
    command.current_dir(place()).args(arguments);
    command
}

fn out(arguments: &[&str]) -> String {
    let assert = program(arguments).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// What `hnn-sweep table results` prints as CSV.
fn csv(arguments: &[&str]) -> Vec<Vec<String>> {
    let text = out(&[&["table", "results", "--format", "csv"], arguments].concat());
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let line = |line: Result<csv::StringRecord, csv::Error>| {
        line.unwrap().iter().map(str::to_string).collect()
    };
    reader.records().map(line).collect()
}

#[test]
fn the_statistics_are_shown_below_each_other_with_their_units() {
    let text = out(&["table", "results"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 17, "{text}");
    let header: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        header,
        [
            "sweep", "sim", "point", "trial", "weight", "label", "top", "(nAm)"
        ]
    );
    assert!(
        lines[1].starts_with("small    0      0      0  0.0005  =early"),
        "{text}"
    );
}

#[test]
fn what_is_longer_than_a_screen_is_shown_in_part_and_says_so() {
    let assert = program(&["table", "results", "dipole", "--head", "3"])
        .assert()
        .success();
    let output = assert.get_output();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4);
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("the first 3 rows; `--head all` shows all")
    );
    assert_eq!(out(&["table", "results", "dipole"]).lines().count(), 21);
    let all = out(&[
        "table",
        "results",
        "dipole",
        "--head",
        "all",
        "--columns",
        "time",
    ]);
    assert_eq!(all.lines().count(), 1 + 8 * 2 * 401);
}

#[test]
fn conditions_are_expressions_over_the_columns_of_any_table() {
    let wanted = "10*weight > 0.008 and weight <= 0.002 and label == \"late\" and trial == 1";
    let table = csv(&["--where", wanted, "--columns", "point,trial,weight,label"]);
    assert_eq!(
        table,
        [
            vec!["point", "trial", "weight", "label"],
            vec!["3", "1", "0.001", "late"],
            vec!["5", "1", "0.002", "late"],
        ]
    );
    // The parameters are columns of every table.
    let wanted = "weight == 0.004 and trial == 0 and label == \"late\" and time < 0.06";
    let dipole = csv(&["dipole", "--where", wanted, "--columns", "sim,time"]);
    assert_eq!(
        dipole[1..],
        [["3", "0.0"], ["3", "0.025"], ["3", "0.05"]].map(|r| r.map(String::from).to_vec())
    );
}

#[test]
fn rows_are_sorted_by_several_columns_up_and_down() {
    let table = csv(&[
        "--sort",
        "-weight,label,-trial",
        "--head",
        "3",
        "--columns",
        "weight,label,trial",
    ]);
    assert_eq!(
        table[1..],
        [
            ["0.004", "'=early", "1"],
            ["0.004", "'=early", "0"],
            ["0.004", "late", "1"]
        ]
        .map(|row| row.map(String::from).to_vec())
    );
    let tops: Vec<f64> = csv(&["--sort", "-top", "--columns", "top"])[1..]
        .iter()
        .map(|row| row[0].parse().unwrap())
        .collect();
    assert_eq!(tops.len(), 16);
    assert!(tops.windows(2).all(|pair| pair[0] >= pair[1]) && tops[0] > tops[15]);
}

#[test]
fn every_format_holds_the_numbers_of_the_table_bit_for_bit() {
    let wanted = bits(&stored("dipole"), "agg");
    // A simulation that two points share has rows for both, one after the other.
    let wanted: Vec<u64> = wanted
        .chunks(401)
        .flat_map(|rows| [rows, rows].concat())
        .collect();
    let csv: Vec<u64> = csv(&["dipole", "--columns", "agg"])[1..]
        .iter()
        .map(|row| row[0].parse::<f64>().unwrap().to_bits())
        .collect();
    assert_eq!(csv.len(), 16 * 401);
    assert_eq!(csv, wanted);
    let json = out(&[
        "table",
        "results",
        "dipole",
        "--format",
        "json",
        "--columns",
        "agg",
    ]);
    let json: Vec<u64> = json
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["agg"]
                .as_f64()
                .unwrap()
                .to_bits()
        })
        .collect();
    assert_eq!(json, csv);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dipole.parquet");
    let said = out(&["table", "results", "dipole", "-o", file.to_str().unwrap()]);
    assert_eq!(said, format!("6416 rows in {}\n", file.display()));
    let parquet = read(&file);
    assert_eq!(bits(&parquet, "agg"), csv);
    let schema = parquet[0].schema();
    assert_eq!(
        schema.field_with_name("agg").unwrap().metadata()["units"],
        "nAm"
    );
    let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
    assert_eq!(
        names,
        [
            "sweep", "sim", "point", "trial", "weight", "label", "time", "agg", "L2", "L5"
        ]
    );
}

#[test]
fn exported_tables_are_the_same_rows_and_need_no_sql() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("spikes.csv");
    out(&[
        "export",
        "csv",
        "results",
        "spikes",
        "-o",
        file.to_str().unwrap(),
    ]);
    let exported = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        exported,
        out(&["table", "results", "spikes", "--format", "csv"])
    );
    assert!(
        exported.lines().nth(1).unwrap().contains(",'=early,"),
        "{exported}"
    );
    let file = dir.path().join("simulations.parquet");
    out(&[
        "export",
        "parquet",
        "results",
        "simulations",
        "-o",
        file.to_str().unwrap(),
    ]);
    let n: usize = read(&file).iter().map(RecordBatch::num_rows).sum();
    assert_eq!(n, 16);
}

#[test]
fn traces_go_to_json_and_parquet_and_csv_says_so() {
    program(&["table", "results", "voltages", "--format", "csv"])
        .assert()
        .code(1)
        .stderr(contains("`values` holds whole traces").and(contains("write JSON or Parquet")));
    let json = out(&[
        "table", "results", "voltages", "--format", "json", "--head", "1",
    ]);
    let row: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(row["values"].as_array().unwrap().len(), 11);
    let first = stored("voltages")[0]
        .column_by_name("values")
        .unwrap()
        .as_list::<i32>()
        .value(0);
    let first = first
        .as_primitive::<arrow_array::types::Float32Type>()
        .value(0);
    assert_eq!(
        row["values"][0]
            .to_string()
            .parse::<f32>()
            .unwrap()
            .to_bits(),
        first.to_bits()
    );
    let csv = csv(&["voltages", "--columns", "sim,gid,section", "--head", "1"]);
    assert_eq!(csv[0], ["sim", "gid", "section"]);
}

#[test]
fn a_column_or_table_that_is_not_there_is_named_with_the_nearest() {
    for (arguments, what, help) in [
        (vec!["summry"], "there is no table `summry`", "`summary`"),
        (
            vec!["lfp"],
            "the folder has no table `lfp`",
            "it has simulations, dipole, spikes, voltages, summary",
        ),
        (
            vec!["--columns", "wieght"],
            "the table `summary` has no column `wieght`",
            "`weight`",
        ),
        (
            vec!["--sort", "-tops"],
            "the table `summary` has no column `tops`",
            "`top`",
        ),
        (
            vec!["--where", "wieght > 1"],
            "there is no column `wieght`",
            "`weight`",
        ),
        (
            vec!["--where", "label > 1"],
            "a string is compared with a number",
            "text stands in quotes",
        ),
        (
            vec!["--sweep", "smal"],
            "the folder has no sweep `smal`",
            "`small`",
        ),
        (
            vec!["voltages", "--sort", "values"],
            "holds whole traces, which have no order",
            "another column",
        ),
        (
            vec!["--format", "parquet"],
            "Parquet is not for a terminal",
            "-o FILE",
        ),
    ] {
        program(&[&["table", "results"], arguments.as_slice()].concat())
            .assert()
            .code(1)
            .stderr(contains(what).and(contains(help)));
    }
    program(&["table", "results", "--where", "weight > 1"])
        .assert()
        .success()
        .stderr(contains("no row of `summary` is like that"));
}

#[test]
fn rows_that_are_not_there_fulfil_no_condition_and_come_last() {
    let all = csv(&["simulations", "--sort", "error", "--columns", "trial"]);
    assert_eq!(all.len(), 17);
    let none = csv(&["simulations", "--where", "error == \"x\" or error != \"x\""]);
    assert_eq!(none.len(), 1);
}

#[test]
fn a_damaged_file_is_told_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("small.toml"),
        PIPELINE.replace("n_trials = 2", "n_trials = 1"),
    )
    .unwrap();
    let program = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("hnn-sweep").unwrap();
        command.current_dir(dir.path()).args(arguments);
        command
    };
    program(&["run", "small.toml", "--quiet"])
        .assert()
        .success();
    let part = dir.path().join("results/dipole/batch=0/part.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    program(&["table", "results", "dipole", "-o", "out.csv"])
        .assert()
        .code(2)
        .stderr(contains("is damaged"));
    assert!(!dir.path().join("out.csv").exists());
    program(&["table", "results", "spikes"]).assert().success();
}
