//! Keys of maps whose case does not count: `Env` is `env`, and an id is one however it is written.
//!
//! Services give such keys back in a spelling of their own. Before anything is compared they are
//! brought into one: that of what is asked for, and where it asks for nothing that of the object, so
//! that a place that is to be unset is one that is there. Maps in items of lists are left alone.

use std::collections::BTreeMap;

use aurak_model::{Attribute, Map, Name, Value};

use super::shape::{Shape, as_map, edited};

/// A value with the keys of such maps as `model` spells them; none where they are so already.
pub(super) fn respelled(shape: Shape<'_>, value: &Value, model: &Value) -> Option<Value> {
    let (map, model) = (as_map(Some(value))?, as_map(Some(model))?);
    let edits: Vec<(Name, Option<Value>)> = model
        .iter()
        .filter_map(|(key, model)| {
            let new = respelled_part(shape.child(key).0, map.get(key)?, model)?;
            Some((key.clone(), Some(new)))
        })
        .collect();
    (!edits.is_empty()).then(|| Value::from(edited(map, edits)))
}

fn respelled_part(attribute: &Attribute, value: &Value, model: &Value) -> Option<Value> {
    let shape = Shape::of(attribute);
    if !(attribute.case_insensitive && shape.holds_items()) {
        return respelled(shape, value, model);
    }
    let renamed = with_keys_of(as_map(Some(value))?, as_map(Some(model))?).map(Value::from);
    let below = respelled(shape, renamed.as_ref().unwrap_or(value), model);
    below.or(renamed)
}

/// A map with its keys as `model` spells them; none where they are so already. A key that stands
/// there as it is means itself.
pub(super) fn with_keys_of(map: &Map, model: &Map) -> Option<Map> {
    let mut spelled: BTreeMap<String, &Name> = BTreeMap::new();
    for key in model.keys().filter(|key| !map.contains_key(key)) {
        spelled.entry(key.to_lowercase()).or_insert(key);
    }
    if spelled.is_empty() {
        return None;
    }
    let mut changed = false;
    let renamed: Map = map
        .iter()
        .map(|(key, value)| {
            let new = match model.contains_key(key) {
                true => None,
                false => spelled.remove(&key.to_lowercase()),
            };
            changed |= new.is_some();
            (new.unwrap_or(key).clone(), value.clone())
        })
        .collect();
    changed.then_some(renamed)
}
