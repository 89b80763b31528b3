//! Attributes from a body, and a body from attributes.
//!
//! A body has the names of the schema, but services spell them as they like when they answer (`ttl`
//! for `TTL`): names are found without case and given as the schema spells them. Null in an answer
//! means that it is not there, but in free data. What the schema does not know stays below the top,
//! so that an update can send it back.

use aurak_model::value::Map;
use aurak_model::{Attribute, Kind, Name, Value};
use serde_json::Value as Json;

use crate::given;
use crate::spec::RestType;

/// The whole body that was read, in the words of the schema; at the top, too, it holds what the
/// schema does not know.
pub fn received(ty: &RestType, body: &Json) -> Map {
    let Json::Object(entries) = body else { return Map::new() };
    entries
        .iter()
        .filter_map(|(key, item)| {
            let known = spelled(&ty.schema.attributes, key).filter(|(name, _)| ty.in_body(name));
            match known {
                Some((name, attribute)) => receive(attribute, item).map(|value| (name.clone(), value)),
                None if item.is_null() => None,
                None => Some((Name::from(key.as_str()), Value::from_json(item))),
            }
        })
        .collect()
}

/// The attributes of an object: what its id says and what its body holds of the schema.
pub fn attributes(ty: &RestType, id: &str, body: &Json) -> Value {
    let received = received(ty, body);
    let mut map: Map =
        received.iter().filter(|(name, _)| knows(ty, name)).map(|(k, v)| (k.clone(), v.clone())).collect();
    if ty.schema.attributes.contains_key("id") {
        map.insert("id", Value::string(id));
    }
    for (name, path) in &ty.spec.copies {
        if let Some(value) = Value::from(received.clone()).at(path) {
            map.insert(name.clone(), value.clone());
        }
    }
    for (name, word) in given::named(ty, &received) {
        map.insert(name.clone(), Value::String(word.clone()));
    }
    for (hole, text) in ty.take_apart(id).unwrap_or_default() {
        if ty.schema.attributes.contains_key(&hole) {
            map.insert(hole, Value::string(&*text));
        }
    }
    Value::from(map)
}

fn knows(ty: &RestType, name: &str) -> bool {
    ty.schema.attributes.contains_key(name) && ty.in_body(name)
}

/// The body to send: without what the service decides, and without nulls but in free data.
/// `None` where something is hidden or not known, which the engine does not let happen.
pub fn sent(ty: &RestType, attributes: &Map) -> Option<Json> {
    let mut body = serde_json::Map::new();
    for (name, value) in attributes.iter() {
        if let Some(attribute) = ty.schema.attributes.get(name) {
            if !ty.in_body(name) {
                continue;
            }
            if let Some(item) = send(attribute, value)? {
                body.insert(name.to_string(), item);
            }
        } else {
            body.insert(name.to_string(), value.to_json()?);
        }
    }
    Some(Json::Object(body))
}

/// The attribute of a name, whatever its case; one that is spelled exactly so first.
pub(crate) fn spelled<'a>(
    attributes: &'a std::collections::BTreeMap<Name, Attribute>,
    key: &str,
) -> Option<(&'a Name, &'a Attribute)> {
    attributes
        .get_key_value(key)
        .or_else(|| attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)))
}

fn receive(attribute: &Attribute, json: &Json) -> Option<Value> {
    match (attribute.kind, json) {
        (Kind::Any, _) => Some(Value::from_json(json)),
        (_, Json::Null) => None,
        (Kind::Object, Json::Object(entries)) => {
            Some(Value::map(entries.iter().filter_map(|(key, item)| {
                match spelled(&attribute.attributes, key) {
                    Some((name, below)) => receive(below, item).map(|value| (name.clone(), value)),
                    None if item.is_null() => None,
                    None => Some((Name::from(key.as_str()), Value::from_json(item))),
                }
            })))
        }
        (Kind::Map, Json::Object(entries)) => Some(Value::map(entries.iter().filter_map(|(key, item)| {
            let value = match &attribute.items {
                Some(items) => receive(items, item)?,
                None => Value::from_json(item),
            };
            Some((Name::from(key.as_str()), value))
        }))),
        (Kind::List, Json::Array(list)) => Some(Value::list(list.iter().map(|item| {
            let value = attribute.items.as_deref().and_then(|items| receive(items, item));
            value.unwrap_or_else(|| Value::from_json(item))
        }))),
        _ => Some(Value::from_json(json)),
    }
}

/// The outer `None`: it cannot be sent. The inner one: there is nothing to send.
fn send(attribute: &Attribute, value: &Value) -> Option<Option<Json>> {
    if attribute.computed && !attribute.optional {
        return Some(None);
    }
    Some(Some(match (attribute.kind, value) {
        (Kind::Any, value) => value.to_json()?,
        (_, Value::Null) => return Some(None),
        (Kind::Object | Kind::Map, Value::Map(map)) => {
            let mut body = serde_json::Map::new();
            for (key, item) in map.iter() {
                let below = match attribute.kind {
                    Kind::Map => attribute.items.as_deref(),
                    _ => attribute.attributes.get(key),
                };
                let item = match below {
                    Some(below) => send(below, item)?,
                    None => Some(item.to_json()?),
                };
                if let Some(item) = item {
                    body.insert(key.to_string(), item);
                }
            }
            Json::Object(body)
        }
        (Kind::List, Value::List(list)) => {
            let mut items = Vec::with_capacity(list.len());
            for item in list.iter() {
                let sent = match attribute.items.as_deref() {
                    Some(below) => send(below, item)?,
                    None => Some(item.to_json()?),
                };
                items.extend(sent);
            }
            Json::Array(items)
        }
        (_, value) => value.to_json()?,
    }))
}
