//! Event times of drives, with hnn-core's seed rule.

use super::random::RandomState;
use super::{Bursty, Drive, Dynamics, Gid, Gids, Network, NetworkError, RateConstant};
use std::ops::Range;

/// Event times (ms) of all drives in one trial: `[drive][drive cell] -> times`, as hnn-core's `drive["events"][trial]`.
///
/// Drive cell k draws from `RandomState(event_seed + trial * n_gids + k)`. Times are ascending, greater than 0 and at
/// most `tstop` (ms); those of a spike train are as given. An open end of a drive is `tstop`.
///
/// ```
/// use hnn_sweep::network::{Network, drive_events};
///
/// let mut network = Network::neymotin_2020([3, 3]);
/// network.add_erp_drives(0.0)?;
/// // evdist1 stands first: one event about 64 ms for each of its cells.
/// let events = drive_events(&network, 170.0, 0)?;
/// assert!(events[0].iter().all(|cell| cell.len() == 1 && (40.0..90.0).contains(&cell[0])));
/// # Ok::<(), hnn_sweep::network::NetworkError>(())
/// ```
///
/// # Errors
/// A seed beyond 2**32 - 1; a drive that starts after the simulation's end.
pub fn drive_events(
    net: &Network,
    tstop: f64,
    trial: u32,
) -> Result<Vec<Vec<Vec<f64>>>, NetworkError> {
    net.external_drives
        .iter()
        .map(|(name, drive)| events_of_drive(net, name, drive, tstop, trial))
        .collect()
}

fn events_of_drive(
    // All gids count, drive cells too: another drive moves the events of every trial but the first.
    net: &Network,
    name: &str,
    drive: &Drive,
    tstop: f64,
    trial: u32,
) -> Result<Vec<Vec<f64>>, NetworkError> {
    let seed = drive.event_seed + u64::from(trial) * u64::from(net.n_gids());
    let cells = 0..u64::from(drive.n_drive_cells);
    let explain = |error: NetworkError| error.of(format!("drive {name}"));
    if !drive.cell_specific {
        let events = cells.map(|k| events_of_cell(drive, None, tstop, seed, k));
        return events.collect::<Result<_, _>>().map_err(explain);
    }

    // hnn-core makes one list for every type that a drive cell targets and then takes the k-th list for the k-th cell.
    // Where each cell targets one type the two agree; a connection to a second type shifts the lists. Where some cell
    // has no connection any more hnn-core ends in an IndexError, and here every cell keeps its own events.
    let targets = target_types(net, name);
    let range = net.gid_ranges.get(name).cloned().unwrap_or_default();
    let types_of = |k: u64| {
        let gid = range.start + k as Gid;
        targets
            .iter()
            .filter(move |(gids, _)| gids.contains(gid))
            .map(|(_, name)| *name)
    };
    let all_connected = cells.clone().all(|k| types_of(k).next().is_some());
    let mut lists = Vec::with_capacity(drive.n_drive_cells as usize);
    for k in cells {
        let mut types = types_of(k).peekable();
        if types.peek().is_none() {
            lists.push(Vec::new());
        }
        let n_types = if all_connected { usize::MAX } else { 1 };
        for target in types.take(n_types) {
            if lists.len() < drive.n_drive_cells as usize {
                lists.push(events_of_cell(drive, Some(target), tstop, seed, k).map_err(explain)?);
            }
        }
    }
    Ok(lists)
}

/// The target types of a drive's connections, each once, with the sources that reach it, in the network's order.
fn target_types<'a>(net: &'a Network, drive: &str) -> Vec<(EventSources<'a>, &'a str)> {
    let of_type = |name: &'a String| {
        let connections = net
            .connectivity
            .iter()
            .filter(|conn| conn.src_type == drive && conn.target_type == *name);
        let gids: Vec<&Gids> = connections.map(|conn| &conn.src_gids).collect();
        (!gids.is_empty()).then_some((EventSources(gids), name.as_str()))
    };
    net.cell_types.keys().filter_map(of_type).collect()
}

struct EventSources<'a>(Vec<&'a Gids>);

