//! Arithmetic, comparison, membership and slicing, on marked and unknown values.

use std::cmp::Ordering;

use aurak_model::value::{Secret, Type};
use aurak_model::{Map, Value};
use minijinja::machinery::ast::BinOpKind;

use crate::bounds;
use crate::error::{Placed, Res, type_error};
use crate::taint::{Taint, fresh, lift, opaque, open, reveal};
use crate::text::of_float;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

/// `-x`.
pub(crate) fn negate(value: Value) -> Res<Value> {
    lift(value.ty(), &[value], |args| match &args[0] {
        Value::Int(i) => match i.checked_neg() {
            Some(i) => Ok(Value::Int(i)),
            None => overflow(),
        },
        Value::Float(x) => Ok(Value::Float(-x)),
        other => type_error(format!("{} has no negative", other.article())),
    })
}

pub(crate) fn arithmetic(op: BinOpKind, left: Value, right: Value) -> Res<Value> {
    if matches!(op, BinOpKind::Add) {
        // Lists are joined item by item, each with its marks.
        let lists = |v: &Value| v.ty() == Type::List;
        if lists(&left) && lists(&right) {
            return join_lists(&left, &right);
        }
    }
    let number = |v: &Value| matches!(v.ty(), Type::Integer | Type::Number);
    let ty = match (left.ty(), right.ty()) {
        (Type::Integer, Type::Integer) if !matches!(op, BinOpKind::Div | BinOpKind::Pow) => Type::Integer,
        _ if number(&left) && number(&right) => Type::Number,
        (Type::String, Type::String) => Type::String,
        _ => Type::Any,
    };
    lift(ty, &[left, right], |args| plain(op, &args[0], &args[1]))
}

fn join_lists(left: &Value, right: &Value) -> Res<Value> {
    if matches!(left, Value::Unknown(_)) || matches!(right, Value::Unknown(_)) {
        return Ok(fresh(Type::List, &[left, right]));
    }
    let ((left, a), (right, b)) = (open(left)?, open(right)?);
    let (left, right) = (left.as_list().unwrap_or_default(), right.as_list().unwrap_or_default());
    bounds::items(left.len() + right.len())?;
    let list = bounds::parts(Value::list(left.iter().chain(right).cloned()))?;
    Ok(if a || b { opaque(list) } else { list })
}

fn plain(op: BinOpKind, left: &Value, right: &Value) -> Res<Value> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => integers(op, *a, *b),
        (Value::Int(a), Value::Float(b)) => floats(op, *a as f64, *b),
        (Value::Float(a), Value::Int(b)) => floats(op, *a, *b as f64),
        (Value::Float(a), Value::Float(b)) => floats(op, *a, *b),
        (Value::String(a), Value::String(b)) if matches!(op, BinOpKind::Add) => {
            bounds::text(a.len() + b.len())?;
            Ok(Value::string(format!("{a}{b}")))
        }
        (Value::String(text), Value::Int(times)) | (Value::Int(times), Value::String(text))
            if matches!(op, BinOpKind::Mul) =>
        {
            let times = usize::try_from(*times).unwrap_or(0);
            bounds::text(text.len().saturating_mul(times))?;
            Ok(Value::string(text.repeat(times)))
        }
        _ => {
            let word = match op {
                BinOpKind::Add => "add",
                BinOpKind::Sub => "subtract",
                BinOpKind::Mul => "multiply",
                BinOpKind::Div | BinOpKind::FloorDiv => "divide",
                BinOpKind::Rem => "take the remainder of",
                _ => "raise to a power",
            };
            let (l, r) = (left.ty(), right.ty());
            type_error(format!("cannot {word} {} and {}", left.article(), right.article())).or_help(
                || match (l, r) {
                    (Type::String, _) | (_, Type::String) => {
                        "join text with `~`; read a number from text with `| int` or `| float`".to_string()
                    }
                    (Type::Map, Type::Map) => "merge maps with `merge(a, b)`".to_string(),
                    _ => "operands must be of the same kind".to_string(),
                },
            )
        }
    }
}

