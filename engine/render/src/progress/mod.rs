//! The display of a run: a fold over its events.
//!
//! [`Progress`] takes events and a clock reading and gives text; it owns no terminal. What
//! [`Progress::event`] returns is printed for good; what [`Progress::frame`] returns is a block that
//! [`Live`] keeps redrawing below it. Without a terminal there is no block, but a line for each start
//! and end, and a heartbeat whenever the caller thinks that nothing was said for long enough.

mod end;
mod frame;
mod live;

use std::collections::BTreeMap;

use aurak_model::event::{Event, Report, StepEnd, StepInfo, Verb};
use aurak_model::record::EndResult;
use aurak_model::span::Files;
use aurak_model::{Diagnostic, Slot, StepId};

use crate::diagnostics;
use crate::paint::{Line, Role};
use crate::plan::title;
use crate::style::Style;
use crate::text::{self, clean};
use crate::words::{WORTH_SAYING_MS, elapsed};

pub use end::Next;
pub use live::Live;

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// Finished lines above a block that is redrawn.
    Live,
    /// Lines only.
    Lines,
}

/// The state of the display.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    display: Display,
    files: Files,
    title: String,
    /// Steps of the current list, by id.
    steps: Vec<StepInfo>,
    /// Steps that count, over all lists.
    total: u64,
    /// Where the column behind the addresses begins.
    column: usize,
    /// How long it takes as far as that is known, in milliseconds, over all lists.
    usual_ms: u64,
    running: BTreeMap<StepId, Running>,
    done: BTreeMap<Verb, u64>,
    finished: u64,
    failures: Vec<Diagnostic>,
    skipped: Vec<Skipped>,
    left: Vec<(String, String)>,
    stopping: Option<bool>,
    result: Option<(EndResult, u64)>,
    /// Whether the last thing printed was a failure in full: then the end need not repeat it.
    failure_in_sight: bool,
}

#[derive(Debug)]
struct Running {
    since_ms: u64,
    message: String,
    /// When it is tried again; nothing is after a second Ctrl-C.
    again: Option<String>,
}

impl Running {
    fn words(&self) -> String {
        match &self.again {
            Some(again) => format!("{}; {again}", self.message),
            None => self.message.clone(),
        }
    }
}

#[derive(Debug)]
struct Skipped {
    address: String,
    why: String,
}

impl Progress {
    /// A display that has seen nothing yet. `files` are for messages with places in them.
    pub fn new(style: Style, display: Display, files: Files) -> Progress {
        Progress {
            style,
            display,
            files,
            title: String::new(),
            steps: Vec::new(),
            total: 0,
            column: 0,
            usual_ms: 0,
            running: BTreeMap::new(),
            done: BTreeMap::new(),
            finished: 0,
            failures: Vec::new(),
            skipped: Vec::new(),
            left: Vec::new(),
            stopping: None,
            result: None,
            failure_in_sight: false,
        }
    }

    /// Takes an event and returns what is to be printed for good, often nothing.
    pub fn event(&mut self, event: &Event) -> String {
        let Event { n: _, at_ms, report } = event;
        let mut out = String::new();
        match report {
            Report::Started { operation: _, stack, environment, steps, about_ms } => {
                self.usual_ms += about_ms.unwrap_or(0);
                self.started(stack, environment.as_deref(), steps, &mut out);
            }
            Report::StepStarted { step } => {
                self.running.insert(*step, Running { since_ms: *at_ms, message: String::new(), again: None });
                if self.display == Display::Lines {
                    self.sentence(*step, doing, &mut out);
                }
            }
            Report::StepProgress { step, message } => self.message(*step, message, None),
            Report::StepRetry { step, why, attempt, after_ms } => {
                let again = format!("try {attempt} in {}", elapsed(*after_ms));
                self.message(*step, why, Some(again).filter(|_| self.stopping != Some(true)));
                let words = self.running.get(step).map(Running::words);
                if let Some(words) = words.filter(|_| self.display == Display::Lines) {
                    self.sentence(*step, |_| clean(&words).into_owned(), &mut out);
                }
            }
            Report::StepFinished { step, took_ms, end } => self.ended(*step, *took_ms, end, &mut out),
            Report::Stalled { blocked } => self.stalled(blocked, &mut out),
            Report::Stopping { now } => {
                self.stopping = Some(*now);
                if *now {
                    self.running.values_mut().for_each(|running| running.again = None);
                }
                let words = match now {
                    false => "stopping: nothing new is started, what runs is finished; once more leaves it",
                    true => "stopping now: what still runs is left, the next run goes on with it",
                };
                self.note(Role::Warning, words, &mut out);
            }
            Report::Replanning { blocks } => {
                let names: Vec<_> = blocks.iter().map(|block| clean(block.as_str())).collect();
                self.note(Role::Note, &format!("planning what was deferred: {}", names.join(", ")), &mut out);
            }
            Report::Finished { result, done: _, failed: _, skipped: _ } => {
                self.running.clear();
                self.result = Some((*result, *at_ms));
            }
        }
        if !out.is_empty() {
            self.failure_in_sight = matches!(report, Report::StepFinished { end: StepEnd::Failed(_), .. });
        }
        out
    }

