//! Names of the folder's tables and files.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the file that holds a batch of a table.
pub(crate) const PART: &str = "part.parquet";

/// A table of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// A task a row.
    Simulations,
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
    pub const ALL: [Table; 8] = [
        Table::Simulations,
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

/// Paths of a folder of results.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Layout of `save_folder`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// `save_folder` itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where everything is that is no table.
    pub fn state_folder(&self) -> PathBuf {
        self.root.join(".state")
    }

    /// What is known about every task.
    pub fn state(&self) -> PathBuf {
        self.state_folder().join("state")
    }

    /// What is about to be replaced.
    pub fn intent(&self) -> PathBuf {
        self.state_folder().join("intent")
    }

    /// Where damaged files are put aside.
    pub fn damaged(&self) -> PathBuf {
        self.state_folder().join("damaged")
    }

    /// Files that `verify` found damaged.
    pub fn damage(&self) -> PathBuf {
        self.state_folder().join("damage")
    }

    /// Held while state or tables are replaced.
    pub fn lock(&self) -> PathBuf {
        self.state_folder().join("lock")
    }

    /// Files that are being written.
    pub fn tmp(&self) -> PathBuf {
        self.state_folder().join("tmp")
    }

    /// Results that are durable and not yet in the tables.
    pub fn journal(&self) -> PathBuf {
        self.state_folder().join("journal")
    }

    /// Large results that are durable and not yet in the tables.
    pub fn pieces(&self) -> PathBuf {
        self.state_folder().join("pieces")
    }

    /// Canonical bytes of the tasks.
    pub fn specs(&self) -> PathBuf {
        self.state_folder().join("specs")
    }

    /// The file that holds a large piece of one simulation, relative to the root.
    pub fn own_part_name(table: Table, batch: u32, (sim, trial): (u32, u32)) -> String {
        Self::part_name(
            table,
            batch,
            &format!("sim-{sim:06}-trial-{trial:04}.parquet"),
        )
    }

    /// What a part's name says: its batch, and its simulation and trial if it is of one only.
    pub fn parse_part_name(name: &str) -> Option<(u32, Option<(u32, u32)>)> {
        let mut words = name.split('/').skip(1);
        let batch = words.next()?.strip_prefix("batch=")?.parse().ok()?;
        let own = words.next()?.strip_suffix(".parquet")?.strip_prefix("sim-");
        let own = own.and_then(|own| own.split_once("-trial-"));
        let own = own.and_then(|(sim, trial)| Some((sim.parse().ok()?, trial.parse().ok()?)));
        Some((batch, own))
    }

    /// A file of a table, relative to the root.
    pub fn part_name(table: Table, batch: u32, file: &str) -> String {
        format!("{}/batch={batch}/{file}", table.name())
    }
}
