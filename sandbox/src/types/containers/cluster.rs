//! Managed clusters. Pools in `agentPoolProfiles` are resources of their own, made and changed with
//! the cluster; a pool that the list leaves out stays.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::pool_rules::Around;
use super::releases::{self, Version};
use super::{POOLS, VERSIONS, invalid, kubeconfig, network, node_group, not_allowed, profiles, refuse};
use crate::arm::{
    Context, Etag, Exclusive, Kind, Locations, Name, Patch, Service, Spec, Start, begin, fingerprint, follow,
    guid_of, holder, remove, shown,
};
use crate::http::Response;
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::types::matches;
use crate::world::{Effect, Progress, Resource, World};

pub(crate) struct ManagedCluster;

const NAME: &str = "Microsoft.ContainerService/managedClusters";
const STARTS_IN: i64 = 120_000;
const STOPS_IN: i64 = 90_000;

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Containers,
    name_rule: Name {
        pattern: "^[a-zA-Z0-9](?:[-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$",
        status: 400,
        code: "InvalidParameter",
        rule: "The name of a cluster has 1 to 63 letters, digits, '-' and '_', and starts and ends with a letter or digit.",
        public: true,
    },
    locations: Locations::Regions,
    tracked: true,
    creates_in: 240_000,
    updates_in: 60_000,
    deletes_in: 180_000,
    patch: Patch::Tags,
    etag: Etag::TopCamel,
    exclusive: Exclusive::Root,
    fixed: &[
        "extendedLocation",
        "properties.dnsPrefix",
        "properties.fqdnSubdomain",
        "properties.nodeResourceGroup",
        "properties.enableRBAC",
        "properties.diskEncryptionSetID",
        "properties.linuxProfile",
        "properties.windowsProfile.adminUsername",
        "properties.apiServerAccessProfile.enablePrivateCluster",
        "properties.apiServerAccessProfile.privateDNSZone",
        "properties.networkProfile.networkMode",
        "properties.networkProfile.dnsServiceIP",
        "properties.networkProfile.serviceCidr",
        "properties.networkProfile.serviceCidrs",
        "properties.networkProfile.loadBalancerSku",
        "properties.networkProfile.ipFamilies",
        "properties.identityProfile",
    ],
    kept: &[
        "identity",
        "sku",
        "properties.kubernetesVersion",
        "properties.servicePrincipalProfile",
        "properties.oidcIssuerProfile.enabled",
        "properties.supportPlan",
        "properties.networkProfile.networkPlugin",
        "properties.networkProfile.networkPluginMode",
        "properties.networkProfile.networkPolicy",
        "properties.networkProfile.networkDataplane",
        "properties.networkProfile.podCidr",
        "properties.networkProfile.podCidrs",
        "properties.networkProfile.outboundType",
        "properties.networkProfile.loadBalancerProfile",
    ],
    listed_in_subscription: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/managed_cluster.txt")));

/// The service principal of a cluster with managed identities.
const MSI: &str = "msi";

/// Whether it runs; not a part of the body.
const POWER: &str = "power";

