//! Errors into the tree that Helm's validator prints: those within a part of a schema are below it.
//!
//! The library gives a flat list with the paths that were taken through the schema; the tree is made of
//! these. Of several in one part the order is that in which Helm's validator looks, and then by place.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::told::{missing, name, sentence, single};

/// A line, and what is below it.
struct Node {
    rank: usize,
    at: String,
    text: String,
    below: Vec<Node>,
    kind: Kind,
}

/// What a line stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What is wrong.
    Plain,
    /// Several that are wrong in one part; where it is all there is, they stand for themselves.
    Group,
    /// A reference; it is left out if there is just one below it.
    Reference,
}

/// An error, and what is left of the path to it.
struct Item<'e, 'i> {
    path: Vec<String>,
    error: &'e ValidationError<'i>,
}

/// The lines, each with a break at its end.
pub(super) fn text(errors: &[ValidationError<'_>]) -> String {
    let items = errors.iter().map(|error| Item { path: tokens(error.evaluation_path().as_str()), error });
    let mut out = String::new();
    for node in flat(part(items.collect(), "")) {
        write(&node, 0, &mut out);
    }
    out
}

fn write(node: &Node, depth: usize, out: &mut String) {
    let left_out = node.kind == Kind::Reference && node.below.len() == 1;
    if !left_out {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&format!("- at {}: {}\n", single(&node.at), node.text));
    }
    for below in &node.below {
        write(below, if left_out { depth } else { depth + 1 }, out);
    }
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(ToOwned::to_owned).collect()
}

/// In which order Helm's validator looks. The first ones end the part they are in.
const ORDER: [&str; 34] = [
    "type",
    "const",
    "enum",
    "format",
    "$ref",
    "minProperties",
    "maxProperties",
    "required",
    "dependencies",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "minItems",
    "maxItems",
    "uniqueItems",
    "prefixItems",
    "items",
    "additionalItems",
    "contains",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "not",
    "allOf",
    "anyOf",
    "oneOf",
];

/// How many of them end their part.
const FIRST: usize = 4;

fn rank(keyword: &str) -> usize {
    ORDER.iter().position(|known| *known == keyword).unwrap_or(ORDER.len())
}

/// What is wrong with the value at a place by one part of a schema.
fn part(items: Vec<Item<'_, '_>>, at: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut inner: BTreeMap<(usize, Vec<String>, String), Vec<Item<'_, '_>>> = BTreeMap::new();
    let mut required: Vec<String> = Vec::new();
    for Item { path, error } in items {
        let applied = applied(&path);
        if path.len() > applied && applied > 0 {
            let place = below(error.instance_path().as_str(), at, &path[0]);
            let key = (rank(&path[0]), path[..applied].to_vec(), place);
            let rest = path[applied..].to_vec();
            inner.entry(key).or_default().push(Item { path: rest, error });
            continue;
        }
        match error.kind() {
            ValidationErrorKind::Required { property } => required.push(name(property)),
            _ => nodes.extend(leaves(error, at)),
        }
    }
    if !required.is_empty() {
        nodes.push(leaf(rank("required"), at, missing(&required)));
    }
    let mut all_of: Vec<Node> = Vec::new();
    for ((rank, steps, place), items) in inner {
        let found = part(items, &place);
        match steps.first().map(String::as_str) {
            Some("$ref" | "$dynamicRef" | "$recursiveRef") => nodes.push(Node {
                rank,
                at: at.to_owned(),
                text: "validation failed".to_owned(),
                below: flat(found),
                kind: Kind::Reference,
            }),
            Some("allOf") => all_of.push(one(found, &place, rank)),
            _ => nodes.push(one(found, &place, rank)),
        }
    }
    if !all_of.is_empty() {
        nodes.push(Node { below: all_of, ..leaf(rank("allOf"), at, "'allOf' failed".to_owned()) });
    }
    nodes.sort_by_key(|node| node.rank);
    if nodes.first().is_some_and(|node| node.rank < FIRST && node.below.is_empty() && node.at == at) {
        nodes.truncate(1);
    }
    nodes
}

