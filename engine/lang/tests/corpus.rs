//! Broken stacks, each with what is said about it in `expected.txt` beside it. Run with
//! `UPDATE_EXPECTED=1` to write these files anew, then read the difference.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aurak_lang::{LoadRequest, Loaded, MemorySources, load};
use aurak_model::Schemas;
use aurak_render::Style;

/// What a person waits for at the most until the message is there.
const PATIENCE: Duration = Duration::from_secs(2);

fn schemas() -> Schemas {
    let supervisor = aurak_core::Supervisor { program: "unused".into(), args: Vec::new() };
    let core = aurak_core::CoreType::new(aurak_core::CoreOptions { folder: PathBuf::from("."), supervisor });
    aurak_api::Registry::new().with(std::sync::Arc::new(core)).schemas()
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/bad")
}

fn read_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => read_folder(&entry.path(), &format!("{name}/"), files),
            false if name == "expected.txt" => {}
            false => {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
}

fn message(loaded: &Loaded) -> String {
    aurak_render::diagnostics::diagnostics(&loaded.diagnostics, &loaded.program.files, &Style::plain())
}

#[test]
fn bad_stacks_say_what_is_wrong() {
    let schemas = schemas();
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut cases: Vec<PathBuf> = fs::read_dir(corpus()).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 30, "the corpus is where this test looks for it");
    let mut wrong = Vec::new();
    for case in cases {
        let mut sources = MemorySources::default();
        read_folder(&case, "", &mut sources.files);
        let before = worked();
        let loaded = load(&sources, &LoadRequest::default(), &schemas);
        let text = message(&loaded);
        assert!(worked() - before < PATIENCE, "{}", case.display());
        assert!(!loaded.is_good(), "{} has no error", case.display());
        let expected = case.join("expected.txt");
        if update {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

/// How long this process has computed so far, whatever else the machine is doing.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Stacks that are too big to keep.
#[test]
fn hostile_stacks_say_what_is_wrong() {
    let head = "aurak: 1\nname: shop\nlet:\n  deep: ";
    let schemas = schemas();
    let mut out = String::new();
    for (name, body) in [
        ("flow", "[".repeat(200_000)),
        ("closed flow", format!("{}{}", "[".repeat(200_000), "]".repeat(200_000))),
        ("flow maps", "{a: ".repeat(200_000)),
        ("block", format!("\n    {}", "- ".repeat(200_000))),
        ("block maps", (2..3_000).map(|i| format!("\n{}a:", " ".repeat(2 * i))).collect()),
        ("scalar", "x".repeat(10 << 20)),
        ("quoted scalar", format!("\"{}\"", "x".repeat(10 << 20))),
        ("block scalar", format!("|\n    {}", "x ".repeat(5 << 20))),
        ("aliases", format!("&a [{}]\n  more: [{}]", "x, ".repeat(20_000), "*a, ".repeat(20))),
    ] {
        let text = format!("{head}{body}\n");
        let sources = MemorySources::of([("aurak.yaml", text.as_str())]);
        let before = worked();
        let loaded = load(&sources, &LoadRequest::default(), &schemas);
        let text = message(&loaded);
        let took = worked() - before;
        assert!(took < PATIENCE, "{name} took {took:?}");
        out.push_str(&format!("== {name}\n{text}"));
    }
    insta::assert_snapshot!(out, @r#"
    == flow
    error: lists and maps are nested more than 64 deep
     --> aurak.yaml:4:264
    3 | let:
    4 | …[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
      |                      ^ the next level starts here
      help: nothing that is configured needs this; look for brackets or dashes that were not meant

    1 error
    == closed flow
    error: lists and maps are nested more than 64 deep
     --> aurak.yaml:4:264
    3 | let:
    4 | …[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
      |                      ^ the next level starts here
      help: nothing that is configured needs this; look for brackets or dashes that were not meant

    1 error
    == flow maps
    error: lists and maps are nested more than 64 deep
     --> aurak.yaml:4:257
    3 | let:
    4 | …{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a…
      |                      ^ the next level starts here
      help: nothing that is configured needs this; look for brackets or dashes that were not meant

    1 error
    == block
    error: lists and maps are nested more than 64 deep
     --> aurak.yaml:5:129
    4 |   deep:
    5 | …- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - …
      |                      ^ the next level starts here
      help: nothing that is configured needs this; look for brackets or dashes that were not meant

    1 error
    == block maps
    error: lists and maps are nested more than 64 deep
      --> aurak.yaml:67:129
    66 |                                                                                                                   …
    67 | …                    a:
       |                      ^ the next level starts here
      help: nothing that is configured needs this; look for brackets or dashes that were not meant

    1 error
    == scalar
    error: text of 10485760 bytes is too long
     --> aurak.yaml:4:9
    3 | let:
    4 |   deep: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |         at most 1048576 bytes fit into one value
      help: put it into a file beside this one and read it with {{ file('NAME') }}

    1 error
    == quoted scalar
    error: text of 10485760 bytes is too long
     --> aurak.yaml:4:9
    3 | let:
    4 |   deep: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |         at most 1048576 bytes fit into one value
      help: put it into a file beside this one and read it with {{ file('NAME') }}

    1 error
    == block scalar
    error: text of 10485761 bytes is too long
     --> aurak.yaml:4:9
    3 | let:
    4 |   deep: |
      |         ^ at most 1048576 bytes fit into one value
      help: put it into a file beside this one and read it with {{ file('NAME') }}

    1 error
    == aliases
    error: the aliases of this file copy more than 100000 nodes
     --> aurak.yaml:5:26
    4 |   deep: &a [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x…
    5 |   more: [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, ]
      |                          ^^ this one goes beyond
      help: name the shared part with `let` and refer to it in an expression: nothing is copied

    1 error
    "#);
}
