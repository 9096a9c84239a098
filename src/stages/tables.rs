//! A simulation's results as rows of tables, and back.

use crate::network::{Gid, Network};
use crate::pipeline::{Output, Precision};
use crate::solver::{Dipole, Record, SimulationResult, Spike};
use crate::store::{self, Extent, Id, Outputs, Table, Trace, TraceFormat};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};

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

/// Rows of some of a simulation's outputs, each table's as Parquet.
///
/// # Errors
/// A message, if results do not fit into the tables.
pub fn pieces(
    id: Id,
    network: &Network,
    result: &SimulationResult,
    outputs: &Outputs,
    dt: f64,
) -> Result<Vec<(Table, Vec<u8>)>, String> {
    let mut pieces = Vec::new();
    for table in Table::DATA.into_iter().filter(|table| outputs.has(*table)) {
        let rows = rows(table, id, network, result, outputs.get(table), dt);
        let rows = rows.map_err(|e| format!("{} cannot be stored: {e}", table.name()))?;
        let bytes = store::encode_piece(table, id, &rows)
            .map_err(|e| format!("{} cannot be stored: {e}", table.name()))?;
        if !bytes.is_empty() {
            pieces.push((table, bytes));
        }
    }
    Ok(pieces)
}

fn rows(
    table: Table,
    id: Id,
    network: &Network,
    result: &SimulationResult,
    extent: Extent,
    dt: f64,
) -> Result<Vec<RecordBatch>, arrow_schema::ArrowError> {
    let name = |gid: Gid| type_name(network, gid);
    let format = TraceFormat {
        double: extent.double,
        decimate: extent.decimate,
        dt,
    };
    let traces = |traces: Vec<Trace>| {
        traces
            .chunks(TRACES_PER_BATCH)
            .map(|chunk| store::trace_rows(table, id, chunk, format))
            .collect::<Result<Vec<_>, _>>()
    };
    let batches = match table {
        Table::Dipole => {
            let Dipole { agg, l2, l5 } = &result.dipole;
            vec![store::dipole_rows(id, &result.times, agg, l2, l5)?]
        }
        Table::Spikes => {
            let times = result.spikes.iter().map(|spike| spike.time).collect();
            let types: Vec<&str> = result.spikes.iter().map(|spike| name(spike.gid)).collect();
            let gids = result.spikes.iter().map(|spike| spike.gid);
            vec![store::spikes_rows(id, times, gids, &types)?]
        }
        Table::Lfp => {
            let contacts = result.lfp.iter().flat_map(|lfp| {
                (0..)
                    .zip(&lfp.potential)
                    .map(|(contact, values)| (&lfp.array, contact, values))
            });
            contacts
                .map(|(array, contact, values)| {
                    store::lfp_rows(id, array, contact, &result.times, values)
                })
                .collect::<Result<_, _>>()?
        }
        Table::Voltages => traces(
            result
                .voltages
                .iter()
                .map(|t| Trace {
                    gid: t.gid,
                    cell_type: name(t.gid),
                    section: &t.section,
                    receptor: None,
                    values: &t.values,
                })
                .collect(),
        )?,
        Table::Currents => traces(
            result
                .currents
                .iter()
                .map(|t| Trace {
                    gid: t.gid,
                    cell_type: name(t.gid),
                    section: &t.section,
                    receptor: Some(&t.receptor),
                    values: &t.values,
                })
                .collect(),
        )?,
        Table::Calcium => traces(
            result
                .calcium
                .iter()
                .map(|t| Trace {
                    gid: t.gid,
                    cell_type: name(t.gid),
                    section: &t.section,
                    receptor: None,
                    values: &t.values,
                })
                .collect(),
        )?,
        Table::Simulations | Table::Summary => Vec::new(),
    };
    Ok(batches)
}

/// Traces that are turned into columns at a time, to keep the copy small.
const TRACES_PER_BATCH: usize = 256;

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
