//! Brings a value into the shape that an attribute wants: what a scalar result becomes where text is
//! wanted, what is missing, what is unknown, what is out of range.
//!
//! Null on an attribute of a schema means not written, so null entries of typed objects and maps fall
//! away here; in free-form data null is data and stays.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use aurak_model::path::Seg;
use aurak_model::schema::{Attribute, Kind};
use aurak_model::value::{Secret, Type, Unknown};
use aurak_model::{Name, Path, Value};
use regex::Regex;

use crate::operators::shown;
use crate::suggest::{listed, suggest};
use crate::taint::opaque;
use crate::text::of_scalar;

/// Why a value does not fit an attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ShapeError {
    /// Where in the value.
    pub path: Path,
    /// One line; never holds a sensitive value.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

/// Brings a value into the shape of an attribute. `text` is the source text of a literal scalar:
/// where text is wanted `1.30` stays `1.30`.
///
/// Null comes back as null: whether the attribute itself may be absent is for the caller to say.
/// Below it, defaults of missing keys are filled in. Leaves of sensitive attributes are marked.
pub fn coerce(value: &Value, text: Option<&str>, attribute: &Attribute) -> Result<Value, ShapeError> {
    let shaped = shape(value, text, attribute)?;
    // Free-form data and containers may share a lot with the value; marks are added once, on top.
    Ok(if attribute.sensitive && !shaped.is_null() { shaped.sensitive() } else { shaped })
}

fn shape(value: &Value, text: Option<&str>, attribute: &Attribute) -> Result<Value, ShapeError> {
    match value {
        Value::Null => return Ok(Value::Null),
        Value::Unknown(unknown) => return unknown_value(unknown, attribute),
        Value::Sensitive(Secret::Sealed(_)) => return Ok(value.clone()),
        // A plan shows whether an attribute is written at all, so that cannot stay secret.
        Value::Sensitive(Secret::Plain(inner)) if inner.is_null() && attribute.kind != Kind::Any => {
            return Ok(Value::Null);
        }
        Value::Sensitive(Secret::Plain(inner)) => {
            return match coerce(inner, None, attribute) {
                Ok(inner) => Ok(opaque(inner)),
                Err(mut e) => {
                    // The shape that is wanted may be told, what is there instead may not.
                    e.message = match e.path.is_root() {
                        true => format!("the sensitive value does not fit: it must be {}", rules(attribute)),
                        false => {
                            "the sensitive value does not fit: a part of it has the wrong form".to_string()
                        }
                    };
                    e.help = None;
                    e.path = Path::root();
                    Err(e)
                }
            };
        }
        _ => {}
    }
    match attribute.kind {
        Kind::Any => Ok(value.clone()),
        Kind::Boolean => boolean(value),
        Kind::Integer => integer(value, attribute),
        Kind::Number => number(value, attribute),
        Kind::String => string(value, text, attribute),
        Kind::List => list(value, attribute),
        Kind::Map => map(value, attribute),
        Kind::Object => object(value, attribute),
    }
}

fn unknown_value(unknown: &Unknown, attribute: &Attribute) -> Result<Value, ShapeError> {
    let wanted = attribute.value_type();
    let fits = match (unknown.ty, wanted) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::Boolean | Type::Integer | Type::Number, Type::String) => true,
        (Type::Integer, Type::Number) | (Type::Number, Type::Integer) => true,
        (a, b) => a == b,
    };
    if !fits {
        return Err(wrong(wanted, unknown.ty.article().to_string(), None));
    }
    let ty = if wanted.is_any() { unknown.ty } else { wanted };
    Ok(Value::Unknown(Box::new(Unknown { ty, ..unknown.clone() })))
}

fn boolean(value: &Value) -> Result<Value, ShapeError> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) => Err(wrong(
            Type::Boolean,
            shown(value),
            match &*text.to_lowercase() {
                "true" | "yes" | "on" | "y" => Some("write `true` without quotes".to_string()),
                "false" | "no" | "off" | "n" => Some("write `false` without quotes".to_string()),
                _ => None,
            },
        )),
        other => Err(wrong(Type::Boolean, shown(other), None)),
    }
}

fn integer(value: &Value, attribute: &Attribute) -> Result<Value, ShapeError> {
    let i = match value {
        Value::Int(i) => *i,
        // The largest magnitude below which every whole float is exact.
        Value::Float(x) if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 => *x as i64,
        Value::String(text) if text.parse::<i64>().is_ok() => {
            return Err(wrong(
                Type::Integer,
                format!("the text {}", shown(value)),
                Some("write it without quotes, or `| int` after an expression".to_string()),
            ));
        }
        other => return Err(wrong(Type::Integer, shown(other), None)),
    };
    in_range(i as f64, &i.to_string(), attribute)?;
    Ok(Value::Int(i))
}

