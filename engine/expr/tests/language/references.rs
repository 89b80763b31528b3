//! What static analysis finds.

use aurak_expr::Template;

fn references(text: &str) -> String {
    let template = Template::parse(text).unwrap();
    let mut out = Vec::new();
    for r in template.references() {
        assert!(text[r.start..r.end].starts_with(&r.root), "{text}: {r:?}");
        let mut shown = r.root.clone();
        for part in &r.path {
            shown.push('/');
            shown.push_str(part);
        }
        if r.optional {
            shown.push('?');
        }
        out.push(format!("{shown}={}", &text[r.start..r.end]));
    }
    out.join("; ")
}

#[test]
fn names_with_the_paths_behind_them() {
    for (text, expected) in [
        ("plain", ""),
        ("{{ a }}", "a=a"),
        ("{{ a.b.c }}", "a/b/c=a.b.c"),
        ("x{{ a.b }}y{{ c }}", "a/b=a.b; c=c"),
        ("{{ pools['x'].id }}", "pools/x/id=pools['x'].id"),
        ("{{ pools['x'].id ~ 1 }}", "pools/x/id=pools['x'].id"),
        ("{{ list[0].name | upper }}", "list/0/name=list[0].name"),
        ("{{ a[b.c].d }}", "b/c=b.c; a=a"),
        ("{{ a.x[b].c[d] }}", "d=d; b=b; a/x=a.x"),
        ("{{ a.b if c.d else e.f }}", "c/d=c.d; a/b=a.b; e/f=e.f"),
        ("{{ (a.b).c }}", "a/b/c=a.b).c"),
        ("{{ [a, {'k': b, c: 1}] }}", "a=a; b=b; c=c"),
        ("{{ a | default(b) }}", "a?=a; b=b"),
        ("{{ a.b is defined and a.b.c }}", "a/b?=a.b; a/b/c=a.b.c"),
        ("{{ f1 | merge(x, y=z) }}", "f1=f1; x=x; z=z"),
        ("{{ merge(a, b.c) }}", "a=a; b/c=b.c"),
        ("{{ a | map(attribute='b') | list }}", "a=a"),
        ("{{ a.b[1:c] }}", "a/b=a.b; c=c"),
        ("{{ not a in b }}", "a=a; b=b"),
        ("{{ a not in b }}", "a=a; b=b"),
        ("{{ a < b < c }}", "a=a; b=b; c=c"),
        ("{{ a is divisibleby(b) }}", "a=a; b=b"),
        ("{{ (a if b else c).d }}", "b=b; a=a; c=c"),
        ("{{ each.value['a.b'] }}", "each/value/a.b=each.value['a.b']"),
        ("{{ dict(*a, **b) }}", "a=a; b=b"),
        ("{{ -a + true }}", "a=a"),
    ] {
        assert_eq!(references(text), expected, "{text}");
    }
}

#[test]
fn calls_with_constant_arguments() {
    let text =
        "{{ file('a.txt') ~ env(name) ~ (x | map('upper') | first) ~ template('t.j2', {'a': file('b')}) }}";
    let calls = Template::parse(text).unwrap().calls();
    let shown: Vec<String> = calls
        .iter()
        .map(|c| format!("{} {:?} {}", c.name, c.argument.as_deref(), &text[c.start..c.end]))
        .collect();
    assert_eq!(
        shown,
        [
            "file Some(\"a.txt\") file('a.txt')",
            "env None env(name)",
            "template Some(\"t.j2\") template('t.j2', {'a': file('b')})",
            "file Some(\"b\") file('b')",
        ]
    );
}

#[test]
fn bare_paths_are_known() {
    for (text, bare) in [
        ("{{ a.b }}", true),
        ("{{ a['x'][0] }}", true),
        ("{{ a }} ", false),
        ("{{ a | upper }}", false),
        ("text", false),
        ("{{ true }}", false),
    ] {
        let template = Template::parse(text).unwrap();
        assert_eq!(template.bare().is_some(), bare, "{text}");
        assert_eq!(template.is_text(), text == "text");
    }
    assert!(Template::expression(" a.b ").unwrap().bare().is_some());
    assert!(Template::expression("a.b == 1").unwrap().is_expression());
    assert_eq!(Template::expression("").err().unwrap().message, "there is no expression here");
    let error = Template::expression("a = 1").err().unwrap();
    assert_eq!((error.start, error.end), (2, 3));
}
