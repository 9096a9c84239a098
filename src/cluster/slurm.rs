//! SLURM: scripts for `sbatch`, and what `sbatch`, `squeue`, `sacct` and `scontrol` answer.

use super::scheduler::{JobState, Scheduler};
use super::script::{Script, quoted};
use super::time::in_slurm;
use crate::stages::RunError;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Most tasks of an array where nobody tells.
const LARGEST_ARRAY: u32 = 1001;

/// The script of an array whose tasks are the shards. `exec`, so that signals and the exit code are the program's.
pub fn array_script(script: &Script) -> String {
    let mut lines = head(script, &job_name(&script.name));
    lines.push(format!(
        "#SBATCH --array=0-{}",
        script.shards.saturating_sub(1)
    ));
    lines.push(format!("#SBATCH --cpus-per-task={}", script.cpus));
    // Two minutes before the end; of a short job, in its last quarter, as it would be stopped at its start otherwise.
    let warning = (script.time.as_secs() / 4).min(120);
    lines.push(format!("#SBATCH --signal=B:TERM@{warning}"));
    lines.push(output(&script.logs, "%A_%a.log"));
    lines.extend(tail(script));
    let shard = format!(
        "{} {} $((SLURM_ARRAY_TASK_ID + ${{1:-0}}))",
        script.command("shard"),
        script.id
    );
    lines.push(format!("exec {shard}\n"));
    lines.join("\n")
}

/// The script of the job that publishes what the array has left.
pub fn publish_script(script: &Script) -> String {
    let mut lines = head(script, &format!("{}-publish", job_name(&script.name)));
    lines.push("#SBATCH --cpus-per-task=1".into());
    lines.push(output(&script.logs, "publish-%j.log"));
    lines.extend(tail(script));
    lines.push(format!("exec {}\n", script.publish()));
    lines.join("\n")
}

fn head(script: &Script, name: &str) -> Vec<String> {
    // Environment modules are there in login shells.
    let login = if script.settings.modules.is_empty() {
        ""
    } else {
        " -l"
    };
    let mut lines = vec![
        format!("#!/bin/bash{login}"),
        format!("#SBATCH --job-name={name}"),
        format!("#SBATCH --time={}", in_slurm(script.time)),
        "#SBATCH --ntasks=1".into(),
        "#SBATCH --requeue".into(),
        "#SBATCH --open-mode=append".into(),
    ];
    let settings = &script.settings;
    lines.extend(
        settings
            .partition
            .iter()
            .map(|one| format!("#SBATCH --partition={one}")),
    );
    lines.extend(
        settings
            .account
            .iter()
            .map(|one| format!("#SBATCH --account={one}")),
    );
    lines
}

/// Options of the user's own come last, and win.
fn tail(script: &Script) -> Vec<String> {
    let settings = &script.settings;
    let options = settings
        .sbatch
        .iter()
        .map(|option| format!("#SBATCH {option}"));
    let modules = settings
        .modules
        .iter()
        .map(|name| format!("module load {}", quoted(name)));
    options
        .chain(modules)
        .chain(settings.setup.iter().cloned())
        .collect()
}

fn output(logs: &Path, name: &str) -> String {
    let logs = logs.to_string_lossy().replace('%', "%%");
    format!("#SBATCH --output=\"{logs}/{name}\"")
}

fn job_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
}

/// Arrays that hold all shards: each with its number of tasks and its first shard.
pub fn arrays(shards: u32, largest: u32) -> Vec<(u32, u32)> {
    let largest = largest.max(1);
    let firsts = (0..shards).step_by(largest as usize);
    firsts
        .map(|first| (largest.min(shards - first), first))
        .collect()
}

/// The number of a job that `sbatch --parsable` has printed: `4711`, or `4711;cluster`.
pub fn parse_job(printed: &str) -> Option<String> {
    let line = printed.lines().rfind(|line| !line.trim().is_empty())?;
    let id = line.trim().split(';').next()?;
    let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| id.to_string())
}

/// Arguments with which `squeue` lists the tasks of one job, a line each.
pub fn queue_arguments(job: &str) -> [String; 4] {
    let jobs = format!("--jobs={job}");
    [
        "--noheader".into(),
        "--array".into(),
        jobs,
        "--format=%K|%T".into(),
    ]
}

