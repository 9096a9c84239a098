//! Statistics that are SQL over the folder's tables. They may compare simulations, so every run computes them anew,
//! when all others are in the tables.

#[cfg(not(feature = "query"))]
use super::error::RunError;
use crate::pipeline::{Pipeline, Statistic, Summary};

/// The pipeline's queries.
fn queries(pipeline: &Pipeline) -> impl Iterator<Item = (&Summary, &str)> {
    pipeline
        .summaries
        .iter()
        .filter_map(|summary| match &summary.statistic {
            Statistic::Sql(query) => Some((summary, query.as_str())),
            _ => None,
        })
}

/// Refuses queries in a program that cannot run them.
///
/// # Errors
/// If there is one, and the program was built without SQL.
#[cfg(not(feature = "query"))]
pub fn check(pipeline: &Pipeline) -> Result<(), RunError> {
    match queries(pipeline).next() {
        None => Ok(()),
        Some((summary, _)) => Err(RunError::Input {
            what: format!(
                "summary `{}` of {} is SQL, and this hnn-sweep was built without it",
                summary.name,
                pipeline.path().display()
            ),
            help: "build with `cargo build --release`, or take the summary away".into(),
        }),
    }
}

#[cfg(feature = "query")]
mod asked;
#[cfg(feature = "query")]
pub use asked::{check, reduce};
