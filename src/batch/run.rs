//! The methods of hnn-core's `BatchSimulate`: plan, simulate and store as the command line does, then read back.

use super::progress::Lines;
use super::{
    BatchError, BatchResults, BatchSimulate, Data, ParamGrid, SimulatedData, SummaryFunc,
    SummaryRow, grid,
};
use crate::export;
use crate::network::Network;
use crate::pipeline::{Code, Design, Output, ParamValues, Pipeline, words_of_panic};
use crate::solver::{Record, Solver};
use crate::stages::{self, LoadedSimulation, Loader, Options, Watch, tables};
use crate::store::Table;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Networks that are read from the store at a time.
const NETWORKS_AT_ONCE: usize = 1000;

/// Arguments of [`BatchSimulate::run`] but for the grid, with hnn-core's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Whether results are returned.
    pub return_output: bool,
    /// Whether all combinations are simulated; otherwise the n-th values of all parameters together.
    pub combinations: bool,
    /// Simulations at a time, on threads of this process; 0 or -1 for all cores.
    pub n_jobs: i64,
    /// Whether [`run`](BatchSimulate::run) prints progress on stderr.
    pub verbose: bool,
    /// Whether what failed before is simulated again; hnn-core has no such thing.
    pub retry_failed: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            return_output: true,
            combinations: true,
            n_jobs: 1,
            verbose: true,
            retry_failed: false,
        }
    }
}

impl BatchSimulate {
    /// Simulates what is missing of a grid, and returns the results of all of it.
    ///
    /// A simulation that fails ends nothing: it is in [`BatchResults::failed`], and is not simulated again without
    /// [`Run::retry_failed`].
    ///
    /// # Errors
    /// [`BatchError`]: lists of unequal lengths without `combinations`, an argument or output that cannot be,
    /// `set_params` that fails at a point (all before anything is simulated), a disk that refuses, or `summary_func`
    /// that fails.
    pub fn run(&self, param_grid: ParamGrid, run: Run) -> Result<BatchResults, BatchError> {
        let mut lines = Lines::new(&self.name, run.verbose);
        self.run_watched(param_grid, run, &AtomicBool::new(false), &mut lines)
    }

