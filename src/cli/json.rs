//! What the verbs say with `--json`: one object on standard output, for scripts. docs/json.md describes each. Keys
//! are only ever added; what else changes raises [`FORMAT`].

use super::dynamics::in_words;
use super::output::say;
use crate::cluster::{ShardState, SubmissionStatus};
use crate::network::Network;
use crate::pipeline::{ParameterKind, Pipeline, Varied};
use crate::stages::plan::FailedTask;
use crate::stages::{Options, Plan, RunOutcome};
use crate::store::{Kind, Point, Problem, State, Status, Store, Sweep, Table, Value, Verdict};
use serde_json::{Map, Value as Json, json};
use std::path::Path;

/// Version of the objects.
const FORMAT: u32 = 1;

/// Prints an object of a verb.
pub(super) fn print(verb: &str, mut object: Json) {
    if let Json::Object(entries) = &mut object {
        // `format` and `verb` first, as a reader of the text looks for them there.
        let mut all = Map::new();
        all.insert("format".into(), FORMAT.into());
        all.insert("verb".into(), verb.into());
        all.append(entries);
        object = Json::Object(all);
    }
    say!("{object:#}");
}

/// What a run would do.
pub(super) fn plan(
    pipeline: &Pipeline,
    plan: &Plan,
    options: &Options,
    remarks: &[String],
) -> Json {
    let missing = plan.tasks.len() as u64;
    let folder = options.folder.as_ref().unwrap_or(&pipeline.save_folder);
    let reasons = plan
        .groups
        .iter()
        .map(|(reason, n)| json!({ "reason": reason.to_string(), "tasks": n }));
    json!({
        "sweep": pipeline.name,
        "folder": folder.display().to_string(),
        "points": pipeline.n_points(),
        "trials": pipeline.n_trials,
        "tasks": plan.n_tasks,
        "shared_points": plan.n_shared,
        "done": plan.done,
        "failed": plan.failed.len(),
        // What --only and --limit leave to another run is missing all the same.
        "missing": missing + plan.elsewhere,
        "in_this_run": missing,
        "reasons": reasons.collect::<Vec<_>>(),
        "statistics": plan.reductions,
        "parameters": pipeline.varied().iter().map(varied).collect::<Vec<_>>(),
        "expected": {
            "jobs": options.jobs,
            "seconds": plan.seconds(options.jobs),
            "seconds_per_task": plan.seconds_per_task,
            "measured": plan.seconds_measured,
            "bytes": plan.bytes as u64,
        },
        "remarks": remarks,
    })
}

fn varied(varied: &Varied) -> Json {
    json!({
        "name": varied.name,
        "kind": match varied.kind {
            ParameterKind::Float => "float",
            ParameterKind::Int => "int",
            ParameterKind::Str => "text",
            ParameterKind::Bool => "bool",
        },
        "unit": varied.unit,
        "values": varied.count,
        "least": varied.range.map(|[least, _]| least),
        "greatest": varied.range.map(|[_, greatest]| greatest),
        "prior": varied.prior.map(|prior| json!({ "kind": prior.kind(), "numbers": prior.numbers() })),
        "used_in": varied.used_in,
    })
}

