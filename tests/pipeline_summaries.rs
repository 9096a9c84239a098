//! Summaries: values of NumPy and hnn-core 0.6.1 on a waveform that both can make exactly.

use hnn_sweep::network::Network;
use hnn_sweep::pipeline::{Pipeline, Summary};
use hnn_sweep::solver::{Dipole, Spike};
use hnn_sweep::stages::summarize::{
    SmoothError, TrialData, post_process, sfreq, smooth, summarize, summarize_mean,
};
use std::path::Path;

const N: u32 = 401;

/// `((i*i*37 + i*11) % 211 - 100) / 64`: no rounding anywhere.
fn waveform() -> Vec<f64> {
    let value = |i: u32| (f64::from((i * i * 37 + i * 11) % 211) - 100.0) / 64.0;
    (0..N).map(value).collect()
}

/// `((i*i*13 + i*5) % 101 - 50) / 32`
fn other_waveform() -> Vec<f64> {
    let value = |i: u32| (f64::from((i * i * 13 + i * 5) % 101) - 50.0) / 32.0;
    (0..N).map(value).collect()
}

/// Sample times as NEURON accumulates them, dt = 0.025 ms.
fn times() -> Vec<f64> {
    let mut t = 0.0;
    let mut times = Vec::new();
    for _ in 0..N {
        times.push(t);
        t += 0.0125;
        t += 0.0125;
    }
    assert_eq!(
        (times[160], times[400]),
        (4.000000000000023, 9.999999999999966)
    );
    times
}

fn close(value: f64, wanted: f64) {
    assert!(
        (value - wanted).abs() <= 1e-13 * wanted.abs(),
        "{value:?} instead of {wanted:?}"
    );
}

#[test]
fn smoothing_equals_hnn_core() {
    let x = waveform();
    // hnn_core.utils.smooth_waveform(x, width, 40000) at samples 0, 1, 2, 57, 199, 200, 399, 400; its mean.
    let cases = [
        (
            1.0,
            [
                0.03177032112398413,
                0.0380731568376866,
                0.04725298081004971,
                0.2877928115933369,
                0.02579550946723256,
                0.010151765557857,
                0.11099895377243511,
                0.09513907604606514,
            ],
            0.182979798268215,
        ),
        // 40.5 samples are rounded to 40, half to even.
        (
            1.0124999,
            [
                0.03177032112398413,
                0.0380731568376866,
                0.04725298081004971,
                0.2877928115933369,
                0.02579550946723256,
                0.010151765557857,
                0.11099895377243511,
                0.09513907604606514,
            ],
            0.182979798268215,
        ),
        // An odd window.
        (
            2.0125,
            [
                0.04694585384227054,
                0.05278145647769706,
                0.056385833898695316,
                0.26518333653943005,
                0.053794411402265874,
                0.05351862573404883,
                0.130532562436469,
                0.12232391764943312,
            ],
            0.1797812048131451,
        ),
        (
            5.0,
            [
                0.09444063228359738,
                0.09722804457485343,
                0.09829386645257224,
                0.17590673390500788,
                0.1652561618620301,
                0.1644414818971829,
                0.12667171878545577,
                0.12468898756344006,
            ],
            0.16734363773666483,
        ),
        (
            10.0,
            [
                0.09290529072061633,
                0.09392966348068606,
                0.09418404939566524,
                0.13600188344132394,
                0.17253234895678726,
                0.1726163960100937,
                0.10427167676526601,
                0.10329588671460084,
            ],
            0.15138319478840354,
        ),
        // As long as the waveform.
        (
            10.025,
            [
                0.09349032852765156,
                0.0937440081474615,
                0.09487791259006637,
                0.1360821000140954,
                0.17260176237663022,
                0.17288413266743383,
                0.10381186405152928,
                0.10283775187414827,
            ],
            0.15132075404820355,
        ),
    ];
    for (width, samples, mean) in cases {
        let y = smooth(&x, width, 40000.0).unwrap();
        assert_eq!(y.len(), x.len());
        for (index, wanted) in [0, 1, 2, 57, 199, 200, 399, 400].into_iter().zip(samples) {
            close(y[index], wanted);
        }
        close(y.iter().sum::<f64>() / y.len() as f64, mean);
    }
}

