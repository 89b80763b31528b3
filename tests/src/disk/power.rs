//! Power cuts: three runs are recorded, call by call; then the disk and the world are put together as
//! they may be at some instant of them, the run that was going on is run again, and has to end where it
//! would have. The run that puts things in order is recorded too, and cut in its turn.
//!
//! After a cut the machine has started anew: runs are recorded under another start of it than the one
//! under which they are run again, where this machine lets a process see another name of its start.
//!
//! Every resource is a command that keeps its object in a file of the world's folder, which is another
//! machine: nothing of it is lost. An object that is made a second time has two lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::kill::matrix::Chance;
use crate::process::{Done, Folder, Running};
use crate::trace::{Call, calls};

use super::image::{Contents, Image, Left};
use super::mount;

/// Makes objects, changes, deletes and makes some, and deletes all.
const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  phase: { type: integer, default: 1 }
resources:
  many:
    type: core.command
    for_each: "{{ ['a', 'b', 'c', 'd'] if phase == 1 else ['b', 'c', 'd', 'e'] }}"
    environment: { NAME: "{{ each.key }}", PHASE: "{{ phase }}" }
    create: "echo made >> ../world/$NAME"
    update: "echo changed >> ../world/$NAME"
    read: "[ -e ../world/$NAME ] || exit 4"
    delete: "rm -f ../world/$NAME"
  last:
    type: core.command
    environment: { AFTER: "{{ many | items | map('last') | map(attribute='id') | join(' ') }}" }
    create: "echo made >> ../world/last"
    update: "echo changed >> ../world/last"
    read: "[ -e ../world/last ] || exit 4"
    delete: "rm -f ../world/last"
"#;

/// The runs, and what is in the world after each.
const RUNS: &[(&[&str], &[&str])] = &[
    (&["apply", "--yes"], &["a", "b", "c", "d", "last"]),
    (&["apply", "--yes", "--var", "phase=2"], &["b", "c", "d", "e", "last"]),
    (&["destroy", "--yes"], &[]),
];

/// Everything that reaches a disk or says that something did.
const STRACE: &[&str] = &[
    "strace",
    "-f",
    "--seccomp-bpf",
    "-y",
    "-xx",
    "-s",
    "1048576",
    "-o",
    "../trace",
    "-e",
    "trace=execve,open,openat,creat,write,writev,pwrite64,pwritev,copy_file_range,sendfile,fsync,fdatasync,\
     ftruncate,truncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat",
];

/// Lets what follows see another start of the machine, the name of which is in a file.
const OTHER_START: &[&str] =
    &["sh", "-c", "mount --bind ../start /proc/sys/kernel/random/boot_id && exec \"$@\"", "sh"];

/// How many cuts of a run that puts things in order are tried.
const AGAIN: usize = 3;

/// Runs as they were recorded.
pub struct Recording {
    program: String,
    key: String,
    /// How to have another start of the machine, where that can be had.
    way: Option<&'static [&'static str]>,
    tape: Tape,
}

/// What a recording says, and what was there before it.
struct Tape {
    trace: String,
    /// The stack's folder, and the world's.
    folders: [PathBuf; 2],
    state: Contents,
    world: Contents,
    /// Addresses, and whether they were said to be there or gone.
    told: BTreeMap<String, bool>,
    /// Which of the runs is the first that is recorded.
    first: usize,
}

/// An instant of the recording, and what a cut leaves there.
pub struct Cut {
    /// The line of the trace after which it is.
    pub line: usize,
    /// All, nothing, or a seed for some.
    pub left: Option<Result<(), u64>>,
    /// The cut before, in words.
    before: Option<String>,
    run: usize,
    state: Contents,
    world: Contents,
    /// Addresses that were said to be there.
    told: Vec<String>,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let left = match self.left {
            None => "nothing that nobody waited for".to_string(),
            Some(Ok(())) => "everything".to_string(),
            Some(Err(seed)) => format!("some, seed {seed}"),
        };
        if let Some(before) = &self.before {
            write!(f, "{before}, and then ")?;
        }
        write!(f, "line {} of {:?}, leaving {left}", self.line, RUNS[self.run].0)
    }
}

/// Runs everything and takes down what it does.
pub fn record(program: &str) -> Result<Recording, String> {
    let way = mount::way()?;
    let folder = Folder::in_memory(program).map_err(text)?;
    folder.write("aurak.yaml", STACK).map_err(text)?;
    fs::create_dir(folder.root().join("world")).map_err(text)?;
    let mut trace = String::new();
    for (words, _) in RUNS {
        trace.push_str(&traced(&folder, way, "the first", words)?);
    }
    let key = folder.key().map_err(|error| error.to_string())?.to_base64().to_string();
    let tape = Tape {
        trace,
        folders: folders(&folder),
        state: Contents::new(),
        world: Contents::new(),
        told: BTreeMap::new(),
        first: 0,
    };
    Ok(Recording { program: program.to_string(), key, way, tape })
}

