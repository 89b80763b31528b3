//! Public IP addresses. Basic ones can no longer be made.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{VERSIONS, refuse};
use crate::arm::{Context, Etag, Kind, Locations, Patch, Service, Spec, fingerprint, guid_of};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::types::{matches, users};
use crate::world::{Resource, World};

pub(crate) struct PublicIp;

const NAME: &str = "Microsoft.Network/publicIPAddresses";

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Network,
    locations: Locations::Regions,
    tracked: true,
    creates_in: 3_000,
    updates_in: 3_000,
    deletes_in: 5_000,
    patch: Patch::Tags,
    etag: Etag::Top,
    fixed: &[
        "sku.name",
        "sku.tier",
        "properties.publicIPAddressVersion",
        "properties.ipTags",
        "properties.publicIPPrefix.id",
        "extendedLocation",
    ],
    listed_in_subscription: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::parse(include_str!("../../../shapes/public_ip.txt")));

impl Kind for PublicIp {
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
        let sku = new.text("sku.name").unwrap_or("Basic").to_owned();
        if sku == "Basic" {
            return Err(refuse(
                "IPv4BasicSkuPublicIpCountLimitReached",
                "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
            ));
        }
        new.fill("sku.tier", "Regional");
        new.fill("properties.publicIPAddressVersion", "IPv4");
        if new.text("properties.publicIPAllocationMethod") != Some("Static") {
            return Err(refuse(
                "StandardSkuPublicIPAddressesMustBeStatic",
                format!("Standard sku publicIp {} must have AllocationMethod set to Static.", new.id),
            ));
        }
        if let Some(old) = old
            && new.at("zones").is_some()
            && new.at("zones") != old.at("zones")
        {
            return Err(refuse(
                "ResourceAvailabilityZonesCannotBeModified",
                format!(
                    "Resource {} has an existing availability zone constraint and the request has another. Once set, zones cannot be modified.",
                    new.id
                ),
            ));
        }
        if let Some(zones) = old.and_then(|old| old.at("zones")) {
            new.set("zones", zones.clone());
        }
        label(world, new)?;
        new.fill("properties.idleTimeoutInMinutes", 4);
        new.fill("properties.ipTags", json!([]));
        new.fill("properties.ddosSettings.protectionMode", "VirtualNetworkInherited");
        let address = old.and_then(|old| old.at("properties.ipAddress")).cloned();
        let six = new.text("properties.publicIPAddressVersion") == Some("IPv6");
        new.set("properties.ipAddress", address.unwrap_or_else(|| draw(world, &new.id, six)));
        let guid = guid_of(&new.id);
        new.set("properties.resourceGuid", guid);
        Ok(())
    }

    fn may_go(&self, _cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        match users(world, &resource.key()).next() {
            None => Ok(()),
            Some(user) => Err(refuse(
                "PublicIPAddressCannotBeDeleted",
                format!(
                    "Public IP address {} can not be deleted since it is still allocated to resource {}.",
                    resource.id, user.id
                ),
            )),
        }
    }
}

/// The host name of the address is one in its region.
fn label(world: &World, new: &mut Resource) -> Outcome<()> {
    let Some(label) = new.text("properties.dnsSettings.domainNameLabel").map(str::to_owned) else {
        return Ok(());
    };
    if !matches("^[a-z][a-z0-9-]{1,61}[a-z0-9]$", &label) {
        return Err(refuse(
            "InvalidDomainNameLabel",
            format!(
                "The domain name label {label} is invalid. It must conform to the following regular expression: ^[a-z][a-z0-9-]{{1,61}}[a-z0-9]$."
            ),
        ));
    }
    let host = format!("{label}.{}.cloudapp.azure.com", new.location());
    let key = new.key();
    let taken = world.resources.iter().any(|(other, resource)| {
        *other != key && resource.type_ == NAME && resource.text("properties.dnsSettings.fqdn") == Some(&host)
    });
    if taken {
        return Err(refuse(
            "DnsRecordInUse",
            format!("DNS record {host} is already used by another public IP."),
        ));
    }
    new.set("properties.dnsSettings.fqdn", host);
    Ok(())
}

/// An address of a range that documentation may use, the same for the same id.
fn draw(world: &World, id: &str, six: bool) -> Value {
    let hash = fingerprint(&format!("{}{id}", world.identity().id));
    let byte = |at: usize| u8::from_str_radix(&hash[at..at + 2], 16).unwrap_or(1);
    match six {
        true => json!(format!("2001:db8:{}:{}::{:x}", &hash[..4], &hash[4..8], byte(8))),
        false => json!(format!("198.{}.{}.{}", 18 + byte(0) % 2, byte(2), byte(4).max(1))),
    }
}
