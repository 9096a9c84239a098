//! A folder of 100,000 tasks. Too long for every day: `cargo test --release --test store_scale -- --ignored --nocapture`.

mod fake;

use fake::{Fake, OUTPUTS, files, options, pipeline, run_with, text};
use hnn_sweep::stages;
use hnn_sweep::store::Store;
use std::path::PathBuf;
use std::time::Instant;

#[test]
#[ignore = "minutes"]
fn a_folder_of_100_000_tasks_stays_usable() {
    let n = std::env::var("SCALE_TEST_SIDE")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(317u32);
    let keep = std::env::var("SCALE_TEST_FOLDER").ok().map(PathBuf::from);
    let dir = tempfile::tempdir().unwrap();
    let folder = keep.unwrap_or_else(|| dir.path().to_path_buf());
    let grid = format!(
        "weight = {{ linspace = [0.001, 1.0, {n}] }}\nmu = {{ linspace = [1.0, 15.0, {n}] }}"
    );
    let sweep = text("scale", &grid, 1, OUTPUTS)
        .replace("mu = 10.0", "mu = \"mu\"")
        .replace("batch_size = 4", "batch_size = 100");
    let began = Instant::now();
    let fake = Fake::default();
    let (report, _) =
        run_with(&sweep, &options(&folder, 2), &fake).unwrap_or_else(|e| panic!("{e:?}"));
    let tasks = report.n_tasks;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "run: {tasks} tasks in {seconds:.1} s, {:.3} ms each",
        seconds * 1e3 / tasks as f64
    );

    let began = Instant::now();
    let store = Store::open(&folder).unwrap().unwrap();
    println!("open (status): {:.3} s", began.elapsed().as_secs_f64());
    let pipeline = pipeline(&sweep);
    let grid = stages::expand(&pipeline, Some(store.state())).unwrap();
    println!("… and expand: {:.3} s", began.elapsed().as_secs_f64());
    let plan = stages::plan(&pipeline, &grid, Some(&store), &options(&folder, 2)).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    println!("… and plan: {seconds:.3} s");
    assert_eq!(plan.done, tasks);
    assert!(seconds < 2.0, "plan takes {seconds} s");
    for table in ["simulations", "dipole", "spikes", "summary"] {
        let n = files(&folder, table).len();
        println!("{table}: {n} files");
        assert!(n < 500);
    }
    let began = Instant::now();
    let (report, _) = run_with(&sweep, &options(&folder, 2), &fake).unwrap();
    println!(
        "a run that has nothing to do: {:.3} s",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(report.simulated, 0);
}
