//! One publisher at a time, also where locks do not reach from one machine to the other.
//!
//! A publisher names itself in a file that it makes with `link(2)`, which gives a name to one process only, on network
//! file systems too. The names count upwards: whoever finds that the holder of the last one is gone, or has put it down,
//! links the next, and no two can have the same. Holders touch their file again and again.

use super::error::{Result, StoreError};
use super::folder::{Folder, random_word};
use super::foreign;
use super::layout::{Layout, SUBMISSIONS};
use super::machines::{self, BEAT, SILENCE};
use super::{fault, process};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// Time between two attempts.
const POLL: Duration = Duration::from_millis(100);
/// First bytes of the file of a holder that is at work, and of one that has put it down.
const HELD: &str = "held";
const FREE: &str = "free";

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its machine.
    pub host: String,
    /// Its process, with the time at which that began.
    pub process: String,
    /// Its job, if it runs in one.
    pub job: Option<String>,
}

/// The right to publish to a folder, until it is dropped.
#[derive(Debug)]
pub struct Publisher {
    folder: Folder,
    name: String,
    beat: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Publisher {
    /// Waits, up to a time, until nobody else publishes; gives who does if somebody still does. `has_ended`
    /// tells whether a job is known to be over.
    ///
    /// # Errors
    /// If the folder holds other files and no results (unless it may), or cannot be written.
    pub fn acquire(
        root: &Path,
        among_other_files: bool,
        patience: Duration,
        has_ended: &dyn Fn(&str) -> bool,
    ) -> Result<std::result::Result<Self, Holder>> {
        if let (false, Some(layout)) = (among_other_files, Layout::open(root)?) {
            foreign::refuse(&layout)?;
        }
        let layout = Layout::create(root)?;
        let folder = layout.folder();
        folder.make_dir(SUBMISSIONS)?;
        let began = Instant::now();
        loop {
            let last = last(folder)?;
            let holder = match last {
                0 => None,
                n => at_work(folder, &name_of(n), has_ended)?,
            };
            match holder {
                None => {
                    if let Some(publisher) = Self::take(folder, last + 1)? {
                        return Ok(Ok(publisher));
                    }
                }
                Some(holder) if began.elapsed() >= patience => return Ok(Err(holder)),
                Some(_) => std::thread::sleep(POLL),
            }
        }
    }

    /// Takes a name, unless another has been faster.
    fn take(folder: &Folder, number: u64) -> Result<Option<Self>> {
        let name = name_of(number);
        let error = |e| StoreError::io("make a file in", &folder.path(SUBMISSIONS), e);
        let aside = format!("{SUBMISSIONS}/new-{}", random_word());
        let make = || -> io::Result<(File, bool)> {
            let mut file = folder.create_file(&aside)?;
            file.write_all(Holder::own().to_text().as_bytes())?;
            file.sync_all()?;
            fault::whole()?;
            match folder.link(&aside, &name) {
                Ok(()) => Ok((file, true)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok((file, false)),
                Err(e) => Err(e),
            }
        };
        let made = make().map_err(error);
        folder.remove(&aside)?;
        let (file, taken) = made?;
        if !taken {
            return Ok(None);
        }
        // Who saw an old list has taken a name that was over long ago.
        if last(folder)? != number {
            folder.remove(&name)?;
            return Ok(None);
        }
        for old in names(folder)? {
            if old < number {
                folder.remove(&name_of(old))?;
            }
        }
        let (sender, receiver) = channel();
        let beat = std::thread::spawn(move || {
            while receiver.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let _ = file.set_modified(SystemTime::now());
            }
            let _ = file.write_all_at(FREE.as_bytes(), 0);
        });
        Ok(Some(Self {
            folder: folder.clone(),
            name,
            beat: Some((sender, beat)),
        }))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.folder.root()
    }

    /// Whether another has taken the folder over, because nothing was heard of this process for minutes.
    pub fn is_lost(&self) -> bool {
        !self.folder.has(&self.name)
            || last(&self.folder).map(name_of).ok().as_ref() != Some(&self.name)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if let Some((sender, beat)) = self.beat.take() {
            drop(sender);
            let _ = beat.join();
        }
    }
}

impl Holder {
    fn own() -> Self {
        Self {
            host: machines::name(),
            process: process::own(),
            job: std::env::var("SLURM_JOB_ID").ok(),
        }
    }

