//! The parts of a plan around its changes.

use std::collections::BTreeMap;

use aurak_model::plan::{DeferredBlock, OutputChange};
use aurak_model::schema::ReplaceOrder;
use aurak_model::snapshot::Override;
use aurak_model::{Action, Address, Change, Difference, Reason, Severity};

use super::symbol::Mark;
use super::{GAP, Out};
use crate::diagnostics;
use crate::paint::Role;
use crate::style::Detail;
use crate::text::{self, clean};
use crate::words::{WORTH_SAYING_MS, about, count, number};

/// Findings of one kind in the normal view; a rule can speak up for every resource.
const FINDINGS: usize = 20;

impl Out<'_> {
    /// Which stack this is and what was read.
    pub(super) fn header(&mut self) {
        let (plan, report) = (self.view.plan, self.view.report);
        self.line.push(Role::Strong, &title(&plan.stack, plan.environment.as_deref()));
        if plan.mode == aurak_model::plan::Mode::Destroy {
            self.line.push(Role::Plain, "  ").push(Role::Delete, "destroy");
        }
        if let Some(phase) = &plan.phase {
            self.line.push(Role::Plain, &format!("  phase {}", clean(phase)));
        }
        if report.read > 0 {
            let mut words = format!("{} read", count(report.read, "resource"));
            if let Some(ms) = self.view.took_ms {
                words.push_str(&format!(" in {}", crate::words::elapsed(ms)));
            }
            if report.requests > 0 {
                words.push_str(&format!(" with {}", count(report.requests, "request")));
            }
            self.line.push(Role::Plain, "  ").push(Role::Dim, &words);
        }
        self.end();
    }

    /// What moved outside of aurak, and what becomes of it.
    pub(super) fn drift(&mut self, changes: &[&Change]) {
        let drifted: Vec<&&Change> = changes.iter().filter(|change| has_drift(change)).collect();
        if drifted.is_empty() {
            return;
        }
        self.gap();
        let mark = Mark::Drift;
        self.line.push(mark.role(), mark.symbol(self.style)).pad(self.columns.symbol, 1);
        self.line.push(mark.role(), "changed outside aurak");
        self.end();
        for change in drifted {
            if change.reasons.contains(&Reason::ObjectGone) {
                self.line.pad(4, 0).push(Role::Strong, &clean(change.address.as_str()));
                self.line.pad(self.columns.second, GAP).push(Role::Plain, "is no longer there");
                let fate = match change.action {
                    Action::Create => "will be made again",
                    _ => "leaves the state",
                };
                self.fate(fate);
            }
            let short = self.style.detail == Detail::Short && change.drift.len() > 1;
            if short {
                self.line.pad(4, 0).push(Role::Strong, &clean(change.address.as_str()));
                self.line.pad(self.columns.second, GAP);
                self.line.push(Role::Plain, &count(change.drift.len() as u64, "attribute"));
                self.end();
                continue;
            }
            for (i, difference) in change.drift.iter().enumerate() {
                self.drifted(change, difference, i == 0);
            }
        }
    }

    fn drifted(&mut self, change: &Change, difference: &Difference, first: bool) {
        let fate = fate(change, difference);
        self.line.pad(4, 0);
        if first {
            self.line.push(Role::Strong, &clean(change.address.as_str()));
        }
        self.line.pad(self.columns.second, GAP);
        self.line.push(Role::Plain, &clean(&difference.path.to_string()));
        self.line.pad(0, GAP);
        self.values(difference.before.as_ref(), difference.after.as_ref(), false, Some(fate));
    }

    fn fate(&mut self, fate: &str) {
        let room = self.columns.all.saturating_sub(text::width(fate));
        self.line.pad(self.columns.place.min(room), GAP).push(Role::Dim, fate);
        self.end();
    }

    /// What a later plan will bring.
    pub(super) fn deferred(&mut self) {
        let plan = self.view.plan;
        if plan.deferred.is_empty() {
            return;
        }
        self.gap();
        let mark = Mark::Deferred;
        self.line.push(mark.role(), mark.symbol(self.style)).pad(self.columns.symbol, 1);
        self.line.push(Role::Plain, "planned again during apply, when more is known");
        self.end();
        for DeferredBlock { address, type_name, waits_for, why } in &plan.deferred {
            self.line.pad(4, 0).push(Role::Strong, &clean(address.as_str()));
            self.line.pad(self.columns.second, GAP).push(Role::Dim, &clean(type_name));
            self.end();
            if self.style.detail == Detail::Short {
                continue;
            }
            let mut words = why.clone();
            if !waits_for.is_empty() {
                let names = list(waits_for.iter().map(Address::as_str), 4);
                words.push_str(&format!("; waits for {names}"));
            }
            self.prose(6, "why: ", Role::Dim, &words);
        }
    }

    /// Outputs that change.
    pub(super) fn outputs(&mut self) {
        let plan = self.view.plan;
        let full = self.style.detail == Detail::Full;
        let mut first = true;
        for OutputChange { name, before, after } in &plan.outputs {
            let action = match (before, after) {
                (before, after) if before == after => Action::NoOp,
                (None, _) => Action::Create,
                (_, None) => Action::Delete,
                _ => Action::Update,
            };
            if action == Action::NoOp && !full {
                continue;
            }
            if std::mem::take(&mut first) {
                self.gap();
                self.line.push(Role::Plain, "outputs");
                self.end();
            }
            let mark = Mark::Action(action);
            self.line.pad(2, 0).push(mark.role(), mark.symbol(self.style)).pad(self.columns.symbol + 2, 1);
            self.line.push(Role::Strong, &clean(name));
            if self.style.detail == Detail::Short {
                self.end();
                continue;
            }
            self.line.pad(self.columns.second, GAP);
            self.values(before.as_ref(), after.as_ref(), action == Action::Create, None);
        }
    }

    /// What stands above the configuration; shown as long as it does.
    pub(super) fn overrides(&mut self) {
        let plan = self.view.plan;
        if plan.overrides.is_empty() {
            return;
        }
        self.gap();
        self.line.push(Role::Warning, "overridden");
        self.end();
        for Override { address, path, value, who, why } in &plan.overrides {
            self.line.pad(4, 0).push(Role::Strong, &clean(address.as_str()));
            self.line.pad(self.columns.second, GAP);
            self.line.push(Role::Plain, &clean(&path.to_string())).pad(0, GAP);
            self.values(None, Some(value), true, None);
            if self.style.detail != Detail::Short {
                self.prose(6, "by: ", Role::Dim, &format!("{who}, {why}"));
            }
        }
    }

    /// Warnings and notes on a line each, errors in full.
    pub(super) fn findings(&mut self) {
        let findings = &self.view.report.findings;
        let full = self.style.detail == Detail::Full;
        let rest: Vec<_> = findings.iter().filter(|finding| !finding.is_error()).collect();
        let mut shown_of: BTreeMap<&str, usize> = BTreeMap::new();
        let mut left_out = 0;
        if !rest.is_empty() {
            self.gap();
        }
        for finding in rest {
            let of = shown_of.entry(&finding.code).or_default();
            *of += 1;
            if *of > FINDINGS && !full {
                left_out += 1;
                continue;
            }
            let (role, lead) = match finding.severity {
                Severity::Note => (Role::Note, "· "),
                Severity::Warning | Severity::Error => (Role::Warning, "! "),
            };
            let lead = if self.style.unicode || finding.severity == Severity::Warning { lead } else { "* " };
            let mut words = finding.summary.trim().to_string();
            if let Some(address) = &finding.address
                && !words.contains(address.as_str())
            {
                words = format!("{address}: {words}");
            }
            let place = finding.labels.first().map(|label| self.view.files.place(label.span));
            let origin = place.unwrap_or_else(|| format!("check: {}", finding.code));
            self.line.push(role, lead);
            let hang = self.line.width();
            let origin = clean(&origin).into_owned();
            let beside = self.columns.all.saturating_sub(text::width(&origin) + GAP + hang);
            let pieces = text::wrap(&words, beside.max(30));
            for (i, piece) in pieces.iter().enumerate() {
                if i > 0 {
                    self.line.pad(hang, 0);
                }
                self.line.push(Role::Plain, piece);
                if i == 0 && text::width(piece) <= beside {
                    let room = self.columns.all.saturating_sub(text::width(&origin));
                    self.line.pad(self.columns.place.min(room), GAP).push(Role::Dim, &origin);
                }
                self.end();
            }
            if self.style.detail == Detail::Short {
                continue;
            }
            if let Some(detail) = &finding.detail {
                self.prose(4, "", Role::Dim, detail);
            }
            if let Some(help) = &finding.help {
                self.prose(4, "help: ", Role::Dim, help);
            }
        }
        if left_out > 0 {
            let words = format!(
                "{} {} more like these; --detail shows them",
                self.style.ellipsis(),
                number(left_out)
            );
            self.line.push(Role::Dim, &words);
            self.end();
        }
        for finding in findings.iter().filter(|finding| finding.is_error()) {
            self.gap();
            self.text.push_str(&diagnostics::diagnostic(finding, self.view.files, self.style));
        }
    }

    /// The numbers, and how long it takes.
    pub(super) fn summary(&mut self, changes: &[&Change]) {
        let (plan, report) = (self.view.plan, self.view.report);
        self.gap();
        let outputs = plan.outputs.iter().filter(|output| output.before != output.after).count();
        let words = numbers(changes, plan.deferred.len(), outputs, plan.unchanged);
        self.prose(0, "", Role::Strong, &words);
        if let Some(ms) = report.usual_ms.filter(|ms| *ms >= WORTH_SAYING_MS) {
            let mut lead = format!("about {}", about(ms));
            if !report.critical_path.is_empty() {
                // Where not the chain decides, but how much may run at once, both are said.
                let chain = report.critical_ms.map(about).filter(|chain| *chain != about(ms));
                if let Some(chain) = chain {
                    lead.push_str(&format!(", {chain} of it in a row"));
                }
                lead.push_str(": ");
            }
            let arrow = format!(" {} ", self.style.arrow());
            let room = self.columns.all.saturating_sub(text::width(&lead));
            let path = path(&report.critical_path, &arrow, room, self.style.ellipsis());
            self.line.push(Role::Plain, &lead).push(Role::Plain, &path);
            self.end();
        }
        if !plan.conditions.is_empty() && self.style.detail != Detail::Short {
            let n = plan.conditions.len() as u64;
            let words = format!(
                "{} {} judged during apply",
                count(n, "condition"),
                if n == 1 { "is" } else { "are" }
            );
            self.line.push(Role::Dim, &words);
            self.end();
        }
    }
}

