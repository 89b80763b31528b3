//! Filters that compare items: the items keep their marks, but where what is compared is secret the
//! order is too, and where it is unknown there is none yet.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use aurak_model::Value;
use aurak_model::value::Type;

use super::{Args, OPERAND, attribute_or_error, flag, items_of, shaped, text_of, wants};
use crate::digest::canonical;
use crate::error::{ErrorKind, ExprError, Res, call_error};
use crate::operators::order;
use crate::taint::{Taint, hide, opaque, reveal};

pub(super) fn apply(name: &str, args: Args) -> Res<Value> {
    match name {
        "sort" => {
            let [value, reverse, case, path] =
                args.bind(name, [OPERAND, "reverse", "case_sensitive", "attribute"], 1)?;
            let rules = Rules {
                name,
                reverse: flag(name, "reverse", reverse)?,
                case: flag(name, "case_sensitive", case)?,
            };
            let path = text_of(name, "attribute", path)?;
            shaped(Type::List, [value], |[value]| {
                let items = items_of(name, value.unwrap_or_default())?;
                let keys = keys(name, &items, path.as_deref())?;
                rules.sort(items, keys)
            })
        }
        "dictsort" => dictsort(args),
        "unique" => {
            let [value, case, path] = args.bind(name, [OPERAND, "case_sensitive", "attribute"], 1)?;
            let case = flag(name, "case_sensitive", case)?;
            let path = text_of(name, "attribute", path)?;
            shaped(Type::List, [value], |[value]| {
                let items = items_of(name, value.unwrap_or_default())?;
                unique(&items, &keys(name, &items, path.as_deref())?, case)
            })
        }
        "groupby" => groupby(args),
        _ => extreme(name, args),
    }
}

/// What items are compared by: an attribute, several with commas, or themselves.
fn keys(name: &str, items: &[Value], path: Option<&str>) -> Res<Vec<Value>> {
    let Some(path) = path else { return Ok(items.to_vec()) };
    let parts: Vec<&str> = path.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
    let mut out = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        out.push(match &parts[..] {
            [one] => attribute_or_error(name, item, i, one)?,
            many => {
                let mut list = Vec::with_capacity(many.len());
                for part in many {
                    list.push(attribute_or_error(name, item, i, part)?);
                }
                Value::from(list)
            }
        });
    }
    Ok(out)
}

struct Rules<'n> {
    name: &'n str,
    reverse: bool,
    case: bool,
}

impl Rules<'_> {
    fn sort(&self, items: Vec<Value>, keys: Vec<Value>) -> Res<Value> {
        if items.len() < 2 {
            return Ok(Value::from(items));
        }
        let taint = Taint::of(&keys);
        if taint.unknown {
            return Ok(Taint::of(items.iter().chain(&keys)).fresh(Type::List));
        }
        taint.openable()?;
        let pairs: Vec<(Value, Value)> = keys.iter().map(reveal).zip(items).collect();
        let result = sorted(pairs, &mut |a, b| {
            let order = order(&a.0, &b.0, self.case)?;
            Ok(if self.reverse { order.reverse() } else { order })
        })
        .map(|pairs| Value::list(pairs.into_iter().map(|(_, item)| item)))
        .map_err(|mut e| {
            e.message = format!("`{}` compares items, and {}", self.name, e.message);
            e
        });
        match taint.sensitive {
            true => result.map(opaque).map_err(hide),
            false => result,
        }
    }
}

