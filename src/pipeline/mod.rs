//! TOML → [`Pipeline`]: every validation, once, with the file, key and place in the error.
//!
//! The format is described in `docs/pipeline.md`. A number may be written as an expression over the
//! parameters of `[grid]` and `[derived]`; [`Pipeline::bind`] evaluates them at a point of the grid and gives the
//! network that is simulated there. [`Pipeline::from_code`] makes one without a file, with a closure in the place of
//! the expressions.

mod bind;
mod bound;
mod cluster;
mod code;
mod condition;
mod connection;
mod content;
mod drive;
mod edit;
mod error;
mod expr;
mod file;
mod files;
mod from_code;
mod grid;
mod keys;
mod limits;
mod located;
mod network;
mod output;
mod quantity;
mod reader;
mod samples;
mod scope;
mod set;
mod setting;
mod simulation;
mod summary;
mod value;
mod varied;

pub use bound::Bound;
pub use cluster::Cluster;
pub use code::{BoxError, Code, SetParams, words_of_panic};
pub use condition::Condition;
pub use content::Pipeline;
pub use error::PipelineError;
pub(crate) use error::did_you_mean;
pub use grid::{
    Design, GridError, MAX_POINTS, Values, arange, arange_length, geomspace, linspace, logspace,
};
pub use keys::schema;
pub(crate) use limits::{WRONG_NAME, is_name};
pub use output::{Output, Precision};
pub use samples::Prior;
pub use summary::{
    Band, Contact, Formula, Measure, Peak, PostProc, Signal, SpikeMeasure, Statistic, Summary,
    Target, Trials, Window, window_samples,
};
pub use value::{ParamError, ParamValue, ParamValues, Parameter, ParameterKind};
pub use varied::Varied;
