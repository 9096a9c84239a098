//! What a submission keeps of the pipeline: its text, copies of the files that it reads, and who simulates what.

use crate::pipeline::Pipeline;
use crate::stages::key::FORMAT_VERSION;
use crate::stages::{RunError, plan};
use crate::store::{Hash, Id, Outputs, State, Status, Submission};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the plan's file.
pub(super) const PLAN: &str = "plan";
/// Name of the pipeline's text.
const PIPELINE: &str = "pipeline.toml";
/// Name of the list of tasks that are in the tables.
const PUBLISHED: &str = "published";

/// Who simulates what, and with which program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the program.
    pub version: String,
    /// Version of the solver's arithmetic.
    pub numerics: u32,
    /// Version of the tasks' keys.
    pub format: u32,
    /// Name of the sweep.
    pub name: String,
    /// The pipeline file, as a path that does not depend on the working directory.
    pub path: String,
    /// Hash of its text.
    pub text: Hash,
    /// Copies of the files that it reads.
    pub files: Vec<Copied>,
    /// Number of shards.
    pub shards: u32,
    /// CPUs of each.
    pub cpus: u32,
    /// Longest time (s) of each.
    pub seconds: f64,
    /// Longest time of a simulation.
    pub time_limit: Option<Duration>,
    /// The tasks, shard by shard.
    pub tasks: Vec<Task>,
}

/// A copy of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copied {
    /// What the pipeline calls it.
    pub named: String,
    /// Name of the copy.
    pub copy: String,
    /// Hash of its bytes.
    pub hash: Hash,
}

/// A task of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its shard.
    pub shard: u32,
    /// Point of the grid.
    pub point: u64,
    /// Simulation and trial.
    pub id: Id,
    /// Parameter set.
    pub set: Hash,
    /// Key.
    pub key: Hash,
    /// What is to be stored of it.
    pub outputs: Outputs,
    /// Expected time (s) on one CPU.
    pub cost: f64,
}

impl Task {
    /// Whether nothing of it is left to simulate; `None` if it is not.
    pub(super) fn ended<'s>(&self, state: &'s State) -> Option<&'s Status> {
        let sim = state.sim_of(&self.set)?;
        let task = state.tasks.get(&(sim, self.id.1))?;
        self.is_ended_by(&task.outputs, &task.status)
            .then_some(&task.status)
    }

    /// Whether a result is all that is wanted of it, or says why there is none.
    pub(super) fn is_ended_by(&self, outputs: &Outputs, status: &Status) -> bool {
        *status != Status::Done || outputs.lacking(&self.outputs).is_none()
    }
}