#[test]
fn windows_that_hnn_core_refuses_are_refused() {
    let x = waveform();
    assert_eq!(smooth(&x, 0.9, 40000.0), Err(SmoothError::TooNarrow(0.9)));
    assert_eq!(smooth(&x, -1.0, 40000.0), Err(SmoothError::TooNarrow(-1.0)));
    assert_eq!(
        smooth(&x, 1.0, 100.0),
        Err(SmoothError::NoSample {
            width: 1.0,
            sfreq: 100.0
        })
    );
    assert_eq!(
        smooth(&x, 10.05, 40000.0),
        Err(SmoothError::TooLong {
            window: 402,
            data: 401
        })
    );
    // One sample is the waveform itself.
    assert_eq!(smooth(&x, 1.0, 1000.0).unwrap(), x);
}

#[test]
fn postproc_scales_then_smooths() {
    let x = waveform();
    let mut dipole = Dipole {
        agg: x.clone(),
        l2: x.clone(),
        l5: x.clone(),
    };
    post_process(&mut dipole, &times(), 2.0, 3000.0).unwrap();
    let scaled: Vec<f64> = x.iter().map(|v| v * 3000.0).collect();
    assert_eq!(
        dipole.l5,
        smooth(&scaled, 2.0, sfreq(&times()).unwrap()).unwrap()
    );
    // A parameter file with window 0 only scales.
    let mut dipole = Dipole {
        agg: x.clone(),
        l2: x.clone(),
        l5: x,
    };
    post_process(&mut dipole, &times(), 0.0, 3000.0).unwrap();
    assert_eq!(dipole.agg, scaled);
}

/// Summaries of a pipeline file of a 2 x 2 network.
fn summaries(text: &str) -> Vec<Summary> {
    let text = format!("[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n{text}");
    Pipeline::parse(&text, Path::new("t.toml"))
        .unwrap()
        .summaries
}

fn all_measures(keys: &str) -> Vec<Summary> {
    let statistics = [
        "min",
        "max",
        "peak_to_peak",
        "mean",
        "rms",
        "time_of_min",
        "time_of_max",
    ];
    let text: String = statistics
        .iter()
        .map(|s| format!("[[summary]]\nname = \"a_{s}\"\nstatistic = \"{s}\"\n{keys}\n"))
        .collect();
    summaries(&text)
}

/// A trial with the waveform as L5 and the other one as agg.
struct Trial {
    times: Vec<f64>,
    dipole: Dipole,
    spikes: Vec<Spike>,
    network: Network,
}

impl Trial {
    fn new() -> Self {
        Self {
            times: times(),
            dipole: Dipole {
                agg: other_waveform(),
                l2: vec![0.0; N as usize],
                l5: waveform(),
            },
            spikes: Vec::new(),
            network: Network::neymotin_2020([2, 2]),
        }
    }

    fn data(&self) -> TrialData<'_> {
        TrialData {
            times: &self.times,
            dipole: &self.dipole,
            spikes: &self.spikes,
            network: &self.network,
            tstop: 10.0,
        }
    }
}

fn check(values: &[Option<f64>], wanted: &[f64]) {
    assert_eq!(values.len(), wanted.len());
    for (value, wanted) in values.iter().zip(wanted) {
        close(value.unwrap(), *wanted);
    }
}

#[test]
fn measures_of_a_window_equal_numpy() {
    let trial = Trial::new();
    let values = |keys: &str| {
        summarize(
            &all_measures(&format!("signal = \"L5\"\n{keys}")),
            &trial.data(),
        )
    };
    // 2 <= t <= 6: x.min(), x.max(), np.ptp(x), x.mean(), np.sqrt(np.mean(x**2)), t[x.argmin()], t[x.argmax()]
    check(
        &values("tmin = 2.0\ntmax = 6.0"),
        &[
            -1.5625,
            1.71875,
            3.28125,
            0.14887422360248448,
            0.967835422821309,
            5.125000000000039,
            3.8750000000000213,
        ],
    );
    check(
        &values("tmin = 2.0\ntmax = 6.0\nsmooth = 2.0"),
        &[
            0.031396549150110795,
            0.2898332452901148,
            0.258436696140004,
            0.14964481582083208,
            0.16826774687030077,
            5.20000000000004,
            4.0250000000000234,
        ],
    );
    check(
        &values("tmin = 2.0\ntmax = 6.0\nsmooth = 2.0\nscale = 3000"),
        &[
            94.18964745033239,
            869.4997358703444,
            775.310088420012,
            448.93444746249634,
            504.8032406109024,
            5.20000000000004,
            4.0250000000000234,
        ],
    );
    // The whole waveform: sums are NumPy's to the last bit.
    let whole = values("");
    assert_eq!(
        (whole[3], whole[4]),
        (Some(0.1841100374064838), Some(0.9406091290365357))
    );
}

