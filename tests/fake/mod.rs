//! A stand-in for the solver, for tests of what is around it: results that depend on everything that a task's key
//! depends on, at once. And tables as rows of text.
#![allow(dead_code)] // each test file uses a part

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use hnn_sweep::network::Network;
use hnn_sweep::pipeline::Pipeline;
use hnn_sweep::solver::{Dipole, SimulationResult, SolverError, Spike, Trial, VoltageTrace};
use hnn_sweep::stages::key::Fingerprinter;
use hnn_sweep::stages::{self, Options, Plan, RunError, RunOutcome, Simulate, Watch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

type Fail = fn(&Network, &Trial) -> Option<SolverError>;

/// The stand-in.
pub struct Fake {
    /// Trials that were simulated, with the first 12 digits of their sets.
    pub calls: Mutex<Vec<(String, u32)>>,
    /// How long a simulation takes.
    pub wait: Duration,
    /// Which fail.
    pub fail: Fail,
    /// Traces of each simulation.
    pub traces: u32,
    /// Whether no cell spikes.
    pub quiet: bool,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            wait: Duration::ZERO,
            fail: |_, _| None,
            traces: 0,
            quiet: false,
        }
    }
}

impl Fake {
    pub fn n_calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

impl Simulate for Fake {
    fn simulate(
        &self,
        network: &Network,
        trial: &Trial,
        interrupt: &(dyn Fn() -> bool + Sync),
    ) -> Result<SimulationResult, SolverError> {
        let print = Fingerprinter::default()
            .fingerprint(network, trial.tstop, trial.dt)
            .unwrap();
        self.calls
            .lock()
            .unwrap()
            .push((print.set.short(), trial.trial));
        std::thread::sleep(self.wait);
        if interrupt() {
            return Err(SolverError::Interrupted { time: 1.0 });
        }
        if let Some(error) = (self.fail)(network, trial) {
            return Err(error);
        }
        let key = print.key(trial.trial);
        let mut state = u64::from_le_bytes(key.as_bytes()[..8].try_into().unwrap());
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let n = (trial.tstop / trial.dt) as usize + 1;
        let l2: Vec<f64> = (0..n).map(|_| random()).collect();
        let l5: Vec<f64> = (0..n).map(|_| random()).collect();
        let n_spikes = match self.quiet {
            true => 0,
            false => 3 + (random() * 5.0) as u32,
        };
        let spikes = (0..n_spikes)
            .map(|k| Spike {
                time: f64::from(k) + random(),
                gid: k,
            })
            .collect();
        let voltages = (0..self.traces)
            .map(|gid| VoltageTrace {
                gid,
                section: "soma".into(),
                values: (0..n).map(|_| random()).collect(),
            })
            .collect();
        Ok(SimulationResult {
            voltages,
            times: (0..n).map(|i| i as f64 * trial.dt).collect(),
            dipole: Dipole {
                agg: l2.iter().zip(&l5).map(|(a, b)| a + b).collect(),
                l2,
                l5,
            },
            spikes,
            ..SimulationResult::default()
        })
    }
}

/// Text of a pipeline over a small network; `grid` and `more` are TOML.
pub fn text(name: &str, grid: &str, n_trials: u32, more: &str) -> String {
    format!(
        "name = \"{name}\"\n\
         [network]\nmodel = \"neymotin_2020\"\nmesh_shape = [2, 2]\n\
         [simulation]\ntstop = 20.0\ndt = 0.5\nn_trials = {n_trials}\n\
         [sweep]\nbatch_size = 4\n\
         [grid]\n{grid}\n\
         [[drive]]\ntype = \"evoked\"\nname = \"evprox\"\nmu = 10.0\nsigma = 1.0\nnumspikes = 1\nlocation = \"proximal\"\n\
         weights_ampa = {{ L2_pyramidal = \"weight\" }}\nsynaptic_delays = 0.1\n\
         {more}\n"
    )
}

/// Dipole and spikes are kept, and two statistics.
pub const OUTPUTS: &str = "[output]\nsave_dpl = true\nsave_spiking = true\n\
    [[summary]]\nname = \"top\"\nstatistic = \"max\"\n\
    [[summary]]\nname = \"n\"\nstatistic = \"spike_count\"\n";

pub fn pipeline(text: &str) -> Pipeline {
    Pipeline::parse(text, Path::new("test.toml")).unwrap_or_else(|e| panic!("{e:?}\n{text}"))
}

#[derive(Default)]
pub struct Seen {
    pub plan: Option<Plan>,
}

impl Watch for Seen {
    fn planned(&mut self, plan: &Plan) {
        self.plan = Some(plan.clone());
    }
}

impl Seen {
    /// Reasons of the plan, each with its number of tasks.
    pub fn reasons(&self) -> Vec<(String, u64)> {
        let groups = &self.plan.as_ref().unwrap().groups;
        groups
            .iter()
            .map(|(reason, n)| (reason.to_string(), *n))
            .collect()
    }
}

pub fn options(folder: &Path, jobs: usize) -> Options {
    Options {
        jobs,
        folder: Some(folder.to_path_buf()),
        ..Options::default()
    }
}

/// Runs a pipeline with a solver.
pub fn run_with(
    text: &str,
    options: &Options,
    fake: &Fake,
) -> Result<(RunOutcome, Seen), RunError> {
    let mut seen = Seen::default();
    let stop = AtomicBool::new(false);
    let report = stages::run(&pipeline(text), options, fake, &stop, &mut seen)?;
    Ok((report, seen))
}

/// Runs a pipeline; gives the number of simulations and what was planned.
pub fn run(text: &str, folder: &Path) -> (usize, Seen) {
    let fake = Fake::default();
    let (_, seen) = run_with(text, &options(folder, 2), &fake).unwrap_or_else(|e| panic!("{e:?}"));
    (fake.n_calls(), seen)
}

/// Plans a pipeline and gives the reasons.
pub fn plan(text: &str, folder: &Path) -> Vec<(String, u64)> {
    let pipeline = pipeline(text);
    let stored = hnn_sweep::store::Store::open(folder).unwrap();
    let grid = stages::expand(&pipeline, stored.as_ref().map(|s| s.state())).unwrap();
    let plan = stages::plan(&pipeline, &grid, stored.as_ref(), &options(folder, 1)).unwrap();
    Seen { plan: Some(plan) }.reasons()
}

/// Files of a table, in order.
pub fn files(folder: &Path, table: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(batches) = std::fs::read_dir(folder.join(table)) else {
        return found;
    };
    for batch in batches {
        let files = std::fs::read_dir(batch.unwrap().path()).unwrap();
        found.extend(files.map(|file| file.unwrap().path()));
    }
    found.sort();
    found
}

/// Rows of a file as maps from column to text.
pub fn rows_of(file: &Path) -> Result<Vec<BTreeMap<String, String>>, String> {
    let opened = std::fs::File::open(file).map_err(|e| e.to_string())?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|e| e.to_string())?;
    let mut rows = Vec::new();
    for batch in reader.build().map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| e.to_string())?;
        for row in 0..batch.num_rows() {
            let columns = batch
                .schema()
                .fields()
                .iter()
                .map(|f| f.name().clone())
                .collect::<Vec<_>>();
            rows.push(
                columns
                    .into_iter()
                    .map(|c| (c.clone(), cell(&batch, &c, row)))
                    .collect(),
            );
        }
    }
    Ok(rows)
}

