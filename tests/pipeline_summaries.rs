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
            lfp: &[],
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

/// The value of one summary of L5 (or as the keys say) of the trial.
fn value(keys: &str) -> Option<f64> {
    let trial = Trial::new();
    let signal = if keys.contains("signal") {
        ""
    } else {
        "signal = \"L5\""
    };
    let text = format!("[[summary]]\nname = \"a\"\n{signal}\n{keys}\n");
    summarize(&summaries(&text), &trial.data())[0]
}

#[test]
fn peaks_are_those_of_scipys_find_peaks() {
    let peak = |statistic: &str, keys: &str| {
        value(&format!(
            "statistic = \"{statistic}\"\ntmin = 2\ntmax = 6\n{keys}"
        ))
    };
    // scipy.signal.find_peaks(x[2 <= t <= 6]): 60 peaks, of which 15 with prominence >= 2.5; of -x 17.
    assert_eq!(peak("peak_time", "n = 1"), Some(2.024999999999995));
    assert_eq!(peak("peak_amplitude", "n = 5"), Some(1.28125));
    assert_eq!(peak("peak_time", "n = 5"), Some(2.2749999999999986));
    assert!(peak("peak_time", "n = 60").is_some());
    assert_eq!(peak("peak_time", "n = 61"), None);
    assert_eq!(
        peak("peak_time", "n = 2\nprominence = 2.5"),
        Some(2.4250000000000007)
    );
    assert_eq!(
        peak("peak_amplitude", "n = 3\nprominence = 2.5"),
        Some(1.65625)
    );
    assert!(peak("peak_time", "n = 15\nprominence = 2.5").is_some());
    assert_eq!(peak("peak_time", "n = 16\nprominence = 2.5"), None);
    let negative = "polarity = \"negative\"\nprominence = 2.5";
    assert_eq!(
        peak("peak_time", &format!("n = 1\n{negative}")),
        Some(2.299999999999999)
    );
    assert_eq!(
        peak("peak_amplitude", &format!("n = 2\n{negative}")),
        Some(-1.34375)
    );
    assert!(peak("peak_time", &format!("n = 17\n{negative}")).is_some());
    assert_eq!(peak("peak_time", &format!("n = 18\n{negative}")), None);
}

#[test]
fn without_n_the_highest_peak_is_meant_and_the_deepest_trough() {
    let peak = |statistic: &str, keys: &str| {
        value(&format!(
            "statistic = \"{statistic}\"\ntmin = 2\ntmax = 6\n{keys}"
        ))
    };
    let nth = |statistic: &str, keys: &str, n: u32| peak(statistic, &format!("n = {n}\n{keys}"));
    for (keys, better) in [
        ("", f64::max as fn(f64, f64) -> f64),
        ("prominence = 2.5", f64::max),
        ("polarity = \"negative\"", f64::min),
    ] {
        let all: Vec<f64> = (1..100)
            .map_while(|n| nth("peak_amplitude", keys, n))
            .collect();
        assert!(all.len() > 10);
        let wanted = all.iter().copied().reduce(better).unwrap();
        assert_ne!(all[0], wanted, "{keys}: the first is not the one");
        assert_eq!(peak("peak_amplitude", keys), Some(wanted), "{keys}");
        // The first of equally high ones.
        let place = all.iter().position(|v| *v == wanted).unwrap();
        let time = nth("peak_time", keys, u32::try_from(place + 1).unwrap());
        assert_eq!(peak("peak_time", keys), time, "{keys}");
    }
    // A waveform without a peak has none.
    let mut trial = Trial::new();
    trial.dipole.agg = (0..N).map(f64::from).collect();
    let text = "[[summary]]\nname = \"a\"\nstatistic = \"peak_amplitude\"\n";
    assert_eq!(summarize(&summaries(text), &trial.data()), [None]);
}

#[test]
fn a_plateau_is_one_peak_at_its_middle_and_an_end_is_none() {
    let mut trial = Trial::new();
    // find_peaks([0, 1, 1, 0, 2, 2, 2, 1, 3, 3]) is [1, 5].
    trial.dipole.agg = vec![0.0, 1.0, 1.0, 0.0, 2.0, 2.0, 2.0, 1.0, 3.0, 3.0];
    trial.times.truncate(10);
    let nth = |n: u32| {
        let text = format!("[[summary]]\nname = \"a\"\nstatistic = \"peak_time\"\nn = {n}\n");
        summarize(&summaries(&text), &trial.data())[0]
    };
    assert_eq!(
        (nth(1), nth(2), nth(3)),
        (Some(trial.times[1]), Some(trial.times[5]), None)
    );
}

