//! Lists in order, sets, keyed lists, and those that are only added to.

use insta::assert_snapshot;

use super::{case, schema};

const LISTS: &str = "
    args: {type: list, items: {type: string}}
    steps: {type: list, items: {type: object, attributes: {run: {type: string}, id: {type: string, computed: true}}}}
    zones: {type: list, set: true, items: {type: string, case_insensitive: true}}
    grants: {type: list, set: true, items: {type: object, attributes: {role: {type: string}, to: {type: string}, id: {type: string, computed: true}}}}
    rules:
      type: list
      keyed_by: name
      items: {type: object, attributes: {name: {type: string, case_insensitive: true}, port: {type: integer}, note: {type: string}, id: {type: string, computed: true}}}
    members: {type: list, additive: true, items: {type: string}}
    pools:
      type: list
      keyed_by: name
      additive: true
      items: {type: object, attributes: {name: {type: string}, size: {type: integer}, os: {type: string, immutable: always}}}
";

#[test]
fn one_that_comes_or_goes_does_not_change_those_behind_it() {
    let schema = schema(LISTS);
    // The first leaves, and a later one changes.
    assert_snapshot!(case(&schema, "
        desired: {steps: [{run: b}, {run: c}, {run: x}, {run: e}]}
        previous: {steps: [{run: a}, {run: b}, {run: c}, {run: d}, {run: e}]}
        refreshed: {steps: [{run: a, id: '1'}, {run: b, id: '2'}, {run: c, id: '3'}, {run: d, id: '4'}, {run: e, id: '5'}]}
    "), @r#"
    ~ steps[0].run: "a" → nothing
    ~ steps[2].run: "d" → "x"
    planned  {"steps": [{"id": "2", "run": "b"}, {"id": "3", "run": "c"}, {"id": "4", "run": "x"}, {"id": "5", "run": "e"}]}
    "#);
    // Two come, one of them at the front.
    assert_snapshot!(case(&schema, "
        desired: {args: [x, a, b, y, c]}
        previous: {args: [a, b, c]}
        refreshed: {args: [a, b, c]}
    "), @r#"
    ~ args[0]: nothing → "x"
    ~ args[3]: nothing → "y"
    planned  {"args": ["x", "a", "b", "y", "c"]}
    "#);
    // Somebody else took one away.
    assert_snapshot!(case(&schema, "
        desired: {args: [a, b, c]}
        previous: {args: [a, b, c]}
        refreshed: {args: [b, c]}
    "), @r#"
    ~ args[0]: nothing → "a"
    ≠ args[0]: "a" → nothing
    planned  {"args": ["a", "b", "c"]}
    "#);
    // Two that change their places.
    assert_snapshot!(case(&schema, "
        desired: {args: [b, a, c]}
        previous: {args: [a, b, c]}
        refreshed: {args: [a, b, c]}
    "), @r#"
    ~ args[0]: "a" → "b"
    ~ args[1]: "b" → "a"
    planned  {"args": ["b", "a", "c"]}
    "#);
}

#[test]
fn in_order() {
    let schema = schema(LISTS);
    assert_snapshot!(case(&schema, "
        desired: {args: [a, x, c, d]}
        previous: {args: [a, b, c]}
        refreshed: {args: [a, b, c]}
    "), @r#"
    ~ args[1]: "b" → "x"
    ~ args[3]: nothing → "d"
    planned  {"args": ["a", "x", "c", "d"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {args: [a]}
        refreshed: {args: [a, b, c]}
    "), @r#"
    ~ args[1]: "b" → nothing
    ~ args[2]: "c" → nothing
    ≠ args[1]: nothing → "b"
    ≠ args[2]: nothing → "c"
    planned  {"args": ["a"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {args: []}
        previous: {args: [a]}
        refreshed: {args: [a]}
    "), @r#"
    ~ args[0]: "a" → nothing
    planned  {"args": []}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {steps: [{run: a}, {run: c}, {run: d}]}
        previous: {steps: [{run: a}, {run: b}]}
        refreshed: {steps: [{run: a, id: '1'}, {run: b, id: '2'}]}
    "), @r#"
    ~ steps[1].run: "b" → "c"
    ~ steps[2].run: nothing → "d"
    planned  {"steps": [{"id": "1", "run": "a"}, {"id": "2", "run": "c"}, {"id": (known after me: steps[2].id), "run": "d"}]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {}
        previous: {args: [a]}
        refreshed: {args: [a]}
    "), @r#"
    ~ args[0]: "a" → nothing
    unset    args
    planned  {}
    "#);
}

#[test]
fn sets() {
    let schema = schema(LISTS);
    assert_snapshot!(case(&schema, "
        desired: {zones: [b, A]}
        refreshed: {zones: [a, B]}
    "), @r#"planned  {"zones": ["b", "A"]}"#);
    assert_snapshot!(case(&schema, "
        desired: {zones: [c, a]}
        previous: {zones: [a, b]}
        refreshed: {zones: [b, a]}
    "), @r#"
    ~ zones[0]: nothing → "c"
    ~ zones[0]: "b" → nothing
    planned  {"zones": ["c", "a"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {zones: [a, a]}
        refreshed: {zones: [a]}
    "), @r#"
    ~ zones[1]: nothing → "a"
    ≠ zones[1]: "a" → nothing
    planned  {"zones": ["a", "a"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {grants: [{role: r, to: x}, {role: r}]}
        refreshed: {grants: [{role: r, to: x, id: '1'}, {role: r, to: y, id: '2'}]}
    "), @r#"planned  {"grants": [{"id": "1", "role": "r", "to": "x"}, {"id": "2", "role": "r", "to": "y"}]}"#);
    // The first fits both; only one pairing leaves nobody out.
    assert_snapshot!(case(&schema, "
        desired: {grants: [{role: r}, {role: r, to: x}]}
        refreshed: {grants: [{role: r, to: x, id: '1'}, {role: r, to: y, id: '2'}]}
    "), @r#"planned  {"grants": [{"id": "1", "role": "r", "to": "x"}, {"id": "2", "role": "r", "to": "y"}]}"#);
}

#[test]
fn by_key() {
    let schema = schema(LISTS);
    assert_snapshot!(case(&schema, "
        desired: {rules: [{name: B, port: 2}, {name: a, port: 1}]}
        refreshed: {rules: [{name: A, port: 1, id: '1'}, {name: b, port: 2, id: '2'}]}
    "), @r#"planned  {"rules": [{"id": "2", "name": "B", "port": 2}, {"id": "1", "name": "a", "port": 1}]}"#);
    assert_snapshot!(case(&schema, "
        desired: {rules: [{name: c, port: 3}, {name: a, port: 9}]}
        previous: {rules: [{name: a, port: 1, note: n}, {name: b, port: 2}]}
        refreshed: {rules: [{name: b, port: 2, id: '2'}, {name: a, port: 1, note: n, id: '1'}]}
    "), @r#"
    ~ rules[0].name: nothing → "c"
    ~ rules[0].name: "b" → nothing
    ~ rules[0].port: nothing → 3
    ~ rules[0].port: 2 → nothing
    ~ rules[1].note: "n" → nothing
    ~ rules[1].port: 1 → 9
    unset    rules[1].note
    planned  {"rules": [{"name": "c", "port": 3}, {"id": "1", "name": "a", "port": 9}]}
    "#);
    // The same key twice, and no key at all.
    assert_snapshot!(case(&schema, "
        desired: {rules: [{name: a, port: 1}, {name: a, port: 2}, {port: 3}]}
        refreshed: {rules: [{port: 3}, {name: a, port: 1}, {name: a, port: 2}]}
    "), @r#"planned  {"rules": [{"port": 3}, {"name": "a", "port": 1}, {"name": "a", "port": 2}]}"#);
}

#[test]
fn only_added_to() {
    let schema = schema(LISTS);
    assert_snapshot!(case(&schema, "
        desired: {members: [a, c]}
        previous: {members: [a, b]}
        refreshed: {members: [x, b, a]}
    "), @r#"
    ~ members[1]: nothing → "c"
    ~ members[1]: "b" → nothing
    unset    members[1]
    planned  {"members": ["x", "a", "c"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {}
        previous: {members: [a, b]}
        refreshed: {members: [x, b, a]}
    "), @r#"
    ~ members[1]: "b" → nothing
    ~ members[2]: "a" → nothing
    unset    members[1], members[2]
    planned  {"members": ["x"]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {pools: [{name: p, size: 2, os: l}]}
        previous: {pools: [{name: p, size: 1, os: w}, {name: q, size: 1}]}
        refreshed: {pools: [{name: other, size: 5}, {name: q, size: 1}, {name: p, size: 1, os: w}]}
    "), @r#"
    ± pools[0].os: "w" → "l"
    ~ pools[0].size: 1 → 2
    ~ pools[1].name: "q" → nothing
    ~ pools[1].size: 1 → nothing
    unset    pools[1]
    planned  {"pools": [{"name": "other", "size": 5}, {"name": "p", "os": "l", "size": 2}]}
    "#);
}

#[test]
fn ignored_items() {
    let schema = schema(LISTS);
    assert_snapshot!(case(&schema, "
        desired: {rules: [{name: a, port: 1, note: x}, {name: b, port: 2}], args: [a, b]}
        refreshed: {rules: [{name: b, port: 20}, {name: a, port: 10, note: y}], args: [x, b, c]}
        ignore: ['rules[*].port', 'args[0]', 'args[2]']
    "), @r#"
    ~ rules[0].note: "y" → "x"
    ≠ rules[0].note: "x" → "y"
    planned  {"args": ["x", "b", "c"], "rules": [{"name": "a", "note": "x", "port": 10}, {"name": "b", "port": 20}]}
    sent     {"args": ["x", "b"], "rules": [{"name": "a", "note": "x", "port": 10}, {"name": "b", "port": 20}]}
    "#);
}

#[test]
fn a_plan_rests_on_items() {
    let schema = schema(LISTS);
    let last = |text: &str| case(&schema, text).lines().last().unwrap_or_default().to_string();
    assert_snapshot!(last("
        desired: {rules: [{name: a, port: 1}, {name: b, port: 2}], args: [a, b], zones: [a], members: [m]}
        refreshed: {rules: [{name: b, port: 20}, {name: a, port: 10, id: '3'}], args: [x, b], zones: [b], members: [m, n]}
        used: yes
    "), @"used     args[0], args[1], args[2], members, rules[0].name, rules[0].port, rules[1].name, rules[1].port, rules[2], zones");
    assert_snapshot!(last("
        desired: {rules: [{name: a, port: 1}], args: [a, b]}
        refreshed: {rules: [{name: b, port: 20}, {name: a, port: 10, id: '3'}], args: [x]}
        used: yes
    "), @"used     args, rules");
}
