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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// tests/reference/make_tables.py: NEURON's own tables. Last bits differ with the platform's exp.
    const REFERENCE: &str = include_str!("../../../tests/reference/tables.json");
    const TOLERANCE: f64 = 1e-13;

    fn numbers(value: &Value) -> Vec<f64> {
        let list = value.as_array().expect("a list");
        list.iter().map(|x| x.as_f64().expect("a number")).collect()
    }

    fn assert_near(got: f64, want: f64, what: &str) {
        assert!(
            (got - want).abs() <= TOLERANCE * want.abs(),
            "{what}: {got} is not {want}"
        );
    }

    #[test]
    fn tables_are_those_of_neuron() {
        let reference: Value = serde_json::from_str(REFERENCE).unwrap();
        let some_v = numbers(&reference["some_v"]);
        let columns = |mech: &str| match mech {
            "hh2" => vec!["minf", "mtau", "hinf", "htau", "ninf", "ntau"],
            "ca" | "cat" => vec!["minf", "mtau", "hinf", "htau"],
            "km" => vec!["ninf", "ntau"],
            _ => vec!["minf", "mtau"],
        };
        let mut compared = 0;
        for (celsius, mechs) in reference["celsius"].as_object().unwrap() {
            let tables = Tables::new(celsius.parse().unwrap());
            for (mech, of_mech) in mechs.as_object().unwrap() {
                let (table, first) = match mech.as_str() {
                    "hh2" => (&tables.hh2, 0),
                    "ca" => (&tables.ca_km, 0),
                    "km" => (&tables.ca_km, 4),
                    "cat" => (&tables.cat_ar, 0),
                    _ => (&tables.cat_ar, 4),
                };
                let step = of_mech["rows_step"].as_u64().unwrap() as usize;
                for (c, name) in columns(mech).into_iter().enumerate() {
                    let what = format!("{mech} {name} at {celsius} degC");
                    for (i, want) in numbers(&of_mech["rows"][name]).into_iter().enumerate() {
                        assert_near(table.rows[i * step].value[first + c], want, &what);
                        compared += 1;
                    }
                    let at_v = numbers(&of_mech["at_some_v"][name]);
                    for (&v, want) in some_v.iter().zip(at_v) {
                        assert_near(table.at(v)[first + c], want, &what);
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 5000, "{compared} values only");
    }
}
