//! Names of the folder's tables and files.

use super::error::Result;
use super::folder::Folder;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the file that holds a batch of a table.
pub(crate) const PART: &str = "part.parquet";

/// A table of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// A task of a present grid a row.
    Simulations,
    /// A task a row, of points that have left their grid: apart, so that joins by parameters meet the present model
    /// only.
    Former,
    /// A sample of the dipole a row.
    Dipole,
    /// A spike a row.
    Spikes,
    /// A sample of a contact a row.
    Lfp,
    /// A trace a row.
    Voltages,
    /// A trace a row.
    Currents,
    /// A trace a row.
    Calcium,
    /// A simulation a row.
    Summary,
}

impl Table {
    /// All tables.
    pub const ALL: [Table; 9] = [
        Table::Simulations,
        Table::Former,
        Table::Dipole,
        Table::Spikes,
        Table::Lfp,
        Table::Voltages,
        Table::Currents,
        Table::Calcium,
        Table::Summary,
    ];

    /// The tables that a simulation writes to.
    pub const DATA: [Table; 6] = [
        Table::Dipole,
        Table::Spikes,
        Table::Lfp,
        Table::Voltages,
        Table::Currents,
        Table::Calcium,
    ];

    /// Its name, which is also its folder's.
    pub fn name(self) -> &'static str {
        match self {
            Table::Simulations => "simulations",
            Table::Former => "former",
            Table::Dipole => "dipole",
            Table::Spikes => "spikes",
            Table::Lfp => "lfp",
            Table::Voltages => "voltages",
            Table::Currents => "currents",
            Table::Calcium => "calcium",
            Table::Summary => "summary",
        }
    }
}

/// Folder of everything that is no table.
pub(super) const STATE_FOLDER: &str = ".state";
/// What is known about every task: a snapshot.
pub(super) const STATE: &str = ".state/state";
/// Folder of what has changed since, a file for each generation.
pub(super) const INCREMENTS: &str = ".state/increments";
/// The snapshot before that.
pub(super) const BEFORE: &str = ".state/state.before";
/// What is about to be replaced.
pub(super) const INTENT: &str = ".state/intent";
/// Files that `verify` found damaged.
pub(super) const DAMAGE: &str = ".state/damage";
/// Held while state or tables are replaced.
pub(super) const LOCK: &str = ".state/lock";
/// Which tasks the processes at work have taken.
pub(super) const CLAIMS: &str = ".state/claims";
/// Folder of files that are being written.
pub(super) const TMP: &str = ".state/tmp";
/// Folder of results that are durable and not yet in the tables.
pub(super) const JOURNAL: &str = ".state/journal";
/// Folder of large results that are durable and not yet in the tables.
pub(super) const PIECES: &str = ".state/pieces";
/// Folder of the tasks' canonical bytes.
pub(super) const SPECS: &str = ".state/specs";
/// Folder of what was submitted to run elsewhere, a folder each.
pub(super) const SUBMISSIONS: &str = ".state/submissions";
/// Folder of damaged files that were put aside.
pub(super) const DAMAGED: &str = ".state/damaged";

/// A folder of results, and the names of what is in it.
#[derive(Clone, Debug)]
pub struct Layout {
    folder: Folder,
    pieces: Arc<str>,
}

