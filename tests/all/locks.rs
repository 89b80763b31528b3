//! One run at a time: who has the lock, how others wait, when they take over, and what a run does
//! that was stopped for longer than its lock lasts: nothing any more.

use std::time::{Duration, Instant};

use aurak_model::Record;
use aurak_state::{Clock, Store, SystemClock};
use aurak_tests::process::{Done, Folder, Running, until};
use rustix::process::Signal;

use crate::AURAK;

/// The first command says that it runs, and waits until it may end. The second is called when the
/// first has ended, and writes down for whom.
const STACK: &str = r#"
aurak: 1
name: demo
resources:
  first:
    type: core.command
    create: "touch started; while [ ! -e go ]; do sleep 0.01; done; touch made"
    read: "[ -e made ] || exit 4"
    delete: "rm made"
  nap: { type: core.sleep, create: 600ms }
  second:
    type: core.command
    create: "echo $AURAK_IDEMPOTENCY_KEY >> calls"
    environment: { AFTER: "{{ first.id }} {{ nap.id }}" }
"#;

/// Time that a machine needs which compiles beside the test, and less than a lock lasts.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A run whose first command has begun and waits for `go`.
fn begun(folder: &Folder, args: &[&str]) -> Running {
    let running = folder.start(args).unwrap();
    until("the first command runs", || folder.path("started").exists().then_some(())).unwrap();
    running
}

fn go(folder: &Folder) {
    folder.write("go", "").unwrap();
}

/// Waits until a process says something beside.
fn says(running: &Running, what: &str) {
    until(what, || running.said().1.contains(what).then_some(())).unwrap();
}

fn calls(folder: &Folder) -> Vec<String> {
    folder.read("calls").lines().map(str::to_string).collect()
}

/// A plan that finds nothing to do, a state without faults, and nobody left.
fn is_in_order(folder: &Folder) {
    let plan = folder.run(&["plan", "--exit-code", "--state", "state"]).unwrap();
    assert_eq!(plan.code, Some(0), "{plan:?}");
    let check = folder.run(&["state", "check", "--state", "state"]).unwrap();
    assert_eq!((check.code, check.stdout.as_str()), (Some(0), "the state is in order\n"), "{check:?}");
    assert_eq!(folder.left_behind(), [""; 0]);
}

const APPLY: &[&str] = &["apply", "--yes", "--state", "state"];
const APPLY_WHEN_FREE: &[&str] = &["apply", "--yes", "--state", "state", "--lock-timeout", "5m"];

#[test]
fn the_second_is_told_who_holds_the_lock() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let first = begun(&folder, APPLY);
    let second = folder.run(APPLY).unwrap();
    assert_eq!(second.code, Some(1), "{second:?}");
    let holder = format!("ana (process {} on ", first.id());
    for words in ["somebody else is at work on this state", &holder, "holds the lock since 20", " UTC"] {
        assert!(second.stderr.contains(words), "{words}: {}", second.stderr);
    }
    // Nothing of it is in the way of a plan, which says that things are moving.
    let plan = folder.run(&["plan", "--state", "state"]).unwrap();
    assert_eq!(plan.code, Some(0), "{plan:?}");
    let holder = format!("a run of ana (process {} on ", first.id());
    for words in [&*holder, "is going on: this plan is of a", "it was at `first`"] {
        assert!(plan.stdout.contains(words), "{words}: {}", plan.stdout);
    }
    assert!(!plan.stdout.contains("cut off"), "{}", plan.stdout);
    go(&folder);
    let first = first.end().unwrap();
    assert_eq!(first.code, Some(0), "{first:?}");
    assert_eq!(calls(&folder).len(), 1);
    is_in_order(&folder);
}

#[test]
fn with_a_lock_timeout_the_second_waits() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let first = begun(&folder, APPLY);
    let second = folder.start(APPLY_WHEN_FREE).unwrap();
    says(&second, &format!("waiting: ana (process {} on ", first.id()));
    go(&folder);
    let (first, second) = (first.end().unwrap(), second.end().unwrap());
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{first:?}\n{second:?}");
    assert!(second.stdout.contains("nothing to do"), "{second:?}");
    assert_eq!(calls(&folder).len(), 1);
    is_in_order(&folder);
}

#[test]
fn a_lock_timeout_ends() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let _first = begun(&folder, APPLY);
    let second = folder.run(&["apply", "--yes", "--state", "state", "--lock-timeout", "1s"]).unwrap();
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("waiting: "), "{second:?}");
    assert!(second.stderr.contains("somebody else is at work on this state"), "{second:?}");
}

