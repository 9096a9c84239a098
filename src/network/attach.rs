//! Adding drives, biases and electrode arrays, and taking drives away.

use super::connect::{check_lamtha, sections_at};
use super::error::{finite, non_negative, positive};
use super::{
    Drive, Dynamics, ElectrodeArray, Gid, Network, NetworkError, NewConnection, PerCellType,
    RateConstant, Targets, TonicBias,
};
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

/// Number of cells of a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveCells {
    /// hnn-core's `"n_cells"`: as many as there are cells of the targeted types.
    NCells,
    /// A number.
    Count(u32),
}

/// How a drive attaches to the network: the arguments that all drives share.
#[derive(Clone, Debug, PartialEq)]
pub struct DriveAttachment {
    /// A section that all targeted types have, or a group of sections such as `proximal` or `distal`.
    pub location: String,
    /// Number of drive cells; [`DriveCells::NCells`] if and only if `cell_specific`. Spike trains bring their own.
    pub n_drive_cells: DriveCells,
    /// Whether each target cell has a drive cell of its own.
    pub cell_specific: bool,
    /// AMPA weights (uS) by cell type.
    pub weights_ampa: Option<IndexMap<String, f64>>,
    /// NMDA weights (uS) by cell type.
    pub weights_nmda: Option<IndexMap<String, f64>>,
    /// Space constant, in units of the in-plane distance.
    pub space_constant: f64,
    /// Synaptic delays (ms) at the origin.
    pub synaptic_delays: PerCellType,
    /// Probability of each connection, in (0, 1].
    pub probability: PerCellType,
    /// Seed of the event times. Spike trains have none.
    pub event_seed: u64,
    /// Seed of the choice of connections where the probability is below 1.
    pub conn_seed: Option<u64>,
}

impl DriveAttachment {
    /// hnn-core's defaults for evoked drives: cell-specific, space constant 3.
    pub fn evoked(location: &str) -> Self {
        Self {
            location: location.into(),
            n_drive_cells: DriveCells::NCells,
            cell_specific: true,
            weights_ampa: None,
            weights_nmda: None,
            space_constant: 3.0,
            synaptic_delays: PerCellType::All(0.1),
            probability: PerCellType::All(1.0),
            event_seed: 2,
            conn_seed: Some(3),
        }
    }

    /// hnn-core's defaults for Poisson drives: cell-specific, space constant 100.
    pub fn poisson(location: &str) -> Self {
        Self {
            space_constant: 100.0,
            ..Self::evoked(location)
        }
    }

    /// hnn-core's defaults for bursty drives: one drive cell for all targets, space constant 100.
    pub fn bursty(location: &str) -> Self {
        Self {
            n_drive_cells: DriveCells::Count(1),
            cell_specific: false,
            ..Self::poisson(location)
        }
    }

    /// hnn-core's defaults for spike trains: every drive cell to all targets, space constant 3, no seed.
    pub fn spike_train(location: &str) -> Self {
        Self {
            n_drive_cells: DriveCells::Count(1),
            cell_specific: false,
            event_seed: 0,
            conn_seed: None,
            ..Self::evoked(location)
        }
    }

    /// The targeted types: those with a weight.
    fn targets(&self) -> IndexSet<&String> {
        let weights = [&self.weights_ampa, &self.weights_nmda];
        weights
            .into_iter()
            .flatten()
            .flat_map(IndexMap::keys)
            .collect()
    }
}

/// Arguments of [`Network::add_evoked_drive`].
#[derive(Clone, Debug, PartialEq)]
pub struct EvokedDrive {
    /// Mean (ms) of the event times.
    pub mu: f64,
    /// Standard deviation (ms) of the event times.
    pub sigma: f64,
    /// Events of each drive cell.
    pub numspikes: u32,
    /// Targets.
    pub attach: DriveAttachment,
}

/// Arguments of [`Network::add_poisson_drive`].
#[derive(Clone, Debug, PartialEq)]
pub struct PoissonDrive {
    /// Start (ms); hnn-core's default is 0.
    pub tstart: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
    /// Rate (Hz); rates by cell type need a cell-specific drive.
    pub rate_constant: RateConstant,
    /// Targets.
    pub attach: DriveAttachment,
}

