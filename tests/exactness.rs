//! Whole networks against hnn-core 0.6.1 on NEURON 8.2.7: `tests/reference/networks`, made by `make_networks.py`.
//!
//! Spikes agree in gid, order and every bit of their time; sample times too; the dipole to 1e-9 of its peak-to-peak.

mod support;

use serde::Deserialize;
use std::collections::BTreeMap;
use support::{Case, Report, Spikes, reference, simulate, trial};

#[derive(Deserialize)]
struct File {
    case: Case,
    trials: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    n_samples: usize,
    last_time: f64,
    spikes: Spikes,
    samples: Vec<usize>,
    dipole: BTreeMap<String, Vec<f64>>,
    extremes: BTreeMap<String, Extremes>,
}

#[derive(Deserialize)]
struct Extremes {
    min: f64,
    argmin: usize,
    max: f64,
    argmax: usize,
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

fn agrees(name: &str) {
    let file: File = reference(&format!("networks/{name}.json"));
    let (tstop, dt) = (file.case.tstop, file.case.dt);
    let net = file.case.build().unwrap();
    let mut report = Report::default();
    for (k, expected) in file.trials.iter().enumerate() {
        let found = simulate(&net, &trial(tstop, dt, k as u32));
        let of = |what: &str| format!("trial {k}, {what}");
        report.equal(&of("samples"), expected.n_samples, found.times.len());
        report.same_bits(
            &of("last time"),
            expected.last_time,
            found.times.last().copied(),
        );
        report.equal(
            &of("times"),
            times(expected.n_samples, dt),
            found.times.clone(),
        );
        report.spikes(&of("spikes"), &expected.spikes, &found.spikes);
        let dipole = [
            ("agg", &found.dipole.agg),
            ("L2", &found.dipole.l2),
            ("L5", &found.dipole.l5),
        ];
        for (layer, values) in dipole {
            let Extremes {
                min,
                argmin,
                max,
                argmax,
            } = expected.extremes[layer];
            let what = of(&format!("dipole {layer}"));
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
                max - min,
                1e-9,
            );
            report.trace(
                &format!("{what}, its extremes"),
                &[argmin, argmax],
                &[min, max],
                values,
                max - min,
                1e-9,
            );
        }
    }
    report.finish(name);
}

macro_rules! cases {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(#[test] fn $test() { agrees($name); })*

        #[test]
        fn every_reference_network_is_compared() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/networks");
            let mut found: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            let mut compared: Vec<String> = [$($name),*].iter().map(|name| format!("{name}.json")).collect();
            found.sort();
            compared.sort();
            assert_eq!(found, compared);
        }
    };
}

cases! {
    evoked_responses_of_one_row_of_two: "erp_1x2",
    evoked_responses_of_a_mesh_that_is_not_square: "erp_2x3",
    evoked_responses_of_a_small_mesh_in_two_trials: "erp_3x3",
    evoked_responses_at_dt_0_05: "erp_3x3_dt0.05",
    evoked_responses_at_dt_0_1: "erp_3x3_dt0.1",
    evoked_responses_at_dt_0_0125: "erp_3x3_dt0.0125",
    a_tstop_that_is_no_multiple_of_dt_is_cut_off: "erp_3x3_odd_tstop",
    other_seeds_weights_and_space_constants: "other_3x3",
    one_drive_cell_for_all_targets: "one_drive_cell_3x3",
    connections_kept_with_a_probability: "probability_4x3",
    a_section_as_the_location_of_a_drive: "tuft_3x3",
    events_at_equal_times_keep_the_originals_order: "ties_2x2",
    the_network_at_rest: "nothing_2x2",
    the_default_network_has_1428_and_1407_spikes: "erp_10x10",
    batch_example_weak_basket_weak_pyramidal: "batch_10x10_00",
    batch_example_weak_basket_middle_pyramidal: "batch_10x10_01",
    batch_example_weak_basket_strong_pyramidal: "batch_10x10_02",
    batch_example_middle_basket_weak_pyramidal: "batch_10x10_10",
    batch_example_middle_both: "batch_10x10_11",
    batch_example_middle_basket_strong_pyramidal: "batch_10x10_12",
    batch_example_strong_basket_weak_pyramidal: "batch_10x10_20",
    batch_example_strong_basket_middle_pyramidal: "batch_10x10_21",
    batch_example_strong_both: "batch_10x10_22",
}
