//! aurak's side: starts a supervisor and follows it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::Stdio;
use std::time::Duration;

use aurak_api::CancelToken;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{CommandSpec, Ended, Supervisor};

/// More of a command's standard output is not kept. A JSON object that describes a resource is far
/// smaller; without a limit a command in a loop would fill the memory.
const MAX_STDOUT: usize = 4 << 20;

/// How much of the end of standard error an error can show.
const STDERR_TAIL: usize = 4096;

/// Once a command has ended, its output is there at once. What it left running in the background
/// may keep the pipes open, and is not waited for.
const DRAIN: Duration = Duration::from_millis(500);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// With this exit status.
    Exit(i32),
    /// By this signal, which was not sent by us.
    Signal(i32),
    /// It took too long and was ended.
    TimedOut,
    /// It was cancelled and ended.
    Cancelled,
}

/// What a command said.
#[derive(Clone)]
pub struct Output {
    /// How it ended.
    pub end: CommandEnd,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Whether it was longer than what is kept.
    pub stdout_cut: bool,
    /// The end of its standard error.
    pub stderr: Vec<u8>,
    /// Whether something came before that.
    pub stderr_cut: bool,
}

/// A command could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The supervisor could not be started.
    #[error("the supervisor `{program}` could not be started")]
    Supervisor {
        /// Its program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The command was not started; nothing happened.
    #[error("{0}")]
    NotStarted(String),
    /// The supervisor ended without a word: the command may have run.
    #[error("the supervisor of the command was killed")]
    Lost,
}

/// Runs a command under a supervisor. `limit` bounds how long it may take; `tail` is how much of
/// the end of standard error is kept beyond what is shown; `line` is called with each line of it.
/// Dropping the future ends the command.
pub async fn run(
    supervisor: &Supervisor,
    spec: &CommandSpec,
    cancel: &CancelToken,
    limit: Option<Duration>,
    tail: usize,
    line: &(dyn Fn(&str) + Send + Sync),
) -> Result<Output, CommandError> {
    let failed =
        |source| CommandError::Supervisor { program: supervisor.program.display().to_string(), source };
    let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
    ours.set_nonblocking(true).map_err(failed)?;
    let socket = UnixStream::from_std(ours).map_err(failed)?;
    let mut child = tokio::process::Command::new(&supervisor.program)
        .args(&supervisor.args)
        .arg0("aurak")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (read, mut write) = socket.into_split();

    let mut request = serde_json::to_vec(spec).map_err(|e| failed(e.into()))?;
    request.push(b'\n');
    // A supervisor that is gone already shows as an answer that does not come.
    let _ = write.write_all(&request).await;
    drop(request);

    let mut out = Kept { bytes: Vec::new(), cut: false };
    let mut err = Kept { bytes: Vec::new(), cut: false };
    let mut answer = String::new();
    let mut stopped = None;
    {
        let mut read = BufReader::new(read);
        let answering = read.read_line(&mut answer);
        let reading = async {
            tokio::join!(
                keep_start(stdout, &mut out, MAX_STDOUT),
                keep_end(stderr, &mut err, STDERR_TAIL + tail, line)
            )
        };
        let timing = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(answering, reading, timing);
        let mut read_all = false;
        loop {
            tokio::select! {
                // In this order: a command that has ended is not stopped.
                biased;
                _ = &mut answering => break,
                _ = &mut reading, if !read_all => read_all = true,
                () = cancel.cancelled(), if stopped.is_none() => {
                    stopped = Some(CommandEnd::Cancelled);
                    let _ = write.shutdown().await;
                }
                () = &mut timing, if stopped.is_none() => {
                    stopped = Some(CommandEnd::TimedOut);
                    let _ = write.shutdown().await;
                }
            }
        }
        if !read_all {
            let _ = tokio::time::timeout(DRAIN, &mut reading).await;
        }
    }
    // It has said its last word, or was killed: this does not take long.
    let _ = child.wait().await;

    let ended: Ended = serde_json::from_str(&answer).map_err(|_| CommandError::Lost)?;
    let end = match (ended, stopped) {
        (Ended::NotStarted(why), _) => return Err(CommandError::NotStarted(why)),
        // Also when it says that all is well: a program that is told to stop tidies up and says so
        // whether or not it had done its work.
        (_, Some(stopped)) => stopped,
        (Ended::Exit(code), None) => CommandEnd::Exit(code),
        (Ended::Signal(signal), None) => CommandEnd::Signal(signal),
    };
    Ok(Output { end, stdout: out.bytes, stdout_cut: out.cut, stderr: err.bytes, stderr_cut: err.cut })
}

struct Kept {
    bytes: Vec<u8>,
    cut: bool,
}

/// Reads everything and keeps its beginning.
async fn keep_start(from: Option<impl AsyncRead + Unpin>, kept: &mut Kept, most: usize) {
    let Some(mut from) = from else { return };
    let mut buffer = [0; 8192];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let room = most.saturating_sub(kept.bytes.len()).min(n);
        kept.bytes.extend_from_slice(&buffer[..room]);
        kept.cut |= room < n;
    }
}

/// Reads everything and keeps its end; says each line that is not longer than that.
async fn keep_end(
    from: Option<impl AsyncRead + Unpin>,
    kept: &mut Kept,
    most: usize,
    line: &(dyn Fn(&str) + Send + Sync),
) {
    let Some(mut from) = from else { return };
    let mut buffer = [0; 8192];
    let mut partial: Vec<u8> = Vec::new();
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let new = &buffer[..n];
        kept.bytes.extend_from_slice(new);
        if kept.bytes.len() > most {
            let cut = kept.bytes.len() - most;
            kept.bytes.drain(..cut);
            kept.cut = true;
        }
        for piece in new.split_inclusive(|b| *b == b'\n') {
            if partial.len() <= most {
                partial.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                say(&partial, most, line);
                partial.clear();
            }
        }
    }
    say(&partial, most, line);
}

/// Says a line. One that is too long is not said at all: a piece of it could end in the middle of a
/// secret, which nobody would recognise.
fn say(bytes: &[u8], most: usize, line: &(dyn Fn(&str) + Send + Sync)) {
    if bytes.len() > most {
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    if !text.is_empty() {
        line(text);
    }
}
