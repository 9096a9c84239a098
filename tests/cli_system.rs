//! The program and the system it runs on: signals, threads, full outputs, refused memory. And what a user should know
//! before a run.

#![cfg(unix)]

mod fake;

use fake::rows;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A small network with one parameter, `weight`, of so many values.
fn pipeline(n_points: usize, tstop: f64) -> String {
    let weights: Vec<String> = (1..=n_points).map(|i| format!("{i}e-5")).collect();
    format!(
        r#"
name = "small"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = {tstop:?}
[grid]
weight = [{}]
[[drive]]
type = "evoked"
name = "evprox"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = {{ L2_pyramidal = "weight", L5_pyramidal = "weight" }}
synaptic_delays = 0.1
[output]
save_dpl = true
"#,
        weights.join(", ")
    )
}

/// A folder with `small.toml`.
fn place(pipeline: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("small.toml"), pipeline).unwrap();
    dir
}

/// A line of a POSIX shell, in which `$HNN` is the program.
fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .env("HNN", env!("CARGO_BIN_EXE_hnn-sweep"))
        .current_dir(folder);
    command
}

fn output(folder: &Path, line: &str) -> Output {
    shell(folder, line).output().unwrap()
}

fn code(folder: &Path, line: &str) -> Option<i32> {
    output(folder, line).status.code()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn results(folder: &Path) -> PathBuf {
    folder.join("results")
}

/// Starts `small.toml` on one core and waits until it has committed something.
fn started(folder: &Path, line: &str) -> Child {
    let child = shell(folder, line)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let journal = results(folder).join(".state/journal");
    let begun = Instant::now();
    let is_full = |file: &std::fs::DirEntry| {
        let is_journal = file.path().extension().is_some_and(|e| e == "journal");
        is_journal && file.metadata().is_ok_and(|of| of.len() > 0)
    };
    while !std::fs::read_dir(&journal).is_ok_and(|mut files| files.any(|f| is_full(&f.unwrap()))) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no journal");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

fn n_simulated(folder: &Path) -> usize {
    rows(&results(folder), "simulations").len()
}

#[test]
fn a_signal_that_was_ignored_when_the_program_began_stays_ignored() {
    let dir = place(&pipeline(60, 100.0));
    let mut child = started(
        dir.path(),
        "trap '' HUP INT; exec $HNN run small.toml --jobs 1",
    );
    assert!(
        child.try_wait().unwrap().is_none(),
        "the run has ended already"
    );
    signal(&child, "HUP");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(n_simulated(dir.path()), 60);
}

#[test]
fn a_signal_that_was_not_ignored_stops_the_run_and_the_rest_is_left() {
    let dir = place(&pipeline(60, 200.0));
    let mut child = started(dir.path(), "exec $HNN run small.toml --jobs 1");
    signal(&child, "HUP");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(n_simulated(dir.path()) < 60);
}

#[cfg(target_os = "linux")]
#[test]
fn threads_are_no_more_than_cores_whatever_is_asked_for() {
    let dir = place(&pipeline(40, 100.0));
    let mut child = started(dir.path(), "exec $HNN run small.toml --jobs 100000");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let threads = text.lines().find_map(|line| line.strip_prefix("Threads:"));
        most = most.max(threads.map_or(0, |n| n.trim().parse::<usize>().unwrap()));
        std::thread::sleep(Duration::from_millis(5));
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(most > 0, "the run ended too early to be looked at");
    assert!(most <= 2 * cores + 8, "{most} threads on {cores} cores");
    assert_eq!(n_simulated(dir.path()), 40);
}

#[test]
fn a_run_that_is_still_planning_stops_at_once() {
    let mut text = pipeline(300, 20.0);
    let more: Vec<String> = (1..=300).map(|i| format!("{i}.0")).collect();
    text = text.replace("mu = 5.0", "mu = \"mu\"");
    text = text.replace("[grid]", &format!("[grid]\nmu = [{}]", more.join(", ")));
    let dir = place(&text);
    let mut child = shell(dir.path(), "exec $HNN run small.toml --jobs 1000")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal(&child, "TERM");
    let status = child.wait().unwrap();
    // Before it listens to signals, the signal itself ends it.
    assert!(
        status.code() == Some(130) || status.signal() == Some(15),
        "{status:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_a_message_and_an_exit_code_and_costs_no_result() {
    let dir = place(&pipeline(3, 20.0));
    for line in [
        "$HNN run small.toml > /dev/full",
        "$HNN plan small.toml > /dev/full",
        "$HNN status results > /dev/full",
        "$HNN network law_2021 > /dev/full",
        "$HNN --help > /dev/full",
        "$HNN > /dev/full",
        "$HNN verify results > /dev/full",
    ] {
        let output = output(dir.path(), line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("standard output"), "{line}: {said}");
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
    assert_eq!(n_simulated(dir.path()), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_error_changes_no_exit_code() {
    let dir = place(&pipeline(3, 20.0));
    assert_eq!(
        code(dir.path(), "$HNN run small.toml 2> /dev/full"),
        Some(0)
    );
    assert_eq!(
        code(dir.path(), "$HNN run nowhere.toml 2> /dev/full"),
        Some(1)
    );
    assert_eq!(
        code(dir.path(), "$HNN run small.toml --jbos 2 2> /dev/full"),
        Some(1)
    );
    let line = "$HNN run small.toml --verbose > /dev/full 2> /dev/full";
    assert_eq!(code(dir.path(), line), Some(2));
    assert_eq!(n_simulated(dir.path()), 3);
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let dir = place(&pipeline(3, 20.0));
    let line = "{ $HNN run small.toml --verbose; echo $? > code; } | true; cat code";
    let output = output(dir.path(), line);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
}

#[test]
fn a_limit_of_file_size_is_an_error_of_that_write_and_the_next_run_ends_the_work() {
    let dir = place(&pipeline(12, 200.0));
    let limited = output(dir.path(), "ulimit -f 8; $HNN run small.toml");
    assert_eq!(limited.status.code(), Some(2), "{}", stderr(&limited));
    assert!(!stderr(&limited).contains("panicked"));
    assert_eq!(code(dir.path(), "$HNN run small.toml"), Some(0));
    assert_eq!(n_simulated(dir.path()), 12);
    assert_eq!(code(dir.path(), "$HNN verify results"), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn memory_or_threads_that_are_refused_end_with_a_message_and_never_with_a_panic() {
    let dir = place(&pipeline(4, 20.0));
    for kilobytes in [20_000, 40_000, 60_000, 80_000, 100_000, 150_000, 250_000] {
        // Below what the program itself needs, the system does not start it.
        let start = format!("ulimit -v {kilobytes} && $HNN --version");
        if code(dir.path(), &start) != Some(0) {
            continue;
        }
        let line = format!("ulimit -v {kilobytes} && $HNN run small.toml --jobs 2");
        let output = output(dir.path(), &line);
        let said = stderr(&output);
        assert!(
            matches!(output.status.code(), Some(0 | 2)),
            "{kilobytes} kB: {:?}: {said}",
            output.status
        );
        assert!(!said.contains("panicked"), "{kilobytes} kB: {said}");
    }
    assert_eq!(code(dir.path(), "$HNN run small.toml"), Some(0));
    assert_eq!(n_simulated(dir.path()), 4);
}

#[test]
fn a_parameter_that_changes_nothing_is_a_warning_of_plan_and_run() {
    let unused = pipeline(2, 20.0).replace("[grid]", "[grid]\nmu = [1.0, 2.0]");
    let overwritten = pipeline(2, 20.0)
        .replace("[grid]", "[grid]\ngain = [1.0, 2.0]")
        .replace("\"weight\", L5", "\"weight + 0 * gain\", L5");
    for (text, name) in [(unused, "`mu`"), (overwritten, "`gain`")] {
        let text = text.replace("L5_pyramidal = \"weight\"", "L5_pyramidal = 1e-4");
        let dir = place(&text);
        for line in [
            "$HNN plan small.toml",
            "$HNN run small.toml",
            "$HNN run small.toml --quiet",
        ] {
            let output = output(dir.path(), line);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            let said = stderr(&output);
            let warning = said.lines().find(|line| line.starts_with("WARNING"));
            assert!(
                warning.is_some_and(|line| line.contains(name) && line.contains("changes nothing")),
                "{line}: {said}"
            );
        }
        // Values that give the same network are simulated once.
        let sims: std::collections::BTreeSet<String> =
            fake::column(&results(dir.path()), "simulations", "sim")
                .into_iter()
                .collect();
        assert_eq!(sims.len(), 2);
    }
    let dir = place(&pipeline(2, 20.0));
    assert_eq!(
        stderr(&output(dir.path(), "$HNN plan small.toml")),
        "",
        "a parameter that is used gets no remark"
    );
}

#[test]
fn a_sweep_of_another_file_is_replaced_only_when_asked_for() {
    let dir = place(&pipeline(4, 20.0));
    assert_eq!(code(dir.path(), "$HNN run small.toml"), Some(0));
    // Another file that has chosen the same name.
    let other = pipeline(2, 20.0).replace("mu = 5.0", "mu = 6.0");
    std::fs::write(dir.path().join("other.toml"), other).unwrap();
    let planned = output(dir.path(), "$HNN plan other.toml");
    assert!(
        stderr(&planned).contains("--replace"),
        "{}",
        stderr(&planned)
    );
    let refused = output(dir.path(), "$HNN run other.toml");
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused).replace(['\n', '│'], " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["small.toml", "4 of its 4", "--replace", "`name`"] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(code(dir.path(), "$HNN run other.toml --replace"), Some(0));
    // The file itself, edited, is not another one; nor is it where it was moved to.
    std::fs::write(dir.path().join("other.toml"), pipeline(1, 20.0)).unwrap();
    assert_eq!(code(dir.path(), "$HNN run other.toml"), Some(0));
    std::fs::write(dir.path().join("moved.toml"), pipeline(2, 20.0)).unwrap();
    assert_eq!(code(dir.path(), "$HNN run moved.toml"), Some(0));
}
