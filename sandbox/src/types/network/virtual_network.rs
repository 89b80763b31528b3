//! Virtual networks. Their subnets are resources of their own; a PUT that leaves the list out deletes
//! them, as it does in Azure for most api-versions.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::cidr::Cidr;
use super::{VERSIONS, adopt, children, refuse, subnet, with_children};
use crate::arm::{Context, Etag, Exclusive, Kind, Locations, Patch, Service, Spec, shown};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct VirtualNetwork;

static SPEC: Spec = Spec {
    name: "Microsoft.Network/virtualNetworks",
    versions: VERSIONS,
    service: Service::Network,
    locations: Locations::Regions,
    tracked: true,
    creates_in: 4_000,
    updates_in: 4_000,
    deletes_in: 8_000,
    patch: Patch::Tags,
    etag: Etag::Top,
    exclusive: Exclusive::Root,
    fixed: &["extendedLocation"],
    listed_in_subscription: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/virtual_network.txt")));

impl Kind for VirtualNetwork {
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
        _old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        let space = space(new)?;
        for (index, range) in space.iter().enumerate() {
            if space[..index].iter().any(|other| other.overlaps(range)) {
                return Err(refuse(
                    "VnetAddressSpaceOverlaps",
                    format!(
                        "The address prefixes of virtual network '{}' overlap with each other.",
                        new.name
                    ),
                ));
            }
        }
        let subnets: Vec<Map<String, Value>> = match new.at("properties.subnets") {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).cloned().collect(),
            _ => Vec::new(),
        };
        let mut taken: Vec<(String, Vec<Cidr>)> = Vec::new();
        let key = new.key();
        for item in &subnets {
            let name = item.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if name.is_empty() || taken.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                return Err(refuse(
                    "InvalidRequestFormat",
                    format!(
                        "Subnet names of virtual network '{}' must be given and unique: '{name}'.",
                        new.name
                    ),
                ));
            }
            let mut subnet = subnet::draft(new, &name, item.get("properties"));
            let ranges = subnet::check(world, new, &space, &taken, &mut subnet)?;
            subnet::unused_or_same(world, &subnet)?;
            taken.push((name, ranges));
        }
        let removed = children(world, &key, subnet::NAME)
            .filter(|child| !taken.iter().any(|(name, _)| name.eq_ignore_ascii_case(&child.name)));
        for child in removed {
            subnet::unused(world, child)?;
        }
        new.set("properties.subnets", subnet::filled(&subnets));
        new.fill("properties.virtualNetworkPeerings", json!([]));
        new.fill("properties.enableDdosProtection", false);
        let guid = crate::arm::guid_of(&new.id);
        new.set("properties.resourceGuid", guid);
        Ok(())
    }

    fn stored(&self, _cx: &Context<'_>, world: &mut World, key: &str) {
        adopt(world, key, "subnets", "subnets", subnet::NAME);
    }

    fn may_go(&self, _cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        children(world, &resource.key(), subnet::NAME).try_for_each(|child| subnet::unused(world, child))
    }

    fn whole(&self, world: &World, resource: &Resource) -> Map<String, Value> {
        with_children(world, resource, "subnets", subnet::NAME)
    }

    fn show(&self, world: &World, resource: &Resource) -> Value {
        let mut body = shown(&SPEC, resource);
        body["properties"]["subnets"] = children(world, &resource.key(), subnet::NAME)
            .map(|child| subnet::Subnet.show(world, child))
            .collect();
        body
    }
}

/// The address space of a network.
pub(super) fn space(network: &Resource) -> Outcome<Vec<Cidr>> {
    let prefixes = network.at("properties.addressSpace.addressPrefixes").and_then(Value::as_array);
    let prefixes: Vec<&str> = prefixes.into_iter().flatten().filter_map(Value::as_str).collect();
    if prefixes.is_empty() {
        return Err(refuse(
            "VnetAddressSpaceNotSpecified",
            format!("The address space of virtual network '{}' is not specified.", network.name),
        ));
    }
    prefixes.into_iter().map(Cidr::parse).collect()
}
