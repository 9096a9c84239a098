//! Other values for keys of a pipeline file, as if they stood in it: `--set simulation.tstop=60`, `--set
//! drive.evprox.mu=30`.

use super::error::{PipelineError, SourceFile, one_of};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text of a pipeline file with one key set: `KEY=VALUE`. A key is a path with dots; an entry of a list such as
/// `[[drive]]` is meant by its `name` or its number, from 0. A value is one of TOML, or a text without quotes.
pub(super) fn set(text: &str, assignment: &str) -> Result<String, PipelineError> {
    let wrong = |message: String| {
        SourceFile::error_of_file(Path::new("--set"), format!("--set {assignment}: {message}"))
    };
    let (key, value) = split(assignment)
        .ok_or_else(|| wrong("it is not KEY=VALUE, such as simulation.tstop=60".into()))?;
    // What is TOML is taken as it is, all else as text, so that a word needs no quotes on the
    // command line.
    let value = match format!("value = {value}").parse::<toml::Table>() {
        Ok(table) if table.len() == 1 => value.trim().to_owned(),
        _ => toml::Value::String(value.trim().to_owned()).to_string(),
    };
    let Ok(document) = DeTable::parse(text) else {
        // Whoever reads the text says what is wrong with it.
        return Ok(text.to_owned());
    };
    let (at, new) = place(text, document.get_ref(), &key, &value).map_err(wrong)?;
    let before = text.get(..at.start).unwrap_or_default();
    let after = text.get(at.end..).unwrap_or_default();
    Ok(format!("{before}{new}{after}"))
}

/// `a.b."c.d"=1` → `[a, b, c.d]` and `1`.
fn split(assignment: &str) -> Option<(Vec<String>, &str)> {
    let mut key = vec![String::new()];
    let mut quoted = false;
    // Only the first `=` outside quotes ends the key: values may have more.
    for (i, c) in assignment.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => key.push(String::new()),
            '=' if !quoted => {
                key.iter_mut().for_each(|word| *word = word.trim().into());
                let whole = key.iter().all(|word| !word.is_empty());
                return whole.then(|| (key, &assignment[i + 1..]));
            }
            c => key.last_mut()?.push(c),
        }
    }
    None
}

/// Where in the text something is to be replaced, and by what.
fn place(
    text: &str,
    root: &DeTable,
    key: &[String],
    value: &str,
) -> Result<(Range<usize>, String), String> {
    let mut table = root;
    // Of the table; none for the file as a whole.
    let mut span: Option<Range<usize>> = None;
    let mut words = key;
    loop {
        let Some((word, rest)) = words.split_first() else {
            return Err(format!("{} holds keys; set one of them", key.join(".")));
        };
        let Some((_, found)) = table
            .iter()
            .find(|(known, _)| known.get_ref().as_ref() == word)
        else {
            return insertion(text, span, words, value)
                .ok_or_else(|| "a new key cannot be added there; write it into the file".into());
        };
        let (inside, rest) = match found.get_ref() {
            DeValue::Array(list) if !rest.is_empty() => entry(list, word, rest)?,
            _ => (found, rest),
        };
        match inside.get_ref() {
            DeValue::Table(next) if !rest.is_empty() || is_header(text, inside) => {
                (table, span, words) = (next, Some(inside.span()), rest);
            }
            DeValue::Array(list) if list.iter().any(|entry| is_header(text, entry)) => {
                return Err(format!("`{word}` has entries; set keys of one of them"));
            }
            _ if rest.is_empty() => return Ok((inside.span(), value.to_owned())),
            _ => {
                return Err(format!(
                    "`{word}` holds no keys, so there is no `{}`",
                    rest.join(".")
                ));
            }
        }
    }
}

