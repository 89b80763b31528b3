//! Filling an empty world with what was read elsewhere: the same ids, the same bodies, settled.
//! Secrets cannot be read, so the ones of this world are drawn anew.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Address, Kind, Target, parse};
use crate::types;
use crate::world::{Principal, Resource, World};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LoadError {
    #[error("the world is not empty: it has {0}; reset it first")]
    NotEmpty(String),
    #[error("a body has no id, so that nobody can tell what it is")]
    NoId,
    #[error("{0} is of no type that the sandbox knows")]
    UnknownType(String),
    #[error("{id} is in {inside}, which is not among what is loaded")]
    NoParent { id: String, inside: String },
}

/// What a body has beside what is kept of it.
const SHOWN: &[&str] = &["id", "name", "type", "etag", "eTag", "systemData"];

impl World {
    /// Takes bodies as reads show them, in any order; all of them or none. Returns how many resources
    /// there are now, those in lists of their parents among them.
    ///
    /// # Errors
    /// When something is there already, or does not belong into a world.
    pub fn load(&mut self, bodies: &[Value], now: i64) -> Result<usize, LoadError> {
        if let Some((_, found)) = self.resources.iter().next() {
            return Err(LoadError::NotEmpty(found.id.clone()));
        }
        let mut found: BTreeMap<String, (Address, Resource)> = BTreeMap::new();
        for body in bodies {
            let (address, resource, children) = read(body, now)?;
            for child in &children {
                let (address, resource, _) = read(child, now)?;
                // Read alone, it says more.
                found.entry(address.key.clone()).or_insert((address, resource));
            }
            found.insert(address.key.clone(), (address, resource));
        }
        for (address, _) in found.values() {
            let around = [parent(address).map(|parent| parent.key), address.scope.group_key()];
            let missing =
                around.into_iter().flatten().find(|key| *key != address.key && !found.contains_key(key));
            if let Some(inside) = missing {
                return Err(LoadError::NoParent { id: address.id.clone(), inside });
            }
        }
        let keys: Vec<(String, &'static dyn Kind)> =
            found.iter().map(|(key, (address, _))| (key.clone(), address.kind)).collect();
        for (key, (address, mut resource)) in found {
            if let Some(subscription) = &address.scope.subscription {
                self.add_subscription(subscription);
            }
            principals(self, &key, &resource, now);
            address.kind.loaded(self, &mut resource);
            self.resources.insert(key, resource);
        }
        for (key, kind) in keys {
            kind.complete(self, &key);
        }
        Ok(self.resources.len())
    }

    /// What reads show of everything, in the order of ids: what `load` takes.
    pub fn bodies(&self) -> Vec<Value> {
        let kind = |resource: &Resource| types::find(&resource.type_);
        self.resources.iter().filter_map(|(_, resource)| Some(kind(resource)?.show(self, resource))).collect()
    }
}

/// What has to be there for a resource; a blob service comes with its account.
fn parent(address: &Address) -> Option<Address> {
    let parent = address.parent()?;
    if parent.kind.spec().name == types::BLOB_SERVICES { parent.parent() } else { Some(parent) }
}

/// A resource of its body, and the bodies of the children that are listed in it.
fn read(body: &Value, now: i64) -> Result<(Address, Resource, Vec<Value>), LoadError> {
    let id = body.get("id").and_then(Value::as_str).ok_or(LoadError::NoId)?;
    let segments: Vec<String> = id.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Target::Resource(address) = parse(&segments) else {
        return Err(LoadError::UnknownType(id.to_owned()));
    };
    let mut kept: Map<String, Value> = body.as_object().cloned().unwrap_or_default();
    kept.retain(|name, value| !SHOWN.contains(&name.as_str()) && !value.is_null());
    let mut resource = Resource {
        id: address.id.clone(),
        name: address.name().to_owned(),
        type_: address.kind.spec().name.to_owned(),
        body: kept,
        hidden: Map::new(),
        state: "Succeeded".to_owned(),
        operation: None,
        revision: now.unsigned_abs(),
        created: now,
        changed: now,
    };
    if address.kind.spec().shows_state {
        resource.take("properties.provisioningState");
    }
    resource.take("properties.eTag");
    let mut children = Vec::new();
    for (list, child) in types::LISTS {
        let Some((_, last)) = child.rsplit_once('/').filter(|(parent, _)| *parent == resource.type_) else {
            continue;
        };
        let items = resource.take(&format!("properties.{list}"));
        for item in items.as_ref().and_then(Value::as_array).into_iter().flatten() {
            children.push(child_of(&resource.id, last, item));
        }
    }
    Ok((address, resource, children))
}

/// An item of a list as the body of a resource; pools have their properties beside their name.
fn child_of(parent: &str, last: &str, item: &Value) -> Value {
    let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
    let properties = item.get("properties").cloned().unwrap_or_else(|| {
        let mut flat = item.as_object().cloned().unwrap_or_default();
        // `type` is a property of a pool.
        flat.retain(|name, _| !["name", "eTag", "provisioningState"].contains(&name.as_str()));
        Value::Object(flat)
    });
    serde_json::json!({ "id": format!("{parent}/{last}/{name}"), "properties": properties })
}

/// The directory objects that go with identities.
fn principals(world: &mut World, key: &str, resource: &Resource, now: i64) {
    let own = resource.type_ == "Microsoft.ManagedIdentity/userAssignedIdentities";
    let object = resource.text(if own { "properties.principalId" } else { "identity.principalId" });
    let Some(object) = object.map(str::to_ascii_lowercase) else { return };
    let client = resource.text("properties.clientId").filter(|_| own).map(str::to_owned);
    let client_id = client.unwrap_or_else(|| world.guid());
    let principal = Principal {
        object_id: object.clone(),
        client_id,
        name: resource.name.clone(),
        resource: Some(key.to_owned()),
        visible: now,
    };
    world.principals.insert(object, principal);
}
