//! Grids: NumPy's values, itertools' order, and what is refused.

use hnn_sweep::pipeline::{
    Design, GridError, ParamValue, Values, arange, arange_length, linspace, logspace,
};

type Case<L> = ((f64, f64, L), &'static [f64]);

// Values of NumPy 2.4.6, printed with repr: `numpy.linspace(*args)`, …
const LINSPACE: &[Case<usize>] = &[
    (
        (-4.0, -1.0, 20),
        &[
            -4.0,
            -3.8421052631578947,
            -3.6842105263157894,
            -3.526315789473684,
            -3.3684210526315788,
            -3.2105263157894735,
            -3.0526315789473686,
            -2.8947368421052633,
            -2.736842105263158,
            -2.5789473684210527,
            -2.4210526315789473,
            -2.2631578947368425,
            -2.105263157894737,
            -1.9473684210526319,
            -1.7894736842105265,
            -1.6315789473684212,
            -1.473684210526316,
            -1.3157894736842106,
            -1.1578947368421053,
            -1.0,
        ],
    ),
    (
        (0.0, 1.0, 7),
        &[
            0.0,
            0.16666666666666666,
            0.3333333333333333,
            0.5,
            0.6666666666666666,
            0.8333333333333333,
            1.0,
        ],
    ),
    ((0.1, 0.3, 3), &[0.1, 0.2, 0.3]),
    ((1.0, 1.0, 3), &[1.0, 1.0, 1.0]),
    ((5.0, 9.0, 1), &[5.0]),
    (
        (-3.3, 7.7, 13),
        &[
            -3.3,
            -2.3833333333333333,
            -1.4666666666666666,
            -0.5499999999999998,
            0.3666666666666667,
            1.2833333333333332,
            2.2,
            3.1166666666666663,
            4.033333333333333,
            4.95,
            5.866666666666666,
            6.783333333333332,
            7.7,
        ],
    ),
    (
        (0.0001, 0.1, 9),
        &[
            0.0001,
            0.0125875,
            0.025075,
            0.037562500000000006,
            0.050050000000000004,
            0.0625375,
            0.07502500000000001,
            0.08751250000000001,
            0.1,
        ],
    ),
    ((0.0, 5e-324, 4), &[0.0, 0.0, 5e-324, 5e-324]),
];
const ARANGE: &[Case<f64>] = &[
    (
        (0.0, 1.0, 0.1),
        &[
            0.0,
            0.1,
            0.2,
            0.30000000000000004,
            0.4,
            0.5,
            0.6000000000000001,
            0.7000000000000001,
            0.8,
            0.9,
        ],
    ),
    ((1.0, 2.0, 0.3), &[1.0, 1.3, 1.6, 1.9000000000000001]),
    (
        (0.1, 1.0, 0.1),
        &[
            0.1,
            0.2,
            0.30000000000000004,
            0.4,
            0.5,
            0.6,
            0.7000000000000001,
            0.8,
            0.9,
        ],
    ),
    (
        (5.0, 0.0, -0.7),
        &[
            5.0,
            4.3,
            3.5999999999999996,
            2.8999999999999995,
            2.1999999999999993,
            1.4999999999999991,
            0.7999999999999989,
            0.09999999999999876,
        ],
    ),
    (
        (0.001, 0.01, 0.0011),
        &[
            0.001,
            0.0021000000000000003,
            0.0032000000000000006,
            0.004300000000000001,
            0.005400000000000001,
            0.0065000000000000014,
            0.007600000000000002,
            0.008700000000000003,
            0.009800000000000003,
        ],
    ),
];
const LOGSPACE: &[Case<usize>] = &[
    (
        (-4.0, -1.0, 20),
        &[
            0.0001,
            0.0001438449888287663,
            0.00020691380811147902,
            0.00029763514416313193,
            0.00042813323987193956,
            0.0006158482110660267,
            0.0008858667904100822,
            0.0012742749857031334,
            0.0018329807108324356,
            0.0026366508987303583,
            0.00379269019073225,
            0.005455594781168515,
            0.007847599703514606,
            0.011288378916846883,
            0.01623776739188721,
            0.023357214690901212,
            0.03359818286283781,
            0.04832930238571752,
            0.06951927961775606,
            0.1,
        ],
    ),
    ((0.0, 3.0, 4), &[1.0, 10.0, 100.0, 1000.0]),
    (
        (-5.0, 2.0, 15),
        &[
            9.999999999999999e-06,
            3.1622776601683795e-05,
            0.0001,
            0.00031622776601683794,
            0.001,
            0.0031622776601683794,
            0.01,
            0.03162277660168379,
            0.1,
            0.31622776601683794,
            1.0,
            3.1622776601683795,
            10.0,
            31.622776601683793,
            100.0,
        ],
    ),
];

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn linspace_equals_numpy_bit_for_bit() {
    for &((start, stop, n), wanted) in LINSPACE {
        assert_eq!(
            bits(&linspace(start, stop, n)),
            bits(wanted),
            "{start} {stop} {n}"
        );
    }
}

#[test]
fn arange_equals_numpy_bit_for_bit() {
    for &((start, stop, step), wanted) in ARANGE {
        assert_eq!(arange_length(start, stop, step), wanted.len() as f64);
        assert_eq!(
            bits(&arange(start, step, wanted.len())),
            bits(wanted),
            "{start} {stop} {step}"
        );
    }
}

/// NumPy's own `logspace` depends on the machine: its `pow` comes from the C library or, with AVX-512, from a vector
/// library that rounds wrongly in 6 % of all cases. These values were computed with AVX-512; ours are correctly
/// rounded.
#[test]
fn logspace_equals_numpy_up_to_the_last_bit() {
    for &((start, stop, n), wanted) in LOGSPACE {
        for (value, wanted) in logspace(start, stop, n).iter().zip(wanted) {
            let ulps = value.to_bits().abs_diff(wanted.to_bits());
            assert!(
                ulps <= 1,
                "{start} {stop} {n}: {value:?}, NumPy has {wanted:?}"
            );
        }
    }
}

fn floats(values: &[f64]) -> Values {
    Values::Float(values.to_vec())
}

#[test]
fn a_product_has_its_first_parameter_slowest_as_in_itertools() {
    let grid = Design::new(
        vec![
            ("w".into(), floats(&[0.1, 0.2])),
            (
                "loc".into(),
                Values::Str(vec!["soma".into(), "distal".into()]),
            ),
            ("seed".into(), Values::Int(vec![1, 2, 3])),
        ],
        true,
    )
    .unwrap();
    assert_eq!(grid.n_points(), 12);
    let text = |i| -> String {
        let point = grid.point(i).unwrap();
        point
            .iter()
            .map(ParamValue::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(text(0), r#"0.1 "soma" 1"#);
    assert_eq!(text(1), r#"0.1 "soma" 2"#);
    assert_eq!(text(3), r#"0.1 "distal" 1"#);
    assert_eq!(text(6), r#"0.2 "soma" 1"#);
    assert_eq!(text(11), r#"0.2 "distal" 3"#);
    assert_eq!(grid.point(12), None);
}

#[test]
fn without_combinations_lists_are_taken_together() {
    let axes = || {
        vec![
            ("a".to_owned(), floats(&[1.0, 2.0])),
            ("b".to_owned(), Values::Bool(vec![true, false])),
        ]
    };
    let grid = Design::new(axes(), false).unwrap();
    assert_eq!(grid.n_points(), 2);
    assert_eq!(
        grid.point(1),
        Some(vec![ParamValue::Float(2.0), ParamValue::Bool(false)])
    );
    let mut unequal = axes();
    unequal.push(("c".into(), floats(&[1.0, 2.0, 3.0])));
    assert_eq!(
        Design::new(unequal, false).unwrap_err(),
        GridError::UnequalLengths("a has 2, b has 2, c has 3".into())
    );
}

#[test]
fn no_parameter_is_one_point() {
    for combinations in [true, false] {
        let grid = Design::new(vec![], combinations).unwrap();
        assert_eq!((grid.n_points(), grid.point(0)), (1, Some(vec![])));
    }
}

#[test]
fn empty_axes_and_absurd_sizes_are_refused() {
    assert_eq!(
        Design::new(vec![("a".into(), floats(&[]))], true).unwrap_err(),
        GridError::Empty("a".into())
    );
    let long = || Values::Int((0..10_000).collect());
    let axes = |n: usize| {
        (0..n)
            .map(|i| (format!("p{i}"), long()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        Design::new(axes(3), true).unwrap_err(),
        GridError::TooManyPoints("10000 x 10000 x 10000 = 1000000000000".into())
    );
    // 10000^5 overflows 64 bits.
    assert!(matches!(
        Design::new(axes(5), true),
        Err(GridError::TooManyPoints(_))
    ));
    assert_eq!(Design::new(axes(5), false).unwrap().n_points(), 10_000);
}
