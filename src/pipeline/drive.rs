//! `[[drive]]`, `[[bias]]` and `[[electrode_array]]`: inputs and electrodes, with every argument of hnn-core.

use super::error::PipelineError;
use super::grid::{Values, read_spaced};
use super::keys::{BIAS_KEYS, DRIVE_TYPES, ELECTRODE_ARRAY_KEYS, POSITION_KEYS, drive_keys};
use super::reader::{Place, TomlItem, TomlTable};
use super::scope::Scope;
use super::setting::{Flag, Number, Text};
use crate::input;
use crate::network::{ArgumentValue, Dynamics, SpikeData};
use std::path::{Path, PathBuf};

/// A drive as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DriveSpec {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) adds: Adds,
    /// Places of all keys that are given, to attach errors of the network to.
    pub(super) places: Vec<Place>,
}

/// What a `[[drive]]` adds to the network.
#[allow(clippy::large_enum_variant)] // a file has a handful
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Adds {
    /// A drive.
    Drive {
        /// Its kind, with hnn-core's defaults.
        defaults: Dynamics,
        /// Names and values of the dynamics' arguments that are given.
        arguments: Vec<(&'static str, PerType)>,
        /// Event times (ms) of a spike train by drive cell.
        events: Vec<Vec<Number>>,
        attachment: Attachment,
    },
    /// The three drives of `add_erp_drives_to_jones_model`.
    Erp { tstart: Option<Number> },
}

/// Arguments that all drives have; `None` stands for hnn-core's default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attachment {
    pub(super) location: Text,
    pub(super) n_drive_cells: Option<DriveCellsSpec>,
    pub(super) cell_specific: Option<Flag>,
    pub(super) weights_ampa: Option<Vec<(String, Number)>>,
    pub(super) weights_nmda: Option<Vec<(String, Number)>>,
    pub(super) space_constant: Option<Number>,
    pub(super) synaptic_delays: Option<PerType>,
    pub(super) probability: Option<PerType>,
    pub(super) event_seed: Option<Number>,
    pub(super) conn_seed: Option<Number>,
}

/// Number of drive cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DriveCellsSpec {
    /// One per target cell.
    NCells,
    /// So many.
    Number(Number),
}

/// One number for all cell types, or one for each.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PerType {
    All(Number),
    Each(Vec<(String, Number)>),
}

impl DriveSpec {
    /// Reads a drive; `None` after its mistakes have been noted.
    pub(super) fn read(item: &TomlItem, scope: &Scope) -> Result<Option<Self>, PipelineError> {
        let table = TomlTable::open(item)?;
        // Without its type nothing else can be read, so a mistake there ends the reading.
        let kind = table.require("type")?.word(&DRIVE_TYPES)?;
        let name_item = table.get("name");
        let name = match (&name_item, kind) {
            (Some(item), _) => item.string()?,
            // hnn-core gives its three drives their names; this one is for messages only.
            (None, "erp") => "erp".to_owned(),
            (None, _) => table.require("name")?.string()?,
        };
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(item.error("a drive's name must not be empty"));
        }
        let table = table.called(format!("drive `{name}`"));
        check_drive_keys(&table, kind);
        let Some(adds) = Adds::read(&table, kind, scope) else {
            return Ok(None);
        };
        let mut places = Vec::new();
        for (_, _, item) in table.iter() {
            places.push(item.place.clone());
            if item.is_table() {
                // From the key to the end of the value, so that an unknown cell type is marked.
                places.extend(TomlTable::open(&item)?.iter().map(|(_, key, inner)| Place {
                    span: key.start.min(inner.place.span.start)..inner.place.span.end,
                    ..inner.place
                }));
            }
        }
        Ok(Some(Self {
            name,
            place: Place {
                name: "name".to_owned(),
                owner: table.owner.clone(),
                span: name_item.map_or(item.place.span.clone(), |i| i.place.span),
            },
            adds,
            places,
        }))
    }
}

/// Takes note of keys that this kind of drive does not have.
fn check_drive_keys(table: &TomlTable, kind: &str) {
    table.check_keys(&drive_keys(kind));
}

