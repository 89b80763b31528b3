use super::*;
use aurak_model::{NodeKind, Value};
use std::fmt::Write;

/// A node as one line: literals as JSON with their source text, templates in `<>`.
fn show(node: &Node) -> String {
    match &node.kind {
        NodeKind::Literal { value, text } => match text {
            Some(text) => format!("{value:?}`{text}`"),
            None => format!("{value:?}"),
        },
        NodeKind::Template { text, .. } => format!("<{text}>"),
        NodeKind::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        NodeKind::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(k, _, v)| format!("{k}: {}", show(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn read_text(text: &str) -> Read {
    read(&mut Files::default(), "a.yml", text.as_bytes().to_vec())
}

/// The node, and each message with its place and help.
fn outcome(text: &str) -> String {
    let read = read_text(text);
    let mut out = read.root.as_ref().map_or("nothing".to_string(), show);
    for d in &read.diagnostics {
        let places: Vec<String> = d
            .labels
            .iter()
            .map(|l| format!("{}:{}+{} {}", l.span.line, l.span.col, l.span.len, l.text))
            .collect();
        let _ = write!(out, "\n{} | {} | {}", d.summary, places.join("; "), d.help.as_deref().unwrap_or("-"));
    }
    out
}

fn good(text: &str) -> String {
    let read = read_text(text);
    assert!(read.diagnostics.is_empty(), "{text}: {:?}", read.diagnostics);
    show(&read.root.unwrap())
}

#[test]
fn scalars_keep_their_text_and_keys_are_text() {
    for (yaml, shown) in [
        ("", "null"),
        ("# nothing", "null"),
        ("a: 1.30", "{a: 1.3`1.30`}"),
        ("a: '1.30'", "{a: \"1.30\"}"),
        ("a: !!str 1.30", "{a: \"1.30\"}"),
        ("a: !!str\nb: x", "{a: \"\", b: \"x\"}"),
        ("a: yes", "{a: \"yes\"}"),
        ("a: ~", "{a: null`~`}"),
        ("a:", "{a: null``}"),
        ("1.30: x\ntrue: y\n~: z", "{1.30: \"x\", true: \"y\", ~: \"z\"}"),
        ("'': x", "{: \"x\"}"),
        ("a: \"{{ x }}\"", "{a: <{{ x }}>}"),
        ("a: pre-{{ x }}", "{a: <pre-{{ x }}>}"),
        ("a: !raw \"{{ x }}\"", "{a: \"{{ x }}\"}"),
        (
            "a: !raw {b: ['{{ x }}', 1], c: {d: '{{ y }}'}}",
            "{a: {b: [\"{{ x }}\", 1`1`], c: {d: \"{{ y }}\"}}}",
        ),
        ("a: !raw\n  '{{ k }}': 1", "{a: {{{ k }}: 1`1`}}"),
        ("a: |\n  x\n  y\n", "{a: \"x\\ny\\n\"}"),
        ("a: &x {b: 1}\nc: *x", "{a: {b: 1`1`}, c: {b: 1`1`}}"),
        ("a: &x '{{ y }}'\nc: !raw [*x]", "{a: <{{ y }}>, c: [\"{{ y }}\"]}"),
        ("a: &x !raw '{{ y }}'\nc: *x", "{a: \"{{ y }}\", c: \"{{ y }}\"}"),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", "{a: {b: 1`1`, c: 2`2`}, d: {c: 3`3`, b: 1`1`}}"),
        ("d: {<<: [{b: 1}, {b: 2, e: 3}]}", "{d: {b: 1`1`, e: 3`3`}}"),
        ("'<<': 1", "{<<: 1`1`}"),
        ("\u{feff}a: 1", "{a: 1`1`}"),
        ("---\na: 1\n...\n", "{a: 1`1`}"),
    ] {
        assert_eq!(good(yaml), shown, "{yaml}");
    }
}

#[test]
fn what_is_refused() {
    let cases = [
        "a: 0644",
        "a: .nan",
        "a: 1\nb: 2\na: 3",
        "a: {{ x }}",
        "a: {{ x }}-{{ y }}",
        "- {{ x }}",
        "{a: 1}: b",
        "? [a]\n: b",
        "'{{ x }}': 1",
        ": x",
        "a: !Ref b",
        "a: !!int 3",
        "a: !!str {b: 1}",
        "!raw a: 1",
        "a: &x [*x]",
        "a: *none",
        "*a : 1",
        "<<: 3",
        "a: 1\n---\nb: 2",
        "a: b: c",
        "a: 'b",
        "a: \"b\" c",
        "a: \"\\d\"",
        "a:\n\tb: 1",
        "a: [1, 2\nb: 3",
        "a\nb: 1",
        "- a\nb: 1",
        "a: @x",
        "a: \u{1}",
    ];
    let mut out = String::new();
    for yaml in cases {
        let _ = writeln!(out, "{yaml:?}\n  {}", outcome(yaml).replace('\n', "\n  "));
    }
    insta::assert_snapshot!(out, @"");
}

/// The text of the file at the place of each `{{ }}` of each template.
#[test]
fn places_in_templates() {
    let cases = [
        "a: {b: x-y, c: \"ä {{ one }} {{ two }}\"}",
        "a: 'x {{ one }}'",
        "a: plain {{ one }} and {{ two }}",
        "a: !!str\n  # comment\n  &x '{{ one }}'",
        "a: |\n  first {{ one }}\n\n    é {{ two }}\n",
        "a:\n  - |2-\n     indented {{ one }}\n    {{ two }}",
        "a: >\n  folded {{ one }}\n",
        "a: >\n  folded\n  over {{ one }}\n",
        "a: \"tab\\t {{ one }}\"",
        "a: 'it''s {{ one }}'",
        "a: \"over\n  lines {{ one }}\"",
        "a: \"{{ 'q' ~ \\\"x\\\" }}\"",
        "a: '{{ \"q\" ~ one }}'",
        "a: |\r\n  first {{ one }}\r\n  then {{ two }}\r\n",
    ];
    let mut out = String::new();
    for yaml in cases {
        let read = read_text(yaml);
        let mut templates = Vec::new();
        collect(read.root.as_ref().unwrap(), &mut templates);
        let _ = writeln!(out, "{yaml:?}");
        for node in templates {
            let NodeKind::Template { text, layout } = &node.kind else { continue };
            for (start, _) in text.match_indices("{{") {
                let end = start + text[start..].find("}}").unwrap() + 2;
                let span = node.place(start, end);
                let line = yaml.split('\n').nth(span.line as usize - 1).unwrap();
                let found: String =
                    line.chars().skip(span.col as usize - 1).take(span.len as usize).collect();
                let _ = writeln!(out, "  {}:{} exact={} {found}", span.line, span.col, layout.exact);
                if layout.exact {
                    assert_eq!(found, text[start..end], "{yaml}");
                }
            }
        }
    }
    insta::assert_snapshot!(out, @"");
}

fn collect<'a>(node: &'a Node, out: &mut Vec<&'a Node>) {
    match &node.kind {
        NodeKind::Template { .. } => out.push(node),
        NodeKind::List(items) => items.iter().for_each(|node| collect(node, out)),
        NodeKind::Map(entries) => entries.iter().for_each(|(_, _, node)| collect(node, out)),
        NodeKind::Literal { .. } => {}
    }
}

/// Hostile input ends in one clear message.
#[test]
fn limits() {
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
        for i in 1..12 {
            let all = vec![format!("*a{}", i - 1); 10].join(", ");
            let _ = writeln!(text, "a{i}: &a{i} [{all}]");
        }
        text
    };
    let chain = {
        // Each alias nests what came before forty levels deeper.
        let mut text = "a0: &a0 x\n".to_string();
        for i in 1..20 {
            let _ = writeln!(text, "a{i}: &a{i} {}*a{}{}", "[".repeat(40), i - 1, "]".repeat(40));
        }
        text
    };
    let mut wide = String::from("a:\n");
    for i in 0..50_000 {
        let _ = writeln!(wide, "  k{i}: {i}");
    }
    wide.push_str("  k7: again\n");
    for (name, text, code) in [
        ("flow", "[".repeat(200_000), "too_deep"),
        ("flow maps", "{a: ".repeat(200_000), "too_deep"),
        ("block", "- ".repeat(200_000), "too_deep"),
        ("block maps", (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect(), "too_deep"),
        ("keys", "? ".repeat(200_000), "too_deep"),
        ("bomb", bomb, "alias"),
        ("chain", chain, "too_deep"),
        ("scalar", format!("a: {}", "x".repeat(10 << 20)), "scalar_too_long"),
        ("quoted", format!("a: \"{}\"", "x".repeat(10 << 20)), "scalar_too_long"),
        ("block scalar", format!("a: |\n  {}", "x".repeat(10 << 20)), "scalar_too_long"),
        ("wide", wide, "duplicate_key"),
    ] {
        let read = read_text(&text);
        let codes: Vec<&str> = read.diagnostics.iter().map(|d| d.code.as_str()).collect();
        assert_eq!(codes, [code], "{name}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, place, code) in [
        (b"a: 1\nb: \xff\n".to_vec(), (2, 4), "bad_utf8"),
        (b"\xfe\xffa".to_vec(), (1, 1), "bad_utf8"),
        (b"a: \xc3".to_vec(), (1, 4), "bad_utf8"),
        (b"\xc3\xa4: \0".to_vec(), (1, 4), "bad_character"),
    ] {
        let read = read(&mut Files::default(), "a.yml", bytes);
        assert!(read.root.is_none());
        let d = &read.diagnostics[0];
        assert_eq!((d.code.as_str(), d.labels[0].span.line, d.labels[0].span.col), (code, place.0, place.1));
    }
}

#[test]
fn a_value_from_outside_has_no_expressions() {
    let read = read_value(FileId(0), "{a: '{{ x }}', b: 3}");
    assert_eq!(show(&read.root.unwrap()), "{a: \"{{ x }}\", b: 3`3`}");
    assert_eq!(read_value(FileId(0), "3").root.map(|n| n.kind), {
        Some(NodeKind::Literal { value: Value::Int(3), text: Some("3".into()) })
    });
}