/// Tasks that `squeue` has listed.
pub fn parse_queue(printed: &str) -> Vec<(Option<u32>, JobState)> {
    let task = |line: &str| {
        let (index, state) = line.trim().split_once('|')?;
        let state = match state {
            "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "SPECIAL_EXIT" => JobState::Queued,
            "CONFIGURING" | "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING"
            | "STAGE_OUT" | "RESIZING" => JobState::Running,
            _ => return None,
        };
        Some((index.parse().ok(), state))
    };
    printed.lines().filter_map(task).collect()
}

/// Whether `squeue` has said that it knows no such job: it has ended a while ago.
pub fn is_unknown_job(complaint: &str) -> bool {
    complaint.contains("Invalid job id")
}

/// How tasks have ended that `sacct` has listed: `4711_3|TIMEOUT`.
pub fn parse_ends(printed: &str) -> Vec<(Option<u32>, String)> {
    let task = |line: &str| {
        let (job, state) = line.trim().split_once('|')?;
        let index = job
            .split_once('_')
            .and_then(|(_, index)| index.parse().ok());
        // `CANCELLED by 1000`
        let state = state.split([' ', '|']).next()?;
        (!state.is_empty()).then(|| (index, state.to_string()))
    };
    printed.lines().filter_map(task).collect()
}

/// `MaxArraySize` of what `scontrol show config` has printed; indices of tasks are below it.
pub fn parse_largest_array(printed: &str) -> Option<u32> {
    let line = printed
        .lines()
        .find(|line| line.trim_start().starts_with("MaxArraySize"))?;
    line.split_once('=')?.1.trim().parse().ok()
}

/// The SLURM of this machine, by its commands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slurm;

impl Slurm {
    fn ask(program: &str, arguments: &[String]) -> std::io::Result<Output> {
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
    }
}

impl Scheduler for Slurm {
    fn submit(
        &self,
        script: &Path,
        options: &[String],
        arguments: &[String],
    ) -> Result<String, RunError> {
        let mut all = vec!["--parsable".to_string()];
        all.extend(options.iter().cloned());
        all.push(script.display().to_string());
        all.extend(arguments.iter().cloned());
        let answer = Self::ask("sbatch", &all).map_err(|e| RunError::System {
            what: format!("cannot run sbatch: {e}"),
            help: "submit where SLURM is, or give --local, --emit parallel or --dry-run".into(),
        })?;
        let complaint = String::from_utf8_lossy(&answer.stderr).trim().to_string();
        let id = parse_job(&String::from_utf8_lossy(&answer.stdout));
        match (answer.status.success(), id) {
            (true, Some(id)) => Ok(id),
            _ => Err(RunError::Input {
                what: format!("sbatch has refused {}: {complaint}", script.display()),
                help: "give other --partition, --account, --time, --cpus or --sbatch; `hnn-sweep submit --dry-run` \
                       prints the scripts".into(),
            }),
        }
    }

    fn states(&self, job: &str) -> Option<Vec<(Option<u32>, JobState)>> {
        let answer = Self::ask("squeue", &queue_arguments(job)).ok()?;
        if answer.status.success() {
            return Some(parse_queue(&String::from_utf8_lossy(&answer.stdout)));
        }
        is_unknown_job(&String::from_utf8_lossy(&answer.stderr)).then(Vec::new)
    }

    fn ends(&self, job: &str) -> Vec<(Option<u32>, String)> {
        let format = "--format=JobID,State".to_string();
        let arguments = ["--noheader", "--allocations", "--parsable2"].map(String::from);
        let mut arguments = arguments.to_vec();
        arguments.extend([format, format!("--jobs={job}")]);
        let answer = Self::ask("sacct", &arguments).ok();
        let answer = answer.filter(|answer| answer.status.success());
        answer.map_or_else(Vec::new, |answer| {
            parse_ends(&String::from_utf8_lossy(&answer.stdout))
        })
    }

