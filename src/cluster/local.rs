//! Shards as child processes of this one: a rehearsal on a laptop of what runs on a cluster.

use super::script::Script;
use crate::stages::RunError;
use crate::store::{Submission, process};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The variable that tells a shard whose child it is.
pub const PARENT: &str = "HNN_SWEEP_PARENT";
/// Time between two looks at the children.
const POLL: Duration = Duration::from_millis(20);

/// How a shard has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The shard.
    pub shard: u32,
    /// Its exit code; `None` if it was killed.
    pub code: Option<i32>,
}

/// Runs all shards, so many at a time, and tells of each that has ended. Once the run is stopped, those that
/// are at work are told to end, and no more begin.
///
/// # Errors
/// If processes cannot be started, or their logs not be written.
pub fn run(
    script: &Script,
    submission: &Submission,
    at_once: usize,
    stop: &AtomicBool,
    ended: &mut dyn FnMut(End),
) -> Result<(), RunError> {
    let mut children: Vec<(u32, Child)> = Vec::new();
    let mut next = 0;
    let mut told = false;
    let mut problem = None;
    loop {
        let stopped = stop.load(Ordering::Relaxed) || problem.is_some();
        while !stopped && next < script.shards && children.len() < at_once.max(1) {
            match start(script, submission, next) {
                Ok(child) => children.push((next, child)),
                Err(error) => {
                    problem = Some(error);
                    break;
                }
            }
            next += 1;
        }
        if stopped && !told {
            told = true;
            children.iter().for_each(|(_, child)| terminate(child));
        }
        let mut at_work = Vec::with_capacity(children.len());
        for (shard, mut child) in children {
            match child.try_wait() {
                Ok(Some(status)) => ended(End {
                    shard,
                    code: status.code(),
                }),
                _ => at_work.push((shard, child)),
            }
        }
        children = at_work;
        if children.is_empty() && (next >= script.shards || stopped) {
            return problem.map_or(Ok(()), Err);
        }
        std::thread::sleep(POLL);
    }
}

fn start(script: &Script, submission: &Submission, shard: u32) -> Result<Child, RunError> {
    let log = submission.log(shard)?;
    let refused = |e: std::io::Error| RunError::System {
        what: format!("cannot start {}: {e}", script.program.display()),
        help: "raise the limits of this shell (`ulimit -u` processes), or give fewer --tasks"
            .into(),
    };
    let errors = log.try_clone().map_err(refused)?;
    let mut command = Command::new(&script.program);
    command
        .arg("shard")
        .arg(&script.folder)
        .args([
            &script.id,
            &shard.to_string(),
            "--jobs",
            &script.cpus.to_string(),
        ])
        .env(PARENT, process::own())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors);
    command.spawn().map_err(refused)
}

/// Asks a child to end: it keeps what is finished.
fn terminate(child: &Child) {
    let mut kill = Command::new("kill");
    kill.args(["-TERM", &child.id().to_string()]);
    let _ = kill.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Whether the process that has started this one, by what [`PARENT`] says, is gone.
pub fn is_orphan() -> bool {
    std::env::var(PARENT).is_ok_and(|parent| !process::lives(&parent))
}
