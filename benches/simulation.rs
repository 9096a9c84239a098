//! How long does a simulation take, and what of it is not stepping? `cargo bench`, one thread.
//!
//! Each bench states the question that it answers and its last result. Times are of one core; divan prints the fastest, slowest,
//! median and mean run.

use divan::{Bencher, black_box};
use hnn_sweep::network::{ElectrodeArray, Network};
use hnn_sweep::solver::{Record, Solver, Trial};

fn main() {
    divan::main();
}

fn erp(mesh: u32) -> Network {
    let mut net = Network::neymotin_2020([mesh, mesh]);
    net.add_erp_drives(0.0).expect("a network without drives");
    net
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

fn simulate(bencher: Bencher, net: &Network, trial: &Trial) {
    let solver = Solver::new();
    let run = || {
        solver
            .simulate(black_box(net), trial, &|| false)
            .expect("a valid network")
    };
    run(); // what simulations of a sweep share is made once
    bencher.bench_local(run);
}

/// One simulation of the default network (170 ms, 6,800 steps, 8,770 segments) within a sweep: @DEFAULT@.
#[divan::bench(sample_count = 10)]
fn default_network(bencher: Bencher) {
    simulate(bencher, &erp(10), &trial(170.0));
}

/// Set-up of a simulation within a sweep: one step of the default network. The aim is below 5 ms. @SETUP@.
#[divan::bench(sample_count = 50)]
fn set_up(bencher: Bencher) {
    simulate(bencher, &erp(10), &trial(0.025));
}

/// Does a small mesh, with one partly empty lane group per layer, cost more than its share? @SMALL@.
#[divan::bench(sample_count = 20)]
fn small_mesh(bencher: Bencher) {
    simulate(bencher, &erp(3), &trial(170.0));
}

/// Recording the potentials of all somata should cost at most a tenth: compare with `default_network`. @SOMATA@.
#[divan::bench(sample_count = 10)]
fn default_network_with_potentials_of_somata(bencher: Bencher) {
    let trial = Trial {
        record_vsec: Record::Soma,
        ..trial(170.0)
    };
    simulate(bencher, &erp(10), &trial);
}

/// So should an electrode of eight contacts. @CONTACTS@.
#[divan::bench(sample_count = 10)]
fn default_network_with_eight_contacts(bencher: Bencher) {
    let mut net = erp(10);
    let positions = (0..8).map(|k| [4.5, 4.5, 250.0 * f64::from(k)]).collect();
    net.add_electrode_array("probe", ElectrodeArray::new(positions))
        .expect("a valid array");
    let trial = Trial {
        record_lfp: true,
        ..trial(170.0)
    };
    simulate(bencher, &net, &trial);
}

/// What does building the default network cost, which a sweep does for every point of its grid? @BUILD@.
#[divan::bench(sample_count = 50)]
fn building_the_network() -> Network {
    erp(black_box(10))
}
