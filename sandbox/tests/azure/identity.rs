//! Identities, federated credentials, roles.

use aurak_sandbox::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::kit::{Lab, START};

const IDENTITY: &str = "@/Microsoft.ManagedIdentity/userAssignedIdentities/who 2024-11-30";
const CREDENTIAL: &str =
    "@/Microsoft.ManagedIdentity/userAssignedIdentities/who/federatedIdentityCredentials/trust 2024-11-30";
const ROLE: &str =
    "@/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111 2022-04-01";
const READER: &str =
    "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
const CONTRIBUTOR: &str =
    "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c";

fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.group();
    lab.make(IDENTITY, json!({ "location": "westeurope" }));
    lab
}

fn credential(subject: &str) -> Value {
    json!({ "properties": {
        "issuer": "https://token.example.org", "subject": subject, "audiences": ["api://AzureADTokenExchange"],
    } })
}

fn assignment(role: &str, principal: &str) -> Value {
    json!({ "properties": { "roleDefinitionId": role, "principalId": principal } })
}

fn principal(lab: &mut Lab) -> String {
    lab.get(IDENTITY).body["properties"]["principalId"].as_str().expect("an id").to_owned()
}

#[test]
fn an_identity_has_ids_that_stay() {
    let mut lab = lab();
    let made = lab.get(IDENTITY).body;
    assert_eq!(made["properties"].get("provisioningState"), None);
    let again = lab.put(IDENTITY, json!({ "location": "westeurope", "tags": { "a": "b" } }));
    assert_eq!((again.status, &again.body["properties"]), (200, &made["properties"]));
    lab.put(&IDENTITY.replace("who", "w"), json!({ "location": "westeurope" }))
        .refused(400, "InvalidResourceName");
    lab.put(IDENTITY, json!({ "location": "westeurope", "properties": { "colour": 1 } }))
        .refused(400, "BadRequest");
    assert_eq!(lab.delete(IDENTITY).status, 200);
    assert_eq!(lab.delete(IDENTITY).status, 204);
    let other = lab.make(IDENTITY, json!({ "location": "westeurope" }));
    assert_ne!(
        other["properties"]["principalId"], made["properties"]["principalId"],
        "a new one is someone else"
    );
}

#[test]
fn credentials_are_checked() {
    let mut lab = lab();
    let with = |path: &str, value: Value| {
        let mut body = credential("s");
        body["properties"][path] = value;
        body
    };
    for body in [
        json!({}),
        with("issuer", json!("http://token.example.org")),
        with("issuer", Value::Null),
        with("subject", json!("")),
        with("audiences", json!([])),
        with("audiences", json!(["a", "b"])),
    ] {
        lab.put(CREDENTIAL, body).refused(400, "BadRequest");
    }
    lab.put(&CREDENTIAL.replace("trust", "a"), credential("s")).refused(400, "InvalidResourceName");
    assert_eq!(lab.put(CREDENTIAL, credential("s")).status, 201);
    lab.put(&CREDENTIAL.replace("trust", "other"), credential("s")).refused(409, "Conflict");
    assert_eq!(lab.put(CREDENTIAL, credential("t")).status, 200);
    lab.put(&CREDENTIAL.replace("/who/", "/none/"), credential("s")).refused(404, "ParentResourceNotFound");
}

#[test]
fn an_identity_has_at_most_twenty_credentials() {
    let mut lab = lab();
    let line = |n: i32| CREDENTIAL.replace("trust", &format!("trust-{n}"));
    for n in 0..20 {
        assert_eq!(lab.put(&line(n), credential(&n.to_string())).status, 201);
    }
    lab.put(&line(20), credential("20")).refused(400, "TooManyFederatedIdentityCredentials");
    assert_eq!(lab.put(&line(19), credential("x")).status, 200);
    let (found, _) = lab.list(
        "@/Microsoft.ManagedIdentity/userAssignedIdentities/who/federatedIdentityCredentials 2024-11-30",
    );
    assert_eq!(found.len(), 20);
}

