//! `exp` and powers to the last bit.
//!
//! Distance-dependent conductances are part of a task's identity, so they must not depend on the machine, and they
//! must be what hnn-core has in memory. A correctly rounded `exp` is both: the platform libraries agree with it in
//! nearly all cases.

/// A number as the unevaluated sum of two, the second below half a unit in the last place of the first.
#[derive(Clone, Copy)]
struct Double(f64, f64);

impl Double {
    // Knuth's sum: s and what rounding took from it, exactly.
    fn sum(a: f64, b: f64) -> Self {
        let s = a + b;
        let t = s - a;
        Self(s, (a - (s - t)) + (b - t))
    }

    fn plus(self, other: Self) -> Self {
        let s = Self::sum(self.0, other.0);
        Self::sum(s.0, s.1 + self.1 + other.1)
    }

    fn times(self, other: Self) -> Self {
        // The fused operation gives the rounding error of the product exactly.
        let p = self.0 * other.0;
        let rest = self.0.mul_add(other.0, -p) + self.0 * other.1 + self.1 * other.0;
        Self::sum(p, rest)
    }

    fn over(self, n: f64) -> Self {
        let q = self.0 / n;
        let rest = (-q).mul_add(n, self.0) + self.1;
        Self::sum(q, rest / n)
    }
}

/// `e` to the power of `x`, rounded once from about 100 bits.
///
/// `x = k ln 2 + 32 r`; the series of `exp(r) - 1` is squared up five times.
pub(crate) fn exp(x: f64) -> f64 {
    if !(-700.0..=700.0).contains(&x) {
        return libm::exp(x); // beyond any conductance
    }
    exp_of(Double(x, 0.0)).0
}

/// `x` to the power of `y`, rounded once from about 90 bits where the result is not near the ends of the range.
///
/// `exp(y ln x)`, with the logarithm improved by one Newton step: `ln x = l + ln(x exp(-l))`.
pub(crate) fn pow(x: f64, y: f64) -> f64 {
    // Its sign and its special cases are right; only its last bits are not certain.
    let plain = libm::pow(x, y);
    let size = libm::fabs(plain);
    if !(1e-290..1e290).contains(&size) || !(1e-290..1e290).contains(&libm::fabs(x)) || size == 1.0
    {
        return plain;
    }
    let x = libm::fabs(x);
    let near = libm::log(x);
    let quotient = exp_of(Double(-near, 0.0)).times(Double(x, 0.0));
    let rest = quotient.plus(Double(-1.0, 0.0));
    let log = Double(near, 0.0).plus(rest);
    let result = exp_of(log.times(Double(y, 0.0))).0;
    if plain < 0.0 { -result } else { result }
}

fn exp_of(x: Double) -> Double {
    const LN2: Double = Double(
        f64::from_bits(0x3fe6_2e42_fefa_39ef),
        f64::from_bits(0x3c7a_bc9e_3b39_803f),
    );
    // Reduced by k ln 2 and by 32, |r| is below 0.011, and 14 terms are enough.
    let k = (x.0 / LN2.0).round();
    let r = x.plus(LN2.times(Double(-k, 0.0))).over(32.0);
    let mut series = Double(0.0, 0.0);
    for n in (1..=14).rev() {
        // Horner: r (1 + r/2 (1 + r/3 (...)))
        series = Double(1.0, 0.0).plus(series).times(r.over(f64::from(n)));
    }
    for _ in 0..5 {
        // (1 + s)^2 - 1
        series = series.plus(series).plus(series.times(series));
    }
    let result = Double(1.0, 0.0).plus(series);
    let scale = 2f64.powi(k as i32);
    Double(result.0 * scale, result.1 * scale)
}

#[cfg(test)]
mod tests {
    use super::{exp, pow};

    #[test]
    fn powers_are_correctly_rounded_where_libraries_may_not_be() {
        // Exact values computed with 50 decimal digits; libm 0.2 misses the first three.
        assert_eq!(pow(10.0, -3.2105263157894735), 0.0006158482110660267);
        assert_eq!(pow(10.0, 0.09569349857163445), 1.2465034893647642);
        assert_eq!(pow(10.0, 2.636723949525898), 433.23541355119056);
        assert_eq!(pow(2.0, 10.0), 1024.0);
        assert_eq!(pow(10.0, -4.0), 1e-4);
        assert_eq!(pow(-2.0, 3.0), -8.0);
        assert_eq!(
            (pow(0.0, 0.0), pow(0.0, 2.0), pow(10.0, 400.0)),
            (1.0, 0.0, f64::INFINITY)
        );
        assert!(pow(-8.0, 0.5).is_nan());
    }

    #[test]
    fn exp_is_correctly_rounded_where_libraries_may_not_be() {
        // Exact values computed with 60 decimal digits.
        assert_eq!(
            exp(-5.396769230769231).to_bits(),
            0.004531196570497768_f64.to_bits()
        );
        assert_eq!(exp(0.27), 1.3099644507332473);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(1.0), std::f64::consts::E);
        assert_eq!(exp(-10.5), 2.7536449349747158e-05);
    }
}
