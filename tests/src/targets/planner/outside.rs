//! What is observed, and answers.

use aurak_model::snapshot::Child;
use aurak_model::{Answer, Ask, Attribute, Kind, Map, Name, Refreshed, Snapshot, StateDoc, Value};

use super::super::bytes::Bytes;
use super::super::lang::SCHEMAS;
use super::state::{known, live};

/// What the rows look like now.
pub(super) fn prefetch(bytes: &mut Bytes<'_>, previous: &StateDoc) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (address, row) in &previous.rows {
        let Some(current) = &row.current else { continue };
        let found = || Refreshed::Found { id: current.id.clone(), attributes: current.attributes.clone() };
        let refreshed = match bytes.below(10) {
            0..=4 => found(),
            5 | 6 => match SCHEMAS.types.get(&row.type_name) {
                Some(schema) => Refreshed::Found {
                    id: current.id.clone(),
                    attributes: live(bytes, schema, &current.id, &current.attributes),
                },
                None => found(),
            },
            7 => Refreshed::Absent,
            8 => match bytes.below(2) {
                0 => Refreshed::Asleep("it sleeps".to_string()),
                _ => Refreshed::Unreadable("it does not answer".to_string()),
            },
            // Not read, as the type says or because its provider is another one now.
            _ => continue,
        };
        snapshot.rows.insert(address.clone(), refreshed);
    }
    snapshot
}

pub(super) fn answer(bytes: &mut Bytes<'_>, ask: &Ask) -> Answer {
    if bytes.once_in(12) {
        return Answer::Failed("it does not answer".to_string());
    }
    match ask {
        Ask::File(_) => Answer::File("text\n".into()),
        Ask::Glob(_) => Answer::Glob(vec!["a".into(), "b".into()]),
        Ask::Env(_) => Answer::Env((!bytes.once_in(4)).then(|| "value".into())),
        Ask::Read { type_name, id, .. } => object(bytes, type_name, id),
        Ask::Find { type_name, .. } => match bytes.below(4) {
            0 | 1 => Answer::Object(Refreshed::Absent),
            2 => object(bytes, type_name, "thing-1"),
            _ => Answer::Object(Refreshed::Ambiguous(vec!["thing-1".into(), "thing-2".into()])),
        },
        Ask::Preview { type_name, desired, live: before, .. } => {
            let planned = match SCHEMAS.types.get(type_name) {
                Some(schema) => {
                    let mut merged = before.as_map().cloned().unwrap_or_default();
                    for (key, value) in desired.as_map().cloned().unwrap_or_default() {
                        merged.insert(key, value);
                    }
                    match bytes.once_in(2) {
                        true => live(bytes, schema, "thing-1", &Value::from(merged)),
                        false => Value::from(merged),
                    }
                }
                None => before.clone(),
            };
            Answer::Preview { desired: desired.clone(), planned }
        }
        Ask::Expand { type_name, desired, .. } => {
            let part = if **type_name == *"sim.bundle" { "sim.thing" } else { "inner.object" };
            let children = (0..bytes.below(3)).map(|n| child(bytes, part, ["k", "l"][n % 2], n)).collect();
            Answer::Children { desired: desired.clone(), children }
        }
    }
}

fn child(bytes: &mut Bytes<'_>, type_name: &str, name: &str, n: usize) -> Child {
    let mut attributes = Map::new();
    attributes.insert("name", Value::from(name));
    let other = if type_name == "sim.thing" { "value" } else { "data" };
    attributes.insert(other, known(bytes, &Attribute::of(Kind::Any)));
    Child {
        name: name.into(),
        type_name: type_name.into(),
        attributes: Value::from(attributes),
        after: if n > 0 && bytes.once_in(2) { vec!["k".into()] } else { Vec::new() },
    }
}

/// Nothing, asleep, or an object of a type.
fn object(bytes: &mut Bytes<'_>, type_name: &Name, id: &str) -> Answer {
    Answer::Object(match (SCHEMAS.types.get(type_name), bytes.below(6)) {
        (_, 4) => Refreshed::Absent,
        (_, 5) => Refreshed::Asleep("it sleeps".to_string()),
        (Some(schema), _) => {
            let mut desired = Map::new();
            for (name, attribute) in schema.attributes.iter().filter(|(_, a)| a.required) {
                desired.insert(name.clone(), known(bytes, attribute));
            }
            Refreshed::Found { id: id.into(), attributes: live(bytes, schema, id, &Value::from(desired)) }
        }
        (None, _) => Refreshed::Absent,
    })
}
