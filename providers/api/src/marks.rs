//! Marks by schema: what a provider returns carries none by itself.

use std::sync::Arc;

use aurak_expr::{MapScope, Template, truthy};
use aurak_model::path::Seg;
use aurak_model::value::Map;
use aurak_model::{Attribute, Kind, Name, TypeSchema, Value};

/// A body with the leaves marked that the schema calls sensitive. Null stays plain: that there is
/// no secret is none.
#[must_use]
pub fn mark_sensitive(value: &Value, schema: &TypeSchema) -> Value {
    let any = schema.attributes.values().any(|attribute| somewhere(attribute, &may_be_sensitive));
    match value {
        Value::Map(map) if any => each(map, |key, item| match schema.attributes.get(key) {
            Some(attribute) => Some(mark(item, attribute, map)),
            None => Some(item.clone()),
        }),
        other => other.clone(),
    }
}

/// A body without the leaves that the schema calls volatile: what may be stored of it.
#[must_use]
pub fn drop_volatile(value: &Value, schema: &TypeSchema) -> Value {
    let any = schema.attributes.values().any(|attribute| somewhere(attribute, &|a| a.volatile));
    match value {
        Value::Map(map) if any => each(map, |key, item| match schema.attributes.get(key) {
            Some(attribute) => without_volatile(item, attribute),
            None => Some(item.clone()),
        }),
        other => other.clone(),
    }
}

/// A body with the leaves marked that are marked in another one, at the same place. In lists of
/// different lengths places say nothing, so all of such a list is marked.
#[must_use]
pub fn mark_like(value: &Value, other: &Value) -> Value {
    if !other.has_marks() {
        return value.clone();
    }
    match (value, other) {
        (Value::Map(map), Value::Map(like)) => each(map, |key, item| match like.get(key) {
            Some(like) => Some(mark_like(item, like)),
            None => Some(item.clone()),
        }),
        (Value::List(list), Value::List(like)) if list.len() == like.len() => {
            Value::list(list.iter().zip(like.iter()).map(|(item, like)| mark_like(item, like)))
        }
        (Value::List(_), Value::List(_)) | (_, Value::Sensitive(_)) => hide(value),
        _ => value.clone(),
    }
}

/// Marks every leaf but null.
pub(crate) fn hide(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::List(list) if !list.is_empty() => Value::list(list.iter().map(hide)),
        Value::Map(map) if !map.is_empty() => each(map, |_, item| Some(hide(item))),
        leaf => leaf.clone().sensitive(),
    }
}

fn may_be_sensitive(attribute: &Attribute) -> bool {
    attribute.sensitive || attribute.sensitive_when.is_some()
}

/// Whether an attribute is sensitive in this body. A predicate that cannot be evaluated hides: it
/// is the mistake that can be made good.
fn is_sensitive(attribute: &Attribute, body: &Arc<Map>) -> bool {
    let Some(when) = &attribute.sensitive_when else { return attribute.sensitive };
    let scope: Map = [("self", Value::Map(body.clone()))].into_iter().collect();
    let holds = Template::expression(when).and_then(|template| template.evaluate(&MapScope(&scope)));
    holds.map_or(true, |result| truthy(&result.value).unwrap_or(true))
}

fn mark(value: &Value, attribute: &Attribute, body: &Arc<Map>) -> Value {
    if !somewhere(attribute, &may_be_sensitive) {
        return value.clone();
    }
    if is_sensitive(attribute, body) {
        return hide(value);
    }
    match value {
        Value::Map(map) => each(map, |key, item| match attribute.below(&Seg::Key(key.clone())) {
            Some(below) => Some(mark(item, below, body)),
            None => Some(item.clone()),
        }),
        Value::List(list) => match attribute.below(&Seg::Any) {
            Some(below) => Value::list(list.iter().map(|item| mark(item, below, body))),
            None => value.clone(),
        },
        other => other.clone(),
    }
}

fn without_volatile(value: &Value, attribute: &Attribute) -> Option<Value> {
    if attribute.volatile {
        return None;
    }
    if !somewhere(attribute, &|a| a.volatile) {
        return Some(value.clone());
    }
    Some(match value {
        Value::Map(map) => each(map, |key, item| match attribute.below(&Seg::Key(key.clone())) {
            Some(below) => without_volatile(item, below),
            None => Some(item.clone()),
        }),
        Value::List(list) => match attribute.below(&Seg::Any) {
            // The places of a list count: a volatile item leaves a null.
            Some(below) => {
                Value::list(list.iter().map(|item| without_volatile(item, below).unwrap_or_default()))
            }
            None => value.clone(),
        },
        other => other.clone(),
    })
}

