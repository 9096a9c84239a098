//! Columns of the tables, their units, and how they are encoded.

use super::layout::Table;
use arrow_array::builder::{Float32Builder, Float64Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Key of the units in the metadata of fields and files.
pub const UNITS: &str = "units";

/// Rows after which a row group ends, at the end of a simulation. Readers work by row group: large enough to be quick
/// to scan, small enough that one simulation is quick to find.
pub(crate) const ROW_GROUP_ROWS: usize = 131_072;

/// zstd level: beyond 3 waveforms shrink by less than 1 %.
const ZSTD_LEVEL: i32 = 3;

/// A column that has a unit.
pub(crate) fn field(name: &str, data_type: DataType, unit: &str) -> Field {
    let field = Field::new(name, data_type, false);
    match unit {
        "" => field,
        _ => field.with_metadata(HashMap::from([(UNITS.to_string(), unit.to_string())])),
    }
}

fn ids() -> Vec<Field> {
    vec![
        field("sim", DataType::Int32, ""),
        field("trial", DataType::Int32, ""),
    ]
}

/// Schema of the dipole: a sample a row.
pub fn dipole_schema() -> SchemaRef {
    let mut fields = ids();
    fields.push(field("time", DataType::Float64, "ms"));
    for name in ["agg", "L2", "L5"] {
        fields.push(field(name, DataType::Float64, "nAm"));
    }
    Arc::new(Schema::new(fields))
}

/// Schema of the spikes: a spike a row.
pub fn spikes_schema() -> SchemaRef {
    let mut fields = ids();
    fields.push(field("time", DataType::Float64, "ms"));
    fields.push(field("gid", DataType::Int32, ""));
    fields.push(field("cell_type", DataType::Utf8, ""));
    Arc::new(Schema::new(fields))
}

/// Schema of the local field potential: a sample of a contact a row.
pub fn lfp_schema() -> SchemaRef {
    let mut fields = ids();
    fields.push(field("array", DataType::Utf8, ""));
    fields.push(field("contact", DataType::Int32, ""));
    fields.push(field("time", DataType::Float64, "ms"));
    fields.push(field("potential", DataType::Float64, "uV"));
    Arc::new(Schema::new(fields))
}

/// Schema of voltages, currents or calcium: a trace a row. `dt` is the interval of the values, which begin at 0 ms.
pub fn traces_schema(table: Table, double: bool) -> SchemaRef {
    let unit = match table {
        Table::Voltages => "mV",
        Table::Currents => "nA",
        _ => "mM",
    };
    let mut fields = ids();
    fields.push(field("gid", DataType::Int32, ""));
    fields.push(field("cell_type", DataType::Utf8, ""));
    fields.push(field("section", DataType::Utf8, ""));
    if table == Table::Currents {
        fields.push(field("receptor", DataType::Utf8, ""));
    }
    fields.push(field("dt", DataType::Float64, "ms"));
    let item = if double {
        DataType::Float64
    } else {
        DataType::Float32
    };
    let item = Field::new("item", item, false);
    fields.push(field("values", DataType::List(Arc::new(item)), unit));
    Arc::new(Schema::new(fields))
}

/// Rows of one simulation's dipole (nAm) at `times` (ms).
///
/// # Errors
/// [`ArrowError`] if the lengths differ.
pub fn dipole_rows(
    (sim, trial): (u32, u32),
    times: &[f64],
    agg: &[f64],
    l2: &[f64],
    l5: &[f64],
) -> Result<RecordBatch, ArrowError> {
    let mut columns = id_columns(sim, trial, times.len());
    for values in [times, agg, l2, l5] {
        columns.push(Arc::new(Float64Array::from(values.to_vec())));
    }
    RecordBatch::try_new(dipole_schema(), columns)
}

/// Rows of one simulation's spikes: times (ms), gids and names of the cells' types.
///
/// # Errors
/// [`ArrowError`] if the lengths differ.
pub fn spikes_rows(
    (sim, trial): (u32, u32),
    times: Vec<f64>,
    gids: impl Iterator<Item = u32>,
    types: &[&str],
) -> Result<RecordBatch, ArrowError> {
    let mut columns = id_columns(sim, trial, times.len());
    columns.push(Arc::new(Float64Array::from(times)));
    columns.push(Arc::new(gids.map(signed).collect::<Int32Array>()));
    columns.push(Arc::new(StringArray::from_iter_values(types)));
    RecordBatch::try_new(spikes_schema(), columns)
}

/// Rows of one contact (uV) at `times` (ms).
///
/// # Errors
/// [`ArrowError`] if the lengths differ.
pub fn lfp_rows(
    (sim, trial): (u32, u32),
    array: &str,
    contact: u32,
    times: &[f64],
    potential: &[f64],
) -> Result<RecordBatch, ArrowError> {
    let n = times.len();
    let mut columns = id_columns(sim, trial, n);
    columns.push(Arc::new(StringArray::from_iter_values(vec![array; n])));
    columns.push(Arc::new(Int32Array::from(vec![signed(contact); n])));
    columns.push(Arc::new(Float64Array::from(times.to_vec())));
    columns.push(Arc::new(Float64Array::from(potential.to_vec())));
    RecordBatch::try_new(lfp_schema(), columns)
}

/// A trace of a section (or of one of its receptors).
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// Cell.
    pub gid: u32,
    /// Its type.
    pub cell_type: &'a str,
    /// Section.
    pub section: &'a str,
    /// Receptor, for currents.
    pub receptor: Option<&'a str>,
    /// Values from 0 ms on.
    pub values: &'a [f64],
}

