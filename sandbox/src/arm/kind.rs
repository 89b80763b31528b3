//! What a resource type is to the engine: a table ([`Spec`]) and the rules that no table can hold
//! ([`Kind`]). One file per type in `crate::types`.

use serde_json::{Map, Value, json};

use super::Context;
use super::service::Service;
use crate::http::Response;
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

/// Where resources of a type live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Directly in a subscription: resource groups.
    Subscription,
    Group,
    /// In a resource of the type that the name says without its last part.
    Child,
    /// On anything: locks and role assignments.
    Extension,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locations {
    None,
    Regions,
    Global,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patch {
    /// 405
    None,
    /// Only `tags`, replaced as a whole.
    Tags,
    /// A merge patch, `tags` replaced as a whole.
    Merge,
}

/// How a service answers a write that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// 201 or 200 with the resource, and Azure-AsyncOperation; deletes 202 with that and Location.
    Operation,
    /// 202 with Location and no body.
    Location,
}

/// What else a write has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusive {
    /// Only for operations on the resource itself.
    Own,
    /// One at a time for the topmost resource and everything in it.
    Root,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Etag {
    None,
    /// `etag` beside id and name.
    Top,
    /// `eTag` beside id and name, as AKS writes it.
    TopCamel,
    /// `properties.eTag`: agent pools.
    Property,
}

pub(crate) struct Name {
    pub(crate) pattern: &'static str,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) rule: &'static str,
    /// It becomes a part of a public host name, so Microsoft's own words are refused.
    pub(crate) public: bool,
}

pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) versions: &'static [&'static str],
    pub(crate) service: Service,
    pub(crate) place: Place,
    pub(crate) name_rule: Name,
    pub(crate) locations: Locations,
    /// Has tags, and is in `GET .../resources`.
    pub(crate) tracked: bool,
    /// A read shows `properties.provisioningState`.
    pub(crate) shows_state: bool,
    pub(crate) style: Style,
    /// Milliseconds; 0 answers when it is done.
    pub(crate) creates_in: i64,
    pub(crate) updates_in: i64,
    pub(crate) deletes_in: i64,
    pub(crate) created: u16,
    pub(crate) updated: u16,
    pub(crate) deleted: u16,
    /// What a resource is called while it is changed.
    pub(crate) updating: &'static str,
    pub(crate) patch: Patch,
    pub(crate) etag: Etag,
    pub(crate) exclusive: Exclusive,
    /// Paths that may be set at creation only; left out means kept.
    pub(crate) fixed: &'static [&'static str],
    /// Paths that the service keeps when a PUT leaves them out; everything else is dropped.
    pub(crate) kept: &'static [&'static str],
    /// Items on a page of a list.
    pub(crate) page: usize,
    /// Whether it can be listed in a whole subscription.
    pub(crate) listed_in_subscription: bool,
    pub(crate) retry_after: i64,
    /// Milliseconds that a synchronous write takes before it is answered.
    pub(crate) works: i64,
    /// A deletion answers with what was deleted.
    pub(crate) deleted_shows: bool,
}

impl Spec {
    /// What most types have in common.
    pub(crate) const BASE: Spec = Spec {
        name: "",
        versions: &[],
        service: Service::Resources,
        place: Place::Group,
        name_rule: Name {
            pattern: "^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,78}[a-zA-Z0-9_])?$",
            status: 400,
            code: "InvalidResourceName",
            rule: "The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
            public: false,
        },
        locations: Locations::None,
        tracked: false,
        shows_state: true,
        style: Style::Operation,
        creates_in: 0,
        updates_in: 0,
        deletes_in: 0,
        created: 201,
        updated: 200,
        deleted: 200,
        updating: "Updating",
        patch: Patch::None,
        etag: Etag::None,
        exclusive: Exclusive::Own,
        fixed: &[],
        kept: &[],
        page: 100,
        listed_in_subscription: false,
        retry_after: 10,
        works: 0,
        deleted_shows: false,
    };

