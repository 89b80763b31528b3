//! Changes: a headline each, what differs below it, and why.

use aurak_model::schema::ReplaceOrder;
use aurak_model::{Action, Change, Reason};

use super::aligned::aligned;
use super::symbol::{self, Mark};
use super::{GAP, Out, reason};
use crate::graph::step_words;
use crate::paint::Role;
use crate::style::Detail;
use crate::text::{self, clean};
use crate::words::{WORTH_SAYING_MS, about};

/// Attributes of a create in the normal view; the rest is a number.
const CREATE_ATTRIBUTES: usize = 12;

impl Out<'_> {
    pub(super) fn changes(&mut self, changes: &[&Change]) {
        let mut first = true;
        for change in changes {
            if change.action == Action::NoOp && self.style.detail != Detail::Full {
                continue;
            }
            if std::mem::take(&mut first) {
                self.gap();
            }
            self.change(change);
        }
    }

    fn change(&mut self, change: &Change) {
        let Change {
            address,
            type_name,
            action,
            reasons,
            differences,
            drift: _,
            place,
            steps,
            usual_ms,
            from,
            data_loss,
        } = change;
        let mark = Mark::Action(*action);
        let gone = |reason: &Reason| matches!(reason, Reason::DeletedWith { .. } | Reason::ObjectGone);
        let mut words = match action {
            Action::Forget if reasons.iter().any(gone) => "forget",
            action => symbol::words(*action, !differences.is_empty()),
        }
        .to_string();
        if let Some(ms) = usual_ms.filter(|ms| *ms >= WORTH_SAYING_MS) {
            words.push_str(&format!(", about {}", about(ms)));
        }
        if let Some(from) = from {
            words.push_str(&format!(", was {}", clean(from.as_str())));
        }
        if data_loss.is_some() && self.style.detail == Detail::Short {
            words.push_str(", loses data");
        }
        self.headline(mark, address.as_str(), type_name, &words);

        if self.style.detail == Detail::Short {
            return;
        }
        let full = self.style.detail == Detail::Full;
        let open = match action {
            Action::Create => self.creates_open,
            // What goes is not worth a list; what it held is in the findings.
            Action::Delete | Action::Forget | Action::NoOp => full,
            Action::Update | Action::Replace(_) | Action::Read | Action::Import | Action::Move => true,
        };
        if open {
            let limit = match action {
                Action::Create if !full => CREATE_ATTRIBUTES,
                _ => usize::MAX,
            };
            let shown = aligned(differences);
            for difference in shown.iter().take(limit) {
                self.difference(difference, *action);
            }
            if shown.len() > limit {
                let rest = shown.len() - limit;
                let words = format!("{} {rest} more; --detail shows them", self.style.ellipsis());
                self.line.pad(4, 0).push(Role::Dim, &words);
                self.end();
            }
        }
        let why = reason::why(change, full);
        if !why.is_empty() {
            self.prose(4, "why: ", Role::Dim, &why);
        }
        if let Some(data) = data_loss {
            self.prose(4, "! ", Role::Warning, &format!("loses data: {}", clean(data)));
        }
        if let (true, Action::Replace(ReplaceOrder::Rotate)) = (full, action) {
            for step in steps.iter().filter_map(|id| self.view.plan.steps.get(id.0 as usize)) {
                let about = step.usual_ms.filter(|ms| *ms >= WORTH_SAYING_MS).map(about);
                let about = about.map_or_else(String::new, |about| format!(", about {about}"));
                self.prose(4, "step: ", Role::Dim, &(step_words(step) + &about));
            }
        }
        if let (true, Some(place)) = (full, place) {
            self.prose(4, "at: ", Role::Dim, &clean(place));
        }
    }

    /// Symbol, address, type and words, in columns where there is room for them.
    pub(super) fn headline(&mut self, mark: Mark, address: &str, type_name: &str, words: &str) {
        let (address, type_name) = (clean(address), clean(type_name));
        let line = &mut self.line;
        line.push(mark.role(), mark.symbol(self.style)).pad(self.columns.symbol, 1);
        line.push(Role::Strong, &address);
        match self.columns.third {
            Some(third) => {
                line.pad(self.columns.second, GAP).push(Role::Dim, &type_name);
                line.pad(third, GAP);
            }
            None => {
                line.pad(0, GAP).push(Role::Dim, &type_name).pad(0, GAP);
            }
        }
        if !words.is_empty() && line.width() + text::width(words) > self.columns.all {
            self.end();
            self.line.pad(4, 0);
        }
        self.line.push(mark.role(), words);
        self.end();
    }
}
