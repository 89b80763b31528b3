//! `aurak.state/1`: what is recorded, without anything sensitive.

use aurak_model::{Address, Object, Row, Slot, StateDoc};
use serde_json::Value as Json;

use super::{object, value};

/// The name and version of the form.
pub const STATE_FORMAT: &str = "aurak.state/1";

/// A whole state.
pub fn state(state: &StateDoc) -> Json {
    let StateDoc {
        id,
        stack,
        environment,
        serial,
        rows,
        providers: _,
        outputs,
        pending,
        overrides: _,
        durations: _,
    } = state;
    let outputs: serde_json::Map<String, Json> =
        outputs.iter().map(|(name, output)| (name.to_string(), value(output))).collect();
    object([
        ("format", STATE_FORMAT.into()),
        ("id", (&**id).into()),
        ("stack", (&**stack).into()),
        ("environment", environment.as_deref().into()),
        ("serial", (*serial).into()),
        ("resources", rows.values().map(|r| row(r)).collect()),
        ("outputs", outputs.into()),
        ("pending", pending.len().into()),
    ])
}

/// A resource.
pub fn row(row: &Row) -> Json {
    let Row {
        address,
        type_name,
        version,
        schema_version,
        provider,
        world,
        current: _,
        old: _,
        temporary: _,
        needs,
        lifecycle: _,
        place,
        replace_when: _,
    } = row;
    let objects = [(Slot::Current, "current"), (Slot::Old, "old"), (Slot::Temporary, "temporary")];
    let objects: Vec<Json> =
        objects.iter().filter_map(|(slot, word)| row.object(*slot).map(|o| object_of(o, word))).collect();
    object([
        ("address", address.as_str().into()),
        ("type", (&**type_name).into()),
        ("version", (*version).into()),
        ("schema_version", (*schema_version).into()),
        ("provider", provider.as_str().into()),
        ("world", world.as_deref().into()),
        ("place", place.as_deref().into()),
        ("needs", needs.iter().map(|need| Json::from(Address::as_str(need))).collect()),
        ("objects", objects.into()),
    ])
}

fn object_of(of: &Object, slot: &'static str) -> Json {
    let Object { id, desired, attributes, incomplete, since: _ } = of;
    object([
        ("slot", slot.into()),
        ("id", (&**id).into()),
        ("incomplete", incomplete.as_deref().into()),
        ("desired", value(desired)),
        ("attributes", value(attributes)),
    ])
}
