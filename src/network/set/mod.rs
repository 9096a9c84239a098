//! Setting anything in a network by a path: `net.set("drives.evprox1.mu", 30.0.into())`.
//!
//! | path | value |
//! |---|---|
//! | `drives.NAME.ARGUMENT`, `drives.NAME.weights_ampa.TYPE`, … | any argument of the drive; as if it had been added so |
//! | `connections[src=S,target=T,loc=L,receptor=R].weight` | also `delay`, `lamtha`, `gain`, `threshold`, `probability` |
//! | `gains.e_e` | also `e_i`, `i_e`, `i_i` |
//! | `cells.TYPE.sections.SECTION.L` | also `diam`, `Ra`, `cm`, `v0`, `nseg`; hnn-core's `modify_section` |
//! | `cells.TYPE.sections.SECTION.mechs.MECH.PARAMETER` | a number, or a table for a distance-dependent form |
//! | `cells.TYPE.synapses.RECEPTOR.tau1` | also `tau2`, `e` |
//! | `biases.NAME.TYPE.amplitude` | also `t0`, `tstop`, `section`, `loc` |
//! | `rec_arrays.NAME.conductivity` | also `min_distance`, `method` |
//! | `inplane_distance`, `layer_separation`, `threshold`, `celsius`, `dipole_smooth_win`, `dipole_scalefctr` | numbers |
//!
//! In `connections[…]` every entry may be left out (it then matches all), and may list alternatives:
//! `receptor=ampa|nmda`. `*` stands for every cell type, and for every section. `false` removes what the path names:
//! a drive, the matching connections, a mechanism, a bias, an array. A name with a dot is written in quotes.

mod cells;
mod drives;
mod path;
mod paths;

pub use paths::SettablePath;

use super::connect::check_lamtha;
use super::error::{finite, non_negative, positive};
use super::{ElectrodeMethod, Network, NetworkError};
use indexmap::IndexMap;
use path::{Path, PathSegment};

/// A value to set.
#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    /// A number. Whole numbers and seeds too.
    Number(f64),
    /// A word, such as a location.
    Text(String),
    /// True or false; false also removes things.
    Flag(bool),
    /// Values by name, such as a distance-dependent form or weights by cell type.
    Table(IndexMap<String, SetValue>),
}

impl From<f64> for SetValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for SetValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for SetValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Network {
    /// Sets what a path names. On an error nothing has changed.
    ///
    /// ```
    /// use hnn_sweep::network::Network;
    ///
    /// let mut network = Network::neymotin_2020([3, 3]);
    /// network.add_erp_drives(0.0)?;
    /// network.set("drives.evprox1.mu", 30.0.into())?;
    /// network.set("cells.*.synapses.gabaa.tau2", 10.0.into())?;
    /// network.set("connections[src=L2_basket,receptor=gabaa].weight", 0.01.into())?;
    /// network.set("drives.evdist1", false.into())?;
    /// let error = network.set("cells.L5_pyramidal.sections.soma.diameter", 20.0.into()).unwrap_err();
    /// assert!(error.to_string().contains("diam"));
    /// # Ok::<(), hnn_sweep::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// A path that matches nothing, with near matches; a value that is not allowed there.
    pub fn set(&mut self, path: &str, value: SetValue) -> Result<(), NetworkError> {
        let path = Path::parse(path)?;
        // On a copy, which shares what does not change, so that an error leaves the network alone.
        let mut changed = self.clone();
        changed
            .apply(&path, &value)
            .map_err(|error| path.locate(error))?;
        *self = changed;
        Ok(())
    }

    fn apply(&mut self, path: &Path, value: &SetValue) -> Result<(), NetworkError> {
        const ROOTS: [&str; 14] = [
            "drives",
            "connections",
            "gains",
            "cells",
            "biases",
            "rec_arrays",
            "inplane_distance",
            "layer_separation",
            "threshold",
            "celsius",
            "delay",
            "dipole_smooth_win",
            "dipole_scalefctr",
            "legacy_mode",
        ];
        // `Path::parse` gives at least one segment.
        let rest = &path.segments[1..];
        match path.segments[0].name.as_str() {
            "drives" => self.set_in_drives(rest, value),
            "connections" => self.set_in_connections(&path.segments[0], rest, value),
            "gains" => {
                let [kind] = names(rest, "e_e, e_i, i_e or i_i")?;
                let gain = Some(value.number()?);
                match kind {
                    "e_e" => self.set_global_synaptic_gains(gain, None, None, None),
                    "e_i" => self.set_global_synaptic_gains(None, gain, None, None),
                    "i_e" => self.set_global_synaptic_gains(None, None, gain, None),
                    "i_i" => self.set_global_synaptic_gains(None, None, None, gain),
                    _ => Err(unknown("gains", kind, &["e_e", "e_i", "i_e", "i_i"])),
                }
            }
            "cells" if rest.first().is_some_and(|segment| segment.name == "*") => {
                self.set_in_all_cells(rest, value)
            }
            "cells" => self.set_in_cells(rest, value),
            "biases" => self.set_in_biases(rest, value),
            "rec_arrays" => self.set_in_arrays(rest, value),
            global => {
                if !ROOTS[6..].contains(&global) {
                    return Err(unknown("path", global, &ROOTS));
                }
                let [] = names(rest, "nothing")?;
                self.set_global(global, value)
            }
        }
    }