/// The entry of a list that the first of some words means, and the words after it.
fn entry<'d, 'k>(
    list: &'d toml::de::DeArray<'d>,
    of: &str,
    words: &'k [String],
) -> Result<(&'d Spanned<DeValue<'d>>, &'k [String]), String> {
    let (wanted, rest) = words.split_first().ok_or("a key is missing")?;
    let name = |entry: &Spanned<DeValue>| match entry.get_ref() {
        DeValue::Table(table) => match table.get("name").map(Spanned::get_ref) {
            Some(DeValue::String(name)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    };
    // By name before by number, as a name may be a number.
    let by_name = list
        .iter()
        .find(|entry| name(entry).as_ref() == Some(wanted));
    let by_number = || {
        wanted
            .parse()
            .ok()
            .and_then(|number: usize| list.get(number))
    };
    let found = by_name.or_else(by_number).ok_or_else(|| {
        let names: Vec<String> = list.iter().filter_map(name).collect();
        match names.is_empty() {
            true => format!(
                "`{of}` has {} entries, from 0; there is no `{wanted}`",
                list.len()
            ),
            false => format!("there is no {of} `{wanted}`; there are {}", one_of(&names)),
        }
    })?;
    Ok((found, rest))
}

/// Whether it is a table with a header of its own, or made by dots, and not one in braces.
fn is_header(text: &str, value: &Spanned<DeValue>) -> bool {
    let braces = || {
        text.get(value.span())
            .is_some_and(|text| text.starts_with('{'))
    };
    matches!(value.get_ref(), DeValue::Table(_)) && !braces()
}

/// How a key is added to the table of a span: to an inline one after its brace, to others after their header, to the
/// file at its beginning.
fn insertion(
    text: &str,
    span: Option<Range<usize>>,
    words: &[String],
    value: &str,
) -> Option<(Range<usize>, String)> {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| toml::Value::String(word.clone()).to_string())
        .collect();
    let line = format!("{} = {value}", quoted.join("."));
    let Some(span) = span else {
        // Before everything: a key at the end of the file would belong to its last table.
        return Some((0..0, format!("{line}\n")));
    };
    let inside = text.get(span.clone())?;
    if let Some(rest) = inside.strip_prefix('{') {
        let comma = if rest.trim_end_matches('}').trim().is_empty() {
            ""
        } else {
            ","
        };
        // Behind the brace, so that what is there already stays as it is, comments and all.
        let at = span.start + 1;
        return Some((at..at, format!(" {line}{comma} ")));
    }
    if !inside.starts_with('[') {
        return None;
    }
    // Right below the header: further down another table may begin.
    let line_end = text.get(span.start..)?.find('\n').map(|n| span.start + n);
    let at = line_end.unwrap_or(text.len());
    Some((at..at, format!("\n{line}")))
}

#[cfg(test)]
mod tests {
    use super::set;

    const FILE: &str = "name = \"a\" # its name\n[simulation]\ntstop = 170.0 # ms\n[grid]\nweight = [1, 2]\n\
                        [network]\nmodel = { a = 1 }\n[[drive]]\nname = \"evprox\"\nmu = 20\n[[drive]]\nname = \"evdist\"\nmu = 60\n\
                        weights_ampa = { L2_basket = 0.1 }\n";

    fn changed(assignment: &str, from: &str, to: &str) {
        let expected = FILE.replacen(from, to, 1);
        assert_ne!(expected, FILE, "{assignment}");
        assert_eq!(set(FILE, assignment).unwrap(), expected, "{assignment}");
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        changed("simulation.tstop=60", "170.0", "60");
        changed("name=other sweep", "\"a\"", "\"other sweep\"");
        changed("name = \"b\"", "\"a\"", "\"b\"");
        changed(
            "grid.weight={ linspace = [1, 2, 3] }",
            "[1, 2]",
            "{ linspace = [1, 2, 3] }",
        );
        changed("drive.evdist.mu=30", "mu = 60", "mu = 30");
        changed("drive.0.mu=\"weight\"", "mu = 20", "mu = \"weight\"");
        changed("drive.evdist.weights_ampa.L2_basket=0.2", "0.1", "0.2");
        changed("network.model=law_2021", "{ a = 1 }", "\"law_2021\"");
    }

    #[test]
    fn a_key_that_is_new_is_added_where_it_belongs() {
        changed(
            "save_folder=b",
            "name = \"a\"",
            "\"save_folder\" = \"b\"\nname = \"a\"",
        );
        changed(
            "output.save_dpl=false",
            "name = \"a\"",
            "\"output\".\"save_dpl\" = false\nname = \"a\"",
        );
        changed(
            "simulation.dt=0.05",
            "[simulation]",
            "[simulation]\n\"dt\" = 0.05",
        );
        changed(
            "drive.evdist.sigma=3",
            "[[drive]]\nname = \"evdist\"",
            "[[drive]]\n\"sigma\" = 3\nname = \"evdist\"",
        );
        changed(
            "drive.evdist.weights_ampa.L5_basket=0.2",
            "{ L2_basket",
            "{ \"L5_basket\" = 0.2,  L2_basket",
        );
    }

    #[test]
    fn what_cannot_be_set_is_an_error() {
        for (assignment, words) in [
            ("tstop", "KEY=VALUE"),
            ("=3", "KEY=VALUE"),
            ("drive.evpr.mu=3", "`evprox` or `evdist`"),
            ("simulation.tstop.x=3", "holds no keys"),
            ("simulation=3", "holds keys"),
            ("drive.evprox=3", "holds keys"),
            ("drive=3", "has entries"),
        ] {
            let error = set(FILE, assignment).unwrap_err().to_string();
            assert!(error.contains(words), "{assignment}: {error}");
        }
    }
}