/// Arguments of [`Network::add_bursty_drive`].
#[derive(Clone, Debug, PartialEq)]
pub struct BurstyDrive {
    /// Start (ms) of the bursts; hnn-core's default is 0.
    pub tstart: f64,
    /// Standard deviation (ms) of the start, common to all drive cells of a trial; hnn-core's default is 0.
    pub tstart_std: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
    /// Bursts per second (Hz).
    pub burst_rate: f64,
    /// Standard deviation (ms) of a burst's time; hnn-core's default is 0.
    pub burst_std: f64,
    /// Events of a burst; hnn-core's default is 2.
    pub numspikes: u32,
    /// Interval (ms) of the events of a burst; hnn-core's default is 10.
    pub spike_isi: f64,
    /// Targets.
    pub attach: DriveAttachment,
}

/// Event times of a spike train drive.
#[derive(Clone, Debug, PartialEq)]
pub enum SpikeData {
    /// Times (ms) by source, in the order that gives the drive cells their numbers.
    Sources(IndexMap<String, Vec<f64>>),
    /// Pairs of time (ms) and source; the sources are renumbered in ascending order.
    Pairs(Vec<(f64, i64)>),
}

/// Arguments of [`Network::add_spike_train_drive`].
#[derive(Clone, Debug, PartialEq)]
pub struct SpikeTrainDrive {
    /// Event times.
    pub spike_data: SpikeData,
    /// Targets.
    pub attach: DriveAttachment,
}

impl Network {
    /// Adds a drive whose cells fire at normally distributed times.
    ///
    /// # Errors
    /// A name that is taken; anything that hnn-core's `add_evoked_drive` refuses.
    pub fn add_evoked_drive(&mut self, name: &str, drive: EvokedDrive) -> Result<(), NetworkError> {
        finite("mu", drive.mu)?;
        non_negative("sigma", drive.sigma)?;
        if !self.legacy_mode {
            check_numspikes(drive.numspikes)?;
        }
        let dynamics = Dynamics::Evoked {
            mu: drive.mu,
            sigma: drive.sigma,
            numspikes: drive.numspikes,
        };
        self.attach_drive(name, dynamics, drive.attach)
    }

    /// Adds a drive whose cells fire as Poisson processes.
    ///
    /// # Errors
    /// A name that is taken; anything that hnn-core's `add_poisson_drive` refuses.
    pub fn add_poisson_drive(
        &mut self,
        name: &str,
        drive: PoissonDrive,
    ) -> Result<(), NetworkError> {
        check_interval(drive.tstart, drive.tstop)?;
        let attach = drive.attach;
        let rate_constant = match drive.rate_constant {
            RateConstant::All(rate) => {
                positive("rate_constant", rate)?;
                if attach.cell_specific {
                    let targets = attach.targets();
                    RateConstant::Each(targets.into_iter().map(|t| (t.clone(), rate)).collect())
                } else {
                    RateConstant::All(rate)
                }
            }
            RateConstant::Each(rates) => {
                self.check_rates(&rates, &attach)?;
                RateConstant::Each(rates)
            }
        };
        let dynamics = Dynamics::Poisson {
            tstart: drive.tstart,
            tstop: drive.tstop,
            rate_constant,
        };
        self.attach_drive(name, dynamics, attach)
    }

    fn check_rates(
        &self,
        rates: &IndexMap<String, f64>,
        attach: &DriveAttachment,
    ) -> Result<(), NetworkError> {
        for (cell_type, rate) in rates {
            self.cell_type("rate_constant", cell_type)?;
            positive(&format!("rate_constant of {cell_type}"), *rate)?;
        }
        if let Some(missing) = attach
            .targets()
            .into_iter()
            .find(|t| !rates.contains_key(*t))
        {
            return Err(NetworkError::argument(
                "rate_constant",
                format!("given for {}", names(rates.keys())),
                format!("{missing} has a weight and needs a rate too"),
            ));
        }
        if !attach.cell_specific {
            return Err(NetworkError::argument(
                "rate_constant",
                format!("given for {}", names(rates.keys())),
                "rates by cell type need cell_specific = true; give one number otherwise",
            ));
        }
        Ok(())
    }

