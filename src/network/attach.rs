//! Adding drives, changing them and taking them away.

use super::{
    Bursty, Connection, Drive, DriveAttachment, DriveCells, Dynamics, Evoked, Gid, Network,
    NetworkError, NewConnection, Poisson, SpikeData, Targets,
};
use std::sync::Arc;

impl Network {
    /// Adds a drive whose cells fire at normally distributed times.
    ///
    /// # Errors
    /// A name that is taken; anything that hnn-core's `add_evoked_drive` refuses.
    pub fn add_evoked_drive(
        &mut self,
        name: &str,
        evoked: Evoked,
        attach: DriveAttachment,
    ) -> Result<(), NetworkError> {
        self.add_drive(name, Dynamics::Evoked(evoked), attach)
    }

    /// Adds a drive whose cells fire as Poisson processes.
    ///
    /// # Errors
    /// A name that is taken; anything that hnn-core's `add_poisson_drive` refuses.
    pub fn add_poisson_drive(
        &mut self,
        name: &str,
        poisson: Poisson,
        attach: DriveAttachment,
    ) -> Result<(), NetworkError> {
        self.add_drive(name, Dynamics::Poisson(poisson), attach)
    }

    /// Adds a drive whose cells fire in rhythmic bursts.
    ///
    /// # Errors
    /// A name that is taken; anything that hnn-core's `add_bursty_drive` refuses.
    pub fn add_bursty_drive(
        &mut self,
        name: &str,
        bursty: Bursty,
        attach: DriveAttachment,
    ) -> Result<(), NetworkError> {
        self.add_drive(name, Dynamics::Bursty(bursty), attach)
    }

    /// Adds a drive whose cells fire at given times, the same in every trial.
    ///
    /// # Errors
    /// A name that is taken; times that are negative or not ascending (on which NEURON gives up); a cell-specific
    /// attachment, which hnn-core does not have; anything that hnn-core's `add_spike_train_drive` refuses.
    pub fn add_spike_train_drive(
        &mut self,
        name: &str,
        spike_data: SpikeData,
        attach: DriveAttachment,
    ) -> Result<(), NetworkError> {
        let events: Vec<Vec<f64>> = match spike_data {
            SpikeData::Sources(sources) => sources.into_values().collect(),
            SpikeData::Pairs(pairs) => by_source(pairs),
        };
        let attach = DriveAttachment {
            n_drive_cells: DriveCells::Count(events.len() as u32),
            // No event of it is drawn, so a seed would tell two equal drives apart.
            event_seed: 0,
            ..attach
        };
        let dynamics = Dynamics::SpikeTrain {
            events: Arc::new(events),
        };
        self.add_drive(name, dynamics, attach)
    }

    /// Checks everything, then adds the drive's cells and connections.
    pub(crate) fn add_drive(
        &mut self,
        name: &str,
        mut dynamics: Dynamics,
        attach: DriveAttachment,
    ) -> Result<(), NetworkError> {
        if self.external_drives.contains_key(name) {
            return Err(NetworkError::Duplicate {
                kind: "drive",
                name: name.into(),
            });
        }
        // hnn-core keeps the origin among the positions, under this name.
        if self.gid_ranges.contains_key(name) || name == "origin" || name.is_empty() {
            return Err(NetworkError::argument(
                "name",
                format!("\"{name}\""),
                "a drive cannot be named like a cell type, \"origin\" or nothing",
            ));
        }
        // All checks first: gids that were given out cannot be taken back.
        self.check_dynamics(&mut dynamics, &attach)?;
        let target_types = self.check_attachment(&attach)?;
        let n_drive_cells = self.check_drive_cells(&attach, &target_types)?;

        let first = self.n_gids();
        let drive = attach.into_drive(dynamics, target_types, n_drive_cells);
        let connections = self.drive_connections(name, first, &drive)?;
        self.append_gids(name, n_drive_cells);
        self.place_drive(name, n_drive_cells);
        self.connectivity.extend(connections);
        self.external_drives.insert(name.into(), drive);
        Ok(())
    }

