//! What Resource Manager asks of every request before a resource is looked at.

use aurak_sandbox::{Fate, Method, Request};
use serde_json::{Value, json};

use crate::kit::{BASE, Lab, START};

const GROUP: &str = "~/resourceGroups/g 2024-11-01";

#[test]
fn the_api_version_is_needed_and_known() {
    let mut lab = Lab::new();
    lab.get("~/resourceGroups/g").refused(400, "MissingApiVersionParameter");
    for wrong in ["latest", "2024-13-01", "2024-11-01-beta", "2024"] {
        lab.get(&format!("~/resourceGroups/g {wrong}")).refused(400, "InvalidApiVersionParameter");
    }
    let got = lab.get("~/resourceGroups/g 2001-01-01");
    got.refused(400, "NoRegisteredProviderFound");
    assert!(got.body["error"]["message"].as_str().expect("text").contains("2024-11-01"));
}

#[test]
fn what_is_not_there_is_named() {
    let mut lab = Lab::new();
    lab.get("/subscriptions/00000000-0000-0000-0000-000000000000 2022-12-01")
        .refused(404, "SubscriptionNotFound");
    lab.get("/subscriptions/other/resourceGroups/g 2024-11-01").refused(404, "SubscriptionNotFound");
    lab.get(GROUP).refused(404, "ResourceGroupNotFound");
    lab.delete(GROUP).refused(404, "ResourceGroupNotFound");
    lab.get("@/Microsoft.Authorization/locks 2020-05-01").refused(404, "ResourceGroupNotFound");
    lab.get("@/Microsoft.Nothing/things/x 2020-05-01").refused(404, "InvalidResourceNamespace");
    lab.get("@/Microsoft.Authorization/things/x 2020-05-01").refused(404, "InvalidResourceType");
    lab.get("~/resourceGroups/g/resources 2021-04-01").refused(404, "ResourceGroupNotFound");
    lab.group();
    lab.get("@/Microsoft.Authorization/locks/l 2020-05-01").refused(404, "ResourceNotFound");
    lab.get("~/providers/Microsoft.Resources/operations/x/y 2020-05-01").refused(404, "InvalidResourceType");
}

#[test]
fn other_methods_are_not_supported() {
    let mut lab = Lab::new();
    lab.group();
    lab.ask(&format!("POST {GROUP}"), json!({})).refused(405, "HttpMethodNotSupported");
    lab.ask(&format!("OPTIONS {GROUP}"), json!({})).refused(405, "HttpMethodNotSupported");
    lab.ask("PUT ~ 2022-12-01", json!({})).refused(405, "HttpMethodNotSupported");
    lab.ask("DELETE /subscriptions 2022-12-01", Value::Null).refused(405, "HttpMethodNotSupported");
}

#[test]
fn every_answer_carries_its_ids() {
    let mut lab = Lab::new();
    let request = lab
        .request("GET ~ 2022-12-01")
        .header("x-ms-client-request-id", "mine")
        .header("x-ms-return-client-request-id", "true");
    let got = lab.send(request);
    assert_eq!(got.header("x-ms-client-request-id"), Some("mine"));
    assert_eq!(got.header("x-ms-ratelimit-remaining-subscription-reads"), Some("249"));
    assert_eq!(got.header("x-ms-ratelimit-remaining-subscription-global-reads"), Some("3749"));
    let other = lab.get("~/resourceGroups/nope 2024-11-01");
    assert!(other.header("x-ms-request-id").is_some_and(|id| Some(id) != got.header("x-ms-request-id")));
    assert!(other.header("x-ms-ratelimit-remaining-subscription-reads").is_some(), "a refusal counts too");
}

#[test]
fn an_empty_bucket_throttles_and_refills() {
    let mut lab = Lab::new();
    let mut last = None;
    for _ in 0..251 {
        last = Some(lab.get("~ 2022-12-01"));
    }
    let last = last.expect("an answer");
    last.refused(429, "SubscriptionRequestsThrottled");
    assert_eq!(last.header("Retry-After"), Some("1"));
    assert_eq!(lab.put(GROUP, json!({ "location": "westeurope" })).status, 201, "writes are counted apart");
    lab.now += 1_000;
    assert_eq!(lab.get("~ 2022-12-01").status, 200);
}

