//! hnn-core's flat parameter files: `.json`, and the older `.param`.
//!
//! A model takes from such a file the weights between cells, `celsius`, `threshold`, the dipole's post-processing
//! and, if asked, the drives. hnn-core ignores everything else in it, also the parameters of cells.

use super::{
    Bursty, DriveAttachment, DriveCells, Dynamics, Evoked, Network, NetworkError, PerCellType,
    Poisson, RateConstant,
};
use indexmap::IndexMap;
use serde_json::Value;

/// A published model.
///
/// ```
/// use hnn_sweep::network::Model;
///
/// let model = Model::from_name("jones_2009_model")?;
/// assert_eq!(model, Model::Neymotin2020);
/// assert_eq!(model.network([3, 3]).mesh_shape, [3, 3]);
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// `neymotin_2020`, also called `jones_2009`.
    Neymotin2020,
    /// `law_2021`.
    Law2021,
    /// `calcium`.
    Calcium,
}

impl Model {
    /// All names, with the older ones.
    pub const NAMES: [&str; 4] = ["neymotin_2020", "jones_2009", "law_2021", "calcium"];

    /// A model by name; hnn-core's function names (`law_2021_model`) are understood too.
    ///
    /// # Errors
    /// An unknown name.
    pub fn from_name(name: &str) -> Result<Self, NetworkError> {
        match name.strip_suffix("_model").unwrap_or(name) {
            "neymotin_2020" | "jones_2009" => Ok(Self::Neymotin2020),
            "law_2021" => Ok(Self::Law2021),
            "calcium" => Ok(Self::Calcium),
            _ => Err(NetworkError::unknown(
                "model",
                name,
                &Self::NAMES.map(String::from),
            )),
        }
    }

    /// The network of the model; `mesh_shape` is the number of pyramidal cells of a layer along x and y.
    pub fn network(self, mesh_shape: [u32; 2]) -> Network {
        match self {
            Self::Neymotin2020 => Network::neymotin_2020(mesh_shape),
            Self::Law2021 => Network::law_2021(mesh_shape),
            Self::Calcium => Network::calcium(mesh_shape),
        }
    }
}

/// The content of a flat parameter file.
///
/// ```
/// use hnn_sweep::network::{Model, Network, Params};
///
/// let params = Params::from_json(r#"{ "gbar_L2Pyr_L2Pyr_ampa": 0.001, "celsius": 37 }"#)?;
/// let network = Network::from_params(Model::Law2021, &params, [3, 3], false, false)?;
/// assert_eq!(network.connectivity[1].weight, 0.001); // all others: hnn-core's defaults
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    values: IndexMap<String, Param>,
    n_evprox: usize,
    n_evdist: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Param {
    Number(f64),
    /// Whether a value that is no number counts as true in Python.
    Other(bool),
}

/// Values of hnn-core's `get_params_default` that a file may leave out and that are not 0.
const DEFAULTS: &[(&str, f64)] = &[
    ("tstop", 250.0),
    ("celsius", 37.0),
    ("dipole_scalefctr", 30e3),
    ("dipole_smooth_win", 15.0),
    ("L2Basket_Gauss_mu", 2000.0),
    ("L2Basket_Gauss_sigma", 3.6),
    ("L2Pyr_Gauss_mu", 2000.0),
    ("L2Pyr_Gauss_sigma", 3.6),
    ("L5Pyr_Gauss_mu", 2000.0),
    ("L5Pyr_Gauss_sigma", 4.8),
    ("L5Basket_Gauss_mu", 2000.0),
    ("L5Basket_Gauss_sigma", 2.0),
    ("t0_input_prox", 1000.0),
    ("tstop_input_prox", 250.0),
    ("f_input_prox", 10.0),
    ("f_stdev_prox", 20.0),
    ("events_per_cycle_prox", 2.0),
    ("repeats_prox", 10.0),
    ("t0_input_dist", 1000.0),
    ("tstop_input_dist", 250.0),
    ("f_input_dist", 10.0),
    ("f_stdev_dist", 20.0),
    ("events_per_cycle_dist", 2.0),
    ("repeats_dist", 10.0),
    ("input_prox_A_delay_L2", 0.1),
    ("input_prox_A_delay_L5", 1.0),
    ("input_dist_A_delay_L2", 5.0),
    ("input_dist_A_delay_L5", 5.0),
    ("sync_evinput", 1.0),
    ("T_pois", -1.0),
];

