//! expand, plan, simulate, summarize.

pub mod summarize;