#[test]
fn bodies_are_checked_before_anything_is_made() {
    let mut lab = Lab::new();
    let mut send = |body: &str| {
        let mut request = lab.request(&format!("PUT {GROUP}"));
        request.body = body.as_bytes().to_vec();
        lab.send(request)
    };
    for body in ["", "{", "[]", "7", r#"{"location": 1}"#, r#"{"location": "westeurope", "colour": "red"}"#] {
        send(body).refused(400, "InvalidRequestContent");
    }
    send("{}").refused(400, "LocationRequired");
    send(r#"{"location": "mars"}"#).refused(400, "LocationNotAvailableForResourceGroup");
    let large = format!(r#"{{"location": "{}"}}"#, "x".repeat(aurak_sandbox::LARGEST_BODY));
    send(&large).refused(413, "RequestContentTooLarge");
    let deep = format!(r#"{{"location": {}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    send(&deep).refused(400, "InvalidRequestContent");
    lab.get(GROUP).refused(404, "ResourceGroupNotFound");
}

#[test]
fn tags_have_limits() {
    let mut lab = Lab::new();
    let mut with = |tags: Value| lab.put(GROUP, json!({ "location": "westeurope", "tags": tags }));
    let many: serde_json::Map<String, Value> = (0..51).map(|n| (format!("t{n}"), json!("x"))).collect();
    with(Value::Object(many)).refused(400, "TooManyTags");
    with(json!({ "x".repeat(513): "" })).refused(400, "InvalidTagNameLength");
    with(json!({ "a<b": "" })).refused(400, "InvalidTagNameCharacters");
    with(json!({ "a": "x".repeat(257) })).refused(400, "InvalidTagValueLength");
    with(json!({ "a": "1", "A": "2" })).refused(400, "DuplicateTagName");
    with(json!({ "a": 1 })).refused(400, "InvalidRequestContent");
    assert_eq!(with(json!({ "x".repeat(512): "y".repeat(256) })).status, 201);
}

#[test]
fn a_provider_has_to_be_registered() {
    let mut lab = Lab::new();
    let line = "~/providers/Microsoft.Network";
    assert_eq!(lab.get(&format!("{line} 2021-04-01")).body["registrationState"], "Registered");
    let got = lab.ask(&format!("POST {line}/unregister 2021-04-01"), Value::Null);
    assert_eq!(got.body["registrationState"], "Unregistering");
    lab.rest();
    lab.group();
    lab.get("@/Microsoft.Network/dnsZones/example.org 2018-05-01")
        .refused(409, "MissingSubscriptionRegistration");
    let got = lab.ask(&format!("POST {line}/register 2021-04-01"), Value::Null);
    assert_eq!(got.body["registrationState"], "Registering");
    lab.rest();
    assert_eq!(lab.get(&format!("{line} 2021-04-01")).body["registrationState"], "Registered");
    lab.get("@/Microsoft.Network/dnsZones/example.org 2018-05-01").refused(404, "ResourceNotFound");
    let used = lab.ask("POST ~/providers/Microsoft.Resources/unregister 2021-04-01", Value::Null);
    used.refused(409, "CannotUnregisterInUseProvider");
    lab.ask("POST ~/providers/Microsoft.Nothing/register 2021-04-01", Value::Null)
        .refused(404, "InvalidResourceNamespace");
    let all = lab.get("~/providers 2021-04-01");
    assert!(all.body["value"].as_array().expect("a list").len() >= 2);
}

#[test]
fn lists_of_the_tenant_and_of_a_subscription() {
    let mut lab = Lab::with(2);
    assert_eq!(lab.get("/tenants 2022-12-01").body["value"][0]["tenantCategory"], "Home");
    assert_eq!(lab.get("/subscriptions 2022-12-01").body["value"].as_array().map(Vec::len), Some(2));
    let own = lab.get("~ 2022-12-01").body;
    assert_eq!((own["state"].as_str(), own["displayName"].as_str()), (Some("Enabled"), Some("Sandbox")));
    let found = lab.get("~/locations 2022-12-01").body;
    assert!(found["value"].as_array().expect("a list").iter().any(|region| region["name"] == "westeurope"));
    lab.get("~/resources?$filter=colour+eq+'red' 2021-04-01").refused(400, "InvalidFilterInQueryString");
    assert_eq!(lab.get("~/resources 2021-04-01").body, json!({ "value": [] }));
}

#[test]
fn operations_belong_to_their_subscription_and_end() {
    let mut lab = Lab::with(2);
    lab.group();
    let got = lab.delete(GROUP);
    assert_eq!((got.status, got.body.is_null()), (202, true));
    let link = got.link("Location");
    assert_eq!(got.header("Retry-After"), Some("15"));
    let follow = |lab: &mut Lab| {
        let request =
            Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
        lab.send(request)
    };
    let poll = follow(&mut lab);
    assert_eq!((poll.status, poll.header("Location")), (202, Some(format!("{BASE}{link}").as_str())));
    let other = lab.world.identity().subscriptions[1].id.clone();
    let stolen = link.replace(&lab.subscription.clone(), &other);
    let request =
        Request::new(Method::Get, &stolen).header("authorization", &format!("Bearer {}", lab.token));
    lab.send(request).refused(404, "OperationNotFound");
    lab.now += 15_000;
    assert_eq!(follow(&mut lab).status, 200);
    lab.get(GROUP).refused(404, "ResourceGroupNotFound");
}

#[test]
fn an_operation_can_fail_or_take_long() {
    let mut lab = Lab::new();
    lab.group();
    lab.fate = Fate::Fail;
    let link = lab.delete(GROUP).link("Location");
    lab.fate = Fate::Normal;
    lab.now += 15_000;
    let request = Request::new(Method::Get, &link).header("authorization", &format!("Bearer {}", lab.token));
    lab.send(request).refused(500, "InternalOperationError");
    assert_eq!(lab.get(GROUP).body["properties"]["provisioningState"], "Failed");
    lab.fate = Fate::Slow;
    assert_eq!(lab.delete(GROUP).status, 202);
    lab.now += 149_000;
    assert_eq!(lab.get(GROUP).body["properties"]["provisioningState"], "Deleting");
    lab.now += 1_000;
    lab.get(GROUP).refused(404, "ResourceGroupNotFound");
}

#[test]
fn the_same_history_gives_the_same_world() {
    let history = || {
        let mut lab = Lab::new();
        lab.group();
        let body = lab.get(GROUP).body;
        (lab.now - START, body, lab.world.identity().id.clone())
    };
    assert_eq!(history(), history());
}