    /// Sets in every cell type that has what the path names; at least one must.
    fn set_in_all_cells(
        &mut self,
        rest: &[PathSegment],
        value: &SetValue,
    ) -> Result<(), NetworkError> {
        let cell_types: Vec<String> = self.cell_types.keys().cloned().collect();
        let mut rest = rest.to_vec();
        let mut first_error = None;
        let mut done = false;
        for cell_type in cell_types {
            if let Some(segment) = rest.first_mut() {
                segment.name = cell_type;
            }
            // A type that lacks the section or channel is passed over.
            match self.set_in_cells(&rest, value) {
                Ok(()) => done = true,
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match first_error {
            Some(error) if !done => Err(error),
            _ => Ok(()),
        }
    }

    fn set_global(&mut self, name: &str, value: &SetValue) -> Result<(), NetworkError> {
        if name == "legacy_mode" {
            self.legacy_mode = value.flag()?;
            return Ok(());
        }
        let number = value.number()?;
        match name {
            // Cells move, and their distances with them; a mere field would leave them where they
            // are.
            "inplane_distance" => return self.set_cell_positions(Some(number), None),
            "layer_separation" => return self.set_cell_positions(None, Some(number)),
            "dipole_smooth_win" | "delay" => non_negative(name, number)?,
            _ => finite(name, number)?,
        }
        let field = match name {
            "threshold" => &mut self.threshold,
            "celsius" => &mut self.celsius,
            "delay" => &mut self.delay,
            "dipole_smooth_win" => &mut self.dipole_smooth_win,
            _ => &mut self.dipole_scalefctr,
        };
        *field = number;
        Ok(())
    }

    fn set_in_connections(
        &mut self,
        selector: &PathSegment,
        rest: &[PathSegment],
        value: &SetValue,
    ) -> Result<(), NetworkError> {
        let picked = self.select_connections(selector)?;
        if rest.is_empty() {
            value.removal()?;
            // By number: two connections may be alike in everything that a selector names.
            let mut index = 0..;
            self.connectivity
                .retain(|_| index.next().is_none_or(|i| !picked.contains(&i)));
            return Ok(());
        }
        const FIELDS: [&str; 6] = [
            "weight",
            "delay",
            "lamtha",
            "gain",
            "threshold",
            "probability",
        ];
        let [field] = names(rest, &FIELDS.join(", "))?;
        if !FIELDS.contains(&field) {
            return Err(unknown("the field of a connection", field, &FIELDS));
        }
        for index in picked {
            let Some(conn) = self.connectivity.get_mut(index) else {
                continue;
            };
            if field == "probability" {
                let (probability, seed) = value.probability()?;
                // A drive's pairs follow from its arguments, and would be made anew by the next
                // change.
                if self.external_drives.contains_key(conn.src_type.as_str()) {
                    return Err(NetworkError::argument(
                        field,
                        probability,
                        format!(
                            "connections of a drive are chosen as a whole: set drives.{}.probability",
                            conn.src_type
                        ),
                    ));
                }
                if conn.probability != 1.0 {
                    return Err(NetworkError::argument(
                        field,
                        probability,
                        format!(
                            "the connection {} to {} is pruned already (probability {}), and its other pairs are not known",
                            conn.src_type, conn.target_type, conn.probability
                        ),
                    ));
                }
                if probability != 1.0 {
                    conn.gid_pairs = conn.gid_pairs.pruned(probability, seed)?;
                    conn.probability = probability;
                }
                continue;
            }
            let number = value.number()?;
            match field {
                "weight" | "threshold" => finite(field, number)?,
                "lamtha" => check_lamtha(field, number)?,
                _ => non_negative(field, number)?,
            }
            *match field {
                "weight" => &mut conn.weight,
                "delay" => &mut conn.delay,
                "lamtha" => &mut conn.lamtha,
                "gain" => &mut conn.gain,
                _ => &mut conn.threshold,
            } = number;
        }
        Ok(())
    }

    /// Indices of the connections that a selector matches; at least one.
    fn select_connections(&self, selector: &PathSegment) -> Result<Vec<usize>, NetworkError> {
        const KEYS: [&str; 5] = ["src", "target", "loc", "receptor", "index"];
        let field = |index: usize, key: &str| {
            let conn = &self.connectivity[index];
            match key {
                "src" => conn.src_type.to_string(),
                "target" => conn.target_type.to_string(),
                "loc" => conn.loc.to_string(),
                "receptor" => conn.receptor.to_string(),
                _ => index.to_string(),
            }
        };
        let all = 0..self.connectivity.len();
        for (key, wanted) in &selector.selector {
            if !KEYS.contains(&key.as_str()) {
                return Err(unknown("connections[…]", key, &KEYS));
            }
            // Each alternative must exist, so that a misspelt one is not silently empty.
            for name in wanted {
                let mut known: Vec<String> = all.clone().map(|i| field(i, key)).collect();
                // Connections of one type mostly follow each other, so that this leaves few to look
                // through.
                known.dedup();
                if !known.contains(name) {
                    known.sort();
                    known.dedup();
                    return Err(NetworkError::unknown(
                        format!("connections[{key}]"),
                        name,
                        &known,
                    ));
                }
            }
        }
        let n_hits = |index: &usize| {
            let hits =
                |(key, wanted): &&(String, Vec<String>)| wanted.contains(&field(*index, key));
            selector.selector.iter().filter(hits).count()
        };
        let wanted = selector.selector.len();
        let picked: Vec<usize> = all.clone().filter(|i| n_hits(i) == wanted).collect();
        if !picked.is_empty() {
            return Ok(picked);
        }
        // The connections that match most of what was asked for show which word is wrong.
        let best = all.clone().map(|i| n_hits(&i)).max().unwrap_or(0);
        let near: Vec<String> = all
            .filter(|i| n_hits(i) == best)
            .take(5)
            .map(|i| {
                let entries = KEYS[..4]
                    .iter()
                    .map(|key| format!("{key}={}", field(i, key)));
                format!("connections[{}]", entries.collect::<Vec<_>>().join(","))
            })
            .collect();
        Err(NetworkError::argument(
            "connections[…]",
            "matched by no connection",
            format!("the nearest are {}", near.join(", ")),
        ))
    }

    fn set_in_biases(
        &mut self,
        rest: &[PathSegment],
        value: &SetValue,
    ) -> Result<(), NetworkError> {
        let known = self.external_biases.keys().cloned().collect::<Vec<_>>();
        let name = first_name(rest, "biases", &known)?;
        let Some(by_type) = self.external_biases.get_mut(name) else {
            return Err(NetworkError::unknown("biases", name, &known));
        };
        if rest.len() == 1 {
            value.removal()?;
            self.external_biases.shift_remove(name);
            return Ok(());
        }
        let cell_type = rest[1].name.as_str();
        let Some(bias) = by_type.get_mut(cell_type) else {
            return Err(NetworkError::unknown(
                format!("biases.{name}"),
                cell_type,
                by_type.keys(),
            ));
        };
        if rest.len() == 2 {
            value.removal()?;
            by_type.shift_remove(cell_type);
            return Ok(());
        }
        const FIELDS: [&str; 5] = ["amplitude", "t0", "tstop", "section", "loc"];
        let [field] = names(&rest[2..], &FIELDS.join(", "))?;
        match field {
            "section" => {
                let section = value.text()?;
                let sections = self.cell_types.get(cell_type).map(|t| &t.cell.sections);
                let known: Vec<String> = sections
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone())
                    .collect();
                if !known.iter().any(|name| name == section) {
                    return Err(NetworkError::unknown("section", section, &known));
                }
                bias.section = section.into();
            }
            "amplitude" | "t0" => {
                let number = value.number()?;
                finite(field, number)?;
                *(if field == "t0" {
                    &mut bias.t0
                } else {
                    &mut bias.amplitude
                }) = number;
            }
            "tstop" => {
                let number = value.number()?;
                non_negative(field, number)?;
                bias.tstop = Some(number);
            }
            "loc" => {
                let number = value.number()?;
                if !(0.0..=1.0).contains(&number) {
                    return Err(NetworkError::argument(
                        field,
                        number,
                        "it must be between 0 and 1",
                    ));
                }
                bias.loc = number;
            }
            _ => return Err(unknown("the field of a bias", field, &FIELDS)),
        }
        // After the field is set: a bias is checked as a whole, whichever end has moved.
        match bias.tstop {
            Some(tstop) if tstop < bias.t0 => Err(NetworkError::argument(
                "tstop",
                tstop,
                format!("it cannot be before t0 ({})", bias.t0),
            )),
            _ => Ok(()),
        }
    }

    fn set_in_arrays(
        &mut self,
        rest: &[PathSegment],
        value: &SetValue,
    ) -> Result<(), NetworkError> {
        let known = self.rec_arrays.keys().cloned().collect::<Vec<_>>();
        let name = first_name(rest, "rec_arrays", &known)?;
        let Some(array) = self.rec_arrays.get_mut(name) else {
            return Err(NetworkError::unknown("rec_arrays", name, &known));
        };
        if rest.len() == 1 {
            value.removal()?;
            self.rec_arrays.shift_remove(name);
            return Ok(());
        }
        const FIELDS: [&str; 3] = ["conductivity", "min_distance", "method"];
        let [field] = names(&rest[1..], &FIELDS.join(", "))?;
        match field {
            "conductivity" | "min_distance" => {
                let number = value.number()?;
                positive(field, number)?;
                *(match field {
                    "conductivity" => &mut array.conductivity,
                    _ => &mut array.min_distance,
                }) = number;
            }
            "method" => {
                array.method = Some(match value.text()? {
                    "psa" => ElectrodeMethod::Psa,
                    "lsa" => ElectrodeMethod::Lsa,
                    other => return Err(unknown("method", other, &["psa", "lsa"])),
                });
            }
            _ => return Err(unknown("the field of an array", field, &FIELDS)),
        }
        Ok(())
    }
}

impl SetValue {
    fn number(&self) -> Result<f64, NetworkError> {
        match self {
            Self::Number(number) => Ok(*number),
            other => Err(NetworkError::argument(
                "value",
                other,
                "it must be a number",
            )),
        }
    }