    /// As [`run`](Self::run), for programs that stop and follow it themselves: a notebook, a window, a job on a
    /// cluster.
    ///
    /// Set `stop` at any time, from any thread or from within `watch`: simulations in flight are dropped, those that
    /// are finished are kept and returned, and [`BatchResults::left`] counts the others. `watch` is called on this
    /// thread, at least ten times a second while simulations are under way. Nothing is printed, whatever
    /// [`Run::verbose`] says.
    ///
    /// ```
    /// use hnn_sweep::batch::{BatchSimulate, ParamGrid, Run};
    /// use hnn_sweep::network::{DriveAttachment, Evoked, Model};
    /// use hnn_sweep::stages::{Finished, Plan, Watch};
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// /// Counts simulations, and stops after the first.
    /// struct First<'a> {
    ///     stop: &'a AtomicBool,
    ///     planned: usize,
    /// }
    ///
    /// impl Watch for First<'_> {
    ///     fn planned(&mut self, plan: &Plan) {
    ///         self.planned = plan.tasks.len();
    ///     }
    ///     fn finished(&mut self, _: &Finished) {
    ///         self.stop.store(true, Ordering::Relaxed);
    ///     }
    /// }
    /// # let folder = tempfile::tempdir()?;
    ///
    /// let batch = BatchSimulate::new(|net, params| {
    ///     let (mu, attach) = (params.float("mu")?, DriveAttachment::evoked("proximal").ampa([("L5_pyramidal", 0.01)]));
    ///     net.add_evoked_drive("evprox", Evoked { mu, sigma: 1.0, numspikes: 1 }, attach)?;
    ///     Ok(())
    /// })
    /// .net(Model::Neymotin2020.network([1, 1]))
    /// .tstop(5.0)
    /// .save_folder(folder.path());
    /// let stop = AtomicBool::new(false);
    /// let mut first = First { stop: &stop, planned: 0 };
    /// let grid = ParamGrid::new().axis("mu", [1.0, 2.0, 3.0]);
    /// let results = batch.run_watched(grid, Run::default(), &stop, &mut first)?;
    /// assert_eq!(results.simulated + results.left, first.planned as u64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_watched(
        &self,
        param_grid: ParamGrid,
        run: Run,
        stop: &AtomicBool,
        watch: &mut dyn Watch,
    ) -> Result<BatchResults, BatchError> {
        let grid = param_grid.into_grid(run.combinations)?;
        self.simulate(&self.name, grid, run, stop, watch)
    }

    /// Simulates a list of parameter sets, all with the same parameters, in their order.
    ///
    /// In the folder's tables they are a sweep of their own, called `NAME.simulate_batch`, with the sets of the
    /// latest call as its grid. Those of earlier calls stay stored, and are found again.
    ///
    /// # Errors
    /// As [`run`](Self::run), and for parameter sets that differ in their parameters.
    pub fn simulate_batch(
        &self,
        param_combinations: &[ParamValues],
        n_jobs: i64,
    ) -> Result<BatchResults, BatchError> {
        self.simulate_batch_watched(param_combinations, n_jobs, &AtomicBool::new(false), &mut ())
    }

    /// As [`simulate_batch`](Self::simulate_batch), stopped and followed as [`run_watched`](Self::run_watched) is.
    ///
    /// # Errors
    /// As [`simulate_batch`](Self::simulate_batch).
    pub fn simulate_batch_watched(
        &self,
        param_combinations: &[ParamValues],
        n_jobs: i64,
        stop: &AtomicBool,
        watch: &mut dyn Watch,
    ) -> Result<BatchResults, BatchError> {
        if param_combinations.is_empty() {
            return Ok(BatchResults::default());
        }
        let grid = grid::of_list(param_combinations)?;
        let run = Run {
            n_jobs,
            ..Run::default()
        };
        self.simulate(
            &format!("{}.simulate_batch", self.name),
            grid,
            run,
            stop,
            watch,
        )
    }

    /// Results of some simulations that an earlier [`run`](Self::run) of this name stored, by their places in its
    /// grid: `0..100` is what hnn-core saves as `sim_run_0-100.npz`. `return_data` says which results, by default
    /// those that the `save_*` fields ask for.
    ///
    /// Nothing is simulated, and `set_params` is called for `postproc` only. Simulations of which a trial is missing
    /// or failed are left out.
    ///
    /// # Errors
    /// If the folder has no such sweep, or a file cannot be read or is damaged.
    pub fn load_results(
        &self,
        simulations: Range<usize>,
        return_data: Option<&[Data]>,
    ) -> Result<Vec<SimulatedData>, BatchError> {
        let tables = match return_data {
            Some(data) => data.iter().map(|data| data.table()).collect(),
            None => self.tables(),
        };
        let mut loaded = Vec::new();
        self.read(
            &self.save_folder,
            &self.name,
            simulations,
            &tables,
            &mut |data| {
                loaded.push(data);
                Ok(())
            },
        )?;
        Ok(loaded)
    }

    /// Results of all simulations of the grid that [`run`](Self::run) was last given under this name, in its order:
    /// others that the folder holds cannot mix in.
    ///
    /// # Errors
    /// As [`load_results`](Self::load_results).
    pub fn load_all_results(&self) -> Result<Vec<SimulatedData>, BatchError> {
        // `read` ends with the grid.
        self.load_results(0..usize::MAX, None)
    }

    /// Writes the grid that [`run`](Self::run) was last given as hnn-core's `sim_run_{start}-{end}.npz`, with at most
    /// `batch_size` simulations in each, for its own `load_all_results()`; `plain` gives arrays only, without pickled
    /// objects. As [`hnn-sweep export npz`](crate::export::npz).
    ///
    /// # Errors
    /// If there are files already and `overwrite` is false (nothing is written then), results are missing, or a file
    /// cannot be read or written.
    pub fn export_npz(&self, folder: &Path, plain: bool) -> Result<Vec<PathBuf>, BatchError> {
        let loader = Loader::open(&self.save_folder, Some(&self.name))?;
        let target = export::Target {
            folder: folder.to_path_buf(),
            overwrite: self.overwrite,
        };
        Ok(export::npz(&loader, &target, self.batch_size, plain)?.files)
    }

    /// The network that `set_params` makes of a parameter set.
    ///
    /// # Errors
    /// If `set_params` fails.
    pub fn network(&self, params: &ParamValues) -> Result<Network, BatchError> {
        let grid = grid::of_list(std::slice::from_ref(params))?;
        // Bound as a run would bind it, but nothing is planned, and the folder is not touched.
        let pipeline = self.pipeline(&self.name, grid, &self.save_folder)?;
        Ok(pipeline.bind(&pipeline.point(0))?.network)
    }

    fn simulate(
        &self,
        name: &str,
        grid: Design,
        run: Run,
        stop: &AtomicBool,
        watch: &mut dyn Watch,
    ) -> Result<BatchResults, BatchError> {
        // hnn-core's save_outputs = false: nothing is to be left behind.
        let temporary = match self.save_outputs {
            true => None,
            false => Some(temporary_folder()?),
        };
        let folder = temporary
            .as_ref()
            .map_or(self.save_folder.as_path(), |t| t.path());
        let pipeline = self.pipeline(name, grid, folder)?;
        let options = Options {
            // As joblib counts: -1 is all cores.
            jobs: stages::jobs(run.n_jobs),
            retry_failed: run.retry_failed,
            ..Options::default()
        };
        let outcome = stages::run(&pipeline, &options, &Solver::new(), stop, watch)?;
        let mut results = BatchResults {
            simulated: outcome.simulated,
            left: outcome.left,
            failed: outcome.failed,
            ..BatchResults::default()
        };
        // hnn-core's clear_cache drops what was returned, not what was stored.
        let keep = run.return_output && !self.clear_cache;
        if !keep && self.summary_func.is_none() {
            return Ok(results);
        }
        // One by one: the function sees each simulation, and memory holds those that are kept.
        self.read(folder, name, 0..usize::MAX, &self.tables(), &mut |data| {
            if let Some(summary_func) = &self.summary_func {
                results
                    .summary_statistics
                    .push(row(&**summary_func, &data)?);
            }
            if keep {
                results.simulated_data.push(data);
            }
            Ok(())
        })?;
        Ok(results)
    }

    fn pipeline(&self, name: &str, grid: Design, folder: &Path) -> Result<Pipeline, BatchError> {
        Ok(Pipeline::from_code(Code {
            name: name.to_owned(),
            save_folder: folder.to_path_buf(),
            batch_size: self.batch_size,
            overwrite: self.overwrite,
            clear_cache: self.clear_cache,
            n_trials: self.n_trials,
            tstop: self.tstop,
            dt: self.dt,
            output: self.output(),
            grid,
            net: self.net.clone(),
            set_params: self.set_params.clone(),
        })?)
    }

    fn output(&self) -> Output {
        let trace = |save: bool, record: Record| match (save, record) {
            (true, Record::Off) => Record::Soma,
            // A table is recorded if its trace is, whichever of the two was asked for.
            (_, record) => record,
        };
        let mut output = Output::default();
        output.save_dpl = self.save_dpl;
        output.save_spiking = self.save_spiking;
        output.save_lfp = self.save_lfp;
        output.record_vsec = trace(self.save_voltages, self.record_vsec);
        output.record_isec = trace(self.save_currents, self.record_isec);
        output.record_ca = trace(self.save_calcium, self.record_ca);
        output.save_voltages = output.record_vsec != Record::Off;
        output.save_currents = output.record_isec != Record::Off;
        output.save_calcium = output.record_ca != Record::Off;
        output.postproc = self.postproc;
        output
    }

    fn tables(&self) -> Vec<Table> {
        let wanted = tables::wanted(&self.output());
        let data = Table::DATA.into_iter();
        data.filter(|table| wanted.has(*table)).collect()
    }

    /// Reads complete simulations of a stored sweep, one after the other.
    fn read(
        &self,
        folder: &Path,
        name: &str,
        points: Range<usize>,
        tables: &[Table],
        visit: &mut dyn FnMut(SimulatedData) -> Result<(), BatchError>,
    ) -> Result<(), BatchError> {
        let wanted = tables::wanted(&self.output());
        let loader = Loader::open(folder, Some(name))?;
        let end = points.end.min(loader.n_points());
        let mut first = points.start;
        while first < end {
            // Networks in larger pieces than results: they share most of their parts.
            let next = end.min(first + NETWORKS_AT_ONCE);
            let mut networks = loader.networks(first..next)?.into_iter();
            let mut take = |loaded: LoadedSimulation| -> Result<(), BatchError> {
                let net = networks.next().flatten();
                // What failed is in `failed`; the rest of a sweep is of use without it.
                if !loaded.is_done() {
                    return Ok(());
                }
                let net = net.ok_or_else(|| {
                    BatchError::input(
                        format!(
                            "the specification of sim {} is not in the folder",
                            loaded.sim
                        ),
                        "see what else is lacking with `hnn-sweep verify`",
                    )
                })?;
                not_stored(&loaded, tables)?;
                let mut data = SimulatedData::new(loaded, net, tables, &wanted);
                self.post_process(&mut data)?;
                visit(data)
            };
            loader.try_for_each(first..next, tables, &mut take)?;
            first = next;
        }
        Ok(())
    }

    fn post_process(&self, data: &mut SimulatedData) -> Result<(), BatchError> {
        if !self.postproc || data.dpl.is_empty() {
            return Ok(());
        }
        // Made again: window and factor are no part of the key, and not stored.
        let network = self.network(&data.param_values)?;
        for dipole in &mut data.dpl {
            let done = dipole.post_process(network.dipole_smooth_win, network.dipole_scalefctr);
            done.map(drop).map_err(|source| BatchError::PostProc {
                index: data.index,
                params: data.param_values.to_string(),
                source,
            })?;
        }
        Ok(())
    }
}

