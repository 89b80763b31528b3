//! Tokens: how they are got, and what is wrong with those that are refused.

use aurak_sandbox::{Content, Method, Request};
use serde_json::Value;

use crate::kit::{BASE, Lab};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const SCOPE: (&str, &str) = ("scope", "https://management.azure.com/.default");

#[test]
fn the_token_endpoint_says_what_is_wrong() {
    let mut lab = Lab::new();
    let client = lab.world.identity().client_id.clone();
    let secret = lab.world.identity().client_secret.clone();
    let (id, right) = (("client_id", client.as_str()), ("client_secret", secret.as_str()));
    let jwt = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    for (form, status, error, code) in [
        (vec![id, right, SCOPE], 400, "invalid_request", 900_144),
        (vec![GRANT, right, SCOPE], 400, "invalid_request", 900_144),
        (vec![("grant_type", "password"), id], 400, "unsupported_grant_type", 70_003),
        (vec![GRANT, ("client_id", "nobody"), right, SCOPE], 400, "unauthorized_client", 700_016),
        (vec![GRANT, id, ("client_secret", "wrong"), SCOPE], 401, "invalid_client", 7_000_215),
        (vec![GRANT, id, SCOPE], 401, "invalid_client", 7_000_216),
        (vec![GRANT, id, right, ("scope", "https://management.azure.com/")], 400, "invalid_scope", 1_002_012),
        (vec![GRANT, id, right, ("scope", "https://example.org/.default")], 400, "invalid_resource", 500_011),
        (vec![GRANT, id, jwt, ("client_assertion", "no.token"), SCOPE], 400, "invalid_request", 50_027),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x"), SCOPE], 400, "invalid_grant", 700_082),
    ] {
        let got = lab.token(&form);
        let found = (got.status, got.body["error"].as_str(), got.body["error_codes"][0].as_u64());
        assert_eq!(found, (status, Some(error), Some(code)), "{form:?}");
        assert!(
            got.body["error_description"].as_str().expect("text").starts_with(&format!("AADSTS{code}: "))
        );
        assert!(!got.body.to_string().contains(&secret));
    }
    let got = lab.form("/00000000-0000-0000-0000-000000000000/oauth2/v2.0/token", &[GRANT, id, right, SCOPE]);
    assert_eq!((got.status, got.body["error_codes"][0].as_u64()), (400, Some(90_002)));
}

#[test]
fn old_and_new_endpoints_give_tokens() {
    let mut lab = Lab::new();
    let identity = lab.world.identity().clone();
    let form = [
        GRANT,
        ("client_id", &identity.client_id),
        ("client_secret", &identity.client_secret),
        ("client_info", "1"),
    ];
    let new = lab.form(
        &format!("/{}/oauth2/v2.0/token", identity.tenant),
        &[&form[..], &[("scope", &format!("{BASE}//.default"))]].concat(),
    );
    assert_eq!(new.body["expires_in"], 3599);
    assert!(new.body["client_info"].is_string());
    let old = lab.form(
        "/organizations/oauth2/token",
        &[&form[..], &[("resource", "https://management.azure.com/")]].concat(),
    );
    assert_eq!(old.body["expires_in"], "3599");
    for token in [new.body, old.body] {
        lab.token = token["access_token"].as_str().expect("a token").to_owned();
        assert_eq!(lab.get("/subscriptions 2022-12-01").status, 200);
    }
}

#[test]
fn discovery_points_here() {
    let mut lab = Lab::new();
    let tenant = lab.world.identity().tenant.clone();
    let found =
        lab.send(Request::new(Method::Get, &format!("/{tenant}/v2.0/.well-known/openid-configuration")));
    assert_eq!(found.body["token_endpoint"], format!("{BASE}/{tenant}/oauth2/v2.0/token"));
    let keys = lab.send(Request::new(
        Method::Get,
        found.body["jwks_uri"].as_str().expect("a link").strip_prefix(BASE).expect("ours"),
    ));
    assert_eq!(keys.body["keys"][0]["alg"], "RS256");
    let instance = lab.send(Request::new(Method::Get, "/common/discovery/instance?api-version=1.1"));
    assert!(instance.body["tenant_discovery_endpoint"].as_str().expect("a link").starts_with(BASE));
    let cloud = lab.send(Request::new(Method::Get, "/metadata/endpoints?api-version=2022-09-01"));
    assert_eq!(cloud.body["resourceManager"], BASE);
    let clouds = lab.send(Request::new(Method::Get, "/metadata/endpoints?api-version=2019-05-01"));
    assert_eq!(clouds.body[0]["authentication"]["loginEndpoint"], BASE);
    assert_eq!(lab.send(Request::new(Method::Get, "/nothing/here")).status, 404);
}