impl Params {
    /// The content of a `.json` parameter file.
    ///
    /// # Errors
    /// Text that is no JSON object; a network file, which is something else.
    pub fn from_json(text: &str) -> Result<Self, NetworkError> {
        let document: Value = serde_json::from_str(text).map_err(|error| {
            NetworkError::file(
                format!("line {}", error.line()),
                format!("this is no JSON: {error}"),
            )
        })?;
        let Value::Object(entries) = document else {
            return Err(NetworkError::file(
                "the file",
                "must hold one object of parameters",
            ));
        };
        if entries.contains_key("object_type") || entries.contains_key("cell_types") {
            return Err(NetworkError::file(
                "object_type",
                "this is a network file, not a parameter file: name it with `file` instead of `params`",
            ));
        }
        let values = entries.into_iter().map(|(key, value)| {
            let value = match value {
                Value::Number(number) => Param::Number(number.as_f64().unwrap_or(f64::NAN)),
                // Python's True is the number 1.
                Value::Bool(flag) => Param::Number(f64::from(u8::from(flag))),
                Value::String(text) => Param::Other(!text.is_empty()),
                Value::Null => Param::Other(false),
                Value::Array(items) => Param::Other(!items.is_empty()),
                Value::Object(entries) => Param::Other(!entries.is_empty()),
            };
            (key, value)
        });
        Self::new(values.collect())
    }

    /// The content of a `.param` file: one `name: value` a line.
    ///
    /// # Errors
    /// A line of another form.
    pub fn from_param(text: &str) -> Result<Self, NetworkError> {
        let mut values = IndexMap::new();
        for (i, line) in text.lines().enumerate() {
            // HNN's interface ends a file with an empty line and the date of the run.
            if line.trim().is_empty() {
                continue;
            }
            let Some((key, value)) = line.split_once(':') else {
                return Err(NetworkError::file(
                    format!("line {}", i + 1),
                    "must be of the form \"name: value\"",
                ));
            };
            let (key, value) = (key.trim(), value.trim());
            // As Python reads it: a whole number may not have a point or an exponent, and all else is text.
            let number = match value.contains(['.', 'e']) {
                true => value.parse::<f64>().ok(),
                false => value.parse::<i64>().ok().map(|number| number as f64),
            };
            values.insert(
                key.into(),
                number.map_or(Param::Other(!value.is_empty()), Param::Number),
            );
        }
        Self::new(values)
    }

    fn new(values: IndexMap<String, Param>) -> Result<Self, NetworkError> {
        if values.is_empty() {
            return Err(NetworkError::file("the file", "has no parameters"));
        }
        let count = |kind: &str| {
            values
                .keys()
                .filter(|key| key.starts_with("t_") && key.contains(kind))
                .count()
        };
        let n_evprox = count("evprox");
        // A name with both words counts as proximal only.
        let of_evdist = values
            .keys()
            .filter(|key| key.starts_with("t_") && !key.contains("evprox"));
        let n_evdist = of_evdist.filter(|key| key.contains("evdist")).count();
        Ok(Self {
            n_evprox,
            n_evdist,
            values,
        })
    }

    /// A number of the file, or hnn-core's default.
    ///
    /// # Errors
    /// A value that is no number.
    pub fn number(&self, key: &str) -> Result<f64, NetworkError> {
        match self.values.get(key) {
            Some(Param::Number(number)) if number.is_finite() => Ok(*number),
            Some(_) => Err(NetworkError::file(key, "must be a number")),
            // The one default that hnn-core makes up from the name.
            None if key.starts_with("numspikes_") => Ok(1.0),
            None => {
                let found = DEFAULTS.iter().find(|(name, _)| *name == key);
                Ok(found.map_or(0.0, |(_, default)| *default))
            }
        }
    }

