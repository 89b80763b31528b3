//! What an agent pool may be, alone or in the list of its cluster, and what of it may change.

use serde_json::{Value, json};

use super::releases::{self, Version};
use super::{invalid, not_allowed, refuse};
use crate::arm::{Service, same};
use crate::refusal::Outcome;
use crate::types::matches;
use crate::types::network::cidr::Cidr;
use crate::world::{Resource, World};

/// Set when the pool is made; to change them, it is made anew.
const FIXED: &[&str] = &[
    "vmSize",
    "osDiskSizeGB",
    "osDiskType",
    "kubeletDiskType",
    "vnetSubnetID",
    "podSubnetID",
    "podIPAllocationMode",
    "maxPods",
    "osType",
    "type",
    "availabilityZones",
    "enableNodePublicIP",
    "nodePublicIPPrefixID",
    "scaleSetPriority",
    "scaleSetEvictionPolicy",
    "spotMaxPrice",
    "proximityPlacementGroupID",
    "kubeletConfig",
    "linuxOSConfig",
    "enableEncryptionAtHost",
    "enableUltraSSD",
    "enableFIPS",
    "gpuInstanceProfile",
    "gpuProfile",
    "creationData",
    "capacityReservationGroupID",
    "hostGroupID",
    "windowsProfile",
];

const MOST_NODES: i64 = 1000;

/// What a pool is checked against.
pub(super) struct Around<'a> {
    pub(super) world: &'a World,
    pub(super) version: Version,
    pub(super) plugin: &'a str,
    pub(super) overlay: bool,
    /// The range of addresses that services get.
    pub(super) services: &'a str,
}

/// Checks a pool and fills in what the service sets; `pool` has its properties below `properties`.
pub(super) fn check(around: &Around<'_>, old: Option<&Resource>, pool: &mut Resource) -> Outcome<()> {
    let path = |name: &str| format!("properties.{name}");
    if let Some(old) = old {
        for name in FIXED.iter().chain(&[
            "osSKU",
            "mode",
            "count",
            "minCount",
            "maxCount",
            "enableAutoScaling",
            "orchestratorVersion",
        ]) {
            // Without autoscaling there are no bounds to keep.
            let bound = ["minCount", "maxCount"].contains(name);
            if bound && pool.flag("properties.enableAutoScaling") == Some(false) {
                continue;
            }
            if let (None, Some(value)) = (pool.at(&path(name)), old.at(&path(name))) {
                pool.set(&path(name), value.clone());
            }
        }
        for name in FIXED {
            if !same(old.at(&path(name)), pool.at(&path(name))) {
                return Err(Service::Containers.fixed(&path(name)));
            }
        }
        let family = |pool: &Resource| {
            let sku = pool.text("properties.osSKU").unwrap_or_default();
            sku.starts_with("Ubuntu") || sku.starts_with("AzureLinux")
        };
        let kept = same(old.at("properties.osSKU"), pool.at("properties.osSKU"));
        let akin = family(old) && family(pool);
        if !kept && !akin {
            return Err(Service::Containers.fixed("properties.osSKU"));
        }
    }
    fill(around, pool);
    shape(around, pool)?;
    counts(pool)?;
    version(around, old, pool)
}

fn fill(around: &Around<'_>, pool: &mut Resource) {
    let windows = pool.text("properties.osType") == Some("Windows");
    let pods = if around.plugin == "azure" && !around.overlay { 30 } else { 110 };
    let least = pool.number("properties.minCount").unwrap_or(1).max(1);
    for (name, value) in [
        ("osType", json!("Linux")),
        ("osSKU", json!(if windows { "Windows2022" } else { "Ubuntu" })),
        ("mode", json!("User")),
        ("type", json!("VirtualMachineScaleSets")),
        ("count", json!(least)),
        ("osDiskSizeGB", json!(128)),
        ("osDiskType", json!("Managed")),
        ("kubeletDiskType", json!("OS")),
        ("maxPods", json!(pods)),
        ("enableAutoScaling", json!(false)),
        ("enableNodePublicIP", json!(false)),
        ("enableFIPS", json!(false)),
        ("scaleDownMode", json!("Delete")),
        ("orchestratorVersion", json!(around.version.to_string())),
        ("upgradeSettings.maxSurge", json!("10%")),
        ("powerState.code", json!("Running")),
    ] {
        pool.fill(&format!("properties.{name}"), value);
    }
    let sku = pool.text("properties.osSKU").unwrap_or_default().to_owned();
    pool.fill("properties.nodeImageVersion", format!("AKS{sku}-2204gen2containerd-202601.01.0"));
}