impl Layout {
    /// Opens a `save_folder`; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(root: &Path) -> Result<Option<Self>> {
        Ok(Folder::open(root)?.map(Self::of))
    }

    /// Opens a `save_folder`, and makes it if needed.
    ///
    /// # Errors
    /// If it cannot be made or read.
    pub fn create(root: &Path) -> Result<Self> {
        Ok(Self::of(Folder::create(root)?))
    }

    fn of(folder: Folder) -> Self {
        let pieces = PIECES.into();
        Self { folder, pieces }
    }

    /// The same folder, with large pieces of results in another folder of it than usual.
    pub(super) fn with_pieces(&self, pieces: &str) -> Self {
        Self {
            folder: self.folder.clone(),
            pieces: pieces.into(),
        }
    }

    /// Where large pieces of results are put, relative to the root.
    pub(super) fn pieces(&self) -> &Arc<str> {
        &self.pieces
    }

    /// `save_folder` itself.
    pub fn root(&self) -> &Path {
        self.folder.root()
    }

    /// Where everything is that is no table.
    pub fn state_folder(&self) -> PathBuf {
        self.folder.path(".state")
    }

    /// Its files.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The file that holds a large piece of one simulation, relative to the root.
    pub fn own_part_name(table: Table, batch: u32, (sim, trial): (u32, u32)) -> String {
        Self::part_name(
            table,
            batch,
            &format!("sim-{sim:06}-trial-{trial:04}.parquet"),
        )
    }

    /// What a part's name says: its batch, and its simulation and trial if it is of one only. `None` for every name
    /// that [`Layout::part_name`] and [`Layout::own_part_name`] do not give.
    pub fn parse_part_name(name: &str) -> Option<(u32, Option<(u32, u32)>)> {
        let mut words = name.split('/');
        let table = words.next()?;
        let table = Table::ALL.into_iter().find(|t| t.name() == table)?;
        let batch = words.next()?.strip_prefix("batch=")?.parse().ok()?;
        let file = words.next()?;
        let own = file.strip_suffix(".parquet")?.strip_prefix("sim-");
        let own = own.and_then(|own| own.split_once("-trial-"));
        let own = own.and_then(|(sim, trial)| Some((sim.parse().ok()?, trial.parse().ok()?)));
        // Only exactly what this program writes: `batch=01` would be another file.
        let exact = match own {
            Some(own) => Self::own_part_name(table, batch, own),
            None => Self::part_name(table, batch, PART),
        };
        (exact == name).then_some((batch, own))
    }

    /// A file of a table, relative to the root.
    pub fn part_name(table: Table, batch: u32, file: &str) -> String {
        format!("{}/batch={batch}/{file}", table.name())
    }
}

/// Whether `.state` has a file or folder of this name.
pub(super) fn is_of_state(name: &str) -> bool {
    let all = [
        STATE,
        INCREMENTS,
        BEFORE,
        INTENT,
        DAMAGE,
        LOCK,
        CLAIMS,
        TMP,
        JOURNAL,
        PIECES,
        SPECS,
        DAMAGED,
        SUBMISSIONS,
    ];
    all.iter()
        .any(|path| path.rsplit_once('/').is_some_and(|(_, last)| last == name))
}

/// Folder of the large pieces of a journal's or a segment's results.
pub(super) fn pieces_of(journal: &str) -> String {
    let folder = journal.rsplit_once('/').map_or("", |(folder, _)| folder);
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    format!("{above}/pieces")
}

/// Names of files that are being written, and of pieces.
pub(super) fn is_aside(name: &str) -> bool {
    name.strip_prefix("new-").is_some_and(is_random)
}

/// Names of journals.
pub(super) fn is_journal(name: &str) -> bool {
    let word = name.strip_prefix("run-");
    word.and_then(|word| word.strip_suffix(".journal"))
        .is_some_and(is_random)
}

/// Names of files with the lengths of journals.
pub(super) fn is_length(name: &str) -> bool {
    let word = name.strip_prefix("run-");
    word.and_then(|word| word.strip_suffix(".length"))
        .is_some_and(is_random)
}

/// What makes a name unique.
fn is_random(word: &str) -> bool {
    (6..=16).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Names of increments: their generation.
pub(super) fn is_increment(name: &str) -> bool {
    name.len() >= 12 && name.bytes().all(|b| b.is_ascii_digit())
}

/// Names of files of canonical bytes.
pub(super) fn is_pack(name: &str) -> bool {
    let digits = name.strip_prefix("pack-");
    digits
        .and_then(|digits| digits.strip_suffix(".parquet"))
        .is_some_and(|d| d.len() >= 6 && d.bytes().all(|b| b.is_ascii_digit()))
}

/// Names of damaged files that were put aside: those of parts, with `-` between folders, and those of journals and
/// pieces; with a number at the end if there was one of that name already.
pub(super) fn is_damaged(name: &str) -> bool {
    let is_number = |end: &str| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit());
    // `damaged/` numbers what had its name already.
    let name = match name.rsplit_once('.') {
        Some((first, end)) if is_number(end) => first,
        _ => name,
    };
    // The first two dashes were slashes of the name.
    let parts = name.replacen('-', "/", 2);
    Layout::parse_part_name(&parts).is_some() || is_journal(name) || is_aside(name)
}