#[test]
fn a_holder_that_is_killed_is_taken_over_at_once() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let first = begun(&folder, APPLY);
    let second = folder.start(APPLY_WHEN_FREE).unwrap();
    says(&second, "waiting: ");
    let killed = Instant::now();
    first.signal(Signal::KILL).unwrap();
    assert_eq!(first.end().unwrap().code, None);
    go(&folder);
    let second = second.end().unwrap();
    assert!(killed.elapsed() < AT_ONCE, "{:?}", killed.elapsed());
    assert_eq!(second.code, Some(0), "{second:?}");
    // A later one need not wait either.
    let third = folder.run(APPLY).unwrap();
    assert_eq!(third.code, Some(0), "{third:?}");
    assert_eq!(calls(&folder).len(), 1);
    is_in_order(&folder);
}

/// A run that is stopped while it waits for the first command, and stays so past its lease. The
/// command, which is not stopped, has ended when this returns.
fn stopped_past_its_lease(folder: &Folder) -> Running {
    let holder = begun(folder, &["apply-leased", "3000"]);
    holder.signal(Signal::STOP).unwrap();
    go(folder);
    until("the first command ends", || folder.path("made").exists().then_some(())).unwrap();
    let expires =
        block_on(async { folder.state("state").unwrap().holder().await.unwrap().unwrap().expires_ms });
    until("the lease runs out", || (SystemClock.now_ms() > expires + 100).then_some(())).unwrap();
    holder
}

/// Lets a stopped run go on, which finds that it has lost.
fn goes_on(holder: Running) -> Done {
    holder.signal(Signal::CONT).unwrap();
    let done = holder.end().unwrap();
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains("the lock on the state was lost while the run was under way"), "{done:?}");
    done
}

fn journal(folder: &Folder) -> Vec<(u64, Record)> {
    block_on(async { folder.state("state").unwrap().records(0, 10_000).await.unwrap() })
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn a_holder_that_was_stopped_past_its_lease_does_nothing_more() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let holder = stopped_past_its_lease(&folder);
    let before = journal(&folder);
    let done = goes_on(holder);
    assert!(done.stderr.contains("it ran out before it was renewed"), "{done:?}");
    assert_eq!(journal(&folder), before);
    assert_eq!(calls(&folder), [""; 0]);
    // What it left is in order for the next one.
    let next = folder.run(APPLY).unwrap();
    assert_eq!(next.code, Some(0), "{next:?}");
    assert_eq!(calls(&folder).len(), 1);
    is_in_order(&folder);
}

#[test]
fn a_holder_that_was_stopped_and_taken_over_does_nothing_more() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let holder = stopped_past_its_lease(&folder);
    let next = folder.run(APPLY).unwrap();
    assert_eq!(next.code, Some(0), "{next:?}");
    let (before, called) = (journal(&folder), calls(&folder));
    assert_eq!(called.len(), 1);
    let _ = goes_on(holder);
    assert_eq!(journal(&folder), before);
    assert_eq!(calls(&folder), called);
    is_in_order(&folder);
}

#[test]
fn of_several_first_runs_one_makes_everything() {
    let stack = "
aurak: 1
name: demo
resources:
  one: { type: core.command, create: \"echo one >> calls; sleep 0.3\" }
  two: { type: core.command, create: \"echo two >> calls; sleep 0.1\", environment: { AFTER: \"{{ one.id }}\" } }
";
    for round in 0..4 {
        let folder = Folder::with_stack(AURAK, stack).unwrap();
        // All of them find no state and plan to create everything.
        let runs: Vec<Running> = [APPLY, APPLY_WHEN_FREE, APPLY, APPLY_WHEN_FREE]
            .into_iter()
            .map(|args| folder.start(args).unwrap())
            .collect();
        let ended: Vec<Done> = runs.into_iter().map(|run| run.end().unwrap()).collect();
        let (good, others): (Vec<&Done>, Vec<&Done>) = ended.iter().partition(|done| done.code == Some(0));
        assert!(!good.is_empty(), "round {round}: {ended:?}");
        for other in others {
            assert_eq!(other.code, Some(1), "{other:?}");
            let known = ["another run began this state meanwhile", "somebody else is at work on this state"];
            assert!(known.iter().any(|words| other.stderr.contains(words)), "{other:?}");
        }
        assert_eq!(calls(&folder), ["one", "two"], "round {round}: {ended:?}");
        is_in_order(&folder);
    }
}
