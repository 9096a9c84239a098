//! `hnn-sweep report`.

use super::{SUCCESS, say};
use crate::report::{PageOptions, page};
use crate::stages::{Loader, RunError};
use clap::Args;
use indicatif::HumanBytes;
use std::path::{Path, PathBuf};

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
    let folder = super::folder_of(&arguments.path)?;
    let loader = Loader::new(super::open(&folder)?, arguments.sweep.as_deref())?;
    let options = PageOptions {
        max_size: arguments.max_size,
        folder: folder.display().to_string(),
        live: None,
    };
    let notes = write(&loader, &options, &arguments.output)?;
    for note in notes.iter().filter(|note| note.contains("--max-size")) {
        eprintln!("{note}");
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
    super::write_whole(output, page.html.as_bytes())?;
    Ok(page.notes)
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