/// The stack's name, and its environment where the name does not tell it.
pub(crate) fn title(stack: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) if !stack.contains(environment) => {
            format!("{}@{}", clean(stack), clean(environment))
        }
        _ => clean(stack).into_owned(),
    }
}

/// Whether a change has something to say about drift.
pub(crate) fn has_drift(change: &Change) -> bool {
    !change.drift.is_empty() || change.reasons.contains(&Reason::ObjectGone)
}

/// What becomes of a drifted leaf.
fn fate(change: &Change, drift: &Difference) -> &'static str {
    match change.action {
        Action::Delete => return "goes with it",
        Action::Forget => return "is left there",
        Action::Create | Action::Replace(_) => return "is made anew",
        Action::Update | Action::Import | Action::Move | Action::NoOp | Action::Read => {}
    }
    let planned = change
        .differences
        .iter()
        .find(|difference| difference.path.covers(&drift.path) || drift.path.covers(&difference.path));
    match planned {
        Some(planned) if planned.path == drift.path && planned.after != drift.before => "will be changed",
        Some(_) => "will be set back",
        None => "stays",
    }
}

/// `2 to create, 1 to change; 38 as they should be`.
fn numbers(changes: &[&Change], deferred: usize, outputs: usize, unchanged: u64) -> String {
    let (mut drifted, mut losing, mut records) = (0, 0, 0);
    let mut actions: Vec<(Action, u64)> = Vec::new();
    for change in changes {
        drifted += u64::from(has_drift(change));
        losing += u64::from(change.data_loss.is_some());
        records += u64::from(change.action == Action::NoOp && change.drift.is_empty());
        match actions.iter_mut().find(|(action, _)| *action == change.action) {
            Some((_, count)) => *count += 1,
            None => actions.push((change.action, 1)),
        }
    }
    let action = |wanted: Action| actions.iter().find(|(action, _)| *action == wanted).map_or(0, |(_, n)| *n);
    let parts = [
        (action(Action::Create), "to create"),
        (action(Action::Update), "to change"),
        (
            action(Action::Replace(ReplaceOrder::DeleteFirst))
                + action(Action::Replace(ReplaceOrder::CreateFirst)),
            "to replace",
        ),
        (action(Action::Replace(ReplaceOrder::Rotate)), "to rotate"),
        (action(Action::Delete), "to delete"),
        (action(Action::Forget), "to forget"),
        (action(Action::Import), "to take over"),
        (action(Action::Move), "to move"),
        (action(Action::Read), "to read"),
        (deferred as u64, "to plan later"),
        (drifted, "drifted"),
    ];
    let words: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{} {words}", number(*n))).collect();
    let only_drift = words.len() == usize::from(drifted > 0);
    // Beside other changes outputs are what follows from them.
    let lead = match (only_drift, outputs) {
        (false, _) => None,
        (true, 0) => Some("nothing to do".to_string()),
        (true, n) => Some(format!("{} to change", count(n as u64, "output"))),
    };
    let mut out = lead.into_iter().chain(words).collect::<Vec<_>>().join(", ");
    match losing {
        0 => {}
        1 => out.push_str(", 1 loses data"),
        n => out.push_str(&format!(", {} lose data", number(n))),
    }
    match unchanged {
        0 => {}
        1 => out.push_str("; 1 as it should be"),
        n => out.push_str(&format!("; {} as they should be", number(n))),
    }
    if records > 0 {
        out.push_str(&format!("; {} of the state to bring up to date", count(records, "row")));
    }
    out
}

