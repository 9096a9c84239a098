//! A folder of 100,000 tasks. Too long for every day: `cargo test --release --test store_scale -- --ignored
//! --nocapture`.

mod fake;

use fake::{Fake, OUTPUTS, files, options, pipeline, run_with, text};
use hnn_sweep::report::{self, PageOptions};
use hnn_sweep::stages::{self, Loader};
use hnn_sweep::store::{Commit, Session, Status, Store, Task};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The page of a large folder keeps to its size; `SCALE_TEST_PAGE` names a file for it, which tests/browser/speed.mjs
/// opens.
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

#[test]
#[ignore = "minutes"]
fn a_million_stored_points_are_planned_in_seconds() {
    let keep = std::env::var("SCALE_TEST_FOLDER").ok().map(PathBuf::from);
    let dir = tempfile::tempdir().unwrap();
    let folder = keep.unwrap_or_else(|| dir.path().to_path_buf());
    let grid = "weight = { linspace = [0.001, 1.0, 1000] }\nmu = { linspace = [1.0, 15.0, 1000] }";
    let sweep = text("million", grid, 1, "").replace("mu = 10.0", "mu = \"mu\"");
    let sweep = sweep.replace("batch_size = 4", "batch_size = 1000");
    let pipeline = pipeline(&sweep);
    let began = Instant::now();
    let grid = stages::expand(&pipeline, None).unwrap();
    println!("expand, new: {:.2} s", began.elapsed().as_secs_f64());
    let mut session = Session::begin(&folder).unwrap();
    let registration = stages::plan::registration(&pipeline, &grid);
    let sims = session.register(registration).unwrap();
    // As if all were simulated; their rows are of no use here.
    let done = |(point, sim): (&stages::expand::GridPoint, &u32)| Commit {
        id: (*sim, 0),
        set: point.set,
        task: Task {
            key: point.key(0),
            status: Status::Done,
            outputs: stages::tables::wanted(&pipeline.output),
            n_spikes: 0,
            wall_s: 0.5,
            stats: Default::default(),
        },
        pieces: Vec::new(),
        spec: Vec::new(),
    };
    let mut commits: Vec<Commit> = grid.points.iter().zip(&sims).map(done).collect();
    for (i, some) in commits.chunks_mut(1000).enumerate() {
        session.commit(some).unwrap();
        if i % 100 == 99 {
            let began = Instant::now();
            session.publish().unwrap();
            println!("publish 100,000: {:.2} s", began.elapsed().as_secs_f64());
        }
    }
    session.finish().unwrap();

    let began = Instant::now();
    let store = Store::open(&folder).unwrap().unwrap();
    println!("open (status): {:.2} s", began.elapsed().as_secs_f64());
    let grid = stages::expand(&pipeline, Some(store.state())).unwrap();
    println!("… and expand: {:.2} s", began.elapsed().as_secs_f64());
    let plan = stages::plan(&pipeline, &grid, Some(&store), &options(&folder, 2)).unwrap();
    println!("… and plan: {:.2} s", began.elapsed().as_secs_f64());
    assert_eq!(plan.done, 1_000_000);
    drop(store);
    let began = Instant::now();
    let (report, _) = run_with(&sweep, &options(&folder, 2), &Fake::default()).unwrap();
    println!(
        "a run that has nothing to do: {:.2} s",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(report.simulated, 0);
}
