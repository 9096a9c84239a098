//! Text: values by comma, semicolon, tab or spaces.

use super::column::{MAX_CELLS, MAX_COLUMNS, MAX_ROWS};
use super::{Problem, shown};

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Character(u8),
    Spaces,
}

const COMMA: Separator = Separator::Character(b',');
const SEMICOLON: Separator = Separator::Character(b';');
const TAB: Separator = Separator::Character(b'\t');

impl Separator {
    fn words(self) -> &'static str {
        match self {
            SEMICOLON => "semicolons",
            TAB => "tabs",
            Separator::Character(_) => "commas",
            Separator::Spaces => "spaces",
        }
    }
}

/// Cells of a text, row by row.
#[derive(Debug)]
pub(super) struct Text {
    separator: Separator,
    names: Option<Vec<String>>,
    n_columns: usize,
    /// The cells' characters, one after the other.
    characters: String,
    /// Where each cell ends in them.
    ends: Vec<u32>,
    /// Line of each row, from 1.
    lines: Vec<u32>,
}

impl Text {
    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, Problem> {
        let text = decode(bytes)?;
        let mut reading = Reading::default();
        let start = Start::of(&text);
        let separator = start.separator();
        each_record(&text, separator, start.skipped, |line, cells| {
            reading.take(line, cells, separator)
        })?;
        let of_comment = || start.names_in_comment(separator, reading.n_columns);
        let names = reading.names.take().or_else(of_comment);
        Ok(Self {
            separator,
            names,
            n_columns: reading.n_columns,
            characters: reading.characters,
            ends: reading.ends,
            lines: reading.lines,
        }
        .without_empty_end())
    }

    pub(super) fn n_rows(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(super) fn has_names(&self) -> bool {
        self.names.is_some()
    }

    pub(super) fn name(&self, column: usize) -> &str {
        let name = self.names.as_ref().and_then(|names| names.get(column));
        name.map_or("", String::as_str)
    }

    pub(super) fn line(&self, row: usize) -> u32 {
        self.lines.get(row).copied().unwrap_or_default()
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        // Rows keep the places of columns that `without_empty_end` has taken away.
        let width = self.ends.len() / self.lines.len().max(1);
        let index = row * width + column;
        let end = |index: usize| self.ends.get(index).map_or(0, |&end| end as usize);
        let start = index.checked_sub(1).map_or(0, end);
        self.characters.get(start..end(index)).unwrap_or_default()
    }

    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        number(cell, self.separator)
    }

    /// Without a last column that has neither a name nor a value: lines that end in a separator.
    fn without_empty_end(mut self) -> Self {
        let Some(last) = self.n_columns.checked_sub(1).filter(|last| *last > 0) else {
            return self;
        };
        if self.name(last).is_empty()
            && (0..self.n_rows()).all(|row| self.cell(row, last).is_empty())
        {
            self.n_columns = last;
        }
        self
    }
}

/// A number; with a decimal comma where semicolons stand between values, as spreadsheets write it in many languages.
fn number(cell: &str, separator: Separator) -> Option<f64> {
    if let Ok(number) = cell.parse() {
        return Some(number);
    }
    // Spreadsheets of many languages write a comma in numbers, and then separate by semicolons.
    if separator != SEMICOLON || cell.contains('.') || cell.matches(',').count() != 1 {
        return None;
    }
    cell.replace(',', ".").parse().ok()
}

/// Text of a file's bytes, with lines that end in `\n`.
fn decode(bytes: Vec<u8>) -> Result<String, Problem> {
    const SAVE: &str = "save it as a .csv file in UTF-8, or as a .parquet file";
    let text = match bytes.as_slice() {
        // Excel's "Unicode text" is UTF-16, with a mark that tells the order of bytes.
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|e| {
            let valid = e.utf8_error().valid_up_to();
            let before = e.as_bytes().iter().take(valid);
            1 + before.filter(|b| **b == b'\n').count()
        }),
    };
    let mut text = match text {
        Ok(text) if !text.contains('\0') => text,
        Ok(_) => return Err(Problem::with_help("is not a text file", SAVE)),
        Err(line) => {
            let what = format!("is not a text file, or not in UTF-8: see line {line}");
            return Err(Problem::with_help(what, SAVE));
        }
    };
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if text.contains('\r') {
        text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    Ok(text)
}

/// UTF-16, in which spreadsheets save "Unicode text"; else the line with an error.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or(1)
}

