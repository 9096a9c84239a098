//! A pipeline, however it was made.

use super::cluster::Cluster;
use super::code::Maker;
use super::condition::Condition;
use super::connection::ConnectionSpec;
use super::drive::{ArraySpec, BiasSpec, DriveSpec};
use super::error::{PipelineError, SourceFile};
use super::grid::Design;
use super::network::NetworkSpec;
use super::output::Output;
use super::samples::Prior;
use super::scope::Scope;
use super::set::SetSpec;
use super::simulation::Simulation;
use super::summary::{PostProc, Summary};
use super::value::{ParamValue, Parameter};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A pipeline: what to simulate over which grid, what to keep, and what to compute of it.
#[derive(Debug)]
pub struct Pipeline {
    /// Name of the sweep; the file's name if the file gives none.
    pub name: String,
    /// Folder of the results, as the file has it (relative to the working directory).
    pub save_folder: PathBuf,
    /// Most simulations in one Parquet part and in one npz.
    pub batch_size: u32,
    /// Whether the grid is the product of its lists; otherwise the lists are taken together.
    pub combinations: bool,
    /// Whether exports may replace files.
    pub overwrite: bool,
    /// Parameters that only repeat simulations with other random numbers: none of interest to inference.
    pub seed_parameters: Vec<String>,
    /// Whether raw results are dropped from memory after each batch.
    pub clear_cache: bool,
    /// Trials of every simulation.
    pub n_trials: u32,
    /// What is kept of every simulation.
    pub output: Output,
    /// What is computed of every simulation.
    pub summaries: Vec<Summary>,
    /// How it is submitted to a cluster.
    pub cluster: Cluster,
    pub(super) grid: Design,
    pub(super) priors: Vec<(String, Prior)>,
    /// The post-processing that all networks of the sweep have, once one is known.
    pub(super) postproc: Option<PostProc>,
    pub(super) scope: Scope,
    pub(super) source: SourceFile,
    pub(super) recipe: Recipe,
}

/// What makes a network of a point's values.
#[derive(Debug)]
pub(super) enum Recipe {
    /// The rest of a pipeline file.
    File(Box<Content>),
    /// A closure.
    Code(Maker),
}

/// What a pipeline file says about its networks.
#[derive(Debug)]
pub(super) struct Content {
    pub simulation: Simulation,
    pub network: NetworkSpec,
    pub drives: Vec<DriveSpec>,
    pub biases: Vec<BiasSpec>,
    pub arrays: Vec<ArraySpec>,
    pub connections: Vec<ConnectionSpec>,
    pub set: Vec<SetSpec>,
}

impl Pipeline {
    /// The parameters of the grid, in the order of the file.
    pub fn parameters(&self) -> &[Parameter] {
        self.grid.parameters()
    }

    /// Parameters that nothing in the file uses: all of their values give the same simulations. What a closure uses
    /// is not known.
    pub fn unused_parameters(&self) -> Vec<&str> {
        match self.recipe {
            Recipe::File(_) => self.scope.unused(),
            Recipe::Code(_) => Vec::new(),
        }
    }

    /// Reads a condition over the parameters, such as `mu > 40`.
    ///
    /// # Errors
    /// [`PipelineError`] with the place in the condition.
    pub fn condition(&self, text: &str) -> Result<Condition, PipelineError> {
        Condition::parse(&self.scope, text, "--only")
    }

    /// Whether a condition holds at a point.
    ///
    /// # Errors
    /// If a derived parameter has no value there.
    pub fn holds(
        &self,
        condition: &Condition,
        point: &[ParamValue],
    ) -> Result<bool, PipelineError> {
        Ok(condition.holds(&self.scope.at(&self.source, point)?))
    }

    /// Number of points of the grid; 1 without `[grid]`.
    pub fn n_points(&self) -> u64 {
        self.grid.n_points()
    }

    /// Values of the parameters at a point; empty beyond the last point.
    pub fn point(&self, index: u64) -> Vec<ParamValue> {
        self.grid.point(index).unwrap_or_default()
    }

    /// Parameters that `[samples]` draws, with their distributions.
    pub fn priors(&self) -> &[(String, Prior)] {
        &self.priors
    }

    /// The pipeline file; the name of the sweep where it was made in code.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The files that it has read so far: by the path that it names, the path of the file. Once every point was bound
    /// these are all that it needs.
    pub fn files(&self) -> BTreeMap<PathBuf, PathBuf> {
        self.source.files.read()
    }

    /// The file's text, as it was read; none where the pipeline was made in code.
    pub fn text(&self) -> Option<&str> {
        self.source.text.as_deref()
    }
}
