//! One compartment per combination of mechanisms against NEURON: `tests/reference/mechanisms.json`.

mod support;

use hnn_sweep::network::{Cell, MechValue, Network, NewTonicBias, Section};
use hnn_sweep::solver::{Record, Trial};
use indexmap::IndexMap;
use serde::Deserialize;
use support::{Report, range, reference, simulate, trial};

#[derive(Deserialize)]
struct File {
    dt: f64,
    tstop: f64,
    every: usize,
    cases: Vec<Compartment>,
}

#[derive(Deserialize)]
struct Compartment {
    name: String,
    geometry: Geometry,
    mechs: IndexMap<String, IndexMap<String, f64>>,
    celsius: f64,
    clamps: Vec<Clamp>,
    traces: IndexMap<String, Vec<f64>>,
}

#[allow(non_snake_case)]
#[derive(Deserialize)]
struct Geometry {
    L: f64,
    diam: f64,
    cm: f64,
    Ra: f64,
    v0: f64,
}

#[derive(Deserialize)]
struct Clamp {
    t0: f64,
    tstop: f64,
    amplitude: f64,
}

impl Compartment {
    /// The unconnected 1x1 column whose L2 basket cell (gid 0) is this compartment.
    fn build(&self) -> Network {
        let mut net = Network::neymotin_2020([1, 1]);
        net.clear_connectivity();
        net.celsius = self.celsius;
        let geometry = &self.geometry;
        let cell: &mut Cell = &mut net.cell_type_mut("L2_basket").unwrap().cell;
        let soma: &mut Section = &mut cell.sections["soma"];
        soma.L = geometry.L;
        soma.diam = geometry.diam;
        soma.cm = geometry.cm;
        soma.Ra = geometry.Ra;
        soma.v0 = geometry.v0;
        soma.end_pts = vec![[0.0; 3], [0.0, 0.0, geometry.L]];
        soma.mechs = self
            .mechs
            .iter()
            .map(|(mech, parameters)| {
                let uniform =
                    |(name, value): (&String, &f64)| (name.clone(), MechValue::Uniform(*value));
                (mech.clone(), parameters.iter().map(uniform).collect())
            })
            .collect();
        for (k, clamp) in self.clamps.iter().enumerate() {
            let amplitude = IndexMap::from([("L2_basket".to_string(), clamp.amplitude)]);
            net.add_tonic_bias(NewTonicBias {
                bias_name: format!("clamp {k}"),
                t0: clamp.t0,
                tstop: Some(clamp.tstop),
                ..NewTonicBias::new(amplitude)
            })
            .unwrap();
        }
        net
    }
}

#[test]
fn potential_and_calcium_of_every_combination_of_mechanisms_agree() {
    let file: File = reference("mechanisms.json");
    let mut report = Report::default();
    for case in &file.cases {
        let what = Trial {
            record_vsec: Record::Soma,
            record_ca: Record::Soma,
            ..trial(file.tstop, file.dt, 0)
        };
        let found = simulate(&case.build(), &what);
        let of_cell = |gid: u32| gid == 0;
        let voltage = found.voltages.iter().find(|trace| of_cell(trace.gid));
        let calcium = found.calcium.iter().find(|trace| of_cell(trace.gid));
        for (name, values) in [
            ("v", voltage.map(|trace| &trace.values)),
            ("cai", calcium.map(|trace| &trace.values)),
        ] {
            let what = format!("{}, {name}", case.name);
            let Some(expected) = case.traces.get(name) else {
                report.equal(&format!("{what}: recorded"), false, values.is_some());
                continue;
            };
            let samples: Vec<usize> = (0..expected.len()).map(|k| k * file.every).collect();
            let none = Vec::new();
            let scale = range(expected).max(1e-6);
            report.trace(
                &what,
                &samples,
                expected,
                values.unwrap_or(&none),
                scale,
                1e-9,
            );
        }
    }
    report.finish("mechanisms");
}
