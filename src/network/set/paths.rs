//! Every path that [`Network::set`] takes a number for, with what is there now.

use super::path::{Path, PathSegment};
use super::{Network, SetValue};
use crate::network::{
    ArgumentValue, Drive, Dynamics, MechValue, NetworkError, PerCellType, RateConstant,
};
use indexmap::IndexMap;

/// A path that can be set, and what it has now.
#[derive(Clone, Debug, PartialEq)]
pub struct SettablePath {
    /// The path, as [`Network::set`] takes it.
    pub path: String,
    /// Its number; of a parameter that varies along a section, that of each segment.
    pub values: Vec<f64>,
    /// Unit; empty for a pure number.
    pub unit: &'static str,
}

/// Collects paths.
#[derive(Default)]
struct Paths(Vec<SettablePath>);

impl Paths {
    fn add(&mut self, names: &[&str], value: f64, unit: &'static str) {
        self.add_all(names, vec![value], unit);
    }

    fn add_all(&mut self, names: &[&str], values: Vec<f64>, unit: &'static str) {
        // A name with a dot would read as two.
        let quoted = names.iter().map(|name| match name.contains('.') {
            true => format!("\"{name}\""),
            false => (*name).to_owned(),
        });
        self.0.push(SettablePath {
            path: quoted.collect::<Vec<_>>().join("."),
            values,
            unit,
        });
    }

    fn per_type(&mut self, names: &[&str], values: &IndexMap<String, f64>, unit: &'static str) {
        for (cell_type, value) in values {
            self.add(&[names, &[cell_type]].concat(), *value, unit);
        }
    }
}

impl Network {
    /// Every number that can be set, in the order of the network. Weights and delays of drives are in `drives`, not
    /// once more in `connections`.
    ///
    /// ```
    /// use hnn_sweep::network::Model;
    ///
    /// let net = Model::Neymotin2020.network([2, 2]);
    /// let found = net.paths().into_iter().find(|p| p.path == "cells.L5_pyramidal.sections.soma.L").unwrap();
    /// assert_eq!((found.values, found.unit), (vec![39.0], "um"));
    /// ```
    pub fn paths(&self) -> Vec<SettablePath> {
        let mut paths = Paths::default();
        for (name, value, unit) in [
            ("inplane_distance", self.inplane_distance, "um"),
            ("layer_separation", self.layer_separation, "um"),
            ("threshold", self.threshold, "mV"),
            ("celsius", self.celsius, "degC"),
            ("delay", self.delay, "ms"),
            ("dipole_smooth_win", self.dipole_smooth_win, "ms"),
            ("dipole_scalefctr", self.dipole_scalefctr, ""),
        ] {
            paths.add(&[name], value, unit);
        }
        for (name, drive) in &self.external_drives {
            paths_of_drive(name, drive, &mut paths);
        }
        self.paths_of_connections(&mut paths);
        for (name, cell_type) in &self.cell_types {
            paths_of_cell(name, &cell_type.cell, &mut paths);
        }
        for (name, by_type) in &self.external_biases {
            for (cell_type, bias) in by_type {
                let base = ["biases", name, cell_type];
                let mut add = |field, value, unit| {
                    paths.add(&[&base[..], &[field]].concat(), value, unit);
                };
                add("amplitude", bias.amplitude, "nA");
                add("t0", bias.t0, "ms");
                if let Some(tstop) = bias.tstop {
                    add("tstop", tstop, "ms");
                }
                add("loc", bias.loc, "");
            }
        }
        for (name, array) in &self.rec_arrays {
            paths.add(
                &["rec_arrays", name, "conductivity"],
                array.conductivity,
                "S/m",
            );
            paths.add(
                &["rec_arrays", name, "min_distance"],
                array.min_distance,
                "um",
            );
        }
        paths.0
    }