    fn largest_array(&self) -> u32 {
        let answer = Self::ask("scontrol", &["show".into(), "config".into()]).ok();
        let answer =
            answer.and_then(|answer| parse_largest_array(&String::from_utf8_lossy(&answer.stdout)));
        answer.unwrap_or(LARGEST_ARRAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Cluster;
    use std::time::Duration;

    fn script() -> Script {
        Script {
            name: "my sweep".into(),
            program: "/opt/hnn sweep/bin/hnn-sweep".into(),
            folder: "/scratch/me/50% done".into(),
            id: "0001-3f9a".into(),
            logs: "/scratch/me/50% done/.state/submissions/0001-3f9a/logs".into(),
            shards: 8,
            cpus: 4,
            time: Duration::from_secs(5400),
            settings: Cluster {
                partition: Some("batch".into()),
                account: Some("lab".into()),
                modules: vec!["gcc/12".into()],
                sbatch: vec!["--mem=4G --qos=low".into()],
                setup: vec!["ulimit -n 4096".into()],
                ..Cluster::default()
            },
        }
    }

    #[test]
    fn scripts_say_what_a_job_needs_and_end_in_the_program() {
        let text = array_script(&script());
        let expected = "\
#!/bin/bash -l
#SBATCH --job-name=my_sweep
#SBATCH --time=1:30:00
#SBATCH --ntasks=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --partition=batch
#SBATCH --account=lab
#SBATCH --array=0-7
#SBATCH --cpus-per-task=4
#SBATCH --signal=B:TERM@120
#SBATCH --output=\"/scratch/me/50%% done/.state/submissions/0001-3f9a/logs/%A_%a.log\"
#SBATCH --mem=4G --qos=low
module load gcc/12
ulimit -n 4096
exec '/opt/hnn sweep/bin/hnn-sweep' shard '/scratch/me/50% done' 0001-3f9a $((SLURM_ARRAY_TASK_ID + ${1:-0}))
";
        assert_eq!(text, expected);
        let short = Script {
            time: Duration::from_secs(120),
            ..script()
        };
        assert!(array_script(&short).contains("--signal=B:TERM@30\n"));
        let text = publish_script(&script());
        assert!(text.ends_with(
            "exec '/opt/hnn sweep/bin/hnn-sweep' publish '/scratch/me/50% done' --ended 0001-3f9a\n"
        ));
        assert!(!text.contains("--array"), "{text}");
    }

    #[test]
    fn what_would_break_a_script_is_refused() {
        assert!(script().check().is_ok());
        for folder in ["/a\nb", "/a\"b", "/a\\b"] {
            let folder = folder.into();
            assert!(Script { folder, ..script() }.check().is_err());
        }
        let mut other = script();
        other.settings.sbatch = vec!["mem=4G".into()];
        assert!(other.check().is_err());
    }

    #[test]
    fn arrays_are_as_large_as_they_may_be() {
        assert_eq!(arrays(8, 1001), [(8, 0)]);
        assert_eq!(arrays(2500, 1001), [(1001, 0), (1001, 1001), (498, 2002)]);
        assert_eq!(arrays(2, 0), [(1, 0), (1, 1)]);
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(parse_job("4711\n").as_deref(), Some("4711"));
        assert_eq!(parse_job("4711;oscar\n").as_deref(), Some("4711"));
        assert_eq!(
            parse_job("note: low priority\n4711\n").as_deref(),
            Some("4711")
        );
        assert_eq!(parse_job("sbatch: error"), None);
        let queue = parse_queue("0|RUNNING\n17|PENDING\nN/A|COMPLETING\n3|FAILED\n\n");
        let expected = [
            (Some(0), JobState::Running),
            (Some(17), JobState::Queued),
            (None, JobState::Running),
        ];
        assert_eq!(queue, expected);
        assert!(is_unknown_job(
            "slurm_load_jobs error: Invalid job id specified"
        ));
        let ends = parse_ends("4711_0|COMPLETED\n4711_1|CANCELLED by 1000\n4712|TIMEOUT\n");
        let word = |index, word: &str| (index, word.to_string());
        let expected = [
            word(Some(0), "COMPLETED"),
            word(Some(1), "CANCELLED"),
            word(None, "TIMEOUT"),
        ];
        assert_eq!(ends, expected);
        let config = "MaxArraySize            = 1001\nMaxJobCount = 10000\n";
        assert_eq!(parse_largest_array(config), Some(1001));
        assert_eq!(parse_largest_array("nothing"), None);
    }
}
