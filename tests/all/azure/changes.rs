//! Changes of attributes and bodies, by path; and what of a body is in another.

use std::collections::BTreeMap;

use aurak_model::Path;
use aurak_model::path::Seg;
use serde_json::{Value as Json, json};

/// Values by path; null takes one away, and `*` (`pools.*.size`) is the first item of a list.
pub(super) type Changes = BTreeMap<String, Json>;

pub(super) fn set_all(json: &mut Json, changes: &Changes) {
    changes.iter().for_each(|(path, value)| set(json, path, value));
}

pub(super) fn set(json: &mut Json, path: &str, value: &Json) {
    change(json, &segments(path), &|place| {
        *place = value.clone();
    });
}

/// Maps and lists grow by what is given, anything else is set.
pub(super) fn add_all(json: &mut Json, changes: &Changes) {
    for (path, value) in changes {
        change(json, &segments(path), &|place| match (&mut *place, value) {
            (Json::Object(map), Json::Object(more)) => map.extend(more.clone()),
            (Json::Array(list), Json::Array(more)) => list.extend(more.iter().cloned()),
            (place, value) => *place = value.clone(),
        });
    }
}

pub(super) fn get<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    segments(path).iter().try_fold(json, |json, segment| match segment {
        Seg::Key(key) => json.get(&**key),
        Seg::Index(at) => json.get(at),
        Seg::Any => json.get(0),
    })
}

fn segments(path: &str) -> Vec<Seg> {
    Path::parse(path).unwrap_or_else(|bad| panic!("{bad}")).0
}

fn change(json: &mut Json, path: &[Seg], f: &dyn Fn(&mut Json)) {
    let Some((segment, rest)) = path.split_first() else { return f(json) };
    match segment {
        Seg::Key(key) => {
            if !json.is_object() {
                *json = json!({});
            }
            let Json::Object(map) = json else { return };
            change(map.entry(key.to_string()).or_insert(Json::Null), rest, f);
            map.retain(|_, value| !value.is_null());
        }
        Seg::Index(_) | Seg::Any => {
            let at = if let Seg::Index(at) = segment { *at } else { 0 };
            if let Some(item) = json.get_mut(at) {
                change(item, rest, f);
            }
        }
    }
}

/// The first path at which a value still holds what is no longer asked for.
pub(super) fn leftover(found: &Json, before: &Json, after: &Json) -> Option<String> {
    let in_any_case = |json: &'_ Json, key: &str| {
        let map = json.as_object();
        map.and_then(|map| map.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)))
            .map(|(_, item)| item.clone())
    };
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => before.iter().find_map(|(key, was)| {
            let there = in_any_case(found, key)?;
            let below = match after.get(key) {
                Some(asked) => leftover(&there, was, asked),
                None => (there == *was).then(String::new),
            };
            below.map(|below| format!("{key}.{below}").trim_end_matches('.').to_string())
        }),
        (Json::Array(_), Json::Array(after)) => {
            let longer = found.as_array().is_some_and(|found| found.len() > after.len());
            longer.then(String::new)
        }
        _ => None,
    }
}

/// The first path at which a value does not hold what is expected of it. Ids and enumerations are
/// compared without case, as everywhere in Azure, and lists without order.
pub(super) fn difference(found: &Json, expected: &Json) -> Option<String> {
    differs(found, expected, "")
}

fn differs(found: &Json, expected: &Json, at: &str) -> Option<String> {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => expected.iter().find_map(|(key, item)| {
            let there = found.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            let path = format!("{at}.{key}");
            match there {
                Some((_, there)) => differs(there, item, &path),
                None => Some(format!("`{}` should be {item} and is not there", &path[1..])),
            }
        }),
        (Json::Array(found), Json::Array(expected)) => expected.iter().find_map(|item| {
            let none = !found.iter().any(|there| differs(there, item, at).is_none());
            none.then(|| format!("`{}` should hold {item} and is {}", &at[1..], Json::from(found.clone())))
        }),
        (Json::String(found), Json::String(expected)) if found.eq_ignore_ascii_case(expected) => None,
        (found, expected) if found == expected => None,
        _ => Some(format!("`{}` should be {expected} and is {found}", at.trim_start_matches('.'))),
    }
}
