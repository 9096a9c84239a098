//! Reading the references, rebuilding their networks, and comparing without forgiving anything.
#![allow(dead_code)] // every test file uses its own part

use hnn_sweep::network::{
    Bursty, ConnectionFilter, DriveAttachment, DriveCells, ElectrodeArray, ElectrodeMethod, Evoked,
    MechValue, Model, Network, NetworkError, NewConnection, NewTonicBias, Params, PerCellType,
    Poisson, RateConstant, SectionChange, Sources, SpikeData,
};
use hnn_sweep::solver::{Dipole, Record, SimulationResult, Solver, Spike, Trial};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

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

/// Traces by name.
pub type Traces = IndexMap<String, Vec<f64>>;

/// What the original gave: spikes, and some samples of traces.
#[derive(Deserialize, Debug)]
pub struct Expected {
    pub n_samples: usize,
    /// Time (ms) of the last sample.
    pub last_time: Option<f64>,
    pub spikes: Spikes,
    /// Numbers of the samples of all traces.
    pub samples: Vec<usize>,
    pub dipole: Traces,
    #[serde(default)]
    pub extremes: IndexMap<String, Extremes>,
    #[serde(default)]
    pub smoothed_extremes: IndexMap<String, Extremes>,
    #[serde(default)]
    pub vsec: IndexMap<u32, Traces>,
    /// Least and greatest potential (mV) of all samples.
    #[serde(default)]
    pub vsec_extremes: IndexMap<u32, IndexMap<String, [f64; 2]>>,
    #[serde(default)]
    pub isec: IndexMap<u32, IndexMap<String, Traces>>,
    #[serde(default)]
    pub ca: IndexMap<u32, Traces>,
    #[serde(default)]
    pub lfp: IndexMap<String, Vec<Vec<f64>>>,
}

/// Least and greatest value of a whole trace, and where they are.
#[derive(Deserialize, Debug)]
pub struct Extremes {
    pub min: f64,
    pub argmin: usize,
    pub max: f64,
    pub argmax: usize,
}

/// The waveforms of a dipole by name.
pub fn layers(dipole: &Dipole) -> [(&'static str, &Vec<f64>); 3] {
    [("agg", &dipole.agg), ("L2", &dipole.l2), ("L5", &dipole.l5)]
}

/// A case of `cases.py`: a network in hnn-core's words, and a simulation.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub what: String,
    pub model: String,
    pub mesh_shape: [u32; 2],
    /// A parameter file.
    #[serde(default)]
    pub params: IndexMap<String, f64>,
    pub erp: bool,
    pub drives: Vec<CaseDrive>,
    #[serde(default)]
    pub biases: Vec<CaseBias>,
    /// Drives that are removed again, as `del net.external_drives[…]` does: nobody else gets their gids.
    #[serde(default)]
    pub deleted: Vec<String>,
    /// Of these, those whose gids and positions are forgotten too.
    #[serde(default)]
    pub forgotten: Vec<String>,
    #[serde(default)]
    pub electrodes: IndexMap<String, CaseElectrodes>,
    #[serde(default)]
    pub set: Vec<Vec<Value>>,
    #[serde(default)]
    pub records: IndexMap<String, String>,
    pub tstop: f64,
    pub dt: f64,
    pub n_trials: u32,
    /// Width (ms) of hnn-core's smoothing, for the smoothed extremes.
    pub smooth: Option<f64>,
}

/// A drive: what is of its type, and what drives share; what is absent has its default.
#[derive(Deserialize, Debug)]
pub struct CaseDrive {
    pub name: String,
    #[serde(flatten)]
    pub kind: Kind,
    pub location: String,
    pub n_drive_cells: Option<Value>,
    pub cell_specific: Option<bool>,
    pub weights_ampa: Option<IndexMap<String, f64>>,
    pub weights_nmda: Option<IndexMap<String, f64>>,
    pub space_constant: Option<f64>,
    pub synaptic_delays: Option<NumberOrMap>,
    pub probability: Option<NumberOrMap>,
    pub event_seed: Option<u64>,
    pub conn_seed: Option<u64>,
}

/// Type of a drive with the arguments that only it has.
#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    Evoked {
        mu: f64,
        sigma: f64,
        numspikes: u32,
    },
    Poisson {
        tstart: Option<f64>,
        tstop: Option<f64>,
        rate_constant: NumberOrMap,
    },
    Bursty {
        tstart: Option<f64>,
        tstart_std: Option<f64>,
        tstop: Option<f64>,
        burst_rate: f64,
        burst_std: Option<f64>,
        numspikes: Option<u32>,
        spike_isi: Option<f64>,
    },
    SpikeTrain {
        spike_data: IndexMap<String, Vec<f64>>,
    },
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

