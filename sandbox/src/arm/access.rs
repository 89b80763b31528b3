//! Who asks, by the token, and whether a role lets them.

use serde_json::Value;

use super::{Azure, Context};
use crate::entra::{self, TokenError};
use crate::http::Request;
use crate::refusal::{Outcome, Refusal};
use crate::types::roles;
use crate::world::World;

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

fn allowed(world: &World, principal: &str, action: &str, scope: &str) -> bool {
    let scope = format!("{}/", scope.to_ascii_lowercase());
    world
        .resources
        .iter()
        .filter(|(_, resource)| resource.type_ == "Microsoft.Authorization/roleAssignments")
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