fn number(value: &Value, attribute: &Attribute) -> Result<Value, ShapeError> {
    let x = match value {
        Value::Int(i) => *i as f64,
        Value::Float(x) => *x,
        Value::String(text) if text.parse::<f64>().is_ok() => {
            return Err(wrong(
                Type::Number,
                format!("the text {}", shown(value)),
                Some("write it without quotes, or `| float` after an expression".to_string()),
            ));
        }
        other => return Err(wrong(Type::Number, shown(other), None)),
    };
    in_range(x, shown(value).trim_matches('`'), attribute)?;
    Ok(value.clone())
}

fn string(value: &Value, text: Option<&str>, attribute: &Attribute) -> Result<Value, ShapeError> {
    let value = match (value, text) {
        (Value::String(_), _) => value.clone(),
        (Value::Bool(_) | Value::Int(_) | Value::Float(_), Some(text)) => Value::string(text),
        (other, _) => match of_scalar(other) {
            Ok(text) => Value::string(text),
            Err(e) => return Err(wrong(Type::String, shown(other), e.help)),
        },
    };
    let Some(text) = value.as_str() else { return Ok(value) };
    if !attribute.allowed.is_empty() {
        let same = |a: &Name| match attribute.case_insensitive {
            true => a.eq_ignore_ascii_case(text),
            false => **a == *text,
        };
        if !attribute.allowed.iter().any(same) {
            let help = match suggest(text, &attribute.allowed) {
                Some(meant) => format!("did you mean `{meant}`? allowed are {}", listed(&attribute.allowed)),
                None => format!("allowed are {}", listed(&attribute.allowed)),
            };
            return Err(error(format!("{} is not allowed here", shown(&value)), Some(help)));
        }
    }
    in_length(text.chars().count(), "character", attribute)?;
    if let Some(pattern) = &attribute.pattern {
        match matches_whole(pattern, text) {
            Ok(true) => {}
            Ok(false) => {
                return Err(error(
                    format!("{} does not have the form that is wanted", shown(&value)),
                    Some(match &attribute.example {
                        // In quotes: a number that looks like it may be another text.
                        Some(example) => {
                            format!("write text such as `\"{example}\"`; it must match `{pattern}`")
                        }
                        None => format!("it must match `{pattern}`"),
                    }),
                ));
            }
            Err(why) => return Err(error(format!("the pattern `{pattern}` is broken: {why}"), None)),
        }
    }
    Ok(value)
}

fn list(value: &Value, attribute: &Attribute) -> Result<Value, ShapeError> {
    let Value::List(items) = value else {
        let help = match value {
            Value::Map(_) => None,
            _ => Some("write a list with one item: `[...]`".to_string()),
        };
        return Err(wrong(Type::List, shown(value), help));
    };
    in_length(items.len(), "item", attribute)?;
    let Some(of) = &attribute.items else { return Ok(value.clone()) };
    let mut out = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let below = |e: ShapeError| under(Seg::Index(i), e);
        if item.is_null() && of.kind != Kind::Any {
            return Err(below(error(format!("null cannot be an item: it must be {}", wanted(of)), None)));
        }
        out.push(coerce(item, None, of).map_err(below)?);
    }
    Ok(same_or(value, Value::from(out)))
}

fn map(value: &Value, attribute: &Attribute) -> Result<Value, ShapeError> {
    let Value::Map(entries) = value else { return Err(wrong(Type::Map, shown(value), None)) };
    in_length(entries.len(), "key", attribute)?;
    let Some(of) = &attribute.items else { return Ok(value.clone()) };
    let mut out: Vec<(Name, Value)> = Vec::with_capacity(entries.len());
    for (key, item) in entries.iter() {
        if item.is_null() && of.kind != Kind::Any {
            continue;
        }
        out.push((key.clone(), coerce(item, None, of).map_err(|e| under(Seg::Key(key.clone()), e))?));
    }
    Ok(same_or(value, Value::map(out)))
}

fn object(value: &Value, attribute: &Attribute) -> Result<Value, ShapeError> {
    let Value::Map(entries) = value else { return Err(wrong(Type::Map, shown(value), None)) };
    let mut out: Vec<(Name, Value)> = Vec::with_capacity(entries.len());
    for (key, item) in entries.iter() {
        let below = |e: ShapeError| under(Seg::Key(key.clone()), e);
        match attribute.attributes.get(key) {
            Some(_) if item.is_null() => {}
            Some(of) if of.computed && !of.optional => {
                return Err(below(error(
                    format!("`{key}` cannot be set: the provider decides it"),
                    Some("remove it".to_string()),
                )));
            }
            Some(of) => out.push((key.clone(), coerce(item, None, of).map_err(below)?)),
            None if attribute.open => out.push((key.clone(), item.clone())),
            None => {
                let settable =
                    attribute.attributes.iter().filter(|(_, a)| !a.computed || a.optional).map(|(k, _)| k);
                let help = match suggest(key, settable.clone()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("there are {}", listed(settable)),
                };
                return Err(below(error(format!("there is no `{key}` here"), Some(help))));
            }
        }
    }
    for (key, of) in &attribute.attributes {
        if out.iter().any(|(k, _)| k == key) {
            continue;
        }
        if let Some(default) = &of.default {
            let default = coerce(default, None, of).map_err(|e| under(Seg::Key(key.clone()), e))?;
            out.push((key.clone(), default));
        } else if of.required {
            return Err(error(
                format!("`{key}` is required"),
                Some(match of.description.is_empty() {
                    true => format!("set `{key}` to {}", wanted(of)),
                    false => format!("set `{key}` to {}: {}", wanted(of), of.description),
                }),
            ));
        }
    }
    Ok(same_or(value, Value::map(out)))
}

