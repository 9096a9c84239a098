//! Summaries of what electrode arrays record: against hnn-core 0.6.1, and through a sweep.

mod fake;

use hnn_sweep::network::{ElectrodeArray, Network};
use hnn_sweep::pipeline::{Pipeline, Summary};
use hnn_sweep::solver::{Dipole, Lfp, Solver};
use hnn_sweep::stages::summarize::{TrialData, summarize, summarize_mean};
use std::path::Path;

const N: usize = 401;

/// `((i*i*37 + i*11) % 211 - 100) / 64`, 7 samples later at each contact: no rounding anywhere.
fn lfp() -> Vec<Lfp> {
    let value = |i: usize| ((i * i * 37 + i * 11) % 211) as f64 / 64.0 - 100.0 / 64.0;
    let contact = |c: usize| (0..N).map(|i| value((i + 7 * c) % N)).collect();
    vec![Lfp {
        array: "shank".into(),
        potential: (0..5).map(contact).collect(),
    }]
}

fn network() -> Network {
    let mut network = Network::neymotin_2020([2, 2]);
    let positions = (0..5).map(|c| [4.0, 4.0, f64::from(c) * -200.0]);
    network
        .add_electrode_array("shank", ElectrodeArray::new(positions.collect()))
        .unwrap();
    network
}

const ARRAY: &str = "[[electrode_array]]\nname = \"shank\"\n\
    electrode_pos = [[4, 4, 0], [4, 4, -200], [4, 4, -400], [4, 4, -600], [4, 4, -800]]\n";

fn pipeline(text: &str) -> Result<Pipeline, String> {
    let text = format!("[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n{text}");
    Pipeline::parse(&text, Path::new("t.toml")).map_err(|e| format!("{:?}", miette::Report::new(e)))
}

fn summaries(keys: &str) -> Vec<Summary> {
    let text = format!("{ARRAY}[[summary]]\nname = \"a\"\n{keys}\n");
    pipeline(&text).unwrap().summaries
}

fn values(keys: &str, trials: &[Vec<Lfp>]) -> Vec<Option<f64>> {
    let network = network();
    let times: Vec<f64> = (0..N).map(|i| i as f64 * 0.025).collect();
    let dipole = Dipole::default();
    let trials: Vec<TrialData> = trials
        .iter()
        .map(|lfp| TrialData {
            times: &times,
            dipole: &dipole,
            lfp,
            spikes: &[],
            network: &network,
            tstop: 10.0,
        })
        .collect();
    let summaries = summaries(keys);
    match keys.contains("trials") {
        true => summarize_mean(&summaries, &trials),
        false => summarize(&summaries, &trials[0]),
    }
}

#[test]
fn potentials_and_source_densities_equal_hnn_core() {
    // 2 <= t <= 6 ms of hnn_core.extracellular.calculate_csd2d(lfp, delta=200).
    let cases = [
        ("lfp", 3, "max", 1.71875),
        ("lfp", 3, "mean", 0.17430124223602483),
        ("csd", 0, "max", 0.000396875),
        ("csd", 0, "min", -0.000344921875),
        ("csd", 0, "mean", -1.9240100931677005e-06),
        ("csd", 1, "max", 0.000149609375),
        ("csd", 1, "mean", -9.001358695652194e-07),
        ("csd", 2, "min", -9.765625e-05),
        ("csd", 4, "max", 0.000396875),
        ("csd", 4, "mean", 1.2373835403726456e-07),
    ];
    for (signal, contact, statistic, wanted) in cases {
        let keys = format!(
            "statistic = \"{statistic}\"\nsignal = \"{signal}\"\ncontact = {contact}\ntmin = 2\ntmax = 6"
        );
        let value = values(&keys, &[lfp()])[0].unwrap();
        assert!(
            (value - wanted).abs() <= 1e-9 * wanted.abs(),
            "{signal} {contact} {statistic}: {value:?} instead of {wanted:?}"
        );
    }
}

#[test]
fn the_trial_mean_is_of_the_averaged_potential() {
    let mut negative = lfp();
    for contact in &mut negative[0].potential {
        contact.iter_mut().for_each(|v| *v *= -1.0);
    }
    let keys = "statistic = \"rms\"\nsignal = \"lfp\"\ncontact = 1\ntrials = \"mean\"";
    assert_eq!(values(keys, &[lfp(), negative]), [Some(0.0)]);
}

#[test]
fn a_contact_that_is_not_there_is_refused_in_words() {
    let error = |array: &str, keys: &str| {
        let text = format!("{array}[[summary]]\nname = \"a\"\nstatistic = \"max\"\n{keys}\n");
        pipeline(&text).unwrap_err()
    };
    let cases = [
        (
            "",
            "signal = \"lfp\"\ncontact = 0",
            "add an [[electrode_array]]",
        ),
        (ARRAY, "signal = \"lfp\"", "contact"),
        (ARRAY, "signal = \"lfp\"\ncontact = 5", "the last is 4"),
        (
            ARRAY,
            "signal = \"lfp\"\ncontact = 0\narray = \"shnak\"",
            "shank",
        ),
        (ARRAY, "contact = 0", "no meaning for a dipole"),
        (
            "[[electrode_array]]\nname = \"flat\"\nelectrode_pos = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]]\n",
            "signal = \"csd\"\ncontact = 0",
            "along z",
        ),
    ];
    for (array, keys, words) in cases {
        let error = error(array, keys);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_sweep_gives_the_same_from_a_fresh_result_and_from_the_stored_potentials() {
    let sweep = |output: &str| {
        format!(
            "name = \"a\"\n[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 5\nn_trials = 2\n[grid]\nmu = [1.0, 2.0]\n\
             {ARRAY}[[drive]]\ntype = \"evoked\"\nname = \"e\"\nmu = \"mu\"\nsigma = 0.1\nnumspikes = 1\nlocation = \"proximal\"\n\
             weights_ampa = {{ L5_pyramidal = 0.01 }}\nsynaptic_delays = 0.1\n[output]\n{output}"
        )
    };
    let summary =
        "[[summary]]\nname = \"sink\"\nstatistic = \"min\"\nsignal = \"csd\"\ncontact = 2\n";
    let run = |text: &str, folder: &Path| {
        let pipeline = Pipeline::parse(text, Path::new("t.toml")).unwrap();
        let options = fake::options(folder, 2);
        let stop = std::sync::atomic::AtomicBool::new(false);
        struct Silent;
        impl hnn_sweep::stages::Watch for Silent {}
        hnn_sweep::stages::run(&pipeline, &options, &Solver::new(), &stop, &mut Silent).unwrap()
    };
    // Without stored potentials, when simulated; with them, afterwards.
    let (fresh, stored) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let only = format!("save_outputs = false\n{summary}");
    assert_eq!(run(&sweep(&only), fresh.path()).simulated, 4);
    assert_eq!(run(&sweep("save_lfp = true\n"), stored.path()).simulated, 4);
    let later = format!("save_lfp = true\n{summary}");
    assert_eq!(run(&sweep(&later), stored.path()).simulated, 0);
    let of_fresh = fake::column(fresh.path(), "summary", "sink");
    assert_eq!(of_fresh.len(), 4);
    assert_ne!(of_fresh[0], of_fresh[2]);
    assert!(of_fresh.iter().all(|value| value != "null"));
    assert_eq!(fake::column(stored.path(), "summary", "sink"), of_fresh);
}