#[test]
fn spectra_equal_scipys_welch() {
    // f, d = scipy.signal.welch(x, sfreq, window="hamming", nperseg=n); d[band].sum()*f[1], f[band][d[band].argmax()]
    let cases = [
        ("", 0, 2000, 0.058337070567142275, 399.002493765586),
        ("", 500, 5000, 0.1638629134780127, 3990.02493765586),
        ("", 0, 20000, 0.8886298449089464, 13665.83541147132),
        ("segment = 4", 0, 2000, 0.052520762170728374, 1750.0),
        ("segment = 4", 0, 20000, 0.8337687818666515, 13500.0),
        (
            "segment = 4.025",
            500,
            5000,
            0.15913418318263906,
            3975.1552795031057,
        ),
        (
            "segment = 4.025",
            0,
            20000,
            0.8398679447640245,
            13664.596273291925,
        ),
    ];
    for (segment, fmin, fmax, power, frequency) in cases {
        let of = |statistic: &str| {
            value(&format!(
                "statistic = \"{statistic}\"\nfmin = {fmin}\nfmax = {fmax}\n{segment}"
            ))
            .unwrap()
        };
        let got = of("band_power");
        assert!((got - power).abs() < 1e-11 * power, "{got} {power}");
        close(of("peak_frequency"), frequency);
    }
}

#[test]
fn waveforms_are_compared_with_targets_of_all_formats() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    // hnn-core's text: time, agg, L2, L5.
    let y = other_waveform();
    let text: String = times()
        .iter()
        .zip(&y)
        .map(|(t, y)| format!("{t:.3}\t0.0\t0.0\t{y:.6}\n"))
        .collect();
    std::fs::write(file("same.txt"), text).unwrap();
    // Samples every 0.06 ms: the waveform is interpolated between its own.
    let coarse: String = (0..159)
        .map(|i| {
            format!(
                "{:?},{:?}\n",
                f64::from(i) * 0.06,
                f64::from((i * 7) % 23) / 8.0
            )
        })
        .collect();
    std::fs::write(file("coarse.csv"), format!("times,L5\n{coarse}")).unwrap();
    let trial = Trial::new();
    let value = |keys: &str| {
        let text = format!(
            "[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n[[summary]]\nname = \"a\"\nsignal = \"L5\"\n{keys}\n"
        );
        let pipeline = Pipeline::parse(&text, &file("sweep.toml"))?;
        Ok::<_, hnn_sweep::pipeline::PipelineError>(
            summarize(&pipeline.summaries, &trial.data())[0],
        )
    };
    // np.sqrt(np.mean((x - y)**2)), np.corrcoef(x, y)[0, 1]; for the coarse one with np.interp(times, t, x).
    let wanted = [
        (
            "statistic = \"rmse\"\ntarget = \"same.txt\"",
            1.3908276912441773,
        ),
        (
            "statistic = \"correlation\"\ntarget = \"same.txt\"",
            -0.08067055195225668,
        ),
        (
            "statistic = \"rmse\"\ntarget = \"coarse.csv\"",
            1.6713238415851495,
        ),
        (
            "statistic = \"correlation\"\ntarget = \"coarse.csv\"",
            -0.009634965643200719,
        ),
        (
            "statistic = \"rmse\"\ntarget = \"coarse.csv\"\ntmin = 2\ntmax = 6",
            1.6823384907149175,
        ),
    ];
    for (keys, wanted) in wanted {
        let got = value(keys).unwrap().unwrap();
        assert!(
            (got - wanted).abs() < 1e-11 * wanted.abs(),
            "{keys}: {got} {wanted}"
        );
    }
    let refused = |name: &str, content: &str, message: &str| {
        std::fs::write(file(name), content).unwrap();
        let e = value(&format!("statistic = \"rmse\"\ntarget = \"{name}\"")).unwrap_err();
        assert!(
            e.to_string().contains(message) && e.to_string().contains(name),
            "{e}"
        );
    };
    refused(
        "a.txt",
        "0.0 1.0 2.0\n",
        "has 3 columns, and 2 or 4 are read",
    );
    refused("b.txt", "# nothing\n", "fewer than two samples");
    refused("c.csv", "time,agg\n0,1\n1,2\n", "has no column `L5`");
    refused("d.csv", "time,L5\n0,1\n0,2\n", "times must ascend");
    refused("e.xlsx", "", "a .csv or a .parquet file");
    refused(
        "f.txt",
        "0 0.1\n0 0.2\n5 0.3\n",
        "2 or 4 are read: time and agg, or time, agg, L2 and L5; L5 needs 4",
    );
    refused(
        "g.txt",
        "0 0 0 1\n0 0 0 2\n5 0 0 3\n",
        "line 1 has 0 ms and line 2 has 0 ms",
    );
    refused(
        "h.csv",
        "time,L5\n0,1\n1,x\n",
        "line 3, column `L5`: `x` is no number",
    );
    refused(
        "i.csv",
        "time,L5\n0,1\n1,\n",
        "line 3, column `L5` has no value",
    );
    refused(
        "j.csv",
        "time (s),L5\n0,1\n1,2\n",
        "column `time` is in s, and ms are read",
    );
    refused(
        "k.csv",
        "time,L5 [fAm]\n0,1\n1,2\n",
        "column `L5` is in fAm, and nAm are read",
    );
    refused(
        "l.csv",
        "time,dipole\n0,1\n1,2\n",
        "has no column `L5`; its 2 columns: `time`, `dipole`",
    );
    refused(
        "m.csv",
        "time,L2,L5x,L4\n0,1,1,1\n1,2,2,2\n",
        "has no column `L5`",
    );
    refused("n.npy", "", "is NumPy's");
    std::fs::create_dir(file("folder")).unwrap();
    let missing = |name: &str| {
        let e = value(&format!("statistic = \"rmse\"\ntarget = \"{name}\"")).unwrap_err();
        format!("{e} {}", e.help().unwrap())
    };
    assert!(missing("folder").contains("is a folder"));
    let said = missing("sane.txt");
    let searched = format!("there is no file sane.txt in {}", folder.path().display());
    assert!(said.contains(&searched), "{said}");
    assert!(said.contains("did you mean `same.txt`?"), "{said}");
    assert!(missing("no/same.txt").contains("there is no folder"));
}