    /// Adds a drive whose cells fire in rhythmic bursts.
    ///
    /// # Errors
    /// A name that is taken; anything that hnn-core's `add_bursty_drive` refuses.
    pub fn add_bursty_drive(&mut self, name: &str, drive: BurstyDrive) -> Result<(), NetworkError> {
        for (argument, value) in [
            ("tstart", drive.tstart),
            ("tstart_std", drive.tstart_std),
            ("burst_std", drive.burst_std),
            ("spike_isi", drive.spike_isi),
        ] {
            finite(argument, value)?;
        }
        positive("burst_rate", drive.burst_rate)?;
        non_negative("burst_std", drive.burst_std)?;
        if !self.legacy_mode {
            check_interval(drive.tstart, drive.tstop)?;
            non_negative("tstart_std", drive.tstart_std)?;
            check_numspikes(drive.numspikes)?;
            check_burst(drive.burst_rate, drive.numspikes, drive.spike_isi)?;
        }
        let dynamics = Dynamics::Bursty {
            tstart: drive.tstart,
            tstart_std: drive.tstart_std,
            tstop: drive.tstop,
            burst_rate: drive.burst_rate,
            burst_std: drive.burst_std,
            numspikes: drive.numspikes,
            spike_isi: drive.spike_isi,
        };
        self.attach_drive(name, dynamics, drive.attach)
    }

    /// Adds a drive whose cells fire at given times, the same in every trial.
    ///
    /// # Errors
    /// A name that is taken; times that are negative or not ascending (on which NEURON gives up); a cell-specific
    /// attachment, which hnn-core does not have; anything that hnn-core's `add_spike_train_drive` refuses.
    pub fn add_spike_train_drive(
        &mut self,
        name: &str,
        drive: SpikeTrainDrive,
    ) -> Result<(), NetworkError> {
        let events = match drive.spike_data {
            SpikeData::Sources(sources) => sources.into_values().collect(),
            SpikeData::Pairs(pairs) => by_source(pairs),
        };
        check_spike_times(&events)?;
        if drive.attach.cell_specific {
            return Err(NetworkError::argument(
                "cell_specific",
                true,
                "cells of a spike train drive connect to all targets: leave it false",
            ));
        }
        let attach = DriveAttachment {
            n_drive_cells: DriveCells::Count(events.len() as u32),
            event_seed: 0,
            ..drive.attach
        };
        let dynamics = Dynamics::SpikeTrain {
            events: Arc::new(events),
        };
        self.attach_drive(name, dynamics, attach)
    }

    /// Checks everything, then adds the drive's cells and connections.
    pub(crate) fn attach_drive(
        &mut self,
        name: &str,
        dynamics: Dynamics,
        attach: DriveAttachment,
    ) -> Result<(), NetworkError> {
        if self.external_drives.contains_key(name) {
            return Err(NetworkError::Duplicate {
                kind: "drive",
                name: name.into(),
            });
        }
        if self.gid_ranges.contains_key(name) || name == "origin" || name.is_empty() {
            return Err(NetworkError::argument(
                "name",
                format!("\"{name}\""),
                "a drive cannot be named like a cell type, \"origin\" or nothing",
            ));
        }
        let target_types = self.check_attachment(&attach)?;
        let n_drive_cells = match (attach.cell_specific, attach.n_drive_cells) {
            (true, DriveCells::NCells) => target_types
                .iter()
                .filter_map(|t| self.gid_ranges.get(t))
                .map(|range| range.len() as u32)
                .sum(),
            (true, DriveCells::Count(n)) => {
                return Err(NetworkError::argument(
                    "n_drive_cells",
                    n,
                    "a cell-specific drive has one cell for each target: \"n_cells\"",
                ));
            }
            (false, DriveCells::NCells) => {
                return Err(NetworkError::argument(
                    "n_drive_cells",
                    "\"n_cells\"",
                    "it must be a number where cell_specific is false",
                ));
            }
            (false, DriveCells::Count(0)) => {
                return Err(NetworkError::argument(
                    "n_drive_cells",
                    0,
                    "it must be greater than 0",
                ));
            }
            (false, DriveCells::Count(n)) => n,
        };
        check_room(self.n_gids(), n_drive_cells)?;

        let mut changed = self.clone();
        changed.append_gids(name, n_drive_cells);
        let at_origin = vec![self.origin; n_drive_cells as usize];
        changed.pos_dict.insert(name.into(), Arc::new(at_origin));
        let drive = Drive {
            dynamics,
            location: attach.location,
            target_types,
            cell_specific: attach.cell_specific,
            n_drive_cells,
            weights_ampa: attach.weights_ampa,
            weights_nmda: attach.weights_nmda,
            synaptic_delays: attach.synaptic_delays,
            probability: attach.probability,
            space_constant: attach.space_constant,
            event_seed: attach.event_seed,
            conn_seed: attach.conn_seed,
        };
        changed.connect_drive(name, &drive)?;
        changed.external_drives.insert(name.into(), drive);
        *self = changed;
        Ok(())
    }

