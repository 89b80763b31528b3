//! Hostile texts and values: each ends in a clear error, on a thread of 2 MiB.

use aurak_gotemplate::{Error, ErrorKind, Limits, Map, Templates, Value, deep_equal, fmt};

use crate::functions::functions;

/// Runs on a thread as small as the default limits are made for.
fn small(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test).expect("a thread");
    thread.join().expect("no overflow and no panic");
}

fn run(text: &str, limits: Limits) -> Result<String, Error> {
    let mut templates = Templates::new("gotpl").functions(functions()).limits(limits);
    templates.parse("t", text)?;
    templates.execute("t", &Value::Map(Map::new())).map(|text| text.to_string())
}

fn refused(text: &str, limits: Limits, part: &str) {
    let error = run(text, limits).expect_err("a limit");
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.message().contains(part), "{error}");
}

#[test]
fn texts_that_nest_too_deeply_are_refused() {
    small(|| {
        for count in [900, 1100, 100_000] {
            let parens = format!("{{{{ {}1{} }}}}", "(".repeat(count), ")".repeat(count));
            let blocks = format!("{}{}", "{{ if 1 }}".repeat(count), "{{ end }}".repeat(count));
            let chain = format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 1 }}x".repeat(count));
            let open = "{{ range 1 }}".repeat(count);
            for text in [parens, blocks, chain, open] {
                match run(&text, Limits::default()) {
                    Ok(_) => {}
                    Err(error) => assert!(
                        error.message().contains("nests too deeply")
                            || error.message().contains("bytes of stack")
                            || error.message().contains("unexpected EOF"),
                        "{error}"
                    ),
                }
            }
        }
        refused(&format!("{{{{ {}1", "(".repeat(2000)), Limits::default(), "nests too deeply");
    });
}

#[test]
fn templates_that_call_themselves_are_stopped() {
    small(|| {
        for text in [
            r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#,
            r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
            r#"{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}"#,
            r#"{{ define "a" }}{{ if (or (include "a" .)) }}{{ end }}{{ end }}{{ include "a" . }}"#,
        ] {
            let error = run(text, Limits::default()).expect_err("a limit");
            assert_eq!(error.kind(), ErrorKind::Limit);
        }
    });
}

#[test]
fn depth_of_texts_and_of_calls_is_one() {
    small(|| {
        // Each level asks for as much as a text may have, on top of the levels above.
        let parens = format!("{}include \\\"a\\\" .{}", "(".repeat(150), ")".repeat(150));
        let text = format!(
            r#"{{{{ define "a" }}}}{{{{ tpl "{{{{ {parens} }}}}" . }}}}{{{{ end }}}}{{{{ include "a" . }}}}"#
        );
        let error = run(&text, Limits::default()).expect_err("a limit");
        assert_eq!(error.kind(), ErrorKind::Limit);
    });
}

#[test]
fn wide_numbers_do_not_panic() {
    for verb in ["d", "x", "U", "s", "q", "v", "e", "f", "g", "G", "b", "o", "c", "t", "T"] {
        for flags in ["", "-", "+0", "# "] {
            for size in ["70000.70000", ".70000"] {
                for value in [Value::int(-7), Value::float(1.5), Value::str("é")] {
                    let format = format!("%{flags}{size}{verb}");
                    let text = fmt::sprintf(format.as_bytes(), &[value]).expect("within the limit");
                    assert!(!text.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_thread_with_room_has_a_thousand_levels() {
    let text = r#"{{ define "a" }}{{ if . }}{{ include "a" (slice . 1) }}{{ else }}deep{{ end }}{{ end }}"#;
    let text = format!("{text}{{{{ include \"a\" {:?} }}}}", "x".repeat(1000));
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let output = run(&text, Limits { stack: 48 << 20, ..Limits::default() });
        assert_eq!(output.expect("enough room"), "deep");
    });
    thread.expect("a thread").join().expect("no overflow");
}

#[test]
fn steps_bytes_and_rounds_are_counted() {
    let few = || Limits { steps: 10_000, bytes: 10_000, ..Limits::default() };
    refused("{{ range 999999 }}{{ end }}", few(), "10000 steps");
    refused("{{ range 999999999999 }}{{ end }}", Limits::default(), "1000000 rounds");
    refused("{{ range 999 }}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ end }}", few(), "10000 bytes");
    refused(r#"{{ printf "%999999d" 1 }}"#, few(), "10000 bytes");
    refused(r#"{{ printf "%.999999f" 1.0 }}"#, few(), "10000 bytes");
    refused(r#"{{ printf "%.999999d%.999999x%0999999.1U" 1 1 1 }}"#, few(), "bytes");
    let long = r#"{{ $x := printf "%100000d" 1 }}{{ range 1000000 }}{{ if eq $x "a" }}{{ end }}{{ end }}"#;
    refused(long, Limits::default(), "50000000 steps");
    let double = r#"{{ $x := "aaaaaaaa" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}"#;
    refused(double, Limits::default(), "bytes");
}

#[test]
fn values_may_be_deep_or_contain_themselves() {
    small(|| {
        let circle = r#"{{ $m := dict }}{{ $m := set $m "m" $m }}"#;
        refused(&format!("{circle}{{{{ $m }}}}"), Limits::default(), "nests deeper");
        refused(&format!("{circle}{{{{ printf \"%#v %d\" $m 1 }}}}"), Limits::default(), "nests deeper");
        assert_eq!(
            run(&format!("{circle}{{{{ deepEqual $m $m.m }}}}"), Limits::default()).as_deref(),
            Ok("true")
        );
        let deep = "{{ $x := list 1 }}{{ range 200000 }}{{ $x = list $x }}{{ end }}";
        assert_eq!(run(&format!("{deep}{{{{ len $x }}}}"), Limits::default()).as_deref(), Ok("1"));
        refused(&format!("{deep}{{{{ $x }}}}"), Limits::default(), "nests deeper");
    });
}

#[test]
fn two_circles_are_compared() {
    let circle = || {
        let map = Map::new();
        map.set("m", Value::Map(map.clone())).expect("no nil map");
        map
    };
    let (a, b) = (circle(), circle());
    assert!(deep_equal(&Value::Map(a.clone()), &Value::Map(b.clone())));
    assert!(fmt::sprint(&[Value::Map(a.clone())]).is_err());
    a.remove("m");
    b.remove("m");
}
