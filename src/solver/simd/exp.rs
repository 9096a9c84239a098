//! `expm1` and `log` of eight values, from operations with the same bits everywhere.

use super::{Simd, Vector};

/// How `expm1(y)` is evaluated for -limit <= y <= 0, to about 1e-14 of its value.
///
/// A Taylor series, cut where the fastest rate of a gate allows, on `y / 2^doublings`;
/// `expm1(2y) = expm1(y) (expm1(y) + 2)` gives back the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Em1 {
    terms: u8,
    doublings: u8,
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
        // An argument that is still too large after 60 halvings has `expm1` = -1 anyway.
        let mut doublings = 0;
        let mut scaled = limit;
        while scaled > MOST && doublings < 60 {
            scaled *= 0.5;
            doublings += 1;
        }
        Self { terms, doublings }
    }

    /// Whether the series needs no doubling, so that [`ratio`](Self::ratio) holds.
    #[inline(always)]
    pub fn is_direct(self) -> bool {
        self.doublings == 0
    }

    /// `expm1(y)/y` without doublings.
    #[inline(always)]
    pub fn ratio<S: Simd>(self, y: Vector<S>) -> Vector<S> {
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
        let c = [
            y.splat(C[0]),
            y.splat(C[1]),
            y.splat(C[2]),
            y.splat(C[3]),
            y.splat(C[4]),
            y.splat(C[5]),
            y.splat(C[6]),
            y.splat(C[7]),
            y.splat(C[8]),
        ];
        let sum = match self.terms {
            4 => c[4],
            6 => c[6].mul_add(y, c[5]).mul_add(y, c[4]),
            _ => c[8]
                .mul_add(y, c[7])
                .mul_add(y, c[6])
                .mul_add(y, c[5])
                .mul_add(y, c[4]),
        };
        sum.mul_add(y, c[3]).mul_add(y, c[2]).mul_add(y, c[1])
    }

    /// `expm1(y)`.
    #[inline(always)]
    pub fn eval<S: Simd>(self, y: Vector<S>) -> Vector<S> {
        if self.is_direct() {
            return self.ratio(y) * y;
        }
        // 2^-doublings, by its exponent.
        let scale = f64::from_bits((1023 - u64::from(self.doublings)) << 52);
        let y = y * scale;
        let mut e = self.ratio(y) * y;
        for _ in 0..self.doublings {
            // e (e + 2), rounded once.
            e = e.mul_add(e, e + e);
        }
        e
    }
}

/// Logarithm, for concentrations: `k ln 2 + ln c + ln(m/c)`, absolute error about 1e-15.
#[inline(always)]
pub fn log<S: Simd>(x: Vector<S>) -> Vector<S> {
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
    // SAFETY: a `Vector` exists, so the processor has S.
    let (k, m, inverse, log_c) = unsafe {
        let (k, m, inverse, log_c) = x.get().log_parts(&LOG_C);
        (
            Vector::new(k),
            Vector::new(m),
            Vector::new(inverse),
            Vector::new(log_c),
        )
    };
    // |f| < 1/32: the sixteenth's centre is near, so nine terms are enough.
    let f = m.mul_add(inverse, x.splat(-1.0));
    let mut p = x.splat(1.0 / 9.0);
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
        p = p.mul_add(f, x.splat(c));
    }
    p.mul_add(f, k.mul_add(std::f64::consts::LN_2, log_c))
}
