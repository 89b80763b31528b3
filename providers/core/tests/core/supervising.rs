//! What is left of a command when it, its supervisor or aurak ends: nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use aurak_api::{CancelToken, wait_for_lock};
use aurak_core::supervisor::{self, CommandEnd, CommandSpec, Output};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::{HELPER, PATIENCE, helper, until};

/// Starts a process in the background, writes down its own id and the other's, and waits.
const FAMILY: &str = "sleep 1000 & echo $$ $! > pids.new; mv pids.new pids; wait";

fn spec(folder: &Path, script: &str) -> CommandSpec {
    CommandSpec {
        argv: vec!["sh".into(), "-c".into(), script.into()],
        folder: folder.to_path_buf(),
        lock_file: Some(folder.join("locks/key-1.lock")),
        grace: Duration::from_millis(100),
        ..CommandSpec::default()
    }
}

async fn run(folder: &Path, script: &str, cancel: &CancelToken, limit: Option<Duration>) -> Output {
    supervisor::run(&helper(), &spec(folder, script), cancel, limit, 0, &|_| {}).await.unwrap()
}

async fn pids(folder: &Path) -> Vec<Pid> {
    until("the command runs", || {
        let text = fs::read_to_string(folder.join("pids")).ok()?;
        text.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
    })
    .await
}

fn lives(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}

async fn is_free(lock: &Path, limit: Duration) -> bool {
    wait_for_lock(lock, limit).await.unwrap()
}

/// An aurak that runs a command.
struct Parent {
    child: Child,
    lock: PathBuf,
}

impl Parent {
    fn start(folder: &Path, script: &str) -> Parent {
        let child = Command::new(HELPER)
            .args(["parent", folder.to_str().unwrap(), script])
            .env("AURAK_KEY", "canary")
            .env("PLAIN", "plain")
            .spawn()
            .unwrap();
        Parent { child, lock: folder.join("locks/key-1.lock") }
    }

    fn supervisor(&self) -> Pid {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        Pid::from_raw(children.trim().parse().unwrap()).unwrap()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Whether a process is stopped: the signal is on its way for a moment.
fn is_stopped(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
}

#[tokio::test]
async fn when_aurak_is_killed_the_whole_group_dies_and_then_the_lock_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(folder.path(), FAMILY);
    let family = pids(folder.path()).await;
    assert_eq!(family.len(), 2);
    assert!(!is_free(&parent.lock, Duration::ZERO).await, "the lock is not held");
    parent.kill();
    assert!(is_free(&parent.lock, PATIENCE).await, "the lock is not freed");
    assert!(!family.into_iter().any(lives), "a process is left when the lock is free");
}

#[tokio::test]
async fn when_aurak_and_the_supervisor_are_killed_the_command_keeps_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(folder.path(), FAMILY);
    let family = pids(folder.path()).await;
    let supervisor = parent.supervisor();
    // Neither may notice that the other is gone. It is aurak that is stopped: a supervisor whose parent
    // ends while it is stopped is woken by the kernel.
    let aurak = Pid::from_child(&parent.child);
    kill_process(aurak, Signal::STOP).unwrap();
    until("aurak stops", || is_stopped(aurak).then_some(())).await;
    kill_process(supervisor, Signal::KILL).unwrap();
    parent.kill();
    until("the supervisor ends", || (!lives(supervisor)).then_some(())).await;
    assert!(family.iter().all(|pid| lives(*pid)));
    assert!(!is_free(&parent.lock, Duration::ZERO).await, "the lock is free and the command runs");
    for pid in family {
        kill_process(pid, Signal::KILL).unwrap();
    }
    assert!(is_free(&parent.lock, PATIENCE).await);
}

#[tokio::test]
async fn a_command_does_not_see_the_variables_of_aurak() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(folder.path(), "env > seen");
    assert!(parent.child.wait().unwrap().success());
    let seen = fs::read_to_string(folder.path().join("seen")).unwrap();
    assert!(seen.contains("PLAIN=plain"), "{seen}");
    assert!(seen.contains("AURAK_IDEMPOTENCY_KEY=key-1"), "{seen}");
    assert!(!seen.contains("canary"), "{seen}");
}

#[tokio::test]
async fn a_cancelled_command_may_tidy_up() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::new();
    let mut spec = spec(folder.path(), &format!("trap 'echo tidy > tidied; exit 3' TERM; {FAMILY}"));
    spec.grace = PATIENCE;
    let supervisor = helper();
    let nothing = |_: &str| {};
    let running = supervisor::run(&supervisor, &spec, &cancel, None, 0, &nothing);
    let cancelling = async {
        let family = pids(folder.path()).await;
        cancel.cancel();
        family
    };
    let (output, family) = tokio::join!(running, cancelling);
    assert_eq!(output.unwrap().end, CommandEnd::Cancelled);
    assert!(folder.path().join("tidied").exists());
    assert!(!family.into_iter().any(lives));
}

#[tokio::test]
async fn a_command_that_does_not_want_to_end_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    // An ignored signal is ignored by what it starts, too.
    let script = format!("trap '' TERM; {FAMILY}");
    let limit = Some(Duration::from_millis(300));
    let output = run(folder.path(), &script, &CancelToken::new(), limit).await;
    assert_eq!(output.end, CommandEnd::TimedOut);
    assert!(!pids(folder.path()).await.into_iter().any(lives));
}

#[tokio::test]
async fn a_command_that_fails_takes_its_group_along_and_one_that_succeeds_does_not() {
    for (status, left) in [(3, false), (0, true)] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("sleep 1000 & echo $! > pids; echo out; echo err >&2; exit {status}");
        let output = run(folder.path(), &script, &CancelToken::new(), None).await;
        assert_eq!(output.end, CommandEnd::Exit(status));
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
        let background = pids(folder.path()).await[0];
        assert_eq!(lives(background), left, "exit status {status}");
        if left {
            kill_process(background, Signal::KILL).unwrap();
        }
    }
}

#[tokio::test]
async fn a_supervisor_that_is_killed_or_missing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = supervisor::Supervisor { program: "/nowhere/aurak".into(), args: Vec::new() };
    let none = CancelToken::new();
    let spec = spec(folder.path(), "kill -9 $PPID; sleep 1000");
    let error = supervisor::run(&missing, &spec, &none, None, 0, &|_| {}).await.err().unwrap();
    assert_eq!(error.to_string(), "the supervisor `/nowhere/aurak` could not be started");
    let mut lost = spec.clone();
    lost.argv[2] = "kill -9 $PPID".into();
    let error = supervisor::run(&helper(), &lost, &none, None, 0, &|_| {}).await.err().unwrap();
    assert_eq!(error.to_string(), "the supervisor of the command was killed");
}

#[tokio::test]
async fn much_output_and_input_that_nobody_reads_hold_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path(), "head -c 6000000 /dev/zero; head -c 300000 /dev/zero >&2");
    spec.stdin = "x".repeat(1 << 20);
    let output = supervisor::run(&helper(), &spec, &CancelToken::new(), None, 0, &|_| {}).await.unwrap();
    assert_eq!(output.end, CommandEnd::Exit(0));
    assert_eq!((output.stdout.len(), output.stdout_cut), (4 << 20, true));
    assert_eq!((output.stderr.len(), output.stderr_cut), (4096, true));
}
