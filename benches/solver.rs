//! How long does what take? `cargo bench --bench solver`
//!
//! Each bench states the question that it answers and its last result, the median on one core of an AMD EPYC with
//! AVX-512.

use divan::Bencher;
use hnn_sweep::network::{DriveAttachment, Network, Poisson};
use hnn_sweep::solver::{InstructionSet, Record, SimulationResult, Solver, Threads, Trial};

fn main() {
    divan::main();
}

fn trial(tstop: f64) -> Trial {
    Trial {
        tstop,
        dt: 0.025,
        trial: 0,
        record_vsec: Record::Off,
        record_isec: Record::Off,
        record_ca: Record::Off,
        record_lfp: false,
    }
}

fn erp(n: u32) -> Network {
    let mut network = Network::neymotin_2020([n, n]);
    network
        .add_erp_drives(0.0)
        .expect("the drives fit the network");
    network
}

fn simulate(solver: &Solver, network: &Network, trial: &Trial) -> SimulationResult {
    solver
        .simulate(network, trial, &|| false)
        .expect("the network is valid")
}

/// What does a step of the default network cost on each instruction set? 400 steps of 8,770 segments without events.
/// Scalar 46.3 ms, AVX2 36.5 ms, AVX-512 25.2 ms: 13.2, 10.4 and 7.2 ns per segment and step.
#[divan::bench(args = ["Scalar", "Avx2", "Avx512"], sample_count = 10)]
fn steps(bencher: Bencher, name: &str) {
    let set = InstructionSet::available()
        .into_iter()
        .find(|set| format!("{set:?}") == name);
    let Some(set) = set else {
        return; // not on this processor
    };
    let (solver, network, trial) = (Solver::with_instruction_set(set), erp(10), trial(10.0));
    simulate(&solver, &network, &trial);
    bencher.bench_local(|| simulate(&solver, &network, &trial));
}

/// How long does one simulation of 170 ms take, and does the cost of a segment-step grow with the mesh?
/// 3x3 68 ms, 10x10 488 ms, 20x20 1.86 s, 32x32 4.70 s: 12.8, 8.2, 7.8 and 7.7 ns per segment and step; alone, a 3x3
/// network leaves lanes empty.
#[divan::bench(args = [3, 10, 20, 32], sample_count = 3)]
fn one_simulation(bencher: Bencher, mesh: u32) {
    let (solver, network, trial) = (Solver::new(), erp(mesh), trial(170.0));
    bencher.bench_local(|| simulate(&solver, &network, &trial));
}

/// Do synapses that decay for long slow a simulation down? 2 s, of which the first 200 ms have drive events.
/// 5.44 s, 7.8 ns per segment and step, as 170 ms take.
#[divan::bench(sample_count = 3)]
fn two_seconds(bencher: Bencher) {
    let (solver, network, trial) = (Solver::new(), erp(10), trial(2000.0));
    bencher.bench_local(|| simulate(&solver, &network, &trial));
}

/// What does setting up a simulation cost, once the sweep's first is done? One step.
/// 10x10 0.74 ms, 20x20 3.8 ms.
#[divan::bench(args = [10, 20], sample_count = 20)]
fn set_up(bencher: Bencher, mesh: u32) {
    let (solver, network, trial) = (Solver::new(), erp(mesh), trial(0.025));
    simulate(&solver, &network, &trial);
    bencher.bench_local(|| simulate(&solver, &network, &trial));
}

/// What do events cost? 20 ms in which 100 drive cells of 50 Hz reach every cell, with weights too small to matter.
/// 50.5 ms; without them 20 ms take 49.4 ms.
#[divan::bench(sample_count = 5)]
fn events(bencher: Bencher) {
    let mut network = Network::neymotin_2020([10, 10]);
    let weights = ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]
        .map(|name| (name.to_string(), 1e-12));
    let attach = DriveAttachment {
        weights_ampa: Some(weights.into_iter().collect()),
        n_drive_cells: hnn_sweep::network::DriveCells::Count(100),
        cell_specific: false,
        ..DriveAttachment::poisson("proximal")
    };
    let drive = Poisson {
        tstart: 0.0,
        tstop: None,
        rate_constant: hnn_sweep::network::RateConstant::All(50.0),
    };
    network
        .add_poisson_drive("background", drive, attach)
        .expect("the drive fits the network");
    let (solver, trial) = (Solver::new(), trial(20.0));
    bencher.bench_local(|| simulate(&solver, &network, &trial));
}

/// How much do small networks gain from sharing lanes? Seven simulations of a 3x3 mesh, 170 ms.
/// One after the other 449 ms, side by side 256 ms.
#[divan::bench(args = [1, 7], sample_count = 5)]
fn side_by_side(bencher: Bencher, together: usize) {
    let (solver, network, trial) = (Solver::new(), erp(3), trial(170.0));
    let tasks = [(&network, &trial); 7];
    bencher.bench_local(|| {
        for tasks in tasks.chunks(together) {
            solver.simulate_together(tasks, Threads::One, &|| false);
        }
    });
}

/// What does building the default network cost, which a sweep does for every point of its grid?
/// 0.07 ms.
#[divan::bench(sample_count = 50)]
fn building_the_network() -> Network {
    erp(divan::black_box(10))
}
