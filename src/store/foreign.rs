//! Folders that are not, or not quite, ours.

use super::error::{Result, StoreError};
use super::journal;
use super::layout::{self, Layout, Table};
use super::machines::{SILENCE, tag};
use super::state::State;

/// What people and systems put into a folder that is otherwise empty.
fn is_bystander(name: &str) -> bool {
    const BEGINNINGS: [&str; 4] = [".git", "README", "LICENSE", ".nfs"];
    const NAMES: [&str; 5] = [
        ".DS_Store",
        ".keep",
        "lost+found",
        "Thumbs.db",
        "desktop.ini",
    ];
    let beginning = |b: &&str| {
        name.get(..b.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(b))
    };
    // Pipelines may stand beside their results.
    BEGINNINGS.iter().any(beginning) || NAMES.contains(&name) || name.ends_with(".toml")
}

/// Refuses a folder that holds other things and no results.
pub fn refuse(layout: &Layout) -> Result<()> {
    let entries = layout.folder().list("")?;
    let own = |name: &str| layout::STATE_FOLDER == name;
    if entries.iter().any(|entry| own(&entry.name)) {
        let inside = layout.folder().list(layout::STATE_FOLDER)?;
        if inside.iter().all(|entry| !layout::is_of_state(&entry.name)) && !inside.is_empty() {
            return Err(not_empty(layout, layout::STATE_FOLDER));
        }
        return Ok(());
    }
    match entries.iter().find(|entry| !is_bystander(&entry.name)) {
        // Tables without a state have an error of their own.
        Some(other) if !Table::ALL.iter().any(|t| t.name() == other.name) => {
            Err(not_empty(layout, &other.name))
        }
        _ => Ok(()),
    }
}

fn not_empty(layout: &Layout, other: &str) -> StoreError {
    StoreError::Conflict {
        what: format!(
            "{} holds other files, such as `{other}`, and no results of hnn-sweep",
            layout.root().display()
        ),
        help: "choose an empty or new folder with `save_folder`, or write among these files with `--among-other-files`".into(),
    }
}

/// The state of a new folder; tables without a state are not ours to write to.
pub fn no_state(layout: &Layout) -> Result<State> {
    let folder = layout.folder();
    for table in Table::ALL {
        if !folder.list(table.name())?.is_empty() {
            return Err(StoreError::Damaged {
                path: folder.path(layout::STATE),
                what: format!(
                    "it is gone, but there are tables such as {}",
                    folder.path(table.name()).display()
                ),
                help: "copy `.state/state.before` over `.state/state` if it is there, or choose another save_folder".into(),
            });
        }
    }
    Ok(State::default())
}

/// Refuses a folder to which another machine writes whose locks are not seen here.
///
/// # Errors
/// [`StoreError::Conflict`], or if the folder cannot be read.
pub fn refuse_other_machines(layout: &Layout) -> Result<()> {
    let folder = layout.folder();
    for name in journal::names(layout)? {
        let word = name.rsplit("run-").next().unwrap_or_default();
        if !word.starts_with('h') || word.starts_with(tag()) {
            continue;
        }
        // Where locks reach across machines, both know of each other.
        if journal::is_held(folder, &name) || !journal::is_fresh(folder, &name, SILENCE) {
            continue;
        }
        return Err(StoreError::Conflict {
            what: format!(
                "a run on another machine writes to {}, and locks do not reach from there to here",
                layout.root().display()
            ),
            help: "wait until it has ended (two minutes, if it was killed), or choose another folder with `--folder`".into(),
        });
    }
    Ok(())
}
