//! The token endpoint: grants in, signed tokens out; and the check of such a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::keys::claims;
use super::{Denied, Form, device, text};
use crate::arm::{Azure, Caller};
use crate::http::Response;
use crate::world::{Principal, World};

/// Seconds. Tokens live in real time: clients compare their end with their own clock.
const LIFETIME: i64 = 3_599;
const REFRESH_LIFETIME: i64 = 24 * 3_600;
/// Clocks differ.
const SKEW: i64 = 300;

/// What a token can be for, besides this server itself.
const AUDIENCES: &[&str] = &[
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
    "https://management.core.chinacloudapi.cn",
    "https://graph.microsoft.com",
    "https://storage.azure.com",
    "https://vault.azure.net",
    "6dae42f8-4368-4678-94ff-3960e28e3630",
];

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    Invalid,
    Expired,
    Audience,
    Tenant,
}

pub(crate) fn verify(azure: &Azure, world: &World, now: i64, token: &str) -> Result<Caller, TokenError> {
    let claims = azure.keys.verified(token).ok_or(TokenError::Invalid)?;
    let seconds = now / 1000;
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text(&claims, "typ") == "refresh" || number("nbf").is_none_or(|nbf| nbf > seconds + SKEW) {
        return Err(TokenError::Invalid);
    }
    if number("exp").is_none_or(|exp| exp <= seconds) {
        return Err(TokenError::Expired);
    }
    if text(&claims, "tid") != world.identity().tenant {
        return Err(TokenError::Tenant);
    }
    let audience = text(&claims, "aud").trim_end_matches('/');
    if audience != azure.base && !audience.starts_with("https://management.") {
        return Err(TokenError::Audience);
    }
    // The principal may be gone since, and then the token is worth nothing.
    let object_id = text(&claims, "oid").to_owned();
    if !world.principals.contains(&object_id) {
        return Err(TokenError::Invalid);
    }
    Ok(Caller { object_id, client_id: text(&claims, "appid").to_owned() })
}

/// Who a token is for.
pub(super) struct Grant<'a> {
    pub(super) object_id: &'a str,
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    /// A person, with an id token and a refresh token.
    pub(super) user: bool,
}

