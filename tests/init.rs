//! `hnn-sweep init`, and what editors and shells are given: the schema, completions, man pages.

#![cfg(unix)]

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::fs;
use std::path::Path;

const EXAMPLES: [&str; 8] = [
    "erp",
    "beta",
    "gamma",
    "calcium",
    "lfp",
    "fit",
    "sbi",
    "network-file",
];

fn program(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::cargo_bin("hnn-sweep").unwrap();
    command
        .current_dir(folder)
        .args(arguments.split_whitespace());
    command
}

fn out(folder: &Path, arguments: &str) -> String {
    let assert = program(folder, arguments).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn every_example_runs_as_it_is() {
    for example in EXAMPLES {
        let dir = tempfile::tempdir().unwrap();
        let said = out(dir.path(), &format!("init --example {example}"));
        let file = format!("{example}.toml");
        assert_eq!(
            said,
            format!("{file} is written; see what it would do with `hnn-sweep plan {file}`\n")
        );
        let plan = program(dir.path(), &format!("plan {file}"))
            .assert()
            .success();
        let remarks = String::from_utf8(plan.get_output().stderr.clone()).unwrap();
        assert_eq!(remarks, "", "{example}");
        // Of a small network, for the sake of time: of the first and the last point.
        let small = match example {
            "network-file" => "",
            _ => " --set network.mesh_shape=[1,1]",
        };
        let run = format!("run {file} --limit 2 --quiet{small}");
        program(dir.path(), &run).assert().success().stderr("");
        let text = fs::read_to_string(dir.path().join(&file)).unwrap();
        let folder = text
            .lines()
            .find_map(|line| line.strip_prefix("save_folder = "));
        let rows = out(
            dir.path(),
            &format!("table {}", folder.unwrap().trim_matches('"')),
        );
        assert!(rows.lines().count() > 2, "{example}: {rows}");
    }
}

#[test]
fn init_leaves_what_is_there_alone_and_prints_what_it_would_write() {
    let dir = tempfile::tempdir().unwrap();
    let text = out(dir.path(), "init --print");
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
    assert!(text.starts_with("#:schema hnn-sweep.schema.json\n"));
    fs::write(dir.path().join("hnn-sweep.schema.json"), "mine").unwrap();
    out(dir.path(), "init");
    assert_eq!(
        fs::read_to_string(dir.path().join("erp.toml")).unwrap(),
        text
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("hnn-sweep.schema.json")).unwrap(),
        "mine"
    );
    program(dir.path(), "init")
        .assert()
        .code(1)
        .stderr(contains("erp.toml is there already").and(contains("name another file")));
    program(dir.path(), "init sweep.yaml")
        .assert()
        .code(1)
        .stderr(contains("hnn-sweep init sweep.toml"));
    out(dir.path(), "init deep/down.toml --example sbi");
    assert!(dir.path().join("deep/hnn-sweep.schema.json").exists());
}

#[test]
fn shells_are_told_every_verb() {
    let dir = tempfile::tempdir().unwrap();
    let help = out(dir.path(), "--help");
    let (_, verbs) = help.split_once("Commands:\n").unwrap();
    let verbs: Vec<&str> = verbs
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '))
        })
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() > 15, "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = out(dir.path(), &format!("completions {shell}"));
        let missing: Vec<_> = verbs
            .iter()
            .filter(|verb| !script.contains(**verb))
            .collect();
        assert!(missing.is_empty(), "{shell}: {missing:?}");
    }
    out(dir.path(), "man pages");
    for verb in &verbs {
        let page =
            fs::read_to_string(dir.path().join(format!("pages/hnn-sweep-{verb}.1"))).unwrap();
        assert!(
            page.contains("Example"),
            "{verb} teaches without an example"
        );
    }
    assert!(dir.path().join("pages/hnn-sweep.1").exists());
}
