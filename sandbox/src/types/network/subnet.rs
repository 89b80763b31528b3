//! Subnets, written alone or within their network.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::cidr::Cidr;
use super::{VERSIONS, children, referenced, refuse, virtual_network};
use crate::arm::{Context, Etag, Exclusive, Kind, Name, Place, Service, Spec};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::types::users;
use crate::world::{Resource, World};

pub(crate) struct Subnet;

pub(crate) const NAME: &str = "Microsoft.Network/virtualNetworks/subnets";

/// Azure takes five addresses of each subnet, so that nothing smaller is of use.
const SMALLEST: u8 = 29;

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Network,
    place: Place::Child,
    name_rule: Name { ..Spec::BASE.name_rule },
    creates_in: 4_000,
    updates_in: 4_000,
    deletes_in: 5_000,
    etag: Etag::Top,
    exclusive: Exclusive::Root,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::parse(include_str!("../../../shapes/subnet.txt")));

impl Kind for Subnet {
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
        let key = new.key();
        let network =
            key.rsplit_once("/subnets/").and_then(|(network, _)| world.resources.get(network)).cloned();
        let Some(network) = network else {
            return Ok(());
        };
        let siblings = children(world, &network.key(), NAME)
            .filter(|child| !child.name.eq_ignore_ascii_case(&new.name))
            .map(|child| Ok((child.name.clone(), ranges(child)?)))
            .collect::<Outcome<Vec<_>>>()?;
        let space = virtual_network::space(&network)?;
        check(world, &network, &space, &siblings, new)?;
        unused_or_same(world, new)
    }

    fn stored(&self, _cx: &Context<'_>, world: &mut World, key: &str) {
        // The network changes with its subnets.
        if let Some((network, _)) = key.rsplit_once("/subnets/")
            && let Some(network) = world.resources.get_mut(network)
        {
            network.revision += 1;
        }
    }

    fn may_go(&self, _cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        unused(world, resource)
    }

    fn gone(&self, world: &mut World, resource: &Resource) {
        let key = resource.key();
        if let Some((network, _)) = key.rsplit_once("/subnets/")
            && let Some(network) = world.resources.get_mut(network)
        {
            network.revision += 1;
        }
    }
}

/// A subnet as it will be, of an item in the list of a network.
pub(super) fn draft(network: &Resource, name: &str, properties: Option<&Value>) -> Resource {
    let mut body = Map::new();
    body.insert("properties".into(), properties.cloned().unwrap_or_else(|| json!({})));
    Resource { id: format!("{}/subnets/{name}", network.id), name: name.to_owned(), body, ..network.clone() }
}

/// The items of a network's list, with what the service fills in.
pub(super) fn filled(items: &[Map<String, Value>]) -> Value {
    let fill = |item: &Map<String, Value>| {
        let mut properties = item.get("properties").cloned().unwrap_or_else(|| json!({}));
        defaults(&mut properties);
        json!({ "name": item.get("name"), "properties": properties })
    };
    items.iter().map(fill).collect()
}

fn defaults(properties: &mut Value) {
    if let Value::Object(map) = properties {
        map.entry("privateEndpointNetworkPolicies").or_insert_with(|| json!("Disabled"));
        map.entry("privateLinkServiceNetworkPolicies").or_insert_with(|| json!("Enabled"));
        map.entry("delegations").or_insert_with(|| json!([]));
    }
}

/// The rules of a subnet among its siblings; its ranges.
pub(super) fn check(
    world: &World,
    network: &Resource,
    space: &[Cidr],
    siblings: &[(String, Vec<Cidr>)],
    new: &mut Resource,
) -> Outcome<Vec<Cidr>> {
    let (name, within) = (&new.name, &network.name);
    let found = ranges(new)?;
    if found.is_empty() || found.iter().any(|range| !range.six && range.length > SMALLEST) {
        return Err(refuse(
            "NetcfgInvalidSubnet",
            format!("Subnet '{name}' is not valid in virtual network '{within}'."),
        ));
    }
    for range in &found {
        if !space.iter().any(|outer| range.within(outer)) {
            return Err(refuse(
                "NetcfgSubnetRangeOutsideVnet",
                format!(
                    "Subnet '{name}' is not valid because its IP address range is outside the IP address range of virtual network '{within}'."
                ),
            ));
        }
        if siblings.iter().any(|(_, ranges)| ranges.iter().any(|other| other.overlaps(range))) {
            return Err(refuse(
                "NetcfgSubnetRangesOverlap",
                format!(
                    "Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '{within}'."
                ),
            ));
        }
    }
    for path in ["networkSecurityGroup", "routeTable", "natGateway"] {
        if let Some(id) = new.text(&format!("properties.{path}.id")) {
            referenced(world, &new.id, id)?;
            let other = world.resources.get(&id.to_ascii_lowercase()).map(Resource::location);
            if other.is_some_and(|other| other != network.location()) {
                referenced(world, &new.id, &format!("{id} in {}", network.location()))?;
            }
        }
    }
    if let Some(properties) = new.body.get_mut("properties") {
        defaults(properties);
    }
    Ok(found)
}

fn ranges(subnet: &Resource) -> Outcome<Vec<Cidr>> {
    let several = subnet.at("properties.addressPrefixes").and_then(Value::as_array);
    let several = several.into_iter().flatten().filter_map(Value::as_str);
    let texts: Vec<&str> = match subnet.text("properties.addressPrefix") {
        Some(one) => vec![one],
        None => several.collect(),
    };
    texts.into_iter().map(Cidr::parse).collect()
}

/// A range that something stands in keeps its place.
pub(super) fn unused_or_same(world: &World, new: &Resource) -> Outcome<()> {
    let key = new.key();
    let Some(old) = world.resources.get(&key) else {
        return Ok(());
    };
    let kept = ranges(old)? == ranges(new)?;
    match users(world, &key).next() {
        Some(user) if !kept => Err(refuse(
            "InUsePrefixCannotBeDeleted",
            format!("IpPrefix of subnet {} is in use by {} and cannot be changed.", new.name, user.id),
        )),
        _ => Ok(()),
    }
}

pub(super) fn unused(world: &World, subnet: &Resource) -> Outcome<()> {
    match users(world, &subnet.key()).next() {
        None => Ok(()),
        Some(user) => Err(refuse(
            "InUseSubnetCannotBeDeleted",
            format!(
                "Subnet {} is in use by {} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
                subnet.name, user.id
            ),
        )),
    }
}
