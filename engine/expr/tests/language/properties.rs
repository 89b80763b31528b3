//! What holds for any expression.

use aurak_expr::{MapScope, Template};
use aurak_model::Value;
use proptest::prelude::*;

use crate::captures::replays;
use crate::world::{Entry, World, shown};

/// Expressions over the names of the world, most of them of fitting types.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b",
        "f",
        "s",
        "empty",
        "yes",
        "no",
        "null_value",
        "list",
        "words",
        "tags",
        "deep",
        "pools",
        "secret",
        "secret_number",
        "secret_flag",
        "mixed",
        "mixed_list",
        "later",
        "later_number",
        "later_any",
        "later_list",
        "later_map",
        "later_secret",
        "part_later",
        "cluster",
        "absent",
        "nodes",
        "no_nodes",
        "nope",
        "1",
        "0",
        "-2",
        "'x'",
        "'hidden'",
        "true",
        "none",
        "[]",
        "{}",
        "1.5",
        "cluster.id",
        "cluster.status.x",
        "nodes.x.id",
        "mixed.hidden",
        "part_later.unknown",
        "later_map.x",
        "pools[0].name",
        "tags.env",
        "tags.nope",
        "range(3)",
        "env('TOKEN')",
        "file('a.txt')",
        "later_any.x.y",
        "{'hidden': 1, 'b': {'c': 2}}",
        "[[1, 2], [3]]",
    ])
    .prop_map(str::to_string);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", "in", "not in", "and", "or",
        ]);
        let filter = prop::sample::select(vec![
            "length",
            "first",
            "last",
            "list",
            "keys",
            "values",
            "items",
            "reverse",
            "sort",
            "unique",
            "min",
            "max",
            "flatten",
            "json",
            "yaml",
            "string",
            "upper",
            "b64encode",
            "sha256",
            "sum",
            "join",
            "int",
            "bool",
            "abs",
            "dictsort",
            "map('string')",
            "map('length')",
            "map(attribute='name')",
            "select",
            "reject('odd')",
            "selectattr('on')",
            "selectattr('unknown', 'eq', 'u')",
            "key_by('name')",
            "default('d')",
            "default('d', true)",
            "batch(2)",
            "slice(2)",
            "split('u')",
            "dict2items",
            "groupby('on')",
            "attr('hidden')",
            "sort(attribute='name')",
            "merge({'z': 1})",
            "chain([1])",
            "zip([1, 2])",
            "replace('h', 'j')",
        ]);
        let test = prop::sample::select(vec![
            "defined",
            "undefined",
            "none",
            "string",
            "mapping",
            "odd",
            "sequence",
            "eq(1)",
            "in([1, 2])",
        ]);
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), filter).prop_map(|(a, f)| format!("({a} | {f})")),
            (inner.clone(), test).prop_map(|(a, t)| format!("({a} is {t})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'x': {a}, 'hidden': {b}}}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("merge({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} | default({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} | default({b}, true))")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a}[{b}:{c}]")),
            inner.clone().prop_map(|a| format!("(not {a})")),
            inner.prop_map(|a| format!("{a}.x")),
        ]
    })
}

/// The world with other secrets in it, of the same types.
fn other_secrets() -> World {
    let mut world = World::new();
    for (name, entry) in &mut world.names {
        let new = match &**name {
            "secret" => Value::from("unheard").sensitive(),
            "secret_number" => Value::from(0).sensitive(),
            "secret_flag" => Value::from(false).sensitive(),
            "mixed" => Value::map([("open", Value::from("o")), ("hidden", Value::from("").sensitive())]),
            "mixed_list" => Value::list([1.into(), Value::from(30).sensitive(), 3.into()]),
            _ => continue,
        };
        *entry = Entry::Value(new);
    }
    world
}

/// The value as somebody sees it who may not see secrets.
fn seen(value: &Value) -> String {
    match value {
        Value::Sensitive(_) => "(sensitive)".to_string(),
        Value::Unknown(u) if u.sensitive => "(sensitive, unknown)".to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(seen).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            format!(
                "{{{}}}",
                map.iter().map(|(k, v)| format!("{k}: {}", seen(v))).collect::<Vec<_>>().join(", ")
            )
        }
        other => shown(other),
    }
}

