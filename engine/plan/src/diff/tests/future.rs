//! Objects as they will be, and the functions beside the comparison.

use aurak_model::Address;
use insta::assert_snapshot;

use super::drawing::show;
use super::{case, schema, value};
use crate::diff::{apply_ignore, leaf_differences, planned_create, prepare};

const THING: &str = "
    name: {type: string}
    size: {type: integer, default: 2}
    password: {type: string, sensitive: true}
    zone: {type: string, server_default: true}
    tag: {type: string, computed: true, changes_with: [size, 'options.*']}
    key: {type: string, computed: true, sensitive: true, changes_with: [tag]}
    host: {type: string, computed: true}
    options: {type: map, items: {type: string}}
    properties:
      type: object
      attributes:
        mode: {type: string, default: fast}
        state: {type: string, computed: true, changes_with: [properties.mode]}
    steps: {type: list, items: {type: object, attributes: {run: {type: string}, retries: {type: integer, default: 1}, id: {type: string, computed: true}}}}
    rules: {type: list, set: true, items: {type: object, attributes: {run: {type: string}, id: {type: string, computed: true}}}}
";

#[test]
fn a_create() {
    let schema = schema(THING);
    let me = Address::parse("me").unwrap();
    let create = |text: &str| show(&planned_create(&schema, &me, &value(text))).replace(", \"", ",\n\"");
    assert_snapshot!(create("{name: a, zone: null, password: p, steps: [{run: x}], rules: [{run: y}]}"), @r#"
    {"host": (known after me: host),
    "id": (known after me: id),
    "key": (known after me: key),
    "name": "a",
    "password": (sensitive),
    "properties": (known after me: properties),
    "rules": [{"run": "y"}],
    "size": 2,
    "steps": [{"id": (known after me: steps[0].id),
    "retries": 1,
    "run": "x"}],
    "tag": (known after me: tag),
    "zone": (known after me: zone)}
    "#);
    assert_snapshot!(create("{zone: z, properties: {mode: !row 'other:mode'}, size: 3}"), @r#"
    {"host": (known after me: host),
    "id": (known after me: id),
    "key": (known after me: key),
    "properties": {"mode": (known after other: mode),
    "state": (known after me: properties.state)},
    "size": 3,
    "tag": (known after me: tag),
    "zone": "z"}
    "#);
}

#[test]
fn preparing() {
    let schema = schema(THING);
    assert_snapshot!(show(&prepare(&schema, &value("{name: null, password: p, properties: {}, steps: [{run: null}]}"))), @r#"{"password": (sensitive), "properties": {"mode": "fast"}, "size": 2, "steps": [{"retries": 1}]}"#);
    // Nothing to do: the same map, not a copy.
    let ready = value("{name: a, size: 1, password: !secret p}");
    let prepared = prepare(&schema, &ready);
    assert!(
        matches!((&ready, &prepared), (aurak_model::Value::Map(a), aurak_model::Value::Map(b)) if std::sync::Arc::ptr_eq(a, b))
    );
}

#[test]
fn computed_again() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {size: 3}
        previous: {size: 1}
        refreshed: {size: 1, tag: t, key: k, host: h, properties: {state: ok}}
    "), @r#"
    ~ size: 1 → 3
    planned  {"host": "h", "key": (known after me: key), "properties": {"state": "ok"}, "size": 3, "tag": (known after me: tag)}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {size: 1, options: {a: '1'}, properties: {mode: slow}}
        previous: {size: 1}
        refreshed: {size: 1, tag: t, key: k, host: h, properties: {mode: fast, state: ok}}
    "), @r#"
    ~ options.a: nothing → "1"
    ~ properties.mode: "fast" → "slow"
    planned  {"host": "h", "key": (known after me: key), "options": {"a": "1"}, "properties": {"mode": "slow", "state": (known after me: properties.state)}, "size": 1, "tag": (known after me: tag)}
    "#);
    // An update keeps the rest.
    assert_snapshot!(case(&schema, "
        desired: {size: 1, name: b}
        previous: {size: 1, name: a}
        refreshed: {size: 1, name: a, tag: t, key: k, host: h}
    "), @r#"
    ~ name: "a" → "b"
    planned  {"host": "h", "key": "k", "name": "b", "size": 1, "tag": "t"}
    "#);
}

#[test]
fn leaves() {
    let draw = |before: Option<&str>, after: Option<&str>| {
        let (before, after) = (before.map(value), after.map(value));
        let lines = leaf_differences(before.as_ref(), after.as_ref())
            .into_iter()
            .map(|d| format!("{}: {:?} → {:?}\n", d.path, d.before, d.after));
        lines.collect::<String>()
    };
    assert_snapshot!(draw(None, Some("{a: 1, b: [x, {c: !secret s}], d: {}, e: null}")), @r#"
    a: None → Some(1)
    b[0]: None → Some("x")
    b[1].c: None → Some((sensitive))
    d: None → Some({})
    e: None → Some(null)
    "#);
    assert_snapshot!(draw(Some("{a: 1, b: [x, y], c: {d: 1}, s: !secret x}"), Some("{a: 1, b: [x], c: 2, s: y}")), @r#"
    b[1]: Some("y") → None
    c: Some({"d": 1}) → Some(2)
    s: Some((sensitive)) → Some((sensitive))
    "#);
    assert_snapshot!(draw(Some("[1, 2]"), None), @"
    [0]: Some(1) → None
    [1]: Some(2) → None
    ");
    assert_snapshot!(draw(Some("x"), Some("!row 'a:id'")), @r#": Some("x") → Some((known after a: id))"#);
    assert_snapshot!(draw(Some("x"), Some("x")), @"");
}

#[test]
fn ignoring() {
    let schema = schema("
        size: {type: integer}
        tags: {type: map, items: {type: string}}
        token: {type: string, write_only: true}
        properties: {type: object, attributes: {count: {type: integer}, mode: {type: string}, state: {type: string, computed: true}}}
        data: {}
        rules: {type: list, keyed_by: name, items: {type: object, attributes: {name: {type: string}, port: {type: integer}}}}
    ");
    let desired = value(
        "{size: 1, tags: {a: x}, token: new, properties: {count: 1, mode: m}, data: {a: 1}, rules: [{name: a, port: 1}, {name: b, port: 2}]}",
    );
    let refreshed = value(
        "{size: 5, tags: {a: y, z: z}, properties: {count: 7, mode: n, state: s}, data: {a: 2, b: 3}, rules: [{name: b, port: 20}, {name: a, port: 10}]}",
    );
    let previous = value("{token: old}");
    let with = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|p| aurak_model::Path::parse(p).unwrap()).collect();
        show(&apply_ignore(&schema, &paths, &desired, &refreshed, Some(&previous)))
    };
    assert_snapshot!(with(&[]), @r#"{"data": {"a": 1}, "properties": {"count": 1, "mode": "m"}, "rules": [{"name": "a", "port": 1}, {"name": "b", "port": 2}], "size": 1, "tags": {"a": "x"}, "token": "new"}"#);
    assert_snapshot!(with(&["*"]), @r#"{"data": {"a": 2}, "properties": {"count": 7, "mode": "n"}, "rules": [{"name": "b", "port": 20}, {"name": "a", "port": 10}], "size": 5, "tags": {"a": "y", "z": "z"}, "token": "old"}"#);
    assert_snapshot!(with(&["properties.count", "tags", "rules[0].port"]), @r#"{"data": {"a": 1}, "properties": {"count": 7, "mode": "m"}, "rules": [{"name": "a", "port": 10}, {"name": "b", "port": 2}], "size": 1, "tags": {"a": "y", "z": "z"}, "token": "new"}"#);
    assert_snapshot!(with(&["properties", "tags.z", "token", "nothing.like.it"]), @r#"{"data": {"a": 1}, "properties": {"count": 7, "mode": "n"}, "rules": [{"name": "a", "port": 1}, {"name": "b", "port": 2}], "size": 1, "tags": {"a": "x", "z": "z"}, "token": "old"}"#);
}
