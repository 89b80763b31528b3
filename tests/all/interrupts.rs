//! Ctrl-C, once and twice, and a third time for those who will not wait: what runs, what is left, and
//! that the next run brings it to an end.

use std::time::{Duration, Instant};

use aurak_state::Store;
use aurak_tests::process::{Folder, PATIENCE, Running, until};
use rustix::process::Signal;

use crate::AURAK;

/// Two steps run, with room for no other; two wait, one of them for those.
const STACK: &str = r#"
aurak: 1
name: demo
resources:
  first:
    type: core.command
    create: "touch started; while [ ! -e go ]; do sleep 0.01; done; touch made"
    read: "[ -e made ] || exit 4"
  nap: { type: core.sleep, create: 300ms }
  after:
    type: core.command
    create: "echo after >> calls"
    environment: { NEEDS: "{{ first.id }} {{ nap.id }}" }
  beside:
    type: core.command
    create: "echo beside >> calls"
"#;

const APPLY: &[&str] = &["apply", "--yes", "--parallelism", "2", "--state", "state"];

/// Far less than an hour, which is what is not waited for.
const SOON: Duration = PATIENCE;

/// A run whose two steps have begun.
fn begun(folder: &Folder) -> Running {
    let running = folder.start(APPLY).unwrap();
    says(&running, "nap: creating");
    until("the first command runs", || folder.path("started").exists().then_some(())).unwrap();
    running
}

fn says(running: &Running, what: &str) {
    until(what, || running.said().0.contains(what).then_some(())).unwrap();
}

fn interrupt(running: &Running, what: &str) {
    running.signal(Signal::INT).unwrap();
    says(running, what);
}

const ONCE: &str = "stopping: nothing new is started, what runs is finished";
const TWICE: &str = "stopping now: what still runs is left";

/// The rows of the state, and the attempts that are open in it.
fn state(folder: &Folder) -> (Vec<String>, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let doc = runtime.block_on(async { folder.state("state").unwrap().document().await.unwrap() });
    let open = doc.pending.iter().map(|pending| pending.intent.address.to_string()).collect();
    (doc.rows.keys().map(ToString::to_string).collect(), open)
}

/// Runs it again with nothing in the way: everything is there then, and was made once.
fn converges(folder: &Folder) {
    folder.write("go", "").unwrap();
    let again = folder.run(APPLY).unwrap();
    assert_eq!(again.code, Some(0), "{again:?}");
    let mut calls: Vec<String> = folder.read("calls").lines().map(str::to_string).collect();
    calls.sort_unstable();
    assert_eq!(calls, ["after", "beside"]);
    let plan = folder.run(&["plan", "--exit-code", "--state", "state"]).unwrap();
    assert_eq!(plan.code, Some(0), "{plan:?}");
    let check = folder.run(&["state", "check", "--state", "state"]).unwrap();
    assert_eq!((check.code, check.stdout.as_str()), (Some(0), "the state is in order\n"), "{check:?}");
    assert_eq!(folder.left_behind(), [""; 0]);
}

#[test]
fn once_finishes_what_runs_and_starts_nothing() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let mut running = begun(&folder);
    interrupt(&running, ONCE);
    says(&running, "nap: created");
    assert!(!running.has_ended().unwrap());
    folder.write("go", "").unwrap();
    let done = running.end().unwrap();
    assert_eq!(done.code, Some(130), "{done:?}");
    for words in [
        "first: created",
        "beside, after: the run was stopped",
        "`aurak apply --state state` goes on from here",
    ] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert_eq!(state(&folder), (vec!["first".to_string(), "nap".to_string()], vec![]));
    assert_eq!(folder.read("calls"), "");
    assert_eq!(folder.left_behind(), [""; 0]);
    converges(&folder);
}

#[test]
fn twice_leaves_what_runs() {
    let folder = Folder::with_stack(AURAK, &STACK.replace("300ms", "1h")).unwrap();
    let running = begun(&folder);
    interrupt(&running, ONCE);
    let second = Instant::now();
    interrupt(&running, TWICE);
    let done = running.end().unwrap();
    assert!(second.elapsed() < SOON);
    assert_eq!(done.code, Some(130), "{done:?}");
    // What was left is no failure.
    assert!(!done.stdout.contains("error") && done.stderr.is_empty(), "{done:?}");
    for words in ["2 still going on", "the `create` command was ended because the run was cancelled"] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    // A wait that was broken off has changed nothing; of the command only a look can tell.
    assert_eq!(state(&folder), (vec![], vec!["first".to_string()]));
    assert_eq!(folder.left_behind(), [""; 0]);
    folder.write("aurak.yaml", STACK).unwrap();
    converges(&folder);
}

