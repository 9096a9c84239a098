//! Runs that are killed at random moments, and readers that look on: tables are whole at every moment, nothing that was
//! committed is simulated again, and in the end all is as if nothing had happened.
//!
//! The child processes are this test's own binary, which simulates with a stand-in.

mod fake;

use fake::{Fake, OUTPUTS, everything, files, options, pipeline, rows, rows_of, run, text};
use hnn_sweep::network::Network;
use hnn_sweep::solver::{SimulationResult, SolverError, Trial};
use hnn_sweep::stages::key::Fingerprinter;
use hnn_sweep::stages::{self, Finished, Options, Pace, Simulate, Watch};
use hnn_sweep::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// 60 points, 2 trials.
fn sweep() -> String {
    let list = |n: u32, unit: f64| {
        let values: Vec<String> = (1..=n)
            .map(|i| format!("{:?}", f64::from(i) * unit))
            .collect();
        values.join(", ")
    };
    let grid = format!("weight = [{}]\nlabel = [{}]", list(60, 0.001), "1");
    text("crash", &grid, 2, OUTPUTS)
}

fn hasty(folder: &Path) -> Options {
    Options {
        pace: Pace {
            every: Duration::from_millis(5),
            share: 1,
            hold: Duration::from_millis(20),
            patience: Duration::from_millis(milliseconds("CRASH_TEST_PATIENCE", 60_000)),
        },
        ..options(folder, 2)
    }
}

/// Writes down when a task is begun and when it was committed.
struct Diary(PathBuf);

impl Diary {
    fn write(&self, line: &str) {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.0);
        file.unwrap()
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }
}

struct Logged<'a>(Fake, &'a Diary);

impl Simulate for Logged<'_> {
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError> {
        let print = Fingerprinter::default()
            .fingerprint(network, trial.tstop, trial.dt)
            .unwrap();
        self.1.write(&format!("begun {}", print.key(trial.trial)));
        self.0.simulate(network, trial, interrupt)
    }
}

struct LogCommits<'a> {
    diary: &'a Diary,
    keys: BTreeMap<(u32, u32), String>,
}

impl Watch for LogCommits<'_> {
    fn finished(&mut self, task: &Finished) {
        self.diary
            .write(&format!("committed {}", self.keys[&task.id]));
    }
}

/// Not a test by itself: what the child processes do.
#[test]
fn child() {
    let Ok(folder) = std::env::var("CRASH_TEST_FOLDER") else {
        return;
    };
    let folder = PathBuf::from(folder);
    let pipeline = pipeline(&sweep());
    let grid = stages::expand(&pipeline, None).unwrap();
    let ids = (0..)
        .zip(&grid.points)
        .flat_map(|(sim, p)| (0..2).map(move |t| ((sim, t), p.key(t).to_string())));
    let diary = Diary(folder.join("diary"));
    let mut watch = LogCommits {
        diary: &diary,
        keys: ids.collect(),
    };
    let fake = Fake {
        wait: Duration::from_millis(milliseconds("CRASH_TEST_WAIT", 4)),
        ..Fake::default()
    };
    let stop = AtomicBool::new(false);
    stages::run(
        &pipeline,
        &hasty(&folder.join("results")),
        &Logged(fake, &diary),
        &stop,
        &mut watch,
    )
    .unwrap();
}