/// Whether a value is hidden at the top, known or not.
fn hidden(value: &Value) -> bool {
    match value {
        Value::Sensitive(_) => true,
        Value::Unknown(u) => u.sensitive,
        _ => false,
    }
}

/// What may be seen of two results does not tell two secrets apart.
fn same_to_see(a: &Value, b: &Value) -> bool {
    match (a, b) {
        _ if hidden(a) && hidden(b) => true,
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_to_see(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && same_to_see(a, b))
        }
        _ => seen(a) == seen(b),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn secrets_never_show(expression in expression()) {
        let text = format!("{{{{ {expression} }}}}");
        let (one, other) = (World::new().eval(&text), other_secrets().eval(&text));
        match (&one, &other) {
            (Ok(a), Ok(b)) => prop_assert!(same_to_see(a, b), "{}\n  {}\n  {}", text, shown(a), shown(b)),
            // That an operation fails can depend on a secret; what it says must not hold one.
            (Err(e), _) | (_, Err(e)) => {
                let said = format!("{} {:?}", e.message, e.help);
                for secret in ["hush", "unheard"] {
                    prop_assert!(!said.contains(secret), "{text}: {said}");
                }
            }
        }
    }

    #[test]
    fn captures_are_enough(expression in expression()) {
        for text in [format!("{{{{ {expression} }}}}"), format!("{{{{ {expression} }}}}, {{{{ later }}}}")] {
            if let Err(why) = replays(&text) {
                prop_assert!(false, "{}", why);
            }
        }
    }

    #[test]
    fn places_are_in_the_text(expression in expression()) {
        let text = format!("é {{{{ {expression} }}}}");
        if let Err(e) = World::new().eval(&text) {
            prop_assert!(e.start <= e.end && e.end <= text.len(), "{text}: {}..{}", e.start, e.end);
            prop_assert!(text.get(e.start..e.end).is_some_and(|s| !s.is_empty()), "{text}: {}..{}", e.start, e.end);
        }
        for r in Template::parse(&text).map(|t| t.references()).unwrap_or_default() {
            prop_assert!(text.get(r.start..r.end).is_some_and(|s| s.starts_with(&r.root)), "{text}: {r:?}");
        }
    }

    #[test]
    fn what_is_not_referred_to_is_not_needed(expression in expression()) {
        // A scope that has only what static analysis found gives the same.
        let text = format!("{{{{ {expression} }}}}");
        let world = World::new();
        let Ok(template) = Template::parse(&text) else { return Ok(()) };
        let roots: Vec<String> = template.references().into_iter().map(|r| r.root).collect();
        let mut narrow = World::new();
        narrow.names.retain(|(name, _)| roots.iter().any(|r| **r == **name));
        let (a, b) = (world.eval(&text), narrow.eval(&text));
        let show = |r: &Result<Value, _>| r.as_ref().map_or_else(|e: &aurak_expr::ExprError| e.message.clone(), shown);
        prop_assert_eq!(show(&a), show(&b));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "[ -~\\né{}'\"|.()\\[\\]]{0,60}") {
        let _ = World::new().eval(&text);
        let _ = World::new().eval(&format!("{{{{ {text} }}}}"));
        let _ = Template::expression(&text).map(|t| t.evaluate(&MapScope(&aurak_model::Map::new())));
    }

    #[test]
    fn tokens_in_any_order_are_read_without_panic(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "a", "list", "tags", "secret", "later", "1", "'x'", "not", "in", "is", "if", "else", "and", "or", "(", ")",
            "[", "]", "{", "}", ":", ",", ".", "|", "~", "+", "-", "*", "**", "=", "==", "<", "defined", "upper", "json",
            "map", "default", "range", "}}", "{{", "\\", "\"", "0x", "1e", "%", "//", "merge", "é",
        ]), 0..16),
        glue in prop::sample::select(vec!["", " "]),
    ) {
        let text = format!("{{{{{}}}}}", tokens.join(glue));
        if let Err(e) = World::new().eval(&text) {
            prop_assert!(e.start <= e.end && text.get(e.start..e.end).is_some(), "{text}: {}..{}", e.start, e.end);
        }
    }
}
