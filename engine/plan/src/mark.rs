//! What a schema says about secrets: which leaves are marked, under which conditions, and where a
//! secret must not go.

use std::sync::Arc;

use aurak_expr::truthy;
use aurak_model::{Attribute, Kind, Map, Path, TypeSchema, Value};

use crate::context::Context;
use crate::scope::RuleScope;

impl Context {
    /// The schema with the conditions of sensitivity decided for these attributes. What cannot be
    /// decided is sensitive.
    pub(crate) fn decided_schema(&self, schema: &Arc<TypeSchema>, desired: &Value) -> Arc<TypeSchema> {
        if !schema.attributes.values().any(|attribute| any(attribute, &|a| a.sensitive_when.is_some())) {
            return schema.clone();
        }
        let mut decided = (**schema).clone();
        for attribute in decided.attributes.values_mut() {
            self.decide_sensitivity(attribute, desired);
        }
        Arc::new(decided)
    }

    fn decide_sensitivity(&self, attribute: &mut Attribute, desired: &Value) {
        if let Some(rule) = attribute.sensitive_when.take() {
            let value = self.evaluate_rule(&rule, &RuleScope { this: desired });
            attribute.sensitive |= !matches!(value.map(|value| truthy(&value)), Ok(Some(false)));
        }
        if let Some(items) = &mut attribute.items {
            self.decide_sensitivity(items, desired);
        }
        for below in attribute.attributes.values_mut() {
            self.decide_sensitivity(below, desired);
        }
    }
}

/// The places of secrets where the schema forbids them.
pub(crate) fn misplaced(value: &Value, attribute: &Attribute, at: &Path, found: &mut Vec<Path>) {
    if attribute.no_secrets && value.has_marks() {
        found.push(at.clone());
        return;
    }
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                if let Some(below) = attribute.below(&aurak_model::Seg::Key(key.clone())) {
                    misplaced(value, below, &at.join(key.clone()), found);
                }
            }
        }
        Value::List(list) => {
            for (i, value) in list.iter().enumerate() {
                if let Some(below) = attribute.below(&aurak_model::Seg::Index(i)) {
                    misplaced(value, below, &at.at(i), found);
                }
            }
        }
        _ => {}
    }
}

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
    any(attribute, &|attribute| attribute.sensitive)
}

/// Whether something holds of an attribute or of a part of it.
fn any(attribute: &Attribute, holds: &dyn Fn(&Attribute) -> bool) -> bool {
    holds(attribute)
        || attribute.items.as_deref().is_some_and(|items| any(items, holds))
        || attribute.attributes.values().any(|below| any(below, holds))
}
