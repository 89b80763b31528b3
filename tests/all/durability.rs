//! What a kill cannot show: an intent is on the disk before its call leaves, an outcome before
//! anything that depends on it starts. Read from the system calls of an apply.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use aurak_tests::process::{Folder, Running, has_tool};
use aurak_tests::trace::{Shown, check};

use crate::AURAK;

const STEPS: usize = 50;

/// The calls that matter, with everything in them: environments, files, whole pages. The filter in
/// the kernel keeps the others at full speed.
const STRACE: &[&str] = &[
    "strace",
    "-f",
    "--seccomp-bpf",
    "-v",
    "-y",
    "-s",
    "65536",
    "-o",
    "../trace",
    "-e",
    "trace=fdatasync,fsync,execve,write,pwrite64",
];

/// What each step needs: some nothing, some one, some two others.
fn needs() -> BTreeMap<String, BTreeSet<String>> {
    let name = |n: usize| format!("s{n:02}");
    let of = |n: usize| [7, 11].iter().filter_map(|less| n.checked_sub(*less)).map(name).collect();
    (0..STEPS).map(|n| (name(n), of(n))).collect()
}

fn stack() -> String {
    let mut text = "aurak: 1\nname: demo\nresources:\n".to_string();
    for (step, needs) in needs() {
        let _ = write!(
            text,
            "  {step}:\n    type: core.command\n    create: [/bin/true]\n    environment:\n      STEP: {step}\n"
        );
        for need in needs {
            let _ = writeln!(text, "      AFTER_{need}: \"{{{{ {need}.id }}}}\"");
        }
    }
    text
}

/// Runs the program under strace and checks the trace.
fn traced(words: &[&str]) -> Shown {
    let folder = Folder::with_stack(AURAK, &stack()).unwrap();
    let mut command: Command = folder.under(STRACE);
    command.args(words);
    let done = Running::start(command).unwrap().end().unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    let trace = std::fs::read(folder.root().join("trace")).unwrap();
    let shown = check(&String::from_utf8_lossy(&trace), &needs());
    assert_eq!(folder.left_behind(), [""; 0]);
    shown
}

#[test]
fn the_journal_is_on_the_disk_before_what_it_speaks_of_begins() {
    if !has_tool("strace").unwrap() {
        return;
    }
    let shown = traced(&["apply", "--yes"]);
    let needed: usize = needs().values().map(BTreeSet::len).sum();
    assert_eq!(needed, 82);
    assert_eq!(shown, Shown { intents: STEPS, outcomes: needed, wrong: Vec::new() });
}

/// The variant that applies in the same way and waits: whatever the other one shows is for want of
/// waiting.
#[test]
fn the_variant_that_waits_is_in_order() {
    if !has_tool("strace").unwrap() {
        return;
    }
    let shown = traced(&["apply-leased", "30000"]);
    assert_eq!((shown.intents, shown.wrong), (STEPS, Vec::new()));
}

#[test]
fn without_waiting_for_the_disk_the_trace_shows_it() {
    if !has_tool("strace").unwrap() {
        return;
    }
    let shown = traced(&["apply-unsynchronised"]);
    assert_eq!(shown.intents, 0, "{shown:?}");
    assert!(shown.wrong.len() > STEPS, "{shown:?}");
}
