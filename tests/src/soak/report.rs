//! What came of a soak, and whether it is what it should be.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::gauge::{Gauge, median, quarters};
use super::watch::{Counts, Watch};

/// Memory may grow by so many percent from the second quarter to the last, and by so many KiB: pages
/// that the allocator keeps move by this much.
const PERCENT: u64 = 5;
const SLACK_KIB: u64 = 8 << 10;

/// A record of the journal may come to take this many percent more room, of the mean of the second
/// quarter.
const RECORD_PERCENT: u64 = 20;

/// A state of fewer records is mostly tables.
const FEW_RECORDS: u64 = 5_000;

/// What the process and the state were like when a round had ended and nothing went on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// What the process held.
    pub held: Gauge,
    /// Tasks of the runtime.
    pub tasks: u64,
    /// The size of the state's file, in bytes.
    pub state: u64,
    /// The size of the files beside it.
    pub beside: u64,
    /// How many records its journal has.
    pub records: u64,
    /// How many rows it has.
    pub rows: u64,
}

impl Rest {
    /// Whether the process holds more of anything that is counted.
    pub(super) fn holds_more_than(&self, other: &Rest) -> bool {
        self.held.fds > other.held.fds || self.held.threads > other.held.threads || self.tasks > other.tasks
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How long it took.
    pub took: Duration,
    /// Looks at this process's memory, in KiB.
    pub memory: Vec<u64>,
    /// The last look at the world's process.
    pub world: Gauge,
    /// One for each round.
    pub rest: Vec<Rest>,
    /// What was counted.
    pub counts: Counts,
    /// How many requests met which fault.
    pub faults: BTreeMap<String, u64>,
    /// Rounds after which the world was calm, and everything had to be as the stack says.
    pub settled: u64,
    /// How often a state was full, and a new one was begun.
    pub states: u64,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// What a run that came to its end knows.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// See [`Report::rest`].
    pub rest: Vec<Rest>,
    /// See [`Report::faults`].
    pub faults: BTreeMap<String, u64>,
    /// See [`Report::settled`].
    pub settled: u64,
    /// See [`Report::states`].
    pub states: u64,
}

impl Report {
    /// Takes over what a run has found, and judges it.
    pub(super) fn end(&mut self, watch: &Watch, outcome: Result<Ended, String>, at_once: u64) {
        self.counts = watch.counts();
        match outcome {
            Ok(Ended { rest, faults, settled, states }) => {
                (self.rest, self.faults, self.settled, self.states) = (rest, faults, settled, states);
                self.judge();
                if self.counts.most < at_once {
                    let most = self.counts.most;
                    self.problems
                        .push(format!("no more than {most} steps were under way at once, not {at_once}"));
                }
            }
            Err(why) => self.problems.push(why),
        }
    }

