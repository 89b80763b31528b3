//! A stack as the files that the engine reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::dice::Dice;
use super::kinds::Fill;
use super::stack::{Block, Item, Lifecycle, Module, Stack};
use super::term::Term;

/// What stands beside a term: enough to write how it is read.
struct Beside<'a> {
    blocks: Vec<&'a Block>,
    in_module: bool,
}

impl Stack {
    /// The files of the stack, by path.
    pub fn files(&self) -> BTreeMap<String, String> {
        self.files_in_order(&mut |_| {})
    }

    /// The same with everything in another order.
    pub fn shuffled(&self, dice: &mut Dice) -> BTreeMap<String, String> {
        self.files_in_order(&mut |lines| dice.shuffle(lines))
    }

    fn files_in_order(&self, order: &mut dyn FnMut(&mut Vec<String>)) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let beside = Beside { blocks: self.items.iter().filter_map(block).collect(), in_module: false };
        let mut text = format!(
            "aurak: 1\nname: demo\ninputs:\n  knob: {{ type: integer, default: {} }}\n  \
             flag: {{ type: boolean, default: {} }}\n  secret: {{ type: string, sensitive: true, default: {} }}\n",
            self.knob,
            self.flag,
            Json::String(self.secret.clone())
        );
        section(&mut text, "providers", providers(&beside.blocks, true), order);
        section(&mut text, "resources", resources(&beside), order);
        let calls = self.items.iter().filter_map(module).map(|module| module.call(&beside)).collect();
        section(&mut text, "modules", calls, order);
        let outputs = self
            .outputs
            .iter()
            .map(|(name, term)| format!("{name}: {{ value: {}, sensitive: true }}", beside.scalar(term)));
        section(&mut text, "outputs", outputs.collect(), order);
        if !self.moved.is_empty() {
            let moved: Vec<String> =
                self.moved.iter().map(|(from, to)| format!("{{ from: {from}, to: {to} }}")).collect();
            let _ = writeln!(text, "moved: [{}]", moved.join(", "));
        }
        if !self.removed.is_empty() {
            let removed: Vec<String> =
                self.removed.iter().map(|from| format!("{{ address: {from}, destroy: false }}")).collect();
            let _ = writeln!(text, "removed: [{}]", removed.join(", "));
        }
        files.insert("aurak.yaml".to_string(), text);
        for module in self.items.iter().filter_map(module) {
            files.insert(format!("modules/{}/module.yaml", module.name), module.text(order));
        }
        files
    }
}

fn block(item: &Item) -> Option<&Block> {
    match item {
        Item::Block(block) => Some(block),
        Item::Module(_) => None,
    }
}

fn module(item: &Item) -> Option<&Module> {
    match item {
        Item::Module(module) => Some(module),
        Item::Block(_) => None,
    }
}

fn section(text: &mut String, name: &str, mut lines: Vec<String>, order: &mut dyn FnMut(&mut Vec<String>)) {
    if lines.is_empty() {
        return;
    }
    order(&mut lines);
    let _ = writeln!(text, "{name}:");
    lines.iter().for_each(|line| {
        let _ = writeln!(text, "  {line}");
    });
}

/// One provider for the account, and one for each cluster that something lives in.
fn providers(blocks: &[&Block], root: bool) -> Vec<String> {
    let mut lines = if root { vec!["sim: {}".to_string()] } else { Vec::new() };
    let mut clusters: Vec<&str> = blocks.iter().filter_map(|block| block.cluster.as_deref()).collect();
    clusters.sort_unstable();
    clusters.dedup();
    lines.extend(clusters.iter().map(|cluster| {
        format!("in_{cluster}: {{ type: inner, kubeconfig: \"{{{{ {cluster}.kubeconfig }}}}\" }}")
    }));
    lines
}

fn resources(beside: &Beside<'_>) -> Vec<String> {
    beside.blocks.iter().map(|block| format!("{}: {{ {} }}", block.name, beside.block(block))).collect()
}

fn keys(keys: &[String]) -> String {
    Json::from(keys.to_vec()).to_string()
}

fn reference(name: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{name}['{key}']"),
        None => name.to_string(),
    }
}

impl Module {
    fn call(&self, beside: &Beside<'_>) -> String {
        let mut parts = vec![format!("source: ./modules/{}", self.name)];
        if let Some(each) = &self.each {
            parts.push(format!("for_each: {}", keys(each)));
        }
        if !self.after.is_empty() {
            parts.push(format!("depends_on: [{}]", self.after.join(", ")));
        }
        let tag = match self.each {
            Some(_) => "\"{{ each.key }}\"",
            None => "o",
        };
        parts.push(format!("with: {{ inherit: true, tag: {tag}, given: {} }}", beside.scalar(&self.given)));
        format!("{}: {{ {} }}", self.name, parts.join(", "))
    }