fn integers(op: BinOpKind, a: i64, b: i64) -> Res<Value> {
    let result = match op {
        BinOpKind::Add => a.checked_add(b),
        BinOpKind::Sub => a.checked_sub(b),
        BinOpKind::Mul => a.checked_mul(b),
        BinOpKind::Div => return floats(op, a as f64, b as f64),
        BinOpKind::FloorDiv | BinOpKind::Rem if b == 0 => return type_error("division by zero"),
        // As in Python: rounded down, and the remainder has the divisor's sign.
        BinOpKind::FloorDiv => {
            a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q })
        }
        BinOpKind::Rem => {
            let r = a.wrapping_rem(b);
            Some(if r != 0 && (r < 0) != (b < 0) { r + b } else { r })
        }
        _ => match u32::try_from(b) {
            Ok(exponent) => a.checked_pow(exponent),
            Err(_) if b < 0 => return floats(op, a as f64, b as f64),
            Err(_) => None,
        },
    };
    match result {
        Some(i) => Ok(Value::Int(i)),
        None => overflow(),
    }
}

fn floats(op: BinOpKind, a: f64, b: f64) -> Res<Value> {
    if b == 0.0 && matches!(op, BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem) {
        return type_error("division by zero");
    }
    let result = match op {
        BinOpKind::Add => a + b,
        BinOpKind::Sub => a - b,
        BinOpKind::Mul => a * b,
        BinOpKind::Div => a / b,
        BinOpKind::FloorDiv => (a / b).floor(),
        BinOpKind::Rem => {
            let r = a % b;
            if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
        }
        _ => a.powf(b),
    };
    match result.is_finite() {
        true => Ok(Value::Float(result)),
        false => overflow(),
    }
}

fn overflow() -> Res<Value> {
    type_error("the result is too large for a number")
}

pub(crate) fn compare(cmp: Cmp, left: &Value, right: &Value) -> Res<Value> {
    match cmp {
        Cmp::In => contains(right, left),
        Cmp::NotIn => {
            lift(Type::Boolean, &[contains(right, left)?], |v| Ok(Value::Bool(v[0] != Value::Bool(true))))
        }
        Cmp::Eq | Cmp::Ne => lift(Type::Boolean, &[left.clone(), right.clone()], |v| {
            Ok(Value::Bool(equal(&v[0], &v[1]) == (cmp == Cmp::Eq)))
        }),
        Cmp::Lt | Cmp::Le | Cmp::Gt | Cmp::Ge => lift(Type::Boolean, &[left.clone(), right.clone()], |v| {
            let order = order(&v[0], &v[1], true)?;
            Ok(Value::Bool(match cmp {
                Cmp::Lt => order.is_lt(),
                Cmp::Le => order.is_le(),
                Cmp::Gt => order.is_gt(),
                _ => order.is_ge(),
            }))
        }),
    }
}

/// Equality of plain values: numbers by what they are worth, the rest by what it is.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => number_order(*a, *b).is_eq(),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && equal(a, b))
        }
        _ => a == b,
    }
}

/// An integer against a float, exactly.
fn number_order(a: i64, b: f64) -> Ordering {
    // Both bounds are powers of two, so they are exact.
    if b >= 9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    if b < -9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    let whole = b.trunc();
    a.cmp(&(whole as i64)).then_with(|| 0.0f64.partial_cmp(&(b - whole)).unwrap_or(Ordering::Equal))
}

/// The order of two plain values of one kind.
pub(crate) fn order(a: &Value, b: &Value, case_sensitive: bool) -> Res<Ordering> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(a), Value::Float(b)) => number_order(*a, *b),
        (Value::Float(a), Value::Int(b)) => number_order(*b, *a).reverse(),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) if case_sensitive => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Value::List(a), Value::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match order(a, b, case_sensitive)? {
                    Ordering::Equal => {}
                    decided => return Ok(decided),
                }
            }
            a.len().cmp(&b.len())
        }
        _ => {
            return type_error(format!("{} and {} have no order", a.article(), b.article()));
        }
    })
}

/// `item in container`.
pub(crate) fn contains(container: &Value, item: &Value) -> Res<Value> {
    if matches!(container, Value::Unknown(_)) {
        return Ok(fresh(Type::Boolean, &[container, item]));
    }
    let (opened, secret) = open(container)?;
    let result = match &opened {
        Value::List(list) => list_contains(list, item)?,
        Value::Map(map) => map_contains(map, item)?,
        Value::String(_) => {
            return lift(Type::Boolean, &[container.clone(), item.clone()], |v| match (&v[0], &v[1]) {
                (Value::String(text), Value::String(part)) => Ok(Value::Bool(text.contains(&**part))),
                (_, other) => type_error(format!("{} cannot be a part of text", other.article())),
            });
        }
        other => {
            return type_error(format!("nothing is in {}", other.article()))
                .or_help(|| "`in` looks into lists, maps and text".to_string());
        }
    };
    Ok(if secret { opaque(result) } else { result })
}

