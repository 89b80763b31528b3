//! A state that an apply could have left, of this stack or of another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aurak_api::{drop_volatile, mark_sensitive};
use aurak_expr::coerce;
use aurak_model::record::{CallKind, IdempotencyKey, Intent, Lifecycle, OperationId, Pending, ProviderRow};
use aurak_model::snapshot::Override;
use aurak_model::{
    Address, Attribute, Kind, Map, ModuleAddress, Name, Object, Path, ProviderAddress, Row, Slot, StateDoc,
    StepId, Type, TypeSchema, Value,
};
use serde_json::Value as Json;

use super::super::bytes::Bytes;
use super::super::lang::SCHEMAS;
use super::stack::{Around, KEYS, NAMES, TYPES};

/// An address of the names that there are.
pub(super) fn address(bytes: &mut Bytes<'_>) -> Address {
    let name = *bytes.pick(NAMES);
    address_of(bytes, name)
}

/// One of an earlier name: what is recorded needs nothing in a circle.
fn before(bytes: &mut Bytes<'_>, address: &Address) -> Option<Address> {
    let own = address.split().1.name;
    let earlier = NAMES.iter().take_while(|name| **name != own).count();
    let name = *NAMES.get(bytes.below(earlier)).filter(|_| earlier > 0)?;
    Some(address_of(bytes, name))
}

fn address_of(bytes: &mut Bytes<'_>, name: &str) -> Address {
    let key = bytes.once_in(3).then(|| *bytes.pick(KEYS));
    let module = match bytes.below(8) {
        6 => ModuleAddress::root().join("m", None),
        7 => ModuleAddress::root().join("m", Some("x")),
        _ => ModuleAddress::root(),
    };
    let address = Address::new(&module, name, key);
    if bytes.once_in(12) { address.child("k") } else { address }
}

/// The type of an address, as the stack has it now.
fn type_now<'a>(stack: &'a BTreeMap<String, Json>, address: &Address) -> Option<&'a str> {
    let (module, last, child) = address.split();
    let file = if module.is_root() { "aurak.yaml" } else { "m/module.yaml" };
    let type_name = stack.get(file)?.get("resources")?.get(&last.name)?.get("type")?.as_str()?;
    match (child, type_name) {
        (Some(_), "sim.bundle") => Some("sim.thing"),
        (Some(_), "inner.bundle") => Some("inner.object"),
        _ => Some(type_name),
    }
}

pub(super) fn draw(bytes: &mut Bytes<'_>, stack: &BTreeMap<String, Json>) -> StateDoc {
    let mut doc = StateDoc { id: "s".into(), stack: "x".into(), serial: 9, ..StateDoc::default() };
    for _ in 0..bytes.below(9) {
        let address = address(bytes);
        let now = type_now(stack, &address);
        let type_name = match now {
            Some(now) if !bytes.once_in(6) => now,
            _ => *bytes.pick(TYPES),
        };
        let Some(schema) = SCHEMAS.types.get(type_name) else { continue };
        if schema.composite {
            continue;
        }
        let row = row(bytes, address.clone(), schema);
        doc.rows.insert(address, Arc::new(row));
    }
    let used: Vec<ProviderAddress> = doc.rows.values().map(|row| row.provider.clone()).collect();
    for address in used {
        let type_name = match address.as_str() {
            "other" => "sim",
            name => name.split('[').next().unwrap_or(name),
        };
        let type_name: Name = type_name.into();
        let config = match (&*type_name, bytes.below(4)) {
            ("inner", 1) => Value::map([("kubeconfig", Value::from("k").sensitive())]),
            ("inner", 2) => Value::map([("endpoint", Value::from("e"))]),
            ("inner", 3) => {
                // What was read there last is of a row that is still there.
                let rows: Vec<&Address> = doc.rows.keys().collect();
                let cluster = (*bytes.pick(&rows)).clone();
                Value::map([(
                    "kubeconfig",
                    Value::of_row(&cluster, Path::key("kubeconfig"), Type::String).sensitive(),
                )])
            }
            ("sim", 1) => Value::map([("account", Value::from("n1"))]),
            _ => Value::from(Map::new()),
        };
        let needs = if bytes.once_in(4) { vec![self::address(bytes)] } else { Vec::new() };
        doc.providers.insert(address.clone(), ProviderRow { address, type_name, config, needs });
    }
    if bytes.once_in(10) {
        let (address, path) = (address(bytes), Path::key(*bytes.pick(&["value", "name", "tags"])));
        let value = known(bytes, &Attribute::of(Kind::Any));
        doc.overrides.push(Override { address, path, value, who: "me".into(), why: "so".into() });
    }
    if bytes.once_in(6) {
        doc.outputs.insert("o".into(), known(bytes, &Attribute::of(Kind::Any)));
    }
    while bytes.once_in(6) {
        let pending = pending(bytes, stack);
        doc.pending.extend(pending);
    }
    doc
}

