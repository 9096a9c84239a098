//! Methods of `Dipole` and `CellResponse` against hnn-core's own, and the order of combinations:
//! `tests/reference/batch.json`.

mod support;

use hnn_sweep::batch::{CellResponse, Dipole, DipoleError, GidRanges, MeanType, Rates, RatesError};
use hnn_sweep::pipeline::{Design, GridError, ParamValue, Values};
use hnn_sweep::solver;
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Reference {
    combinations: BTreeMap<String, Vec<[i64; 2]>>,
    samples: Vec<usize>,
    savgol: BTreeMap<String, Vec<f64>>,
    long_samples: Vec<usize>,
    savgol_exact: BTreeMap<String, Vec<f64>>,
    smooth_3: Vec<f64>,
    scale_3000: Vec<f64>,
    scale_applied: f64,
    average: BTreeMap<String, Vec<f64>>,
    nave: u32,
    raises: BTreeMap<String, bool>,
    text: String,
    spike_gids: Vec<Vec<u32>>,
    spike_types: Vec<Vec<String>>,
    rates: RatesOfAll,
    spike_times_by_type: BTreeMap<String, Vec<Vec<f64>>>,
    cell_types: Vec<String>,
}

#[derive(Deserialize)]
struct RatesOfAll {
    all: IndexMap<String, f64>,
    trial: IndexMap<String, Vec<f64>>,
    cell: IndexMap<String, Vec<Vec<f64>>>,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| support::reference("batch.json"));

const N: u32 = 401;

/// Layers `a * ((i*i*37 + i*11) % 211 - 100) / 64` and `b * ((i*i*13 + i*5) % 101 - 50) / 32`, as in `make_batch.py`.
fn dipole(n: u32, a: f64, b: f64) -> Dipole {
    let l2 = |i: u32| a * ((f64::from((i * i * 37 + i * 11) % 211) - 100.0) / 64.0);
    let l5 = |i: u32| b * ((f64::from((i * i * 13 + i * 5) % 101) - 50.0) / 32.0);
    let (l2, l5): (Vec<f64>, Vec<f64>) = (0..n).map(|i| (l2(i), l5(i))).unzip();
    let mut t = 0.0;
    let times = (0..n).map(|_| {
        let now = t;
        t += 0.0125;
        t += 0.0125;
        now
    });
    let agg = l2.iter().zip(&l5).map(|(a, b)| a + b).collect();
    Dipole::new(times.collect(), solver::Dipole { agg, l2, l5 })
}

fn assert_close(values: &[f64], samples: &[usize], wanted: &[f64], tolerance: f64) {
    for (sample, wanted) in samples.iter().zip(wanted) {
        let value = values[*sample];
        assert!(
            (value - wanted).abs() <= tolerance * wanted.abs().max(1.0),
            "sample {sample}: {value:?} instead of {wanted:?}"
        );
    }
}

#[test]
fn savgol_filter_equals_scipy_where_scipy_is_accurate() {
    for (h_freq, wanted) in &REFERENCE.savgol {
        let mut dipole = dipole(N, 1.0, 1.0);
        dipole.savgol_filter(h_freq.parse().unwrap()).unwrap();
        assert_close(&dipole.data.l2, &REFERENCE.samples, wanted, 1e-10);
    }
}

#[test]
fn savgol_filter_equals_exact_arithmetic_where_scipy_loses_its_digits() {
    for (h_freq, wanted) in &REFERENCE.savgol_exact {
        let mut dipole = dipole(2001, 1.0, 1.0);
        dipole.savgol_filter(h_freq.parse().unwrap()).unwrap();
        assert_close(&dipole.data.l2, &REFERENCE.long_samples, wanted, 1e-12);
    }
}

#[test]
fn smooth_and_scale_equal_hnn_core() {
    let mut smoothed = dipole(N, 1.0, 1.0);
    smoothed.smooth(3.0).unwrap();
    assert_close(
        &smoothed.data.agg,
        &REFERENCE.samples,
        &REFERENCE.smooth_3,
        1e-14,
    );

    let mut scaled = dipole(N, 1.0, 1.0);
    scaled.scale(3000.0);
    assert_close(
        &scaled.data.agg,
        &REFERENCE.samples,
        &REFERENCE.scale_3000,
        0.0,
    );
    assert_eq!(scaled.scale_applied, REFERENCE.scale_applied);
}

#[test]
fn average_equals_hnn_core() {
    let trials = [
        dipole(N, 1.0, 1.0),
        dipole(N, 0.7, 0.3),
        dipole(N, 0.1, 2.0),
    ];
    let average = Dipole::average(&trials).unwrap();
    let data = &average.data;
    for (layer, values) in [("agg", &data.agg), ("L2", &data.l2), ("L5", &data.l5)] {
        assert_close(values, &REFERENCE.samples, &REFERENCE.average[layer], 1e-14);
    }
    assert_eq!(average.nave, REFERENCE.nave);
}

