//! `hnn-sweep submit`.

use super::exit::{DISK, INPUT, SUCCESS, code_of_tasks};
use super::hint::{self, quoted};
use super::output::{complain, say};
use super::plan::Part;
use super::run::seconds;
use super::signals::Signals;
use crate::cluster::slurm::{self, Slurm};
use crate::cluster::{self, Ended, Engine, Request, Script, Submitted, emit, local};
use crate::pipeline::{Cluster, Pipeline};
use crate::solver::Solver;
use crate::stages::{self, Options, RunError};
use crate::store::Submission;
use clap::{Args, ValueEnum};
use indicatif::{HumanCount, HumanDuration};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time of shards that nobody limits.
const UNLIMITED: Duration = Duration::from_secs(365 * 86400);

pub(super) const EXAMPLES: &str = "\
Examples:
  hnn-sweep submit pipelines/erp_weights.toml --tasks 8 --cpus 4 --time 2:00:00
  hnn-sweep submit pipelines/erp_weights.toml --tasks 8 --time 2h --sbatch=\"--mem=4G\" --dry-run
  hnn-sweep submit pipelines/erp_weights.toml --tasks 2 --local
  hnn-sweep submit pipelines/erp_weights.toml --tasks 8 --emit parallel | parallel

What is missing is cut into shards, which an array of SLURM, or whatever --emit is for, runs. Results come into the
tables when all have ended, or with `hnn-sweep publish`. docs/cluster.md shows the whole way.";

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Pipeline file
    file: PathBuf,
    /// Shards to cut the sweep into: tasks of the array
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tasks: u32,
    /// CPUs of each [1]
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    cpus: Option<u32>,
    /// Longest time of each, such as 2:00:00 or 2h
    #[arg(long, value_name = "T")]
    time: Option<String>,
    /// Partition (queue) of SLURM
    #[arg(long, value_name = "PARTITION")]
    partition: Option<String>,
    /// Account that pays
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Further options of sbatch, such as --sbatch="--mem=4G --qos=low"; may be repeated
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    sbatch: Vec<String>,
    /// Print the scripts; nothing is written or submitted
    #[arg(long, conflicts_with_all = ["local", "emit"])]
    dry_run: bool,
    /// Run the shards here, as processes, as many at a time as there are cores for
    #[arg(long, conflicts_with = "emit")]
    local: bool,
    /// Print commands that run the shards
    #[arg(long, value_name = "ENGINE")]
    emit: Option<List>,
    /// Take tasks, too, that are queued in other submissions
    #[arg(long)]
    steal: bool,
    /// Simulate again what failed before
    #[arg(long)]
    retry_failed: bool,
    /// Take the place of the sweep that another file has run under the same `name` in this folder
    #[arg(long)]
    replace: bool,
    /// Give up on a simulation after this time; it counts as failed
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time_limit: Option<Duration>,
    /// Folder of the results, instead of the pipeline's `save_folder`
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    /// Write into a folder that holds other files, too
    #[arg(long)]
    among_other_files: bool,
}

/// For what commands are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum List {
    /// One command a line: GNU parallel, xargs, a shell
    Parallel,
    /// One command, for HyperQueue
    Hq,
    /// A Snakefile
    Snakemake,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let signals = Signals::catch();
    let pipeline = arguments.part.load(&arguments.file)?;
    let request = arguments.request(&pipeline)?;
    let mut options = Options {
        jobs: stages::cores(),
        retry_failed: arguments.retry_failed,
        replace: arguments.replace,
        time_limit: arguments.time_limit,
        folder: arguments.folder.clone(),
        among_other_files: arguments.among_other_files,
        ..Options::default()
    };
    arguments.part.choose(&mut options);
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let solver = Solver::new();
    if arguments.dry_run {
        let submitted = cluster::preview(&pipeline, &options, &request, &solver, &Slurm)?;
        preview(&submitted);
        return Ok(SUCCESS);
    }
    let submitted = cluster::submit(
        &pipeline,
        &options,
        &request,
        &solver,
        &Slurm,
        &signals.stop,
    )?;
    submitted.losses.iter().for_each(|loss| complain!("{loss}"));
    if submitted.given > 0 {
        complain!(
            "{} simulations are queued in submissions of before: `hnn-sweep status {}` shows them, --steal takes them",
            HumanCount(submitted.given),
            quoted(folder)
        );
    }
    let Some(submission) = &submitted.submission else {
        say!("nothing to submit: all simulations are done, have failed, or are queued");
        return Ok(SUCCESS);
    };
    match (arguments.emit, arguments.local) {
        (Some(list), _) => {
            emitted(list, &submitted);
            Ok(SUCCESS)
        }
        (None, true) => {
            say!("{}", in_words(&submitted));
            rehearse(arguments, &submitted.script, submission, folder, &signals)
        }
        (None, false) => {
            say!("{}", in_words(&submitted));
            if let Some((last, arrays)) = submitted.jobs.split_last() {
                say!(
                    "  job {}: the shards; job {last} publishes when they have ended",
                    arrays.join(", ")
                );
            }
            say!(
                "look how far it is with `hnn-sweep status {}`",
                quoted(folder)
            );
            Ok(SUCCESS)
        }
    }
}