#[test]
fn a_third_time_ends_it_where_it_stands() {
    let stubborn = STACK.replace("touch started;", "trap '' TERM; touch started;").replace("300ms", "1h");
    let folder = Folder::with_stack(AURAK, &stubborn).unwrap();
    let running = begun(&folder);
    interrupt(&running, ONCE);
    interrupt(&running, TWICE);
    running.signal(Signal::INT).unwrap();
    let done = running.end().unwrap();
    assert_eq!(done.code, Some(130), "{done:?}");
    folder.write("aurak.yaml", STACK).unwrap();
    // The next run waits until nothing is left of the last one: the command does not see `go`.
    let again = folder.start(APPLY).unwrap();
    says(&again, "first: creating");
    assert!(!folder.path("made").exists());
    folder.write("go", "").unwrap();
    assert_eq!(again.end().unwrap().code, Some(0));
    converges(&folder);
}

#[test]
fn what_nobody_can_ask_about_is_not_made_twice() {
    let blind = STACK.replace("    read: \"[ -e made ] || exit 4\"\n", "");
    let folder = Folder::with_stack(AURAK, &blind).unwrap();
    let running = begun(&folder);
    interrupt(&running, ONCE);
    interrupt(&running, TWICE);
    assert_eq!(running.end().unwrap().code, Some(130));
    std::fs::remove_file(folder.path("started")).unwrap();
    folder.write("go", "").unwrap();
    let again = folder.run(APPLY).unwrap();
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(again.stderr.matches("nobody saw its end").count(), 1, "{again:?}");
    assert!(!folder.path("started").exists());
    assert_eq!(state(&folder).1, ["first"]);
    assert_eq!(folder.left_behind(), [""; 0]);
}

#[test]
fn a_run_that_waits_for_a_lock_is_ended_at_once() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let holder = begun(&folder);
    let waiting = folder.start(&["apply", "--yes", "--state", "state", "--lock-timeout", "1h"]).unwrap();
    until("it waits", || waiting.said().1.contains("waiting: ").then_some(())).unwrap();
    waiting.signal(Signal::TERM).unwrap();
    let done = waiting.end().unwrap();
    assert_eq!(done.code, Some(130), "{done:?}");
    assert!(done.stderr.contains("stopped; nothing was changed"), "{done:?}");
    folder.write("go", "").unwrap();
    assert_eq!(holder.end().unwrap().code, Some(0));
    converges(&folder);
}

#[test]
fn a_plan_is_ended_at_once() {
    let slow = "touch made; echo after >> calls; echo beside >> calls";
    let stack = format!(
        "aurak: 1\nname: demo\nresources:\n  slow:\n    type: core.command\n    create: \"{slow}\"\n    \
         read: \"[ -e go ] || {{ touch reading; sleep 1000; }}\"\n"
    );
    let folder = Folder::with_stack(AURAK, &stack).unwrap();
    assert_eq!(folder.run(APPLY).unwrap().code, Some(0));
    let plan = folder.start(&["plan", "--state", "state"]).unwrap();
    until("it reads", || folder.path("reading").exists().then_some(())).unwrap();
    plan.signal(Signal::INT).unwrap();
    let done = plan.end().unwrap();
    assert_eq!(done.code, Some(130), "{done:?}");
    assert_eq!(folder.left_behind(), [""; 0]);
    converges(&folder);
}

#[test]
fn a_read_keeps_to_its_timeout() {
    let stack = "aurak: 1\nname: demo\nresources:\n  slow:\n    type: core.command\n    create: \"true\"\n    \
                 read: \"[ -e go ] || sleep 1000\"\n    timeouts: { read: 1s }\n";
    let folder = Folder::with_stack(AURAK, stack).unwrap();
    assert_eq!(folder.run(APPLY).unwrap().code, Some(0));
    let plan = folder.run(&["plan", "--state", "state"]).unwrap();
    assert_eq!(plan.code, Some(1), "{plan:?}");
    assert!(plan.stderr.contains("there was no answer within 1 s, as `timeouts` says"), "{plan:?}");
    assert_eq!(folder.left_behind(), [""; 0]);
    folder.write("go", "").unwrap();
    assert_eq!(folder.run(&["plan", "--state", "state", "--exit-code"]).unwrap().code, Some(0));
}