impl Adds {
    /// `None` after mistakes have been noted.
    fn read(table: &TomlTable, kind: &str, scope: &Scope) -> Option<Self> {
        // `erp` is no kind of drive, but three drives.
        let Some(defaults) = Dynamics::of_kind(kind) else {
            let tstart = table.optional("tstart", |i| Number::read(i, scope));
            return Some(Self::Erp { tstart });
        };
        let mut arguments = Some(Vec::new());
        for (argument, default) in defaults.arguments() {
            // Only rates may be given by cell type.
            let read = |item: &TomlItem| match default {
                ArgumentValue::Rate(_) => PerType::read(item, scope),
                _ => Number::read(item, scope).map(PerType::All),
            };
            let given = match argument.required {
                true => table.required(argument.name, read),
                false => table.optional(argument.name, read),
            };
            match given {
                Some(given) => arguments
                    .iter_mut()
                    .for_each(|a| a.push((argument.name, given.clone()))),
                None if argument.required => arguments = None,
                None => {}
            }
        }
        let events = match defaults {
            Dynamics::SpikeTrain { .. } => {
                table.required("spike_data", |i| read_spike_data(i, scope))
            }
            _ => Some(Vec::new()),
        };
        let attachment = Attachment::read(table, scope);
        Some(Self::Drive {
            defaults,
            arguments: arguments?,
            events: events?,
            attachment: attachment?,
        })
    }
}

impl Attachment {
    /// `None` after mistakes have been noted.
    fn read(table: &TomlTable, scope: &Scope) -> Option<Self> {
        let number = |key: &str| table.optional(key, |i| Number::read(i, scope));
        let per_type = |key: &str| table.optional(key, |i| PerType::read(i, scope));
        let weights = |key: &str| table.optional(key, |i| read_by_type(i, scope));
        let location = table.required("location", |i| Text::read(i, scope));
        let attachment = |location| Self {
            location,
            n_drive_cells: table.optional("n_drive_cells", |i| {
                if i.is_string() && i.string()? == "n_cells" {
                    Ok(DriveCellsSpec::NCells)
                } else {
                    Number::read(i, scope).map(DriveCellsSpec::Number)
                }
            }),
            cell_specific: table.optional("cell_specific", |i| Flag::read(i, scope)),
            weights_ampa: weights("weights_ampa"),
            weights_nmda: weights("weights_nmda"),
            // The one argument that may be infinite: no decay with distance.
            space_constant: table.optional("space_constant", |i| Number::read_infinite(i, scope)),
            synaptic_delays: per_type("synaptic_delays"),
            probability: per_type("probability"),
            event_seed: number("event_seed"),
            conn_seed: number("conn_seed"),
        };
        match location {
            Some(location) => Some(attachment(location)),
            None => {
                // For their mistakes.
                attachment(Text::none());
                None
            }
        }
    }
}

impl PerType {
    fn read(item: &TomlItem, scope: &Scope) -> Result<Self, PipelineError> {
        if item.is_table() {
            read_by_type(item, scope).map(PerType::Each)
        } else {
            Number::read(item, scope).map(PerType::All)
        }
    }
}

/// Reads numbers by cell type; that the types exist is the network's to say.
fn read_by_type(item: &TomlItem, scope: &Scope) -> Result<Vec<(String, Number)>, PipelineError> {
    let table = TomlTable::open(item)?;
    let numbers = table.iter().filter_map(|(cell_type, _, value)| {
        let number = table.source.keep(Number::read(&value, scope))?;
        Some((cell_type.to_owned(), number))
    });
    Ok(numbers.collect())
}

/// Reads hnn-core's `spike_data`: `{ cell = [times] }`, `[[time, gid], …]` or a spike file. One list of times per
/// drive cell.
fn read_spike_data(item: &TomlItem, scope: &Scope) -> Result<Vec<Vec<Number>>, PipelineError> {
    if item.is_table() {
        return TomlTable::open(item)?
            .iter()
            .map(|(_, _, times)| {
                times
                    .array()?
                    .iter()
                    .map(|time| Number::read(time, scope))
                    .collect()
            })
            .collect();
    }
    if item.is_string() {
        return read_spike_file(item);
    }
    if !item.is_array() {
        return Err(item.wrong_type(
            "a table of lists of times, a list of [time, gid] pairs, or the name of a spike file",
        ));
    }
    // Arbitrary gids are renumbered in ascending order, as in hnn-core.
    let mut by_gid = std::collections::BTreeMap::<i64, Vec<Number>>::new();
    for pair in item.array()? {
        let elements = pair.array()?;
        let [time, gid] = elements.as_slice() else {
            return Err(pair.error(format!("{} must be a pair [time, gid]", pair.describe())));
        };
        by_gid
            .entry(gid.integer()?)
            .or_default()
            .push(Number::read(time, scope)?);
    }
    Ok(by_gid.into_values().collect())
}

