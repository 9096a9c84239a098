//! From data to places on an axis, and the ticks between.

/// A range of data on an axis, linear or logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Where the axis begins.
    pub lo: f64,
    /// Where it ends; greater than `lo`.
    pub hi: f64,
    /// Whether equal ratios have equal lengths.
    pub log: bool,
}

impl Scale {
    /// Scale of all finite values; from 0 to 1 if there are none. Logarithmic only if all are positive.
    pub fn of(values: impl IntoIterator<Item = f64>, log: bool) -> Self {
        let finite = values.into_iter().filter(|v| v.is_finite());
        let (lo, hi) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
            (lo.min(v), hi.max(v))
        });
        // Nothing to show: any scale will do.
        if lo > hi {
            return Self {
                lo: 0.0,
                hi: 1.0,
                log: false,
            };
        }
        // A logarithm needs positive values only.
        let log = log && lo > 0.0;
        // A single value gets room on both sides.
        match (lo < hi, log) {
            (true, _) => Self { lo, hi, log },
            (false, true) => Self {
                lo: lo / 2.0,
                hi: hi * 2.0,
                log,
            },
            (false, false) => {
                let half = if lo == 0.0 { 0.5 } else { 0.05 * lo.abs() };
                Self {
                    lo: lo - half,
                    hi: hi + half,
                    log,
                }
            }
        }
    }

    /// The scale with a margin at both ends, as a share of its length.
    #[must_use]
    pub fn widened(self, share: f64) -> Self {
        let by = share * (self.map(self.hi) - self.map(self.lo));
        let back = |t: f64| if self.log { 10f64.powf(t) } else { t };
        Self {
            lo: back(self.map(self.lo) - by),
            hi: back(self.map(self.hi) + by),
            log: self.log,
        }
    }

    fn map(self, value: f64) -> f64 {
        if self.log { libm::log10(value) } else { value }
    }

    /// Place of a value, from 0 at `lo` to 1 at `hi`; not a number for what has none.
    pub fn unit(self, value: f64) -> f64 {
        let (lo, hi) = (self.map(self.lo), self.map(self.hi));
        (self.map(value) - lo) / (hi - lo)
    }

    /// Round values on the axis, about `n` of them.
    pub fn ticks(self, n: usize) -> Vec<f64> {
        if self.log && self.hi / self.lo >= 10.0 {
            return decades(self.lo, self.hi, n);
        }
        let step = round_step((self.hi - self.lo) / n.max(1) as f64);
        // A tick at the end of the range must not be lost to rounding.
        let first = (self.lo / step - 1e-9).ceil();
        let last = (self.hi / step + 1e-9).floor();
        let count = (last - first).clamp(0.0, 1000.0) as usize;
        (0..=count).map(|i| (first + i as f64) * step).collect()
    }

    /// The ticks with their labels, alike in their number of decimals.
    pub fn labelled(self, n: usize) -> Vec<(f64, String)> {
        let ticks = self.ticks(n);
        if self.log && self.hi / self.lo >= 10.0 {
            return ticks.into_iter().map(|tick| (tick, power(tick))).collect();
        }
        let step = match ticks.as_slice() {
            [a, b, ..] => b - a,
            _ => (self.hi - self.lo).abs(),
        };
        let largest = self.lo.abs().max(self.hi.abs());
        if !(1e-3..1e5).contains(&largest) {
            return ticks.into_iter().map(|tick| (tick, label(tick))).collect();
        }
        let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
        let text = |tick: f64| {
            signed(&format!(
                "{:.decimals$}",
                if tick.abs() < step * 1e-6 { 0.0 } else { tick }
            ))
        };
        ticks.into_iter().map(|tick| (tick, text(tick))).collect()
    }
}

/// Powers of ten in a range, every so many that no more than about `n` remain; with only one of them, its halves and
/// doubles too.
fn decades(lo: f64, hi: f64, n: usize) -> Vec<f64> {
    let (first, last) = (
        (libm::log10(lo) - 1e-9).ceil() as i32,
        (libm::log10(hi) + 1e-9).floor() as i32,
    );
    // Every second or third decade where there would be too many.
    let every = ((last - first) / n.max(1) as i32 + 1).max(1);
    (first..=last)
        .filter(|e| e.rem_euclid(every) == 0 || every == 1)
        .map(|e| 10f64.powi(e))
        .collect()
}

