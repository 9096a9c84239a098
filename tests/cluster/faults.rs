//! The process that submits or publishes dies at every single operation on the disk, one after the other:
//! nothing is lost, and nothing is simulated twice.

use super::fake::{self, Fake, OUTPUTS, everything, files, options, text};
use hnn_sweep::cluster::shard::Shard;
use hnn_sweep::cluster::slurm::Slurm;
use hnn_sweep::cluster::{self, Ended, Engine, Request};
use hnn_sweep::pipeline::Cluster;
use hnn_sweep::store::{Layout, Submission, fault};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Three points in two batches, with a statistic of the mean.
fn sweep() -> String {
    let mean = "[[summary]]\nname = \"mean\"\nstatistic = \"max\"\ntrials = \"mean\"\n";
    let grid = "weight = [0.001, 0.002, 0.003]";
    text("faults", grid, 1, &format!("{OUTPUTS}{mean}")).replace("batch_size = 4", "batch_size = 2")
}

/// Two points whose traces are too large for a segment: 700 of 4001 numbers of 8 bytes.
fn large() -> String {
    let traces = "[output]\nsave_dpl = true\nsave_voltages = true\ntrace_precision = \"float64\"\n";
    text("large", "weight = [0.001, 0.002]", 1, traces).replace("tstop = 20.0", "tstop = 2000.0")
}

fn fake_of_large() -> Fake {
    Fake {
        traces: 700,
        ..Fake::default()
    }
}

fn submit(text: &str, folder: &Path) -> u64 {
    let request = Request {
        engine: Engine::Others,
        shards: 2,
        cpus: 1,
        time: Duration::from_secs(3600),
        settings: Cluster::default(),
        program: "hnn-sweep".into(),
        steal: true,
    };
    let stop = AtomicBool::new(false);
    let pipeline = fake::pipeline(text);
    let options = options(folder, 1);
    let submitted = cluster::submit(
        &pipeline,
        &options,
        &request,
        &Fake::default(),
        &Slurm,
        &stop,
    );
    submitted.unwrap().tasks
}

/// Runs all shards of all submissions; gives the number of simulations.
fn shards(folder: &Path, fake: &Fake) -> usize {
    let stop = AtomicBool::new(false);
    let layout = Layout::open(folder).unwrap().unwrap();
    for submission in Submission::all(&layout).unwrap() {
        if !submission.has("plan") {
            continue;
        }
        for number in 0..2 {
            let shard = Shard::open(folder, submission.id(), number).unwrap();
            shard.run(1, fake, &stop, &mut ()).unwrap();
        }
    }
    fake.n_calls()
}

fn publish(folder: &Path) -> u64 {
    let published = cluster::publish(folder, &Ended::All, Duration::from_secs(60), &Slurm);
    published.unwrap_or_else(|e| panic!("{e:?}")).folded.results
}

/// Not a test by itself: what the child processes do.
#[test]
fn child() {
    let Ok(folder) = std::env::var("CLUSTER_TEST_FOLDER") else {
        return;
    };
    let folder = Path::new(&folder);
    fault::die_at(std::env::var("CLUSTER_TEST_AT").unwrap().parse().unwrap());
    match std::env::var("CLUSTER_TEST_VERB").unwrap().as_str() {
        "submit" => drop(submit(&sweep(), &folder.join("results"))),
        _ => drop(publish(&folder.join("results"))),
    }
    std::fs::write(folder.join("count"), fault::count().to_string()).unwrap();
}

/// A child that dies at an operation; gives how many there were if it did not.
fn die_at(verb: &str, folder: &Path, n: u64) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap());
    super::locks::preload(&mut child, folder);
    child
        .args(["--exact", "faults::child", "--nocapture"])
        .env("CLUSTER_TEST_FOLDER", folder)
        .env("CLUSTER_TEST_VERB", verb)
        .env("CLUSTER_TEST_AT", n.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let count = std::fs::read_to_string(folder.join("count")).ok()?;
    Some(count.parse().unwrap())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            // Large files are never written to, only moved.
            false if entry.metadata().unwrap().len() > 1 << 20 => {
                std::fs::hard_link(entry.path(), target).unwrap();
            }
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Dies at each operation of a verb, in a folder that `prepare` makes; `check` looks at what is left.
fn die_everywhere(
    verb: &str,
    prepare: &(dyn Fn(&Path) + Sync),
    check: &(dyn Fn(&Path, &str) + Sync),
) {
    let first = tempfile::tempdir().unwrap();
    prepare(&first.path().join("results"));
    let prepared = || {
        let dir = tempfile::tempdir().unwrap();
        copy(&first.path().join("results"), &dir.path().join("results"));
        dir
    };
    let count = die_at(verb, prepared().path(), u64::MAX).unwrap();
    assert!(count > 30, "{count} operations");
    let (next, deaths) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return;
                    }
                    let dir = prepared();
                    let died = die_at(verb, dir.path(), n).is_none();
                    deaths.fetch_add(u64::from(died), Ordering::Relaxed);
                    check(
                        &dir.path().join("results"),
                        &format!("{verb} died at operation {n}"),
                    );
                }
            });
        }
    });
    assert!(deaths.into_inner() > 30);
}

