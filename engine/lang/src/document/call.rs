//! `modules`: the calls of modules.

use aurak_model::{Diagnostic, Name, Node, NodeKind, Span, Value};

use super::block::for_each;
use super::{free, named};
use crate::fields::{self, Bag, Fields};
use crate::target::Target;

const KEYS: [&str; 7] = ["source", "for_each", "when", "depends_on", "providers", "with", "description"];

/// A call of a module.
#[derive(Clone, Debug)]
pub(crate) struct CallDecl {
    pub(crate) name: Name,
    pub(crate) span: Span,
    /// The folder of the file that calls, and what it says.
    pub(crate) folder: Name,
    pub(crate) source: Option<(Name, Span)>,
    pub(crate) for_each: Option<Node>,
    pub(crate) when: Option<Node>,
    pub(crate) depends_on: Vec<Target>,
    pub(crate) providers: Vec<(Name, Target)>,
    /// Where it says `inherit: true`.
    pub(crate) inherit: Option<Span>,
    pub(crate) with: Vec<(Name, Span, Node)>,
}

pub(super) fn section(node: Node, folder: &Name, bag: &mut Bag) -> Vec<CallDecl> {
    let mut calls = Vec::new();
    for (name, span, node) in named(node, "module", bag) {
        if !free(&name, span, bag) {
            continue;
        }
        let what = format!("the module `{name}`");
        let mut call = CallDecl {
            name,
            span,
            folder: folder.clone(),
            source: None,
            for_each: None,
            when: None,
            depends_on: Vec::new(),
            providers: Vec::new(),
            inherit: None,
            with: Vec::new(),
        };
        if let Some(fields) = Fields::known(node, what, span, &KEYS, bag) {
            read(&mut call, fields, bag);
        }
        // A broken call keeps its name, so that what refers to it is not wrong too.
        calls.push(call);
    }
    calls
}

fn read(call: &mut CallDecl, mut fields: Fields, bag: &mut Bag) {
    if let Some(source) = fields.need("source", "name the folder of the module: source: ./modules/NAME", bag)
    {
        call.source = fields::text(&source, "`source`", bag).map(|text| (text, source.span));
    }
    if let Some(node) = fields.take("description") {
        fields::text(&node, "`description`", bag);
    }
    call.for_each = fields.take("for_each").and_then(|node| for_each(node, bag));
    call.when = fields.take("when").and_then(|node| fields::condition(node, "`when`", bag));
    if let Some(node) = fields.take("depends_on") {
        let items = fields::items(node, "`depends_on`", bag);
        call.depends_on = items.iter().filter_map(|n| Target::read(n, "`depends_on`", bag)).collect();
    }
    if let Some(node) = fields.take("providers") {
        for (name, _, node) in fields::entries(node, "`providers`", bag).unwrap_or_default() {
            call.providers.extend(Target::read(&node, "`providers`", bag).map(|target| (name, target)));
        }
    }
    if let Some(node) = fields.take("with") {
        for (name, span, node) in fields::entries(node, "`with`", bag).unwrap_or_default() {
            if &*name != "inherit" {
                call.with.push((name, span, node));
                continue;
            }
            match &node.kind {
                NodeKind::Literal { value: Value::Bool(true), .. } => call.inherit = Some(span),
                NodeKind::Literal { value: Value::Bool(false), .. } => {}
                _ => bag.push(
                    Diagnostic::error("wrong_type", "`inherit` is true or false").at(node.span, "").help(
                        "`inherit: true` passes on what has the same name here as an input of the module",
                    ),
                ),
            }
        }
    }
}
