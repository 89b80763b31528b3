//! Normal forms: what a scalar is compared by.
//!
//! Two scalars are the same when their canonical texts are. A text that does not have the form that
//! its attribute promises is compared as it stands.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use aurak_model::schema::Normal;
use aurak_model::{Attribute, TypeSchema, Value};

/// The text that a scalar is compared by; none for what is no plain scalar. The first character
/// tells types apart.
pub(super) fn canonical(value: &Value, attribute: &Attribute) -> Option<String> {
    Some(match value {
        Value::Null => "0".to_string(),
        Value::Bool(b) => format!("b{b}"),
        Value::Int(i) => format!("n{i}"),
        Value::Float(f) => float(*f),
        Value::String(text) => format!("s{}", normal(text, attribute)),
        Value::List(_) | Value::Map(_) | Value::Sensitive(_) | Value::Unknown(_) => return None,
    })
}

/// Whether two plain scalars are the same.
pub(super) fn same_scalar(a: &Value, b: &Value, attribute: &Attribute) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b || normal(a, attribute) == normal(b, attribute),
        // Most scalars are compared without a copy.
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (a, b) => canonical(a, attribute).is_some_and(|a| canonical(b, attribute) == Some(a)),
    }
}

/// Whether a service that leaves the attribute out says this value.
pub(super) fn is_meant_by_absence(attribute: &Attribute, value: &Value) -> bool {
    attribute.absent.as_ref().is_some_and(|absent| same_scalar(value, absent, attribute))
}

/// A number without a fraction is the integer.
fn float(f: f64) -> String {
    // Every integral float below 2^63 is one of i64.
    if f.fract() == 0.0 && f.abs() < 9_223_372_036_854_775_808.0 {
        format!("n{}", f as i64)
    } else {
        format!("n{f:?}")
    }
}

fn normal<'t>(text: &'t str, attribute: &Attribute) -> Cow<'t, str> {
    let formed = match attribute.normal {
        None => None,
        Some(Normal::AzureLocation) => {
            Some(text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect())
        }
        Some(Normal::AzureId) => Some(text.trim_end_matches('/').to_lowercase()),
        Some(Normal::Cidr) => cidr(text),
        Some(Normal::Duration) => duration(text),
        Some(Normal::Json) => json(text),
        Some(Normal::Yaml) => yaml(text),
        Some(Normal::FilePath) => file_path(text),
        Some(Normal::Words) if attribute.case_insensitive => Some(words(&text.to_lowercase())),
        Some(Normal::Words) => Some(words(text)),
    };
    match (formed, attribute.case_insensitive) {
        (Some(formed), false) => Cow::Owned(formed),
        (Some(formed), true) => Cow::Owned(formed.to_lowercase()),
        (None, true) => Cow::Owned(text.to_lowercase()),
        (None, false) => Cow::Borrowed(text),
    }
}

/// The attributes at the top of an object in their normal forms.
pub(crate) fn normalised(object: &Value, schema: &TypeSchema) -> Value {
    let Value::Map(entries) = object else { return object.clone() };
    Value::map(entries.iter().map(|(name, value)| {
        let formed = match (value, schema.attributes.get(name)) {
            (Value::String(text), Some(attribute)) => normal(text, attribute).into_owned().into(),
            _ => value.clone(),
        };
        (name.clone(), formed)
    }))
}

/// The words between commas, in order and each once.
fn words(text: &str) -> String {
    let words: BTreeSet<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    words.into_iter().collect::<Vec<_>>().join(",")
}

/// What a path is once it is walked. Below a folder of ours `..` takes the folder before it away; an
/// absolute path may have links on its way, and keeps its `..`.
fn file_path(text: &str) -> Option<String> {
    let absolute = text.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if !absolute => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    // One that ends so names no file.
    if text.ends_with('/') || parts.is_empty() {
        return None;
    }
    Some(format!("{}{}", if absolute { "/" } else { "" }, parts.join("/")))
}

/// The network of an address with a prefix; a bare address is a network of one.
fn cidr(text: &str) -> Option<String> {
    let (address, prefix) = match text.trim().split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (text.trim(), None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => {
            let prefix = prefix.unwrap_or(32);
            let host = 32u32.checked_sub(prefix)?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            Some(format!("{}/{prefix}", std::net::Ipv4Addr::from(u32::from(v4) & mask)))
        }
        IpAddr::V6(v6) => {
            let prefix = prefix.unwrap_or(128);
            let host = 128u32.checked_sub(prefix)?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            Some(format!("{}/{prefix}", std::net::Ipv6Addr::from(u128::from(v6) & mask)))
        }
    }
}

/// Months and nanoseconds: a month has no fixed length, all shorter units do.
fn duration(text: &str) -> Option<String> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (months, nanos) = match text.strip_prefix(['P', 'p']) {
        Some(iso) => iso_duration(iso)?,
        None => (0, short_duration(text)?),
    };
    let sign = if negative && (months, nanos) != (0, 0) { "-" } else { "" };
    Some(format!("{sign}{months}mo{nanos}ns"))
}

