//! Marks what a schema calls sensitive, in what the configuration gives and in what is planned.

use aurak_model::{Attribute, Kind, Map, TypeSchema, Value};

/// The value with the leaves marked that the attribute, or a part of it, calls sensitive.
pub(crate) fn mark(value: &Value, attribute: &Attribute) -> Value {
    if attribute.sensitive {
        return value.clone().sensitive();
    }
    match (attribute.kind, value) {
        (Kind::Object, Value::Map(map)) if attribute.attributes.values().any(any_sensitive) => {
            Value::map(map.iter().map(|(key, value)| {
                let marked = attribute.attributes.get(key).map_or_else(|| value.clone(), |a| mark(value, a));
                (key.clone(), marked)
            }))
        }
        (Kind::Map, Value::Map(map)) => match attribute.items.as_deref() {
            Some(items) if any_sensitive(items) => {
                Value::map(map.iter().map(|(key, value)| (key.clone(), mark(value, items))))
            }
            _ => value.clone(),
        },
        (Kind::List, Value::List(list)) => match attribute.items.as_deref() {
            Some(items) if any_sensitive(items) => Value::list(list.iter().map(|value| mark(value, items))),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

/// The same for the attributes of a type.
pub(crate) fn mark_all(values: &Map, schema: &TypeSchema) -> Value {
    if !schema.attributes.values().any(any_sensitive) {
        return Value::from(values.clone());
    }
    Value::map(values.iter().map(|(key, value)| {
        let marked = schema.attributes.get(key).map_or_else(|| value.clone(), |a| mark(value, a));
        (key.clone(), marked)
    }))
}

fn any_sensitive(attribute: &Attribute) -> bool {
    attribute.sensitive
        || attribute.items.as_deref().is_some_and(any_sensitive)
        || attribute.attributes.values().any(any_sensitive)
}
