//! README.md is executed: its commands run and print what it shows.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// Contents of the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.strip_prefix(&format!("{language}\n")))
        .map(str::to_string)
        .collect()
}

/// Runs the program in a folder with the repository's pipelines.
fn hnn_sweep(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hnn-sweep"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn folder_with_pipelines() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("pipelines")).unwrap();
    for entry in fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        let copy = folder
            .path()
            .join("pipelines")
            .join(path.file_name().unwrap());
        fs::copy(&path, copy).unwrap();
    }
    folder
}

#[test]
fn the_commands_print_what_the_readme_shows() {
    let folder = folder_with_pipelines();
    let mut n_commands = 0;
    for block in blocks(&readme(), "console") {
        for part in block.split("$ hnn-sweep ").skip(1) {
            let (command, expected) = part.split_once('\n').unwrap();
            let output = hnn_sweep(folder.path(), command);
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{command}: {printed}");
            assert!(
                printed.starts_with(expected),
                "{command} printed\n{printed}\ninstead of\n{expected}"
            );
            n_commands += 1;
        }
    }
    assert_eq!(n_commands, 3);
}

#[test]
fn the_first_command_names_a_pipeline_that_can_be_run() {
    let folder = folder_with_pipelines();
    let commands = blocks(&readme(), "sh").concat();
    let first = commands
        .lines()
        .find_map(|line| line.strip_prefix("cargo run --release -- run "))
        .unwrap();
    let pipeline = first.split_whitespace().next().unwrap();
    let output = hnn_sweep(folder.path(), &format!("plan {pipeline}"));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(printed.contains("400 missing"), "{printed}");
}

#[test]
fn the_pipeline_in_the_readme_is_the_one_in_the_repository() {
    let shown: toml::Table = blocks(&readme(), "toml")[0].parse().unwrap();
    let file = fs::read_to_string(root().join("pipelines/erp_weights.toml")).unwrap();
    let mut file: toml::Table = file.parse().unwrap();
    file.remove("sweep"); // it spells the defaults out
    assert_eq!(shown, file);
}

#[test]
fn links_lead_to_files() {
    for link in readme().split("](").skip(1) {
        let target = link.split(')').next().unwrap();
        if !target.starts_with("http") {
            assert!(root().join(target).exists(), "{target}");
        }
    }
}

/// Where `HNN_PYTHON` names a Python with polars and duckdb.
#[test]
fn polars_and_duckdb_answer_the_queries_of_the_readme() {
    let Some(python) = std::env::var_os("HNN_PYTHON") else {
        eprintln!("skipped: HNN_PYTHON names no Python with polars and duckdb");
        return;
    };
    let folder = folder_with_pipelines();
    let text = fs::read_to_string(root().join("pipelines/erp_weights.toml")).unwrap();
    let small = text
        .replace("[10, 10]", "[2, 2]")
        .replace("-1, 20]", "-1, 2]");
    assert_ne!(small, text);
    fs::write(folder.path().join("small.toml"), small).unwrap();
    let output = hnn_sweep(folder.path(), "run small.toml --quiet");
    assert!(output.status.success());
    let run = |script: &str| {
        let output = Command::new(&python)
            .args(["-c", script])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{error}");
        String::from_utf8(output.stdout).unwrap()
    };
    let with_polars = blocks(&readme(), "python")
        .into_iter()
        .find(|block| block.contains("import polars"))
        .unwrap();
    let (first, last) = with_polars.trim().rsplit_once('\n').unwrap();
    let printed = run(&format!(
        "{first}\nframe = {last}\nprint(frame.height, frame['max_peak'].is_sorted(descending=True))"
    ));
    assert_eq!(printed.trim(), "4 True");
    let sql = &blocks(&readme(), "sql")[0];
    let printed = run(&format!(
        "import duckdb\nrows = duckdb.sql('''{sql}''').fetchall()\nprint(len(rows), rows[0][:2])"
    ));
    // 170 ms in steps of 0.025 ms.
    assert!(printed.starts_with("6801 (3, 0)"), "{printed}");
}
