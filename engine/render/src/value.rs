//! Values on one line: text as it is where nobody can mistake it, `(sensitive)`, and where an
//! unknown part will come from.

use std::collections::{BTreeMap, BTreeSet};

use aurak_model::{Address, Map, NodeId, Origin, Plan, Secret, Unknown, Value};

use crate::style::Style;
use crate::text;

/// Resolves what unknown values wait for, down to resources.
#[derive(Debug, Default)]
pub(crate) struct Needs<'a> {
    plan: Option<&'a Plan>,
    nodes: BTreeMap<NodeId, BTreeSet<Address>>,
}

impl<'a> Needs<'a> {
    pub(crate) fn of(plan: &'a Plan) -> Needs<'a> {
        Needs { plan: Some(plan), nodes: BTreeMap::new() }
    }

    /// The resources that a value will come from, in order.
    pub(crate) fn resolve(&mut self, unknown: &Unknown) -> BTreeSet<Address> {
        match &unknown.origin {
            Origin::Row { row, .. } => BTreeSet::from([row.clone()]),
            Origin::Deferred { block } => BTreeSet::from([block.clone()]),
            Origin::Node { node, .. } => self.node(*node),
            Origin::Fresh { needs } => {
                let mut found = BTreeSet::new();
                for origin in needs.iter() {
                    match origin {
                        Origin::Row { row, .. } => {
                            found.insert(row.clone());
                        }
                        Origin::Deferred { block } => {
                            found.insert(block.clone());
                        }
                        Origin::Node { node, .. } => found.extend(self.node(*node)),
                        // Never within itself.
                        Origin::Fresh { .. } => {}
                    }
                }
                found
            }
        }
    }

    /// What a node of the arena waits for. Nodes may share nodes, so each is looked at once, and
    /// with a list of our own instead of recursion: chains of `let` can be long.
    fn node(&mut self, id: NodeId) -> BTreeSet<Address> {
        if let Some(found) = self.nodes.get(&id) {
            return found.clone();
        }
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::from([id]);
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            let Some(node) = self.plan.and_then(|plan| plan.node(next)) else { continue };
            for value in node.refs.values() {
                value.for_each_unknown(&mut |unknown| {
                    let mut visit = |origin: &Origin| match origin {
                        Origin::Row { row, .. } => {
                            found.insert(row.clone());
                        }
                        Origin::Deferred { block } => {
                            found.insert(block.clone());
                        }
                        Origin::Node { node, .. } => {
                            if seen.insert(*node) {
                                open.push(*node);
                            }
                        }
                        Origin::Fresh { .. } => {}
                    };
                    match &unknown.origin {
                        Origin::Fresh { needs } => needs.iter().for_each(&mut visit),
                        origin => visit(origin),
                    }
                });
            }
        }
        self.nodes.insert(id, found.clone());
        found
    }

    /// `known after cluster`.
    fn words(&mut self, unknown: &Unknown) -> String {
        let needs = self.resolve(unknown);
        let mut names = needs.iter().map(|address| text::clean(address.as_str()));
        match (names.next(), names.next(), needs.len()) {
            (None, _, _) => "known during apply".to_string(),
            (Some(one), None, _) => format!("known after {one}"),
            (Some(one), Some(two), 2) => format!("known after {one} and {two}"),
            (Some(one), Some(two), n) => format!("known after {one}, {two} and {} more", n - 2),
        }
    }

    /// A value in at most `room` columns.
    pub(crate) fn inline(&mut self, value: &Value, room: usize, style: &Style) -> String {
        let mut out = Bounded { out: String::new(), room, full: false };
        self.write(value, false, &mut out);
        match out.full {
            false => out.out,
            true => text::cut(&out.out, room, style.ellipsis()).into_owned(),
        }
    }

    fn write(&mut self, value: &Value, nested: bool, out: &mut Bounded) {
        if out.full {
            return;
        }
        match value {
            Value::Null => out.push("null"),
            Value::Bool(b) => out.push(if *b { "true" } else { "false" }),
            Value::Int(i) => out.push(&i.to_string()),
            Value::Float(f) => out.push(&float(*f)),
            Value::String(s) => out.string(s, nested),
            Value::List(list) => {
                out.push("[");
                for (i, item) in list.iter().enumerate() {
                    if out.full {
                        return;
                    }
                    if i > 0 {
                        out.push(", ");
                    }
                    self.write(item, true, out);
                }
                out.push("]");
            }
            Value::Map(map) => self.write_map(map, out),
            Value::Sensitive(Secret::Plain(_) | Secret::Sealed(_)) => out.push("(sensitive)"),
            Value::Unknown(unknown) if unknown.sensitive => {
                let words = self.words(unknown);
                out.push(&format!("(sensitive, {words})"));
            }
            Value::Unknown(unknown) => {
                let words = self.words(unknown);
                out.push(&format!("({words})"));
            }
        }
    }

    fn write_map(&mut self, map: &Map, out: &mut Bounded) {
        out.push("{");
        for (i, (key, item)) in map.iter().enumerate() {
            if out.full {
                return;
            }
            if i > 0 {
                out.push(", ");
            }
            out.string(key, true);
            out.push(": ");
            self.write(item, true, out);
        }
        out.push("}");
    }
}

