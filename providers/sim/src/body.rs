//! Bodies of objects as the service keeps them: checked against the type, brought into the service's
//! own forms, and changed by overlays as a real service changes them.

use std::net::IpAddr;

use aurak_model::schema::{Immutable, Normal};
use aurak_model::{Attribute, Kind, Map, Path, Seg, TypeSchema, Value};

/// Checks what was sent: known attributes, the right kinds, nothing unknown or hidden in it.
pub(crate) fn check(schema: &TypeSchema, sent: &Map, whole: bool) -> Result<(), String> {
    check_attributes(&schema.name, &schema.attributes, sent, whole, false)
}

fn check_attributes(
    at: &str,
    attributes: &std::collections::BTreeMap<aurak_model::Name, Attribute>,
    sent: &Map,
    whole: bool,
    open: bool,
) -> Result<(), String> {
    for (name, value) in sent.iter() {
        let Some(attribute) = attributes.get(name) else {
            if open {
                continue;
            }
            return Err(format!("{at} has no attribute `{name}`"));
        };
        if attribute.computed && !attribute.optional && !value.is_null() {
            return Err(format!("`{name}` of {at} is decided by the service and cannot be set"));
        }
        check_value(&format!("{at}.{name}"), attribute, value, whole)?;
    }
    let missing = attributes
        .iter()
        .find(|(name, attribute)| attribute.required && sent.get(name).is_none_or(Value::is_null));
    match missing {
        Some((name, _)) if whole => Err(format!("{at} needs `{name}`")),
        _ => Ok(()),
    }
}

