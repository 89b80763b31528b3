//! The blob service of an account: always there, named `default`, keeps what a PUT leaves out.

use std::sync::LazyLock;

use serde_json::{Map, json};

use super::{VERSIONS, account, provisioned};
use crate::arm::{Context, Kind, Name, Place, Service, Spec};
use crate::refusal::Outcome;
use crate::shape::Shape;
use crate::world::{Resource, World};

pub(crate) struct BlobService;

pub(crate) const NAME: &str = "Microsoft.Storage/storageAccounts/blobServices";

static SPEC: Spec = Spec {
    name: NAME,
    versions: VERSIONS,
    service: Service::Storage,
    place: Place::Child,
    name_rule: Name {
        pattern: "^default$",
        status: 400,
        code: "InvalidResourceName",
        rule: "The name of a blob service is 'default'.",
        public: false,
    },
    shows_state: false,
    created: 200,
    kept: &[
        "properties.cors",
        "properties.defaultServiceVersion",
        "properties.deleteRetentionPolicy",
        "properties.isVersioningEnabled",
        "properties.automaticSnapshotPolicyEnabled",
        "properties.changeFeed",
        "properties.restorePolicy",
        "properties.containerDeleteRetentionPolicy",
        "properties.lastAccessTimeTrackingPolicy",
    ],
    ..Spec::BASE
};

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::parse(include_str!("../../../shapes/blob_service.txt")));

impl Kind for BlobService {
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
        provisioned(world, &key)?;
        for policy in ["deleteRetentionPolicy", "containerDeleteRetentionPolicy", "restorePolicy"] {
            let on = new.flag(&format!("properties.{policy}.enabled")) == Some(true);
            if on && new.number(&format!("properties.{policy}.days")).is_none() {
                return Err(Service::Storage.refuse(
                    400,
                    "InvalidValuesForRequestParameters",
                    format!("Values for request parameters are invalid: {policy}.days is required when it is enabled."),
                ));
            }
        }
        let on = |path: &str| new.flag(&format!("properties.{path}")) == Some(true);
        let needed =
            on("isVersioningEnabled") && on("changeFeed.enabled") && on("deleteRetentionPolicy.enabled");
        let days = |path: &str| new.number(&format!("properties.{path}.days")).unwrap_or_default();
        if on("restorePolicy.enabled") && (!needed || days("restorePolicy") >= days("deleteRetentionPolicy"))
        {
            return Err(Service::Storage.refuse(
                400,
                "InvalidValuesForRequestParameters",
                "Values for request parameters are invalid: restorePolicy needs versioning, the change feed and a deleteRetentionPolicy of more days.",
            ));
        }
        filled(new);
        Ok(())
    }

    fn may_go(&self, _cx: &Context<'_>, _world: &mut World, _resource: &Resource) -> Outcome<()> {
        Err(Service::Storage.refuse(
            405,
            "HttpMethodNotSupported",
            "The HTTP method 'DELETE' is not supported for the blob service of an account.",
        ))
    }
}

fn filled(service: &mut Resource) {
    service.fill("properties.cors.corsRules", json!([]));
    service.fill("properties.deleteRetentionPolicy.enabled", false);
    service.fill("properties.deleteRetentionPolicy.allowPermanentDelete", false);
}

/// The service that an account is made with.
pub(super) fn come_with(world: &mut World, account: &str) {
    let Some(parent) = world.resources.get(account).filter(|parent| parent.type_ == account::NAME).cloned()
    else {
        return;
    };
    let mut service = Resource {
        id: format!("{}/blobServices/default", parent.id),
        name: "default".to_owned(),
        type_: NAME.to_owned(),
        body: Map::new(),
        hidden: Map::new(),
        state: "Succeeded".to_owned(),
        operation: None,
        ..parent
    };
    filled(&mut service);
    let key = service.key();
    if !world.resources.contains(&key) {
        world.resources.insert(key, service);
    }
}
