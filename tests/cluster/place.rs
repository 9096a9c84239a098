//! A folder with a pipeline, in which the program is run as from a shell.

use super::fake;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant, SystemTime};

/// So many points of a small network, two trials each, with a statistic of the mean and one in SQL.
pub fn sweep(n_points: usize, tstop: f64) -> String {
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
n_trials = 2
[sweep]
batch_size = 5
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
save_spiking = true
[[summary]]
name = "top"
statistic = "max"
[[summary]]
name = "mean_top"
statistic = "max"
trials = "mean"
"#,
        weights.join(", ")
    )
}

/// The folder.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new(pipeline: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("small.toml"), pipeline).unwrap();
        // No program but these, and those that a test adds: there may be a batch system on this machine.
        let bin = dir.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        for name in ["bash", "cat", "kill", "sh", "strace", "touch", "true"] {
            let places = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(name));
            if let Some(program) = places.iter().find(|program| program.exists()) {
                std::os::unix::fs::symlink(program, bin.join(name)).unwrap();
            }
        }
        Self { dir }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn results(&self) -> PathBuf {
        self.path().join("results")
    }

    /// A line of a shell, in which `$HNN` is the program and programs of `bin` come first. There is no other
    /// batch system.
    pub fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        // Plain runs need locks, whatever the rest is tried on.
        if !line.contains(" run ") {
            super::locks::preload(&mut command, self.path());
        }
        // Each shard on another node: they need no locks, and nobody asks whether they live.
        if line.contains(" shard ")
            && let Some(node) = super::locks::next_node()
        {
            command.env("SLURMD_NODENAME", node);
        }
        command
            .args(["-c", line])
            .env("HNN", env!("CARGO_BIN_EXE_hnn-sweep"))
            .env("PATH", self.path().join("bin"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env_remove("SLURM_CPUS_PER_TASK")
            .current_dir(self.path());
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &str) -> Output {
        self.shell(&format!("$HNN {arguments}")).output().unwrap()
    }

    /// The same, which must end well; gives what was printed.
    pub fn good(&self, arguments: &str) -> String {
        let out = self.run(arguments);
        assert_eq!(
            code(&out),
            0,
            "{arguments}: {}{}",
            stdout(&out),
            stderr(&out)
        );
        stdout(&out)
    }

    /// Commands that were printed, a line each.
    pub fn emitted(&self, arguments: &str) -> Vec<String> {
        self.good(arguments).lines().map(str::to_string).collect()
    }

    /// Names of the submissions, in order.
    pub fn submissions(&self) -> Vec<String> {
        let folder = self.results().join(".state/submissions");
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let entries = entries.map(|entry| entry.unwrap());
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        let mut names: Vec<String> = folders
            .map(|e| e.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Files in a folder of all submissions.
    fn files_in(&self, folder: &str) -> Vec<PathBuf> {
        let all = self.submissions().into_iter().flat_map(|id| {
            let folder = self
                .results()
                .join(".state/submissions")
                .join(id)
                .join(folder);
            // One that is being made has no folders yet.
            let files = std::fs::read_dir(folder).into_iter().flatten();
            files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
        });
        all.collect()
    }

    /// Names of segments that are not published.
    pub fn segments(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut names: Vec<String> = self.files_in("seg").iter().map(name).collect();
        names.sort();
        names
    }

    /// Simulations that the shards' logs tell of.
    pub fn n_simulated(&self) -> usize {
        let mut n = 0;
        for log in self.files_in("logs") {
            let text = std::fs::read_to_string(log).unwrap();
            let counts = text
                .lines()
                .filter_map(|line| line.split_once(" simulated, "));
            n += counts
                .map(|(count, _)| count.parse::<usize>().unwrap())
                .sum::<usize>();
        }
        n
    }

    /// Waits until a shard has written results.
    pub fn wait_for_segment(&self) {
        let begun = Instant::now();
        let is_full = |path: &PathBuf| path.metadata().is_ok_and(|of| of.len() > 0);
        while self.submissions().is_empty() || !self.files_in("seg").iter().any(is_full) {
            assert!(begun.elapsed() < Duration::from_secs(60), "no segment");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every file of the results, with its time and bytes.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.results()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let modified = path.metadata().unwrap().modified().unwrap();
                    files.insert(path.clone(), (modified, std::fs::read(&path).unwrap()));
                }
            }
        }
        files
    }

    /// A program of the batch system that there is not: lines of bash.
    pub fn program(&self, name: &str, lines: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path().join("bin").join(name);
        std::fs::write(
            &path,
            format!("#!/bin/bash\ncd '{}'\n{lines}\n", self.path().display()),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Rows of a table.
    pub fn n_rows(&self, table: &str) -> usize {
        fake::rows(&self.results(), table).len()
    }
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}
