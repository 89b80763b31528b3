//! Rows that another version of their type wrote, before anything else sees them.
//!
//! A row of an older version is brought into the form of this one; it is written again by the next
//! apply, because its version differs. What a newer one wrote cannot be read, and is not guessed at.

use std::sync::Arc;

use aurak_model::path::Seg;
use aurak_model::record::Pending;
use aurak_model::{Map, Object, Path, Row, Schemas, StateDoc, TypeSchema, Value};

use crate::error::RunError;

/// A state whose rows all have the form of the types as they are now.
pub(crate) fn upgraded(mut doc: StateDoc, schemas: &Schemas) -> Result<StateDoc, RunError> {
    for Pending { intent, .. } in &doc.pending {
        let (Some(schema), Some(row)) = (schemas.types.get(&intent.type_name), &intent.row) else { continue };
        // What it was to become cannot be brought up to date: it was sent as it is.
        if row.schema_version != schema.version {
            return Err(RunError::OtherVersion {
                address: intent.address.clone(),
                type_name: intent.type_name.clone(),
                found: row.schema_version,
                ours: schema.version,
                open: true,
            });
        }
    }
    for row in doc.rows.values_mut() {
        let Some(schema) = schemas.types.get(&row.type_name) else { continue };
        if row.schema_version > schema.version {
            return Err(RunError::OtherVersion {
                address: row.address.clone(),
                type_name: row.type_name.clone(),
                found: row.schema_version,
                ours: schema.version,
                open: false,
            });
        }
        if row.schema_version < schema.version {
            upgrade(Arc::make_mut(row), schema);
        }
    }
    Ok(doc)
}

/// The version stays what it was: by it the planner sees that the row is to be written again.
fn upgrade(row: &mut Row, schema: &TypeSchema) {
    let from = row.schema_version;
    for step in schema.upgrades.iter().filter(|step| step.from >= from) {
        let moves: Vec<(Path, Path)> = step
            .rename
            .iter()
            // The loader has checked that these are paths.
            .filter_map(|(old, new)| Some((Path::parse(old).ok()?, Path::parse(new).ok()?)))
            .collect();
        for object in [&mut row.current, &mut row.old, &mut row.temporary].into_iter().flatten() {
            let Object { id: _, desired, attributes, incomplete: _, since: _ } = object;
            for value in [desired, attributes] {
                *value = renamed(value, &moves);
            }
        }
    }
}

/// All are taken out before any is put in, so that two can change places.
fn renamed(value: &Value, moves: &[(Path, Path)]) -> Value {
    let mut out = value.clone();
    let mut taken = Vec::new();
    for (old, new) in moves {
        if let Some(leaf) = value.at(old) {
            taken.push((new, leaf.clone()));
            out = placed(&out, &old.0, None);
        }
    }
    for (new, leaf) in taken {
        out = placed(&out, &new.0, Some(&leaf));
    }
    out
}

/// A value with a part of it replaced, or taken out.
fn placed(value: &Value, path: &[Seg], leaf: Option<&Value>) -> Value {
    let Some((Seg::Key(key), rest)) = path.split_first() else { return value.clone() };
    let empty = Map::new();
    let map = value.as_map().unwrap_or(&empty);
    let inside = match rest {
        [] => leaf.cloned(),
        _ if leaf.is_none() && !map.contains_key(key) => None,
        _ => Some(placed(map.get(key).unwrap_or(&Value::Null), rest, leaf)),
    };
    let others =
        map.iter().filter(|(name, _)| *name != key).map(|(name, value)| (name.clone(), value.clone()));
    Value::map(others.chain(inside.map(|inside| (key.clone(), inside))))
}

#[cfg(test)]
mod tests {
    use aurak_model::schema::Upgrade;

    use super::*;

    fn schemas(version: u32, upgrades: &[(u32, &str, &str)]) -> Schemas {
        let mut schema = TypeSchema::new("sim.thing");
        schema.version = version;
        schema.upgrades = upgrades
            .iter()
            .map(|(from, old, new)| Upgrade {
                from: *from,
                rename: [(old.to_string(), new.to_string())].into(),
            })
            .collect();
        Schemas { types: [(schema.name.clone(), Arc::new(schema))].into(), ..Schemas::default() }
    }

