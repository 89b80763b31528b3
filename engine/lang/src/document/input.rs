//! `inputs`: what a stack or module wants to be told.

use aurak_model::program::Input;
use aurak_model::{Diagnostic, Node, NodeKind, Type, Value};

use super::{InputDecl, free, named};
use crate::fields::{self, Bag, Fields, listed};

const KEYS: [&str; 9] =
    ["type", "default", "description", "enum", "minimum", "maximum", "pattern", "sensitive", "nullable"];

const TYPES: [(&str, Type); 7] = [
    ("string", Type::String),
    ("integer", Type::Integer),
    ("number", Type::Number),
    ("boolean", Type::Boolean),
    ("list", Type::List),
    ("map", Type::Map),
    ("any", Type::Any),
];

pub(super) fn section(node: Node, bag: &mut Bag) -> Vec<InputDecl> {
    let mut inputs = Vec::new();
    for (name, span, node) in named(node, "input", bag) {
        if !free(&name, span, bag) {
            continue;
        }
        let mut input = Input {
            span,
            ty: Type::Any,
            description: None,
            sensitive: false,
            nullable: false,
            allowed: Vec::new(),
            minimum: None,
            maximum: None,
            pattern: None,
            layers: Vec::new(),
        };
        let what = format!("the input `{name}`");
        let shorthand = !matches!(node.kind, NodeKind::Map(_)) && !fields::is_null(&node);
        if shorthand {
            bag.push(
                fields::wrong_kind(&node, &what, "a map")
                    .help(format!("declare it as `{name}: {{ default: ... }}`")),
            );
        }
        let fields = if shorthand { None } else { Fields::known(node, &what, span, &KEYS, bag) };
        let default = fields.and_then(|fields| declaration(fields, &mut input, bag));
        // Even a broken declaration keeps its name, so that what uses it is not wrong too.
        inputs.push(InputDecl { name, input, default });
    }
    inputs
}

fn declaration(mut fields: Fields, input: &mut Input, bag: &mut Bag) -> Option<Node> {
    let default = fields.take_null("default");
    if let Some(node) = fields.take("type") {
        input.ty = type_of(&node, bag).unwrap_or_default();
    }
    if let Some(node) = fields.take("description") {
        input.description = fields::text(&node, "`description`", bag).map(|text| text.to_string());
    }
    if let Some(node) = fields.take("enum") {
        for item in fields::items(node, "`enum`", bag) {
            input.allowed.extend(fields::literal(&item, "`enum`", bag));
        }
    }
    for (key, bound) in [("minimum", &mut input.minimum), ("maximum", &mut input.maximum)] {
        if let Some(node) = fields.take(key) {
            *bound = fields::number(&node, &format!("`{key}`"), bag);
        }
    }
    if let Some(node) = fields.take("pattern") {
        input.pattern = fields::text(&node, "`pattern`", bag).map(|text| text.to_string());
    }
    for (key, flag) in [("sensitive", &mut input.sensitive), ("nullable", &mut input.nullable)] {
        if let Some(node) = fields.take(key) {
            *flag = fields::boolean(&node, &format!("`{key}`"), bag).unwrap_or(false);
        }
    }
    if default.as_ref().is_some_and(fields::is_null) {
        // Whoever writes `default: null` says that nothing is needed.
        input.nullable = true;
    }
    default
}

fn type_of(node: &Node, bag: &mut Bag) -> Option<Type> {
    let text = match &node.kind {
        NodeKind::Literal { value: Value::String(text), .. } => text.clone(),
        _ => fields::text(node, "`type`", bag)?,
    };
    let found = TYPES.iter().find(|(word, _)| *word == &*text).map(|(_, ty)| *ty);
    if found.is_none() {
        let help = match aurak_expr::suggest(&text, TYPES.map(|(word, _)| word)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => match &*text {
                "bool" => "did you mean `boolean`?".to_string(),
                "int" => "did you mean `integer`?".to_string(),
                "float" => "did you mean `number`?".to_string(),
                "object" | "dict" => "did you mean `map`?".to_string(),
                "array" => "did you mean `list`?".to_string(),
                _ => format!("it is one of {}", listed(TYPES.map(|(word, _)| word))),
            },
        };
        bag.push(
            Diagnostic::error("unknown_type", format!("`{text}` is no type")).at(node.span, "").help(help),
        );
    }
    found
}
