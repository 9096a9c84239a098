//! SLURM's commands, by stand-ins that write down what they are asked.

use super::N;
use super::place::{Place, code, stderr, stdout, sweep};
use crate::fake::bytes;

/// Stand-ins: `sbatch` numbers jobs from 100, `squeue` prints what is in `queue.JOB`.
fn slurm(place: &Place, largest: u32) {
    place.program(
        "sbatch",
        "[ -e refuse ] && { echo 'sbatch: error: invalid partition specified: x' >&2; exit 1; }\n\
         n=$(cat number 2>/dev/null || echo 100); echo $((n+1)) >number\n\
         echo \"$@\" >>asked; touch queue.$n; echo \"$n;oscar\"",
    );
    place.program(
        "squeue",
        "for a; do case $a in --jobs=*) j=${a#--jobs=};; esac; done\n\
         [ -e queue.$j ] || { echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1; }\n\
         cat queue.$j",
    );
    place.program(
        "sacct",
        "cat ends 2>/dev/null || { echo 'Slurm accounting storage is disabled' >&2; exit 1; }",
    );
    place.program(
        "scontrol",
        &format!("echo 'MaxArraySize            = {largest}'"),
    );
}

fn asked(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(place.path().join("asked")).unwrap_or_default();
    text.lines().map(str::to_string).collect()
}

fn queue(place: &Place, job: u32, lines: &str) {
    std::fs::write(place.path().join(format!("queue.{job}")), lines).unwrap();
}

fn forget(place: &Place, job: u32) {
    std::fs::remove_file(place.path().join(format!("queue.{job}"))).unwrap();
}

#[test]
fn arrays_and_a_publisher_are_submitted_and_their_state_is_told() {
    let text = sweep(12, 10.0);
    let place = Place::new(&text);
    slurm(&place, 4);
    let out = place
        .good("submit small.toml --tasks 6 --cpus 2 --time 2h --partition batch --sbatch=--mem=4G");
    assert!(out.contains("24 tasks in 6 shards of 2 CPUs"), "{out}");
    assert!(
        out.contains("job 100, 101: the shards; job 102 publishes"),
        "{out}"
    );
    let id = place.submissions()[0].clone();
    let folder = place.results().join(".state/submissions").join(&id);
    let script = |name: &str| {
        folder
            .join(name)
            .canonicalize()
            .unwrap()
            .display()
            .to_string()
    };
    let found: Vec<String> = asked(&place);
    let array = |n: u32, first: u32| {
        format!(
            "--parsable --array=0-{n} {} {first}",
            script("array.sbatch")
        )
    };
    let last = format!(
        "--parsable --dependency=afterany:100:101 {}",
        script("publish.sbatch")
    );
    let real = |line: &String| {
        line.replace(
            &place.path().display().to_string(),
            &place.path().canonicalize().unwrap().display().to_string(),
        )
    };
    assert_eq!(
        found.iter().map(real).collect::<Vec<_>>(),
        [array(3, 0), array(1, 4), last]
    );
    let text_of = std::fs::read_to_string(folder.join("array.sbatch")).unwrap();
    for line in [
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --signal=B:TERM@120",
        "#SBATCH --partition=batch",
        "#SBATCH --mem=4G",
        "#SBATCH --time=2:00:00",
    ] {
        assert!(text_of.lines().any(|one| one == line), "{line}: {text_of}");
    }

    // What the script runs, as the first task of the second array.
    queue(&place, 100, "0|RUNNING\n1|RUNNING\n2|PENDING\n3|PENDING\n");
    queue(&place, 102, "N/A|PENDING\n");
    let ran = place
        .shell(&format!(
            "SLURM_ARRAY_TASK_ID=0 SLURM_CPUS_PER_TASK=1 bash {folder:?}/array.sbatch 4"
        ))
        .output()
        .unwrap();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    assert!(stdout(&ran).starts_with("shard 4 of"), "{}", stdout(&ran));
    queue(&place, 101, "1|PENDING\n");
    let status = place.good("status results");
    assert!(status.contains("4 of 24 tasks finished, 20 left, 4 not in the tables yet; shards: 3 queued, 2 running, 1 ended"), "{status}");

    // A run publishes what is done, and leaves what is queued.
    let out = place.run("run small.toml");
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert!(
        stdout(&out).contains("20 of them queued in submissions"),
        "{}",
        stderr(&out)
    );
    assert!(stdout(&out).contains("\n0 simulated"), "{}", stdout(&out));
    assert_eq!(place.n_rows("simulations"), 4);
    // More points: only these.
    std::fs::write(place.path().join("small.toml"), sweep(13, 10.0)).unwrap();
    let out = place.run("run small.toml");
    assert!(stdout(&out).contains("\n2 simulated"), "{}", stdout(&out));
    std::fs::write(place.path().join("small.toml"), &text).unwrap();

    // The array has ended, and SLURM has forgotten it: what it has left is anybody's.
    for job in [100, 101, 102] {
        forget(&place, job);
    }
    std::fs::write(
        place.path().join("ends"),
        "100_0|TIMEOUT\n100_1|CANCELLED by 7\n100_2|NODE_FAIL\n",
    )
    .unwrap();
    let status = place.good("status results");
    assert!(status.contains("5 ended with tasks left"), "{status}");
    assert!(
        status.contains("shard 0 (TIMEOUT): 4 tasks left"),
        "{status}"
    );
    let out = place.good("submit small.toml --tasks 1 --time 1:00:00");
    assert!(out.contains("20 tasks in 1 shard"), "{out}");
    let out = place.good("run small.toml --steal");
    assert!(out.contains("\n20 simulated"), "{out}");
    let one = Place::new(&text);
    one.good("run small.toml --quiet");
    let dipoles = |place: &Place| {
        let mut rows = crate::fake::rows(&place.results(), "dipole");
        rows.retain(|row| row["sim"].parse::<u32>().unwrap() < 12);
        rows
    };
    assert_eq!(dipoles(&place), dipoles(&one));
    assert!(!bytes(&place.results()).is_empty());
}

