//! User-assigned managed identities.

use std::sync::LazyLock;

use super::identities::principal;
use crate::arm::{Context, Kind, Locations, Name, Patch, Service, Spec};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct UserAssignedIdentity;

const VERSIONS: &[&str] = &["2018-11-30", "2023-01-31", "2024-11-30", "2025-05-31-preview"];

static SPEC: Spec = Spec {
    name: "Microsoft.ManagedIdentity/userAssignedIdentities",
    versions: VERSIONS,
    service: Service::Identity,
    name_rule: Name {
        pattern: "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$",
        status: 400,
        code: "InvalidResourceName",
        rule: "The name of an identity has 3 to 128 letters, digits, '-' and '_', and starts with a letter or digit.",
        public: false,
    },
    locations: Locations::Regions,
    tracked: true,
    shows_state: false,
    patch: Patch::Merge,
    listed_in_subscription: true,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../shapes/user_assigned_identity.txt")));

impl Kind for UserAssignedIdentity {
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
        let (object, client) = match old {
            Some(old) => {
                let text = |path: &str| old.text(path).unwrap_or_default().to_owned();
                (text("properties.principalId"), text("properties.clientId"))
            }
            None => {
                let made = principal(cx, world, &new.name, &new.key());
                (made.object_id, made.client_id)
            }
        };
        new.set("properties.tenantId", world.identity().tenant.clone());
        new.set("properties.principalId", object);
        new.set("properties.clientId", client);
        Ok(())
    }
}
