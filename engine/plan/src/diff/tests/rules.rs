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
    // What was not there before cannot shrink.
    assert_snapshot!(case(&schema, "
        desired: {disk: 1}
        previous: {disk: 1}
        refreshed: {}
    "), @r#"
    ~ disk: nothing → 1
    ≠ disk: 1 → nothing
    planned  {"disk": 1}
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

const POOLS: &str = "
    size: {type: string, immutable: [{refused: {when: \"new == 'none'\", message: it needs one}}, {rotate_when: \"old == 's' and new == 'm'\"}, {when: \"new == 'l'\"}]}
    pools:
      type: list
      keyed_by: name
      items:
        type: object
        attributes:
          name: {type: string}
          size: {type: string, immutable: always}
          auto: {type: boolean}
          count: {type: integer, yields_when: item.auto and old <= item.most and old != new}
          most: {type: integer}
          disks: {type: list, items: {type: object, attributes: {gb: {type: integer, immutable: {when: item.fixed}}, fixed: {type: boolean}}}}
    disks: {type: map, items: {type: object, attributes: {gb: {type: integer, immutable: {rotate_when: new < old and item.kind == 'ssd'}}, kind: {type: string}}}}
    vm: {type: object, immutable: rotate, attributes: {cores: {type: integer}, os: {type: string, immutable: always}}}
";

#[test]
fn the_first_rule_that_holds_decides() {
    let schema = schema(POOLS);
    let change = |from: &str, to: &str| {
        case(
            &schema,
            &format!("{{desired: {{size: {to}}}, previous: {{size: {from}}}, refreshed: {{size: {from}}}}}"),
        )
    };
    assert_snapshot!(change("s", "none"), @r#"
    ~ size: "s" → "none"
    refused  size: it needs one
    planned  {"size": "none"}
    "#);
    assert_snapshot!(change("s", "m"), @r#"
    ↻ size: "s" → "m"
    planned  {"size": "m"}
    "#);
    assert_snapshot!(change("s", "l"), @r#"
    ± size: "s" → "l"
    planned  {"size": "l"}
    "#);
    assert_snapshot!(change("l", "s"), @r#"
    ~ size: "l" → "s"
    planned  {"size": "s"}
    "#);
    // Only apply can tell: what may need a new object gets one while there is time.
    assert_snapshot!(change("s", "!row 'a:size'"), @r#"
    ↻ size: "s" → (known after a: size)
    needs    size: [Row { row: a, path: `size` }]
    planned  {"size": (known after a: size)}
    "#);
    assert_snapshot!(change("l", "!row 'a:size'"), @r#"
    ± size: "l" → (known after a: size)
    needs    size: [Row { row: a, path: `size` }]
    planned  {"size": (known after a: size)}
    "#);
}

#[test]
fn what_a_service_counts_comes_and_goes_with_its_item() {
    let schema = schema(POOLS);
    assert_snapshot!(case(&schema, "
        desired: {pools: [{name: a, count: 1}, {name: c, count: 3, auto: true, most: 5}]}
        previous: {pools: [{name: a, count: 1}, {name: b, count: 2}]}
        refreshed: {pools: [{name: a, count: 1}, {name: b, count: 2, auto: true, most: 4}]}
    "), @r#"
    ~ pools[1].auto: nothing → true
    ~ pools[1].auto: true → nothing
    ~ pools[1].count: nothing → 3
    ~ pools[1].count: 2 → nothing
    ~ pools[1].most: nothing → 5
    ~ pools[1].most: 4 → nothing
    ~ pools[1].name: nothing → "c"
    ~ pools[1].name: "b" → nothing
    planned  {"pools": [{"count": 1, "name": "a"}, {"auto": true, "count": 3, "most": 5, "name": "c"}]}
    "#);
}

#[test]
fn a_rotation_makes_all_or_nothing() {
    let schema = schema(POOLS);
    assert_snapshot!(case(&schema, "
        desired: {vm: {cores: 4, os: linux}}
        previous: {vm: {cores: 2, os: linux}}
        refreshed: {vm: {cores: 2, os: linux}}
    "), @r#"
    ↻ vm.cores: 2 → 4
    planned  {"vm": {"cores": 4, "os": "linux"}}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {vm: {cores: 4, os: windows}}
        previous: {vm: {cores: 2, os: linux}}
        refreshed: {vm: {cores: 2, os: linux}}
    "), @r#"
    ↻ vm.cores: 2 → 4
    ± vm.os: "linux" → "windows"
    planned  {"vm": {"cores": 4, "os": "windows"}}
    "#);
}

#[test]
fn rules_of_items_see_their_item() {
    let schema = schema(POOLS);
    assert_snapshot!(case(&schema, "
        desired: {pools: [{name: b, count: 1, auto: false}, {name: a, count: 1, auto: true, most: 5}]}
        refreshed: {pools: [{name: a, count: 3, auto: true, most: 5}, {name: b, count: 3, auto: false}]}
    "), @r#"
    ~ pools[0].count: 3 → 1
    ≠ pools[0].count: 1 → 3
    planned  {"pools": [{"auto": false, "count": 1, "name": "b"}, {"auto": true, "count": 3, "most": 5, "name": "a"}]}
    sent     {"pools": [{"auto": false, "count": 1, "name": "b"}, {"auto": true, "count": 3, "most": 5, "name": "a"}]}
    "#);
    // Beyond what it may be it is ours.
    assert_snapshot!(case(&schema, "
        desired: {pools: [{name: a, count: 1, auto: true, most: 2}]}
        refreshed: {pools: [{name: a, count: 3, auto: true, most: 2}]}
    "), @r#"
    ~ pools[0].count: 3 → 1
    ≠ pools[0].count: 1 → 3
    planned  {"pools": [{"auto": true, "count": 1, "most": 2, "name": "a"}]}
    "#);
    // The nearest one.
    assert_snapshot!(case(&schema, "
        desired: {pools: [{name: a, disks: [{gb: 2, fixed: true}, {gb: 2}]}]}
        refreshed: {pools: [{name: a, disks: [{gb: 1, fixed: true}, {gb: 1}]}]}
    "), @r#"
    ± pools[0].disks[0].gb: 1 → 2
    ~ pools[0].disks[1].gb: 1 → 2
    ≠ pools[0].disks[0].gb: 2 → 1
    ≠ pools[0].disks[1].gb: 2 → 1
    planned  {"pools": [{"disks": [{"fixed": true, "gb": 2}, {"gb": 2}], "name": "a"}]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {disks: {a: {gb: 1, kind: ssd}, b: {gb: 1, kind: hdd}}}
        refreshed: {disks: {a: {gb: 2, kind: ssd}, b: {gb: 2, kind: hdd}}}
    "), @r#"
    ↻ disks.a.gb: 2 → 1
    ~ disks.b.gb: 2 → 1
    ≠ disks.a.gb: 1 → 2
    ≠ disks.b.gb: 1 → 2
    planned  {"disks": {"a": {"gb": 1, "kind": "ssd"}, "b": {"gb": 1, "kind": "hdd"}}}
    "#);
}

#[test]
fn what_comes_or_goes_as_a_whole_does_not_change() {
    let schema = schema(POOLS);
    assert_snapshot!(case(&schema, "
        desired: {pools: [{name: b, size: l}, {name: c, size: s}]}
        previous: {pools: [{name: a, size: s}, {name: b, size: s}]}
        refreshed: {pools: [{name: a, size: s}, {name: b, size: s}]}
    "), @r#"
    ~ pools[0].name: "a" → nothing
    ± pools[0].size: "s" → "l"
    ~ pools[0].size: "s" → nothing
    ~ pools[1].name: nothing → "c"
    ~ pools[1].size: nothing → "s"
    planned  {"pools": [{"name": "b", "size": "l"}, {"name": "c", "size": "s"}]}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {disks: {new: {gb: 1, kind: ssd}}}
        previous: {disks: {gone: {gb: 1, kind: ssd}}}
        refreshed: {disks: {gone: {gb: 1, kind: ssd}, other: {gb: 1, kind: ssd}}}
    "), @r#"
    ~ disks.gone.gb: 1 → nothing
    ~ disks.gone.kind: "ssd" → nothing
    ~ disks.new.gb: nothing → 1
    ~ disks.new.kind: nothing → "ssd"
    ~ disks.other.gb: 1 → nothing
    ~ disks.other.kind: "ssd" → nothing
    ≠ disks.other.gb: nothing → 1
    ≠ disks.other.kind: nothing → "ssd"
    unset    disks.gone, disks.other
    planned  {"disks": {"new": {"gb": 1, "kind": "ssd"}}}
    "#);
}
