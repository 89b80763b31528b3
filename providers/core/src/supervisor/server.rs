//! The supervisor's side. It is a process of its own and does one thing, so it blocks and uses
//! threads.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitIdOptions, WaitOptions};

use super::{CommandSpec, Ended};

/// How often a process group that was told to end is looked at again: nothing can be waited on for
/// a whole group.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// How long the end of a killed group is waited for. What is stuck in the kernel for longer (a dead
/// network file system) keeps the lock by itself.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// What happens while a command runs.
enum Event {
    /// The socket closed.
    Closed,
    /// The command's first process ended. It is still to be reaped, so that its id, which is the
    /// group's, is not given to another process.
    Ended,
}

/// Runs as a supervisor: reads from the standard input what to run, and says there how it ended.
/// The exit code says only whether the supervisor could do its work.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        // There is nobody to tell: aurak is gone, or learns by the socket that this is.
        Err(_) => ExitCode::FAILURE,
    }
}

fn supervise() -> io::Result<()> {
    // A duplicate that is closed on exec: the command must not keep the socket open.
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut reader = BufReader::new(socket.try_clone()?);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.last() != Some(&b'\n') {
        return Ok(()); // aurak is gone before it said what to do.
    }
    let spec: CommandSpec = serde_json::from_slice(&line)?;
    drop(line);

    let (sender, events) = mpsc::channel();
    std::thread::spawn({
        let sender = sender.clone();
        move || {
            // Nothing more is sent. This returns when the other end closes.
            let _ = io::copy(&mut reader, &mut io::sink());
            let _ = sender.send(Event::Closed);
        }
    });

    let lock = spec.lock_file.as_deref().map(lock).transpose();
    let ended = match lock {
        Err(error) => Ended::NotStarted(format!("its lock file could not be made: {error}")),
        Ok(lock) => {
            if matches!(events.try_recv(), Ok(Event::Closed)) {
                return Ok(());
            }
            let ended = command(&spec, sender, &events);
            // Nothing is running any more, or it was left behind by a command that succeeded.
            if let Some(path) = &spec.lock_file {
                let _ = std::fs::remove_file(path);
            }
            drop(lock);
            ended
        }
    };
    let mut answer = serde_json::to_vec(&ended)?;
    answer.push(b'\n');
    (&socket).write_all(&answer)
}

/// Takes the lock. The file stays open in the command too.
fn lock(path: &std::path::Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.lock()?;
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())?;
    Ok(file)
}

fn command(spec: &CommandSpec, sender: mpsc::Sender<Event>, events: &mpsc::Receiver<Event>) -> Ended {
    let mut child = match start(spec) {
        Ok(child) => child,
        Err(why) => return Ended::NotStarted(why),
    };
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Ended::NotStarted("it has no process id".to_string());
    };
    if let Some(mut stdin) = child.stdin.take() {
        let text = spec.stdin.clone();
        // A command need not read what it is given, so a failed write says nothing.
        std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    }
    std::thread::spawn(move || {
        let exited = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) =
            rustix::process::waitid(rustix::process::WaitId::Pid(group), exited)
        {}
        let _ = sender.send(Event::Ended);
    });

    let stopped = match events.recv() {
        Ok(Event::Ended) => false,
        Ok(Event::Closed) | Err(mpsc::RecvError) => true,
    };
    if !stopped {
        // What a command that failed left in its group goes with it; what one that succeeded left
        // there was meant to stay. The first process is not reaped yet, so its id, which is the
        // group's, can be no other's.
        let failed = !succeeded(group);
        if failed {
            signal(group, Signal::KILL);
        }
        let ended = reap(&mut child);
        if failed {
            wait_for_group(group, Instant::now() + KILL_PATIENCE);
        }
        return ended;
    }
    signal(group, Signal::TERM);
    let deadline = Instant::now() + spec.grace;
    while let Ok(event) = events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if matches!(event, Event::Ended) {
            // Others of the group may need the rest of the grace: a shell ends at once, what it
            // started perhaps tidies up.
            let ended = reap(&mut child);
            if !wait_for_group(group, deadline) {
                signal(group, Signal::KILL);
                wait_for_group(group, Instant::now() + KILL_PATIENCE);
            }
            return ended;
        }
    }
    signal(group, Signal::KILL);
    let ended = reap(&mut child);
    wait_for_group(group, Instant::now() + KILL_PATIENCE);
    ended
}

fn reap(child: &mut Child) -> Ended {
    match child.wait() {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Exit(code),
            (None, signal) => Ended::Signal(signal.unwrap_or_default()),
        },
        Err(error) => Ended::NotStarted(format!("its end could not be seen: {error}")),
    }
}

fn start(spec: &CommandSpec) -> Result<Child, String> {
    // Orphans of the command come to this process, which can then see the end of the whole group.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let Some((program, args)) = spec.argv.split_first() else {
        return Err("it has no arguments".to_string());
    };
    let mut command = Command::new(program);
    command.args(args).current_dir(&spec.folder).stdin(Stdio::piped()).process_group(0);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"AURAK_") {
            command.env_remove(name);
        }
    }
    command.envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if !spec.folder.is_dir() => {
            format!("the folder `{}` is not there", spec.folder.display())
        }
        io::ErrorKind::NotFound => format!("there is no program `{program}`"),
        io::ErrorKind::PermissionDenied => format!("`{program}` may not be executed"),
        io::ErrorKind::ArgumentListTooLong => {
            "its arguments and environment (with AURAK_OUTPUT) are too long".to_string()
        }
        _ => format!("`{program}` could not be started: {error}"),
    })
}

/// Whether the first process, which has ended and is not reaped, ended well.
fn succeeded(group: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    match rustix::process::waitid(rustix::process::WaitId::Pid(group), look) {
        Ok(Some(status)) => status.exit_status() == Some(0),
        _ => false,
    }
}

fn signal(group: Pid, signal: Signal) {
    // That nobody is left to receive it is what we want.
    let _ = rustix::process::kill_process_group(group, signal);
}

/// Waits until no process of a group is left, and answers whether that came before the deadline.
fn wait_for_group(group: Pid, deadline: Instant) -> bool {
    loop {
        // Reap those that came here as orphans; then see whether others are left.
        while let Ok(Some(_)) = rustix::process::waitpgid(group, WaitOptions::NOHANG) {}
        if rustix::process::test_kill_process_group(group).is_err() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}