/// One node for all of a part.
fn one(mut found: Vec<Node>, at: &str, rank: usize) -> Node {
    match found.len() {
        1 => Node { rank, ..found.remove(0) },
        _ => Node { below: found, kind: Kind::Group, ..leaf(rank, at, "validation failed".to_owned()) },
    }
}

/// A group that is all there is as what is in it.
fn flat(mut nodes: Vec<Node>) -> Vec<Node> {
    match nodes.as_mut_slice() {
        [only] if only.kind == Kind::Group => std::mem::take(&mut only.below),
        _ => nodes,
    }
}

fn leaf(rank: usize, at: &str, text: String) -> Node {
    Node { rank, at: at.to_owned(), text, below: Vec::new(), kind: Kind::Plain }
}

/// How many steps of a path lead into another part of the schema.
fn applied(path: &[String]) -> usize {
    let is_number = |step: Option<&String>| step.is_some_and(|step| step.parse::<usize>().is_ok());
    match path.first().map(String::as_str) {
        Some(
            "properties" | "patternProperties" | "dependencies" | "dependentSchemas" | "allOf"
            | "prefixItems",
        ) => 2,
        Some("items") if is_number(path.get(1)) => 2,
        Some("if") if path.get(1).is_some_and(|step| matches!(step.as_str(), "then" | "else")) => 2,
        Some(
            "$ref"
            | "$dynamicRef"
            | "$recursiveRef"
            | "items"
            | "additionalItems"
            | "additionalProperties"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "then"
            | "else"
            | "if",
        ) => 1,
        _ => 0,
    }
}

/// Where the value is that a step leads to: the same one, or one below it.
fn below(instance: &str, at: &str, step: &str) -> String {
    let goes_down = matches!(
        step,
        "properties"
            | "patternProperties"
            | "prefixItems"
            | "items"
            | "additionalItems"
            | "additionalProperties"
            | "unevaluatedItems"
            | "unevaluatedProperties"
    );
    let rest = instance.strip_prefix(at).unwrap_or_default();
    match rest.get(1..).and_then(|rest| rest.split('/').next()) {
        Some(name) if goes_down => format!("{at}/{name}"),
        _ => at.to_owned(),
    }
}

/// The nodes of an error that stands for itself; with what is within it.
fn leaves(error: &ValidationError<'_>, at: &str) -> Vec<Node> {
    let at = if error.instance_path().as_str().is_empty() { at } else { error.instance_path().as_str() };
    let node = leaf(rank(error.kind().keyword()), at, sentence(error));
    let branches = |context: &[Vec<ValidationError<'static>>], keyword: &str| {
        let mut nodes = Vec::new();
        for (number, errors) in context.iter().enumerate() {
            let items =
                errors.iter().map(|inner| Item { path: after(error, inner, keyword, number), error: inner });
            nodes.push(one(part(items.collect(), at), at, number));
        }
        nodes
    };
    match error.kind() {
        ValidationErrorKind::AnyOf { context } => vec![Node { below: branches(context, "anyOf"), ..node }],
        ValidationErrorKind::OneOfNotValid { context } => {
            vec![Node { below: branches(context, "oneOf"), ..node }]
        }
        ValidationErrorKind::PropertyNames { error: inner } => {
            let below = leaf(0, "", sentence(inner));
            vec![Node { below: vec![below], ..node }]
        }
        ValidationErrorKind::UnevaluatedProperties { unexpected }
        | ValidationErrorKind::UnevaluatedItems { unexpected } => {
            let each = unexpected.iter();
            each.map(|name| leaf(node.rank, &format!("{at}/{name}"), "false schema".to_owned())).collect()
        }
        _ => vec![node],
    }
}

/// The path of an error within a branch, from the branch on.
fn after(
    outer: &ValidationError<'_>,
    inner: &ValidationError<'_>,
    keyword: &str,
    number: usize,
) -> Vec<String> {
    let whole = tokens(inner.evaluation_path().as_str());
    let before = tokens(outer.evaluation_path().as_str());
    let rest = whole.strip_prefix(before.as_slice()).unwrap_or(&whole);
    let number = number.to_string();
    match rest {
        [first, second, rest @ ..] if first == keyword && *second == number => rest.to_vec(),
        [first, rest @ ..] if *first == number => rest.to_vec(),
        _ => rest.to_vec(),
    }
}