impl From<NumberOrMap> for RateConstant {
    fn from(value: NumberOrMap) -> Self {
        match value {
            NumberOrMap::Number(x) => RateConstant::All(x),
            NumberOrMap::Map(map) => RateConstant::Each(map),
        }
    }
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct CaseBias {
    pub bias_name: String,
    pub amplitude: IndexMap<String, f64>,
    pub section: Option<String>,
    pub t0: f64,
    pub tstop: Option<f64>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct CaseElectrodes {
    pub electrode_pos: Vec<[f64; 3]>,
    pub conductivity: f64,
    pub method: String,
    pub min_distance: f64,
}

impl From<CaseElectrodes> for ElectrodeArray {
    fn from(array: CaseElectrodes) -> Self {
        Self {
            positions: array.electrode_pos,
            conductivity: array.conductivity,
            method: Some(match array.method.as_str() {
                "psa" => ElectrodeMethod::Psa,
                "lsa" => ElectrodeMethod::Lsa,
                other => panic!("{other}"),
            }),
            min_distance: array.min_distance,
        }
    }
}

impl CaseDrive {
    fn add_to(self, net: &mut Network) -> Result<(), NetworkError> {
        let mut attach = match self.kind {
            Kind::Evoked { .. } => DriveAttachment::evoked(&self.location),
            Kind::Poisson { .. } => DriveAttachment::poisson(&self.location),
            Kind::Bursty { .. } => DriveAttachment::bursty(&self.location),
            Kind::SpikeTrain { .. } => DriveAttachment::spike_train(&self.location),
        };
        attach.weights_ampa = self.weights_ampa;
        attach.weights_nmda = self.weights_nmda;
        attach.n_drive_cells = match self.n_drive_cells {
            None => attach.n_drive_cells,
            Some(Value::Number(n)) => DriveCells::Count(n.as_u64().unwrap() as u32),
            Some(_) => DriveCells::NCells,
        };
        attach.cell_specific = self.cell_specific.unwrap_or(attach.cell_specific);
        attach.space_constant = self.space_constant.unwrap_or(attach.space_constant);
        attach.event_seed = self.event_seed.unwrap_or(attach.event_seed);
        attach.conn_seed = self.conn_seed.or(attach.conn_seed);
        if let Some(delays) = self.synaptic_delays {
            attach.synaptic_delays = delays.into();
        }
        if let Some(probability) = self.probability {
            attach.probability = probability.into();
        }
        let name = &self.name;
        match self.kind {
            Kind::Evoked {
                mu,
                sigma,
                numspikes,
            } => net.add_evoked_drive(
                name,
                Evoked {
                    mu,
                    sigma,
                    numspikes,
                },
                attach,
            ),
            Kind::Poisson {
                tstart,
                tstop,
                rate_constant,
            } => net.add_poisson_drive(
                name,
                Poisson {
                    tstart: tstart.unwrap_or(0.0),
                    tstop,
                    rate_constant: rate_constant.into(),
                },
                attach,
            ),
            Kind::Bursty {
                tstart,
                tstart_std,
                tstop,
                burst_rate,
                burst_std,
                numspikes,
                spike_isi,
            } => net.add_bursty_drive(
                name,
                Bursty {
                    tstart: tstart.unwrap_or(0.0),
                    tstart_std: tstart_std.unwrap_or(0.0),
                    tstop,
                    burst_rate,
                    burst_std: burst_std.unwrap_or(0.0),
                    numspikes: numspikes.unwrap_or(2),
                    spike_isi: spike_isi.unwrap_or(10.0),
                },
                attach,
            ),
            Kind::SpikeTrain { spike_data } => {
                net.add_spike_train_drive(name, SpikeData::Sources(spike_data), attach)
            }
        }
    }
}

/// Connections that fit `which`: keys `src`, `target`, `loc`, `receptor`.
fn picked(net: &Network, which: &Value) -> Result<Vec<usize>, NetworkError> {
    let text = |key: &str| which.get(key).map(|v| v.as_str().unwrap().to_string());
    net.pick_connection(&ConnectionFilter {
        src_gids: text("src").map(Sources::Type),
        target_gids: text("target").map(Sources::Type),
        loc: text("loc").into_iter().collect(),
        receptor: text("receptor").into_iter().collect(),
    })
}

/// Gives a cell type another name; everything stays where it is.
pub fn rename(net: &mut Network, old: &str, new: &str) {
    fn key<T>(map: &mut IndexMap<String, T>, old: &str, new: &str) {
        let of = |(name, value): (String, T)| match name == old {
            true => (new.to_owned(), value),
            false => (name, value),
        };
        *map = std::mem::take(map).into_iter().map(of).collect();
    }
    key(&mut net.cell_types, old, new);
    key(&mut net.gid_ranges, old, new);
    key(&mut net.pos_dict, old, new);
    for connection in &mut net.connectivity {
        for name in [&mut connection.src_type, &mut connection.target_type] {
            if name == old {
                *name = new.into();
            }
        }
    }
}

/// Applies one entry of `set`, as `change` of cases.py does.
fn change(net: &mut Network, entry: &[Value]) -> Result<(), NetworkError> {
    let path = entry[0].as_str().unwrap();
    let number = |i: usize| entry[i].as_f64().unwrap();
    let steps: Vec<&str> = path.split('.').collect();
    match steps[..] {
        ["connections"] => {
            for index in picked(net, &entry[1])? {
                let connection = &mut net.connectivity[index];
                let field = match entry[2].as_str().unwrap() {
                    "weight" => &mut connection.weight,
                    "delay" => &mut connection.delay,
                    "lamtha" => &mut connection.lamtha,
                    "threshold" => &mut connection.threshold,
                    other => panic!("{other}"),
                };
                *field = number(3);
            }
        }
        ["delete"] => {
            for index in picked(net, &entry[1])?.into_iter().rev() {
                net.connectivity.remove(index);
            }
        }
        ["gains"] => {
            let gain = |key: &str| entry[1].get(key).and_then(Value::as_f64);
            net.set_global_synaptic_gains(gain("e_e"), gain("e_i"), gain("i_e"), gain("i_i"))?;
        }
        ["rename"] => {
            for (old, new) in entry[1].as_object().unwrap() {
                rename(net, old, new.as_str().unwrap());
            }
        }
        ["add_cell_type"] => {
            let text = |key: &str| entry[1][key].as_str().unwrap();
            let positions: Vec<[f64; 3]> = serde_json::from_value(entry[1]["pos"].clone()).unwrap();
            let (name, first) = (text("name").to_owned(), net.n_gids());
            let template = net.cell_types[text("like")].clone();
            let gids = first..first + positions.len() as u32;
            net.cell_types.insert(name.clone(), template);
            net.gid_ranges.insert(name.clone(), gids);
            net.pos_dict.insert(name, Arc::new(positions));
        }
        ["connect"] => {
            let text = |key: &str| entry[1][key].as_str().unwrap();
            let number = |key: &str| entry[1][key].as_f64().unwrap();
            net.add_connection(NewConnection::new(
                text("src_gids"),
                text("target_gids"),
                text("loc"),
                text("receptor"),
                number("weight"),
                number("delay"),
                number("lamtha"),
            ))?;
        }
        ["inplane_distance"] => net.set_cell_positions(Some(number(1)), None)?,
        ["celsius"] => net.celsius = number(1),
        ["cells", cell, "synapses", receptor, field] => {
            let synapse = &mut net.cell_type_mut(cell)?.cell.synapses[receptor];
            match field {
                "tau1" => synapse.tau1 = number(1),
                "tau2" => synapse.tau2 = number(1),
                other => panic!("{other}"),
            }
        }
        ["cells", cell, "sections", section, "mechs", mech, parameter] => {
            let value = MechValue::Uniform(number(1));
            let mechs = &mut net.cell_type_mut(cell)?.cell.sections[section].mechs;
            let mech = mechs.entry(mech.to_string()).or_default();
            mech.insert(parameter.to_string(), value);
        }
        ["cells", cell, "sections", section, field] => {
            let mut change = SectionChange::default();
            let field = match field {
                "L" => &mut change.L,
                "diam" => &mut change.diam,
                "cm" => &mut change.cm,
                "Ra" => &mut change.Ra,
                other => panic!("{other}"),
            };
            *field = Some(number(1));
            net.modify_section(cell, section, change)?;
        }
        _ => panic!("{path}"),
    }
    Ok(())
}

impl Case {
    /// The network of the case, by the library's builders.
    pub fn build(self) -> Result<Network, NetworkError> {
        let model = Model::from_name(&self.model)?;
        let mut net = match self.params.is_empty() {
            true => model.network(self.mesh_shape),
            false => {
                let params = Params::from_json(&serde_json::to_string(&self.params).unwrap())?;
                Network::from_params(model, &params, self.mesh_shape, false, false)?
            }
        };
        for entry in &self.set {
            change(&mut net, entry)?;
        }
        if self.erp {
            net.add_erp_drives(0.0)?;
        }
        for drive in self.drives {
            drive.add_to(&mut net)?;
        }
        for name in &self.deleted {
            net.external_drives.shift_remove(name);
            net.connectivity.retain(|conn| conn.src_type != *name);
        }
        for name in &self.forgotten {
            net.gid_ranges.shift_remove(name);
            net.pos_dict.shift_remove(name);
        }
        for bias in self.biases {
            net.add_tonic_bias(NewTonicBias {
                bias_name: bias.bias_name,
                section: bias.section.unwrap_or("soma".into()),
                t0: bias.t0,
                tstop: bias.tstop,
                ..NewTonicBias::new(bias.amplitude)
            })?;
        }
        for (name, array) in self.electrodes {
            net.add_electrode_array(&name, array.into())?;
        }
        Ok(net)
    }

    /// Trial `k` with the recordings that the case asks for.
    pub fn trial(&self, k: u32) -> Trial {
        let record = |key: &str| match self.records.get(key).map(String::as_str) {
            None => Record::Off,
            Some("soma") => Record::Soma,
            Some("all") => Record::All,
            Some(other) => panic!("{other}"),
        };
        Trial {
            record_vsec: record("record_vsec"),
            record_isec: record("record_isec"),
            record_ca: record("record_ca"),
            record_lfp: !self.electrodes.is_empty(),
            ..trial(self.tstop, self.dt, k)
        }
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

    /// The recorded traces that the original has agree to 1e-9 of their range.
    pub fn recordings(&mut self, of: &str, expected: &Expected, found: &SimulationResult) {
        let mut compare = |what: String, values: &[f64], found: Option<&Vec<f64>>| {
            let found = found.map_or(&[][..], Vec::as_slice);
            let scale = range(values).max(1e-12);
            self.trace(
                &format!("{of}{what}"),
                &expected.samples,
                values,
                found,
                scale,
                1e-9,
            );
        };
        for (gid, section, values) in by_section(&expected.vsec) {
            let mut traces = found.voltages.iter();
            let trace = traces.find(|t| t.gid == gid && t.section == section);
            compare(
                format!("v of gid {gid} {section}"),
                values,
                trace.map(|t| &t.values),
            );
        }
        for (gid, section, values) in by_section(&expected.ca) {
            let mut traces = found.calcium.iter();
            let trace = traces.find(|t| t.gid == gid && t.section == section);
            compare(
                format!("ca of gid {gid} {section}"),
                values,
                trace.map(|t| &t.values),
            );
        }
        for (gid, section, names) in by_section(&expected.isec) {
            for (name, values) in names {
                let receptor = name.trim_start_matches(&format!("{section}_"));
                let mut traces = found.currents.iter();
                let trace =
                    traces.find(|t| t.gid == gid && t.section == section && t.receptor == receptor);
                compare(
                    format!("isec of gid {gid} {name}"),
                    values,
                    trace.map(|t| &t.values),
                );
            }
        }
        for (array, contacts) in &expected.lfp {
            let lfp = found.lfp.iter().find(|lfp| lfp.array == *array);
            for (k, values) in contacts.iter().enumerate() {
                let potential = lfp.and_then(|lfp| lfp.potential.get(k));
                compare(format!("lfp {array}, contact {k}"), values, potential);
            }
        }
        for (gid, section, extremes) in by_section(&expected.vsec_extremes) {
            let mut traces = found.voltages.iter();
            let trace = traces.find(|t| t.gid == gid && t.section == section);
            let fold = |f: fn(f64, f64) -> f64| trace?.values.iter().copied().reduce(f);
            let found = [fold(f64::min), fold(f64::max)].map(|v| v.unwrap_or(f64::NAN));
            let what = format!("{of}extremes of v of gid {gid} {section}");
            self.trace(&what, &[0, 1], extremes, &found, range(extremes), 1e-9);
        }
    }

    /// Fails if anything was reported.
    pub fn finish(self, case: &str) {
        assert!(self.0.is_empty(), "{case}:\n  {}", self.0.join("\n  "));
    }
}

/// What is recorded by cell and section, one after the other.
fn by_section<T>(
    cells: &IndexMap<u32, IndexMap<String, T>>,
) -> impl Iterator<Item = (u32, &str, &T)> {
    cells.iter().flat_map(|(gid, sections)| {
        sections
            .iter()
            .map(|(section, value)| (*gid, section.as_str(), value))
    })
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
