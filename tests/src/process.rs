//! `aurak` as processes, each test in a folder of its own: what only the real thing shows, such as
//! signals, locks and what reaches the disk.
//!
//! Nothing here outlives its test: a process that is dropped is killed, waiting has an end, and
//! [`Folder::left_behind`] looks for what commands started.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use aurak_state::{Key, SqliteStore, StoreError};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// After this, something that was waited for does not come. Long, because a machine that compiles
/// beside the tests is slow, and only a failure waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A stack's folder with what belongs to it: key, state, the user's own data.
pub struct Folder {
    dir: TempDir,
    program: PathBuf,
    key: String,
    variables: Vec<(String, String)>,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Done {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it printed beside.
    pub stderr: String,
}

/// A process that runs. It is killed when it is dropped.
pub struct Running {
    child: Child,
    stdout: Words,
    stderr: Words,
}

/// What a process says, as it says it.
#[derive(Default)]
struct Words {
    said: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Folder {
    /// An empty folder for a program, with a key of its own.
    pub fn new(program: &str) -> io::Result<Folder> {
        Folder::new_in(program, &std::env::temp_dir())
    }

    /// The same where nothing waits for a disk, for what needs many.
    pub fn in_memory(program: &str) -> io::Result<Folder> {
        let memory = Path::new("/dev/shm");
        match memory.is_dir() {
            true => Folder::new_in(program, memory),
            false => Folder::new(program),
        }
    }

    /// The same in another place.
    pub fn new_in(program: &str, place: &Path) -> io::Result<Folder> {
        let dir = tempfile::tempdir_in(place)?;
        for inside in ["stack", "home", "data"] {
            fs::create_dir(dir.path().join(inside))?;
        }
        let key = Key::generate().map_err(io::Error::other)?.to_base64().to_string();
        Ok(Folder { dir, program: program.into(), key, variables: Vec::new() })
    }

    /// An empty folder for a program, with this stack.
    pub fn with_stack(program: &str, stack: &str) -> io::Result<Folder> {
        let folder = Folder::new(program)?;
        folder.write("aurak.yaml", stack)?;
        Ok(folder)
    }

    /// Gives every process from now on a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_string(), value.to_string()));
    }

    /// Takes over what a command prints for a shell, as `export NAME='VALUE'`.
    pub fn evaluate(&mut self, exports: &str) {
        let said = exports.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        for (name, value) in said {
            self.set(name, value.trim_matches('\''));
        }
    }

    /// Everything that the test made.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// A place in the stack's folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("stack").join(path)
    }

    /// Writes a file of the stack's folder.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> io::Result<()> {
        fs::write(self.path(path), text)
    }

    /// The text of a file in the stack's folder; empty where it is not there.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// The key of the states.
    pub fn key(&self) -> Result<Key, StoreError> {
        Key::from_base64(&self.key)
    }

    /// Opens the state in a folder below the stack's, beside whoever writes.
    pub fn state(&self, dir: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_read_only(self.path(dir), Some(self.key()?.into()))
    }

    /// The program with arguments, in the stack's folder. Of this machine's environment it gets the
    /// search path only.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args);
        self.furnish(&mut command);
        command
    }

    /// Another program in the same surroundings; `aurak` is the last of its words.
    pub fn under(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(&self.program);
        self.furnish(&mut command);
        command
    }

    fn furnish(&self, command: &mut Command) {
        let root = self.dir.path();
        command.current_dir(root.join("stack")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", root.join("home"))
            .env("TMPDIR", root.join("home"))
            .env("XDG_DATA_HOME", root.join("data"));
        command.env("AURAK_KEY", &self.key).env("NO_COLOR", "1").env("USER", "ana");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Starts the program.
    pub fn start(&self, args: &[&str]) -> io::Result<Running> {
        Running::start(self.command(args))
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> io::Result<Done> {
        self.start(args)?.end()
    }

    /// The command lines of processes that belong to this folder and still run, once those that are
    /// just ending had a moment to do so.
    pub fn left_behind(&self) -> Vec<String> {
        let mine = self.dir.path().as_os_str().as_encoded_bytes();
        let look = || {
            let here = processes().filter(|pid| {
                fs::read(format!("/proc/{pid}/environ")).is_ok_and(|bytes| contains(&bytes, mine))
            });
            here.map(|pid| format!("{pid}: {}", command_line(pid))).collect::<Vec<String>>()
        };
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let left = look();
            if left.is_empty() || Instant::now() > until {
                return left;
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Running {
    /// Starts a process whose words are kept.
    pub fn start(mut command: Command) -> io::Result<Running> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().map(Words::of).unwrap_or_default();
        let stderr = child.stderr.take().map(Words::of).unwrap_or_default();
        Ok(Running { child, stdout, stderr })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.ok_or(io::ErrorKind::InvalidInput)?, signal).map_err(io::Error::from)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// What it said so far.
    pub fn said(&self) -> (String, String) {
        (self.stdout.so_far(), self.stderr.so_far())
    }

    /// Waits for its end.
    pub fn end(mut self) -> io::Result<Done> {
        let status = until("the process ends", || self.child.try_wait().transpose())??;
        Ok(self.done(status))
    }

    fn done(&mut self, status: ExitStatus) -> Done {
        Done {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Words {
    fn of(mut from: impl Read + Send + 'static) -> Words {
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = said.clone();
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(n @ 1..) = from.read(&mut piece) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..n]);
            }
        });
        Words { said, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.so_far()
    }
}

/// Looks again and again until there is something to see.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> io::Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        if Instant::now() > end {
            let why = format!("this was waited for, and did not come: {what}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Whether a tool is there. Where the real thing is required, it being missing is a failure.
pub fn has_tool(name: &str) -> Result<bool, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|dir| dir.join(name).is_file()) {
        return Ok(true);
    }
    missing(&format!("{name} is not installed"), "tests/install.sh installs it").map(|()| false)
}

/// Something that a test needs is missing: a failure where the real thing is required, else a skip that
/// says so.
pub fn missing(what: &str, help: &str) -> Result<(), String> {
    match std::env::var_os("AURAK_REQUIRE_REAL").is_some_and(|value| value == "1") {
        true => Err(format!("{what}; {help}")),
        false => {
            say(&format!("skipped: {what}"));
            Ok(())
        }
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn say(what: &str) {
    eprintln!("{what}");
}

/// The ids of all processes.
pub fn processes() -> impl Iterator<Item = u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The words that a process was started with, as everybody can read them.
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// Whether bytes are among others.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