#[test]
fn a_window_takes_the_samples_that_are_meant() {
    // In `times`, 10 ms is 9.999999999999966 and 4 ms is 4.000000000000023: both count as what they stand for.
    let trial = Trial::new();
    let value = |keys: &str| {
        summarize(
            &summaries(&format!(
                "[[summary]]\nname = \"a\"\nstatistic = \"min\"\n{keys}"
            )),
            &trial.data(),
        )[0]
    };
    let y = other_waveform();
    assert_eq!(value("tmin = 10.0"), Some(y[400]));
    assert_eq!(value("tmin = 3.99\ntmax = 4.0"), Some(y[160]));
    assert_eq!(value("tmin = 3.99\ntmax = 3.995"), None);
}

#[test]
fn the_trial_mean_is_of_the_averaged_dipole() {
    let mut first = Trial::new();
    first.dipole.agg = waveform();
    let second = Trial::new();
    let summaries = all_measures("tmin = 2.0\ntmax = 6.0\nsmooth = 2.0\ntrials = \"mean\"");
    let values = summarize_mean(&summaries, &[first.data(), second.data()]);
    check(
        &values,
        &[
            -0.012278554600233332,
            0.14304396360950752,
            0.15532251820974086,
            0.05710352751509584,
            0.07356552393129913,
            5.500000000000044,
            4.125000000000025,
        ],
    );
    // Summaries of the mean have no value for a trial, and the other way round.
    assert_eq!(summarize(&summaries, &first.data()), [None; 7]);
    assert_eq!(
        summarize_mean(&all_measures(""), &[first.data()]),
        [None; 7]
    );
    assert_eq!(summarize_mean(&summaries, &[]), [None; 7]);
}

#[test]
fn spikes_are_counted_by_cell_type_drive_and_window() {
    let mut trial = Trial::new();
    trial.network.add_erp_drives(0.0).unwrap();
    // hnn-core's order of cells: L2_basket 2, L2_pyramidal 4, L5_basket 2, L5_pyramidal 4, then the drives.
    assert_eq!(trial.network.gid_ranges["L2_pyramidal"], 2..6);
    let drive = trial.network.gid_ranges["evprox1"].start;
    trial.spikes = [(1.0, 3), (2.0, 4), (5.0, 4), (5.0, 10), (6.0, drive)]
        .map(|(time, gid)| Spike { time, gid })
        .to_vec();
    let value = |keys: &str| {
        let text = format!("[[drive]]\ntype = \"erp\"\n[[summary]]\nname = \"a\"\n{keys}");
        summarize(&summaries(&text), &trial.data())[0].unwrap()
    };
    assert_eq!(value("statistic = \"spike_count\""), 4.0);
    assert_eq!(
        value("statistic = \"spike_count\"\ncell_type = \"L2_pyramidal\""),
        3.0
    );
    assert_eq!(
        value("statistic = \"spike_count\"\ncell_type = \"L2_pyramidal\"\ntmin = 2\ntmax = 5"),
        1.0
    );
    assert_eq!(
        value("statistic = \"spike_count\"\ncell_type = \"evprox1\""),
        1.0
    );
    // Three spikes of four cells in 10 ms, as hnn-core's mean_rates(0, 10, …).
    assert_eq!(
        value("statistic = \"mean_rate\"\ncell_type = \"L2_pyramidal\""),
        75.0
    );
    assert_eq!(
        value("statistic = \"mean_rate\"\ncell_type = \"L2_pyramidal\"\ntmin = 4\ntmax = 6"),
        125.0
    );
    let mean =
        summaries("[[summary]]\nname = \"a\"\nstatistic = \"spike_count\"\ntrials = \"mean\"");
    let silent = Trial::new();
    assert_eq!(
        summarize_mean(&mean, &[trial.data(), silent.data()]),
        [Some(2.0)]
    );
}

#[test]
fn smoothing_a_waveform_of_an_erp_takes_milliseconds() {
    let x: Vec<f64> = (0..6801).map(|i| f64::from(i % 97)).collect();
    let start = std::time::Instant::now();
    smooth(&x, 30.0, 40000.0).unwrap();
    let took = start.elapsed();
    println!("{took:?}");
    assert!(took.as_millis() < 50, "{took:?}");
}
