//! How answers of Resource Manager are read.

use std::time::Duration;

use aurak_api::ProviderError;
use aurak_rest::{Dialect, Kind, Method, Request, Response};
use serde_json::{Value as Json, json};

use crate::refusal::{judge, read};
use crate::{Arm, Cloud};

fn answer(status: u16, body: Json) -> Response {
    Response { status, body, ..Response::default() }
}

fn arm() -> Arm {
    Arm::new(Cloud::known("public").unwrap(), "sub")
}

/// What comes of a refusal, on a line.
fn line(method: Method, status: u16, code: &str, message: &str) -> String {
    let refusal = read(&answer(status, json!({ "error": { "code": code, "message": message } })));
    let verdict = judge(&refusal, method, Some(Duration::from_secs(3600)));
    let help = verdict.help.map(|help| format!("; {help}")).unwrap_or_default();
    format!(
        "{} {status} {code} {message:?} -> {:?}, {:?}{help}",
        method.name(),
        verdict.class,
        verdict.effect
    )
}

#[test]
fn what_refusals_mean() {
    use Method::{Delete, Get, Put};
    let rows = [
        (Put, 429, "SubscriptionRequestsThrottled", "too many"),
        (
            Put,
            429,
            "AnotherOperationInProgress",
            "Another operation on this or dependent resource is in progress.",
        ),
        (Put, 500, "InternalServerError", "oops"),
        (Get, 503, "ServerBusy", "oops"),
        (Put, 409, "AnotherOperationInProgress", "x"),
        (Put, 409, "OperationNotAllowed", "Another agentpool operation (np - Creating) is in progress"),
        (
            Put,
            409,
            "OperationNotAllowed",
            "managed cluster is in Provisioning State(Updating) and Power State(Running), starting cannot be performed",
        ),
        (Put, 409, "OperationNotAllowed", "Upgrading Kubernetes version 1.24.9 to 1.26.6 is not allowed."),
        (Delete, 400, "OperationNotAllowed", "There has to be at least one system agent pool."),
        (Put, 409, "EtagMismatch", "x"),
        (Put, 409, "PropertyChangeNotAllowed", "Changing property 'x' is not allowed."),
        (Put, 409, "StorageAccountAlreadyTaken", "The storage account named x is already taken."),
        (Put, 409, "RoleAssignmentExists", "The role assignment already exists."),
        (Put, 409, "MissingSubscriptionRegistration", "The subscription is not registered"),
        (
            Put,
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Web'. See x",
        ),
        (Put, 400, "PrincipalNotFound", "Principal x does not exist"),
        (Put, 404, "ResourceGroupNotFound", "Resource group 'g' could not be found."),
        (Get, 404, "ResourceNotFound", "x"),
        (Get, 404, "SubscriptionNotFound", "x"),
        (Get, 404, "InvalidResourceType", "x"),
        (Get, 404, "", ""),
        (Get, 401, "ExpiredAuthenticationToken", "x"),
        (Get, 401, "InvalidAuthenticationToken", "x"),
        (Get, 403, "AuthorizationFailed", "x"),
        (Delete, 409, "ScopeLocked", "x"),
        (Delete, 409, "ResourceGroupBeingDeleted", "x"),
        (Delete, 400, "InUseSubnetCannotBeDeleted", "Subnet x is in use by y"),
        (Put, 412, "PreconditionFailed", "x"),
        (Put, 400, "LinkedInvalidPropertyId", "x"),
    ];
    let lines: Vec<_> =
        rows.iter().map(|(method, status, code, text)| line(*method, *status, code, text)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    PUT 429 SubscriptionRequestsThrottled "too many" -> Transient { after: Some(3600s) }, None
    PUT 429 AnotherOperationInProgress "Another operation on this or dependent resource is in progress." -> Conflict, None
    PUT 500 InternalServerError "oops" -> Transient { after: Some(3600s) }, Unknown
    GET 503 ServerBusy "oops" -> Transient { after: Some(3600s) }, None
    PUT 409 AnotherOperationInProgress "x" -> Conflict, None
    PUT 409 OperationNotAllowed "Another agentpool operation (np - Creating) is in progress" -> Conflict, None
    PUT 409 OperationNotAllowed "managed cluster is in Provisioning State(Updating) and Power State(Running), starting cannot be performed" -> Conflict, None
    PUT 409 OperationNotAllowed "Upgrading Kubernetes version 1.24.9 to 1.26.6 is not allowed." -> Permanent, None; go by the versions between, one minor version at a time
    DELETE 400 OperationNotAllowed "There has to be at least one system agent pool." -> Permanent, None; a cluster keeps one pool of the mode `System`: make another one first
    PUT 409 EtagMismatch "x" -> Conflict, None
    PUT 409 PropertyChangeNotAllowed "Changing property 'x' is not allowed." -> Permanent, None; this cannot be changed in place: replace the resource with --replace
    PUT 409 StorageAccountAlreadyTaken "The storage account named x is already taken." -> Permanent, None; such names are shared by everybody: take another one
    PUT 409 RoleAssignmentExists "The role assignment already exists." -> Permanent, None; the principal has this role here already, under another name: take that one over with `imports`
    PUT 409 MissingSubscriptionRegistration "The subscription is not registered" -> Permanent, None; register the resource provider once: az provider register --namespace NAMESPACE
    PUT 409 MissingSubscriptionRegistration "The subscription is not registered to use namespace 'Microsoft.Web'. See x" -> Permanent, None; register the resource provider once: az provider register --namespace Microsoft.Web
    PUT 400 PrincipalNotFound "Principal x does not exist" -> Transient { after: Some(3600s) }, None
    PUT 404 ResourceGroupNotFound "Resource group 'g' could not be found." -> Gone, None; what it lives in is not there: let it refer to the resource that makes it
    GET 404 ResourceNotFound "x" -> Gone, None
    GET 404 SubscriptionNotFound "x" -> Permanent, None; see that the subscription is the right one, and that it is of this tenant
    GET 404 InvalidResourceType "x" -> Permanent, None
    GET 404  "" -> Gone, None
    GET 401 ExpiredAuthenticationToken "x" -> Transient { after: Some(3600s) }, None; log in again, and see that tenant and subscription belong together
    GET 401 InvalidAuthenticationToken "x" -> Permanent, None; log in again, and see that tenant and subscription belong together
    GET 403 AuthorizationFailed "x" -> Permanent, None; the identity that runs this needs a role that allows it there; one that was just assigned takes some minutes
    DELETE 409 ScopeLocked "x" -> Permanent, None; a lock protects it: remove the lock first, or leave the object as it is
    DELETE 409 ResourceGroupBeingDeleted "x" -> Conflict, None
    DELETE 400 InUseSubnetCannotBeDeleted "Subnet x is in use by y" -> Permanent, None; something still uses it: delete that first, or wait until it is gone
    PUT 412 PreconditionFailed "x" -> Permanent, None
    PUT 400 LinkedInvalidPropertyId "x" -> Permanent, None
    "#);
}

#[test]
fn refusals_come_in_many_wrappings() {
    let said = |body: Json| {
        let refusal = read(&answer(400, body));
        (refusal.code, refusal.message, refusal.target, refusal.details)
    };
    let whole = said(json!({ "error": {
        "code": "Invalid", "message": " not so ", "target": "properties.x",
        "details": [{ "code": "A", "message": "a" }, { "message": "b" }, { "code": "C" }, 7],
    } }));
    assert_eq!(
        whole,
        (
            "Invalid".to_string(),
            "not so".to_string(),
            Some("properties.x".to_string()),
            vec!["A: a".to_string(), "b".to_string()]
        )
    );
    let bare = said(json!({ "code": "Invalid", "message": "not so", "details": null, "subcode": "x" }));
    assert_eq!((bare.0.as_str(), bare.1.as_str()), ("Invalid", "not so"));
    let entra = said(json!({ "error": "invalid_client", "error_description": "AADSTS7000215: wrong" }));
    assert_eq!((entra.0.as_str(), entra.1.as_str()), ("invalid_client", "AADSTS7000215: wrong"));
    for nothing in
        [json!(null), json!([]), json!({}), json!({ "error": null }), json!({ "error": { "code": 7 } })]
    {
        assert_eq!(said(nothing), (String::new(), String::new(), None, Vec::new()));
    }
    let page = Response::of(502, Vec::new(), b"  <html>Bad Gateway</html>");
    assert_eq!(read(&page).message, "<html>Bad Gateway</html>");
    let error =
        read(&answer(409, json!({ "error": { "code": "A", "message": "two\nlines", "target": "t" } })));
    let error = error.error("PUT /x", judge(&error, Method::Put, None));
    assert_eq!(error.message, "PUT /x: two lines\nabout `t`", "the first line stands by itself");
}

#[test]
fn lists_buckets_and_marks() {
    let arm = arm();
    let page = arm.page(&json!({ "value": [1, 2], "nextLink": "https://management.azure.com/next" }));
    assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("https://management.azure.com/next")));
    for last in [
        json!({ "value": [] }),
        json!({ "value": [], "nextLink": null }),
        json!({ "nextLink": "" }),
        json!(null),
    ] {
        assert_eq!(arm.page(&last).next, None);
    }
    let headers = |list: &[(&str, &str)]| Response {
        headers: list.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        ..answer(200, json!({ "properties": { "eTag": "in the body" } }))
    };
    let left = headers(&[
        ("x-ms-ratelimit-remaining-subscription-reads", "249"),
        ("x-ms-ratelimit-remaining-tenant-reads", "12"),
        ("x-ms-ratelimit-remaining-subscription-global-reads", "1"),
        ("x-ms-ratelimit-remaining-subscription-writes", "many"),
        ("x-ms-ratelimit-remaining-subscription-deletes", "3"),
    ]);
    assert_eq!(arm.left(&left), [(Kind::Read, 12), (Kind::Delete, 3)]);
    assert_eq!(arm.etag(&left).as_deref(), Some("in the body"));
    assert_eq!(arm.etag(&headers(&[("etag", "\"1\"")])).as_deref(), Some("\"1\""));
    let asked = arm.versioned(Request::new(Method::Get, "https://x/y?a=1"), "2024-01-01");
    assert_eq!(asked.url, "https://x/y?a=1&api-version=2024-01-01");
    assert_eq!(arm.collection("resourcegroups"), "/subscriptions/sub/resourcegroups");
    assert_eq!(arm.collection("/Subscriptions/x/y"), "/Subscriptions/x/y");
    assert_eq!(arm.collection("ü"), "/subscriptions/sub/ü");
}

#[test]
fn an_assignment_that_is_there_under_another_name_is_told() {
    let below = "/subscriptions/eb5253a6-4bfc-4e98-a45f-dcf7256811cd/providers/Microsoft.Authorization/roleAssignments";
    let own = format!("{below}/0a0a0a0a-0000-4000-8000-000000000001");
    let said = |code: &str, id: &str| {
        let text =
            format!("PUT {own}: The role assignment already exists. The ID of the conflicting one is {id}.");
        arm().instead(&own, &ProviderError::permanent(text).code(code))
    };
    let other = "9a3c1f0e-5d0b-4c58-8f0e-2c7c5a1f6b11";
    let path = format!("{below}/{other}");
    assert_eq!(said("RoleAssignmentExists", other), Some(path.clone()));
    assert_eq!(said("RoleAssignmentExists", &other.replace('-', "")), Some(path));
    assert_eq!(said("Conflict", other), None);
}