    fn text(&self, order: &mut dyn FnMut(&mut Vec<String>)) -> String {
        let mut text = String::from(
            "inputs:\n  knob: { type: integer }\n  flag: { type: boolean }\n  \
             secret: { type: string, sensitive: true }\n  tag: { type: string }\n  given: { nullable: true }\n",
        );
        let beside = Beside { blocks: self.blocks.iter().collect(), in_module: true };
        section(&mut text, "providers", providers(&beside.blocks, false), order);
        section(&mut text, "resources", resources(&beside), order);
        let out = format!("out: {{ value: {} }}", beside.scalar(&self.out));
        section(&mut text, "outputs", vec![out], order);
        text
    }
}

impl Beside<'_> {
    fn block(&self, block: &Block) -> String {
        let mut parts = vec![format!("type: {}", block.type_name)];
        if let Some(each) = &block.each {
            parts.push(format!("for_each: {}", keys(each)));
        }
        if let Some(source) = &block.each_id_of {
            parts.push(format!("for_each: \"{{{{ [{source}.id] }}}}\""));
        }
        if let Some(when) = block.when {
            parts.push(format!("when: \"{{{{ {}flag }}}}\"", if when { "" } else { "not " }));
        }
        if let Some(cluster) = &block.cluster {
            parts.push(format!("provider: in_{cluster}"));
        }
        if !block.after.is_empty() {
            parts.push(format!("depends_on: [{}]", block.after.join(", ")));
        }
        let names = block.kind().attributes.iter().filter(|(_, fill)| *fill == Fill::Name);
        parts.extend(names.map(|(name, _)| format!("{name}: \"{}\"", self.name(block))));
        parts.extend(block.attributes.iter().map(|(name, term)| format!("{name}: {}", self.scalar(term))));
        if block.lifecycle != Lifecycle::default() {
            parts.push(format!("lifecycle: {{ {} }}", self.lifecycle(&block.lifecycle)));
        }
        parts.join(", ")
    }

    /// The name of its objects: the label, and what tells instances apart.
    fn name(&self, block: &Block) -> String {
        let mut name = block.label.clone();
        if self.in_module {
            name.push_str("-{{ tag }}");
        }
        if block.each.is_some() || block.each_id_of.is_some() {
            name.push_str("-{{ each.key }}");
        }
        name
    }

    fn lifecycle(&self, lifecycle: &Lifecycle) -> String {
        let Lifecycle { retain, adopt, prevent_destroy, create_first, ignore, replace_when } = lifecycle;
        let mut parts = Vec::new();
        for (is, word) in [(retain, "retain"), (adopt, "adopt"), (prevent_destroy, "prevent_destroy")] {
            if *is {
                parts.push(format!("{word}: true"));
            }
        }
        if let Some(first) = create_first {
            parts.push(format!("create_before_destroy: {first}"));
        }
        if !ignore.is_empty() {
            parts.push(format!("ignore_changes: [{}]", ignore.join(", ")));
        }
        if let Some(term) = replace_when {
            parts.push(format!("replace_when: {}", self.scalar(term)));
        }
        parts.join(", ")
    }

    /// As it stands in YAML.
    fn scalar(&self, term: &Term) -> String {
        match term {
            Term::Lit(json) => json.to_string(),
            Term::Text(parts) => {
                let text = parts.iter().map(|part| match part {
                    Term::Lit(Json::String(text)) => text.clone(),
                    part => format!("{{{{ {} }}}}", self.code(part, "'-'")),
                });
                Json::String(text.collect()).to_string()
            }
            Term::List(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.scalar(part)).collect();
                format!("[{}]", parts.join(", "))
            }
            Term::Map(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|(key, part)| format!("{key}: {}", self.scalar(part))).collect();
                format!("{{ {} }}", parts.join(", "))
            }
            term => Json::String(format!("{{{{ {} }}}}", self.code(term, "none"))).to_string(),
        }
    }

    /// As an expression; `absent` stands for what is read of a block that is not there.
    fn code(&self, term: &Term, absent: &str) -> String {
        match term {
            Term::Lit(Json::String(text)) => format!("'{text}'"),
            Term::Lit(Json::Null) => absent.to_string(),
            Term::Lit(json) => json.to_string(),
            Term::Knob => "knob".to_string(),
            Term::Secret => "secret".to_string(),
            Term::Given => "given".to_string(),
            Term::Key => "each.key".to_string(),
            Term::Of { block, key, attribute } => {
                let read = format!("{}.{attribute}", reference(block, key.as_deref()));
                match self.blocks.iter().any(|other| other.name == *block && other.when.is_some()) {
                    true => format!("({read} if {block} else {absent})"),
                    false => read,
                }
            }
            Term::Every { block, attribute } => {
                format!("{block} | values | map(attribute='{attribute}') | list")
            }
            Term::Out { module, key } => format!("{}.out", reference(module, key.as_deref())),
            Term::Text(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.code(part, "'-'")).collect();
                parts.join(" ~ ")
            }
            Term::List(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.code(part, absent)).collect();
                format!("[{}]", parts.join(", "))
            }
            Term::Map(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|(key, part)| format!("'{key}': {}", self.code(part, absent))).collect();
                format!("{{{}}}", parts.join(", "))
            }
            Term::If(yes, no) => {
                format!("(({}) if flag else ({}))", self.code(yes, absent), self.code(no, absent))
            }
        }
    }
}
