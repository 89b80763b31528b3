//! Splitting and joining.

use aurak_gotemplate::bytes::decode_rune;
use aurak_gotemplate::{Functions, Str};
use aurak_gotemplate::{List, Map, Type, Value};

use super::find;
use crate::table::{A, I, S, add};
use crate::value::texts;

pub(crate) fn add_all(table: &mut Functions) {
    let strings = || Type::slice(S);
    add(table, &["split"], &[S, S], Type::map(S), |_, a| Ok(numbered(split_on(&a.str(1), &a.str(0), -1))));
    add(table, &["splitn"], &[S, I, S], Type::map(S), |_, a| {
        Ok(numbered(split_on(&a.str(2), &a.str(0), a.int(1))))
    });
    add(table, &["splitList"], &[S, S], strings(), |_, a| {
        Ok(Value::strings(split_on(&a.str(1), &a.str(0), -1)))
    });
    add(table, &["toStrings"], &[A], strings(), |context, a| match a.any(0) {
        Value::List(list) if *list.get_type() == Type::slice(S) => Ok(Value::List(list)),
        value => Ok(Value::strings(texts(context, &value)?)),
    });
    add(table, &["join"], &[S, A], S, |context, a| {
        let parts = texts(context, &a.any(1))?;
        let separator = a.str(0);
        context.spend_bytes(separator.len().saturating_mul(parts.len()))?;
        Ok(Value::str(parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>().join(&separator[..])))
    });
    add(table, &["sortAlpha"], &[A], strings(), |context, a| match a.any(0) {
        // A list of strings is sorted where it is, and all who share it see it.
        Value::List(list) if *list.get_type() == Type::slice(S) => {
            let mut items: Vec<Str> = list.items().iter().filter_map(Value::as_str).cloned().collect();
            items.sort();
            list.replace(items.into_iter().map(Value::Str).collect());
            Ok(Value::List(list))
        }
        value => {
            let mut items = match value {
                // What is nil is printed as one text, other than where texts are joined.
                Value::Nil => vec![Str::from("<nil>")],
                value => texts(context, &value)?,
            };
            items.sort();
            Ok(Value::List(List::of(S, items.into_iter().map(Value::Str).collect())))
        }
    });
}

fn numbered(parts: Vec<Str>) -> Value {
    let map = Map::of(S);
    for (number, part) in parts.into_iter().enumerate() {
        // A map that was just made is not nil.
        let _ = map.set(format!("_{number}"), Value::Str(part));
    }
    Value::Map(map)
}

/// The parts of a text between separators, at most `most` of them; all if it is negative. An empty
/// separator is between all characters.
fn split_on(text: &[u8], separator: &[u8], most: i64) -> Vec<Str> {
    if most == 0 {
        return Vec::new();
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() && parts.len() + 1 < most {
            let (rune, after) = rest.split_at(decode_rune(rest).1);
            parts.push(Str::from(rune));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(rest.into());
        }
        return parts;
    }
    while parts.len() + 1 < most {
        let Some(at) = find(rest, separator) else { break };
        parts.push(rest[..at].into());
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest.into());
    parts
}
