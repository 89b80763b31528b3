//! Whole calls of the provider, with the requests that they make.

use std::sync::Arc;

use aurak_api::{Call, Class, Effect, Progress, Provider, Readiness, Recovery, Update};
use aurak_model::snapshot::Refreshed;
use aurak_model::{Address, Value};
use serde_json::{Value as Json, json};

use super::script::{Script, no, ok, status};
use crate::TransportError;

const ID: &str = "/g/things/n";

fn value(json: Json) -> Value {
    Value::from_json(&json)
}

fn desired() -> Value {
    value(json!({ "group": "/G", "name": "N", "properties": { "size": 1 } }))
}

fn there(size: i64) -> Json {
    json!({ "id": "/G/things/N", "etag": "e1", "properties": { "size": size, "state": "Succeeded" } })
}

fn call() -> Call {
    Call::new("k", &Address::parse("a").unwrap())
}

fn no_answer() -> Result<crate::Response, TransportError> {
    Err(TransportError::NoAnswer("the connection was closed".into()))
}

#[tokio::test]
async fn a_create_looks_first_and_gives_what_a_read_gives() {
    let script = Script::new(vec![no(404, "None"), status(201, &[], json!({})), ok(there(1)), ok(there(1))]);
    let provider = script.provider();
    let made = provider.create(&call(), "t.thing", &desired()).await.unwrap();
    let Progress::Done(made) = made else { panic!("{made:?}") };
    assert_eq!(&*made.id, ID);
    let read = provider.read("t.thing", &made.id, &made.attributes).await.unwrap();
    assert_eq!(read, Refreshed::Found { id: made.id, attributes: made.attributes });
    insta::assert_snapshot!(script.seen(), @r#"
    GET /G/things/N?v=7
    PUT /G/things/N?v=7 if-none-match: * {"properties":{"size":1}}
    GET /G/things/N?v=7
    GET /G/things/N?v=7
    "#);
}

#[tokio::test]
async fn a_create_of_what_is_there_changes_nothing() {
    let script = Script::new(vec![ok(there(1))]);
    let error = script.provider().create(&call(), "t.thing", &desired()).await.unwrap_err();
    assert_eq!((error.class, error.effect), (Class::Exists { id: ID.into() }, Effect::None));
    assert_eq!(script.seen(), "GET /G/things/N?v=7");
    // Somebody else was faster.
    let script = Script::new(vec![no(404, "None"), no(412, "Precondition")]);
    let error = script.provider().create(&call(), "t.thing", &desired()).await.unwrap_err();
    assert_eq!((error.class, error.effect), (Class::Exists { id: ID.into() }, Effect::None));
}

#[tokio::test]
async fn a_create_that_goes_unanswered_may_have_taken_effect() {
    let script = Script::new(vec![no(404, "None"), no_answer()]);
    let error = script.provider().create(&call(), "t.thing", &desired()).await.unwrap_err();
    assert_eq!((error.class, error.effect), (Class::Transient { after: None }, Effect::Unknown));
    assert_eq!(error.message, "PUT /G/things/N: the connection was closed");
    let script = Script::new(vec![no(404, "None"), Err(TransportError::NotSent("no route".into()))]);
    let error = script.provider().create(&call(), "t.thing", &desired()).await.unwrap_err();
    assert_eq!(error.effect, Effect::None);
    // What is at its path is what it made: there is never a second one.
    let script = Script::new(vec![ok(there(1))]);
    let recovery = script.provider().recover(&call(), "t.thing", &desired()).await.unwrap();
    assert!(matches!(recovery, Recovery::Object(Refreshed::Found { id, .. }) if &*id == ID));
}

#[tokio::test]
async fn an_update_sends_what_is_there_with_ours_over_it() {
    let mut fresh = there(1);
    fresh["properties"]["theirs"] = 5.into();
    let script = Script::new(vec![ok(fresh), ok(there(2)), ok(there(2))]);
    let update = Update {
        id: ID.into(),
        desired: value(json!({ "group": "/G", "name": "N", "properties": { "size": 2 } })),
        live: value(json!({ "id": "/G/things/N", "properties": { "size": 1 } })),
        unset: Vec::new(),
    };
    let done = script.provider().update(&call(), "t.thing", &update).await.unwrap();
    assert!(matches!(done, Progress::Done(_)));
    insta::assert_snapshot!(script.seen(), @r#"
    GET /G/things/N?v=7
    PUT /G/things/N?v=7 if-match: e1 {"properties":{"size":2,"theirs":5}}
    GET /G/things/N?v=7
    "#);
    // What is being changed by somebody else is waited for, and nothing is sent.
    let busy = json!({ "id": "/G/things/N", "properties": { "state": "Updating" } });
    let script = Script::new(vec![ok(busy)]);
    let error = script.provider().update(&call(), "t.thing", &update).await.unwrap_err();
    assert_eq!(
        (error.class, error.message.as_str()),
        (Class::Conflict, "`/G/things/N` is Updating: something else goes on with it")
    );
    // Somebody changed it in between.
    let script = Script::new(vec![ok(there(1)), no(412, "Precondition")]);
    let error = script.provider().update(&call(), "t.thing", &update).await.unwrap_err();
    assert_eq!((error.class, error.effect), (Class::Conflict, Effect::None));
    let script = Script::new(vec![no(404, "None")]);
    let error = script.provider().update(&call(), "t.thing", &update).await.unwrap_err();
    assert_eq!(error.class, Class::Gone);
}

#[tokio::test]
async fn a_long_create_is_followed_by_its_handle() {
    let monitor = [("monitor", "https://api.test/ops/1"), ("retry-after", "90")];
    let script = Script::new(vec![
        no(404, "None"),
        status(201, &monitor, json!({})),
        status(200, &[("retry-after", "3")], json!({ "status": "InProgress" })),
        no(503, "Busy"),
        ok(json!({ "status": "Succeeded" })),
        ok(there(1)),
    ]);
    let provider = script.provider();
    let begun = provider.create(&call(), "t.thing", &desired()).await.unwrap();
    let Progress::Waiting { handle, poll, why } = begun else { panic!("{begun:?}") };
    assert_eq!((poll.as_secs(), why.as_str()), (90, "the service makes it"));
    // Another run, which knows nothing but the handle.
    let going = provider.resume(&call(), "t.thing", &handle).await.unwrap();
    let Progress::Waiting { handle: same, poll, why } = going else { panic!("{going:?}") };
    assert_eq!((poll.as_secs(), why.as_str()), (3, "the service makes it: InProgress"));
    assert_eq!(same, handle, "a handle that stays is not written down again");
    tokio::time::pause();
    assert!(matches!(provider.resume(&call(), "t.thing", &handle).await.unwrap(), Progress::Done(_)));
    insta::assert_snapshot!(script.seen(), @r#"
    GET /G/things/N?v=7
    PUT /G/things/N?v=7 if-none-match: * {"properties":{"size":1}}
    GET /ops/1
    GET /ops/1
    GET /ops/1
    GET /G/things/N?v=7
    "#);
}

#[tokio::test]
async fn a_create_that_fails_in_the_end_says_what_is_there() {
    let monitor = [("monitor", "https://api.test/ops/1")];
    let failed = json!({ "status": "Failed", "error": { "code": "Quota", "message": "too\nmany" } });
    let script = Script::new(vec![
        no(404, "None"),
        status(201, &monitor, json!({})),
        ok(failed.clone()),
        ok(there(1)),
        ok(failed),
        no(404, "None"),
    ]);
    let provider = script.provider();
    let begun = provider.create(&call(), "t.thing", &desired()).await.unwrap();
    let Progress::Waiting { handle, .. } = begun else { panic!("{begun:?}") };
    let error = provider.resume(&call(), "t.thing", &handle).await.unwrap_err();
    assert_eq!(error.message, "create /G/things/N: too many");
    assert_eq!((error.class, error.help.as_deref()), (Class::Permanent, Some("about Quota")));
    assert!(matches!(error.effect, Effect::Partial(made) if &*made.id == ID));
    let error = provider.resume(&call(), "t.thing", &handle).await.unwrap_err();
    assert_eq!(error.effect, Effect::None);
}

#[tokio::test]
async fn deletes() {
    for (answers, comes) in [
        (vec![status(204, &[], Json::Null)], "Ok(Deleted)"),
        (vec![no(404, "None")], "Ok(Deleted)"),
        (vec![no(409, "Locked")], "Permanent"),
        (vec![no(409, "Busy")], "Conflict"),
        (vec![no(429, "Slow")], "Transient"),
    ] {
        let script = Script::new(answers);
        let last = value(json!({ "id": "/G/things/N" }));
        let done = script.provider().delete(&call(), "t.thing", ID, &last).await;
        assert!(format!("{done:?}").contains(comes), "{done:?}");
        assert_eq!(script.seen(), "DELETE /G/things/N?v=7");
    }
    let script = Script::new(vec![
        status(202, &[("location", "https://api.test/ops/2")], Json::Null),
        status(202, &[], Json::Null),
        status(204, &[], Json::Null),
    ]);
    let provider = script.provider();
    let begun = provider.delete(&call(), "t.thing", ID, &Value::Null).await.unwrap();
    let Progress::Waiting { handle, .. } = begun else { panic!("{begun:?}") };
    assert!(matches!(provider.resume(&call(), "t.thing", &handle).await, Ok(Progress::Waiting { .. })));
    assert_eq!(provider.resume(&call(), "t.thing", &handle).await, Ok(Progress::Deleted));
}

#[tokio::test]
async fn a_list_is_followed_to_its_end_and_holds_only_what_is_of_the_type() {
    let other = json!({ "id": "/g/others/o" });
    let script = Script::new(vec![
        ok(json!({ "value": [there(1), other, {}], "next": "https://api.test/g/things?page=2" })),
        ok(json!({ "value": [], "next": "https://api.test/g/things?page=3" })),
        ok(json!({ "value": [{ "id": "/g/THINGS/m" }] })),
    ]);
    let listed = script.provider().list("t.thing", "g/things").await.unwrap();
    let ids: Vec<_> = listed.iter().map(|item| &*item.id).collect();
    assert_eq!(ids, ["/g/things/n", "/g/things/m"]);
    insta::assert_snapshot!(script.seen(), @r"
    GET /g/things?v=7
    GET /g/things?page=2
    GET /g/things?page=3
    ");
    let script = Script::new(vec![no(404, "NoGroup")]);
    assert_eq!(script.provider().list("t.thing", "/g/things").await.unwrap(), []);
}

#[tokio::test]
async fn credentials_go_nowhere_else() {
    let script = Script::new(vec![ok(json!({ "value": [], "next": "https://evil.test/x?token=1" }))]);
    let error = script.provider().list("t.thing", "g/things").await.unwrap_err();
    assert_eq!(
        error.message,
        "the service at https://api.test says to go on at `https://evil.test/x`, which is not a part of it"
    );
    let script = Script::new(vec![status(202, &[("location", "https://evil.test/")], Json::Null)]);
    let error = script.provider().delete(&call(), "t.thing", ID, &Value::Null).await.unwrap_err();
    assert_eq!(error.effect, Effect::Unknown, "the delete goes on");
    // The state, too, is not to be believed.
    let handle =
        value(json!({ "verb": "create", "kind": "object", "poll_url": "http://api.test/", "object": ID }));
    let script = Script::new(Vec::new());
    assert!(script.provider().resume(&call(), "t.thing", &handle).await.is_err());
    assert_eq!(script.seen(), "");
}

#[tokio::test(start_paused = true)]
async fn questions_are_put_again_and_changes_are_not() {
    let script = Script::new(vec![
        no_answer(),
        no(500, "x"),
        status(429, &[("retry-after", "120")], json!({})),
        ok(there(1)),
    ]);
    let read = script.provider().read("t.thing", ID, &Value::Null).await;
    assert!(matches!(read, Ok(Refreshed::Found { .. })), "{read:?}");
    let script = Script::new(vec![no(500, "x"), no(500, "x"), no(500, "x"), no(500, "x")]);
    let error = script.provider().read("t.thing", ID, &Value::Null).await.unwrap_err();
    assert_eq!(error.class, Class::Transient { after: None });
    assert_eq!(script.seen().lines().count(), 4);
    let script = Script::new(vec![no(404, "None"), status(429, &[("retry-after", "120")], json!({}))]);
    let error = script.provider().create(&call(), "t.thing", &desired()).await.unwrap_err();
    let after = Some(std::time::Duration::from_secs(120));
    assert_eq!((error.class, error.effect), (Class::Transient { after }, Effect::None));
    assert_eq!(script.seen().lines().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_object_that_is_busy_holds_up_nobody_else() {
    let busy = json!({ "error": { "code": "Busy", "message": "x" } });
    for (code, waits) in [("Busy", false), ("Slow", true)] {
        let mut body = busy.clone();
        body["error"]["code"] = code.into();
        let refused = || status(429, &[("retry-after", "60")], body.clone());
        let script = Script::new(vec![refused(), refused()]);
        let provider = script.throttled();
        let start = tokio::time::Instant::now();
        for _ in 0..2 {
            provider.delete(&call(), "t.thing", ID, &Value::Null).await.unwrap_err();
        }
        assert_eq!(start.elapsed().as_secs() >= 60, waits, "{code}");
    }
}

#[tokio::test]
async fn volatile_attributes_are_asked_for_only_when_they_are_used() {
    let keys = json!({ "keys": [{ "name": "one", "value": "s3cret" }] });
    let script = Script::new(vec![
        ok(there(1)),
        ok(there(1)),
        ok(keys),
        ok(there(1)),
        ok(json!({ "keys": "s3cret" })),
    ]);
    let provider = script.provider();
    let Refreshed::Found { attributes, .. } = provider.read("t.thing", ID, &Value::Null).await.unwrap()
    else {
        panic!()
    };
    assert!(!attributes.as_map().unwrap().contains_key("keys"));
    let read = provider.read_volatile("t.thing", ID, &Value::Null).await.unwrap();
    let Refreshed::Found { attributes, .. } = read else { panic!() };
    assert_eq!(attributes.as_map().unwrap().get("keys"), Some(&value(json!({ "one": "s3cret" }))));
    let error = provider.read_volatile("t.thing", ID, &Value::Null).await.unwrap_err();
    assert_eq!(error.message, "POST /g/things/n/listKeys: the answer has no `keys` as this type expects it");
    insta::assert_snapshot!(script.seen(), @r"
    GET /g/things/n?v=7
    GET /g/things/n?v=7
    POST /g/things/n/listKeys?v=7
    GET /g/things/n?v=7
    POST /g/things/n/listKeys?v=7
    ");
}

#[tokio::test]
async fn what_is_no_id_is_not_sent() {
    for id in [
        "",
        "n",
        "/g/others/n",
        "/g/things/",
        "/g/../things/n",
        "/g/things/n?x=1",
        "/g/things/%2e",
        "//things/n",
    ] {
        let script = Script::new(Vec::new());
        let error = script.provider().read("t.thing", id, &Value::Null).await.unwrap_err();
        assert_eq!(error.message, format!("`{id}` is no id of t.thing"));
        assert_eq!(error.help.as_deref(), Some("such an id looks like `{group}/things/{name}`"));
        assert_eq!(script.seen(), "");
    }
    let script = Script::new(Vec::new());
    let odd = value(json!({ "group": "/g", "name": "a/../../b" }));
    let error = script.provider().create(&call(), "t.thing", &odd).await.unwrap_err();
    assert!(error.message.contains("it has a slash"), "{}", error.message);
    assert_eq!(script.seen(), "");
}

#[test]
fn readiness_is_what_the_object_says() {
    let provider = Script::default().provider();
    let of = |state: Json| provider.readiness("t.thing", &value(json!({ "properties": { "state": state } })));
    assert_eq!(of(json!("Succeeded")), Readiness::Ready);
    assert_eq!(of(json!(null)), Readiness::Ready);
    assert_eq!(of(json!("Creating")), Readiness::Waiting("the service says that it is Creating".into()));
    assert_eq!(of(json!("Canceled")), Readiness::Failed("the service says that it is Canceled".into()));
    assert_eq!(Arc::new(provider).world().as_deref(), Some("here"));
}