/// The first lines of a text, which tell how it is written.
struct Start<'t> {
    /// The last comment before the first row.
    comment: Option<&'t str>,
    first: &'t str,
    second: Option<&'t str>,
    /// A spreadsheet's first line `sep=;`.
    said: Option<Separator>,
    /// Lines to pass over: that one.
    skipped: u32,
}

impl<'t> Start<'t> {
    fn of(text: &'t str) -> Self {
        let mut start = Self {
            comment: None,
            first: "",
            second: None,
            said: None,
            skipped: 0,
        };
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            // A line for Excel that says which separator follows.
            if let ([b's', b'e', b'p', b'=', c], 0) = (trimmed.as_bytes(), index) {
                start.said = Some(Separator::Character(*c));
                start.skipped = 1;
            } else if let Some(comment) = trimmed.strip_prefix('#') {
                if start.first.is_empty() {
                    start.comment = Some(comment.trim());
                }
            } else if trimmed.is_empty() {
            } else if start.first.is_empty() {
                start.first = line;
            } else {
                start.second = Some(line);
                break;
            }
        }
        start
    }

    fn separator(&self) -> Separator {
        if let Some(said) = self.said {
            return said;
        }
        let lines = [self.first, self.second.unwrap_or(self.first)];
        let count = |line: &str, c: u8| outside_quotes(line).filter(|b| *b == c).count();
        let in_both = |c: u8| lines.iter().all(|line| count(line, c) > 0);
        // Numbers in columns that are aligned with tabs as well as with spaces.
        let spaces_too = lines.last().is_some_and(|line| {
            let words: Vec<&str> = words(line).collect();
            words.len() > count(line, b'\t') + 1 && words.iter().all(|w| w.parse::<f64>().is_ok())
        });
        // Semicolons before commas, as those may be decimal points then.
        if in_both(b';') {
            SEMICOLON
        } else if in_both(b'\t') && !spaces_too {
            TAB
        } else if in_both(b',') {
            COMMA
        } else {
            Separator::Spaces
        }
    }

    /// Names of the columns in the comment above them, as `numpy.savetxt(header=…)` writes them.
    fn names_in_comment(&self, separator: Separator, n_columns: usize) -> Option<Vec<String>> {
        let comment = self.comment?;
        let all = [separator, COMMA, SEMICOLON, TAB, Separator::Spaces];
        all.into_iter().find_map(|separator| {
            let cells: Vec<&str> = match separator {
                Separator::Spaces => words(comment).collect(),
                Separator::Character(c) => comment.split(char::from(c)).map(bare).collect(),
            };
            let is_header = cells.len() == n_columns && is_header(&cells, separator);
            is_header.then(|| cells.into_iter().map(str::to_owned).collect())
        })
    }
}

/// Bytes of a line that are not within double quotes.
fn outside_quotes(line: &str) -> impl Iterator<Item = u8> {
    let mut quoted = false;
    line.bytes().filter(move |byte| {
        quoted ^= *byte == b'"';
        !quoted
    })
}

/// Words of a line up to a comment; one in double quotes may hold spaces.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('#') {
            return None;
        }
        if let Some((word, after)) = rest.strip_prefix('"').and_then(|r| r.split_once('"')) {
            rest = after;
            return Some(word);
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '#');
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(bare(word))
    })
}

/// A cell without the spaces and quotes around it.
fn bare(cell: &str) -> &str {
    let cell = cell.trim();
    let within = |quote: char| cell.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(cell)
}

/// Whether cells are names: none of them is a number; or they are pandas' numbers of columns, above a column of row
/// numbers.
fn is_header(cells: &[&str], separator: Separator) -> bool {
    let is_number = |cell: &&str| number(cell, separator).is_some();
    if !cells.iter().any(is_number) {
        return cells.iter().any(|cell| !cell.is_empty());
    }
    // Row numbers: pandas' index, above columns that have only numbers for names.
    match cells {
        ["", numbers @ ..] => (0..).zip(numbers).all(|(i, cell)| cell.parse() == Ok(i)),
        _ => false,
    }
}

