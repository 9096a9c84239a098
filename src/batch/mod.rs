//! `BatchSimulate` in Rust: hnn-core's names, arguments and defaults over the stages, keys and store of the command
//! line.
//!
//! A closure takes the place of a pipeline file's expressions. What is hashed is the network that it makes, so that a
//! closure and a file that make the same network find each other's results.
//!
//! ```
//! use hnn_sweep::batch::{BatchSimulate, ParamGrid, Run};
//! use hnn_sweep::network::{DriveAttachment, Evoked, Model};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//!
//! let batch = BatchSimulate::new(|net, params| {
//!     let weight = params.float("weight")?;
//!     let attach = DriveAttachment::evoked("proximal").ampa([("L2_pyramidal", weight)]);
//!     net.add_evoked_drive("evprox", Evoked { mu: 5.0, sigma: 1.0, numspikes: 1 }, attach)?;
//!     Ok(())
//! })
//! .net(Model::Neymotin2020.network([2, 2]))
//! .tstop(20.0)
//! .save_folder(folder)
//! .summary_func(|sim| {
//!     let dipole = sim.dpl.first().ok_or("no dipole")?;
//!     let (time, peak) = dipole.peak(&dipole.data.agg).ok_or("no sample")?;
//!     Ok([("peak", peak), ("time_of_peak", time)])
//! });
//!
//! let grid = ParamGrid::new().axis("weight", [0.001, 0.01]);
//! let results = batch.run(grid.clone(), Run { verbose: false, ..Run::default() })?;
//! assert_eq!(results.simulated, 2);
//! assert_eq!(results.summary_statistics.len(), 2);
//! assert_eq!(results.simulated_data[1].param_values.float("weight")?, 0.01);
//!
//! // Everything is stored: nothing is simulated again.
//! let again = batch.run(grid, Run { verbose: false, ..Run::default() })?;
//! assert_eq!(again.simulated, 0);
//! assert_eq!(again.summary_statistics, results.summary_statistics);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cell_response;
mod dipole;
mod error;
mod grid;
mod progress;
mod results;
mod run;

pub use cell_response::{CellResponse, GidRanges, MeanType, Rates, RatesError};
pub use dipole::{Dipole, DipoleError};
pub use error::BatchError;
pub use grid::ParamGrid;
pub use results::{BatchResults, Data, SimulatedData, SummaryRow};
pub use run::Run;

pub use crate::pipeline::{BoxError, ParamValue, ParamValues, Values};

use crate::network::{Model, Network};
use crate::pipeline::SetParams;
use crate::solver::Record;
use std::path::PathBuf;
use std::sync::Arc;

/// Computes statistics of a simulation, by name.
type SummaryFunc = dyn Fn(&SimulatedData) -> Result<Vec<(String, f64)>, BoxError> + Send + Sync;

/// Writes the struct, its defaults and its setters from one list.
macro_rules! batch_simulate {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr;)+) => {
        /// A batch of simulations, with the arguments of hnn-core's `BatchSimulate`: each field is one, and has a
        /// method of the same name that sets it.
        #[derive(Clone)]
        pub struct BatchSimulate {
            /// The network that every simulation starts from. Default: `jones_2009_model()`, which is `neymotin_2020`
            /// with a 10x10 mesh.
            pub net: Arc<Network>,
            /// Folder of the results, relative to the working directory. Default: `./sim_results`.
            pub save_folder: PathBuf,
            /// Name of the sweep in the folder's tables; hnn-core has no such thing. Default: `batch_simulate`.
            pub name: String,
            $($(#[$doc])* pub $name: $type,)+
            set_params: Arc<SetParams>,
            summary_func: Option<Arc<SummaryFunc>>,
        }

        impl BatchSimulate {
            /// A batch with hnn-core's defaults.
            ///
            /// `set_params` changes a copy of [`net`](Self::net) to the network of a parameter set. It must make the
            /// same network of the same values each time. It is called for every point of the grid before anything is
            /// simulated; what it returns as an error (or panics with) for one of them is the error of
            /// [`run`](Self::run), with that point's values.
            pub fn new(
                set_params: impl Fn(&mut Network, &ParamValues) -> Result<(), BoxError>
                + Send
                + Sync
                + 'static,
            ) -> Self {
                Self {
                    net: Arc::new(Model::Neymotin2020.network([10, 10])),
                    save_folder: PathBuf::from("./sim_results"),
                    name: "batch_simulate".to_owned(),
                    $($name: $default,)+
                    set_params: Arc::new(set_params),
                    summary_func: None,
                }
            }

            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $name;
                self
            })+
        }
    };
}

