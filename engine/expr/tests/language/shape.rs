//! Values brought into the shape of attributes.

use aurak_expr::{coerce, matches_whole};
use aurak_model::schema::{Attribute, Kind};
use aurak_model::value::{Secret, Type};
use aurak_model::{Name, Value};

use crate::world::{json, row, shown};

fn of(kind: Kind) -> Attribute {
    Attribute::of(kind)
}

fn object(attributes: &[(&str, Attribute)]) -> Attribute {
    Attribute {
        attributes: attributes.iter().map(|(name, a)| (Name::from(*name), a.clone())).collect(),
        ..of(Kind::Object)
    }
}

fn shaped(value: &Value, text: Option<&str>, attribute: &Attribute) -> String {
    match coerce(value, text, attribute) {
        Ok(value) => shown(&value),
        Err(e) => {
            let place = if e.path.is_root() { String::new() } else { format!("{}: ", e.path) };
            let help = e.help.as_ref().map(|h| format!("; {h}")).unwrap_or_default();
            format!("{place}{e}{help}")
        }
    }
}

#[test]
fn scalars() {
    for (kind, value, text, expected) in [
        (Kind::Any, "null", None, "null"),
        (Kind::Any, "{\"a\": null}", None, "{a: null}"),
        (Kind::String, "\"x\"", None, "\"x\""),
        (Kind::String, "1.3", Some("1.30"), "\"1.30\""),
        (Kind::String, "1.3", None, "\"1.3\""),
        (Kind::String, "10", Some("0xA"), "\"0xA\""),
        (Kind::String, "true", None, "\"true\""),
        (Kind::String, "\"x\"", Some("'x'"), "\"x\""),
        (Kind::String, "null", None, "null"),
        (
            Kind::String,
            "[1]",
            None,
            "a string is wanted here, and this is a list; write it as JSON with `| json`, or as YAML with `| yaml`",
        ),
        (Kind::Boolean, "true", None, "true"),
        (
            Kind::Boolean,
            "\"yes\"",
            None,
            "a boolean is wanted here, and this is `yes`; write `true` without quotes",
        ),
        (
            Kind::Boolean,
            "\"off\"",
            None,
            "a boolean is wanted here, and this is `off`; write `false` without quotes",
        ),
        (Kind::Boolean, "1", None, "a boolean is wanted here, and this is `1`"),
        (Kind::Integer, "3", None, "3"),
        (Kind::Integer, "3.0", None, "3"),
        (Kind::Integer, "3.5", None, "an integer is wanted here, and this is `3.5`"),
        (Kind::Integer, "1e300", None, "an integer is wanted here, and this is `1e+300`"),
        (
            Kind::Integer,
            "\"3\"",
            None,
            "an integer is wanted here, and this is the text `3`; write it without quotes, or `| int` after an expression",
        ),
        (Kind::Number, "3", None, "3"),
        (Kind::Number, "3.5", None, "3.5"),
        (Kind::Number, "\"x\"", None, "a number is wanted here, and this is `x`"),
        (Kind::List, "[1]", None, "[1]"),
        (
            Kind::List,
            "\"x\"",
            None,
            "a list is wanted here, and this is `x`; write a list with one item: `[...]`",
        ),
        (Kind::Map, "{\"a\": 1}", None, "{a: 1}"),
        (Kind::Map, "[1]", None, "a map is wanted here, and this is a list"),
    ] {
        assert_eq!(shaped(&json(value), text, &of(kind)), expected, "{kind:?} {value}");
    }
}