/// Runs a command under a start of the machine and takes down its calls.
fn traced(folder: &Folder, way: Option<&[&str]>, start: &str, words: &[&str]) -> Result<String, String> {
    fs::write(folder.root().join("start"), format!("{start}\n")).map_err(text)?;
    let started = way.map(|way| [way, OTHER_START, STRACE].concat());
    let mut command = folder.under(started.as_deref().unwrap_or(STRACE));
    command.args(words);
    let done = Running::start(command).and_then(Running::end).map_err(text)?;
    (done.code == Some(0)).then_some(()).ok_or_else(|| format!("{words:?}: {done:?}"))?;
    fs::read_to_string(folder.root().join("trace")).map_err(text)
}

fn folders(folder: &Folder) -> [PathBuf; 2] {
    [folder.path(""), folder.root().join("world")]
}

fn text(error: io::Error) -> String {
    error.to_string()
}

impl Recording {
    /// Cuts before and after every wait for the disk and at other instants, as many as are wanted.
    pub fn cuts(&self, count: usize, seed: u64) -> Result<Vec<Cut>, String> {
        self.tape.cuts(count, seed)
    }

    /// Goes on after a cut. What is wrong then, with everything that was said.
    pub fn judge(&self, cut: &Cut) -> Result<(), String> {
        let mut said = String::new();
        let result = self.go_on(cut, &mut said);
        result.map_err(|why| format!("{cut}: {why}\n{said}"))
    }

    /// Goes on after a cut, is cut off in doing so, and goes on after that.
    pub fn judge_again(&self, cut: &Cut, seed: u64) -> Result<(), String> {
        let folder = self.placed(cut).map_err(text)?;
        let trace = traced(&folder, self.way, "the second", RUNS[cut.run].0)
            .map_err(|why| format!("{cut}: {why}"))?;
        let tape = Tape {
            trace,
            folders: folders(&folder),
            state: cut.state.clone(),
            world: cut.world.clone(),
            told: cut.told.iter().map(|address| (address.clone(), true)).collect(),
            first: cut.run,
        };
        for again in tape.cuts(AGAIN, seed).map_err(|why| format!("{cut}: {why}"))? {
            self.judge(&Cut { before: Some(cut.to_string()), ..again })?;
        }
        Ok(())
    }

    /// A folder and a world as a cut left them.
    fn placed(&self, cut: &Cut) -> io::Result<Folder> {
        let mut folder = Folder::in_memory(&self.program)?;
        folder.set("AURAK_KEY", &self.key);
        let [state, world] = folders(&folder);
        fs::create_dir(&world)?;
        place(&cut.state, &state)?;
        place(&cut.world, &world)?;
        folder.write("aurak.yaml", STACK)?;
        Ok(folder)
    }

    fn go_on(&self, cut: &Cut, said: &mut String) -> Result<(), String> {
        let folder = self.placed(cut).map_err(text)?;
        let world = folder.root().join("world");
        let mut run = |words: &[&str]| -> Result<Done, String> {
            let done = folder.run(words).map_err(text)?;
            let _ = write!(
                said,
                "$ aurak {}   # {:?}\n{}{}",
                words.join(" "),
                done.code,
                done.stdout,
                done.stderr
            );
            Ok(done)
        };
        let (words, expected) = RUNS[cut.run];
        // A folder whose making was cut off is no state yet.
        if cut.state.keys().any(|path| path.ends_with("state.db")) {
            in_order(&run(&["state", "check"])?)?;
            let list = run(&["state", "list"])?.stdout;
            for address in &cut.told {
                let there = list.lines().any(|line| line.split_whitespace().next() == Some(address));
                there.then_some(()).ok_or(format!("`{address}` was said to be there and is lost"))?;
            }
        } else if !cut.told.is_empty() || !cut.world.is_empty() {
            return Err("there is something, and no state".into());
        }
        let mut done = run(words)?;
        if done.stderr.contains("is locked by") && self.way.is_none() {
            // The lock file was not on the disk, and the machine has not started anew. Whoever waits for
            // half a minute needs no unlocking.
            run(&["state", "unlock", "--yes"])?;
            done = run(words)?;
        }
        (done.code == Some(0)).then_some(()).ok_or("it does not go on")?;
        let mut there: Vec<String> = Vec::new();
        for entry in fs::read_dir(&world).map_err(text)? {
            let entry = entry.map_err(text)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let object = fs::read_to_string(entry.path()).map_err(text)?;
            if object.lines().filter(|line| *line == "made").count() != 1 {
                return Err(format!("{name} was made more than once: {object:?}"));
            }
            there.push(name);
        }
        there.sort();
        (there == expected).then_some(()).ok_or(format!("the world has {there:?}"))?;
        in_order(&run(&["state", "check"])?)?;
        if words[0] == "apply" {
            let words: Vec<&str> =
                words.iter().map(|word| if *word == "apply" { "plan" } else { word }).collect();
            let words: Vec<&str> =
                words.into_iter().map(|word| if word == "--yes" { "--exit-code" } else { word }).collect();
            (run(&words)?.code == Some(0)).then_some(()).ok_or("there is still something to do")?;
        }
        Ok(())
    }
}

