//! NEURON's lookup tables: linear interpolation between accumulated abscissae, constant beyond the ends.

use super::{ar, ca, cat, hh2, km, tadj};
use crate::solver::kernels::simd::{LANES, Row};

/// A table of up to eight functions of the membrane potential.
///
/// Functions come in pairs (steady state, time constant), so three gates share one index and one row.
#[derive(Clone, Debug)]
pub struct Table {
    /// `n + 1` rows; the last has no slope.
    pub rows: Vec<Row>,
    /// Left end (mV).
    pub v_min: f64,
    /// Intervals per mV.
    pub mfac: f64,
    /// Number of intervals, as a float.
    pub n: f64,
}

impl Table {
    fn new(v_min: f64, v_max: f64, n: usize, f: impl Fn(f64) -> [f64; 6]) -> Self {
        let dx = (v_max - v_min) / n as f64;
        let mut x = v_min;
        let mut values = Vec::with_capacity(n + 1);
        for _ in 0..=n {
            values.push(f(x));
            x += dx; // NEURON accumulates the abscissa
        }
        let rows = (0..=n)
            .map(|i| {
                let mut row = Row::default();
                let next = values[(i + 1).min(n)];
                for c in 0..6 {
                    row.value[c] = values[i][c];
                    row.slope[c] = next[c] - values[i][c];
                }
                row
            })
            .collect();
        Self {
            rows,
            v_min,
            mfac: 1.0 / dx,
            n: n as f64,
        }
    }

    /// Interpolated values at potential `v` (mV): six functions.
    pub fn at(&self, v: f64) -> [f64; 6] {
        let xi = (self.mfac * (v - self.v_min)).max(0.0).min(self.n);
        let i = xi as usize;
        let theta = xi - i as f64;
        let row = &self.rows[i];
        std::array::from_fn(|c| row.slope[c].mul_add(theta, row.value[c]))
    }

    /// Smallest value of column `c` over the whole table.
    pub fn min(&self, c: usize) -> f64 {
        debug_assert!(c < LANES);
        self.rows
            .iter()
            .map(|row| row.value[c])
            .fold(f64::INFINITY, f64::min)
    }
}

/// All tables at one temperature.
#[derive(Clone, Debug)]
pub struct Tables {
    /// hh2: m, h, n.
    pub hh2: Table,
    /// ca: m, h; km: n.
    pub ca_km: Table,
    /// cat: m, h; ar: m.
    pub cat_ar: Table,
}

impl Tables {
    /// Whether every index that an interpolation can have is a row.
    pub fn are_whole(&self) -> bool {
        [&self.hh2, &self.ca_km, &self.cat_ar]
            .iter()
            .all(|table| table.rows.len() == table.n as usize + 1)
    }

    /// Tables at `celsius` (degC).
    pub fn new(celsius: f64) -> Self {
        let tadj = tadj(celsius);
        Self {
            hh2: Table::new(-100.0, 100.0, 200, |v| hh2::rates(v, celsius)),
            ca_km: Table::new(-120.0, 100.0, 199, |v| {
                let ([a, b, c, d], [e, f]) = (ca::rates(v, tadj), km::rates(v, tadj));
                [a, b, c, d, e, f]
            }),
            cat_ar: Table::new(-120.0, 40.0, 641, |v| {
                let ([a, b, c, d], [e, f]) = (cat::rates(v), ar::rates(v));
                [a, b, c, d, e, f]
            }),
        }
    }
}
