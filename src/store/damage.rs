//! Files that are not as they were written: whose rows they held, and what becomes of them.

use super::disk;
use super::error::{Result, StoreError};
use super::layout::{Layout, Table};
use super::part::Id;
use super::state::{Outputs, State};
use fs_err as fs;

/// Parts whose file is missing or has another length than it was written with, or that `verify` found damaged; and their
/// batches.
pub(super) fn damaged_parts(layout: &Layout, state: &State) -> Result<Vec<(String, u32)>> {
    let mut damaged = Vec::new();
    let found = super::verify::noted(layout)?;
    for (name, part) in &state.parts {
        let path = layout.root().join(name);
        let len = match fs::metadata(&path) {
            Ok(metadata) => Some(metadata.len()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(StoreError::io("read", &path, e)),
        };
        if let (true, Some((batch, _))) = (
            len != Some(part.len) || found.get(name) == Some(part),
            Layout::parse_part_name(name),
        ) {
            damaged.push((name.clone(), batch));
        }
    }
    Ok(damaged)
}

/// Tasks lose the outputs whose files are damaged.
pub(crate) fn note_damage(layout: &Layout, state: &mut State) -> Result<()> {
    for (name, _) in damaged_parts(layout, state)? {
        forget_rows(state, &name, &|_| false);
    }
    Ok(())
}

/// Tasks lose the rows of a file, `but` for those whose rows are new.
fn forget_rows(state: &mut State, name: &str, but: &dyn Fn(Id) -> bool) {
    let of_name = |table: &Table| name.starts_with(&format!("{}/", table.name()));
    let Some(table) = Table::DATA.into_iter().find(of_name) else {
        return;
    };
    let Some((batch, own)) = Layout::parse_part_name(name) else {
        return;
    };
    let ids: Vec<Id> = state.tasks.keys().copied().collect();
    for id in ids.into_iter().filter(|id| !but(*id)) {
        // Those with a part of their own have no rows in the common one.
        let of_file = match own {
            Some(own) => id == own,
            None => {
                let apart = Layout::own_part_name(table, batch, id);
                state.batch_of(id.0) == batch && !state.parts.contains_key(&apart)
            }
        };
        if let (true, Some(task)) = (of_file, state.tasks.get_mut(&id))
            && task.outputs.has(table)
        {
            task.outputs = task.outputs.with(table, Outputs::NONE.get(table));
            state.damaged.insert(id, name.to_string());
        }
    }
}

/// Tasks lose the rows of a damaged file, which is put aside; `but` for those whose rows are new.
pub(super) fn lose(
    layout: &Layout,
    state: &mut State,
    name: &str,
    but: &dyn Fn(Id) -> bool,
) -> Result<()> {
    forget_rows(state, name, but);
    state.parts.remove(name);
    let path = layout.root().join(name);
    if path.exists() {
        let folder = layout.damaged();
        disk::create_dir(&folder)?;
        disk::rename(&path, &folder.join(name.replace('/', "-")))?;
    }
    Ok(())
}
