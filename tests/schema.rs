//! The JSON schema of pipeline files says what the reader says: every key of one is a key of the other, and files
//! that can be run are good for both.

use hnn_sweep::pipeline::{Pipeline, schema};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What is wrong with a value, by what the schema says (those words of JSON schema that it uses).
fn check(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    let rules = schema.as_object().unwrap();
    for (rule, wanted) in rules {
        let holds = match rule.as_str() {
            "description" | "$schema" | "title" => true,
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| is_of(value, one)),
                one => is_of(value, one),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "pattern" => {
                assert_eq!(wanted, "^\\$");
                value.as_str().is_none_or(|text| text.starts_with('$'))
            }
            "anyOf" => {
                let ways = wanted.as_array().unwrap().iter();
                let wrong: Vec<String> =
                    ways.filter_map(|one| check(value, one, at).err()).collect();
                if wrong.len() == wanted.as_array().unwrap().len() {
                    return Err(wrong.join("\n  or "));
                }
                true
            }
            "minItems" => value
                .as_array()
                .is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
            "maxItems" => value
                .as_array()
                .is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap()),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, wanted, &format!("{at}[{i}]"))?;
                }
                true
            }
            "required" => {
                let keys = wanted.as_array().unwrap().iter();
                value.as_object().is_none_or(|object| {
                    { keys }.all(|key| object.contains_key(key.as_str().unwrap()))
                })
            }
            "properties" => {
                for (key, entry) in value.as_object().into_iter().flatten() {
                    if let Some(own) = wanted.get(key) {
                        check(entry, own, &format!("{at}.{key}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |key: &str| {
                    rules
                        .get("properties")
                        .is_some_and(|known| known.get(key).is_some())
                };
                for (key, entry) in value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(key, _)| !known(key))
                {
                    match wanted {
                        Value::Bool(false) => return Err(format!("{at}: `{key}` is no key")),
                        other => check(entry, other, &format!("{at}.{key}"))?,
                    }
                }
                true
            }
            other => panic!("the schema says `{other}`, which this test does not know"),
        };
        if !holds {
            return Err(format!("{at}: {value} is not {rule} {wanted}"));
        }
    }
    Ok(())
}

fn is_of(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("{other}"),
    }
}

/// A TOML document as JSON. Infinite numbers, which JSON does not have, are 0.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Float(number) => {
            serde_json::json!(if number.is_finite() { *number } else { 0.0 })
        }
        toml::Value::Integer(number) => serde_json::json!(number),
        toml::Value::String(text) => serde_json::json!(text),
        toml::Value::Boolean(flag) => serde_json::json!(flag),
        toml::Value::Datetime(date) => serde_json::json!({ "$date": date.to_string() }),
        toml::Value::Array(items) => items.iter().map(json).collect(),
        toml::Value::Table(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), json(value)))
            .collect(),
    }
}

fn checked(text: &str) -> Result<(), String> {
    let document: toml::Table = text.parse().unwrap();
    check(&json(&toml::Value::Table(document)), &schema(), "file")
}

/// Pipelines that can be run.
fn good() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = fs::read_to_string(root.join("tests/corpus/pipelines.jsonl")).unwrap();
    let lines = corpus
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut good: Vec<String> = lines
        .filter(|case| case["exit"] == 0)
        .map(|case| case["toml"].as_str().unwrap().to_string())
        .collect();
    for folder in ["pipelines", "src/cli/init"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                good.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    good
}

