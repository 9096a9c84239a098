//! A sweep in shards, without a batch system: the same tables as of one run, whatever happens on the way.

#![cfg(unix)]

#[path = "../fake/mod.rs"]
mod fake;
mod faults;
mod locks;
mod place;
mod slurm;
mod traced;

use fake::{bytes, rows};
use place::{Place, code, stderr, stdout, sweep};
use std::collections::BTreeMap;
use std::time::Duration;

/// 12 points, 2 trials.
const N: usize = 24;

/// Tables of one plain run.
fn of_one_run(text: &str) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let place = Place::new(text);
    place.good("run small.toml --quiet");
    bytes(&place.results())
}

#[test]
fn shards_simulate_each_task_once_and_leave_the_tables_of_one_run() {
    let text = sweep(12, 10.0);
    let expected = of_one_run(&text);
    assert!(expected.len() > 6, "three tables of three batches");
    for shards in [1, 4, 32] {
        let place = Place::new(&text);
        let out = place.good(&format!("submit small.toml --tasks {shards} --local"));
        assert!(out.contains(&format!("{N} results published")), "{out}");
        assert_eq!(place.n_simulated(), N, "{shards} shards");
        assert_eq!(bytes(&place.results()), expected, "{shards} shards");
        // Nothing is left to do, nor lying about.
        let out = place.good("run small.toml");
        assert!(out.contains("\n0 simulated"), "{out}");
        let again = place.good(&format!("submit small.toml --tasks {shards} --local"));
        assert!(again.contains("nothing to submit"), "{again}");
        assert_eq!(place.segments(), Vec::<String>::new());
        assert_eq!(
            place
                .good("verify results")
                .matches("not written by")
                .count(),
            0
        );
    }
}

#[test]
fn a_shard_that_was_told_to_stop_keeps_what_is_finished_and_goes_on_later() {
    let text = sweep(12, 150.0);
    let place = Place::new(&text);
    let shards = place.emitted("submit small.toml --tasks 1 --emit parallel");
    let mut child = place.shell(&format!("exec {}", shards[0])).spawn().unwrap();
    place.wait_for_segment();
    place::signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.segments().len(), 1);
    assert!(
        place.segments()[0].ends_with(".done"),
        "{:?}",
        place.segments()
    );
    let published = place.good("publish results");
    let first: usize = published.split(' ').next().unwrap().parse().unwrap();
    assert!((1..N).contains(&first), "{published}");
    // Its own segment is gone; what was published is not simulated again.
    let out = place.shell(&shards[0]).output().unwrap();
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert!(
        stdout(&out).contains(&format!("{first} finished before")),
        "{}",
        stdout(&out)
    );
    assert!(
        stdout(&out).contains(&format!("{} simulated", N - first)),
        "{}",
        stdout(&out)
    );
    let out = place.good(&format!(
        "publish results --ended {}",
        place.submissions()[0]
    ));
    assert!(out.starts_with(&format!("{} results", N - first)), "{out}");
    assert_eq!(bytes(&place.results()), of_one_run(&text));
}

