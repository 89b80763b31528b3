//! Filters, in two kinds.
//!
//! *Structural* filters move parts around without looking into them: marks and unknowns stay on the
//! leaves that they were on. *Leaf* filters look at their operands as a whole: the result is unknown
//! or sensitive as soon as any part of an operand is.

mod encode;
mod leaf;
mod merge;
mod order;
mod select;
mod structure;

use aurak_model::value::{Secret, Type};
use aurak_model::{Name, Value};

use crate::bounds;
use crate::chain::{Key, attribute_keys, index, step_unknown};
use crate::error::{Res, call_error, type_error};
use crate::suggest::{listed, suggest};
use crate::taint::{fresh, hide, opaque, open, sealed};

/// The arguments of a filter, test or function; the operand of a filter or test first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    pub(crate) pos: Vec<Value>,
    pub(crate) named: Vec<(Name, Value)>,
}

impl Args {
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.pos.iter().chain(self.named.iter().map(|(_, v)| v))
    }

    /// Gives each parameter its argument; the first `required` must be there.
    pub(crate) fn bind<const N: usize>(
        self,
        name: &str,
        parameters: [&str; N],
        required: usize,
    ) -> Res<[Option<Value>; N]> {
        let mut out: [Option<Value>; N] = std::array::from_fn(|_| None);
        let given = self.pos.len();
        if given > N {
            // The operand is no argument for who reads the message.
            return call_error(format!("`{name}` takes {}", takes(&parameters)));
        }
        for (slot, value) in out.iter_mut().zip(self.pos) {
            *slot = Some(value);
        }
        for (key, value) in self.named {
            match parameters.iter().position(|p| *p == &*key) {
                Some(i) if out[i].is_none() => out[i] = Some(value),
                Some(_) => return call_error(format!("`{name}` is given `{key}` twice")),
                None => {
                    let mut error = call_error(format!("`{name}` has no parameter `{key}`"));
                    if let Err(e) = &mut error {
                        e.help = suggest(&key, parameters)
                            .map(|meant| format!("did you mean `{meant}`?"))
                            .or_else(|| Some(format!("it takes {}", takes(&parameters))));
                    }
                    return error;
                }
            }
        }
        match out.iter().take(required).position(Option::is_none) {
            Some(i) => call_error(format!("`{name}` needs `{}`", parameters[i])),
            None => Ok(out),
        }
    }
}

fn takes(parameters: &[&str]) -> String {
    let shown: Vec<&&str> = parameters.iter().filter(|p| **p != OPERAND).collect();
    match shown.len() {
        0 => "no arguments".to_string(),
        _ => listed(shown),
    }
}

/// What the operand of a filter is called as a parameter.
pub(crate) const OPERAND: &str = "value";

/// Applies a filter.
pub(crate) fn apply(name: &str, args: Args) -> Res<Value> {
    let value = dispatch(name, args)?;
    match name {
        // What else gives a list or map gives parts of one that is there.
        "map" | "batch" | "slice" | "zip" | "chain" | "flatten" | "groupby" | "merge" | "items2dict" => {
            bounds::parts(value)
        }
        _ => Ok(value),
    }
}

fn dispatch(name: &str, args: Args) -> Res<Value> {
    match name {
        "length" | "count" | "first" | "last" | "list" | "keys" | "values" | "items" | "reverse"
        | "batch" | "slice" | "flatten" | "zip" | "chain" | "attr" | "dict2items" | "items2dict"
        | "key_by" => structure::apply(name, args),
        "merge" => merge::apply(args),
        "map" | "select" | "reject" | "selectattr" | "rejectattr" => select::apply(name, args),
        "sort" | "dictsort" | "unique" | "groupby" | "min" | "max" => order::apply(name, args),
        "default" | "d" => {
            // As an operand, a value that is there; what may be missing is handled by the evaluation.
            let [value, other, lax] = args.bind(name, [OPERAND, "default_value", "boolean"], 1)?;
            let value = value.unwrap_or_default();
            match lax == Some(Value::Bool(true)) && crate::taint::truthy(&value) == Some(false) {
                true => Ok(other.unwrap_or_else(|| Value::string(""))),
                false => Ok(value),
            }
        }
        "json" | "tojson" | "yaml" | "b64encode" | "b64decode" | "sha256" => encode::apply(name, args),
        _ => leaf::apply(name, args),
    }
}

