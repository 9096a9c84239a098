//! A closure and values → [`Pipeline`].

use super::cluster::Cluster;
use super::code::{Code, Maker};
use super::content::{Pipeline, Recipe};
use super::error::{PipelineError, SourceFile};
use super::limits::{BATCH_SIZES, WRONG_FOLDER, WRONG_NAME, is_folder, is_name as is_sweep_name};
use super::scope::{Scope, check_name};
use super::simulation::{MAX_TRIALS, check_times};
use std::path::PathBuf;

impl Pipeline {
    /// A pipeline made in code. It plans, hashes and stores as one of a file does: a closure and a file that make the
    /// same network share their results.
    ///
    /// # Errors
    /// [`PipelineError`] for a name, size or time that no pipeline can have. That `set_params` fails shows when a
    /// point is [bound](Self::bind).
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
        let source = SourceFile::new(PathBuf::from(&name), None);
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
            cluster: Cluster::default(),
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
