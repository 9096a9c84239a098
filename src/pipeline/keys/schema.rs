//! The JSON schema of pipeline files, for editors that complete and check as one types.

use super::form::{Form, Key};
use super::inputs::{DRIVE_TYPES, of_drive};
use serde_json::{Map, Value, json};

/// The JSON schema (draft 7) of pipeline files. What no schema can say (names in expressions, cell types,
/// combinations of keys) is checked by [`Pipeline::load`](crate::pipeline::Pipeline::load) only.
pub fn schema() -> Value {
    let mut schema = table(super::ROOT.iter());
    if let Value::Object(entries) = &mut schema {
        entries.insert(
            "$schema".into(),
            "http://json-schema.org/draft-07/schema#".into(),
        );
        entries.insert("title".into(), "A pipeline of hnn-sweep".into());
    }
    schema
}

/// A table that has these keys and no others.
fn table<'k>(keys: impl Iterator<Item = &'k Key>) -> Value {
    let properties: Map<String, Value> = keys
        .map(|key| (key.name.to_string(), described(key)))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn described(key: &Key) -> Value {
    let mut value = of_form(&key.form);
    if let Value::Object(entries) = &mut value {
        entries.insert("description".into(), key.about.into());
    }
    value
}

fn of_form(form: &Form) -> Value {
    match form {
        Form::Any => json!({}),
        Form::Text => json!({ "type": "string" }),
        Form::Named(words) => {
            json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": "^\\$" }] })
        }
        Form::Word(words) => json!({ "enum": words }),
        Form::Bool => json!({ "type": "boolean" }),
        Form::Flag => {
            json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": "^\\$" }] })
        }
        Form::Whole => json!({ "type": "integer" }),
        Form::Plain => json!({ "type": "number" }),
        Form::Number => json!({ "type": ["number", "string"] }),
        Form::List(item, least, most) => {
            let mut list = json!({ "type": "array", "items": of_form(item), "minItems": least });
            if let (Value::Object(entries), Some(most)) = (&mut list, most) {
                entries.insert("maxItems".into(), (*most).into());
            }
            list
        }
        Form::Either(forms) => json!({ "anyOf": forms.iter().map(of_form).collect::<Vec<_>>() }),
        Form::Open(of) => json!({ "type": "object", "additionalProperties": of_form(of) }),
        Form::Table(keys) => table(keys.iter()),
        Form::Tables(keys) => json!({ "type": "array", "items": table(keys.iter()) }),
        Form::Drives => {
            let kind = |word: &&str| {
                let mut kind = table(of_drive(word));
                kind["properties"]["type"] =
                    json!({ "const": word, "description": "Kind of the drive" });
                kind["required"] = json!(["type"]);
                kind
            };
            let kinds: Vec<Value> = DRIVE_TYPES.iter().map(kind).collect();
            json!({ "type": "array", "items": { "anyOf": kinds } })
        }
    }
}
