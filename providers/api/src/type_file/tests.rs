//! Type files that load, and what is said about those that do not.

use aurak_model::schema::Immutable;
use aurak_model::{Files, Kind, Path};

use super::*;

const EXAMPLE: &str = include_str!("example.yaml");

/// What is wrong with a file, as text.
fn found(text: &str) -> String {
    let mut files = Files::default();
    let Err(diagnostics) = load(&mut files, "t.yaml", text) else { return "nothing".to_string() };
    let line = |d: &Diagnostic| {
        let place = d.labels.first().map_or("?".to_string(), |label| files.place(label.span));
        let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}: {}{help}", place.trim_start_matches("t.yaml:"), d.summary)
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_read() {
    assert_eq!(found(EXAMPLE), "nothing");
    let schema = load_checked("example.yaml", EXAMPLE).unwrap();
    let at = |path: &str| schema.attribute(&Path::parse(path).unwrap()).unwrap();
    assert_eq!(schema.provider(), "example");
    assert_eq!(at("properties.osDiskType").immutable, [Immutable::When("old == 'Ephemeral'".into())]);
    assert_eq!(at("cluster").immutable, [Immutable::Always]);
    assert_eq!(at("properties.vmSize").immutable, [Immutable::Rotate]);
    assert_eq!(at("properties.version").immutable.len(), 2);
    assert_eq!(at("properties.rules[0].port").kind, Kind::Integer);
    assert_eq!(schema.timeouts.create, Some(1800));
}

#[test]
fn the_example_in_the_documentation_is_right() {
    let documentation = include_str!("mod.rs");
    let example: Vec<&str> = documentation
        .lines()
        .skip_while(|line| *line != "//! ```yaml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default())
        .collect();
    assert!(example.len() > 10);
    assert_eq!(found(&example.join("\n")), "nothing");
}

#[test]
fn a_type_that_is_written_is_read_again() {
    let schema = load_checked("example.yaml", EXAMPLE).unwrap();
    // JSON is YAML.
    let text = serde_json::to_string_pretty(&schema).unwrap();
    assert_eq!(load(&mut Files::default(), "again.yaml", &text).unwrap(), schema);
}

#[test]
fn what_is_no_type_says_where_and_why() {
    let deep = format!("name: a.b\nx: {}", "[".repeat(100));
    let large = "#".repeat((1 << 20) + 1);
    let many = format!("name: a.b\nwithin: [{}]", "a,".repeat(20_000));
    let cases = [
        "",
        "- a",
        "name: a.b\nname: c.d",
        "name: a.b\nx: &a 1\ny: *a",
        "name: a.b\nversion: !!int 1",
        "name: a.b\n---\nname: c.d",
        "name: a.b\nattributes: { x: { type: [ }",
        "name: a.b\n[a]: b",
        "attributes: {}\nkay: self.x",
        "name: a.b\nrefresh: never\nversion: one\nwithin: [\"a..b\"]",
        "name: a.b\nattributes:\n  x: { type: text }\n  y: { typ: string }\n  z: string",
        "name: a.b\nattributes:\n  x:\n    type: list\n    items: { type: object, attributes: { y: { sensitiv: true } } }",
        "name: a\nattributes: { for_each: { type: any }, 1x: {} }",
        "name: a.b\nattributes: { x: { immutable: [always, { wen: x }] }, y: { immutable: 1 }, z: { immutable: ever } }",
        &deep,
        &large,
        &many,
    ];
    let all: Vec<String> = cases.iter().map(|text| found(text)).collect();
    insta::assert_snapshot!(all.join("\n--\n"), @r#"
    1:1: the file is empty
    --
    1:1: a type is a map (begin with `name: ...`)
    --
    2:1: `name` is there twice
    --
    2:4: a type file has no anchors: write it out
    --
    2:10: a type file has no tags
    --
    2:1: a type file holds one type: put the next one into a file of its own
    --
    2:28: not YAML: while parsing a node, did not find expected node content
    --
    2:1: a key must be text
    --
    1:1: the type has no `name` (write `name: provider.type`)
    2:1: a type has no `kay` (did you mean `key`?)
    --
    2:10: `refresh`: unknown variant `never`, expected `read` or `none`
    3:10: `version`: invalid type: string "one", expected u32
    4:9: `within`: `a..b` is not a path: write it like `tags`, `properties.count`, `rules[0]` or `labels["a.b"]`
    --
    3:14: `type`: unknown variant `text`, expected one of `any`, `boolean`, `integer`, `number`, `string`, `list`, `map`, `object`
    4:8: an attribute has no `typ` (did you mean `type`?)
    5:6: an attribute is a map (write at least its type, such as `{ type: string }`)
    --
    5:47: an attribute has no `sensitiv` (did you mean `sensitive`?)
    --
    1:7: `a` is no name of a type (write it like `provider.type`)
    2:15: `for_each` has a meaning on every resource and cannot be an attribute
    2:40: `1x` is no name of an attribute
    --
    2:31: `immutable`: unknown variant `wen`, expected one of `always`, `when`, `rotate`, `rotate_when`, `refused`
    2:71: `immutable`: invalid type: integer `1`, expected a rule or a list of rules
    2:92: `immutable`: unknown variant `ever`, expected one of `always`, `when`, `rotate`, `rotate_when`, `refused`
    --
    2:67: nested too deeply
    --
    1:1: too large for a type: 1 MiB at most
    --
    2:39996: too much for a type: it has more than 20000 keys, values and brackets
    "#);
}

#[test]
fn what_makes_no_sense_says_where_and_why() {
    let text = r#"
name: a.b
key: self.nam
collection: "'x' ~ old"
serialise: self.name ~
provides: ["self.box.other"]
requires: ["self.free.anything ~ self.box.inner"]
checks: [{ that: self.nmae, at: lisst, message: no }]
within: [nme, box.other, box.inner, free.x, "list[0].k"]
replace: rotate
version: 2
upgrades: [{ from: 2, rename: { "a[0]": b } }]
attributes:
  name: { type: string, required: true, computed: true, minimum: 5, maximum: 1 }
  free: { type: any, minimum: 1 }
  box: { type: object, attributes: { inner: { type: string, optional: true } } }
  list: { type: list, keyed_by: name, items: { type: object, attributes: { k: { type: string } } } }
  size: { type: integer, default: big, enum: [a], pattern: x, set: true, additive: true, normal: json }
  text: { type: string, pattern: "[", items: {}, attributes: { x: {} }, open: true }
  when: {}
  out: { type: string, computed: true, immutable: always, changes_with: [inn] }
  in: { type: string, volatile: true, changes_with: [name], yields_when: new == old }
  pick: { type: string, enum: [a, b], default: c, immutable: { when: each.key } }
  hush: { type: string, sensitive: true, no_secrets: true, sensitive_when: self.free }
  door: { type: string, immutable: [always, { when: new }], yields_when: item.x }
  long: { type: string, pattern: "PATTERN" }
  like: { type: string, pattern: "[a-z]", example: "1" }
  plain: { type: string, example: "1" }
  none: { type: list, absent: [] }
  lost: { type: boolean, absent: 1, write_only: true }
  rules:
    type: list
    items:
      type: object
      attributes:
        size: { type: integer, yields_when: item.auto and item.inner.on, immutable: { when: item.siz > 1 } }
        inner: { type: object, attributes: { on: { type: boolean } } }
        auto: { type: boolean }
"#;
    let text = &text.replace("PATTERN", &"a".repeat(1001));
    insta::assert_snapshot!(found(text), @"
    3:6: `self.nam`: the type has no `nam`
    4:13: `'x' ~ old`: there is no `old` here (there is `self`)
    5:12: `self.name ~`: the expression ends where a value should follow (write what is missing, or take out what it belongs to)
    6:12: `self.box.other`: the type has no `box.other`
    8:18: `self.nmae`: the type has no `nmae`
    8:33: `lisst`: the type has no `lisst` (did you mean `list`?)
    9:10: `nme`: the type has no `nme` (did you mean `name`?)
    9:15: `box.other`: the type has no `box.other`
    10:10: the type does not say how it is rotated (say under `rotate.temporary` what the temporary object differs in)
    12:1: an upgrade from version 2: they go up one by one and end below 2
    12:1: `a[0]`: only keys of maps can be renamed
    14:51: `name`: `required` and `computed` contradict each other
    14:66: `name`: `minimum` is above `maximum`
    15:31: `free`: only numbers, texts, lists and maps have bounds
    16:71: `box.inner`: `optional` says only something beside `computed`
    17:33: `list`: its items have no `name`
    18:35: `size`: the default does not fit: an integer is wanted here, and this is `big`
    18:40: `size`: an `enum` lists texts
    18:60: `size`: only text can match a pattern
    18:68: `size`: only a list can be a `set`
    18:84: `size`: only a list or a map can be `additive`
    18:98: `size`: only text has a normal form
    19:34: `text`: the pattern is broken: error: unclosed character class
    19:39: `text`: only a list or a map has `items`
    19:50: `text`: only an object has `attributes`
    19:79: `text`: only an object can be `open`
    20:3: `when` has a meaning on every resource and cannot be an attribute
    21:51: `out`: nobody can change what is only computed
    21:74: `inn`: the type has no `inn` (did you mean `in`?)
    22:33: `in`: only what is computed is read on use: `volatile` needs `computed`
    22:39: `in`: only what is computed is computed again
    23:48: `pick`: the default does not fit: `c` is not allowed here
    23:70: `each.key`: there is no `each` here (there is `self`, `old`, `new`)
    24:54: `hush`: it is `sensitive` itself
    24:76: `hush`: it is always `sensitive`
    25:37: `door`: this rule always holds, so what follows it never counts
    25:74: `item.x`: there is no `item` here (there is `self`, `old`, `new`)
    26:34: `long`: the pattern is too long: 1000 bytes at most
    27:52: `like`: the example `1` does not match the pattern
    28:35: `plain`: an example is one of a `pattern`
    29:23: `none`: that something is not there means a boolean, a number or text
    30:34: `lost`: what never comes back is always left out
    30:34: `lost`: what absence means does not fit: a boolean is wanted here, and this is `1`
    36:93: `item.siz > 1`: the item has no `siz`
    ");
}

#[test]
fn what_is_rotated_says_how() {
    let type_of =
        |rest: &str| format!("name: a.b\nattributes:\n  id: {{ type: string, computed: true }}\n{rest}");
    let cases = [
        type_of("  size: { type: string, immutable: rotate }\n"),
        type_of("  size: { type: string, immutable: always }\nrotate: { temporary: { size: \"'x'\" } }\n"),
        type_of(
            "  size: { type: string, immutable: { rotate_when: new } }\nrotate: { temporary: { size: \"'x'\" } }\n",
        ),
        type_of("replace: rotate\nrotate: { temporary: { id: \"'x'\" } }\n"),
        type_of(
            "replace: rotate\nrotate: { temporary: { id: \"'x'\" }, drain: clear }\nactions: { drain: { when: self.( } }\n",
        ),
        type_of(
            "replace: rotate\nrotate: { temporary: { id: \"'x'\" }, drain: drain }\nactions: { drain: { args: { to: self.id } } }\n",
        ),
    ];
    let all: Vec<String> = cases.iter().map(|text| found(text)).collect();
    insta::assert_snapshot!(all.join("\n--\n"), @"
    2:1: the type does not say how it is rotated (say under `rotate.temporary` what the temporary object differs in)
    --
    5:1: nothing is rotated (say which attributes are: `immutable: rotate`; or `replace: rotate` for all)
    --
    nothing
    --
    nothing
    --
    5:44: the type has no action `clear` (say under `actions` what it does)
    6:27: `self.(`: unexpected `(`, expected identifier or integer
    --
    nothing
    ");
}

/// What is wrong always has a place in the file, and a type that loads is one that can be written and
/// read again.
fn holds_up(text: &str) {
    let mut files = Files::default();
    match load(&mut files, "t.yaml", text) {
        Ok(schema) => {
            let again = serde_json::to_string(&schema).unwrap();
            assert_eq!(load(&mut Files::default(), "again.yaml", &again).as_ref(), Ok(&schema), "{text}");
        }
        Err(found) => {
            let lines = u32::try_from(text.lines().count()).unwrap() + 1;
            for diagnostic in &found {
                let label = diagnostic.labels.first().unwrap_or_else(|| panic!("{diagnostic:?}"));
                assert!(
                    (1..=lines).contains(&label.span.line) && label.span.col > 0,
                    "{diagnostic:?}\n{text}"
                );
            }
        }
    }
}

#[test]
fn broken_files_say_where() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for i in 0..lines.len() {
        // A line is missing, is there twice, or is another that stands elsewhere.
        holds_up(&[&lines[..i], &lines[i + 1..]].concat().join("\n"));
        holds_up(&[&lines[..=i], &lines[i..]].concat().join("\n"));
        let mut other = lines.clone();
        other[i] = lines[(i * 7 + 3) % lines.len()];
        holds_up(&other.join("\n"));
        // A word is another sort of thing.
        for word in ["null", "-1", "[]", "{}", "1.5", "a: b: c", "\"", "\u{0}", "*x", "é: {", "self.", "'"] {
            let line = lines[i].split_once(": ").map(|(key, _)| format!("{key}: {word}"));
            let mut other: Vec<&str> = lines.clone();
            if let Some(line) = &line {
                other[i] = line;
                holds_up(&other.join("\n"));
            }
        }
    }
    for (end, _) in EXAMPLE.char_indices().step_by(11) {
        holds_up(&EXAMPLE[..end]);
    }
}

#[test]
fn what_is_for_the_driver_is_no_part_of_the_type() {
    let text = "name: t.thing\nattributes:\n  id: { type: string, computed: true }\nrest: { any: [thing] }\n";
    let mut files = Files::default();
    let with = load(&mut files, "t.yaml", text).unwrap();
    let without = load(&mut files, "t.yaml", text.split("rest").next().unwrap()).unwrap();
    assert_eq!(with, without);
    assert_eq!(load_checked("t.yaml", text).unwrap(), with);
    assert_eq!(rest("t.yaml", text).unwrap(), Some(serde_json::json!({ "any": ["thing"] })));
    assert_eq!(rest("t.yaml", "name: t.thing").unwrap(), None);
    assert!(rest("t.yaml", "[").is_err());
}

#[test]
fn what_is_missing_at_the_end_is_said_there() {
    assert_eq!(
        found("name: a.b\nc: { d: e\n\n"),
        "2:10: not YAML: while parsing a flow mapping, did not find expected ',' or '}'"
    );
    assert_eq!(
        found("name: a.b\r\nattributes: [é\r\n"),
        "2:15: not YAML: while parsing a flow sequence, expected ',' or ']'"
    );
}