    /// Puts a drive's cells to the network's origin.
    fn place_drive(&mut self, name: &str, n_drive_cells: u32) {
        let at_origin = vec![self.origin; n_drive_cells as usize];
        self.pos_dict.insert(name.into(), Arc::new(at_origin));
    }

    /// The connections of a drive whose gids begin with `first`, in hnn-core's order: by target type, AMPA before NMDA.
    fn drive_connections(
        &self,
        name: &str,
        first: Gid,
        drive: &Drive,
    ) -> Result<Vec<Connection>, NetworkError> {
        let mut connections = Vec::new();
        let all = first..first + drive.n_drive_cells;
        // Drive cells of a cell-specific drive follow the target types, cell by cell.
        let mut next = first;
        for (seed_increment, target) in drive.target_types.iter().enumerate() {
            let targets = self.gid_ranges.get(target).cloned().unwrap_or_default();
            let own = next..next + targets.len() as Gid;
            next = own.end;
            let weights = drive.weights_of(target);
            // Legacy networks connect every type, with these values where none is given.
            let (delay, probability) = match weights.is_empty() {
                true => (None, None),
                false => (
                    drive.synaptic_delays.of(target),
                    drive.probability.of(target),
                ),
            };
            let legacy = weights.is_empty().then_some(("ampa", 0.0));
            for (receptor, weight) in weights.into_iter().chain(legacy) {
                let mut new = NewConnection::new(
                    all.clone(),
                    targets.clone(),
                    &drive.location,
                    receptor,
                    weight,
                    delay.unwrap_or(0.1),
                    drive.space_constant,
                );
                if drive.cell_specific {
                    new.src_gids = own.clone().into();
                    new.target_gids = Targets::OneToOne(targets.clone());
                }
                new.probability = probability.unwrap_or(1.0);
                // hnn-core's rule; both receptors of a type draw the same pairs.
                new.conn_seed = drive
                    .conn_seed
                    .map(|seed| seed.wrapping_add(seed_increment as u64));
                connections.push(self.make_connection_from(name, new)?);
            }
        }
        Ok(connections)
    }

    /// Removes all drives and their connections.
    pub fn clear_drives(&mut self) {
        let drives = std::mem::take(&mut self.external_drives);
        self.connectivity
            .retain(|conn| !drives.contains_key(conn.src_type.as_str()));
        self.gid_ranges.retain(|name, _| !drives.contains_key(name));
        self.pos_dict.retain(|name, _| !drives.contains_key(name));
    }

    /// Removes one drive, as if it had never been added: later drives get the gids that they would have had.
    ///
    /// # Errors
    /// No such drive.
    pub fn remove_drive(&mut self, name: &str) -> Result<(), NetworkError> {
        if self.external_drives.shift_remove(name).is_none() {
            let known = self.external_drives.keys();
            return Err(NetworkError::unknown("drive", name, known));
        }
        self.connectivity.retain(|conn| conn.src_type != name);
        self.pos_dict.shift_remove(name);
        if let Some(gone) = self.gid_ranges.get(name).cloned() {
            // As if it had had no cells: everything behind it moves up.
            self.resize_drive(name, gone.start);
            self.gid_ranges.shift_remove(name);
        }
        Ok(())
    }

    /// Lets a drive's gids end at `end`; those of later drives follow.
    fn resize_drive(&mut self, name: &str, end: Gid) {
        let Some(range) = self.gid_ranges.get_mut(name) else {
            return;
        };
        let old_end = std::mem::replace(&mut range.end, end);
        let shift = |gid: Gid| gid - old_end + end;
        let mut moved: Vec<String> = Vec::new();
        for (other, range) in &mut self.gid_ranges {
            if range.start >= old_end && other != name {
                *range = shift(range.start)..shift(range.end);
                moved.push(other.clone());
            }
        }
        for conn in &mut self.connectivity {
            if moved.iter().any(|name| *name == conn.src_type) {
                conn.move_sources(&shift);
            }
        }
    }

