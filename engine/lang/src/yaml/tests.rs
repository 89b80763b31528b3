//! What the reader makes of texts: values, places, limits.

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
    insta::assert_snapshot!(out, @r#"
    "a: 0644"
      {a: "0644"}
      `0644` is an integer with a leading zero | 1:4+4  | write 0o644 for an octal number, or quote it if text is meant: "0644"
    "a: .nan"
      {a: ".nan"}
      `.nan` is not a number that can be used | 1:4+4  | write a finite number, or quote it if text is meant: ".nan"
    "a: 1\nb: 2\na: 3"
      {a: 1`1`, b: 2`2`}
      the key `a` is there twice | 3:1+1 again here; 1:1+1 first here | remove one of them, or give it another name
    "a: {{ x }}"
      {a: {}}
      an expression must be quoted | 1:4+2 YAML reads `{` as the start of a map | put the whole value in quotes: "{{ ... }}"
    "a: {{ x }}-{{ y }}"
      nothing
      an expression must be quoted | 1:4+2 YAML reads `{` as the start of a map | put the whole value in quotes: "{{ ... }}"
    "- {{ x }}"
      [{}]
      an expression must be quoted | 1:3+2 YAML reads `{` as the start of a map | put the whole value in quotes: "{{ ... }}"
    "{a: 1}: b"
      {}
      a key must be a scalar, not a list or a map | 1:1+1  | quote it if text is meant
    "? [a]\n: b"
      {}
      a key must be a scalar, not a list or a map | 1:3+1  | quote it if text is meant
    "'{{ x }}': 1"
      {}
      a key cannot be an expression | 1:1+9  | make the whole map with an expression, such as {{ {name: value} }}, or put `!raw` on the map if the braces are meant as they stand
    ": x"
      {}
      a key is missing | 1:1+1  | write one before the `:`, or "" for the empty one
    "a: !Ref b"
      {a: "b"}
      the tag `!Ref` means nothing here | 1:9+1  | quote the value if it begins with `!`; `!raw` turns expressions off, `!!str` makes text
    "a: !!int 3"
      {a: 3`3`}
      the tag `!!int` means nothing here | 1:10+1  | leave it out: types are read from the text
    "a: !!str {b: 1}"
      {a: {b: 1`1`}}
      `!!str` goes with a scalar | 1:10+1 this is a list or a map | quote it, or use `| json` in an expression to make text of it
    "!raw a: 1"
      {a: 1`1`}
      `!raw` goes with a value, not with a key | 1:6+1  | write it behind the `:`
    "a: &x [*x]"
      {a: [null]}
      this alias stands inside of what it copies | 1:8+2 it would never end | copy a part that does not hold the alias
    "a: *none"
      nothing
      this is not YAML: no anchor before this has the name | 1:4+1  | write the anchor `&name` above it, or quote text that begins with `*`
    "*a : 1"
      nothing
      this is not YAML: no anchor before this has the name | 1:1+1  | write the anchor `&name` above it, or quote text that begins with `*`
    "<<: 3"
      {}
      `<<` takes a map, or a list of maps | 1:5+1 this is something else | to merge what an expression gives, write {{ merge(a, b) }}
    "a: 1\n---\nb: 2"
      {a: 1`1`}
      a file holds one YAML document | 2:1+3 a second one starts here | move it to a file of its own
    "a: b: c"
      nothing
      this is not YAML: a second `: ` on one line | 1:5+1  | quote text that holds `: `
    "a: 'b"
      nothing
      this is not YAML: a quote is never closed | 1:4+1  | close it with the same kind of quote
    "a: \"b\" c"
      nothing
      this is not YAML: something follows the closing quote | 1:8+1  | put all of the value into the quotes, and write a quote inside as \"
    "a: \"\\d\""
      nothing
      this is not YAML: an unknown escape in double quotes | 1:4+1  | write `\\` for a backslash, or use single quotes, which have no escapes
    "a:\n\tb: 1"
      nothing
      this is not YAML: a tab cannot indent | 2:2+1  | indent with spaces
    "a: [1, 2\nb: 3"
      nothing
      this is not YAML: a key cannot stand here | 2:2+1  | line it up with its neighbours, and see that what stands above it is complete: a `:` behind its key, its brackets closed
    "a\nb: 1"
      nothing
      this is not YAML: a key cannot stand here | 2:2+1  | line it up with its neighbours, and see that what stands above it is complete: a `:` behind its key, its brackets closed
    "- a\nb: 1"
      nothing
      this is not YAML: an entry of the list was expected here | 2:1+1  | line it up with the `-` above
    "a: @x"
      nothing
      this is not YAML: unexpected character: `@' | 1:4+1  | -
    "a: \u{1}"
      nothing
      a.yml holds a control character | 1:4+1 U+0001 | remove it, or write it as an escape such as "\x1B" in double quotes
    "#);
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
    insta::assert_snapshot!(out, @r#"
    "a: {b: x-y, c: \"ä {{ one }} {{ two }}\"}"
      1:19 exact=true {{ one }}
      1:29 exact=true {{ two }}
    "a: 'x {{ one }}'"
      1:7 exact=true {{ one }}
    "a: plain {{ one }} and {{ two }}"
      1:10 exact=true {{ one }}
      1:24 exact=true {{ two }}
    "a: !!str\n  # comment\n  &x '{{ one }}'"
      3:7 exact=true {{ one }}
    "a: |\n  first {{ one }}\n\n    é {{ two }}\n"
      2:9 exact=true {{ one }}
      4:7 exact=true {{ two }}
    "a:\n  - |2-\n     indented {{ one }}\n    {{ two }}"
      3:15 exact=true {{ one }}
      4:5 exact=true {{ two }}
    "a: >\n  folded {{ one }}\n"
      2:10 exact=true {{ one }}
    "a: >\n  folded\n  over {{ one }}\n"
      1:4 exact=false >
    "a: \"tab\\t {{ one }}\""
      1:4 exact=false "tab\t {{ one }}"
    "a: 'it''s {{ one }}'"
      1:4 exact=false 'it''s {{ one }}'
    "a: \"over\n  lines {{ one }}\""
      1:4 exact=false "
    "a: \"{{ 'q' ~ \\\"x\\\" }}\""
      1:4 exact=false "{{ 'q' ~ \"x\" }}"
    "a: '{{ \"q\" ~ one }}'"
      1:5 exact=true {{ "q" ~ one }}
    "a: |\r\n  first {{ one }}\r\n  then {{ two }}\r\n"
      2:9 exact=true {{ one }}
      3:8 exact=true {{ two }}
    "#);
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
        ("keys", "? ".repeat(200_000), "bad_key"),
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
