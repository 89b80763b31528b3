//! Names of things outside of expressions: entries of `depends_on`, `provider`, `deleted_with`.
//!
//! `name`, `name["key"]`, with `resources.` or `modules.` in front where a name alone is taken;
//! in `provider`, the key may be an expression: `name[each.key]`.

use std::sync::Arc;

use aurak_model::address::is_name;
use aurak_model::program::Layout;
use aurak_model::{Diagnostic, Name, Node, NodeKind, Span, Value};

use crate::fields::{self, Bag};

/// The name of something, not looked up yet.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `resources` or `modules`, where it is written.
    pub(crate) namespace: Option<Namespace>,
    /// The name.
    pub(crate) name: Name,
    /// The instance.
    pub(crate) key: Option<Node>,
    /// Where it says so.
    pub(crate) span: Span,
}

/// What may stand in front of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    Resources,
    Modules,
}

impl Target {
    /// Reads a name. `what` is the key that it stands under.
    pub(crate) fn read(node: &Node, what: &str, bag: &mut Bag) -> Option<Target> {
        if let NodeKind::Template { text, .. } = &node.kind {
            let inner = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
            bag.push(
                Diagnostic::error("not_an_expression", format!("{what} takes names, not expressions"))
                    .at(node.span, "")
                    .help(format!("write the name alone: {inner}")),
            );
            return None;
        }
        let text = fields::text(node, what, bag)?;
        let target = parse(&text, node.span);
        if target.is_none() {
            bag.push(
                Diagnostic::error("bad_name", format!("`{text}` is no name for {what}"))
                    .at(node.span, "")
                    .help("write a name as `cluster`, or one instance as pools[\"common\"]"),
            );
        }
        target
    }

    /// The key, where it is no expression.
    pub(crate) fn constant_key(&self) -> Option<Name> {
        match &self.key.as_ref()?.kind {
            NodeKind::Literal { value: Value::String(key), .. } => Some(key.clone()),
            _ => None,
        }
    }
}

fn parse(text: &str, span: Span) -> Option<Target> {
    let (namespace, rest) = match text.split_once('.') {
        Some(("resources", rest)) => (Some(Namespace::Resources), rest),
        Some(("modules", rest)) => (Some(Namespace::Modules), rest),
        _ => (None, text),
    };
    let (name, key) = match rest.split_once('[') {
        Some((name, key)) => (name, Some(key.strip_suffix(']')?)),
        None => (rest, None),
    };
    if !is_name(name) {
        return None;
    }
    let key = match key {
        None => None,
        Some(key) if key.starts_with('"') => {
            Some(Node::literal(Value::string(serde_json::from_str::<String>(key).ok()?), span))
        }
        Some("") => return None,
        Some(expression) => {
            // `{{` is as long as the shortest name with its bracket, so `skip` cannot be negative;
            // a quoted scalar is one column off, and then says the whole.
            let before = (text.len() - expression.len() - 1) as u32;
            let exact = span.len as usize == text.len();
            let layout = Layout { skip: before.saturating_sub(2), exact, ..Layout::default() };
            let text: Arc<str> = format!("{{{{{expression}}}}}").into();
            Some(Node { kind: NodeKind::Template { text, layout }, span })
        }
    };
    Some(Target { namespace, name: name.into(), key, span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_things() {
        let span = Span { len: 16, col: 5, line: 1, ..Span::default() };
        let read = |text: &str| {
            parse(text, span).map(|t| {
                let key = t.key.map(|node| match node.kind {
                    NodeKind::Literal { value, .. } => format!("{value:?}"),
                    NodeKind::Template { text, .. } => text.to_string(),
                    _ => "?".to_string(),
                });
                (t.namespace, t.name.to_string(), key)
            })
        };
        assert_eq!(read("a"), Some((None, "a".into(), None)));
        assert_eq!(read("modules.a"), Some((Some(Namespace::Modules), "a".into(), None)));
        assert_eq!(read("a[\"x.]y\"]"), Some((None, "a".into(), Some("\"x.]y\"".into()))));
        assert_eq!(read("kube[each.key]"), Some((None, "kube".into(), Some("{{each.key}}".into()))));
        for text in ["", "a.b", "a[", "a[]", "a b", "[x]", "a[\"x]"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_place_of_a_key_that_is_an_expression() {
        let text = "kube[each.key]";
        let span = Span { len: text.len() as u32, col: 5, line: 1, ..Span::default() };
        let key = parse(text, span).unwrap().key.unwrap();
        let place = key.place(2, 10);
        assert_eq!((place.col, place.len), (10, 8));
    }
}
