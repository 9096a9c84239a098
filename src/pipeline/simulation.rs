//! `[simulation]`: duration, time step and trials.

use super::error::PipelineError;
use super::keys::SIMULATION_KEYS;
use super::reader::{TomlItem, TomlTable};
use super::scope::{Env, Scope};
use super::setting::Number;

/// Most samples of a simulation.
const MAX_SAMPLES: f64 = 1e7;
/// Most trials of a simulation.
pub(super) const MAX_TRIALS: i64 = 100_000;

/// `[simulation]`; `None` stands for hnn-core's default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Simulation {
    tstop: Option<Number>,
    dt: Option<Number>,
    pub(super) n_trials: u32,
}

impl Simulation {
    pub(super) fn read(item: Option<&TomlItem>, scope: &Scope) -> Result<Self, PipelineError> {
        let mut simulation = Self {
            tstop: None,
            dt: None,
            n_trials: 1,
        };
        let Some(item) = item else {
            return Ok(simulation);
        };
        let table = TomlTable::new(item, SIMULATION_KEYS)?;
        let number = |key: &str| table.optional(key, |i| Number::read(i, scope));
        simulation.tstop = number("tstop");
        simulation.dt = number("dt");
        if let Some(n) = table.optional("n_trials", |i| i.integer_in(1..MAX_TRIALS + 1)) {
            simulation.n_trials = u32::try_from(n).unwrap_or(1);
        }
        Ok(simulation)
    }

    /// `tstop` and `dt` (ms) at a point.
    pub(super) fn evaluate(&self, env: &Env) -> Result<(f64, f64), PipelineError> {
        let value = |number: &Option<Number>, default: f64| {
            number.as_ref().map_or(Ok(default), |n| n.evaluate(env))
        };
        let (tstop, dt) = (value(&self.tstop, 170.0)?, value(&self.dt, 0.025)?);
        let Err((key, message)) = check_times(tstop, dt) else {
            return Ok((tstop, dt));
        };
        // Blame the key that the file has.
        let place = match key {
            "dt" => self.dt.as_ref().or(self.tstop.as_ref()),
            _ => self.tstop.as_ref().or(self.dt.as_ref()),
        };
        match place {
            Some(number) => Err(env.error(&number.place, &message)),
            // Both are defaults, which fit each other.
            None => Ok((tstop, dt)),
        }
    }
}

/// Refuses times (ms) that no simulation can have: which of the two is to blame, and what is wrong.
pub(super) fn check_times(tstop: f64, dt: f64) -> Result<(), (&'static str, String)> {
    for (key, value) in [("dt", dt), ("tstop", tstop)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err((key, format!("must be greater than 0 ms, not {value}")));
        }
    }
    if dt > tstop {
        return Err((
            "dt",
            format!(
                "does not fit: dt = {dt} ms is longer than the whole simulation, tstop = {tstop} ms"
            ),
        ));
    }
    // About as many: exact counts of what is never simulated help nobody.
    let samples = tstop / dt + 1.0;
    if samples > MAX_SAMPLES {
        return Err((
            "tstop",
            format!(
                "asks for {samples:.0} samples (tstop = {tstop} ms, dt = {dt} ms); at most {MAX_SAMPLES:.0} are possible"
            ),
        ));
    }
    Ok(())
}