/// A call of which nobody knows how it ended: whoever only plans has not looked what became of it, and
/// what a recovery did not see may be on its way yet.
fn pending(bytes: &mut Bytes<'_>, stack: &BTreeMap<String, Json>) -> Option<Pending> {
    let address = address(bytes);
    let now = type_now(stack, &address);
    let schema = SCHEMAS.types.get(now.unwrap_or(*bytes.pick(TYPES))).filter(|schema| !schema.composite)?;
    let provider = ProviderAddress::new(&ModuleAddress::root(), schema.provider(), None);
    let call = [CallKind::Create, CallKind::Update, CallKind::Delete][bytes.below(3)].clone();
    let desired = match call {
        CallKind::Delete => Value::Null,
        _ => object(bytes, schema, "").desired,
    };
    let intent = Intent {
        operation: OperationId("o".into()),
        step: StepId(0),
        key: IdempotencyKey("k".into()),
        address,
        type_name: schema.name.clone(),
        slot: *bytes.pick(&[Slot::Current, Slot::Temporary, Slot::Old]),
        provider,
        id: (call != CallKind::Create).then(|| "thing-1".into()),
        call,
        natural_key: bytes.once_in(2).then(|| (*bytes.pick(NAMES)).into()),
        desired,
        row: None,
        takes: Vec::new(),
        at_ms: 1,
    };
    Some(Pending { intent, handle: None })
}

fn row(bytes: &mut Bytes<'_>, address: Address, schema: &TypeSchema) -> Row {
    let provider = match (schema.provider(), bytes.below(8)) {
        ("sim", 6) => ProviderAddress::new(&ModuleAddress::root(), "other", None),
        ("inner", 6) => ProviderAddress::new(&ModuleAddress::root(), "inner", Some("x")),
        (name, _) => ProviderAddress::new(&ModuleAddress::root(), name, None),
    };
    let mut row = Row {
        type_name: schema.name.clone(),
        version: 1 + bytes.below(8) as u64,
        schema_version: schema.version,
        provider,
        world: bytes.once_in(3).then(|| (*bytes.pick(&["w", "main", "e"])).into()),
        current: None,
        old: None,
        temporary: None,
        needs: (0..bytes.below(3)).filter_map(|_| before(bytes, &address)).collect(),
        lifecycle: Lifecycle {
            prevent_destroy: bytes.once_in(12),
            retain: bytes.once_in(8),
            create_before_destroy: bytes.once_in(5),
            deleted_with: if bytes.once_in(10) { before(bytes, &address) } else { None },
        },
        place: None,
        replace_when: if bytes.once_in(8) { known(bytes, &Attribute::of(Kind::Any)) } else { Value::Null },
        address,
    };
    row.needs.sort();
    row.needs.dedup();
    let number = bytes.below(4);
    if !bytes.once_in(12) {
        row.current = Some(object(bytes, schema, &format!("thing-{number}")));
    }
    if row.current.is_none() || bytes.once_in(10) {
        row.old = Some(object(bytes, schema, "old-1"));
    }
    // A rotation that was cut off. Its type may have become one that does not rotate since.
    if bytes.once_in(if schema.rotate.is_some() { 3 } else { 24 }) {
        row.temporary = Some(object(bytes, schema, "temporary-1"));
    }
    row
}

fn object(bytes: &mut Bytes<'_>, schema: &TypeSchema, id: &str) -> Object {
    let mut desired = Map::new();
    for (name, attribute) in &schema.attributes {
        if !attribute.computed && (attribute.required || bytes.once_in(3)) {
            desired.insert(name.clone(), known(bytes, attribute));
        }
    }
    let desired = mark_sensitive(&Value::from(desired), schema);
    Object {
        id: id.into(),
        attributes: drop_volatile(&live(bytes, schema, id, &desired), schema),
        desired,
        incomplete: bytes.once_in(16).then(|| "it failed half-way".to_string()),
        since: 0,
    }
}

/// An object as a service shows it.
pub(super) fn live(bytes: &mut Bytes<'_>, schema: &TypeSchema, id: &str, desired: &Value) -> Value {
    let mut all = desired.as_map().cloned().unwrap_or_default();
    for (name, attribute) in &schema.attributes {
        if attribute.write_only {
            all.remove(name);
        } else if **name == *"id" {
            all.insert("id", Value::from(id));
        } else if attribute.computed || attribute.server_default && bytes.once_in(2) || bytes.once_in(16) {
            all.insert(name.clone(), known(bytes, attribute));
        }
    }
    mark_sensitive(&Value::from(all), schema)
}

/// A value of an attribute without anything to evaluate in it.
pub(super) fn known(bytes: &mut Bytes<'_>, attribute: &Attribute) -> Value {
    let value = Value::from_json(&Around::known().value(bytes, attribute, 0));
    coerce(&value, None, attribute).unwrap_or(Value::Null)
}
