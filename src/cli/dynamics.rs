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
        Dynamics::Evoked(own) => format!(
            "evoked: {} at {} +- {} ms",
            counted(own.numspikes as usize, "spike"),
            own.mu,
            own.sigma
        ),
        Dynamics::Poisson(own) => {
            let rate = match &own.rate_constant {
                RateConstant::All(rate) => format!("{rate} Hz"),
                RateConstant::Each(rates) => {
                    let each = rates.iter().map(|(name, rate)| format!("{name} {rate} Hz"));
                    each.collect::<Vec<_>>().join(", ")
                }
            };
            format!("Poisson: {rate} {}", interval(own.tstart, own.tstop))
        }
        Dynamics::Bursty(own) => format!(
            "bursty: {} Hz, bursts of {} {} ms apart, jitter {} ms, {} (start +- {} ms)",
            own.burst_rate,
            counted(own.numspikes as usize, "spike"),
            own.spike_isi,
            own.burst_std,
            interval(own.tstart, own.tstop),
            own.tstart_std
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