#[test]
fn rules_of_scalars() {
    let rule = |f: &dyn Fn(&mut Attribute), kind| {
        let mut a = of(kind);
        f(&mut a);
        a
    };
    let colour = rule(&|a| a.allowed = vec!["Red".into(), "Green".into()], Kind::String);
    assert_eq!(shaped(&"Red".into(), None, &colour), "\"Red\"");
    assert_eq!(
        shaped(&"Gren".into(), None, &colour),
        "`Gren` is not allowed here; did you mean `Green`? allowed are `Red`, `Green`"
    );
    assert_eq!(
        shaped(&"red".into(), None, &colour),
        "`red` is not allowed here; did you mean `Red`? allowed are `Red`, `Green`"
    );
    let any_case = Attribute { case_insensitive: true, ..colour.clone() };
    assert_eq!(shaped(&"red".into(), None, &any_case), "\"red\"");

    let name = rule(
        &|a| {
            a.pattern = Some("[a-z]+".into());
            a.maximum = Some(5);
        },
        Kind::String,
    );
    assert_eq!(shaped(&"abc".into(), None, &name), "\"abc\"");
    assert_eq!(
        shaped(&"abc1".into(), None, &name),
        "`abc1` does not have the form that is wanted; it must match `[a-z]+`"
    );
    assert_eq!(
        shaped(&"abcdef".into(), None, &name),
        "it has 6 characters; it must have at most 5 characters"
    );

    let port = rule(&|a| (a.minimum, a.maximum) = (Some(1), Some(65535)), Kind::Integer);
    assert_eq!(shaped(&80.into(), None, &port), "80");
    assert_eq!(shaped(&0.into(), None, &port), "0 is out of range; it must be 1 to 65535");
    let some = rule(&|a| a.minimum = Some(1), Kind::List);
    assert_eq!(shaped(&Value::list([]), None, &some), "it has 0 items; it must have at least 1 items");

    assert!(matches_whole("a|b", "a").unwrap());
    assert!(!matches_whole("a|b", "ab").unwrap());
    assert!(matches_whole("(", "a").is_err());
}

#[test]
fn containers() {
    let item = object(&[
        ("name", Attribute { required: true, ..of(Kind::String) }),
        ("port", Attribute { default: Some(80.into()), ..of(Kind::Integer) }),
        ("id", Attribute { computed: true, ..of(Kind::String) }),
        ("chosen", Attribute { computed: true, optional: true, ..of(Kind::String) }),
        ("free", of(Kind::Any)),
    ]);
    let list = Attribute { items: Some(Box::new(item.clone())), ..of(Kind::List) };
    let tags = Attribute { items: Some(Box::new(of(Kind::String))), ..of(Kind::Map) };
    for (attribute, value, expected) in [
        (&item, "{\"name\": 1}", "{name: \"1\", port: 80}"),
        (&item, "{\"name\": \"x\", \"port\": null}", "{name: \"x\", port: 80}"),
        (
            &item,
            "{\"name\": \"x\", \"chosen\": \"c\", \"free\": null}",
            "{chosen: \"c\", name: \"x\", port: 80}",
        ),
        (&item, "{\"name\": \"x\", \"free\": {\"a\": null}}", "{free: {a: null}, name: \"x\", port: 80}"),
        (&item, "{\"port\": 1}", "`name` is required; set `name` to a string"),
        (&item, "{\"name\": null}", "`name` is required; set `name` to a string"),
        (&item, "{\"name\": \"x\", \"prot\": 1}", "prot: there is no `prot` here; did you mean `port`?"),
        (
            &item,
            "{\"name\": \"x\", \"zzz\": 1}",
            "zzz: there is no `zzz` here; there are `chosen`, `free`, `name`, `port`",
        ),
        (
            &item,
            "{\"name\": \"x\", \"id\": \"i\"}",
            "id: `id` cannot be set: the provider decides it; remove it",
        ),
        (&item, "\"x\"", "a map is wanted here, and this is `x`"),
        (&list, "[{\"name\": \"a\"}]", "[{name: \"a\", port: 80}]"),
        (&list, "[{\"name\": \"a\"}, {}]", "[1]: `name` is required; set `name` to a string"),
        (&list, "[null]", "[0]: null cannot be an item: it must be a map"),
        (
            &list,
            "[{\"name\": \"a\", \"port\": [1]}]",
            "[0].port: an integer is wanted here, and this is a list",
        ),
        (&tags, "{\"a\": 1, \"b\": true, \"c\": null}", "{a: \"1\", b: \"true\"}"),
        (
            &tags,
            "{\"a\": {}}",
            "a: a string is wanted here, and this is a map; write it as JSON with `| json`, or as YAML with `| yaml`",
        ),
    ] {
        assert_eq!(shaped(&json(value), None, attribute), expected, "{value}");
    }
    let open = Attribute { open: true, ..item };
    assert_eq!(
        shaped(&json("{\"name\": \"x\", \"zzz\": null}"), None, &open),
        "{name: \"x\", port: 80, zzz: null}"
    );
}