/// What a run did.
pub(super) fn run(pipeline: &Pipeline, folder: &Path, outcome: &RunOutcome) -> Json {
    json!({
        "sweep": pipeline.name,
        "folder": folder.display().to_string(),
        "tasks": outcome.n_tasks,
        // `simulated` counts all that ended, failures among them.
        "simulated": outcome.simulated - outcome.failed_now,
        "failed_now": outcome.failed_now,
        "by_others": outcome.elsewhere,
        "left": outcome.left,
        "failed": outcome.failed.iter().map(failed).collect::<Vec<_>>(),
        "unused_parameters": outcome.unused,
        "damaged": outcome.damaged,
        "losses": outcome.losses.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn failed(task: &FailedTask) -> Json {
    json!({
        "sim": task.sim,
        "point": task.point,
        "trial": task.trial,
        "parameters": task.parameters,
        "class": task.class,
        "error": task.error,
    })
}

/// What a folder holds.
pub(super) fn status(folder: &Path, store: &Store, submissions: &[SubmissionStatus]) -> Json {
    let state = store.state();
    let failed = state
        .tasks
        .values()
        .filter(|task| task.status != Status::Done)
        .count();
    let mut sims: Vec<u32> = state.tasks.keys().map(|(sim, _)| *sim).collect();
    // Ids ascend by simulation; each counts once however many trials it has.
    sims.dedup();
    let tables = Table::ALL.into_iter().filter_map(|table| {
        let prefix = format!("{}/", table.name());
        let files = state
            .parts
            .keys()
            .filter(|name| name.starts_with(&prefix))
            .count();
        (files > 0).then(
            || json!({ "name": table.name(), "files": files, "bytes": state.bytes_of(table) }),
        )
    });
    let mut damaged: Vec<&String> = state.damaged.values().collect();
    damaged.dedup();
    json!({
        "folder": folder.display().to_string(),
        "done": state.tasks.len() - failed,
        "failed": failed,
        "simulations": sims.len(),
        "sweeps": state.sweeps.iter().map(|(name, one)| sweep(state, name, one)).collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
        "unclaimed": store.unclaimed(),
        "damaged": damaged,
        "submissions": submissions.iter().map(submission).collect::<Vec<_>>(),
    })
}

fn submission(one: &SubmissionStatus) -> Json {
    json!({
        "id": one.id,
        "sweep": one.name,
        "live": one.is_live,
        "tasks": one.tasks,
        "finished": one.finished,
        "failed": one.failed,
        "unpublished": one.unpublished,
        "shards": {
            "queued": one.count(ShardState::Queued),
            "running": one.count(ShardState::Running),
            "ended": one.count(ShardState::Ended),
            "failed": one.count(ShardState::Failed),
            "unknown": one.count(ShardState::Unknown),
        },
    })
}

fn sweep(state: &State, name: &str, sweep: &Sweep) -> Json {
    // Former points are kept for their numbers only.
    let present = sweep.points.iter().filter(|point| point.place.is_some());
    let mut sims: Vec<u32> = present.map(|point| point.sim).collect();
    let points = sims.len();
    // Several points may be one simulation (a parameter that changes nothing): its tasks count
    // once.
    sims.sort_unstable();
    sims.dedup();
    let tasks = sims
        .iter()
        .flat_map(|sim| (0..sweep.n_trials).map(|trial| (*sim, trial)));
    let (mut done, mut failed, mut missing) = (0, 0, 0);
    for id in tasks {
        match state.tasks.get(&id).map(|task| &task.status) {
            Some(Status::Done) => done += 1,
            Some(Status::Failed { .. }) => failed += 1,
            None => missing += 1,
        }
    }
    let kind = |kind: &Kind| match kind {
        Kind::Float => "float",
        Kind::Int => "int",
        Kind::Text => "text",
        Kind::Bool => "bool",
    };
    let parameters = sweep.parameters.iter();
    let statistics = sweep.summaries.iter();
    json!({
        "name": name,
        "file": sweep.file,
        "points": points,
        "trials": sweep.n_trials,
        "done": done,
        "failed": failed,
        "missing": missing,
        "former_points": sweep.points.len() - points,
        "parameters": parameters.map(|(name, of)| json!({ "name": name, "kind": kind(of) })).collect::<Vec<_>>(),
        "statistics": statistics
            .map(|one| json!({ "name": one.name, "unit": one.unit, "trials": if one.mean { "mean" } else { "each" } }))
            .collect::<Vec<_>>(),
    })
}

/// Failed simulations.
pub(super) fn failures(folder: &Path, state: &State) -> Json {
    let failures = state.tasks.iter().filter_map(|((sim, trial), task)| {
        let Status::Failed { class, error } = &task.status else {
            return None;
        };
        // One simulation may be a point of several sweeps, which all have failed with it.
        let points = state.sweeps.iter().flat_map(|(name, sweep)| {
            let own = sweep.points.iter().filter(|point| point.sim == *sim && point.place.is_some());
            own.map(move |point| json!({ "sweep": name, "point": point.place, "parameters": values(sweep, point) }))
        });
        Some(json!({
            "sim": sim,
            "trial": trial,
            "class": class,
            "error": error,
            "wall_s": task.wall_s,
            "points": points.collect::<Vec<_>>(),
        }))
    });
    json!({ "folder": folder.display().to_string(), "failures": failures.collect::<Vec<_>>() })
}

/// Parameters of a point.
fn values(sweep: &Sweep, point: &Point) -> Json {
    let values = sweep.parameters.iter().zip(&point.values);
    let value = |value: &Value| match value {
        Value::Float(x) => json!(x),
        Value::Int(x) => json!(x),
        Value::Text(x) => json!(x),
        Value::Bool(x) => json!(x),
    };
    let named = values.map(|((name, _), of)| (name.clone(), of.as_ref().map_or(Json::Null, value)));
    Json::Object(named.collect())
}

/// What a check found.
pub(super) fn verify(folder: &Path, verdict: &Verdict) -> Json {
    let problem = |problem: &Problem| json!({ "what": problem.to_string(), "loses_results": problem.loses_results() });
    json!({
        "folder": folder.display().to_string(),
        "files": verdict.files,
        "bytes": verdict.bytes,
        "intact": verdict.problems.is_empty(),
        "problems": verdict.problems.iter().map(problem).collect::<Vec<_>>(),
        "notes": verdict.notes,
    })
}

/// What a network contains.
pub(super) fn network(network: &Network) -> Json {
    let cell_types = network.cell_types.iter().map(|(name, of)| {
        let sections = &of.cell.sections;
        json!({
            "name": name,
            "cells": network.gid_ranges.get(name).map_or(0, |range| range.len()),
            "sections": sections.len(),
            "segments": sections.values().map(|section| section.nseg).sum::<u32>(),
            "measures_dipole": of.metadata.measure_dipole,
        })
    });
    let connections = network.connectivity.iter().map(|c| {
        json!({
            "src_type": c.src_type,
            "target_type": c.target_type,
            "loc": c.loc,
            "receptor": c.receptor,
            "pairs": c.gid_pairs.n_pairs(),
            "weight": c.weight,
            "delay": c.delay,
            "lamtha": c.lamtha,
            "gain": c.gain,
        })
    });
    let drives = network.external_drives.iter().map(|(name, drive)| {
        json!({
            "name": name,
            "cells": drive.n_drive_cells,
            "location": drive.location,
            "target_types": drive.target_types.iter().map(|name| name.to_string()).collect::<Vec<_>>(),
            "dynamics": in_words(&drive.dynamics),
        })
    });
    let biases = network.external_biases.iter().flat_map(|(name, by_type)| {
        by_type.iter().map(move |(cell_type, bias)| {
            json!({
                "name": name,
                "cell_type": cell_type,
                "section": bias.section,
                "amplitude": bias.amplitude,
                "t0": bias.t0,
                "tstop": bias.tstop,
            })
        })
    });
    let arrays = network
        .rec_arrays
        .iter()
        .map(|(name, array)| json!({ "name": name, "contacts": array.positions.len() }));
    json!({
        "cells": network.n_cells(),
        "cell_types": cell_types.collect::<Vec<_>>(),
        "connections": connections.collect::<Vec<_>>(),
        "drives": drives.collect::<Vec<_>>(),
        "biases": biases.collect::<Vec<_>>(),
        "electrode_arrays": arrays.collect::<Vec<_>>(),
        "mesh_shape": network.mesh_shape,
        "inplane_distance": network.inplane_distance,
        "layer_separation": network.layer_separation,
        "celsius": network.celsius,
        "threshold": network.threshold,
    })
}
