//! Merging maps as mergo does: into the first one, and what is taken over is shared with where it
//! came from.

use aurak_gotemplate::{Arguments, Context, Error, Functions, Kind, Map, Str, Type, Value};

use crate::table::{A, Answer, add_rest};

/// How deep maps are merged into one another. No values of a chart nest that deep; maps that contain
/// themselves do.
const MOST_LEVELS: usize = 250;

pub(crate) fn add_all(table: &mut Functions) {
    let map = Type::any_map;
    let names: [(&str, bool, bool); 4] = [
        ("merge", false, false),
        ("mustMerge", false, true),
        ("mergeOverwrite", true, false),
        ("mustMergeOverwrite", true, true),
    ];
    for (name, overwrite, must) in names {
        add_rest(table, &[name], &[map()], map(), A, move |context, a| {
            let merged = merge_all(context, a, overwrite);
            match merged {
                // The plain ones swallow what went wrong, but not that a limit was reached.
                Err(error) if !must && error.message() == DIFFERENT => {
                    drop(error);
                    Ok(Value::str(""))
                }
                other => other,
            }
        });
    }
}

const DIFFERENT: &str = "src and dst must be of same type";

fn merge_all(context: &mut Context<'_>, a: &Arguments<'_>, overwrite: bool) -> Answer {
    let mut target = a.map(0);
    for source in a.rest(1).iter().filter_map(Value::as_map) {
        if target.is_nil() && !source.is_nil() {
            target = Map::new();
        }
        merge(context, &target, source, overwrite, 0)?;
    }
    Ok(Value::Map(target))
}

fn is_reference(value: &Value) -> bool {
    matches!(value.kind(), Kind::Map | Kind::Struct | Kind::Ptr)
}

fn merge(
    context: &mut Context<'_>,
    target: &Map,
    source: &Map,
    overwrite: bool,
    level: usize,
) -> Result<(), Error> {
    if level > MOST_LEVELS {
        return Err(Error::limit(format!("maps that are merged nest deeper than {MOST_LEVELS} levels")));
    }
    if target.is_nil() {
        return Ok(());
    }
    context.spend_steps(u64::try_from(source.len()).unwrap_or(u64::MAX))?;
    for (key, given) in source.entries() {
        let present = target.get(&key);
        let nil = match &given {
            Value::Nil => true,
            // In a map of lists or maps the nil ones count as nil; in a map of anything they do not.
            Value::List(list) => list.is_nil() && *source.get_type().element() != Type::Any,
            Value::Map(map) => map.is_nil() && *source.get_type().element() != Type::Any,
            _ => false,
        };
        if nil {
            if overwrite {
                put(target, source, key, given)?;
            }
            continue;
        }
        if is_reference(&given) {
            if let (Some(Value::Map(inner)), Value::Map(from)) = (&present, &given) {
                merge(context, inner, from, overwrite, level + 1)?;
            } else if let Some(Value::Object(object)) = &present
                && object.kind() == Kind::Ptr
                && given.kind() != Kind::Ptr
                && !overwrite
                && !object.is_nil()
            {
                return Err(Error::new(DIFFERENT));
            }
        }
        let kept = present.as_ref().is_some_and(Value::truth);
        if kept && given.kind() == Kind::Map && present.as_ref().map(Value::kind) == Some(Kind::Map) {
            continue;
        }
        if overwrite || !kept {
            put(target, source, key, given)?;
        }
    }
    Ok(())
}

/// Puts a value under a key of a map that may be of other values: what counts is the type that the
/// values of the source have, and that of the value itself only for a list.
fn put(target: &Map, source: &Map, key: Str, value: Value) -> Result<(), Error> {
    let wanted = target.get_type().element();
    let given = match &value {
        Value::List(list) => list.get_type().clone(),
        _ => source.get_type().element().clone(),
    };
    if !given.assignable_to(wanted) {
        let text = format!("reflect.Value.SetMapIndex: value of type {given}");
        return Err(Error::new(format!("{text} is not assignable to type {wanted}")));
    }
    target.set(key, value)
}
