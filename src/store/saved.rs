//! How a folder's state is kept on disk: a snapshot, and increments.
//!
//! `.state/state` is the state of some generation. `.state/increments/N` has the entries that generation N changed.
//! So to save costs as much as has changed, however much is stored. Once the increments are as large as the snapshot,
//! a new one is written. The snapshot before stays as `state.before`, with the increments that lead from it to the
//! present: both together are the state once more. All are sealed files, each put in its place as a whole, so that a
//! crash leaves one there or not.

use super::error::{Result, StoreError};
use super::folder::Folder;
use super::layout::{self, BEFORE, INCREMENTS, Layout, STATE};
use super::part::Id;
use super::seal::{self, Seal};
use super::state::{Part, Saved, State, Stats, Task};
use serde::{Deserialize, Serialize};

/// Version of the state and of the tables' layout.
///
/// 1: first version. 2: increments beside the snapshot. 3: files that begin with those that they have replaced.
pub const STORE_VERSION: u32 = 3;

/// Since this version there are increments.
const WITH_INCREMENTS: u32 = 2;

/// Versions that are read; what they lack is brought in line when the state is next saved.
const READ: std::ops::RangeInclusive<u32> = 1..=STORE_VERSION;

/// Increments (bytes) that are kept beside any snapshot, however small it is.
const INCREMENTS_AT_LEAST: u64 = 64 << 10;

/// Increments that are kept beside a snapshot at most: each is a file to open.
const INCREMENTS_AT_MOST: u64 = 1000;

/// What one generation changed of the state.
#[derive(Deserialize)]
enum Increment {
    /// Entries that came, changed or went.
    Entries {
        tasks: Vec<(Id, Option<Task>)>,
        parts: Vec<(String, Option<Part>)>,
        specs: Vec<(String, Option<Part>)>,
        means: Vec<(u32, Option<Stats>)>,
    },
    /// More than entries: it is in the snapshot of this generation.
    Snapshot,
}

/// As [`Increment`], of what is in memory.
#[derive(Serialize)]
enum NewIncrement<'a> {
    Entries {
        tasks: Vec<(&'a Id, Option<&'a Task>)>,
        parts: Vec<(&'a String, Option<&'a Part>)>,
        specs: Vec<(&'a String, Option<&'a Part>)>,
        means: Vec<(&'a u32, Option<&'a Stats>)>,
    },
    Snapshot,
}

/// How far increments were followed.
#[derive(PartialEq)]
enum Followed {
    All,
    /// The next one has no entries, and its snapshot is not there.
    UpToSnapshot,
}

/// Generation of the snapshot on disk; 0 if there is none.
fn snapshot_on_disk(folder: &Folder) -> u64 {
    // The seal's head is enough.
    seal::peek(folder, STATE).map_or(0, |seal| seal.generation)
}

impl State {
    /// Reads a folder's state; `None` if it has none.
    ///
    /// # Errors
    /// If a file cannot be read, is damaged, or is of another version.
    pub fn load(layout: &Layout) -> Result<Option<Self>> {
        loop {
            let Some(mut state) = Self::load_snapshot(layout)? else {
                return Ok(None);
            };
            let followed = state.follow(layout);
            // Where there are no locks, a new snapshot may have come and old increments gone meanwhile.
            if snapshot_on_disk(layout.folder()) == state.saved.snapshot {
                return followed.map(|_| Some(state));
            }
        }
    }

    /// As [`State::load`], for whoever holds the lock and is going to save.
    pub(super) fn load_to_write(layout: &Layout) -> Result<Option<Self>> {
        let state = Self::load_snapshot(layout)?;
        state.map(|state| state.follow_to_write(layout)).transpose()
    }

    /// Whether something else than this state is on disk.
    pub(super) fn is_behind(&self, layout: &Layout) -> bool {
        let folder = layout.folder();
        snapshot_on_disk(folder) != self.saved.snapshot
            || folder.has(&increment_name(self.generation + 1))
    }

