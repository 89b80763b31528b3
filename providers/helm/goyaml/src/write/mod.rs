//! Values to text, in the hands of the two generations of Go's YAML.

mod analysis;
mod emitter;
mod keys;
mod letters;
mod scalar;

use crate::error::Error;
use crate::limits::Limits;
use crate::read::Documents;
use crate::resolve::Generation;
use crate::value::Value;

/// Writes a value as `sigs.k8s.io/yaml.Marshal` does, which is Helm's `toYaml` with a line break at the
/// end.
///
/// The value becomes JSON, which is read again as YAML. That is no detour but decides what comes out: a
/// float that is whole becomes an integer, and some texts cannot be written at all (those with a
/// character that YAML does not allow unescaped, and maps with a key of more than 1024 characters).
///
/// # Errors
///
/// If JSON cannot hold the value or YAML cannot read it, or if there is more than the limits allow.
pub fn to_yaml(value: &Value, limits: &Limits) -> Result<String, Error> {
    let json =
        crate::json::to_json(value, limits).map_err(|error| error.within("error marshaling into JSON"))?;
    json_to_yaml(json.as_bytes(), limits)
}

/// Writes a text of JSON as YAML, as `sigs.k8s.io/yaml.JSONToYAML` does.
///
/// # Errors
///
/// If YAML cannot read the text, or if there is more than the limits allow.
pub fn json_to_yaml(json: &[u8], limits: &Limits) -> Result<String, Error> {
    // What was a value once is no stranger's text: only its output is bounded.
    let own = Limits { input: usize::MAX, nodes: usize::MAX, expanded: usize::MAX, ..*limits };
    let read = match Documents::new(json, &own)?.next() {
        Some(document) => document?.value(false, &own)?,
        None => Value::Null,
    };
    emitter::emit(&read, Generation::V2, limits)
}

/// Writes a value as `go.yaml.in/yaml/v3` does with an indentation of two, which is Helm's
/// `toYamlPretty` with a line break at the end: lists are indented below their key, and nothing is
/// folded.
///
/// # Errors
///
/// If there is more than the limits allow.
pub fn to_yaml_pretty(value: &Value, limits: &Limits) -> Result<String, Error> {
    emitter::emit(value, Generation::V3, limits)
}
