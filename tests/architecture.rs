//! ARCHITECTURE.md is true: its table of rooms is held against the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Room → rooms that it may name, from the table.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("| `src/"))
        .map(|row| {
            let (room, rest) = row.split_once('`').unwrap();
            let may_name = rest
                .trim_end_matches([' ', '|'])
                .rsplit('|')
                .next()
                .unwrap();
            let names = may_name
                .split(',')
                .map(|name| name.trim().to_string())
                .filter(|name| name != "(nothing)")
                .collect();
            (room.to_string(), names)
        })
        .collect()
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Source without its unit tests, which stand at the end of a file and may use any room.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn every_room_has_a_row_and_every_row_a_room() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let rows: BTreeSet<String> = rooms().into_keys().collect();
    assert_eq!(rows, folders);
}

#[test]
fn rooms_name_only_the_rooms_that_they_may() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for (room, may_name) in &rooms {
        for file in source_files(&root().join("src").join(room)) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in without_tests(&text).lines().enumerate() {
                let code = line.split("//").next().unwrap();
                let named = code.split("crate::").skip(1).filter_map(|rest| {
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                });
                for name in named.filter(|name| rooms.contains_key(*name)) {
                    if name != room && !may_name.contains(name) {
                        wrong.push(format!("{}:{}: {name}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "named without leave:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn unsafe_code_is_in_the_kernels_only() {
    let kernels = ["src/solver/simd", "src/solver/kernels"].map(|folder| root().join(folder));
    for file in source_files(&root().join("src")) {
        if kernels.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let is_unsafe = |line: &str| {
            let code = line.split("//").next().unwrap();
            code.contains("unsafe ") && !code.contains("unsafe_op")
        };
        let found: Vec<&str> = text.lines().filter(|line| is_unsafe(line)).collect();
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

#[test]
fn python_is_named_in_one_room_only() {
    let room = root().join("src/python");
    for file in source_files(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            file.starts_with(&room) || !text.contains("pyo3"),
            "{}",
            file.display()
        );
    }
}