    /// The connections of a drive whose gids exist, in hnn-core's order: by target type, AMPA before NMDA.
    fn connect_drive(&mut self, name: &str, drive: &Drive) -> Result<(), NetworkError> {
        let drive_gids = self.gid_ranges.get(name).cloned().unwrap_or_default();
        let mut first = drive_gids.start;
        for (seed_increment, target) in drive.target_types.iter().enumerate() {
            let targets = self.gid_ranges.get(target).cloned().unwrap_or_default();
            let own = first..first + targets.len() as Gid;
            first = own.end;
            let weights = drive.weights_of(target);
            // Legacy networks connect every type, with these values where none is given.
            let (delay, probability) = match weights.is_empty() {
                true => (None, None),
                false => (
                    drive.synaptic_delays.of(target),
                    drive.probability.of(target),
                ),
            };
            let legacy = weights.is_empty().then_some(("ampa", 0.0));
            for (receptor, weight) in weights.into_iter().chain(legacy) {
                let mut new = NewConnection::new(
                    drive_gids.clone(),
                    targets.clone(),
                    &drive.location,
                    receptor,
                    weight,
                    delay.unwrap_or(0.1),
                    drive.space_constant,
                );
                if drive.cell_specific {
                    new.src_gids = own.clone().into();
                    new.target_gids = Targets::Each(targets.clone().map(|gid| vec![gid]).collect());
                }
                new.probability = probability.unwrap_or(1.0);
                new.conn_seed = drive
                    .conn_seed
                    .map(|seed| seed.wrapping_add(seed_increment as u64));
                self.add_connection(new)?;
            }
        }
        Ok(())
    }

    /// Checks all that does not need the drive's gids; returns the target types in the network's order.
    fn check_attachment(&self, attach: &DriveAttachment) -> Result<Vec<String>, NetworkError> {
        let targets = attach.targets();
        if targets.is_empty() {
            return Err(NetworkError::argument(
                "weights_ampa",
                "empty, as is weights_nmda",
                "give a weight for at least one cell type",
            ));
        }
        for (argument, weights) in [
            ("weights_ampa", &attach.weights_ampa),
            ("weights_nmda", &attach.weights_nmda),
        ] {
            for (name, weight) in weights.iter().flatten() {
                self.cell_type(argument, name)?;
                finite(&format!("{argument} of {name}"), *weight)?;
            }
        }
        check_lamtha("space_constant", attach.space_constant)?;
        u32::try_from(attach.event_seed).map_err(|_| {
            NetworkError::argument(
                "event_seed",
                attach.event_seed,
                "it must be between 0 and 4294967295",
            )
        })?;
        check_per_type(
            "synaptic_delays",
            &attach.synaptic_delays,
            &targets,
            non_negative,
        )?;
        check_per_type(
            "probability",
            &attach.probability,
            &targets,
            |name, value| {
                if value > 0.0 && value <= 1.0 {
                    return Ok(());
                }
                Err(NetworkError::argument(
                    name,
                    value,
                    "it must be greater than 0 and at most 1",
                ))
            },
        )?;

        for name in &targets {
            let cell_type = self.cell_type("weights_ampa", name)?;
            let metadata = &cell_type.metadata;
            if attach.location == "distal"
                && metadata.morpho_type.as_deref() == Some("basket")
                && metadata.layer.as_deref() == Some("5")
            {
                return Err(NetworkError::argument(
                    "location",
                    "\"distal\"",
                    format!(
                        "a distal drive cannot reach layer 5 basket cells: remove {name} from the weights"
                    ),
                ));
            }
            if sections_at(&cell_type.cell, &attach.location).is_none() {
                let cell = &cell_type.cell;
                let known: Vec<String> = cell
                    .sect_loc
                    .keys()
                    .chain(cell.sections.keys())
                    .cloned()
                    .collect();
                return Err(NetworkError::unknown(
                    format!("location (for {name})"),
                    &attach.location,
                    &known,
                ));
            }
        }
        let in_order = self.cell_types.keys();
        Ok(in_order
            .filter(|t| self.legacy_mode || targets.contains(*t))
            .cloned()
            .collect())
    }