#[cfg(unix)]
#[test]
fn files_that_never_end_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("/dev/zero", file("zero.csv")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(file("pipe.csv"))
        .status();
    assert!(made.unwrap().success());
    for name in ["zero.csv", "pipe.csv"] {
        for text in [
            format!("[[summary]]\nname = \"a\"\nstatistic = \"rmse\"\ntarget = \"{name}\"\n"),
            format!("[samples]\nfile = \"{name}\"\n"),
            format!("[network]\nfile = \"{name}\"\n"),
            format!("[network]\nparams = \"{name}\"\n"),
            format!(
                "[[drive]]\ntype = \"spike_train\"\nname = \"d\"\nlocation = \"soma\"\nspike_data = \"{name}\"\nconn_seed = 1\n"
            ),
        ] {
            let pipeline = Pipeline::parse(&text, &file("sweep.toml"));
            let error = pipeline
                .and_then(|p| p.bind(&[]).map(drop))
                .expect_err(&text);
            assert!(error.to_string().contains("a device or a pipe"), "{error}");
        }
        let error = Pipeline::load(&file(name)).map(drop).unwrap_err();
        assert!(error.to_string().contains("a device or a pipe"), "{error}");
    }
}

/// The same waveform as NumPy, pandas, R, spreadsheets, hnn-core and its interface write it.
#[test]
fn a_target_is_read_however_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, header: &str, line: &dyn Fn(usize, f64, [f64; 3]) -> String| {
        let rows = (0..9).map(|i| {
            let t = 2.5 * i as f64;
            let agg = (t / 3.0).sin();
            line(i, t, [agg, 0.25 * agg, 0.75 * agg])
        });
        let text = format!("{header}{}", rows.collect::<String>());
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    let comma = |x: f64| x.to_string().replace('.', ",");
    write("hnn.txt", "", &|_, t, [a, b, c]| {
        format!("{t}\t{a}\t{b}\t{c}\n")
    });
    // The interface's download.
    write("gui.csv", "# times,agg,L2,L5\n", &|_, t, [a, b, c]| {
        format!("{t}, {a}, {b}, {c}\n")
    });
    write("measured.csv", "time,dipole\n", &|_, t, [a, ..]| {
        format!("{t},{a}\n")
    });
    write("two.txt", "", &|_, t, [a, ..]| format!("  {t:e}   {a:e}\n"));
    write(
        "bom.csv",
        "\u{feff}\"Time (ms)\",\"Agg (nAm)\"\r\n",
        &|_, t, [a, ..]| format!("{t},{a}\r\n"),
    );
    write("german.csv", "time;agg\n", &|_, t, [a, ..]| {
        format!("{};{}\n", comma(t), comma(a))
    });
    write("pandas.csv", ",time,agg,L2,L5\n", &|i, t, [a, b, c]| {
        format!("{i},{t},{a},{b},{c}\n")
    });
    write("again.csv", ",Unnamed: 0,time,agg\n", &|i, t, [a, ..]| {
        format!("{i},{i},{t},{a}\n")
    });
    write("series.csv", ",0\n", &|_, t, [a, ..]| format!("{t},{a}\n"));
    write("order.tsv", "L5\tagg\ttime\tL2\n", &|_, t, [a, b, c]| {
        format!("{c}\t{a}\t{t}\t{b}\n")
    });
    write("more.dat", "time agg sem\n", &|_, t, [a, ..]| {
        format!("{t} {a} 0.1 # good\n\n")
    });
    let rmse = |name: &str| {
        let mut trial = Trial::new();
        trial.times = (0..9).map(|i| 2.5 * f64::from(i)).collect();
        trial.dipole.agg = trial.times.iter().map(|t| (t / 3.0).sin() + 0.5).collect();
        let text =
            format!("[[summary]]\nname = \"a\"\nstatistic = \"rmse\"\ntarget = \"{name}\"\n");
        let pipeline = Pipeline::parse(&text, &folder.path().join("sweep.toml"))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        summarize(&pipeline.summaries, &trial.data())[0].unwrap()
    };
    let files = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<String> = files
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 11);
    for name in names {
        assert!((rmse(&name) - 0.5).abs() < 1e-12, "{name}: {}", rmse(&name));
    }
}

