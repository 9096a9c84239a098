//! What holds for other programs that read the tables beside a run: a file that has appeared is not replaced, or begins
//! with the bytes of the one in whose place it is.
//!
//! Polars and DuckDB ask for a file's length first and open it afterwards, perhaps more than once.

mod fake;

use fake::{Fake, OUTPUTS, everything, files, options, run, run_with, text};
use hnn_sweep::stages::{Options, Pace};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TABLES: [&str; 4] = ["simulations", "summary", "dipole", "spikes"];

/// 40 simulations of two trials, in 10 batches.
fn sweep() -> String {
    let values: Vec<String> = (1..=40)
        .map(|i| format!("{:.3}", 0.001 * f64::from(i)))
        .collect();
    text(
        "beside",
        &format!("weight = [{}]", values.join(", ")),
        2,
        OUTPUTS,
    )
}

fn eager(folder: &Path) -> Options {
    Options {
        pace: Pace {
            every: Duration::ZERO,
            share: 0,
            ..Pace::default()
        },
        ..options(folder, 2)
    }
}

/// Runs the sweep `n` times at the same time, and looks at the files meanwhile: inodes that each path has had, and the
/// most files of a table that were there before the end.
fn watched(folder: &Path, n: usize) -> (BTreeMap<PathBuf, BTreeSet<u64>>, usize) {
    let sweep = sweep();
    let mut seen: BTreeMap<PathBuf, BTreeSet<u64>> = BTreeMap::new();
    let mut early = 0;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..n)
            .map(|_| {
                scope.spawn(|| {
                    let slow = Fake {
                        wait: Duration::from_millis(10),
                        ..Fake::default()
                    };
                    run_with(&sweep, &eager(folder), &slow).unwrap();
                })
            })
            .collect();
        let over = &over;
        let looker = scope.spawn(move || {
            let mut seen: BTreeMap<PathBuf, BTreeSet<u64>> = BTreeMap::new();
            let mut early = 0;
            loop {
                let last = over.load(Ordering::Relaxed);
                for path in TABLES.iter().flat_map(|table| files(folder, table)) {
                    if let Ok(metadata) = std::fs::metadata(&path) {
                        seen.entry(path).or_default().insert(metadata.ino());
                    }
                }
                if last {
                    return (seen, early);
                }
                early = early.max(files(folder, "dipole").len());
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        runs.into_iter().for_each(|run| run.join().unwrap());
        over.store(true, Ordering::Relaxed);
        (seen, early) = looker.join().unwrap();
    });
    (seen, early)
}

#[test]
fn files_appear_during_a_run_and_are_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (seen, early) = watched(dir.path(), 1);
    assert!(early > 1, "nothing could be read before the end");
    assert_eq!(seen.len(), 4 * 10);
    for (path, inodes) in seen {
        assert_eq!(inodes.len(), 1, "{} was replaced", path.display());
    }
}

#[test]
fn runs_that_share_a_sweep_write_each_file_once() {
    let dir = tempfile::tempdir().unwrap();
    let (seen, _) = watched(dir.path(), 3);
    assert_eq!(seen.len(), 4 * 10);
    for (path, inodes) in seen {
        assert_eq!(inodes.len(), 1, "{} was replaced", path.display());
    }
    let alone = tempfile::tempdir().unwrap();
    run(&sweep(), alone.path());
    assert_eq!(everything(dir.path()), everything(alone.path()));
    assert!(fake::bytes(dir.path()) == fake::bytes(alone.path()));
}

#[test]
fn results_of_a_batch_that_takes_long_are_there_before_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let impatient = Options {
        pace: Pace {
            hold: Duration::from_millis(50),
            ..eager(dir.path()).pace
        },
        ..options(dir.path(), 1)
    };
    let slow = Fake {
        wait: Duration::from_millis(30),
        ..Fake::default()
    };
    let sweep = sweep();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (ended, impatient) = (&ended, &impatient);
        let run = scope.spawn(move || {
            run_with(&sweep, impatient, &slow).unwrap();
            ended.store(true, Ordering::Relaxed);
        });
        while files(dir.path(), "dipole").is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The first batch has eight tasks of 30 ms, and half of them are there.
        let rows = fake::rows(dir.path(), "dipole").len();
        assert!(rows < 8 * 41, "{rows} rows");
        assert!(!ended.load(Ordering::Relaxed));
        run.join().unwrap();
    });
    assert_eq!(fake::rows(dir.path(), "dipole").len(), 80 * 41);
}