#[test]
fn credentials_are_written_one_at_a_time() {
    let mut lab = lab();
    let before = lab.now;
    let first = lab.put(CREDENTIAL, credential("s"));
    assert_eq!(first.response.delay, 300, "the answer comes when the write is over");
    lab.now = before;
    for got in [lab.put(&CREDENTIAL.replace("trust", "second"), credential("t")), lab.delete(CREDENTIAL)] {
        got.refused(409, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity");
    }
    lab.now = before + 300;
    assert_eq!(lab.delete(CREDENTIAL).status, 200);
}

#[test]
fn a_workload_signs_in_with_an_assertion_that_is_trusted() {
    let mut lab = lab();
    lab.put(CREDENTIAL, credential("system:serviceaccount:ns:app"));
    let client = lab.get(IDENTITY).body["properties"]["clientId"].as_str().expect("an id").to_owned();
    let seconds = lab.now / 1000;
    let jwt = |claims: Value| {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(json!({ "alg": "RS256" })), part(claims))
    };
    let claims = |subject: &str, exp: i64| json!({ "iss": "https://token.example.org", "sub": subject, "aud": ["api://AzureADTokenExchange"], "exp": exp });
    let ask = |lab: &mut Lab, assertion: &str| {
        lab.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &client),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
            ("scope", "https://management.azure.com/.default"),
        ])
    };
    let codes = |got: &crate::kit::Got| (got.status, got.body["error_codes"][0].as_u64());
    let wrong = ask(&mut lab, &jwt(claims("someone-else", seconds + 600)));
    assert_eq!(codes(&wrong), (401, Some(700_213)));
    let late = ask(&mut lab, &jwt(claims("system:serviceaccount:ns:app", seconds - 600)));
    assert_eq!(codes(&late), (401, Some(700_024)));
    let own = ask(&mut lab, &jwt(json!({ "iss": client, "sub": client, "exp": seconds + 600 })));
    assert_eq!(codes(&own), (401, Some(700_027)));
    let good = ask(&mut lab, &jwt(claims("system:serviceaccount:ns:app", seconds + 600)));
    assert_eq!(good.status, 200, "{}", good.body);
    // Signed in, with nothing allowed yet.
    let owner =
        std::mem::replace(&mut lab.token, good.body["access_token"].as_str().expect("a token").to_owned());
    lab.get(IDENTITY).refused(403, "AuthorizationFailed");
    assert_eq!(lab.get("/subscriptions 2022-12-01").body, json!({ "value": [] }));
    let workload = std::mem::replace(&mut lab.token, owner.clone());
    let who = principal(&mut lab);
    assert_eq!(lab.put(ROLE, assignment(READER, &who)).status, 201);
    lab.token = workload.clone();
    assert_eq!(lab.get(IDENTITY).status, 200);
    lab.put(IDENTITY, json!({ "location": "westeurope" })).refused(403, "AuthorizationFailed");
    lab.delete(IDENTITY).refused(403, "AuthorizationFailed");
    lab.get("~ 2022-12-01").refused(403, "AuthorizationFailed");
    // Its token is worth nothing once it is gone.
    lab.token = owner;
    lab.delete(IDENTITY);
    lab.token = workload;
    lab.get(IDENTITY).refused(401, "InvalidAuthenticationToken");
}

#[test]
fn what_is_linked_needs_a_permission_too() {
    let mut lab = lab();
    lab.put(CREDENTIAL, credential("s"));
    lab.make("~/resourceGroups/net 2024-11-01", json!({ "location": "westeurope" }));
    let group = "~/resourceGroups/net/providers/Microsoft.Network/networkSecurityGroups/n 2025-01-01";
    let nsg = lab.make(group, json!({ "location": "westeurope" }))["id"].clone();
    let who = principal(&mut lab);
    lab.put(ROLE, assignment(CONTRIBUTOR, &who));
    let client = lab.get(IDENTITY).body["properties"]["clientId"].as_str().expect("an id").to_owned();
    let claims = json!({ "iss": "https://token.example.org", "sub": "s", "aud": "api://AzureADTokenExchange", "exp": lab.now / 1000 + 600 });
    let got = lab.token(&[
        ("grant_type", "client_credentials"),
        ("client_id", &client),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))),
        ("scope", "https://management.azure.com/.default"),
    ]);
    lab.token = got.body["access_token"].as_str().expect("a token").to_owned();
    let vnet = |nsg: Value| {
        json!({ "location": "westeurope", "properties": {
        "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
        "subnets": [{ "name": "a", "properties": { "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": nsg } }],
    } })
    };
    let line = "@/Microsoft.Network/virtualNetworks/v 2025-01-01";
    lab.put(line, vnet(json!({ "id": nsg }))).refused(403, "LinkedAuthorizationFailed");
    assert_eq!(lab.put(line, vnet(Value::Null)).status, 201);
}

#[test]
fn an_assertion_of_this_issuer_has_to_be_signed_here() {
    let mut lab = lab();
    let mut body = credential("s");
    body["properties"]["issuer"] = json!("https://localhost:8443/oidc/x/");
    lab.put(CREDENTIAL, body);
    let client = lab.get(IDENTITY).body["properties"]["clientId"].as_str().expect("an id").to_owned();
    let claims = json!({ "iss": "https://localhost:8443/oidc/x/", "sub": "s", "aud": "api://AzureADTokenExchange", "exp": START / 1000 + 90_000 });
    let forged = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let got = lab.token(&[
        ("grant_type", "client_credentials"),
        ("client_id", &client),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &forged),
        ("scope", "https://management.azure.com/.default"),
    ]);
    assert_eq!(got.body["error_codes"][0], 50_013);
}