fn milliseconds(variable: &str, otherwise: u64) -> u64 {
    let value = std::env::var(variable).ok();
    value.and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

/// A child whose simulations take 4 ms.
fn spawn(folder: &Path) -> Child {
    spawn_with(folder, 4)
}

fn spawn_with(folder: &Path, wait: u64) -> Child {
    command(folder, wait).spawn().unwrap()
}

fn command(folder: &Path, wait: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .env("CRASH_TEST_FOLDER", folder)
        .env("CRASH_TEST_WAIT", wait.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Fails unless all tables are whole and agree; gives the keys that `simulations` lists.
fn check_tables(folder: &Path) -> BTreeSet<String> {
    let read = |table: &str| -> Vec<BTreeMap<String, String>> {
        let read =
            |file: &PathBuf| rows_of(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        files(folder, table).iter().flat_map(read).collect()
    };
    // First, as whatever it lists is in the other tables.
    let simulations = read("simulations");
    let (dipole, spikes, summary) = (read("dipole"), read("spikes"), read("summary"));
    let id = |row: &BTreeMap<String, String>| (row["sim"].clone(), row["trial"].clone());
    let mut samples: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for row in &dipole {
        let new = samples
            .entry(id(row))
            .or_default()
            .insert(row["time"].clone());
        assert!(new, "a sample is there twice: {row:?}");
    }
    assert!(
        samples.values().all(|times| times.len() == 41),
        "a simulation is not whole"
    );
    let with_spikes: BTreeSet<_> = spikes.iter().map(id).collect();
    let summarised: BTreeSet<_> = summary.iter().map(id).collect();
    for row in &simulations {
        assert!(
            samples.contains_key(&id(row)),
            "listed, but without a dipole: {row:?}"
        );
        assert!(
            with_spikes.contains(&id(row)),
            "listed, but without spikes: {row:?}"
        );
        assert!(
            summarised.contains(&id(row)),
            "listed, but without a summary: {row:?}"
        );
    }
    simulations.iter().map(|row| row["key"].clone()).collect()
}

#[test]
fn killed_again_and_again_a_sweep_ends_as_if_nothing_had_happened() {
    let seed = std::env::var("CRASH_TEST_SEED")
        .ok()
        .and_then(|s| s.parse().ok());
    killed_until_done(seed.unwrap_or_else(|| std::process::id().into()));
}

#[test]
#[ignore = "minutes"]
fn killed_some_hundreds_of_times_sweeps_end_as_if_nothing_had_happened() {
    let wanted = std::env::var("SOAK_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300);
    let (mut kills, mut sweeps) = (0, 0);
    while kills < wanted {
        kills += killed_until_done(sweeps);
        sweeps += 1;
    }
    println!("{kills} kills in {sweeps} sweeps");
}

/// Runs a sweep in a child that is killed at random until it has ended; gives the number of kills.
fn killed_until_done(seed: u64) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("results");
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    let read_diary = || std::fs::read_to_string(dir.path().join("diary")).unwrap_or_default();
    let mut random = seed;
    let mut kills = 0;
    loop {
        let mut child = spawn(dir.path());
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let pause = Duration::from_millis(10 + (random >> 33) % 150);
        let ended = (0..pause.as_millis()).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            child.try_wait().unwrap().is_some()
        });
        if !ended {
            child.kill().unwrap();
            kills += 1;
        }
        let status = child.wait().unwrap();
        // What readers see now is whole, and stays.
        let line = read_diary().lines().count();
        for key in check_tables(&results) {
            listed.entry(key).or_insert(line);
        }
        // The next run ends a publication that was under way; nothing else is to be told.
        if let Some(store) = Store::open(&results).unwrap() {
            assert_eq!(store.verify().unwrap().problems, [], "seed {seed}");
        }
        if ended {
            assert!(status.success(), "the child failed (seed {seed})");
            break;
        }
        assert!(kills < 200, "the sweep makes no progress");
    }
    assert!(kills >= 2, "only {kills} kills (seed {seed})");

    let diary = read_diary();
    let mut committed = BTreeSet::new();
    for (number, line) in diary.lines().enumerate() {
        match line.split_once(' ').unwrap() {
            ("begun", key) => {
                assert!(
                    !committed.contains(key),
                    "{key} was committed and begun again (seed {seed})"
                );
                let seen = listed.get(key).is_some_and(|line| number >= *line);
                assert!(!seen, "{key} was listed and begun again (seed {seed})");
            }
            (_, key) => {
                committed.insert(key.to_string());
            }
        }
    }
    let fresh = tempfile::tempdir().unwrap();
    run(&sweep(), fresh.path());
    assert_eq!(
        everything(&results),
        everything(fresh.path()),
        "seed {seed}"
    );
    assert!(
        fake::bytes(&results) == fake::bytes(fresh.path()),
        "seed {seed}"
    );
    let left = std::fs::read_dir(results.join(".state/journal"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "journals are left behind");
    kills
}

#[test]
fn readers_see_whole_tables_while_a_sweep_runs() {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("results");
    let over = AtomicBool::new(false);
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut child = spawn(dir.path());
            assert!(child.wait().unwrap().success());
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            seen.push(check_tables(&results).len());
        }
    });
    assert!(seen.is_sorted(), "tables shrank: {seen:?}");
    assert!(
        seen.iter().any(|n| (1..120).contains(n)),
        "never seen in between: {seen:?}"
    );
    assert_eq!(check_tables(&results).len(), 120);
}

/// How often each task was begun, of those that were.
fn begun(folder: &Path) -> BTreeMap<String, usize> {
    let diary = std::fs::read_to_string(folder.join("diary")).unwrap();
    let mut begun = BTreeMap::new();
    for key in diary.lines().filter_map(|line| line.strip_prefix("begun ")) {
        *begun.entry(key.to_string()).or_default() += 1;
    }
    begun
}

