//! What is ours, what is not, and what was.

use insta::assert_snapshot;

use super::{case, schema};

const THING: &str = "
    name: {type: string, immutable: always}
    tags: {type: map, items: {type: string}}
    labels: {type: map, items: {type: string}, additive: true}
    size: {type: integer}
    zone: {type: string, server_default: true}
    host: {type: string, computed: true, optional: true}
    pinned: {type: string, server_default: true, immutable: always}
    network: {type: object, immutable: always, attributes: {cidr: {type: string, normal: cidr}, mtu: {type: integer}}}
    properties:
      type: object
      open: true
      attributes:
        mode: {type: string}
        state: {type: string, computed: true}
        deep: {type: object, attributes: {a: {type: string}, b: {type: string}}}
    data: {}
    token: {type: string, sensitive: true, write_only: true}
    auth: {type: object, attributes: {user: {type: string}, password: {type: string, write_only: true}}}
    state: {type: string, computed: true}
";

#[test]
fn nothing_to_do() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: a, tags: {x: '1'}, size: 2}
        refreshed: {name: a, tags: {x: '1'}, size: 2, zone: z1, state: ok}
    "), @r#"planned  {"name": "a", "size": 2, "state": "ok", "tags": {"x": "1"}, "zone": "z1"}"#);
    // Null is not written, and empty containers are as good as none.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: null, tags: {}}
        refreshed: {name: a, size: 3}
    "), @r#"planned  {"name": "a", "size": 3, "tags": {}}"#);
}

#[test]
fn the_three_ways() {
    let schema = schema(THING);
    // Ours changed.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 3}
        previous: {name: a, size: 2}
        refreshed: {name: a, size: 2}
    "), @r#"
    ~ size: 2 → 3
    planned  {"name": "a", "size": 3}
    "#);
    // Theirs changed: drift, and it is set back.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 2}
        refreshed: {name: a, size: 9}
    "), @r#"
    ~ size: 9 → 2
    ≠ size: 2 → 9
    planned  {"name": "a", "size": 2}
    "#);
    // Both changed, to the same.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 9}
        previous: {name: a, size: 2}
        refreshed: {name: a, size: 9}
    "), @r#"
    ≠ size: 2 → 9
    to be recorded
    planned  {"name": "a", "size": 9}
    "#);
    // Both changed, to something else.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 3}
        previous: {name: a, size: 2}
        refreshed: {name: a, size: 9}
    "), @r#"
    ~ size: 9 → 3
    ≠ size: 2 → 9
    planned  {"name": "a", "size": 3}
    "#);
    // Somebody took it away.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 2}
        refreshed: {name: a}
    "), @r#"
    ~ size: nothing → 2
    ≠ size: 2 → nothing
    planned  {"name": "a", "size": 2}
    "#);
    // Taken over: nothing was ours.
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 2}
        previous: none
        refreshed: {name: a, size: 9, zone: z1}
    "), @r#"
    ~ size: 9 → 2
    planned  {"name": "a", "size": 2, "zone": "z1"}
    "#);
}

