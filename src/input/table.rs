//! Tables of numbers and words.

use super::column::Column;
use super::text::Text;
use super::{Problem, file, parquet, shown};
use std::path::Path;

/// Most bytes of a file.
const MAX_BYTES: u64 = 1 << 30;
/// Files that people name as tables, and what they are.
const NO_TABLES: [(&[&str], &str); 6] = [
    (&["xlsx", "xls", "ods"], "a spreadsheet"),
    (&["h5", "hdf5"], "HDF5"),
    (&["npy", "npz"], "NumPy's"),
    (&["mat"], "MATLAB's"),
    (&["gz", "zip", "xz", "bz2", "zst"], "compressed"),
    (&["json", "pkl", "pickle", "toml"], "no table"),
];

/// A table as a file holds it. Its values are looked at column by column, so that a column that nobody asks for may
/// hold anything.
#[derive(Debug)]
pub struct InputTable {
    body: Body,
}

#[derive(Debug)]
enum Body {
    Text(Text),
    Parquet(parquet::Columns),
}

impl InputTable {
    /// Reads a file: Parquet if it says so in its first bytes or its name, else text.
    ///
    /// # Errors
    /// What is wrong with the file, without its name.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let extension = extension.to_lowercase();
        let known = NO_TABLES
            .iter()
            .find(|(extensions, _)| extensions.contains(&extension.as_str()));
        // By its name, before a binary file is called bad text.
        if let Some((_, kind)) = known {
            return Err(Problem::with_help(
                format!(
                    "a table is text, such as a .csv or a .parquet file; a .{extension} file is {kind}"
                ),
                "save it as a .csv or a .parquet file",
            ));
        }
        if extension == "parquet" {
            let columns = parquet::read(file::open(path, MAX_BYTES)?)?;
            return Ok(Self {
                body: Body::Parquet(columns),
            });
        }
        let bytes = file::read_bytes(path, MAX_BYTES)?;
        // A Parquet file under another name.
        if bytes.starts_with(b"PAR1") {
            let columns = parquet::read(file::open(path, MAX_BYTES)?)?;
            return Ok(Self {
                body: Body::Parquet(columns),
            });
        }
        Self::of_bytes(bytes)
    }

    /// The table of a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_text(text: &str) -> Result<Self, Problem> {
        Self::of_bytes(text.as_bytes().to_vec())
    }

    fn of_bytes(bytes: Vec<u8>) -> Result<Self, Problem> {
        let body = Body::Text(Text::parse(bytes)?);
        Ok(Self { body })
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        match &self.body {
            Body::Text(text) => text.n_rows(),
            Body::Parquet(columns) => columns.n_rows(),
        }
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        match &self.body {
            Body::Text(text) => text.n_columns(),
            Body::Parquet(columns) => columns.n_columns(),
        }
    }

    /// Whether columns have names.
    pub fn has_names(&self) -> bool {
        match &self.body {
            Body::Text(text) => text.has_names(),
            Body::Parquet(_) => true,
        }
    }

    /// Name of a column; empty if it has none.
    pub fn name(&self, column: usize) -> &str {
        match &self.body {
            Body::Text(text) => text.name(column),
            Body::Parquet(columns) => columns.name(column),
        }
    }

    /// Names of the columns in words.
    pub fn names(&self) -> String {
        /// Names that are listed.
        const MOST: usize = 12;
        let n = self.n_columns();
        let names = (0..n.min(MOST)).map(|column| shown(self.name(column)));
        let mut words = names.collect::<Vec<_>>().join(", ");
        if n > MOST {
            words.push_str(&format!(" and {} more", n - MOST));
        }
        words
    }

    /// The first column with one of some names, whatever its case.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        let is_called = |column: &usize| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(self.name(*column)))
        };
        names
            // Exact before alike: a file may have `Time` and `time`.
            .iter()
            .find_map(|name| (0..self.n_columns()).find(|&column| self.name(column) == *name))
            .or_else(|| (0..self.n_columns()).find(is_called))
    }

    /// Whether a column is one that pandas, or a spreadsheet, has added: row numbers without a name.
    pub fn is_index(&self, column: usize) -> bool {
        let name = self.name(column);
        let of_parquet = matches!(self.body, Body::Parquet(_));
        self.has_names()
            && ((column == 0 && name.is_empty())
                || name.starts_with("Unnamed: ")
                || (of_parquet && name.starts_with("__index_level_")))
    }

    /// Whether a column counts rows from 0 or 1.
    pub fn counts_rows(&self, column: usize) -> bool {
        let Ok(Column::Int(numbers)) = self.values(column) else {
            return false;
        };
        let first = numbers.first().copied().unwrap_or_default();
        (0..=1).contains(&first) && (first..).zip(&numbers).all(|(i, number)| i == *number)
    }

    /// Where a cell stands, in words.
    pub fn place(&self, row: usize, column: usize) -> String {
        let column = match self.name(column) {
            "" => format!("column {}", column + 1),
            name => format!("column {}", shown(name)),
        };
        format!("{}, {column}", self.row(row))
    }

    /// Which row, in words: its line in a text.
    pub fn row(&self, row: usize) -> String {
        match &self.body {
            Body::Text(text) => format!("line {}", text.line(row)),
            Body::Parquet(_) => format!("row {}", row + 1),
        }
    }

    /// Values of a column: whole numbers, else numbers, else booleans, else strings.
    ///
    /// # Errors
    /// The place of a value that is missing or not finite.
    pub fn values(&self, column: usize) -> Result<Column, Problem> {
        match &self.body {
            Body::Parquet(columns) => columns.values(column, &|row| self.place(row, column)),
            Body::Text(text) => {
                let cells = || (0..text.n_rows()).map(|row| text.cell(row, column));
                if let Some(row) = cells().position(is_missing) {
                    return Err(Problem::with_help(
                        format!("{} has no value", self.place(row, column)),
                        "fill it in, or take the line out",
                    ));
                }
                // From the narrowest kind to the widest: what is whole throughout is whole.
                if let Ok(values) = cells().map(str::parse).collect::<Result<_, _>>() {
                    return Ok(Column::Int(values));
                }
                if let Some(values) = cells().map(|c| text.number(c)).collect::<Option<Vec<_>>>() {
                    return match values.iter().position(|v| !v.is_finite()) {
                        Some(row) => Err(self.not_finite(row, column, text.cell(row, column))),
                        None => Ok(Column::Float(values)),
                    };
                }
                let boolean = |cell: &str| cell.to_lowercase().parse::<bool>();
                if let Ok(values) = cells().map(boolean).collect::<Result<_, _>>() {
                    return Ok(Column::Bool(values));
                }
                Ok(Column::Str(cells().map(str::to_owned).collect()))
            }
        }
    }

    /// Numbers of a column.
    ///
    /// # Errors
    /// The place of a value that is missing, no number or not finite.
    pub fn numbers(&self, column: usize) -> Result<Vec<f64>, Problem> {
        match self.values(column)? {
            Column::Float(values) => Ok(values),
            Column::Int(values) => Ok(values.into_iter().map(|v| v as f64).collect()),
            Column::Bool(_) => Err(Problem::new(format!(
                "{} is true or false, and no number",
                self.place(0, column)
            ))),
            Column::Str(values) => {
                let is_number = |text: &String| match &self.body {
                    Body::Text(own) => own.number(text).is_some(),
                    Body::Parquet(_) => false,
                };
                let row = values.iter().position(|v| !is_number(v)).unwrap_or(0);
                let value = values.get(row).map_or("", String::as_str);
                Err(self.wrong(row, column, value, "number"))
            }
        }
    }

    /// Whole numbers of a column.
    ///
    /// # Errors
    /// The place of a value that is missing or no whole number.
    pub fn whole_numbers(&self, column: usize) -> Result<Vec<i64>, Problem> {
        let numbers = match self.values(column)? {
            Column::Int(values) => return Ok(values),
            _ => self.numbers(column)?,
        };
        let is_whole = |v: f64| v.fract() == 0.0 && v.abs() < 2_f64.powi(53);
        // Beyond 2^53 a float does not tell which whole number it was.
        match numbers.iter().position(|v| !is_whole(*v)) {
            Some(row) => {
                let value = numbers.get(row).copied().unwrap_or_default().to_string();
                Err(self.wrong(row, column, &value, "whole number"))
            }
            None => Ok(numbers.into_iter().map(|v| v as i64).collect()),
        }
    }

    /// Words of a column, whatever they look like.
    ///
    /// # Errors
    /// The place of a value that is missing.
    pub fn words(&self, column: usize) -> Result<Vec<String>, Problem> {
        Ok(match self.values(column)? {
            Column::Str(values) => values,
            Column::Int(values) => values.iter().map(i64::to_string).collect(),
            Column::Float(values) => values.iter().map(f64::to_string).collect(),
            Column::Bool(values) => values.iter().map(bool::to_string).collect(),
        })
    }

    fn wrong(&self, row: usize, column: usize, value: &str, kind: &str) -> Problem {
        Problem::with_help(
            format!("{}: {} is no {kind}", self.place(row, column), shown(value)),
            "write numbers with a point, such as 0.5 or 1e-3; the first line may name the columns",
        )
    }

    fn not_finite(&self, row: usize, column: usize, cell: &str) -> Problem {
        Problem::with_help(
            format!(
                "{}: {} is no finite number",
                self.place(row, column),
                shown(cell)
            ),
            "fill it in, or take the line out",
        )
    }
}

/// A cell without a value, as spreadsheets, pandas and R leave it.
fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "null" | "NULL" | "None")
}
