//! `index`, `slice` and `len`.

use super::call::prepared;
use crate::place::Place;
use crate::{Error, Kind, List, Type, UintKind, Value};

pub(super) fn index(args: &[Place]) -> Result<Place, Error> {
    let Some((item, indexes)) = args.split_first() else { return Ok(Place::none()) };
    if item.value.is_nil() {
        return Err(Error::new("index of untyped nil"));
    }
    let mut item = item.clone().unwrapped();
    for place in indexes {
        item = one(&item.value, &place.value)?;
    }
    Ok(item)
}

fn one(item: &Value, index: &Value) -> Result<Place, Error> {
    match item {
        Value::Nil => Err(Error::new("index of nil pointer")),
        Value::Object(object) if object.kind() == Kind::Ptr && object.is_nil() => {
            Err(Error::new("index of nil pointer"))
        }
        Value::Str(text) | Value::Bytes(text) => {
            let at = position(index, &index.type_name(), text.len())?;
            let what = if matches!(item, Value::Str(_)) { "string" } else { "slice" };
            match text.get(at) {
                Some(byte) => Ok(Place::plain(Value::Uint(UintKind::Uint8, u64::from(*byte)))),
                None => Err(Error::new(format!("reflect: {what} index out of range"))),
            }
        }
        Value::List(list) => {
            let at = position(index, &index.type_name(), list.len())?;
            match list.get(at) {
                Some(value) => Ok(Place::of(value, list.get_type().element())),
                None => Err(Error::new("reflect: slice index out of range")),
            }
        }
        Value::Map(map) => {
            let key = prepared(index, &Type::String)?;
            let element = map.get_type().element();
            let value = key.as_str().and_then(|key| map.get(key)).unwrap_or_else(|| Value::zero(element));
            Ok(Place::of(value, element))
        }
        other => Err(Error::new(format!("can't index item of type {}", pointed(other)))),
    }
}

/// The type of what a pointer points to.
fn pointed(value: &Value) -> String {
    let name = value.type_name();
    name.strip_prefix('*').map_or(name.clone(), str::to_owned)
}

/// An index that lies within `end`, which itself is allowed as in Go.
fn position(index: &Value, type_name: &str, end: usize) -> Result<usize, Error> {
    let at = match index.below() {
        Value::Int(_, n) => n,
        Value::Uint(_, n) => n.cast_signed(),
        Value::Nil => return Err(Error::new("cannot index slice/array with nil")),
        _ => return Err(Error::new(format!("cannot index slice/array with type {type_name}"))),
    };
    usize::try_from(at)
        .ok()
        .filter(|at| *at <= end)
        .ok_or_else(|| Error::new(format!("index out of range: {at}")))
}

pub(super) fn slice(args: &[Place]) -> Result<Place, Error> {
    let Some((item, indexes)) = args.split_first() else { return Ok(Place::none()) };
    let item = &item.value;
    match item {
        Value::Nil => return Err(Error::new("slice of untyped nil")),
        Value::Object(object) if object.kind() == Kind::Ptr && object.is_nil() => {
            return Err(Error::new("slice of nil pointer"));
        }
        _ => {}
    }
    if indexes.len() > 3 {
        return Err(Error::new(format!("too many slice indexes: {}", indexes.len())));
    }
    let length = match item {
        Value::Str(_) if indexes.len() == 3 => return Err(Error::new("cannot 3-index slice a string")),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        other => return Err(Error::new(format!("can't slice item of type {}", pointed(other)))),
    };
    let mut bounds = [0, length, length];
    for (bound, place) in bounds.iter_mut().zip(indexes) {
        // What lies in an interface is not taken out here, unlike by `index`.
        *bound = if place.wrapped {
            position(&Value::Bool(false), "interface {}", length)?
        } else {
            position(&place.value, &place.value.type_name(), length)?
        };
    }
    let [from, to, end] = bounds;
    if from > to {
        return Err(Error::new(format!("invalid slice index: {from} > {to}")));
    }
    if to > end {
        return Err(Error::new(format!("invalid slice index: {to} > {end}")));
    }
    Ok(Place::plain(match item {
        Value::Str(text) => Value::Str(text[from..to].into()),
        Value::Bytes(bytes) => Value::Bytes(bytes[from..to].into()),
        Value::List(list) if list.is_nil() => item.clone(),
        Value::List(list) => {
            let items = list.items().get(from..to).unwrap_or_default().to_vec();
            Value::List(List::new(items).with_type(list.get_type().clone()))
        }
        _ => Value::Nil,
    }))
}

pub(super) fn length(args: &[Place]) -> Result<Place, Error> {
    let Some(item) = args.first() else { return Ok(Place::none()) };
    let length = match &item.value {
        Value::Nil if item.wrapped => return Err(Error::new("len of nil pointer")),
        Value::Nil => return Err(Error::new("reflect: call of reflect.Value.Type on zero Value")),
        Value::Object(object) if object.kind() == Kind::Ptr && object.is_nil() => {
            return Err(Error::new("len of nil pointer"));
        }
        other => match other.below() {
            Value::Str(text) | Value::Bytes(text) => text.len(),
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            _ => return Err(Error::new(format!("len of type {}", pointed(other)))),
        },
    };
    Ok(Place::plain(Value::int(i64::try_from(length).unwrap_or(i64::MAX))))
}