    /// Removes all drives and their connections.
    pub fn clear_drives(&mut self) {
        let drives = std::mem::take(&mut self.external_drives);
        self.connectivity
            .retain(|conn| !drives.contains_key(&conn.src_type));
        self.gid_ranges.retain(|name, _| !drives.contains_key(name));
        self.pos_dict.retain(|name, _| !drives.contains_key(name));
    }

    /// Removes one drive, as if it had never been added: later drives get the gids that they would have had.
    ///
    /// # Errors
    /// No such drive.
    pub fn remove_drive(&mut self, name: &str) -> Result<(), NetworkError> {
        if self.external_drives.shift_remove(name).is_none() {
            return Err(NetworkError::unknown(
                "drive",
                name,
                self.external_drives.keys(),
            ));
        }
        self.connectivity.retain(|conn| conn.src_type != name);
        self.pos_dict.shift_remove(name);
        let Some(gone) = self.gid_ranges.shift_remove(name) else {
            return Ok(());
        };
        let n_gone = gone.end - gone.start;
        for range in self
            .gid_ranges
            .values_mut()
            .filter(|range| range.start >= gone.end)
        {
            *range = range.start - n_gone..range.end - n_gone;
        }
        for conn in &mut self.connectivity {
            conn.move_sources_down(gone.end, n_gone);
        }
        Ok(())
    }

    /// Adds a constant current (nA) to one section of all cells of the given types.
    ///
    /// # Errors
    /// No amplitudes; a bias of that name and type exists; an unknown type or section; a negative `tstop` or one
    /// before `t0`.
    pub fn add_tonic_bias(&mut self, new: NewTonicBias) -> Result<(), NetworkError> {
        if new.amplitude.is_empty() {
            return Err(NetworkError::argument(
                "amplitude",
                "empty",
                "give an amplitude for at least one cell type",
            ));
        }
        finite("t0", new.t0)?;
        if let Some(tstop) = new.tstop {
            non_negative("tstop", tstop)?;
            if tstop < new.t0 {
                return Err(NetworkError::argument(
                    "tstop",
                    tstop,
                    format!("it cannot be before t0 ({})", new.t0),
                ));
            }
        }
        for (name, amplitude) in &new.amplitude {
            finite(&format!("amplitude of {name}"), *amplitude)?;
            let sections = &self.cell_type("amplitude", name)?.cell.sections;
            if !sections.contains_key(&new.section) {
                return Err(NetworkError::unknown(
                    format!("section of {name}"),
                    &new.section,
                    sections.keys(),
                ));
            }
            let known = self.external_biases.get(&new.bias_name);
            if known.is_some_and(|bias| bias.contains_key(name)) {
                return Err(NetworkError::Duplicate {
                    kind: "bias",
                    name: format!("{} of {name}", new.bias_name),
                });
            }
        }
        let bias = self.external_biases.entry(new.bias_name).or_default();
        for (name, amplitude) in new.amplitude {
            bias.insert(
                name,
                TonicBias {
                    section: new.section.clone(),
                    loc: 0.5,
                    amplitude,
                    t0: new.t0,
                    tstop: new.tstop,
                },
            );
        }
        Ok(())
    }

    /// Adds an electrode array.
    ///
    /// # Errors
    /// A name that is taken; no contacts; numbers that are not finite or not positive where they must be.
    pub fn add_electrode_array(
        &mut self,
        name: &str,
        array: ElectrodeArray,
    ) -> Result<(), NetworkError> {
        if self.rec_arrays.contains_key(name) {
            return Err(NetworkError::Duplicate {
                kind: "electrode array",
                name: name.into(),
            });
        }
        if array.positions.is_empty() {
            return Err(NetworkError::argument(
                "electrode_pos",
                "empty",
                "give at least one contact",
            ));
        }
        for coordinate in array.positions.iter().flatten() {
            finite("electrode_pos", *coordinate)?;
        }
        positive("conductivity", array.conductivity)?;
        positive("min_distance", array.min_distance)?;
        self.rec_arrays.insert(name.into(), array);
        Ok(())
    }
}

