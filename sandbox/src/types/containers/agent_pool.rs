//! Agent pools, written alone; in the list of their cluster see `cluster`.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::cluster::{self, running};
use super::{VERSIONS, not_allowed, pool_rules, releases};
use crate::arm::{Context, Etag, Exclusive, Kind, Name, Place, Service, Spec};
use crate::http::Response;
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct AgentPool;

pub(crate) const NAME: &str = "Microsoft.ContainerService/managedClusters/agentPools";

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Containers,
    place: Place::Child,
    name_rule: Name {
        pattern: "^[a-z][a-z0-9]{0,11}$",
        status: 400,
        code: "InvalidParameter",
        rule: "The name of an agent pool has 1 to 12 lower-case letters and digits, and starts with a letter.",
        public: false,
    },
    creates_in: 120_000,
    updates_in: 60_000,
    deletes_in: 90_000,
    etag: Etag::Property,
    exclusive: Exclusive::Root,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/agent_pool.txt")));

impl Kind for AgentPool {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn admit(
        &self,
        _cx: &Context<'_>,
        world: &mut World,
        old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        let key = new.key();
        let Some(parent) = world.resources.get(cluster_key(&key)) else {
            return Ok(());
        };
        running(parent, "agent pool operations")?;
        pool_rules::check(&cluster::around(world, parent), old, new)?;
        if new.text("properties.mode") != Some("System") {
            system_left(world, &key)?;
        }
        Ok(())
    }

    fn may_go(&self, _cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        let key = resource.key();
        if let Some(parent) = world.resources.get(cluster_key(&key)) {
            running(parent, "agent pool operations")?;
        }
        system_left(world, &key)
    }

    fn view(
        &self,
        _cx: &Context<'_>,
        world: &World,
        resource: &Resource,
        tail: &[String],
    ) -> Option<Outcome<Response>> {
        if !matches!(tail, [word, name] if word == "upgradeprofiles" && name == "default") {
            return None;
        }
        let plane = world.resources.get(cluster_key(&resource.key())).map(cluster::version)?;
        let current = resource.text("properties.currentOrchestratorVersion").and_then(releases::parse)?;
        let upgrades: Vec<Value> = releases::upgrades(current)
            .into_iter()
            .filter(|version| *version <= plane)
            .map(|version| json!({ "kubernetesVersion": version.to_string() }))
            .collect();
        Some(Ok(Response::json(
            200,
            json!({
                "id": format!("{}/upgradeProfiles/default", resource.id),
                "name": "default",
                "type": format!("{NAME}/upgradeProfiles"),
                "properties": {
                    "kubernetesVersion": current.to_string(),
                    "osType": resource.at("properties.osType"),
                    "latestNodeImageVersion": resource.at("properties.nodeImageVersion"),
                    "upgrades": upgrades,
                },
            }),
        )))
    }
}

fn cluster_key(key: &str) -> &str {
    key.rsplit_once("/agentpools/").map_or(key, |(cluster, _)| cluster)
}

/// Without this one, a system pool has to be left.
fn system_left(world: &World, key: &str) -> Outcome<()> {
    let left = world.below(cluster_key(key)).any(|(other, resource)| {
        other != key && resource.type_ == NAME && resource.text("properties.mode") == Some("System")
    });
    if left {
        return Ok(());
    }
    Err(not_allowed(400, "There has to be at least one system agent pool."))
}
