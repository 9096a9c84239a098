//! From a laptop to a cluster: a sweep's missing tasks are cut into shards that any engine can run, on machines
//! that share nothing but the folder.
//!
//! [`submit()`] freezes the pipeline and all that it reads, and plans who simulates what. A [`shard`] reads only what
//! is frozen, and appends results to a file of its own: no server, no lock. [`publish()`] brings results into the
//! tables, one publisher at a time. Schedulers are text in and text out ([`slurm`]); without one, shards run as child
//! processes ([`local`]) or from lists of commands ([`emit`]).

pub mod emit;
mod frozen;
mod life;
pub mod local;
mod publish;
mod publishing;
mod scheduler;
pub mod script;
pub mod shard;
pub mod slurm;
mod split;
mod status;
mod submit;
mod time;

pub use frozen::{Plan, Task};
pub use life::{Jobs, Life, given};
pub use publish::{Ended, Published, fold, make_known, publish};
pub use publishing::{busy, publisher};
pub use scheduler::{JobState, Scheduler};
pub use script::Script;
pub use status::{ShardState, SubmissionStatus, status};
pub use submit::{Engine, Request, Submitted, preview, submit};
pub use time::{in_slurm, parse as parse_time};
