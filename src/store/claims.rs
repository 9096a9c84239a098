//! Who simulates what: processes that write to one folder tell each other which tasks they take, so that no two take
//! the same.
//!
//! One file, to which everybody appends under its lock, a line at a time: `begin RUN`, `take RUN TASKS`, `rest RUN`
//! (all that it has taken is finished, and durable in its journal), `end RUN`. A run is known by its journal, which
//! it holds locked for as long as it lives; what a dead one has taken is free again. A claim is a courtesy, not a
//! promise: where the file is lost, or a line is torn, a task may be simulated twice, and its result is kept once.

use super::error::{Result, StoreError};
use super::fault;
use super::folder::Folder;
use super::journal;
use super::layout::{CLAIMS, JOURNAL};
use super::part::Id;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What another process has taken since one looked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Who, counted in the order in which one has met them.
    pub by: usize,
    /// The tasks.
    pub ids: Vec<Id>,
}

/// What another process is doing, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Work,
    /// It has finished what it took, and waits for others.
    Rest,
    Gone,
}

/// A process's part in the file of claims.
#[derive(Debug)]
pub struct Claims {
    folder: Folder,
    file: File,
    /// Its own name.
    own: String,
    /// Up to where the file has been read.
    read: u64,
    /// The others by name, with their numbers.
    others: HashMap<String, usize>,
    /// What each of them is doing.
    doing: Vec<Doing>,
    /// How many had begun before this one.
    place: u32,
}

impl Claims {
    /// Joins those that write to the folder; `journal` is the caller's, which it holds locked.
    pub(super) fn join(folder: &Folder, journal: &str) -> Result<Self> {
        let file = folder.open_lock(CLAIMS, true)?;
        let mut claims = Self {
            folder: folder.clone(),
            file,
            own: run_of(journal).to_string(),
            read: 0,
            others: HashMap::new(),
            doing: Vec::new(),
            place: 0,
        };
        claims.locked(|claims| {
            claims.news()?;
            // Those that were killed hold no lock on their journal any more.
            claims.note_dead();
            // Nobody is left who would miss it, so the file does not grow for ever.
            if claims.others() == 0 {
                fault::whole()?;
                claims.file.set_len(0)?;
                claims.others.clear();
            }
            // How many are at work says where in the grid to begin.
            claims.place = u32::try_from(claims.others.len()).unwrap_or(u32::MAX);
            // Whoever calls is to be told all of it.
            claims.others.clear();
            claims.doing.clear();
            claims.read = 0;
            claims.append("begin", "")
        })?;
        Ok(claims)
    }

    /// How many processes had begun before this one, since the last time that there was none.
    pub fn place(&self) -> u32 {
        self.place
    }

    /// Other processes that are at work, as far as is known.
    pub fn others(&self) -> usize {
        let at_work = |doing: &&Doing| **doing != Doing::Gone;
        self.doing.iter().filter(at_work).count()
    }

    /// Whether one of the others has ended or died: what it took and did not finish is free.
    pub fn is_gone(&self, by: usize) -> bool {
        self.doing.get(by).is_none_or(|doing| *doing == Doing::Gone)
    }

    /// Whether one of the others has finished all that it took: it is in its journal, if not in the tables.
    pub fn rests(&self, by: usize) -> bool {
        self.doing.get(by) == Some(&Doing::Rest)
    }

    /// All that was taken is finished and durable. Taking more ends the rest.
    ///
    /// # Errors
    /// If the file cannot be written; the others find out when this process publishes, or ends.
    pub fn rest(&mut self) -> Result<()> {
        self.locked(|claims| claims.append("rest", ""))
    }

    /// Takes tasks: `choose` is told what the others have taken meanwhile, and how many they are; what it gives is
    /// taken.
    ///
    /// # Errors
    /// If the file cannot be locked, read or written; nothing is taken then.
    pub fn take(&mut self, choose: &mut dyn FnMut(&[Taken], usize) -> Vec<Id>) -> Result<Vec<Id>> {
        self.locked(|claims| {
            let taken = claims.news()?;
            let ids = choose(&taken, claims.others());
            if !ids.is_empty() {
                claims.append("take", &words(&ids))?;
            }
            Ok(ids)
        })
    }

    /// What the others have taken since this was last asked; those that have died are noticed here only.
    ///
    /// # Errors
    /// If the file cannot be locked or read.
    pub fn look(&mut self) -> Result<Vec<Taken>> {
        self.locked(|claims| {
            // All that is new first: a dead one may have finished after the last look.
            let taken = claims.news()?;
            claims.note_dead();
            Ok(taken)
        })
    }

