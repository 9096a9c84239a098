//! Distributions that samples are drawn from, by their quantiles.

use crate::network::exp;

/// Distribution of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// Uniform between two numbers.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Uniform in the logarithm between two positive numbers.
    LogUniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
}

impl Prior {
    /// What pipeline files call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Prior::Uniform { .. } => "uniform",
            Prior::LogUniform { .. } => "log_uniform",
            Prior::Normal { .. } => "normal",
        }
    }

    /// Its two numbers: lower and upper end, or mean and standard deviation.
    pub fn numbers(&self) -> [f64; 2] {
        match *self {
            Prior::Uniform { low, high } | Prior::LogUniform { low, high } => [low, high],
            Prior::Normal { mean, sd } => [mean, sd],
        }
    }

    /// The value below which a share `u` of the distribution lies, 0 < u < 1.
    pub fn quantile(&self, u: f64) -> f64 {
        match *self {
            // Rounding may lead beyond the ends, which a prior must not have.
            Prior::Uniform { low, high } => (low + u * (high - low)).clamp(low, high),
            Prior::LogUniform { low, high } => {
                let (from, to) = (libm::log(low), libm::log(high));
                // The crate's own exponential: the same bits on every machine.
                exp(from + u * (to - from)).clamp(low, high)
            }
            Prior::Normal { mean, sd } => mean + sd * standard_normal_quantile(u),
        }
    }
}

/// Quantile of the standard normal distribution: algorithm AS 241 (PPND16) of M. J. Wichura, Applied Statistics
/// 37:477 (1988), accurate to about 16 digits.
fn standard_normal_quantile(u: f64) -> f64 {
    const A: [f64; 8] = [
        2.509_080_928_730_122_6e3,
        3.343_057_558_358_813e4,
        6.726_577_092_700_87e4,
        4.592_195_393_154_987e4,
        1.373_169_376_550_946e4,
        1.971_590_950_306_551_3e3,
        1.331_416_678_917_843_8e2,
        3.387_132_872_796_366_5,
    ];
    const B: [f64; 8] = [
        5.226_495_278_852_854e3,
        2.872_908_573_572_194_3e4,
        3.930_789_580_009_271e4,
        2.121_379_430_158_659_7e4,
        5.394_196_021_424_751e3,
        6.871_870_074_920_579e2,
        4.231_333_070_160_091e1,
        1.0,
    ];
    const C: [f64; 8] = [
        7.745_450_142_783_414e-4,
        2.272_384_498_926_918_4e-2,
        2.417_807_251_774_506e-1,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ];
    const D: [f64; 8] = [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        1.519_866_656_361_645_7e-2,
        1.481_039_764_274_800_8e-1,
        6.897_673_349_851e-1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ];
    const E: [f64; 8] = [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        1.242_660_947_388_078_4e-3,
        2.653_218_952_657_612_4e-2,
        2.965_605_718_285_048_7e-1,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ];
    const F: [f64; 8] = [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        1.487_536_129_085_061_5e-2,
        1.369_298_809_227_358e-1,
        5.998_322_065_558_879e-1,
        1.0,
    ];
    let horner =
        |coefficients: &[f64; 8], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let from_centre = u - 0.5;
    // Wichura's AS 241: a rational function in the middle, two more in the tails.
    if libm::fabs(from_centre) <= 0.425 {
        let r = 0.180625 - from_centre * from_centre;
        return from_centre * horner(&A, r) / horner(&B, r);
    }
    // By the nearer end, where u has its digits.
    let tail = if from_centre < 0.0 { u } else { 1.0 - u };
    let r = libm::sqrt(-libm::log(tail));
    let size = if r <= 5.0 {
        horner(&C, r - 1.6) / horner(&D, r - 1.6)
    } else {
        horner(&E, r - 5.0) / horner(&F, r - 5.0)
    };
    if from_centre < 0.0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_equal_pythons() {
        // statistics.NormalDist().inv_cdf(u)
        for (u, wanted) in [
            (0.5, 0.0),
            (0.3, -0.5244005127080407),
            (0.9, 1.2815515655446008),
            (0.99, 2.3263478740408408),
            (0.001, -3.090232306167813),
            (1e-10, -6.361340902404056),
            (1e-20, -9.262340089798405),
            (0.999999999, 5.997807019601638),
        ] {
            let value = standard_normal_quantile(u);
            assert!(
                (value - wanted).abs() <= 1e-15 * wanted.abs(),
                "{u}: {value:?}"
            );
        }
    }

    #[test]
    fn quantiles_span_the_distribution() {
        let uniform = Prior::Uniform {
            low: 2.0,
            high: 4.0,
        };
        assert_eq!((uniform.quantile(0.25), uniform.quantile(0.5)), (2.5, 3.0));
        let log = Prior::LogUniform {
            low: 1e-4,
            high: 1e-2,
        };
        assert!((log.quantile(0.5) - 1e-3).abs() < 1e-17);
        let normal = Prior::Normal {
            mean: 10.0,
            sd: 2.0,
        };
        assert_eq!(normal.quantile(0.5), 10.0);
        assert!((normal.quantile(0.841_344_746_068_542_9) - 12.0).abs() < 1e-12);
    }
}
