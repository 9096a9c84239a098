//! What a query may say: one SELECT over the tables of a folder, and nothing that reads or changes anything else.
//!
//! Polars' SQL has functions in the place of tables (`read_csv('/etc/passwd')`), which read any file, and statements
//! that make, empty and drop tables. A pipeline file of a stranger may hold a query, so all of these are refused
//! before polars sees them.

use super::error::QueryError;
use crate::store::Table;
use sqlparser::ast::{Query, Select, SetExpr, Statement, TableAlias, TableFactor, Visit, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserOptions};
use std::collections::BTreeSet;
use std::ops::ControlFlow::{self, Break, Continue};

/// The tables, among those of a folder, that a query reads.
///
/// # Errors
/// [`QueryError::Refused`] unless it is one SELECT over these tables.
pub(super) fn tables_of(sql: &str, there: &[Table]) -> Result<BTreeSet<Table>, QueryError> {
    let statement = parse(sql)?;
    // Everything that changes something is a statement of another kind.
    let Statement::Query(query) = &statement else {
        return Err(refused(
            format!("{} is not a SELECT", first_words(&statement.to_string())),
            "queries only read: begin with SELECT, or with WITH … SELECT",
        ));
    };
    let mut reader = Reader::default();
    match query.visit(&mut reader) {
        Continue(()) => reader.tables(there),
        Break(error) => Err(error),
    }
}

/// As polars parses it.
fn parse(sql: &str) -> Result<Statement, QueryError> {
    let options = ParserOptions {
        // Polars takes them, and people who move lines leave them.
        trailing_commas: true,
        ..ParserOptions::default()
    };
    let parser = Parser::new(&GenericDialect).with_options(options);
    let statements = parser
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_statements());
    let mut statements = statements.map_err(|e| {
        refused(
            format!(
                "this is not SQL: {}",
                e.to_string().trim_start_matches("sql parser error: ")
            ),
            "strings stand in 'single quotes', names with blanks in \"double quotes\"",
        )
    })?;
    match (statements.pop(), statements.len()) {
        // `SELECT 1; DROP TABLE x` parses as two.
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(refused("the query is empty".into(), "begin with SELECT")),
        (Some(_), n) => Err(refused(
            format!("there are {} statements", n + 1),
            "a query is one SELECT",
        )),
    }
}

fn refused(what: String, help: &str) -> QueryError {
    QueryError::Refused {
        what,
        help: help.into(),
    }
}

/// The beginning of a text, for messages.
fn first_words(text: &str) -> String {
    let mut words: String = text.chars().take(40).collect();
    if words.len() < text.len() {
        words.push('…');
    }
    format!("`{words}`")
}

/// Names that a query reads, and those that it makes itself.
#[derive(Default)]
struct Reader {
    read: BTreeSet<String>,
    own: BTreeSet<String>,
}

impl Reader {
    fn tables(self, there: &[Table]) -> Result<BTreeSet<Table>, QueryError> {
        let mut tables = BTreeSet::new();
        for name in self.read {
            match there.iter().find(|table| table.name() == name) {
                Some(table) => drop(tables.insert(*table)),
                // A name that the query itself gives to a table.
                None if self.own.contains(&name) => {}
                None => {
                    let names: Vec<&str> = there.iter().map(|table| table.name()).collect();
                    return Err(refused(
                        format!("this folder has no table `{name}`"),
                        &format!("its tables are {}", names.join(", ")),
                    ));
                }
            }
        }
        Ok(tables)
    }

    fn named(&mut self, alias: Option<&TableAlias>) {
        self.own.extend(alias.map(|alias| alias.name.value.clone()));
    }
}