/// A stable merge sort whose comparison may fail.
fn sorted<T>(mut items: Vec<T>, compare: &mut dyn FnMut(&T, &T) -> Res<Ordering>) -> Res<Vec<T>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = sorted(items.split_off(items.len() / 2), compare)?;
    let left = sorted(items, compare)?;
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from_right = compare(a, b)?.is_gt();
        out.extend(if from_right { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}

fn dictsort(args: Args) -> Res<Value> {
    let name = "dictsort";
    // Jinja's order of parameters.
    let [value, case, by, reverse] = args.bind(name, [OPERAND, "case_sensitive", "by", "reverse"], 1)?;
    let rules =
        Rules { name, reverse: flag(name, "reverse", reverse)?, case: flag(name, "case_sensitive", case)? };
    let by_value = match text_of(name, "by", by)?.as_deref() {
        None | Some("key") => false,
        Some("value") => true,
        Some(_) => return call_error("`by` of `dictsort` is `key` or `value`"),
    };
    shaped(Type::List, [value], |[value]| {
        let map = match value.unwrap_or_default() {
            Value::Map(map) => map,
            other => return wants(name, "a map", &other),
        };
        let keys =
            map.iter().map(|(k, v)| if by_value { v.clone() } else { Value::String(k.clone()) }).collect();
        let items = map.iter().map(|(k, v)| Value::list([Value::String(k.clone()), v.clone()])).collect();
        rules.sort(items, keys)
    })
}

fn unique(items: &[Value], keys: &[Value], case: bool) -> Res<Value> {
    if items.len() < 2 {
        return Ok(Value::list(items.iter().cloned()));
    }
    let taint = Taint::of(keys);
    if taint.unknown {
        return Ok(Taint::of(items.iter().chain(keys)).fresh(Type::List));
    }
    taint.openable()?;
    let mut seen = BTreeSet::new();
    let list = Value::list(
        items.iter().zip(keys).filter(|(_, key)| seen.insert(identity(key, case))).map(|(i, _)| i.clone()),
    );
    Ok(if taint.sensitive { opaque(list) } else { list })
}

/// Bytes that are equal for equal values.
fn identity(value: &Value, case: bool) -> Vec<u8> {
    canonical(&match reveal(value) {
        Value::String(text) if !case => Value::string(text.to_lowercase()),
        // A number is what it is worth.
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 9.0e15 => Value::Int(x as i64),
        other => other,
    })
}

fn groupby(args: Args) -> Res<Value> {
    let name = "groupby";
    let [value, path, fallback, case] =
        args.bind(name, [OPERAND, "attribute", "default", "case_sensitive"], 2)?;
    let path = text_of(name, "attribute", path)?.unwrap_or_else(|| "".into());
    let rules = Rules { name, reverse: false, case: flag(name, "case_sensitive", case)? };
    shaped(Type::List, [value], |[value]| {
        let items = items_of(name, value.unwrap_or_default())?;
        let mut keys = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            keys.push(match (super::attribute(item, &path)?, &fallback) {
                (Some(key), _) => key,
                (None, Some(fallback)) => fallback.clone(),
                (None, None) => attribute_or_error(name, item, i, &path)?,
            });
        }
        let taint = Taint::of(&keys);
        if taint.unknown {
            return Ok(Taint::of(items.iter().chain(&keys)).fresh(Type::List));
        }
        taint.openable()?;
        // Sorted as pairs of key and item; the groups are then neighbours.
        let pairs =
            items.iter().zip(&keys).map(|(item, key)| Value::list([reveal(key), item.clone()])).collect();
        let sorted = rules.sort(pairs, keys.iter().map(reveal).collect());
        let sorted = if taint.sensitive { sorted.map_err(hide)? } else { sorted? };
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for pair in sorted.as_list().unwrap_or_default() {
            let Some([key, item]) = pair.as_list() else { continue };
            match groups.last_mut() {
                Some((last, group)) if identity(last, rules.case) == identity(key, rules.case) => {
                    group.push(item.clone())
                }
                _ => groups.push((key.clone(), vec![item.clone()])),
            }
        }
        let list = Value::list(
            groups
                .into_iter()
                .map(|(key, group)| Value::map([("grouper", key), ("list", Value::from(group))])),
        );
        Ok(if taint.sensitive { opaque(list) } else { list })
    })
}

fn extreme(name: &str, args: Args) -> Res<Value> {
    let [value, case, path] = args.bind(name, [OPERAND, "case_sensitive", "attribute"], 1)?;
    let case = flag(name, "case_sensitive", case)?;
    let path = text_of(name, "attribute", path)?;
    shaped(Type::Any, [value], |[value]| {
        let items = items_of(name, value.unwrap_or_default())?;
        let keys = keys(name, &items, path.as_deref())?;
        let taint = Taint::of(&keys);
        if taint.unknown && items.len() > 1 {
            return Ok(Taint::of(items.iter().chain(&keys)).fresh(Type::Any));
        }
        if items.len() > 1 {
            taint.openable()?;
        }
        let mut best: Option<(Value, &Value)> = None;
        for (key, item) in keys.iter().map(reveal).zip(&items) {
            let better = match &best {
                None => true,
                Some((than, _)) => {
                    let order = order(&key, than, case);
                    let order = if taint.sensitive { order.map_err(hide)? } else { order? };
                    if name == "min" { order.is_lt() } else { order.is_gt() }
                }
            };
            if better {
                best = Some((key, item));
            }
        }
        match best {
            Some((_, item)) if taint.sensitive && items.len() > 1 => Ok(opaque(item.clone())),
            Some((_, item)) => Ok(item.clone()),
            None => Err(Box::new(
                ExprError::new(
                    ErrorKind::UndefinedAttribute,
                    format!("there is no {name}: the list is empty"),
                )
                .help(format!("write `| {name} | default(...)` where it may be empty")),
            )),
        }
    })
}
