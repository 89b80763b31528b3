//! Messages as they are drawn.

use aurak_model::Address;
use aurak_model::span::Span;
use insta::assert_snapshot;

use super::*;

fn files() -> Files {
    let mut files = Files::default();
    files.add(
        "aurak.yaml",
        "name: demo\nresources:\n  cluster:\n    type: sim.cluster\n  pools:\n    type: azure.agent_pool\n    cluster: \"{{ clutser.id }}\"\n    tags: { a: \"{{ x }}\", b: \"{{ y }}\" }\n\tname: 漢字 x\n"
            .into(),
    );
    files.add("modules/m/module.yaml", "inputs:\n  size: { type: integer }\n".into());
    files.add("gone.yaml", "".into());
    files
}

fn span(file: u32, line: u32, col: u32, len: u32) -> Span {
    Span { file: aurak_model::FileId(file), line, col, len }
}

fn typo() -> Diagnostic {
    Diagnostic::error("unknown_name", "`clutser` is not defined")
        .at(span(0, 7, 18, 7), "no input, let, resource or module has this name")
        .help("did you mean `cluster`, the resource at aurak.yaml:3:3?")
}

fn boxes(width: u16) -> Style {
    Style { colour: false, ..Style::terminal(width) }
}

#[test]
fn an_error_shows_its_line_and_a_way_out() {
    assert_snapshot!(diagnostic(&typo(), &files(), &boxes(120)), @r#"
    × `clutser` is not defined
      ╭─[aurak.yaml:7:18]
    6 │     type: azure.agent_pool
    7 │     cluster: "{{ clutser.id }}"
      ·                  ───┬───
      ·                     ╰── no input, let, resource or module has this name
      ╰────
      help: did you mean `cluster`, the resource at aurak.yaml:3:3?
    "#);
    assert_snapshot!(diagnostic(&typo(), &files(), &boxes(60)), @r#"
    × `clutser` is not defined
      ╭─[aurak.yaml:7:18]
    6 │     type: azure.agent_pool
    7 │     cluster: "{{ clutser.id }}"
      ·                  ───┬───
      ·                     ╰── no input, let, resource or
      ·                         module has this name
      ╰────
      help: did you mean `cluster`, the resource at
            aurak.yaml:3:3?
    "#);
    assert_snapshot!(diagnostic(&typo(), &files(), &Style::plain()), @r#"
    error: `clutser` is not defined
     --> aurak.yaml:7:18
    6 |     type: azure.agent_pool
    7 |     cluster: "{{ clutser.id }}"
      |                  ^^^^^^^ no input, let, resource or module has this name
      help: did you mean `cluster`, the resource at aurak.yaml:3:3?
    "#);
    assert_snapshot!(diagnostic(&typo(), &files(), &Style { width: 60, ..Style::plain() }), @r#"
    error: `clutser` is not defined
     --> aurak.yaml:7:18
    6 |     type: azure.agent_pool
    7 |     cluster: "{{ clutser.id }}"
      |                  ^^^^^^^
      |                  no input, let, resource or module has
      |                  this name
      help: did you mean `cluster`, the resource at
            aurak.yaml:3:3?
    "#);
    assert_snapshot!(diagnostic(&typo(), &files(), &Style { detail: Detail::Short, ..Style::plain() }), @"aurak.yaml:7:18: error: `clutser` is not defined");
    assert_snapshot!(diagnostic(&typo(), &files(), &Style::terminal(120)).replace('\x1b', "^"), @r#"
    ^[1m^[31m× ^[0m^[1m`clutser` is not defined^[0m
      ^[2m╭─[^[0maurak.yaml:7:18^[2m]^[0m
    ^[2m6 │ ^[0m    type: azure.agent_pool
    ^[2m7 │ ^[0m    cluster: "{{ clutser.id }}"
    ^[2m  · ^[0m                 ^[1m^[31m───┬───^[0m
    ^[2m  · ^[0m                    ^[1m^[31m╰── ^[0m^[1m^[31mno input, let, resource or module has this name^[0m
      ^[2m╰────^[0m
    ^[36m  help: ^[0mdid you mean `cluster`, the resource at aurak.yaml:3:3?
    "#);
}

#[test]
fn several_places_on_one_line_and_in_several_files() {
    let clash = Diagnostic::error("clash", "`size` cannot be both")
        .at(span(0, 8, 17, 7), "a string here")
        .at(span(0, 8, 31, 7), "a number here")
        .at(span(0, 2, 1, 9), "")
        .at(span(1, 2, 3, 4), "declared as an integer")
        .detail("Values of one list have one type.\n  x -> y\n  y -> x");
    assert_snapshot!(diagnostic(&clash, &files(), &boxes(120)), @r#"
    × `size` cannot be both
      ╭─[aurak.yaml:8:17]
    1 │ name: demo
    2 │ resources:
      · ─────────
      ⋮
    7 │     cluster: "{{ clutser.id }}"
    8 │     tags: { a: "{{ x }}", b: "{{ y }}" }
      ·                 ───┬───       ───┬───
      ·                    │             ╰── a number here
      ·                    ╰── a string here
      ├─[modules/m/module.yaml:2:3]
    1 │ inputs:
    2 │   size: { type: integer }
      ·   ──┬─
      ·     ╰── declared as an integer
      ╰────
      Values of one list have one type.
        x -> y
        y -> x
    "#);
    assert_snapshot!(diagnostic(&clash, &files(), &Style::plain()), @r#"
    error: `size` cannot be both
     --> aurak.yaml:8:17
    1 | name: demo
    2 | resources:
      | ^^^^^^^^^
      ...
    7 |     cluster: "{{ clutser.id }}"
    8 |     tags: { a: "{{ x }}", b: "{{ y }}" }
      |                 ^^^^^^^       ^^^^^^^ a number here
      |                 a string here
     --> modules/m/module.yaml:2:3
    1 | inputs:
    2 |   size: { type: integer }
      |   ^^^^ declared as an integer
      Values of one list have one type.
        x -> y
        y -> x
    "#);
}

#[test]
fn tabs_wide_characters_and_places_beyond_the_text() {
    let odd = Diagnostic::warning("odd", "odd places")
        .at(span(0, 9, 10, 1), "after wide ones")
        .at(span(0, 9, 99, 3), "beyond the line")
        .at(span(0, 99, 1, 1), "beyond the file")
        .at(span(2, 3, 4, 1), "a file without text");
    assert_snapshot!(diagnostic(&odd, &files(), &boxes(80)), @r#"
    ! odd places
       ╭─[aurak.yaml:9:10]
     8 │     tags: { a: "{{ x }}", b: "{{ y }}" }
     9 │     name: 漢字 x
       ·               ┬ ┬
       ·               │ ╰── beyond the line
       ·               ╰── after wide ones
       ⋮
       · beyond the file
       ├─[gone.yaml:3:4]
       · a file without text
       ╰────
    "#);
}

#[test]
fn a_very_long_line_is_cut_around_its_mark() {
    let mut files = Files::default();
    let line = format!("{}HERE{}THERE{}", "ab".repeat(2_500_000), "cd".repeat(500), "漢".repeat(2_000_000));
    files.add("long.yaml", line.into());
    let long = Diagnostic::error("long", "too long")
        .at(span(0, 1, 5_000_001, 4), "this")
        .at(span(0, 1, 5_001_005, 5), "and that, which is explained with rather many words here");
    let shown = diagnostic(&long, &files, &boxes(60));
    assert!(shown.lines().all(|line| text::width(line) <= 60), "{shown}");
    assert_snapshot!(shown, @"
    × too long
      ╭─[long.yaml:1:5000001]
    1 │ …abababababababHEREcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd…
      ·                ──┬─
      ·                  ╰── this
    1 │ …cdcdcdcdcdcdcdTHERE漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢…
      ·                ──┬──
      ·                  ╰── and that, which is explained with
      ·                      rather many words here
      ╰────
    ");
}

#[test]
fn no_line_is_wider_than_the_output() {
    let mut files = Files::default();
    files.add("a.yaml", format!("{}\n", "key: { a: [漢字, b], c: \"{{ d }}\" }, ".repeat(6)).into());
    for first in (1..200).step_by(7) {
        for second in (1..240).step_by(11) {
            let two = Diagnostic::error("two", "two places")
                .at(span(0, 1, first, first % 9), "which is explained in a good many words")
                .at(span(0, 1, second, second % 13), "and so is this one, with at least as many");
            for style in [boxes(60), boxes(41), Style { width: 60, ..Style::plain() }] {
                let shown = diagnostic(&two, &files, &style);
                let room = usize::from(style.width);
                assert!(shown.lines().all(|line| text::width(line) <= room), "{first} {second}\n{shown}");
            }
        }
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut files = Files::default();
    files.add("a\x1b.yaml", "x: \x1b[2Jred\u{202e}\n".into());
    let hostile =
        Diagnostic::warning("hostile", "\x1b[31mred\u{202e}").at(span(0, 1, 4, 4), "\x1b[0m").help("\x07");
    for style in [Style::terminal(80), Style::plain()] {
        let shown = diagnostic(&hostile, &files, &Style { colour: false, ..style });
        assert!(!shown.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{shown:?}");
    }
}

#[test]
fn many_messages_end_with_a_count() {
    let address = Address::parse("pools[\"a\"]").unwrap();
    let list = [
        typo(),
        Diagnostic::warning("data_loss", "holds data: 3 containers").about(&address),
        Diagnostic { severity: Severity::Note, ..Diagnostic::warning("n", "the note") },
        Diagnostic::error("e", "another:\nwith what a command said\n  about it").detail("and why"),
    ];
    assert_snapshot!(diagnostics(&list, &files(), &boxes(80)), @r#"
    × `clutser` is not defined
      ╭─[aurak.yaml:7:18]
    6 │     type: azure.agent_pool
    7 │     cluster: "{{ clutser.id }}"
      ·                  ───┬───
      ·                     ╰── no input, let, resource or module has this name
      ╰────
      help: did you mean `cluster`, the resource at aurak.yaml:3:3?

    ! pools["a"]: holds data: 3 containers

    · the note

    × another:
      with what a command said
        about it
      and why

    2 errors, 1 warning, 1 note
    "#);
    let many = vec![Diagnostic::error("e", "again"); 60];
    let shown = diagnostics(&many, &files(), &Style { detail: Detail::Short, ..Style::plain() });
    assert_eq!(shown.lines().count(), 52);
    assert!(shown.ends_with("… 10 more; --detail shows them\n60 errors\n"), "{shown}");
    assert_eq!(diagnostics(&[], &files(), &Style::plain()), "");
}
