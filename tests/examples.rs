//! The programs in `examples/` do what they say.

#[path = "../examples/batch_simulate.rs"]
mod batch_simulate;
#[path = "../examples/load_results.rs"]
mod load_results;
#[path = "../examples/parameter_sets.rs"]
mod parameter_sets;
#[path = "../examples/share_results.rs"]
mod share_results;
#[path = "../examples/summary_func.rs"]
mod summary_func;

use tempfile::tempdir;

#[test]
fn every_example_is_tested() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let tested = [
        "batch_simulate.rs",
        "load_results.rs",
        "parameter_sets.rs",
        "share_results.rs",
        "summary_func.rs",
    ];
    assert_eq!(names, tested);
}

#[test]
fn a_sweep_simulates_all_combinations_once_and_a_stronger_input_evokes_more() {
    let dir = tempdir().unwrap();
    let results = batch_simulate::sweep(dir.path()).unwrap();
    assert_eq!(results.simulated, 9);
    let rows = &results.summary_statistics;
    let height = |row: usize| rows[row].values["max_peak"] - rows[row].values["min_peak"];
    // The weakest and the strongest pair of weights.
    assert!(height(8) > height(0), "{} {}", height(8), height(0));
    assert_eq!(batch_simulate::sweep(dir.path()).unwrap().simulated, 0);
}

#[test]
fn loaded_results_have_peaks_and_rates() {
    let dir = tempdir().unwrap();
    let analysis = load_results::simulate_and_load(dir.path()).unwrap();
    assert_eq!(analysis.len(), 2);
    for ((time, peak), rates) in &analysis {
        assert!((0.0..=60.0).contains(time) && *peak > 0.0);
        let names: Vec<&str> = rates.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]
        );
        assert!(rates.iter().any(|(_, rate)| *rate > 0.0));
    }
}

#[test]
fn results_are_shared_and_only_new_trials_are_simulated() {
    let dir = tempdir().unwrap();
    assert_eq!(share_results::share(dir.path()).unwrap(), [2, 0, 2]);
    assert_eq!(share_results::share(dir.path()).unwrap(), [0, 0, 0]);
}

#[test]
fn parameter_sets_come_back_in_their_order() {
    let dir = tempdir().unwrap();
    let peaks = parameter_sets::simulate(dir.path()).unwrap();
    let mu: Vec<f64> = peaks.iter().map(|(p, _)| p.float("mu").unwrap()).collect();
    assert_eq!(mu, [8.0, 9.0, 10.0, 11.0]);
}

#[test]
fn a_summary_of_ones_own_has_a_row_per_simulation_and_keeps_no_data() {
    let dir = tempdir().unwrap();
    let results = summary_func::sweep(dir.path()).unwrap();
    assert!(results.simulated_data.is_empty());
    let spikes: Vec<f64> = results
        .summary_statistics
        .iter()
        .map(|row| row.values["cell_spikes"])
        .collect();
    assert_eq!(spikes.len(), 3);
    assert!(spikes[2] > spikes[0], "{spikes:?}");
}