#[test]
fn a_target_is_smoothed_scaled_and_shifted_before_it_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let trial = Trial::new();
    // The simulation itself as data: twice as large, and 1 ms early.
    let rows = trial.times.iter().zip(&trial.dipole.l5);
    let text: String = rows
        .map(|(t, v)| format!("{:?} 0 0 {:?}\n", t - 1.0, 2.0 * v))
        .collect();
    std::fs::write(folder.path().join("data.txt"), text).unwrap();
    let value = |statistic: &str, keys: &str| {
        let text = format!(
            "[[summary]]\nname = \"a\"\nsignal = \"L5\"\nstatistic = \"{statistic}\"\n{keys}\n"
        );
        let pipeline = Pipeline::parse(&text, &folder.path().join("sweep.toml"))?;
        Ok::<_, hnn_sweep::pipeline::PipelineError>(
            summarize(&pipeline.summaries, &trial.data())[0].unwrap(),
        )
    };
    let target = |more: &str| format!("target = {{ file = \"data.txt\", shift = 1.0{more} }}");
    assert!(value("rmse", &target(", scale = 0.5")).unwrap() < 1e-14);
    assert!(value("rmse", &target("")).unwrap() > 0.1);
    let one = value("correlation", &format!("smooth = 2.0\n{}", target(""))).unwrap();
    let both = format!("smooth = 2.0\n{}", target(", smooth = 2.0"));
    let both = value("correlation", &both).unwrap();
    assert!(one < 0.9 && both > 1.0 - 1e-12, "{one} {both}");
    for (keys, words) in [
        (
            target(", smooth = 20.0"),
            "a window of 20 ms has 800 samples, and the waveform 401",
        ),
        (target(", smooth = 0.5"), "at least 1 ms"),
        (target(", sooth = 3.0"), "`sooth` is not a key"),
        ("target = { shift = 1.0 }".to_owned(), "lacks `file`"),
    ] {
        let error = value("rmse", &keys).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    std::fs::write(
        folder.path().join("data.txt"),
        "0 0 0 1\n1 0 0 2\n3 0 0 2\n",
    )
    .unwrap();
    let error = value("rmse", &target(", smooth = 2.0")).unwrap_err();
    assert!(error.to_string().contains("not equally spaced"), "{error}");
}