/// Refuses to pass what was never stored for a simulation without it.
fn not_stored(loaded: &LoadedSimulation, tables: &[Table]) -> Result<(), BatchError> {
    for trial in &loaded.trials {
        if let Some(table) = tables.iter().find(|table| !trial.outputs.has(**table)) {
            let what = format!(
                "{} of sim {} trial {} are not stored",
                table.name(),
                loaded.sim,
                trial.trial
            );
            let help = format!(
                "run it again with save_{}, or do not ask for them",
                Data::of(*table).map_or("", Data::name)
            );
            return Err(BatchError::input(what, help));
        }
    }
    Ok(())
}

fn row(summary_func: &SummaryFunc, data: &SimulatedData) -> Result<SummaryRow, BatchError> {
    let failed = |problem: String| BatchError::Summary {
        index: data.index,
        params: data.param_values.to_string(),
        problem,
    };
    // A panic of the user's function is told with the parameters that it had.
    match catch_unwind(AssertUnwindSafe(|| summary_func(data))) {
        Ok(Ok(values)) => Ok(SummaryRow {
            index: data.index,
            param_values: data.param_values.clone(),
            values: values.into_iter().collect(),
        }),
        Ok(Err(error)) => Err(failed(format!("failed with \"{error}\""))),
        Err(panic) => Err(failed(format!(
            "panicked with \"{}\"",
            words_of_panic(&*panic)
        ))),
    }
}

fn temporary_folder() -> Result<tempfile::TempDir, BatchError> {
    tempfile::tempdir().map_err(|e| {
        BatchError::input(
            format!("cannot make a temporary folder: {e}"),
            "set TMPDIR to a folder that can be written to, or save_outputs(true)",
        )
    })
}
