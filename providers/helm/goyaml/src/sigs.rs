//! The functions of `sigs.k8s.io/yaml` that Helm calls, with its words around the errors.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::json::to_json;
use crate::limits::Limits;
use crate::read::Documents;
use crate::value::Value;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A key that stands twice in a map has its last value.
    #[default]
    Lenient,
    /// A key that stands twice in a map is an error.
    Strict,
}

/// The first document of a text with whole numbers kept, as `YAMLToJSON` has it; nothing is null. Errors
/// come without a context.
///
/// Like the original, this does not look beyond the first document, and sees no mistakes there.
///
/// # Errors
///
/// If the text is refused, if JSON cannot hold its value, or if there is more than the limits allow.
pub fn read(input: &[u8], mode: Mode, limits: &Limits) -> Result<Value, Error> {
    let value = match Documents::new(input, limits)?.next() {
        Some(document) => document?.value(mode == Mode::Strict, limits)?,
        None => Value::Null,
    };
    check(&value)?;
    Ok(value)
}

/// As [`read`], and written as JSON: `YAMLToJSON` and `YAMLToJSONStrict`.
///
/// # Errors
///
/// As [`read`].
pub fn yaml_to_json(input: &[u8], mode: Mode, limits: &Limits) -> Result<String, Error> {
    to_json(&read(input, mode, limits)?, limits)
}

/// The first document of a text with all numbers as floats, as `Unmarshal` gives it to an
/// `interface {}`.
///
/// # Errors
///
/// As [`read`].
pub fn unmarshal(input: &[u8], mode: Mode, limits: &Limits) -> Result<Value, Error> {
    read(input, mode, limits)
        .map(Value::with_floats)
        .map_err(|error| error.within("error converting YAML to JSON"))
}

/// As [`unmarshal`] into a map, as `fromYaml` does; null is an empty one.
///
/// # Errors
///
/// As [`unmarshal`], and if the document is no map.
pub fn unmarshal_map(input: &[u8], mode: Mode, limits: &Limits) -> Result<BTreeMap<String, Value>, Error> {
    match unmarshal(input, mode, limits)? {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(BTreeMap::new()),
        other => Err(mismatch(&other, "map[string]interface {}")),
    }
}

/// As [`unmarshal`] into a list, as `fromYamlArray` does; null is an empty one.
///
/// # Errors
///
/// As [`unmarshal`], and if the document is no list.
pub fn unmarshal_list(input: &[u8], mode: Mode, limits: &Limits) -> Result<Vec<Value>, Error> {
    match unmarshal(input, mode, limits)? {
        Value::List(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        other => Err(mismatch(&other, "[]interface {}")),
    }
}

fn mismatch(value: &Value, wanted: &str) -> Error {
    Error::Json(format!("cannot unmarshal {} into Go value of type {wanted}", value.json_kind()))
        .within("while decoding JSON")
        .within("error unmarshaling JSON")
}

/// Finds the first number that JSON has no words for.
fn check(value: &Value) -> Result<(), Error> {
    match value {
        Value::Float(value) => match crate::number::format_json(*value) {
            Ok(_) => Ok(()),
            Err(name) => Err(Error::Json(format!("unsupported value: {name}"))),
        },
        Value::List(items) => items.iter().try_for_each(check),
        Value::Map(map) => map.values().try_for_each(check),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::String(_)
        | Value::Bytes(_) => Ok(()),
    }
}
