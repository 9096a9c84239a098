//! A pipeline without a file: a closure makes the networks, where a file has expressions.

use super::bound::Bound;
use super::error::PipelineError;
use super::grid::Design;
use super::output::Output;
use super::scope::Env;
use super::value::ParamValues;
use crate::network::Network;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

/// Any error, as closures return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Changes the base network to that of a parameter set. It must make the same network of the same values each time.
pub type SetParams = dyn Fn(&mut Network, &ParamValues) -> Result<(), BoxError> + Send + Sync;

/// What a pipeline file says, as values.
pub struct Code {
    /// Name of the sweep.
    pub name: String,
    /// Folder of the results.
    pub save_folder: PathBuf,
    /// Most simulations in one Parquet part and in one npz.
    pub batch_size: u32,
    /// Whether exports may replace files.
    pub overwrite: bool,
    /// Whether raw results are dropped from memory after each batch.
    pub clear_cache: bool,
    /// Trials of every simulation.
    pub n_trials: u32,
    /// End of every simulation (ms).
    pub tstop: f64,
    /// Time step (ms).
    pub dt: f64,
    /// What is kept of every simulation.
    pub output: Output,
    /// The parameter sets.
    pub grid: Design,
    /// The network that every simulation starts from.
    pub net: Arc<Network>,
    /// Makes the network of a parameter set.
    pub set_params: Arc<SetParams>,
}

/// Makes networks.
pub(super) struct Maker {
    pub net: Arc<Network>,
    pub set_params: Arc<SetParams>,
    pub tstop: f64,
    pub dt: f64,
    pub n_trials: u32,
}

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maker")
            .field("tstop", &self.tstop)
            .field("dt", &self.dt)
            .finish_non_exhaustive()
    }
}

impl Maker {
    pub(super) fn bind(&self, env: &Env) -> Result<Bound, PipelineError> {
        let names = env.scope.parameters.iter().map(|p| p.name.clone());
        let values = ParamValues::from_iter(names.zip(env.point.iter().cloned()));
        // From the same network each time, or changes would add up from point to point.
        let mut network = Network::clone(&self.net);
        // A closure that panics must not take the sweep with it.
        let changed = catch_unwind(AssertUnwindSafe(|| {
            (self.set_params)(&mut network, &values)
        }));
        match changed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(env.error_of("set_params", &format!("failed: {error}")));
            }
            Err(panic) => {
                let words = words_of_panic(&*panic);
                return Err(env
                    .error_of("set_params", &format!("panicked: {words}"))
                    .with_help("return an error instead, with `?` or `Err`"));
            }
        }
        network
            .check_inputs(self.tstop, self.n_trials)
            .map_err(|wrong| {
                let (input, error) = *wrong;
                env.error_of(&format!("{input}:"), &error.to_string())
            })?;
        Ok(Bound {
            network,
            tstop: self.tstop,
            dt: self.dt,
        })
    }
}

/// What a panic said.
pub fn words_of_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".into())
}