#[test]
fn no_longer_asked_for() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: a}
        previous: {name: a, size: 2}
        refreshed: {name: a, size: 2, state: ok}
    "), @r#"
    ~ size: 2 → nothing
    unset    size
    planned  {"name": "a", "state": "ok"}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: null}
        previous: {name: a, size: 2}
        refreshed: {name: a, size: 2}
    "), @r#"
    ~ size: 2 → nothing
    unset    size
    planned  {"name": "a"}
    "#);
    // Gone already.
    assert_snapshot!(case(&schema, "
        desired: {name: a}
        previous: {name: a, size: 2}
        refreshed: {name: a}
    "), @r#"
    ≠ size: 2 → nothing
    to be recorded
    planned  {"name": "a"}
    "#);
    // Handed over to the service: what it will be is not known.
    assert_snapshot!(case(&schema, "
        desired: {name: a}
        previous: {name: a, zone: z1, host: h}
        refreshed: {name: a, zone: z1, host: h}
    "), @r#"
    ~ host: "h" → (known after me: host)
    ~ zone: "z1" → (known after me: zone)
    unset    host, zone
    planned  {"host": (known after me: host), "name": "a", "zone": (known after me: zone)}
    "#);
    // Handed over as well, but that would need a new object: it is left as it is.
    assert_snapshot!(case(&schema, "
        desired: {name: a}
        previous: {name: a, pinned: p}
        refreshed: {name: a, pinned: p}
    "), @r#"
    to be recorded
    planned  {"name": "a", "pinned": "p"}
    "#);
    // What cannot be changed cannot be taken away either.
    assert_snapshot!(case(&schema, "
        desired: {}
        previous: {name: a}
        refreshed: {name: a}
    "), @r#"
    ± name: "a" → nothing
    unset    name
    planned  {}
    "#);
    // A declared object loses what was ours in it and goes when nothing is left.
    assert_snapshot!(case(&schema, "
        desired: {name: a}
        previous: {name: a, properties: {mode: x, deep: {a: '1'}}}
        refreshed: {name: a, properties: {mode: x, deep: {a: '1'}, state: ok}}
    "), @r#"
    ~ properties.deep.a: "1" → nothing
    ~ properties.mode: "x" → nothing
    unset    properties.deep, properties.mode
    planned  {"name": "a", "properties": {"state": "ok"}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {name: a, properties: {mode: x, deep: {a: '1'}}}
        previous: {name: a, properties: {mode: x, deep: {a: '1', b: '2'}}}
        refreshed: {name: a, properties: {mode: x, deep: {a: '1', b: '2'}, state: ok}}
    "), @r#"
    ~ properties.deep.b: "2" → nothing
    unset    properties.deep.b
    planned  {"name": "a", "properties": {"deep": {"a": "1"}, "mode": "x", "state": "ok"}}
    "#);
}

#[test]
fn server_defaults_are_not_ours() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: a}
        refreshed: {name: a, zone: z2, host: h, labels: {x: y}}
    "), @r#"planned  {"host": "h", "labels": {"x": "y"}, "name": "a", "zone": "z2"}"#);
    assert_snapshot!(case(&schema, "
        desired: {name: a, zone: z1}
        previous: {name: a}
        refreshed: {name: a, zone: z2}
    "), @r#"
    ~ zone: "z2" → "z1"
    planned  {"name": "a", "zone": "z1"}
    "#);
}

#[test]
fn maps_are_owned_whole_unless_they_are_additive() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {tags: {a: '1', b: '2'}}
        previous: {tags: {a: '1', c: '3'}}
        refreshed: {tags: {a: '0', c: '3', x: '9'}}
    "), @r#"
    ~ tags.a: "0" → "1"
    ~ tags.b: nothing → "2"
    ~ tags.c: "3" → nothing
    ~ tags.x: "9" → nothing
    ≠ tags.a: "1" → "0"
    ≠ tags.x: nothing → "9"
    unset    tags.c, tags.x
    planned  {"tags": {"a": "1", "b": "2"}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {labels: {a: '1', b: '2'}}
        previous: {labels: {a: '1', c: '3'}}
        refreshed: {labels: {a: '0', c: '3', x: '9'}}
    "), @r#"
    ~ labels.a: "0" → "1"
    ~ labels.b: nothing → "2"
    ~ labels.c: "3" → nothing
    ≠ labels.a: "1" → "0"
    unset    labels.c
    planned  {"labels": {"a": "1", "b": "2", "x": "9"}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {}
        previous: {tags: {c: '3'}, labels: {c: '3'}}
        refreshed: {tags: {c: '3', x: '9'}, labels: {c: '3', x: '9'}}
    "), @r#"
    ~ labels.c: "3" → nothing
    ~ tags.c: "3" → nothing
    ~ tags.x: "9" → nothing
    ≠ tags.x: nothing → "9"
    unset    labels.c, tags
    planned  {"labels": {"x": "9"}}
    "#);
}

#[test]
fn free_data_is_compared_leaf_by_leaf() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {data: {a: {b: [1, {c: x}], d: null}, n: 1}}
        previous: {data: {a: {b: [1, {c: y}], d: null, gone: {x: 1}}, n: 1}}
        refreshed: {data: {a: {b: [1, {c: y, other: 1}], gone: {x: 1}, theirs: 2}, n: 1.0}}
    "), @r#"
    ~ data.a.b[1].c: "y" → "x"
    ~ data.a.d: nothing → null
    ~ data.a.gone.x: 1 → nothing
    ≠ data.a.d: null → nothing
    unset    data.a.gone
    planned  {"data": {"a": {"b": [1, {"c": "x", "other": 1}], "d": null, "theirs": 2}, "n": 1}}
    "#);
    // Null is data here.
    assert_snapshot!(case(&schema, "
        desired: {data: {a: null}}
        refreshed: {data: {}}
    "), @r#"
    ~ data.a: nothing → null
    ≠ data.a: null → nothing
    planned  {"data": {"a": null}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {data: {a: {}, b: []}}
        refreshed: {data: {}}
    "), @r#"
    ~ data.a: nothing → {}
    ~ data.b: nothing → []
    ≠ data.a: {} → nothing
    ≠ data.b: [] → nothing
    planned  {"data": {"a": {}, "b": []}}
    "#);
    // Another kind of thing.
    assert_snapshot!(case(&schema, "
        desired: {data: {a: [1]}}
        refreshed: {data: {a: {x: !secret s}}}
    "), @r#"
    ~ data.a: {"x": (sensitive)} → [(sensitive)]
    ≠ data.a: [(sensitive)] → {"x": (sensitive)}
    planned  {"data": {"a": [1]}}
    "#);
}

#[test]
fn write_only_is_compared_with_what_was_sent() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {token: same, auth: {user: u, password: p}}
        refreshed: {auth: {user: u}}
    "), @r#"planned  {"auth": {"password": "p", "user": "u"}, "token": (sensitive)}"#);
    assert_snapshot!(case(&schema, "
        desired: {token: new, auth: {user: u, password: q}}
        previous: {token: old, auth: {user: u, password: p}}
        refreshed: {auth: {user: u}}
    "), @r#"
    ~ auth.password: "p" → "q"
    ~ token: (sensitive) → (sensitive)
    planned  {"auth": {"password": "q", "user": "u"}, "token": (sensitive)}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {auth: {password: p}}
        refreshed: {}
    "), @r#"planned  {"auth": {"password": "p"}}"#);
    assert_snapshot!(case(&schema, "
        desired: {}
        previous: {token: old}
        refreshed: {}
    "), @"
    ~ token: (sensitive) → nothing
    unset    token
    planned  {}
    ");
    assert_snapshot!(case(&schema, "
        desired: {token: x}
        previous: none
        refreshed: {}
    "), @r#"
    ~ token: nothing → (sensitive)
    planned  {"token": (sensitive)}
    "#);
}

#[test]
fn what_cannot_be_changed_forces() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: b, size: 2}
        previous: {name: a, size: 1}
        refreshed: {name: a, size: 1}
    "), @r#"
    ± name: "a" → "b"
    ~ size: 1 → 2
    planned  {"name": "b", "size": 2}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {network: {cidr: 10.1.2.3/16, mtu: 1}}
        refreshed: {network: {cidr: 10.1.0.0/16, mtu: 2}}
    "), @r#"
    ± network.mtu: 2 → 1
    ≠ network.mtu: 1 → 2
    planned  {"network": {"cidr": "10.1.2.3/16", "mtu": 1}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {network: {cidr: 10.1.2.3/16}}
        previous: {}
        refreshed: {}
    "), @r#"
    ± network.cidr: nothing → "10.1.2.3/16"
    planned  {"network": {"cidr": "10.1.2.3/16"}}
    "#);
}

#[test]
fn ignored_places_never_differ() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: a, size: 1, tags: {a: '1'}}
        refreshed: {name: a, size: 5, tags: {a: '2', x: '9'}}
        ignore: [size, tags.x]
    "), @r#"
    ~ tags.a: "2" → "1"
    ≠ tags.a: "1" → "2"
    planned  {"name": "a", "size": 5, "tags": {"a": "1", "x": "9"}}
    sent     {"name": "a", "size": 5, "tags": {"a": "1", "x": "9"}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {name: b, size: 1, tags: {a: '1'}, token: t, data: {x: 1}}
        previous: {name: a, size: 1, tags: {b: '1'}, token: u, zone: z}
        refreshed: {name: a, tags: {c: '2'}, data: {x: 2, y: 3}, zone: z}
        ignore: ['*']
    "), @r#"
    to be recorded
    planned  {"data": {"x": 2, "y": 3}, "name": "a", "tags": {"c": "2"}, "token": (sensitive), "zone": "z"}
    sent     {"data": {"x": 2}, "name": "a", "tags": {"c": "2"}, "token": (sensitive)}
    "#);
}

#[test]
fn a_plan_rests_on_what_is_owned() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: a, tags: {x: '1'}, labels: {l: '1'}, data: {n: {m: 1}}, token: t, properties: {mode: x}}
        previous: {name: a, size: 1}
        refreshed: {name: a, tags: {x: '1'}, labels: {l: '1', o: '2'}, data: {n: {m: 1, o: 2}}, state: ok, properties: {mode: y, state: s}}
        ignore: [properties]
        used: yes
    ").lines().last().unwrap_or_default(), @"used     data.n.m, labels.l, name, size, tags");
}

#[test]
fn keys_whose_case_does_not_count() {
    let schema = schema(
        "
        ids: {type: map, case_insensitive: true, items: {type: object, attributes: {n: {type: integer}}}}
        tags: {type: map, case_insensitive: true, additive: true, items: {type: string}}
    ",
    );
    // As the configuration writes them.
    assert_snapshot!(case(&schema, "
        desired: {ids: {/Sub/x: {n: 1}}, tags: {Env: a}}
        refreshed: {ids: {/sub/X: {n: 1}}, tags: {env: a, policy: b}}
        used: true
    "), @r#"
    planned  {"ids": {"/Sub/x": {"n": 1}}, "tags": {"Env": "a", "policy": "b"}}
    used     ids, tags.env
    "#);
    assert_snapshot!(case(&schema, "
        desired: {ids: {/Sub/x: {n: 1}}, tags: {Env: a}}
        refreshed: {ids: {/sub/X: {n: 2}, /sub/y: {}}, tags: {ENV: b}}
    "), @r#"
    ~ ids["/Sub/x"].n: 2 → 1
    ~ ids["/sub/y"]: {} → nothing
    ~ tags.Env: "b" → "a"
    ≠ ids["/Sub/x"].n: 1 → 2
    ≠ ids["/sub/y"]: nothing → {}
    ≠ tags.Env: "a" → "b"
    unset    ids["/sub/y"]
    planned  {"ids": {"/Sub/x": {"n": 1}}, "tags": {"Env": "a"}}
    "#);
    // Only the way it is written changes, and what goes is named as the object names it.
    assert_snapshot!(case(&schema, "
        desired: {ids: {/SUB/x: {n: 1}}, tags: {ENV: a}}
        previous: {ids: {/sub/x: {n: 1}}, tags: {env: a, Owner: me}}
        refreshed: {ids: {/sub/x: {n: 1}}, tags: {env: a, owner: me}}
        used: true
    "), @r#"
    ~ tags.owner: "me" → nothing
    unset    tags.owner
    planned  {"ids": {"/SUB/x": {"n": 1}}, "tags": {"ENV": "a"}}
    used     ids, tags.env, tags.owner
    "#);
    // Two keys that differ in case only: each is itself.
    assert_snapshot!(case(&schema, "
        desired: {tags: {a: 1, A: 2}}
        refreshed: {tags: {A: 2, a: 1}}
    "), @r#"planned  {"tags": {"A": 2, "a": 1}}"#);
}
