//! What a program asks of its sources by names that are written out, in expressions that may not
//! have been evaluated yet: a saved plan that defers something carries the answers along, because
//! whoever applies it may have no sources.

use std::collections::BTreeSet;

use aurak_expr::Template;
use aurak_model::program::{Block, Call, Condition, Input, Lifecycle, Module, NodeKind, ProviderUse};
use aurak_model::{Ask, Name, Node, Program, Span};

use crate::scope::join;

/// What a program asks for.
#[derive(Debug, Default)]
pub struct WrittenAsks {
    /// Every file, pattern and variable that an expression names as a text, perhaps several times.
    pub asks: Vec<Ask>,
    /// Patterns of files whose names are put together from other values: `conf/*.yml`.
    pub likely: Vec<Name>,
    /// Names in resources that nothing can be told of before they are evaluated.
    pub unnamed: Vec<Unnamed>,
    /// The words of all expressions: what is not among them is not read by its name.
    pub words: BTreeSet<String>,
}

/// A file or variable whose name is worked out, in a resource.
#[derive(Debug)]
pub struct Unnamed {
    /// The names from the stack to the resource, without keys.
    pub block: Vec<Name>,
    /// The function that asks for it.
    pub function: Name,
    /// The call.
    pub span: Span,
}

/// Finds everything that is asked for by a name that is written out, at least in part.
pub fn written_asks(program: &Program) -> WrittenAsks {
    let mut written = Written { program, in_block: None, found: WrittenAsks::default() };
    for module in &program.modules {
        written.module(module);
    }
    for block in &program.blocks {
        written.block(block);
    }
    written.found
}

struct Written<'a> {
    program: &'a Program,
    in_block: Option<&'a Block>,
    found: WrittenAsks,
}

impl<'a> Written<'a> {
    fn module(&mut self, module: &Module) {
        let Module {
            path: _,
            call,
            folder,
            inputs,
            lets,
            providers: _,
            existing: _,
            resources: _,
            modules: _,
            outputs,
            checks,
        } = module;
        for Input { layers, .. } in inputs.values() {
            for layer in layers.iter().filter(|layer| !layer.verbatim) {
                self.node(&layer.node, &self.program.module(layer.scope).folder);
            }
        }
        lets.values().for_each(|node| self.node(node, folder));
        outputs.values().for_each(|output| self.node(&output.value, folder));
        self.conditions(checks, folder);
        if let Some(Call { parent, for_each, when, providers, .. }) = call {
            let outside = &self.program.module(*parent).folder;
            for_each.iter().chain(when).for_each(|node| self.node(node, outside));
            providers.values().for_each(|provider| self.provider(provider));
        }
    }

    fn block(&mut self, block: &'a Block) {
        self.in_block = Some(block);
        let folder = &self.program.module(block.module).folder;
        let Lifecycle {
            prevent_destroy,
            ignore_changes: _,
            create_before_destroy,
            retain,
            adopt,
            replace_when,
            deleted_with: _,
            preconditions,
            postconditions,
        } = &*block.lifecycle;
        self.node(&block.attributes, folder);
        [&block.for_each, &block.when].into_iter().flatten().for_each(|node| self.node(node, folder));
        let others = [prevent_destroy, create_before_destroy, retain, adopt, replace_when];
        others.into_iter().flatten().chain(block.timeouts.values()).for_each(|node| self.node(node, folder));
        self.conditions(preconditions, folder);
        self.conditions(postconditions, folder);
        block.provider.iter().for_each(|provider| self.provider(provider));
    }

    fn provider(&mut self, provider: &ProviderUse) {
        let folder = &self.program.module(provider.scope).folder;
        provider.key.iter().for_each(|node| self.node(node, folder));
    }

    fn conditions(&mut self, conditions: &[Condition], folder: &str) {
        for Condition { that, message } in conditions {
            self.node(that, folder);
            self.node(message, folder);
        }
    }

    fn node(&mut self, node: &Node, folder: &str) {
        match &node.kind {
            NodeKind::Literal { .. } => {}
            NodeKind::Template { text, .. } => self.template(node, text, folder),
            NodeKind::List(items) => items.iter().for_each(|item| self.node(item, folder)),
            NodeKind::Map(entries) => entries.iter().for_each(|(_, _, value)| self.node(value, folder)),
        }
    }

    fn template(&mut self, node: &Node, text: &str, folder: &str) {
        // What does not parse was an error before anything was planned.
        let Ok(template) = Template::parse(text) else { return };
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        self.found.words.extend(words.filter(|word| !word.is_empty()).map(str::to_string));
        for call in template.calls() {
            let Some(argument) = call.argument else {
                // Which file it is, is not known; which it may be, is where the name has a folder.
                if matches!(call.name.as_str(), "file" | "template")
                    && call.around.len() > 1
                    && call.around[0].contains('/')
                    && !call.around.iter().any(|text| text.contains(['*', '?']))
                {
                    self.found.likely.push(join(folder, &call.around.join("*")).into());
                } else if matches!(call.name.as_str(), "file" | "template" | "glob" | "env")
                    && let Some(block) = self.in_block
                {
                    let mut path = self.program.module(block.module).path.clone();
                    path.push(block.name.clone());
                    let span = node.place(call.start, call.end);
                    self.found.unnamed.push(Unnamed { block: path, function: call.name.into(), span });
                }
                continue;
            };
            self.found.asks.extend(match call.name.as_str() {
                "file" | "template" => Some(Ask::File(join(folder, &argument).into())),
                "glob" => Some(Ask::Glob(join(folder, &argument).into())),
                "env" => Some(Ask::Env(argument.into())),
                _ => None,
            });
        }
    }
}
