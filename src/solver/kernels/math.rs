//! `expm1` and `log` of eight values, from operations with the same bits everywhere.

use super::simd::Simd;

/// How `expm1(y)` is evaluated for -limit <= y <= 0, to about 1e-14 of its value.
///
/// A Taylor series, cut where the fastest rate of a gate allows, on `y / 2^doublings`;
/// `expm1(2y) = expm1(y) (expm1(y) + 2)` gives back the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Em1 {
    terms: u8,
    pub(super) doublings: u8,
}

impl Em1 {
    /// Series for arguments up to `limit`.
    pub fn for_rate(limit: f64) -> Self {
        const MOST: f64 = 0.0875;
        let terms = if limit <= 1.0 / 1024.0 {
            4
        } else if limit <= 1.0 / 64.0 {
            6
        } else {
            8
        };
        let mut doublings = 0;
        let mut scaled = limit;
        while scaled > MOST && doublings < 60 {
            scaled *= 0.5;
            doublings += 1;
        }
        Self { terms, doublings }
    }

    /// `expm1(y)/y` without doublings.
    #[inline(always)]
    pub(super) unsafe fn ratio<S: Simd>(self, y: S) -> S {
        const C: [f64; 9] = [
            0.0,
            1.0,
            1.0 / 2.0,
            1.0 / 6.0,
            1.0 / 24.0,
            1.0 / 120.0,
            1.0 / 720.0,
            1.0 / 5040.0,
            1.0 / 40320.0,
        ];
        // SAFETY: the caller runs on a processor that has S.
        unsafe {
            let mut sum = S::splat(match self.terms {
                4 => C[4],
                6 => C[6],
                _ => C[8],
            });
            match self.terms {
                4 => {}
                6 => {
                    sum = sum.fma(y, S::splat(C[5])).fma(y, S::splat(C[4]));
                }
                _ => {
                    sum = sum
                        .fma(y, S::splat(C[7]))
                        .fma(y, S::splat(C[6]))
                        .fma(y, S::splat(C[5]))
                        .fma(y, S::splat(C[4]));
                }
            }
            sum.fma(y, S::splat(C[3]))
                .fma(y, S::splat(C[2]))
                .fma(y, S::splat(C[1]))
        }
    }

    /// `expm1(y)`.
    #[inline(always)]
    pub(super) unsafe fn eval<S: Simd>(self, y: S) -> S {
        // SAFETY: the caller runs on a processor that has S.
        unsafe {
            if self.doublings == 0 {
                return self.ratio(y).mul(y);
            }
            let scale = f64::from_bits((1023 - u64::from(self.doublings)) << 52);
            let y = y.mul(S::splat(scale));
            let mut e = self.ratio(y).mul(y);
            for _ in 0..self.doublings {
                e = e.fma(e, e.add(e));
            }
            e
        }
    }
}

/// Logarithm, for concentrations: `k ln 2 + ln c + ln(m/c)`, absolute error about 1e-15.
#[inline(always)]
pub(super) unsafe fn log<S: Simd>(x: S) -> S {
    const LOG_C: [f64; 16] = [
        // ln(1 + (i + 1/2)/16)
        0.030771658666753687,
        0.08961215868968714,
        0.1451820098444979,
        0.19782574332991987,
        0.24783616390458127,
        0.2954642128938359,
        0.3409265869705932,
        0.38441169891033206,
        0.4260843953109001,
        0.46608972992459924,
        0.5045560107523953,
        0.5415972824327444,
        0.5773153650348236,
        0.6118015411059929,
        0.6451379613735847,
        0.6773988235918061,
    ];
    // SAFETY: the caller runs on a processor that has S.
    unsafe {
        let (k, m, inverse, log_c) = x.log_parts(&LOG_C);
        let f = m.fma(inverse, S::splat(-1.0));
        let mut p = S::splat(1.0 / 9.0);
        for c in [
            -1.0 / 8.0,
            1.0 / 7.0,
            -1.0 / 6.0,
            1.0 / 5.0,
            -1.0 / 4.0,
            1.0 / 3.0,
            -1.0 / 2.0,
            1.0,
        ] {
            p = p.fma(f, S::splat(c));
        }
        p.fma(f, k.fma(S::splat(std::f64::consts::LN_2), log_c))
    }
}
