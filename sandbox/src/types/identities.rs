//! The `identity` block of any resource: system-assigned identities are made with it, user-assigned
//! ones have to be there.

use serde_json::{Map, Value, json};

use crate::arm::Context;
use crate::refusal::{Outcome, Refusal};
use crate::world::{Principal, Resource, World};

/// The directory shows a new principal to Resource Manager after so many milliseconds.
pub(crate) const REPLICATES_IN: i64 = 10_000;

pub(crate) fn managed_identity(
    cx: &Context<'_>,
    world: &mut World,
    old: Option<&Resource>,
    new: &mut Resource,
) -> Outcome<()> {
    let key = new.key();
    let type_ = new.text("identity.type").unwrap_or("None").to_ascii_lowercase();
    let (system, user) = (type_.contains("systemassigned"), type_.contains("userassigned"));
    let had = old.and_then(|old| old.text("identity.principalId")).map(str::to_owned);
    if user {
        user_assigned(world, new)?;
    }
    if let (Some(object), false) = (&had, system) {
        world.principals.remove(object);
    }
    if !new.body.contains_key("identity") {
        return Ok(());
    }
    if system {
        let object = had.unwrap_or_else(|| principal(cx, world, &new.name, &key).object_id);
        new.set("identity.principalId", object);
        new.set("identity.tenantId", world.identity().tenant.clone());
    }
    Ok(())
}

/// Makes the directory object of a managed identity.
pub(crate) fn principal(cx: &Context<'_>, world: &mut World, name: &str, key: &str) -> Principal {
    let principal = Principal {
        object_id: world.guid(),
        client_id: world.guid(),
        name: name.to_owned(),
        resource: Some(key.to_owned()),
        visible: cx.after(REPLICATES_IN),
    };
    world.principals.insert(principal.object_id.clone(), principal.clone());
    principal
}

fn user_assigned(world: &World, new: &mut Resource) -> Outcome<()> {
    let given =
        new.at("identity.userAssignedIdentities").and_then(Value::as_object).cloned().unwrap_or_default();
    if given.is_empty() {
        return Err(Refusal::new(
            400,
            "MissingIdentityIds",
            "The identity ids must not be null or empty for 'UserAssigned' identity type.",
        ));
    }
    let mut filled = Map::new();
    for id in given.keys() {
        let found = world.resources.get(&id.to_ascii_lowercase());
        let Some(identity) =
            found.filter(|found| found.type_ == "Microsoft.ManagedIdentity/userAssignedIdentities")
        else {
            return Err(Refusal::new(
                400,
                "FailedIdentityOperation",
                format!(
                    "Identity operation for resource '{}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: 'Resource '{id}' was not found.''.",
                    new.id
                ),
            ));
        };
        let ids = json!({
            "clientId": identity.at("properties.clientId"),
            "principalId": identity.at("properties.principalId"),
        });
        filled.insert(id.clone(), ids);
    }
    new.set("identity.userAssignedIdentities", Value::Object(filled));
    Ok(())
}
