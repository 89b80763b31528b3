//! Bad stacks through the real program: it ends with 1 and a message, never with a panic, and never
//! takes more than 300 MB, which the system enforces here. What the messages say is reviewed beside
//! the stacks in `tests/corpus/bad`; how long reading takes is asserted where they are read.

use aurak_tests::process::{Done, Folder, Running};

use crate::AURAK;

/// 300 MB of data, in the unit of `ulimit -d`.
const BOUNDED: &str = "ulimit -d 307200; exec \"$0\" \"$@\"";

fn bounded(folder: &Folder, args: &[&str]) -> Done {
    let mut command = folder.under(&["sh", "-c", BOUNDED]);
    command.args(args);
    Running::start(command).and_then(Running::end).unwrap()
}

fn refused(folder: &Folder, what: &str, args: &[&str]) {
    let done = bounded(folder, args);
    assert_eq!(done.code, Some(1), "{what}: {}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains("error"), "{what}: {}", done.stderr);
    assert!(
        !done.stderr.contains("internal error") && !done.stderr.contains("panicked"),
        "{what}: {}",
        done.stderr
    );
}

#[test]
fn every_stack_of_the_corpus_is_refused() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/bad");
    let folder = Folder::new(AURAK).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        let dir = entry.unwrap().path();
        if dir.join("aurak.yaml").exists() {
            let path = dir.to_str().unwrap();
            refused(&folder, path, &["-C", path, "plan"]);
            count += 1;
        }
    }
    assert!(count >= 30, "{count} stacks");
}

#[test]
fn huge_stacks_are_refused() {
    let head = "aurak: 1\nname: shop\nlet:\n  deep: ";
    let bomb: String = (1..12).fold("\n  a0: &a0 [x, x, x, x, x, x, x, x, x]".to_string(), |text, i| {
        let before = i - 1;
        let aliases = vec![format!("*a{before}"); 9].join(", ");
        format!("{text}\n  a{i}: &a{i} [{aliases}]")
    });
    for (what, text) in [
        ("flow", format!("{head}{}\n", "[".repeat(200_000)).into_bytes()),
        ("closed flow", format!("{head}{}{}\n", "[".repeat(200_000), "]".repeat(200_000)).into_bytes()),
        ("block", format!("{head}\n    {}\n", "- ".repeat(200_000)).into_bytes()),
        ("scalar", format!("{head}{}\n", "x".repeat(10 << 20)).into_bytes()),
        ("bomb", format!("aurak: 1\nname: shop\nlet:{bomb}\n").into_bytes()),
        ("bad UTF-8", [head.as_bytes(), &[0xff, 0xfe, b'\n']].concat()),
        ("empty", Vec::new()),
    ] {
        let folder = Folder::new(AURAK).unwrap();
        folder.write("aurak.yaml", text).unwrap();
        refused(&folder, what, &["plan"]);
    }
}

/// How deep values may read each other depends on how the program was compiled: either it is enough,
/// and the value is right, or it is an error.
#[test]
fn long_chains_are_planned_or_refused() {
    for (what, section, read) in [
        ("values that read each other", "let", "\"{{ l0 }}\""),
        ("inputs that read each other", "inputs", "{ default: \"{{ l0 }}\" }"),
    ] {
        let folder = Folder::new(AURAK).unwrap();
        folder.write("aurak.yaml", chain(section, read)).unwrap();
        match bounded(&folder, &["plan"]).code {
            Some(0) => {
                let done = bounded(&folder, &["plan"]);
                let last = done.stdout.lines().find(|line| line.contains("+ last")).unwrap_or_default();
                assert!(last.ends_with('1'), "{what}: {}", done.stdout);
            }
            _ => refused(&folder, what, &["plan"]),
        }
    }
}

/// A hundred thousand names, each of which reads the one before.
fn chain(section: &str, read: &str) -> String {
    let mut text = format!("aurak: 1\nname: shop\n{section}:\n");
    for i in 0..100_000 {
        let read = match i {
            0 => "{ default: 1 }".to_string(),
            _ => read.replace("l0", &format!("l{}", i - 1)),
        };
        text.push_str(&format!("  l{i}: {read}\n"));
    }
    text.push_str("outputs:\n  last: { value: \"{{ l99999 }}\" }\n");
    text
}
