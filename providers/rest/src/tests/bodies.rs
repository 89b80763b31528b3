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
    t.thing: `rest`: unknown field `etags`, expected one of `version`, `path`, `typed`, `copies`, `etag`, `read_only`, `reset`, `guids`, `words`, `outputs`
    ");
    assert!(matches!(
        RestType::load("x.yaml", "name: t.x", &[]),
        Err(BadSpec::NoRest(name)) if &*name == "t.x"
    ));
    assert!(RestType::load("x.yaml", &THING.replace("{group}/things", "{given}/things"), &["given"]).is_ok());
}

/// What every owner has, and nobody makes or deletes.
const PART: &str = r#"
name: t.part
attributes:
  id: { type: string, computed: true }
  owner: { type: string, required: true, immutable: always }
  properties:
    type: object
    attributes:
      on: { type: boolean }
      kept: { type: object, attributes: { on: { type: boolean }, days: { type: integer } } }
      other: { type: string }
always: true
key: self.owner
rest:
  version: "7"
  path: "{owner}/parts/default"
  reset:
    properties.on: false
    properties.kept: { on: false }
"#;

#[test]
fn what_is_never_deleted_is_put_back_to_what_it_starts_as() {
    let ty = RestType::load("t.yaml", PART, &[]).unwrap();
    let there = map(json!({ "properties": { "on": true, "kept": { "on": true, "days": 7 }, "other": "x" } }));
    let properties = |map: &Map| map.get("properties").unwrap().to_json().unwrap();
    let reset = overlay::reset(&ty, &there).unwrap();
    assert_eq!(properties(&reset), json!({ "on": false, "kept": { "on": false }, "other": "x" }));
    // What it does not have it need not be told, and nothing is sent for nothing.
    let fresh = map(json!({ "properties": { "on": false } }));
    assert_eq!(overlay::reset(&ty, &fresh), None);
    let let_go = |paths: &[&str], desired: Json| {
        let update = Update {
            id: "i".into(),
            desired: value(json!({ "properties": desired })),
            live: Value::from(there.clone()),
            unset: paths.iter().map(|path| Path::parse(path).unwrap()).collect(),
        };
        properties(&overlay::updated(&ty, &there, &update))
    };
    let kept = json!({ "on": true, "days": 7 });
    assert_eq!(let_go(&["properties.on"], json!({})), json!({ "on": false, "kept": kept, "other": "x" }));
    assert_eq!(
        let_go(&["properties.kept"], json!({ "on": true })),
        json!({ "on": true, "kept": { "on": false }, "other": "x" })
    );
    assert_eq!(
        let_go(&["properties.kept.on", "properties.kept.days", "properties.other"], json!({})),
        json!({ "on": true, "kept": { "on": false } })
    );
}

#[test]
fn what_follows_from_the_rest_need_not_be_written() {
    let text = r#"
name: t.grant
attributes:
  scope: { type: string, required: true, immutable: always }
  name: { type: string, computed: true, optional: true, immutable: always }
  role: { type: string, computed: true, optional: true, case_insensitive: true }
  properties: { type: object, attributes: { roleId: { type: string }, who: { type: string } } }
key: self.scope
rest:
  version: "7"
  path: "{scope}/grants/{name}"
  guids: { name: [scope, properties.roleId, properties.who] }
  words: { role: { at: properties.roleId, id: "/{realm}/roles/{word}", known: { Reader: a1, Owner: b2 } } }
"#;
    let ty = RestType::load("t.yaml", text, &["realm"]).unwrap();
    let role = &ty.schema.attributes["role"];
    assert_eq!(role.allowed.iter().map(|word| &**word).collect::<Vec<_>>(), ["Owner", "Reader"]);
    let completed = |body: Json| {
        let given = |hole: &str| (hole == "realm").then_some("r");
        Value::from(crate::given::completed(&ty, &map(body), given)).to_json().unwrap()
    };
    let by_word = completed(json!({ "scope": "/s", "role": "reader", "properties": { "who": "w" } }));
    assert_eq!(by_word["properties"]["roleId"], json!("/r/roles/a1"));
    let by_id = completed(json!({ "scope": "/S/", "properties": { "who": "W", "roleId": "/r/roles/a1" } }));
    assert_eq!(by_word["name"], by_id["name"]);
    assert_eq!(completed(json!({ "scope": "/s", "name": "n", "properties": {} }))["name"], json!("n"));
    assert_eq!(completed(json!({ "scope": "/s", "properties": {} })).get("name"), None);
    let read = body::attributes(&ty, "/s/grants/n", &json!({ "properties": { "roleId": "/R/Roles/B2" } }));
    assert_eq!(read.to_json().unwrap()["role"], json!("Owner"));
    let sent = body::sent(&ty, &map(by_word)).unwrap();
    assert_eq!(sent, json!({ "properties": { "who": "w", "roleId": "/r/roles/a1" } }));
}

#[test]
fn a_type_of_any_objects_says_what_and_in_which_version() {
    let text = r#"
name: t.any
attributes:
  parent: { type: string, required: true, immutable: always }
  what: { type: string, required: true, immutable: always }
  name: { type: string, required: true, immutable: always }
  edition: { type: string, required: true }
  properties: { type: any }
  output: { type: any, computed: true }
key: self.name
rest:
  version: "{edition}"
  path: "{parent}/providers/{what}/{name}"
  typed: what
  copies: { output: properties }
"#;
    let ty = RestType::load("t.yaml", text, &[]).unwrap();
    let read =
        body::attributes(&ty, "/g/providers/A/things/n/parts/p", &json!({ "properties": { "size": 1 } }));
    insta::assert_snapshot!(format!("{read:?}"), @r#"{"name": "p", "output": {"size": 1}, "parent": "/g/providers/A/things/n", "properties": {"size": 1}, "what": "A/things/parts"}"#);
    let sent = body::sent(&ty, &map(json!({ "edition": "7", "what": "A/b", "name": "n", "properties": {} })));
    assert_eq!(sent, Some(json!({ "properties": {} })));
    for (from, to, why) in [
        ("{edition}", "{other}", "there is no `other` for the version"),
        ("typed: what", "typed: name", "`name` is not the middle one of three holes of the path"),
        ("copies: { output", "copies: { name", "`name` of `copies` is no computed attribute for anything"),
    ] {
        let error = RestType::load("t.yaml", &text.replace(from, to), &[]).unwrap_err();
        assert_eq!(error.to_string(), format!("t.any: `rest`: {why}"));
    }
    for (from, to, why) in [
        ("always: true", "", "what is `always` there has a `reset`, and nothing else has"),
        ("properties.on:", "properties.off:", "`properties.off` of `reset` is no attribute"),
    ] {
        let error = RestType::load("t.yaml", &PART.replace(from, to), &[]).unwrap_err();
        assert_eq!(error.to_string(), format!("t.part: `rest`: {why}"));
    }
}
