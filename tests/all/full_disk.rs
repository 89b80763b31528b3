//! A state that cannot be written any more in the middle of a run, as on a full disk: nothing new
//! leaves, what was done and is not written down is said, and the next run makes the rest once.

use aurak_tests::process::{Folder, Running};

use crate::AURAK;

/// The journal grows past what the file may hold long before all of it is made; every tenth command
/// notes that it ran.
const STACK: &str = r#"
aurak: 1
name: demo
resources:
  many:
    type: core.data
    for_each: "{{ range(300) | map('string') | list }}"
    input: { pad: "{{ 'x' * 400 }}" }
  last:
    type: core.command
    create: "echo made >> made"
    environment: { AFTER: "{{ many | items | map('last') | map(attribute='id') | join(' ') }}" }
"#;

/// Files may not grow beyond 250 KB; who writes more is refused, and not killed.
const LIMITED: &[&str] = &["bash", "-c", "trap '' XFSZ; ulimit -f 250; exec \"$0\" \"$@\""];

#[test]
fn what_is_not_written_down_is_said_and_the_next_run_goes_on() {
    let folder = Folder::with_stack(AURAK, STACK).unwrap();
    let mut command = folder.under(LIMITED);
    command.args(["apply", "--yes", "--state", "state"]);
    let full = Running::start(command).unwrap().end().unwrap();
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains("because could not write to the state"), "{}", full.stderr);
    assert!(
        full.stdout.contains("which is not written down: could not write to the state"),
        "{}",
        full.stdout
    );
    assert!(!folder.path("made").exists(), "what depends on it did not start");
    let after = folder.run(&["apply", "--yes", "--state", "state"]).unwrap();
    assert_eq!(after.code, Some(0), "{after:?}");
    assert!(after.stderr.contains("an earlier run was cut off"), "{}", after.stderr);
    assert_eq!(folder.read("made"), "made\n");
    let check = folder.run(&["state", "check", "--state", "state"]).unwrap();
    assert_eq!(check.stdout, "the state is in order\n", "{check:?}");
    let plan = folder.run(&["plan", "--exit-code", "--state", "state"]).unwrap();
    assert_eq!(plan.code, Some(0), "{plan:?}");
}
