//! The extension module `hnn_sweep._hnn_sweep`: the one room that names Python.
//!
//! It hands over what Python cannot do itself, as plain classes and functions; arguments with defaults, progress and
//! hnn-core's own objects are the business of the package around it, `python/hnn_sweep`. The interpreter is free
//! while anything is simulated.

mod array;
mod batch;
mod convert;
mod error;
mod fit;
mod folder;
mod follow;
mod network;
mod picture;
mod run;
mod table;
mod trial;

use pyo3::prelude::*;

/// Native part of the package.
#[pymodule]
mod _hnn_sweep {
    #[pymodule_export]
    use super::array::Array;
    #[pymodule_export]
    use super::batch::run_networks;
    #[pymodule_export]
    use super::error::{NetworkError, PipelineError, SimulationError, StoreError};
    #[pymodule_export]
    use super::fit::Fit;
    #[pymodule_export]
    use super::folder::Folder;
    #[pymodule_export]
    use super::network::{Network, Stop};
    #[pymodule_export]
    use super::picture::{convert, page, plot};
    #[pymodule_export]
    use super::run::{plan, run};
    #[pymodule_export]
    use super::trial::Trial;
    #[pymodule_export]
    use crate::python::table::Table;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("RESERVED", crate::store::RESERVED)?;
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
