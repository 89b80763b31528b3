//! Taking maps apart: known keys, unknown ones with a suggestion, and scalars of a wanted kind.
//!
//! What has the wrong shape is reported here and left out, so that the rest is still read.

use aurak_expr::suggest;
use aurak_model::{Diagnostic, Name, Node, NodeKind, Span, Value};

use crate::yaml;

/// Where findings are put.
pub(crate) type Bag = Vec<Diagnostic>;

/// The entries of a map whose keys are fixed.
pub(crate) struct Fields {
    /// What it configures, for messages: "an input", "the resource `a`".
    what: String,
    /// Where it is.
    pub(crate) span: Span,
    entries: Vec<(Name, Span, Node)>,
}

impl Fields {
    /// A map, with whatever keys. `span` is the place to show where there is no value at all.
    pub(crate) fn open(node: Node, what: impl Into<String>, span: Span, bag: &mut Bag) -> Option<Fields> {
        let what = what.into();
        let entries = entries(node, &what, bag)?;
        Some(Fields { what, span, entries })
    }

    /// A map of known keys.
    pub(crate) fn known(
        node: Node,
        what: impl Into<String>,
        span: Span,
        keys: &[&str],
        bag: &mut Bag,
    ) -> Option<Fields> {
        let fields = Fields::open(node, what, span, bag)?;
        for (key, span, _) in &fields.entries {
            if !keys.contains(&&**key) {
                bag.push(unknown_key(key, *span, &fields.what, keys));
            }
        }
        Some(fields)
    }

    /// Takes a key out. A value that is null is as good as none.
    pub(crate) fn take(&mut self, key: &str) -> Option<Node> {
        self.take_with_key(key).map(|(_, node)| node)
    }

    /// Takes a key out, with the place of the key.
    pub(crate) fn take_with_key(&mut self, key: &str) -> Option<(Span, Node)> {
        let at = self.entries.iter().position(|(name, _, _)| &**name == key)?;
        let (_, span, node) = self.entries.remove(at);
        (!is_null(&node)).then_some((span, node))
    }

    /// Takes a key out whose null is a value.
    pub(crate) fn take_null(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(name, _, _)| &**name == key)?;
        Some(self.entries.remove(at).2)
    }

    /// Takes a key out that must be there.
    pub(crate) fn need(&mut self, key: &str, help: &str, bag: &mut Bag) -> Option<Node> {
        let found = self.take(key);
        if found.is_none() {
            bag.push(
                Diagnostic::error("missing_key", format!("{} has no `{key}`", self.what))
                    .at(self.span, "")
                    .help(help),
            );
        }
        found
    }

    /// What was not taken.
    pub(crate) fn rest(mut self) -> Vec<(Name, Span, Node)> {
        self.entries.shrink_to_fit();
        self.entries
    }
}

/// A key that means nothing.
pub(crate) fn unknown_key(key: &str, span: Span, what: &str, keys: &[&str]) -> Diagnostic {
    let help = match suggest(key, keys) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("it takes {}", listed(keys)),
    };
    Diagnostic::error("unknown_key", format!("{what} has no key `{key}`")).at(span, "").help(help)
}

/// The entries of a map; of nothing, none.
pub(crate) fn entries(node: Node, what: &str, bag: &mut Bag) -> Option<Vec<(Name, Span, Node)>> {
    match node.kind {
        NodeKind::Map(entries) => Some(entries),
        NodeKind::Literal { value: Value::Null, .. } => Some(Vec::new()),
        _ => {
            bag.push(wrong_kind(&node, what, "a map"));
            None
        }
    }
}

/// The items of a list; of nothing, none.
pub(crate) fn items(node: Node, what: &str, bag: &mut Bag) -> Vec<Node> {
    match node.kind {
        NodeKind::List(items) => items,
        NodeKind::Literal { value: Value::Null, .. } => Vec::new(),
        _ => {
            let mut diagnostic = wrong_kind(&node, what, "a list");
            if matches!(node.kind, NodeKind::Literal { .. }) {
                diagnostic = diagnostic.help("put it in brackets: [ ... ]");
            }
            bag.push(diagnostic);
            Vec::new()
        }
    }
}

