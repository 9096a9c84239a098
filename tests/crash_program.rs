//! The program itself, with the real solver, killed at random moments: in the end its tables are those of a run that
//! nobody disturbed, and what `simulations` listed was not simulated again. Of a model, and of hnn-core's network
//! file.

#![cfg(unix)]

mod fake;

use fake::{everything, rows};
use hnn_sweep::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// 120 points of a network of one pyramidal cell per layer, 100 ms.
fn pipeline() -> String {
    let weights: Vec<String> = (1..=120).map(|i| format!("{i}e-5")).collect();
    format!(
        "name = \"crash\"\nsave_folder = \"results\"\n\
         [network]\nmodel = \"neymotin_2020\"\nmesh_shape = [2, 2]\n\
         [simulation]\ntstop = 100.0\n\
         [sweep]\nbatch_size = 50\n\
         [grid]\nweight = [{}]\n\
         [[drive]]\ntype = \"evoked\"\nname = \"evprox\"\nmu = 20.0\nsigma = 3.0\nnumspikes = 2\nlocation = \"proximal\"\n\
         weights_ampa = {{ L2_pyramidal = \"weight\", L5_pyramidal = \"weight\" }}\nsynaptic_delays = 0.1\n\
         [output]\nsave_dpl = true\nsave_spiking = true\n\
         [[summary]]\nname = \"top\"\nstatistic = \"max\"\nsmooth = 10.0\n",
        weights.join(", ")
    )
}

/// 108 points over a weight, a gain, a section's length and a drive's seed, from a network file that hnn-core wrote:
/// 2x3 mesh, drives of all kinds, biases and pruned connections.
fn pipeline_of_a_file() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/network_file.json");
    format!(
        r#"
name = "crash"
save_folder = "results"
[network]
file = "{file}"
[simulation]
tstop = 60.0
[sweep]
batch_size = 50
[grid]
weight = [0.001, 0.01, 0.1]
gain = [0.5, 1.0, 2.0]
length = [400.0, 560.0, 700.0]
seed = [1, 2, 3, 4]
[set]
"connections[src=L2_basket,target=L5_pyramidal,receptor=gabaa].weight" = "weight"
gains.e_e = "gain"
cells.L5_pyramidal.sections.apical_1.L = "length"
drives.common.event_seed = "seed"
[output]
save_dpl = true
save_spiking = true
[[summary]]
name = "top"
statistic = "max"
smooth = 10.0
"#
    )
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hnn-sweep"));
    command
        .args(["run", "pipeline.toml", "--jobs", "2"])
        .current_dir(folder)
        .stdout(Stdio::null());
    command
}

#[test]
fn killed_again_and_again_the_program_ends_with_the_tables_of_an_undisturbed_run() {
    ends_undisturbed(&pipeline(), 120);
}

#[test]
fn a_sweep_of_weight_gain_length_and_seed_of_a_network_file_resumes_after_kills() {
    let dipoles = ends_undisturbed(&pipeline_of_a_file(), 108);
    let different: BTreeSet<_> = dipoles.values().collect();
    assert_eq!(different.len(), 108, "some parameter changes nothing");
}

/// Runs a pipeline of `n` points once calmly and once with kills; gives the dipole of each simulation.
fn ends_undisturbed(pipeline: &str, n: usize) -> BTreeMap<String, String> {
    let dir = || {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pipeline.toml"), pipeline).unwrap();
        dir
    };
    let calm = dir();
    let began = std::time::Instant::now();
    assert!(program(calm.path()).status().unwrap().success());
    let whole = began.elapsed();

    let killed = dir();
    let results = killed.path().join("results");
    // The time that a simulation took tells whether it is the same as before.
    let listed = || -> BTreeMap<String, String> {
        let rows = rows(&results, "simulations");
        rows.iter()
            .map(|row| (row["key"].clone(), row["wall_s"].clone()))
            .collect()
    };
    let mut random = u64::from(std::process::id());
    let mut seen = BTreeMap::new();
    for _ in 0..8 {
        let mut child = program(killed.path()).spawn().unwrap();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        std::thread::sleep(whole.mul_f64(0.05 + 0.2 * ((random >> 33) % 1000) as f64 / 1000.0));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(store) = Store::open(&results).unwrap() {
            assert_eq!(store.verify().unwrap().problems, []);
        }
        let now = listed();
        for (key, wall) in &seen {
            assert_eq!(
                now.get(key),
                Some(wall),
                "{key} was lost or simulated again"
            );
        }
        seen = now;
    }
    std::thread::sleep(Duration::from_millis(1));
    assert!(program(killed.path()).status().unwrap().success());
    let now = listed();
    assert!(seen.iter().all(|(key, wall)| now.get(key) == Some(wall)));
    assert_eq!(now.len(), n);
    assert_eq!(
        everything(&results),
        everything(&calm.path().join("results"))
    );
    assert!(fake::bytes(&results) == fake::bytes(&calm.path().join("results")));
    let mut dipoles = BTreeMap::<String, String>::new();
    for row in rows(&results, "dipole") {
        let dipole = dipoles.entry(row["sim"].clone()).or_default();
        *dipole += &format!("{} ", row["agg"]);
    }
    dipoles
}
