//! What a run needs from Python while it goes on: Ctrl-C, and progress.

use super::error::Error;
use crate::stages::{Finished, Plan, Watch};
use crate::store::Status;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often signals are looked at while single networks are simulated.
const TICK: Duration = Duration::from_millis(50);

/// Follows a run for Python. `progress` is an object with the methods `planned(n_tasks, n_missing)`, `finished(sim,
/// trial, failed)` and `reducing(n)`.
pub struct Follow<'s> {
    stop: &'s AtomicBool,
    progress: Option<Py<PyAny>>,
    /// What Python raised; the run is stopped then.
    raised: Option<PyErr>,
}

impl<'s> Follow<'s> {
    pub fn new(stop: &'s AtomicBool, progress: Option<Py<PyAny>>) -> Self {
        Self {
            stop,
            progress,
            raised: None,
        }
    }

    fn call(&mut self, of: impl FnOnce(Python<'_>, &Option<Py<PyAny>>) -> PyResult<()>) {
        // After the first error the run only ends: nothing more is told.
        if self.raised.is_some() {
            return;
        }
        let result = Python::attach(|py| {
            // Ctrl-C arrives here, as Python's own thread is inside the run.
            py.check_signals()?;
            of(py, &self.progress)
        });
        if let Err(error) = result {
            self.raised = Some(error);
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// The run's result, unless Python raised something meanwhile.
    pub fn end<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        match self.raised {
            Some(error) => Err(error.into()),
            None => result,
        }
    }
}

impl Watch for Follow<'_> {
    fn planned(&mut self, plan: &Plan) {
        self.call(|py, progress| {
            let Some(progress) = progress else {
                return Ok(());
            };
            progress.call_method1(py, "planned", (plan.n_tasks, plan.tasks.len()))?;
            Ok(())
        });
    }

    fn finished(&mut self, task: &Finished) {
        let failed = task.status != Status::Done;
        let (sim, trial) = task.id;
        self.call(|py, progress| {
            let Some(progress) = progress else {
                return Ok(());
            };
            progress.call_method1(py, "finished", (sim, trial, failed))?;
            Ok(())
        });
    }

    fn tick(&mut self) {
        self.call(|_, _| Ok(()));
    }

    fn reducing(&mut self, n: usize) {
        self.call(|py, progress| {
            let Some(progress) = progress else {
                return Ok(());
            };
            progress.call_method1(py, "reducing", (n,))?;
            Ok(())
        });
    }
}

/// Does work on another thread, and looks for Ctrl-C on this one. `work` ends soon after `stop` is set; what it sends
/// is handed to `receive` here.
pub fn interruptible<M: Send, T: Send>(
    py: Python<'_>,
    stop: &AtomicBool,
    work: impl FnOnce(Sender<M>) -> T + Send,
    mut receive: impl FnMut(Python<'_>, M) -> PyResult<()> + Send,
) -> Result<T, Error> {
    // Without the interpreter's lock, or no other thread of the program would move.
    py.detach(|| {
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            let worker = std::thread::Builder::new()
                .name("hnn_sweep".into())
                .spawn_scoped(scope, || work(sender))
                .map_err(|e| Error::Argument(format!("the system gives no thread: {e}")))?;
            let mut raised = None;
            loop {
                let message = match receiver.recv_timeout(TICK) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                // What is still sent is thrown away: the worker ends soon.
                if raised.is_some() {
                    continue;
                }
                let result = Python::attach(|py| {
                    py.check_signals()?;
                    message.map_or(Ok(()), |message| receive(py, message))
                });
                if let Err(error) = result {
                    stop.store(true, Ordering::Relaxed);
                    raised = Some(error);
                }
            }
            let result = worker.join();
            match (result, raised) {
                (_, Some(error)) => Err(error.into()),
                (Ok(result), None) => Ok(result),
                (Err(panic), None) => Err(Error::Argument(format!(
                    "an error in hnn-sweep itself, please report it: {}",
                    crate::pipeline::words_of_panic(&*panic)
                ))),
            }
        })
    })
}
