//! Reading of whole files, which may be anything that a path can name.

use super::Problem;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The bytes of a regular file of at most `most` bytes. Folders, devices and pipes, which may never end, are refused.
///
/// # Errors
/// What is wrong, without the file's name.
pub fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    let file = open(path, most)?;
    let mut bytes = Vec::new();
    // A file may grow while it is read, and those of /proc do not know their length.
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(path, &e))?;
    if bytes.len() as u64 > most {
        return Err(too_long(bytes.len() as u64, most));
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// The same, and bytes that are no UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String, Problem> {
    String::from_utf8(read_bytes(path, most)?).map_err(|e| {
        Problem::with_help(
            format!("is not a text file: {}", e.utf8_error()),
            "save it as UTF-8",
        )
    })
}

/// Opens a regular file of at most `most` bytes.
pub(super) fn open(path: &Path, most: u64) -> Result<File, Problem> {
    let metadata = path.metadata().map_err(|e| unreadable(path, &e))?;
    if metadata.is_dir() {
        return Err(Problem::with_help("is a folder", "name a file in it"));
    }
    if !metadata.is_file() {
        return Err(Problem::with_help(
            "is a device or a pipe, which may never end",
            "copy what is in it to a file",
        ));
    }
    // Before it is read: a file of gigabytes in a table's place is a mistake.
    if metadata.len() > most {
        return Err(too_long(metadata.len(), most));
    }
    File::open(path).map_err(|e| unreadable(path, &e))
}

fn too_long(length: u64, most: u64) -> Problem {
    Problem::with_help(
        format!("has {length} bytes; at most {most} are read"),
        "keep only the rows and columns that are needed",
    )
}

/// A file that is not there, with the folder that was searched; or what else keeps it from being read.
fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else {
        return Problem::new(error.to_string());
    };
    match error.kind() {
        ErrorKind::NotFound if !folder.is_dir() => Problem::with_help(
            format!("there is no folder {}", folder.display()),
            "check the path: in a pipeline file it is relative to the folder of that file",
        ),
        ErrorKind::NotFound => Problem {
            what: format!(
                "there is no file {} in {}",
                name.display(),
                folder.display()
            ),
            help: Some(match nearest(folder, &name.to_string_lossy()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "check the path: in a pipeline file it is relative to the folder of that file"
                        .to_owned()
                }
            }),
        },
        ErrorKind::PermissionDenied => Problem::with_help(
            "you may not read it",
            "ask its owner, or change its permissions",
        ),
        _ => Problem::new(error.to_string()),
    }
}

/// The file of a folder whose name is most like the given one.
fn nearest(folder: &Path, name: &str) -> Option<String> {
    /// Entries that are looked at.
    const MOST: usize = 10_000;
    // A folder may hold millions of files, and this is only for a hint.
    let entries = folder.read_dir().ok()?.take(MOST).flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .map(|other| (strsim::jaro_winkler(&other, name), other))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
        .map(|(_, other)| other)
}
