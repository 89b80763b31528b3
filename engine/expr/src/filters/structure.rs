//! Structural filters on lists and maps: parts move, and keep their marks.

use std::sync::Arc;

use aurak_model::value::{Secret, Type};
use aurak_model::{Map, Name, Value};

use super::{Args, OPERAND, attribute, attribute_or_error, items_of, shaped, text_of, wants, whole};
use crate::bounds::{self, MAX_ITEMS};
use crate::chain::{Key, index, no_such};
use crate::error::{ErrorKind, ExprError, Res, type_error};
use crate::taint::{Taint, fresh, open};

pub(super) fn apply(name: &str, args: Args) -> Res<Value> {
    match name {
        "length" | "count" => one(name, Type::Integer, args, |value| {
            Ok(Value::Int(match &value {
                Value::List(list) => list.len(),
                Value::Map(map) => map.len(),
                Value::String(text) => text.chars().count(),
                other => return wants(name, "a list, a map or text", other),
            } as i64))
        }),
        "first" | "last" => one(name, Type::Any, args, |value| end(name, &value)),
        "list" => one(name, Type::List, args, |value| match value {
            Value::List(_) => Ok(value),
            Value::Map(map) => Ok(Value::list(map.keys().cloned().map(Value::String))),
            Value::String(text) => {
                bounds::items(text.len())?;
                Ok(Value::list(text.chars().map(|c| Value::string(c.to_string()))))
            }
            other => wants(name, "a list", &other),
        }),
        "keys" | "values" | "items" | "dict2items" => map_parts(name, args),
        "reverse" => {
            let ty = args.pos.first().map(Value::ty).unwrap_or_default();
            one(name, ty, args, |value| match value {
                Value::String(text) => Ok(Value::string(text.chars().rev().collect::<String>())),
                other => Ok(Value::list(items_of(name, other)?.into_iter().rev())),
            })
        }
        "batch" | "slice" => {
            let args = args.bind(name, [OPERAND, "count", "fill_with"], 2)?;
            let [value, count, fill] = args;
            // What fills up is not looked at, so it may be secret or unknown.
            shaped(Type::List, [value, count], |[value, count]| {
                let items = items_of(name, value.unwrap_or_default())?;
                let count = whole(name, "count", &count.unwrap_or_default(), 1, MAX_ITEMS as i64)? as usize;
                Ok(match name {
                    "batch" => batch(&items, count, fill),
                    _ => slice(&items, count, fill),
                })
            })
        }
        "flatten" => shaped(Type::List, args.bind(name, [OPERAND, "levels"], 1)?, |[value, levels]| {
            let levels = match levels {
                Some(levels) => whole(name, "levels", &levels, 0, 1000)? as usize,
                None => usize::MAX,
            };
            flatten(items_of(name, value.unwrap_or_default())?, levels)
        }),
        "zip" => zip(args),
        "chain" => chain(args),
        "attr" => shaped(Type::Any, args.bind(name, [OPERAND, "name"], 2)?, |[value, key]| {
            let value = value.unwrap_or_default();
            let key = match key.unwrap_or_default() {
                Value::String(text) => Key::Shared(text),
                Value::Int(i) => Key::Index(i),
                other => return wants(name, "a name", &other),
            };
            match index(&value, &key) {
                Some(part) => Ok(part),
                None => Err(Box::new(no_such(&value, &key, "the value", false))),
            }
        }),
        "key_by" => key_by(args),
        _ => items_to_map(args),
    }
}

fn one(name: &str, ty: Type, args: Args, f: impl FnOnce(Value) -> Res<Value>) -> Res<Value> {
    shaped(ty, args.bind(name, [OPERAND], 1)?, |[value]| f(value.unwrap_or_default()))
}

fn end(name: &str, value: &Value) -> Res<Value> {
    let first = name == "first";
    let found = match value {
        Value::List(list) => if first { list.first() } else { list.last() }.cloned(),
        Value::String(text) => {
            let mut chars = text.chars();
            if first { chars.next() } else { chars.next_back() }.map(|c| Value::string(c.to_string()))
        }
        other => return wants(name, "a list", other),
    };
    found.ok_or_else(|| {
        Box::new(
            ExprError::new(ErrorKind::UndefinedAttribute, format!("there is no {name} item: it is empty"))
                .help(format!("write `| {name} | default(...)` where it may be empty")),
        )
    })
}