    fn started(&mut self, stack: &str, environment: Option<&str>, steps: &[StepInfo], out: &mut String) {
        self.title = title(stack, environment);
        self.steps = steps.to_vec();
        let shown = || steps.iter().filter(|step| step.verb != Verb::Join);
        let new = shown().count() as u64;
        self.total += new;
        // A few long addresses must not push everything to the right.
        let widest = shown().map(|step| text::width(step.address.as_str())).filter(|w| *w <= 44).max();
        self.column = self.column.max(widest.unwrap_or(0)).max(16) + 4;
        if self.display == Display::Lines && new > 0 {
            let words = format!("{}: {}", self.title, crate::words::count(new, "step"));
            Line::new().push(Role::Strong, &words).end(out, &self.style);
        }
    }

    fn message(&mut self, step: StepId, message: &str, again: Option<String>) {
        if let Some(running) = self.running.get_mut(&step) {
            running.message = message.to_string();
            running.again = again;
        }
    }

    fn step(&self, step: StepId) -> Option<&StepInfo> {
        self.steps.get(step.0 as usize).filter(|info| info.verb != Verb::Join)
    }

    fn ended(&mut self, step: StepId, took_ms: u64, end: &StepEnd, out: &mut String) {
        self.running.remove(&step);
        let Some(info) = self.step(step) else { return };
        let (verb, address, words) = (info.verb, info.address.to_string(), did(info));
        match end {
            StepEnd::Done => {
                self.finished += 1;
                *self.done.entry(verb).or_default() += 1;
                match self.display {
                    Display::Live => {
                        let tick = if self.style.unicode { "✔" } else { "*" };
                        self.row(Role::Create, tick, &address, &words, &elapsed(took_ms), out);
                    }
                    Display::Lines => {
                        let took = elapsed(took_ms);
                        self.sentence(step, |info| format!("{} in {took}", did(info)), out);
                    }
                }
            }
            StepEnd::Failed(why) => {
                let mut why = (**why).clone();
                if why.address.is_none() {
                    why.address = Some(info.address.clone());
                }
                out.push_str(&diagnostics::diagnostic(&why, &self.files, &self.style));
                self.failures.push(why);
            }
            StepEnd::Skipped { why, because } => {
                let why = match because.and_then(|step| self.step(step)) {
                    Some(root) => format!("{} failed", clean(root.address.as_str())),
                    None => clean(why).into_owned(),
                };
                self.skipped.push(Skipped { address: clean(&address).into_owned(), why });
            }
            StepEnd::Left { why } => {
                let words = format!("left while it waited: {}", clean(why));
                match self.display {
                    Display::Live => self.row(Role::Warning, "!", &address, &words, "", out),
                    Display::Lines => self.sentence(step, |_| words, out),
                }
                self.left.push((clean(&address).into_owned(), clean(why).into_owned()));
            }
        }
    }

    /// Symbol, address, words, and something at the end: a finished line of the live display.
    fn row(&self, role: Role, symbol: &str, address: &str, words: &str, end: &str, out: &mut String) {
        let mut line = Line::new();
        line.push(role, symbol).pad(2, 1).push(Role::Plain, &clean(address));
        line.pad(self.column, 2).push(Role::Dim, words);
        let columns = self.style.columns().saturating_sub(1);
        if !end.is_empty() {
            line.pad(columns.min(80).saturating_sub(end.len()), 2).push(Role::Dim, end);
        }
        line.fit(columns, &self.style).end(out, &self.style);
    }

