//! Whole networks against hnn-core 0.6.1 on NEURON 8.2.7: `tests/reference/{networks,more}`, made by
//! `make_networks.py`.
//!
//! Spikes agree in gid, order and every bit of their time; sample times too; the dipole to 1e-9 of its peak-to-peak,
//! traces and LFP to 1e-9 of their range.

mod support;

use hnn_sweep::network::Network;
use hnn_sweep::solver::{SimulationResult, Trial};
use hnn_sweep::stages::summarize::{sfreq, smooth};
use serde::Deserialize;
use support::{Case, Expected, Extremes, Report, layers, reference, simulate};

#[derive(Deserialize)]
struct File {
    case: Case,
    trials: Vec<Expected>,
}

/// NEURON's time axis: two additions of half a step each.
fn times(n_samples: usize, dt: f64) -> Vec<f64> {
    let mut t = 0.0;
    let mut times = vec![t];
    while times.len() < n_samples {
        t += 0.5 * dt;
        t += 0.5 * dt;
        times.push(t);
    }
    times
}

/// Compares every trial of a reference.
fn agrees(file: &str) {
    let File { case, trials } = reference(file);
    let (dt, smooth_width) = (case.dt, case.smooth);
    let wanted: Vec<Trial> = (0..case.n_trials).map(|k| case.trial(k)).collect();
    let net = case.build().unwrap();
    let mut report = Report::default();
    report.equal("trials", wanted.len(), trials.len());
    for (wanted, expected) in wanted.iter().zip(&trials) {
        let found = simulate(&net, wanted);
        let of = |what: &str| format!("trial {}, {what}", wanted.trial);
        report.equal(&of("samples"), expected.n_samples, found.times.len());
        report.same_bits(
            &of("last time"),
            expected.last_time.unwrap(),
            found.times.last().copied(),
        );
        report.equal(
            &of("times"),
            times(expected.n_samples, dt),
            found.times.clone(),
        );
        report.spikes(&of("spikes"), &expected.spikes, &found.spikes);
        for (layer, values) in layers(&found.dipole) {
            let Extremes {
                min,
                argmin,
                max,
                argmax,
            } = expected.extremes[layer];
            let what = of(&format!("dipole {layer}"));
            let peak_to_peak = max - min;
            let at_extremes = ([argmin, argmax], [min, max]);
            report.equal(
                &format!("{what}, samples"),
                expected.n_samples,
                values.len(),
            );
            report.trace(
                &what,
                &expected.samples,
                &expected.dipole[layer],
                values,
                peak_to_peak,
                1e-9,
            );
            report.trace(
                &what,
                &at_extremes.0,
                &at_extremes.1,
                values,
                peak_to_peak,
                1e-9,
            );
        }
        if let Some(width) = smooth_width {
            compare_smoothed(&of("smoothed"), width, expected, &found, &mut report);
        }
        report.recordings(&of(""), expected, &found);
    }
    report.finish(file);
}

/// Compares least and greatest value of the smoothed dipole: the batch example's summary.
fn compare_smoothed(
    of: &str,
    width: f64,
    expected: &Expected,
    found: &SimulationResult,
    report: &mut Report,
) {
    assert_eq!(expected.smoothed_extremes.len(), 3);
    for (layer, values) in layers(&found.dipole) {
        let wanted = &expected.smoothed_extremes[layer];
        let smoothed = smooth(values, width, sfreq(&found.times).unwrap()).unwrap();
        report.trace(
            &format!("{of} {layer}"),
            &[wanted.argmin, wanted.argmax],
            &[wanted.min, wanted.max],
            &smoothed,
            wanted.max - wanted.min,
            1e-9,
        );
        let fold = |f: fn(f64, f64) -> f64| smoothed.iter().copied().reduce(f).unwrap();
        let (least, greatest) = (fold(f64::min), fold(f64::max));
        report.trace(
            &format!("{of} {layer}, extremes"),
            &[0, 1],
            &[wanted.min, wanted.max],
            &[least, greatest],
            wanted.max - wanted.min,
            1e-9,
        );
    }
}

