//! A folder of 100,000 tasks. Too long for every day: `cargo test --release --test store_scale -- --ignored --nocapture`.

mod fake;

use fake::{Fake, OUTPUTS, files, options, pipeline, run_with, text};
use hnn_sweep::report::{self, PageOptions};
use hnn_sweep::stages::{self, Loader};
use hnn_sweep::store::Store;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The page of a large folder keeps to its size; `SCALE_TEST_PAGE` names a file for it, which tests/browser/speed.mjs opens.
fn page(folder: &Path) {
    let began = Instant::now();
    let loader = Loader::new(Store::open(folder).unwrap().unwrap(), None).unwrap();
    let options = PageOptions::default();
    let page = report::page(&loader, &options).unwrap();
    println!(
        "report: {:.2} MB in {:.1} s; {}",
        page.html.len() as f64 / 1e6,
        began.elapsed().as_secs_f64(),
        page.notes.join(" ")
    );
    assert!(page.html.len() <= options.max_size);
    if let Ok(file) = std::env::var("SCALE_TEST_PAGE") {
        std::fs::write(file, page.html).unwrap();
    }
}

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
    page(&folder);
    let began = Instant::now();
    let (report, _) = run_with(&sweep, &options(&folder, 2), &fake).unwrap();
    println!(
        "a run that has nothing to do: {:.3} s",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(report.simulated, 0);
}
