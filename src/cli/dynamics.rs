//! Drives in words.

use crate::network::{Dynamics, RateConstant};

/// `1 section`, `2 sections`.
pub(super) fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// When a drive's cells fire.
pub(super) fn in_words(dynamics: &Dynamics) -> String {
    match dynamics {
        Dynamics::Evoked {
            mu,
            sigma,
            numspikes,
        } => format!(
            "evoked: {} at {mu} +- {sigma} ms",
            counted(*numspikes as usize, "spike")
        ),
        Dynamics::Poisson {
            tstart,
            tstop,
            rate_constant,
        } => {
            let rate = match rate_constant {
                RateConstant::All(rate) => format!("{rate} Hz"),
                RateConstant::Each(rates) => {
                    let each = rates.iter().map(|(name, rate)| format!("{name} {rate} Hz"));
                    each.collect::<Vec<_>>().join(", ")
                }
            };
            format!("Poisson: {rate} {}", interval(*tstart, *tstop))
        }
        Dynamics::Bursty {
            tstart,
            tstart_std,
            tstop,
            burst_rate,
            burst_std,
            numspikes,
            spike_isi,
        } => format!(
            "bursty: {burst_rate} Hz, bursts of {} {spike_isi} ms apart, jitter {burst_std} ms, {} (start +- {tstart_std} ms)",
            counted(*numspikes as usize, "spike"),
            interval(*tstart, *tstop)
        ),
        Dynamics::SpikeTrain { events } => {
            let n = events.iter().map(Vec::len).sum();
            format!("spike train: {}", counted(n, "spike"))
        }
    }
}

pub(super) fn interval(start: f64, end: Option<f64>) -> String {
    match end {
        Some(end) => format!("from {start} to {end} ms"),
        None => format!("from {start} ms to the end"),
    }
}