/// Whether an attribute, or one below it, is so.
fn somewhere(attribute: &Attribute, is: &dyn Fn(&Attribute) -> bool) -> bool {
    is(attribute)
        || match attribute.kind {
            Kind::Object => attribute.attributes.values().any(|below| somewhere(below, is)),
            Kind::List | Kind::Map => attribute.items.as_deref().is_some_and(|below| somewhere(below, is)),
            Kind::Any | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String => false,
        }
}

fn each(map: &Map, mut f: impl FnMut(&Name, &Value) -> Option<Value>) -> Value {
    Value::map(map.iter().filter_map(|(key, item)| Some((key.clone(), f(key, item)?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> TypeSchema {
        let secret = Attribute { sensitive: true, ..Attribute::of(Kind::String) };
        let token = Attribute { volatile: true, ..Attribute::of(Kind::String) };
        let user = Attribute {
            attributes: [("name".into(), Attribute::of(Kind::String)), ("password".into(), secret.clone())]
                .into(),
            ..Attribute::of(Kind::Object)
        };
        let mut schema = TypeSchema::new("t.t");
        schema.attributes = [
            ("secret".into(), Attribute { sensitive: true, ..Attribute::default() }),
            ("users".into(), Attribute { items: Some(Box::new(user)), ..Attribute::of(Kind::List) }),
            (
                "auth".into(),
                Attribute { attributes: [("token".into(), token)].into(), ..Attribute::of(Kind::Object) },
            ),
        ]
        .into();
        schema
    }

    fn body() -> Value {
        Value::map([
            ("secret", Value::map([("a", Value::from("x")), ("b", Value::Null)])),
            ("users", Value::list([Value::map([("name", Value::from("n")), ("password", "p".into())])])),
            ("auth", Value::map([("token", Value::from("t")), ("kind", "k".into())])),
            ("other", "o".into()),
        ])
    }

    #[test]
    fn leaves_are_marked_by_schema() {
        insta::assert_snapshot!(format!("{:?}", mark_sensitive(&body(), &schema())), @r#"{"auth": {"kind": "k", "token": "t"}, "other": "o", "secret": {"a": (sensitive), "b": null}, "users": [{"name": "n", "password": (sensitive)}]}"#);
    }

    #[test]
    fn leaves_are_marked_on_a_condition() {
        let mut schema = TypeSchema::new("t.t");
        let when = |when: &str| Attribute { sensitive_when: Some(when.into()), ..Attribute::default() };
        schema.attributes = [
            ("a".into(), when("self.kind == 'password'")),
            ("b".into(), when("self.kind == 'id'")),
            ("c".into(), when("self.nothing")),
        ]
        .into();
        let body = Value::map([
            ("kind", Value::from("password").sensitive()),
            ("a", 1.into()),
            ("b", 2.into()),
            ("c", 3.into()),
        ]);
        assert_eq!(
            format!("{:?}", mark_sensitive(&body, &schema)),
            r#"{"a": (sensitive), "b": 2, "c": (sensitive), "kind": (sensitive)}"#
        );
    }

    #[test]
    fn volatile_leaves_are_left_out() {
        insta::assert_snapshot!(format!("{:?}", drop_volatile(&body(), &schema())), @r#"{"auth": {"kind": "k"}, "other": "o", "secret": {"a": "x", "b": null}, "users": [{"name": "n", "password": "p"}]}"#);
    }

    #[test]
    fn leaves_are_marked_like_those_of_another_body() {
        let like = Value::map([
            ("other", Value::from("before").sensitive()),
            ("users", Value::list([Value::Null, Value::from("x").sensitive()])),
            ("auth", Value::map([("kind", Value::from("z").sensitive())])),
        ]);
        insta::assert_snapshot!(format!("{:?}", mark_like(&body(), &like)), @r#"{"auth": {"kind": (sensitive), "token": "t"}, "other": (sensitive), "secret": {"a": "x", "b": null}, "users": [{"name": (sensitive), "password": (sensitive)}]}"#);
    }
}
