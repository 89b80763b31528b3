//! What is going on at any moment, from the events of runs: to be counted, and to be told when nothing
//! moves any more.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aurak_model::plan::StepId;
use aurak_model::{Event, Report, StepEnd};

use super::gauge::median;

/// How many events are remembered for the case that no more come.
const LAST: usize = 2000;

/// What is going on.
#[derive(Default)]
pub struct Watch(Mutex<Seen>);

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Rounds that came to their end.
    pub rounds: u64,
    /// Runs that changed something or tried to.
    pub applies: u64,
    /// Steps that were done.
    pub done: u64,
    /// Steps that failed.
    pub failed: u64,
    /// Steps that were not begun.
    pub skipped: u64,
    /// Steps that were left at the service.
    pub left: u64,
    /// Calls that were made again.
    pub retries: u64,
    /// Most steps that were under way at once.
    pub most: u64,
}

#[derive(Default)]
struct Seen {
    counts: Counts,
    /// What is being done, and since when.
    doing: Option<(String, Instant)>,
    round: Option<Instant>,
    /// How long rounds took, in milliseconds.
    took: Vec<u64>,
    steps: BTreeMap<StepId, String>,
    in_flight: BTreeMap<StepId, (Instant, String)>,
    last: VecDeque<String>,
    moved: Option<Instant>,
}

impl Watch {
    /// A round begins.
    pub fn begin_round(&self) {
        let mut seen = self.lock();
        seen.round = Some(Instant::now());
        seen.moved = seen.round;
    }

