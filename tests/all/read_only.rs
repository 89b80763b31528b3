//! A folder that nobody may write to: what only reads works there, also beside what a killed run left,
//! and what writes says why it cannot.

use aurak_tests::disk::mount;
use aurak_tests::process::{Done, Folder};

use crate::AURAK;

/// The second command ends the run that makes it, as `kill -9` does, while its own call is pending.
const STACK: &str = r#"
aurak: 1
name: demo
inputs:
  deadly: { type: boolean, default: false }
resources:
  first: { type: core.data, input: 1 }
  second:
    type: core.command
    when: "{{ deadly }}"
    create: "kill -9 $RUN"
    read: "exit 4"
    environment: { AFTER: "{{ first.id }}", RUN: "{{ env('RUN') }}" }
"#;

/// Every command in a folder that is mounted read-only; what they said lies beside it.
const SCRIPT: &str = r#"
what=$1 aurak=$0
run() { local to=../out/$1; shift; set +e; "$aurak" "$@" >$to.out 2>$to.err; echo $? >$to.code; set -e; }
mkdir ../out
"$aurak" apply --yes >/dev/null
if [ "$what" != "at rest" ]; then
  # Only the process itself knows its number before it is there: the shell becomes the run.
  (export RUN=$BASHPID; exec "$aurak" apply --yes --var deadly=true) >/dev/null 2>&1 || true
  [ -s .aurak/demo/state.db-wal ]
  [ "$what" != "killed, bare" ] || rm .aurak/demo/state.db-shm
fi
ls .aurak/demo | sort >../out/before.out
mount --bind . .
mount -o remount,bind,ro . .
cd "$PWD"
! touch probe 2>/dev/null
run plan plan
run show show
run list state list
run check state check
run saved plan -o saved
run apply apply --yes --replace first
run unlock state unlock --yes
ls .aurak/demo | sort >../out/after.out
"#;

/// What each command said, where mounts can be made.
fn in_read_only_folder(what: &str) -> Option<impl Fn(&str) -> Done> {
    let way = mount::way().unwrap()?;
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let done = mount::script(&folder, way, SCRIPT, &[what]).unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    let result = move |name: &str| {
        let out = |kind: &str| {
            std::fs::read_to_string(folder.root().join("out").join(format!("{name}.{kind}")))
                .unwrap_or_default()
        };
        Done { code: out("code").trim().parse().ok(), signal: None, stdout: out("out"), stderr: out("err") }
    };
    assert_eq!(result("before").stdout, result("after").stdout, "nothing was written");
    Some(result)
}

#[test]
fn reading_needs_no_right_to_write() {
    let Some(result) = in_read_only_folder("at rest") else { return };
    let told = |name: &str| {
        let done = result(name);
        assert_eq!((done.code, &*done.stderr), (Some(0), ""), "{name}");
        done.stdout
    };
    assert_eq!(told("plan"), "demo\n\nnothing to do; 1 as it should be\n");
    assert_eq!(told("check"), "the state is in order\n");
    for name in ["show", "list"] {
        assert!(told(name).contains("first  core.data"), "{name}");
    }
    refused(&result("apply"), "could not lock the state");
    assert!(result("saved").stderr.contains("could not write the plan to `saved`"));
}

#[test]
fn what_a_killed_run_left_is_read_too() {
    let Some(result) = in_read_only_folder("killed") else { return };
    for name in ["plan", "show", "list", "check"] {
        let done = result(name);
        assert_eq!((done.code, &*done.stderr), (Some(0), ""), "{name}: {done:?}");
    }
    assert!(result("plan").stdout.contains("`second`: a run was cut off while it was being created"));
    assert!(result("list").stdout.contains("1 call without an outcome"));
    assert!(result("check").stdout.contains("a call for `second` was begun"));
    refused(&result("apply"), "could not lock the state");
    refused(&result("unlock"), "could not break the lock");
}

/// The file that readers share is missing, and none can be made: nothing is told rather than something
/// old.
#[test]
fn what_cannot_be_read_whole_is_not_read() {
    let Some(result) = in_read_only_folder("killed, bare") else { return };
    for name in ["plan", "show", "list", "check", "apply", "unlock"] {
        let done = result(name);
        assert!(!done.stdout.contains("first"), "{name}: {done:?}");
        refused(&done, "could not open the state");
    }
}

fn refused(done: &Done, what: &str) {
    assert_eq!(done.code, Some(1), "{done:?}");
    for part in [what, "has to be able to write to the state's folder"] {
        assert!(done.stderr.replace("\n        ", " ").contains(part), "{part}: {done:?}");
    }
}