/// Arguments of [`Network::add_tonic_bias`].
#[derive(Clone, Debug, PartialEq)]
pub struct NewTonicBias {
    /// Name of the bias; several biases may act on a type.
    pub bias_name: String,
    /// Section.
    pub section: String,
    /// Current (nA) by cell type.
    pub amplitude: IndexMap<String, f64>,
    /// Start (ms).
    pub t0: f64,
    /// End (ms); `None` is the end of the simulation.
    pub tstop: Option<f64>,
}

impl NewTonicBias {
    /// hnn-core's defaults: the bias `tonic` at the soma during the whole simulation.
    pub fn new(amplitude: IndexMap<String, f64>) -> Self {
        Self {
            bias_name: "tonic".into(),
            section: "soma".into(),
            amplitude,
            t0: 0.0,
            tstop: None,
        }
    }
}

/// Lists of times by source; sources ascending, times in the order given.
fn by_source(pairs: Vec<(f64, i64)>) -> Vec<Vec<f64>> {
    let mut lists = std::collections::BTreeMap::<i64, Vec<f64>>::new();
    for (time, source) in pairs {
        lists.entry(source).or_default().push(time);
    }
    lists.into_values().collect()
}

pub(crate) fn check_spike_times(events: &[Vec<f64>]) -> Result<(), NetworkError> {
    for time in events.iter().flatten() {
        non_negative("spike_data", *time)?;
    }
    let unsorted = events
        .iter()
        .flat_map(|times| times.windows(2))
        .find(|w| w[1] < w[0]);
    match unsorted {
        None => Ok(()),
        Some(w) => Err(NetworkError::argument(
            "spike_data",
            format!("{} after {}", w[1], w[0]),
            "the times of each source must ascend",
        )),
    }
}

fn check_interval(tstart: f64, tstop: Option<f64>) -> Result<(), NetworkError> {
    non_negative("tstart", tstart)?;
    let Some(tstop) = tstop else { return Ok(()) };
    non_negative("tstop", tstop)?;
    if tstop < tstart {
        return Err(NetworkError::argument(
            "tstop",
            tstop,
            format!("it cannot be before tstart ({tstart})"),
        ));
    }
    Ok(())
}

fn check_numspikes(numspikes: u32) -> Result<(), NetworkError> {
    if numspikes == 0 {
        return Err(NetworkError::argument(
            "numspikes",
            0,
            "it must be greater than 0",
        ));
    }
    Ok(())
}

/// That a burst is over when the next begins.
pub(crate) fn check_burst(
    burst_rate: f64,
    numspikes: u32,
    spike_isi: f64,
) -> Result<(), NetworkError> {
    let period = 1000.0 / burst_rate;
    let duration = (f64::from(numspikes) - 1.0) * spike_isi;
    if duration > period {
        return Err(NetworkError::argument(
            "spike_isi",
            spike_isi,
            format!(
                "a burst of {numspikes} events would last {duration} ms, longer than the period of {period} ms; lower spike_isi, numspikes or burst_rate"
            ),
        ));
    }
    Ok(())
}

fn check_per_type(
    argument: &str,
    values: &PerCellType,
    targets: &IndexSet<&String>,
    check: impl Fn(&str, f64) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    let values = match values {
        PerCellType::All(value) => return check(argument, *value),
        PerCellType::Each(values) => values,
    };
    for (name, value) in values {
        check(&format!("{argument} of {name}"), *value)?;
    }
    let same = values.len() == targets.len() && values.keys().all(|name| targets.contains(name));
    if !same {
        return Err(NetworkError::argument(
            argument,
            format!("given for {}", names(values.keys())),
            format!(
                "it must be one number, or one for each type that has a weight: {}",
                names(targets.iter().copied())
            ),
        ));
    }
    Ok(())
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Gids are 32 bits wide; a million drive cells is a typing error.
fn check_room(n_gids: Gid, n_drive_cells: u32) -> Result<(), NetworkError> {
    const MOST: u32 = 10_000_000;
    if n_drive_cells > MOST || n_gids > MOST {
        return Err(NetworkError::argument(
            "n_drive_cells",
            n_drive_cells,
            format!("a network has at most {MOST} cells of a drive"),
        ));
    }
    Ok(())
}
