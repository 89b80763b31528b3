//! Entra: where clients discover the tenant and get tokens. Speaks the v1 and v2 endpoints; signs
//! with one RSA key that the world keeps.
//!
//! An assertion of a workload is matched with the federated credentials of the identity that it asks
//! for. Its signature is verified when the issuer is this sandbox; the keys of other issuers are out
//! of reach, so there the claims decide.

mod device;
mod keys;
mod token;

use serde_json::{Value, json};

pub(crate) use keys::Keys;
pub use keys::{KeyError, new_signing_key};
pub(crate) use token::{TokenError, verify};

use crate::arm::{Azure, stamp};
use crate::http::{Content, Method, Request, Response, parse_pairs};
use crate::world::World;

/// A refusal of the token endpoint.
#[derive(Debug)]
pub(crate) struct Denied {
    status: u16,
    error: &'static str,
    code: u32,
    message: String,
}

impl Denied {
    fn new(status: u16, error: &'static str, code: u32, message: impl Into<String>) -> Denied {
        Denied { status, error, code, message: message.into() }
    }

    fn response(&self, now: i64) -> Response {
        let Denied { status, error, code, message } = self;
        let trace = crate::arm::fingerprint(&format!("{code}/{now}"));
        Response::json(
            *status,
            json!({
                "error": error,
                "error_description": format!("AADSTS{code}: {message} Trace ID: {} Timestamp: {}", &trace[..16], stamp(now)),
                "error_codes": [code],
                "timestamp": stamp(now),
                "trace_id": &trace[..16],
                "correlation_id": &trace[16..32],
                "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
            }),
        )
    }
}

/// The fields of a form.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(request: &Request) -> Form {
        Form(parse_pairs(&String::from_utf8_lossy(&request.body)))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    fn need(&self, name: &str) -> Result<&str, Denied> {
        self.get(name).ok_or_else(|| {
            Denied::new(
                400,
                "invalid_request",
                900_144,
                format!("The request body must contain the following parameter: '{name}'."),
            )
        })
    }
}

pub(crate) fn handle(
    azure: &Azure,
    world: &mut World,
    now: i64,
    request: &Request,
    words: &[&str],
) -> Response {
    let get = request.method.is_read();
    let post = request.method == Method::Post;
    let result = match words {
        ["common", "discovery", "instance"] if get => Ok(instance(azure, world)),
        ["devicelogin"] => Ok(device::page(world, now, request)),
        ["oidc", id, ".well-known", "openid-configuration"] if get => Ok(issuer(azure, id)),
        ["oidc", _, "openid", "v1", "jwks"] if get => Ok(Response::json(200, azure.keys.public())),
        [tenant, rest @ ..] if known(rest) => tenant_of(world, tenant).and_then(|()| match rest {
            ["v2.0", ".well-known", "openid-configuration"] | [".well-known", "openid-configuration"]
                if get =>
            {
                Ok(configuration(azure, world, rest.len() == 3))
            }
            ["discovery", "v2.0", "keys"] | ["discovery", "keys"] if get => {
                Ok(Response::json(200, azure.keys.public()))
            }
            ["oauth2", "v2.0", "token"] | ["oauth2", "token"] if post => {
                token::issue(azure, world, now, &Form::of(request))
            }
            ["oauth2", "v2.0", "devicecode"] if post => device::begin(azure, world, now, &Form::of(request)),
            _ => Ok(not_found()),
        }),
        _ => Ok(not_found()),
    };
    result.unwrap_or_else(|denied| denied.response(now))
}

/// Paths below a tenant, so that anything else is a plain 404 and not a tenant that is not known.
fn known(rest: &[&str]) -> bool {
    matches!(rest.first(), Some(&("v2.0" | ".well-known" | "discovery" | "oauth2")))
}

fn not_found() -> Response {
    Response {
        status: 404,
        content: Content::Html("<h1>404</h1> Nothing is served at this path.\n".into()),
        ..Response::default()
    }
}

fn tenant_of(world: &World, tenant: &str) -> Result<(), Denied> {
    if tenant == world.identity().tenant
        || ["common", "organizations", "sandbox.onmicrosoft.com"].contains(&tenant)
    {
        return Ok(());
    }
    Err(Denied::new(
        400,
        "invalid_tenant",
        90_002,
        format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        ),
    ))
}

fn instance(azure: &Azure, world: &World) -> Response {
    let host = azure.base.split_once("://").map_or(azure.base.as_str(), |(_, host)| host);
    Response::json(
        200,
        json!({
            "tenant_discovery_endpoint": format!("{}/{}/v2.0/.well-known/openid-configuration", azure.base, world.identity().tenant),
            "api-version": "1.1",
            "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
        }),
    )
}

fn configuration(azure: &Azure, world: &World, v2: bool) -> Response {
    let (base, tenant) = (&azure.base, &world.identity().tenant);
    let path = if v2 { "/v2.0" } else { "" };
    let issuer =
        if v2 { format!("{base}/{tenant}/v2.0") } else { format!("https://sts.windows.net/{tenant}/") };
    Response::json(
        200,
        json!({
            "token_endpoint": format!("{base}/{tenant}/oauth2{path}/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": format!("{base}/{tenant}/discovery{path}/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "authorization_endpoint": format!("{base}/{tenant}/oauth2{path}/authorize"),
            "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "appid", "oid", "tid"],
            "tenant_region_scope": null,
        }),
    )
}

/// The issuer of a cluster's service account tokens.
fn issuer(azure: &Azure, id: &str) -> Response {
    let issuer = format!("{}/oidc/{id}/", azure.base);
    Response::json(
        200,
        json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}openid/v1/jwks"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }),
    )
}

fn text<'a>(claims: &'a Value, name: &str) -> &'a str {
    claims.get(name).and_then(Value::as_str).unwrap_or_default()
}