/// The old value where nothing changed, so that it stays shared.
fn same_or(old: &Value, new: Value) -> Value {
    if *old == new { old.clone() } else { new }
}

fn in_range(x: f64, shown: &str, attribute: &Attribute) -> Result<(), ShapeError> {
    let (least, most) = (attribute.minimum, attribute.maximum);
    if least.is_none_or(|m| x >= m as f64) && most.is_none_or(|m| x <= m as f64) {
        return Ok(());
    }
    Err(error(format!("{shown} is out of range"), Some(format!("it must be {}", bounds(least, most)))))
}

fn in_length(len: usize, unit: &str, attribute: &Attribute) -> Result<(), ShapeError> {
    let (least, most) = (attribute.minimum, attribute.maximum);
    let n = len as i64;
    if least.is_none_or(|m| n >= m) && most.is_none_or(|m| n <= m) {
        return Ok(());
    }
    let plural = if len == 1 { "" } else { "s" };
    Err(error(
        format!("it has {len} {unit}{plural}"),
        Some(format!("it must have {} {unit}s", bounds(least, most))),
    ))
}

/// The bound of an input that a value is beyond: of a number, or of the length of text.
pub fn beyond(value: &Value, least: Option<f64>, most: Option<f64>) -> Option<String> {
    let (size, unit) = match value {
        Value::Int(i) => (*i as f64, ""),
        Value::Float(x) => (*x, ""),
        Value::String(text) => (text.chars().count() as f64, " characters"),
        Value::Sensitive(Secret::Plain(inner)) => return beyond(inner, least, most),
        _ => return None,
    };
    match (least, most) {
        (Some(least), _) if size < least => Some(format!("at least {least}{unit}")),
        (_, Some(most)) if size > most => Some(format!("at most {most}{unit}")),
        _ => None,
    }
}

fn bounds(least: Option<i64>, most: Option<i64>) -> String {
    match (least, most) {
        (Some(a), Some(b)) if a == b => format!("exactly {a}"),
        (Some(a), Some(b)) => format!("{a} to {b}"),
        (Some(a), None) => format!("at least {a}"),
        (None, Some(b)) => format!("at most {b}"),
        (None, None) => "any".to_string(),
    }
}

/// Whether a text matches a regular expression whole.
pub fn matches_whole(pattern: &str, text: &str) -> Result<bool, String> {
    /// Patterns come from types and inputs: few, and used for every resource.
    type Compiled = HashMap<String, Result<Arc<Regex>, String>>;
    static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);
    /// More than types and inputs have together; a compiled one can hold megabytes.
    const MOST_COMPILED: usize = 1000;
    let regex = {
        let mut compiled = COMPILED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match compiled.get(pattern) {
            Some(regex) => regex.clone(),
            None => {
                let regex = Regex::new(&format!(r"\A(?:{pattern})\z")).map(Arc::new).map_err(|e| match e {
                    regex::Error::CompiledTooBig(_) => "it is too large".to_string(),
                    other => other.to_string().lines().last().unwrap_or("syntax error").trim().to_string(),
                });
                if compiled.len() >= MOST_COMPILED {
                    compiled.clear();
                }
                compiled.insert(pattern.to_string(), regex.clone());
                regex
            }
        }
    };
    regex.map(|regex| regex.is_match(text))
}

fn wanted(attribute: &Attribute) -> String {
    let article = attribute.value_type().article();
    match attribute.allowed.is_empty() {
        true => article.to_string(),
        false => format!("one of {}", listed(&attribute.allowed)),
    }
}

/// The same with all that is asked of it, for a value that cannot be shown beside the rule it breaks.
fn rules(attribute: &Attribute) -> String {
    let mut text = wanted(attribute);
    let (least, most) = (attribute.minimum, attribute.maximum);
    if least.is_some() || most.is_some() {
        let unit = match attribute.kind {
            Kind::String => " characters",
            Kind::List => " items",
            Kind::Map | Kind::Object => " keys",
            Kind::Any | Kind::Boolean | Kind::Integer | Kind::Number => "",
        };
        text.push_str(&format!(" of {}{unit}", bounds(least, most)));
    }
    if let Some(pattern) = &attribute.pattern {
        text.push_str(&format!(" that matches `{pattern}`"));
    }
    text
}

fn wrong(wanted: Type, found: String, help: Option<String>) -> ShapeError {
    error(format!("{} is wanted here, and this is {found}", wanted.article()), help)
}

fn error(message: String, help: Option<String>) -> ShapeError {
    ShapeError { path: Path::root(), message, help }
}

fn under(seg: Seg, mut error: ShapeError) -> ShapeError {
    error.path.0.insert(0, seg);
    error
}
