//! A pipeline without a file: a closure makes the networks, where a file has expressions.

use super::bind::Bound;
use super::error::{PipelineError, Source};
use super::grid::Grid;
use super::output::Output;
use super::scope::{Env, Scope, check_name};
use super::simulation::{MAX_TRIALS, check_times};
use super::value::ParamValues;
use super::{
    BATCH_SIZES, Pipeline, Recipe, WRONG_FOLDER, WRONG_NAME, is_folder, is_name as is_sweep_name,
};
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
    pub grid: Grid,
    /// The network that every simulation starts from.
    pub net: Arc<Network>,
    /// Makes the network of a parameter set.
    pub set_params: Arc<SetParams>,
}

/// Makes networks.
pub(super) struct Maker {
    net: Arc<Network>,
    set_params: Arc<SetParams>,
    tstop: f64,
    dt: f64,
    n_trials: u32,
}

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maker")
            .field("tstop", &self.tstop)
            .field("dt", &self.dt)
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    /// A pipeline made in code. It plans, hashes and stores as one of a file does: a closure and a file that make the same
    /// network share their results.
    ///
    /// # Errors
    /// [`PipelineError`] for a name, size or time that no pipeline can have. That `set_params` fails shows when a point is
    /// [bound](Self::bind).
    pub fn from_code(code: Code) -> Result<Self, PipelineError> {
        let Code {
            name,
            save_folder,
            batch_size,
            overwrite,
            clear_cache,
            n_trials,
            tstop,
            dt,
            output,
            grid,
            net,
            set_params,
        } = code;
        let source = Source::new(PathBuf::from(&name), None);
        let wrong = |message: String| Err(source.error(&(0..0), message));
        if !is_sweep_name(&name) {
            return wrong(WRONG_NAME.into());
        }
        if !is_folder(&save_folder.to_string_lossy()) {
            return wrong(WRONG_FOLDER.into());
        }
        if !BATCH_SIZES.contains(&i64::from(batch_size)) {
            let most = BATCH_SIZES.end - 1;
            return wrong(format!(
                "`batch_size` must be between 1 and {most}, not {batch_size}"
            ));
        }
        if !(1..=MAX_TRIALS).contains(&i64::from(n_trials)) {
            return wrong(format!(
                "`n_trials` must be between 1 and {MAX_TRIALS}, not {n_trials}"
            ));
        }
        if let Err((key, message)) = check_times(tstop, dt) {
            return wrong(format!("`{key}` {message}"));
        }
        let mut taken: Vec<&str> = Vec::new();
        for parameter in grid.parameters() {
            check_name(&source, &(0..0), "parameter", &parameter.name, &taken)?;
            taken.push(&parameter.name);
        }
        let scope = Scope::new(grid.parameters().to_vec(), None)?;
        Ok(Self {
            name,
            save_folder,
            batch_size,
            // What the grid's points are, it says itself.
            combinations: true,
            overwrite,
            seed_parameters: Vec::new(),
            clear_cache,
            n_trials,
            output,
            summaries: Vec::new(),
            grid,
            priors: Vec::new(),
            postproc: None,
            scope,
            source,
            recipe: Recipe::Code(Maker {
                net,
                set_params,
                tstop,
                dt,
                n_trials,
            }),
        })
    }
}

impl Maker {
    pub(super) fn bind(&self, env: &Env) -> Result<Bound, PipelineError> {
        let names = env.scope.parameters.iter().map(|p| p.name.clone());
        let values = ParamValues::from_iter(names.zip(env.point.iter().cloned()));
        let mut network = Network::clone(&self.net);
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