/// Every network of the references, with its renamed and added cell types, changed sections, biases and drives.
#[test]
fn each_of_these_networks_is_read_back_from_its_file_as_it_was() {
    let mut n = 0;
    for folder in ["networks", "more"] {
        let path = format!("{}/tests/reference/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let File { case, .. } = reference(&format!("{folder}/{name}"));
            if case.mesh_shape == [10, 10] {
                continue; // differ from the small ones in size only
            }
            let net = case.build().unwrap();
            let read = Network::from_json(&net.to_json()).unwrap();
            assert!(read == net, "{name}");
            let order = |net: &Network| net.pos_dict.keys().cloned().collect::<Vec<_>>();
            assert_eq!(order(&read), order(&net), "{name}");
            n += 1;
        }
    }
    assert!(n > 20, "only {n} networks");
}

macro_rules! cases {
    ($($test:ident: $file:literal),* $(,)?) => {
        $(#[test] fn $test() { agrees(concat!($file, ".json")); })*

        #[test]
        fn every_reference_network_is_compared() {
            let mut found = Vec::new();
            for folder in ["networks", "more"] {
                let path = format!("{}/tests/reference/{folder}", env!("CARGO_MANIFEST_DIR"));
                for entry in std::fs::read_dir(path).unwrap() {
                    found.push(format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()));
                }
            }
            let mut compared: Vec<String> = [$($file),*].iter().map(|name| format!("{name}.json")).collect();
            found.sort();
            compared.sort();
            assert_eq!(found, compared);
        }
    };
}

cases! {
    evoked_responses_of_one_row_of_two: "networks/erp_1x2",
    evoked_responses_of_a_mesh_that_is_not_square: "networks/erp_2x3",
    evoked_responses_of_a_small_mesh_in_two_trials: "networks/erp_3x3",
    evoked_responses_at_dt_0_05: "networks/erp_3x3_dt0.05",
    evoked_responses_at_dt_0_1: "networks/erp_3x3_dt0.1",
    evoked_responses_at_dt_0_0125: "networks/erp_3x3_dt0.0125",
    a_tstop_that_is_no_multiple_of_dt_is_cut_off: "networks/erp_3x3_odd_tstop",
    other_seeds_weights_and_space_constants: "networks/other_3x3",
    one_drive_cell_for_all_targets: "networks/one_drive_cell_3x3",
    connections_kept_with_a_probability: "networks/probability_4x3",
    a_section_as_the_location_of_a_drive: "networks/tuft_3x3",
    events_at_equal_times_keep_the_originals_order: "networks/ties_2x2",
    the_network_at_rest: "networks/nothing_2x2",
    the_default_network_has_1428_and_1407_spikes: "networks/erp_10x10",
    batch_example_weak_basket_weak_pyramidal: "networks/batch_10x10_00",
    batch_example_weak_basket_middle_pyramidal: "networks/batch_10x10_01",
    batch_example_weak_basket_strong_pyramidal: "networks/batch_10x10_02",
    batch_example_middle_basket_weak_pyramidal: "networks/batch_10x10_10",
    batch_example_middle_both: "networks/batch_10x10_11",
    batch_example_middle_basket_strong_pyramidal: "networks/batch_10x10_12",
    batch_example_strong_basket_weak_pyramidal: "networks/batch_10x10_20",
    batch_example_strong_basket_middle_pyramidal: "networks/batch_10x10_21",
    batch_example_strong_both: "networks/batch_10x10_22",
    law_2021_with_its_beta_bursts: "more/law_3x3",
    the_calcium_model_at_full_size: "more/calcium_10x10",
    gamma_with_weights_of_a_parameter_file: "more/gamma_3x3",
    another_distance_and_a_pruned_drive_at_the_tuft: "more/distance_3x3",
    renamed_and_added_cell_types: "more/types_3x3",
    the_calcium_model_with_calcium_and_potentials_everywhere: "more/calcium_3x3",
    alpha_bursts_with_a_jittered_start: "more/alpha_3x3",
    poisson_drives_with_one_rate_and_with_rates_by_cell_type: "more/noise_3x3",
    potentials_at_electrodes_together_with_tonic_biases: "more/lfp_bias_3x3",
    probabilities_with_cell_specific_bursts_and_a_spike_train: "more/mixture_4x3",
    custom_cells_connections_gains_and_distance: "more/custom_3x3",
    another_temperature_and_thresholds_by_connection: "more/temperature_3x3",
    a_passive_leak_beside_hh2: "more/leaky_2x2",
    drives_that_were_removed_again: "more/deleted_2x2",
    two_seconds: "more/long_2x2",
}