/// Rows of a table.
pub fn rows(folder: &Path, table: &str) -> Vec<BTreeMap<String, String>> {
    let files = files(folder, table);
    files
        .iter()
        .flat_map(|file| rows_of(file).unwrap_or_else(|e| panic!("{file:?}: {e}")))
        .collect()
}

/// One column of a table.
pub fn column(folder: &Path, table: &str, name: &str) -> Vec<String> {
    rows(folder, table)
        .iter()
        .map(|row| row[name].clone())
        .collect()
}

/// All tables but for the time that simulations took.
pub fn everything(folder: &Path) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
    let tables = ["simulations", "dipole", "spikes", "summary"];
    let rows = |table: &str| {
        let mut rows = rows(folder, table);
        rows.iter_mut().for_each(|row| {
            row.remove("wall_s");
        });
        rows
    };
    tables
        .iter()
        .map(|table| (table.to_string(), rows(table)))
        .collect()
}

/// Bytes of all files of the tables that hold results.
pub fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let tables = ["dipole", "spikes", "summary"];
    let files = tables.iter().flat_map(|table| files(folder, table));
    files
        .map(|file| {
            (
                file.strip_prefix(folder).unwrap().to_path_buf(),
                std::fs::read(&file).unwrap(),
            )
        })
        .collect()
}

fn cell(batch: &RecordBatch, name: &str, row: usize) -> String {
    let column = batch.column_by_name(name).unwrap();
    if column.is_null(row) {
        return "null".into();
    }
    match column.data_type() {
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => column.as_string::<i32>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        other => panic!("{name}: {other}"),
    }
}