#[test]
fn marks_and_unknowns() {
    let later = |ty| row("r", "p", ty);
    let secret = |v: Value| v.sensitive();
    let object =
        object(&[("a", of(Kind::Integer)), ("b", Attribute { sensitive: true, ..of(Kind::String) })]);
    for (kind, value, expected) in [
        (Kind::String, later(Type::Any), "?string(r:p)"),
        (Kind::String, later(Type::Integer), "?string(r:p)"),
        (Kind::Any, later(Type::Integer), "?integer(r:p)"),
        (Kind::Integer, later(Type::String), "an integer is wanted here, and this is a string"),
        (Kind::String, later(Type::Map), "a string is wanted here, and this is a map"),
        (Kind::Object, later(Type::Any), "?map(r:p)"),
        (Kind::String, secret(1.into()), "!\"1\""),
        (Kind::Integer, secret("x".into()), "the sensitive value does not fit: it must be an integer"),
        (Kind::Integer, secret(Value::Null), "null"),
        (Kind::Any, secret(Value::Null), "!null"),
        (Kind::Integer, Value::Sensitive(Secret::Sealed("s".into())), "sealed"),
    ] {
        assert_eq!(shaped(&value, None, &of(kind)), expected, "{kind:?} {value:?}");
    }
    let value = Value::map([("a", secret(1.0.into())), ("b", "x".into())]);
    assert_eq!(shaped(&value, None, &object), "{a: !1, b: !\"x\"}");
    let value = Value::map([("a", later(Type::Any)), ("b", later(Type::Any))]);
    assert_eq!(shaped(&value, None, &object), "{a: ?integer(r:p), b: !?string(r:p)}");
    let value = Value::map([("a", secret("x".into()))]);
    assert_eq!(shaped(&value, None, &object), "a: the sensitive value does not fit: it must be an integer");
    for (attribute, value, expected) in [
        (
            Attribute { pattern: Some("[a-z]+".into()), minimum: Some(2), ..of(Kind::String) },
            Value::from("CANARY"),
            "it must be a string of at least 2 characters that matches `[a-z]+`",
        ),
        (
            Attribute { minimum: Some(1), maximum: Some(9), ..of(Kind::Integer) },
            77.into(),
            "it must be an integer of 1 to 9",
        ),
        (
            Attribute { maximum: Some(1), ..of(Kind::List) },
            Value::list([Value::from(1), 2.into()]),
            "it must be a list of at most 1 items",
        ),
        (
            Attribute { allowed: vec!["a".into(), "b".into()], ..of(Kind::String) },
            "c".into(),
            "it must be one of `a`, `b`",
        ),
    ] {
        let whole = Value::Sensitive(Secret::Plain(value.into()));
        assert_eq!(shaped(&whole, None, &attribute), format!("the sensitive value does not fit: {expected}"));
    }
    // A map that is secret as a whole stays so.
    let whole = Value::Sensitive(Secret::Plain(Value::map([("a", Value::from(1))]).into()));
    assert_eq!(shaped(&whole, None, &object), "!{a: 1}");
    let bad = Value::Sensitive(Secret::Plain(Value::map([("canary", Value::from(1))]).into()));
    assert!(!shaped(&bad, None, &object).contains("canary"));
    let bad = Value::Sensitive(Secret::Plain(Value::map([("a", Value::from("x"))]).into()));
    assert_eq!(
        shaped(&bad, None, &object),
        "the sensitive value does not fit: a part of it has the wrong form"
    );
}
