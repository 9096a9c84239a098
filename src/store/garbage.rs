//! Results that no present grid has any more are dropped.

use super::change::Change;
use super::error::Result;
use super::layout::{Layout, PART, Table};
use super::part::{self, Id};
use super::publish;
use super::readers::Readers;
use super::state::State;
use std::collections::BTreeSet;

/// Drops everything of simulations that are in no sweep's present grid from the tables; gives the state without them,
/// which is not saved yet. See [`State::garbage`].
pub(super) fn collect(layout: &Layout, mut state: State, readers: &mut Readers) -> Result<State> {
    let garbage = state.garbage();
    for sweep in state.sweeps.change().values_mut() {
        // Former points are what made them garbage.
        sweep.points.retain(|point| point.place.is_some());
    }
    let mut change = Change::default();
    let mut dirty = batches(&state);
    dirty.retain(|batch| garbage.iter().any(|sim| state.batch_of(*sim) == *batch));
    for table in Table::DATA {
        for batch in &dirty {
            drop_rows(layout, &state, &mut change, table, *batch, &garbage)?;
        }
    }
    for name in state.parts.keys() {
        let own = Layout::parse_part_name(name).and_then(|(_, own)| own);
        if own.is_some_and(|(sim, _)| garbage.contains(&sim)) {
            change.removals.push(name.clone());
        }
    }
    state.tasks.retain(|(sim, _)| !garbage.contains(sim));
    // The entries of `sims` stay, as numbers of simulations are never given out again.
    garbage.iter().for_each(|sim| state.means.remove(sim));
    // Places of former points are columns of all batches.
    let all = batches(&state);
    publish::derive(layout, &mut state, &mut change, all)?;
    change
        .beside(layout, &state, readers)
        .apply(layout, &mut state)?;
    Ok(state)
}

fn batches(state: &State) -> BTreeSet<u32> {
    (0..).take(state.batches.len()).collect()
}

/// Takes rows of some simulations out of the part of a batch. A damaged one is left for the next run.
fn drop_rows(
    layout: &Layout,
    state: &State,
    change: &mut Change,
    table: Table,
    batch: u32,
    garbage: &BTreeSet<u32>,
) -> Result<()> {
    let name = Layout::part_name(table, batch, PART);
    let folder = layout.folder();
    let part = state.parts.get(&name);
    // A damaged file is left to `run`, which knows what it held.
    if !part.is_some_and(|part| part::is_intact(folder, &name, part).unwrap_or(false)) {
        return Ok(());
    }
    // The file stands for simulations without rows, too.
    let keep = state.tasks.iter().any(|(id, task)| {
        let apart = Layout::own_part_name(table, batch, *id);
        !garbage.contains(&id.0)
            && state.batch_of(id.0) == batch
            && task.outputs.has(table)
            && !state.has_part(&apart)
    });
    let dropped = |id: Id| garbage.contains(&id.0);
    let staged = part::merge(folder, Some(&name), table, &[], &dropped, keep)?;
    change.put(name, staged);
    Ok(())
}
