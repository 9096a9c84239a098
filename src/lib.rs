//! Parameter sweeps of the HNN model as a staged dataflow over Parquet datasets.
//!
//! # Steps
//! `expand` (file or closure → grid), `plan` (grid + store → what is missing), `simulate` (missing tasks → results),
//! `summarize` (results → one row of statistics per simulation).
//!
//! # From Rust
//! [`batch::BatchSimulate`] has hnn-core's names and defaults, and is where a program starts. It shares [`stages`]
//! and [`store`] with the command line ([`cli`]), which reads [`pipeline`] files. [`network`] and [`solver`] simulate
//! single networks without any of this.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod batch;
pub mod cli;
pub mod cluster;
pub mod export;
pub mod figure;
pub mod input;
pub mod network;
pub mod pipeline;
#[cfg(feature = "python")]
mod python;
pub mod query;
pub mod report;
pub mod solver;
pub mod stages;
pub mod store;
pub mod table;

pub use batch::BatchSimulate;
pub use network::Network;

/// The programs in the documents compile.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct Library;
