//! Values as Go programs hold them once JSON went through them.

use std::collections::BTreeMap;

/// A value without places and styles.
///
/// Maps are sorted by the bytes of their keys, as `encoding/json` writes them; the writers have orders
/// of their own, and no reader of these values can see the order of the text. Who needs it has
/// [`crate::Document`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `nil`.
    #[default]
    Null,
    /// `bool`.
    Bool(bool),
    /// `int64`.
    Int(i64),
    /// `uint64`: what is above [`i64::MAX`].
    Uint(u64),
    /// `float64`.
    Float(f64),
    /// `string`.
    String(String),
    /// `string`, one that is not UTF-8. Readers make none.
    Bytes(Vec<u8>),
    /// `[]interface {}`.
    List(Vec<Value>),
    /// `map[string]interface {}`.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// A string of Go, which may have any bytes.
    pub fn from_go_string(bytes: Vec<u8>) -> Value {
        match String::from_utf8(bytes) {
            Ok(text) => Value::String(text),
            Err(error) => Value::Bytes(error.into_bytes()),
        }
    }

    /// Makes every number a `float64`, as `json.Unmarshal` does when nothing asks for another type.
    #[must_use]
    pub fn with_floats(self) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "as in Go")]
        match self {
            Value::Int(value) => Value::Float(value as f64),
            Value::Uint(value) => Value::Float(value as f64),
            Value::List(items) => Value::List(items.into_iter().map(Value::with_floats).collect()),
            Value::Map(map) => {
                Value::Map(map.into_iter().map(|(key, value)| (key, value.with_floats())).collect())
            }
            Value::Null | Value::Bool(_) | Value::Float(_) | Value::String(_) | Value::Bytes(_) => self,
        }
    }

    /// What `encoding/json` calls the kind of value.
    pub(crate) fn json_kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
            Value::String(_) | Value::Bytes(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }
    }
}

/// A text in which every byte that is not UTF-8 is replaced, each one by itself.
pub(crate) fn replace_invalid(mut bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                return text;
            }
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(good).unwrap_or_default());
                text.push(char::REPLACEMENT_CHARACTER);
                bytes = bad.get(1..).unwrap_or_default();
            }
        }
    }
}
