//! Values as text: what may stand in a string, and how it is written.

use std::borrow::Cow;

use aurak_model::Value;
use aurak_model::value::{Secret, Type};

use crate::bounds;
use crate::error::{Placed, Res, type_error};
use crate::taint::lift;

/// Whether a value can stand in text, as far as that is known.
pub(crate) fn printable(value: &Value) -> Res<()> {
    let ty = match value {
        Value::Sensitive(Secret::Plain(inner)) => return printable(inner),
        Value::Unknown(unknown) => unknown.ty,
        Value::Null => {
            return type_error("null cannot stand in text")
                .or_help(|| "write `| default('', true)` for nothing, or `| json` for `null`".to_string());
        }
        other => other.ty(),
    };
    match ty {
        Type::List | Type::Map => type_error(format!("{} cannot stand in text", ty.article()))
            .or_help(|| "write it as JSON with `| json`, or as YAML with `| yaml`".to_string()),
        _ => Ok(()),
    }
}

/// A scalar as text: strings as they are, the rest as in JSON.
pub(crate) fn of_scalar(value: &Value) -> Res<Cow<'_, str>> {
    Ok(match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Int(i) => Cow::Owned(i.to_string()),
        Value::Float(x) => Cow::Owned(of_float(*x)),
        other => {
            printable(other)?;
            return type_error(format!("{} cannot stand in text", other.article()));
        }
    })
}

/// A number as in JSON.
pub(crate) fn of_float(x: f64) -> String {
    serde_json::Number::from_f64(x).map_or_else(|| "null".to_string(), |n| n.to_string())
}

/// One text of several values.
pub(crate) fn concat(values: &[Value]) -> Res<Value> {
    lift(Type::String, values, |values| {
        let mut out = String::new();
        for value in values {
            push(&mut out, &of_scalar(value)?)?;
        }
        bounds::text(out.len())?;
        Ok(Value::string(out))
    })
}

/// Appends within bounds; the whole is put on the account once, at the end.
pub(crate) fn push(out: &mut String, part: &str) -> Res<()> {
    if out.len() + part.len() > bounds::MAX_TEXT {
        return bounds::text(out.len() + part.len());
    }
    out.push_str(part);
    Ok(())
}
