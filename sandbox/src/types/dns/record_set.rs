//! Record sets of all kinds: each kind is a type of its own, with the same rules.

use std::sync::LazyLock;

use serde_json::{Map, json};

use super::records::{self, KINDS};
use super::{VERSIONS, zone};
use crate::arm::{Context, Etag, Kind, Name, Patch, Place, Service, Spec};
use crate::refusal::{Outcome, Refusal};
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct RecordSet {
    spec: Spec,
}

const fn kind(name: &'static str) -> RecordSet {
    RecordSet {
        spec: Spec {
            name,
            versions: VERSIONS,
            service: Service::Dns,
            place: Place::Child,
            name_rule: Name {
                pattern: r"^(?:@|(?:\*\.)?(?i:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.(?i:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?))*|\*)$",
                status: 400,
                code: "BadRequest",
                rule: "The record set name is invalid: it is '@', '*' or labels of letters, digits, '_' and '-'.",
                public: false,
            },
            patch: Patch::Merge,
            etag: Etag::Top,
            ..Spec::BASE
        },
    }
}

pub(crate) static SETS: [RecordSet; 10] = [
    kind("Microsoft.Network/dnszones/A"),
    kind("Microsoft.Network/dnszones/AAAA"),
    kind("Microsoft.Network/dnszones/CAA"),
    kind("Microsoft.Network/dnszones/CNAME"),
    kind("Microsoft.Network/dnszones/MX"),
    kind("Microsoft.Network/dnszones/NS"),
    kind("Microsoft.Network/dnszones/PTR"),
    kind("Microsoft.Network/dnszones/SOA"),
    kind("Microsoft.Network/dnszones/SRV"),
    kind("Microsoft.Network/dnszones/TXT"),
];

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/record_set.txt")));

impl Kind for RecordSet {
    fn spec(&self) -> &Spec {
        &self.spec
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
        let kind = self.spec.last();
        if old.is_none() {
            alone(world, kind, new)?;
        }
        let alias = new.text("properties.targetResource.id").is_some();
        if new.at("properties.TTL").is_none() && !alias {
            return Err(bad("The TTL of the record set must be specified."));
        }
        records::check(kind, new)?;
        if let Some(target) = new.text("properties.targetResource.id").map(str::to_owned)
            && !world.resources.contains(&target.to_ascii_lowercase())
        {
            return Err(bad(format!(
                "The target resource '{target}' of the alias record set does not exist."
            )));
        }
        new.fill("properties.targetResource", json!({}));
        let fqdn = match new.name.as_str() {
            "@" => format!("{}.", zone_name(new)),
            name => format!("{name}.{}.", zone_name(new)),
        };
        new.set("properties.fqdn", fqdn);
        Ok(())
    }

    fn may_go(&self, _cx: &Context<'_>, _world: &mut World, resource: &Resource) -> Outcome<()> {
        let kind = self.spec.last();
        if kind == "SOA" || (kind == "NS" && resource.name == "@") {
            return Err(bad(format!("Record sets of type '{kind}' with name '@' cannot be deleted.")));
        }
        Ok(())
    }
}

pub(super) fn bad(message: impl Into<String>) -> Box<Refusal> {
    Service::Dns.refuse(400, "BadRequest", message)
}

pub(super) fn is_set(resource: &Resource) -> bool {
    resource.type_.starts_with("Microsoft.Network/dnszones/")
}

fn zone_name(set: &Resource) -> &str {
    set.id.rsplit('/').nth(2).unwrap_or_default()
}

/// A CNAME stands alone at its name, and not at the apex, where the SOA is.
fn alone(world: &World, kind: &str, new: &Resource) -> Outcome<()> {
    if kind == "SOA" {
        return Err(bad(format!("The record set of type 'SOA' with name '{}' cannot be created.", new.name)));
    }
    if kind == "CNAME" && new.name == "@" {
        return Err(bad("A record set of type 'CNAME' cannot be created at the zone apex '@'."));
    }
    let key = new.key();
    let zone: &str = key.rsplitn(3, '/').nth(2).unwrap_or_default();
    let others = |wanted: &dyn Fn(&str) -> bool| {
        KINDS.iter().filter(|other| wanted(other)).any(|other| {
            let name = new.name.to_ascii_lowercase();
            world.resources.contains(&format!("{zone}/{}/{name}", other.to_ascii_lowercase()))
        })
    };
    if kind == "CNAME" && others(&|other| other != "CNAME") {
        return Err(Service::Dns.refuse(
            409,
            "Conflict",
            "The CNAME record could not be created because another record with the same name already exists in this zone.",
        ));
    }
    if kind != "CNAME" && others(&|other| other == "CNAME") {
        return Err(Service::Dns.refuse(
            409,
            "CannotCreateRecordDueToCNameNamingRestriction",
            format!("The record could not be created because a CNAME record with the same name '{}' already exists in this zone.", new.name),
        ));
    }
    Ok(())
}

/// The two record sets that every zone has.
pub(super) fn apex(world: &mut World, key: &str) {
    let Some(zone) = world.resources.get(key).cloned() else { return };
    let servers = zone::name_servers(&zone);
    let first = servers.first().cloned().unwrap_or_default();
    let soa = json!({
        "TTL": 3600,
        "SOARecord": {
            "host": first,
            "email": "azuredns-hostmaster.microsoft.com",
            "serialNumber": 1,
            "refreshTime": 3600,
            "retryTime": 300,
            "expireTime": 2_419_200,
            "minimumTTL": 300,
        },
    });
    let ns = json!({
        "TTL": 172_800,
        "NSRecords": servers.iter().map(|server| json!({ "nsdname": server })).collect::<Vec<_>>(),
    });
    for (type_, mut properties) in [("SOA", soa), ("NS", ns)] {
        properties["fqdn"] = json!(format!("{}.", zone.name));
        properties["targetResource"] = json!({});
        let set = Resource {
            id: format!("{}/{type_}/@", zone.id),
            name: "@".to_owned(),
            type_: format!("Microsoft.Network/dnszones/{type_}"),
            body: zone::body_of(properties),
            hidden: Map::new(),
            state: "Succeeded".to_owned(),
            operation: None,
            ..zone.clone()
        };
        if !world.resources.contains(&set.key()) {
            world.resources.insert(set.key(), set);
        }
    }
}
