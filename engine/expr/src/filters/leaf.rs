//! Leaf filters: Jinja's own, as minijinja implements them, and a few whose rules are ours.

use aurak_model::value::Type;
use aurak_model::{Name, Value};
use minijinja::machinery::ast::BinOpKind;

use super::{Args, OPERAND, attribute_or_error, items_of, shaped, text_of, wants};
use crate::error::{Placed, Res, type_error};
use crate::operators::{arithmetic, shown};
use crate::taint::{Truth, fresh, lift, sealed, truth};
use crate::text::{of_scalar, push};
use crate::{bounds, bridge};

/// No width or precision that makes sense is larger; a larger one would only exhaust memory.
const MAX_WIDTH: i64 = 1_000;

pub(super) fn apply(name: &str, args: Args) -> Res<Value> {
    match name {
        "string" => {
            let [value] = args.bind(name, [OPERAND], 1)?;
            lift(Type::String, &[value.unwrap_or_default()], |v| Ok(Value::string(of_scalar(&v[0])?)))
        }
        "bool" => {
            let [value] = args.bind(name, [OPERAND], 1)?;
            let value = value.unwrap_or_default();
            match truth(&value) {
                Truth::Known(b) => Ok(Value::Bool(b)),
                Truth::Secret(b) => Ok(Value::Bool(b).sensitive()),
                Truth::Unknown => Ok(fresh(Type::Boolean, &[&value])),
                Truth::Sealed => sealed(),
            }
        }
        "join" => join(args),
        "sum" => sum(args),
        _ => delegate(name, args),
    }
}

fn join(args: Args) -> Res<Value> {
    let name = "join";
    let [value, between, path] = args.bind(name, [OPERAND, "d", "attribute"], 1)?;
    let path = text_of(name, "attribute", path)?;
    shaped(Type::String, [value], |[value]| {
        let mut items = items_of(name, value.unwrap_or_default())?;
        if let Some(path) = &path {
            for (i, item) in items.iter_mut().enumerate() {
                *item = attribute_or_error(name, item, i, path)?;
            }
        }
        items.push(between.unwrap_or_else(|| Value::string("")));
        lift(Type::String, &items, |items| {
            let Some((between, items)) = items.split_last() else { return Ok(Value::string("")) };
            let Value::String(between) = between else { return wants(name, "text to put between", between) };
            let mut out = String::new();
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    push(&mut out, between)?;
                }
                push(
                    &mut out,
                    &of_scalar(item).map_err(|mut e| {
                        e.message = format!("item {i} of the list: {}", e.message);
                        e
                    })?,
                )?;
            }
            Ok(Value::string(out))
        })
    })
}

fn sum(args: Args) -> Res<Value> {
    let name = "sum";
    let [value, path, start] = args.bind(name, [OPERAND, "attribute", "start"], 1)?;
    let path = text_of(name, "attribute", path)?;
    shaped(Type::Number, [value], |[value]| {
        let mut total = start.unwrap_or(Value::Int(0));
        for (i, item) in items_of(name, value.unwrap_or_default())?.into_iter().enumerate() {
            let item = match &path {
                Some(path) => attribute_or_error(name, &item, i, path)?,
                None => item,
            };
            total = arithmetic(BinOpKind::Add, total, item)?;
        }
        Ok(total)
    })
}

/// Hands a filter to minijinja.
fn delegate(name: &str, args: Args) -> Res<Value> {
    let ty = match name {
        "int" => Type::Integer,
        "float" => Type::Number,
        "abs" | "round" => args.pos.first().map(Value::ty).unwrap_or_default(),
        "split" | "lines" => Type::List,
        _ => Type::String,
    };
    let count = args.pos.len();
    let names: Vec<Name> = args.named.iter().map(|(name, _)| name.clone()).collect();
    let all: Vec<Value> = args.values().cloned().collect();
    lift(ty, &all, |all| {
        let (pos, named) = all.split_at(count);
        sensible(name, pos, named)?;
        let named: Vec<(Name, Value)> = names.iter().cloned().zip(named.iter().cloned()).collect();
        let result = bridge::filter(name, pos, &named);
        match (name, pos.first()) {
            ("int", Some(value)) if result.is_err() => {
                type_error(format!("{} is no whole number", shown(value)))
                    .or_help(|| "`| int(default=0)` gives a number for what is none".to_string())
            }
            ("float", Some(value)) if result.is_err() => type_error(format!("{} is no number", shown(value))),
            _ => result,
        }
    })
}

/// Refuses operands that minijinja would take and should not, and notes how much text it may make.
fn sensible(name: &str, pos: &[Value], named: &[Value]) -> Res<()> {
    let Some(value) = pos.first() else { return Ok(()) };
    if matches!(name, "int" | "float" | "abs" | "round") {
        return Ok(());
    }
    if matches!(name, "e" | "escape") {
        // The longest entity has six characters.
        return bounds::text(of_scalar(value)?.len().saturating_mul(6));
    }
    let Value::String(text) = value else {
        return wants(name, "a string", value).or_help(|| "write `| string` before it".to_string());
    };
    match name {
        "replace" => match (pos.get(1), pos.get(2)) {
            (Some(Value::String(from)), Some(Value::String(to))) => {
                let places = text.matches(&**from).count();
                bounds::text(text.len().saturating_add(places.saturating_mul(to.len())))
            }
            _ => type_error("`replace` takes two strings: what, and by what"),
        },
        "indent" => {
            let mut width = 4;
            for value in pos[1..].iter().chain(named) {
                if let Value::Int(i) = value {
                    if !(0..=MAX_WIDTH).contains(i) {
                        return type_error(format!(
                            "the width of `indent` must be between 0 and {MAX_WIDTH}"
                        ));
                    }
                    width = *i as usize;
                }
            }
            bounds::text(text.len().saturating_add(text.lines().count().saturating_mul(width)))
        }
        "split" | "lines" => bounds::items(match (name, pos.get(1)) {
            ("split", Some(Value::String(by))) => text.matches(&**by).count(),
            _ => text.split_ascii_whitespace().count().max(text.lines().count()),
        }),
        "format" => format_fits(text, &pos[1..], named),
        // Changing the case of a letter gives at most three.
        _ => bounds::text(text.len().saturating_mul(3).min(bounds::MAX_TEXT)),
    }
}

fn format_fits(format: &str, pos: &[Value], named: &[Value]) -> Res<()> {
    // A width of many digits pads to as many characters.
    let digits = format.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    if digits.into_iter().any(|run| run[0].is_ascii_digit() && run.len() > 3) {
        return type_error("a width in the format is too large");
    }
    if format.contains('*') {
        return type_error("a format cannot take its width from an argument");
    }
    let mut longest = MAX_WIDTH as usize;
    let parts = |value: &Value| match value {
        Value::Map(map) => map.values().cloned().collect(),
        other => vec![other.clone()],
    };
    for part in pos.iter().chain(named).flat_map(parts) {
        longest = longest.max(of_scalar(&part)?.len());
    }
    bounds::text(format.len().saturating_add(format.matches('%').count().saturating_mul(longest)))
}
