//! `outputs`: what a stack or module tells.

use aurak_model::program::Output;
use aurak_model::{Diagnostic, Name, Node, NodeKind, Value};

use super::named;
use crate::fields::{self, Bag, Fields};

pub(super) fn section(node: Node, bag: &mut Bag) -> Vec<(Name, Output)> {
    let mut outputs = Vec::new();
    for (name, span, node) in named(node, "output", bag) {
        let what = format!("the output `{name}`");
        // A broken output keeps its name, so that what reads it is not wrong too.
        let value = Node::literal(Value::Null, span);
        let mut output = Output { span, value, description: None, sensitive: false };
        if matches!(node.kind, NodeKind::Map(_)) {
            let fields =
                Fields::known(node, what.as_str(), span, &["value", "description", "sensitive"], bag);
            if let Some(fields) = fields {
                read(&mut output, fields, &what, bag);
            }
        } else {
            bag.push(
                fields::wrong_kind(&node, &what, "a map").help(format!("write `{name}: {{ value: ... }}`")),
            );
        }
        outputs.push((name, output));
    }
    outputs
}

fn read(output: &mut Output, mut fields: Fields, what: &str, bag: &mut Bag) {
    match fields.take_null("value") {
        Some(value) => output.value = value,
        None => bag.push(
            Diagnostic::error("missing_key", format!("{what} has no `value`"))
                .at(output.span, "")
                .help("write what it tells: value: \"{{ ... }}\""),
        ),
    }
    if let Some(node) = fields.take("description") {
        output.description = fields::text(&node, "`description`", bag).map(|text| text.to_string());
    }
    if let Some(node) = fields.take("sensitive") {
        output.sensitive = fields::boolean(&node, "`sensitive`", bag).unwrap_or(false);
    }
}
