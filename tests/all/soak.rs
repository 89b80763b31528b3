//! A sample of the soak; `tests/soak.sh` runs it for an hour.

use std::process::Command;

use crate::AURAK;

/// Some ten seconds, most of them waiting. After the first round nothing may be held that was not held
/// before it.
const ROUNDS: u64 = 8;

/// How many steps have to be under way at once some time: as many as may be, because the first round makes
/// everything. A few less are as well, because a service that asks for patience gets fewer for a while, and
/// there are only a few rounds.
const AT_ONCE: u64 = 56;

/// Changes with every change of this file that is meant to look elsewhere.
const SEED: u64 = 7;

#[test]
fn a_process_that_applies_again_and_again_holds_no_more_than_at_first() {
    // Time is no end of it: a machine that is busy takes longer.
    let numbers = [3600, ROUNDS, SEED, 250, 100, AT_ONCE].map(|n| n.to_string());
    let output = Command::new(AURAK).arg("soak").args(numbers).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // It did what it is there for.
    let number = |name: &str| -> u64 {
        let line = said.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let digits: String = line.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    assert_eq!(number("rounds"), ROUNDS, "{said}");
    assert!(number("steps") > 200 && number("faults met") > 0, "{said}");
}
