//! The instruction sets against each other and against the mathematical functions.

use super::{Em1, LANES, LOG_INVC, Lanes, Row, Scalar, Simd, Vector, log};
use proptest::prelude::*;

/// What an operation on three vectors gives on every instruction set of this processor; the first is the reference.
macro_rules! on_all_sets {
    (|$s:ident, $a:ident, $b:ident, $c:ident| $operation:expr) => {{
        #[inline(always)]
        unsafe fn generic<$s: Simd>(x: &[Lanes; 3]) -> Vec<u64> {
            // SAFETY: the caller has made sure of the instruction set; lanes are aligned.
            unsafe {
                let $a = $s::load(x[0].0.as_ptr());
                let $b = $s::load(x[1].0.as_ptr());
                let $c = $s::load(x[2].0.as_ptr());
                let results: Vec<$s> = $operation;
                let mut bits = Vec::new();
                for result in results {
                    let mut lanes = Lanes::default();
                    result.store(lanes.0.as_mut_ptr());
                    bits.extend(lanes.0.map(bits_of));
                }
                bits
            }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2(x: &[Lanes; 3]) -> Vec<u64> {
            // SAFETY: passed on from the caller.
            unsafe { generic::<super::avx2::Avx2>(x) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
        unsafe fn avx512(x: &[Lanes; 3]) -> Vec<u64> {
            // SAFETY: passed on from the caller.
            unsafe { generic::<super::avx512::Avx512>(x) }
        }
        #[cfg(target_arch = "aarch64")]
        unsafe fn neon(x: &[Lanes; 3]) -> Vec<u64> {
            // SAFETY: passed on from the caller.
            unsafe { generic::<super::neon::Neon>(x) }
        }
        |x: &[Lanes; 3]| -> Vec<Vec<u64>> {
            // SAFETY: each set is only used where it is available.
            unsafe {
                let mut all = vec![generic::<Scalar>(x)];
                for set in super::InstructionSet::available() {
                    match set {
                        #[cfg(target_arch = "x86_64")]
                        super::InstructionSet::Avx2 => all.push(avx2(x)),
                        #[cfg(target_arch = "x86_64")]
                        super::InstructionSet::Avx512 => all.push(avx512(x)),
                        #[cfg(target_arch = "aarch64")]
                        super::InstructionSet::Neon => all.push(neon(x)),
                        _ => {}
                    }
                }
                all
            }
        }
    }};
}

/// Bits of a value; all NaN are one.
fn bits_of(x: f64) -> u64 {
    if x.is_nan() {
        f64::NAN.to_bits()
    } else {
        x.to_bits()
    }
}

fn lanes(values: impl Strategy<Value = f64>) -> impl Strategy<Value = Lanes> {
    proptest::collection::vec(values, LANES).prop_map(|v| Lanes(std::array::from_fn(|k| v[k])))
}

fn any_lanes() -> impl Strategy<Value = Lanes> {
    lanes(prop_oneof![any::<f64>(), -200.0..200.0])
}

fn assert_same(all: &[Vec<u64>]) -> Result<(), TestCaseError> {
    for other in &all[1..] {
        prop_assert_eq!(&all[0], other);
    }
    Ok(())
}

proptest! {
    #[test]
    fn arithmetic_has_the_same_bits_everywhere(a in any_lanes(), b in any_lanes(), c in any_lanes()) {
        let run = on_all_sets!(|S, a, b, c| vec![
            a.add(b), a.sub(b), a.mul(b), a.div(b), a.fma(b, c), a.fnma(b, c),
            a.positive(), a.at_most(b), a.flush_below(1e-250),
        ]);
        assert_same(&run(&[a, b, c]))?;
    }

    #[test]
    fn tables_have_the_same_bits_everywhere(v in lanes(-150.0..150.0f64)) {
        let run = on_all_sets!(|S, v, _b, _c| {
            let rows: Vec<Row> = (0..301)
                .map(|i| Row {
                    value: std::array::from_fn(|c| f64::from(i * 7 + c as i32).sin()),
                    slope: std::array::from_fn(|c| f64::from(i + c as i32).cos()),
                })
                .collect();
            let (index, theta) = v.add(S::splat(150.0)).split();
            let mut all = S::rows(rows.as_ptr(), index, theta).to_vec();
            all.extend(S::rows_tail(rows.as_ptr(), index, theta));
            all.push(theta);
            all
        });
        let all = run(&[v, v, v]);
        assert_same(&all)?;
        // The tail is the last two of the six columns.
        prop_assert_eq!(&all[0][4 * LANES..6 * LANES], &all[0][6 * LANES..8 * LANES]);
    }

    #[test]
    fn logarithms_have_the_same_bits_everywhere_and_are_right(x in lanes(1e-12..1e3f64)) {
        let run = on_all_sets!(|S, x, _b, _c| vec![log(Vector::new(x)).get()]);
        let all = run(&[x, x, x]);
        assert_same(&all)?;
        for (bits, x) in all[0].iter().zip(x.0) {
            let (got, want) = (f64::from_bits(*bits), libm::log(x));
            prop_assert!((got - want).abs() <= 8e-15, "ln({x}) is {want}, not {got}");
        }
    }

    #[test]
    fn rates_of_any_size_relax_as_expm1(limit in 1e-7..60.0f64, y in lanes(0.0..1.0f64)) {
        let series = Em1::for_rate(limit);
        let y = Lanes(y.0.map(|y| -y * limit));
        let got: [f64; LANES] = {
            // SAFETY: plain Rust; lanes are aligned.
            unsafe {
                let mut out = Lanes::default();
                series.eval(Vector::new(Scalar::load(y.0.as_ptr()))).get().store(out.0.as_mut_ptr());
                out.0
            }
        };
        for (y, got) in y.0.into_iter().zip(got) {
            let want = libm::expm1(y);
            prop_assert!((got - want).abs() <= 4e-14 * want.abs(), "expm1({y}) is {want}, not {got}");
        }
    }
}

#[test]
fn centres_of_the_logarithms_intervals_are_those_of_sixteenths() {
    assert_eq!(LOG_INVC[0], 1.0 / 1.03125);
    assert_eq!(LOG_INVC[15], 1.0 / 1.96875);
}
