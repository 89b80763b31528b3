//! What can be worked out before there is a state: the stack's name, and whether inputs hold.

use std::collections::BTreeMap;

use aurak_model::{Ask, AskKey, Diagnostic, Name, Value};

use crate::context::Context;
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
    let context = Context::new(input);
    let mut name = None;
    if let Some(node) = &context.input.program.name {
        let scope = ModuleScope::new(&context, Context::ROOT);
        if let Ok(value) = context.evaluate(node, &scope, None, None) {
            match value {
                Value::String(text) if is_folder_name(&text) => name = Some(text),
                Value::String(text) => context.find(
                    Diagnostic::error("name", format!("`{text}` cannot be the name of a stack"))
                        .at(node.span, "")
                        .help("a name is made of letters, digits, `.`, `_` and `-`, and starts with a letter or digit"),
                ),
                value => context.find(
                    Diagnostic::error("name", "the name of the stack is no string that is known before apply")
                        .at(node.span, format!("this is {}", value.ty().article()))
                        .help("it may use inputs and `let`, not resources, and nothing sensitive"),
                ),
            }
        }
    }
    let findings = context.findings.take();
    let asks = context.asks.take();
    Named { name, findings, asks }
}

/// Works out every input, as far as that goes without a state.
pub fn validate(input: PlanInput) -> Named {
    let named = stack_name(input.clone());
    let context = Context::new(input);
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
