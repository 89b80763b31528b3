//! Values from their descriptions, as `tests/oracle/sprig/main.go` makes them in Go.

use aurak_gotemplate::{FloatKind, IntKind, List, Map, Type, UintKind, Value};
use serde_json::Value as Json;

pub(crate) fn build(description: &Json) -> Value {
    match description {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::float(n.as_f64().expect("a float")),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(build).collect()),
        Json::Object(entries) => match entries.get("$") {
            Some(Json::String(kind)) => typed(kind, &entries.get("v").cloned().unwrap_or_default()),
            _ => Value::Map(entries.iter().map(|(key, item)| (key.as_str(), build(item))).collect()),
        },
    }
}

fn typed(kind: &str, v: &Json) -> Value {
    let text = v.as_str().unwrap_or_default();
    let int = |kind: IntKind| Value::Int(kind, text.parse().expect("an integer"));
    let strings = || v.as_array().into_iter().flatten().map(|item| item.as_str().expect("a string"));
    match kind {
        "standard" => build(&serde_json::from_str(include_str!("../tables/standard.json")).expect("a value")),
        "int" => int(IntKind::Int),
        "int8" => int(IntKind::Int8),
        "int32" => int(IntKind::Int32),
        "int64" => int(IntKind::Int64),
        "uint8" => Value::Uint(UintKind::Uint8, text.parse().expect("an integer")),
        "uint64" => Value::Uint(UintKind::Uint64, text.parse().expect("an integer")),
        "float32" => Value::Float(FloatKind::Float32, f64::from(text.parse::<f32>().expect("a float"))),
        "float64" => Value::float(text.parse().expect("a float")),
        "hex" => Value::str(from_hex(text)),
        "bytes" => Value::Bytes(from_hex(text).into()),
        "[]string" => Value::strings(strings()),
        "[]int" => {
            let items = v.as_array().into_iter().flatten();
            let items = items.map(|item| Value::int(format!("{item}").parse().expect("an integer")));
            Value::List(List::of(Type::INT, items.collect()))
        }
        "map[string]string" => {
            let map = Map::of(Type::String);
            for (key, value) in v.as_object().expect("a map") {
                map.set(key.as_str(), build(value)).expect("no nil map");
            }
            Value::Map(map)
        }
        "Values" => match build(v) {
            Value::Map(map) => Value::Map(map.with_type(Type::named("chartutil.Values", Type::any_map()))),
            _ => panic!("values are a map"),
        },
        "nilmap" => Value::Map(Map::nil(Type::any_map())),
        "nillist" => Value::List(List::nil(Type::any_slice())),
        "nilstrings" => Value::List(List::nil(Type::slice(Type::String))),
        other => panic!("no such type: {other}"),
    }
}

pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex");
    hex.as_bytes().chunks(2).map(byte).collect()
}
