//! Attributes from bodies, and bodies to send.

use aurak_api::Update;
use aurak_model::value::Map;
use aurak_model::{Path, Value};
use serde_json::{Value as Json, json};

use super::script::{THING, thing};
use crate::{BadSpec, RestType, body, overlay};

fn value(json: Json) -> Value {
    Value::from_json(&json)
}

fn map(json: Json) -> Map {
    value(json).as_map().cloned().unwrap()
}

#[test]
fn a_body_is_given_in_the_words_of_the_schema() {
    let read = body::attributes(
        &thing(),
        "/Groups/G/things/N",
        &json!({
            "id": "/Groups/G/things/N", "name": "ignored", "etag": "1", "type": "x", "keys": "no",
            "Location": "here", "tags": { "Env": "a", "none": null },
            "properties": {
                "size": null, "ttl": 5, "internal": 1, "gone": null, "free": { "a": null },
                "rules": [{ "Name": "a", "seen": true }],
            },
        }),
    );
    insta::assert_snapshot!(format!("{read:?}"), @r#"{"group": "/Groups/G", "id": "/Groups/G/things/N", "location": "here", "name": "N", "properties": {"TTL": 5, "free": {"a": null}, "internal": 1, "rules": [{"name": "a", "seen": true}]}, "tags": {"Env": "a"}}"#);
}

#[test]
fn an_id_of_another_kind_is_none_of_the_type() {
    let text = "name: t.record\nattributes:\n  zone: { type: string }\n  kind: { type: string, enum: [A, MX] }\n  \
                name: { type: string }\nrest: { version: '1', path: '{zone}/{kind}/{name}' }\n";
    let ty = RestType::load("t.yaml", text, &[]).unwrap();
    assert_eq!(ty.take_apart("/z/mx/n").unwrap()["kind"], "mx");
    assert_eq!(ty.take_apart("/subscriptions/s/resourceGroups/g"), None);
}

#[test]
fn a_body_is_sent_without_what_is_not_ours_to_send() {
    let sent = body::sent(
        &thing(),
        &map(json!({
            "id": "i", "group": "/g", "name": "n", "location": null, "keys": {},
            "properties": { "state": "x", "size": null, "free": { "a": null }, "password": "p",
                            "rules": [{ "name": "a", "etag": "1", "port": null }] },
        })),
    );
    assert_eq!(
        sent.unwrap(),
        json!({ "properties": { "free": { "a": null }, "password": "p", "rules": [{ "name": "a" }] } })
    );
    let hidden = Map::from_iter([("location", Value::from("x").sensitive())]);
    assert_eq!(body::sent(&thing(), &hidden), None, "a secret that nobody revealed is not sent");
}

/// What an update sends of properties.
fn laid(fresh: Json, live: Json, desired: Json, unset: &[&str]) -> Json {
    let ty = thing();
    let unset = unset.iter().map(|path| Path::parse(&format!("properties.{path}")).unwrap()).collect();
    let update = Update {
        id: "/g/things/n".into(),
        desired: value(json!({ "group": "/g", "name": "n", "properties": desired })),
        live: value(json!({ "properties": live })),
        unset,
    };
    let body = overlay::updated(&ty, &body::received(&ty, &json!({ "properties": fresh })), &update);
    body::sent(&ty, &body).unwrap()["properties"].take()
}

fn laid_now(live: Json, desired: Json, unset: &[&str]) -> Json {
    laid(live.clone(), live, desired, unset)
}

#[test]
fn what_others_set_stays_and_what_is_no_longer_asked_for_goes() {
    let live = json!({ "size": 1, "TTL": 2, "mode": "theirs", "other": { "a": 1 }, "internal": 1, "state": "s",
                       "free": { "ours": 1, "gone": 2, "theirs": 3 } });
    assert_eq!(
        laid_now(
            live,
            json!({ "size": 5, "free": { "ours": 9 }, "mode": null }),
            &["TTL", "free.gone", "never"]
        ),
        json!({ "size": 5, "mode": "theirs", "other": { "a": 1 }, "free": { "ours": 9, "theirs": 3 } })
    );
}

#[test]
fn lists_of_objects_with_keys_are_laid_key_by_key() {
    let live = json!({ "rules": [
        { "name": "b", "port": 2, "seen": true },
        { "name": "A", "port": 1, "note": "n", "theirs": 7, "etag": "1" },
    ] });
    assert_eq!(
        laid_now(
            live,
            json!({ "rules": [{ "name": "c", "port": 3 }, { "name": "a", "port": 9 }] }),
            &["rules[1].note"]
        ),
        json!({ "rules": [{ "name": "c", "port": 3 }, { "name": "a", "port": 9, "theirs": 7 }] })
    );
}

#[test]
fn a_list_that_is_only_added_to_keeps_the_rest() {
    let live = json!({ "members": ["x", "b", "a"] });
    assert_eq!(
        laid_now(live.clone(), json!({ "members": ["a", "c"] }), &["members[1]"]),
        json!({ "members": ["x", "a", "c"] })
    );
    // Somebody added another one since it was read.
    assert_eq!(
        laid(
            json!({ "members": ["y", "x", "b", "a"] }),
            live,
            json!({ "members": ["a", "c"] }),
            &["members[1]"]
        ),
        json!({ "members": ["y", "x", "a", "c"] })
    );
    let gone = laid(json!({ "members": ["y"] }), json!({ "members": ["b"] }), json!({}), &["members[0]"]);
    assert_eq!(gone, json!({ "members": ["y"] }));
}

#[test]
fn sets_and_plain_lists() {
    assert_eq!(
        laid_now(json!({ "zones": ["A", "b"] }), json!({ "zones": ["c", "a"] }), &[]),
        json!({ "zones": ["c", "a"] })
    );
    assert_eq!(
        laid_now(json!({ "words": ["a", "b", "c"] }), json!({ "words": ["x"] }), &[]),
        json!({ "words": ["x"] })
    );
    assert_eq!(
        laid_now(
            json!({ "steps": [{ "run": "a", "id": 1 }, { "run": "b", "id": 2 }] }),
            json!({ "steps": [{ "run": "a" }, { "run": "c" }, { "run": "d" }] }),
            &[]
        ),
        json!({ "steps": [{ "run": "a", "id": 1 }, { "run": "c", "id": 2 }, { "run": "d" }] })
    );
}

#[test]
fn keys_without_case_are_written_as_they_are_asked_for() {
    let ty = thing();
    let update = Update {
        id: "/g/things/n".into(),
        desired: value(json!({ "tags": { "ENV": "new" } })),
        live: value(json!({ "tags": { "env": "old", "Owner": "me", "other": "x" } })),
        unset: vec![Path::parse("tags.owner").unwrap()],
    };
    let fresh = body::received(&ty, &json!({ "tags": { "env": "old", "Owner": "me", "other": "x" } }));
    let sent = body::sent(&ty, &overlay::updated(&ty, &fresh, &update)).unwrap();
    assert_eq!(sent, json!({ "tags": { "ENV": "new", "other": "x" } }));
}

#[test]
fn a_file_that_does_not_say_where_its_objects_are_is_refused() {
    let load = |from: &str, to: &str| {
        assert!(THING.contains(from), "{from}");
        RestType::load("x.yaml", &THING.replace(from, to), &["given"]).map(|_| ()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        [
            load("/{name}\"", "/{nam}\""),
            load("{group}/things", "{tags}/things"),
            load("{group}/things", "{group/things"),
            load("    keys: { post", "    location: { post"),
            load("  etag: true", "  etags: true"),
        ]
        .join("\n"),
        @r"
    t.thing: `rest`: there is no `nam` for the path
    t.thing: `rest`: `tags` fills a path and is no text
    t.thing: `rest`: `{group/things/{name}`: braces go in pairs around a name
    t.thing: `rest`: the output `location` is no volatile attribute
    t.thing: `rest`: unknown field `etags`, expected one of `version`, `path`, `etag`, `read_only`, `outputs`
    ");
    assert!(matches!(
        RestType::load("x.yaml", "name: t.x", &[]),
        Err(BadSpec::NoRest(name)) if &*name == "t.x"
    ));
    assert!(RestType::load("x.yaml", &THING.replace("{group}/things", "{given}/things"), &["given"]).is_ok());
}