    /// It ended.
    pub fn end_round(&self) {
        let mut seen = self.lock();
        if let Some(began) = seen.round.take() {
            seen.took.push(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
        seen.counts.rounds += 1;
    }

    /// Something else is done from here on.
    pub fn doing(&self, what: String) {
        let mut seen = self.lock();
        let now = Instant::now();
        seen.note(format!("-- {what}"));
        seen.doing = Some((what, now));
        seen.in_flight.clear();
    }

    /// An event came.
    pub fn event(&self, event: &Event) {
        self.lock().event(event);
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// How far it is, in a line.
    pub fn line(&self) -> String {
        let seen = self.lock();
        let Counts { rounds, applies, done, failed, retries, .. } = seen.counts;
        let doing = seen.doing.as_ref().map_or("", |(what, _)| what);
        format!(
            "{rounds} rounds, {applies} applies, {done} steps, {failed} failed, {retries} retries; {doing}"
        )
    }

    /// Why it is taken to hang, where it is.
    pub fn hangs(&self, long: Duration, times: u32, silent: Duration) -> Option<String> {
        let seen = self.lock();
        let round = seen.round?.elapsed();
        let usual = Duration::from_millis(median(&seen.took));
        if round > long.max(usual * times) {
            return Some(format!("a round takes {} s, usually {} s", round.as_secs(), usual.as_secs_f32()));
        }
        let quiet = seen.moved?.elapsed();
        (quiet > silent).then(|| format!("nothing moved for {} s", quiet.as_secs()))
    }

    /// What is under way.
    pub fn in_flight(&self) -> String {
        let seen = self.lock();
        let mut text = String::new();
        if let Some((what, since)) = &seen.doing {
            let _ = writeln!(text, "{what}, since {} s", since.elapsed().as_secs());
        }
        for (step, (since, said)) in &seen.in_flight {
            let what = seen.steps.get(step).map_or("", String::as_str);
            let _ = writeln!(text, "  under way for {} s: {step:?} {what} {said}", since.elapsed().as_secs());
        }
        text
    }

    /// The last events.
    pub fn last(&self) -> String {
        self.lock().last.iter().map(|line| format!("{line}\n")).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn note(&mut self, line: String) {
        self.moved = Some(Instant::now());
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    fn event(&mut self, event: &Event) {
        let what =
            |step: &StepId, steps: &BTreeMap<StepId, String>| steps.get(step).cloned().unwrap_or_default();
        let line = match &event.report {
            Report::Started { steps, .. } => {
                self.counts.applies += 1;
                self.in_flight.clear();
                self.steps = steps
                    .iter()
                    .map(|step| (step.step, format!("{:?} {}", step.verb, step.address)))
                    .collect();
                format!("{} steps", steps.len())
            }
            Report::StepStarted { step } => {
                self.in_flight.insert(*step, (Instant::now(), String::new()));
                self.counts.most = self.counts.most.max(self.in_flight.len() as u64);
                format!("begun: {}", what(step, &self.steps))
            }
            Report::StepProgress { step, message } => {
                if let Some((_, said)) = self.in_flight.get_mut(step) {
                    message.clone_into(said);
                }
                format!("{}: {message}", what(step, &self.steps))
            }
            Report::StepRetry { step, why, attempt, after_ms } => {
                self.counts.retries += 1;
                let text = format!("try {attempt} in {after_ms} ms: {why}");
                if let Some((_, said)) = self.in_flight.get_mut(step) {
                    said.clone_from(&text);
                }
                format!("{}: {text}", what(step, &self.steps))
            }
            Report::StepFinished { step, end, .. } => {
                self.in_flight.remove(step);
                let how = match end {
                    StepEnd::Done => {
                        self.counts.done += 1;
                        "done".to_string()
                    }
                    StepEnd::Failed(why) => {
                        self.counts.failed += 1;
                        format!("failed: {}", why.summary)
                    }
                    StepEnd::Skipped { .. } => {
                        self.counts.skipped += 1;
                        "skipped".to_string()
                    }
                    StepEnd::Left { why } => {
                        self.counts.left += 1;
                        format!("left: {why}")
                    }
                };
                format!("{} {how}", what(step, &self.steps))
            }
            // The dispatcher's own word for a standstill is no movement.
            Report::Stalled { blocked } => {
                let moved = self.moved;
                self.note(format!("stalled: {} steps", blocked.len()));
                self.moved = moved;
                return;
            }
            Report::Stopping { now } => format!("stopping, now: {now}"),
            Report::Replanning { blocks } => format!("planning again for {} blocks", blocks.len()),
            Report::Finished { result, .. } => format!("ended: {result:?}"),
        };
        self.note(line);
    }
}

/// Where the threads of this process are, as well as it can be known: from a debugger where there is
/// one, else from the kernel.
pub fn threads() -> String {
    let pid = std::process::id().to_string();
    let debugger = Command::new("gdb")
        .args(["-p", &pid, "-batch", "-ex", "thread apply all backtrace 40"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    if let Ok(output) = debugger
        && output.status.success()
        && !output.stdout.is_empty()
    {
        return String::from_utf8_lossy(&output.stdout).into_owned();
    }
    let mut text = "threads:\n".to_string();
    for thread in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let read = |name: &str| fs::read_to_string(thread.path().join(name)).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} {}: {}",
            thread.file_name().to_string_lossy(),
            read("comm").trim(),
            read("wchan")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use aurak_model::event::{StepInfo, Verb};
    use aurak_model::record::OperationId;
    use aurak_model::{Address, Slot};

    use super::*;

    fn told(watch: &Watch, reports: Vec<Report>) {
        for (n, report) in (0..).zip(reports) {
            watch.event(&Event { n, at_ms: 0, report });
        }
    }

    #[test]
    fn what_does_not_end_is_named() {
        let watch = Watch::default();
        let (zero, hour) = (Duration::ZERO, Duration::from_secs(3600));
        assert_eq!(watch.hangs(zero, 0, zero), None, "no round has begun");
        watch.begin_round();
        watch.doing("an apply".to_string());
        let step = |n| StepInfo {
            step: StepId(n),
            address: Address::parse(&format!("a{n}")).unwrap(),
            type_name: "t".into(),
            verb: Verb::Create,
            slot: Slot::Current,
            action: None,
            after: Vec::new(),
            usual_ms: None,
        };
        told(
            &watch,
            vec![
                Report::Started {
                    operation: OperationId("o".into()),
                    stack: "s".into(),
                    environment: None,
                    steps: vec![step(0), step(1)],
                    about_ms: None,
                },
                Report::StepStarted { step: StepId(0) },
                Report::StepStarted { step: StepId(1) },
                Report::StepFinished { step: StepId(0), took_ms: 1, end: StepEnd::Done },
                Report::StepProgress { step: StepId(1), message: "it is being made".to_string() },
            ],
        );
        let text = watch.in_flight();
        assert!(text.contains("Create a1 it is being made") && !text.contains("Create a0"), "{text}");
        let Counts { done, most, .. } = watch.counts();
        assert_eq!((done, most), (1, 2));
        assert_eq!(watch.hangs(hour, 1, hour), None);
        assert!(watch.hangs(zero, 0, hour).unwrap().starts_with("a round takes"));
        assert!(watch.hangs(hour, 1, zero).unwrap().starts_with("nothing moved"));
        // That nothing moves is told by the run itself too, and is no movement.
        let before = watch.lock().moved;
        told(&watch, vec![Report::Stalled { blocked: Vec::new() }]);
        assert_eq!(watch.lock().moved, before);
        watch.end_round();
        assert_eq!(watch.hangs(zero, 0, zero), None);
    }
}