fn map_parts(name: &str, args: Args) -> Res<Value> {
    let (value, key_name, value_name) = match name {
        "dict2items" => {
            let [value, key, of] = args.bind(name, [OPERAND, "key_name", "value_name"], 1)?;
            (value, text_of(name, "key_name", key)?, text_of(name, "value_name", of)?)
        }
        _ => {
            let [value] = args.bind(name, [OPERAND], 1)?;
            (value, None, None)
        }
    };
    let (key_name, value_name) =
        (key_name.unwrap_or_else(|| "key".into()), value_name.unwrap_or_else(|| "value".into()));
    shaped(Type::List, [value], |[value]| {
        let map = match value.unwrap_or_default() {
            Value::Map(map) => map,
            other => return wants(name, "a map", &other),
        };
        Ok(match name {
            "keys" => Value::list(map.keys().cloned().map(Value::String)),
            "values" => Value::list(map.values().cloned()),
            "items" => {
                Value::list(map.iter().map(|(k, v)| Value::list([Value::String(k.clone()), v.clone()])))
            }
            _ => Value::list(map.iter().map(|(k, v)| {
                Value::map([(key_name.clone(), Value::String(k.clone())), (value_name.clone(), v.clone())])
            })),
        })
    })
}

fn batch(items: &[Value], count: usize, fill: Option<Value>) -> Value {
    let mut rows: Vec<Vec<Value>> = items.chunks(count).map(<[Value]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (fill, rows.last_mut()) {
        // Filling up a row beyond reason would be a mistake in `count`.
        last.resize(count.min(MAX_ITEMS), fill);
    }
    Value::list(rows.into_iter().map(Value::from))
}

fn slice(items: &[Value], count: usize, fill: Option<Value>) -> Value {
    let (each, longer) = (items.len() / count, items.len() % count);
    let mut at = 0;
    Value::list((0..count).map(|i| {
        let len = each + usize::from(i < longer);
        let mut column = items[at..at + len].to_vec();
        at += len;
        if let (Some(fill), true) = (&fill, longer > 0 && i >= longer) {
            column.push(fill.clone());
        }
        Value::from(column)
    }))
}

fn flatten(items: Vec<Value>, levels: usize) -> Res<Value> {
    /// Gives false where an item may be a list, and nobody knows.
    fn go(items: &[Value], levels: usize, out: &mut Vec<Value>, secret: &mut bool) -> Res<bool> {
        for item in items {
            let (inner, marked) = match item {
                Value::Sensitive(Secret::Plain(inner)) if matches!(**inner, Value::List(_)) => {
                    ((**inner).clone(), true)
                }
                other => (other.clone(), false),
            };
            *secret |= marked && levels > 0;
            match inner {
                Value::List(list) if levels > 0 => {
                    if !go(&list, levels.saturating_sub(1), out, secret)? {
                        return Ok(false);
                    }
                }
                Value::Unknown(unknown) if levels > 0 && matches!(unknown.ty, Type::Any | Type::List) => {
                    return Ok(false);
                }
                _ => out.push(item.clone()),
            }
            bounds::items(out.len())?;
        }
        Ok(true)
    }
    let (mut out, mut secret) = (Vec::with_capacity(items.len()), false);
    if !go(&items, levels, &mut out, &mut secret)? {
        return Ok(Taint::of(&items).fresh(Type::List));
    }
    let list = Value::from(out);
    Ok(if secret { crate::taint::opaque(list) } else { list })
}

fn zip(args: Args) -> Res<Value> {
    no_named("zip", &args)?;
    if args.pos.iter().any(|v| matches!(v, Value::Unknown(_))) {
        return Ok(fresh(Type::List, &args.pos.iter().collect::<Vec<_>>()));
    }
    let mut secret = false;
    let mut lists = Vec::with_capacity(args.pos.len());
    for value in &args.pos {
        let (value, marked) = open(value)?;
        secret |= marked;
        lists.push(items_of("zip", value)?);
    }
    let rows = lists.iter().map(Vec::len).min().unwrap_or(0);
    bounds::items(rows.saturating_mul(lists.len()))?;
    let list = Value::list((0..rows).map(|i| Value::list(lists.iter().map(|list| list[i].clone()))));
    Ok(if secret { crate::taint::opaque(list) } else { list })
}

fn chain(args: Args) -> Res<Value> {
    no_named("chain", &args)?;
    if args.pos.iter().any(|v| matches!(v, Value::Unknown(_))) {
        return Ok(fresh(Type::List, &args.pos.iter().collect::<Vec<_>>()));
    }
    let mut secret = false;
    let mut out = Vec::new();
    for value in &args.pos {
        let (value, marked) = open(value)?;
        secret |= marked;
        out.extend(items_of("chain", value)?);
        bounds::items(out.len())?;
    }
    let list = Value::from(out);
    Ok(if secret { crate::taint::opaque(list) } else { list })
}

fn no_named(name: &str, args: &Args) -> Res<()> {
    match args.named.first() {
        Some((key, _)) => crate::error::call_error(format!("`{name}` has no parameter `{key}`")),
        None => Ok(()),
    }
}

/// `list | key_by('name')`: a map of the items by an attribute.
fn key_by(args: Args) -> Res<Value> {
    shaped(Type::Map, args.bind("key_by", [OPERAND, "attribute"], 2)?, |[value, path]| {
        let path = text_of("key_by", "attribute", path)?.unwrap_or_else(|| "".into());
        let items = items_of("key_by", value.unwrap_or_default())?;
        let mut entries: Vec<(Name, Value)> = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            if let Value::Unknown(_) = item {
                return Ok(Taint::of(&items).fresh(Type::Map));
            }
            match key(attribute_or_error("key_by", item, i, &path)?, &format!("`{path}` of item {i}"))? {
                Some(key) => entries.push((key, item.clone())),
                None => return Ok(Taint::of(&items).fresh(Type::Map)),
            }
        }
        unique_map(entries, |name| {
            ExprError::new(ErrorKind::Type, format!("two items have the `{path}` `{name}`"))
                .help("keys name things, so each must be there once")
        })
    })
}