    /// Takes over what others have saved since; for whoever holds the lock.
    pub(super) fn catch_up(self, layout: &Layout) -> Result<Self> {
        match snapshot_on_disk(layout.folder()) == self.saved.snapshot {
            true => self.follow_to_write(layout),
            false => Ok(Self::load_to_write(layout)?.unwrap_or_default()),
        }
    }

    fn load_snapshot(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.folder().path(STATE);
        let Some(bytes) = layout.folder().read_whole(STATE)? else {
            return Ok(None);
        };
        let damaged = |what: String| {
            StoreError::Damaged {
            path: path.clone(),
            what,
            help: "the tables are not harmed; a copy is kept beside it as `state.before`: copy that over `state` and run \
                   again (what was finished since and is not in it is simulated again)"
                .into(),
        }
        };
        let (seal, payload) = seal::unseal(&bytes).map_err(|what| damaged(what.into()))?;
        if !READ.contains(&seal.version) {
            return Err(StoreError::Version {
                path,
                found: seal.version,
                known: STORE_VERSION,
                help: "use the version of hnn-sweep that wrote the folder, or another save_folder"
                    .into(),
            });
        }
        let mut state: State =
            rmp_serde::from_slice(payload).map_err(|e| damaged(e.to_string()))?;
        refuse_other_names(state.parts.keys(), state.specs.keys()).map_err(damaged)?;
        // Where they stood in version 1.
        if state.sims.iter().any(|sim| !sim.means.is_empty()) {
            for (sim, entry) in (0..).zip(state.sims.change()) {
                if !entry.means.is_empty() {
                    state.means.insert(sim, std::mem::take(&mut entry.means));
                }
            }
        }
        state.complete();
        state.saved = Saved {
            snapshot: seal.generation,
            version: seal.version,
            bytes: bytes.len() as u64,
            ..Saved::default()
        };
        Ok(Some(state))
    }

    fn follow_to_write(mut self, layout: &Layout) -> Result<Self> {
        if self.follow(layout)? == Followed::UpToSnapshot {
            // A crash has kept its snapshot away, or somebody has put an older one back: what comes next is another
            // state.
            for (n, name) in increments(layout.folder())? {
                if n > self.generation {
                    layout.folder().remove(&name)?;
                }
            }
        }
        Ok(self)
    }

    /// Takes in the increments on disk that lead on from this state.
    fn follow(&mut self, layout: &Layout) -> Result<Followed> {
        let folder = layout.folder();
        loop {
            let next = self.generation + 1;
            let name = increment_name(next);
            let Some(bytes) = folder.read_whole(&name)? else {
                if !increments(folder)?
                    .iter()
                    .any(|(n, _)| *n > self.generation)
                {
                    return Ok(Followed::All);
                }
                // It may have come just now. If not, it is missing: what follows builds upon it.
                match folder.has(&name) {
                    true => continue,
                    false => {
                        let what = "it is gone, and there are later ones".into();
                        return Err(damaged_increment(folder, &name, what));
                    }
                }
            };
            let increment = read_increment(&bytes, next)
                .map_err(|what| damaged_increment(folder, &name, what))?;
            let Increment::Entries {
                tasks,
                parts,
                specs,
                means,
            } = increment
            else {
                return Ok(Followed::UpToSnapshot);
            };
            self.tasks.follow(tasks);
            self.parts.follow(parts);
            self.specs.follow(specs);
            self.means.follow(means);
            self.generation = next;
            self.saved.increments += bytes.len() as u64;
        }
    }

