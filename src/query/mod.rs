//! SQL over the tables of a folder.
//!
//! Parameters are joined by name to every table, for the points of the present grids. With the feature `query` polars
//! runs the SQL; without it [`duckdb`] writes the same query for DuckDB.

#[cfg(feature = "query")]
mod engine;
#[cfg(feature = "query")]
mod error;
mod names;
#[cfg(feature = "query")]
mod select;

#[cfg(feature = "query")]
pub use engine::{Answer, ask};
#[cfg(feature = "query")]
pub use error::QueryError;

/// That a query is one SELECT over tables that a folder can have.
///
/// # Errors
/// [`QueryError::Refused`] if it is anything else.
#[cfg(feature = "query")]
pub fn check(sql: &str) -> Result<(), QueryError> {
    select::tables_of(sql, &Table::ALL).map(drop)
}

use crate::store::{State, Table};
use names::{parameters, tables};
use std::path::Path;

/// The SQL for DuckDB: a view for each table, and the query.
pub fn duckdb(folder: &Path, state: &State, sql: &str) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let scan = |table: Table| {
        let glob = folder.join(table.name()).join("*").join("*.parquet");
        format!(
            "read_parquet('{}', hive_partitioning = true)",
            glob.display().to_string().replace('\'', "''")
        )
    };
    let columns: Vec<String> = ["sweep", "point"]
        .into_iter()
        .map(str::to_string)
        .chain(parameters(state))
        .map(|name| format!("p.{}", quoted(&name)))
        .collect();
    let mut lines = Vec::new();
    for table in tables(state) {
        let name = table.name();
        lines.push(match table {
            Table::Simulations | Table::Former | Table::Summary => {
                format!("CREATE TEMP VIEW {name} AS SELECT * FROM {};", scan(table))
            }
            _ => format!(
                "CREATE TEMP VIEW {name} AS SELECT {}, t.*\n  FROM {} t\n  JOIN simulations p ON p.sim = t.sim AND p.trial = t.trial AND p.point IS NOT NULL;",
                columns.join(", "),
                scan(table)
            ),
        });
    }
    let sql = sql.trim();
    let end = if sql.ends_with(';') { "" } else { ";" };
    lines.push(format!("{sql}{end}"));
    lines.join("\n")
}