fn items_to_map(args: Args) -> Res<Value> {
    let name = "items2dict";
    let [value, key_name, value_name] = args.bind(name, [OPERAND, "key_name", "value_name"], 1)?;
    let key_name = text_of(name, "key_name", key_name)?.unwrap_or_else(|| "key".into());
    let value_name = text_of(name, "value_name", value_name)?.unwrap_or_else(|| "value".into());
    shaped(Type::Map, [value], |[value]| {
        let items = items_of(name, value.unwrap_or_default())?;
        let mut entries: Vec<(Name, Value)> = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            // A pair, as `items` gives it, or a map with a key and a value.
            let (key_value, of) = match item {
                Value::Unknown(_) => return Ok(Taint::of(&items).fresh(Type::Map)),
                Value::List(pair) if pair.len() == 2 => (pair[0].clone(), pair[1].clone()),
                other => (
                    attribute_or_error(name, other, i, &key_name)?,
                    attribute(other, &value_name)?.unwrap_or_default(),
                ),
            };
            match key(key_value, &format!("the key of item {i}"))? {
                Some(key) => entries.push((key, of)),
                None => return Ok(Taint::of(&items).fresh(Type::Map)),
            }
        }
        unique_map(entries, |key| ExprError::new(ErrorKind::Type, format!("two items have the key `{key}`")))
    })
}

/// A value as a key: `None` where it is unknown.
fn key(value: Value, what: &str) -> Res<Option<Name>> {
    match value {
        Value::String(text) => Ok(Some(text)),
        Value::Int(i) => Ok(Some(i.to_string().into())),
        Value::Unknown(_) => Ok(None),
        Value::Sensitive(_) => type_error(format!("{what} is sensitive, and keys are shown everywhere")),
        other => {
            let noun = other.article();
            type_error(format!("{what} is {noun}, and keys are strings"))
        }
    }
}

fn unique_map(entries: Vec<(Name, Value)>, twice: impl Fn(&str) -> ExprError) -> Res<Value> {
    let count = entries.len();
    let mut names: Vec<Name> = entries.iter().map(|(k, _)| k.clone()).collect();
    let map: Map = entries.into_iter().collect();
    if map.len() < count {
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Box::new(twice(&pair[0])));
        }
    }
    Ok(Value::Map(Arc::new(map)))
}
