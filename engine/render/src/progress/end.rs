//! The end of a run: what was done, what failed, what was not started and why, and what to do next.

use std::collections::BTreeMap;

use aurak_model::event::Verb;
use aurak_model::record::EndResult;

use super::{Display, Progress, past};
use crate::diagnostics;
use crate::paint::{Line, Role};
use crate::text::{self, clean};
use crate::words::{count, elapsed, number};

/// What can be done next, as commands to type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Next<'a> {
    /// The command that goes on after a failure or an interruption.
    pub again: &'a str,
    /// The command that approves the rest, where a follow-up plan was written.
    pub follow_up: Option<&'a str>,
    /// The command that shows the outputs, where there are some.
    pub outputs: Option<&'a str>,
}

/// How many of what was not started are named for each cause.
const NAMED: usize = 5;

impl Progress {
    /// The closing words; empty before the run ended.
    pub fn end(&self, next: &Next<'_>) -> String {
        let mut out = String::new();
        let Some((result, at_ms)) = self.result else { return out };
        self.repeat_failures(&mut out);
        self.not_started(&mut out);
        self.still_going_on(&mut out);

        out.push('\n');
        let mut line = Line::new();
        let (role, lead) = match result {
            EndResult::Done => (Role::Create, "done"),
            EndResult::Failed => (Role::Error, "failed"),
            EndResult::Interrupted => (Role::Warning, "stopped"),
            EndResult::NeedsApproval => (Role::Warning, "done as far as it was approved"),
        };
        line.push(role, lead).push(Role::Plain, &format!(" in {}: {}", elapsed(at_ms), self.tally()));
        line.end(&mut out, &self.style);

        let words = match result {
            EndResult::Done => next.outputs.map(|command| format!("outputs: `{command}`")),
            EndResult::Failed => {
                Some(format!("next: put right what failed, then `{}`; what is done stays done", next.again))
            }
            EndResult::Interrupted => {
                Some(format!("next: `{}` goes on from here; the state is safe", next.again))
            }
            EndResult::NeedsApproval => Some(match next.follow_up {
                Some(command) => format!("next: look at the rest and approve it with `{command}`"),
                None => format!("next: `{}`", next.again),
            }),
        };
        if let Some(words) = words {
            for piece in text::wrap(&words, self.style.columns()) {
                line.push(Role::Plain, &piece).end(&mut out, &self.style);
            }
        }
        out
    }

    /// `3 created, 1 changed; 1 failed, 7 not started`.
    fn tally(&self) -> String {
        let mut done: Vec<String> =
            self.done.iter().map(|(verb, n)| format!("{} {}", number(*n), past(*verb))).collect();
        // Writing rows is no news where something else was done.
        if done.len() > 1
            && let Some(n) = self.done.get(&Verb::Record)
        {
            done.retain(|words| *words != format!("{} {}", number(*n), past(Verb::Record)));
        }
        let mut out = match done.is_empty() {
            true => "nothing was done".to_string(),
            false => done.join(", "),
        };
        let mut rest = Vec::new();
        if !self.failures.is_empty() {
            rest.push(format!("{} failed", self.failures.len()));
        }
        if !self.left.is_empty() {
            rest.push(format!("{} still going on", self.left.len()));
        }
        if !self.skipped.is_empty() {
            rest.push(format!("{} not started", number(self.skipped.len() as u64)));
        }
        if !rest.is_empty() {
            out.push_str(&format!("; {}", rest.join(", ")));
        }
        out
    }

    /// Failures once more, unless the only one is the last thing that was printed: in full on a
    /// terminal, where they have scrolled away; on a line each in a log, which has them already.
    fn repeat_failures(&self, out: &mut String) {
        if self.failures.is_empty() || (self.failures.len() == 1 && self.failure_in_sight) {
            return;
        }
        out.push('\n');
        let words = format!("{}:", count(self.failures.len() as u64, "failure"));
        Line::new().push(Role::Error, &words).end(out, &self.style);
        for (i, failure) in self.failures.iter().enumerate() {
            if self.display == Display::Lines {
                let mut words = clean(failure.summary.lines().next().unwrap_or_default()).into_owned();
                if let Some(address) = &failure.address
                    && !words.contains(address.as_str())
                {
                    words = format!("{}: {words}", clean(address.as_str()));
                }
                Line::new().pad(2, 0).push(Role::Plain, &words).end(out, &self.style);
                continue;
            }
            if i > 0 {
                out.push('\n');
            }
            out.push_str(&diagnostics::diagnostic(failure, &self.files, &self.style));
        }
    }

    /// What was not started, by cause.
    fn not_started(&self, out: &mut String) {
        let mut causes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for skipped in &self.skipped {
            let names = causes.entry(&skipped.why).or_default();
            // A replacement is two steps of one address.
            if names.last() != Some(&skipped.address.as_str()) {
                names.push(&skipped.address);
            }
        }
        if causes.is_empty() {
            return;
        }
        out.push('\n');
        let mut line = Line::new();
        line.push(Role::Strong, "not started").end(out, &self.style);
        for (why, names) in causes {
            let mut words = names[..names.len().min(NAMED)].join(", ");
            if names.len() > NAMED {
                words.push_str(&format!(" and {} more", number((names.len() - NAMED) as u64)));
            }
            words.push_str(&format!(": {why}"));
            for (i, piece) in text::wrap(&words, self.style.columns() - 4).iter().enumerate() {
                line.pad(if i == 0 { 2 } else { 4 }, 0).push(Role::Plain, piece).end(out, &self.style);
            }
        }
    }

    fn still_going_on(&self, out: &mut String) {
        if self.left.is_empty() {
            return;
        }
        out.push('\n');
        let mut line = Line::new();
        line.push(Role::Strong, "still going on; the next run takes it up again").end(out, &self.style);
        for (address, why) in &self.left {
            line.pad(2, 0).push(Role::Plain, &format!("{address}: {why}")).end(out, &self.style);
        }
    }
}