    fn truth(&self, key: &str) -> bool {
        match self.values.get(key) {
            Some(Param::Other(truth)) => *truth,
            _ => self.number(key).is_ok_and(|number| number != 0.0),
        }
    }

    fn whole(&self, key: &str) -> Result<u32, NetworkError> {
        let number = self.number(key)?;
        if number.fract() != 0.0 || !(0.0..4_294_967_296.0).contains(&number) {
            return Err(NetworkError::file(
                key,
                format!("must be a whole number and not negative, but is {number}"),
            ));
        }
        Ok(number as u32)
    }
}

impl Network {
    /// A model with the weights of a parameter file, and its drives if `add_drives_from_params`: hnn-core's
    /// `neymotin_2020_model(params, add_drives_from_params, legacy_mode, mesh_shape)` and its sisters.
    ///
    /// # Errors
    /// Values that have no meaning, with their names.
    pub fn from_params(
        model: Model,
        params: &Params,
        mesh_shape: [u32; 2],
        add_drives_from_params: bool,
        legacy_mode: bool,
    ) -> Result<Self, NetworkError> {
        let mut net = Self::column_cells(mesh_shape);
        net.legacy_mode = legacy_mode;
        net.celsius = params.number("celsius")?;
        net.threshold = params.number("threshold")?;
        net.dipole_smooth_win = params.number("dipole_smooth_win")?;
        net.dipole_scalefctr = params.number("dipole_scalefctr")?;
        // hnn-core adds drives before it connects the cells, which decides the order of connections.
        if add_drives_from_params {
            net.add_drives_from_params(params)?;
        }
        // All of them here, as the weights below cannot fail any more.
        for (name, _) in super::models::DEFAULT_WEIGHTS {
            params.number(name)?;
        }
        let weight = |name: &str| params.number(name).ok();
        net.connect_column(&weight);
        match model {
            Model::Neymotin2020 => {}
            Model::Law2021 => net.change_to_law_2021(&weight),
            Model::Calcium => net.change_to_calcium(),
        }
        Ok(net)
    }

    fn add_drives_from_params(&mut self, params: &Params) -> Result<(), NetworkError> {
        let mut drives = specs(params, self.legacy_mode)?;
        // By name, as hnn-core adds them: the order gives gids, and gids seeds.
        drives.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, drive, _) in &drives {
            let (dynamics, attach) = drive.clone();
            self.add_drive(name, dynamics, attach)
                .map_err(|error| NetworkError::file(format!("drive {name}"), error.to_string()))?;
        }
        // The old graphical interface counted drive cells over all gids.
        for (name, _, seed) in &drives {
            let first = self.gid_ranges.get(name).map_or(0, |range| range.start);
            let seed = seed + f64::from(first);
            if !(0.0..4_294_967_296.0).contains(&seed) {
                return Err(NetworkError::file(
                    format!("prng_seedcore of {name}"),
                    format!("gives the seed {seed}, which must be between 0 and 4294967295"),
                ));
            }
            if let Some(drive) = self.external_drives.get_mut(name) {
                drive.event_seed = seed as u64;
            }
        }
        Ok(())
    }
}

/// Name, arguments and seed core (which may be negative until the first gid is added).
type Spec = (String, (Dynamics, DriveAttachment), f64);

/// Cell types with their names in parameter files, and the name of their layer.
const CELL_TYPES: [(&str, &str, &str); 4] = [
    ("L2_basket", "L2Basket", "L2"),
    ("L2_pyramidal", "L2Pyr", "L2"),
    ("L5_basket", "L5Basket", "L5"),
    ("L5_pyramidal", "L5Pyr", "L5"),
];