    /// Leaves. What was taken is finished, or free for others.
    ///
    /// # Errors
    /// If the file cannot be written; the others find out by themselves.
    pub fn leave(mut self) -> Result<()> {
        self.locked(|claims| claims.append("end", ""))
    }

    fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> Result<T> {
        let error = |e| StoreError::io("write to", &self.folder.path(CLAIMS), e);
        self.file.lock().map_err(error)?;
        let done = work(self);
        let unlocked = self.file.unlock();
        let error = |e| StoreError::io("write to", &self.folder.path(CLAIMS), e);
        let done = done.map_err(error)?;
        unlocked.map_err(error)?;
        Ok(done)
    }

    /// Lines that are new.
    fn news(&mut self) -> io::Result<Vec<Taken>> {
        let len = self.file.metadata()?.len();
        if len < self.read {
            // Somebody who did not see this process has begun the file anew.
            self.read = 0;
        }
        let mut bytes = vec![0; usize::try_from(len - self.read).unwrap_or(0)];
        // Only what is new: the file grows with each block that anyone takes.
        self.file.read_exact_at(&mut bytes, self.read)?;
        self.read = len;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().filter_map(|line| self.hear(line)).collect())
    }

    /// What a line says of another process; a torn one says nothing.
    fn hear(&mut self, line: &str) -> Option<Taken> {
        let mut words = line.split(' ');
        let (verb, run) = (words.next()?, words.next()?);
        if run == self.own {
            return None;
        }
        let next = self.doing.len();
        let number = *self.others.entry(run.to_string()).or_insert(next);
        if number == next {
            self.doing.push(Doing::Work);
        }
        let doing = self.doing.get_mut(number)?;
        match verb {
            "take" => {
                *doing = Doing::Work;
                return Some(Taken {
                    by: number,
                    ids: ids(words)?,
                });
            }
            "rest" => *doing = Doing::Rest,
            "end" => *doing = Doing::Gone,
            _ => {}
        }
        None
    }

    /// Others may be there no more although they have not said so.
    fn note_dead(&mut self) {
        for (run, number) in &self.others {
            if let Some(doing) = self.doing.get_mut(*number)
                && *doing != Doing::Gone
                && !lives(&self.folder, run)
            {
                *doing = Doing::Gone;
            }
        }
    }

    fn append(&mut self, verb: &str, tasks: &str) -> io::Result<()> {
        let end = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if end > 0 {
            self.file.read_exact_at(&mut last, end - 1)?;
        }
        // One that was killed while it wrote has left half a line.
        let begin = if last == *b"\n" { "" } else { "\n" };
        let line = format!("{begin}{verb} {}{tasks}\n", self.own);
        fault::whole()?;
        self.file.write_all_at(line.as_bytes(), end)?;
        // Its own line is no news to it.
        if self.read == end {
            self.read += line.len() as u64;
        }
        Ok(())
    }
}

/// Name of the run that a journal is of.
fn run_of(journal: &str) -> &str {
    let name = journal.rsplit('/').next().unwrap_or(journal);
    let name = name.strip_prefix("run-").unwrap_or(name);
    name.strip_suffix(".journal").unwrap_or(name)
}

/// Whether a run holds its journal.
fn lives(folder: &Folder, run: &str) -> bool {
    // A lock goes with its process, also when that is killed.
    journal::is_held(folder, &format!("{JOURNAL}/run-{run}.journal"))
}

/// Tasks as words: ` 3-7.0-1` are trials 0 and 1 of simulations 3 to 7.
fn words(ids: &[Id]) -> String {
    let mut trials: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (sim, trial) in ids {
        trials.entry(*sim).or_default().push(*trial);
    }
    // Simulations and, of each, an unbroken range of trials; then ranges of simulations with equal ones.
    let mut blocks: Vec<([u32; 2], [u32; 2])> = Vec::new();
    for (sim, mut trials) in trials {
        trials.sort_unstable();
        trials.dedup();
        let next = |a: &u32, b: &u32| a.checked_add(1) == Some(*b);
        for run in trials.chunk_by(next) {
            let range = [run[0], run[run.len() - 1]];
            match blocks.last_mut() {
                Some((sims, same)) if sims[1].checked_add(1) == Some(sim) && *same == range => {
                    sims[1] = sim;
                }
                _ => blocks.push(([sim, sim], range)),
            }
        }
    }
    blocks.iter().fold(String::new(), |mut words, (s, t)| {
        let _ = write!(words, " {}-{}.{}-{}", s[0], s[1], t[0], t[1]);
        words
    })
}