/// Names with commas, the last ones counted where there are too many.
fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let all = names.len();
    let shown: Vec<_> = names.take(most).map(clean).collect();
    match all > most {
        true => format!("{} and {} more", shown.join(", "), all - most),
        false => shown.join(", "),
    }
}

/// A chain of addresses in the room that there is: what does not fit goes from the middle.
fn path(addresses: &[Address], arrow: &str, room: usize, ellipsis: &str) -> String {
    let names: Vec<_> = addresses.iter().map(|address| clean(address.as_str())).collect();
    let whole = names.join(arrow);
    if text::width(&whole) <= room || names.len() < 3 {
        return whole;
    }
    // From the front as long as the last one and a count still fit.
    let last = &names[names.len() - 1];
    let mut shown = String::new();
    let mut taken = 0;
    for name in &names[..names.len() - 1] {
        let left = names.len() - 2 - taken;
        let rest = format!("{ellipsis} {left} more{arrow}{last}");
        if taken > 0
            && text::width(&shown) + text::width(name) + text::width(arrow) + text::width(&rest) > room
        {
            break;
        }
        shown.push_str(name);
        shown.push_str(arrow);
        taken += 1;
    }
    match names.len() - 1 - taken {
        0 => shown.push_str(last),
        left => shown.push_str(&format!("{ellipsis} {left} more{arrow}{last}")),
    }
    shown
}
