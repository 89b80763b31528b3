//! `agentPoolProfiles`: the pools of a cluster as a list in its body, kept as resources of their own.

use serde_json::{Map, Value, json};

use super::agent_pool::{self, AgentPool};
use super::cluster::{around, version};
use super::{POOLS, invalid, not_allowed, pool_rules, refuse, releases};
use crate::arm::{Kind, etag};
use crate::refusal::Outcome;
use crate::world::{Resource, World};

/// The list of pools as it will be: those that the body names, checked; at least one for the system.
pub(super) fn pools(world: &World, old: Option<&Resource>, new: &mut Resource) -> Outcome<Vec<Value>> {
    let given = new.take("properties.agentPoolProfiles");
    let given: Vec<Map<String, Value>> = given
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .cloned()
        .collect();
    let key = new.key();
    if old.is_none() && given.is_empty() {
        return Err(invalid("agentPoolProfiles", "must name at least one pool"));
    }
    let mut checked: Vec<Resource> = Vec::new();
    for mut properties in given {
        let name =
            properties.remove("name").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        if checked.iter().any(|other| other.name == name) {
            return Err(invalid("agentPoolProfiles.name", &format!("'{name}' is there twice")));
        }
        let before = world.resources.get(&format!("{key}/agentpools/{name}"));
        let mut body = Map::new();
        body.insert("properties".into(), Value::Object(properties));
        let mut pool = Resource { id: format!("{}/agentPools/{name}", new.id), name, body, ..new.clone() };
        pool_rules::check(&around(world, new), before, &mut pool)?;
        checked.push(pool);
    }
    let system = |pool: &Resource| pool.text("properties.mode") == Some("System");
    let others = children(world, &key).filter(|pool| !checked.iter().any(|named| named.name == pool.name));
    if !checked.iter().any(system) && !others.into_iter().any(system) {
        return Err(not_allowed(400, "There has to be at least one system agent pool."));
    }
    // A newer control plane takes no pool along, and leaves none too far behind.
    let plane = version(new);
    for pool in children(world, &key).filter(|pool| !checked.iter().any(|named| named.name == pool.name)) {
        let current = pool.text("properties.currentOrchestratorVersion").and_then(releases::parse);
        if current.is_some_and(|current| current.minor + 2 < plane.minor) {
            return Err(refuse(
                400,
                "NodePoolMcVersionIncompatible",
                format!(
                    "Node pool {} is more than two minor versions older than control plane version {plane}; upgrade it first.",
                    pool.name
                ),
            ));
        }
    }
    Ok(checked.iter().map(|pool| json!({ "name": pool.name, "properties": pool.properties() })).collect())
}

pub(super) fn children<'a>(world: &'a World, key: &str) -> impl Iterator<Item = &'a Resource> + use<'a> {
    world.below(key).map(|(_, resource)| resource).filter(|resource| resource.type_ == agent_pool::NAME)
}

/// A pool as the list of its cluster shows it.
pub(super) fn profile(pool: &Resource) -> Value {
    let mut body = Value::Object(pool.properties());
    body["name"] = json!(pool.name);
    body["eTag"] = json!(etag(AgentPool.spec(), pool));
    body["provisioningState"] = json!(pool.state);
    body
}

/// Makes the pools that the write named.
pub(super) fn adopt(world: &mut World, key: &str) {
    let Some(cluster) = world.resources.get_mut(key) else { return };
    let pools = cluster.hidden.remove(POOLS);
    let cluster = cluster.clone();
    for item in pools.as_ref().and_then(Value::as_array).into_iter().flatten() {
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        let child = format!("{key}/agentpools/{name}");
        let old = world.resources.get(&child).cloned();
        let mut body = Map::new();
        body.insert("properties".into(), item.get("properties").cloned().unwrap_or_else(|| json!({})));
        let changed = old.as_ref().is_none_or(|old| old.body != body);
        let pool = Resource {
            id: old
                .as_ref()
                .map_or_else(|| format!("{}/agentPools/{name}", cluster.id), |old| old.id.clone()),
            name: name.to_owned(),
            type_: agent_pool::NAME.to_owned(),
            body,
            hidden: Map::new(),
            state: cluster.state.clone(),
            operation: cluster.operation.clone(),
            revision: old.as_ref().map_or(cluster.revision, |old| old.revision + u64::from(changed)),
            created: old.as_ref().map_or(cluster.changed, |old| old.created),
            changed: cluster.changed,
        };
        world.resources.insert(child, pool);
    }
}
