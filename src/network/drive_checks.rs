//! What hnn-core refuses in a drive, and what would fail later.

use super::connect::{check_lamtha, sections_at};
use super::error::{finite, non_negative, positive};
use super::{
    Bursty, DriveAttachment, DriveCells, Dynamics, Evoked, Gid, Network, NetworkError, PerCellType,
    Poisson, RateConstant,
};
use indexmap::{IndexMap, IndexSet};

impl Network {
    /// Checks when a drive fires. One rate of a cell-specific drive becomes a rate for each target.
    pub(crate) fn check_dynamics(
        &self,
        dynamics: &mut Dynamics,
        attach: &DriveAttachment,
    ) -> Result<(), NetworkError> {
        match dynamics {
            Dynamics::Evoked(Evoked {
                mu,
                sigma,
                numspikes,
            }) => {
                finite("mu", *mu)?;
                non_negative("sigma", *sigma)?;
                self.check_numspikes(*numspikes)
            }
            Dynamics::Poisson(Poisson {
                tstart,
                tstop,
                rate_constant,
            }) => {
                check_interval(*tstart, *tstop)?;
                match rate_constant {
                    RateConstant::Each(rates) => self.check_rates(rates, attach),
                    RateConstant::All(rate) => {
                        positive("rate_constant", *rate)?;
                        // As hnn-core does: the network then holds a rate for each type that is a
                        // target now.
                        if attach.cell_specific {
                            let targets = attach.targets().into_iter();
                            let rates = targets.map(|name| (name.clone(), *rate)).collect();
                            *rate_constant = RateConstant::Each(rates);
                        }
                        Ok(())
                    }
                }
            }
            // Legacy networks pass after the first half: their placeholders are finite, but not in
            // order.
            Dynamics::Bursty(Bursty {
                tstart,
                tstart_std,
                tstop,
                burst_rate,
                burst_std,
                numspikes,
                spike_isi,
            }) => {
                finite("tstart", *tstart)?;
                finite("tstart_std", *tstart_std)?;
                finite("spike_isi", *spike_isi)?;
                positive("burst_rate", *burst_rate)?;
                non_negative("burst_std", *burst_std)?;
                self.check_numspikes(*numspikes)?;
                if self.legacy_mode {
                    return Ok(()); // hnn-core takes the old files' placeholders as they are
                }
                check_interval(*tstart, *tstop)?;
                non_negative("tstart_std", *tstart_std)?;
                check_burst(*burst_rate, *numspikes, *spike_isi)
            }
            Dynamics::SpikeTrain { events } => {
                check_spike_times(events)?;
                if attach.cell_specific {
                    return Err(NetworkError::argument(
                        "cell_specific",
                        true,
                        "cells of a spike train drive connect to all targets: leave it false",
                    ));
                }
                if attach.n_drive_cells != DriveCells::Count(events.len() as u32) {
                    return Err(NetworkError::argument(
                        "n_drive_cells",
                        "given",
                        "a spike train drive has as many cells as sources of spikes",
                    ));
                }
                Ok(())
            }
        }
    }

    fn check_numspikes(&self, numspikes: u32) -> Result<(), NetworkError> {
        // Legacy networks may have inputs without spikes.
        if numspikes == 0 && !self.legacy_mode {
            return Err(NetworkError::argument(
                "numspikes",
                0,
                "it must be greater than 0",
            ));
        }
        Ok(())
    }

    fn check_rates(
        &self,
        rates: &IndexMap<String, f64>,
        attach: &DriveAttachment,
    ) -> Result<(), NetworkError> {
        for (cell_type, rate) in rates {
            self.cell_type("rate_constant", cell_type)?;
            positive("rate_constant", *rate).map_err(|e| e.of(cell_type))?;
        }
        // The other way round is allowed: a rate for a type without a weight is not used.
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

    /// Number of cells of a drive.
    pub(crate) fn check_drive_cells(
        &self,
        attach: &DriveAttachment,
        target_types: &[String],
    ) -> Result<u32, NetworkError> {
        let error = |value: &str, allowed: &str| {
            Err(NetworkError::argument("n_drive_cells", value, allowed))
        };
        let n_drive_cells = match (attach.cell_specific, attach.n_drive_cells) {
            // One cell for each target, of all target types.
            (true, DriveCells::NCells) => {
                let ranges = target_types
                    .iter()
                    .filter_map(|name| self.gid_ranges.get(name));
                ranges.map(|range| range.len() as u32).sum()
            }
            (true, DriveCells::Count(n)) => {
                return error(
                    &n.to_string(),
                    "a cell-specific drive has one cell for each target: \"n_cells\"",
                );
            }
            (false, DriveCells::NCells) => {
                return error(
                    "\"n_cells\"",
                    "it must be a number where cell_specific is false",
                );
            }
            (false, DriveCells::Count(0)) => return error("0", "it must be greater than 0"),
            (false, DriveCells::Count(n)) => n,
        };
        check_room(self.n_gids(), n_drive_cells)?;
        Ok(n_drive_cells)
    }

    /// Checks all that does not need the drive's gids; returns the target types in the network's order.
    pub(crate) fn check_attachment(
        &self,
        attach: &DriveAttachment,
    ) -> Result<Vec<String>, NetworkError> {
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
                finite(argument, *weight).map_err(|e| e.of(name))?;
            }
        }
        check_lamtha("space_constant", attach.space_constant)?;
        // NumPy's RandomState takes seeds of 32 bits. Trials and cells are added to it later, and
        // checked then.
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
            // As in hnn-core, whose layer 5 basket cells have no distal sections.
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
                let error = NetworkError::unknown("location", &attach.location, &known);
                return Err(error.of(*name));
            }
        }
        let in_order = self.cell_types.keys();
        Ok(in_order
            // Legacy networks target every type, with weight 0 where none is given.
            .filter(|t| self.legacy_mode || targets.contains(*t))
            .cloned()
            .collect())
    }
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

/// That a burst is over when the next begins.
pub(crate) fn check_burst(
    burst_rate: f64,
    numspikes: u32,
    spike_isi: f64,
) -> Result<(), NetworkError> {
    let period = 1000.0 / burst_rate;
    // From the first event to the last.
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
        check(argument, *value).map_err(|e| e.of(name))?;
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
