//! The soak: one process that plans and applies for as long as one likes, 64 steps at once, against a
//! world in another process where things go wrong by chance, so that what leaks or hangs has the time to
//! show.
//!
//! [`town`] is the stack and how it changes, [`round`] what is done and what has to hold after each of
//! them, [`watch`] knows at any moment what is going on, for when nothing does, [`gauge`] reads what the
//! process holds, and [`report`] judges a run. `tests/soak.sh` runs it.

pub mod gauge;
pub mod report;
pub mod round;
pub mod town;
pub mod watch;

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::process::until;
use gauge::{Gauge, ticks};
use report::Report;
use round::Soak;
use watch::Watch;

/// How long a run lasts, and what it does.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long.
    pub time: Duration,
    /// After how many rounds it ends, if that is earlier.
    pub rounds: u64,
    /// Everything that is left to chance.
    pub seed: u64,
    /// How many resources the stack has at most, more or less.
    pub resources: usize,
    /// How much of a processor it may have, in percent, in the mean and with its world.
    pub percent: u64,
    /// How many steps have to be under way at once some time.
    pub at_once: u64,
}

/// How many steps at once.
pub const AT_ONCE: usize = 64;

/// How long a request takes, in milliseconds.
const LATENCY_MS: u64 = 3;
/// How long the world's second takes: a cluster of five minutes is there in a third of a second.
const SECOND_MS: u64 = 1;

/// How often memory is looked at.
const SAMPLE: Duration = Duration::from_secs(10);
/// The fewest looks at memory of a run.
const SAMPLES: u32 = 60;
/// How often it is said how far it is.
const SAY: Duration = Duration::from_secs(30);
/// A round that takes this many times as long as the usual one hangs. The machine may be busy with
/// something else for a while.
const TOO_LONG: u32 = 20;
/// A round that is quicker than this is not judged by the usual one.
const LONG: Duration = Duration::from_secs(180);
/// Nothing at all happens for no longer than this: retries wait half a minute.
const SILENT: Duration = Duration::from_secs(120);

/// Runs it; true where all went well.
#[expect(clippy::print_stdout, reason = "it is a program")]
pub fn main(program: &str, options: &Options) -> io::Result<bool> {
    let report = run(program, options, &|line| println!("{line}"))?;
    println!("{report}");
    Ok(report.problems.is_empty())
}

/// Runs it. `say` is told how far it is.
pub fn run(program: &str, options: &Options, say: &dyn Fn(&str)) -> io::Result<Report> {
    let folder = tempfile::Builder::new().prefix("aurak-soak-").tempdir()?;
    let socket = folder.path().join("world");
    let world = World::start(program, &socket, options.seed)?;
    let world_pid = world.0.id().to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        // So that a thread which is idle is gone before threads are counted.
        .thread_keep_alive(Duration::from_millis(100))
        .build()?;
    let watch = Arc::new(Watch::default());
    let began = Instant::now();
    let (sender, ended) = mpsc::channel();
    // A thread of its own: this one watches.
    std::thread::spawn({
        let (options, watch, state) = (options.clone(), watch.clone(), folder.path().join("state"));
        let pid = world_pid.clone();
        move || {
            let outcome = Soak::new(&socket, &pid, &state, &options, watch)
                .and_then(|mut soak| runtime.block_on(soak.run(began + options.time)));
            // Nobody listens any more where this was given up.
            let _ = sender.send(outcome);
            runtime.shutdown_background();
        }
    });
    let mut report = Report::default();
    let every = SAMPLE.min(options.time / SAMPLES).max(Duration::from_millis(50));
    let mut said = began;
    let outcome = loop {
        match ended.recv_timeout(every) {
            Ok(outcome) => break outcome,
            Err(mpsc::RecvTimeoutError::Disconnected) => break Err("the run panicked".to_string()),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        report.memory.push(Gauge::of("self").rss);
        if said.elapsed() >= SAY {
            said = Instant::now();
            let cpu = (ticks("self") + ticks(&world_pid)) / began.elapsed().as_secs().max(1);
            say(&format!(
                "{:>5} s  {}  {} MiB (world {})  {cpu} % cpu",
                began.elapsed().as_secs(),
                watch.line(),
                Gauge::of("self").rss >> 10,
                Gauge::of(&world_pid).rss >> 10,
            ));
        }
        if let Some(why) = watch.hangs(LONG, TOO_LONG, SILENT) {
            break Err(format!("{why}\n{}\n{}", watch.in_flight(), watch::threads()));
        }
    };
    report.took = began.elapsed();
    report.world = Gauge::of(&world_pid);
    report.end(&watch, outcome, options.at_once);
    if !report.problems.is_empty() {
        let kept = folder.keep();
        // A disk that is full, for one, must not hide what was found.
        if let Err(error) = std::fs::write(kept.join("events"), watch.last()) {
            report.problems.push(format!("what came last could not be kept: {error}"));
        }
        report.problems.push(format!("the state and what came last are kept in {}", kept.display()));
    }
    Ok(report)
}

/// A world in a process of its own, which ends with this one.
struct World(Child);

impl World {
    fn start(program: &str, socket: &Path, seed: u64) -> io::Result<World> {
        let child = Command::new(program)
            .arg("world")
            .arg(socket)
            .args([seed, LATENCY_MS, SECOND_MS].map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut world = World(child);
        let there = until("the world answers", || {
            let ended = world.0.try_wait().ok().flatten().is_some();
            (ended || std::os::unix::net::UnixStream::connect(socket).is_ok()).then_some(!ended)
        })?;
        if !there {
            return Err(io::Error::other("the world did not start"));
        }
        Ok(world)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
