//! The time axis as NEURON accumulates it.

/// Times of a fixed-step run.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Sample times (ms), shape `(n_steps + 1,)`.
    pub times: Vec<f64>,
    /// Middle (ms) of each step, shape `(n_steps,)`: what arrives until then acts in the step.
    pub mids: Vec<f64>,
    /// End (ms) that was asked for.
    pub tstop: f64,
    /// Step (ms).
    pub dt: f64,
    per_ms: f64,
}

impl Clock {
    /// Number of steps of a run, as NEURON's `psolve` counts them.
    pub fn n_steps(tstop: f64, dt: f64) -> usize {
        // Rounded down, so a last step that does not fit is left out; 1e-11 and 1e-9 forgive
        // rounding.
        (tstop * (1.0 + 1e-11) / dt + 1e-9) as usize
    }

    /// Time axis of a run until `tstop` (ms) with step `dt` (ms).
    pub fn new(tstop: f64, dt: f64) -> Self {
        let n = Self::n_steps(tstop, dt);
        let (mut times, mut mids) = (Vec::with_capacity(n + 1), Vec::with_capacity(n));
        let mut t = 0.0;
        times.push(t);
        for _ in 0..n {
            // Two halves, as NEURON adds them: the sum differs from k dt in last bits, which decide
            // in which step an arrival acts.
            t += 0.5 * dt;
            mids.push(t);
            t += 0.5 * dt;
            times.push(t);
        }
        Self {
            times,
            mids,
            tstop,
            dt,
            per_ms: 1.0 / dt,
        }
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.mids.len()
    }

    /// Step in which an arrival at `time` (ms) acts, or `None` after the last.
    pub fn step_of(&self, time: f64) -> Option<usize> {
        // A first guess; casts saturate.
        let mut step = ((time * self.per_ms + 0.5) as usize).min(self.mids.len());
        while step > 0 && time <= self.mids[step - 1] {
            step -= 1;
        }
        while step < self.mids.len() && time > self.mids[step] {
            step += 1;
        }
        (step < self.mids.len()).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_accumulated_in_half_steps() {
        let clock = Clock::new(170.0, 0.025);
        assert_eq!(clock.len(), 6800);
        assert_eq!(clock.times[6800], 169.999_999_999_982_32);
    }

    #[test]
    fn the_number_of_steps_is_rounded_down() {
        assert_eq!(Clock::n_steps(103.33, 0.05), 2066);
        assert_eq!(Clock::n_steps(10.0, 0.1), 100);
        assert_eq!(Clock::n_steps(0.01, 0.025), 0);
    }

    #[test]
    fn an_arrival_acts_in_the_first_step_whose_middle_is_not_before_it() {
        for dt in [0.0125, 0.025, 0.05, 0.1, 0.5] {
            let clock = Clock::new(40.0, dt);
            let mut times: Vec<f64> = (0..2000).map(|i| f64::from(i) * 0.0201).collect();
            times.extend(clock.times.iter().chain(&clock.mids));
            times.extend([0.0, 39.999_99, 40.0, 41.0, 1e7, f64::INFINITY]);
            for time in times {
                let want = clock.mids.iter().position(|mid| time <= *mid);
                assert_eq!(clock.step_of(time), want, "{time} at dt {dt}");
            }
        }
    }
}
