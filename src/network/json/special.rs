//! Infinity, which Python's `json` reads and writes and JSON does not have.

use serde_json::Value;
use std::borrow::Cow;

/// What stands for it in a document in memory.
const INFINITY: &str = "hnn_sweep: Infinity";

/// A text in which Python's `Infinity` and `NaN` are strings, so that it is JSON.
pub(super) fn as_json(text: &str) -> Cow<'_, str> {
    // Most files have neither, and are not copied.
    if !text.contains("Infinity") && !text.contains("NaN") {
        return Cow::Borrowed(text);
    }
    let mut json = String::with_capacity(text.len() + 64);
    let (mut rest, mut in_string) = (text, false);
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        let bare = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|word| !in_string && rest.starts_with(word));
        match (bare, first) {
            (Some("Infinity"), _) => {
                json.push_str(&format!("\"{INFINITY}\""));
                length = "Infinity".len();
            }
            (Some(word), _) => {
                json.push_str(&format!("\"{word}\""));
                length = word.len();
            }
            // What is escaped cannot end the string.
            (None, '\\') if in_string => {
                let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
                length += escaped;
                json.push_str(rest.get(..length).unwrap_or(rest));
            }
            (None, _) => {
                in_string ^= first == '"';
                json.push(first);
            }
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(json)
}

/// A number as a value; JSON's own numbers are finite.
pub(super) fn value(number: f64) -> Value {
    match number == f64::INFINITY {
        true => Value::String(INFINITY.to_owned()),
        false => serde_json::json!(number),
    }
}

/// Whether a value stands for infinity.
pub(super) fn is_infinity(value: &Value) -> bool {
    value.as_str() == Some(INFINITY)
}

/// The text of a document as Python's `json` writes it.
pub(super) fn as_python(document: &Value) -> String {
    document
        .to_string()
        .replace(&format!("\"{INFINITY}\""), "Infinity")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_is_read_outside_strings_and_written_as_python_does() {
        let text = r#"{"a\"Infinity": Infinity, "NaN": "Infinity", "b": [NaN, -Infinity]}"#;
        let document: Value = serde_json::from_str(&as_json(text)).unwrap();
        assert!(is_infinity(&document["a\"Infinity"]));
        assert_eq!(document["NaN"], "Infinity");
        assert_eq!(document["b"][0], "NaN");
        assert!(!is_infinity(&document["b"][1]));
        assert_eq!(as_python(&value(f64::INFINITY)), "Infinity");
        assert_eq!(as_json("{\"a\": 1}"), "{\"a\": 1}");
    }
}
