//! Errors: what they say, where they point, and what they suggest.

use crate::world::World;

/// Each case is an expression and the error it gives: the caret line, then the message and the help.
fn check(cases: &[(&str, &str, &str)]) {
    let world = World::new();
    let mut wrong = Vec::new();
    for (text, caret, message) in cases {
        let error = match world.eval(text) {
            Ok(value) => {
                wrong.push(format!("{text} has the value {value:?}"));
                continue;
            }
            Err(error) => error,
        };
        let got = (caret_of(text, error.start, error.end), said(&error));
        if (got.0.as_str(), got.1.as_str()) != (*caret, *message) {
            wrong.push(format!(
                "        (\n            {text:?},\n            {:?},\n            {:?},\n        ),",
                got.0, got.1
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn caret_of(text: &str, start: usize, end: usize) -> String {
    assert!(
        text.is_char_boundary(start) && text.is_char_boundary(end) && start <= end,
        "{text} {start}..{end}"
    );
    let before = text[..start].chars().count();
    let len = text[start..end].chars().count();
    format!("{}{}", " ".repeat(before), if len == 0 { "|".to_string() } else { "^".repeat(len) })
}

fn said(error: &aurak_expr::ExprError) -> String {
    match &error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message.clone(),
    }
}

#[test]
fn names_and_attributes() {
    check(&[
        ("{{ clutser.id }}", "   ^^^^^^^", "`clutser` is not defined; did you mean `cluster`?"),
        ("é {{ clutser.id ~ 'x' }}", "     ^^^^^^^", "`clutser` is not defined; did you mean `cluster`?"),
        (
            "{{ cluster.nmae }}",
            "           ^^^^",
            "the resource `cluster` has no attribute `nmae`; did you mean `name`?",
        ),
        (
            "{{ cluster['nmae'] ~ '' }}",
            "           ^^^^^^",
            "the resource `cluster` has no attribute `nmae`; did you mean `name`?",
        ),
        (
            "{{ cluster.zzz }}",
            "           ^^^",
            "the resource `cluster` has no attribute `zzz`; it has `id`, `key`, `name`, `properties`, `status`",
        ),
        ("{{ tags.evn }}", "        ^^^", "`tags` has no key `evn`; did you mean `env`?"),
        (
            "{{ deep.m.l[5].x }}",
            "            ^",
            "`deep.m.l` has 2 items, so there is no item 5; places count from 0",
        ),
        ("{{ deep.m.l[1].y.z }}", "               ^", "`deep.m.l[1]` has no key `y`; it has `x`"),
        ("{{ deep.m['nope'] | upper }}", "          ^^^^^^", "`deep.m` has no key `nope`; it has `k`, `l`"),
        (
            "{{ pools.name }}",
            "         ^^^^",
            "`pools` is a list and has no attribute `name`; take one item (`[0]`, `| first`) or an attribute of each (`| map(attribute='name')`)",
        ),
        (
            "{{ null_value.x.y }}",
            "              ^",
            "`null_value` is null and has no attribute `x`; put `| default(...)` behind `.x` where it may be null",
        ),
        (
            "{{ absent.id }}",
            "          ^^",
            "the resource `absent` is not there: its `when` is false; write `absent.id if absent else ...`",
        ),
        (
            "{{ 1 + absent.id }}",
            "              ^^",
            "the resource `absent` is not there: its `when` is false; write `absent.id if absent else ...`",
        ),
        ("{{ null }}", "   ^^^^", "`null` is not defined; write `none`"),
        ("{{ secret.x }}", "          ^", "`secret` is sensitive and has no such part"),
        ("{{ all_hidden.x }}", "              ^", "`all_hidden` has no key `x`"),
        ("{{ mixed.x }}", "         ^", "`mixed` has no key `x`; it has `hidden`, `open`"),
        ("{{ no_nodes.x.id }}", "            ^", "the resource `no_nodes` has no attribute `x`; it is empty"),
        ("{{ [1, nope, 3] }}", "       ^^^^", "`nope` is not defined"),
        ("{{ {'a': nope} }}", "         ^^^^", "`nope` is not defined"),
        ("{{ (a if nope else b) }}", "         ^^^^", "`nope` is not defined"),
        ("{{ tags | attr('x') }}", "          ^^^^", "the value has no key `x`; it has `env`, `team`"),
    ]);
}

#[test]
fn syntax() {
    check(&[
        ("{{ }}", "  ^", "there is no expression here; write a name, such as `{{ cluster.id }}`"),
        (
            "a {{ b",
            "  ^^",
            "`{{` is not closed; write `}}` after the expression; where the braces are meant as text, write `!raw` before the value",
        ),
        (
            "{{ $labels.instance }}",
            "   ^",
            "`$` cannot begin an expression; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ .Values.image }}",
            "   ^",
            "`.` cannot begin an expression; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{- .Values.image }}",
            "  ^",
            "`{{-` trims white space in other template languages, and means nothing here; write `!raw` before the value if this is text for Helm, Go templates or Prometheus; to negate a number, put a space before the `-`",
        ),
        (
            "{{ include \"x\" . }}",
            "           ^^^",
            "`\"x\"` cannot follow here: the expression before it is complete; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ if .Values.x }}",
            "   ^^",
            "`if` stands where a value should; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ end }}",
            "   ^^^",
            "`end` is not defined; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ toYaml .Values.x | indent 2 }}",
            "                             ^",
            "`2` cannot follow here: the expression before it is complete; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ range $i, $e := .x }}",
            "         ^",
            "unexpected `$`; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ x -}}",
            "     ^",
            "the expression ends where a value should follow; write `!raw` before the value if this is text for Helm, Go templates or Prometheus",
        ),
        (
            "{{ a b }}",
            "     ^",
            "`b` cannot follow here: the expression before it is complete; put an operator between them, such as `~`, which joins text",
        ),
        (
            "{{ a + }}",
            "     ^",
            "the expression ends where a value should follow; write what is missing, or take out what it belongs to",
        ),
        (
            "{{ a = b }}",
            "     ^",
            "`=` cannot follow here: the expression before it is complete; compare with `==`",
        ),
        ("{{ a && b }}", "     ^", "unexpected `&`; write `and`, `or`, `not`"),
        ("{{ a ? b : c }}", "     ^", "unexpected `?`; write `a if condition else b`"),
        ("{{ (a }}", "    ^", "the expression ends where `)` should follow; close the bracket"),
        (
            "{{ [1, 2 }} x",
            "       ^",
            "the expression ends where `,` or the closing bracket should follow; close the bracket",
        ),
        (
            "{{ a.  }}",
            "    ^",
            "the expression ends where a name should follow; write the name of an attribute, or take out the dot",
        ),
        (
            "{{ a[ }}",
            "    ^",
            "the expression ends where a value should follow; write what is missing, or take out what it belongs to",
        ),
        ("{{ 'it }}", "   ^", "this quote is not closed; close the quote before the `}}`"),
        (
            "{{ a | }}",
            "     ^",
            "the expression ends where a name should follow; write the name of a filter or test, such as `| length`",
        ),
        (
            "{{ a is }}",
            "     ^^",
            "the expression ends where a name should follow; write the name of a filter or test, such as `| length`",
        ),
        ("{{ !a }}", "   ^", "unexpected `!`"),
        (
            "{{ 1__0 2 }}",
            "        ^",
            "`2` cannot follow here: the expression before it is complete; put an operator between them, such as `~`, which joins text",
        ),
        ("{{ '\\ud800' }}", "          ^", "bad string escape"),
        ("{{ é }}", "   ^", "unexpected `é`"),
        ("{{ a }} {{ é.b }}", "             ^", "unexpected `b`"),
        ("{{ f(a=1, 2) }}", "          ^", "non-keyword arg after keyword arg"),
        (
            "{{ not not }}",
            "       ^^^",
            "the expression ends where a value should follow; write what is missing, or take out what it belongs to",
        ),
        (
            "x {{ a ~ ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((( }}",
            "                                                                                                            ^",
            "this expression nests too deeply; name parts of it with `let`",
        ),
    ]);
}

#[test]
fn calls() {
    check(&[
        ("{{ s | uper }}", "       ^^^^", "there is no filter `uper`; did you mean `| upper`?"),
        ("{{ s | to_json }}", "       ^^^^^^^", "there is no filter `to_json`; did you mean `| json`?"),
        ("{{ s | toYaml }}", "       ^^^^^^", "there is no filter `toYaml`; did you mean `| yaml`?"),
        ("{{ s | zzz }}", "       ^^^", "there is no filter `zzz`"),
        ("{{ s | env }}", "       ^^^", "there is no filter `env`; `env` is a function: write `env(...)`"),
        ("{{ s is sting }}", "        ^^^^^", "there is no test `sting`; did you mean `is string`?"),
        ("{{ s is null }}", "        ^^^^", "there is no test `null`; did you mean `is none`?"),
        (
            "{{ s is startswith('a') }}",
            "        ^^^^^^^^^^",
            "there is no test `startswith`; did you mean `is startingwith`?",
        ),
        ("{{ flie('a') }}", "   ^^^^", "there is no function `flie`; did you mean `file(...)`?"),
        (
            "{{ upper(s) }}",
            "   ^^^^^",
            "there is no function `upper`; `upper` is a filter: write `... | upper`",
        ),
        (
            "{{ nope(s) }}",
            "   ^^^^",
            "there is no function `nope`; functions are `dict`, `env`, `file`, `glob`, `range`, `template`",
        ),
        ("{{ combine(a, b) }}", "   ^^^^^^^", "there is no function `combine`; did you mean `merge`?"),
        (
            "{{ s.upper() }}",
            "     ^^^^^",
            "`.upper()` is a call of a method, and values have none; write `... | upper`",
        ),
        (
            "{{ s.startswith('x') }}",
            "     ^^^^^^^^^^",
            "`.startswith()` is a call of a method, and values have none; write `... is startingwith(...)`",
        ),
        (
            "{{ tags.items() }}",
            "        ^^^^^",
            "`.items()` is a call of a method, and values have none; write `... | items`",
        ),
        (
            "{{ tags.get('x') }}",
            "        ^^^",
            "`.get()` is a call of a method, and values have none; write `x.key | default(...)`",
        ),
        ("{{ 'a'() }}", "   ^^^", "only functions can be called"),
        ("{{ self.x() }}", "        ^", "`.x()` is a call of a method, and values have none"),
        (
            "{{ words | map('uper') }}",
            "               ^^^^^^",
            "there is no filter `uper`; did you mean `| upper`?",
        ),
        (
            "{{ words | select('od') }}",
            "                  ^^^^",
            "there is no test `od`; did you mean `is odd`?",
        ),
        (
            "{{ pools | selectattr('a', 'od') }}",
            "                           ^^^^",
            "there is no test `od`; did you mean `is odd`?",
        ),
        (
            "{{ no and (s | uper) }}",
            "               ^^^^",
            "there is no filter `uper`; did you mean `| upper`?",
        ),
        ("{{ s | json(ident=2) }}", "       ^^^^", "`json` has no parameter `ident`; did you mean `indent`?"),
        ("{{ s | json(1, 2) }}", "       ^^^^", "`json` takes `indent`"),
        (
            "{{ s | default(1, 2, 3) }}",
            "       ^^^^^^^",
            "`default` takes a value and, as second argument, whether it also replaces what is empty",
        ),
        (
            "{{ list | sort(attribute=1) }}",
            "          ^^^^",
            "`attribute` of `sort` must be a string, not an integer",
        ),
    ]);
}

#[test]
fn operations() {
    check(&[
        (
            "{{ 1 + s }}",
            "   ^^^^^",
            "cannot add an integer and a string; join text with `~`; read a number from text with `| int` or `| float`",
        ),
        ("{{ tags + tags }}", "   ^^^^^^^^^^^", "cannot add a map and a map; merge maps with `merge(a, b)`"),
        (
            "{{ s ~ list }}",
            "       ^^^^",
            "a list cannot stand in text; write it as JSON with `| json`, or as YAML with `| yaml`",
        ),
        (
            "{{ s ~ none }}",
            "       ^^^^",
            "null cannot stand in text; write `| default('', true)` for nothing, or `| json` for `null`",
        ),
        (
            "x {{ tags }} y",
            "     ^^^^",
            "a map cannot stand in text; write it as JSON with `| json`, or as YAML with `| yaml`",
        ),
        (
            "x {{ null_value }}",
            "     ^^^^^^^^^^",
            "null cannot stand in text; write `| default('', true)` for nothing, or `| json` for `null`",
        ),
        ("{{ (a + b) / 0 }}", "    ^^^^^^^^^^", "division by zero"),
        ("{{ 1 if a / 0 else 2 }}", "        ^^^^^", "division by zero"),
        ("{{ 'a' < 1 and yes }}", "   ^^^^^^^", "a string and an integer have no order"),
        (
            "{{ tags | map('upper') }}",
            "          ^^^",
            "`map` takes a list, and this is a map; take its `| keys`, `| values` or `| items`",
        ),
        (
            "{{ null_value | length }}",
            "                ^^^^^^",
            "`length` takes a list, a map or text, and this is null",
        ),
        (
            "{{ 'abc' | int }}",
            "           ^^^",
            "`abc` is no whole number; `| int(default=0)` gives a number for what is none",
        ),
        (
            "{{ 'a very long text that goes on and on and on' | int }}",
            "                                                   ^^^",
            "`a very long text that goes on and on and…` is no whole number; `| int(default=0)` gives a number for what is none",
        ),
        (
            "{{ secret | int }}",
            "            ^^^",
            "this fails for a sensitive value, so the reason is not shown; try it with a harmless value of the same form",
        ),
        (
            "{{ secret ~ 1 + 1 }}",
            "   ^^^^^^^^^^^^^^",
            "this fails for a sensitive value, so the reason is not shown; try it with a harmless value of the same form",
        ),
        ("{{ file('nope.txt') }}", "   ^^^^", "there is no file `nope.txt`"),
        (
            "{{ template('bad.j2', {}) ~ 'x' }}",
            "   ^^^^^^^^",
            "`bad.j2` line 2: `nope.x` is not defined; a template sees only the variables that are given to it: `template(path, {'name': value})`",
        ),
        (
            "{{ key_by(pools, 'nope') }}",
            "   ^^^^^^",
            "item 0 of the list has no key `nope`; it has `name`, `on`, `size`",
        ),
        (
            "{{ [] | first }}",
            "        ^^^^^",
            "there is no first item: it is empty; write `| first | default(...)` where it may be empty",
        ),
        ("{{ -s }}", "   ^^", "a string has no negative"),
        ("{{ s[1:'a'] }}", "   ^^^^^^^^", "a string cannot be a bound of a slice"),
        ("{{ sealed ~ 'a' }}", "   ^^^^^^^^^^^^", "a sealed value can only be passed on"),
    ]);
}

#[test]
fn hostile_depth_is_an_error() {
    let world = World::new();
    let n = 100_000;
    for text in [
        format!("{{{{ {} a }}}}", "not ".repeat(n)),
        format!("{{{{ {} a }}}}", "- ".repeat(n)),
        format!("{{{{ {} }}}}", "(".repeat(n)),
        format!("{{{{ {}a{} }}}}", "(".repeat(n), ")".repeat(n)),
        format!("{{{{ {}{} }}}}", "[".repeat(n), "]".repeat(n)),
        format!("{{{{ {}1{} }}}}", "{'a':".repeat(n), "}".repeat(n)),
        format!("{{{{ a{} }}}}", " + a".repeat(n)),
        format!("{{{{ a{} }}}}", " ~ a".repeat(n)),
        format!("{{{{ a{} }}}}", " | string".repeat(n)),
        format!("{{{{ a{} }}}}", ".b".repeat(n)),
        format!("{{{{ a{} }}}}", "[0]".repeat(n)),
        format!("{{{{ a{} }}}}", " if a else a".repeat(n)),
        format!("{{{{ {}a{} }}}}", "json(".repeat(n), ")".repeat(n)),
        format!("{{{{ a{} }}}}", " is string".repeat(n)),
        format!("{{{{ a{} }}}}", " < a".repeat(n)),
        "{{".repeat(n),
    ] {
        let error = world.eval(&text).unwrap_err();
        assert!(error.message.len() < 200, "{}", error.message);
    }
}

#[test]
fn what_grows_beyond_reason_is_an_error() {
    let mut world = World::new();
    let mut value = aurak_model::Value::from("x");
    for _ in 0..60 {
        value = aurak_model::Value::list([value.clone(), value]);
    }
    world.names.push(("bomb".into(), crate::world::Entry::Value(value)));
    for (text, expected) in [
        ("{{ bomb }}", "the value grows beyond ten million parts"),
        ("{{ [bomb] }}", "the value grows beyond ten million parts"),
        ("{{ 'x' * 10 ** 12 }}", "the text grows beyond 16 MiB"),
        ("{{ ['x' * 10 ** 7] * 9 }}", "cannot multiply a list and an integer"),
        ("{{ ('x' * 10 ** 7) ~ ('x' * 10 ** 7) }}", "the text grows beyond 16 MiB"),
        (
            "{{ range(10) | map('string') | map('replace', '', 'x' * 10 ** 7) }}",
            "the text grows beyond 16 MiB",
        ),
        ("{{ [s, s, s, s] | map('replace', 't', 'x' * 4000000) | length }}", "4"),
        (
            "{{ 'aaaaaaaaaaaaa' | list | map('replace', 'a', 'x' * 15000000) }}",
            "this makes more than 128 MiB of text",
        ),
        ("{{ ('x' * 10 ** 7) | list }}", "the list grows beyond a million items"),
        ("{{ ('x,' * 10 ** 7) | split(',') }}", "the text grows beyond 16 MiB"),
        ("{{ ('x,' * 10 ** 6 * 2) | split(',') }}", "the list grows beyond a million items"),
        ("{{ range(10 ** 9) }}", "`range` gives more than a million numbers"),
        ("{{ [1] | batch(10 ** 9, 0) }}", "`count` of `batch` must be between 1 and 1000000"),
        ("{{ ['x' * 15000000, 'x' * 15000000] | json }}", "the text grows beyond 16 MiB"),
        ("{{ '%s%s' | format('x' * 9000000, 'x' * 9000000) }}", "the text grows beyond 16 MiB"),
    ] {
        let said = world.eval(text).map_or_else(
            |e| {
                assert!(e.end <= text.len(), "{text}");
                e.message
            },
            |v| crate::world::shown(&v),
        );
        assert_eq!(said, expected, "{text}");
    }
}

#[test]
fn what_is_just_deep_enough_fits_a_small_stack() {
    let deep = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        let world = World::new();
        for n in [30, 60, 90, 180] {
            for text in [
                format!("{{{{ {} a }}}}", "not ".repeat(n)),
                format!("{{{{ {} a }}}}", "- ".repeat(n)),
                format!("{{{{ {}a{} }}}}", "(".repeat(n / 3), ")".repeat(n / 3)),
                format!("{{{{ {}a{} }}}}", "[".repeat(n / 3), "]".repeat(n / 3)),
                format!("{{{{ {}a{} }}}}", "(not -".repeat(n / 4), ")".repeat(n / 4)),
                format!("{{{{ a{} }}}}", " + a".repeat(n)),
                format!("{{{{ a{} }}}}", " | string".repeat(n)),
                format!("{{{{ a{} }}}}", " if no else a".repeat(n / 2)),
                format!("{{{{ a{} }}}}", " if later else a".repeat(n / 2)),
                format!("{{{{ {}a{} }}}}", "json(".repeat(n / 3), ")".repeat(n / 3)),
                format!("{{{{ {}a{} }}}}", "later and (".repeat(n / 4), ")".repeat(n / 4)),
            ] {
                // Whether it is a value or an error does not matter here; that it comes back does.
                drop(world.eval(&text));
            }
        }
        true
    });
    assert!(deep.unwrap().join().unwrap());
}