/// Gives the cells of each line that has any, with the line's number.
fn each_record(
    text: &str,
    separator: Separator,
    skipped: u32,
    mut each: impl FnMut(u32, Vec<&str>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let body = match skipped {
        0 => text,
        _ => text.split_once('\n').map_or("", |(_, body)| body),
    };
    let Separator::Character(c) = separator else {
        for (line, text) in (1 + skipped..).zip(body.lines()) {
            each(line, words(text).collect())?;
        }
        return Ok(());
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(c)
        // Rows of unequal length are an error with a better text than the reader's.
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(body.as_bytes());
    let mut record = csv::StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|e| Problem::new(e.to_string()))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        let line = u32::try_from(line).unwrap_or(u32::MAX - skipped) + skipped;
        let mut cells: Vec<&str> = record.iter().map(bare).collect();
        // A comment behind the values.
        if let Some(index) = cells
            .iter()
            .position(|c| c.starts_with('#') || c.contains(" #"))
        {
            cells.truncate(index + 1);
            if let Some(last) = cells.pop()
                && let Some((value, _)) = last.split_once(" #").filter(|(v, _)| !v.is_empty())
            {
                cells.push(bare(value));
            }
        }
        each(line, cells)?;
    }
    Ok(())
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    names: Option<Vec<String>>,
    n_columns: usize,
    first_line: u32,
    characters: String,
    ends: Vec<u32>,
    lines: Vec<u32>,
}

