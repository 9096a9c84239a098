//! Files that are not as they were written: whose rows they held, and what becomes of them.

use super::error::Result;
use super::layout::{DAMAGED, Layout, Table};
use super::part::{self, Id};
use super::state::{Outputs, Part, State};
use super::verify;

/// Results that were finished and are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The file that held them, relative to the folder of results.
    pub file: String,
    /// How many; of a damaged journal at least so many.
    pub results: u64,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Loss {
            file,
            results,
            what,
        } = self;
        let again = match results {
            0 => "no simulation is lost with it".to_string(),
            1 => "the simulation that it held is done again".to_string(),
            n => format!("the {n} simulations that it held are done again"),
        };
        write!(f, "{file} was damaged ({what}): {again}")
    }
}

/// Parts whose file is missing or has another length than it was written with, or that `verify` found damaged; and
/// their batches.
pub(super) fn damaged_parts(layout: &Layout, state: &State) -> Result<Vec<(String, u32)>> {
    let mut damaged = Vec::new();
    let noted = verify::noted(layout)?;
    let folder = layout.folder();
    for (name, part) in &state.parts {
        let is_damaged = match &noted {
            // Whole, but noted as damaged by its present checksum: `verify` has read it.
            Some(found) => folder.len(name)? != Some(part.len) || found.get(name) == Some(part),
            // The note itself is damaged: look at every byte.
            None => !part::is_intact(folder, name, part)?,
        };
        if let (true, Some((batch, _))) = (is_damaged, Layout::parse_part_name(name)) {
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

/// Tasks lose the rows of a file, `but` for those whose rows are new. Gives how many do.
fn forget_rows(state: &mut State, name: &str, but: &dyn Fn(Id) -> bool) -> u64 {
    let of_name = |table: &Table| name.starts_with(&format!("{}/", table.name()));
    let Some(table) = Table::DATA.into_iter().find(of_name) else {
        return 0;
    };
    let Some((batch, own)) = Layout::parse_part_name(name) else {
        return 0;
    };
    // One that only waits to go has no rows to lose.
    if (state.parts.get(name)).is_some_and(Part::is_going) {
        return 0;
    }
    let mut lost = 0;
    let ids: Vec<Id> = state.tasks.keys().copied().collect();
    for id in ids.into_iter().filter(|id| !but(*id)) {
        // Those with a part of their own have no rows in the common one.
        let of_file = match own {
            Some(own) => id == own,
            None => {
                let apart = Layout::own_part_name(table, batch, id);
                state.batch_of(id.0) == batch && !state.has_part(&apart)
            }
        };
        if let (true, Some(task)) = (of_file, state.tasks.get_mut(&id))
            && task.outputs.has(table)
        {
            // A result that lacks an output is simulated again for that one only.
            task.outputs = task.outputs.with(table, Outputs::NONE.get(table));
            state.damaged.insert(id, name.to_string());
            lost += 1;
        }
    }
    lost
}

/// Tasks lose the rows of a damaged file, which is put aside; `but` for those whose rows are new. Gives how many do.
pub(super) fn lose(
    layout: &Layout,
    state: &mut State,
    name: &str,
    but: &dyn Fn(Id) -> bool,
) -> Result<u64> {
    let lost = forget_rows(state, name, but);
    state.parts.remove(&name.to_string());
    put_aside(layout, name)?;
    Ok(lost)
}

/// Moves a damaged file to where it harms nobody.
pub(super) fn put_aside(layout: &Layout, name: &str) -> Result<()> {
    let folder = layout.folder();
    if !folder.has(name) {
        return Ok(());
    }
    folder.make_dir(DAMAGED)?;
    let last = match Layout::parse_part_name(name) {
        Some(_) => name.replace('/', "-"),
        None => name.rsplit('/').next().unwrap_or(name).to_string(),
    };
    let mut place = format!("{DAMAGED}/{last}");
    let mut n = 2;
    // What was put aside before stays.
    while folder.len(&place)?.is_some() {
        place = format!("{DAMAGED}/{last}.{n}");
        n += 1;
    }
    folder.rename(name, &place)
}
