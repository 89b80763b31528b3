//! Blob containers. The name of a deleted one is free again after a while.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{VERSIONS, account_key, provisioned};
use crate::arm::{Context, Etag, Kind, Name, Patch, Place, Service, Spec, stamp};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::types::matches;
use crate::world::{Resource, World};

pub(crate) struct Container;

/// How long the service works on a deletion, with the name taken.
const GOES_IN: i64 = 30_000;

static SPEC: Spec = Spec {
    name: "Microsoft.Storage/storageAccounts/blobServices/containers",
    versions: VERSIONS,
    service: Service::Storage,
    place: Place::Child,
    name_rule: Name {
        pattern: r"^(?:\$root|\$web|[a-z0-9-]{3,63})$",
        status: 400,
        code: "InvalidResourceName",
        rule: "Container names have 3 to 63 characters, which are lower-case letters, digits and hyphens, each hyphen between two others.",
        public: false,
    },
    shows_state: false,
    patch: Patch::Merge,
    etag: Etag::Top,
    // Versions of what is there already are made unchangeable by a migration, and not by a PUT.
    fixed: &[
        "properties.defaultEncryptionScope",
        "properties.denyEncryptionScopeOverride",
        "properties.immutableStorageWithVersioning.enabled",
    ],
    page: 5000,
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::parse(include_str!("../../../shapes/container.txt")));

impl Kind for Container {
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
        let key = new.key();
        provisioned(world, &key)?;
        if !matches("^(?:[$a-z0-9]+(?:-[a-z0-9]+)*)$", &new.name) {
            return Err(Service::Storage.refuse(
                400,
                SPEC.name_rule.code,
                format!("Resource name {} is invalid. {}", new.name, SPEC.name_rule.rule),
            ));
        }
        let account = world.resources.get(account_key(&key));
        let going = account.and_then(|account| account.hidden.get(&going(&new.name))).and_then(Value::as_i64);
        if old.is_none() && going.is_some_and(|until| until > cx.now) {
            return Err(Service::Storage.refuse(
                409,
                "ContainerBeingDeleted",
                "The specified container is being deleted. Try operation later.",
            ));
        }
        let public = new.text("properties.publicAccess").is_some_and(|access| access != "None");
        if public
            && account.and_then(|account| account.flag("properties.allowBlobPublicAccess")) != Some(true)
        {
            return Err(Service::Storage.refuse(
                409,
                "PublicAccessNotPermitted",
                "Public access is not permitted on this storage account.",
            ));
        }
        for (path, value) in [
            ("properties.publicAccess", json!("None")),
            ("properties.defaultEncryptionScope", json!("$account-encryption-key")),
            ("properties.denyEncryptionScopeOverride", json!(false)),
        ] {
            new.fill(path, value);
        }
        for (path, value) in [
            ("properties.deleted", json!(false)),
            ("properties.remainingRetentionDays", json!(0)),
            ("properties.leaseStatus", json!("Unlocked")),
            ("properties.leaseState", json!("Available")),
            ("properties.hasImmutabilityPolicy", json!(false)),
            ("properties.hasLegalHold", json!(false)),
            ("properties.lastModifiedTime", json!(stamp(cx.now))),
        ] {
            new.set(path, value);
        }
        Ok(())
    }

    fn may_go(&self, cx: &Context<'_>, world: &mut World, resource: &Resource) -> Outcome<()> {
        let until = cx.after(GOES_IN);
        if let Some(account) = world.resources.get_mut(account_key(&resource.key())) {
            account.hidden.retain(|name, at| !name.starts_with("going ") || at.as_i64() > Some(cx.now));
            account.hidden.insert(going(&resource.name), json!(until));
        }
        Ok(())
    }
}

fn going(name: &str) -> String {
    format!("going {name}")
}
