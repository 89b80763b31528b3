//! DNS zones, with the record sets at their apex that come and go with them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::VERSIONS;
use super::record_set;
use crate::arm::{Context, Etag, Kind, Locations, Name, Patch, Service, Spec, fingerprint, shown, view_of};
use crate::http::Response;
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct Zone;

static SPEC: Spec = Spec {
    // The service spells its type so, whatever the specification says.
    name: "Microsoft.Network/dnszones",
    versions: VERSIONS,
    service: Service::Dns,
    name_rule: Name {
        pattern: r"^(?i:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?i:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)$",
        status: 400,
        code: "BadRequest",
        rule: "The domain name of a zone has 2 to 34 labels, separated by '.', of letters, digits, '_' and '-'.",
        public: false,
    },
    locations: Locations::Global,
    tracked: true,
    shows_state: false,
    deletes_in: 5_000,
    patch: Patch::Tags,
    etag: Etag::Top,
    fixed: &["properties.zoneType"],
    listed_in_subscription: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::parse(include_str!("../../../shapes/dns_zone.txt")));

/// The longest name of the protocol.
const LONGEST: usize = 253;

impl Kind for Zone {
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
        if new.name.len() > LONGEST {
            return Err(Service::Dns.refuse(
                400,
                "BadRequest",
                format!("The domain name '{}' is invalid. It is longer than {LONGEST} characters.", new.name),
            ));
        }
        if new.text("properties.zoneType") == Some("Private") {
            return Err(Service::Dns.refuse(
                400,
                "BadRequest",
                "Private zones are of the type Microsoft.Network/privateDnsZones.",
            ));
        }
        new.fill("properties.zoneType", "Public");
        let pool =
            u8::from_str_radix(&fingerprint(&new.id.to_ascii_lowercase())[..2], 16).unwrap_or(0) % 9 + 1;
        let servers: Vec<Value> = [("1", "com"), ("2", "net"), ("3", "org"), ("4", "info")]
            .iter()
            .map(|(n, top)| json!(format!("ns{n}-{pool:02}.azure-dns.{top}.")))
            .collect();
        new.set("properties.nameServers", servers);
        new.set("properties.maxNumberOfRecordSets", 10_000);
        Ok(())
    }

    fn stored(&self, _cx: &Context<'_>, world: &mut World, key: &str) {
        self.complete(world, key);
    }

    fn complete(&self, world: &mut World, key: &str) {
        record_set::apex(world, key);
    }

    fn show(&self, world: &World, resource: &Resource) -> Value {
        let mut body = shown(&SPEC, resource);
        body["properties"]["numberOfRecordSets"] = json!(world.below(&resource.key()).filter(is_set).count());
        body
    }

    fn view(
        &self,
        cx: &Context<'_>,
        world: &World,
        resource: &Resource,
        tail: &[String],
    ) -> Option<Outcome<Response>> {
        if !matches!(tail, [word] if word == "recordsets" || word == "all") {
            return None;
        }
        let suffix = cx.request.query("$recordsetnamesuffix").unwrap_or_default();
        let found = world
            .below(&resource.key())
            .filter(is_set)
            .map(|(_, set)| set)
            .filter(|set| set.name.ends_with(suffix));
        Some(view_of(cx, world, found, SPEC.page))
    }
}

fn is_set((_, resource): &(&String, &Resource)) -> bool {
    record_set::is_set(resource)
}

/// What a zone is called in the names below it.
pub(super) fn name_servers(zone: &Resource) -> Vec<String> {
    let servers = zone.at("properties.nameServers").and_then(Value::as_array);
    servers.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A body with these properties and nothing else.
pub(super) fn body_of(properties: Value) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("properties".into(), properties);
    body
}
