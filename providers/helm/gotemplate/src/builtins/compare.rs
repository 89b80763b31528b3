//! `eq`, `ne`, `lt`, `le`, `gt` and `ge`.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::place::Place;
use crate::{Error, Kind, Str, Value};

/// A value as comparisons see it: only the sort of it counts, not the width.
enum Side {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Str),
    Other,
}

impl Side {
    fn of(value: &Value) -> Self {
        match value.below() {
            Value::Bool(b) => Self::Bool(b),
            Value::Int(_, n) => Self::Int(n),
            Value::Uint(_, n) => Self::Uint(n),
            Value::Float(_, x) => Self::Float(x),
            Value::Str(text) => Self::Str(text),
            _ => Self::Other,
        }
    }
}

const BAD_TYPE: &str = "invalid type for comparison";

/// Is the first equal to one of the others?
pub(super) fn eq(args: &[Place]) -> Result<bool, Error> {
    let Some((first, others)) = args.split_first() else { return Ok(false) };
    if others.is_empty() {
        return Err(Error::new("missing argument for comparison"));
    }
    for other in others {
        if equal(&first.value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    match (Side::of(left), Side::of(right)) {
        (Side::Bool(a), Side::Bool(b)) => Ok(a == b),
        (Side::Int(a), Side::Int(b)) => Ok(a == b),
        (Side::Uint(a), Side::Uint(b)) => Ok(a == b),
        #[expect(clippy::float_cmp, reason = "that is the question")]
        (Side::Float(a), Side::Float(b)) => Ok(a == b),
        (Side::Str(a), Side::Str(b)) => Ok(a == b),
        (Side::Int(n), Side::Uint(u)) | (Side::Uint(u), Side::Int(n)) => {
            Ok(u64::try_from(n).is_ok_and(|n| n == u))
        }
        (Side::Other, Side::Other) => equal_others(left, right),
        _ if left.is_nil() || right.is_nil() => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

fn equal_others(left: &Value, right: &Value) -> Result<bool, Error> {
    let kinds = (left.kind(), right.kind());
    if kinds.0 != kinds.1 && kinds.0 != Kind::Invalid && kinds.1 != Kind::Invalid {
        return Err(Error::new(format!(
            "non-comparable types {}: {}, {}: {}",
            shown(left, b"%s")?,
            left.type_name(),
            right.type_name(),
            shown(right, b"%v")?
        )));
    }
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) == is_nil(right));
    }
    match (left, right) {
        (Value::Object(a), Value::Object(b)) if b.comparable() => {
            Ok(Rc::ptr_eq(a, b) || a.type_name() == b.type_name() && a.equal(b.as_ref()))
        }
        _ => Err(Error::new(format!("non-comparable type {}: {}", shown(right, b"%s")?, right.type_name()))),
    }
}

fn shown(value: &Value, verb: &[u8]) -> Result<String, Error> {
    crate::fmt::sprintf_within(1 << 20, verb, std::slice::from_ref(value)).map(|text| text.to_string())
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Map(map) => map.is_nil(),
        Value::List(list) => list.is_nil(),
        Value::Object(object) => object.kind() == Kind::Ptr && object.is_nil(),
        _ => false,
    }
}

fn incompatible(left: &Value, right: &Value) -> Error {
    let (left, right) = (left.type_name(), right.type_name());
    Error::new(format!("incompatible types for comparison: {left} and {right}"))
}

/// The order of two values; nothing if one is not a number.
fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, Error> {
    Ok(match (Side::of(left), Side::of(right)) {
        (Side::Other, _) | (_, Side::Other) | (Side::Bool(_), Side::Bool(_)) => {
            return Err(Error::new(BAD_TYPE));
        }
        (Side::Int(a), Side::Int(b)) => Some(a.cmp(&b)),
        (Side::Uint(a), Side::Uint(b)) => Some(a.cmp(&b)),
        (Side::Float(a), Side::Float(b)) => a.partial_cmp(&b),
        (Side::Str(a), Side::Str(b)) => Some(a.cmp(&b)),
        (Side::Int(n), Side::Uint(u)) => Some(u64::try_from(n).map_or(Ordering::Less, |n| n.cmp(&u))),
        (Side::Uint(u), Side::Int(n)) => Some(u64::try_from(n).map_or(Ordering::Greater, |n| u.cmp(&n))),
        _ => return Err(incompatible(left, right)),
    })
}

pub(super) fn lt(left: &Place, right: &Place) -> Result<bool, Error> {
    Ok(order(&left.value, &right.value)? == Some(Ordering::Less))
}

pub(super) fn le(left: &Place, right: &Place) -> Result<bool, Error> {
    Ok(matches!(order(&left.value, &right.value)?, Some(Ordering::Less | Ordering::Equal)))
}

// Go defines these two by the others, which shows when one side is not a number.

pub(super) fn gt(left: &Place, right: &Place) -> Result<bool, Error> {
    le(left, right).map(|is| !is)
}

pub(super) fn ge(left: &Place, right: &Place) -> Result<bool, Error> {
    lt(left, right).map(|is| !is)
}