batch_simulate! {
    /// End of every simulation (ms).
    tstop: f64 = 170.0;
    /// Time step (ms).
    dt: f64 = 0.025;
    /// Trials of every simulation, each a task of its own: raising it simulates the new ones only.
    n_trials: u32 = 1;
    /// Most simulations in one Parquet part and in one npz.
    batch_size: u32 = 100;
    /// Whether [`export_npz`](Self::export_npz) may replace files; stored results are never replaced.
    overwrite: bool = true;
    /// Whether results are kept in `save_folder`. hnn-core's default is `false`; here the store is the point. With
    /// `false` they pass through a temporary folder, and nothing is found again.
    save_outputs: bool = true;
    /// Whether dipoles are kept and returned.
    save_dpl: bool = true;
    /// Whether spikes are kept and returned.
    save_spiking: bool = false;
    /// Whether potentials at the electrode arrays are kept and returned; needs a network with one.
    save_lfp: bool = false;
    /// Whether membrane potentials are kept and returned: of the somata, if `record_vsec` does not say more.
    save_voltages: bool = false;
    /// Whether synaptic currents are kept and returned: of the somata, if `record_isec` does not say more.
    save_currents: bool = false;
    /// Whether calcium concentrations are kept and returned: of the somata, if `record_ca` does not say more.
    save_calcium: bool = false;
    /// Sections whose potentials are recorded; any turns `save_voltages` on.
    record_vsec: Record = Record::Off;
    /// Sections whose synaptic currents are recorded; any turns `save_currents` on.
    record_isec: Record = Record::Off;
    /// Sections whose calcium is recorded; any turns `save_calcium` on. hnn-core's `BatchSimulate` lacks it.
    record_ca: Record = Record::Off;
    /// Whether returned dipoles are scaled and smoothed with the network's `dipole_scalefctr` and
    /// `dipole_smooth_win`. The store keeps them as they were simulated.
    postproc: bool = false;
    /// Whether results are dropped from memory as soon as `summary_func` has seen them; the folder is not touched.
    clear_cache: bool = false;
}

impl BatchSimulate {
    /// The network that every simulation starts from.
    #[must_use]
    pub fn net(mut self, net: impl Into<Arc<Network>>) -> Self {
        self.net = net.into();
        self
    }

    /// Folder of the results, relative to the working directory.
    #[must_use]
    pub fn save_folder(mut self, save_folder: impl Into<PathBuf>) -> Self {
        self.save_folder = save_folder.into();
        self
    }

    /// Name of the sweep in the folder's tables. Sweeps of other names may share the folder, and share results.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Computes statistics of each simulation, by name: one row per simulation, whatever `batch_size` is.
    ///
    /// The store cannot know what a closure computes, so its values are no columns of the table `summary`: they are
    /// computed in every [`run`](Self::run), from what is stored. Nothing is simulated for that.
    #[must_use]
    pub fn summary_func<F, I, N>(mut self, summary_func: F) -> Self
    where
        F: Fn(&SimulatedData) -> Result<I, BoxError> + Send + Sync + 'static,
        I: IntoIterator<Item = (N, f64)>,
        N: Into<String>,
    {
        self.summary_func = Some(Arc::new(move |data| {
            let values = summary_func(data)?.into_iter();
            Ok(values.map(|(name, value)| (name.into(), value)).collect())
        }));
        self
    }
}