/// How traces are stored.
#[derive(Clone, Copy, Debug)]
pub struct TraceFormat {
    /// 64 bits instead of 32.
    pub double: bool,
    /// Every how many samples.
    pub decimate: u32,
    /// Interval (ms) of the samples before that.
    pub dt: f64,
}

/// Rows of some traces of a simulation.
///
/// # Errors
/// [`ArrowError`] if there are more values than a column can hold.
pub fn trace_rows(
    table: Table,
    (sim, trial): (u32, u32),
    traces: &[Trace],
    format: TraceFormat,
) -> Result<RecordBatch, ArrowError> {
    let step = format.decimate.max(1) as usize;
    let mut columns = id_columns(sim, trial, traces.len());
    columns.push(Arc::new(
        traces
            .iter()
            .map(|t| Some(signed(t.gid)))
            .collect::<Int32Array>(),
    ));
    let names = |name: fn(&Trace) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(traces.iter().map(name)))
    };
    columns.push(names(|t| t.cell_type.to_string()));
    columns.push(names(|t| t.section.to_string()));
    if table == Table::Currents {
        columns.push(names(|t| t.receptor.unwrap_or_default().to_string()));
    }
    // A trace that keeps every n-th sample is a trace at n times the step.
    let dt = format.dt * step as f64;
    columns.push(Arc::new(Float64Array::from(vec![dt; traces.len()])));
    let schema = traces_schema(table, format.double);
    let item = match schema.field(schema.fields().len() - 1).data_type() {
        DataType::List(item) => item.clone(),
        _ => Arc::new(Field::new("item", DataType::Float32, false)),
    };
    let samples = |t: &'_ Trace| t.values.iter().step_by(step).copied().collect::<Vec<f64>>();
    columns.push(if format.double {
        let mut list = ListBuilder::new(Float64Builder::new()).with_field(item);
        for trace in traces {
            list.values().append_slice(&samples(trace));
            list.append(true);
        }
        Arc::new(list.finish())
    } else {
        let mut list = ListBuilder::new(Float32Builder::new()).with_field(item);
        for trace in traces {
            for value in samples(trace) {
                list.values().append_value(value as f32);
            }
            list.append(true);
        }
        Arc::new(list.finish())
    });
    RecordBatch::try_new(schema, columns)
}

fn id_columns(sim: u32, trial: u32, n: usize) -> Vec<ArrayRef> {
    vec![
        Arc::new(Int32Array::from(vec![signed(sim); n])),
        Arc::new(Int32Array::from(vec![signed(trial); n])),
    ]
}

/// Readers know no unsigned numbers in SQL; numbers of this size do not occur.
pub(crate) fn signed(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// How a table is encoded: byte-stream-split for waveforms and times (the times of a simulation repeat those of the one
/// before byte by byte), delta for integers, dictionary for names.
pub fn writer_properties(table: Table, schema: &Schema) -> WriterProperties {
    let units: BTreeMap<&String, &String> = schema
        .fields()
        .iter()
        .filter_map(|f| Some((f.name(), f.metadata().get(UNITS)?)))
        .collect();
    let key_value = |key: &str, value: String| KeyValue::new(key.to_string(), value);
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(concat!("hnn-sweep ", env!("CARGO_PKG_VERSION")).to_string())
        .set_compression(Compression::ZSTD(
            ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default(),
        ))
        // The default of 20,000 rows a page costs about 18 % on waveforms.
        .set_data_page_row_count_limit(ROW_GROUP_ROWS * 4)
        .set_max_row_group_row_count(None)
        .set_key_value_metadata(Some(vec![
            key_value("hnn_sweep.table", table.name().to_string()),
            key_value("hnn_sweep.units", serde_json::json!(units).to_string()),
        ]));
    for field in schema.fields() {
        let column = match field.data_type() {
            DataType::List(_) => {
                ColumnPath::new(vec![field.name().clone(), "list".into(), "item".into()])
            }
            _ => ColumnPath::from(field.name().as_str()),
        };
        let encoding = match field.data_type() {
            DataType::Float64 | DataType::Float32 | DataType::List(_) => {
                // Bytes of equal weight side by side: neighbouring samples differ in the low ones
                // only.
                Some(Encoding::BYTE_STREAM_SPLIT)
            }
            // gids and trials rise in small steps.
            DataType::Int32 | DataType::Int64 => Some(Encoding::DELTA_BINARY_PACKED),
            _ => None,
        };
        // A dictionary of floats would hold nearly all of them.
        builder = builder.set_column_dictionary_enabled(column.clone(), encoding.is_none());
        if let Some(encoding) = encoding {
            builder = builder.set_column_encoding(column, encoding);
        }
    }
    builder.build()
}