const SECOND: u128 = 1_000_000_000;

/// `1h30m`, `90s`, `1.5h`, `250ms`.
fn short_duration(text: &str) -> Option<u128> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let unit = match &after[..end] {
            "w" => 7 * 86_400 * SECOND,
            "d" => 86_400 * SECOND,
            "h" => 3_600 * SECOND,
            "m" | "min" => 60 * SECOND,
            "s" => SECOND,
            "ms" => 1_000_000,
            "us" | "µs" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        total = total.checked_add(scaled(number, unit)?)?;
        rest = after[end..].trim_start();
    }
    (!text.is_empty()).then_some(total)
}

/// What follows the `P` of an ISO 8601 duration.
fn iso_duration(text: &str) -> Option<(u128, u128)> {
    let (mut months, mut nanos): (u128, u128) = (0, 0);
    let (mut rest, mut in_time, mut any) = (text, false, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            if in_time || after.is_empty() {
                return None;
            }
            (rest, in_time) = (after, true);
            continue;
        }
        let (number, after) = number(rest)?;
        let mut chars = after.chars();
        let unit = chars.next()?.to_ascii_uppercase();
        rest = chars.as_str();
        any = true;
        match (unit, in_time) {
            ('Y', false) => months = months.checked_add(scaled(number, 12)?)?,
            ('M', false) => months = months.checked_add(scaled(number, 1)?)?,
            ('W', false) => nanos = nanos.checked_add(scaled(number, 7 * 86_400 * SECOND)?)?,
            ('D', false) => nanos = nanos.checked_add(scaled(number, 86_400 * SECOND)?)?,
            ('H', true) => nanos = nanos.checked_add(scaled(number, 3_600 * SECOND)?)?,
            ('M', true) => nanos = nanos.checked_add(scaled(number, 60 * SECOND)?)?,
            ('S', true) => nanos = nanos.checked_add(scaled(number, SECOND)?)?,
            _ => return None,
        }
    }
    any.then_some((months, nanos))
}

/// Digits, perhaps a fraction, and what follows them.
fn number(text: &str) -> Option<((&str, &str), &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    (!whole.is_empty() && !fraction.contains(['.', ','])).then_some(((whole, fraction), rest))
}

/// A decimal number of units, exactly; none where that is no whole number of the smallest unit.
fn scaled((whole, fraction): (&str, &str), unit: u128) -> Option<u128> {
    let mut total = whole.parse::<u128>().ok()?.checked_mul(unit)?;
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let part = fraction.parse::<u128>().ok()?.checked_mul(unit)?;
        if part % scale != 0 {
            return None;
        }
        total = total.checked_add(part / scale)?;
    }
    Some(total)
}

/// JSON without layout, keys in order. What is nested too deeply for the parser stays text.
fn json(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut out = String::new();
    write_json(&value, &mut out);
    Some(out)
}

fn write_json(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(f)) if number.is_f64() => out.push_str(&float(f)[1..]),
            _ => out.push_str(&number.to_string()),
        },
        serde_json::Value::Array(items) => {
            out.push('[');
            for item in items {
                write_json(item, out);
                out.push(',');
            }
            out.push(']');
        }
        serde_json::Value::Object(entries) => {
            // Sorted here: whether the parser's map is ordered is a matter of its build.
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (key, item) in entries {
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                write_json(item, out);
                out.push(',');
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// The documents of a YAML text, each without layout and with its keys in order.
fn yaml(text: &str) -> Option<String> {
    use serde::Deserialize;
    let mut out = String::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_yaml::Value::deserialize(document).ok()?;
        write_yaml(&value, &mut out);
        out.push_str("---");
    }
    Some(out)
}

fn write_yaml(value: &serde_yaml::Value, out: &mut String) {
    match value {
        serde_yaml::Value::Null => out.push_str("null"),
        serde_yaml::Value::Bool(b) => out.push_str(&b.to_string()),
        serde_yaml::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(f)) if number.is_f64() => out.push_str(&float(f)[1..]),
            _ => out.push_str(&number.to_string()),
        },
        serde_yaml::Value::String(text) => {
            out.push_str(&serde_json::Value::from(text.as_str()).to_string());
        }
        serde_yaml::Value::Sequence(items) => {
            out.push('[');
            for item in items {
                write_yaml(item, out);
                out.push(',');
            }
            out.push(']');
        }
        serde_yaml::Value::Mapping(entries) => {
            let mut lines: Vec<String> = entries
                .iter()
                .map(|(key, item)| {
                    let mut line = String::new();
                    write_yaml(key, &mut line);
                    line.push(':');
                    write_yaml(item, &mut line);
                    line
                })
                .collect();
            lines.sort();
            out.push('{');
            for line in lines {
                out.push_str(&line);
                out.push(',');
            }
            out.push('}');
        }
        serde_yaml::Value::Tagged(tagged) => {
            out.push_str(&tagged.tag.to_string());
            out.push(' ');
            write_yaml(&tagged.value, out);
        }
    }
}
