//! `merge(a, b, ...)`: maps, the later over the earlier.
//!
//! Deep: where both hold a map under a key these are merged in turn; a list or a scalar replaces what
//! was there, and null is a value like any other. These are the rules by which inputs are merged
//! from their layers, so that one word means one thing.

use std::sync::Arc;

use aurak_model::value::{Secret, Type};
use aurak_model::{Map, Name, Value};

use super::{Args, wants};
use crate::error::{Res, call_error, type_error};
use crate::taint::{fresh, hide, opaque, open};

/// How deep maps may nest: more than anybody writes, less than a stack.
const MAX_DEPTH: usize = 100;

pub(super) fn apply(mut args: Args) -> Res<Value> {
    if let Some((key, _)) = args.named.first() {
        return call_error(format!("`merge` has no parameter `{key}`"));
    }
    if args.pos.is_empty() {
        return call_error("`merge` needs at least one map");
    }
    if let [Value::List(list)] = &args.pos[..] {
        args.pos = (**list).clone();
    }
    if args.pos.iter().any(|v| matches!(v, Value::Unknown(_))) {
        return Ok(fresh(Type::Map, &args.pos.iter().collect::<Vec<_>>()));
    }
    let mut secret = false;
    let mut merged = Value::Map(Arc::new(Map::new()));
    for value in &args.pos {
        let (value, marked) = open(value)?;
        secret |= marked;
        match &value {
            Value::Map(_) => merged = merge(&merged, &value, 0)?,
            other => {
                let error = wants("merge", "a map", other);
                return if marked { error.map_err(hide) } else { error };
            }
        }
    }
    Ok(if secret { opaque(merged) } else { merged })
}

fn merge(under: &Value, over: &Value, depth: usize) -> Res<Value> {
    if depth > MAX_DEPTH {
        return type_error("the maps to merge nest too deeply");
    }
    match (under, over) {
        (Value::Map(a), Value::Map(b)) => {
            if a.is_empty() {
                return Ok(over.clone());
            }
            if b.is_empty() {
                return Ok(under.clone());
            }
            maps(a, b, depth)
        }
        // Whether it replaces or merges is known when it is.
        (Value::Map(_), Value::Unknown(u)) if matches!(u.ty, Type::Any | Type::Map) => {
            Ok(fresh(Type::Any, &[under, over]))
        }
        (Value::Unknown(u), Value::Map(_)) if matches!(u.ty, Type::Any | Type::Map) => {
            Ok(fresh(Type::Map, &[under, over]))
        }
        (Value::Unknown(a), Value::Unknown(b))
            if matches!(a.ty, Type::Any | Type::Map) && matches!(b.ty, Type::Any | Type::Map) =>
        {
            Ok(fresh(Type::Any, &[under, over]))
        }
        // A map that is secret as a whole.
        (Value::Sensitive(Secret::Plain(a)), Value::Map(_)) if matches!(**a, Value::Map(_)) => {
            Ok(opaque(merge(a, over, depth)?))
        }
        (Value::Map(_), Value::Sensitive(Secret::Plain(b))) if matches!(**b, Value::Map(_)) => {
            Ok(opaque(merge(under, b, depth)?))
        }
        (Value::Sensitive(Secret::Plain(a)), Value::Sensitive(Secret::Plain(b)))
            if matches!(**a, Value::Map(_)) && matches!(**b, Value::Map(_)) =>
        {
            Ok(opaque(merge(a, b, depth)?))
        }
        // Whether there is a map below to merge with is a secret, or the plan's.
        (Value::Sensitive(Secret::Plain(a)), Value::Unknown(_)) if matches!(**a, Value::Map(_)) => {
            Ok(fresh(Type::Any, &[under, over]))
        }
        (Value::Unknown(_), Value::Sensitive(Secret::Plain(b))) if matches!(**b, Value::Map(_)) => {
            Ok(fresh(Type::Any, &[under, over]))
        }
        _ => Ok(over.clone()),
    }
}

fn maps(a: &Map, b: &Map, depth: usize) -> Res<Value> {
    // Both are sorted, so they are read side by side.
    let mut out: Vec<(Name, Value)> = Vec::with_capacity(a.len() + b.len());
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some((k, _)), Some((l, _))) => k.cmp(l),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => break,
        };
        let under = if order.is_le() { left.next() } else { None };
        let over = if order.is_ge() { right.next() } else { None };
        match (under, over) {
            (Some((key, under)), Some((_, over))) => out.push((key.clone(), merge(under, over, depth + 1)?)),
            (Some((key, value)), None) | (None, Some((key, value))) => out.push((key.clone(), value.clone())),
            (None, None) => break,
        }
    }
    Ok(Value::Map(Arc::new(out.into_iter().collect())))
}