    /// Saves what was changed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&mut self, layout: &Layout) -> Result<()> {
        self.generation += 1;
        let folder = layout.folder();
        folder.make_dir(INCREMENTS)?;
        if self.saved.snapshot == 0 {
            // Of a state that is gone.
            for (_, name) in increments(folder)? {
                folder.remove(&name)?;
            }
        }
        let whole = self.saved.version != STORE_VERSION
            || self.batches.is_changed()
            || self.sims.is_changed()
            || self.sweeps.is_changed()
            || self.columns.is_changed();
        let increment = match whole {
            true => NewIncrement::Snapshot,
            false => NewIncrement::Entries {
                tasks: self.tasks.changes(),
                parts: self.parts.changes(),
                specs: self.specs.changes(),
                means: self.means.changes(),
            },
        };
        let name = increment_name(self.generation);
        let bytes = self.sealed(&folder.path(&name), &increment)?;
        seal::write(folder, &name, &bytes)?;
        self.saved.increments += bytes.len() as u64;
        let many = self.saved.increments > self.saved.bytes.max(INCREMENTS_AT_LEAST)
            || self.generation - self.saved.snapshot > INCREMENTS_AT_MOST;
        if whole || many {
            self.save_snapshot(folder)?;
        }
        self.forget_changes();
        Ok(())
    }

    fn save_snapshot(&mut self, folder: &Folder) -> Result<()> {
        let bytes = self.sealed(&folder.path(STATE), self)?;
        let before = match self.saved.snapshot {
            // The first one: its copy stands in for it.
            0 => {
                seal::write(folder, BEFORE, &bytes)?;
                self.generation
            }
            before => {
                keep_before(folder)?;
                before
            }
        };
        seal::write(folder, STATE, &bytes)?;
        // Those that lead from the snapshot before to this one stay for its sake.
        for (n, name) in increments(folder)? {
            if n <= before {
                folder.remove(&name)?;
            }
        }
        self.saved = Saved {
            snapshot: self.generation,
            version: STORE_VERSION,
            bytes: bytes.len() as u64,
            ..Saved::default()
        };
        Ok(())
    }

    fn sealed(&self, path: &std::path::Path, value: &impl Serialize) -> Result<Vec<u8>> {
        // Without names of fields: they are most of the bytes.
        let payload = rmp_serde::to_vec(value)
            .map_err(|e| StoreError::io("write", path, std::io::Error::other(e)))?;
        let seal = Seal {
            version: STORE_VERSION,
            generation: self.generation,
        };
        Ok(seal::seal(seal, &payload))
    }

    fn forget_changes(&mut self) {
        self.batches.forget_change();
        self.sims.forget_change();
        self.sweeps.forget_change();
        self.columns.forget_change();
        self.tasks.forget_changes();
        self.parts.forget_changes();
        self.specs.forget_changes();
        self.means.forget_changes();
    }
}

/// Keeps the present snapshot under a second name.
fn keep_before(folder: &Folder) -> Result<()> {
    folder.remove(BEFORE)?;
    // A link keeps the old file without copying it.
    match folder.link(STATE, BEFORE) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            // A file system without links: the copy is a convenience, not a promise.
            if let Ok(Some(bytes)) = folder.read_whole(STATE) {
                let _ = seal::write(folder, BEFORE, &bytes);
            }
        }
        _ => {}
    }
    Ok(())
}

fn read_increment(bytes: &[u8], generation: u64) -> std::result::Result<Increment, String> {
    let (seal, payload) = seal::unseal(bytes)?;
    let is_known = (WITH_INCREMENTS..=STORE_VERSION).contains(&seal.version);
    if !is_known || seal.generation != generation {
        return Err("it is of another generation or version".into());
    }
    let increment = rmp_serde::from_slice(payload).map_err(|e| e.to_string())?;
    if let Increment::Entries { parts, specs, .. } = &increment {
        let parts = parts.iter().map(|(name, _)| name);
        refuse_other_names(parts, specs.iter().map(|(name, _)| name))?;
    }
    Ok(increment)
}

