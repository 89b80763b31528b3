//! Values that only apply can tell.

use insta::assert_snapshot;

use super::{case, schema, value};
use crate::diff::planned_create;

const THING: &str = "
    name: {type: string}
    subnet: {type: string, immutable: always}
    secret: {type: string, sensitive: true}
    zones: {type: list, set: true, items: {type: string}}
    rules: {type: list, keyed_by: name, items: {type: object, attributes: {name: {type: string}, to: {type: string}}}}
    data: {}
    token: {type: string, write_only: true}
";

#[test]
fn a_changeable_attribute_becomes_a_difference() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: !row 'a:id', secret: !node 3, data: {x: {y: !row 'b:out'}, z: 1}}
        previous: {name: n}
        refreshed: {name: n, secret: s, data: {z: 1}}
    "), @r#"
    ~ data.x.y: nothing → (known after b: out)
    ~ name: "n" → (known after a: id)
    ~ secret: (sensitive) → (deferred 3: )
    planned  {"data": {"x": {"y": (known after b: out)}, "z": 1}, "name": (known after a: id), "secret": (deferred 3: )}
    "#);
}

#[test]
fn one_that_cannot_be_changed_forces_and_says_what_it_needs() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {subnet: !fresh ['b:id', 'a:id']}
        previous: {subnet: n}
        refreshed: {subnet: n}
    "), @r#"
    ± subnet: "n" → (unknown: [Row { row: b, path: `id` }, Row { row: a, path: `id` }])
    needs    subnet: [Row { row: a, path: `id` }, Row { row: b, path: `id` }]
    planned  {"subnet": (unknown: [Row { row: b, path: `id` }, Row { row: a, path: `id` }])}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {subnet: !later pools}
        previous: {subnet: n}
        refreshed: {subnet: n}
    "), @r#"
    ± subnet: "n" → (deferred with pools)
    needs    subnet: [Deferred { block: pools }]
    planned  {"subnet": (deferred with pools)}
    "#);
}

#[test]
fn what_stays_is_no_difference() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: !row 'a:id', subnet: !row 'a:subnet', token: !row 'a:key', zones: [b, !row 'a:zone']}
        previous: {name: n, subnet: s, token: t, zones: [a, b]}
        refreshed: {name: n, subnet: s, zones: [a, b]}
        stays: [a]
    "), @r#"planned  {"name": "n", "subnet": "s", "token": (known after a: key), "zones": ["a", "b"]}"#);
}

#[test]
fn in_lists() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {zones: [!row 'a:zone', b]}
        previous: {zones: [a, b]}
        refreshed: {zones: [b, a]}
    "), @r#"
    ~ zones[0]: nothing → (known after a: zone)
    ~ zones[1]: "a" → nothing
    planned  {"zones": [(known after a: zone), "b"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {rules: [{name: a, to: !row 'a:ip'}, {name: !row 'b:name', to: x}]}
        previous: {rules: [{name: a, to: y}]}
        refreshed: {rules: [{name: a, to: y}]}
    "), @r#"
    ~ rules[0].to: "y" → (known after a: ip)
    ~ rules[1].name: nothing → (known after b: name)
    ~ rules[1].to: nothing → "x"
    planned  {"rules": [{"name": "a", "to": (known after a: ip)}, {"name": (known after b: name), "to": "x"}]}
    "#);
}

#[test]
fn no_drift_is_told_from_what_was_unknown() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {name: n}
        previous: {name: !row 'a:id'}
        refreshed: {name: m}
    "), @r#"
    ~ name: "m" → "n"
    planned  {"name": "n"}
    "#);
}

#[test]
fn the_mark_of_the_type_is_on_what_is_not_known_yet() {
    let me = aurak_model::Address::parse("me").unwrap();
    let planned = planned_create(&schema(THING), &me, &value("{secret: !node 3, name: !node 4}"));
    let marks = |key: &str| planned.as_map().unwrap().get(key).unwrap().has_marks();
    assert!(marks("secret") && !marks("name"));
}
