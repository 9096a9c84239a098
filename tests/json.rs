//! docs/json.md is executed: what its commands print has the keys and values that the page shows.

#![cfg(unix)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Keys whose values are of the machine or the moment.
const OF_THE_MOMENT: [&str; 8] = [
    "file",
    "bytes",
    "files",
    "jobs",
    "seconds",
    "seconds_per_task",
    "measured",
    "wall_s",
];

/// What a command prints is as the page shows it, whose lists may be shorter.
fn compare(shown: &Value, printed: &Value, at: &str) {
    match (shown, printed) {
        (Value::Object(shown), Value::Object(printed)) => {
            let keys = |object: &serde_json::Map<String, Value>| {
                object.keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(keys(shown), keys(printed), "{at}");
            for (key, value) in shown {
                let other = &printed[key];
                let is_free = OF_THE_MOMENT.contains(&key.as_str())
                    && value.is_number() | value.is_string() | value.is_boolean();
                match is_free {
                    true => assert_eq!(
                        std::mem::discriminant(value),
                        std::mem::discriminant(other),
                        "{at}.{key}"
                    ),
                    false => compare(value, other, &format!("{at}.{key}")),
                }
            }
        }
        (Value::Array(shown), Value::Array(printed)) => {
            assert!(
                shown.len() <= printed.len(),
                "{at}: {} of {}",
                shown.len(),
                printed.len()
            );
            assert_eq!(shown.is_empty(), printed.is_empty(), "{at}");
            for (i, (shown, printed)) in shown.iter().zip(printed).enumerate() {
                compare(shown, printed, &format!("{at}[{i}]"));
            }
        }
        _ => assert_eq!(shown, printed, "{at}"),
    }
}

#[test]
fn the_objects_are_as_the_page_shows_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/json.md")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("pipelines")).unwrap();
    fs::copy(
        root.join("pipelines/smoke.toml"),
        dir.path().join("pipelines/smoke.toml"),
    )
    .unwrap();
    let mut verbs = BTreeSet::new();
    for block in page.split("```console\n$ hnn-sweep ").skip(1) {
        let (command, shown) = block.split("```").next().unwrap().split_once('\n').unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_hnn-sweep"))
            .args(command.split_whitespace())
            .current_dir(dir.path())
            .output()
            .unwrap();
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
            panic!(
                "{command}: {e}\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        let shown: Value = serde_json::from_str(shown).unwrap();
        compare(&shown, &printed, command);
        verbs.insert(shown["verb"].as_str().unwrap().to_string());
    }
    assert_eq!(
        verbs.iter().map(String::as_str).collect::<Vec<_>>(),
        ["failures", "network", "plan", "run", "status", "verify"]
    );
}

#[test]
fn a_mistake_leaves_standard_output_empty_and_a_damaged_folder_says_what_is_wrong() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &str| {
        Command::new(env!("CARGO_BIN_EXE_hnn-sweep"))
            .args(arguments.split_whitespace())
            .current_dir(dir.path())
            .output()
            .unwrap()
    };
    fs::copy(
        root.join("pipelines/smoke.toml"),
        dir.path().join("smoke.toml"),
    )
    .unwrap();
    let wrong = run("plan smoke.toml --json --set simulation.tstop=-1");
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(1), 0));
    assert!(run("run smoke.toml --json").status.success());
    fs::write(
        dir.path().join("sim_results/dipole/batch=0/part.parquet"),
        "no",
    )
    .unwrap();
    let verdict = run("verify sim_results --json");
    assert_eq!(verdict.status.code(), Some(2));
    let verdict: Value = serde_json::from_slice(&verdict.stdout).unwrap();
    assert_eq!(verdict["intact"], false);
    assert_eq!(verdict["problems"][0]["loses_results"], true);
}