/// A value for each of some cell types.
fn by_type<'a>(
    types: impl Iterator<Item = &'a (&'static str, &'static str, &'static str)>,
    value: impl Fn(&str, &str) -> Result<f64, NetworkError>,
) -> Result<IndexMap<String, f64>, NetworkError> {
    types
        .map(|(name, short, layer)| Ok((name.to_string(), value(short, layer)?)))
        .collect()
}

fn specs(params: &Params, legacy_mode: bool) -> Result<Vec<Spec>, NetworkError> {
    let mut specs = Vec::new();
    for (index, kind, location) in [(1, "prox", "proximal"), (2, "dist", "distal")] {
        specs.extend(rhythmic(params, legacy_mode, index, kind, location)?);
    }
    for (kind, n, location) in [
        ("evprox", params.n_evprox, "proximal"),
        ("evdist", params.n_evdist, "distal"),
    ] {
        for i in 1..=n {
            specs.push(evoked(params, legacy_mode, kind, i, location)?);
        }
    }
    specs.extend(gaussian(params, legacy_mode)?);
    specs.extend(poisson(params, legacy_mode)?);
    Ok(specs)
}

/// The ongoing rhythmic input of one location.
fn rhythmic(
    params: &Params,
    legacy_mode: bool,
    index: u32,
    kind: &str,
    location: &str,
) -> Result<Option<Spec>, NetworkError> {
    let number = |key: &str| params.number(&format!("{key}_{kind}"));
    let tstart = number("t0_input")?;
    // An input beyond the end of the simulation ends with it.
    let tstop = number("tstop_input")?.min(params.number("tstop")?);
    if !legacy_mode && tstop < tstart {
        return Ok(None);
    }
    let types = || {
        CELL_TYPES
            .iter()
            .filter(move |(name, ..)| kind == "prox" || *name != "L5_basket")
    };
    let delay_l5 = format!("input_{kind}_A_delay_L5");
    if params.number(&delay_l5)? == -1.0 {
        return Err(NetworkError::file(
            delay_l5,
            "is -1, which hnn-core cannot read either: give a delay",
        ));
    }
    let weights = |receptor: &str| {
        by_type(types(), |short, _| {
            params.number(&format!("input_{kind}_A_weight_{short}_{receptor}"))
        })
    };
    let dynamics = Dynamics::Bursty(Bursty {
        tstart,
        tstart_std: number("t0_input_stdev")?,
        tstop: Some(tstop),
        burst_rate: number("f_input")?,
        burst_std: number("f_stdev")?,
        numspikes: params.whole(&format!("events_per_cycle_{kind}"))?,
        spike_isi: 10.0,
    });
    let attach = DriveAttachment {
        n_drive_cells: DriveCells::Count(params.whole(&format!("repeats_{kind}"))?),
        weights_ampa: Some(weights("ampa")?),
        weights_nmda: Some(weights("nmda")?),
        synaptic_delays: PerCellType::Each(by_type(types(), |_, layer| {
            params.number(&format!("input_{kind}_A_delay_{layer}"))
        })?),
        ..DriveAttachment::bursty(location)
    };
    // Python's int() cuts towards zero.
    let seed = params
        .number(&format!("prng_seedcore_input_{kind}"))?
        .trunc();
    Ok(Some((format!("bursty{index}"), (dynamics, attach), seed)))
}