#[test]
fn what_can_be_run_is_good_for_the_schema() {
    let good = good();
    assert!(good.len() > 40, "{}", good.len());
    for text in good {
        checked(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    }
}

#[test]
fn what_the_schema_can_see_is_wrong_for_it() {
    for (text, wrong) in [
        ("nam = \"a\"", "`nam` is no key"),
        ("[simulation]\ntstop = true", "tstop"),
        ("[output]\nsave_dpl = 1", "save_dpl"),
        ("[output]\ntrace_precision = \"float16\"", "trace_precision"),
        ("[grid]\nw = []", "w"),
        ("[grid]\nw = { linspce = [0, 1, 2] }", "`linspce` is no key"),
        ("[grid]\nw = { linspace = [0, 1] }", "linspace"),
        (
            "[[drive]]\ntype = \"evoked\"\nburst_rate = 1",
            "`burst_rate` is no key",
        ),
        ("[[drive]]\ntype = \"evokd\"", "evokd"),
        ("[[drive]]\nname = \"a\"", "required"),
        ("[[summary]]\nstatistic = \"median\"", "median"),
        (
            "[[electrode_array]]\nelectrode_pos = { x = 1, y = 2, w = 3 }",
            "`w` is no key",
        ),
    ] {
        let error = checked(text).unwrap_err();
        assert!(error.contains(wrong), "{text}: {error}");
    }
}

/// Tables of the schema with the keys of each, as lines that lead to it in a file.
fn tables() -> Vec<(String, BTreeSet<String>)> {
    let schema = schema();
    let keys = |table: &Value| -> BTreeSet<String> {
        assert_eq!(table["additionalProperties"], false);
        table["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let root = &schema["properties"];
    let mut tables = vec![(String::new(), keys(&schema))];
    for name in ["network", "simulation", "sweep", "samples", "output"] {
        tables.push((format!("[{name}]\n"), keys(&root[name])));
    }
    for name in ["connection", "bias", "electrode_array", "summary"] {
        tables.push((format!("[[{name}]]\n"), keys(&root[name]["items"])));
    }
    for kind in root["drive"]["items"]["anyOf"].as_array().unwrap() {
        let word = kind["properties"]["type"]["const"].as_str().unwrap();
        let name = match word {
            "erp" => "",
            _ => "name = \"d\"\n",
        };
        tables.push((format!("[[drive]]\ntype = \"{word}\"\n{name}"), keys(kind)));
    }
    let spaced = |form: &Value| {
        form["anyOf"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["type"] == "object")
            .map(keys)
    };
    let grid = spaced(&root["grid"]["additionalProperties"]);
    tables.push(("[grid.w]\n".into(), grid.unwrap()));
    let prior = &root["samples"]["properties"]["prior"]["additionalProperties"];
    tables.push(("[samples]\nn = 2\n[samples.prior.w]\n".into(), keys(prior)));
    let summary = &root["summary"]["items"]["properties"];
    let target = spaced(&summary["target"]).unwrap();
    tables.push((
        "[[summary]]\nname = \"a\"\nstatistic = \"rmse\"\n[summary.target]\n".into(),
        target,
    ));
    let array = &root["electrode_array"]["items"]["properties"];
    let position = spaced(&array["electrode_pos"]).unwrap();
    tables.push((
        "[[electrode_array]]\nname = \"a\"\n[electrode_array.electrode_pos]\n".into(),
        position,
    ));
    tables
}

/// All mistakes of a file, in words.
fn mistakes(text: &str) -> String {
    match Pipeline::parse(text, Path::new("test.toml")) {
        Ok(_) => String::new(),
        Err(error) => {
            let all = std::iter::once(&error).chain(error.others());
            all.map(|one| format!("{one}\n  {}\n", one.help().unwrap_or_default()))
                .collect()
        }
    }
}

#[test]
fn every_key_of_the_schema_is_one_of_the_reader_and_the_other_way_round() {
    let tables = tables();
    assert_eq!(tables.len(), 19);
    for (lines, keys) in tables {
        // The reader lists the keys that a table has where one is unlike them all.
        let told = mistakes(&format!("{lines}qzqzqzqzqzqz = 1\n"));
        let (_, list) = told
            .split_once("`qzqzqzqzqzqz` is not a key of")
            .unwrap_or_else(|| panic!("{lines}: {told}"));
        let (_, list) = list
            .split_once("allowed: ")
            .unwrap_or_else(|| panic!("{lines}: {told}"));
        let list = list.lines().next().unwrap();
        let allowed: BTreeSet<String> = list
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_string)
            .collect();
        assert_eq!(allowed, keys, "{lines}");
    }
}
