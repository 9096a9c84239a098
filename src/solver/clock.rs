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
        (tstop * (1.0 + 1e-11) / dt + 1e-9) as usize
    }

    /// Time axis of a run until `tstop` (ms) with step `dt` (ms).
    pub fn new(tstop: f64, dt: f64) -> Self {
        let n = Self::n_steps(tstop, dt);
        let (mut times, mut mids) = (Vec::with_capacity(n + 1), Vec::with_capacity(n));
        let mut t = 0.0;
        times.push(t);
        for _ in 0..n {
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