/// Tasks of such words; `None` if one is none.
fn ids<'a>(words: impl Iterator<Item = &'a str>) -> Option<Vec<Id>> {
    let range = |text: &str| {
        let (first, last) = text.split_once('-')?;
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        Some(first..=last)
    };
    let mut ids = Vec::new();
    for word in words {
        let (sims, trials) = word.split_once('.')?;
        let (sims, trials) = (range(sims)?, range(trials)?);
        // A torn or foreign line must not fill the memory.
        let size = sims.clone().count().checked_mul(trials.clone().count())?;
        if size > 1 << 24 {
            return None;
        }
        ids.extend(sims.flat_map(|sim| trials.clone().map(move |trial| (sim, trial))));
    }
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Session;

    fn other(folder: &std::path::Path) -> (Session, Claims) {
        let session = Session::begin(folder).unwrap();
        let claims = session.claims().unwrap();
        (session, claims)
    }

    #[test]
    fn tasks_are_written_in_few_words_and_read_back() {
        let tasks = [(3, 0), (3, 1), (4, 0), (4, 1), (7, 2), (7, 0)];
        assert_eq!(words(&tasks), " 3-4.0-1 7-7.0-0 7-7.2-2");
        let mut back = ids(words(&tasks).split_whitespace()).unwrap();
        back.sort_unstable();
        let mut tasks = tasks.to_vec();
        tasks.sort_unstable();
        assert_eq!(back, tasks);
        for torn in ["3-", "3-4", "3-4.0", "x-4.0-1", "0-4000000000.0-9"] {
            assert_eq!(ids([torn].into_iter()), None, "{torn}");
        }
    }

    #[test]
    fn what_one_takes_the_others_are_told_and_what_the_dead_took_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let (first, mut a) = other(dir.path());
        a.take(&mut |taken, others| {
            assert_eq!((taken, others), (&[][..], 0));
            vec![(0, 0), (0, 1)]
        })
        .unwrap();
        let (_second, mut b) = other(dir.path());
        assert_eq!((a.place(), b.place()), (0, 1));
        let by = |by, ids| Taken { by, ids };
        let before = [by(0, vec![(0, 0), (0, 1)])];
        b.take(&mut |taken, others| {
            assert_eq!((taken, others), (&before[..], 1));
            vec![(1, 0)]
        })
        .unwrap();
        assert_eq!(a.look().unwrap(), [by(0, vec![(1, 0)])]);
        assert_eq!(b.look().unwrap(), []);
        assert!(!b.is_gone(0));
        // It dies: its journal is held no more.
        drop((first, a));
        assert_eq!(b.look().unwrap(), []);
        assert!(b.is_gone(0));
        assert_eq!(b.others(), 0);
        let (_third, c) = other(dir.path());
        assert_eq!(c.others(), 0, "nothing has been read");
        b.leave().unwrap();
    }

    #[test]
    fn one_that_has_finished_all_that_it_took_rests_until_it_takes_more() {
        let dir = tempfile::tempdir().unwrap();
        let (_first, mut a) = other(dir.path());
        let (_second, mut b) = other(dir.path());
        a.take(&mut |_, _| vec![(0, 0)]).unwrap();
        b.look().unwrap();
        assert!(!b.rests(0));
        a.rest().unwrap();
        b.look().unwrap();
        assert!(b.rests(0) && !b.is_gone(0));
        assert_eq!(b.others(), 1);
        a.take(&mut |_, _| vec![(1, 0)]).unwrap();
        b.look().unwrap();
        assert!(!b.rests(0));
    }

    #[test]
    fn half_a_line_of_one_that_was_killed_harms_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let (_first, mut a) = other(dir.path());
        let (_second, mut b) = other(dir.path());
        let end = a.file.metadata().unwrap().len();
        a.file.write_all_at(b"take abcdefgh 12-", end).unwrap();
        a.take(&mut |_, _| vec![(5, 0)]).unwrap();
        let ids = vec![(5, 0)];
        assert_eq!(b.look().unwrap(), [Taken { by: 0, ids }]);
        assert_eq!(b.others(), 1);
    }

    #[test]
    fn the_file_begins_anew_when_nobody_is_at_work() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            let (_session, mut claims) = other(dir.path());
            assert_eq!(claims.place(), 0);
            claims.take(&mut |_, _| vec![(5, 0)]).unwrap();
            claims.leave().unwrap();
        }
        let text = std::fs::read_to_string(dir.path().join(CLAIMS)).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
    }
}
