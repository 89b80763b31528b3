//! One leaf that changes: on a line where it fits, before and after on lines of their own where it
//! does not, and as a diff where it is text of several lines, JSON or YAML.

use aurak_model::schema::ReplaceOrder;
use aurak_model::{Action, Difference, Secret, Unknown, Value};

use super::symbol::Mark;
use super::{GAP, Out, embedded};
use crate::paint::Role;
use crate::style::Detail;
use crate::text::{self, clean};

/// A value never takes more columns than this in the normal view, however wide the terminal is.
const LONGEST: usize = 200;

/// Where values stand that do not fit beside their path.
const INDENT: usize = 6;

impl Out<'_> {
    pub(super) fn difference(&mut self, difference: &Difference, action: Action) {
        let Difference { path, before, after, forces, place } = difference;
        if *forces {
            let mark = match action {
                Action::Replace(_) => Mark::Action(action),
                _ => Mark::Action(Action::Replace(ReplaceOrder::DeleteFirst)),
            };
            let symbol = mark.symbol(self.style);
            let column = 4 - (text::width(symbol) + 1).min(4);
            self.line.pad(column, 0).push(mark.role(), symbol);
        }
        self.line.pad(4, usize::from(*forces));
        let path = match path.is_root() {
            true => "(all of it)".to_string(),
            false => clean(&path.to_string()).into_owned(),
        };
        self.line.push(Role::Plain, &path);
        self.line.pad(self.columns.second, GAP);
        let created = matches!(action, Action::Create | Action::Read);
        self.values(before.as_ref(), after.as_ref(), created, place.as_deref());
    }

    /// The rest of a line that says what a value was and will be, and where that comes from.
    pub(super) fn values(
        &mut self,
        before: Option<&Value>,
        after: Option<&Value>,
        created: bool,
        place: Option<&str>,
    ) {
        let place = place.map(clean).unwrap_or_default().into_owned();
        if let Some(diff) = embedded::diff(before, after, self.style) {
            self.line.push(Role::Dim, &diff.summary);
            self.place(&place);
            self.block(&diff.lines);
            return;
        }
        if let Some(words) = self.hidden(before, after, created) {
            self.line.push(Role::Plain, &words);
            self.place(&place);
            return;
        }
        let full = self.style.detail == Detail::Full;
        let limit = if full { usize::MAX / 8 } else { LONGEST };
        let beside = self.columns.all.saturating_sub(self.line.width());
        let reserved = match place.is_empty() {
            true => 0,
            false => text::width(&place) + GAP,
        };
        let arrow = self.style.arrow();
        let sides = |out: &mut Self, room: usize| {
            let mut side = |value: Option<&Value>| match value {
                Some(value) => out.needs.inline(value, room, out.style),
                None => "(not set)".to_string(),
            };
            (side(before), side(after))
        };
        let below = self.columns.all - INDENT;
        // One more than fits, so that what was cut is seen to be too long.
        let (old, new) = sides(self, (beside.max(below) + 1).min(limit));
        let wide = match created {
            true => text::width(&new),
            false => text::width(&old) + text::width(arrow) + 2 + text::width(&new),
        };
        if wide <= beside.max(below).min(limit) {
            if wide > beside {
                self.end();
                self.line.pad(INDENT, 0);
            }
            if !created {
                self.line.push(Role::Dim, &old).push(Role::Dim, &format!(" {arrow} "));
            }
            self.line.push(Role::Plain, &new);
            if self.line.width() + reserved > self.columns.all {
                // The place then stands on a line of its own.
                self.end();
            }
            self.place(&place);
            return;
        }
        // Too long for a line: one below the other, cut in front of where they differ.
        let indent = if beside < below * 2 / 3 { INDENT } else { self.line.width() };
        if indent == INDENT {
            self.end();
            self.line.pad(indent, 0);
        }
        let room = self.columns.all.saturating_sub(indent + text::width(arrow) + 1).min(limit);
        let room = if full { limit } else { room };
        let (old, new) = match (before, after) {
            (Some(Value::String(old)), Some(Value::String(new))) if !full && !created => {
                around_difference(old, new, room, self.style.ellipsis())
            }
            _ => sides(self, room),
        };
        if !created {
            self.line.pad(indent + text::width(arrow) + 1, 0).push(Role::Dim, &old);
            self.end();
            self.line.pad(indent, 0).push(Role::Dim, arrow).push(Role::Plain, " ");
        }
        self.line.push(Role::Plain, &new);
        if !place.is_empty() && self.line.width() + reserved > self.columns.all {
            self.end();
        }
        self.place(&place);
    }

    /// The place at the end of a line, in its column where the line is not there yet.
    fn place(&mut self, place: &str) {
        if !place.is_empty() {
            let room = self.columns.all.saturating_sub(text::width(place));
            self.line.pad(self.columns.place.min(room), if self.line.width() == 0 { 0 } else { GAP });
            self.line.push(Role::Dim, place);
        }
        self.end();
    }

    /// Lines of a diff, indented and cut to the output.
    fn block(&mut self, lines: &[(Role, String)]) {
        let full = self.style.detail == Detail::Full;
        for (role, text) in lines {
            self.line.pad(6, 0).push(*role, text);
            if !full {
                self.line.fit(self.columns.all, self.style);
            }
            self.end();
        }
    }

    /// Words for values that must not be shown: only whether they change.
    fn hidden(&mut self, before: Option<&Value>, after: Option<&Value>, created: bool) -> Option<String> {
        fn is_hidden(value: Option<&Value>) -> bool {
            match value {
                Some(Value::Sensitive(Secret::Plain(_) | Secret::Sealed(_))) => true,
                Some(Value::Unknown(unknown)) => {
                    let Unknown { sensitive, .. } = &**unknown;
                    *sensitive
                }
                _ => false,
            }
        }
        if created || !is_hidden(before) || !is_hidden(after) {
            return None;
        }
        Some(match (before, after) {
            (before, after) if before == after => "(sensitive, stays)".to_string(),
            (_, Some(Value::Unknown(unknown))) => {
                let after = Value::Unknown(unknown.clone());
                let words = self.needs.inline(&after, LONGEST, self.style);
                format!("{}, may change)", words.trim_end_matches(')'))
            }
            _ => "(sensitive, changes)".to_string(),
        })
    }
}

/// Two long texts, cut so that the first place where they differ is in sight.
fn around_difference(old: &str, new: &str, room: usize, ellipsis: &str) -> (String, String) {
    let same: usize =
        old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    // A third of the room shows what comes before the difference.
    let start = old[..same].char_indices().rev().nth(room / 3).map_or(0, |(i, _)| i);
    let side = |text: &str| {
        // Four bytes a column are more than enough to fill the room.
        let end = text.floor_char_boundary((start + room * 4).min(text.len()));
        let part = clean(&text[start..end]).into_owned();
        let lead = if start > 0 { ellipsis } else { "" };
        let shown = text::cut(&part, room.saturating_sub(text::width(lead)), ellipsis).into_owned();
        format!("{lead}{shown}")
    };
    (side(old), side(new))
}