    pub(crate) fn namespace(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(namespace, _)| namespace)
    }

    /// The types below the namespace: `virtualNetworks`, `subnets`.
    pub(crate) fn types(&self) -> impl Iterator<Item = &'static str> {
        self.name.split('/').skip(1)
    }

    /// The last part of the type.
    pub(crate) fn last(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}

pub(crate) trait Kind: Sync {
    fn spec(&self) -> &Spec;

    fn shape(&self) -> &Shape;

    /// The rules of the service for a body that fits its shape: refuses, or fills in what the service
    /// sets. `old` is what is there, with the same id.
    fn admit(
        &self,
        _cx: &Context<'_>,
        _world: &mut World,
        _old: Option<&Resource>,
        _new: &mut Resource,
    ) -> Outcome<()> {
        Ok(())
    }

    /// After the resource was stored and its operation, if any, begun.
    fn stored(&self, _cx: &Context<'_>, _world: &mut World, _key: &str) {}

    /// Whether it may be deleted; called when nothing else stands against it.
    fn may_go(&self, _cx: &Context<'_>, _world: &mut World, _resource: &Resource) -> Outcome<()> {
        Ok(())
    }

    /// After it was removed.
    fn gone(&self, _world: &mut World, _resource: &Resource) {}

    /// When it was read elsewhere and is put into a world: what is kept apart from the body.
    fn loaded(&self, _world: &mut World, _resource: &mut Resource) {}

    /// Makes what always comes with it, where that is missing.
    fn complete(&self, _world: &mut World, _key: &str) {}

    /// After an operation on it ended well.
    fn settled(&self, _world: &mut World, _key: &str, _operation: &str, _now: i64) {}

    /// The body with what is kept as resources of its own put back, as a PUT would send it.
    fn whole(&self, _world: &World, resource: &Resource) -> Map<String, Value> {
        resource.body.clone()
    }

    fn show(&self, _world: &World, resource: &Resource) -> Value {
        shown(self.spec(), resource)
    }

    /// `POST .../action`; `None` when there is no such action.
    fn act(
        &self,
        _cx: &Context<'_>,
        _world: &mut World,
        _key: &str,
        _action: &str,
        _body: &Map<String, Value>,
    ) -> Option<Outcome<Response>> {
        None
    }

    /// `GET .../something` that is no resource; `None` when there is no such thing.
    fn view(
        &self,
        _cx: &Context<'_>,
        _world: &World,
        _resource: &Resource,
        _tail: &[String],
    ) -> Option<Outcome<Response>> {
        None
    }
}

/// A resource as a read shows it.
pub(crate) fn shown(spec: &Spec, resource: &Resource) -> Value {
    let mut body = resource.body.clone();
    body.insert("id".into(), json!(resource.id));
    body.insert("name".into(), json!(resource.name));
    body.insert("type".into(), json!(resource.type_));
    let etag = etag(spec, resource);
    match spec.etag {
        Etag::None => {}
        Etag::Top => {
            body.insert("etag".into(), json!(etag));
        }
        Etag::TopCamel => {
            body.insert("eTag".into(), json!(etag));
        }
        Etag::Property => crate::world::set_path(&mut body, "properties.eTag", json!(etag)),
    }
    if spec.shows_state {
        crate::world::set_path(&mut body, "properties.provisioningState", json!(resource.state));
    }
    Value::Object(body)
}

pub(crate) fn etag(spec: &Spec, resource: &Resource) -> String {
    let hash = crate::arm::fingerprint(&format!("{}@{}", resource.id, resource.revision));
    let guid =
        format!("{}-{}-{}-{}-{}", &hash[..8], &hash[8..12], &hash[12..16], &hash[16..20], &hash[20..32]);
    match spec.service {
        Service::Storage => format!("\"0x8D{}\"", hash[..12].to_ascii_uppercase()),
        Service::Network => format!("W/\"{guid}\""),
        _ => guid,
    }
}
