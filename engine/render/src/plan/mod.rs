//! A plan as text: what will happen, why, how long it takes and what could be lost.
//!
//! Sections stand in order of risk and are left out when empty: drift, changes, what waits for a
//! later plan, outputs, overrides, warnings; then the numbers. What stays as it is, is a number.

mod aligned;
mod change;
mod difference;
mod embedded;
mod reason;
mod sections;
mod symbol;

use aurak_model::span::Files;
use aurak_model::{Action, Change, Plan, PlanReport};

use crate::paint::{Line, Role};
use crate::style::{Detail, Style};
use crate::text;
use crate::value::Needs;

pub(crate) use reason::words as reason_words;
pub(crate) use sections::{has_drift, title};
pub(crate) use symbol::Mark;

/// What to show.
#[derive(Clone, Copy, Debug)]
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What planning said besides.
    pub report: &'a PlanReport,
    /// The sources, for findings with a place in them.
    pub files: &'a Files,
    /// How long planning took, in milliseconds.
    pub took_ms: Option<u64>,
}

/// A change that opens no details in the normal view: creates, where there are more than this. One
/// scrolls through twenty, not through a hundred.
const CREATES_OPEN: usize = 20;

/// The whole plan.
pub fn plan(view: &PlanView<'_>, style: &Style) -> String {
    let mut changes: Vec<&Change> = view.plan.changes.iter().collect();
    // Stable: the planner's own order stays within a rank.
    changes.sort_by_key(|change| symbol::rank(change.action));
    let creates = changes.iter().filter(|change| change.action == Action::Create).count();
    let mut out = Out {
        view,
        style,
        needs: Needs::of(view.plan),
        columns: Columns::of(&changes, style),
        line: Line::new(),
        text: String::with_capacity(changes.len() * 160 + 1024),
        creates_open: style.detail == Detail::Full || creates <= CREATES_OPEN,
    };
    out.header();
    out.drift(&changes);
    out.changes(&changes);
    out.deferred();
    out.outputs();
    out.overrides();
    out.findings();
    out.summary(&changes);
    out.text
}

/// Where columns begin.
struct Columns {
    /// The symbol and the space after it.
    symbol: usize,
    /// The column of types and of values.
    second: usize,
    /// The column of actions; none where the output is too narrow for columns.
    third: Option<usize>,
    /// The column of places.
    place: usize,
    /// All of them.
    all: usize,
}

/// Spaces between columns, at the least.
const GAP: usize = 2;

impl Columns {
    fn of(changes: &[&Change], style: &Style) -> Columns {
        let all = style.columns();
        let symbol = if style.unicode { 2 } else { 4 };
        // A few long ones must not push everything to the right: these take a line of their own.
        let widest = |texts: &mut dyn Iterator<Item = usize>, limit: usize| {
            texts.filter(|wide| *wide <= limit).max().unwrap_or(0)
        };
        let paths = |change: &Change| {
            change.differences.iter().map(|d| d.path.to_string().len() + 2).max().unwrap_or(0)
        };
        let few = changes.len() <= CREATES_OPEN * 4;
        let address = widest(
            &mut changes
                .iter()
                .map(|change| text::width(change.address.as_str()).max(if few { paths(change) } else { 0 })),
            all * 2 / 5,
        );
        let types = widest(&mut changes.iter().map(|change| change.type_name.len()), all * 3 / 10);
        let second = symbol + address.max(20) + GAP;
        let third = second + types + GAP;
        // Room for `in place, about 11 min`; what is longer runs on into the margin.
        let third = (third + 22 <= all).then_some(third);
        Columns { symbol, second, third, place: (all * 16 / 25).max(all.saturating_sub(44)), all }
    }
}

/// The text being written, and what all its parts need.
struct Out<'a> {
    view: &'a PlanView<'a>,
    style: &'a Style,
    needs: Needs<'a>,
    columns: Columns,
    line: Line,
    text: String,
    creates_open: bool,
}

impl Out<'_> {
    fn end(&mut self) {
        self.line.end(&mut self.text, self.style);
    }

    /// A blank line before a section, unless it is the first.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Words behind a lead, wrapped below their own beginning.
    fn prose(&mut self, indent: usize, lead: &str, role: Role, words: &str) {
        let hang = indent + text::width(lead);
        let room = self.columns.all.saturating_sub(hang).max(24);
        for (i, piece) in text::wrap(words, room).iter().enumerate() {
            match i {
                0 => self.line.pad(indent, 0).push(role, lead),
                _ => self.line.pad(hang, 0),
            };
            self.line.push(role, piece);
            self.end();
        }
    }
}

#[cfg(test)]
mod tests;