    fn to_text(&self) -> String {
        let job = self.job.as_deref().unwrap_or_default();
        format!("{HELD}\n{}\n{}\n{job}\n", self.host, self.process)
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        (lines.next()? == HELD).then_some(())?;
        let (host, process) = (lines.next()?.to_string(), lines.next()?.to_string());
        let job = lines.next()?.to_string();
        let job = Some(job).filter(|job| !job.is_empty());
        Some(Self { host, process, job })
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pid = self.process.split(' ').next().unwrap_or_default();
        write!(f, "process {pid} on {}", self.host)?;
        match &self.job {
            Some(job) => write!(f, " (job {job})"),
            None => Ok(()),
        }
    }
}

/// Who holds a name; `None` if that is nobody any more.
fn at_work(
    folder: &Folder,
    name: &str,
    has_ended: &dyn Fn(&str) -> bool,
) -> Result<Option<Holder>> {
    let Some(file) = folder.open_file(name)? else {
        return Ok(None);
    };
    let modified = file.metadata().and_then(|of| of.modified());
    let is_silent = modified.is_ok_and(|time| !machines::is_recent(time, SILENCE));
    let bytes = folder.read_whole(name)?.unwrap_or_default();
    let Some(holder) = Holder::of_text(&String::from_utf8_lossy(&bytes)) else {
        return Ok(None);
    };
    let is_gone = is_silent
        || (holder.host == machines::name() && !process::lives(&holder.process))
        || holder.job.as_ref().is_some_and(|job| has_ended(job));
    Ok((!is_gone).then_some(holder))
}

fn name_of(number: u64) -> String {
    format!("{SUBMISSIONS}/publisher-{number:06}")
}

fn names(folder: &Folder) -> Result<Vec<u64>> {
    let entries = folder.list(SUBMISSIONS)?;
    let number = |name: &str| name.strip_prefix("publisher-")?.parse().ok();
    Ok(entries
        .iter()
        .filter_map(|entry| number(&entry.name))
        .collect())
}

/// The highest number that was taken; 0 if none was.
fn last(folder: &Folder) -> Result<u64> {
    Ok(names(folder)?.into_iter().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acquire(root: &Path) -> Option<Publisher> {
        Publisher::acquire(root, false, Duration::ZERO, &|_| false)
            .unwrap()
            .ok()
    }

    #[test]
    fn there_is_one_publisher_at_a_time_and_the_next_comes_when_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let first = acquire(dir.path()).unwrap();
        assert!(acquire(dir.path()).is_none());
        assert!(!first.is_lost());
        drop(first);
        for _ in 0..3 {
            assert!(acquire(dir.path()).is_some());
        }
        let left = std::fs::read_dir(dir.path().join(SUBMISSIONS))
            .unwrap()
            .count();
        assert_eq!(left, 1);
    }

    #[test]
    fn what_a_process_that_is_gone_holds_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let publisher = acquire(dir.path()).unwrap();
        let file = dir.path().join(&publisher.name);
        let text = std::fs::read_to_string(&file).unwrap();
        drop(publisher);
        let write = |text: &str| {
            std::fs::write(&file, text).unwrap();
            acquire(dir.path()).map(|publisher| {
                assert_ne!(publisher.name, name_of(1));
                drop(publisher);
                std::fs::remove_file(dir.path().join(name_of(2))).unwrap();
            })
        };
        assert!(write(&text).is_none(), "this process lives");
        let mut other = Holder::of_text(&text).unwrap();
        other.process = "4000000 1".into();
        assert!(
            write(&other.to_text()).is_some(),
            "there is no such process"
        );
        other.host = "elsewhere".into();
        assert!(write(&other.to_text()).is_none(), "nobody knows");
        // Two minutes without a sign.
        let opened = File::options().write(true).open(&file).unwrap();
        opened
            .set_modified(SystemTime::now() - SILENCE * 2)
            .unwrap();
        assert!(acquire(dir.path()).is_some());
    }

    #[test]
    fn a_job_that_is_over_holds_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(acquire(dir.path()).unwrap());
        let job = Some("4711".to_string());
        let (host, process) = ("elsewhere".into(), "1 1".into());
        let text = Holder { host, process, job }.to_text();
        std::fs::write(dir.path().join(name_of(1)), text).unwrap();
        assert!(acquire(dir.path()).is_none());
        let ended = Publisher::acquire(dir.path(), false, Duration::ZERO, &|job| job == "4711");
        assert!(ended.unwrap().is_ok());
    }

    #[test]
    fn of_many_at_once_one_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let held = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let patience = Duration::from_secs(60);
                        let one = Publisher::acquire(dir.path(), false, patience, &|_| false);
                        let one = one.unwrap().unwrap();
                        let others = held.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        assert_eq!(others, 0);
                        held.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        drop(one);
                    }
                });
            }
        });
    }
}
