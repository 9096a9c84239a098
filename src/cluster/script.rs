//! What a submission needs, whatever drives it.

use crate::pipeline::Cluster;
use crate::stages::RunError;
use std::path::PathBuf;
use std::time::Duration;

/// What scripts and lists of commands are made of.
#[derive(Clone, Debug)]
pub struct Script {
    /// Name of the sweep.
    pub name: String,
    /// This program.
    pub program: PathBuf,
    /// The folder of results, as a path that does not depend on the working directory.
    pub folder: PathBuf,
    /// The submission.
    pub id: String,
    /// Where logs go.
    pub logs: PathBuf,
    /// Number of shards.
    pub shards: u32,
    /// CPUs of each.
    pub cpus: u32,
    /// Longest time of each.
    pub time: Duration,
    /// Settings of the cluster.
    pub settings: Cluster,
}

impl Script {
    /// Refuses what cannot stand in a script.
    ///
    /// # Errors
    /// [`RunError::Input`].
    pub fn check(&self) -> Result<(), RunError> {
        for path in [&self.program, &self.folder] {
            let text = path.to_str();
            if text.is_none_or(|text| text.contains(|c: char| c.is_control() || "\"\\".contains(c)))
            {
                return Err(RunError::Input {
                    what: format!(
                        "the path {} cannot stand in a script of a batch system",
                        path.display()
                    ),
                    help: "choose a path without quotes, backslashes and line breaks".into(),
                });
            }
        }
        match self.settings.sbatch.iter().find(|option| !option.starts_with('-')) {
            None => Ok(()),
            Some(option) => Err(RunError::Input {
                what: format!("`{option}` is no option of sbatch"),
                help: "write `sbatch` options as on its command line, such as --sbatch=\"--mem=4G --qos=low\"".into(),
            }),
        }
    }

    /// `hnn-sweep VERB FOLDER`, as a shell reads it.
    pub fn command(&self, verb: &str) -> String {
        format!(
            "{} {verb} {}",
            quoted(&self.program.to_string_lossy()),
            quoted(&self.folder.to_string_lossy())
        )
    }

    /// The command that publishes once all shards have ended.
    pub fn publish(&self) -> String {
        format!("{} --ended {}", self.command("publish"), self.id)
    }
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_string(), |quoted| quoted.into_owned())
}
