//! Submissions, as other verbs meet them.

use super::hint::quoted;
use super::output::{complain, say};
use crate::cluster::slurm::Slurm;
use crate::cluster::{self, Ended, Published, ShardState, SubmissionStatus};
use crate::pipeline::Pipeline;
use crate::stages::RunError;
use crate::store::{Hash, Outputs, Store, Submission};
use indicatif::HumanCount;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Shards that are listed.
const LISTED: usize = 10;

/// Publishes what submissions to a folder have finished; gives the tasks that are still theirs, by key, with
/// what is stored of them. None if all are to be taken.
pub(super) fn before_run(
    folder: &Path,
    pipeline: &Pipeline,
    steal: bool,
) -> Result<HashMap<Hash, Outputs>, RunError> {
    let Some(store) = Store::open(folder)? else {
        return Ok(HashMap::new());
    };
    if Submission::all(store.layout())?.is_empty() {
        return Ok(HashMap::new());
    }
    let given = match cluster::publisher(folder, true, Duration::ZERO, &Slurm)? {
        Ok(mut session) => {
            let mut published = cluster::fold(&mut session, &Ended::Unsaid, &Slurm)?;
            if published.folded.unclaimed > 0 {
                // They may be this sweep's.
                cluster::make_known(pipeline, &mut session)?;
                published = cluster::fold(&mut session, &Ended::Unsaid, &Slurm)?;
            }
            published.losses.extend(session.losses().iter().cloned());
            session.finish()?;
            tell(folder, &published);
            published.given
        }
        Err(holder) => {
            complain!("{holder} publishes to {} just now", folder.display());
            cluster::given(store.layout(), store.state(), &Slurm)?
        }
    };
    Ok(if steal { HashMap::new() } else { given })
}

/// Says what is not as it should be.
pub(super) fn tell(folder: &Path, published: &Published) {
    published.losses.iter().for_each(|loss| complain!("{loss}"));
    if published.folded.unclaimed > 0 {
        complain!(
            "{} results are of parameter sets that no sweep of {} has; they are kept until one has",
            HumanCount(published.folded.unclaimed),
            quoted(folder)
        );
    }
}

/// Tasks that are queued in submissions, by key, with what is to be stored of them.
pub(super) fn given(store: Option<&Store>) -> Result<HashMap<Hash, Outputs>, RunError> {
    match store {
        Some(store) => cluster::given(store.layout(), store.state(), &Slurm),
        None => Ok(HashMap::new()),
    }
}

/// How far a folder's submissions are.
pub(super) fn all(store: &Store) -> Result<Vec<SubmissionStatus>, RunError> {
    cluster::status(store, &Slurm)
}

/// Says it.
pub(super) fn show(store: &Store) -> Result<(), RunError> {
    for one in all(store)? {
        let left = one.tasks - one.finished;
        let mut words = vec![format!(
            "{} of {} tasks finished",
            HumanCount(one.finished),
            HumanCount(one.tasks)
        )];
        let mut add = |n: u64, word: &str| {
            if n > 0 {
                words.push(format!("{} {word}", HumanCount(n)));
            }
        };
        add(one.failed, "failed");
        add(left, "left");
        add(one.unpublished, "not in the tables yet");
        let shards = [
            (ShardState::Queued, "queued"),
            (ShardState::Running, "running"),
            (ShardState::Ended, "ended"),
            (ShardState::Failed, "ended with tasks left"),
            (ShardState::Unknown, "nobody can be asked about"),
        ];
        let shards = shards.map(|(state, word)| (one.count(state), word));
        let shards = shards.iter().filter(|(n, _)| *n > 0);
        let shards: Vec<String> = shards.map(|(n, word)| format!("{n} {word}")).collect();
        say!(
            "  submission {} of {}: {}; shards: {}",
            one.id,
            one.name,
            words.join(", "),
            shards.join(", ")
        );
        let failed = (0u32..).zip(&one.shards);
        let failed = failed.filter(|(_, (state, _))| *state == ShardState::Failed);
        for (shard, (_, left)) in failed.clone().take(LISTED) {
            let how = one
                .ends
                .get(&shard)
                .map_or(String::new(), |word| format!(" ({word})"));
            say!("    shard {shard}{how}: {left} tasks left");
        }
        if one.count(ShardState::Failed) > LISTED {
            say!(
                "    … and {} more shards",
                one.count(ShardState::Failed) - LISTED
            );
        }
        if one.is_live.is_none() {
            say!(
                "    once nobody works at it: `hnn-sweep publish {} --ended {}`",
                quoted(store.layout().root()),
                one.id
            );
        }
    }
    Ok(())
}
