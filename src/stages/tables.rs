//! A simulation's results as rows of tables, and back.

use crate::network::{Gid, Network};
use crate::pipeline::{Output, Precision};
use crate::solver::{
    CalciumTrace, CurrentTrace, Dipole, Lfp, Record, SimulationResult, Spike, VoltageTrace,
};
use crate::store::{
    self, Extent, Id, Layout, Outputs, Piece, PieceWriter, StoreError, Table, Trace, TraceFormat,
};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_schema::ArrowError;

/// What a pipeline wants to be stored.
pub fn wanted(output: &Output) -> Outputs {
    let traces = |save: bool, record: Record| Extent {
        level: match (save, record) {
            (false, _) | (_, Record::Off) => 0,
            (true, Record::Soma) => 1,
            (true, Record::All) => 2,
        },
        decimate: output.decimate,
        double: output.trace_precision == Precision::Float64,
    };
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
    let name = |gid: Gid| type_name(network, gid);
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
        Table::Simulations | Table::Summary => {}
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
                cell_type: type_name(network, *gid),
                section,
                receptor: (table == Table::Currents).then_some(receptor),
                values,
            })
            .collect();
        put(store::trace_rows(table, id, &rows, format)?)?;
    }
}

fn type_name(network: &Network, gid: Gid) -> &str {
    let of_gid = network
        .gid_ranges
        .iter()
        .find(|(_, gids)| gids.contains(&gid));
    of_gid.map_or("", |(name, _)| name)
}

/// Appends rows of the table `dipole` to a result.
pub fn read_dipole(rows: &RecordBatch, result: &mut SimulationResult) {
    let SimulationResult {
        times,
        dipole: Dipole { agg, l2, l5 },
        ..
    } = result;
    for (name, values) in [("time", times), ("agg", agg), ("L2", l2), ("L5", l5)] {
        let column = rows.column_by_name(name);
        if let Some(column) = column.and_then(|c| c.as_primitive_opt::<Float64Type>()) {
            values.extend_from_slice(column.values());
        }
    }
}

/// Appends rows of the table `spikes` to a result.
pub fn read_spikes(rows: &RecordBatch, result: &mut SimulationResult) {
    let times = rows
        .column_by_name("time")
        .and_then(|c| c.as_primitive_opt::<Float64Type>());
    let gids = rows
        .column_by_name("gid")
        .and_then(|c| c.as_primitive_opt::<Int32Type>());
    if let (Some(times), Some(gids)) = (times, gids) {
        let spikes = times.values().iter().zip(gids.values());
        result.spikes.extend(spikes.map(|(time, gid)| Spike {
            time: *time,
            gid: u32::try_from(*gid).unwrap_or_default(),
        }));
    }
}

/// Appends rows of the table `lfp` to a result; its sample times too, if there are none yet.
pub fn read_lfp(rows: &RecordBatch, result: &mut SimulationResult) {
    let floats = |name: &str| {
        let column = rows.column_by_name(name)?;
        Some(column.as_primitive_opt::<Float64Type>()?.values())
    };
    let (Some(times), Some(values)) = (floats("time"), floats("potential")) else {
        return;
    };
    let arrays = rows
        .column_by_name("array")
        .and_then(|c| c.as_string_opt::<i32>());
    let contacts = rows
        .column_by_name("contact")
        .and_then(|c| c.as_primitive_opt::<Int32Type>());
    let (Some(arrays), Some(contacts)) = (arrays, contacts) else {
        return;
    };
    for (i, (time, value)) in times.iter().zip(values).enumerate() {
        let (array, contact) = (arrays.value(i), contacts.value(i));
        if result.lfp.last().is_none_or(|lfp| lfp.array != array) {
            result.lfp.push(Lfp {
                array: array.to_owned(),
                potential: Vec::new(),
            });
        }
        let first = result.lfp.len() == 1;
        let Some(lfp) = result.lfp.last_mut() else {
            return;
        };
        if usize::try_from(contact).is_ok_and(|contact| contact == lfp.potential.len()) {
            lfp.potential.push(Vec::new());
        }
        let only = first && lfp.potential.len() == 1;
        let Some(potential) = lfp.potential.last_mut() else {
            return;
        };
        potential.push(*value);
        if only && result.times.len() < potential.len() {
            result.times.push(*time);
        }
    }
}