    fn paths_of_connections(&self, paths: &mut Paths) {
        let of_cells = self
            .connectivity
            .iter()
            // Those of drives follow from the drives' arguments, which have paths of their own.
            .filter(|conn| !self.external_drives.contains_key(conn.src_type.as_str()));
        for conn in of_cells {
            let chosen = format!(
                "connections[src={},target={},loc={},receptor={}]",
                conn.src_type, conn.target_type, conn.loc, conn.receptor
            );
            for (field, value, unit) in [
                ("weight", conn.weight, "uS"),
                ("delay", conn.delay, "ms"),
                ("lamtha", conn.lamtha, ""),
                ("gain", conn.gain, ""),
                ("threshold", conn.threshold, "mV"),
            ] {
                paths.0.push(SettablePath {
                    path: format!("{chosen}.{field}"),
                    values: vec![value],
                    unit,
                });
            }
        }
    }

    /// What a path has now, by the paths of single places: more than one where `*` or a choice of connections names
    /// several, or where a drive has a number for each cell type.
    ///
    /// # Errors
    /// A path that matches nothing, or that has no number.
    pub fn values_at(&self, path: &str) -> Result<Vec<SettablePath>, NetworkError> {
        let wanted = Path::parse(path)?;
        if wanted.segments[0].name == "connections" {
            return self.connections_at(&wanted);
        }
        let matching = |found: &SettablePath| {
            let found = Path::parse(&found.path).ok();
            found.is_some_and(|found| matches(&wanted.segments, &found.segments))
        };
        let found: Vec<SettablePath> = self.paths().into_iter().filter(matching).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        // Setting it says what is wrong with the path, if something is.
        // On a copy: whatever a 0 would do there, nothing comes of it.
        self.clone().set(path, SetValue::Number(0.0))?;
        Err(NetworkError::file(
            path,
            "has no number yet that an expression could change: set it to a number",
        ))
    }

    fn connections_at(&self, wanted: &Path) -> Result<Vec<SettablePath>, NetworkError> {
        let [selector, field] = &wanted.segments[..] else {
            return Err(NetworkError::file(
                wanted.segments[0].name.clone(),
                "must go on with weight, delay, lamtha, gain or threshold",
            ));
        };
        let picked = self
            .select_connections(selector)
            .map_err(|e| wanted.locate(e))?;
        let at = |index: usize| {
            let conn = self.connectivity.get(index)?;
            let value = match field.name.as_str() {
                "weight" => conn.weight,
                "delay" => conn.delay,
                "lamtha" => conn.lamtha,
                "gain" => conn.gain,
                "threshold" => conn.threshold,
                _ => return None,
            };
            Some(SettablePath {
                // By number, as two connections may have the same ends, place and receptor.
                path: format!("connections[index={index}].{}", field.name),
                values: vec![value],
                unit: "",
            })
        };
        let found: Option<Vec<SettablePath>> = picked.into_iter().map(at).collect();
        found.ok_or_else(|| {
            let known = ["weight", "delay", "lamtha", "gain", "threshold"];
            let field = field.name.as_str();
            wanted.locate(super::unknown("the field of a connection", field, &known))
        })
    }

    /// Sets a place that [`values_at`](Self::values_at) has given to other numbers, as many as it has.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_values(&mut self, place: &SettablePath, values: &[f64]) -> Result<(), NetworkError> {
        // Only a parameter along a section has several, and `set` takes one number.
        if let [value] = values
            && place.values.len() == 1
        {
            return self.set(&place.path, SetValue::Number(*value));
        }
        let path = Path::parse(&place.path)?;
        let wrong = || NetworkError::file(place.path.clone(), "is no parameter along a section");
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(NetworkError::file(
                place.path.clone(),
                format!("is {value}: it must be a finite number"),
            ));
        }
        let names: Vec<&str> = path.segments.iter().map(|s| s.name.as_str()).collect();
        let [
            "cells",
            cell_type,
            "sections",
            section,
            "mechs",
            mech,
            parameter,
        ] = names[..]
        else {
            return Err(wrong());
        };
        let cell = &mut self.cell_type_mut(cell_type)?.cell;
        let known = (cell.sections.get_mut(section))
            .and_then(|section| section.mechs.get_mut(mech)?.get_mut(parameter));
        match known {
            Some(MechValue::PerSegment(along)) if along.values.len() == values.len() => {
                along.values = values.to_vec();
                Ok(())
            }
            _ => Err(wrong()),
        }
    }
}