fn evoked(
    params: &Params,
    legacy_mode: bool,
    kind: &str,
    i: usize,
    location: &str,
) -> Result<Spec, NetworkError> {
    let key = format!("{kind}_{i}");
    let types = || {
        CELL_TYPES
            .iter()
            .filter(move |(name, ..)| kind == "evprox" || *name != "L5_basket")
    };
    let weights = |receptor: &str| {
        by_type(types(), |short, _| {
            params.number(&format!("gbar_{key}_{short}_{receptor}"))
        })
    };
    // Synchronous inputs come from one drive cell, others from one for each target.
    let synchronous = params.truth("sync_evinput");
    let dynamics = Dynamics::Evoked(Evoked {
        mu: params.number(&format!("t_{key}"))?,
        sigma: params.number(&format!("sigma_t_{key}"))?,
        numspikes: params.whole(&format!("numspikes_{key}"))?,
    });
    let attach = DriveAttachment {
        n_drive_cells: if synchronous {
            DriveCells::Count(1)
        } else {
            DriveCells::NCells
        },
        cell_specific: !synchronous,
        weights_ampa: Some(weights("ampa")?),
        weights_nmda: Some(weights("nmda")?),
        synaptic_delays: PerCellType::Each(by_type(types(), |_, layer| {
            Ok(if kind == "evprox" && layer == "L5" {
                1.0
            } else {
                0.1
            })
        })?),
        ..DriveAttachment::evoked(location)
    };
    // Since the rhythmic drives have 20 cells and not 2, legacy networks count back.
    let shift = if legacy_mode { 18.0 } else { 0.0 };
    let seed = params.number(&format!("prng_seedcore_{key}"))?.trunc() - shift;
    Ok((format!("{kind}{i}"), (dynamics, attach), seed))
}

fn gaussian(params: &Params, legacy_mode: bool) -> Result<Option<Spec>, NetworkError> {
    let mu = params.number("L2Basket_Gauss_mu")?;
    // Turned off by default, by a mean time after the end.
    if !legacy_mode && mu > params.number("tstop")? {
        return Ok(None);
    }
    let all = || CELL_TYPES.iter();
    let dynamics = Dynamics::Evoked(Evoked {
        mu,
        sigma: params.number("L2Basket_Gauss_sigma")?,
        numspikes: 50,
    });
    let attach = DriveAttachment {
        weights_ampa: Some(by_type(all(), |short, _| {
            params.number(&format!("{short}_Gauss_A_weight"))
        })?),
        weights_nmda: Some(IndexMap::new()),
        // hnn-core takes the mean time for the delay.
        synaptic_delays: PerCellType::Each(by_type(all(), |short, _| {
            params.number(&format!("{short}_Gauss_mu"))
        })?),
        space_constant: 100.0,
        ..DriveAttachment::evoked("proximal")
    };
    let seed = params.number("prng_seedcore_extgauss")?.trunc();
    Ok(Some(("extgauss".into(), (dynamics, attach), seed)))
}

fn poisson(params: &Params, legacy_mode: bool) -> Result<Option<Spec>, NetworkError> {
    let (tstart, tstop) = (params.number("t0_pois")?, params.number("T_pois")?);
    // Turned off by an end before its start: T_pois is -1 by default.
    if !legacy_mode && tstop < tstart {
        return Ok(None);
    }
    let all = || CELL_TYPES.iter();
    let weights = |receptor: &str| {
        by_type(all(), |short, _| {
            params.number(&format!("{short}_Pois_A_weight_{receptor}"))
        })
    };
    let rates = by_type(all(), |short, _| {
        let rate = params.number(&format!("{short}_Pois_lamtha"))?;
        Ok(if rate > 0.0 { rate } else { 1.0 }) // as hnn-core reads the old files' placeholders
    })?;
    let dynamics = Dynamics::Poisson(Poisson {
        tstart: tstart.max(0.0),
        tstop: Some(tstop.max(0.0)),
        rate_constant: RateConstant::Each(rates),
    });
    let attach = DriveAttachment {
        weights_ampa: Some(weights("ampa")?),
        weights_nmda: Some(weights("nmda")?),
        synaptic_delays: PerCellType::Each(
            [
                ("L2_basket", 1.0),
                ("L2_pyramidal", 0.1),
                ("L5_basket", 1.0),
                ("L5_pyramidal", 1.0),
            ]
            .map(|(name, delay)| (name.to_string(), delay))
            .into(),
        ),
        ..DriveAttachment::poisson("proximal")
    };
    let seed = params.number("prng_seedcore_extpois")?.trunc();
    Ok(Some(("extpois".into(), (dynamics, attach), seed)))
}
