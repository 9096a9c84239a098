//! What does a sweep cost beside the solver? `cargo bench --bench sweep`
//!
//! Last result, the median on an AMD EPYC with AVX-512: 452 ms with one job, 246 ms with two; the solver alone 376 ms.
//! So a short simulation of a small network costs 2.7 ms beside its 13.4 ms; of default simulations it is 1 %
//! (docs/speed.md).

use divan::Bencher;
use hnn_sweep::network::Network;
use hnn_sweep::pipeline::Pipeline;
use hnn_sweep::solver::{Record, Solver, Threads, Trial};
use hnn_sweep::stages::{self, Options, Watch};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn main() {
    divan::main();
}

const POINTS: usize = 28;

/// A sweep over the weight of an input to a 3x3 network, 60 ms.
fn pipeline() -> Pipeline {
    let text = format!(
        "[network]\nmesh_shape = [3, 3]\n[simulation]\ntstop = 60.0\n[grid]\nweight = {{ logspace = [-4, -1, {POINTS}] }}\n\
         [[drive]]\ntype = \"evoked\"\nname = \"evprox\"\nmu = 40.0\nsigma = 5.0\nnumspikes = 1\nlocation = \"proximal\"\n\
         weights_ampa = {{ L2_pyramidal = \"weight\", L5_pyramidal = \"weight\" }}\nsynaptic_delays = 0.1\n\
         [output]\nsave_dpl = true\nsave_spiking = true\n\
         [[summary]]\nname = \"max_peak\"\nstatistic = \"max\"\nsmooth = 30.0\n"
    );
    Pipeline::parse(&text, Path::new("bench.toml")).expect("the pipeline is valid")
}

struct Silent;
impl Watch for Silent {}

/// How long does a sweep of 28 simulations take, from the file to the tables, with one job and with two?
#[divan::bench(args = [1, 2], sample_count = 5)]
fn from_file_to_tables(bencher: Bencher, jobs: usize) {
    let pipeline = pipeline();
    let solver = Solver::new();
    bencher
        .with_inputs(|| tempfile::tempdir().expect("there is room for results"))
        .bench_local_values(|folder| {
            let options = Options {
                jobs,
                folder: Some(folder.path().to_path_buf()),
                ..Options::default()
            };
            let stop = AtomicBool::new(false);
            let report = stages::run(&pipeline, &options, &solver, &stop, &mut Silent)
                .expect("the sweep runs");
            assert_eq!(report.simulated, POINTS as u64);
            folder
        });
}

/// How much of that is the solver? The same simulations alone, side by side as a sweep does them, on one thread.
#[divan::bench(sample_count = 5)]
fn solver_alone(bencher: Bencher) {
    let pipeline = pipeline();
    let networks: Vec<Network> = (0..POINTS as u64)
        .map(|i| {
            pipeline
                .bind(&pipeline.point(i))
                .expect("the point is valid")
        })
        .map(|bound| bound.network)
        .collect();
    let trial = Trial {
        tstop: 60.0,
        dt: 0.025,
        trial: 0,
        record_vsec: Record::Off,
        record_isec: Record::Off,
        record_ca: Record::Off,
        record_lfp: false,
    };
    let solver = Solver::new();
    let gang = Solver::gang_size(&networks[0], &trial);
    let tasks: Vec<(&Network, &Trial)> = networks.iter().map(|n| (n, &trial)).collect();
    bencher.bench_local(|| {
        for tasks in tasks.chunks(gang) {
            let results = solver.simulate_together(tasks, Threads::One, &|| false);
            assert!(results.iter().all(Result::is_ok));
        }
    });
}
