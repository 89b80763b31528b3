//! Network security groups. Their rules are resources of their own.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{VERSIONS, adopt, children, refuse, security_rule, with_children};
use crate::arm::{Context, Etag, Exclusive, Kind, Locations, Patch, Service, Spec, guid_of, shown};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::types::users;
use crate::world::{Resource, World};

pub(crate) struct NetworkSecurityGroup;

static SPEC: Spec = Spec {
    name: "Microsoft.Network/networkSecurityGroups",
    versions: VERSIONS,
    service: Service::Network,
    locations: Locations::Regions,
    tracked: true,
    creates_in: 3_000,
    updates_in: 3_000,
    deletes_in: 5_000,
    patch: Patch::Tags,
    etag: Etag::Top,
    exclusive: Exclusive::Root,
    listed_in_subscription: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/network_security_group.txt")));

/// Name, priority, access, direction, from, to.
const DEFAULT_RULES: &[(&str, i64, &str, &str, &str, &str)] = &[
    ("AllowVnetInBound", 65000, "Allow", "Inbound", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Allow", "Inbound", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Deny", "Inbound", "*", "*"),
    ("AllowVnetOutBound", 65000, "Allow", "Outbound", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Allow", "Outbound", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Deny", "Outbound", "*", "*"),
];

impl Kind for NetworkSecurityGroup {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn admit(
        &self,
        _cx: &Context<'_>,
        _world: &mut World,
        _old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        let rules: Vec<Value> =
            new.at("properties.securityRules").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut checked: Vec<(String, Value)> = Vec::new();
        for rule in rules {
            let name = rule.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if name.is_empty() || checked.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                return Err(refuse(
                    "InvalidRequestFormat",
                    format!(
                        "Rule names of security group '{}' must be given and unique: '{name}'.",
                        new.name
                    ),
                ));
            }
            let mut properties = rule.get("properties").cloned().unwrap_or_else(|| json!({}));
            security_rule::check(&name, &mut properties, &checked)?;
            checked.push((name, properties));
        }
        let rules: Vec<Value> = checked
            .into_iter()
            .map(|(name, properties)| json!({ "name": name, "properties": properties }))
            .collect();
        new.set("properties.securityRules", rules);
        let guid = guid_of(&new.id);
        new.set("properties.resourceGuid", guid);
        Ok(())
    }

    fn stored(&self, _cx: &Context<'_>, world: &mut World, key: &str) {
        adopt(world, key, "securityRules", "securityRules", security_rule::NAME);
    }

    fn may_go(&self, _cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        match users(world, &resource.key()).next() {
            None => Ok(()),
            Some(user) => Err(refuse(
                "InUseNetworkSecurityGroupCannotBeDeleted",
                format!(
                    "Network security group {} cannot be deleted because it is in use by the following resources: {}. In order to delete the Network security group, remove the association with the resource(s).",
                    resource.id, user.id
                ),
            )),
        }
    }

    fn whole(&self, world: &World, resource: &Resource) -> Map<String, Value> {
        with_children(world, resource, "securityRules", security_rule::NAME)
    }

    fn show(&self, world: &World, resource: &Resource) -> Value {
        let mut body = shown(&SPEC, resource);
        let key = resource.key();
        body["properties"]["securityRules"] = children(world, &key, security_rule::NAME)
            .map(|child| security_rule::SecurityRule.show(world, child))
            .collect();
        body["properties"]["defaultSecurityRules"] =
            DEFAULT_RULES.iter().map(|rule| default_rule(resource, rule)).collect();
        let subnets: Vec<Value> = users(world, &key).map(|user| json!({ "id": user.id })).collect();
        if !subnets.is_empty() {
            body["properties"]["subnets"] = json!(subnets);
        }
        body
    }
}

fn default_rule(group: &Resource, rule: &(&str, i64, &str, &str, &str, &str)) -> Value {
    let (name, priority, access, direction, from, to) = rule;
    json!({
        "id": format!("{}/defaultSecurityRules/{name}", group.id),
        "name": name,
        "type": "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
        "properties": {
            "access": access,
            "direction": direction,
            "priority": priority,
            "protocol": "*",
            "sourceAddressPrefix": from,
            "sourcePortRange": "*",
            "destinationAddressPrefix": to,
            "destinationPortRange": "*",
            "provisioningState": "Succeeded",
        },
    })
}