impl Plan {
    /// A plan of this program over a sweep; its tasks are still to be named.
    pub(super) fn new(pipeline: &Pipeline) -> Result<Self, RunError> {
        let path = std::path::absolute(pipeline.path());
        let path = path.unwrap_or_else(|_| pipeline.path().to_path_buf());
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").into(),
            numerics: plan::numerics(),
            format: FORMAT_VERSION,
            name: pipeline.name.clone(),
            path: text_of(&path)?,
            text: Hash::of(pipeline.text().unwrap_or_default().as_bytes()),
            files: Vec::new(),
            shards: 0,
            cpus: 1,
            seconds: 0.0,
            time_limit: None,
            tasks: Vec::new(),
        })
    }

    /// Freezes the pipeline's text and the files that it has read.
    pub(super) fn freeze(&mut self, pipeline: &Pipeline, to: &Submission) -> Result<(), RunError> {
        to.put(PIPELINE, pipeline.text().unwrap_or_default().as_bytes())?;
        for (number, (named, file)) in pipeline.files().into_iter().enumerate() {
            let bytes = fs_err::read(&file).map_err(|e| RunError::System {
                what: format!("cannot copy a file that {} reads: {e}", self.path),
                help: "check that it is still there, and submit again".into(),
            })?;
            // What a file is can be told by its ending.
            let ending = file
                .extension()
                .and_then(|ending| ending.to_str())
                .unwrap_or("txt");
            let copy = format!("files/{number}.{ending}");
            to.put(&copy, &bytes)?;
            self.files.push(Copied {
                named: text_of(&named)?,
                copy,
                hash: Hash::of(&bytes),
            });
        }
        Ok(())
    }

    /// Writes the plan, sealed.
    pub(super) fn write(&self, to: &Submission) -> Result<(), RunError> {
        Ok(to.put_sealed(PLAN, &packed(self))?)
    }

    /// Reads the plan of a submission.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub fn read(of: &Submission) -> Result<Self, RunError> {
        let bytes = of.read_sealed(PLAN)?;
        let bytes = bytes.ok_or_else(|| of.damaged(PLAN, "it is not there"))?;
        Ok(rmp_serde::from_slice(&bytes).map_err(|e| of.damaged(PLAN, &e.to_string()))?)
    }

    /// Refuses a plan that another program has made: what it would simulate is not what was planned.
    ///
    /// # Errors
    /// [`RunError::Input`].
    pub fn check(&self) -> Result<(), RunError> {
        let own = (env!("CARGO_PKG_VERSION"), plan::numerics(), FORMAT_VERSION);
        if (self.version.as_str(), self.numerics, self.format) == own {
            return Ok(());
        }
        let words = |(version, numerics, format): (&str, u32, u32)| {
            format!("hnn-sweep {version} (numerics {numerics}, keys {format})")
        };
        Err(RunError::Input {
            what: format!(
                "this is {}, and the submission is of {}",
                words(own),
                words((&self.version, self.numerics, self.format))
            ),
            help: "run the program that submitted it, or submit again with this one; nothing was written".into(),
        })
    }

    /// The pipeline as it was when it was submitted, which reads copies only.
    ///
    /// # Errors
    /// If a copy is not what was frozen.
    pub fn pipeline(&self, of: &Submission) -> Result<Pipeline, RunError> {
        let read = |name: &str, hash: &Hash| -> Result<Vec<u8>, RunError> {
            let bytes = of.read(name)?.unwrap_or_default();
            match Hash::of(&bytes) == *hash {
                true => Ok(bytes),
                false => Err(of.damaged(name, "it is not what was submitted").into()),
            }
        };
        let text = read(PIPELINE, &self.text)?;
        let mut copies = BTreeMap::new();
        for Copied { named, copy, hash } in &self.files {
            read(copy, hash)?;
            copies.insert(PathBuf::from(named), of.path(copy));
        }
        let text = String::from_utf8_lossy(&text);
        Ok(Pipeline::parse_frozen(
            &text,
            Path::new(&self.path),
            copies,
        )?)
    }

    /// Writes down which tasks are in the tables, for shards that begin anew.
    pub(super) fn note_published(
        &self,
        state: &State,
        to: &Submission,
    ) -> crate::store::Result<()> {
        let tasks = (0u32..).zip(&self.tasks);
        let done: Vec<u32> = tasks
            .filter(|(_, task)| task.ended(state).is_some())
            .map(|(number, _)| number)
            .collect();
        to.put_sealed(PUBLISHED, &packed(&done))
    }

    /// Numbers of the tasks that were in the tables when that was last written down.
    pub(super) fn published(of: &Submission) -> Result<Vec<u32>, RunError> {
        let Some(bytes) = of.read_sealed(PUBLISHED)? else {
            return Ok(Vec::new());
        };
        Ok(rmp_serde::from_slice(&bytes).map_err(|e| of.damaged(PUBLISHED, &e.to_string()))?)
    }
}

/// Plain data of ours, which can always be packed.
pub(super) fn packed(value: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec(value).unwrap_or_default()
}

fn text_of(path: &Path) -> Result<String, RunError> {
    path.to_str()
        .map(str::to_string)
        .ok_or_else(|| RunError::Input {
            what: format!("the path {} is not in UTF-8", path.display()),
            help: "rename it: plans are written in UTF-8".into(),
        })
}
