//! A sweep to look at: single figures ([`plot()`]) and one page that holds all of it ([`page`]).
//!
//! Data ([`columns`], [`waves`]) are apart from what is drawn of them, and what is drawn is apart from how
//! ([`crate::figure`]). Statistics are those of the table `summary`; nothing here computes them again.

pub mod columns;
mod data;
mod html;
mod pack;
pub mod plot;
pub mod waves;

pub use html::{Page, PageOptions, page};
pub use plot::{Kind, Plot, PlotOptions, plot};