impl Kind for ManagedCluster {
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
        if let Some(old) = old {
            running(old, "updating")?;
        }
        names(new)?;
        let asked = new.text("properties.kubernetesVersion").map(str::to_owned);
        let before = old.map(version);
        let wanted = match (&asked, before) {
            (None, None) => releases::default(),
            (None, Some(before)) => before,
            (Some(asked), Some(before)) if releases::parse(asked) == Some(before) => before,
            (Some(asked), _) => releases::resolve(asked)?,
        };
        // A minor version alone stays with the patch that it has.
        let minor_only = asked.as_ref().is_some_and(|asked| asked.matches('.').count() == 1);
        let wanted = before.filter(|before| minor_only && before.minor == wanted.minor).unwrap_or(wanted);
        if let Some(before) = before {
            releases::upgrade(before, wanted)?;
        }
        new.set("properties.currentKubernetesVersion", wanted.to_string());
        new.fill("properties.kubernetesVersion", wanted.to_string());
        sku(new)?;
        let has_identity = new.text("identity.type").is_some_and(|type_| type_ != "None");
        if !has_identity && new.at("properties.servicePrincipalProfile.clientId").is_none() {
            return Err(invalid("identity", "is required, or servicePrincipalProfile is"));
        }
        if old.and_then(|old| old.flag("properties.oidcIssuerProfile.enabled")) == Some(true)
            && new.flag("properties.oidcIssuerProfile.enabled") != Some(true)
        {
            return Err(Service::Containers.fixed("properties.oidcIssuerProfile.enabled"));
        }
        // From managed identities there is no way back to a service principal.
        let client = "properties.servicePrincipalProfile.clientId";
        if old.and_then(|old| old.text(client)) == Some(MSI) && new.text(client) != Some(MSI) {
            return Err(Service::Containers.fixed(client));
        }
        network::check(old, new)?;
        defaults(new);
        if old.is_none() && world.resources.contains(&node_group::key(new)) {
            return Err(invalid("nodeResourceGroup", "names a resource group that is there already"));
        }
        let profiles = profiles::pools(world, old, new)?;
        new.hidden.insert(POOLS.to_owned(), json!(profiles));
        Ok(())
    }

    fn stored(&self, cx: &Context<'_>, world: &mut World, key: &str) {
        profiles::adopt(world, key);
        node_group::make(cx, world, key);
    }

    fn gone(&self, world: &mut World, resource: &Resource) {
        let key = node_group::key(resource);
        let own = |group: &Resource| {
            group.text("managedBy").is_some_and(|by| by.eq_ignore_ascii_case(&resource.id))
        };
        if world.resources.get(&key).is_some_and(own) {
            remove(world, &key);
        }
    }

    fn loaded(&self, _world: &mut World, resource: &mut Resource) {
        if let Some(power) =
            resource.take("properties.powerState").and_then(|power| power.get("code").cloned())
        {
            resource.hidden.insert(POWER.to_owned(), power);
        }
    }

    fn settled(&self, world: &mut World, key: &str, operation: &str, _now: i64) {
        let power = match operation {
            "Starting" => "Running",
            "Stopping" => "Stopped",
            _ => return,
        };
        if let Some(cluster) = world.resources.get_mut(key) {
            cluster.hidden.insert(POWER.to_owned(), json!(power));
            cluster.revision += 1;
        }
    }

    fn show(&self, world: &World, resource: &Resource) -> Value {
        let mut body = shown(&SPEC, resource);
        body["properties"]["powerState"] = json!({ "code": power(resource) });
        body["properties"]["agentPoolProfiles"] =
            profiles::children(world, &resource.key()).map(profiles::profile).collect();
        body
    }

    fn act(
        &self,
        cx: &Context<'_>,
        world: &mut World,
        key: &str,
        action: &str,
        _body: &Map<String, Value>,
    ) -> Option<Outcome<Response>> {
        let cluster = world.resources.get(key)?.clone();
        match action {
            "start" => Some(switch(cx, world, &cluster, "Starting", "Stopped", STARTS_IN)),
            "stop" => Some(switch(cx, world, &cluster, "Stopping", "Running", STOPS_IN)),
            "listclusteradmincredential" | "listclusterusercredential" => {
                let admin = action.contains("admin");
                Some(credential(world, &cluster, admin))
            }
            _ => None,
        }
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
        let upgrades = |from: Version| -> Vec<Value> {
            releases::upgrades(from).iter().map(|to| json!({ "kubernetesVersion": to.to_string() })).collect()
        };
        let plane = version(resource);
        let pools: Vec<Value> = profiles::children(world, &resource.key())
            .filter_map(|pool| {
                let current = pool.text("properties.currentOrchestratorVersion").and_then(releases::parse)?;
                Some(json!({
                    "name": pool.name,
                    "kubernetesVersion": current.to_string(),
                    "osType": pool.at("properties.osType"),
                    "upgrades": upgrades(current),
                }))
            })
            .collect();
        Some(Ok(Response::json(
            200,
            json!({
                "id": format!("{}/upgradeProfiles/default", resource.id),
                "name": "default",
                "type": format!("{NAME}/upgradeProfiles"),
                "properties": {
                    "controlPlaneProfile": {
                        "kubernetesVersion": plane.to_string(), "osType": "Linux", "upgrades": upgrades(plane),
                    },
                    "agentPoolProfiles": pools,
                },
            }),
        )))
    }
}

pub(super) fn version(cluster: &Resource) -> Version {
    cluster
        .text("properties.currentKubernetesVersion")
        .and_then(releases::parse)
        .unwrap_or_else(releases::default)
}

/// What the pools of a cluster are checked against.
pub(super) fn around<'a>(world: &'a World, cluster: &'a Resource) -> Around<'a> {
    Around {
        world,
        version: version(cluster),
        plugin: cluster.text("properties.networkProfile.networkPlugin").unwrap_or_default(),
        overlay: cluster.text("properties.networkProfile.networkPluginMode") == Some("overlay"),
        services: cluster.text("properties.networkProfile.serviceCidr").unwrap_or_default(),
    }
}

