//! YAML into types, as `sigs.k8s.io/yaml` and `encoding/json` put it into structs of Go.
//!
//! A number or a bool becomes a text where a text is wanted, names of fields match in any case, what is
//! unknown is left out, and of all mistakes the first one is told, after everything was read.

use std::collections::BTreeMap;

use aurak_gotemplate::{FloatKind, strconv};
use aurak_goyaml::{Limits, Mode, Value, read};

use crate::Error;

/// What a value should be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// `string`
    Text,
    /// `bool`
    Flag,
    /// `interface {}`, with numbers as floats.
    Any,
    /// A list, and how Go writes its type.
    List(&'static Shape, &'static str),
    /// `map[string]string`
    Texts,
    /// A struct: how Go writes its type, its name alone, and its fields.
    Struct(&'static str, &'static str, &'static [(&'static str, Shape)]),
}

/// Reads the first document of a text as a shape. What does not fit is left out of the value.
pub(crate) fn read_as(text: &[u8], shape: &Shape, limits: &Limits) -> Result<(Value, Option<String>), Error> {
    let value = read(text, Mode::Lenient, limits).map_err(|error| {
        let inner = Error::from(error);
        match inner {
            Error::Yaml(aurak_goyaml::Error::Limit(_)) => inner,
            _ => inner.within("error converting YAML to JSON"),
        }
    })?;
    let mut reader = Reader { structs: Vec::new(), path: Vec::new(), first: None };
    let value = reader.fit(value, shape).unwrap_or_default();
    Ok((value, reader.first))
}

struct Reader {
    structs: Vec<&'static str>,
    path: Vec<&'static str>,
    first: Option<String>,
}

impl Reader {
    fn fit(&mut self, value: Value, shape: &Shape) -> Option<Value> {
        match (shape, value) {
            (_, Value::Null) => Some(Value::Null),
            (Shape::Any, value) => Some(value.with_floats()),
            (Shape::Text, value) => match text_of(&value) {
                Some(text) => Some(Value::String(text)),
                None => self.mismatch(&value, "string"),
            },
            (Shape::Flag, Value::Bool(flag)) => Some(Value::Bool(flag)),
            (Shape::Flag, value) => self.mismatch(&value, "bool"),
            (Shape::List(item, _), Value::List(items)) => Some(Value::List(
                items.into_iter().map(|value| self.fit(value, item).unwrap_or_default()).collect(),
            )),
            (Shape::List(_, name), value) => self.mismatch(&value, name),
            (Shape::Texts, Value::Map(map)) => {
                let mut texts = BTreeMap::new();
                for (key, value) in map {
                    let value = self.fit(value, &Shape::Text).unwrap_or_default();
                    let value = if value == Value::Null { Value::String(String::new()) } else { value };
                    texts.insert(key, value);
                }
                Some(Value::Map(texts))
            }
            (Shape::Texts, value) => self.mismatch(&value, "map[string]string"),
            (Shape::Struct(_, name, fields), Value::Map(map)) => {
                let mut out = BTreeMap::new();
                self.structs.push(name);
                for (key, value) in map {
                    let exact = fields.iter().find(|(field, _)| *field == key);
                    let Some((field, shape)) =
                        exact.or_else(|| fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(&key)))
                    else {
                        continue;
                    };
                    self.path.push(field);
                    // Null leaves a field as it was.
                    if let Some(value) = self.fit(value, shape)
                        && value != Value::Null
                    {
                        out.insert((*field).to_owned(), value);
                    }
                    self.path.pop();
                }
                self.structs.pop();
                Some(Value::Map(out))
            }
            (Shape::Struct(name, ..), value) => self.mismatch(&value, name),
        }
    }

    fn mismatch(&mut self, value: &Value, wanted: &str) -> Option<Value> {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
            Value::String(_) | Value::Bytes(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        };
        let place = match self.structs.last() {
            Some(name) if !self.path.is_empty() => format!("struct field {name}.{}", self.path.join(".")),
            _ => "value".to_owned(),
        };
        self.first.get_or_insert_with(|| {
            format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go {place} of type {wanted}"
            )
        });
        None
    }
}

fn text_of(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Uint(n) => n.to_string(),
        Value::Float(x) => strconv::format_float(*x, b'g', None, FloatKind::Float64),
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    })
}

/// A text of a struct that was read.
pub(crate) fn text<'a>(fields: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a str> {
    match fields.get(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The texts of a list that was read; null is an empty one.
pub(crate) fn texts(fields: &BTreeMap<String, Value>, name: &str) -> Option<Vec<String>> {
    let Some(Value::List(items)) = fields.get(name) else { return None };
    Some(
        items
            .iter()
            .map(|item| match item {
                Value::String(text) => text.clone(),
                _ => String::new(),
            })
            .collect(),
    )
}