#[test]
fn shards_that_are_killed_lose_nothing_that_was_finished() {
    let text = sweep(12, 100.0);
    let place = Place::new(&text);
    let expected = of_one_run(&text);
    let mut random = std::process::id() as u64;
    let mut published = 0;
    for round in 0..6 {
        let out = place.run("submit small.toml --tasks 4 --emit parallel");
        assert_eq!(code(&out), 0, "{}", stderr(&out));
        let commands = stdout(&out);
        if commands.contains("nothing to submit") {
            break;
        }
        // Exactly what is missing was submitted.
        let tasks = format!(": {} task", N - published);
        assert!(
            stderr(&out).contains(&tasks),
            "round {round}: {}",
            stderr(&out)
        );
        let mut children: Vec<_> = commands
            .lines()
            .map(|line| place.shell(&format!("exec {line}")).spawn().unwrap())
            .collect();
        for child in &mut children {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            std::thread::sleep(Duration::from_millis((random >> 33) % 150));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let id = place.submissions().last().unwrap().clone();
        let out = place.run(&format!("publish results --ended {id}"));
        let n: usize = stdout(&out).split(' ').next().unwrap().parse().unwrap();
        published += n;
        let left = if published < N { 130 } else { 0 };
        assert_eq!(code(&out), left, "{}", stderr(&out));
    }
    let out = place.run("submit small.toml --tasks 2 --local");
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert_eq!(rows(&place.results(), "simulations").len(), N);
    assert_eq!(bytes(&place.results()), expected);
}

#[test]
fn a_shard_that_lives_on_while_it_is_started_again_harms_nothing() {
    let text = sweep(12, 60.0);
    let place = Place::new(&text);
    let shards = place.emitted("submit small.toml --tasks 2 --emit parallel");
    let start = |line: &String| place.shell(&format!("exec {line}")).spawn().unwrap();
    // Each twice, and somebody who publishes all the while.
    let mut children: Vec<_> = shards.iter().chain(&shards).map(start).collect();
    for child in &mut children {
        place.good("publish results");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    place.good("publish results --ended");
    assert_eq!(bytes(&place.results()), of_one_run(&text));
    assert_eq!(rows(&place.results(), "simulations").len(), N);
    assert!(place.segments().is_empty());
}

#[test]
fn a_rehearsal_that_is_killed_takes_its_shards_along_and_is_submitted_again() {
    let text = sweep(12, 150.0);
    let place = Place::new(&text);
    let mut child = place
        .shell("exec $HNN submit small.toml --tasks 2 --local")
        .spawn()
        .unwrap();
    place.wait_for_segment();
    // While it lives its tasks are its own.
    let out = place.run("run small.toml");
    assert!(
        stdout(&out).contains("queued in submissions"),
        "{}",
        stderr(&out)
    );
    assert!(stdout(&out).contains("\n0 simulated"), "{}", stdout(&out));
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let out = place.good("submit small.toml --tasks 2 --local");
    assert!(
        !out.contains(&format!("{N} tasks")),
        "what was finished is kept: {out}"
    );
    assert_eq!(rows(&place.results(), "simulations").len(), N);
    assert_eq!(bytes(&place.results()), of_one_run(&text));
}

#[test]
fn of_two_that_submit_at_once_the_second_leaves_the_first_its_tasks() {
    let text = sweep(12, 20.0);
    let place = Place::new(&text);
    let start = || place.shell("$HNN submit small.toml --tasks 3 --local");
    let (mut one, mut two) = (start().spawn().unwrap(), start().spawn().unwrap());
    let codes = [one.wait().unwrap().code(), two.wait().unwrap().code()];
    assert_eq!(codes, [Some(0), Some(0)]);
    assert_eq!(rows(&place.results(), "simulations").len(), N);
    assert_eq!(place.n_simulated(), N);
    assert_eq!(bytes(&place.results()), of_one_run(&text));
}

#[test]
fn results_that_no_sweep_knows_are_kept() {
    let place = Place::new(&sweep(3, 10.0));
    for line in place.emitted("submit small.toml --tasks 2 --emit parallel") {
        assert_eq!(code(&place.shell(&line).output().unwrap()), 0);
    }
    // The folder loses its index, as by a backup of long ago, and gets another sweep.
    let state = place.results().join(".state");
    std::fs::remove_file(state.join("state")).unwrap();
    let _ = std::fs::remove_file(state.join("state.before"));
    let other = sweep(1, 12.0).replace("name = \"small\"", "name = \"other\"");
    std::fs::write(place.path().join("other.toml"), other).unwrap();
    for table in ["simulations", "summary"] {
        let _ = std::fs::remove_dir_all(place.results().join(table));
    }
    let out = place.run("run other.toml");
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert_eq!(place.segments().len(), 2, "they are still there");
    let out = place.run("publish results --ended");
    assert!(
        stderr(&out).contains("6 results are of parameter sets"),
        "{}",
        stderr(&out)
    );
    assert_eq!(place.segments().len(), 2);
    // They are used once a run makes their sweep known.
    let out = place.good("run small.toml");
    assert!(out.contains("\n0 simulated"), "{out}");
    assert_eq!(place.segments().len(), 0);
    assert_eq!(place.n_rows("simulations"), 6 + 2);
}

#[test]
fn a_shard_reads_what_was_frozen_whatever_becomes_of_the_files() {
    let samples = "weight\n0.001\n0.002\n0.003\n";
    let text = sweep(3, 10.0).replace(
        "[grid]\nweight = [1e-5, 2e-5, 3e-5]",
        "[samples]\nfile = \"w.csv\"",
    );
    let text = text
        + "[[summary]]\nname = \"far\"\nstatistic = \"rmse\"\ntarget = \"target.txt\"\n\
           [[drive]]\ntype = \"spike_train\"\nname = \"train\"\nlocation = \"distal\"\nspike_data = \"spk_*.txt\"\n\
           weights_ampa = { L5_pyramidal = 1e-4 }\nsynaptic_delays = 0.1\n";
    let files = |place: &Place, samples: &str| {
        std::fs::write(place.path().join("w.csv"), samples).unwrap();
        std::fs::write(place.path().join("target.txt"), "0 0.1\n5 0.2\n10 0.1\n").unwrap();
        std::fs::write(place.path().join("spk_1.txt"), "2.0 0 train\n3.0 1 train\n").unwrap();
    };
    let one = Place::new(&text);
    files(&one, samples);
    one.good("run small.toml --quiet");

    let place = Place::new(&text);
    files(&place, samples);
    let shards = place.emitted("submit small.toml --tasks 2 --emit parallel");
    for file in ["w.csv", "target.txt", "spk_1.txt", "small.toml"] {
        std::fs::remove_file(place.path().join(file)).unwrap();
    }
    for line in &shards {
        let out = place.shell(&format!("cd / && {line}")).output().unwrap();
        assert_eq!(code(&out), 0, "{}", stderr(&out));
    }
    place.good("publish results --ended");
    assert_eq!(bytes(&place.results()), bytes(&one.results()));

    // A copy that was changed is noticed.
    let place = Place::new(&text);
    files(&place, samples);
    let shards = place.emitted("submit small.toml --tasks 1 --emit parallel");
    let id = &place.submissions()[0];
    let copies = place
        .results()
        .join(".state/submissions")
        .join(id)
        .join("files");
    for copy in std::fs::read_dir(copies).unwrap() {
        std::fs::write(copy.unwrap().path(), "weight\n7\n").unwrap();
    }
    let out = place.shell(&shards[0]).output().unwrap();
    assert_eq!(code(&out), 2);
    assert!(
        stderr(&out).contains("not what was submitted"),
        "{}",
        stderr(&out)
    );
    assert!(place.segments().is_empty());
}

#[test]
fn another_program_than_the_one_that_submitted_writes_nothing() {
    use hnn_sweep::cluster::Plan;
    use hnn_sweep::store::{Layout, Submission};
    let place = Place::new(&sweep(3, 10.0));
    let shards = place.emitted("submit small.toml --tasks 1 --emit parallel");
    let layout = Layout::open(&place.results()).unwrap().unwrap();
    let submission = Submission::find(&layout, &place.submissions()[0])
        .unwrap()
        .unwrap();
    let plan = Plan::read(&submission).unwrap();
    type Change = fn(&mut Plan);
    let changes: [Change; 3] = [
        |plan| plan.version = "0.0.1".into(),
        |plan| plan.numerics += 1,
        |plan| plan.format += 1,
    ];
    for change in changes {
        let mut other = plan.clone();
        change(&mut other);
        let bytes = rmp_serde::to_vec(&other).unwrap();
        submission.put_sealed("plan", &bytes).unwrap();
        let before = place.snapshot();
        let out = place.shell(&shards[0]).output().unwrap();
        assert_eq!(code(&out), 1);
        assert!(
            stderr(&out).contains("the submission is of"),
            "{}",
            stderr(&out)
        );
        assert_eq!(place.snapshot(), before);
    }
    // A plan that is not as it was written is damage.
    submission.put("plan", b"HNNSWEEP and so on").unwrap();
    assert_eq!(code(&place.shell(&shards[0]).output().unwrap()), 2);
}

#[test]
fn what_cannot_be_submitted_is_said_before_anything_is_written() {
    let place = Place::new(&sweep(12, 170.0));
    let cases = [
        (
            "submit small.toml --tasks 1 --time 1s --local --set simulation.tstop=100000",
            "more than 0.8 of --time",
        ),
        ("submit small.toml --tasks 2", "give --time"),
        (
            "submit small.toml --tasks 2 --time soon",
            "`soon` is no time",
        ),
        (
            "submit small.toml --tasks 2 --time 1h --sbatch=mem=4G",
            "no option of sbatch",
        ),
        ("submit small.toml --tasks 0 --time 1h", "0 is not in"),
        (
            "submit small.toml --tasks 2 --time 1h --set cluster.cpu=4",
            "did you mean `cpus`",
        ),
    ];
    for (line, expected) in cases {
        let out = place.run(line);
        assert_eq!(code(&out), 1, "{line}: {}", stderr(&out));
        assert!(stderr(&out).contains(expected), "{line}: {}", stderr(&out));
        assert!(!place.results().exists(), "{line}");
    }
    let out = place.run("shard results 0001-abcd 0");
    assert_eq!(code(&out), 1, "{}", stderr(&out));
    let shards = place.emitted("submit small.toml --tasks 2 --emit parallel");
    assert_eq!(shards.len(), 2);
    let id = place.submissions()[0].clone();
    for line in [
        format!("shard results {id} 2"),
        "shard results 0009-abcd 0".into(),
        "publish results --ended 0009-abcd".into(),
    ] {
        assert_eq!(code(&place.run(&line)), 1, "{line}");
    }
}

#[test]
fn a_failed_simulation_is_exit_code_3_and_can_be_submitted_again() {
    let place = Place::new(&sweep(2, 60.0));
    let out = place.run("submit small.toml --tasks 2 --local --time-limit 0.000001");
    assert_eq!(code(&out), 3, "{}", stderr(&out));
    let out = place.good("submit small.toml --tasks 2 --local");
    assert!(out.contains("nothing to submit"), "{out}");
    let out = place.run("submit small.toml --tasks 2 --local --retry-failed");
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert!(place.good("status results").contains("0 failed"));
}

#[test]
fn engines_get_the_commands_and_the_folder_knows_of_them() {
    let place = Place::new(&sweep(3, 10.0));
    let out = place.good("submit small.toml --tasks 3 --cpus 2 --time 30 --emit hq");
    assert!(
        out.starts_with("hq submit --array=0-2 --cpus=2 --time-limit=00:30:00"),
        "{out}"
    );
    let status = place.good("status results");
    assert!(status.contains("0 of 6 tasks finished, 6 left"), "{status}");
    assert!(status.contains("3 nobody can be asked about"), "{status}");
    // They are queued: nobody else takes them, unless told to.
    let out = place.good("submit small.toml --tasks 3 --emit snakemake");
    assert!(out.contains("nothing to submit"), "{out}");
    let out = place.good("submit small.toml --tasks 3 --emit snakemake --steal");
    assert!(out.starts_with("rule all:"), "{out}");
    let out = place.run("run small.toml");
    assert!(
        stdout(&out).contains("6 of them queued in submissions"),
        "{}",
        stderr(&out)
    );
    assert!(stdout(&out).contains("\n0 simulated"), "{}", stdout(&out));
    place.run("publish results --ended");
    let out = place.good("run small.toml");
    assert!(out.contains("\n6 simulated"), "{out}");
    let json = place.good("status results --json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["submissions"][0]["finished"], 6);
    assert_eq!(json["submissions"][0]["live"], false);
}
