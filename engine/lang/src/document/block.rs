//! Resources, existing resources and provider nodes: their meta keys apart from their attributes.

use std::collections::BTreeMap;

use aurak_model::program::MaybeLifecycle;
use aurak_model::{BlockKind, Diagnostic, Name, Node, NodeKind, Path, Span, Value};

use super::{conditions, free, named};
use crate::fields::{self, Bag, Fields, unknown_key};
use crate::target::Target;

/// A block whose names are not looked up yet.
#[derive(Clone, Debug)]
pub(crate) struct BlockDecl {
    pub(crate) kind: BlockKind,
    pub(crate) name: Name,
    pub(crate) span: Span,
    /// `None` where it is missing or no type: the rest cannot be checked then.
    pub(crate) type_name: Option<Name>,
    pub(crate) type_span: Span,
    pub(crate) attributes: Node,
    pub(crate) for_each: Option<Node>,
    pub(crate) when: Option<Node>,
    pub(crate) depends_on: Vec<Target>,
    pub(crate) provider: Option<Target>,
    pub(crate) lifecycle: MaybeLifecycle,
    pub(crate) deleted_with: Option<Target>,
    pub(crate) timeouts: BTreeMap<Name, Node>,
    pub(crate) description: Option<String>,
}

/// What stands beside the attributes of a resource.
pub(crate) const META: [&str; 8] =
    ["type", "for_each", "when", "depends_on", "provider", "lifecycle", "timeouts", "description"];

/// Of these a provider node has fewer.
pub(crate) const META_OF_PROVIDER: [&str; 4] = ["type", "for_each", "depends_on", "description"];

/// The keys of `lifecycle`.
pub(crate) const LIFECYCLE: [&str; 9] = [
    "prevent_destroy",
    "ignore_changes",
    "create_before_destroy",
    "retain",
    "adopt",
    "replace_when",
    "deleted_with",
    "preconditions",
    "postconditions",
];

/// Of something that is only read, nothing but the conditions makes sense.
const LIFECYCLE_OF_EXISTING: [&str; 2] = ["preconditions", "postconditions"];

const OPERATIONS: [&str; 4] = ["create", "read", "update", "delete"];

pub(super) fn section(node: Node, kind: BlockKind, bag: &mut Bag) -> Vec<BlockDecl> {
    let word = match kind {
        BlockKind::Resource => "resource",
        BlockKind::Existing => "existing",
        BlockKind::Provider => "provider",
    };
    let entries = named(node, word, bag);
    let mut blocks = Vec::with_capacity(entries.len());
    for (name, span, node) in entries {
        // Expressions do not see provider nodes, so these may have any name.
        if kind != BlockKind::Provider && !free(&name, span, bag) {
            continue;
        }
        let what = match kind {
            BlockKind::Resource | BlockKind::Provider => format!("the {word} `{name}`"),
            BlockKind::Existing => format!("the existing resource `{name}`"),
        };
        let place = node.span;
        let mut block = BlockDecl {
            kind,
            name,
            span,
            type_name: None,
            type_span: span,
            attributes: Node { kind: NodeKind::Map(Vec::new()), span: place },
            for_each: None,
            when: None,
            depends_on: Vec::new(),
            provider: None,
            lifecycle: MaybeLifecycle::default(),
            deleted_with: None,
            timeouts: BTreeMap::new(),
            description: None,
        };
        if let Some(fields) = Fields::open(node, what, span, bag) {
            read(&mut block, fields, bag);
        }
        // A broken block keeps its name, so that what refers to it is not wrong too.
        blocks.push(block);
    }
    blocks
}

fn read(block: &mut BlockDecl, mut fields: Fields, bag: &mut Bag) {
    let ty = match block.kind {
        BlockKind::Provider => fields.take("type"),
        _ => fields.need("type", "say what it is: `type: PROVIDER.TYPE`", bag),
    };
    match ty {
        Some(node) => {
            block.type_span = node.span;
            block.type_name = fields::text(&node, "`type`", bag);
        }
        None if block.kind == BlockKind::Provider => block.type_name = Some(block.name.clone()),
        None => {}
    }
    block.for_each = fields.take("for_each").and_then(|node| for_each(node, bag));
    if let Some(node) = fields.take("depends_on") {
        let items = fields::items(node, "`depends_on`", bag);
        block.depends_on = items.iter().filter_map(|n| Target::read(n, "`depends_on`", bag)).collect();
    }
    if let Some(node) = fields.take("description") {
        block.description = fields::text(&node, "`description`", bag).map(|text| text.to_string());
    }
    if block.kind != BlockKind::Provider {
        block.when = fields.take("when").and_then(|node| fields::condition(node, "`when`", bag));
        block.provider = fields.take("provider").and_then(|n| Target::read(&n, "`provider`", bag));
        if let Some((span, node)) = fields.take_with_key("lifecycle") {
            lifecycle(block, node, span, bag);
        }
        if let Some((span, node)) = fields.take_with_key("timeouts") {
            timeouts(block, node, span, bag);
        }
    }
    block.attributes.kind = NodeKind::Map(fields.rest());
}

