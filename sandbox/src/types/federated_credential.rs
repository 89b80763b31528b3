//! Federated credentials of a user-assigned identity: whose tokens it trusts. The service writes one
//! at a time for each identity.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::arm::{Context, Kind, Name, Place, Service, Spec};
use crate::refusal::{Outcome, Refusal};
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct FederatedCredential;

const MOST: usize = 20;
/// How long a write takes, with the identity held.
const WRITES_IN: i64 = 300;
const WRITING: &str = "writing";

static SPEC: Spec = Spec {
    name: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    versions: &["2023-01-31", "2024-11-30", "2025-05-31-preview"],
    service: Service::Identity,
    place: Place::Child,
    name_rule: Name {
        pattern: "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$",
        status: 400,
        code: "InvalidResourceName",
        rule: "The name of a federated credential has 3 to 120 letters, digits, '-' and '_', and starts with a letter or digit.",
        public: false,
    },
    shows_state: false,
    works: WRITES_IN,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../shapes/federated_credential.txt")));

impl Kind for FederatedCredential {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn admit(
        &self,
        cx: &Context<'_>,
        world: &mut World,
        old: Option<&Resource>,
        new: &mut Resource,
    ) -> Outcome<()> {
        if new.body.get("properties").is_none() {
            return Err(bad("'properties' is required"));
        }
        let issuer = new.text("properties.issuer").unwrap_or_default();
        if !issuer.starts_with("https://") || issuer.len() > 600 {
            return Err(bad("'issuer' must be an https URL of at most 600 characters"));
        }
        if new.text("properties.subject").is_none_or(|subject| subject.is_empty() || subject.len() > 600) {
            return Err(bad("'subject' must have 1 to 600 characters"));
        }
        if new
            .at("properties.audiences")
            .and_then(Value::as_array)
            .is_none_or(|audiences| audiences.len() != 1)
        {
            return Err(bad("'audiences' must name exactly one audience"));
        }
        let key = new.key();
        let others: Vec<&Resource> = world
            .below(identity_key(&key))
            .map(|(_, resource)| resource)
            .filter(|resource| resource.type_ == SPEC.name && resource.key() != key)
            .collect();
        let same = |path: &str, other: &Resource| other.text(path) == new.text(path);
        if others.iter().any(|other| same("properties.issuer", other) && same("properties.subject", other)) {
            return Err(Service::Identity.refuse(
                409,
                "Conflict",
                "Issuer and subject combination already exists for this Managed Identity.",
            ));
        }
        if old.is_none() && others.len() >= MOST {
            return Err(Service::Identity.refuse(
                400,
                "TooManyFederatedIdentityCredentials",
                format!("A managed identity has at most {MOST} federated identity credentials."),
            ));
        }
        hold(cx, world, identity_key(&key))
    }

    fn may_go(&self, cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        hold(cx, world, identity_key(&resource.key()))
    }
}

fn identity_key(key: &str) -> &str {
    key.rsplit_once("/federatedidentitycredentials/").map_or(key, |(identity, _)| identity)
}

fn bad(why: &str) -> Box<Refusal> {
    Service::Identity.refuse(400, "BadRequest", format!("The request is invalid: {why}."))
}

/// Holds the identity while the write goes on; refuses while another one does.
fn hold(cx: &Context<'_>, world: &mut World, identity: &str) -> Outcome<()> {
    let until = cx.after(WRITES_IN);
    let Some(identity) = world.resources.get_mut(identity) else { return Ok(()) };
    if identity.hidden.get(WRITING).and_then(Value::as_i64).is_some_and(|until| until > cx.now) {
        return Err(Service::Identity.refuse(
            409,
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            format!("Too many Federated Identity Credentials are written concurrently for the managed identity '{}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.", identity.id),
        ));
    }
    identity.hidden.insert(WRITING.to_owned(), json!(until));
    Ok(())
}
