//! File systems whose locks hold on one machine only, or not at all.

use super::place::{Place, code, stderr, sweep};
use super::{N, of_one_run};
use crate::fake::bytes;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
