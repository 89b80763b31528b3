//! Virtual networks, security groups, addresses.

pub(in crate::types) mod cidr;
pub(crate) mod network_security_group;
pub(crate) mod public_ip;
pub(crate) mod security_rule;
pub(crate) mod subnet;
pub(crate) mod virtual_network;

use serde_json::{Map, Value, json};

use crate::arm::Service;
use crate::refusal::{Outcome, Refusal};
use crate::world::{Resource, World};

const VERSIONS: &[&str] = &[
    "2023-09-01",
    "2023-11-01",
    "2024-01-01",
    "2024-03-01",
    "2024-05-01",
    "2024-07-01",
    "2024-10-01",
    "2025-01-01",
    "2025-03-01",
    "2025-05-01",
    "2025-07-01",
    "2025-09-01",
    "2026-03-01",
];

fn refuse(code: &str, message: impl Into<String>) -> Box<Refusal> {
    Service::Network.refuse(400, code, message)
}

/// What a resource names has to be there.
fn referenced(world: &World, by: &str, id: &str) -> Outcome<()> {
    if let Some(found) = world.resources.get(&id.to_ascii_lowercase()) {
        if found.operation.is_none() {
            return Ok(());
        }
        return Err(Service::Network
            .refuse(429, "RetryableError", "A retryable error occurred.")
            .detail(
                "ReferencedResourceNotProvisioned",
                format!("Cannot proceed with operation because resource {id} used by resource {by} is not in Succeeded state. Resource is in {} state.", found.state),
            )
            .header("Retry-After", "10"));
    }
    Err(refuse(
        "InvalidResourceReference",
        format!(
            "Resource {id} referenced by resource {by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region."
        ),
    ))
}

/// The items of a list that are resources of their own: takes the list out of the parent and makes
/// the children what it says, removing what it does not name.
fn adopt(world: &mut World, key: &str, list: &str, child: &str, type_: &str) {
    let Some(parent) = world.resources.get_mut(key) else { return };
    let items = parent.take(&format!("properties.{list}"));
    let parent = parent.clone();
    let items: Vec<Map<String, Value>> = items
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .cloned()
        .collect();
    let named =
        |item: &Map<String, Value>| item.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted: Vec<String> =
        items.iter().map(|item| format!("{key}/{child}/{}", named(item)).to_ascii_lowercase()).collect();
    let prefix = format!("{key}/{}/", child.to_ascii_lowercase());
    let gone: Vec<String> = world
        .resources
        .range(prefix)
        .filter(|(key, resource)| resource.type_ == type_ && !wanted.contains(key))
        .map(|(key, _)| key.clone())
        .collect();
    for key in gone {
        crate::arm::remove(world, &key);
    }
    for (item, child_key) in items.iter().zip(wanted) {
        let old = world.resources.get(&child_key).cloned();
        let mut body = Map::new();
        body.insert("properties".into(), item.get("properties").cloned().unwrap_or_else(|| json!({})));
        let changed = old.as_ref().is_none_or(|old| old.body != body);
        let new = Resource {
            id: old
                .as_ref()
                .map_or_else(|| format!("{}/{child}/{}", parent.id, named(item)), |old| old.id.clone()),
            name: old.as_ref().map_or_else(|| named(item), |old| old.name.clone()),
            type_: type_.to_owned(),
            body,
            hidden: old.as_ref().map(|old| old.hidden.clone()).unwrap_or_default(),
            state: parent.state.clone(),
            operation: parent.operation.clone(),
            revision: old.as_ref().map_or(parent.revision, |old| old.revision + u64::from(changed)),
            created: old.as_ref().map_or(parent.changed, |old| old.created),
            changed: parent.changed,
        };
        world.resources.insert(child_key, new);
    }
}

/// The children of a type, in the order of their names.
fn children<'a>(world: &'a World, key: &str, type_: &'a str) -> impl Iterator<Item = &'a Resource> + use<'a> {
    world.below(key).map(|(_, resource)| resource).filter(move |resource| resource.type_ == type_)
}

/// The body of a resource with its children as a list, as a PUT sends it.
fn with_children(world: &World, resource: &Resource, list: &str, type_: &str) -> Map<String, Value> {
    let items: Vec<Value> = children(world, &resource.key(), type_)
        .map(|child| json!({ "name": child.name, "properties": child.properties() }))
        .collect();
    let mut whole = resource.clone();
    whole.set(&format!("properties.{list}"), items);
    whole.body
}
