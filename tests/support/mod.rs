//! Reading the references, rebuilding their networks, and comparing without forgiving anything.
#![allow(dead_code)] // every test file uses its own part

use hnn_sweep::network::{
    DriveAttachment, DriveCells, EvokedDrive, Network, NetworkError, PerCellType,
};
use hnn_sweep::solver::{Record, SimulationResult, Solver, Spike, Trial};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A file of `tests/reference`.
pub fn reference<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Spikes of a reference, in the order of the original's list.
#[derive(Deserialize, Debug)]
pub struct Spikes {
    pub gid: Vec<u32>,
    pub time: Vec<f64>,
}

/// A case of `cases.py`.
#[derive(Deserialize, Debug)]
pub struct Case {
    pub name: String,
    pub model: String,
    pub mesh_shape: [u32; 2],
    pub erp: bool,
    pub drives: Vec<CaseDrive>,
    pub tstop: f64,
    pub dt: f64,
    pub smooth: Option<f64>,
}

/// Arguments of hnn-core's `add_evoked_drive`; what is absent has its default.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct CaseDrive {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub mu: f64,
    pub sigma: f64,
    pub numspikes: u32,
    pub location: String,
    pub n_drive_cells: Option<u32>,
    pub cell_specific: Option<bool>,
    pub weights_ampa: Option<IndexMap<String, f64>>,
    pub weights_nmda: Option<IndexMap<String, f64>>,
    pub space_constant: Option<f64>,
    pub synaptic_delays: Option<NumberOrMap>,
    pub probability: Option<NumberOrMap>,
    pub event_seed: Option<u64>,
    pub conn_seed: Option<u64>,
}

/// One number, or one per cell type.
#[derive(Deserialize, Debug, Clone)]
#[serde(untagged)]
pub enum NumberOrMap {
    Number(f64),
    Map(IndexMap<String, f64>),
}

impl From<NumberOrMap> for PerCellType {
    fn from(value: NumberOrMap) -> Self {
        match value {
            NumberOrMap::Number(x) => PerCellType::All(x),
            NumberOrMap::Map(map) => PerCellType::Each(map),
        }
    }
}

impl Case {
    /// The network of the case, by the library's builders.
    pub fn build(self) -> Result<Network, NetworkError> {
        assert_eq!(self.model, "neymotin_2020");
        let mut net = Network::neymotin_2020(self.mesh_shape);
        if self.erp {
            net.add_erp_drives(0.0)?;
        }
        for drive in self.drives {
            assert_eq!(drive.kind, "evoked");
            let mut attach = DriveAttachment::evoked(&drive.location);
            attach.weights_ampa = drive.weights_ampa;
            attach.weights_nmda = drive.weights_nmda;
            if let Some(n) = drive.n_drive_cells {
                attach.n_drive_cells = DriveCells::Count(n);
            }
            attach.cell_specific = drive.cell_specific.unwrap_or(attach.cell_specific);
            attach.space_constant = drive.space_constant.unwrap_or(attach.space_constant);
            attach.event_seed = drive.event_seed.unwrap_or(attach.event_seed);
            attach.conn_seed = drive.conn_seed.or(attach.conn_seed);
            if let Some(delays) = drive.synaptic_delays {
                attach.synaptic_delays = delays.into();
            }
            if let Some(probability) = drive.probability {
                attach.probability = probability.into();
            }
            net.add_evoked_drive(
                &drive.name,
                EvokedDrive {
                    mu: drive.mu,
                    sigma: drive.sigma,
                    numspikes: drive.numspikes,
                    attach,
                },
            )?;
        }
        Ok(net)
    }
}

/// A trial without recordings.
pub fn trial(tstop: f64, dt: f64, trial: u32) -> Trial {
    Trial {
        tstop,
        dt,
        trial,
        record_vsec: Record::Off,
        record_isec: Record::Off,
        record_ca: Record::Off,
        record_lfp: false,
    }
}

/// Simulates, never interrupted.
pub fn simulate(net: &Network, trial: &Trial) -> SimulationResult {
    Solver::new()
        .simulate(net, trial, &|| false)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Differences found in one case, reported together.
#[derive(Default)]
pub struct Report(Vec<String>);

impl Report {
    /// The two lists are the same: gid, every bit of the time, and order.
    pub fn spikes(&mut self, what: &str, expected: &Spikes, found: &[Spike]) {
        if expected.time.len() != found.len() {
            self.0.push(format!(
                "{what}: {} spikes instead of {}",
                found.len(),
                expected.time.len()
            ));
        }
        let pairs = expected.gid.iter().zip(&expected.time).zip(found);
        let wrong = |((gid, time), spike): &((&u32, &f64), &Spike)| {
            **gid != spike.gid || time.to_bits() != spike.time.to_bits()
        };
        let n_wrong = pairs.clone().filter(wrong).count();
        if let Some((i, ((gid, time), spike))) = pairs.enumerate().find(|(_, pair)| wrong(pair)) {
            self.0.push(format!(
                "{what}: {n_wrong} spikes differ, first number {i}: gid {} at {:?} ms instead of gid {gid} at {time:?} ms",
                spike.gid, spike.time
            ));
        }
    }

    /// Same bits.
    pub fn same_bits(&mut self, what: &str, expected: f64, found: Option<f64>) {
        if found.map(f64::to_bits) != Some(expected.to_bits()) {
            self.0
                .push(format!("{what}: {found:?} instead of {expected:?}"));
        }
    }

    /// Same number.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: T, found: T) {
        if expected != found {
            self.0
                .push(format!("{what}: {found:?} instead of {expected:?}"));
        }
    }

    /// Samples of a trace differ by at most `tolerance` times `scale`.
    pub fn trace(
        &mut self,
        what: &str,
        samples: &[usize],
        expected: &[f64],
        found: &[f64],
        scale: f64,
        tolerance: f64,
    ) {
        let error_at = |k: usize| {
            let value = found.get(samples[k]).copied().unwrap_or(f64::NAN);
            let error = (value - expected[k]).abs();
            if error.is_nan() { f64::INFINITY } else { error }
        };
        let limit = tolerance * scale;
        let worst = (0..samples.len())
            .map(error_at)
            .fold(0.0_f64, |worst, error| worst.max(error));
        if let Some(k) = (0..samples.len()).find(|k| error_at(*k) > limit) {
            self.0.push(format!(
                "{what}: off by {:.3e} at sample {} ({:?} instead of {:?}), by {:.3e} of {scale:.6e} at worst; allowed is {tolerance:e}",
                error_at(k),
                samples[k],
                found.get(samples[k]),
                expected[k],
                worst / scale
            ));
        }
    }

    /// Fails if anything was reported.
    pub fn finish(self, case: &str) {
        assert!(self.0.is_empty(), "{case}:\n  {}", self.0.join("\n  "));
    }
}

/// Largest minus smallest.
pub fn range(values: &[f64]) -> f64 {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        });
    high - low
}
