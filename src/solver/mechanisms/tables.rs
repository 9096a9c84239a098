//! The interpolated rates of all channels.

use super::{ar, ca, cat, hh2, km, tadj};
use crate::solver::simd::RateTable;

/// All tables at one temperature.
#[derive(Clone, Debug)]
pub struct Tables {
    /// hh2: m, h, n.
    pub hh2: RateTable,
    /// ca: m, h; km: n.
    pub ca_km: RateTable,
    /// cat: m, h; ar: m.
    pub cat_ar: RateTable,
}

impl Tables {
    /// Tables at `celsius` (degC).
    pub fn new(celsius: f64) -> Self {
        let tadj = tadj(celsius);
        Self {
            // Ranges and numbers of intervals are those of the TABLE statements.
            hh2: RateTable::new(-100.0, 100.0, 200, |v| hh2::at(v, celsius)),
            ca_km: RateTable::new(-120.0, 100.0, 199, |v| {
                let ([a, b, c, d], [e, f]) = (ca::at(v, tadj), km::at(v, tadj));
                [a, b, c, d, e, f]
            }),
            cat_ar: RateTable::new(-120.0, 40.0, 641, |v| {
                let ([a, b, c, d], [e, f]) = (cat::at(v), ar::at(v));
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
                    let column: Vec<f64> = table.column(first + c).collect();
                    for (i, want) in numbers(&of_mech["rows"][name]).into_iter().enumerate() {
                        assert_near(column[i * step], want, &what);
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
