//! Who asks, by the token, and whether a role lets them.

use serde_json::Value;

use super::{Azure, Context};
use crate::entra::{self, TokenError};
use crate::http::Request;
use crate::refusal::{Outcome, Refusal};
use crate::types::roles;
use crate::world::{Resource, World};

pub(crate) struct Caller {
    pub(crate) object_id: String,
    pub(crate) client_id: String,
}

pub(crate) fn authenticate(azure: &Azure, world: &World, now: i64, request: &Request) -> Outcome<Caller> {
    let tenant = &world.identity().tenant;
    let challenge = |code: &str, message: &str| {
        Refusal::new(401, code, message).header(
            "WWW-Authenticate",
            format!(
                "Bearer authorization_uri=\"{}/{tenant}\", error=\"invalid_token\", error_description=\"{message}\"",
                azure.base
            ),
        )
    };
    let Some(header) = request.has_header("authorization") else {
        return Err(challenge(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ));
    };
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => {
            return Err(challenge(
                "AuthenticationFailedInvalidHeader",
                "Authentication failed. The 'Authorization' header is provided in an invalid format.",
            ));
        }
    };
    entra::verify(azure, world, now, token)
        .map_err(|error| match error {
            TokenError::Invalid => challenge("InvalidAuthenticationToken", "The access token is invalid."),
            TokenError::Expired => challenge(
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than the current UTC time.",
            ),
            TokenError::Audience => challenge(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource. It should exactly match one of the allowed audiences of Resource Manager.",
            ),
            TokenError::Tenant => challenge(
                "InvalidAuthenticationTokenTenant",
                "The access token is from the wrong issuer. It must match the tenant associated with this subscription.",
            ),
        })
}

const ROLES: &str = "Microsoft.Authorization/roleAssignments";

/// The client of the world owns every subscription; everyone else needs a role at the scope or above.
pub(crate) fn authorise(cx: &Context<'_>, world: &World, action: &str, scope: &str) -> Outcome<()> {
    if cx.caller.object_id == world.identity().client_object
        || allowed(world, &cx.caller.object_id, action, scope)
    {
        return Ok(());
    }
    Err(Refusal::new(
        403,
        "AuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
            cx.caller.client_id, cx.caller.object_id
        ),
    ))
}

/// Who has a role anywhere in a subscription finds it in the list.
pub(crate) fn sees(cx: &Context<'_>, world: &World, subscription: &str) -> bool {
    let object = &cx.caller.object_id;
    *object == world.identity().client_object
        || world
            .below(&format!("/subscriptions/{}", subscription.to_ascii_lowercase()))
            .filter(|(_, resource)| resource.type_ == ROLES)
            .any(|(_, role)| {
                role.text("properties.principalId").is_some_and(|id| id.eq_ignore_ascii_case(object))
            })
}

/// What a body names needs a permission of its own: to join a subnet, to assign an identity.
pub(crate) fn authorise_links(cx: &Context<'_>, world: &World, action: &str, new: &Resource) -> Outcome<()> {
    if cx.caller.object_id == world.identity().client_object {
        return Ok(());
    }
    let mut named = Vec::new();
    new.body.values().for_each(|value| ids(value, &mut named));
    for id in named {
        let Some(linked) = world.resources.get(&id.to_ascii_lowercase()) else { continue };
        let verb = match linked.type_.split('/').next() {
            Some("Microsoft.Network") => "join",
            Some("Microsoft.ManagedIdentity") => "assign",
            _ => continue,
        };
        let needed = format!("{}/{verb}/action", linked.type_);
        if !allowed(world, &cx.caller.object_id, &needed, &linked.id) {
            return Err(Refusal::new(
                403,
                "LinkedAuthorizationFailed",
                format!(
                    "The client '{}' with object id '{}' has permission to perform action '{action}' on scope '{}'; however, it does not have permission to perform action(s) '{needed}' on the linked scope(s) '{id}' (respectively) or the linked scope(s) are invalid.",
                    cx.caller.client_id, cx.caller.object_id, new.id
                ),
            ));
        }
    }
    Ok(())
}

/// Every id in a body, as a value or as a key.
fn ids<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.starts_with('/') => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            if name.starts_with('/') {
                found.push(name);
            }
            ids(value, found);
        }),
        _ => {}
    }
}

fn allowed(world: &World, principal: &str, action: &str, scope: &str) -> bool {
    let scope = format!("{}/", scope.to_ascii_lowercase());
    world
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_ == ROLES)
        .filter(|(_, assignment)| {
            assignment.text("properties.principalId").is_some_and(|id| id.eq_ignore_ascii_case(principal))
        })
        .filter(|(_, assignment)| {
            let at = assignment.text("properties.scope").unwrap_or_default();
            scope.starts_with(&format!("{}/", at.trim_end_matches('/').to_ascii_lowercase()))
        })
        .filter_map(|(_, assignment)| assignment.at("properties.roleDefinitionId").and_then(Value::as_str))
        .filter_map(roles::by_id)
        .any(|role| role.allows(action))
}