impl Tape {
    /// Cuts before and after every wait for the disk and at other instants, as many as are wanted.
    fn cuts(&self, count: usize, seed: u64) -> Result<Vec<Cut>, String> {
        let mut calls = calls(&self.trace);
        calls.sort_by_key(|call| call.ended);
        let mut chance = Chance(seed);
        let mut instants: Vec<usize> = Vec::new();
        for call in calls.iter().filter(|call| matches!(call.name, "fsync" | "fdatasync")) {
            instants.extend([call.began.saturating_sub(1), call.ended]);
        }
        let lines = self.trace.lines().count() as u64;
        instants.extend((0..instants.len() / 2).map(|_| usize::try_from(chance.below(lines)).unwrap_or(0)));
        // Each with nothing left, with everything, and with some.
        let mut wanted: Vec<(usize, Option<Result<(), u64>>)> = instants
            .iter()
            .flat_map(|line| {
                let seeds = [chance.below(1 << 32), chance.below(1 << 32)];
                [None, Some(Ok(())), Some(Err(seeds[0])), Some(Err(seeds[1]))].map(|left| (*line, left))
            })
            .collect();
        while wanted.len() > count {
            let at = usize::try_from(chance.below(wanted.len() as u64)).unwrap_or(0);
            wanted.swap_remove(at);
        }
        wanted.sort();
        self.at(&calls, wanted)
    }

    fn at(
        &self,
        calls: &[Call<'_>],
        wanted: Vec<(usize, Option<Result<(), u64>>)>,
    ) -> Result<Vec<Cut>, String> {
        let [state, world] = &self.folders;
        let (mut state, mut world) = (Image::with(state, &self.state), Image::with(world, &self.world));
        let mut told = self.told.clone();
        let mut run = None;
        let mut calls = calls.iter().peekable();
        let mut cuts = Vec::new();
        for (line, left) in wanted {
            while let Some(call) = calls.next_if(|call| call.ended <= line) {
                state.take(call)?;
                world.take(call)?;
                match call.name {
                    "execve" if is_run(call) => run = Some(run.map_or(self.first, |run| run + 1)),
                    "write" if call.arguments.starts_with("1<") => listen(call, &mut told),
                    _ => {}
                }
            }
            let Some(run) = run else { continue };
            let mut chance;
            let some = match left {
                None => Left::Nothing,
                Some(Ok(())) => Left::All,
                Some(Err(seed)) => {
                    chance = Chance(seed);
                    Left::Some(&mut chance)
                }
            };
            let mut world = world.cut(Left::All);
            // An object is there with its first line; before that its request has not arrived.
            world.retain(|_, object| object.as_ref().is_none_or(|object| !object.is_empty()));
            // What was said to be there, and has not begun to go.
            let told = told.iter().filter(|(address, there)| **there && in_world(&world, address));
            let told = told.map(|(address, _)| address.clone()).collect();
            cuts.push(Cut { line, left, before: None, run, state: state.cut(some), world, told });
        }
        Ok(cuts)
    }
}

fn in_order(check: &Done) -> Result<(), String> {
    match check.code {
        Some(0) => Ok(()),
        _ => Err("the state is not in order".into()),
    }
}

fn place(contents: &Contents, root: &Path) -> io::Result<()> {
    for (path, bytes) in contents {
        match bytes {
            None => fs::create_dir_all(root.join(path))?,
            Some(bytes) => fs::write(root.join(path), bytes)?,
        }
    }
    Ok(())
}

/// Whether an object of an address is in the world.
fn in_world(world: &Contents, address: &str) -> bool {
    let name = address.split('"').nth(1).unwrap_or(address);
    world.contains_key(&PathBuf::from(name))
}

/// Whether it is the start of a run, and not of something that a run starts.
fn is_run(call: &Call<'_>) -> bool {
    let yes: String = "--yes".bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    call.succeeded && call.arguments.contains(&format!("\"{yes}\""))
}

/// What a run tells of what it has done.
fn listen(call: &Call<'_>, told: &mut BTreeMap<String, bool>) {
    let hex = call.arguments.split('"').nth(1).unwrap_or_default();
    let bytes = hex.split("\\x").skip(1).filter_map(|hex| u8::from_str_radix(hex, 16).ok());
    let text = String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned();
    for line in text.lines() {
        let Some((address, rest)) = line.split_once(": ") else { continue };
        match rest.split(' ').next() {
            Some("created" | "changed") => drop(told.insert(address.to_string(), true)),
            Some("deleted" | "deleting") => drop(told.insert(address.to_string(), false)),
            _ => {}
        }
    }
}