/// A number as JSON has it.
fn float(f: f64) -> String {
    serde_json::Number::from_f64(f).map_or_else(|| f.to_string(), |n| n.to_string())
}

/// A text that stops growing when it can no longer fit, so that a value of 10 MB costs nothing.
struct Bounded {
    out: String,
    room: usize,
    full: bool,
}

impl Bounded {
    fn push(&mut self, piece: &str) {
        self.out.push_str(piece);
        // Bytes are at least as many as columns; the exact width is asked only near the limit.
        if self.out.len() > self.room && text::width(&self.out) > self.room {
            self.full = true;
        }
    }

    fn string(&mut self, s: &str, nested: bool) {
        // A character takes up to four bytes and may take no column; cleaning makes those visible.
        let limit = self.room.saturating_mul(4) + 16;
        let (part, whole) = match s.len() > limit {
            true => (&s[..s.floor_char_boundary(limit)], false),
            false => (s, true),
        };
        if whole && is_plain(part, nested) {
            self.push(part);
        } else {
            self.push(&quoted(part));
        }
        self.full |= !whole;
    }
}

/// A text in double quotes.
pub(crate) fn quoted(s: &str) -> String {
    // Strings always serialise; JSON's escapes first, then what JSON leaves alone.
    let json = serde_json::to_string(s).unwrap_or_default();
    match text::clean(&json) {
        std::borrow::Cow::Borrowed(_) => json,
        std::borrow::Cow::Owned(cleaned) => cleaned,
    }
}

/// Whether a text can stand without quotes and be taken for nothing else.
fn is_plain(s: &str, nested: bool) -> bool {
    let Some(first) = s.bytes().next() else { return false };
    if matches!(first, b'(' | b'[' | b'{' | b'"' | b'\'' | b' ') || s.ends_with(' ') {
        return false;
    }
    if matches!(s, "null" | "true" | "false" | "~") || looks_like_number(s) {
        return false;
    }
    if nested && s.contains([',', ':', ']', '}', '"']) {
        return false;
    }
    !s.contains('\\') && !s.contains(" → ") && matches!(text::clean(s), std::borrow::Cow::Borrowed(_))
}

fn looks_like_number(s: &str) -> bool {
    s.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) && s.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use aurak_model::{Path, Type};

    use super::*;

    fn show(value: &Value) -> String {
        Needs::default().inline(value, 60, &Style::plain())
    }

    #[test]
    fn text_is_quoted_only_where_it_could_be_mistaken() {
        for (value, shown) in [
            (Value::from("Standard_D4s_v5"), "Standard_D4s_v5"),
            ("two words".into(), "two words"),
            ("".into(), "\"\""),
            ("5".into(), "\"5\""),
            ("1.30".into(), "\"1.30\""),
            ("1.2.3".into(), "1.2.3"),
            ("true".into(), "\"true\""),
            (" x".into(), "\" x\""),
            ("(sensitive)".into(), "\"(sensitive)\""),
            ("a\nb".into(), "\"a\\nb\""),
            ("\x1b[31m".into(), "\"\\u001b[31m\""),
            ("a\u{202e}b".into(), "\"a\\u{202e}b\""),
            (5.into(), "5"),
            (1.0.into(), "1.0"),
            (Value::Null, "null"),
            (Value::list(["a, b".into(), "c".into(), 1.into()]), "[\"a, b\", c, 1]"),
            (Value::map([("k", Value::from("x")), ("a:b", Value::map::<&str>([]))]), "{\"a:b\": {}, k: x}"),
            (Value::from("canary").sensitive(), "(sensitive)"),
        ] {
            assert_eq!(show(&value), shown);
        }
    }

    #[test]
    fn long_values_are_cut_without_being_written_out() {
        let long = Value::from("x".repeat(10_000_000));
        let shown = Needs::default().inline(&long, 10, &Style::plain());
        assert_eq!(shown, "\"xxxxxxxx…");
        let list = Value::list(vec![Value::from("ab"); 1_000]);
        assert_eq!(Needs::default().inline(&list, 12, &Style::plain()), "[ab, ab, ab…");
    }

    #[test]
    fn unknown_values_say_what_they_wait_for() {
        let row = |name: &str| Origin::Row { row: Address::parse(name).unwrap(), path: Path::key("id") };
        let unknown = |origins: &[Origin], sensitive| {
            Value::Unknown(Box::new(Unknown {
                ty: Type::String,
                origin: Origin::Fresh { needs: origins.into() },
                sensitive,
            }))
        };
        assert_eq!(show(&unknown(&[row("a")], false)), "(known after a)");
        assert_eq!(show(&unknown(&[row("b"), row("a")], true)), "(sensitive, known after a and b)");
        assert_eq!(show(&unknown(&[row("a"), row("b"), row("c")], false)), "(known after a, b and 1 more)");
        assert_eq!(show(&unknown(&[], false)), "(known during apply)");
    }
}