#[test]
fn assignments_are_checked() {
    let mut lab = lab();
    let who = principal(&mut lab);
    let other = "22222222-2222-2222-2222-222222222222";
    lab.put(&ROLE.replace("11111111-1111-1111-1111-111111111111", "mine"), assignment(READER, &who))
        .refused(400, "InvalidRoleAssignmentId");
    lab.put(ROLE, json!({ "properties": { "principalId": who } })).refused(400, "BadRequest");
    lab.put(ROLE, assignment(&READER.replace("acdd", "aaaa"), &who))
        .refused(404, "RoleDefinitionDoesNotExist");
    lab.put(ROLE, assignment(READER, "me")).refused(400, "InvalidPrincipalId");
    lab.put(ROLE, assignment(READER, other)).refused(400, "PrincipalNotFound");
    let mut typed = assignment(READER, &who);
    typed["properties"]["principalType"] = json!("User");
    lab.put(ROLE, typed).refused(400, "UnmatchedPrincipalType");
    let made = lab.put(ROLE, assignment(READER, &who));
    assert_eq!((made.status, &made.body["properties"]["principalType"]), (201, &json!("ServicePrincipal")));
    assert_eq!(
        made.body["properties"]["scope"],
        format!("/subscriptions/{}/resourceGroups/g", lab.subscription)
    );
    lab.put(&ROLE.replace("11111111", "33333333"), assignment(READER, &who))
        .refused(409, "RoleAssignmentExists");
    lab.put(ROLE, assignment(CONTRIBUTOR, &who)).refused(400, "RoleAssignmentUpdateNotPermitted");
    let above = ROLE.replace("@", "~/providers");
    lab.put(&above, assignment(READER, &who)).refused(400, "RoleAssignmentUpdateNotPermitted");
    let mut described = assignment(READER, &who);
    described["properties"]["description"] = json!("why");
    assert_eq!(lab.put(ROLE, described).status, 200, "the description may change");
    let gone = lab.delete(ROLE);
    assert_eq!(
        (gone.status, gone.body["name"].as_str()),
        (200, Some("11111111-1111-1111-1111-111111111111"))
    );
    assert_eq!(lab.delete(ROLE).status, 204);
}

#[test]
fn a_new_principal_takes_a_while_to_be_seen() {
    let mut lab = Lab::new();
    lab.group();
    let made = lab.put(IDENTITY, json!({ "location": "westeurope" })).body;
    let who = made["properties"]["principalId"].as_str().expect("an id").to_owned();
    lab.put(ROLE, assignment(READER, &who)).refused(400, "PrincipalNotFound");
    let mut typed = assignment(READER, &who);
    typed["properties"]["principalType"] = json!("ServicePrincipal");
    assert_eq!(lab.put(ROLE, typed).status, 201, "with its type it is taken at the client's word");
    lab.delete(ROLE);
    lab.now += 10_000;
    assert_eq!(lab.put(ROLE, assignment(READER, &who)).status, 201);
}

#[test]
fn roles_and_assignments_are_found() {
    let mut lab = lab();
    let found = lab
        .get("~/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName+eq+'Reader' 2022-04-01")
        .body;
    assert_eq!(found["value"][0]["name"], "acdd72a7-3385-48ef-bd42-f606fba81ae7");
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(lab.get(&format!("{READER} 2022-04-01")).body["properties"]["roleName"], "Reader");
    lab.get(&format!("{} 2022-04-01", READER.replace("acdd", "aaaa")))
        .refused(404, "RoleDefinitionDoesNotExist");
    let who = principal(&mut lab);
    lab.put(ROLE, assignment(READER, &who));
    let count = |lab: &mut Lab, line: &str| lab.list(line).0.len();
    assert_eq!(count(&mut lab, "~/providers/Microsoft.Authorization/roleAssignments 2022-04-01"), 1);
    assert_eq!(
        count(&mut lab, "~/providers/Microsoft.Authorization/roleAssignments?$filter=atScope() 2022-04-01"),
        0
    );
    let inside = "@/Microsoft.ManagedIdentity/userAssignedIdentities/who/providers/Microsoft.Authorization/roleAssignments";
    assert_eq!(
        count(&mut lab, &format!("{inside}?$filter=principalId+eq+'{who}' 2022-04-01")),
        1,
        "what is above counts"
    );
    assert_eq!(count(&mut lab, &format!("{inside}?$filter=assignedTo('x') 2022-04-01")), 0);
    let id = lab.get(ROLE).body["id"].as_str().expect("an id").to_owned();
    let request = Request::new(Method::Get, &format!("{id}?api-version=2022-04-01"))
        .header("authorization", &format!("Bearer {}", lab.token));
    assert_eq!(lab.send(request).status, 200);
}