impl Reading {
    fn take(
        &mut self,
        line: u32,
        mut cells: Vec<&str>,
        separator: Separator,
    ) -> Result<(), Problem> {
        // An empty line, or one of separators only.
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(());
        }
        if self.n_columns == 0 {
            if cells.len() > MAX_COLUMNS {
                let n = cells.len();
                return Err(Problem::with_help(
                    format!("line {line} has {n} columns; at most {MAX_COLUMNS} are read"),
                    "write a row for each sample, and a column for each parameter or signal",
                ));
            }
            self.n_columns = cells.len();
            self.first_line = line;
            if is_header(&cells, separator) {
                self.names = Some(cells.into_iter().map(str::to_owned).collect());
                return Ok(());
            }
        }
        // Spreadsheets leave separators behind the last column.
        while cells.len() > self.n_columns && cells.last().is_some_and(|cell| cell.is_empty()) {
            cells.pop();
        }
        if cells.len() != self.n_columns {
            return Err(self.uneven(line, &cells, separator));
        }
        if self.lines.len() == MAX_ROWS || self.ends.len() + cells.len() > MAX_CELLS {
            return Err(Problem::new(format!(
                "line {line}: at most {MAX_ROWS} rows and {MAX_CELLS} values are read"
            )));
        }
        for cell in cells {
            self.characters.push_str(cell);
            self.ends
                .push(u32::try_from(self.characters.len()).unwrap_or(u32::MAX));
        }
        self.lines.push(line);
        Ok(())
    }

    fn uneven(&self, line: u32, cells: &[&str], separator: Separator) -> Problem {
        let values = |n: usize| {
            if n == 1 {
                "1 value".to_owned()
            } else {
                format!("{n} values")
            }
        };
        let what = format!(
            "line {line} has {}, and line {} has {}",
            values(cells.len()),
            self.first_line,
            values(self.n_columns)
        );
        let first = cells.first().map_or_else(String::new, |cell| shown(cell));
        Problem::with_help(
            what,
            format!(
                "values are separated by {}; line {line} begins with {first}",
                separator.words()
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Column, InputTable};

    /// Names and values of a text that is a table of numbers.
    fn read(text: &str) -> (Vec<String>, Vec<Vec<f64>>) {
        let table = InputTable::of_text(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let columns = 0..table.n_columns();
        let names = columns.clone().filter(|_| table.has_names());
        (
            names.map(|c| table.name(c).to_owned()).collect(),
            columns
                .map(|c| table.numbers(c).unwrap_or_else(|e| panic!("{e}\n{text}")))
                .collect(),
        )
    }

    #[test]
    fn the_same_numbers_are_read_however_they_are_separated() {
        let wanted = vec![vec![0.0, 2.5], vec![-1e-3, 0.5]];
        for text in [
            "0,-1e-3\n2.5,0.5",
            "0, -0.001\r\n2.5, 0.5\r\n",
            "0;-0,001\n2,5;0,5\n",
            "sep=;\n0;-1E-3\n2.5;.5\n",
            "0\t-1e-3\r2.5\t0.5\r",
            "  0   -1e-3 \n\n 2.5    +0.5\n",
            "0 \t -1e-3\n2.5 \t 0.5\n",
            "0  -1e-3# a remark\n2.5  0.5  # another, with commas\n",
            "0,-1e-3 # a remark\n2.5,0.5,# another\n",
            "0,-1e-3,\n2.5,0.5,\n",
            "0,-1e-3\n2.5,0.5\n,\n,\n",
            "# 2026-11-26, a \"quote\n# of two lines\n0,-1e-3\n2.5,0.5\n",
            "\"0\",'-1e-3'\n\"2.5\",\"0.5\"\n",
        ] {
            assert_eq!(read(text), (vec![], wanted.clone()), "{text:?}");
        }
    }

    #[test]
    fn names_stand_in_the_first_line_or_in_a_comment_above_it() {
        for text in [
            "a,b\n1,2\n",
            "\u{feff}a,b\n1,2\n",
            "# a,b\n1,2\n",
            "#a b\n1 2\n",
            "# a,b\n1 2\n",
            "# made by hand\n# a;b\n1;2\n",
            "\"a\"\t\"b\"\n1\t2\n",
            "\"a\" \"b\"\n1 2\n",
            "a , b\n1 , 2\n",
        ] {
            assert_eq!(read(text).0, ["a", "b"], "{text:?}");
        }
        let spaced = "\"time (ms)\" \"agg (nAm)\"\n1 2\n";
        assert_eq!(read(spaced).0, ["time (ms)", "agg (nAm)"]);
        // pandas' index, and its numbers of columns.
        assert_eq!(read(",0,1\n0,5,6\n1,7,8\n").0, ["", "0", "1"]);
        // A comment that is no list of names.
        assert!(read("# made by hand\n1,2\n").0.is_empty());
        assert!(read("# 3,4\n1,2\n").0.is_empty());
    }

    #[test]
    fn utf_16_of_spreadsheets_is_text() {
        let text = "a\tb\r\n1\t2\r\n";
        let little = [0xff, 0xfe].into_iter();
        let bytes = little.chain(text.encode_utf16().flat_map(u16::to_le_bytes));
        let read = super::Text::parse(bytes.collect()).unwrap();
        assert_eq!((read.name(1), read.cell(0, 1)), ("b", "2"));
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, words) in [
            (
                "a,b\n1,2\n3\n",
                "line 3 has 1 value, and line 1 has 2 values",
            ),
            (
                "1 2\n3 4 5\n",
                "line 2 has 3 values, and line 1 has 2 values",
            ),
            ("a,b\n1,\n", "line 2, column `b` has no value"),
            (
                "# x\n\na,b\n1,nan\n",
                "line 4, column `b`: `nan` is no finite number",
            ),
            ("1 x\n2 3\n", "line 1, column 2: `x` is no number"),
            ("a\tb\n1\t1,5\n", "line 2, column `b`: `1,5` is no number"),
            (
                "a,b\n1,1e999\n",
                "line 2, column `b`: `1e999` is no finite number",
            ),
        ] {
            let error = InputTable::of_text(text)
                .and_then(|t| (0..t.n_columns()).try_for_each(|c| t.numbers(c).map(drop)))
                .unwrap_err();
            assert!(error.to_string().contains(words), "{text:?}: {error}");
        }
        let long = format!("a\n1\n{}\n", "x".repeat(1000));
        let error = InputTable::of_text(&long).unwrap().numbers(0).unwrap_err();
        assert!(error.to_string().len() < 120, "{error}");
        for bytes in [&b"a,b\n1,\xff\n"[..], b"\0\0\0\0", b"\xff\xfea"] {
            assert!(super::Text::parse(bytes.to_vec()).is_err());
        }
        let wide = vec!["1"; 20_000].join(",");
        let error = InputTable::of_text(&wide).unwrap_err().to_string();
        assert!(error.contains("20000 columns; at most 10000"), "{error}");
    }

    #[test]
    fn columns_have_one_kind() {
        let table = InputTable::of_text("i,f,b,s\n1,2,True,x\n-2,0.5,false,7\n").unwrap();
        let words = ["x", "7"].map(str::to_owned).to_vec();
        let wanted = [
            Column::Int(vec![1, -2]),
            Column::Float(vec![2.0, 0.5]),
            Column::Bool(vec![true, false]),
            Column::Str(words),
        ];
        for (column, wanted) in wanted.into_iter().enumerate() {
            assert_eq!(table.values(column), Ok(wanted));
        }
    }
}