fn power(cluster: &Resource) -> &str {
    cluster.hidden.get(POWER).and_then(Value::as_str).unwrap_or("Running")
}

/// Nothing is changed in a cluster that is stopped.
pub(super) fn running(cluster: &Resource, what: &str) -> Outcome<()> {
    if power(cluster) == "Running" {
        return Ok(());
    }
    Err(not_allowed(409, in_state(cluster, what)))
}

fn in_state(cluster: &Resource, what: &str) -> String {
    format!(
        "managed cluster is in Provisioning State({}) and Power State({}), {what} cannot be performed",
        cluster.state,
        power(cluster)
    )
}

fn switch(
    cx: &Context<'_>,
    world: &mut World,
    cluster: &Resource,
    name: &str,
    from: &str,
    takes: i64,
) -> Outcome<Response> {
    let key = cluster.key();
    if holder(world, &ManagedCluster, &key).is_some() || power(cluster) != from {
        return Err(not_allowed(409, in_state(cluster, &name.to_ascii_lowercase())));
    }
    let start = Start {
        key: &key,
        name,
        effect: Effect::Settle,
        takes,
        state: name,
        done: 204,
        verdict: Progress::Succeeded,
    };
    let id = begin(cx, world, &start);
    Ok(follow(cx, world, &ManagedCluster, &key, &id, Response::empty(202)))
}

fn credential(world: &World, cluster: &Resource, admin: bool) -> Outcome<Response> {
    if cluster.state == "Creating" {
        return Err(not_allowed(409, in_state(cluster, "getting credentials")));
    }
    if admin && cluster.flag("properties.disableLocalAccounts") == Some(true) {
        return Err(refuse(
            400,
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        ));
    }
    Ok(Response::json(200, kubeconfig::of(world, cluster, admin)))
}

fn names(new: &Resource) -> Outcome<()> {
    let prefix = new.text("properties.dnsPrefix").or_else(|| new.text("properties.fqdnSubdomain"));
    let Some(prefix) = prefix else {
        return Err(invalid("dnsPrefix", "is required"));
    };
    if !matches("^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?$", prefix) {
        return Err(invalid(
            "dnsPrefix",
            "must have 1 to 54 letters, digits and hyphens, and start and end with a letter or digit",
        ));
    }
    if new
        .text("properties.nodeResourceGroup")
        .is_some_and(|name| !matches(r"^[-\w._()]{0,79}[-\w_()]$", name))
    {
        return Err(invalid(
            "nodeResourceGroup",
            "must be the name of a resource group of at most 80 characters",
        ));
    }
    Ok(())
}

fn sku(new: &mut Resource) -> Outcome<()> {
    new.fill("sku.name", "Base");
    new.fill("sku.tier", "Free");
    new.fill("properties.supportPlan", "KubernetesOfficial");
    let long = new.text("properties.supportPlan") == Some("AKSLongTermSupport");
    if long && new.text("sku.tier") != Some("Premium") {
        return Err(invalid("supportPlan", "is 'AKSLongTermSupport', which needs sku.tier 'Premium'"));
    }
    Ok(())
}

fn defaults(new: &mut Resource) {
    let (name, location) = (new.name.clone(), new.location().to_owned());
    let group = new.id.split('/').nth(4).unwrap_or_default().to_owned();
    let id = new.id.to_ascii_lowercase();
    let prefix = new.text("properties.dnsPrefix").or_else(|| new.text("properties.fqdnSubdomain"));
    let host = format!("{}-{}", prefix.unwrap_or_default(), &fingerprint(&id)[..8]);
    let nodes: String = format!("MC_{group}_{name}_{location}").chars().take(80).collect();
    new.fill("properties.nodeResourceGroup", nodes);
    new.fill("properties.enableRBAC", true);
    new.fill("properties.disableLocalAccounts", false);
    if new.at("properties.servicePrincipalProfile").is_none() {
        new.set("properties.servicePrincipalProfile.clientId", MSI);
    }
    new.set("properties.maxAgentPools", 100);
    new.set("properties.resourceUID", guid_of(&id).replace('-', ""));
    let private = new.flag("properties.apiServerAccessProfile.enablePrivateCluster") == Some(true);
    new.set("properties.fqdn", format!("{host}.hcp.{location}.azmk8s.io"));
    new.set("properties.azurePortalFQDN", format!("{host}.portal.hcp.{location}.azmk8s.io"));
    if private {
        new.set(
            "properties.privateFQDN",
            format!("{host}.{}.privatelink.{location}.azmk8s.io", guid_of(&id)),
        );
    }
}