#[test]
fn what_hnn_core_refuses_is_an_error_and_changes_nothing() {
    let average = Dipole::average(&[dipole(N, 1.0, 1.0), dipole(N, 1.0, 1.0)]).unwrap();
    let mut scaled = dipole(N, 1.0, 1.0);
    scaled.scale(3000.0);
    let whole = dipole(N, 1.0, 1.0);
    let smooth = |width: f64| whole.clone().smooth(width).map(drop);
    let savgol = |h_freq: f64| whole.clone().savgol_filter(h_freq).map(drop);
    let refused: BTreeMap<&str, Result<(), DipoleError>> = BTreeMap::from([
        ("smooth 0.5", smooth(0.5)),
        ("smooth 20", smooth(20.0)),
        ("savgol 0", savgol(0.0)),
        ("savgol 20000", savgol(20_000.0)),
        ("savgol 9000", savgol(9_000.0)),
        ("savgol 50", savgol(50.0)),
        (
            "average of an average",
            Dipole::average(&[average]).map(drop),
        ),
        (
            "average of unequal scales",
            Dipole::average(&[whole.clone(), scaled]).map(drop),
        ),
    ]);
    for (name, raises) in &REFERENCE.raises {
        assert_eq!(refused[name.as_str()].is_err(), *raises, "{name}");
    }
    let mut unchanged = dipole(N, 1.0, 1.0);
    assert!(unchanged.smooth(20.0).is_err());
    assert_eq!(unchanged, whole);
    assert!(Dipole::average(&[]).is_err());
}

#[test]
fn a_dipole_of_one_sample_is_refused_and_no_panic() {
    let mut dipole = dipole(1, 1.0, 1.0);
    assert!(dipole.smooth(5.0).is_err());
    assert!(dipole.savgol_filter(30.0).is_err());
    assert_eq!(dipole.sfreq, 0.0);
}

#[test]
fn dipole_text_is_that_of_hnn_core() {
    assert_eq!(dipole(5, 1.0, 1.0).to_text(), REFERENCE.text);
}

fn response() -> (CellResponse, GidRanges) {
    let response = CellResponse {
        cell_type_names: vec!["L2_basket".into(), "L2_pyramidal".into()],
        spike_times: vec![vec![1.0, 2.0, 2.5, 3.0, 40.0], vec![4.0, 5.0]],
        spike_gids: REFERENCE.spike_gids.clone(),
        spike_types: REFERENCE.spike_types.clone(),
    };
    let ranges = [
        ("L2_basket", 0..3),
        ("L2_pyramidal", 3..7),
        ("evprox", 7..9),
    ];
    let ranges = ranges.map(|(name, gids)| (name.to_string(), gids));
    (response, ranges.into_iter().collect())
}

#[test]
fn mean_rates_are_those_of_hnn_core() {
    let (response, ranges) = response();
    let rates = |kind| response.mean_rates(0.0, 20.0, &ranges, kind).unwrap();
    assert_eq!(
        rates(MeanType::All),
        Rates::All(REFERENCE.rates.all.clone())
    );
    assert_eq!(
        rates(MeanType::Trial),
        Rates::Trial(REFERENCE.rates.trial.clone())
    );
    assert_eq!(
        rates(MeanType::Cell),
        Rates::Cell(REFERENCE.rates.cell.clone())
    );
}

#[test]
fn rates_of_no_time_or_of_cells_without_gids_are_refused() {
    let (response, mut ranges) = response();
    let refused = response.mean_rates(20.0, 20.0, &ranges, MeanType::All);
    assert_eq!(
        refused,
        Err(RatesError::Interval {
            tstart: 20.0,
            tstop: 20.0
        })
    );
    ranges.shift_remove("L2_basket");
    let refused = response.mean_rates(0.0, 20.0, &ranges, MeanType::All);
    assert_eq!(refused, Err(RatesError::NoGids("L2_basket".into())));
}

#[test]
fn spikes_by_type_and_spike_text_are_those_of_hnn_core() {
    let (response, _) = response();
    assert_eq!(response.cell_types(), REFERENCE.cell_types);
    let by_type = response.spike_times_by_type();
    for (name, wanted) in &REFERENCE.spike_times_by_type {
        assert_eq!(&by_type[name.as_str()], wanted);
    }
    let text = response.to_text(1).unwrap();
    assert_eq!(text, "4.000\t1\tL2_basket\n5.000\t6\tL2_pyramidal\n");
    assert_eq!(response.to_text(2), None);
}

#[test]
fn combinations_are_in_the_order_of_hnn_core() {
    let axes = |b: &[i64]| {
        vec![
            ("a".to_string(), Values::from([1, 2])),
            ("b".to_string(), Values::from(b.to_vec())),
        ]
    };
    let points = |grid: Design| -> Vec<Vec<ParamValue>> {
        (0..grid.n_points())
            .map(|i| grid.point(i).unwrap())
            .collect()
    };
    let wanted = |name: &str| -> Vec<Vec<ParamValue>> {
        let pairs = REFERENCE.combinations[name].iter();
        pairs
            .map(|pair| pair.map(ParamValue::Int).to_vec())
            .collect()
    };
    assert_eq!(
        points(Design::new(axes(&[3, 4, 5]), true).unwrap()),
        wanted("product")
    );
    assert_eq!(
        points(Design::new(axes(&[3, 4]), false).unwrap()),
        wanted("zip")
    );
    // Here the original drops b = 5 without a word.
    assert_eq!(wanted("zip_of_unequal").len(), 2);
    let refused = Design::new(axes(&[3, 4, 5]), false);
    assert_eq!(
        refused,
        Err(GridError::UnequalLengths("a has 2, b has 3".into()))
    );
}