/// Reads a spike file: time, gid and type in columns. Sources are numbered in the order of their first spikes, and of
/// the files that a pattern names the first is taken, as in hnn-core.
fn read_spike_file(item: &TomlItem) -> Result<Vec<Vec<Number>>, PipelineError> {
    let named = item.source.beside(&item.string()?);
    let path = item.source.files.find(&named, || first_match(item))?;
    let fail = |problem| item.error_in(&path, problem);
    let table = input::InputTable::read(&path).map_err(fail)?;
    let sources = match SpikeData::of_table(&table).map_err(fail)? {
        SpikeData::Sources(sources) if !sources.is_empty() => sources,
        _ => return Err(item.error(format!("{}: has no spikes", path.display()))),
    };
    let number = |time| Number::constant(item.place.clone(), time);
    let of_source = |times: Vec<f64>| times.into_iter().map(number).collect();
    Ok(sources.into_values().map(of_source).collect())
}

/// The file that a name, or a pattern with `*`, `?` or `[…]`, stands for.
fn first_match(item: &TomlItem) -> Result<PathBuf, PipelineError> {
    let name = item.string()?;
    let path = item.source.beside(&name);
    // A name that exists is taken as it is, whatever characters it has.
    if !name.contains(['*', '?', '[']) || path.exists() {
        return Ok(path);
    }
    let wrong = |what: &str| {
        item.error(format!("{}: {what}", path.display()))
            .with_help("`spk_*.txt` stands for all files with such names; the first in alphabetical order is taken, as in hnn-core")
    };
    // The pipeline's own folder is no pattern.
    let folder = item.source.beside("");
    let folder = glob::Pattern::escape(&folder.to_string_lossy());
    let pattern = match Path::new(&name).is_absolute() {
        true => name.clone(),
        false => Path::new(&folder)
            .join(&name)
            .to_string_lossy()
            .into_owned(),
    };
    let options = glob::MatchOptions {
        // As a shell does: `*` does not mean hidden files.
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let paths = glob::glob_with(&pattern, options).map_err(|e| wrong(&e.to_string()))?;
    // `min`: alphabetical, whatever order the file system lists them in.
    let first = paths.flatten().filter(|path| !path.is_dir()).min();
    first.ok_or_else(|| {
        let folder = std::path::absolute(path.parent().unwrap_or(Path::new("")));
        let folder = folder.unwrap_or_default();
        wrong(&format!("no file in {} is called so", folder.display()))
    })
}

/// A tonic bias as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BiasSpec {
    pub(super) bias_name: String,
    pub(super) section: Option<Text>,
    /// Amplitude (nA) by cell type.
    pub(super) amplitude: Vec<(String, Number)>,
    pub(super) t0: Option<Number>,
    pub(super) tstop: Option<Number>,
    pub(super) place: Place,
    pub(super) places: Vec<Place>,
}

impl BiasSpec {
    pub(super) fn read(item: &TomlItem, scope: &Scope) -> Result<Self, PipelineError> {
        let table = TomlTable::new(item, BIAS_KEYS)?;
        let bias_name = table
            .get("bias_name")
            .map_or(Ok("tonic".to_owned()), |i| i.string())?;
        let table = table.called(format!("bias `{bias_name}`"));
        let amplitude = table.require("amplitude")?;
        let by_type = match table.get("cell_type") {
            Some(cell_type) if amplitude.is_table() => {
                return Err(cell_type
                    .error("`cell_type` is given, but `amplitude` already has one number per cell type")
                    .with_help("remove `cell_type`"));
            }
            Some(cell_type) => vec![(cell_type.string()?, Number::read(&amplitude, scope)?)],
            None if amplitude.is_table() => read_by_type(&amplitude, scope)?,
            None => {
                return Err(amplitude
                    .error(format!(
                        "{} does not say for which cell type",
                        amplitude.describe()
                    ))
                    .with_help("write `amplitude = { L2_pyramidal = 1.0 }`, or add `cell_type`"));
            }
        };
        if by_type.is_empty() {
            return Err(amplitude.error(format!("{} names no cell type", amplitude.describe())));
        }
        let number = |key: &str| table.optional(key, |i| Number::read(i, scope));
        Ok(Self {
            section: table.optional("section", |i| Text::read(i, scope)),
            amplitude: by_type,
            t0: number("t0"),
            tstop: number("tstop"),
            place: amplitude.place,
            places: table.iter().map(|(.., i)| i.place).collect(),
            bias_name,
        })
    }
}

/// An electrode array as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArraySpec {
    pub(super) name: String,
    pub(super) electrode_pos: Vec<[Number; 3]>,
    pub(super) conductivity: Option<Number>,
    pub(super) method: Option<&'static str>,
    pub(super) min_distance: Option<Number>,
    pub(super) place: Place,
    pub(super) places: Vec<Place>,
}

/// Most contacts of one array.
const MAX_CONTACTS: usize = 10_000;

