//! `hnn-sweep report`.

use super::exit::SUCCESS;
use super::output::say;
use crate::report::{PageOptions, page};
use crate::stages::{Loader, RunError};
use clap::Args;
use indicatif::HumanBytes;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hnn-sweep report sim_results                       report.html: open it in a browser, send it, keep it
  hnn-sweep report sim_results -o sweep.html --max-size 5MB
  hnn-sweep run pipelines/erp_weights.toml --report report.html     the same page, written anew during the run")]
pub(super) struct Arguments {
    /// Folder of results, or the pipeline file that writes to it
    path: PathBuf,
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
    /// Sweep, if the folder holds several
    #[arg(long, value_name = "NAME")]
    sweep: Option<String>,
    /// Size that the file may have, about; waveforms and spikes are thinned to it
    #[arg(long, value_name = "SIZE", default_value = "20MB", value_parser = bytes)]
    max_size: usize,
}

/// A size in bytes, such as `20MB`.
fn bytes(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        _ => return Err("a size such as 20MB or 500kB".into()),
    };
    let bytes = number
        .parse::<f64>()
        .map_err(|_| "a size such as 20MB or 500kB")?
        * unit;
    // A browser refuses texts of half a gigabyte.
    match (200e3..=400e6).contains(&bytes) {
        true => Ok(bytes as usize),
        false => Err("a size from 200kB to 400MB".into()),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let folder = super::folder::folder_of(&arguments.path)?;
    // While this is read, a run that goes on replaces no file.
    let (store, _hold) = super::folder::hold(&folder)?;
    // While a run goes on, results stand in the journal before they are in tables; the page shows
    // what is in tables.
    let loader = Loader::new(store, arguments.sweep.as_deref())?.passing_unpublished();
    let options = PageOptions {
        max_size: arguments.max_size,
        folder: folder.display().to_string(),
        live: None,
    };
    let notes = write(&loader, &options, &arguments.output)?;
    // Notes on rounding are at the foot of the page; only what an option could mend is told here.
    for note in notes.iter().filter(|note| note.contains("--max-size")) {
        super::output::complain!("{note}");
    }
    let size = std::fs::metadata(&arguments.output).map_or(0, |file| file.len());
    say!(
        "{} ({}): open it in a browser",
        arguments.output.display(),
        HumanBytes(size)
    );
    Ok(SUCCESS)
}

/// Writes a page; gives what was rounded or left out.
pub(super) fn write(
    loader: &Loader,
    options: &PageOptions,
    output: &Path,
) -> Result<Vec<String>, RunError> {
    let page = page(loader, options)?;
    super::folder::write_whole(output, page.html.as_bytes())?;
    Ok(page.notes)
}

/// A page that is written again and again while a run goes on, on a thread of its own.
pub(super) struct Live {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Live {
    /// Begins; `None` if the system gives no thread for it.
    pub(super) fn start(folder: &Path, sweep: &str, output: &Path) -> Option<Self> {
        let (stop, stopped) = mpsc::channel();
        let (folder, sweep, output) =
            (folder.to_path_buf(), sweep.to_owned(), output.to_path_buf());
        let thread = std::thread::Builder::new().spawn(move || {
            let mut wait = FIRST_PAGE;
            // Dropping the sender ends the wait at once, so a run does not hang for the rest of an
            // interval.
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                // What cannot be read now can be at the next turn; the last page, after the run, tells what is wrong.
                let _ = write_now(&folder, &sweep, &output, Some(PAGE_INTERVAL));
                wait = PAGE_INTERVAL;
            }
        });
        Some(Self {
            stop,
            thread: thread.ok()?,
        })
    }

    /// Waits for the page that is being written, if one is.
    pub(super) fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

/// Time until the first page of a run.
const FIRST_PAGE: Duration = Duration::from_secs(5);
/// Time between pages of a run, and after which a page reads itself anew.
const PAGE_INTERVAL: Duration = Duration::from_secs(30);

/// Writes the page of a folder as it is now; one that reads itself anew after `live`.
pub(super) fn write_now(
    folder: &Path,
    sweep: &str,
    output: &Path,
    live: Option<Duration>,
) -> Result<(), RunError> {
    // Opened anew each time: the folder grows while the run goes on.
    let (store, _hold) = super::folder::hold(folder)?;
    let loader = Loader::new(store, Some(sweep))?.passing_unpublished();
    let options = PageOptions {
        folder: folder.display().to_string(),
        live: live.and_then(|live| u32::try_from(live.as_secs()).ok()),
        ..PageOptions::default()
    };
    write(&loader, &options, output).map(drop)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("20MB"), Ok(20_000_000));
        assert_eq!(bytes(" 1.5 mb"), Ok(1_500_000));
        assert_eq!(bytes("250kB"), Ok(250_000));
        for wrong in ["", "MB", "3", "1e9", "20 parsecs", "9GB", "nan"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
