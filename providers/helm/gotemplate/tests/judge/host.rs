//! Values from their descriptions, as `tests/oracle/template/describe.go` makes them in Go.

use std::any::Any;
use std::rc::Rc;

use aurak_gotemplate::{
    Error, Field, FloatKind, Function, IntKind, Kind, List, Map, Object, Str, Type, UintKind, Value,
};
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
    let uint = |kind: UintKind| Value::Uint(kind, text.parse().expect("an integer"));
    let float = || text.to_lowercase().parse::<f64>().expect("a float");
    let strings = || v.as_array().into_iter().flatten().map(|item| item.as_str().expect("a string"));
    match kind {
        "standard" => {
            let text = include_str!("../tables/standard.json");
            let mut description: Json = serde_json::from_str(text).expect("a description");
            for key in v.as_array().into_iter().flatten() {
                let key = key.as_str().expect("a key");
                description.as_object_mut().expect("a map").remove(key);
            }
            build(&description)
        }
        "int" => int(IntKind::Int),
        "int8" => int(IntKind::Int8),
        "int16" => int(IntKind::Int16),
        "int32" => int(IntKind::Int32),
        "int64" => int(IntKind::Int64),
        "uint" => uint(UintKind::Uint),
        "uint8" => uint(UintKind::Uint8),
        "uint16" => uint(UintKind::Uint16),
        "uint32" => uint(UintKind::Uint32),
        "uint64" => uint(UintKind::Uint64),
        "float32" => {
            let x: f32 = text.to_lowercase().parse().expect("a float");
            Value::Float(FloatKind::Float32, f64::from(x))
        }
        "float64" => Value::float(float()),
        "hex" => Value::Str(from_hex(text).into()),
        "bytes" => Value::Bytes(from_hex(text).into()),
        "[]string" => Value::strings(strings()),
        "[]int" => Value::List(List::of(Type::INT, integers(v.as_array().into_iter().flatten()))),
        "map[string]string" => map(Type::String, v, |item| Value::str(item.as_str().expect("a string"))),
        "map[string]int" => map(Type::INT, v, |item| integers([item]).remove(0)),
        "Values" => match build(v) {
            Value::Map(map) => Value::Map(map.with_type(values_type())),
            _ => panic!("values are a map"),
        },
        "VersionSet" => match Value::strings(strings()) {
            Value::List(list) => Value::List(list.with_type(version_set())),
            _ => panic!("a version set is a list"),
        },
        "KubeVersion" => Value::object(KubeVersion(Some(text.to_owned()))),
        "nilKubeVersion" => Value::object(KubeVersion(None)),
        "Metadata" => Value::object(Metadata { name: text.to_owned(), pointer: false }),
        "*Metadata" => Value::object(Metadata { name: text.to_owned(), pointer: true }),
        "Seconds" => Value::object(Scalar(int(IntKind::Int64), "chartutil.Seconds", Some("some seconds"))),
        "Level" => Value::object(Scalar(int(IntKind::Int), "chartutil.Level", None)),
        "nilmap" => Value::Map(Map::nil(Type::any_map())),
        "nillist" => Value::List(List::nil(Type::any_slice())),
        "nilstrings" => Value::List(List::nil(Type::slice(Type::String))),
        "func" => Function::new([Type::INT, Type::String], |_, args| {
            let text = aurak_gotemplate::fmt::sprint(&args[..2])?;
            Ok(text.into())
        })
        .returning(Type::String)
        .into(),
        "funcs" => {
            let count = |n: usize| i64::try_from(n).expect("a small number");
            Function::variadic([], Type::String, move |_, args| Ok(Value::int(count(args.len()))))
                .returning(Type::INT)
                .into()
        }
        other => panic!("no such type: {other}"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "tables have small numbers")]
fn integers<'a>(items: impl IntoIterator<Item = &'a Json>) -> Vec<Value> {
    items.into_iter().map(|item| Value::int(item.as_f64().expect("a number") as i64)).collect()
}

fn map(element: Type, v: &Json, item: impl Fn(&Json) -> Value) -> Value {
    let map = Map::of(element);
    for (key, value) in v.as_object().expect("a map") {
        map.set(key.as_str(), item(value)).expect("no nil map");
    }
    Value::Map(map)
}

pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex");
    hex.as_bytes().chunks(2).map(byte).collect()
}

pub(crate) fn values_type() -> Type {
    Type::with_methods("chartutil.Values", Type::any_map(), |receiver, name| {
        let map = receiver.as_map()?.clone();
        match name {
            "Size" => {
                let size = i64::try_from(map.len()).unwrap_or(i64::MAX);
                Some(Function::new([], move |_, _| Ok(Value::int(size))).returning(Type::INT))
            }
            "Table" => Some(
                Function::new([Type::String], move |_, args| match map.get(args.str(0)) {
                    Some(Value::Map(found)) if *found.get_type() == Type::any_map() => {
                        Ok(Value::Map(found.with_type(values_type())))
                    }
                    _ => Err(Error::new(format!("no table {}", args.text(0)))),
                })
                .returning(values_type()),
            ),
            _ => None,
        }
    })
}

fn version_set() -> Type {
    Type::with_methods("chartutil.VersionSet", Type::slice(Type::String), |receiver, name| {
        let items = receiver.elements()?;
        (name == "Has").then(|| {
            Function::new([Type::String], move |_, args| {
                Ok(items.iter().any(|item| item.as_str() == Some(&args.str(0))).into())
            })
            .returning(Type::Bool)
        })
    })
}

/// A pointer to a struct with methods.
struct KubeVersion(Option<String>);

impl Object for KubeVersion {
    fn type_name(&self) -> &str {
        "*chartutil.KubeVersion"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_nil(&self) -> bool {
        self.0.is_none()
    }

    fn field(&self, name: &str) -> Field {
        let text = |text: &str| Field::Typed(text.into());
        match name {
            "Version" => text(self.0.as_deref().unwrap_or_default()),
            "Major" => text("1"),
            "Minor" => text("36"),
            _ => Field::Missing,
        }
    }

    fn fields(&self) -> Vec<(String, Value)> {
        let version = self.0.clone().unwrap_or_default();
        [("Version", version), ("Major", "1".to_owned()), ("Minor", "36".to_owned())]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .to_vec()
    }

    fn method(self: Rc<Self>, name: &str) -> Option<Function> {
        if !matches!(name, "GitVersion" | "String") {
            return None;
        }
        let nil = "runtime error: invalid memory address or nil pointer dereference";
        Some(
            Function::new([], move |_, _| self.0.clone().map(Value::from).ok_or_else(|| Error::new(nil)))
                .returning(Type::String),
        )
    }

    fn text(&self) -> Option<Str> {
        Some(self.0.as_deref().unwrap_or("<nil>").into())
    }
}

/// A struct, or a pointer to one, without methods.
struct Metadata {
    name: String,
    pointer: bool,
}

impl Object for Metadata {
    fn comparable(&self) -> bool {
        self.pointer
    }

    fn type_name(&self) -> &str {
        if self.pointer { "*chartutil.Metadata" } else { "chartutil.Metadata" }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Field {
        match name {
            "Name" => Field::Typed(self.name.as_str().into()),
            "Version" => Field::Typed("1.2.3".into()),
            "Keywords" => Field::Typed(Value::strings(["a", "b"])),
            "Any" => Field::Any(Value::Nil),
            "hidden" => Field::Unexported,
            _ => Field::Missing,
        }
    }

    fn fields(&self) -> Vec<(String, Value)> {
        [
            ("Name", self.name.as_str().into()),
            ("Version", "1.2.3".into()),
            ("Keywords", Value::strings(["a", "b"])),
            ("Any", Value::Nil),
            ("hidden", "".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// A scalar with a name.
struct Scalar(Value, &'static str, Option<&'static str>);

impl Object for Scalar {
    fn type_name(&self) -> &str {
        self.1
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone())
    }

    fn text(&self) -> Option<Str> {
        self.2.map(Str::from)
    }

    fn method(self: Rc<Self>, name: &str) -> Option<Function> {
        let text = self.2.filter(|_| name == "String")?;
        Some(Function::new([], move |_, _| Ok(text.into())).returning(Type::String))
    }
}
