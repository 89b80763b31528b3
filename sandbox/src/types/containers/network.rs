//! The network profile of a cluster: what goes together, and what may change into what.

use serde_json::json;

use super::invalid;
use crate::arm::Service;
use crate::refusal::Outcome;
use crate::world::Resource;

const PLUGIN: &str = "properties.networkProfile.networkPlugin";
const MODE: &str = "properties.networkProfile.networkPluginMode";
const POLICY: &str = "properties.networkProfile.networkPolicy";
const DATAPLANE: &str = "properties.networkProfile.networkDataplane";
const POD_CIDR: &str = "properties.networkProfile.podCidr";

pub(super) fn check(old: Option<&Resource>, new: &mut Resource) -> Outcome<()> {
    if let Some(old) = old {
        changes(old, new)?;
    }
    for (path, value) in [
        (PLUGIN, json!("kubenet")),
        ("properties.networkProfile.serviceCidr", json!("10.0.0.0/16")),
        ("properties.networkProfile.dnsServiceIP", json!("10.0.0.10")),
        ("properties.networkProfile.outboundType", json!("loadBalancer")),
        ("properties.networkProfile.loadBalancerSku", json!("standard")),
        ("properties.networkProfile.ipFamilies", json!(["IPv4"])),
    ] {
        new.fill(path, value);
    }
    let (plugin, mode) = (text(new, PLUGIN), text(new, MODE));
    if mode == "overlay" && plugin != "azure" {
        return Err(invalid(
            "networkProfile.networkPluginMode",
            "is 'overlay', which needs networkPlugin 'azure'",
        ));
    }
    if text(new, POLICY) == "cilium" && text(new, DATAPLANE) != "cilium" {
        return Err(invalid(
            "networkProfile.networkPolicy",
            "is 'cilium', which needs networkDataplane 'cilium'",
        ));
    }
    if text(new, DATAPLANE) == "cilium" && plugin != "azure" {
        return Err(invalid(
            "networkProfile.networkDataplane",
            "is 'cilium', which needs networkPlugin 'azure'",
        ));
    }
    if plugin == "kubenet" || mode == "overlay" {
        new.fill(POD_CIDR, "10.244.0.0/16");
    }
    let service = text(new, "properties.networkProfile.serviceCidr");
    if !within(&text(new, "properties.networkProfile.dnsServiceIP"), &service) {
        return Err(invalid("networkProfile.dnsServiceIP", "is not within networkProfile.serviceCidr"));
    }
    new.fill("properties.networkProfile.serviceCidrs", json!([service]));
    if let Some(pods) = new.at(POD_CIDR).cloned() {
        new.fill("properties.networkProfile.podCidrs", json!([pods]));
    }
    Ok(())
}

fn text(cluster: &Resource, path: &str) -> String {
    cluster.text(path).unwrap_or_default().to_owned()
}

/// The doors that open in one direction only.
fn changes(old: &Resource, new: &Resource) -> Outcome<()> {
    let pair = |path: &str| {
        let text = |resource: &Resource| resource.text(path).unwrap_or("none").to_ascii_lowercase();
        (text(old), text(new))
    };
    let fixed = |path: &str| Err(Service::Containers.fixed(path));
    let (before, after) = pair(PLUGIN);
    let to_overlay = new.text(MODE) == Some("overlay");
    if before != after && !(before == "kubenet" && after == "azure" && to_overlay) {
        return fixed(PLUGIN);
    }
    let (before, after) = pair(MODE);
    if before != after && after != "overlay" {
        return fixed(MODE);
    }
    let (before, after) = pair(POLICY);
    let allowed = before == "none" || after == "cilium" && ["azure", "calico"].contains(&before.as_str());
    if before != after && !allowed {
        return fixed(POLICY);
    }
    let (before, after) = pair(DATAPLANE);
    if before != after && after != "cilium" {
        return fixed(DATAPLANE);
    }
    let (before, after) = pair(POD_CIDR);
    if before != "none" && before != after {
        return fixed(POD_CIDR);
    }
    Ok(())
}

fn within(address: &str, range: &str) -> bool {
    let number = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
    let (first, length) = range.split_once('/').unwrap_or((range, "32"));
    let (Some(address), Some(first), Ok(length)) = (number(address), number(first), length.parse::<u32>())
    else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
    address & mask == first & mask
}
