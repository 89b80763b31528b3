//! Text inside a value: a line diff for long text, a structured one for JSON and YAML.

use aurak_model::{Path, Seg, Value};
use similar::{ChangeTag, TextDiff};

use crate::paint::Role;
use crate::style::{Detail, Style};
use crate::text::clean_line;
use crate::value::Needs;
use crate::words::count;

/// Lines around a change.
const CONTEXT: usize = 2;

/// Lines of a diff, or of a new text, in the normal view.
const LINES: usize = 30;

/// Texts with more lines than this are not compared line by line: the time grows with their product.
const COMPARED: usize = 3_000;

/// Longer lines are not read well with quotes around them.
const QUOTED: usize = 40;

/// What is longer is not parsed to be compared by its structure.
const PARSED: usize = 256 * 1024;

/// A diff, ready to be indented.
pub(super) struct Diff {
    /// What stands on the line of the path.
    pub(super) summary: String,
    /// The lines below it.
    pub(super) lines: Vec<(Role, String)>,
}

/// A diff of two texts, where they are long enough to be worth one.
pub(super) fn diff(before: Option<&Value>, after: Option<&Value>, style: &Style) -> Option<Diff> {
    match (before, after) {
        (Some(Value::String(old)), Some(Value::String(new))) => {
            if let Some(diff) = structured(old, new, style) {
                return Some(diff);
            }
            (is_block(old) || is_block(new)).then(|| lines(old, new, style))
        }
        (None, Some(Value::String(text))) if is_block(text) => Some(whole(text, Role::Plain, style)),
        (Some(Value::String(text)), None) if is_block(text) => Some(whole(text, Role::Delete, style)),
        _ => None,
    }
}

/// Whether a text has several lines, or one with a line break that is hard to read in quotes.
fn is_block(text: &str) -> bool {
    match text.strip_suffix('\n') {
        Some(line) => line.contains(['\n', '"', '\\']) || line.len() > QUOTED,
        None => text.contains('\n'),
    }
}

fn lines_of(text: &str) -> u64 {
    text.lines().count() as u64
}

fn whole(text: &str, role: Role, style: &Style) -> Diff {
    let all = lines_of(text);
    let shown = if style.detail == Detail::Full { usize::MAX } else { LINES };
    let mut lines: Vec<(Role, String)> =
        text.lines().take(shown).map(|line| (role, clean_line(line).into_owned())).collect();
    more(&mut lines, all as usize, shown, style);
    Diff { summary: format!("({})", count(all, "line")), lines }
}

fn more(lines: &mut Vec<(Role, String)>, all: usize, shown: usize, style: &Style) {
    if all > shown {
        let rest = count((all - shown) as u64, "more line");
        lines.push((Role::Dim, format!("{} {rest}; --detail shows them", style.ellipsis())));
    }
}