impl Visitor for Reader {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.named(Some(&table.alias));
        }
        set_expression(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<QueryError> {
        match &select.into {
            Some(_) => Break(refused(
                "SELECT … INTO makes a table".into(),
                "leave INTO out; -o FILE writes the answer to a file",
            )),
            None => Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<QueryError> {
        match factor {
            // With arguments it is a function, such as `read_csv('/etc/passwd')`.
            TableFactor::Table {
                name,
                args: None,
                alias,
                ..
            } => match (name.0.as_slice(), name.0.first().and_then(|n| n.as_ident())) {
                // A name of one part: with a dot it would be of another database, or a file.
                ([_], Some(ident)) => {
                    self.read.insert(ident.value.clone());
                    self.named(alias.as_ref());
                    Continue(())
                }
                _ => not_a_table(&name.to_string()),
            },
            TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => {
                self.named(alias.as_ref());
                Continue(())
            }
            other => not_a_table(&other.to_string()),
        }
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<QueryError> {
        Break(refused(
            format!("{} changes tables", first_words(&statement.to_string())),
            "queries only read",
        ))
    }
}

fn not_a_table(what: &str) -> ControlFlow<QueryError> {
    Break(refused(
        format!("{} is not a table of the folder", first_words(what)),
        "a query reads the tables of its folder and nothing else, no files and no addresses",
    ))
}

fn set_expression(body: &SetExpr) -> ControlFlow<QueryError> {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            set_expression(left)?;
            set_expression(right)
        }
        other => Break(refused(
            format!("{} is not a SELECT", first_words(&other.to_string())),
            "queries only read: write SELECT * FROM the table",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THERE: [Table; 3] = [Table::Simulations, Table::Dipole, Table::Summary];

    #[test]
    fn selects_over_the_tables_are_answered_and_their_tables_known() {
        use Table::{Dipole, Simulations, Summary};
        for (sql, tables) in [
            ("SELECT * FROM summary", &[Summary][..]),
            ("select 1", &[]),
            (
                "SELECT * FROM dipole d JOIN simulations AS s ON d.sim = s.sim",
                &[Dipole, Simulations],
            ),
            (
                "WITH best AS (SELECT sim FROM summary LIMIT 3) SELECT * FROM dipole JOIN best USING (sim);",
                &[Dipole, Summary],
            ),
            ("SELECT * FROM (SELECT * FROM dipole) AS d", &[Dipole]),
            (
                "SELECT * FROM dipole WHERE sim IN (SELECT sim FROM summary)",
                &[Dipole, Summary],
            ),
            (
                "SELECT sim FROM dipole UNION ALL SELECT sim FROM summary",
                &[Dipole, Summary],
            ),
            (
                "SELECT MAX(agg), \"sim\" FROM \"dipole\" GROUP BY sim HAVING MAX(agg) > 1 ORDER BY sim",
                &[Dipole],
            ),
        ] {
            let found = tables_of(sql, &THERE).unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert_eq!(found, tables.iter().copied().collect(), "{sql}");
        }
    }

    #[test]
    fn what_reads_files_or_addresses_and_what_changes_tables_is_refused() {
        for sql in [
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM READ_PARQUET('x.parquet')",
            "SELECT * FROM scan_ipc('s3://bucket/x')",
            "SELECT * FROM summary JOIN read_json('x') AS j ON 1 = 1",
            "WITH x AS (SELECT * FROM read_csv('x')) SELECT * FROM x",
            "SELECT sim FROM summary UNION SELECT * FROM read_csv('x')",
            "SELECT * FROM summary WHERE sim IN (SELECT sim FROM read_csv('x'))",
            "SELECT (SELECT MAX(a) FROM read_csv('x')) FROM summary",
            "SELECT * FROM (SELECT * FROM read_csv('x')) AS y",
            "SELECT * FROM summary ORDER BY (SELECT MAX(a) FROM read_csv('x'))",
            "SELECT * FROM TABLE(read_csv('x'))",
            "SELECT * FROM LATERAL read_csv('x')",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM \"/etc/passwd\"",
            "SELECT * FROM other.summary",
            "SELECT * INTO new FROM summary",
            "CREATE TABLE x AS SELECT * FROM summary",
            "DROP TABLE summary",
            "TRUNCATE TABLE summary",
            "DELETE FROM summary",
            "INSERT INTO summary VALUES (1)",
            "UPDATE summary SET sim = 1",
            "EXPLAIN SELECT * FROM summary",
            "SHOW TABLES",
            "COPY summary TO 'x'",
            "TABLE summary",
            "WITH x AS (DELETE FROM summary RETURNING sim) SELECT * FROM x",
            "SELECT 1; SELECT 2",
            "SELECT 1; DROP TABLE summary",
            "SELECT * FROM lfp",
            "",
            ";",
            "SELEC * FROM summary",
        ] {
            let answer = tables_of(sql, &THERE);
            assert!(
                matches!(answer, Err(QueryError::Refused { .. })),
                "{sql}: {answer:?}"
            );
        }
    }
}
