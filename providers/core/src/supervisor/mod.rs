//! Commands that do not outlive aurak.
//!
//! A command is started by a supervisor: aurak itself, executed again with a hidden argument. The
//! two are joined by a socket, which is the supervisor's standard input. Through it the supervisor
//! is told what to run, so that nothing of that is in its arguments, and through it it says how the
//! command ended. When the socket closes, because aurak wants the command to end or because aurak
//! itself ended, even by SIGKILL, the supervisor ends the command's whole process group: SIGTERM
//! first, SIGKILL after a grace.
//!
//! While the command lives, the supervisor and the command hold a lock (`flock`) on the file that
//! [`aurak_api::Call::lock_file`] names. Whoever finds that lock free knows that nothing of the call
//! is running any more. The lock is taken before the command is started, and the command is only
//! started while the socket is open; so a lock that is free stays free of a call whose aurak is
//! gone. The command holds the lock too, because a supervisor can be killed as well.
//!
//! The supervisor is a process group of its own, so that a Ctrl-C in the terminal reaches aurak
//! alone, which then decides.

mod client;
mod server;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use client::{CommandEnd, CommandError, Output, run};
pub use server::main;

/// The argument that makes aurak a supervisor.
pub const ARGUMENT: &str = "__supervise";

/// How the supervisor is started: a program that calls [`main`] when it is started this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervisor {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl Supervisor {
    /// The program that is running now, whatever became of its file since.
    pub fn this_program() -> Supervisor {
        Supervisor { program: "/proc/self/exe".into(), args: vec![ARGUMENT.into()] }
    }
}

/// A command to run.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct CommandSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables on top of the environment of aurak, from which those that begin with `AURAK_` are
    /// taken out first.
    pub environment: Vec<(String, String)>,
    /// What it reads from its standard input.
    pub stdin: String,
    /// Where it runs.
    pub folder: PathBuf,
    /// The file to hold locked.
    pub lock_file: Option<PathBuf>,
    /// How long it may take between SIGTERM and SIGKILL.
    pub grace: Duration,
}

impl std::fmt::Debug for CommandSpec {
    /// Without what may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CommandSpec { argv, environment, stdin: _, folder, lock_file, grace } = self;
        f.debug_struct("CommandSpec")
            .field("argv", argv)
            .field("environment", &environment.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("folder", folder)
            .field("lock_file", lock_file)
            .field("grace", grace)
            .finish_non_exhaustive()
    }
}

/// What the supervisor says when the command has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ended {
    /// With this exit status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It was never started, and why.
    NotStarted(String),
}
