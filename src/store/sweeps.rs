//! Sweeps of a folder, taken out of its index or called by another name. No result is touched.

use super::error::{Result, StoreError};
use super::session::Session;
use super::state::Sweep;
use std::collections::BTreeSet;

impl Session {
    /// Takes a sweep out of the folder. What it has simulated stays, for sweeps that have the same simulations, and
    /// for its file, if that is run again; until [`Session::collect_garbage`] drops what no sweep has.
    ///
    /// # Errors
    /// If there is no such sweep, or the disk refuses.
    pub fn drop_sweep(&mut self, name: &str) -> Result<Sweep> {
        self.locked(|session| {
            let sweep = session.state.sweeps.change().shift_remove(name);
            let sweep = sweep.ok_or_else(|| gone(name))?;
            let dirty = session.batches_of(&sweep);
            session.fold(&[], dirty)?;
            Ok(sweep)
        })
    }

    /// Gives a sweep another name.
    ///
    /// # Errors
    /// If there is no such sweep, the other name is taken, or the disk refuses.
    pub fn rename_sweep(&mut self, name: &str, new: &str) -> Result<()> {
        self.locked(|session| {
            if session.state.sweeps.contains_key(new) {
                return Err(StoreError::Conflict {
                    what: format!("the folder has a sweep `{new}` already"),
                    help: "choose another name, or take that sweep out with `hnn-sweep drop`"
                        .into(),
                });
            }
            let (place, _, sweep) = session
                .state
                .sweeps
                .change()
                .shift_remove_full(name)
                .ok_or_else(|| gone(name))?;
            let dirty = session.batches_of(&sweep);
            session
                .state
                .sweeps
                .change()
                .shift_insert(place, new.to_string(), sweep);
            session.fold(&[], dirty)
        })
    }

    /// Batches that have rows of a sweep.
    fn batches_of(&self, sweep: &Sweep) -> BTreeSet<u32> {
        let points = sweep.points.iter();
        points.map(|point| self.state.batch_of(point.sim)).collect()
    }
}

fn gone(name: &str) -> StoreError {
    StoreError::Conflict {
        what: format!("the folder has no sweep `{name}`"),
        help: "`hnn-sweep status` lists its sweeps".into(),
    }
}
