//! One folder for the command line and the library: what one has computed the other finds, and only new trials are
//! simulated.
//!
//! `cargo run --release --example share_results`

use hnn_sweep::batch::{BatchSimulate, BoxError, ParamGrid, Run};
use hnn_sweep::network::{DriveAttachment, Evoked, Model};
use hnn_sweep::pipeline::Pipeline;
use hnn_sweep::solver::Solver;
use hnn_sweep::stages::{self, Options, Watch};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What `hnn-sweep run` would read from a file.
const FILE: &str = r#"
name = "from_a_file"
[network]
mesh_shape = [3, 3]
[simulation]
tstop = 30.0
[grid]
weight = [0.001, 0.01]
[[drive]]
type = "evoked"
name = "evprox"
mu = 10.0
sigma = 2.0
numspikes = 1
location = "proximal"
weights_ampa = { L2_pyramidal = "weight", L5_pyramidal = "2*weight" }
"#;

struct Silent;

impl Watch for Silent {}

/// Numbers of simulations: of the file, of the same networks by closure, of the same with a second trial.
pub fn share(folder: &Path) -> Result<[u64; 3], BoxError> {
    let pipeline = Pipeline::parse(FILE, Path::new("example.toml"))?;
    let options = Options {
        jobs: 2,
        folder: Some(folder.to_path_buf()),
        ..Options::default()
    };
    let never = AtomicBool::new(false);
    let of_file = stages::run(&pipeline, &options, &Solver::new(), &never, &mut Silent)?;

    let batch = BatchSimulate::new(|net, params| {
        let weight = params.float("weight")?;
        let attach = DriveAttachment::evoked("proximal")
            .ampa([("L2_pyramidal", weight), ("L5_pyramidal", 2.0 * weight)]);
        let drive = Evoked {
            mu: 10.0,
            sigma: 2.0,
            numspikes: 1,
        };
        net.add_evoked_drive("evprox", drive, attach)?;
        Ok(())
    })
    .net(Model::Neymotin2020.network([3, 3]))
    .tstop(30.0)
    .save_folder(folder);
    let grid = ParamGrid::new().axis("weight", [0.001, 0.01]);
    let run = Run {
        verbose: false,
        ..Run::default()
    };
    let same = batch.run(grid.clone(), run)?;
    let more = batch.n_trials(2).run(grid, run)?;
    Ok([of_file.simulated, same.simulated, more.simulated])
}

#[allow(dead_code)] // the tests call `share`
fn main() -> Result<(), BoxError> {
    let [file, closure, trials] = share(Path::new("example_results/share_results"))?;
    println!(
        "simulated: {file} for the file, {closure} for the closure, {trials} for a second trial"
    );
    Ok(())
}
