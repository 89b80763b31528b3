//! Filters that write values out: JSON, YAML, base64, digests.

use std::borrow::Cow;

use aurak_model::Value;
use aurak_model::value::Type;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Args, OPERAND, wants, whole};
use crate::bounds::{self, Buffer};
use crate::error::{Placed, Res, type_error};
use crate::taint::lift;
use crate::text::of_scalar;

pub(super) fn apply(name: &str, args: Args) -> Res<Value> {
    match name {
        "json" | "tojson" => {
            let [value, indent] = args.bind(name, [OPERAND, "indent"], 1)?;
            let args = [value.unwrap_or_default(), indent.unwrap_or_default()];
            lift(Type::String, &args, |args| {
                let indent = match &args[1] {
                    Value::Null | Value::Bool(false) => None,
                    Value::Bool(true) => Some(2),
                    other => Some(whole(name, "indent", other, 0, 16)? as usize),
                };
                Ok(Value::string(to_json_text(&args[0], indent)?))
            })
        }
        "yaml" => text(name, args, |value| Ok(to_yaml_text(value)?.into_bytes())),
        "b64encode" => {
            text(name, args, |value| Ok(STANDARD.encode(of_scalar(value)?.as_bytes()).into_bytes()))
        }
        "b64decode" => text(name, args, |value| {
            let Value::String(text) = value else { return wants(name, "a string", value) };
            STANDARD
                .decode(text.split_ascii_whitespace().collect::<String>())
                .or_else(|_| type_error("this is no base64"))
        })
        .or_help(|| "what it decodes to must be text".to_string()),
        _ => text(name, args, |value| {
            let digest = Sha256::digest(of_scalar(value)?.as_bytes());
            Ok(digest.iter().map(|b| format!("{b:02x}")).collect::<String>().into_bytes())
        }),
    }
}

fn text(name: &str, args: Args, f: impl FnOnce(&Value) -> Res<Vec<u8>>) -> Res<Value> {
    let [value] = args.bind(name, [OPERAND], 1)?;
    lift(Type::String, &[value.unwrap_or_default()], |args| match String::from_utf8(f(&args[0])?) {
        Ok(text) => {
            bounds::text(text.len())?;
            Ok(Value::string(text))
        }
        Err(_) => type_error(format!("what `{name}` gives is not UTF-8 text")),
    })
}

/// A plain value as JSON on one line, or with so many spaces a level.
fn to_json_text(value: &Value, indent: Option<usize>) -> Res<String> {
    let mut out = Buffer::default();
    let written = match indent {
        None => serde_json::to_writer(&mut out, &Plain(value)),
        Some(indent) => {
            let spaces = " ".repeat(indent);
            let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
            Plain(value).serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))
        }
    };
    out.finish(written, |_| type_error("this cannot be written as JSON"))
}

/// A plain value as YAML, with the newline at its end.
fn to_yaml_text(value: &Value) -> Res<String> {
    let mut out = Buffer::default();
    if has_mark(value) {
        let written = serde_yaml::to_writer(&mut out, &Plain(value));
        return out.finish(written, |_| type_error("this cannot be written as YAML"));
    }
    let written = serde_yaml::to_writer(&mut out, &Quoting(value));
    let text = out.finish(written, |_| type_error("this cannot be written as YAML"))?;
    Ok(match text.contains(QUOTE) {
        true => text.replace(QUOTE, "'"),
        false => text,
    })
}

/// Stands for a quote until the text is written. The serialiser quotes what YAML 1.2 would misread;
/// but most readers of Kubernetes and Helm still follow 1.1, to whom `no` is false and `1:30` ninety.
/// A character for private use is written as it is; a value that has it is written without this help.
const QUOTE: char = '\u{e000}';

fn has_mark(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(QUOTE),
        Value::List(list) => list.iter().any(has_mark),
        Value::Map(map) => map.iter().any(|(k, v)| k.contains(QUOTE) || has_mark(v)),
        _ => false,
    }
}

/// A plain value in which texts that YAML 1.1 would misread are wrapped for quoting.
struct Quoting<'v>(&'v Value);

impl Serialize for Quoting<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) => serializer.serialize_str(&quoted(text)),
            Value::List(list) => serializer.collect_seq(list.iter().map(Quoting)),
            Value::Map(map) => serializer.collect_map(map.iter().map(|(k, v)| (quoted(k), Quoting(v)))),
            other => Plain(other).serialize(serializer),
        }
    }
}

fn quoted(text: &str) -> Cow<'_, str> {
    match is_ambiguous(text) {
        true => Cow::Owned(format!("{QUOTE}{text}{QUOTE}")),
        false => Cow::Borrowed(text),
    }
}

/// Whether YAML 1.1 takes a plain text for something else: a boolean, a number with `_` or `:`, a date.
fn is_ambiguous(text: &str) -> bool {
    let word = matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "on"
            | "On"
            | "ON"
            | "off"
            | "Off"
            | "OFF"
    );
    let digits = text.trim_start_matches(['-', '+', '.']);
    word || (digits.starts_with(|c: char| c.is_ascii_digit())
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.' | b'+' | b'-'))
        // What has other letters than those of numbers and dates is text to everybody.
        && digits.bytes().all(|b| !b.is_ascii_alphabetic() || b.is_ascii_hexdigit() || matches!(b, b'x' | b'o' | b'T' | b'Z')))
}

/// A plain value as it is written out: nothing stands for anything else in it.
struct Plain<'v>(&'v Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::Float(x) => serializer.serialize_f64(*x),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(list) => serializer.collect_seq(list.iter().map(Plain)),
            Value::Map(map) => serializer.collect_map(map.iter().map(|(k, v)| (k, Plain(v)))),
            Value::Sensitive(_) | Value::Unknown(_) => Err(S::Error::custom("not plain")),
        }
    }
}
