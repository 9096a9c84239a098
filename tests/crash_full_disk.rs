//! The disk fills up at every single operation, one after the other. A process of its own, as the fault is the
//! process's.

mod fake;

use fake::{Fake, OUTPUTS, everything, options, run, run_with, text};
use hnn_sweep::stages::{Options, Pace};
use hnn_sweep::store::fault;
use std::time::Duration;

#[test]
fn a_full_disk_is_an_error_that_loses_nothing_and_the_next_run_goes_on() {
    let sweep = text("full", "weight = [0.001, 0.002, 0.003]", 1, OUTPUTS);
    let calm = tempfile::tempdir().unwrap();
    fault::full_at(u64::MAX);
    run(&sweep, calm.path());
    for n in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let eager = Options {
            pace: Pace {
                every: Duration::ZERO,
                share: 0,
                hold: Duration::ZERO,
                ..Pace::default()
            },
            ..options(dir.path(), 1)
        };
        fault::full_at(n);
        let fake = Fake::default();
        let result = run_with(&sweep, &eager, &fake);
        let over = fault::count() <= n;
        fault::full_at(u64::MAX);
        match result {
            Ok(_) => {
                assert!(over, "operation {n} failed, and nobody noticed");
                break;
            }
            Err(error) => {
                let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
                let help = help.unwrap_or_default();
                assert!(help.contains("make room"), "operation {n}: {error:?}");
            }
        }
        run(&sweep, dir.path());
        assert_eq!(
            everything(dir.path()),
            everything(calm.path()),
            "the disk was full at operation {n}"
        );
        assert!(n < 1000);
    }
}
