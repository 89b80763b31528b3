//! The power goes at some instant of a run: whatever the disk then has of what nobody had waited for,
//! the next run ends where that one would have, and makes nothing twice, also where the power goes once
//! more meanwhile. `tests/disk.sh` tries many more.

use aurak_tests::disk::{cases, each, power};
use aurak_tests::process::has_tool;

use crate::AURAK;

/// How many cuts are tried, and how many at once.
const SAMPLE: usize = 80;
const AT_ONCE: usize = 4;

/// One in so many is cut again.
const TWICE: usize = 4;

/// Changes when the sample is meant to look elsewhere.
const SEED: u64 = 11;

#[test]
fn after_a_power_cut_nothing_is_lost_or_made_twice() {
    if !has_tool("strace").unwrap() {
        return;
    }
    let recording = power::record(AURAK).unwrap();
    let cuts = recording.cuts(cases(SAMPLE), SEED).unwrap();
    assert!(cuts.len() > SAMPLE / 2, "{}", cuts.len());
    let wrong = each(AT_ONCE, &cuts, |cut| recording.judge(cut));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cuts.len(), wrong.join("\n"));
    // And in what puts things in order.
    let some: Vec<(u64, &power::Cut)> = (SEED..).zip(cuts.iter().step_by(TWICE)).collect();
    let wrong = each(AT_ONCE, &some, |(seed, cut)| recording.judge_again(cut, *seed));
    assert!(wrong.is_empty(), "{} of {} cut twice:\n{}", wrong.len(), some.len(), wrong.join("\n"));
}