/// Runs that leave parts of batches, change the grid and drop results: whatever they replace and remove.
fn unrest(folder: &Path) {
    let grid = |n: std::ops::RangeInclusive<u32>| {
        let values: Vec<String> = n.map(|i| format!("{:.3}", 0.001 * f64::from(i))).collect();
        text(
            "unrest",
            &format!("weight = [{}]", values.join(", ")),
            1,
            OUTPUTS,
        )
    };
    let run = |sweep: &str| {
        let slow = Fake {
            wait: Duration::from_millis(5),
            ..Fake::default()
        };
        let mut options = eager(folder);
        options.pace.hold = Duration::from_millis(10);
        run_with(sweep, &options, &slow).unwrap();
    };
    run(&grid(1..=9));
    run(&grid(4..=15));
    let mut session = hnn_sweep::store::Session::begin(folder).unwrap();
    session.collect_garbage().unwrap();
    session.finish().unwrap();
    run(&grid(15..=16));
    let mut session = hnn_sweep::store::Session::begin(folder).unwrap();
    session.collect_garbage().unwrap();
    session.finish().unwrap();
    run(&grid(3..=15));
}

/// Tells a reader to end, whatever happens.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads a table as Polars and DuckDB do, only slower: it looks up all names and lengths, and trusts them afterwards.
/// Gives how many files had been replaced in between.
fn read_slowly(folder: &Path, table: &str) -> usize {
    let found: Vec<(PathBuf, usize)> = files(folder, table)
        .into_iter()
        .map(|path| {
            let metadata = std::fs::metadata(&path).unwrap();
            (path, usize::try_from(metadata.len()).unwrap())
        })
        .collect();
    let mut replaced = 0;
    for (path, len) in found {
        std::thread::sleep(Duration::from_millis(2));
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        replaced += usize::from(bytes.len() != len);
        let bytes = bytes::Bytes::from(bytes).slice(..len);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes);
        let reader = reader.unwrap_or_else(|e| panic!("{path:?}: {e}"));
        for rows in reader.build().unwrap() {
            rows.unwrap_or_else(|e| panic!("{path:?}: {e}"));
        }
    }
    replaced
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_are_replaced_while_they_are_read_stay_whole_for_their_readers() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let ended = AtomicBool::new(false);
    let replaced = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut replaced = 0;
            while !ended.load(Ordering::Relaxed) {
                let tables = TABLES.iter().chain(&["former"]);
                replaced += tables
                    .map(|table| read_slowly(folder, table))
                    .sum::<usize>();
            }
            replaced
        });
        {
            let _end = Ends(&ended);
            unrest(folder);
        }
        reader.join().unwrap()
    });
    assert!(replaced > 0, "nothing was replaced under the reader");
    let begins_with_its_past = || {
        let store = hnn_sweep::store::Store::open(folder).unwrap().unwrap();
        assert_eq!(store.verify().unwrap().problems, []);
        let parts = store.state().parts.values();
        parts.filter(|part| part.content.is_some()).count()
    };
    assert!(begins_with_its_past() > 0);
    // Somebody was there until the end; the next run, though it has nothing to do, finds nobody.
    let quiet = tempfile::tempdir().unwrap();
    unrest(quiet.path());
    assert_eq!(everything(folder), everything(quiet.path()));
    let last = "weight = [0.003, 0.004, 0.005]";
    for folder in [folder, quiet.path()] {
        run(&text("unrest", last, 1, OUTPUTS), folder);
    }
    assert_eq!(begins_with_its_past(), 0);
    assert_eq!(everything(folder), everything(quiet.path()));
    assert!(fake::bytes(folder) == fake::bytes(quiet.path()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_waits_to_go_has_the_present_columns_of_its_table() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let ended = AtomicBool::new(false);
    let grid = |grid: &str| text("columns", grid, 1, OUTPUTS);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                files(folder, "simulations");
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        {
            let _end = Ends(&ended);
            run(&grid("weight = [0.001, 0.002, 0.003, 0.004]"), folder);
            // All points of the first batch leave the grid, and then parameters come, twice.
            run(&grid("weight = [0.006]\nother = [1, 2, 3, 4]"), folder);
            run(
                &grid("weight = [0.007]\nother = [1, 2]\nmore = [5]"),
                folder,
            );
        }
        reader.join().unwrap();
    });
    for table in ["simulations", "summary"] {
        let columns = files(folder, table).into_iter().map(|file| {
            let file = std::fs::File::open(file).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            reader.schema().clone()
        });
        let columns: Vec<_> = columns.collect();
        assert_eq!(columns.len(), 2, "{table}");
        assert!(columns.iter().all(|of_file| *of_file == columns[0]));
        assert!(columns[0].field_with_name("more").is_ok());
    }
    run(
        &grid("weight = [0.007]\nother = [1, 2]\nmore = [5]"),
        folder,
    );
    assert_eq!(files(folder, "simulations").len(), 1);
}