    /// A whole number from 0 to `most`.
    fn whole(&self, most: u64) -> Result<u64, NetworkError> {
        // A number is a float here, which holds whole numbers exactly up to 2^53.
        let number = self.number()?;
        if number.fract() != 0.0 || !(0.0..=most as f64).contains(&number) {
            let allowed = format!("it must be a whole number from 0 to {most}");
            return Err(NetworkError::argument("value", number, allowed));
        }
        Ok(number as u64)
    }

    fn text(&self) -> Result<&str, NetworkError> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(NetworkError::argument(
                "value",
                other,
                "it must be a string",
            )),
        }
    }

    fn flag(&self) -> Result<bool, NetworkError> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            other => Err(NetworkError::argument(
                "value",
                other,
                "it must be true or false",
            )),
        }
    }

    /// That the value is `false`, which removes.
    fn removal(&self) -> Result<(), NetworkError> {
        match self {
            Self::Flag(false) => Ok(()),
            other => Err(NetworkError::argument(
                "value",
                other,
                "the path names a whole thing: go on to one of its fields, or set it to false to remove it",
            )),
        }
    }

    /// A probability, with its seed if it is a table of both.
    fn probability(&self) -> Result<(f64, Option<u64>), NetworkError> {
        match self {
            Self::Table(entries) => {
                let get = |key: &str| {
                    entries.get(key).ok_or_else(|| {
                        NetworkError::argument(
                            "value",
                            self,
                            "write { probability = 0.5, conn_seed = 3 }",
                        )
                    })
                };
                let seed = get("conn_seed")?.whole(1 << 53)?;
                Ok((get("probability")?.number()?, Some(seed)))
            }
            Self::Number(probability) if *probability == 1.0 => Ok((1.0, None)),
            other => Err(NetworkError::argument(
                "probability",
                other,
                "the choice needs a seed: write { probability = 0.5, conn_seed = 3 }",
            )),
        }
    }
}

impl std::fmt::Display for SetValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Table(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// Exactly `N` more names.
fn names<'a, const N: usize>(
    rest: &'a [PathSegment],
    wanted: &str,
) -> Result<[&'a str; N], NetworkError> {
    let found: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
    found.try_into().map_err(|found: Vec<&str>| {
        let value = if found.is_empty() {
            "too short".into()
        } else {
            format!("followed by {}", found.join("."))
        };
        NetworkError::argument("path", value, format!("expected here: {wanted}"))
    })
}

fn first_name<'a>(
    rest: &'a [PathSegment],
    owner: &str,
    known: &[String],
) -> Result<&'a str, NetworkError> {
    match rest.first() {
        Some(segment) => Ok(&segment.name),
        None => Err(NetworkError::argument(
            owner,
            "too short",
            format!("it must go on with one of: {}", known.join(", ")),
        )),
    }
}

fn unknown(argument: &str, name: &str, known: &[&str]) -> NetworkError {
    let known: Vec<String> = known.iter().map(|name| name.to_string()).collect();
    NetworkError::unknown(argument, name, &known)
}
