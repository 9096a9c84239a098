//! `[cluster]`: how a sweep is submitted to a cluster. It is no part of what is simulated.

use super::error::{PipelineError, SourceFile};
use super::keys::CLUSTER_KEYS;
use super::reader::{TomlItem, TomlTable};
use std::path::Path;
use toml::de::DeTable;

/// Largest file of a user's own settings (bytes).
const MAX_FILE_SIZE: u64 = 1 << 20;
/// Most CPUs of a shard.
const CPUS: std::ops::Range<i64> = 1..10_001;

/// How a sweep is submitted to a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Partition, or queue.
    pub partition: Option<String>,
    /// Account that pays.
    pub account: Option<String>,
    /// CPUs of each shard.
    pub cpus: Option<u32>,
    /// Longest time of each shard, as SLURM writes it.
    pub time: Option<String>,
    /// Environment modules that are loaded first.
    pub modules: Vec<String>,
    /// Further options of `sbatch`, each as one text.
    pub sbatch: Vec<String>,
    /// Lines of a shell that are run first.
    pub setup: Vec<String>,
}

impl Cluster {
    pub(super) fn read(item: Option<&TomlItem>) -> Result<Self, PipelineError> {
        let mut cluster = Self::default();
        let Some(item) = item else {
            return Ok(cluster);
        };
        let table = TomlTable::new(item, CLUSTER_KEYS)?;
        let lines = |key: &str| table.optional(key, read_lines).unwrap_or_default();
        cluster.partition = table.optional("partition", read_line);
        cluster.account = table.optional("account", read_line);
        cluster.time = table.optional("time", read_line);
        cluster.cpus = table
            .optional("cpus", |item| item.integer_in(CPUS))
            .and_then(|cpus| u32::try_from(cpus).ok());
        cluster.modules = lines("modules");
        cluster.sbatch = lines("sbatch");
        cluster.setup = lines("setup");
        Ok(cluster)
    }

    /// Reads a user's own settings: a file with a table `[cluster]`.
    ///
    /// # Errors
    /// [`PipelineError`] for all that is wrong, each with its place in the file; also if there is none.
    pub fn load(path: &Path) -> Result<Self, PipelineError> {
        let text = crate::input::read_text(path, MAX_FILE_SIZE).map_err(|problem| {
            SourceFile::error_of_file(path, format!("{}: {problem}", path.display()))
                .with_optional_help(problem.help)
        })?;
        let source = SourceFile::new(path.to_owned(), Some(text.as_str().into()));
        let document = DeTable::parse(&text).map_err(|e| {
            let message = e.message().trim().replace('\n', ", ");
            source.error(
                &e.span().unwrap_or(0..0),
                format!("not valid TOML: {message}"),
            )
        })?;
        let root = TomlTable::root(&source, &document, &["cluster"]);
        let cluster = source.keep(Self::read(root.get("cluster").as_ref()));
        source.check()?;
        Ok(cluster.unwrap_or_default())
    }

    /// These settings, and `others` where they say nothing.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        let list = |own: Vec<String>, other| if own.is_empty() { other } else { own };
        Self {
            partition: self.partition.or(others.partition),
            account: self.account.or(others.account),
            cpus: self.cpus.or(others.cpus),
            time: self.time.or(others.time),
            modules: list(self.modules, others.modules),
            sbatch: list(self.sbatch, others.sbatch),
            setup: list(self.setup, others.setup),
        }
    }
}

/// A text that stays on one line of a script.
fn read_line(item: &TomlItem) -> Result<String, PipelineError> {
    let text = item.string()?;
    match text.is_empty() || text.chars().any(char::is_control) {
        true => Err(item.error(format!("{} must be one line of text", item.describe()))),
        false => Ok(text),
    }
}

fn read_lines(item: &TomlItem) -> Result<Vec<String>, PipelineError> {
    item.array()?.iter().map(read_line).collect()
}