/// Whether a path names a place: each name the same or `*`; a drive's path may end before the cell type.
fn matches(wanted: &[PathSegment], found: &[PathSegment]) -> bool {
    let same = wanted
        .iter()
        .zip(found)
        .all(|(wanted, found)| wanted.name == found.name || wanted.name == "*");
    let first = found.first().map(|segment| segment.name.as_str());
    let whole = wanted.len() == found.len();
    same && (whole || first == Some("drives") && found.len() == 4 && wanted.len() == 3)
}

fn paths_of_drive(name: &str, drive: &Drive, paths: &mut Paths) {
    let base = ["drives", name];
    let path = |field| [&base[..], &[field]].concat();
    for (argument, value) in drive.dynamics.arguments() {
        let path = path(argument.name);
        match value {
            ArgumentValue::Number(value) | ArgumentValue::End(Some(value)) => {
                paths.add(&path, value, argument.unit);
            }
            ArgumentValue::Count(count) => paths.add(&path, f64::from(count), argument.unit),
            ArgumentValue::Rate(RateConstant::All(rate)) => paths.add(&path, rate, argument.unit),
            ArgumentValue::Rate(RateConstant::Each(rates)) => {
                paths.per_type(&path, &rates, argument.unit);
            }
            ArgumentValue::End(None) => {}
        }
    }
    for (field, weights) in [
        ("weights_ampa", &drive.weights_ampa),
        ("weights_nmda", &drive.weights_nmda),
    ] {
        for weights in weights.iter() {
            paths.per_type(&path(field), weights, "uS");
        }
    }
    for (field, values, unit) in [
        ("synaptic_delays", &drive.synaptic_delays, "ms"),
        ("probability", &drive.probability, ""),
    ] {
        match values {
            PerCellType::All(value) => paths.add(&path(field), *value, unit),
            PerCellType::Each(values) => paths.per_type(&path(field), values, unit),
        }
    }
    paths.add(&path("space_constant"), drive.space_constant, "");
    if !matches!(drive.dynamics, Dynamics::SpikeTrain { .. }) {
        paths.add(&path("event_seed"), drive.event_seed as f64, "");
    }
    if let Some(seed) = drive.conn_seed {
        paths.add(&path("conn_seed"), seed as f64, "");
    }
}

fn paths_of_cell(name: &str, cell: &crate::network::Cell, paths: &mut Paths) {
    for (section_name, section) in &cell.sections {
        let base = ["cells", name, "sections", section_name];
        for (field, value, unit) in [
            ("L", section.L, "um"),
            ("diam", section.diam, "um"),
            ("Ra", section.Ra, "ohm cm"),
            ("cm", section.cm, "uF/cm^2"),
            ("v0", section.v0, "mV"),
            ("nseg", f64::from(section.nseg), ""),
        ] {
            paths.add(&[&base[..], &[field]].concat(), value, unit);
        }
        for (mech, parameters) in &section.mechs {
            for (parameter, value) in parameters {
                let values = match value {
                    MechValue::Uniform(value) => vec![*value],
                    MechValue::PerSegment(along) => along.values.clone(),
                };
                let names = [&base[..], &["mechs", mech, parameter]].concat();
                paths.add_all(&names, values, unit_of(mech, parameter));
            }
        }
    }
    for (receptor, synapse) in &cell.synapses {
        let base = ["cells", name, "synapses", receptor];
        for (field, value, unit) in [
            ("e", synapse.e, "mV"),
            ("tau1", synapse.tau1, "ms"),
            ("tau2", synapse.tau2, "ms"),
        ] {
            paths.add(&[&base[..], &[field]].concat(), value, unit);
        }
    }
}

/// Units of the mechanisms' parameters, from their .mod files.
fn unit_of(mech: &str, parameter: &str) -> &'static str {
    match (mech, parameter.split('_').next().unwrap_or_default()) {
        (_, "el" | "e") => "mV",
        ("cad", _) => "ms",
        // The .mod files mix S/cm2 and pS/um2; 1 pS/um2 is 1e-4 S/cm2.
        ("hh2" | "ar" | "cat" | "pas", _) => "S/cm^2",
        ("ca" | "km" | "kca", _) => "pS/um^2",
        _ => "",
    }
}