/// The largest of 1, 2 and 5 times a power of ten that is not much smaller.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let part = raw / power;
    power
        * if part <= 1.0 {
            1.0
        } else if part <= 2.0 {
            2.0
        } else if part <= 5.0 {
            5.0
        } else {
            10.0
        }
}

/// Whether levels grow by equal ratios: their axis is logarithmic. A uniform grid that spans decades is not.
pub fn is_geometric(levels: &[f64]) -> bool {
    let positive = levels.iter().all(|v| *v > 0.0 && v.is_finite());
    if !positive || levels.len() < 3 {
        return false;
    }
    let ratios: Vec<f64> = levels.windows(2).map(|w| w[1] / w[0]).collect();
    let steps: Vec<f64> = levels.windows(2).map(|w| w[1] - w[0]).collect();
    // Whatever varies less: a grid such as 1, 2, 5, 10 counts as geometric, 10, 20, 30 does not.
    spread(&ratios) < spread(&steps)
}

/// Standard deviation as a share of the mean.
fn spread(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    variance.sqrt() / mean.abs()
}

/// A number in four significant digits.
pub fn label(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return "–".into();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        let exponent = libm::log10(size).floor();
        let factor = value / 10f64.powf(exponent);
        return format!(
            "{}·{}",
            trimmed(&format!("{factor:.3}")),
            power(10f64.powf(exponent))
        );
    }
    let decimals = (3.0 - libm::log10(size).floor()).clamp(0.0, 8.0) as usize;
    trimmed(&format!("{value:.decimals$}"))
}

fn trimmed(text: &str) -> String {
    signed(match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    })
}

/// With a real minus sign.
fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// A power of ten with a raised exponent.
fn power(value: f64) -> String {
    let exponent = libm::log10(value).round() as i32;
    let raised = |c: char| match c {
        '-' => '⁻',
        _ => {
            ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][c.to_digit(10).unwrap_or(0) as usize]
        }
    };
    format!(
        "10{}",
        exponent.to_string().chars().map(raised).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lo: f64, hi: f64, log: bool) -> Vec<String> {
        let scale = Scale { lo, hi, log };
        scale
            .labelled(5)
            .into_iter()
            .map(|(_, label)| label)
            .collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(labels(0.0, 170.0, false), ["0", "50", "100", "150"]);
        assert_eq!(labels(-0.012, 0.019, false), ["−0.01", "0.00", "0.01"]);
        assert_eq!(labels(1e-4, 1e-1, true), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]);
        assert_eq!(
            labels(1e-12, 1.0, true),
            ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]
        );
        for (lo, hi) in [(0.3, 0.31), (-5e7, 3e9), (1e-9, 2e-9), (17.0, 18.0)] {
            let scale = Scale { lo, hi, log: false };
            let ticks = scale.ticks(5);
            assert!((2..=11).contains(&ticks.len()), "{lo} {hi}: {ticks:?}");
            assert!(
                ticks
                    .iter()
                    .all(|t| (-1e-6..=1.0 + 1e-6).contains(&scale.unit(*t))),
                "{ticks:?}"
            );
        }
    }

    #[test]
    fn an_axis_is_logarithmic_by_the_ratios_of_its_levels_not_by_its_range() {
        assert!(is_geometric(&[1e-4, 1e-3, 1e-2]));
        assert!(is_geometric(&[1.0, 2.0, 5.0, 10.0, 20.0]));
        assert!(!is_geometric(&[0.001, 10.0, 20.0, 30.0, 40.0]));
        assert!(!is_geometric(&[10.0, 20.0, 30.0]));
        assert!(!is_geometric(&[0.0, 1.0, 10.0]));
        assert!(!is_geometric(&[1.0, 100.0]));
    }

    #[test]
    fn one_value_no_value_and_values_that_are_no_numbers_have_a_scale() {
        for values in [
            vec![],
            vec![f64::NAN],
            vec![3.0],
            vec![0.0, 0.0],
            vec![f64::INFINITY, 1.0],
        ] {
            let scale = Scale::of(values.clone(), true);
            assert!(
                scale.lo < scale.hi && scale.lo.is_finite() && scale.hi.is_finite(),
                "{values:?}"
            );
        }
        assert!(!Scale::of([0.0, 1.0], true).log);
    }

    #[test]
    fn numbers_have_four_digits() {
        let texts = [0.0, -0.0037934, 12345.678, 1.5e-7, -2e9, 0.1, f64::NAN].map(label);
        assert_eq!(
            texts,
            ["0", "−0.003793", "12346", "1.5·10⁻⁷", "−2·10⁹", "0.1", "–"]
        );
    }
}