    /// Changes a drive to what it would be, had it been added with other arguments. Its place among the drives stays,
    /// and so does what was changed in its connections by themselves, such as gains.
    ///
    /// # Errors
    /// No such drive; arguments that could not be added.
    pub fn change_drive(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Dynamics, &mut DriveAttachment) -> Result<(), NetworkError>,
    ) -> Result<(), NetworkError> {
        let (Some(old), Some(range)) = (self.external_drives.get(name), self.gid_ranges.get(name))
        else {
            let known = self.external_drives.keys();
            return Err(NetworkError::unknown("drive", name, known));
        };
        let (mut dynamics, mut attach) = (old.dynamics.clone(), old.attachment());
        change(&mut dynamics, &mut attach)?;
        self.check_dynamics(&mut dynamics, &attach)?;
        let target_types = self.check_attachment(&attach)?;
        let n_drive_cells = self.check_drive_cells(&attach, &target_types)?;
        let drive = attach.into_drive(dynamics, target_types, n_drive_cells);

        // What the old arguments make tells what was changed in the connections since.
        let first = range.start;
        let before = self.drive_connections(name, first, old).unwrap_or_default();
        let mut after = self.drive_connections(name, first, &drive)?;
        let same_pairs = before.len() == after.len()
            && before.iter().zip(&after).all(|(before, after)| {
                before.kind() == after.kind() && before.gid_pairs == after.gid_pairs
            })
            && old.n_drive_cells == n_drive_cells;

        // Numbers that the change left alone are as the connections have them now.
        for conn in &mut after {
            let known = |listed: &[Connection]| {
                let mut same = listed.iter().filter(|other| other.src_type == name);
                same.find(|other| other.kind() == conn.kind()).cloned()
            };
            if let (Some(before), Some(now)) = (known(&before), known(&self.connectivity)) {
                let kept =
                    |before: f64, after: f64, now: f64| if before == after { now } else { after };
                conn.weight = kept(before.weight, conn.weight, now.weight);
                conn.delay = kept(before.delay, conn.delay, now.delay);
                conn.lamtha = kept(before.lamtha, conn.lamtha, now.lamtha);
                (conn.gain, conn.threshold) = (now.gain, now.threshold);
            }
        }
        // Kept where they are, so that pairs that were pruned or chosen by hand stay.
        if same_pairs {
            for (before, conn) in before.iter().zip(after) {
                let mut own = self
                    .connectivity
                    .iter_mut()
                    .filter(|now| now.src_type == name);
                let Some(now) = own.find(|now| now.kind() == conn.kind()) else {
                    continue;
                };
                if before.probability != conn.probability {
                    now.probability = conn.probability;
                }
                now.loc = conn.loc;
                (now.weight, now.delay, now.lamtha) = (conn.weight, conn.delay, conn.lamtha);
            }
        } else {
            // New pairs are a new connection, at the place of the drive's first.
            let mut own = self.connectivity.iter().map(|conn| conn.src_type == name);
            let position = own.position(|own| own).unwrap_or(self.connectivity.len());
            self.connectivity.retain(|conn| conn.src_type != name);
            self.connectivity.splice(position..position, after);
            self.resize_drive(name, first + n_drive_cells);
            self.place_drive(name, n_drive_cells);
        }
        self.external_drives.insert(name.into(), drive);
        Ok(())
    }
}

/// Lists of times by source; sources ascending, times in the order given.
fn by_source(pairs: Vec<(f64, i64)>) -> Vec<Vec<f64>> {
    let mut lists = std::collections::BTreeMap::<i64, Vec<f64>>::new();
    for (time, source) in pairs {
        lists.entry(source).or_default().push(time);
    }
    lists.into_values().collect()
}
