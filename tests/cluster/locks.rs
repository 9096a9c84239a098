//! File systems whose locks hold on one machine only, or not at all.

use super::place::{Place, code, stderr, sweep};
use super::{N, of_one_run};
use crate::fake::bytes;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A library that takes the place of `flock`; `None` where there is no compiler.
fn library(name: &str, to: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/slurm")
        .join(format!("{name}.c"));
    let target = to.join(format!("{name}.so"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&target)
        .arg(source);
    let built = cc.stdout(Stdio::null()).status();
    if built.is_ok_and(|status| status.success()) && cfg!(target_os = "linux") {
        return Some(target);
    }
    eprintln!("skipped: there is no C compiler, or no LD_PRELOAD");
    None
}

/// Names the library that all other tests are tried with.
const LIBRARY: &str = "CLUSTER_TEST_LOCKS";

/// Gives a command the locks that all tests are tried with, if any.
pub fn preload(command: &mut Command, folder: &Path) {
    let Some(library) = std::env::var_os(LIBRARY) else {
        return;
    };
    let locks = folder.join("locks");
    std::fs::create_dir_all(&locks).unwrap();
    command.env("LD_PRELOAD", library).env("LOCK_DIR", locks);
}

/// Name of another node than the last, if all tests are tried with other locks.
pub fn next_node() -> Option<String> {
    static NODE: AtomicUsize = AtomicUsize::new(0);
    std::env::var_os(LIBRARY)?;
    let node = NODE.fetch_add(1, Ordering::Relaxed) % 3;
    Some(format!("n{node}"))
}

/// All tests of this file's folder once more, with other locks.
fn everything_with(locks: &str) {
    if std::env::var_os(LIBRARY).is_some() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = library(locks, dir.path()) else {
        return;
    };
    let tests = Command::new(std::env::current_exe().unwrap())
        // These have locks of their own, or a tracer that libraries disturb.
        .args([
            "--test-threads=2",
            "--skip",
            "locks::",
            "--skip",
            "traced::",
        ])
        .env(LIBRARY, library)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tests.stdout);
    assert!(tests.status.success(), "{said}");
    assert!(said.contains("test result: ok. 2"), "{said}");
}

#[test]
fn everything_holds_where_locks_reach_no_other_node() {
    everything_with("nodelock");
}

#[test]
fn everything_holds_where_there_are_no_locks() {
    everything_with("noflock");
}

#[test]
fn a_folder_without_locks_can_be_submitted_to() {
    let text = sweep(12, 10.0);
    let place = Place::new(&text);
    let Some(library) = library("noflock", place.path()) else {
        return;
    };
    let run = |line: &str| {
        let mut shell = place.shell(line);
        shell.env("LD_PRELOAD", &library).output().unwrap()
    };
    let out = run("$HNN submit small.toml --tasks 4 --local");
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert_eq!(place.n_simulated(), N);
    assert_eq!(bytes(&place.results()), of_one_run(&text));
    let out = run("$HNN status results && $HNN publish results && $HNN table results --head 1");
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    // A plain run needs them, and says so.
    let out = run("$HNN run small.toml");
    assert_eq!(code(&out), 2, "{}", stderr(&out));
}

#[test]
fn nodes_whose_locks_do_not_reach_each_other_share_a_sweep() {
    let text = sweep(12, 20.0);
    let place = Place::new(&text);
    let Some(library) = library("nodelock", place.path()) else {
        return;
    };
    let locks = tempfile::tempdir().unwrap();
    let on = |node: &str, line: &str| {
        let mut shell = place.shell(&format!("exec {line}"));
        shell
            .env("LD_PRELOAD", &library)
            .env("LOCK_DIR", locks.path());
        shell.env("SLURMD_NODENAME", node);
        shell
    };
    let submitted = on("login", "$HNN submit small.toml --tasks 6 --emit parallel")
        .output()
        .unwrap();
    assert_eq!(code(&submitted), 0, "{}", stderr(&submitted));
    let commands = String::from_utf8(submitted.stdout).unwrap();
    let mut shards: Vec<_> = (0..)
        .zip(commands.lines())
        .map(|(i, line)| on(&format!("n{}", i % 3), line).spawn().unwrap())
        .collect();
    // All the while, publishers on all nodes.
    while shards
        .iter_mut()
        .any(|shard| shard.try_wait().unwrap().is_none())
    {
        let mut publishers: Vec<_> = (0..3)
            .map(|i| {
                on(&format!("n{i}"), "$HNN publish results")
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for publisher in &mut publishers {
            assert_eq!(publisher.wait().unwrap().code(), Some(0));
        }
    }
    let out = on("n1", "$HNN publish results --ended").output().unwrap();
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert_eq!(place.n_rows("simulations"), N);
    assert_eq!(bytes(&place.results()), of_one_run(&text));
    assert!(place.segments().is_empty());
}