/// Files are replaced and removed by these names.
fn refuse_other_names<'a>(
    mut parts: impl Iterator<Item = &'a String>,
    mut packs: impl Iterator<Item = &'a String>,
) -> std::result::Result<(), String> {
    let part = parts.find(|name| Layout::parse_part_name(name).is_none());
    let pack = packs.find(|name| !layout::is_pack(name));
    match part.or(pack) {
        None => Ok(()),
        Some(name) => Err(format!(
            "it names `{}`, which is no file of hnn-sweep",
            name.escape_debug()
        )),
    }
}

/// What is wrong with an increment, if anything.
pub(super) fn check_increment(bytes: &[u8], generation: u64) -> std::result::Result<(), String> {
    read_increment(bytes, generation).map(drop)
}

fn damaged_increment(folder: &Folder, name: &str, what: String) -> StoreError {
    StoreError::Damaged {
        path: folder.path(name),
        what,
        help: "the tables are not harmed; move it and all files beside it with higher numbers away, and run again (what was \
               finished since then is simulated again)"
            .into(),
    }
}

fn increment_name(generation: u64) -> String {
    format!("{INCREMENTS}/{generation:012}")
}

/// Generations and names of the increments on disk.
pub(super) fn increments(folder: &Folder) -> Result<Vec<(u64, String)>> {
    let names = folder.files(INCREMENTS, layout::is_increment)?.into_iter();
    let numbered = names.filter_map(|name| {
        let (_, digits) = name.rsplit_once('/')?;
        Some((digits.parse().ok()?, name))
    });
    Ok(numbered.collect())
}

#[cfg(test)]
mod tests {
    use super::super::hash::Hash;
    use super::super::state::{Outputs, Status};
    use super::*;

    struct Saves {
        dir: tempfile::TempDir,
        layout: Layout,
    }

    /// A folder with the state of generation 1, of `n` parameter sets.
    fn place(n: u32) -> (Saves, State) {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::create(dir.path()).unwrap();
        layout.folder().make_dir(layout::TMP).unwrap();
        let mut state = State::default();
        for i in 0..n {
            state.number(Hash::of(&i.to_le_bytes()), 1, 10);
        }
        state.save(&layout).unwrap();
        (Saves { dir, layout }, state)
    }

    impl Saves {
        fn read(&self, name: &str) -> Vec<u8> {
            std::fs::read(self.dir.path().join(name)).unwrap()
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            std::fs::write(self.dir.path().join(name), bytes).unwrap();
        }

        fn increments(&self) -> Vec<u64> {
            let increments = increments(self.layout.folder()).unwrap();
            increments.into_iter().map(|(n, _)| n).collect()
        }

        fn loaded(&self) -> Vec<Id> {
            let state = State::load(&self.layout).unwrap().unwrap();
            state.tasks.keys().copied().collect()
        }
    }

    fn task(state: &mut State, sim: u32) {
        let task = Task {
            key: Hash::of(b"key"),
            status: Status::Done,
            outputs: Outputs::NONE,
            n_spikes: 3,
            wall_s: 0.5,
            stats: Stats::from([(7, Some(1.5))]),
        };
        state.tasks.insert((sim, 0), task);
    }

    #[test]
    fn what_changes_is_saved_beside_the_snapshot() {
        let (place, mut state) = place(3);
        let snapshot = place.read(STATE);
        task(&mut state, 0);
        state.means.entry(2).insert(9, None);
        state.save(&place.layout).unwrap();
        state.tasks.remove(&(0, 0));
        task(&mut state, 1);
        state.save(&place.layout).unwrap();
        assert_eq!(place.read(STATE), snapshot);
        let loaded = State::load(&place.layout).unwrap().unwrap();
        assert_eq!(loaded.generation, 3);
        assert_eq!(*loaded.tasks, *state.tasks);
        assert_eq!(loaded.means[&2][&9], None);
        assert_eq!(loaded.sim_of(&Hash::of(&1u32.to_le_bytes())), Some(1));
        assert!(!loaded.is_behind(&place.layout));
    }

