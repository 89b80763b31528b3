//! A sample of the kill matrix; `tests/kill.sh` runs all of it.

use aurak_tests::kill::matrix::{Chance, run_all, sample, summary, too_idle};
use aurak_tests::kill::{case, scenario};

use crate::AURAK;

/// How many of the cases are run.
const SAMPLE: usize = 40;

/// Most of a case is waiting.
const AT_ONCE: usize = 10;

/// Changes with every change of this file that is meant to look elsewhere, so that a failure can be
/// repeated.
const SEED: u64 = 7;

#[test]
fn a_run_that_is_stopped_anywhere_ends_where_it_would_have() {
    let baseline = match case::baseline(AURAK) {
        Ok(baseline) => baseline,
        Err(finding) => panic!("nobody stopped it: {}\n{}", finding.why, finding.transcript.join("\n")),
    };
    let changes: usize = baseline.phases.iter().map(|phase| phase.changes).sum();
    assert!(changes > 80 && baseline.phases.len() == scenario::PHASES.len(), "{changes}");
    let cases = sample(&baseline, SAMPLE, &mut Chance(SEED));
    let report = run_all(AURAK, &baseline, cases, AT_ONCE, &|_, _| {});
    let findings: Vec<String> = report
        .findings
        .iter()
        .map(|(case, finding)| {
            let said = finding.transcript.join("\n");
            format!("{case}: {}\n  again: tests/kill.sh --jobs 1 '{case}'\n{said}", finding.why)
        })
        .collect();
    assert!(findings.is_empty(), "{}\n{}", summary(&report), findings.join("\n"));
    assert_eq!(too_idle(&report), None, "{}", summary(&report));
}