impl EventSources<'_> {
    fn contains(&self, gid: Gid) -> bool {
        self.0.iter().any(|gids| gids.contains(gid))
    }
}

/// Events of the `k`-th cell of a drive; `target` is the type it targets, if it is cell-specific.
fn events_of_cell(
    drive: &Drive,
    target: Option<&str>,
    sim_tstop: f64,
    seed: u64,
    k: u64,
) -> Result<Vec<f64>, NetworkError> {
    let random = || RandomState::new(seed + k);
    let mut times = match &drive.dynamics {
        Dynamics::SpikeTrain { events } => {
            // Neither filtered nor cut, and the same in every trial.
            return Ok(events.get(k as usize).cloned().unwrap_or_default());
        }
        Dynamics::Evoked(own) => {
            let mut random = random()?;
            (0..own.numspikes)
                .map(|_| random.normal(own.mu, own.sigma))
                .collect()
        }
        Dynamics::Poisson(own) => {
            let rate = match (&own.rate_constant, target) {
                (RateConstant::All(rate), _) => Some(*rate),
                (RateConstant::Each(rates), Some(target)) => rates.get(target).copied(),
                (RateConstant::Each(_), None) => None,
            };
            let interval = own.tstart..own.tstop.unwrap_or(sim_tstop);
            // Legacy networks connect drives to types without a rate.
            match rate {
                Some(rate) => poisson(interval, rate, &mut random()?)?,
                None => Vec::new(),
            }
        }
        Dynamics::Bursty(Bursty {
            tstart,
            tstart_std,
            tstop,
            burst_rate,
            burst_std,
            numspikes,
            spike_isi,
        }) => {
            super::drive_checks::check_burst(*burst_rate, *numspikes, *spike_isi)?;
            // One start for all cells of a trial, from the stream of cell 0, which begins that
            // stream anew for its own jitter.
            let start = if *tstart_std > 0.0 {
                RandomState::new(seed)?.normal(*tstart, *tstart_std)
            } else {
                *tstart
            };
            let stop = tstop.unwrap_or(sim_tstop);
            let mut random = random()?;
            // One draw a burst, before its spikes are laid around it.
            let bursts: Vec<f64> = arange(start..stop, 1000.0 / burst_rate)
                .map(|time| random.normal(time, *burst_std))
                .collect();
            let middle = (f64::from(*numspikes) - 1.0) / 2.0;
            let spikes = (0..*numspikes).map(|j| (f64::from(j) - middle) * spike_isi);
            if *numspikes > 1 {
                spikes
                    // Shift by shift rather than burst by burst, which makes no difference once
                    // sorted.
                    .flat_map(|shift| bursts.iter().map(move |time| time + shift))
                    .collect()
            } else {
                bursts
            }
        }
    };
    // Events at or before 0 are dropped, not clipped to 0.
    times.retain(|time| *time > 0.0 && *time <= sim_tstop);
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn check_interval(interval: &Range<f64>) -> Result<(), NetworkError> {
    if interval.end < interval.start {
        return Err(NetworkError::argument(
            "tstart",
            interval.start,
            format!(
                "the drive cannot start after its end at {} ms",
                interval.end
            ),
        ));
    }
    Ok(())
}

fn poisson(
    interval: Range<f64>,
    rate: f64,
    random: &mut RandomState,
) -> Result<Vec<f64>, NetworkError> {
    check_interval(&interval)?;
    let mut times = Vec::new();
    let mut time = interval.start;
    // The draw that passes the end is made and thrown away, as in hnn-core.
    while time < interval.end {
        time += random.exponential(1.0 / rate) * 1000.0;
        if time < interval.end {
            times.push(time);
        }
    }
    Ok(times)
}

/// `np.arange(start, stop, step)` for a positive step: later values are multiples of the first difference.
fn arange(range: Range<f64>, step: f64) -> impl Iterator<Item = f64> {
    // As NumPy counts: a last step that would reach the stop is left out.
    let n = ((range.end - range.start) / step).ceil().max(0.0) as u64;
    let difference = (range.start + step) - range.start;
    (0..n).map(move |i| match i {
        0 => range.start,
        1 => range.start + step,
        _ => range.start + i as f64 * difference,
    })
}