    #[test]
    fn another_process_catches_up() {
        let (place, mut state) = place(3);
        let other = State::load(&place.layout).unwrap().unwrap();
        assert!(!other.is_behind(&place.layout));
        task(&mut state, 0);
        state.save(&place.layout).unwrap();
        assert!(other.is_behind(&place.layout));
        let other = other.catch_up(&place.layout).unwrap();
        assert_eq!(*other.tasks, *state.tasks);
        // A new parameter set is in a new snapshot.
        state.number(Hash::of(b"new"), 1, 10);
        state.save(&place.layout).unwrap();
        assert!(other.is_behind(&place.layout));
        let other = other.catch_up(&place.layout).unwrap();
        assert_eq!((other.generation, other.sims.len()), (3, 4));
    }

    #[test]
    fn the_snapshot_before_and_the_increments_are_the_state_once_more() {
        let (place, mut state) = place(2000);
        let mut n = 0;
        // Until the increments have become as large as the snapshot, and somewhat further.
        while state.saved.snapshot == 1 || n % 100 < 10 {
            for _ in 0..50 {
                task(&mut state, n % 2000);
                n += 1;
            }
            state.save(&place.layout).unwrap();
        }
        assert_eq!(place.loaded().len(), state.tasks.len());
        place.write(STATE, &place.read(BEFORE));
        assert_eq!(place.loaded().len(), state.tasks.len());
        // Those from before that snapshot are gone in time.
        let first = state.saved.snapshot;
        let other = State::load(&place.layout).unwrap().unwrap();
        assert_eq!(other.saved.snapshot, 1);
        let mut other = other;
        other.number(Hash::of(b"new"), 1, 10);
        other.save(&place.layout).unwrap();
        assert!(first > 1 && place.increments().iter().all(|n| *n > 1));
    }

    #[test]
    fn a_snapshot_that_did_not_come_leaves_the_state_before_it() {
        let (place, mut state) = place(3);
        task(&mut state, 0);
        state.save(&place.layout).unwrap();
        let snapshot = place.read(STATE);
        state.number(Hash::of(b"new"), 1, 10);
        state.save(&place.layout).unwrap();
        task(&mut state, 3);
        state.save(&place.layout).unwrap();
        // As after a crash between the two files, or where somebody copied `state.before` over `state`.
        place.write(STATE, &snapshot);
        assert_eq!(place.loaded(), [(0, 0)]);
        let mut state = State::load_to_write(&place.layout).unwrap().unwrap();
        assert_eq!(place.increments(), [2]);
        task(&mut state, 1);
        state.save(&place.layout).unwrap();
        assert_eq!(place.loaded(), [(0, 0), (1, 0)]);
    }

    #[test]
    fn increments_of_a_state_that_is_gone_are_not_followed() {
        let (place, mut state) = place(3);
        for sim in 0..3 {
            task(&mut state, sim);
            state.save(&place.layout).unwrap();
        }
        std::fs::remove_file(place.dir.path().join(STATE)).unwrap();
        assert!(State::load(&place.layout).unwrap().is_none());
        let mut state = State::default();
        state.number(Hash::of(b"new"), 1, 10);
        state.save(&place.layout).unwrap();
        assert_eq!((place.increments(), place.loaded()), (vec![], vec![]));
    }

    #[test]
    fn an_increment_that_is_damaged_or_gone_is_named() {
        let (place, mut state) = place(3);
        for sim in 0..3 {
            task(&mut state, sim);
            state.save(&place.layout).unwrap();
        }
        let name = increment_name(3);
        let whole = place.read(&name);
        let error = || State::load(&place.layout).unwrap_err().to_string();
        for end in [0, 10, whole.len() - 1] {
            place.write(&name, &whole[..end]);
            assert!(error().contains(&name), "{}", error());
        }
        // One of another generation in its place.
        place.write(&name, &place.read(&increment_name(2)));
        assert!(error().contains("another generation"), "{}", error());
        std::fs::remove_file(place.dir.path().join(&name)).unwrap();
        assert!(error().contains("there are later ones"), "{}", error());
    }
}
