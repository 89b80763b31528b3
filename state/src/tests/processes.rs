//! Two processes and one lease: killed and stopped holders.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::tests::samples::*;
use crate::{Holder, SqliteStore, Store, StoreError};

/// Tells the other process which store to open, and for how many milliseconds to take the lease.
const DIR: &str = "AURAK_TEST_STATE";
const TTL_MS: &str = "AURAK_TEST_TTL_MS";

/// The other process: takes the lease, then appends once for each line that it reads.
#[tokio::test]
async fn as_another_process() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let ttl = Duration::from_millis(std::env::var(TTL_MS).unwrap().parse().unwrap());
    let store = SqliteStore::open(dir, None).unwrap();
    let holder = Holder::new("child@here", std::process::id(), "here", None);
    let mut lease = store.acquire(holder, ttl).await.unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "\nanswer: held").unwrap();
    for line in std::io::stdin().lines() {
        let answer = match line.unwrap().as_str() {
            "append" => store.append(lease.fence, vec![begin("child", 1)]).await.map(|_| ()),
            "go on" => loop {
                let serial = store.append(lease.fence, vec![begin("child", 1)]).await.unwrap().serial;
                writeln!(out, "answer: {serial}").unwrap();
            },
            "renew" => store.renew(&lease).await.map(|renewed| lease = renewed),
            other => panic!("`{other}`"),
        };
        match answer {
            Ok(()) => writeln!(out, "answer: ok").unwrap(),
            Err(error) => writeln!(out, "answer: {error}").unwrap(),
        }
    }
}

struct Other {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Other {
    fn start(dir: &Path, ttl: Duration) -> Other {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "tests::processes::as_another_process"])
            .env(DIR, dir)
            .env(TTL_MS, ttl.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut other = Other { child, stdin, stdout };
        assert_eq!(other.answer(), "held");
        other
    }

    fn ask(&mut self, what: &str) -> String {
        writeln!(self.stdin, "{what}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the other process ended");
            if let Some(answer) = line.strip_prefix("answer: ") {
                return answer.trim_end().to_string();
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn store() -> (TempDir, SqliteStore) {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::create(dir.path(), identity(), None).unwrap();
    (dir, store)
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_killed_holder_is_taken_over_at_once() {
    let (dir, store) = store();
    let mut other = Other::start(dir.path(), LONG);
    assert_eq!(other.ask("append"), "ok");
    let error = store.acquire(holder("ada@here"), LONG).await.unwrap_err();
    let StoreError::Held { holder: by } = error else { panic!("{error}") };
    assert_eq!((by.who.as_str(), by.pid), ("child@here", other.child.id()));

    other.child.kill().unwrap();
    other.child.wait().unwrap();
    let lease = store.acquire(holder("ada@here"), LONG).await.unwrap();
    assert_eq!(lease.fence.0, 2);
    assert_eq!(store.document().await.unwrap().serial, 1);
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    for answers in [1_u64, 2, 13, 60] {
        let (dir, store) = store();
        let mut other = Other::start(dir.path(), LONG);
        let mut last = other.ask("go on");
        for _ in 1..answers {
            last = other.answer();
        }
        other.child.kill().unwrap();
        other.child.wait().unwrap();
        assert_eq!(last, answers.to_string());
        let lease = store.acquire(holder("ada@here"), LONG).await.unwrap();
        let serial = store.document().await.unwrap().serial;
        assert!(serial >= answers, "{serial} of {answers}");
        assert_eq!(store.append(lease.fence, vec![begin("ada", 1)]).await.unwrap().serial, serial + 1);
        assert_eq!(store.check().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_stopped_holder_keeps_its_time_and_no_more() {
    let (dir, store) = store();
    // Long enough to find it held after it was stopped, on a busy machine too.
    let mut other = Other::start(dir.path(), Duration::from_secs(2));
    assert_eq!(other.ask("append"), "ok");
    other.signal(Signal::STOP);
    let begun = Instant::now();
    let mut refused = 0;
    let lease = loop {
        match store.acquire(holder("ada@here"), LONG).await {
            Ok(lease) => break lease,
            Err(StoreError::Held { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "its time does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(refused > 0, "it had its lease when it was stopped");
    store.append(lease.fence, vec![begin("ada", 1)]).await.unwrap();

    other.signal(Signal::CONT);
    let lost = "the lease 1 on the state is lost: another run took over with the lease 2";
    assert_eq!(other.ask("append"), lost);
    assert_eq!(other.ask("renew"), lost);
    assert_eq!(store.document().await.unwrap().serial, 2);
}

#[tokio::test]
async fn a_holder_that_was_stopped_too_long_has_lost_it_though_nobody_took_it() {
    let (dir, store) = store();
    let mut other = Other::start(dir.path(), Duration::from_millis(1500));
    assert_eq!(other.ask("renew"), "ok");
    other.signal(Signal::STOP);
    // Its end as the store knows it, on the calendar; this machine was not suspended meanwhile.
    let end = store.holder().await.unwrap().unwrap().expires_ms;
    let clock = crate::SystemClock;
    while crate::Clock::now_ms(&clock) <= end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    other.signal(Signal::CONT);
    let lost = "the lease 1 on the state is lost: it ran out before it was renewed";
    assert_eq!(other.ask("append"), lost);
    assert_eq!(other.ask("renew"), lost);
    assert_eq!(store.document().await.unwrap().serial, 0);
}