    fn state(version: u32, attributes: serde_json::Value) -> StateDoc {
        let attributes = Value::from_json(&attributes);
        let row = serde_json::json!({
            "address": "one", "type": "sim.thing", "schema_version": version, "provider": "sim",
            "current": { "id": "1", "desired": null, "attributes": null },
        });
        let mut row: Row = serde_json::from_value(row).unwrap();
        if let Some(object) = &mut row.current {
            (object.desired, object.attributes) = (attributes.clone(), attributes);
        }
        StateDoc { rows: [(row.address.clone(), Arc::new(row))].into(), ..StateDoc::default() }
    }

    fn attributes(doc: &StateDoc) -> serde_json::Value {
        let object = doc.rows.values().next().unwrap().current.as_ref().unwrap();
        assert_eq!(object.desired, object.attributes);
        object.desired.to_json().unwrap()
    }

    #[test]
    fn older_rows_are_brought_up_step_by_step() {
        let schemas = schemas(4, &[(1, "size", "disk"), (2, "disk", "disk.size_gb"), (3, "a.b", "c")]);
        let old = serde_json::json!({ "size": 5, "a": { "b": 1, "x": 2 }, "name": "n" });
        let doc = upgraded(state(1, old), &schemas).unwrap();
        let expected = serde_json::json!({ "disk": { "size_gb": 5 }, "a": { "x": 2 }, "c": 1, "name": "n" });
        assert_eq!(attributes(&doc), expected);
        assert_eq!(doc.rows.values().next().unwrap().schema_version, 1, "the next apply writes it");
        // A step that lies behind the row is not made again.
        let doc = upgraded(state(3, serde_json::json!({ "size": 5 })), &schemas).unwrap();
        assert_eq!(attributes(&doc), serde_json::json!({ "size": 5 }));
        let now = state(4, serde_json::json!({ "size": 5, "a": { "b": 1 } }));
        assert_eq!(upgraded(now.clone(), &schemas).unwrap(), now);
    }

    #[test]
    fn older_and_temporary_objects_are_brought_up_too() {
        let mut doc = state(1, serde_json::json!({ "size": 5 }));
        let row = Arc::make_mut(doc.rows.values_mut().next().unwrap());
        (row.old, row.temporary) = (row.current.clone(), row.current.clone());
        let doc = upgraded(doc, &schemas(2, &[(1, "size", "disk")])).unwrap();
        let row = doc.rows.values().next().unwrap();
        for object in [&row.current, &row.old, &row.temporary].map(|object| object.as_ref().unwrap()) {
            let now = serde_json::json!({ "disk": 5 });
            assert_eq!(
                (object.desired.to_json(), object.attributes.to_json()),
                (Some(now.clone()), Some(now))
            );
        }
    }

    #[test]
    fn an_open_call_of_another_version_is_refused() {
        for (version, said) in [(1, true), (2, false), (3, true)] {
            let intent = serde_json::json!({
                "operation": "o", "step": 0, "key": "k", "address": "one", "type": "sim.thing",
                "slot": "current", "provider": "sim", "call": "create", "desired": null, "at_ms": 1,
                "row": { "schema_version": version },
            });
            let intent = serde_json::from_value(intent).unwrap();
            let doc = StateDoc { pending: vec![Pending { intent, handle: None }], ..StateDoc::default() };
            let refused = upgraded(doc, &schemas(2, &[(1, "size", "disk")])).map_err(|e| e.to_string());
            assert_eq!(refused.is_err(), said, "version {version}: {refused:?}");
        }
    }

    #[test]
    fn two_attributes_can_change_places() {
        let mut schemas = schemas(2, &[]);
        let schema = schemas.types.values_mut().next().unwrap();
        let rename = [("a".to_string(), "b".to_string()), ("b".to_string(), "a".to_string())].into();
        Arc::make_mut(schema).upgrades = vec![Upgrade { from: 1, rename }];
        let doc = upgraded(state(1, serde_json::json!({ "a": 1, "b": 2 })), &schemas).unwrap();
        assert_eq!(attributes(&doc), serde_json::json!({ "a": 2, "b": 1 }));
    }

    #[test]
    fn newer_rows_are_refused_and_unknown_types_left_alone() {
        let doc = state(3, serde_json::json!({}));
        let error = upgraded(doc.clone(), &schemas(2, &[])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`one` was written by version 3 of sim.thing, and this aurak has version 2"
        );
        assert_eq!(upgraded(doc.clone(), &Schemas::default()).unwrap(), doc);
    }
}
