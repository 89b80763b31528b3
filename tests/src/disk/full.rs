//! A disk that is full at some point of a command: a small file system with so many pages left, then
//! with room again.

use std::fs;
use std::io;

use crate::process::{Done, Folder};

use super::mount;

/// As for a power cut: objects are files outside the small file system, and one that is made twice has
/// two lines. Long enough that the journal needs pages at many points.
const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  phase: { type: integer, default: 1 }
resources:
  many:
    type: core.command
    for_each: "{{ ['a', 'b', 'c', 'd'] if phase == 1 else ['b', 'c', 'd', 'e'] }}"
    environment: { NAME: "{{ each.key }}", PHASE: "{{ phase }}", PAD: "{{ 'x' * 1500 }}" }
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

/// A command, and what the world has once it is done.
pub struct Stage {
    /// Its words.
    pub words: &'static [&'static str],
    after: &'static [&'static str],
    /// With how many free pages it certainly does what it should.
    pub enough: u64,
}

/// One after the other; the disk is full in one of them.
pub const STAGES: &[Stage] = &[
    Stage { words: &["apply", "--yes"], after: &["a", "b", "c", "d", "last"], enough: 140 },
    Stage { words: &["plan"], after: &["a", "b", "c", "d", "last"], enough: 0 },
    Stage { words: &["plan", "-o", ".aurak/saved"], after: &["a", "b", "c", "d", "last"], enough: 40 },
    Stage {
        words: &["apply", "--yes", "--var", "phase=2"],
        after: &["b", "c", "d", "e", "last"],
        enough: 140,
    },
    Stage { words: &["state", "check"], after: &["b", "c", "d", "e", "last"], enough: 0 },
    Stage { words: &["state", "list"], after: &["b", "c", "d", "e", "last"], enough: 0 },
    Stage { words: &["state", "rm", "last", "--yes"], after: &["b", "c", "d", "e", "last"], enough: 100 },
    Stage { words: &["destroy", "--yes"], after: &["last"], enough: 140 },
];

/// Everything before, then the one with so many pages left, then what is done about it. What each said
/// is left in files, because the state goes with the mount.
const SCRIPT: &str = r#"
stage=$1 free=$2; shift 2
out=../out
mkdir -p .aurak ../world $out
mount -t tmpfs -o size=16m none .aurak
aurak=$0 n=0
words() { cat ../stages/$1; }
run() { local to=$out/$1; shift; set +e; "$aurak" "$@" >$to.out 2>$to.err; echo $? >$to.code; set -e; }
while [ $n -lt $stage ]; do mapfile -t w <../stages/$n; run before "${w[@]}"; [ "$(cat $out/before.code)" = 0 ]; n=$((n + 1)); done
mapfile -t w <../stages/$stage
fill=$(( $(stat -f -c %a .aurak) - free ))
head -c $((fill * $(stat -f -c %S .aurak))) /dev/zero >.aurak/filler
run full "${w[@]}"
stat -f -c %a .aurak >$out/left
rm .aurak/filler
find .aurak -type f | sort >$out/files
[ -e .aurak/demo/state.db ] && run check state check
run list state list
run again "${w[@]}"
run finally state check
find .aurak -type f | sort >$out/rest
"#;

/// What a case showed.
pub struct Shown {
    /// Whether there was not room enough.
    pub failed: bool,
}

/// Runs a stage with so many free pages, and judges what comes of it.
pub fn judge(program: &str, way: &[&str], number: usize, free: u64) -> Result<Shown, String> {
    let mut said = String::new();
    let name = STAGES[number].words.join(" ");
    run(program, way, number, free, &mut said)
        .map_err(|why| format!("{name}, {free} pages free: {why}\n{said}"))
}

fn run(program: &str, way: &[&str], number: usize, free: u64, said: &mut String) -> Result<Shown, String> {
    let text = |error: io::Error| error.to_string();
    let stage = &STAGES[number];
    let folder = Folder::in_memory(program).map_err(text)?;
    folder.write("aurak.yaml", STACK).map_err(text)?;
    fs::create_dir(folder.root().join("stages")).map_err(text)?;
    for (number, stage) in STAGES.iter().enumerate() {
        let lines: String = stage.words.iter().map(|word| format!("{word}\n")).collect();
        fs::write(folder.root().join("stages").join(number.to_string()), lines).map_err(text)?;
    }
    let done =
        mount::script(&folder, way, SCRIPT, &[&number.to_string(), &free.to_string()]).map_err(text)?;
    let out = |name: &str| fs::read_to_string(folder.root().join("out").join(name)).unwrap_or_default();
    let result = |name: &str| Done {
        code: out(&format!("{name}.code")).trim().parse().ok(),
        signal: None,
        stdout: out(&format!("{name}.out")),
        stderr: out(&format!("{name}.err")),
    };
    for name in ["before", "full", "check", "list", "again", "finally"] {
        let Done { code, stdout, stderr, .. } = result(name);
        said.push_str(&format!("{name}: {code:?}\n{stdout}{stderr}\n"));
    }
    if done.code != Some(0) {
        return Err(format!("the script failed: {done:?}"));
    }
    let full = result("full");
    let failed = full.code != Some(0);
    if failed {
        (full.code == Some(1)).then_some(()).ok_or("it does not end with an error")?;
        let clear = ["full", "make room", "No space"].iter().any(|word| full.stderr.contains(word));
        clear.then_some(()).ok_or("it does not say that the disk is full")?;
        (free < stage.enough).then_some(()).ok_or("there was room enough")?;
    }
    // A state whose making was cut off is none.
    if out("files").contains("/state.db\n") {
        (result("check").code == Some(0)).then_some(()).ok_or("the state is not in order after it")?;
    }
    let list = result("list").stdout;
    for line in full.stdout.lines() {
        let Some((address, "created" | "changed")) = line
            .split_once(": ")
            .map(|(address, rest)| (address, rest.split(' ').next().unwrap_or_default()))
        else {
            continue;
        };
        // Those that are not written down are said to be so.
        let there = list.lines().any(|line| line.split_whitespace().next() == Some(address));
        (there || line.contains("not written down")).then_some(()).ok_or(format!("`{address}` is lost"))?;
    }
    let again = result("again");
    // What was forgotten before the disk was full cannot be forgotten again.
    let over = stage.words.contains(&"rm") && !list.lines().any(|line| line.starts_with("last "));
    (again.code == Some(0) || over).then_some(()).ok_or("it does not go on")?;
    (result("finally").code == Some(0)).then_some(()).ok_or("the state is not in order at the end")?;
    let rest = out("rest");
    // A command that was ended with its run leaves its lock file, which nobody holds.
    let known = |file: &&str| {
        ["/state.db", "/saved"].iter().any(|end| file.ends_with(end)) || file.contains("/running/")
    };
    let litter = rest.lines().find(|file| !known(file));
    litter.map_or(Ok(()), |file| Err(format!("{file} is left")))?;
    let mut there: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder.root().join("world")).map_err(text)? {
        let entry = entry.map_err(text)?;
        let object = fs::read_to_string(entry.path()).map_err(text)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        (object.lines().filter(|line| *line == "made").count() == 1)
            .then_some(())
            .ok_or(format!("{name} was made more than once: {object:?}"))?;
        there.push(name);
    }
    there.sort();
    (there == stage.after).then_some(()).ok_or(format!("the world has {there:?}"))?;
    Ok(Shown { failed })
}
