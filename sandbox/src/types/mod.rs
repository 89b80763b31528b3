//! The resource types, one file each: its table, its own rules, what it fills in. Written from the
//! specification of each service; nothing here is shared with what a client of the sandbox uses to
//! check its requests, so that a mistake on one side shows.

mod containers;
mod dns;
mod federated_credential;
mod identities;
mod lock;
mod network;
mod resource_group;
mod role_assignment;
pub(crate) mod roles;
mod storage;
mod user_assigned_identity;

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::Value;

pub(crate) use identities::{managed_identity, principal};

use crate::arm::{Context, Kind, Scope};
use crate::http::Response;
use crate::refusal::Outcome;
use crate::world::{Resource, World};

pub(crate) const GROUPS: &str = "Microsoft.Resources/resourceGroups";
pub(crate) const LOCKS: &str = "Microsoft.Authorization/locks";

pub(crate) static ALL: &[&dyn Kind] = &[
    &resource_group::ResourceGroup,
    &lock::Lock,
    &role_assignment::RoleAssignment,
    &user_assigned_identity::UserAssignedIdentity,
    &federated_credential::FederatedCredential,
    &containers::cluster::ManagedCluster,
    &containers::agent_pool::AgentPool,
    &storage::account::Account,
    &storage::blob_service::BlobService,
    &storage::container::Container,
    &network::virtual_network::VirtualNetwork,
    &network::subnet::Subnet,
    &network::network_security_group::NetworkSecurityGroup,
    &network::security_rule::SecurityRule,
    &network::public_ip::PublicIp,
    &dns::zone::Zone,
    &dns::record_set::SETS[0],
    &dns::record_set::SETS[1],
    &dns::record_set::SETS[2],
    &dns::record_set::SETS[3],
    &dns::record_set::SETS[4],
    &dns::record_set::SETS[5],
    &dns::record_set::SETS[6],
    &dns::record_set::SETS[7],
    &dns::record_set::SETS[8],
    &dns::record_set::SETS[9],
];

pub(crate) const BLOB_SERVICES: &str = storage::blob_service::NAME;

/// Lists in the properties of a parent whose items are resources of their own.
pub(crate) const LISTS: &[(&str, &str)] = &[
    ("subnets", network::subnet::NAME),
    ("securityRules", network::security_rule::NAME),
    ("agentPoolProfiles", containers::agent_pool::NAME),
];

/// The regions of the public cloud, as Resource Manager names them.
pub(crate) const REGIONS: &[&str] = &[
    "australiacentral",
    "australiaeast",
    "australiasoutheast",
    "austriaeast",
    "belgiumcentral",
    "brazilsouth",
    "canadacentral",
    "canadaeast",
    "centralindia",
    "centralus",
    "chilecentral",
    "eastasia",
    "eastus",
    "eastus2",
    "francecentral",
    "germanywestcentral",
    "indonesiacentral",
    "israelcentral",
    "italynorth",
    "japaneast",
    "japanwest",
    "koreacentral",
    "koreasouth",
    "malaysiawest",
    "mexicocentral",
    "newzealandnorth",
    "northcentralus",
    "northeurope",
    "norwayeast",
    "polandcentral",
    "qatarcentral",
    "southafricanorth",
    "southcentralus",
    "southeastasia",
    "southindia",
    "spaincentral",
    "swedencentral",
    "switzerlandnorth",
    "uaenorth",
    "uksouth",
    "ukwest",
    "westcentralus",
    "westeurope",
    "westindia",
    "westus",
    "westus2",
    "westus3",
];

static BY_NAME: LazyLock<BTreeMap<String, &'static dyn Kind>> =
    LazyLock::new(|| ALL.iter().map(|kind| (kind.spec().name.to_ascii_lowercase(), *kind)).collect());

pub(crate) fn find(name: &str) -> Option<&'static dyn Kind> {
    BY_NAME.get(&name.to_ascii_lowercase()).copied()
}

pub(crate) fn group() -> &'static dyn Kind {
    &resource_group::ResourceGroup
}

/// The type of a resource, by its key.
pub(crate) fn of_key(key: &str) -> Option<&'static dyn Kind> {
    let Some((_, rest)) = key.rsplit_once("/providers/") else {
        return key.contains("/resourcegroups/").then(group);
    };
    let mut parts = rest.split('/');
    let mut name = parts.next()?.to_owned();
    for type_ in parts.step_by(2) {
        name.push('/');
        name.push_str(type_);
    }
    find(&name)
}

/// Namespaces with a type here, in order.
pub(crate) fn namespaces() -> impl Iterator<Item = &'static str> {
    let mut found: Vec<&'static str> = ALL.iter().map(|kind| kind.spec().namespace()).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter()
}

/// Whether a name fits a pattern; each pattern is compiled once.
///
/// # Panics
/// On a pattern that is none: they are constants of this crate, and a test compiles them all.
pub(crate) fn matches(pattern: &'static str, name: &str) -> bool {
    static COMPILED: LazyLock<Mutex<BTreeMap<&'static str, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled
        .entry(pattern)
        .or_insert_with(|| Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")))
        .is_match(name)
}

/// Resources that name another one anywhere in their body, by its id.
pub(crate) fn users<'a>(world: &'a World, key: &'a str) -> impl Iterator<Item = &'a Resource> {
    let inside = format!("{key}/");
    world
        .resources
        .iter()
        .filter(move |(user, resource)| {
            user.as_str() != key
                && !user.starts_with(&inside)
                && !key.starts_with(&format!("{user}/"))
                && !resource.type_.starts_with("Microsoft.Authorization/")
        })
        .map(|(_, resource)| resource)
        .filter(move |resource| resource.body.values().any(|value| names(value, key)))
}

fn names(value: &Value, key: &str) -> bool {
    match value {
        Value::String(text) => text.eq_ignore_ascii_case(key),
        Value::Array(items) => items.iter().any(|item| names(item, key)),
        Value::Object(map) => {
            map.iter().any(|(name, value)| name.eq_ignore_ascii_case(key) || names(value, key))
        }
        _ => false,
    }
}

/// What a provider answers at a scope without being a resource: catalogues, checks of names.
pub(crate) fn beside(
    cx: &Context<'_>,
    world: &World,
    scope: &Scope,
    namespace: &str,
    rest: &[&str],
) -> Option<Outcome<Response>> {
    match (namespace.to_ascii_lowercase().as_str(), rest) {
        ("microsoft.authorization", ["roledefinitions", rest @ ..]) => roles::answer(cx, rest),
        ("microsoft.containerservice", ["locations", _, "kubernetesversions"]) => {
            containers::kubernetes_versions(cx)
        }
        ("microsoft.storage", ["checknameavailability"]) if scope.group.is_none() => {
            storage::check_name(cx, world)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_whole() {
        for kind in ALL {
            let spec = kind.spec();
            kind.shape();
            matches(spec.name_rule.pattern, "x");
            assert!(spec.name.contains('/') && !spec.versions.is_empty(), "{}", spec.name);
            assert!(spec.versions.is_sorted(), "{}", spec.name);
            assert_eq!(find(&spec.name.to_ascii_uppercase()).map(|kind| kind.spec().name), Some(spec.name));
        }
        assert!(REGIONS.is_sorted());
    }
}