    /// What grows. What is counted is judged round by round, while it runs.
    fn judge(&mut self) {
        let (early, late) = quarters(&self.memory);
        let (early, late) = (median(early), median(late));
        if late > early + early * PERCENT / 100 + SLACK_KIB {
            self.problems.push(format!("memory grew from {} to {} MiB", early >> 10, late >> 10));
        }
        let grown = self.rest.iter().filter(|rest| rest.records >= FEW_RECORDS);
        let each: Vec<u64> = grown.map(|rest| rest.state / rest.records).collect();
        let (early, late) = quarters(&each);
        let (early, late) = (median(early), median(late));
        if late > early + early * RECORD_PERCENT / 100 {
            self.problems.push(format!("a record of the journal takes {late} bytes, {early} before"));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        let mut line = |name: &str, value: String| writeln!(f, "{name:<28} {value}");
        line("time", format!("{} s", self.took.as_secs()))?;
        line("rounds", format!("{}, after {} the world was calm", counts.rounds, self.settled))?;
        line("applies", counts.applies.to_string())?;
        line(
            "steps",
            format!(
                "{} done, {} failed, {} skipped, {} left at the service",
                counts.done, counts.failed, counts.skipped, counts.left
            ),
        )?;
        line("most steps at once", counts.most.to_string())?;
        line("calls made again", counts.retries.to_string())?;
        let faults: Vec<String> = self.faults.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        let sum: u64 = self.faults.values().sum();
        line("faults met", format!("{sum}: {}", faults.join(", ")))?;
        let (early, late) = quarters(&self.memory);
        line(
            "memory, median of quarter",
            format!("second {} MiB, last {} MiB", median(early) >> 10, median(late) >> 10),
        )?;
        line("memory, most", format!("{} MiB", self.memory.iter().max().unwrap_or(&0) >> 10))?;
        let range = |of: fn(&Rest) -> u64| {
            let numbers: Vec<u64> = self.rest.iter().map(of).collect();
            let (early, late) = quarters(&numbers);
            let most = |numbers: &[u64]| numbers.iter().max().copied().unwrap_or(0);
            format!("second quarter {}, last quarter {}", most(early), most(late))
        };
        line("open files at rest, most", range(|rest| rest.held.fds))?;
        line("threads at rest, most", range(|rest| rest.held.threads))?;
        line("tasks at rest, most", range(|rest| rest.tasks))?;
        line("rows, most", range(|rest| rest.rows))?;
        let largest = self.rest.iter().max_by_key(|rest| rest.state).copied().unwrap_or_default();
        line(
            "state, the largest",
            format!(
                "{} KiB for {} records, {} bytes each; begun anew {} times; beside it {} bytes at rest",
                largest.state >> 10,
                largest.records,
                largest.state / largest.records.max(1),
                self.states,
                self.rest.iter().map(|rest| rest.beside).max().unwrap_or(0),
            ),
        )?;
        line("the world's process", format!("{} MiB, {} open files", self.world.rss >> 10, self.world.fds))?;
        match self.problems.as_slice() {
            [] => write!(f, "all is well"),
            problems => {
                writeln!(f, "{} problems", problems.len())?;
                problems.iter().try_for_each(|problem| writeln!(f, "- {problem}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(memory: impl Fn(u64) -> u64, state: impl Fn(u64) -> u64) -> Vec<String> {
        let rest = |n: u64| Rest { records: n * FEW_RECORDS, state: state(n), ..Rest::default() };
        let mut report = Report {
            memory: (0..100).map(memory).collect(),
            rest: (1..100).map(rest).collect(),
            ..Report::default()
        };
        report.judge();
        report.problems
    }

    #[test]
    fn what_grows_is_a_problem() {
        let room = |n: u64| n * FEW_RECORDS * 500;
        // Warming up, and pages that come and go.
        assert_eq!(judged(|n| (20 << 10) + n.min(20) * 1000 + n % 7 * 500, room), [""; 0]);
        assert_eq!(judged(|n| (20 << 10) + n * 400, room), ["memory grew from 34 to 53 MiB"]);
        let problems = judged(|_| 20 << 10, |n| room(n) + n * n * FEW_RECORDS * 5);
        assert_eq!(problems, ["a record of the journal takes 940 bytes, 685 before"]);
    }

    #[test]
    fn too_little_at_once_is_a_problem() {
        let problems = |at_once| {
            let mut report = Report::default();
            report.end(&Watch::default(), Ok(Ended::default()), at_once);
            report.problems
        };
        assert_eq!(problems(0), [""; 0]);
        assert_eq!(problems(64), ["no more than 0 steps were under way at once, not 64"]);
    }

    #[test]
    fn one_file_more_is_more() {
        let held = Gauge { rss: 1, fds: 5, threads: 3 };
        let first = Rest { held, tasks: 1, ..Rest::default() };
        assert!(!Rest { held: Gauge { rss: 9, ..held }, records: 7, ..first }.holds_more_than(&first));
        assert!(Rest { held: Gauge { fds: 6, ..held }, ..first }.holds_more_than(&first));
        assert!(Rest { held: Gauge { threads: 4, ..held }, ..first }.holds_more_than(&first));
        assert!(Rest { tasks: 2, ..first }.holds_more_than(&first));
    }
}
