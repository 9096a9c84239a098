//! Results of submissions are brought into the tables.

use super::damage::Loss;
use super::error::Result;
use super::record::Record;
use super::segment::{self, SegmentName};
use super::session::Session;
use super::state::State;
use super::submission::Submission;
use std::collections::BTreeSet;

/// Results (bytes) that are brought into the tables at a time, or somewhat more.
const AT_ONCE: u64 = 1 << 30;

/// What was brought into the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Results that were read.
    pub results: u64,
    /// Those of them whose parameter sets no sweep of the folder has; they are kept until one has.
    pub unclaimed: u64,
}

impl Session {
    /// Brings finished segments of a submission into the tables, and `open` ones, too, where nobody writes to
    /// them any more. `note` is told of each new state before segments that are in it go.
    ///
    /// # Errors
    /// If the disk refuses; every result is in a segment or in the tables.
    pub fn fold_segments(
        &mut self,
        submission: &Submission,
        open: bool,
        note: &mut dyn FnMut(&State) -> Result<()>,
    ) -> Result<Folded> {
        let mut segments = submission.segments()?;
        segments.retain(|segment| segment.is_done || open);
        let mut folded = Folded::default();
        while !segments.is_empty() {
            let (mut some, mut bytes) = (Vec::new(), 0);
            while bytes < AT_ONCE
                && let Some(segment) = segments.pop()
            {
                bytes += self.layout.folder().len(&segment.name)?.unwrap_or(0);
                some.push(segment);
            }
            let done = self.fold_some(&some, note)?;
            folded.results += done.results;
            folded.unclaimed += done.unclaimed;
        }
        if open && submission.segments()?.is_empty() {
            submission.remove_pieces()?;
        }
        Ok(folded)
    }

    fn fold_some(
        &mut self,
        segments: &[SegmentName],
        note: &mut dyn FnMut(&State) -> Result<()>,
    ) -> Result<Folded> {
        let folder = self.layout.folder().clone();
        let mut folded = Folded::default();
        let mut scans = Vec::with_capacity(segments.len());
        for segment in segments {
            scans.push((segment, segment::read(&folder, segment)?));
        }
        self.locked(|session| {
            let all = scans.iter().flat_map(|(_, scan)| &scan.records);
            let is_ours = |record: &&Record| session.state.sim_of(&record.set).is_some();
            let records: Vec<Record> = all.filter(is_ours).cloned().collect();
            if records.is_empty() {
                return Ok(());
            }
            session.fold(&records, BTreeSet::new())
        })?;
        note(&self.state)?;
        for (segment, scan) in &scans {
            let is_unclaimed = |record: &&Record| self.state.sim_of(&record.set).is_none();
            let unclaimed = scan.records.iter().filter(is_unclaimed).count() as u64;
            folded.results += scan.records.len() as u64;
            folded.unclaimed += unclaimed;
            if unclaimed > 0 {
                continue;
            }
            if scan.damaged > 0 {
                self.losses.push(Loss {
                    file: segment.name.clone(),
                    results: scan.damaged,
                    what: format!("{} of its results cannot be read", scan.damaged),
                });
                folder.rename(&segment.name, &format!("{}.damaged", segment.name))?;
                continue;
            }
            for (piece, _) in scan.records.iter().flat_map(Record::files) {
                folder.remove(piece)?;
            }
            folder.remove(&segment.name)?;
        }
        Ok(folded)
    }
}
