//! Values to JSON, byte for byte as `encoding/json` writes them.

use std::borrow::Cow;
use std::fmt::Write;

use crate::error::Error;
use crate::limits::Limits;
use crate::number::format_json;
use crate::value::{Value, replace_invalid};

/// Writes a value as `json.Marshal` does: without spaces, keys sorted, `<`, `>` and `&` escaped.
///
/// # Errors
///
/// If a number is infinite or none, or if there is more than the limits allow.
pub fn to_json(value: &Value, limits: &Limits) -> Result<String, Error> {
    let mut writer = Writer { text: String::new(), limits };
    writer.value(value, 0)?;
    Ok(writer.text)
}

struct Writer<'a> {
    text: String,
    limits: &'a Limits,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.limits.check_output(self.text.len())?;
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => self.text.push_str(&value.to_string()),
            Value::Uint(value) => self.text.push_str(&value.to_string()),
            Value::Float(value) => match format_json(*value) {
                Ok(text) => self.text.push_str(&text),
                Err(name) => return Err(Error::Json(format!("unsupported value: {name}"))),
            },
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => self.string(&replace_invalid(bytes)),
            Value::List(items) => {
                self.limits.check_depth(depth + 1)?;
                self.text.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        self.text.push(',');
                    }
                    self.value(item, depth + 1)?;
                }
                self.text.push(']');
            }
            Value::Map(map) => {
                self.limits.check_depth(depth + 1)?;
                self.text.push('{');
                for (number, (key, item)) in map.iter().enumerate() {
                    if number > 0 {
                        self.text.push(',');
                    }
                    self.string(key);
                    self.text.push(':');
                    self.value(item, depth + 1)?;
                }
                self.text.push('}');
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            let escape: Cow<'static, str> = match c {
                '"' => "\\\"".into(),
                '\\' => "\\\\".into(),
                '\n' => "\\n".into(),
                '\r' => "\\r".into(),
                '\t' => "\\t".into(),
                '\u{8}' => "\\b".into(),
                '\u{c}' => "\\f".into(),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    let mut escape = String::new();
                    // Writing to a string does not fail.
                    let _ = write!(escape, "\\u{:04x}", u32::from(c));
                    escape.into()
                }
                _ => {
                    self.text.push(c);
                    continue;
                }
            };
            self.text.push_str(&escape);
        }
        self.text.push('"');
    }
}
