//! What the schema says about the inside of a value.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aurak_model::{Attribute, Kind, Map, Name, Secret, Value};

/// What is known about a place that no schema describes.
static FREE: LazyLock<Attribute> = LazyLock::new(Attribute::default);
/// A map without keys, in place of one that is not there.
pub(super) static EMPTY: LazyLock<Map> = LazyLock::new(Map::new);

/// What the keys of a map are.
#[derive(Clone, Copy)]
pub(super) enum Shape<'a> {
    /// Declared attributes; other keys are free.
    Object(&'a BTreeMap<Name, Attribute>),
    /// Any keys to these.
    Entries(&'a Attribute),
    /// The same, and all keys are ours: what is not asked for goes.
    Exclusive(&'a Attribute),
    /// Nothing is known.
    Free,
}

impl<'a> Shape<'a> {
    /// The shape of an attribute's value, where that is a map.
    pub(super) fn of(attribute: &'a Attribute) -> Shape<'a> {
        match attribute.kind {
            Kind::Object => Shape::Object(&attribute.attributes),
            Kind::Map if attribute.additive => Shape::Entries(items(attribute)),
            Kind::Map => Shape::Exclusive(items(attribute)),
            Kind::Any | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String | Kind::List => {
                Shape::Free
            }
        }
    }

    /// What is known about a key, and whether null there means that it is not written.
    pub(super) fn child(self, key: &str) -> (&'a Attribute, bool) {
        match self {
            Shape::Object(attributes) => match attributes.get(key) {
                Some(attribute) => (attribute, true),
                None => (&FREE, false),
            },
            Shape::Entries(items) | Shape::Exclusive(items) => (items, items.kind != Kind::Any),
            Shape::Free => (&FREE, false),
        }
    }

    /// Whether keys tell items apart.
    pub(super) fn holds_items(self) -> bool {
        matches!(self, Shape::Entries(_) | Shape::Exclusive(_))
    }

    /// Whether keys that are not asked for go.
    pub(super) fn is_exclusive(self) -> bool {
        matches!(self, Shape::Exclusive(_))
    }
}

/// What a list or map holds.
pub(super) fn items(attribute: &Attribute) -> &Attribute {
    attribute.items.as_deref().unwrap_or(&FREE)
}

/// Whether the service decides the value where nothing is given.
pub(super) fn is_decided_by_service(attribute: &Attribute) -> bool {
    attribute.computed || attribute.server_default
}

/// Whether the order of a list's items means nothing.
pub(super) fn is_unordered(attribute: &Attribute) -> bool {
    attribute.set || attribute.additive || attribute.keyed_by.is_some()
}

/// A key's value, if it is written.
pub(super) fn written<'v>(map: &'v Map, key: &str, null_is_absent: bool) -> Option<&'v Value> {
    map.get(key).filter(|value| !(null_is_absent && value.is_null()))
}

/// What is behind the mark, and whether there was one. What is sealed stays hidden.
pub(super) fn open(value: &Value) -> (&Value, bool) {
    match value {
        Value::Sensitive(Secret::Plain(leaf)) => (open(leaf).0, true),
        Value::Sensitive(Secret::Sealed(_)) => (value, true),
        Value::Unknown(unknown) => (value, unknown.sensitive),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Map(_) => (value, false),
    }
}

/// The map behind the mark, if it is one.
pub(super) fn as_map(value: Option<&Value>) -> Option<&Map> {
    value.and_then(|value| open(value).0.as_map())
}

/// The list behind the mark, if it is one.
pub(super) fn as_list(value: Option<&Value>) -> Option<&[Value]> {
    value.and_then(|value| open(value).0.as_list())
}

/// Whether a value is sealed, so that nothing can be said about it.
pub(super) fn is_sealed(value: &Value) -> bool {
    matches!(open(value).0, Value::Sensitive(Secret::Sealed(_)))
}

/// A copy, marked where it must be.
pub(super) fn marked(value: &Value, secret: bool) -> Value {
    match value {
        Value::Sensitive(_) => value.clone(),
        value if secret => value.clone().sensitive(),
        value => value.clone(),
    }
}

/// A copy, marked where it must be and where the type says so.
pub(super) fn marked_by(attribute: &Attribute, value: &Value, secret: bool) -> Value {
    let secret = secret || attribute.sensitive;
    match value {
        Value::Map(map) if !map.is_empty() && !secret => {
            let shape = Shape::of(attribute);
            Value::map(
                map.iter().map(|(key, value)| (key.clone(), marked_by(shape.child(key).0, value, false))),
            )
        }
        Value::List(list) if !list.is_empty() && !secret => {
            let item = items(attribute);
            Value::list(list.iter().map(|value| marked_by(item, value, false)))
        }
        value => marked(value, secret),
    }
}

/// A map with some keys set or, where there is nothing, taken out.
pub(super) fn edited(map: &Map, edits: Vec<(Name, Option<Value>)>) -> Map {
    let gone: std::collections::BTreeSet<Name> =
        edits.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.clone()).collect();
    map.iter()
        .filter(|(key, _)| !gone.contains(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .chain(edits.into_iter().filter_map(|(key, value)| Some((key, value?))))
        .collect()
}
