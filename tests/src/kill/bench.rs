//! The processes and folders of one case: a world, a stack's folder, and `aurak` run in it.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use aurak_sim::remote::{Command, CommandResult, RemoteWorld};
use aurak_sim::{Entry, MAIN, SimObject};
use rustix::process::Signal;
use tokio::runtime::Runtime;

use super::look::{Look, look};
use super::scenario::{Phase, SLOW, STACK};
use super::stop::{STOP, Stop, WRITES};
use crate::process::{Done, Folder, Running, until};

/// The variable that names the world's socket.
pub const WORLD: &str = "AURAK_TEST_WORLD";

/// How long a request takes, in milliseconds: long enough that a stop falls into it.
const LATENCY_MS: u64 = 6;
/// How long the world's second takes: a cluster of five minutes is there in under half a second.
const SECOND_MS: u64 = 1;

/// Everything that a case needs; it goes with it.
pub struct Bench {
    folder: Folder,
    world: Child,
    remote: RemoteWorld,
    runtime: Runtime,
    /// Every command and what it said.
    pub transcript: Vec<String>,
}

/// A run that came to its own end, or not.
pub enum Ran {
    /// It was killed, by us or by itself. It had said this much.
    Killed(Done),
    /// It ended by itself.
    Ended(Done),
}

impl Bench {
    /// An empty world beside an empty folder with the stack.
    pub fn new(program: &str) -> io::Result<Bench> {
        let mut folder = Folder::with_stack(program, STACK)?;
        let socket = folder.root().join("world");
        let mut world = Process::new(program)
            .arg("world")
            .arg(&socket)
            .args(["1", &LATENCY_MS.to_string(), &SECOND_MS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let there = until("the world answers", || {
            let ended = world.try_wait().ok().flatten().is_some();
            (ended || std::os::unix::net::UnixStream::connect(&socket).is_ok()).then_some(!ended)
        });
        if !matches!(there, Ok(true)) {
            let _ = world.kill();
            return Err(io::Error::other("the world did not start"));
        }
        folder.set(WORLD, &socket.display().to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let remote = RemoteWorld::new(&socket);
        let mut bench = Bench { folder, world, remote, runtime, transcript: Vec::new() };
        for (op, type_name, ms) in SLOW {
            bench.ask(Command::Latency { op: Some(*op), type_name: Some((*type_name).into()), ms: *ms })?;
        }
        Ok(bench)
    }

    /// Puts a command to the world.
    pub fn ask(&mut self, command: Command) -> io::Result<CommandResult> {
        self.runtime.block_on(self.remote.command(command))
    }

    /// What somebody else makes, and what goes wrong from here on.
    pub fn faults(&mut self, phase: &Phase) -> io::Result<()> {
        for (type_name, attributes) in (phase.others)() {
            let made = Command::Add { world: MAIN.into(), type_name: type_name.into(), attributes };
            match self.ask(made)? {
                CommandResult::Added(_) => {}
                other => return Err(unexpected(&other)),
            }
        }
        (phase.faults)().into_iter().try_for_each(|fault| self.ask(Command::Fault(fault)).map(drop))
    }

    /// Faults that met nothing.
    pub fn faults_left(&mut self) -> io::Result<usize> {
        match self.ask(Command::FaultsLeft)? {
            CommandResult::Faults(faults) => Ok(faults.len()),
            other => Err(unexpected(&other)),
        }
    }

    /// Runs a command to its end or to its stop.
    pub fn run(&mut self, args: &[&str], stop: Stop) -> io::Result<Ran> {
        let _ = fs::remove_file(self.notes());
        let mut command = self.folder.command(args);
        command.env(STOP, stop.to_string()).env(WRITES, self.notes());
        let began = Instant::now();
        let mut running = Running::start(command)?;
        if let Stop::At(instant) = stop {
            std::thread::sleep(instant.saturating_sub(began.elapsed()));
            if !running.has_ended()? {
                running.signal(Signal::KILL)?;
            }
        }
        let done = running.end()?;
        let how = done.code.map_or("killed".to_string(), |code| format!("exit {code}"));
        self.transcript.push(format!(
            "$ aurak {}   # stop {stop}: {how}\n{}{}",
            args.join(" "),
            done.stdout,
            done.stderr
        ));
        match (done.code, done.signal) {
            (Some(_), _) => Ok(Ran::Ended(done)),
            (None, Some(signal)) if signal == Signal::KILL.as_raw() => Ok(Ran::Killed(done)),
            (None, signal) => {
                Err(io::Error::other(format!("a run was ended by {signal:?}, which nobody sent")))
            }
        }
    }

    /// The writes of the last run, in order.
    pub fn writes(&self) -> Vec<String> {
        fs::read_to_string(self.notes()).unwrap_or_default().lines().map(str::to_string).collect()
    }

    fn notes(&self) -> PathBuf {
        self.folder.root().join("writes")
    }

    /// The text of a file in the stack's folder.
    pub fn read(&self, path: &str) -> String {
        self.folder.read(path)
    }

    /// Writes the stack anew.
    pub fn write(&self, text: &str) -> io::Result<()> {
        self.folder.write("aurak.yaml", text)
    }

    /// Looks at the world and the state, once requests of dead runs have come to their end.
    pub fn look(&mut self) -> io::Result<Look> {
        let mut seen: (Vec<SimObject>, Vec<Entry>) = Default::default();
        until("the world is at rest", || {
            seen = (self.objects().ok()?, self.log().ok()?);
            seen.1.iter().all(|entry| !entry.result.is_empty()).then_some(())
        })?;
        seen.0 = self.objects()?;
        let store = self.folder.state(".aurak/demo").map_err(io::Error::other)?;
        let doc = self.runtime.block_on(aurak_state::Store::document(&store)).map_err(io::Error::other)?;
        Ok(look(&seen.0, &seen.1, &doc))
    }

    /// The objects of the world.
    pub fn objects(&mut self) -> io::Result<Vec<SimObject>> {
        match self.ask(Command::Objects)? {
            CommandResult::Objects(objects) => Ok(objects),
            other => Err(unexpected(&other)),
        }
    }

    /// The requests that it saw.
    pub fn log(&mut self) -> io::Result<Vec<Entry>> {
        match self.ask(Command::Log)? {
            CommandResult::Log(log) => Ok(log),
            other => Err(unexpected(&other)),
        }
    }

    /// Processes that outlived their runs.
    pub fn left_behind(&self) -> Vec<String> {
        self.folder.left_behind()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.world.kill();
        let _ = self.world.wait();
    }
}

/// How long something took.
pub fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (what(), began.elapsed())
}

fn unexpected(result: &CommandResult) -> io::Error {
    io::Error::other(format!("the world answered {result:?}"))
}