#[test]
fn intervals_between_spikes_are_of_single_cells() {
    let mut trial = Trial::new();
    // Cell 3 fires every 2, then 4 ms; cell 4 at an interval of 3 ms; cell 10 is of another type.
    trial.spikes = [(1.0, 3), (2.0, 4), (3.0, 3), (4.0, 10), (5.0, 4), (7.0, 3)]
        .map(|(time, gid)| Spike { time, gid })
        .to_vec();
    let value = |statistic: &str, keys: &str| {
        let text = format!("[[summary]]\nname = \"a\"\nstatistic = \"{statistic}\"\n{keys}\n");
        summarize(&summaries(&text), &trial.data())[0]
    };
    // Intervals 2, 4 and 3 ms.
    assert_eq!(value("isi_mean", ""), Some(3.0));
    close(value("isi_std", "").unwrap(), (2.0_f64 / 3.0).sqrt());
    close(value("isi_cv", "").unwrap(), (2.0_f64 / 3.0).sqrt() / 3.0);
    assert_eq!(value("isi_mean", "tmax = 4"), Some(2.0));
    assert_eq!(value("isi_mean", "cell_type = \"L5_pyramidal\""), None);
    assert_eq!(
        value("first_spike", "cell_type = \"L5_pyramidal\""),
        Some(4.0)
    );
    assert_eq!(value("first_spike", "tmin = 2"), Some(2.0));
    assert_eq!(value("first_spike", "tmin = 8"), None);
    // A silent trial does not count in the mean over trials.
    let mean = summaries("[[summary]]\nname = \"a\"\nstatistic = \"isi_mean\"\ntrials = \"mean\"");
    let silent = Trial::new();
    assert_eq!(
        summarize_mean(&mean, &[trial.data(), silent.data()]),
        [Some(3.0)]
    );
    assert_eq!(summarize_mean(&mean, &[silent.data()]), [None]);
}

#[test]
fn expressions_are_over_summaries_above() {
    let mut trial = Trial::new();
    trial.spikes = vec![Spike { time: 1.0, gid: 3 }];
    let head = "[[summary]]\nname = \"top\"\nstatistic = \"max\"\nsignal = \"L5\"\n\
                [[summary]]\nname = \"bottom\"\nstatistic = \"min\"\nsignal = \"L5\"\n\
                [[summary]]\nname = \"n\"\nstatistic = \"spike_count\"\n\
                [[summary]]\nname = \"none\"\nstatistic = \"first_spike\"\ntmin = 5\n";
    let value = |expression: &str| {
        let text = format!(
            "{head}[[summary]]\nname = \"half\"\nstatistic = \"expression\"\nexpression = \"top/2\"\n[[summary]]\nname = \"a\"\nstatistic = \"expression\"\nexpression = \"{expression}\"\n"
        );
        *summarize(&summaries(&text), &trial.data()).last().unwrap()
    };
    let peak_to_peak = value("top - bottom").unwrap();
    assert_eq!(Some(peak_to_peak), super_value("peak_to_peak"));
    assert_eq!(value("2*half + n"), Some(super_value("max").unwrap() + 1.0));
    // Where an operand has no value, or the result is not finite, there is none.
    assert_eq!(value("top + none"), None);
    assert_eq!(value("top/(n - 1)"), None);
}

fn super_value(statistic: &str) -> Option<f64> {
    value(&format!("statistic = \"{statistic}\""))
}

#[test]
fn post_processed_dipoles_are_what_summaries_see() {
    let text = "[network]\nmesh_shape = [2, 2]\n[simulation]\ntstop = 10\n[output]\npostproc = true\n[[summary]]\nname = \"a\"\nstatistic = \"max\"\nsignal = \"L5\"\n";
    // The model's own window of 30 ms does not fit into 10 ms.
    let e = Pipeline::parse(text, Path::new("t.toml")).unwrap_err();
    assert!(e.to_string().contains("dipole_smooth_win = 30"), "{e}");
    let text = text.replace("tstop = 10", "tstop = 100");
    let pipeline = Pipeline::parse(&text, Path::new("t.toml")).unwrap();
    let mut trial = Trial::new();
    let n = 4001;
    trial.times = (0..n).map(|i| f64::from(i) * 0.025).collect();
    trial.dipole.l5 = (0..n).map(|i| f64::from(i % 211)).collect();
    let mut processed = trial.dipole.clone();
    processed.agg = vec![0.0; n as usize];
    processed.l2 = vec![0.0; n as usize];
    post_process(&mut processed, &trial.times, 30.0, 3000.0).unwrap();
    let wanted = processed.l5.iter().copied().fold(f64::MIN, f64::max);
    assert_eq!(
        summarize(&pipeline.summaries, &trial.data()),
        [Some(wanted)]
    );
}