/// A literal `for_each` can be checked at once.
pub(crate) fn for_each(node: Node, bag: &mut Bag) -> Option<Node> {
    match &node.kind {
        NodeKind::Template { .. } | NodeKind::Map(_) => return Some(node),
        NodeKind::List(items) => {
            let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
            for item in items {
                match &item.kind {
                    NodeKind::Literal { value: Value::String(key), .. } => {
                        if let Some(first) = seen.insert(key, item.span) {
                            bag.push(
                                Diagnostic::error("duplicate_key", format!("`{key}` is there twice"))
                                    .at(item.span, "again here")
                                    .at(first, "first here")
                                    .help("each key of `for_each` makes one instance: remove one of them"),
                            );
                        }
                    }
                    NodeKind::Template { .. } => {}
                    _ => {
                        bag.push(
                            fields::wrong_kind(item, "a key of `for_each`", "text")
                                .help("a list of maps becomes a map with {{ list | key_by('name') }}"),
                        );
                        return None;
                    }
                }
            }
            return Some(node);
        }
        NodeKind::Literal { .. } => {}
    }
    bag.push(
        fields::wrong_kind(&node, "`for_each`", "a map or a list of texts")
            .help("each key makes one instance, with `each.key` and `each.value`"),
    );
    None
}

fn lifecycle(block: &mut BlockDecl, node: Node, span: Span, bag: &mut Bag) {
    let keys: &[&str] = match block.kind {
        BlockKind::Existing => &LIFECYCLE_OF_EXISTING,
        _ => &LIFECYCLE,
    };
    let Some(mut fields) = Fields::open(node, "`lifecycle`", span, bag) else { return };
    let found = &mut *block.lifecycle;
    for (key, value) in [
        ("prevent_destroy", &mut found.prevent_destroy),
        ("create_before_destroy", &mut found.create_before_destroy),
        ("retain", &mut found.retain),
        ("adopt", &mut found.adopt),
    ] {
        if keys.contains(&key)
            && let Some(node) = fields.take(key)
        {
            *value = fields::condition(node, &format!("`{key}`"), bag);
        }
    }
    if block.kind != BlockKind::Existing {
        found.replace_when = fields.take("replace_when");
        if let Some(node) = fields.take("ignore_changes") {
            found.ignore_changes = paths(node, bag);
        }
        block.deleted_with =
            fields.take("deleted_with").and_then(|n| Target::read(&n, "`deleted_with`", bag));
    }
    for (key, list) in
        [("preconditions", &mut found.preconditions), ("postconditions", &mut found.postconditions)]
    {
        if let Some(node) = fields.take(key) {
            *list = conditions(node, &format!("`{key}`"), bag);
        }
    }
    for (key, span, node) in fields.rest() {
        if keys.contains(&&*key) && fields::is_null(&node) {
            continue;
        }
        let what = match block.kind {
            BlockKind::Existing => "`lifecycle` of something that is only read",
            _ => "`lifecycle`",
        };
        bag.push(unknown_key(&key, span, what, keys));
    }
}

fn paths(node: Node, bag: &mut Bag) -> Vec<(Path, Span)> {
    let mut paths = Vec::new();
    for item in fields::items(node, "`ignore_changes`", bag) {
        let Some(text) = fields::text(&item, "a path", bag) else { continue };
        match Path::parse(&text) {
            Ok(path) => paths.push((path, item.span)),
            Err(bad) => {
                bag.push(Diagnostic::error("bad_path", bad.to_string()).at(item.span, ""));
            }
        }
    }
    paths
}

fn timeouts(block: &mut BlockDecl, node: Node, span: Span, bag: &mut Bag) {
    let Some(fields) = Fields::known(node, "`timeouts`", span, &OPERATIONS, bag) else { return };
    for (key, _, mut node) in fields.rest() {
        if !OPERATIONS.contains(&&*key) || fields::is_null(&node) {
            continue;
        }
        if let NodeKind::Literal { value, .. } = &mut node.kind {
            match seconds(value) {
                Some(seconds) => *value = Value::Int(seconds),
                None => {
                    bag.push(
                        fields::wrong_kind(&node, &format!("the timeout `{key}`"), "a duration")
                            .help("write seconds as a number, or text such as 90s, 10m, 1h30m"),
                    );
                    continue;
                }
            }
        }
        block.timeouts.insert(key, node);
    }
}

/// Seconds of a number or of a text such as `1h30m`.
fn seconds(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Int(seconds) => return (*seconds > 0).then_some(*seconds),
        Value::String(text) => text,
        _ => return None,
    };
    let mut total: i64 = 0;
    let mut rest: &str = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = match &rest[digits..digits + rest[digits..].chars().next()?.len_utf8()] {
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("10m", Some(600)),
            ("1h30m", Some(5400)),
            ("", None),
            ("0s", None),
            ("10", None),
            ("m", None),
            ("1d", None),
            ("1é", None),
            ("99999999999999999h", None),
        ] {
            assert_eq!(seconds(&Value::from(text)), expected, "{text}");
        }
    }
}