fn list_contains(list: &[Value], item: &Value) -> Res<Value> {
    let mut rest: Vec<Value> = Vec::new();
    for candidate in list {
        match compare(Cmp::Eq, candidate, item)? {
            // Certain, whatever the others are.
            Value::Bool(true) => return Ok(Value::Bool(true)),
            Value::Bool(false) => {}
            other => rest.push(other),
        }
    }
    lift(Type::Boolean, &rest, |rest| Ok(Value::Bool(rest.contains(&Value::Bool(true)))))
}

fn map_contains(map: &Map, item: &Value) -> Res<Value> {
    lift(Type::Boolean, std::slice::from_ref(item), |v| match &v[0] {
        Value::String(key) => Ok(Value::Bool(map.contains_key(key))),
        other => type_error(format!("keys are strings, and this is {}", other.article())),
    })
}

/// `value[start:stop:step]`; null bounds are those that were left out.
pub(crate) fn slice(value: Value, bounds: &[Value]) -> Res<Value> {
    let unknown = |v: &Value| matches!(v, Value::Unknown(_));
    if unknown(&value) || bounds.iter().any(unknown) {
        let ty = value.ty();
        let taint = Taint::of(bounds.iter().chain([&value]));
        return Ok(taint.fresh(ty));
    }
    let mut secret = bounds.iter().any(|v| matches!(v, Value::Sensitive(_)));
    let mut numbers = [None; 3];
    for (number, bound) in numbers.iter_mut().zip(bounds) {
        *number = match reveal(bound) {
            Value::Null => None,
            Value::Int(i) => Some(i),
            other => return type_error(format!("{} cannot be a bound of a slice", other.article())),
        };
    }
    let [start, stop, step] = numbers;
    let (value, marked) = open(&value)?;
    secret |= marked;
    let pick = |len: usize| places(len, start, stop, step.unwrap_or(1));
    let result = match &value {
        Value::List(list) => Value::list(pick(list.len())?.into_iter().map(|i| list[i].clone())),
        Value::String(text) => {
            let chars: Vec<char> = text.chars().collect();
            Value::string(pick(chars.len())?.into_iter().map(|i| chars[i]).collect::<String>())
        }
        other => return type_error(format!("{} cannot be sliced", other.article())),
    };
    Ok(if secret { opaque(result) } else { result })
}

/// The places that a slice takes, as in Python.
fn places(len: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> Res<Vec<usize>> {
    if step == 0 {
        return type_error("the step of a slice cannot be 0");
    }
    let len = len as i64;
    let bound = |i: i64| if i < 0 { i.saturating_add(len) } else { i };
    let mut out = Vec::new();
    if step > 0 {
        let mut i = bound(start.unwrap_or(0)).clamp(0, len);
        let stop = bound(stop.unwrap_or(len)).clamp(0, len);
        while i < stop {
            out.push(i as usize);
            i = i.saturating_add(step);
        }
    } else {
        let mut i = start.map_or(len - 1, bound).clamp(-1, len - 1);
        let stop = stop.map_or(-1, |s| bound(s).clamp(-1, len));
        while i > stop {
            out.push(i as usize);
            i = i.saturating_add(step);
        }
    }
    Ok(out)
}

/// A short description of a plain scalar for a message.
pub(crate) fn shown(value: &Value) -> String {
    const LONGEST: usize = 40;
    match value {
        Value::String(text) => {
            let mut short: String = text.chars().take(LONGEST).collect();
            if text.chars().nth(LONGEST).is_some() {
                short.push('…');
            }
            format!("`{}`", short.replace('\n', "\\n"))
        }
        Value::Int(i) => format!("`{i}`"),
        Value::Float(x) => format!("`{}`", of_float(*x)),
        Value::Bool(b) => format!("`{b}`"),
        Value::Null => "null".to_string(),
        Value::Sensitive(Secret::Plain(_) | Secret::Sealed(_)) => "a sensitive value".to_string(),
        other => other.article().to_string(),
    }
}