impl ArraySpec {
    /// Reads an array; `None` after its mistakes have been noted.
    pub(super) fn read(item: &TomlItem, scope: &Scope) -> Result<Option<Self>, PipelineError> {
        let table = TomlTable::new(item, ELECTRODE_ARRAY_KEYS)?;
        let name_item = table.require("name")?;
        let name = name_item.string()?;
        let table = table.called(format!("electrode array `{name}`"));
        let positions = table.required("electrode_pos", |i| read_positions(i, scope));
        let number = |key: &str| table.optional(key, |i| Number::read(i, scope));
        let (conductivity, min_distance) = (number("conductivity"), number("min_distance"));
        let method = table.optional("method", |i| i.word(&["psa", "lsa"]));
        let read = || {
            Some(Self {
                electrode_pos: positions?,
                conductivity,
                method,
                min_distance,
                place: Place {
                    name: "name".to_owned(),
                    owner: table.owner.clone(),
                    span: name_item.place.span,
                },
                places: table.iter().map(|(.., i)| i.place).collect(),
                name,
            })
        };
        Ok(read())
    }
}

/// Reads positions: a list of `[x, y, z]`, one of them, or `{ x = 0, y = 0, z = { linspace = [0, 2000, 16] } }`.
fn read_positions(item: &TomlItem, scope: &Scope) -> Result<Vec<[Number; 3]>, PipelineError> {
    let contacts = if item.is_table() {
        read_lines(item, scope)?
    } else {
        let elements = item.array()?;
        match elements.first() {
            None => return Err(item.error(format!("{} has no contact", item.describe()))),
            // Three numbers are one contact, lists of three are several.
            Some(first) if !first.is_array() => vec![read_position(item, scope)?],
            Some(_) => elements
                .iter()
                .map(|e| read_position(e, scope))
                .collect::<Result<_, _>>()?,
        }
    };
    if contacts.len() > MAX_CONTACTS {
        return Err(item.error(format!(
            "{} has {} contacts; at most {MAX_CONTACTS} are allowed",
            item.describe(),
            contacts.len()
        )));
    }
    Ok(contacts)
}

/// Reads x, y and z, each a number or as many numbers as there are contacts.
fn read_lines(item: &TomlItem, scope: &Scope) -> Result<Vec<[Number; 3]>, PipelineError> {
    let table = TomlTable::new(item, POSITION_KEYS)?;
    let coordinate = |key: &str| -> Result<Vec<Number>, PipelineError> {
        let item = table.require(key)?;
        if item.is_array() {
            return item
                .array()?
                .iter()
                .map(|i| Number::read(i, scope))
                .collect();
        }
        if !item.is_table() {
            return Ok(vec![Number::read(&item, scope)?]);
        }
        let values = match read_spaced(&item)? {
            Some(Values::Float(values)) => values,
            Some(Values::Int(values)) => values.into_iter().map(|v| v as f64).collect(),
            _ => {
                return Err(item
                    .error(format!("{} needs one list of numbers", item.describe()))
                    .with_help("write `{ linspace = [first, last, n] }` or `{ arange = [start, stop, step] }`"));
            }
        };
        let number = |value| Number::constant(item.place.clone(), value);
        Ok(values.into_iter().map(number).collect())
    };
    let coordinates = [coordinate("x")?, coordinate("y")?, coordinate("z")?];
    let lengths = coordinates.each_ref().map(Vec::len);
    // One number serves all contacts; the other axes say how many there are.
    let n = lengths.into_iter().find(|n| *n != 1).unwrap_or(1);
    if n == 0 || lengths.iter().any(|length| ![1, n].contains(length)) {
        return Err(item.error(format!(
            "{} has {} numbers of x, {} of y and {} of z: each must be one number, or one for each contact",
            item.describe(),
            lengths[0],
            lengths[1],
            lengths[2]
        )));
    }
    let at = |axis: &Vec<Number>, contact: usize| axis.get(contact).or(axis.first()).cloned();
    let contact = |i| {
        let [x, y, z] = &coordinates;
        Some([at(x, i)?, at(y, i)?, at(z, i)?])
    };
    Ok((0..n).filter_map(contact).collect())
}

fn read_position(item: &TomlItem, scope: &Scope) -> Result<[Number; 3], PipelineError> {
    let elements = item.array()?;
    let [x, y, z] = elements.as_slice() else {
        return Err(item.error(format!(
            "{} must be a position [x, y, z] in um",
            item.describe()
        )));
    };
    Ok([
        Number::read(x, scope)?,
        Number::read(y, scope)?,
        Number::read(z, scope)?,
    ])
}