    /// `address: words`, a line of the display without a terminal.
    fn sentence(&self, step: StepId, words: impl FnOnce(&StepInfo) -> String, out: &mut String) {
        let Some(info) = self.step(step) else { return };
        let address = clean(info.address.as_str()).into_owned();
        Line::new().push(Role::Plain, &format!("{address}: {}", words(info))).end(out, &self.style);
    }

    fn note(&self, role: Role, words: &str, out: &mut String) {
        let mut line = Line::new();
        for piece in text::wrap(words, self.style.columns()) {
            line.push(role, &piece).end(out, &self.style);
        }
    }

    fn stalled(&self, blocked: &[(StepId, String)], out: &mut String) {
        self.note(Role::Warning, "nothing moves:", out);
        let mut line = Line::new();
        for (step, why) in blocked {
            let name = self.step(*step).map_or_else(|| format!("step {}", step.0), |s| s.address.to_string());
            line.pad(2, 0).push(Role::Plain, &clean(&name));
            line.pad(self.column, 2).push(Role::Dim, &clean(why)).end(out, &self.style);
        }
    }

    /// The output has another width now.
    pub fn resize(&mut self, width: u16) {
        self.style.width = width;
    }

    /// What failed so far.
    pub fn failures(&self) -> &[Diagnostic] {
        &self.failures
    }

    /// What to say when nothing was said for long: where the run stands and what is running.
    pub fn heartbeat(&self, now_ms: u64) -> String {
        let mut out = String::new();
        if self.result.is_some() || self.title.is_empty() {
            return out;
        }
        let mut line = Line::new();
        line.push(Role::Plain, &format!("{}: {}, {}", self.title, self.counts(), self.clock(now_ms)));
        line.end(&mut out, &self.style);
        for (step, running) in &self.running {
            let Some(info) = self.step(*step) else { continue };
            let mut words = format!(
                "{}: {} for {}",
                clean(info.address.as_str()),
                doing(info),
                elapsed(now_ms.saturating_sub(running.since_ms))
            );
            if !running.message.is_empty() {
                words.push_str(&format!(", {}", clean(&running.words())));
            }
            line.pad(2, 0).push(Role::Plain, &words).end(&mut out, &self.style);
        }
        out
    }

    /// `6 of 14 done, 4 running, 1 failed`.
    fn counts(&self) -> String {
        let running = self.running.keys().filter(|step| self.step(**step).is_some()).count();
        let mut words = format!("{} of {} done", self.finished, self.total);
        if running > 0 {
            words.push_str(&format!(", {running} running"));
        }
        if !self.failures.is_empty() {
            words.push_str(&format!(", {} failed", self.failures.len()));
        }
        words
    }

    /// `2m 10s of about 13 min`.
    fn clock(&self, now_ms: u64) -> String {
        match self.usual_ms {
            0..WORTH_SAYING_MS => elapsed(now_ms),
            usual => format!("{} of about {}", elapsed(now_ms), crate::words::about(usual)),
        }
    }
}

/// What a step is at.
fn doing(info: &StepInfo) -> String {
    in_full(gerund(info.verb), info)
}

/// What a step did.
fn did(info: &StepInfo) -> String {
    in_full(past(info.verb), info)
}

fn in_full(verb: &str, info: &StepInfo) -> String {
    let action = info.action.iter().map(|action| format!(" {}", clean(action)));
    let slot = (info.slot == Slot::Temporary).then(|| ", temporary".to_string());
    std::iter::once(verb.to_string()).chain(action).chain(slot).collect()
}

fn gerund(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "creating",
        Verb::Update => "changing",
        Verb::Delete => "deleting",
        Verb::Forget => "forgetting",
        Verb::Record => "recording",
        Verb::Read => "reading",
        Verb::Invoke => "calling",
        Verb::Wait | Verb::Join => "waiting",
    }
}

fn past(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "created",
        Verb::Update => "changed",
        Verb::Delete => "deleted",
        Verb::Forget => "forgotten",
        Verb::Record => "recorded",
        Verb::Read => "read",
        Verb::Invoke => "called",
        Verb::Wait | Verb::Join => "ready",
    }
}

#[cfg(test)]
mod tests;
