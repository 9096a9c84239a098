//! What can only be said once the length of the simulation and the number of trials are known: that every input can
//! be simulated.

use super::drive_checks::{check_burst, check_spike_times};
use super::{Drive, Dynamics, Network, NetworkError, RateConstant, TonicBias};

/// Most events that a drive may be expected to have in one trial.
const MAX_EVENTS: f64 = 2e7;

/// A drive, or a bias of a cell type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputName {
    /// A drive.
    Drive(String),
    /// A tonic bias.
    Bias {
        /// Its name.
        name: String,
        /// Whose cells it acts on.
        cell_type: String,
    },
}

impl std::fmt::Display for InputName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Drive(name) => write!(f, "drive `{name}`"),
            Self::Bias { name, cell_type } => write!(f, "bias `{name}` of {cell_type}"),
        }
    }
}

impl Network {
    /// Whether all drives and biases can be simulated until `tstop` (ms) in `n_trials` trials. What a simulation
    /// itself would refuse is refused here, before anything runs.
    ///
    /// # Errors
    /// The first drive or bias that cannot be, and why: a Poisson drive or a bias that begins after its end, a burst
    /// that is longer than its period, event times that do not ascend, a seed beyond 2**32 - 1, more events than can
    /// be meant.
    ///
    /// ```
    /// use hnn_sweep::network::{Model, NewTonicBias};
    ///
    /// let mut net = Model::Neymotin2020.network([1, 1]);
    /// let mut bias = NewTonicBias::new([("L2_pyramidal".to_owned(), 1.0)].into_iter().collect());
    /// bias.t0 = 60.0;
    /// net.add_tonic_bias(bias)?;
    /// assert!(net.check_inputs(100.0, 1).is_ok());
    /// let (_, error) = *net.check_inputs(20.0, 1).unwrap_err();
    /// assert!(error.to_string().contains("t0 is 60"));
    /// # Ok::<(), hnn_sweep::network::NetworkError>(())
    /// ```
    pub fn check_inputs(
        &self,
        tstop: f64,
        n_trials: u32,
    ) -> Result<(), Box<(InputName, NetworkError)>> {
        for (name, drive) in &self.external_drives {
            self.check_events(name, drive, tstop, n_trials)
                .map_err(|e| Box::new((InputName::Drive(name.clone()), e)))?;
        }
        for (name, by_type) in &self.external_biases {
            for (cell_type, bias) in by_type {
                let input = || InputName::Bias {
                    name: name.clone(),
                    cell_type: cell_type.clone(),
                };
                check_bias(bias, tstop).map_err(|e| Box::new((input(), e)))?;
            }
        }
        Ok(())
    }

    fn check_events(
        &self,
        name: &str,
        drive: &Drive,
        tstop: f64,
        n_trials: u32,
    ) -> Result<(), NetworkError> {
        let gids = self.gid_ranges.get(name).map_or(0, |range| range.len());
        // Both are public fields, which a program may have set by itself.
        if gids != drive.n_drive_cells as usize {
            let allowed = format!("the drive has {gids} gids, and needs one for each of its cells");
            return Err(NetworkError::argument(
                "n_drive_cells",
                drive.n_drive_cells,
                allowed,
            ));
        }
        match &drive.dynamics {
            Dynamics::SpikeTrain { events } => return check_spike_times(events),
            Dynamics::Poisson(own) if has_rate(&own.rate_constant) => {
                check_start("tstart", own.tstart, own.tstop, tstop)?;
            }
            Dynamics::Bursty(own) => check_burst(own.burst_rate, own.numspikes, own.spike_isi)?,
            Dynamics::Evoked(_) | Dynamics::Poisson(_) => {}
        }
        self.check_seeds(drive, n_trials)?;
        check_number_of_events(drive, tstop)
    }

    /// Drive cell k draws from the seed `event_seed + trial * n_gids + k`, and NumPy takes seeds of 32 bits.
    fn check_seeds(&self, drive: &Drive, n_trials: u32) -> Result<(), NetworkError> {
        // The last cell of the last trial has the greatest seed; if it fits, all do.
        let trials = u64::from(n_trials.saturating_sub(1)) * u64::from(self.n_gids());
        let cells = u64::from(drive.n_drive_cells.saturating_sub(1));
        let last = drive.event_seed.saturating_add(trials + cells);
        if u32::try_from(last).is_ok() {
            return Ok(());
        }
        Err(NetworkError::argument(
            "event_seed",
            drive.event_seed,
            format!(
                "the last cell of the last trial would need the seed {last}, and seeds end at 4294967295: choose a smaller one"
            ),
        ))
    }
}

fn has_rate(rates: &RateConstant) -> bool {
    // Legacy networks connect drives to types without a rate.
    !matches!(rates, RateConstant::Each(rates) if rates.is_empty())
}

/// That something does not begin after its end, or after the simulation's where it has none.
fn check_start(
    argument: &str,
    start: f64,
    end: Option<f64>,
    tstop: f64,
) -> Result<(), NetworkError> {
    if start <= end.unwrap_or(tstop) {
        return Ok(());
    }
    let allowed = match end {
        Some(end) => format!("it cannot start after its end at {end} ms"),
        None => format!(
            "it cannot start after the end of the simulation, tstop = {tstop} ms: lower it, or raise tstop"
        ),
    };
    Err(NetworkError::argument(argument, start, allowed))
}

fn check_bias(bias: &TonicBias, tstop: f64) -> Result<(), NetworkError> {
    check_start("t0", bias.t0, bias.tstop, tstop)
}

fn check_number_of_events(drive: &Drive, tstop: f64) -> Result<(), NetworkError> {
    let duration =
        |tstart: f64, end: Option<f64>| (end.unwrap_or(tstop) - tstart).max(0.0) / 1000.0;
    let (argument, value, per_cell) = match &drive.dynamics {
        Dynamics::Evoked(own) => {
            let n = f64::from(own.numspikes);
            ("numspikes", n, n)
        }
        Dynamics::Poisson(own) => {
            let rate = match &own.rate_constant {
                RateConstant::All(rate) => *rate,
                // The greatest, as an upper bound.
                RateConstant::Each(rates) => rates.values().copied().fold(0.0, f64::max),
            };
            (
                "rate_constant",
                rate,
                rate * duration(own.tstart, own.tstop),
            )
        }
        Dynamics::Bursty(own) => (
            "burst_rate",
            own.burst_rate,
            own.burst_rate * f64::from(own.numspikes) * duration(own.tstart, own.tstop),
        ),
        Dynamics::SpikeTrain { .. } => return Ok(()),
    };
    // On average: what matters is whether it is a typing error.
    let events = per_cell * f64::from(drive.n_drive_cells);
    if events <= MAX_EVENTS {
        return Ok(());
    }
    Err(NetworkError::argument(
        argument,
        value,
        format!(
            "the drive would make about {events:.0} events in a trial, and at most {MAX_EVENTS:.0} are possible: lower its rate, \
             its number of cells or its duration"
        ),
    ))
}