/// Runs a structural operation on arguments that are there themselves: unknown where one is not
/// there yet, opaque where one is a secret as a whole.
pub(crate) fn shaped<const N: usize>(
    ty: Type,
    args: [Option<Value>; N],
    f: impl FnOnce([Option<Value>; N]) -> Res<Value>,
) -> Res<Value> {
    if args.iter().flatten().any(|v| matches!(v, Value::Unknown(_))) {
        let all: Vec<&Value> = args.iter().flatten().collect();
        return Ok(fresh(ty, &all));
    }
    if !args.iter().flatten().any(|v| matches!(v, Value::Sensitive(_))) {
        return f(args);
    }
    let mut opened: [Option<Value>; N] = std::array::from_fn(|_| None);
    for (slot, arg) in opened.iter_mut().zip(&args) {
        if let Some(arg) = arg {
            *slot = Some(open(arg)?.0);
        }
    }
    f(opened).map(opaque).map_err(hide)
}

/// The items of a list.
pub(crate) fn items_of(name: &str, value: Value) -> Res<Vec<Value>> {
    match value {
        Value::List(list) => Ok(std::sync::Arc::try_unwrap(list).unwrap_or_else(|list| (*list).clone())),
        other => wants(name, "a list", &other),
    }
}

/// What a filter says about an operand that does not fit.
pub(crate) fn wants<T>(name: &str, what: &str, value: &Value) -> Res<T> {
    let noun = value.article();
    let mut error = type_error(format!("`{name}` takes {what}, and this is {noun}"));
    if let Err(e) = &mut error {
        e.help = match (what, value) {
            ("a list", Value::Map(_)) => Some("take its `| keys`, `| values` or `| items`".to_string()),
            ("a list" | "a map", Value::Null) => Some(format!(
                "write `| default({}, true)` where it may be null",
                if what == "a map" { "{}" } else { "[]" }
            )),
            _ => None,
        };
    }
    error
}

/// A whole number that a filter is given, within bounds.
pub(crate) fn whole(name: &str, parameter: &str, value: &Value, least: i64, most: i64) -> Res<i64> {
    match value {
        Value::Int(i) if (least..=most).contains(i) => Ok(*i),
        Value::Int(_) => type_error(format!("`{parameter}` of `{name}` must be between {least} and {most}")),
        other => type_error(format!("`{parameter}` of `{name}` must be an integer, not {}", other.article())),
    }
}

/// Text that a filter is given.
pub(crate) fn text_of(name: &str, parameter: &str, value: Option<Value>) -> Res<Option<Name>> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            type_error(format!("`{parameter}` of `{name}` must be a string, not {}", other.article()))
        }
    }
}

/// A flag that a filter is given.
pub(crate) fn flag(name: &str, parameter: &str, value: Option<Value>) -> Res<bool> {
    match value {
        None => Ok(false),
        Some(Value::Bool(b)) => Ok(b),
        Some(other) => {
            type_error(format!("`{parameter}` of `{name}` must be a boolean, not {}", other.article()))
        }
    }
}

/// An attribute of an item, given as `a.b.0`; `None` where it is not there.
pub(crate) fn attribute(item: &Value, attribute: &str) -> Res<Option<Value>> {
    let mut value = item.clone();
    let mut secret = false;
    for key in attribute_keys(attribute) {
        if let Value::Sensitive(Secret::Plain(inner)) = &value {
            (value, secret) = ((**inner).clone(), true);
        }
        let next = match &value {
            Value::Sensitive(_) => return sealed(),
            Value::Unknown(unknown) => step_unknown(unknown, &key),
            other => index(other, &key),
        };
        match next {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(if secret { opaque(value) } else { value }))
}

/// An attribute that must be there.
pub(crate) fn attribute_or_error(name: &str, item: &Value, at: usize, path: &str) -> Res<Value> {
    match attribute(item, path)? {
        Some(value) => Ok(value),
        None => {
            let subject = format!("item {at} of the list");
            let mut error = match (item, path.contains('.')) {
                (Value::Map(_), false) => crate::chain::no_such(item, &Key::Str(path), &subject, false),
                _ => crate::ExprError::new(
                    crate::ErrorKind::UndefinedAttribute,
                    format!("{subject} has no `{path}`"),
                ),
            };
            if name == "map" {
                error.help =
                    Some(format!("write `map(attribute='{path}', default=...)` where it may be missing"));
            }
            Err(Box::new(error))
        }
    }
}
