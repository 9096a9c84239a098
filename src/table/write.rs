//! Rows as CSV, JSON and Parquet; as text in [`super::text`].

use super::asked::{Format, Result, TableError, failed};
use super::cell::neutral;
use super::text::Text;
use super::value::{Cell, cell};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use std::io::{BufWriter, Write};

/// Bytes after which a row group of a Parquet file ends.
const GROUP: usize = 64 << 20;

type Sink<'a> = BufWriter<&'a mut (dyn Write + Send)>;

/// Writes rows in one of the formats.
pub(super) enum Writer<'a> {
    Text(Text<Sink<'a>>),
    Csv(Box<csv::Writer<Sink<'a>>>),
    Json(Sink<'a>),
    Parquet(Box<ArrowWriter<Sink<'a>>>),
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        format: Format,
        schema: &SchemaRef,
        sink: &'a mut (dyn Write + Send),
    ) -> Result<Self> {
        let sink = BufWriter::new(sink);
        Ok(match format {
            Format::Text => Writer::Text(Text::new(schema, sink)),
            Format::Csv => {
                no_traces(schema)?;
                let mut writer = csv::Writer::from_writer(sink);
                let names = schema
                    .fields()
                    .iter()
                    .map(|field| neutral(field.name()).into_owned());
                writer.write_record(names).map_err(of_csv)?;
                Writer::Csv(Box::new(writer))
            }
            Format::Json => Writer::Json(sink),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(Default::default()))
                    .set_created_by(concat!("hnn-sweep ", env!("CARGO_PKG_VERSION")).to_string())
                    .build();
                let writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(failed)?))
            }
        })
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        match self {
            Writer::Text(text) => text.write(rows)?,
            Writer::Csv(writer) => {
                for row in 0..rows.num_rows() {
                    let cells = rows
                        .columns()
                        .iter()
                        .map(|column| in_csv(&cell(column, row)));
                    writer.write_record(cells).map_err(of_csv)?;
                }
            }
            Writer::Json(sink) => {
                let schema = rows.schema();
                for row in 0..rows.num_rows() {
                    let fields = schema.fields().iter().zip(rows.columns());
                    let object: serde_json::Map<String, Value> = fields
                        .map(|(field, column)| (field.name().clone(), in_json(&cell(column, row))))
                        .collect();
                    serde_json::to_writer(&mut *sink, &object).map_err(std::io::Error::from)?;
                    sink.write_all(b"\n")?;
                }
            }
            Writer::Parquet(writer) => {
                writer.write(rows).map_err(failed)?;
                // By size: a row group of traces would take as much memory as it has rows.
                if writer.in_progress_size() > GROUP {
                    writer.flush().map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn end(self) -> Result<()> {
        match self {
            Writer::Text(text) => text.end()?,
            Writer::Csv(mut writer) => writer.flush()?,
            Writer::Json(mut sink) => sink.flush()?,
            Writer::Parquet(writer) => {
                let mut sink = writer.into_inner().map_err(failed)?;
                sink.flush()?;
            }
        }
        Ok(())
    }
}

/// A cell of comma-separated values holds one value, not a trace.
fn no_traces(schema: &Schema) -> Result<()> {
    let is_trace = |field: &&arrow_schema::FieldRef| matches!(field.data_type(), DataType::List(_));
    match schema.fields().iter().find(is_trace) {
        None => Ok(()),
        Some(field) => Err(TableError::Input {
            what: format!(
                "`{}` holds whole traces, which do not fit into cells of CSV",
                field.name()
            ),
            help: "write JSON or Parquet, or leave the column out with --columns".into(),
        }),
    }
}

fn of_csv(error: csv::Error) -> TableError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => TableError::Write(error),
        other => failed(format!("{other:?}")),
    }
}

fn in_csv(cell: &Cell) -> String {
    match cell {
        Cell::None | Cell::List(_) => String::new(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        // The fewest digits that give the same bits back.
        Cell::Float(value) => format!("{value:?}"),
        // Of 32 bits: as a double it would show digits that nobody measured.
        Cell::Short(value) => format!("{value:?}"),
        Cell::Text(text) => neutral(text).into_owned(),
    }
}

/// Numbers that JSON does not have (NaN) are null.
fn in_json(cell: &Cell) -> Value {
    match cell {
        Cell::None => Value::Null,
        Cell::Bool(value) => (*value).into(),
        Cell::Int(value) => (*value).into(),
        Cell::Float(value) => (*value).into(),
        Cell::Short(value) => short_in_json(*value),
        Cell::Text(text) => (*text).into(),
        Cell::List(values) => match values.data_type() {
            DataType::Float32 => {
                let values = values.as_primitive::<Float32Type>();
                values
                    .values()
                    .iter()
                    .map(|value| short_in_json(*value))
                    .collect()
            }
            _ => {
                let values = values.as_primitive::<Float64Type>();
                values
                    .values()
                    .iter()
                    .map(|value| Value::from(*value))
                    .collect()
            }
        },
    }
}

/// With the digits of 32 bits, not of the 64 that they become.
fn short_in_json(value: f32) -> Value {
    // Through its shortest text: 0.1 as 32 bits is 0.1 in JSON, not 0.10000000149011612.
    format!("{value:?}")
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .into()
}