/// Text that is no expression.
pub(crate) fn text(node: &Node, what: &str, bag: &mut Bag) -> Option<Name> {
    match &node.kind {
        NodeKind::Literal { value: Value::String(text), .. } => Some(text.clone()),
        NodeKind::Literal { value: Value::Int(_) | Value::Float(_), text: Some(text) } => Some(text.clone()),
        NodeKind::Template { .. } => {
            bag.push(not_an_expression(node, what));
            None
        }
        _ => {
            bag.push(wrong_kind(node, what, "text"));
            None
        }
    }
}

/// A boolean that is no expression.
pub(crate) fn boolean(node: &Node, what: &str, bag: &mut Bag) -> Option<bool> {
    match &node.kind {
        NodeKind::Literal { value: Value::Bool(value), .. } => Some(*value),
        NodeKind::Template { .. } => {
            bag.push(not_an_expression(node, what));
            None
        }
        _ => {
            bag.push(wrong_boolean(node, what));
            None
        }
    }
}

/// A value without any expression in it.
pub(crate) fn literal(node: &Node, what: &str, bag: &mut Bag) -> Option<Value> {
    match &node.kind {
        NodeKind::Literal { value, .. } => Some(value.clone()),
        NodeKind::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| literal(item, what, bag)).collect();
            items.map(Value::from)
        }
        NodeKind::Map(entries) => {
            let entries: Option<Vec<(Name, Value)>> =
                entries.iter().map(|(key, _, node)| Some((key.clone(), literal(node, what, bag)?))).collect();
            entries.map(Value::map)
        }
        NodeKind::Template { .. } => {
            bag.push(not_an_expression(node, what));
            None
        }
    }
}

/// A finite number that is no expression.
pub(crate) fn number(node: &Node, what: &str, bag: &mut Bag) -> Option<f64> {
    match &node.kind {
        NodeKind::Literal { value: Value::Int(i), .. } => Some(*i as f64),
        NodeKind::Literal { value: Value::Float(f), .. } => Some(*f),
        NodeKind::Template { .. } => {
            bag.push(not_an_expression(node, what));
            None
        }
        _ => {
            bag.push(wrong_kind(node, what, "a number"));
            None
        }
    }
}

/// An expression or a boolean.
pub(crate) fn condition(node: Node, what: &str, bag: &mut Bag) -> Option<Node> {
    match &node.kind {
        NodeKind::Template { .. } | NodeKind::Literal { value: Value::Bool(_), .. } => Some(node),
        _ => {
            let mut diagnostic = wrong_boolean(&node, what);
            if let NodeKind::Literal { value: Value::String(text), .. } = &node.kind
                && yaml::is_yes_or_no(text).is_none()
            {
                diagnostic = diagnostic.help("write an expression as \"{{ ... }}\"");
            }
            bag.push(diagnostic);
            None
        }
    }
}

/// A boolean is wanted and something else is there.
pub(crate) fn wrong_boolean(node: &Node, what: &str) -> Diagnostic {
    let diagnostic = wrong_kind(node, what, "true or false");
    match &node.kind {
        NodeKind::Literal { value: Value::String(text), .. } => match yaml::is_yes_or_no(text) {
            Some(meant) => diagnostic.help(format!("YAML 1.2 reads `{text}` as text: write `{meant}`")),
            None => diagnostic,
        },
        _ => diagnostic,
    }
}

/// One kind of value is wanted and another is there.
pub(crate) fn wrong_kind(node: &Node, what: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("wrong_type", format!("{what} must be {wanted}"))
        .at(node.span, format!("this is {}", kind_of(node)))
}

fn not_an_expression(node: &Node, what: &str) -> Diagnostic {
    Diagnostic::error("not_an_expression", format!("{what} cannot be an expression"))
        .at(node.span, "it must be known before anything is planned")
        .help("write the value itself")
}

/// What a node is, for messages.
pub(crate) fn kind_of(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Literal { value: Value::Null, .. } => "nothing",
        NodeKind::Literal { value, .. } => value.ty().article(),
        NodeKind::Template { .. } => "an expression",
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a map",
    }
}

/// Whether a node says nothing.
pub(crate) fn is_null(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Literal { value: Value::Null, .. })
}

/// Words in backticks.
pub(crate) fn listed(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    /// More than this is no help any more.
    const SHOWN: usize = 20;
    let words: Vec<String> = words.into_iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match words.len() {
        0 => "none".to_string(),
        n if n > SHOWN => format!("{} and {} more", words[..SHOWN].join(", "), n - SHOWN),
        _ => words.join(", "),
    }
}
