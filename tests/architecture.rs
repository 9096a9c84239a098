//! ARCHITECTURE.md is true: its table of rooms is held against the tree, and no two modules need each other.

mod modules;

use modules::Graph;
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

fn graph() -> Graph {
    Graph::of_tree(&root().join("src"))
}

#[test]
fn rooms_name_only_the_rooms_that_they_may() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for (module, named) in &graph().0 {
        let Some(may_name) = module.first().and_then(|room| rooms.get(room)) else {
            continue;
        };
        for other in named.iter().filter(|other| other.first() != module.first()) {
            let room = other.first().map_or("", String::as_str);
            if rooms.contains_key(room) && !may_name.contains(room) {
                wrong.push(format!("{} names {}", module.join("::"), other.join("::")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "named without leave:\n{}",
        wrong.join("\n")
    );
}

/// The one circle: the list of channels makes, of the channels' own constants, the types in whose terms the channels
/// are written. Apart, a channel would have to be named in five places instead of one.
fn is_the_list_of_channels(circle: &BTreeSet<String>) -> bool {
    let channels = "solver::mechanisms::";
    circle.contains("solver::mechanisms::list") && circle.iter().all(|m| m.starts_with(channels))
}

#[test]
fn no_two_modules_of_a_room_need_each_other() {
    let circles: Vec<String> = graph()
        .circles()
        .iter()
        .filter(|circle| !is_the_list_of_channels(circle))
        .map(|circle| circle.iter().cloned().collect::<Vec<_>>().join(" ↔ "))
        .collect();
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

#[test]
fn imports_are_seen_however_they_are_written() {
    let graph = Graph::of([
        ("lib.rs".into(), "pub mod a;\npub mod b;\n"),
        (
            "a/mod.rs".into(),
            "mod deep;\nmod other;\npub use other::Given;\nstruct Own;\n",
        ),
        (
            "a/deep.rs".into(),
            "use crate::{b::{self, inner::{X, Y as Z}}, c};\nuse super::Given;\n",
        ),
        (
            "a/other.rs".into(),
            "fn f() { super::super::b::g() }\n// crate::b::not_this\n",
        ),
        ("b/mod.rs".into(), "pub mod inner;\n"),
        (
            "b/inner.rs".into(),
            "use super::super::a::Given as G;\nuse std::fmt;\n",
        ),
    ]);
    let named = |module: &str| -> Vec<String> {
        let module: Vec<String> = module.split("::").map(str::to_string).collect();
        graph.0[&module]
            .iter()
            .map(|other| other.join("::"))
            .collect()
    };
    // What a module only gives on is named where it is defined.
    assert_eq!(named("a::deep"), ["", "a::other", "b", "b::inner"]);
    assert_eq!(named("a::other"), ["b"]);
    assert_eq!(named("b::inner"), ["a::other"]);
    assert!(named("a").is_empty() && named("b").is_empty());
}

#[test]
fn circles_are_found() {
    let circles = |files: &[(&str, &'static str)]| {
        Graph::of(files.iter().map(|(path, text)| ((*path).into(), *text))).circles()
    };
    let beside = [
        ("a/mod.rs", "mod x;\nmod y;\n"),
        ("a/x.rs", "use super::y::Y;\npub struct X(Y);\n"),
        ("a/y.rs", "pub struct Y;\nfn f(x: &crate::a::x::X) {}\n"),
    ];
    assert_eq!(circles(&beside).len(), 1);
    let above = [
        ("a/mod.rs", "mod x;\npub struct Own;\nfn f() { x::g(); }\n"),
        ("a/x.rs", "use super::Own;\npub fn g() {}\n"),
    ];
    assert_eq!(circles(&above).len(), 1);
    // A room's first page gives on what others define, and needs none of it.
    let given_on = [
        ("a/mod.rs", "mod x;\nmod y;\npub use x::X;\npub use y::Y;\n"),
        ("a/x.rs", "use super::Y;\npub struct X(Y);\n"),
        ("a/y.rs", "pub struct Y;\n"),
    ];
    assert_eq!(circles(&given_on).len(), 0);
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
