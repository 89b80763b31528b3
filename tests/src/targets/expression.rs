//! Text as a scalar with expressions, over values of every kind: twice the same, no secret in sight,
//! places in the text, and what was captured is enough to come to the same value again.

use aurak_expr::{ErrorKind, ExprError, MapScope, Template, coerce};
use aurak_model::value::{Origin, Secret};
use aurak_model::{Address, Attribute, Kind, Map, Path, Type, Value};

/// Longer ones cost time and find nothing more: an expression has no more tokens than bytes.
const MOST: usize = 4 << 10;

pub(super) fn run(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if text.len() > MOST {
        return Template::parse(text).map(|template| template.references()).is_ok();
    }
    let (one, other) = (evaluate(text, Template::parse), evaluate(text, Template::expression));
    one || other
}

fn evaluate<'a>(text: &'a str, parse: impl Fn(&'a str) -> Result<Template<'a>, ExprError>) -> bool {
    let template = match parse(text) {
        Ok(template) => template,
        Err(error) => {
            placed(text, &error);
            return false;
        }
    };
    for reference in template.references() {
        let there = text.get(reference.start..reference.end);
        assert!(there.is_some_and(|there| there.starts_with(&*reference.root)), "{text}: {reference:?}");
    }
    template.calls();
    let one = template.evaluate(&MapScope(&names("hush", 7, true)));
    let again = template.evaluate(&MapScope(&names("hush", 7, true)));
    let other = template.evaluate(&MapScope(&names("unheard", 0, false)));
    match (&one, &again) {
        (Ok(one), Ok(again)) => assert_eq!(one.value, again.value, "{text}"),
        (Err(one), Err(again)) => assert_eq!(one.to_string(), again.to_string(), "{text}"),
        (one, again) => panic!("{text}: {one:?}, then {again:?}"),
    }
    match (&one, &other) {
        (Ok(one), Ok(other)) => {
            assert!(alike(&one.value, &other.value), "{text}: {:?} and {:?}", one.value, other.value);
        }
        (Err(error), _) | (_, Err(error)) => {
            placed(text, error);
            let said = format!("{} {:?}", error.message, error.help);
            // What is written in the text is no secret.
            for secret in ["hush", "unheard"] {
                assert!(!said.contains(secret) || text.contains(secret), "{text}: {said}");
            }
        }
    }
    let Ok(evaluated) = one else { return false };
    let json = serde_json::to_string(&evaluated.value.reveal()).ok();
    if let Some(json) = json {
        let read: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{text}: {error}: {json}"));
        assert_eq!(read, evaluated.value.reveal(), "{text}");
    }
    for kind in [Kind::Any, Kind::Boolean, Kind::Integer, Kind::Number, Kind::String, Kind::List, Kind::Map] {
        let _ = coerce(&evaluated.value, Some(text), &Attribute::of(kind));
    }
    if !evaluated.captures.is_empty() && !evaluated.late {
        let again = template.evaluate(&MapScope(&evaluated.captures));
        let again = again.unwrap_or_else(|error| panic!("{text}: its captures are not enough: {error}"));
        assert!(
            same(&evaluated.value, &again.value),
            "{text}: {:?}, then {:?}",
            evaluated.value,
            again.value
        );
    }
    true
}

fn placed(text: &str, error: &ExprError) {
    let there = text.get(error.start..error.end).is_some();
    assert!(error.kind == ErrorKind::Asked || there, "{text:?}: {}..{}", error.start, error.end);
    assert!(!error.message.is_empty(), "{text}");
}

/// What expressions can read.
fn names(secret: &str, number: i64, flag: bool) -> Map {
    let later = |ty: Type| {
        let row = Address::parse("r").expect("an address");
        Value::of_row(&row, Path::key("x"), ty)
    };
    let json = |text: &str| Value::from_json(&serde_json::from_str(text).expect("JSON"));
    let mut names: Map = [
        ("a", Value::from(1)),
        ("b", Value::from(i64::MAX)),
        ("f", Value::from(1.5)),
        ("s", Value::from("text")),
        ("u", Value::from("é🦀\u{301}")),
        ("y", Value::from(true)),
        ("n", Value::Null),
        ("l", json("[3, 1, 2]")),
        ("w", json("[\"b\", \"A\", \"c\", \"a\"]")),
        ("t", json("{\"env\": \"pre\", \"team\": \"x\"}")),
        ("d", json("{\"m\": {\"k\": \"v\", \"l\": [1, {\"x\": 5}]}, \"0\": \"zero\", \"a.b\": \"dotted\"}")),
        ("p", json("[{\"name\": \"one\", \"size\": 2}, {\"name\": \"two\", \"size\": 1, \"extra\": 7}]")),
        ("secret", Value::from(secret).sensitive()),
        ("sn", Value::from(number).sensitive()),
        ("sf", Value::from(flag).sensitive()),
        ("mixed", Value::map([("open", Value::from("o")), ("hidden", Value::from(secret).sensitive())])),
        ("ml", Value::list([1.into(), Value::from(number).sensitive(), 3.into()])),
        ("later", later(Type::String)),
        ("lany", later(Type::Any)),
        ("lnum", later(Type::Integer)),
        ("llist", later(Type::List)),
        ("lmap", later(Type::Map)),
        ("lsec", later(Type::String).sensitive()),
        ("part", Value::map([("known", Value::from("k")), ("unknown", later(Type::String))])),
        ("sealed", Value::Sensitive(Secret::Sealed("xyz".into()))),
        ("file:a", Value::from("{% for x in l %}{{ x }}{% endfor %}{{ s }}\n")),
        ("env:A", Value::from("value")),
        ("glob:*", json("[\"a\", \"b\"]")),
    ]
    .into_iter()
    .collect();
    names.insert("each", Value::map([("key", Value::from("k")), ("value", json("{\"size\": 3}"))]));
    names
}

/// Whether a value is hidden, known or not.
fn hidden(value: &Value) -> bool {
    match value {
        Value::Sensitive(_) => true,
        Value::Unknown(unknown) => unknown.sensitive,
        _ => false,
    }
}

/// What may be seen of two results does not tell two secrets apart.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        _ if hidden(one) && hidden(other) => true,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| alike(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one.iter().zip(other.iter()).all(|((k, one), (l, other))| k == l && alike(one, other))
        }
        _ => same(one, other),
    }
}

/// Equal, but for what a fresh unknown needs.
fn same(one: &Value, other: &Value) -> bool {
    let fresh =
        |value: &Value| matches!(value, Value::Unknown(u) if matches!(u.origin, Origin::Fresh { .. }));
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one.iter().zip(other.iter()).all(|((k, one), (l, other))| k == l && same(one, other))
        }
        _ => one == other || (fresh(one) && fresh(other) && hidden(one) == hidden(other)),
    }
}