pub(super) fn issue(azure: &Azure, world: &mut World, now: i64, form: &Form) -> Result<Response, Denied> {
    match form.need("grant_type")? {
        "client_credentials" => credentials(azure, world, now, form),
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
            device::redeem(azure, world, now, form)
        }
        "refresh_token" => refresh(azure, world, now, form),
        other => Err(Denied::new(
            400,
            "unsupported_grant_type",
            70_003,
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

fn credentials(azure: &Azure, world: &World, now: i64, form: &Form) -> Result<Response, Denied> {
    let client = form.need("client_id")?;
    let principal = world
        .principals
        .iter()
        .map(|(_, principal)| principal)
        .find(|principal| principal.client_id.eq_ignore_ascii_case(client));
    let Some(principal) = principal else {
        return Err(Denied::new(
            400,
            "unauthorized_client",
            700_016,
            format!("Application with identifier '{client}' was not found in the directory 'Aurak Sandbox'."),
        ));
    };
    match (form.get("client_assertion"), form.get("client_secret")) {
        (Some(assertion), _) => {
            let kind = form.need("client_assertion_type")?;
            if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
                return Err(Denied::new(
                    400,
                    "invalid_request",
                    50_027,
                    "The client assertion type is not supported.",
                ));
            }
            assertion_of(azure, world, now, principal, assertion)?;
        }
        (None, Some(secret)) => {
            let identity = world.identity();
            let own = principal.object_id == identity.client_object;
            if !own || !constant_time_eq(secret.as_bytes(), identity.client_secret.as_bytes()) {
                return Err(Denied::new(
                    401,
                    "invalid_client",
                    7_000_215,
                    format!(
                        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
                    ),
                ));
            }
        }
        (None, None) => {
            return Err(Denied::new(
                401,
                "invalid_client",
                7_000_216,
                "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
            ));
        }
    }
    let audience = audience(azure, form)?;
    let grant = Grant {
        object_id: &principal.object_id,
        client_id: &principal.client_id,
        audience: &audience,
        user: false,
    };
    Ok(answer(azure, world, now, &grant, form))
}

/// Whether an assertion is one that the identity trusts.
fn assertion_of(
    azure: &Azure,
    world: &World,
    now: i64,
    principal: &Principal,
    assertion: &str,
) -> Result<(), Denied> {
    let Some(said) = claims(assertion) else {
        return Err(Denied::new(400, "invalid_request", 50_027, "JWT token is invalid or malformed."));
    };
    let (issuer, subject) = (text(&said, "iss"), text(&said, "sub"));
    if issuer == principal.client_id {
        return Err(Denied::new(
            401,
            "invalid_client",
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        ));
    }
    let seconds = now / 1000;
    let number = |name: &str| said.get(name).and_then(Value::as_i64);
    if number("exp").is_none_or(|exp| exp + SKEW <= seconds)
        || number("nbf").is_some_and(|nbf| nbf > seconds + SKEW)
    {
        return Err(Denied::new(
            401,
            "invalid_client",
            700_024,
            "Client assertion is not within its valid time range.",
        ));
    }
    let audiences: Vec<&str> = match said.get("aud") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let below = principal.resource.iter().flat_map(|key| world.below(key));
    let trusted = below.map(|(_, credential)| credential).any(|credential| {
        credential.text("properties.issuer") == Some(issuer)
            && credential.text("properties.subject") == Some(subject)
            && credential.at("properties.audiences").and_then(Value::as_array).is_some_and(|known| {
                known.iter().filter_map(Value::as_str).any(|known| audiences.contains(&known))
            })
    });
    if !trusted {
        return Err(Denied::new(
            401,
            "invalid_client",
            700_213,
            format!(
                "No matching federated identity record found for presented assertion subject '{subject}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
            ),
        ));
    }
    if issuer.starts_with(&azure.base) && azure.keys.verified(assertion).is_none() {
        return Err(Denied::new(400, "invalid_grant", 50_013, "Assertion failed signature validation."));
    }
    Ok(())
}

fn refresh(azure: &Azure, world: &World, now: i64, form: &Form) -> Result<Response, Denied> {
    let denied =
        || Denied::new(400, "invalid_grant", 700_082, "The refresh token has expired or is invalid.");
    let claims = azure.keys.verified(form.need("refresh_token")?).ok_or_else(denied)?;
    let live = claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp > now / 1000);
    let object = text(&claims, "oid");
    if text(&claims, "typ") != "refresh" || !live || !world.principals.contains(object) {
        return Err(denied());
    }
    let audience = audience(azure, form)?;
    let client_id = text(&claims, "appid").to_owned();
    let grant = Grant { object_id: object, client_id: &client_id, audience: &audience, user: true };
    Ok(answer(azure, world, now, &grant, form))
}

/// What the token is for: `scope` of v2 with `/.default` behind, or `resource` of v1.
pub(super) fn audience(azure: &Azure, form: &Form) -> Result<String, Denied> {
    let asked = match form.get("resource") {
        Some(resource) => resource.to_owned(),
        None => {
            let scope = form.need("scope")?;
            // Scopes of sign-in stand beside the one of a resource.
            let beside = ["openid", "profile", "email", "offline_access"];
            let of_resource: Vec<&str> = scope.split(' ').filter(|part| !beside.contains(part)).collect();
            let found = match of_resource.as_slice() {
                [one] => one.strip_suffix("/.default").or_else(|| one.strip_suffix("/user_impersonation")),
                _ => None,
            };
            match found {
                Some(found) => found.to_owned(),
                None => {
                    return Err(Denied::new(
                        400,
                        "invalid_scope",
                        1_002_012,
                        format!(
                            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
                        ),
                    ));
                }
            }
        }
    };
    let plain = asked.trim_end_matches('/');
    if plain == azure.base || AUDIENCES.contains(&plain) {
        return Ok(asked);
    }
    Err(Denied::new(
        400,
        "invalid_resource",
        500_011,
        format!("The resource principal named {asked} was not found in the tenant named Aurak Sandbox."),
    ))
}

pub(super) fn answer(azure: &Azure, world: &World, now: i64, grant: &Grant<'_>, form: &Form) -> Response {
    let seconds = now / 1000;
    let tenant = &world.identity().tenant;
    let Grant { object_id, client_id, audience, user } = *grant;
    let mut claims = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + LIFETIME,
        "appid": client_id,
        "oid": object_id,
        "sub": object_id,
        "tid": tenant,
        "idtyp": if user { "user" } else { "app" },
        "ver": "1.0",
    });
    if user {
        claims["upn"] = json!("you@sandbox.onmicrosoft.com");
        claims["scp"] = json!("user_impersonation");
    }
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "ext_expires_in": LIFETIME,
        "access_token": azure.keys.sign(&claims),
    });
    if form.get("resource").is_some() {
        body["expires_in"] = json!(LIFETIME.to_string());
        body["expires_on"] = json!((seconds + LIFETIME).to_string());
        body["resource"] = json!(audience);
    }
    if form.get("client_info").is_some() || user {
        let info = json!({ "uid": object_id, "utid": tenant }).to_string();
        body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info));
    }
    if user {
        body["scope"] = json!(format!("{}/.default", audience.trim_end_matches('/')));
        body["refresh_token"] = json!(azure.keys.sign(&json!({
            "typ": "refresh", "oid": object_id, "appid": client_id, "exp": seconds + REFRESH_LIFETIME,
        })));
        body["id_token"] = json!(azure.keys.sign(&json!({
            "aud": client_id,
            "iss": format!("{}/{tenant}/v2.0", azure.base),
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + LIFETIME,
            "name": "Sandbox User",
            "oid": object_id,
            "sub": object_id,
            "preferred_username": "you@sandbox.onmicrosoft.com",
            "tid": tenant,
            "ver": "2.0",
        })));
    }
    Response::json(200, body).with("Cache-Control", "no-store").with("Pragma", "no-cache")
}

fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}