#[test]
fn what_slurm_refuses_is_told_and_nobody_waits_for_it() {
    let place = Place::new(&sweep(12, 10.0));
    slurm(&place, 1001);
    std::fs::write(place.path().join("refuse"), "").unwrap();
    let out = place.run("submit small.toml --tasks 2 --time 1h --partition x");
    assert_eq!(code(&out), 1);
    assert!(
        stderr(&out).contains("invalid partition specified: x"),
        "{}",
        stderr(&out)
    );
    std::fs::remove_file(place.path().join("refuse")).unwrap();
    let out = place.good("submit small.toml --tasks 2 --time 1h");
    assert!(out.contains(&format!("{N} tasks")), "{out}");
}

#[test]
fn without_slurm_it_is_said_and_what_is_queued_elsewhere_counts_as_queued() {
    let place = Place::new(&sweep(12, 10.0));
    let out = place.run("submit small.toml --tasks 2 --time 1h");
    assert_eq!(code(&out), 2);
    assert!(
        stderr(&out).contains("cannot run sbatch"),
        "{}",
        stderr(&out)
    );
    slurm(&place, 1001);
    place.good("submit small.toml --tasks 2 --time 1h");
    for program in ["sbatch", "squeue", "sacct", "scontrol"] {
        std::fs::remove_file(place.path().join("bin").join(program)).unwrap();
    }
    let status = place.good("status results");
    assert!(status.contains("2 nobody can be asked about"), "{status}");
    let out = place.run("run small.toml");
    assert!(
        stdout(&out).contains("24 of them queued in submissions"),
        "{}",
        stderr(&out)
    );
}

#[test]
fn a_dry_run_prints_the_scripts_and_writes_nothing() {
    let cluster = "[cluster]\npartition = \"short\"\nmodules = [\"gcc/12\"]\nsbatch = [\"--mem=2G\"]\ncpus = 3\n";
    let place = Place::new(&format!("{}{cluster}", sweep(12, 10.0)));
    let config = place.path().join("config/hnn-sweep");
    std::fs::create_dir_all(&config).unwrap();
    let own = "[cluster]\naccount = \"lab\"\npartition = \"long\"\ntime = \"4:00:00\"\n";
    std::fs::write(config.join("config.toml"), own).unwrap();
    let out = place.good("submit small.toml --tasks 5 --dry-run");
    for line in [
        "#SBATCH --partition=short",
        "#SBATCH --account=lab",
        "#SBATCH --time=4:00:00",
        "#SBATCH --cpus-per-task=3",
        "#SBATCH --mem=2G",
        "#SBATCH --array=0-4",
        "module load gcc/12",
        "#SBATCH --job-name=small-publish",
    ] {
        assert!(out.lines().any(|one| one == line), "{line}: {out}");
    }
    assert!(!place.results().exists());
    // What is given wins.
    let out = place.good("submit small.toml --tasks 5 --partition urgent --dry-run");
    assert!(
        out.contains("--partition=urgent") && !out.contains("short"),
        "{out}"
    );
    // It is no part of what is simulated.
    place.good("run small.toml --quiet");
    std::fs::write(place.path().join("small.toml"), sweep(12, 10.0)).unwrap();
    assert!(place.good("run small.toml").contains("\n0 simulated"));
    // A mistake in the user's own file is told with its place.
    std::fs::write(config.join("config.toml"), "[cluster]\nacount = \"lab\"\n").unwrap();
    let out = place.run("submit small.toml --tasks 5 --time 1h --dry-run");
    assert_eq!(code(&out), 1);
    assert!(
        stderr(&out).contains("did you mean `account`"),
        "{}",
        stderr(&out)
    );
}
