//! How many events a drive makes, before any is made.

use crate::network::{Dynamics, Network, RateConstant};

/// What to do about too many.
pub(super) const FEWER_EVENTS: &str = "lower its rate, its number of cells or its duration";
/// Most events that a drive may be expected to have in one trial.
const MAX_EVENTS: f64 = 2e7;

/// Says how many events a drive would make where they are more than can be meant.
pub(super) fn too_many_events(network: &Network, drive: &str, tstop: f64) -> Option<String> {
    let drive = network.external_drives.get(drive)?;
    let duration =
        |tstart: f64, end: Option<f64>| (end.unwrap_or(tstop) - tstart).max(0.0) / 1000.0;
    let per_cell = match &drive.dynamics {
        Dynamics::Evoked { numspikes, .. } => f64::from(*numspikes),
        Dynamics::Poisson {
            tstart,
            tstop,
            rate_constant,
        } => {
            let rate = match rate_constant {
                RateConstant::All(rate) => *rate,
                RateConstant::Each(rates) => rates.values().copied().fold(0.0, f64::max),
            };
            rate * duration(*tstart, *tstop)
        }
        Dynamics::Bursty {
            tstart,
            tstop,
            burst_rate,
            numspikes,
            ..
        } => burst_rate * f64::from(*numspikes) * duration(*tstart, *tstop),
        Dynamics::SpikeTrain { .. } => 0.0,
    };
    let events = per_cell * f64::from(drive.n_drive_cells);
    (events > MAX_EVENTS).then(|| {
        format!(
            "would make about {events:.0} events in a trial; at most {MAX_EVENTS:.0} are possible"
        )
    })
}
