//! What a shard reads and writes of its folder.

use super::place::{Place, code, stderr, sweep};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    strace
        .args(["-o", "/dev/null", "true"])
        .stderr(Stdio::null());
    strace.status().is_ok_and(|status| status.success())
}

#[test]
fn a_shard_writes_into_its_submission_and_nowhere_else() {
    let place = Place::new(&sweep(4, 10.0));
    place.good("run small.toml --quiet --limit 2");
    let shards = place.emitted("submit small.toml --tasks 2 --emit parallel");
    let before = place.snapshot();
    let trace = place.path().join("trace");
    let tracing = can_trace();
    let line = match tracing {
        true => format!(
            "strace -f -y -qq -o {} -e trace=%file,flock,ftruncate {}",
            trace.display(),
            shards[0]
        ),
        false => shards[0].clone(),
    };
    let out = place.shell(&line).output().unwrap();
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    let after = place.snapshot();
    let is_new = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let changed: Vec<&PathBuf> = after.keys().filter(is_new).collect();
    assert!(
        before.keys().all(|path| after.contains_key(path)),
        "something is gone"
    );
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(
        changed[0].to_string_lossy().contains("/seg/shard-00000-"),
        "{changed:?}"
    );
    if !tracing {
        eprintln!("skipped: strace is not there, or may not trace");
        return;
    }
    let trace = std::fs::read_to_string(trace).unwrap();
    let results = place.results().display().to_string();
    let of_folder = trace.lines().filter(|line| line.contains(&results));
    let of_folder: Vec<&str> = of_folder.collect();
    assert!(of_folder.len() > 10, "{trace}");
    let changes = [
        "O_WRONLY", "O_RDWR", "O_CREAT", "unlink", "rename", "mkdir", "link", "truncate", "utime",
    ];
    for line in &of_folder {
        // A folder is opened on the way to what is in it.
        let call = line.split_once('(').map_or("", |(call, _)| call);
        let is_change = changes
            .iter()
            .any(|word| call.contains(word) || line.contains("O_") && line.contains(word));
        let is_change = is_change && !call.contains("readlink");
        assert!(!is_change || line.contains("/seg>"), "{line}");
        let others = [
            "\"lock\"",
            "\"state\"",
            "\"journal\"",
            "\"tmp\"",
            "\"claims\"",
            "\"intent\"",
            "\"dipole\"",
            "\"simulations\"",
        ];
        assert!(!others.iter().any(|name| line.contains(name)), "{line}");
    }
    assert!(!trace.contains("flock("), "{trace}");
}