fn lines(old: &str, new: &str, style: &Style) -> Diff {
    if lines_of(old) > COMPARED as u64 || lines_of(new) > COMPARED as u64 {
        let summary = format!(
            "({} {} {}, too long to compare here)",
            count(lines_of(old), "line"),
            style.arrow(),
            count(lines_of(new), "line")
        );
        return Diff { summary, lines: Vec::new() };
    }
    let diff = TextDiff::from_lines(old, new);
    let (mut added, mut removed) = (0, 0);
    let mut lines = Vec::new();
    let context = if style.detail == Detail::Full { usize::MAX / 4 } else { CONTEXT };
    for (i, group) in diff.grouped_ops(context).iter().enumerate() {
        if i > 0 {
            lines.push((Role::Dim, style.ellipsis().to_string()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (role, sign) = match change.tag() {
                ChangeTag::Equal => (Role::Dim, ' '),
                ChangeTag::Delete => (Role::Delete, '-'),
                ChangeTag::Insert => (Role::Create, '+'),
            };
            match change.tag() {
                ChangeTag::Equal => {}
                ChangeTag::Delete => removed += 1,
                ChangeTag::Insert => added += 1,
            }
            let text = change.value();
            let text = text.strip_suffix('\n').unwrap_or(text);
            let mut shown = format!("{sign} {}", clean_line(text));
            if change.missing_newline() {
                shown.push_str(" (no line break at the end)");
            }
            lines.push((role, shown));
        }
    }
    let (all, shown) = (lines.len(), if style.detail == Detail::Full { usize::MAX } else { LINES });
    lines.truncate(shown);
    more(&mut lines, all, shown, style);
    Diff { summary: format!("(lines: {removed} removed, {added} added)"), lines }
}

/// Both texts as JSON or YAML, compared leaf by leaf.
fn structured(old: &str, new: &str, style: &Style) -> Option<Diff> {
    let (name, old, new) = match (json(old), json(new)) {
        (Some(old), Some(new)) => ("JSON", old, new),
        _ => ("YAML", yaml(old)?, yaml(new)?),
    };
    let mut found = Vec::new();
    walk(&mut Path::root(), Some(&old), Some(&new), &mut found);
    if found.is_empty() {
        return Some(Diff { summary: format!("({name}, only its layout changes)"), lines: Vec::new() });
    }
    let total = found.len();
    let shown = if style.detail == Detail::Full { usize::MAX } else { LINES };
    let room = if style.detail == Detail::Full { usize::MAX / 8 } else { style.columns() / 3 };
    let mut needs = Needs::default();
    let mut side = |value: Option<&Value>| match value {
        Some(value) => needs.inline(value, room, style),
        None => "(not set)".to_string(),
    };
    let mut lines: Vec<(Role, String)> = found
        .iter()
        .take(shown)
        .map(|(path, old, new)| {
            let path = crate::text::clean(&path.to_string()).into_owned();
            match (old, new) {
                (None, new) => (Role::Create, format!("+ {path}  {}", side(new.as_ref()))),
                (old, None) => (Role::Delete, format!("- {path}  {}", side(old.as_ref()))),
                (old, new) => {
                    let (old, new) = (side(old.as_ref()), side(new.as_ref()));
                    (Role::Change, format!("~ {path}  {old} {} {new}", style.arrow()))
                }
            }
        })
        .collect();
    more(&mut lines, total, shown, style);
    Some(Diff { summary: format!("({name}, {})", count(total as u64, "change")), lines })
}

type Leaf = (Path, Option<Value>, Option<Value>);

fn walk(path: &mut Path, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Leaf>) {
    match (old, new) {
        (old, new) if old == new => {}
        (Some(Value::Map(old)), Some(Value::Map(new))) => {
            let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                path.0.push(Seg::Key(key.clone()));
                walk(path, old.get(key), new.get(key), found);
                path.0.pop();
            }
        }
        (Some(Value::List(old)), Some(Value::List(new))) => {
            for i in 0..old.len().max(new.len()) {
                path.0.push(Seg::Index(i));
                walk(path, old.get(i), new.get(i), found);
                path.0.pop();
            }
        }
        (old, new) => found.push((path.clone(), old.cloned(), new.cloned())),
    }
}

/// A text that is a JSON object or array.
fn json(text: &str) -> Option<Value> {
    if text.len() > PARSED || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok().map(|json| Value::from_json(&json))
}

/// A text of several lines that is a YAML map or list of one document. Anything that JSON could not
/// hold (tags, keys that are no strings) makes it plain text again.
fn yaml(text: &str) -> Option<Value> {
    if text.len() > PARSED || !is_block(text) || !text.contains(": ") && !text.contains(":\n") {
        return None;
    }
    // An alias can stand for a thousand times its own length.
    if text.contains('&') && text.contains('*') {
        return None;
    }
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    // Layout is all that is left of comments, and they may be what changed.
    if text.lines().any(|line| line.trim_start().starts_with('#')) {
        return None;
    }
    match &yaml {
        serde_yaml::Value::Mapping(_) | serde_yaml::Value::Sequence(_) => {
            serde_json::to_value(&yaml).ok().map(|json| Value::from_json(&json))
        }
        _ => None,
    }
}
