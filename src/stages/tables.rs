//! A simulation's results as rows of tables, and back.

use crate::network::{Gid, Network};
use crate::pipeline::{Output, Precision};
use crate::solver::{
    CalciumTrace, CurrentTrace, Dipole, Lfp, Record, SimulationResult, Spike, VoltageTrace,
};
use crate::store::{
    self, Extent, Id, Layout, Outputs, Piece, PieceWriter, StoreError, Table, Trace, TraceFormat,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use std::collections::BTreeMap;

/// What a pipeline wants to be stored.
pub fn wanted(output: &Output) -> Outputs {
    let traces = |save: bool, record: Record| Extent {
        level: match (save, record) {
            // What is recorded for a statistic only is not stored.
            (false, _) | (_, Record::Off) => 0,
            (true, Record::Soma) => 1,
            (true, Record::All) => 2,
        },
        decimate: output.decimate,
        double: output.trace_precision == Precision::Float64,
    };
    // Dipoles, spikes and LFP are small, and are never thinned or rounded.
    let whole = |save: bool| {
        if save {
            Extent::WHOLE
        } else {
            Extent::default()
        }
    };
    Outputs::NONE
        .with(Table::Dipole, whole(output.save_dpl))
        .with(Table::Spikes, whole(output.save_spiking))
        .with(Table::Lfp, whole(output.save_lfp))
        .with(
            Table::Voltages,
            traces(output.save_voltages, output.record_vsec),
        )
        .with(
            Table::Currents,
            traces(output.save_currents, output.record_isec),
        )
        .with(
            Table::Calcium,
            traces(output.save_calcium, output.record_ca),
        )
}

/// Rows of some of a simulation's outputs. Results are taken apart as they are written, to keep memory low.
///
/// # Errors
/// If results do not fit into the tables, or the disk refuses.
pub fn pieces(
    layout: &Layout,
    id: Id,
    network: &Network,
    result: &mut SimulationResult,
    outputs: &Outputs,
    dt: f64,
) -> Result<Vec<(Table, Piece)>, PieceError> {
    // A table without a row has no piece: nothing is written for it.
    let mut pieces = Vec::new();
    for table in Table::DATA.into_iter().filter(|table| outputs.has(*table)) {
        let mut writer: Option<PieceWriter> = None;
        let mut put = |rows: RecordBatch| -> Result<(), PieceError> {
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(PieceWriter::new(layout, table, id, &rows.schema())?),
            };
            Ok(writer.write(&rows)?)
        };
        rows(table, id, network, result, outputs.get(table), dt, &mut put)?;
        if let Some(writer) = writer {
            pieces.push((table, writer.finish()?));
        }
    }
    Ok(pieces)
}

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PieceError {
    /// They do not fit into the table.
    #[error("results cannot be stored: {0}")]
    Rows(#[from] ArrowError),
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Traces that are turned into columns at a time, to keep the copy small.
const TRACES_PER_BATCH: usize = 256;

fn rows(
    table: Table,
    id: Id,
    network: &Network,
    result: &mut SimulationResult,
    extent: Extent,
    dt: f64,
    put: &mut dyn FnMut(RecordBatch) -> Result<(), PieceError>,
) -> Result<(), PieceError> {
    let name = |gid: Gid| network.gid_to_type(gid).unwrap_or_default();
    let format = TraceFormat {
        double: extent.double,
        decimate: extent.decimate,
        dt,
    };
    match table {
        Table::Dipole => {
            let Dipole { agg, l2, l5 } = &result.dipole;
            put(store::dipole_rows(id, &result.times, agg, l2, l5)?)?;
        }
        Table::Spikes => {
            let times = result.spikes.iter().map(|spike| spike.time).collect();
            // Named in the rows, so that readers need no second table to tell cells from drives.
            let types: Vec<&str> = result.spikes.iter().map(|spike| name(spike.gid)).collect();
            let gids = result.spikes.iter().map(|spike| spike.gid);
            put(store::spikes_rows(id, times, gids, &types)?)?;
        }
        Table::Lfp => {
            for lfp in &result.lfp {
                for (contact, values) in (0..).zip(&lfp.potential) {
                    put(store::lfp_rows(
                        id,
                        &lfp.array,
                        contact,
                        &result.times,
                        values,
                    )?)?;
                }
            }
        }
        Table::Voltages => {
            let trace = |t: &'_ VoltageTrace| (t.gid, t.section.clone(), String::new());
            put_traces(
                table,
                id,
                network,
                format,
                std::mem::take(&mut result.voltages),
                trace,
                |t| t.values,
                put,
            )?;
        }
        Table::Currents => {
            let trace = |t: &'_ CurrentTrace| (t.gid, t.section.clone(), t.receptor.clone());
            put_traces(
                table,
                id,
                network,
                format,
                std::mem::take(&mut result.currents),
                trace,
                |t| t.values,
                put,
            )?;
        }
        Table::Calcium => {
            let trace = |t: &'_ CalciumTrace| (t.gid, t.section.clone(), String::new());
            put_traces(
                table,
                id,
                network,
                format,
                std::mem::take(&mut result.calcium),
                trace,
                |t| t.values,
                put,
            )?;
        }
        // Written from what the store knows of a task, not from its results.
        Table::Simulations | Table::Former | Table::Summary => {}
    }
    Ok(())
}

/// Writes traces some at a time, each of which is let go as soon as it is written.
#[allow(clippy::too_many_arguments)]
fn put_traces<T>(
    table: Table,
    id: Id,
    network: &Network,
    format: TraceFormat,
    traces: Vec<T>,
    words: impl Fn(&T) -> (Gid, String, String),
    values: impl Fn(T) -> Vec<f64>,
    put: &mut dyn FnMut(RecordBatch) -> Result<(), PieceError>,
) -> Result<(), PieceError> {
    let mut traces = traces.into_iter();
    loop {
        let chunk: Vec<((Gid, String, String), Vec<f64>)> = traces
            .by_ref()
            // Taken out one by one: what is written is freed before the next is copied.
            .take(TRACES_PER_BATCH)
            .map(|trace| (words(&trace), values(trace)))
            .collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let rows: Vec<Trace> = chunk
            .iter()
            .map(|((gid, section, receptor), values)| Trace {
                gid: *gid,
                cell_type: network.gid_to_type(*gid).unwrap_or_default(),
                section,
                receptor: (table == Table::Currents).then_some(receptor),
                values,
            })
            .collect();
        put(store::trace_rows(table, id, &rows, format)?)?;
    }
}

/// Appends rows of a table to a result.
///
/// # Errors
/// If a column is missing or of another type.
pub fn read(
    table: Table,
    rows: &RecordBatch,
    result: &mut SimulationResult,
) -> Result<(), ArrowError> {
    match table {
        Table::Dipole => {
            let SimulationResult {
                times,
                dipole: Dipole { agg, l2, l5 },
                ..
            } = result;
            for (name, values) in [("time", times), ("agg", agg), ("L2", l2), ("L5", l5)] {
                values.extend_from_slice(floats(rows, name)?);
            }
        }
        Table::Spikes => {
            let spikes = floats(rows, "time")?.iter().zip(gids(rows)?);
            let spikes = spikes.map(|(time, gid)| Spike { time: *time, gid });
            result.spikes.extend(spikes);
        }
        Table::Lfp => read_lfp(rows, result)?,
        Table::Voltages => {
            let traces = gids(rows)?.zip(texts(rows, "section")?).zip(traces(rows)?);
            let traces = traces.map(|((gid, section), values)| VoltageTrace {
                gid,
                section,
                values,
            });
            result.voltages.extend(traces);
        }
        Table::Currents => {
            let names = texts(rows, "section")?.zip(texts(rows, "receptor")?);
            let traces = gids(rows)?.zip(names).zip(traces(rows)?);
            let traces = traces.map(|((gid, (section, receptor)), values)| CurrentTrace {
                gid,
                section,
                receptor,
                values,
            });
            result.currents.extend(traces);
        }
        Table::Calcium => {
            let traces = gids(rows)?.zip(texts(rows, "section")?).zip(traces(rows)?);
            let traces = traces.map(|((gid, section), values)| CalciumTrace {
                gid,
                section,
                values,
            });
            result.calcium.extend(traces);
        }
        Table::Simulations | Table::Former | Table::Summary => {}
    }
    Ok(())
}

/// Types of the cells that a table's rows name, where it names them.
///
/// # Errors
/// If a column is missing or of another type.
pub fn read_cell_types(
    table: Table,
    rows: &RecordBatch,
    types: &mut BTreeMap<Gid, String>,
) -> Result<(), ArrowError> {
    if matches!(
        table,
        Table::Spikes | Table::Voltages | Table::Currents | Table::Calcium
    ) {
        // Each cell once, as rows name it again and again.
        for (gid, name) in gids(rows)?.zip(column(rows, "cell_type", |c| c.as_string_opt::<i32>())?)
        {
            types
                .entry(gid)
                .or_insert_with(|| name.unwrap_or_default().to_string());
        }
    }
    Ok(())
}

/// Contacts stand one after the other, each with the same times.
fn read_lfp(rows: &RecordBatch, result: &mut SimulationResult) -> Result<(), ArrowError> {
    let contacts = column(rows, "contact", |c| c.as_primitive_opt::<Int32Type>())?.values();
    let times = floats(rows, "time")?.iter();
    let samples = times.zip(floats(rows, "potential")?);
    let places = texts(rows, "array")?.zip(contacts);
    for ((array, contact), (time, potential)) in places.zip(samples) {
        // A new name begins a new array, as rows come array by array.
        if result.lfp.last().is_none_or(|lfp| lfp.array != array) {
            result.lfp.push(Lfp {
                array,
                potential: Vec::new(),
            });
        }
        let is_first = result.lfp.len() == 1;
        let Some(lfp) = result.lfp.last_mut() else {
            continue;
        };
        let contact = usize::try_from(*contact).unwrap_or_default();
        if contact == lfp.potential.len() {
            lfp.potential.push(Vec::new());
        }
        let values = lfp.potential.get_mut(contact).ok_or_else(|| {
            ArrowError::InvalidArgumentError(format!(
                "contact {contact} of `{}` comes too early",
                lfp.array
            ))
        })?;
        // Contacts come in ascending order; a gap would put potentials at the wrong depth.
        values.push(*potential);
        // The dipole brings the same times, if it was read.
        if is_first && contact == 0 && result.times.len() < values.len() {
            result.times.push(*time);
        }
    }
    Ok(())
}

fn column<'r, T: 'r>(
    rows: &'r RecordBatch,
    name: &str,
    cast: impl FnOnce(&'r ArrayRef) -> Option<T>,
) -> Result<T, ArrowError> {
    let column = rows.column_by_name(name).and_then(cast);
    column.ok_or_else(|| {
        ArrowError::SchemaError(format!("column `{name}` is missing or of another type"))
    })
}

fn floats<'r>(rows: &'r RecordBatch, name: &str) -> Result<&'r [f64], ArrowError> {
    Ok(column(rows, name, |c| c.as_primitive_opt::<Float64Type>())?.values())
}

fn gids(rows: &RecordBatch) -> Result<impl Iterator<Item = Gid>, ArrowError> {
    let gids = column(rows, "gid", |c| c.as_primitive_opt::<Int32Type>())?.values();
    Ok(gids
        .iter()
        .map(|gid| Gid::try_from(*gid).unwrap_or_default()))
}

fn texts<'r>(
    rows: &'r RecordBatch,
    name: &str,
) -> Result<impl Iterator<Item = String> + 'r, ArrowError> {
    let texts = column(rows, name, |c| c.as_string_opt::<i32>())?.iter();
    Ok(texts.map(|text| text.unwrap_or_default().to_string()))
}

/// Values of traces, which may be stored with 32 bits.
fn traces(rows: &RecordBatch) -> Result<impl Iterator<Item = Vec<f64>>, ArrowError> {
    let lists = column(rows, "values", |c| c.as_list_opt::<i32>())?;
    let values = |list: ArrayRef| {
        let double = list.as_primitive_opt::<Float64Type>();
        let single = list.as_primitive_opt::<Float32Type>();
        match (double, single) {
            (Some(values), _) => Some(values.values().to_vec()),
            (None, Some(values)) => Some(values.values().iter().map(|v| f64::from(*v)).collect()),
            (None, None) => None,
        }
    };
    let traces: Option<Vec<Vec<f64>>> = lists.iter().map(|list| values(list?)).collect();
    let traces = traces.ok_or_else(|| {
        ArrowError::SchemaError("column `values` does not hold lists of floats".into())
    })?;
    Ok(traces.into_iter())
}