/// How often a task was begun that had been begun before.
fn again(folder: &Path) -> usize {
    begun(folder).values().map(|n| n - 1).sum()
}

/// Fails unless a folder holds what one process alone makes, to the byte.
fn check_alone(results: &Path) {
    let fresh = tempfile::tempdir().unwrap();
    run(&sweep(), fresh.path());
    assert_eq!(everything(results), everything(fresh.path()));
    assert!(fake::bytes(results) == fake::bytes(fresh.path()));
    assert_eq!(rows(results, "simulations").len(), 120);
    let store = Store::open(results).unwrap().unwrap();
    assert_eq!(store.verify().unwrap().problems, []);
}

#[test]
fn any_number_of_processes_share_a_sweep_and_simulate_nothing_twice() {
    for n in [2, 4, 8, 16] {
        let dir = tempfile::tempdir().unwrap();
        let results = dir.path().join("results");
        let mut children: Vec<Child> = (0..n).map(|_| spawn_with(dir.path(), 20)).collect();
        while children
            .iter_mut()
            .any(|child| child.try_wait().unwrap().is_none())
        {
            check_tables(&results);
        }
        for mut child in children {
            assert!(child.wait().unwrap().success(), "of {n} processes");
        }
        // Files that were replaced while they were read begin with their past; a run in peace ends that.
        assert_eq!(run(&sweep(), &results).0, 0);
        check_alone(&results);
        assert_eq!(begun(dir.path()).len(), 120);
        let again = again(dir.path());
        assert!(
            again * 100 <= 120 * 2,
            "{n} processes simulated {again} of 120 tasks again"
        );
    }
}

#[test]
fn what_killed_processes_had_taken_is_simulated_by_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut children: Vec<Child> = (0..4).map(|_| spawn_with(dir.path(), 20)).collect();
    // Once all are at work.
    let n_begun =
        || std::fs::read_to_string(dir.path().join("diary")).map_or(0, |d| d.lines().count());
    while n_begun() < 20 {
        std::thread::sleep(Duration::from_millis(2));
    }
    for child in children.iter_mut().take(2) {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for child in children.iter_mut().skip(2) {
        assert!(child.wait().unwrap().success());
    }
    check_alone(&dir.path().join("results"));
    assert_eq!(begun(dir.path()).len(), 120);
    // What each of them had in hand: two workers, and what waited to be committed.
    let again = again(dir.path());
    assert!(again <= 2 * 8, "{again} tasks were simulated again");
}

#[test]
#[cfg(unix)]
fn what_a_process_has_taken_that_hangs_is_simulated_by_the_others_in_the_end() {
    let signal = |child: &Child, name: &str| {
        let pid = child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(status.success());
    };
    let dir = tempfile::tempdir().unwrap();
    let mut hanging = spawn_with(dir.path(), 100);
    while !dir.path().join("diary").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    signal(&hanging, "-STOP");
    let mut other = command(dir.path(), 1);
    let mut other = other.env("CRASH_TEST_PATIENCE", "300").spawn().unwrap();
    let ended = (0..60_000).any(|_| {
        std::thread::sleep(Duration::from_millis(1));
        other.try_wait().unwrap().is_some()
    });
    signal(&hanging, "-CONT");
    assert!(ended, "it waits for one that hangs");
    assert!(other.wait().unwrap().success());
    assert!(hanging.wait().unwrap().success());
    check_alone(&dir.path().join("results"));
}

#[test]
fn a_run_that_changes_nothing_leaves_the_index_alone() {
    let dir = tempfile::tempdir().unwrap();
    run(&sweep(), dir.path());
    let index = || {
        let file = dir.path().join(".state/state");
        (
            std::fs::read(&file).unwrap(),
            std::fs::metadata(&file).unwrap().modified().unwrap(),
        )
    };
    let before = index();
    run(&sweep(), dir.path());
    assert!(index() == before);
}

#[test]
fn nothing_is_wrong_with_a_folder_that_a_run_is_writing_to() {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("results");
    let mut child = spawn(dir.path());
    let mut looks = 0;
    while child.try_wait().unwrap().is_none() {
        if let Some(store) = Store::open(&results).unwrap() {
            // As if the look took long.
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(store.verify().unwrap().problems, []);
            looks += 1;
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(looks > 5, "only {looks} looks");
}
