//! Rules of a network security group.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::{VERSIONS, children, refuse};
use crate::arm::{Context, Etag, Exclusive, Kind, Place, Service, Spec};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct SecurityRule;

pub(crate) const NAME: &str = "Microsoft.Network/networkSecurityGroups/securityRules";

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Network,
    place: Place::Child,
    creates_in: 3_000,
    updates_in: 3_000,
    deletes_in: 3_000,
    etag: Etag::Top,
    exclusive: Exclusive::Root,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/security_rule.txt")));

impl Kind for SecurityRule {
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
        let group = key.rsplit_once("/securityrules/").map_or("", |(group, _)| group);
        let others: Vec<(String, Value)> = children(world, group, NAME)
            .filter(|child| child.key() != key)
            .map(|child| (child.name.clone(), Value::Object(child.properties())))
            .collect();
        let name = new.name.clone();
        match new.body.get_mut("properties") {
            Some(properties) => check(&name, properties, &others),
            None => Err(refuse("InvalidRequestFormat", format!("Security rule {name} has no properties."))),
        }
    }
}

/// The rules of a rule among the others of its group.
pub(super) fn check(name: &str, rule: &mut Value, others: &[(String, Value)]) -> Outcome<()> {
    let priority = rule.get("priority").and_then(Value::as_i64).unwrap_or_default();
    if !(100..=4096).contains(&priority) {
        return Err(refuse(
            "SecurityRuleInvalidPriority",
            format!(
                "Security rule has invalid priority. Valid values are from 100 to 4096. Value provided: {priority}. Rule: {name}."
            ),
        ));
    }
    let same = |other: &Value, path: &str| other.get(path) == rule.get(path);
    if let Some((other, _)) =
        others.iter().find(|(_, other)| same(other, "priority") && same(other, "direction"))
    {
        return Err(refuse(
            "SecurityRuleConflict",
            format!(
                "Security rule {other} conflicts with rule {name}. Rules cannot have the same Priority and Direction."
            ),
        ));
    }
    for side in ["source", "destination"] {
        one_of(
            name,
            rule,
            &format!("{side}PortRange"),
            &format!("{side}PortRanges"),
            "SecurityRuleInvalidPortRange",
            port,
        )?;
        let groups = rule.get(format!("{side}ApplicationSecurityGroups")).is_some();
        if !groups {
            one_of(
                name,
                rule,
                &format!("{side}AddressPrefix"),
                &format!("{side}AddressPrefixes"),
                "SecurityRuleInvalidAddressPrefix",
                address,
            )?;
        }
    }
    if let Value::Object(map) = rule {
        for list in [
            "sourcePortRanges",
            "destinationPortRanges",
            "sourceAddressPrefixes",
            "destinationAddressPrefixes",
        ] {
            map.entry(list).or_insert_with(|| json!([]));
        }
    }
    Ok(())
}

/// Either one value or a list of them, each valid.
fn one_of(
    name: &str,
    rule: &Value,
    one: &str,
    many: &str,
    code: &str,
    valid: fn(&str) -> bool,
) -> Outcome<()> {
    let single = rule.get(one).and_then(Value::as_str).filter(|text| !text.is_empty());
    let list: Vec<&str> =
        rule.get(many).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let values: Vec<&str> = match (single, list.is_empty()) {
        (Some(_), false) => {
            return Err(refuse(
                "SecurityRuleParameterContainsSingularAndPlural",
                format!("Security rule {name} has both {one} and {many}; only one of them can be given."),
            ));
        }
        (None, true) => {
            return Err(refuse(code, format!("Security rule {name} has neither {one} nor {many}.")));
        }
        (Some(value), true) => vec![value],
        (None, false) => list,
    };
    match values.into_iter().find(|value| !valid(value)) {
        None => Ok(()),
        Some(wrong) => Err(refuse(
            code,
            format!("Security rule has an invalid {one}. Value provided: {wrong}. Rule: {name}."),
        )),
    }
}

fn port(text: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().ok();
    match text.split_once('-') {
        _ if text == "*" => true,
        Some((from, to)) => matches!((number(from), number(to)), (Some(from), Some(to)) if from <= to),
        None => number(text).is_some(),
    }
}

/// `*`, a service tag, an address or a range.
fn address(text: &str) -> bool {
    let tag = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    text == "*" || tag || text.parse::<IpAddr>().is_ok() || Cidr::parse(text).is_ok()
}
