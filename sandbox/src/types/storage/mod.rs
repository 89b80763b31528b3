//! Storage accounts, their blob service and containers.

pub(crate) mod account;
pub(crate) mod blob_service;
pub(crate) mod container;

use serde_json::{Value, json};

use crate::arm::{Context, Service};
use crate::http::{Method, Response};
use crate::refusal::Outcome;
use crate::types::matches;
use crate::world::{Resource, World};

const VERSIONS: &[&str] = &[
    "2022-09-01",
    "2023-01-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
    "2025-06-01",
    "2025-08-01",
    "2026-04-01",
    "2026-09-01",
];

/// The account of something in it, in lower case.
fn account_key(key: &str) -> &str {
    key.split_once("/blobservices/").map_or(key, |(account, _)| account)
}

/// Nothing is made in an account that is still being made.
fn provisioned(world: &World, key: &str) -> Outcome<()> {
    match world.resources.get(account_key(key)) {
        Some(account) if account.state != "Succeeded" => Err(Service::Storage.refuse(
            409,
            "StorageAccountIsNotProvisioned",
            format!("The storage account provisioning state must be 'Succeeded' before executing the operation; it is '{}'.", account.state),
        )),
        _ => Ok(()),
    }
}

/// `POST .../checkNameAvailability`.
pub(crate) fn check_name(cx: &Context<'_>, world: &World) -> Option<Outcome<Response>> {
    (cx.request.method == Method::Post).then(|| {
        let body = cx.body(Service::Storage)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        if !text("type").eq_ignore_ascii_case(account::NAME) {
            return Err(Service::Storage.unreadable("'type' must be 'Microsoft.Storage/storageAccounts'"));
        }
        let name = text("name");
        let answer = if !matches(account::PATTERN, name) {
            json!({ "nameAvailable": false, "reason": "AccountNameInvalid", "message": format!("{name} is not a valid storage account name. {}", account::RULE) })
        } else if account::named(world, name).is_some() || account::TAKEN.contains(&name) {
            json!({ "nameAvailable": false, "reason": "AlreadyExists", "message": format!("The storage account named {name} is already taken.") })
        } else {
            json!({ "nameAvailable": true })
        };
        Ok(Response::json(200, answer))
    })
}

fn hidden<'a>(resource: &'a Resource, name: &str) -> Option<&'a str> {
    resource.hidden.get(name).and_then(Value::as_str)
}
