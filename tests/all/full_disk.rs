//! A state that cannot be written any more in the middle of a run, as on a full disk: nothing new
//! leaves, what was done and is not written down is said, and the next run makes the rest once.

use std::sync::atomic::{AtomicUsize, Ordering};

use aurak_tests::disk::full::{STAGES, judge};
use aurak_tests::disk::{cases, each, mount};
use aurak_tests::kill::matrix::Chance;
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

/// How many of the points at which the disk can be full are tried, and how many at once.
const SAMPLE: usize = 24;
const AT_ONCE: usize = 4;

/// Changes when the sample is meant to look elsewhere.
const SEED: u64 = 3;

#[test]
fn a_disk_that_is_full_at_any_point_loses_nothing() {
    // Elsewhere the limit of a file's size has to stand for it, above.
    let Some(way) = mount::way().unwrap() else { return };
    // Each stage with no page free, with each number of them that may be too few, and with enough.
    let mut points: Vec<(usize, u64)> = (0..STAGES.len())
        .flat_map(|stage| (0..=STAGES[stage].enough).map(move |free| (stage, free)))
        .collect();
    let mut chance = Chance(SEED);
    while points.len() > cases(SAMPLE) {
        let at = usize::try_from(chance.below(points.len() as u64)).unwrap_or(0);
        points.swap_remove(at);
    }
    let failed = AtomicUsize::new(0);
    let wrong = each(AT_ONCE, &points, |(stage, free)| {
        let shown = judge(AURAK, way, *stage, *free)?;
        failed.fetch_add(usize::from(shown.failed), Ordering::Relaxed);
        Ok(())
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), points.len(), wrong.join("\n"));
    let failed = failed.into_inner();
    assert!(failed > points.len() / 8, "{failed} of {} met a full disk", points.len());
}
