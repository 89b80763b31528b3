//! What can be worked out before there is a state: the stack's name, and whether inputs hold.

use std::collections::{BTreeMap, BTreeSet};

use aurak_expr::coerce;
use aurak_model::{Ask, AskKey, Attribute, Diagnostic, Kind, Name, Value};

use crate::context::{Context, GaveUp};
use crate::input::PlanInput;
use crate::scope::ModuleScope;

/// The name of a stack, or what is in the way of it.
#[derive(Debug)]
pub struct Named {
    /// The name.
    pub name: Option<Name>,
    /// What is wrong.
    pub findings: Vec<Diagnostic>,
    /// Questions that have no answer yet: answer them all, then try again.
    pub asks: BTreeMap<AskKey, Ask>,
}

/// Works out the name of the stack from its inputs and `let`.
pub fn stack_name(input: PlanInput) -> Named {
    crate::deep::with_stack(|| work_out_name(input))
}

fn work_out_name(input: PlanInput) -> Named {
    let context = Context::new(input, BTreeSet::new());
    let mut name = None;
    if let Some(node) = &context.input.program.name {
        let scope = ModuleScope::new(&context, Context::ROOT);
        let wrong = |message: String, label: &str, help: &str| {
            context.find(Diagnostic::error("name", message).at(node.span, label).help(help));
        };
        let text = Attribute::of(Kind::String);
        let value = context.evaluate(node, &scope, Some(&text), None);
        // What is no text is left to the cases below.
        match value.map(|value| coerce(&value, None, &text).unwrap_or(value)) {
            Ok(Value::String(text)) if is_folder_name(&text) => name = Some(text),
            Ok(Value::String(text)) => wrong(
                format!("`{text}` cannot be the name of a stack"),
                "",
                "a name is made of letters, digits, `.`, `_` and `-`, and starts with a letter or digit",
            ),
            Ok(Value::Sensitive(_)) => wrong(
                "the name of the stack is sensitive".to_string(),
                "its state is kept under this name, for all to see",
                "make it of values that are not sensitive",
            ),
            Ok(Value::Unknown(_)) => wrong(UNKNOWN.to_string(), UNKNOWN_LABEL, UNKNOWN_HELP),
            Ok(value) => wrong(
                "the name of the stack must be text".to_string(),
                &format!("this is {}", value.article()),
                "it may use inputs and `let`",
            ),
            // Nothing is planned yet, so what a resource will be is not even asked.
            Err(GaveUp) if context.asks.borrow().is_empty() && context.findings.borrow().is_empty() => {
                wrong(UNKNOWN.to_string(), UNKNOWN_LABEL, UNKNOWN_HELP);
            }
            Err(GaveUp) => {}
        }
    }
    let findings = context.findings.take();
    let asks = context.asks.take();
    Named { name, findings, asks }
}

const UNKNOWN: &str = "the name of the stack is not known before its resources are";
const UNKNOWN_LABEL: &str = "it reads a resource";
const UNKNOWN_HELP: &str = "its state is found by this name: make it of inputs and `let` that read none";

/// Works out every input, as far as that goes without a state.
pub fn validate(input: PlanInput) -> Named {
    crate::deep::with_stack(|| work_out_inputs(input))
}

fn work_out_inputs(input: PlanInput) -> Named {
    let named = work_out_name(input.clone());
    let context = Context::new(input, BTreeSet::new());
    for name in context.input.program.modules.first().into_iter().flat_map(|root| root.inputs.keys()) {
        // What is wrong with it becomes a finding.
        let _ = context.input_value(Context::ROOT, name);
    }
    let mut findings = named.findings;
    findings.extend(context.findings.take());
    findings.dedup();
    let mut asks = named.asks;
    asks.extend(context.asks.take());
    Named { name: named.name, findings, asks }
}

/// The name becomes a folder's.
fn is_folder_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 200
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
