//! Scalars: when two of them are the same.

use aurak_model::schema::Normal;
use aurak_model::{Attribute, Kind, Value};
use insta::assert_snapshot;

use super::{case, schema};
use crate::diff::differ;

#[test]
fn normal_forms() {
    use Normal::*;
    // Form, one text, another one, whether they are the same.
    let table = [
        (AzureLocation, "West Europe", "westeurope", true),
        (AzureLocation, "westeurope", "northeurope", false),
        (AzureId, "/subscriptions/A/resourceGroups/x/", "/Subscriptions/a/resourcegroups/X", true),
        (AzureId, "/subscriptions/a", "/subscriptions/b", false),
        (Cidr, "10.0.3.7/16", "10.0.0.0/16", true),
        (Cidr, "10.0.0.1", "10.0.0.1/32", true),
        (Cidr, "10.0.0.0/16", "10.0.0.0/17", false),
        (Cidr, "1.2.3.4/0", "0.0.0.0/0", true),
        (Cidr, "FD00:0:0::1/64", "fd00::/64", true),
        (Cidr, "::1", "0:0:0:0:0:0:0:1/128", true),
        (Cidr, "10.0.0.0/33", "10.0.0.0/34", false),
        (Cidr, "10.0.0.0/33", "10.0.0.0/33", true),
        (Duration, "1h", "60m", true),
        (Duration, "1h30m", "5400s", true),
        (Duration, "1.5h", "PT1H30M", true),
        (Duration, "P1D", "24h", true),
        (Duration, "P1Y", "P12M", true),
        (Duration, "P1M", "PT1M", false),
        (Duration, "P1W", "P7D", true),
        (Duration, "250ms", "PT0.25S", true),
        (Duration, "PT0S", "0", true),
        (Duration, "-1h", "-60m", true),
        (Duration, "-1h", "1h", false),
        (Duration, "1 parsec", "1 Parsec", false),
        (Duration, "P", "PT", false),
        (Duration, "99999999999999999999999999999999999999999d", "1d", false),
        (Json, r#"{"a": 1, "b": [1.0, null]}"#, r#"{"b":[1,null],"a":1}"#, true),
        (Json, r#"{"a": 1}"#, r#"{"a": "1"}"#, false),
        (Json, r#"[1, 2]"#, r#"[2, 1]"#, false),
        (Json, "{", "{ ", false),
        (Json, "18446744073709551615", "18446744073709551614", false),
        (Yaml, "a: 1\nb: [x, y]\n", "{b: [x, 'y'], a: 1.0}", true),
        (Yaml, "a: 1", "a: '1'", false),
        (Yaml, "a: 1\n---\nb: 2\n", "---\na: 1\n---\nb: 2\n", true),
        (Yaml, "a: 1\n---\nb: 2\n", "a: 1\n", false),
        (Yaml, "1: x", "'1': x", false),
        (Yaml, "{", "{{", false),
        (FilePath, "./x", "x", true),
        (FilePath, "a/../b//x", "b/x", true),
        (FilePath, "a/b", "a/c", false),
        (FilePath, "../x", "x", false),
        (FilePath, "a/../../x", "x", false),
        (FilePath, "x/", "x", false),
        (FilePath, "/x", "x", false),
        (FilePath, "/a//./x", "/a/x", true),
        (FilePath, "/a/../x", "/x", false),
    ];
    for (normal, a, b, same) in table {
        let attribute = Attribute { normal: Some(normal), ..Attribute::of(Kind::String) };
        for (a, b) in [(a, b), (b, a)] {
            assert_eq!(!differ(&a.into(), &b.into(), &attribute), same, "{normal:?}: {a} and {b}");
        }
    }
}

#[test]
fn deep_text_is_compared_as_it_stands() {
    let deep = |open: &str| open.repeat(100_000);
    for normal in [Normal::Json, Normal::Yaml] {
        let attribute = Attribute { normal: Some(normal), ..Attribute::of(Kind::String) };
        assert!(differ(&deep("[").into(), &format!("{} ", deep("[")).into(), &attribute));
    }
}

#[test]
fn numbers_and_case() {
    let plain = Attribute::of(Kind::Any);
    let no_case = Attribute { case_insensitive: true, ..Attribute::of(Kind::String) };
    let table: &[(&Attribute, Value, Value, bool)] = &[
        (&plain, 1.into(), 1.0.into(), true),
        (&plain, 1.into(), 1.5.into(), false),
        (&plain, (-0.0).into(), 0.into(), true),
        (&plain, i64::MAX.into(), (i64::MAX as f64).into(), false),
        (&plain, f64::NAN.into(), f64::NAN.into(), true),
        (&plain, 1.into(), "1".into(), false),
        (&plain, true.into(), "true".into(), false),
        (&plain, Value::Null, "".into(), false),
        (&plain, "A".into(), "a".into(), false),
        (&no_case, "Über".into(), "üBER".into(), true),
        (&no_case, "a".into(), "b".into(), false),
    ];
    for (attribute, a, b, same) in table {
        assert_eq!(!differ(a, b, attribute), *same, "{a:?} and {b:?}");
        assert_eq!(!differ(&a.clone().sensitive(), b, attribute), *same, "marks do not count");
    }
}

#[test]
fn what_is_equal_is_read_as_the_configuration_writes_it() {
    let schema = schema("{location: {type: string, normal: azure_location}, size: {type: integer}}");
    assert_snapshot!(case(&schema, "
        desired: {location: West Europe, size: 2}
        refreshed: {location: westeurope, size: 1}
    "), @r#"
    ~ size: 1 → 2
    ≠ size: 2 → 1
    planned  {"location": "West Europe", "size": 2}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {location: West Europe, size: 2}
        refreshed: {location: westeurope, size: 2}
    "), @r#"planned  {"location": "West Europe", "size": 2}"#);
}

#[test]
fn secrets_are_compared_and_never_shown() {
    let schema = schema("{password: {type: string, sensitive: true}, hint: {type: string}}");
    // Marked by the type, whatever the sides say.
    assert_snapshot!(case(&schema, "
        desired: {password: new}
        previous: {password: !secret old}
        refreshed: {password: old}
    "), @r#"
    ~ password: (sensitive) → (sensitive)
    planned  {"password": (sensitive)}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {password: same}
        refreshed: {password: same}
    "), @r#"planned  {"password": (sensitive)}"#);
    // Marked by where the value came from: neither side may tell what the other one hides.
    assert_snapshot!(case(&schema, "
        desired: {hint: !secret new}
        refreshed: {hint: old}
    "), @r#"
    ~ hint: (sensitive) → (sensitive)
    ≠ hint: (sensitive) → (sensitive)
    planned  {"hint": (sensitive)}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {hint: plain}
        previous: {hint: !secret old}
        refreshed: {hint: old}
    "), @r#"
    ~ hint: (sensitive) → (sensitive)
    planned  {"hint": "plain"}
    "#);
    assert_snapshot!(case(&schema, "
        desired: {hint: !secret same}
        refreshed: {hint: same}
    "), @r#"planned  {"hint": (sensitive)}"#);
    // Sealed: no drift can be told, and what is asked for is sent.
    assert_snapshot!(case(&schema, "
        desired: {hint: !secret x}
        previous: {hint: !sealed AAAA}
        refreshed: {hint: !sealed BBBB}
    "), @r#"
    ~ hint: (sensitive) → (sensitive)
    planned  {"hint": (sensitive)}
    "#);
}

#[test]
fn words_with_commas() {
    let schema = schema("bypass: {type: string, normal: words, case_insensitive: true}");
    let change = |from: &str, to: &str| {
        case(&schema, &format!("{{desired: {{bypass: '{to}'}}, refreshed: {{bypass: '{from}'}}}}"))
    };
    assert_snapshot!(change("Metrics,Logging", "logging, Metrics"), @r#"planned  {"bypass": "logging, Metrics"}"#);
    assert_snapshot!(change("Metrics", "Metrics,Logging"), @r#"
    ~ bypass: "Metrics" → "Metrics,Logging"
    ≠ bypass: "Metrics,Logging" → "Metrics"
    planned  {"bypass": "Metrics,Logging"}
    "#);
}

#[test]
fn what_the_service_leaves_out() {
    let schema = schema(
        "
        hns: {type: boolean, absent: false, immutable: always}
        rules: {type: list, set: true, items: {type: object, attributes: {to: {type: string}, action: {type: string, absent: Allow, case_insensitive: true}}}}
    ",
    );
    assert_snapshot!(case(&schema, "
        desired: {hns: false, rules: [{to: a, action: allow}, {to: b}]}
        refreshed: {rules: [{to: b}, {to: a}]}
    "), @r#"planned  {"hns": false, "rules": [{"action": "allow", "to": "a"}, {"to": "b"}]}"#);
    assert_snapshot!(case(&schema, "
        desired: {hns: true, rules: [{to: a, action: deny}]}
        previous: {hns: false, rules: [{to: a, action: allow}]}
        refreshed: {rules: [{to: a}]}
    "), @r#"
    ± hns: nothing → true
    ~ rules[0].action: nothing → "deny"
    ~ rules[0].to: nothing → "a"
    ~ rules[0].to: "a" → nothing
    planned  {"hns": true, "rules": [{"action": "deny", "to": "a"}]}
    "#);
}
