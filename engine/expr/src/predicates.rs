//! Tests: `x is NAME`, on marked and unknown values.
//!
//! What a value *is* (a map, a list) is no secret unless the value is one as a whole; what is *in* it
//! is.

use aurak_model::Value;
use aurak_model::value::Type;

use crate::bridge;
use crate::catalog::operator_test;
use crate::error::{Res, call_error};
use crate::filters::{Args, OPERAND, shaped};
use crate::operators::{Cmp, compare};
use crate::taint::lift;

pub(crate) fn apply(name: &str, args: Args) -> Res<Value> {
    let name = operator_test(name);
    let cmp = match name {
        "eq" | "equalto" | "sameas" => Some(Cmp::Eq),
        "ne" => Some(Cmp::Ne),
        "lt" | "lessthan" => Some(Cmp::Lt),
        "le" => Some(Cmp::Le),
        "gt" | "greaterthan" => Some(Cmp::Gt),
        "ge" => Some(Cmp::Ge),
        "in" => Some(Cmp::In),
        _ => None,
    };
    if let Some(cmp) = cmp {
        let [left, right] = args.bind(name, [OPERAND, "other"], 2)?;
        return compare(cmp, &left.unwrap_or_default(), &right.unwrap_or_default());
    }
    match name {
        "defined" | "undefined" => {
            // What may be missing is handled by the evaluation; this is there.
            let [_] = args.bind(name, [OPERAND], 1)?;
            Ok(Value::Bool(name == "defined"))
        }
        "none" | "boolean" | "true" | "false" | "number" | "integer" | "int" | "float" | "string"
        | "sequence" | "iterable" | "mapping" => {
            shaped(Type::Boolean, args.bind(name, [OPERAND], 1)?, |[value]| {
                Ok(Value::Bool(is_a(name, &value.unwrap_or_default())))
            })
        }
        "odd" | "even" | "divisibleby" | "startingwith" | "endingwith" | "lower" | "upper" => {
            if !args.named.is_empty() {
                return call_error(format!("`is {name}` takes its argument by position"));
            }
            lift(Type::Boolean, &args.pos, |pos| match (name, pos) {
                ("divisibleby", [_, Value::Int(0) | Value::Bool(false), ..]) => {
                    call_error("`is divisibleby`: nothing is divided by zero".to_string())
                }
                _ => bridge::test(name, pos),
            })
        }
        _ => call_error(format!("there is no test `{name}`")),
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "none" => value.is_null(),
        "boolean" => matches!(value, Value::Bool(_)),
        "true" => *value == Value::Bool(true),
        "false" => *value == Value::Bool(false),
        "number" => matches!(value, Value::Int(_) | Value::Float(_)),
        "integer" | "int" => matches!(value, Value::Int(_)),
        "float" => matches!(value, Value::Float(_)),
        "string" => matches!(value, Value::String(_)),
        "sequence" => matches!(value, Value::List(_)),
        "mapping" => matches!(value, Value::Map(_)),
        _ => matches!(value, Value::List(_) | Value::Map(_) | Value::String(_)),
    }
}