impl Arguments {
    fn request(&self, pipeline: &Pipeline) -> Result<Request, RunError> {
        let own = Cluster {
            partition: self.partition.clone(),
            account: self.account.clone(),
            cpus: self.cpus,
            time: self.time.clone(),
            sbatch: self.sbatch.clone(),
            ..Cluster::default()
        };
        let settings = own.or(pipeline.cluster.clone()).or(of_user()?);
        let engine = match (self.local, self.emit) {
            (true, _) => Engine::Local,
            (false, Some(_)) => Engine::Others,
            (false, None) => Engine::Slurm,
        };
        let time = match (&settings.time, engine) {
            (Some(text), _) => cluster::parse_time(text).ok_or_else(|| RunError::Input {
                what: match (&self.time, &pipeline.cluster.time) {
                    (Some(_), _) => format!("--time: `{text}` is no time"),
                    (None, Some(_)) => format!(
                        "`time` in [cluster] of {}: `{text}` is no time",
                        pipeline.path().display()
                    ),
                    (None, None) => {
                        format!("`time` in [cluster] of your own settings: `{text}` is no time")
                    }
                },
                help: "write 2:00:00 (hours), 90 (minutes), 2h or 1-12 (days-hours)".into(),
            })?,
            (None, Engine::Slurm) => {
                return Err(RunError::Input {
                    what: "the time that a shard may take is not given".into(),
                    help: "give --time, such as --time 2:00:00, or `time` in [cluster] of the pipeline file or of your \
                           own settings".into(),
                });
            }
            (None, _) => UNLIMITED,
        };
        let program = std::env::current_exe().map_err(|e| RunError::System {
            what: format!("cannot tell where this program is: {e}"),
            help: "start it with its full path".into(),
        })?;
        Ok(Request {
            engine,
            shards: self.tasks,
            cpus: settings.cpus.unwrap_or(1),
            time,
            settings,
            program,
            steal: self.steal,
        })
    }
}

/// The settings of `[cluster]` in the user's own file; none if there is no file.
fn of_user() -> Result<Cluster, RunError> {
    let folder = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || folder("HOME").map(|home| home.join(".config"));
    let file = folder("XDG_CONFIG_HOME").or_else(home);
    match file.map(|folder| folder.join("hnn-sweep/config.toml")) {
        Some(file) if file.exists() => Ok(Cluster::load(&file)?),
        _ => Ok(Cluster::default()),
    }
}

fn preview(submitted: &Submitted) {
    let script = &submitted.script;
    if submitted.tasks == 0 {
        say!("nothing to submit: all simulations are done, have failed, or are queued");
        return;
    }
    say!("# {}", in_words(submitted));
    say!("# array.sbatch\n{}", slurm::array_script(script));
    say!(
        "# publish.sbatch, after the array\n{}",
        slurm::publish_script(script).trim_end()
    );
}

/// `0001-3f9a: 400 tasks in 8 shards of 4 CPUs, the longest about 2 minutes`
fn in_words(submitted: &Submitted) -> String {
    let Script {
        id, shards, cpus, ..
    } = &submitted.script;
    let count = |n: u64, word: &str| {
        let s = if n == 1 { "" } else { "s" };
        format!("{} {word}{s}", HumanCount(n))
    };
    let time = Duration::try_from_secs_f64(submitted.seconds).unwrap_or(Duration::MAX);
    format!(
        "{id}: {} in {} of {}, the longest about {}",
        count(submitted.tasks, "task"),
        count((*shards).into(), "shard"),
        count((*cpus).into(), "CPU"),
        HumanDuration(time)
    )
}

fn emitted(list: List, submitted: &Submitted) {
    let script = &submitted.script;
    let commands = match list {
        List::Parallel => emit::parallel(script),
        List::Hq => emit::hyperqueue(script),
        List::Snakemake => emit::snakemake(script),
    };
    say!("{}", commands.trim_end());
    complain!("{}", in_words(submitted));
    if !matches!(list, List::Snakemake) {
        complain!("when all have ended: {}", script.publish());
    }
}

/// Runs the shards here, and publishes what they leave.
fn rehearse(
    arguments: &Arguments,
    script: &Script,
    submission: &Submission,
    folder: &Path,
    signals: &Signals,
) -> Result<u8, RunError> {
    signals.end_at_once(false);
    let at_once = (stages::cores() / script.cpus as usize).max(1);
    let (mut n, mut worst) = (0, SUCCESS);
    local::run(script, submission, at_once, &signals.stop, &mut |end| {
        n += 1;
        let code = end.code.and_then(|code| u8::try_from(code).ok());
        if let Some(code @ (INPUT | DISK)) = code {
            worst = worst.max(code);
        }
        match code {
            Some(SUCCESS) => say!("shard {} has ended ({n} of {})", end.shard, script.shards),
            _ => {
                let how = code.map_or("was killed".into(), |code| {
                    format!("has ended with exit code {code}")
                });
                let log = submission.path(&format!("logs/shard-{:05}.log", end.shard));
                complain!("shard {} {how}: {}", end.shard, log.display());
            }
        }
    })?;
    let ended = Ended::One(script.id.clone());
    let published = cluster::publish(folder, &ended, Duration::from_secs(60), &Slurm)?;
    say!(
        "{} results published to {}",
        HumanCount(published.folded.results),
        folder.display()
    );
    published.losses.iter().for_each(|loss| complain!("{loss}"));
    if published.left > 0 {
        let again = hint::command("submit", &arguments.file, arguments.folder.as_deref());
        complain!(
            "{} simulations are left; submit them again with `{again} --tasks N …`",
            HumanCount(published.left)
        );
    }
    Ok(code_of_tasks(worst, published.left, published.failed))
}
