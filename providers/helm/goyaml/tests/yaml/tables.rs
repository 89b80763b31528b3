//! What Go answers, row by row. `tests/oracle/yaml/generate.sh` writes the answers.

use std::fs;
use std::path::{Path, PathBuf};

use aurak_goyaml::{Documents, Error, Limits, Mode, Value, to_json, to_yaml, to_yaml_pretty};
use aurak_goyaml::{unmarshal, unmarshal_list, unmarshal_map, yaml_to_json};
use serde_json::Value as Json;

type Check = fn(&Json) -> Result<(), String>;

const KINDS: &[(&str, Check)] =
    &[("read", read), ("stream", stream), ("unmarshal", unmarshalled), ("write", written)];

#[test]
fn read_as_go_reads() {
    table("read", 700);
}

#[test]
fn streams_as_go_reads_them() {
    table("stream", 30);
}

#[test]
fn unmarshalled_as_helm_does() {
    table("unmarshal", 20);
}

#[test]
fn written_as_go_writes() {
    table("write", 200);
}

/// For the fuzz: the variable names a folder with rows as in `tests/tables`.
#[test]
fn rows_from_elsewhere() {
    let Ok(folder) = std::env::var("GOYAML_ROWS") else { return };
    let mut wrong = Vec::new();
    for (kind, check) in KINDS {
        let path = Path::new(&folder).join(kind).with_extension("jsonl");
        if path.exists() {
            wrong.extend(compare(&path, *check).1);
        }
    }
    refuse(&wrong);
}

fn table(kind: &str, at_least: usize) {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(kind).with_extension("jsonl");
    let (_, check) = KINDS.iter().find(|(name, _)| *name == kind).unwrap();
    let (rows, wrong) = compare(&path, *check);
    refuse(&wrong);
    assert!(rows >= at_least, "{kind} has only {rows} rows");
}

/// Fails with the first rows that differ.
fn refuse(wrong: &[String]) {
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} rows differ:\n{shown}", wrong.len());
}

/// Returns how many rows there are, and which differ.
fn compare(path: &Path, check: Check) -> (usize, Vec<String>) {
    let table = fs::read_to_string(path).unwrap();
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        rows += 1;
        let row: Json = serde_json::from_str(line).unwrap();
        if let Err(difference) = check(&row) {
            wrong.push(format!("{line}\n{difference}"));
        }
    }
    (rows, wrong)
}

fn input(row: &Json) -> Vec<u8> {
    match row.get("in") {
        Some(text) => text.as_str().unwrap().as_bytes().to_vec(),
        None => decode64(row["in64"].as_str().unwrap()),
    }
}

/// Base 64 without a crate for it; the rows are well-formed.
fn decode64(text: &str) -> Vec<u8> {
    let mut bits = 0u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn same(what: &str, ours: &str, gos: &str) -> Result<(), String> {
    if ours == gos { Ok(()) } else { Err(format!("  {what}, ours: {ours:?}\n  {what}, Go's: {gos:?}")) }
}

fn string<'a>(row: &'a Json, key: &str) -> &'a str {
    row.get(key).map(|text| text.as_str().unwrap()).unwrap_or_default()
}

/// The text of a result; errors look as in the tables.
fn outcome(result: Result<String, Error>) -> String {
    result.unwrap_or_else(|error| format!("! {error}"))
}

fn expected(row: &Json, key: &str) -> String {
    match row.get("error") {
        Some(error) => format!("! {}", error.as_str().unwrap()),
        // Go escapes what it replaced and writes what was there; for us both are the same character.
        None => string(row, key).replace("\\ufffd", "\u{fffd}"),
    }
}

fn read(row: &Json) -> Result<(), String> {
    let text = input(row);
    let limits = Limits::default();
    same("json", &outcome(yaml_to_json(&text, Mode::Lenient, &limits)), &expected(row, "json"))?;
    let strict = match row.get("strict") {
        Some(error) => format!("! {}", error.as_str().unwrap()),
        None => expected(row, "json"),
    };
    same("strict", &outcome(yaml_to_json(&text, Mode::Strict, &limits)), &strict)
}

fn stream(row: &Json) -> Result<(), String> {
    let limits = Limits::default();
    let mut ours = Vec::new();
    for document in Documents::new(&input(row), &limits).unwrap() {
        let json = document
            .and_then(|document| document.value(false, &limits))
            .and_then(|value| to_json(&value, &limits));
        let failed = json.is_err();
        ours.push(match json {
            Err(Error::Key(_)) => "! unsupported map key".to_owned(),
            other => outcome(other),
        });
        if failed {
            break;
        }
    }
    let mut gos: Vec<String> = row["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|json| json.as_str().unwrap().replace("\\ufffd", "\u{fffd}"))
        .collect();
    if let Some(error) = row.get("error") {
        gos.push(format!("! {}", error.as_str().unwrap()));
    }
    same("documents", &ours.join("\n"), &gos.join("\n"))
}

fn unmarshalled(row: &Json) -> Result<(), String> {
    let text = input(row);
    let limits = Limits::default();
    let mode = Mode::Lenient;
    let json = |value: Result<Value, Error>| outcome(value.and_then(|value| to_json(&value, &limits)));
    same("any", &json(unmarshal(&text, mode, &limits)), string(row, "any"))?;
    // A null leaves Go with a nil map or slice, which JSON shows and nothing else does.
    let gos = |key| match string(row, key) {
        "null" if key == "map" => "{}",
        "null" => "[]",
        other => other,
    };
    same("map", &json(unmarshal_map(&text, mode, &limits).map(Value::Map)), gos("map"))?;
    same("list", &json(unmarshal_list(&text, mode, &limits).map(Value::List)), gos("list"))
}

fn written(row: &Json) -> Result<(), String> {
    let value = value(&row["value"]);
    let limits = Limits::default();
    let v2 = match row.get("v2_error") {
        Some(error) => format!("! {}", error.as_str().unwrap()),
        None => string(row, "v2").to_owned(),
    };
    same("v2", &outcome(to_yaml(&value, &limits)), &v2)?;
    same("v3", &outcome(to_yaml_pretty(&value, &limits)), string(row, "v3"))
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value),
            None => Value::Uint(number.as_u64().unwrap()),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(map) if map.len() == 1 && map.contains_key("$float") => {
            Value::Float(map["$float"].as_str().unwrap().parse().unwrap())
        }
        Json::Object(map) if map.len() == 1 && map.contains_key("$bytes") => {
            Value::from_go_string(decode64(map["$bytes"].as_str().unwrap()))
        }
        Json::Object(map) => Value::Map(map.iter().map(|(key, item)| (key.clone(), value(item))).collect()),
    }
}
