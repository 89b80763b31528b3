//! Predicates: one-way doors, and attributes that somebody else owns for a while.

use insta::assert_snapshot;

use super::{case, schema};

const THING: &str = "
    tier: {type: string, immutable: {when: \"old == 'premium' and new != 'premium'\"}}
    disk: {type: integer, immutable: {refused: {when: new < old, message: a disk cannot shrink}}}
    count: {type: integer, yields_when: self.scaling.enabled}
    scaling: {type: object, attributes: {enabled: {type: boolean}, most: {type: integer}}}
    network:
      type: object
      immutable: {when: old.kind != new.kind}
      attributes: {kind: {type: string}, mtu: {type: integer}, state: {type: string, computed: true}}
    broken: {type: integer, immutable: {when: self.tier + 1}}
    nested: {type: object, yields_when: self.scaling.enabled, attributes: {a: {type: integer}, b: {type: integer}}}
";

#[test]
fn one_way_doors() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {tier: premium, disk: 3}
        previous: {tier: basic, disk: 2}
        refreshed: {tier: basic, disk: 2}
    "), @r#"
    ~ disk: 2 → 3
    ~ tier: "basic" → "premium"
    planned  {"disk": 3, "tier": "premium"}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {tier: basic, disk: 1}
        previous: {tier: premium, disk: 2}
        refreshed: {tier: premium, disk: 2}
    "), @r#"
    ~ disk: 2 → 1
    ± tier: "premium" → "basic"
    refused  disk: a disk cannot shrink
    planned  {"disk": 1, "tier": "basic"}
    "#);
    // The container as a whole, with what is not ours in it.
    assert_snapshot!(case(&schema, "
        desired: {network: {mtu: 2}}
        refreshed: {network: {mtu: 1, kind: a, state: s}}
    "), @r#"
    ~ network.mtu: 1 → 2
    ≠ network.mtu: 2 → 1
    planned  {"network": {"kind": "a", "mtu": 2, "state": "s"}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {network: {mtu: 2, kind: b}}
        refreshed: {network: {mtu: 1, kind: a, state: s}}
    "), @r#"
    ± network.kind: "a" → "b"
    ± network.mtu: 1 → 2
    ≠ network.kind: "b" → "a"
    ≠ network.mtu: 2 → 1
    planned  {"network": {"kind": "b", "mtu": 2, "state": "s"}}
    "#);
    // What the object does not have is false.
    assert_snapshot!(case(&schema, "
        desired: {network: {mtu: 2}}
        refreshed: {network: {mtu: 1}}
    "), @r#"
    ~ network.mtu: 1 → 2
    ≠ network.mtu: 2 → 1
    planned  {"network": {"mtu": 2}}
    "#);
}

#[test]
fn what_only_apply_can_tell() {
    let schema = schema(THING);
    // The old value decides.
    assert_snapshot!(case(&schema, "
        desired: {tier: !row 'a:tier'}
        refreshed: {tier: basic}
    "), @r#"
    ~ tier: "basic" → (known after a: tier)
    planned  {"tier": (known after a: tier)}
    "#);
    // It does not.
    assert_snapshot!(case(&schema, "
        desired: {tier: !row 'a:tier', disk: !row 'a:disk'}
        refreshed: {tier: premium, disk: 2}
    "), @r#"
    ~ disk: 2 → (known after a: disk)
    ± tier: "premium" → (known after a: tier)
    needs    tier: [Row { row: a, path: `tier` }]
    planned  {"disk": (known after a: disk), "tier": (known after a: tier)}
    "#);
}

#[test]
fn owned_by_somebody_else() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {count: 1, scaling: {enabled: true}, nested: {a: 1}}
        refreshed: {count: 5, scaling: {enabled: true}, nested: {a: 2, b: 3}}
    "), @r#"
    planned  {"count": 5, "nested": {"a": 2, "b": 3}, "scaling": {"enabled": true}}
    sent     {"count": 5, "nested": {"a": 2}, "scaling": {"enabled": true}}
    "#);
    // As it will be: from now on it is theirs.
    assert_snapshot!(case(&schema, "
        desired: {count: 1, scaling: {enabled: true, most: 3}}
        previous: {count: 2, scaling: {enabled: false}}
        refreshed: {count: 5, scaling: {enabled: false}}
    "), @r#"
    ~ scaling.enabled: false → true
    ~ scaling.most: nothing → 3
    planned  {"count": 5, "scaling": {"enabled": true, "most": 3}}
    sent     {"count": 5, "scaling": {"enabled": true, "most": 3}}
    "#);
    // And ours again.
    assert_snapshot!(case(&schema, "
        desired: {count: 1, scaling: {enabled: false}}
        previous: {count: 1, scaling: {enabled: true}}
        refreshed: {count: 5, scaling: {enabled: true}}
    "), @r#"
    ~ count: 5 → 1
    ~ scaling.enabled: true → false
    planned  {"count": 1, "scaling": {"enabled": false}}
    "#);
    // Nobody says that somebody else owns it, or nobody can tell: it is ours.
    assert_snapshot!(case(&schema, "
        desired: {count: 1}
        refreshed: {count: 5}
    "), @r#"
    ~ count: 5 → 1
    ≠ count: 1 → 5
    planned  {"count": 1}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {count: 1, scaling: {enabled: !row 'a:on'}}
        previous: {count: 1}
        refreshed: {count: 5, scaling: {enabled: true}}
    "), @r#"
    ~ count: 5 → 1
    ~ scaling.enabled: true → (known after a: on)
    planned  {"count": 1, "scaling": {"enabled": (known after a: on)}}
    "#);
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_said() {
    let schema = schema(THING);
    assert_snapshot!(case(&schema, "
        desired: {tier: a, broken: 1}
        refreshed: {tier: a, broken: 2}
    "), @r#"
    ~ broken: 2 → 1
    ≠ broken: 1 → 2
    problem  broken: `self.tier + 1` in the type cannot be evaluated: cannot add a string and an integer
    planned  {"broken": 1, "tier": "a"}
    "#);
}