fn check_value(at: &str, attribute: &Attribute, value: &Value, whole: bool) -> Result<(), String> {
    if value.has_unknown() {
        return Err(format!("{at} holds an unknown value"));
    }
    if value.has_marks() {
        return Err(format!("{at} holds a mark, which no service understands"));
    }
    let fits = match (attribute.kind, value) {
        (_, Value::Null) | (Kind::Any, _) => true,
        (Kind::Boolean, value) => value.as_bool().is_some(),
        (Kind::Integer, value) => value.as_int().is_some(),
        (Kind::Number, value) => matches!(value, Value::Int(_) | Value::Float(_)),
        (Kind::String, value) => value.as_str().is_some(),
        (Kind::List, Value::List(items)) => {
            if let Some(item) = &attribute.items {
                items.iter().try_for_each(|value| check_value(at, item, value, whole))?;
            }
            true
        }
        (Kind::Map, Value::Map(entries)) => {
            if let Some(item) = &attribute.items {
                entries.values().try_for_each(|value| check_value(at, item, value, whole))?;
            }
            true
        }
        (Kind::Object, Value::Map(entries)) => {
            check_attributes(at, &attribute.attributes, entries, whole, attribute.open)?;
            true
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{at} holds {}, which does not fit", value.ty().article())) }
}

/// The body after an update: `desired` over `current`, without what is `unset`. What is not
/// mentioned stays, except in plain lists and maps, which are set as a whole.
pub(crate) fn overlay(schema: &TypeSchema, current: &Map, desired: &Map, unset: &[Path]) -> Map {
    let mut body = current.clone();
    for path in unset {
        body = match remove(&Value::from(body), &path.0, schema, path) {
            Value::Map(map) => (*map).clone(),
            _ => Map::new(),
        };
    }
    for (name, value) in desired.iter() {
        let attribute = schema.attributes.get(name).cloned().unwrap_or_default();
        if is_unwritten(&attribute, value) {
            continue;
        }
        body.insert(name.clone(), over(&attribute, body.get(name), value));
    }
    body
}

/// Null means that nothing is written, except in free-form data, where it is data.
fn is_unwritten(attribute: &Attribute, value: &Value) -> bool {
    value.is_null() && attribute.kind != Kind::Any
}

fn over(attribute: &Attribute, current: Option<&Value>, desired: &Value) -> Value {
    match (attribute.kind, current, desired) {
        (Kind::Object, Some(Value::Map(current)), Value::Map(desired)) => {
            let mut object = (**current).clone();
            for (name, value) in desired.iter() {
                let attribute = attribute.attributes.get(name).cloned().unwrap_or_default();
                if is_unwritten(&attribute, value) {
                    continue;
                }
                object.insert(name.clone(), over(&attribute, object.get(name), value));
            }
            object.into()
        }
        (Kind::Map, Some(Value::Map(current)), Value::Map(desired)) if attribute.additive => {
            let mut map = (**current).clone();
            for (name, value) in desired.iter() {
                map.insert(name.clone(), value.clone());
            }
            map.into()
        }
        (Kind::List, Some(Value::List(current)), Value::List(desired)) => {
            let key = attribute.keyed_by.as_deref();
            let item = attribute.items.as_deref().cloned().unwrap_or_default();
            let mut list: Vec<Value> = Vec::new();
            for value in desired.iter() {
                let before = key.and_then(|key| current.iter().find(|other| same_key(other, value, key)));
                list.push(over(&item, before, value));
            }
            if attribute.additive {
                let kept = current.iter().filter(|old| match key {
                    Some(key) => !desired.iter().any(|new| same_key(old, new, key)),
                    None => !desired.contains(old),
                });
                list.extend(kept.cloned());
            }
            list.into()
        }
        _ => desired.clone(),
    }
}

fn same_key(a: &Value, b: &Value, key: &str) -> bool {
    let of = |value: &Value| value.as_map().and_then(|map| map.get(key)).cloned();
    of(a).is_some() && of(a) == of(b)
}

/// A value without the part at a path. An item of a keyed list may be named by its key.
fn remove(value: &Value, segs: &[Seg], schema: &TypeSchema, whole: &Path) -> Value {
    let Some((first, rest)) = segs.split_first() else { return value.clone() };
    match (value, first) {
        (Value::Map(map), Seg::Key(name)) => {
            let mut map = (**map).clone();
            if rest.is_empty() {
                map.remove(name);
            } else if let Some(inner) = map.get(name) {
                let inner = remove(inner, rest, schema, whole);
                map.insert(name.clone(), inner);
            }
            map.into()
        }
        (Value::List(list), seg) => {
            let depth = whole.0.len() - segs.len();
            let list_path = Path(whole.0[..depth].to_vec());
            let key = schema.attribute(&list_path).and_then(|attribute| attribute.keyed_by.clone());
            let place = match (seg, &key) {
                (Seg::Index(index), _) => Some(*index),
                (Seg::Key(wanted), Some(key)) => list.iter().position(|item| {
                    item.as_map().and_then(|item| item.get(key)).and_then(Value::as_str) == Some(wanted)
                }),
                _ => None,
            };
            let mut list = list.to_vec();
            if let Some(place) = place.filter(|place| *place < list.len()) {
                if rest.is_empty() {
                    list.remove(place);
                } else {
                    list[place] = remove(&list[place], rest, schema, whole);
                }
            }
            list.into()
        }
        _ => value.clone(),
    }
}

/// Sets the part at a path, making maps on the way; for edits from outside.
pub(crate) fn set(value: &Value, segs: &[Seg], new: Value) -> Value {
    let Some((first, rest)) = segs.split_first() else { return new };
    match (value, first) {
        (Value::List(list), Seg::Index(index)) => {
            let mut list = list.to_vec();
            match list.get(*index).cloned() {
                Some(old) => list[*index] = set(&old, rest, new),
                None => list.push(set(&Value::Null, rest, new)),
            }
            list.into()
        }
        (value, Seg::Key(name)) => {
            let mut map = value.as_map().cloned().unwrap_or_default();
            let inner = set(map.get(name).unwrap_or(&Value::Null), rest, new);
            map.insert(name.clone(), inner);
            map.into()
        }
        (value, _) => value.clone(),
    }
}

/// A body without the part at a path; for edits from outside.
pub(crate) fn unset(schema: &TypeSchema, body: &Map, path: &Path) -> Map {
    overlay(schema, body, &Map::new(), std::slice::from_ref(path))
}

/// The body in the forms that the service keeps: regions in lower case, networks without host bits,
/// sets in order. What comes back therefore rarely reads as it was written.
pub(crate) fn normalise(schema: &TypeSchema, body: &Map) -> Map {
    body.iter()
        .filter_map(|(name, value)| match schema.attributes.get(name) {
            Some(attribute) if is_unwritten(attribute, value) => None,
            Some(attribute) => Some((name.clone(), normal(attribute, value))),
            None => Some((name.clone(), value.clone())),
        })
        .collect()
}

fn normal(attribute: &Attribute, value: &Value) -> Value {
    match (attribute.kind, value) {
        (Kind::String, Value::String(text)) => match attribute.normal {
            Some(form) => normal_text(form, text).into(),
            None if attribute.case_insensitive => capitalised(text).into(),
            None => value.clone(),
        },
        (Kind::List, Value::List(items)) => {
            let item = attribute.items.as_deref().cloned().unwrap_or_default();
            let mut items: Vec<Value> = items.iter().map(|value| normal(&item, value)).collect();
            if attribute.set {
                items.sort_by_key(|value| format!("{value:?}"));
                items.dedup();
            }
            if let Some(key) = &attribute.keyed_by {
                items.sort_by_key(|value| {
                    value.as_map().and_then(|map| map.get(key)).and_then(Value::as_str).map(str::to_string)
                });
            }
            items.into()
        }
        (Kind::Map, Value::Map(entries)) => {
            let item = attribute.items.as_deref().cloned().unwrap_or_default();
            Value::map(entries.iter().map(|(key, value)| (key.clone(), normal(&item, value))))
        }
        (Kind::Object, Value::Map(entries)) => Value::map(entries.iter().filter_map(|(name, value)| {
            let attribute = attribute.attributes.get(name).cloned().unwrap_or_default();
            (!is_unwritten(&attribute, value)).then(|| (name.clone(), normal(&attribute, value)))
        })),
        _ => value.clone(),
    }
}

fn normal_text(form: Normal, text: &str) -> String {
    match form {
        Normal::AzureLocation => text.to_lowercase().replace(' ', ""),
        Normal::AzureId => text.to_lowercase(),
        Normal::Cidr => masked(text).unwrap_or_else(|| text.to_string()),
        Normal::Duration => seconds(text).map_or_else(|| text.to_string(), |n| format!("{n}s")),
        Normal::Json => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(json) => json.to_string(),
            Err(_) => text.to_string(),
        },
        Normal::Yaml => text.trim_end().to_string(),
        Normal::FilePath => text.to_string(),
        Normal::Words => {
            let mut words: Vec<&str> = text.split(',').map(str::trim).filter(|w| !w.is_empty()).collect();
            words.sort_unstable();
            words.dedup();
            words.join(",")
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

fn masked(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    let network = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    };
    Some(format!("{network}/{bits}"))
}

/// `1h30m`, `90s`: what the simulated service understands of durations.
fn seconds(text: &str) -> Option<u64> {
    let mut total = 0u64;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    (number.is_empty() && !text.is_empty()).then_some(total)
}

/// The first attribute at the top or in an object that cannot change and did.
pub(crate) fn changed_immutable(schema: &TypeSchema, old: &Map, new: &Map) -> Option<Path> {
    fn walk(
        attributes: &std::collections::BTreeMap<aurak_model::Name, Attribute>,
        at: &Path,
        old: &Map,
        new: &Map,
    ) -> Option<Path> {
        attributes.iter().find_map(|(name, attribute)| {
            let path = at.join(name.clone());
            let (before, after) = (old.get(name), new.get(name));
            if attribute.immutable.contains(&Immutable::Always) && before != after {
                return Some(path);
            }
            match (before, after) {
                (Some(Value::Map(before)), Some(Value::Map(after))) => {
                    walk(&attribute.attributes, &path, before, after)
                }
                _ => None,
            }
        })
    }
    walk(&schema.attributes, &Path::root(), old, new)
}

/// What the service shows of a body: what is only ever written is left out.
pub(crate) fn shown(schema: &TypeSchema, body: &Map) -> Value {
    Value::map(body.iter().filter_map(|(name, value)| match schema.attributes.get(name) {
        Some(attribute) if attribute.write_only => None,
        _ => Some((name.clone(), value.clone())),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_service() {
        for (form, text, expected) in [
            (Normal::AzureLocation, "West Europe", "westeurope"),
            (Normal::Cidr, "10.0.3.7/16", "10.0.0.0/16"),
            (Normal::Cidr, "fe80::1/64", "fe80::/64"),
            (Normal::Cidr, "10.0.3.7/0", "0.0.0.0/0"),
            (Normal::Cidr, "10.0.3.7/40", "10.0.3.7/40"),
            (Normal::Duration, "1h30m", "5400s"),
            (Normal::Duration, "soon", "soon"),
            (Normal::Json, "{ \"b\": 1,\n \"a\": [2] }", "{\"a\":[2],\"b\":1}"),
        ] {
            assert_eq!(normal_text(form, text), expected, "{text}");
        }
    }

    fn schema() -> TypeSchema {
        let mut schema = TypeSchema::new("sim.x");
        let mut put = |name: &str, attribute: Attribute| schema.attributes.insert(name.into(), attribute);
        put("tags", Attribute { kind: Kind::Map, ..Attribute::default() });
        put("labels", Attribute { kind: Kind::Map, additive: true, ..Attribute::default() });
        put("rules", Attribute { kind: Kind::List, keyed_by: Some("name".into()), ..Attribute::default() });
        put("object", Attribute { kind: Kind::Object, open: true, ..Attribute::default() });
        schema
    }

    fn map(json: &str) -> Map {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_overlay_keeps_what_it_does_not_mention() {
        let current = map(
            r#"{"tags":{"a":1},"labels":{"a":1,"mine":2},"rules":[{"name":"x","p":1},{"name":"y"}],"object":{"a":1,"b":2}}"#,
        );
        let desired =
            map(r#"{"tags":{"b":2},"labels":{"b":2},"rules":[{"name":"x","q":2}],"object":{"b":3}}"#);
        let unset = [Path::parse("labels.mine").unwrap(), Path::parse("rules.y").unwrap()];
        let body = overlay(&schema(), &current, &desired, &unset);
        let expected = map(
            r#"{"tags":{"b":2},"labels":{"a":1,"b":2},"rules":[{"name":"x","q":2}],"object":{"a":1,"b":3}}"#,
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn what_was_sent_is_checked() {
        let mut schema = schema();
        schema.attributes.insert("id".into(), Attribute { computed: true, ..Attribute::of(Kind::String) });
        for (sent, expected) in [
            (r#"{"tags":{"a":1}}"#, Ok(())),
            (r#"{"tag":{}}"#, Err("sim.x has no attribute `tag`")),
            (r#"{"tags":3}"#, Err("sim.x.tags holds an integer, which does not fit")),
            (r#"{"id":"x"}"#, Err("`id` of sim.x is decided by the service and cannot be set")),
        ] {
            assert_eq!(check(&schema, &map(sent), true), expected.map_err(str::to_string), "{sent}");
        }
        let marked: Map = [("tags", Value::map([("a", Value::from("x").sensitive())]))].into_iter().collect();
        assert!(check(&schema, &marked, true).unwrap_err().contains("mark"));
    }
}
