//! NEURON's lookup tables: linear interpolation between accumulated abscissae, constant beyond the ends.

use super::{LANES, Row, Simd, Vector};

/// A table of up to six functions of the membrane potential.
///
/// Functions come in pairs (steady state, time constant), so three gates share one index and one row.
#[derive(Clone, Debug)]
pub struct RateTable {
    /// `n + 1` rows; the last has no slope.
    rows: Vec<Row>,
    /// Left end (mV).
    v_min: f64,
    /// Intervals per mV.
    mfac: f64,
    /// Number of intervals, as a float.
    n: f64,
}

impl RateTable {
    /// Tabulates `f` at `n + 1` potentials from `v_min` to `v_max` (mV).
    pub fn new(v_min: f64, v_max: f64, n: usize, f: impl Fn(f64) -> [f64; 6]) -> Self {
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
                // The last row repeats its value, so its slope is 0 and the ends need no test.
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

    /// Value of column `c` in each row.
    pub fn column(&self, c: usize) -> impl Iterator<Item = f64> {
        debug_assert!(c < LANES);
        self.rows.iter().map(move |row| row.value[c])
    }

    /// Smallest value of column `c` over the whole table.
    pub fn min(&self, c: usize) -> f64 {
        self.column(c).fold(f64::INFINITY, f64::min)
    }

    /// Interpolated values at the potentials `v` (mV): six functions.
    #[inline(always)]
    pub fn six<S: Simd>(&self, v: Vector<S>) -> [Vector<S>; 6] {
        // SAFETY: `locate` gives rows of the table; a `Vector` exists, so the processor has S.
        unsafe {
            let (index, theta) = self.locate(v);
            let [a, b, c, d, e, f] = S::rows(self.rows.as_ptr(), index, theta);
            [
                Vector::new(a),
                Vector::new(b),
                Vector::new(c),
                Vector::new(d),
                Vector::new(e),
                Vector::new(f),
            ]
        }
    }

    /// The last two of [`six`](Self::six).
    #[inline(always)]
    pub fn last_two<S: Simd>(&self, v: Vector<S>) -> [Vector<S>; 2] {
        // SAFETY: `locate` gives rows of the table; a `Vector` exists, so the processor has S.
        unsafe {
            let (index, theta) = self.locate(v);
            let [e, f] = S::rows_tail(self.rows.as_ptr(), index, theta);
            [Vector::new(e), Vector::new(f)]
        }
    }

    /// Row and fraction of an interval.
    #[inline(always)]
    fn locate<S: Simd>(&self, v: Vector<S>) -> ([u32; LANES], S) {
        let xi = ((v - self.v_min) * self.mfac).positive().at_most(self.n);
        // SAFETY: a `Vector` exists, so the processor has S; xi is not negative and at most `n`.
        unsafe { xi.get().split() }
    }
}
