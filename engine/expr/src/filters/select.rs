//! `map`, `select` and its kin: something is done or asked for each item of a list.

use aurak_model::Value;
use aurak_model::value::Type;

use super::{Args, apply as apply_filter, attribute, attribute_or_error, items_of, shaped, text_of};
use crate::catalog;
use crate::error::{ErrorKind, ExprError, Res, call_error};
use crate::predicates;
use crate::taint::{Taint, Truth, hide, opaque, open, sealed, truth};

pub(super) fn apply(name: &str, mut args: Args) -> Res<Value> {
    if args.pos.is_empty() {
        return call_error(format!("`{name}` needs a list"));
    }
    let list = args.pos.remove(0);
    if let Value::Unknown(_) = list {
        let mut taint = Taint::of([&list]);
        args.values().for_each(|v| taint.add(v));
        return Ok(taint.fresh(Type::List));
    }
    let (list, secret) = open(&list)?;
    let result = match name {
        "map" => map(list, args),
        _ => select(name, list, args),
    };
    match secret {
        true => result.map(opaque).map_err(hide),
        false => result,
    }
}

fn map(list: Value, mut args: Args) -> Res<Value> {
    let items = items_of("map", list)?;
    if args.pos.is_empty() {
        let [path, fallback] = args.bind("map", ["attribute", "default"], 1)?;
        // The path may be secret or unknown like any argument.
        return shaped(Type::List, [path], |[path]| {
            let path = match path {
                Some(Value::Int(i)) => i.to_string().into(),
                other => text_of("map", "attribute", other)?.unwrap_or_else(|| "".into()),
            };
            let mut out = Vec::with_capacity(items.len());
            for (i, item) in items.iter().enumerate() {
                out.push(match (attribute(item, &path)?, &fallback) {
                    (Some(value), _) => value,
                    (None, Some(fallback)) => fallback.clone(),
                    (None, None) => attribute_or_error("map", item, i, &path)?,
                });
            }
            Ok(Value::from(out))
        });
    }
    let Value::String(filter) = args.pos.remove(0) else {
        return call_error("`map` takes the name of a filter, or `attribute='name'`");
    };
    catalog::known_filter(&filter)?;
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let mut call = args.clone();
        call.pos.insert(0, item);
        out.push(apply_filter(&filter, call)?);
    }
    Ok(Value::from(out))
}

fn select(name: &str, list: Value, mut args: Args) -> Res<Value> {
    let items = items_of(name, list)?;
    let wanted = name.starts_with("select");
    let path = match name.ends_with("attr") {
        false => None,
        true if args.pos.is_empty() => return call_error(format!("`{name}` needs the name of an attribute")),
        true => match args.pos.remove(0) {
            Value::String(path) => Some(path),
            _ => return call_error(format!("`{name}` takes the name of an attribute in quotes")),
        },
    };
    let test = match args.pos.is_empty() {
        true => None,
        false => match args.pos.remove(0) {
            Value::String(test) => {
                catalog::known_test(catalog::operator_test(&test))?;
                Some(test)
            }
            _ => return call_error(format!("`{name}` takes the name of a test in quotes")),
        },
    };
    let mut out = Vec::new();
    let (mut secret, mut unknown) = (false, None::<Taint>);
    for (i, item) in items.iter().enumerate() {
        let subject = match &path {
            None => Some(item.clone()),
            Some(path) => attribute(item, path)?,
        };
        let answer = match (&test, subject) {
            (Some(test), subject) if matches!(&**test, "defined" | "undefined") => {
                Value::Bool(subject.is_some() == (&**test == "defined"))
            }
            (Some(test), Some(subject)) => {
                let mut call = args.clone();
                call.pos.insert(0, subject);
                predicates::apply(test, call)?
            }
            (None, Some(subject)) => subject,
            // What is not there does not hold; but it cannot be compared with anything.
            (None, None) => Value::Bool(false),
            (Some(_), None) => {
                let path = path.as_deref().unwrap_or_default();
                return Err(Box::new(
                    ExprError::new(
                        ErrorKind::UndefinedAttribute,
                        format!("item {i} of the list has no `{path}`"),
                    )
                    .help(format!(
                        "put `selectattr('{path}', 'defined') |` before it where it may be missing"
                    )),
                ));
            }
        };
        let holds = match truth(&answer) {
            Truth::Known(holds) => holds,
            Truth::Secret(holds) => {
                secret = true;
                holds
            }
            Truth::Unknown => {
                unknown.get_or_insert_with(|| Taint::of(&items)).add(&answer);
                continue;
            }
            Truth::Sealed => return sealed(),
        };
        if holds == wanted {
            out.push(item.clone());
        }
    }
    if let Some(mut taint) = unknown {
        taint.sensitive |= secret;
        return Ok(taint.fresh(Type::List));
    }
    let list = Value::from(out);
    Ok(if secret { opaque(list) } else { list })
}
