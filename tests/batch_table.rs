//! docs/batch-simulate.md is true: each row names tests, and each test that it names exists.

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rows of the tables whose last column is `test`: the whole row, and the tests that it names.
fn rows() -> Vec<(String, Vec<(String, String)>)> {
    let text = fs::read_to_string(root().join("docs/batch-simulate.md")).unwrap();
    let mut rows = Vec::new();
    let mut of_tests = false;
    for line in text.lines() {
        let Some(cells) = line.strip_prefix("| ").and_then(|l| l.strip_suffix(" |")) else {
            of_tests &= line.starts_with("|--");
            continue;
        };
        let last = cells.rsplit(" | ").next().unwrap();
        if last == "test" {
            of_tests = true;
        } else if of_tests {
            let names = last.split('`').skip(1).step_by(2);
            let names = names.map(|name| name.split_once("::").unwrap());
            let names = names.map(|(file, name)| (file.to_string(), name.to_string()));
            rows.push((line.to_string(), names.collect()));
        }
    }
    rows
}

#[test]
fn every_row_names_tests_that_exist() {
    let rows = rows();
    assert!(rows.len() > 25, "{}", rows.len());
    for (row, tests) in rows {
        assert!(!tests.is_empty(), "no test: {row}");
        for (file, name) in tests {
            let path = root().join(format!("tests/{file}.rs"));
            let text =
                fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            // A function, or a case of a macro that makes functions.
            let is_there = text.contains(&format!("\nfn {name}("))
                || text.contains(&format!("\n    {name}: \""));
            assert!(is_there, "{file}::{name} does not exist");
        }
    }
}

#[test]
fn every_argument_and_method_of_the_original_has_a_row() {
    let text = fs::read_to_string(root().join("tests/reference/batch.json")).unwrap();
    let reference: serde_json::Value = serde_json::from_str(&text).unwrap();
    let page: String = rows().into_iter().map(|(row, _)| row).collect();
    for (method, arguments) in reference["signatures"].as_object().unwrap() {
        let mut names = vec![method.clone()];
        names.extend(arguments.as_object().unwrap().keys().cloned());
        // What `mean_rates` takes is no part of `BatchSimulate`.
        for name in names
            .iter()
            .filter(|n| *n != "BatchSimulate" && method != "mean_rates")
        {
            let first = page.split('`').skip(1).step_by(2);
            let mut words =
                first.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_'));
            assert!(words.any(|word| word == name), "`{name}` has no row");
        }
    }
}