/// Nothing is left over, and the tables are those of a plain run.
fn is_whole(folder: &Path, what: &str) {
    let calm = tempfile::tempdir().unwrap();
    fake::run(&sweep(), calm.path());
    assert_eq!(everything(folder), everything(calm.path()), "{what}");
    for name in ["journal", "tmp", "pieces"] {
        let left = std::fs::read_dir(folder.join(".state").join(name))
            .unwrap()
            .count();
        assert_eq!(left, 0, "{what}: something is left in {name}");
    }
    assert!(!files(folder, "dipole").is_empty());
    let store = hnn_sweep::store::Store::open(folder).unwrap().unwrap();
    assert_eq!(store.verify().unwrap().problems, [], "{what}");
}

#[test]
fn who_publishes_may_die_at_any_operation() {
    let prepare = |folder: &Path| {
        assert_eq!(submit(&sweep(), folder), 3);
        assert_eq!(shards(folder, &Fake::default()), 3);
    };
    die_everywhere("publish", &prepare, &|folder, what| {
        publish(folder);
        let again = shards(folder, &Fake::default());
        assert_eq!(again, 0, "{what}: something is simulated again");
        let (simulated, _) = fake::run(&sweep(), folder);
        assert_eq!(simulated, 0, "{what}");
        is_whole(folder, what);
    });
}

#[test]
fn large_traces_survive_wherever_who_publishes_dies() {
    let traces = |folder: &Path| -> Vec<Vec<u8>> {
        let files = files(folder, "voltages");
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    };
    let calm = tempfile::tempdir().unwrap();
    fake::run_with(&large(), &options(calm.path(), 1), &fake_of_large()).unwrap();
    let expected = traces(calm.path());
    let pieces = |folder: &Path| -> usize {
        let submissions = std::fs::read_dir(folder.join(".state/submissions")).unwrap();
        let folders = submissions.map(|entry| entry.unwrap().path().join("pieces"));
        folders
            .filter_map(|folder| Some(std::fs::read_dir(folder).ok()?.count()))
            .sum()
    };
    let prepare = |folder: &Path| {
        submit(&large(), folder);
        assert_eq!(shards(folder, &fake_of_large()), 2);
        assert_eq!(pieces(folder), 2);
        assert_eq!(
            std::fs::read_dir(folder.join(".state/pieces"))
                .unwrap()
                .count(),
            0
        );
    };
    die_everywhere("publish", &prepare, &|folder, what| {
        publish(folder);
        assert_eq!(
            shards(folder, &fake_of_large()),
            0,
            "{what}: something is simulated again"
        );
        assert!(traces(folder) == expected, "{what}");
        assert_eq!(pieces(folder), 0, "{what}: pieces are left");
        let store = hnn_sweep::store::Store::open(folder).unwrap().unwrap();
        assert_eq!(store.verify().unwrap().problems, [], "{what}");
    });
}

#[test]
fn who_submits_may_die_at_any_operation() {
    let prepare = |folder: &Path| {
        std::fs::create_dir(folder).unwrap();
    };
    die_everywhere("submit", &prepare, &|folder, what| {
        let tasks = submit(&sweep(), folder);
        assert!(tasks == 3, "{what}: {tasks}");
        let simulated = shards(folder, &Fake::default());
        assert!(simulated == 3 || simulated == 6, "{what}: {simulated}");
        publish(folder);
        let (simulated, _) = fake::run(&sweep(), folder);
        assert_eq!(simulated, 0, "{what}");
        is_whole(folder, what);
    });
}
