//! The process dies, or the disk is full, at every single write, sync, rename and removal of a sweep, one after the
//! other. Tables are whole afterwards, what was committed is not simulated again, and the next run ends as if nothing
//! had happened.

mod fake;

use fake::{Fake, OUTPUTS, everything, files, options, rows_of, run, run_with, text};
use hnn_sweep::stages::{self, Finished, Options, Pace, Watch};
use hnn_sweep::store::fault;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Three points in two batches, one of which was simulated before, with a statistic of the mean.
fn sweep(weights: &str) -> String {
    let mean = "[[summary]]\nname = \"mean\"\nstatistic = \"max\"\ntrials = \"mean\"\n";
    text(
        "faults",
        &format!("weight = [{weights}]"),
        1,
        &format!("{OUTPUTS}{mean}"),
    )
    .replace("batch_size = 4", "batch_size = 2")
}

const BEFORE: &str = "0.001";
const NOW: &str = "0.001, 0.002, 0.003";

/// Publishes after every commit.
fn eager(folder: &Path) -> Options {
    Options {
        pace: Pace {
            every: Duration::ZERO,
            share: 0,
            hold: Duration::ZERO,
            ..Pace::default()
        },
        ..options(folder, 1)
    }
}

/// Writes down which tasks were committed.
struct Committed(PathBuf);

impl Watch for Committed {
    fn finished(&mut self, task: &Finished) {
        let done = std::fs::read_to_string(&self.0).unwrap_or_default();
        std::fs::write(&self.0, format!("{done}{}\n", task.id.0)).unwrap();
    }
}

/// Not a test by itself: what the child processes do.
#[test]
fn child() {
    let Ok(folder) = std::env::var("FAULT_TEST_FOLDER") else {
        return;
    };
    let folder = PathBuf::from(folder);
    let at = std::env::var("FAULT_TEST_AT").unwrap().parse().unwrap();
    fault::die_at(at);
    let pipeline = fake::pipeline(&sweep(NOW));
    let mut watch = Committed(folder.join("committed"));
    let stop = AtomicBool::new(false);
    stages::run(
        &pipeline,
        &eager(&folder.join("results")),
        &Fake::default(),
        &stop,
        &mut watch,
    )
    .unwrap();
    std::fs::write(folder.join("count"), fault::count().to_string()).unwrap();
}

/// A folder in which the first point was simulated, and which knows it.
fn prepared() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    run(&sweep(BEFORE), &dir.path().join("results"));
    dir
}

fn die_at(n: u64) -> tempfile::TempDir {
    let dir = prepared();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env("FAULT_TEST_FOLDER", dir.path())
        .env("FAULT_TEST_AT", n.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    dir
}

/// Everything in the folder is whole; afterwards the sweep ends as it should, without simulating what was committed.
fn check(dir: &Path, committed: u64, what: &str) {
    let results = dir.join("results");
    let ids = |table: &str| -> Vec<String> {
        let files = files(&results, table);
        let rows = files
            .iter()
            .flat_map(|f| rows_of(f).unwrap_or_else(|e| panic!("{what}: {f:?}: {e}")));
        rows.map(|row| row["sim"].clone()).collect()
    };
    let listed: BTreeSet<String> = ids("simulations").into_iter().collect();
    let dipole = ids("dipole");
    for sim in &listed {
        assert_eq!(
            dipole.iter().filter(|s| *s == sim).count(),
            41,
            "{what}: sim {sim}"
        );
    }
    assert!(
        listed.contains("0"),
        "{what}: what was there before is lost"
    );

    let fake = Fake::default();
    run_with(&sweep(NOW), &options(&results, 1), &fake).unwrap_or_else(|e| panic!("{what}: {e:?}"));
    let calls = fake.n_calls() as u64;
    assert!(
        calls + committed <= 2,
        "{what}: {committed} were committed, {calls} simulated again"
    );
    assert!(
        calls + listed.len() as u64 <= 3,
        "{what}: {listed:?} were listed, {calls} simulated again"
    );

    let calm = prepared();
    run(&sweep(NOW), &calm.path().join("results"));
    assert_eq!(
        everything(&results),
        everything(&calm.path().join("results")),
        "{what}"
    );
    for folder in ["journal", "tmp", "pieces"] {
        let left = std::fs::read_dir(results.join(".state").join(folder))
            .unwrap()
            .count();
        assert_eq!(left, 0, "{what}: something is left in {folder}");
    }
}

#[test]
fn the_process_may_die_at_any_operation() {
    let whole = die_at(u64::MAX);
    let count: u64 = std::fs::read_to_string(whole.path().join("count"))
        .unwrap()
        .parse()
        .unwrap();
    assert!(count > 60, "{count} operations");
    let (next, deaths) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return;
                    }
                    let dir = die_at(n);
                    // Two results may have been committed with one operation: there are not always as many.
                    let died = !dir.path().join("count").exists();
                    deaths.fetch_add(u64::from(died), Ordering::Relaxed);
                    let committed =
                        std::fs::read_to_string(dir.path().join("committed")).unwrap_or_default();
                    check(
                        dir.path(),
                        committed.lines().count() as u64,
                        &format!("died at operation {n}"),
                    );
                }
            });
        }
    });
    assert!(deaths.into_inner() > 60);
}