#[test]
fn a_person_signs_in_with_a_code() {
    let mut lab = Lab::new();
    let client = ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46");
    let begun = lab.form(
        "/organizations/oauth2/v2.0/devicecode",
        &[client, ("scope", &format!("openid offline_access {BASE}/.default"))],
    );
    let code = begun.body["device_code"].as_str().expect("a code").to_owned();
    let user_code = begun.body["user_code"].as_str().expect("a code").to_owned();
    let grant =
        [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), client, ("device_code", &code)];
    let asked = |lab: &mut Lab| {
        lab.now += 5_000;
        lab.token(&grant)
    };
    assert_eq!(asked(&mut lab).body["error"], "authorization_pending");
    assert_eq!(lab.token(&grant).body["error"], "slow_down");
    assert_eq!(lab.form("/devicelogin", &[("user_code", "WRONG")]).status, 400);
    let page = lab.form("/devicelogin", &[("user_code", &user_code.to_lowercase())]);
    assert!(matches!(page.response.content, Content::Html(text) if text.contains("signed in")));
    let got = asked(&mut lab);
    assert!(got.body["id_token"].is_string());
    lab.token = got.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(lab.get("/subscriptions 2022-12-01").status, 200);
    assert_eq!(asked(&mut lab).body["error"], "bad_verification_code", "a code is good for one token");
    let refresh = got.body["refresh_token"].as_str().expect("a token").to_owned();
    let again = lab.token(&[("grant_type", "refresh_token"), client, ("refresh_token", &refresh), SCOPE]);
    assert_eq!(again.status, 200);
    lab.token = refresh;
    lab.get("/subscriptions 2022-12-01").refused(401, "InvalidAuthenticationToken");
}

#[test]
fn a_code_that_nobody_typed_expires() {
    let mut lab = Lab::new();
    let client = ("client_id", "c");
    let begun = lab.form("/common/oauth2/v2.0/devicecode", &[client, SCOPE]);
    let code = begun.body["device_code"].as_str().expect("a code").to_owned();
    lab.now += 901_000;
    let got = lab.token(&[("grant_type", "device_code"), client, ("device_code", &code)]);
    assert_eq!(got.body["error"], "expired_token");
}

#[test]
fn resource_manager_refuses_what_is_no_token_for_it() {
    let mut lab = Lab::new();
    let path = format!("/subscriptions/{}?api-version=2022-12-01", lab.subscription);
    let bare = lab.send(Request::new(Method::Get, &path));
    bare.refused(401, "AuthenticationFailed");
    let challenge = bare.header("WWW-Authenticate").expect("a challenge");
    assert!(challenge.starts_with(&format!("Bearer authorization_uri=\"{BASE}/")), "{challenge}");
    let with = |lab: &mut Lab, header: &str| {
        lab.send(Request::new(Method::Get, &path).header("Authorization", header))
    };
    with(&mut lab, "Basic abc").refused(401, "AuthenticationFailedInvalidHeader");
    with(&mut lab, "Bearer abc").refused(401, "InvalidAuthenticationToken");
    let good = lab.token.clone();
    let mut forged = good.clone().into_bytes();
    let middle = forged.len() / 3;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    with(&mut lab, &format!("Bearer {}", String::from_utf8_lossy(&forged)))
        .refused(401, "InvalidAuthenticationToken");
    let identity = lab.world.identity().clone();
    let graph = lab.token(&[
        GRANT,
        ("client_id", &identity.client_id),
        ("client_secret", &identity.client_secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ]);
    let graph = graph.body["access_token"].as_str().expect("a token").to_owned();
    with(&mut lab, &format!("Bearer {graph}")).refused(401, "InvalidAuthenticationTokenAudience");
    let stranger = Lab::of([8; 32], 1).token;
    with(&mut lab, &format!("Bearer {stranger}")).refused(401, "InvalidAuthenticationTokenTenant");
    lab.now += 3_600_000;
    let late = with(&mut lab, &format!("Bearer {good}"));
    late.refused(401, "ExpiredAuthenticationToken");
    assert!(late.header("WWW-Authenticate").is_some());
    assert_ne!(late.body, Value::Null);
}