fn shape(around: &Around<'_>, pool: &Resource) -> Outcome<()> {
    let text = |name: &str| pool.text(&format!("properties.{name}")).unwrap_or_default();
    let system = text("mode") == "System";
    if text("vmSize").is_empty() {
        return Err(invalid("agentPoolProfile.vmSize", "is required"));
    }
    if !matches(r"^Standard_[A-Z]{1,3}[0-9]+[A-Za-z0-9-]*(?:_[A-Za-z0-9]+)*$", text("vmSize")) {
        return Err(refuse(
            400,
            "VMSizeNotSupported",
            format!(
                "The VM size {} is not supported for creation of an agent pool in this location.",
                text("vmSize")
            ),
        ));
    }
    if text("osType") == "Windows" && (system || pool.name.len() > 6) {
        return Err(invalid(
            "agentPoolProfile.osType",
            "is 'Windows', which takes mode 'User' and a name of at most 6 characters",
        ));
    }
    if system && text("scaleSetPriority") == "Spot" {
        return Err(invalid("agentPoolProfile.scaleSetPriority", "is 'Spot', which takes mode 'User'"));
    }
    if system && text("powerState.code") == "Stopped" {
        return Err(not_allowed(400, "A system agent pool cannot be stopped."));
    }
    if !(10..=250).contains(&pool.number("properties.maxPods").unwrap_or_default()) {
        return Err(invalid("agentPoolProfile.maxPods", "must be between 10 and 250"));
    }
    let zones = pool.at("properties.availabilityZones").and_then(Value::as_array);
    if zones.into_iter().flatten().any(|zone| !["1", "2", "3"].contains(&zone.as_str().unwrap_or_default())) {
        return Err(invalid("agentPoolProfile.availabilityZones", "may name the zones '1', '2' and '3'"));
    }
    for name in ["vnetSubnetID", "podSubnetID"] {
        let id = text(name);
        let subnet = around.world.resources.get(&id.to_ascii_lowercase());
        if let Some(subnet) = subnet {
            services_beside(around.services, subnet)?;
        }
        if !id.is_empty() && subnet.is_none() {
            let part = |at: usize| id.split('/').nth(at).unwrap_or_default();
            return Err(refuse(
                400,
                "SubnetNotFound",
                format!(
                    "Could not find subnet {} in vnet {} from resource group {} of subscription {}.",
                    part(10),
                    part(8),
                    part(4),
                    part(2)
                ),
            ));
        }
    }
    Ok(())
}

/// The addresses of services are none of the subnet's.
fn services_beside(services: &str, subnet: &Resource) -> Outcome<()> {
    let Ok(range) = Cidr::parse(services) else { return Ok(()) };
    let one = subnet.text("properties.addressPrefix").map(str::to_owned);
    let many = subnet.at("properties.addressPrefixes").and_then(Value::as_array);
    let many = many.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    match one.into_iter().chain(many).find(|own| Cidr::parse(own).is_ok_and(|own| own.overlaps(&range))) {
        None => Ok(()),
        Some(own) => Err(refuse(
            400,
            "ServiceCidrOverlapExistingSubnetsCidr",
            format!("The specified service CIDR {services} is conflicted with an existing subnet CIDR {own}"),
        )),
    }
}

fn counts(pool: &Resource) -> Outcome<()> {
    let number = |name: &str| pool.number(&format!("properties.{name}"));
    let scaled = pool.flag("properties.enableAutoScaling") == Some(true);
    let system = pool.text("properties.mode") == Some("System");
    let least = i64::from(system);
    let count = number("count").unwrap_or_default();
    if !(least..=MOST_NODES).contains(&count) {
        return Err(invalid(
            "agentPoolProfile.count",
            &format!("must be between {least} and {MOST_NODES} for a pool of this mode"),
        ));
    }
    match (scaled, number("minCount"), number("maxCount")) {
        (false, None, None) => Ok(()),
        (false, ..) => Err(invalid(
            "agentPoolProfile.minCount",
            "can be set with enableAutoScaling only, as can maxCount",
        )),
        (true, Some(min), Some(max)) => {
            if min < least || max > MOST_NODES || min > max {
                return Err(invalid(
                    "agentPoolProfile.minCount",
                    &format!(
                        "must be at least {least} and not above maxCount, which is at most {MOST_NODES}"
                    ),
                ));
            }
            if !(min..=max).contains(&count) {
                return Err(invalid("agentPoolProfile.count", "must be between minCount and maxCount"));
            }
            Ok(())
        }
        (true, ..) => {
            Err(invalid("agentPoolProfile.minCount", "is required with enableAutoScaling, as is maxCount"))
        }
    }
}

/// A pool is not newer than the control plane, not more than two minor versions older, and goes up only.
fn version(around: &Around<'_>, old: Option<&Resource>, pool: &mut Resource) -> Outcome<()> {
    let asked = pool.text("properties.orchestratorVersion").unwrap_or_default().to_owned();
    let before =
        old.and_then(|old| old.text("properties.currentOrchestratorVersion")).and_then(releases::parse);
    let wanted = match (releases::parse(&asked), before) {
        (Some(wanted), Some(before)) if wanted == before => wanted,
        _ => releases::resolve(&asked)?,
    };
    let plane = around.version;
    if wanted > plane || wanted.minor + 2 < plane.minor {
        return Err(refuse(
            400,
            "NodePoolMcVersionIncompatible",
            format!(
                "Node pool version {wanted} and control plane version {plane} are incompatible. A node pool is not newer than the control plane, and at most two minor versions older. For more information, please check https://aka.ms/aks/UpgradeVersionRules"
            ),
        ));
    }
    if before.is_some_and(|before| wanted < before) {
        return Err(not_allowed(
            400,
            format!(
                "Downgrading the Kubernetes version of agent pool {} to {wanted} is not allowed.",
                pool.name
            ),
        ));
    }
    pool.set("properties.currentOrchestratorVersion", wanted.to_string());
    Ok(())
}
