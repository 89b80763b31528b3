//! A state whose files were cut, changed or taken away: every command tells what was written, or says
//! what is wrong and what to do. The state's own tests try many more places than these.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aurak_tests::disk::{cases, each};
use aurak_tests::kill::matrix::Chance;
use aurak_tests::process::{Done, Folder};

use crate::AURAK;

/// The last one ends its run, as `kill -9` does, where it is asked to.
const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  deadly: { type: boolean, default: false }
resources:
  many:
    type: core.data
    for_each: "{{ range(30) | map('string') | list }}"
    input: { pad: "{{ 'x' * 300 }}", key: "{{ each.key }}" }
  last:
    type: core.command
    when: "{{ deadly }}"
    create: "kill -9 $RUN"
    read: "exit 4"
    environment: { AFTER: "{{ many | items | map('last') | map(attribute='id') | join(' ') }}", RUN: "{{ env('RUN') }}" }
"#;

const KILLED: &[&str] =
    &["bash", "-c", "export RUN=$BASHPID; exec \"$0\" apply --yes --var deadly=true --replace 'many[\"7\"]'"];

/// How many of the damaged states are tried, and how many at once.
const SAMPLE: usize = 40;
const AT_ONCE: usize = 4;

type Files = BTreeMap<String, Vec<u8>>;

fn files(dir: &Path) -> Files {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// A folder whose run was killed, and the files of its state.
fn killed() -> (Folder, Files) {
    let folder = Folder::in_memory(AURAK).unwrap();
    folder.write("aurak.yaml", STACK).unwrap();
    let first = folder.run(&["apply", "--yes"]).unwrap();
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(folder.under(KILLED).output().unwrap().status.code().is_none(), "it was killed");
    let files = files(&folder.path(".aurak/demo"));
    assert!(files["state.db-wal"].len() > 4096);
    (folder, files)
}

/// Another folder with the same key and these files.
fn copy(of: &Folder, files: &Files) -> Folder {
    let mut folder = Folder::in_memory(AURAK).unwrap();
    folder.set("AURAK_KEY", &of.key().unwrap().to_base64());
    folder.write("aurak.yaml", STACK).unwrap();
    fs::create_dir_all(folder.path(".aurak/demo")).unwrap();
    for (name, bytes) in files {
        folder.write(&format!(".aurak/demo/{name}"), bytes).unwrap();
    }
    folder
}

#[test]
fn damage_is_told_of_or_does_no_harm() {
    let (origin, files) = killed();
    let whole = copy(&origin, &files);
    let expected = whole.run(&["state", "list"]).unwrap().stdout;
    assert!(expected.contains("30 resources; 1 call without an outcome"), "{expected}");
    assert_eq!(rows(&expected).len(), 30);
    let mut chance = Chance(5);
    let mut below = |bound: usize| usize::try_from(chance.below(bound as u64)).unwrap();
    let damaged: Vec<(String, Files)> = (0..cases(SAMPLE))
        .map(|case| {
            let mut files = files.clone();
            let name = if case % 2 == 0 { "state.db" } else { "state.db-wal" };
            let file = files.get_mut(name).unwrap();
            let what = if case % 4 < 2 {
                let (byte, bit) = (below(file.len()), below(8));
                file[byte] ^= 1 << bit;
                format!("bit {bit} of byte {byte} of {name}")
            } else {
                let length = below(file.len());
                file.truncate(length);
                format!("{name} cut to {length}")
            };
            (what, files)
        })
        .collect();
    let wrong = each(AT_ONCE, &damaged, |(what, files)| {
        let folder = copy(&origin, files);
        judge(&folder, &expected).map_err(|why| format!("{what}: {why}"))
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), damaged.len(), wrong.join("\n"));
}

fn judge(folder: &Folder, expected: &str) -> Result<(), String> {
    let run = |words: &[&str]| -> Result<Done, String> {
        let done = folder.run(words).map_err(|error| error.to_string())?;
        let said = format!("{}{}", done.stdout, done.stderr);
        let clear = match done.code {
            Some(0) => true,
            Some(1) => said.contains("error:") && said.contains("help:"),
            _ => false,
        };
        match clear && !said.contains("panicked") {
            true => Ok(done),
            false => Err(format!("{words:?} ended as {:?}\n{said}", done.code)),
        }
    };
    let list = run(&["state", "list"])?;
    if list.code == Some(0) && list.stdout != expected {
        return Err(format!("it tells something else:\n{}", list.stdout));
    }
    run(&["plan"])?;
    run(&["state", "check"])?;
    let apply = run(&["apply", "--yes"])?;
    if apply.code == Some(0) {
        // Old records may be damaged: no run reads them, and a check tells of them.
        run(&["state", "check"])?;
        let list = run(&["state", "list"])?;
        let same = rows(&list.stdout) == rows(expected) && list.stdout.ends_with("\n30 resources\n");
        (list.code == Some(0) && same).then_some(()).ok_or(format!("after the next run: {list:?}"))?;
    }
    Ok(())
}

/// The rows of a list, each with its id; the last line counts them.
fn rows(list: &str) -> Vec<&str> {
    list.lines().filter(|line| line.starts_with("many[")).collect()
}

#[test]
fn a_log_that_was_taken_away_is_missed() {
    let (folder, _) = killed();
    fs::remove_file(folder.path(".aurak/demo/state.db-wal")).unwrap();
    for words in [
        &["plan"][..],
        &["show"],
        &["state", "list"],
        &["apply", "--yes"],
        &["destroy", "--yes"],
        &["state", "rm", "last", "--yes"],
        &["state", "check"],
    ] {
        let done = folder.run(words).unwrap();
        assert_eq!(done.code, Some(1), "{words:?}: {done:?}");
        // Lines are as wide as a page.
        let said = format!("{} {}", done.stdout, done.stderr);
        let said = said.split_whitespace().collect::<Vec<&str>>().join(" ");
        assert!(said.contains("`state.db-wal` in"), "{words:?}: {done:?}");
        assert!(said.contains("is missing, and with it what was written last"), "{words:?}: {done:?}");
        assert!(said.contains("`aurak state unlock` goes on with what is left"), "{words:?}: {done:?}");
    }
    let unlock = folder.run(&["state", "unlock", "--yes"]).unwrap();
    assert_eq!((unlock.code, &*unlock.stdout), (Some(0), "the lock is free\n"), "{unlock:?}");
    let apply = folder.run(&["apply", "--yes"]).unwrap();
    assert_eq!(apply.code, Some(0), "{apply:?}");
    let check = folder.run(&["state", "check"]).unwrap();
    assert_eq!(check.stdout, "the state is in order\n", "{check:?}");
}
