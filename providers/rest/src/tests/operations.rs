//! Long operations, as a table: what was done, what was answered, what comes next.

use serde_json::{Value as Json, json};

use super::script::Plain;
use crate::Response;
use crate::operation::{Follow, Handle, Next, Verb, asked, begun};

const OBJECT: &str = "/g/things/n";
const URL: &str = "https://api.test/g/things/n?v=7";

fn answer(status: u16, headers: &[&str], body: Json) -> Response {
    let headers = headers.iter().map(|name| (name.to_string(), format!("https://api.test/{name}"))).collect();
    Response { status, headers, body, text: None }
}

fn shown(next: &Next) -> String {
    match next {
        Next::Ask { handle, why } => {
            let last = handle.final_url.as_deref().map(|url| format!(" then {url}")).unwrap_or_default();
            format!("{:?} {}{last} ({why})", handle.kind, handle.poll_url.replace("https://api.test", ""))
                .replace("https://api.test", "")
        }
        Next::Over => "over".to_string(),
        Next::Result(body) => format!("result {body}"),
        Next::Failed(refusal) => format!("failed {} {}: {}", refusal.status, refusal.code, refusal.message),
    }
}

fn state(word: &str) -> Json {
    json!({ "properties": { "state": word } })
}

#[test]
fn how_operations_begin() {
    use Verb::{Create, Delete, Invoke, Update};
    let rows = [
        (Create, answer(201, &[], state("Succeeded"))),
        (Create, answer(200, &[], json!({}))),
        (Create, answer(201, &[], state("Creating"))),
        (Create, answer(201, &[], state("Failed"))),
        (Create, answer(201, &["monitor"], state("Creating"))),
        (Create, answer(202, &["location"], Json::Null)),
        (Create, answer(202, &[], Json::Null)),
        (Create, answer(201, &["location"], json!({}))),
        (Update, answer(200, &["monitor", "location"], state("Updating"))),
        (Delete, answer(204, &[], Json::Null)),
        (Delete, answer(200, &[], state("Deleting"))),
        (Delete, answer(202, &["location"], Json::Null)),
        (Delete, answer(202, &["monitor", "location"], Json::Null)),
        (Delete, answer(202, &[], Json::Null)),
        (Invoke, answer(200, &[], json!({ "a": 1 }))),
        (Invoke, answer(202, &["location"], Json::Null)),
        (Invoke, answer(202, &["monitor", "location"], Json::Null)),
    ];
    let lines: Vec<_> = rows
        .iter()
        .map(|(verb, answer)| {
            let headers: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
            let next = begun(&Plain, *verb, OBJECT, URL, answer);
            format!("{verb:?} {} {} {} -> {}", answer.status, headers.join("+"), answer.body, shown(&next))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Create 201  {"properties":{"state":"Succeeded"}} -> over
    Create 200  {} -> over
    Create 201  {"properties":{"state":"Creating"}} -> Object /g/things/n?v=7 (the service makes it: Creating)
    Create 201  {"properties":{"state":"Failed"}} -> failed 0 : the operation is failed
    Create 201 monitor {"properties":{"state":"Creating"}} -> Monitor /monitor (the service makes it)
    Create 202 location null -> Location /location (the service makes it)
    Create 202  null -> Object /g/things/n?v=7 (the service makes it)
    Create 201 location {} -> over
    Update 200 monitor+location {"properties":{"state":"Updating"}} -> Monitor /monitor (the service changes it)
    Delete 204  null -> over
    Delete 200  {"properties":{"state":"Deleting"}} -> Object /g/things/n?v=7 (the service deletes it)
    Delete 202 location null -> Location /location (the service deletes it)
    Delete 202 monitor+location null -> Monitor /monitor (the service deletes it)
    Delete 202  null -> Object /g/things/n?v=7 (the service deletes it)
    Invoke 200  {"a":1} -> result {"a":1}
    Invoke 202 location null -> Location /location (the service works on it)
    Invoke 202 monitor+location null -> Monitor /monitor then /location (the service works on it)
    "#);
}

#[test]
fn how_operations_go_on_and_end() {
    use Follow::{Location, Monitor, Object};
    use Verb::{Create, Delete, Invoke};
    let error = json!({ "status": "Failed", "error": { "code": "Quota", "message": "too many" } });
    let rows = [
        (Create, Monitor, false, answer(200, &[], json!({ "status": "InProgress" }))),
        (Create, Monitor, false, answer(200, &[], json!({ "status": "SUCCEEDED" }))),
        (Create, Monitor, false, answer(200, &[], Json::Null)),
        (Create, Monitor, false, answer(200, &[], state("Running"))),
        (Create, Monitor, false, answer(202, &[], Json::Null)),
        (Create, Monitor, false, answer(200, &[], error)),
        (Create, Monitor, false, answer(200, &[], json!({ "status": "Cancelled" }))),
        (Create, Monitor, false, answer(404, &[], Json::Null)),
        (Create, Monitor, false, answer(400, &[], json!({ "error": { "code": "Bad", "message": "m" } }))),
        (Invoke, Monitor, true, answer(200, &[], json!({ "status": "Succeeded" }))),
        (Invoke, Location, false, answer(200, &[], json!({ "a": 1 }))),
        (Delete, Monitor, false, answer(404, &[], Json::Null)),
        (Delete, Monitor, false, answer(204, &[], Json::Null)),
        (Create, Location, false, answer(202, &[], Json::Null)),
        (Create, Location, false, answer(200, &[], state("Succeeded"))),
        (Create, Location, false, answer(404, &[], Json::Null)),
        (Create, Location, false, answer(409, &[], json!({ "error": { "code": "Taken", "message": "m" } }))),
        (Create, Object, false, answer(404, &[], Json::Null)),
        (Create, Object, false, answer(200, &[], state("Creating"))),
        (Create, Object, false, answer(200, &[], state("Succeeded"))),
        (Create, Object, false, answer(200, &[], state("Failed"))),
        (Delete, Object, false, answer(200, &[], state("Succeeded"))),
        (Delete, Object, false, answer(200, &[], state("Deleting"))),
        (Delete, Object, false, answer(404, &[], Json::Null)),
    ];
    let lines: Vec<_> = rows
        .iter()
        .map(|(verb, kind, result, answer)| {
            let handle = Handle {
                verb: *verb,
                kind: *kind,
                poll_url: "https://api.test/poll".to_string(),
                final_url: result.then(|| "https://api.test/result".to_string()),
                object: OBJECT.to_string(),
                version: None,
            };
            // It comes out of the journal as it went in.
            assert_eq!(Handle::from_value(&handle.to_value()).as_ref(), Some(&handle));
            let next = asked(&Plain, &handle, URL, answer);
            format!("{verb:?} {kind:?} {} {} -> {}", answer.status, answer.body, shown(&next))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Create Monitor 200 {"status":"InProgress"} -> Monitor /poll (the service makes it: InProgress)
    Create Monitor 200 {"status":"SUCCEEDED"} -> over
    Create Monitor 200 null -> over
    Create Monitor 200 {"properties":{"state":"Running"}} -> Monitor /poll (the service makes it: Running)
    Create Monitor 202 null -> Monitor /poll (the service makes it)
    Create Monitor 200 {"error":{"code":"Quota","message":"too many"},"status":"Failed"} -> failed 0 Quota: too many
    Create Monitor 200 {"status":"Cancelled"} -> failed 0 : the operation is cancelled
    Create Monitor 404 null -> Object /g/things/n?v=7 (the service makes it)
    Create Monitor 400 {"error":{"code":"Bad","message":"m"}} -> failed 400 Bad: m
    Invoke Monitor 200 {"status":"Succeeded"} -> Location /result (the service works on it)
    Invoke Location 200 {"a":1} -> result {"a":1}
    Delete Monitor 404 null -> over
    Delete Monitor 204 null -> over
    Create Location 202 null -> Location /poll (the service makes it)
    Create Location 200 {"properties":{"state":"Succeeded"}} -> over
    Create Location 404 null -> Object /g/things/n?v=7 (the service makes it)
    Create Location 409 {"error":{"code":"Taken","message":"m"}} -> failed 409 Taken: m
    Create Object 404 null -> Object /poll (the service makes it)
    Create Object 200 {"properties":{"state":"Creating"}} -> Object /poll (the service makes it: Creating)
    Create Object 200 {"properties":{"state":"Succeeded"}} -> over
    Create Object 200 {"properties":{"state":"Failed"}} -> failed 0 : the operation is failed
    Delete Object 200 {"properties":{"state":"Succeeded"}} -> Object /poll (the service deletes it)
    Delete Object 200 {"properties":{"state":"Deleting"}} -> Object /poll (the service deletes it: Deleting)
    Delete Object 404 null -> over
    "#);
}

#[test]
fn what_is_no_handle_is_none() {
    for value in
        [json!(null), json!({}), json!({ "verb": "create", "kind": "x", "poll_url": "", "object": "" })]
    {
        assert_eq!(Handle::from_value(&aurak_model::Value::from_json(&value)), None);
    }
}
